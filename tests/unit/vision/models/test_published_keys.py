"""Parameters and keys of the published architectures: the files of torchvision have to fit."""

import hashlib

import pytest
import torch

from onecycle.utils.registry import lookup
from onecycle.vision.models.densenet import _new_key
from onecycle.vision.models.spec import IMAGENET, spec_of

# Parameters with 1000 classes, and the sha256 of the sorted lines `key (shape)` of the state dict.
PUBLISHED = {
    "resnet18": (11_689_512, "5191d63ec398959223d67ef37376f9061e6965b859fc2d4e40e23d037147a0d7"),
    "resnet34": (21_797_672, "f8de2a1812ef85e46b3f60c61589921afee0c2a6d4165e27508ad215f101671b"),
    "resnet50": (25_557_032, "a87e91cd6bd1f939e0b723852e567a7205d33b0ac984ac02dd1a5f225d37c036"),
    "resnet101": (44_549_160, "dbc3ca74fffafc728641ec2b524ccedcbae337de9d3e3cf1f0552330d07303ea"),
    "resnet152": (60_192_808, "7d486dbdc941506eeed76c4b06e6a00c943ff5aa11c0ced1b2e1b12faebd4729"),
    "vgg11_bn": (132_868_840, "56ed5816909a813293b13a7b24c808b5f2594f625d2f5b4ae45cac233d75a268"),
    "vgg13_bn": (133_053_736, "e4f52ce016e5e82f373b5f48665a1bbeb1a16e6ead9829c72cfed1b3d6635444"),
    "vgg16_bn": (138_365_992, "86bad13b66635552f31b1a53eaf739fc05bf6111f696e97fd006755355d50d26"),
    "vgg19_bn": (143_678_248, "faf0fdbb92f698c6862d90e64500a658c4328d5dbadfc9e24785038b3c1208a6"),
    "densenet121": (7_978_856, "9c659ec278435e95dba57acdc3b0b3e81670779625122b059b6168bbfa51e232"),
    "densenet161": (28_681_000, "96e788964c2c431f4d1db163288d0305ce5ee8b9c3e6f1ceeba8936e1fdc68c5"),
    "densenet169": (14_149_480, "03a0accd6e99d8d099b883fa9241ac230dfe4d6d69e47defd185bbc4e07ae7ce"),
    "densenet201": (20_013_928, "ebf13d018b02ad9d435cc961afe3210a9a259deb83e677be2b5d3264b413fe9f"),
    "squeezenet1_0": (1_248_424, "142983e4c19c76ad42af4358558f0d6974b53d4f100968f0d866c885c8dc5018"),
    "squeezenet1_1": (1_235_496, "3fbd2a746421cada0f54c8e59ea6b1b6e563ad4cc1db312b5017c6d8fed0ee08"),
    "alexnet": (61_100_840, "935c1ea73a7869eef424454bd79f9a16fdcb7a6342ab404d13f9ead2466d1092"),
    "mobilenet_v2": (3_504_872, "e3eb10f890f74c6ee65e79c53b1a3c9ee5dd5c8d8eb4ec3185d92cbea9d47b89"),
}


def on_no_device(name: str) -> torch.nn.Module:
    with torch.device("meta"):
        return lookup("arch", name)()


@pytest.mark.parametrize("name", PUBLISHED)
def test_parameters_and_keys(name):
    model = on_no_device(name)
    lines = sorted(f"{key} {tuple(value.shape)}" for key, value in model.state_dict().items())
    found = sum(p.numel() for p in model.parameters()), hashlib.sha256("\n".join(lines).encode()).hexdigest()
    assert found == PUBLISHED[name]


@pytest.mark.parametrize("name", PUBLISHED)
def test_spec_tells_file_hash_cut_and_statistics(name):
    spec = spec_of(lookup("arch", name))
    assert spec.name == name
    assert spec.weights.file_name.startswith(name)
    assert spec.weights.url == "https://download.pytorch.org/models/" + spec.weights.file_name
    assert len(spec.weights.sha256_prefix) == 8 and int(spec.weights.sha256_prefix, 16)
    assert spec.cut == (-2 if name.startswith("resnet") else -1)
    assert spec.stats == IMAGENET


def test_the_named_file_of_resnet34():
    lookup("arch", "resnet34")
    assert spec_of("resnet34").weights.file_name == "resnet34-333f7ec4.pth"
    assert spec_of("resnet34").weights.sha256_prefix == "333f7ec4"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("features.denseblock1.denselayer2.norm.1.weight", "features.denseblock1.denselayer2.norm1.weight"),
        ("features.denseblock4.denselayer16.conv.2.weight", "features.denseblock4.denselayer16.conv2.weight"),
        ("features.transition1.norm.weight", "features.transition1.norm.weight"),
        ("features.denseblock1.denselayer2.norm1.bias", "features.denseblock1.denselayer2.norm1.bias"),
    ],
)
def test_old_densenet_keys_are_renamed(old, new):
    assert _new_key(old) == new
    assert new in on_no_device("densenet121").state_dict()
