"""Bodies of timm, torchvision and transformers: found, cut, grouped, exported; stand-ins of the same shapes."""

import json
import sys
import warnings
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image as PILImage
from torch import nn

from onecycle.errors import ArgumentError, DownloadError, FileFormatError, NotRegisteredError
from onecycle.learner import load_learner
from onecycle.vision.archs import build_arch, find_arch, reference_of
from onecycle.vision.backbones import create_body, create_cnn_model
from onecycle.vision.image_list import ImageList
from onecycle.vision.learner import cnn_learner, unet_learner
from onecycle.vision.segmentation_list import SegmentationItemList
from onecycle.vision.timm_arch import TimmArch
from onecycle.vision.torchvision_arch import TorchvisionArch
from onecycle.vision.trained_on import body_config
from onecycle.vision.transformers_arch import TransformersArch, transformers_arch
from onecycle.vision.unet_model import create_unet_model


class Attention(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.qkv = nn.Linear(width, width)

    def forward(self, x):
        return self.qkv(x)


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm, self.attn, self.mlp = nn.LayerNorm(width), Attention(width), nn.Linear(width, width)

    def forward(self, x):
        return x + self.mlp(self.attn(self.norm(x)))


class PatchEmbed(nn.Module):
    def __init__(self, img_size, width: int, channels: int = 3) -> None:
        super().__init__()
        self.img_size, self.proj = img_size, nn.Conv2d(channels, width, 8, 8)

    def forward(self, x):
        return self.proj(x).flatten(2).transpose(1, 2)


class Vit(nn.Module):
    """Patches of 8, a class token, positions of one size unless `dynamic`."""

    def __init__(self, side=32, classes=5, pool="token", dynamic=False, width=12, depth=5, channels=3) -> None:
        super().__init__()
        height, wide = (side, side) if isinstance(side, int) else side
        self.pool, self.dynamic = pool, dynamic
        self.patch_embed = PatchEmbed((height, wide), width, channels)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + height // 8 * (wide // 8), width))
        self.blocks = nn.Sequential(*(Block(width) for _ in range(depth)))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, classes) if classes else nn.Identity()

    def tokens(self, x):
        assert x.shape[2] % 8 == 0 and x.shape[3] % 8 == 0, f"Input {tuple(x.shape[2:])} must be multiples of 8."
        assert self.dynamic or tuple(x.shape[2:]) == self.patch_embed.img_size, "Input height doesn't match model."
        x = self.patch_embed(x)
        x = torch.cat([self.cls_token.expand(len(x), -1, -1), x], 1)
        positions = self.pos_embed
        if positions.shape[1] != x.shape[1]:
            positions = positions.mean(1, keepdim=True)
        return self.norm(self.blocks(x + positions))

    def forward(self, x):
        x = self.tokens(x)
        return self.head(x if self.pool == "" else x[:, 0])


class Hierarchical(nn.Module):
    """Maps with channels last in the middle and at the end, as windowed Transformers give."""

    output_fmt = "NHWC"

    def __init__(self, classes=0, channels=3) -> None:
        super().__init__()
        self.stem = nn.Conv2d(channels, 8, 4, 4)
        self.layers = nn.Sequential(nn.Sequential(Block(8), Block(8)), Merge(8), nn.Sequential(Block(16), Block(16)))
        self.norm = nn.LayerNorm(16)

    def forward(self, x):
        return self.norm(self.layers(self.stem(x).permute(0, 2, 3, 1)))


class Merge(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.reduction = nn.Linear(width, 2 * width)

    def forward(self, x):
        return self.reduction(x[:, ::2, ::2])


class Maps(nn.Module):
    """What timm's `features_only=True` makes: a list of maps."""

    def __init__(self, channels=3, output_fmt="NCHW") -> None:
        super().__init__()
        self.output_fmt = output_fmt
        self.stem, self.deep = nn.Conv2d(channels, 6, 2, 2), nn.Conv2d(6, 10, 2, 2)

    def forward(self, x):
        first = self.stem(x)
        maps = [first, self.deep(first)]
        return [m.permute(0, 2, 3, 1) for m in maps] if self.output_fmt == "NHWC" else maps


class Convolutional(nn.Module):
    """What timm makes of a convolutional network with `num_classes=0, global_pool=''`."""

    def __init__(self, channels=3) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(channels, 4, 3), nn.BatchNorm2d(4), nn.ReLU())
        self.stages = nn.Sequential(nn.Conv2d(4, 8, 3), nn.Conv2d(8, 16, 3), nn.Conv2d(16, 32, 3))

    def forward(self, x):
        return self.stages(self.stem(x))


CONFIG = {
    "tiny_vit": SimpleNamespace(mean=(0.5,) * 3, std=(0.5,) * 3, input_size=(3, 32, 32), fixed_input_size=True),
    "tiny_swin": SimpleNamespace(mean=(0.4,) * 3, std=(0.2,) * 3, input_size=(3, 32, 32), fixed_input_size=False),
    "tiny_cnn": SimpleNamespace(mean=(0.4,) * 3, std=(0.2,) * 3, input_size=(3, 32, 32), fixed_input_size=False),
}


def fake_timm() -> ModuleType:
    """Return a module with the functions of timm that are called, and a list of the calls, `asked`."""
    timm = ModuleType("timm")
    timm.asked, timm.error = [], None

    def create_model(name, pretrained=False, num_classes=5, global_pool="token", features_only=False, **options):
        timm.asked.append((name, {"pretrained": pretrained, "features_only": features_only, **options}))
        if pretrained and timm.error is not None:
            raise timm.error
        base, channels = name.partition(".")[0], options.pop("in_chans", 3)
        if features_only:
            if base == "tiny_vit":
                raise RuntimeError("features_only not implemented for Vit")
            return Maps(channels, "NHWC" if base == "tiny_swin" else "NCHW")
        if base == "tiny_vit":
            known = {"img_size": "side", "dynamic_img_size": "dynamic"}
            return Vit(classes=num_classes, pool=global_pool, channels=channels,
                       **{known[key]: value for key, value in options.items()})  # fmt: skip
        return Hierarchical(channels=channels) if base == "tiny_swin" else Convolutional(channels)

    timm.create_model = create_model
    timm.is_model = lambda name: name.partition(".")[0] in CONFIG
    timm.list_models = lambda: list(CONFIG)
    timm.get_pretrained_cfg = lambda name: CONFIG[name.partition(".")[0]]
    return timm


def fake_torchvision(asked: list) -> tuple[ModuleType, ModuleType]:
    """Return modules with the functions of torchvision that are called."""
    torchvision, models = ModuleType("torchvision"), ModuleType("torchvision.models")

    def vit_tiny(*, weights=None):
        asked.append(weights)
        if weights is not None:
            raise OSError("<urlopen error no network>")
        return Vit(32)

    def plain(*, weights=None):
        return nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))

    builders = {"vit_tiny": vit_tiny, "plain": plain}
    for builder in builders.values():
        builder.__module__ = "torchvision.models.tiny"
    prepared = SimpleNamespace(mean=[0.5, 0.5, 0.5], std=[0.25, 0.25, 0.25], crop_size=[32])
    weights = SimpleNamespace(DEFAULT=SimpleNamespace(transforms=lambda: prepared))

    def get_model_weights(builder):
        if builder is plain:
            raise ValueError("no weights")
        return weights

    models.list_models = lambda module=None: list(builders)
    models.get_model_builder = builders.__getitem__
    models.get_model_weights = get_model_weights
    torchvision.models = models
    return torchvision, models


class PretrainedConfig:
    """A configuration that is written and read as transformers' are."""

    model_type = "tiny"

    def __init__(self, **values) -> None:
        self.values = {"image_size": 32, "num_channels": 3, "kind": "tokens", "model_type": "tiny", **values}

    def __getattr__(self, name):
        values = self.__dict__.get("values", {})
        if name not in values:
            raise AttributeError(name)
        return values[name]

    def to_json_string(self, use_diff=True):
        return json.dumps(self.values)

    @classmethod
    def from_dict(cls, values):
        return cls(**values)


class PreTrainedModel(nn.Module):
    config_class = PretrainedConfig

    def __init__(self, config) -> None:
        super().__init__()
        self.config = config

    @property
    def base_model(self):
        return getattr(self, "tiny", self)


class TinyModel(PreTrainedModel):
    """A model of transformers: tokens, maps or a backbone, as `config.kind` says."""

    def __init__(self, config) -> None:
        super().__init__(config)
        self.net = Vit(32, 0, "", dynamic=True) if config.kind.startswith("tokens") else Maps()
        self.pooler = SimplePooler() if config.kind == "tokens" else None
        if config.kind == "tokens_mean":
            del self.net.cls_token
            self.net.cls_token = torch.zeros(1, 1, 12)

    def forward(self, pixel_values, output_hidden_states=False, interpolate_pos_encoding=False):
        made = self.net(pixel_values)
        if self.config.kind.startswith("tokens"):
            assert interpolate_pos_encoding or tuple(pixel_values.shape[2:]) == (32, 32)
            pooled = self.pooler(made) if self.pooler is not None else None
            return SimpleNamespace(last_hidden_state=made, hidden_states=(made,), pooler_output=pooled)
        if self.config.kind == "backbone":
            return SimpleNamespace(feature_maps=tuple(made))
        hidden = tuple(made) if output_hidden_states else None
        return SimpleNamespace(last_hidden_state=made[-1], hidden_states=hidden, pooler_output=made[-1].mean((2, 3)))


TinyModel.__module__ = "transformers.models.tiny"


class SimplePooler(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.dense = nn.Linear(12, 12)

    def forward(self, tokens):
        return self.dense(tokens[:, 0]).tanh()


class TinyForImageClassification(PreTrainedModel):
    def __init__(self, config) -> None:
        super().__init__(config)
        self.tiny, self.classifier = TinyModel(config), nn.Linear(12, 4)


def fake_transformers() -> ModuleType:
    """Return a module with the names of transformers that are used."""
    library = ModuleType("transformers")
    library.PreTrainedModel, library.TinyModel, library.torch = PreTrainedModel, TinyModel, torch
    library.AutoImageProcessor = SimpleNamespace(from_pretrained=processor_of)
    return library


def processor_of(source, local_files_only):
    assert local_files_only
    if source != "here/tiny":
        raise OSError("not in the cache")
    return SimpleNamespace(image_mean=[0.1, 0.2, 0.3], image_std=[0.4, 0.4, 0.4])


# --- fixtures


@pytest.fixture
def timm(monkeypatch):
    fake = fake_timm()
    monkeypatch.setitem(sys.modules, "timm", fake)
    return fake


@pytest.fixture
def torchvision(monkeypatch):
    asked = []
    package, models = fake_torchvision(asked)
    monkeypatch.setitem(sys.modules, "torchvision", package)
    monkeypatch.setitem(sys.modules, "torchvision.models", models)
    models.asked = asked
    return models


@pytest.fixture
def transformers(monkeypatch):
    fake = fake_transformers()
    monkeypatch.setitem(sys.modules, "transformers", fake)
    return fake


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("images")
    for i in range(8):
        pixels = np.random.default_rng(i).integers(0, 256, (40, 40, 3), dtype=np.uint8)
        (path / "ab"[i % 2]).mkdir(exist_ok=True)
        PILImage.fromarray(pixels).save(path / "ab"[i % 2] / f"{i}.png")
    return path


def make_data(folder, size=32, **options):
    source = ImageList.from_folder(folder, **options).split_by_rand_pct(0.25, seed=0).label_from_folder()
    return source.transform(None, size=size).databunch(bs=2, num_workers=0)


def numbers(model) -> int:
    return sum(p.numel() for p in model.parameters())


def check_roundtrip(learn, tmp_path, monkeypatch=None):
    """The learner trains a step, is exported, and a fresh one predicts the same."""
    xb, yb = learn.data.one_batch()
    learn.loss_func(learn.model(xb), yb).backward()
    assert all(p.grad is not None for p in learn.model.parameters() if p.requires_grad)
    learn.export(tmp_path / "body.safetensors")
    again = load_learner(tmp_path, "body.safetensors")
    learn.model.eval(), again.model.eval()
    with torch.no_grad():
        assert torch.equal(learn.model(xb), again.model(xb))
    assert [len(group) for group in again.layer_groups] == [len(group) for group in learn.layer_groups]


class TestTimm:
    def test_a_transformer_gives_the_vector_of_its_own_pooling(self, timm, folder, tmp_path):
        learn = cnn_learner(make_data(folder), "tiny_vit", pretrained=False)
        assert isinstance(learn.model[0], Vit)
        assert learn.model[0](torch.zeros(2, 3, 32, 32)).shape == (2, 12)
        assert [m.in_features for m in learn.model[1] if isinstance(m, nn.Linear)] == [12, 512]
        check_roundtrip(learn, tmp_path)
        assert all(not asked["pretrained"] for _, asked in timm.asked)

    def test_it_is_grouped_by_block_and_all_parameters_are_in_a_group(self, timm, folder):
        learn = cnn_learner(make_data(folder), "tiny_vit.a_tag", pretrained=True)
        assert len(learn.layer_groups) == 1 + 5 + 1
        grouped = [id(p) for group in learn.layer_groups for p in group.parameters()]
        assert sorted(grouped) == sorted(id(p) for p in learn.model.parameters())
        first = {id(p) for p in learn.layer_groups[0].parameters()}
        assert {id(learn.model[0].cls_token), id(learn.model[0].pos_embed)} <= first
        assert not any(p.requires_grad for p in learn.model[0].parameters())
        learn.unfreeze()
        assert all(p.requires_grad for p in learn.model.parameters())

    def test_data_is_normalized_as_the_weights_were_trained(self, timm, folder):
        data = make_data(folder)
        cnn_learner(data, "tiny_vit", pretrained=False)
        assert data.norm.mean == [0.5, 0.5, 0.5]
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            cnn_learner(data, "tiny_vit", pretrained=False)  # once is enough

    def test_data_normalized_otherwise_stays_with_a_warning(self, timm, folder):
        data = make_data(folder).normalize(([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
        with pytest.warns(UserWarning, match=r"cnn_learner: data is normalized by other statistics than tiny_vit was"):
            cnn_learner(data, "tiny_vit", pretrained=False)
        assert data.norm.mean == [0.485, 0.456, 0.406]

    def test_grey_images_reach_a_first_layer_of_one_channel(self, timm, folder):
        data = make_data(folder, convert_mode="L")
        learn = cnn_learner(data, "tiny_cnn", pretrained=False)
        assert learn.model[0].stem[0].in_channels == 1
        assert data.norm.mean == pytest.approx([0.4])

    def test_a_model_of_fixed_size_is_built_for_the_size_of_the_images(self, timm, folder, tmp_path):
        learn = cnn_learner(make_data(folder, 48), "tiny_vit", pretrained=False)
        assert learn.model[0].pos_embed.shape[1] == 1 + 6 * 6
        assert timm.asked[-1][1]["dynamic_img_size"]
        check_roundtrip(learn, tmp_path)

    @pytest.mark.parametrize("size", [30, (32, 44)])
    def test_a_size_off_the_grid_of_patches_is_refused(self, timm, folder, size):
        data = make_data(folder, size)
        with pytest.raises(ArgumentError, match=r"tiny_vit does not take images of .*multiples of 8.* Pass size=32 "):
            cnn_learner(data, "tiny_vit", pretrained=False)
        assert data.norm is None

    def test_a_map_with_channels_last_is_turned(self, timm, folder, tmp_path):
        learn = cnn_learner(make_data(folder), "tiny_swin", pretrained=False)
        assert learn.model[0](torch.zeros(2, 3, 32, 48)).shape == (2, 16, 4, 6)
        assert len(learn.layer_groups) == 1 + 4 + 1
        check_roundtrip(learn, tmp_path)

    def test_a_convolutional_network_has_three_groups(self, timm, folder):
        learn = cnn_learner(make_data(folder), "tiny_cnn", pretrained=False)
        assert len(learn.layer_groups) == 3
        assert sum(numbers(group) for group in learn.layer_groups) == numbers(learn.model)

    @pytest.mark.parametrize("name", ["tiny_swin", "tiny_cnn"])
    def test_unets_take_its_feature_maps(self, timm, name):
        model = create_unet_model(name, 2, (32, 32), pretrained=False)
        assert [m.shape[1:] for m in model.maps.skips] == [(6, 32, 32)]
        assert model(torch.zeros(1, 3, 30, 36)).shape == (1, 2, 30, 36)

    def test_a_unet_of_a_body_without_maps_is_refused(self, timm):
        with pytest.raises(ArgumentError, match=r"tiny_vit gives no feature maps on the way .*Take a body that does"):
            create_unet_model("tiny_vit", 2, (32, 32), pretrained=False)

    def test_weights_that_do_not_arrive(self, timm):
        timm.error = OSError("We couldn't connect to 'https://huggingface.co'")
        with pytest.raises(DownloadError, match=r"of tiny_cnn are not on this computer .*pass pretrained=False"):
            create_body("tiny_cnn")
        timm.error = RuntimeError("No pretrained weights exist for tiny_cnn")
        with pytest.raises(ArgumentError, match="must be False for tiny_cnn, whose published weights do not"):
            create_body("tiny_cnn")
        timm.error = RuntimeError("outgoing traffic has been disabled: offline mode")
        with pytest.raises(DownloadError, match="weights of tiny_cnn"):
            create_body("tiny_cnn")

    @pytest.mark.parametrize("name", ["hf-hub:evil/repo", "../tiny_vit", "tiny_vit.a/b", "https://x.org/tiny_vit", ""])
    def test_what_is_no_name_is_refused(self, timm, name):
        with pytest.raises(NotRegisteredError, match="no architecture is named"):
            TimmArch(name)
        assert timm.asked == []

    def test_a_name_of_the_hub_gets_a_hint(self, timm):
        with pytest.raises(NotRegisteredError, match=r"passed as an object: transformers\.AutoModel"):
            find_arch("facebook/dinov2-small")

    def test_a_function_of_timms_is_known_by_its_name(self, timm):
        def tiny_cnn(pretrained=False):
            raise AssertionError("not called")

        tiny_cnn.__module__ = "timm.models.tiny"
        assert reference_of(tiny_cnn) == "tiny_cnn"

    def test_a_model_of_timms_loses_its_classifier_in_a_copy(self, folder):
        model = Vit(32)
        model.pretrained_cfg = {"mean": (0.5,) * 3, "std": (0.5,) * 3, "input_size": (3, 32, 32)}
        model.reset_classifier = lambda n: None
        assert body_config(model).size == (32, 32)
        data = make_data(folder)
        learn = cnn_learner(data, model, pretrained=False)
        assert learn.model[0] is not model
        assert data.norm.std == [0.5, 0.5, 0.5]
        assert reference_of(model) is None

    def test_what_is_known_of_a_name(self, timm):
        config = body_config("tiny_swin")
        assert config.name == "tiny_swin"
        assert config.stats == ([0.4] * 3, [0.2] * 3)
        assert config.size == (32, 32)

    def test_an_old_timm_without_configurations(self, timm):
        del timm.get_pretrained_cfg
        assert body_config("tiny_vit")[1:] == (None, None)


class TestTorchvision:
    def test_a_function_and_its_name_are_the_same(self, torchvision):
        builder = torchvision.get_model_builder("vit_tiny")
        assert isinstance(find_arch(builder), TorchvisionArch)
        assert reference_of(builder) == reference_of(find_arch("torchvision/vit_tiny")) == "torchvision/vit_tiny"

    def test_a_transformer_gives_what_its_classifier_got(self, torchvision, folder, tmp_path):
        data = make_data(folder)
        learn = cnn_learner(data, torchvision.get_model_builder("vit_tiny"), pretrained=False)
        assert isinstance(learn.model[0].head, nn.Identity)
        assert len(learn.layer_groups) == 7
        assert data.norm.std == [0.25] * 3
        check_roundtrip(learn, tmp_path)

    def test_a_convolutional_network_ends_before_its_pooling(self, torchvision):
        body = create_body("torchvision/plain", pretrained=False)
        assert [type(layer).__name__ for layer in body] == ["Conv2d"]
        assert body_config("torchvision/plain") == ("plain", None, None)

    def test_another_size_than_its_own_is_refused(self, torchvision, folder):
        with pytest.raises(ArgumentError, match=r"vit_tiny does not take .* 40x40 .*trained at 32x32\. Pass size=32"):
            cnn_learner(make_data(folder, 40), "torchvision/vit_tiny", pretrained=False)

    def test_weights_that_do_not_arrive(self, torchvision):
        with pytest.raises(DownloadError, match=r"torchvision/vit_tiny are not on this computer .*torch/hub"):
            create_body("torchvision/vit_tiny")
        assert torchvision.asked == ["DEFAULT"]

    def test_an_unknown_name(self, torchvision):
        with pytest.raises(NotRegisteredError, match=r"no architecture named 'vit_tyni'\. Did you mean 'vit_tiny'\?"):
            find_arch("torchvision/vit_tyni")

    def test_without_the_library(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "torchvision", None)
        with pytest.raises(NotRegisteredError, match=r"is built by torchvision, .*pip install torchvision\."):
            find_arch("torchvision/vit_tiny")

    def test_auxiliary_classifiers_are_left_away(self, torchvision):
        asked = []

        def googlenet(*, weights=None, **options):
            asked.append(options)
            return Vit()

        build_arch(TorchvisionArch(googlenet), False)
        assert asked == [{"aux_logits": False, "init_weights": True}]


class TestTransformers:
    @pytest.mark.parametrize(
        ("kind", "shape"), [("tokens", (2, 12)), ("tokens_mean", (2, 12)), ("maps", (2, 10, 8, 8))]
    )
    def test_an_object_becomes_a_learner(self, transformers, folder, tmp_path, kind, shape):
        learn = cnn_learner(make_data(folder), TinyModel(PretrainedConfig(kind=kind)), pretrained=False)
        assert learn.model[0](torch.zeros(2, 3, 32, 32)).shape == shape
        check_roundtrip(learn, tmp_path)

    def test_the_class_token_is_taken_and_the_dense_pooler_is_not(self, transformers):
        model = TinyModel(PretrainedConfig()).eval()
        body = create_body(model, pretrained=False).eval()
        x = torch.randn(2, 3, 32, 32)
        assert torch.equal(body(x), model.net(x)[:, 0])
        assert body.model.pooler is None
        assert model.pooler is not None

    def test_tokens_without_a_class_token_are_averaged(self, transformers):
        model = TinyModel(PretrainedConfig(kind="tokens_mean")).eval()
        x = torch.randn(2, 3, 32, 32)
        assert torch.equal(create_body(model, pretrained=False).eval()(x), model.net(x).mean(1))

    def test_another_size_interpolates_the_positions(self, transformers):
        assert create_body(TinyModel(PretrainedConfig()))(torch.zeros(1, 3, 40, 48)).shape == (1, 12)

    def test_a_classifier_gives_the_model_below_it(self, transformers):
        arch = find_arch(TinyForImageClassification(PretrainedConfig()))
        assert isinstance(arch, TransformersArch)
        assert arch.name == "TinyModel"

    def test_the_part_of_images_of_a_model_of_two(self, transformers):
        both = TinyModel(PretrainedConfig())
        both.vision_model, both.text_model = TinyModel(PretrainedConfig(kind="maps")), nn.Identity()
        assert find_arch(both).model is both.vision_model

    @pytest.mark.parametrize("kind", ["maps", "backbone"])
    def test_unets_take_its_maps(self, transformers, kind):
        model = create_unet_model(TinyModel(PretrainedConfig(kind=kind)), 2, (32, 32), pretrained=False)
        assert [m.shape[1:] for m in model.maps.skips] == [(6, 32, 32)]
        assert model(torch.zeros(1, 3, 32, 40)).shape == (1, 2, 32, 40)

    def test_a_unet_of_tokens_is_refused(self, transformers):
        with pytest.raises(ArgumentError, match=r"must end in a feature map .*found: none\."):
            create_unet_model(TinyModel(PretrainedConfig()), 2, (32, 32), pretrained=False)

    def test_other_channels_are_refused(self, transformers, folder):
        with pytest.raises(ArgumentError, match=r"n_in must be 3, the channels that TinyModel takes; got 1.*'RGB'"):
            cnn_learner(make_data(folder, convert_mode="L"), TinyModel(PretrainedConfig()), pretrained=False)

    def test_statistics_come_from_the_processor_beside_the_weights(self, transformers, folder):
        model = TinyModel(PretrainedConfig(_name_or_path="here/tiny"))
        assert body_config(model) == ("TinyModel", ([0.1, 0.2, 0.3], [0.4, 0.4, 0.4]), (32, 32))
        assert body_config(TinyModel(PretrainedConfig(_name_or_path="elsewhere"))).stats is None
        assert body_config(TinyModel(PretrainedConfig())).stats is None

    def test_what_a_file_says_of_it(self, transformers):
        config = PretrainedConfig(auto_map={"AutoModel": "evil.Code"}, _name_or_path="x/y", kernel_size=3)
        config.values["part"] = {"_attn_implementation": "hub/code", "use_pretrained_backbone": True, "depth": 2}
        reference = reference_of(TinyModel(config))
        assert reference["class"] == "TinyModel"
        assert set(reference["config"]) == {"image_size", "num_channels", "kind", "model_type", "kernel_size", "part"}
        assert reference["config"]["part"] == {"use_pretrained_backbone": False, "depth": 2}
        assert isinstance(find_arch(json.loads(json.dumps(reference))), TransformersArch)

    def test_a_class_of_ones_own_has_no_name(self, transformers):
        class Mine(TinyModel):
            pass

        assert reference_of(Mine(PretrainedConfig())) is None

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"class": "torch"}, "class must be the name of a model"),
            ({"class": "Nothing"}, "class must be the name of a model"),
            ({"class": "AutoImageProcessor"}, "class must be the name of a model"),
            ({"class": "os.system"}, "class must be the name of a model"),
            ({"class": 3}, "class must be the name of a model"),
            ({"config": "x"}, "class must be the name of a model"),
            ({"config": {"model_type": "other"}}, "config must be that of TinyModel"),
            ({"library": "os"}, "reference must hold library='transformers'"),
            ({"more": 1}, "reference must hold library='transformers'"),
        ],
    )
    def test_files_name_nothing_else(self, transformers, change, said):
        good = {"library": "transformers", "class": "TinyModel", "config": {"model_type": "tiny"}}
        with pytest.raises(FileFormatError, match=said):
            transformers_arch({**good, **change})

    def test_a_backbone_of_timms_in_a_file_is_a_name_of_timms(self, transformers, timm):
        config = {"model_type": "tiny", "backbone": "hf-hub:evil/repo"}
        with pytest.raises(NotRegisteredError, match="no architecture is named 'hf-hub:evil/repo'"):
            transformers_arch({"library": "transformers", "class": "TinyModel", "config": config})

    def test_without_the_library(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "transformers", None)
        with pytest.raises(NotRegisteredError, match=r"built by transformers, .*pip install transformers\."):
            transformers_arch({"library": "transformers", "class": "TinyModel", "config": {}})


class TestOnesOwn:
    def test_a_transformer_of_ones_own(self, folder):
        learn = cnn_learner(make_data(folder), Vit, pretrained=False)
        assert len(learn.layer_groups) == 7
        assert isinstance(learn.model[0].head, nn.Identity)

    def test_an_object_keeps_its_layers_and_its_structure(self, folder):
        model = Vit(32)
        learn = cnn_learner(make_data(folder), model)
        assert isinstance(model.head, nn.Linear)
        assert learn.model[0].blocks is model.blocks
        assert learn.model_spec is None

    def test_tokens_become_the_class_token_or_their_mean(self):
        model = Vit(32, classes=0, pool="").eval()
        x = torch.randn(2, 3, 32, 32)
        assert torch.equal(create_body(model, pretrained=False)(x), model(x)[:, 0])
        tokens = nn.Sequential(nn.Conv2d(3, 6, 8, 8), nn.Flatten(2), Transposed(), Attention(6))
        assert torch.equal(create_body(Wrapped(tokens), pretrained=False)(x), tokens(x).mean(1))

    def test_another_size_is_refused_with_the_one_it_takes(self, folder):
        with pytest.raises(ArgumentError, match=r"Vit does not take images of 40x40 pixels: .* Pass another size"):
            cnn_learner(make_data(folder, 40), Vit(32))

    def test_parts_are_shown_where_no_body_is_found(self, folder):
        with pytest.raises(ArgumentError, match=r"no place .* parts are: one \(Linear\), two \(ReLU\)\. Pass cut="):
            cnn_learner(make_data(folder), Puzzle(), pretrained=False)

    def test_maps_without_a_linear_layer_are_a_body(self):
        model = Functional()
        assert create_body(model, pretrained=False) is model


class Transposed(nn.Module):
    def forward(self, x):
        return x.transpose(1, 2)


class Wrapped(nn.Module):
    def __init__(self, inner) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return self.inner(x) * 1


class Puzzle(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(32, 4), nn.ReLU()

    def forward(self, x):
        return {"logits": self.two(self.one(x))}


class Functional(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3)

    def forward(self, x):
        return torch.relu(self.b(torch.relu(self.a(x))))


def test_a_unet_learner_of_a_foreign_body(timm, folder, tmp_path):
    images = tmp_path / "images"
    images.mkdir()
    for i in range(4):
        pixels = np.random.default_rng(i).integers(0, 256, (32, 32, 3), dtype=np.uint8)
        PILImage.fromarray(pixels).save(images / f"{i}.png")
        PILImage.fromarray(pixels[..., 0] // 128).save(tmp_path / f"{i}.png")
    source = SegmentationItemList.from_folder(images).split_by_rand_pct(0.25, seed=0)
    labels = source.label_from_func(lambda path: tmp_path / path.name, classes=["a", "b"])
    learn = unet_learner(labels.databunch(bs=2, num_workers=0), "tiny_swin", pretrained=False)
    assert learn.data.norm.mean == [0.4] * 3
    assert sum(numbers(group) for group in learn.layer_groups) == numbers(learn.model)
    check_roundtrip(learn, tmp_path)


def test_a_custom_head_receives_vectors(timm):
    head = nn.Linear(12, 3)
    model = create_cnn_model("tiny_vit", 3, pretrained=False, custom_head=head, img_size=(32, 32))
    assert model(torch.zeros(1, 3, 32, 32)).shape == (1, 3)
