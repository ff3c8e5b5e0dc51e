"""Real architectures of timm, torchvision and transformers with random weights: built, trained a step, exported."""

import subprocess
import sys

import numpy as np
import pytest
import torch
import transformers
from PIL import Image as PILImage

from onecycle.learner import load_learner
from onecycle.vision.image_list import ImageList
from onecycle.vision.learner import cnn_learner
from onecycle.vision.trained_on import body_config
from onecycle.vision.unet_model import create_unet_model

pytestmark = pytest.mark.filterwarnings("ignore")

TIMM = """
beit_base_patch16_224 botnet26t_256 caformer_s18 cait_xxs24_224 coat_tiny coatnext_nano_rw_224 convit_tiny
convnext_atto convnextv2_atto crossvit_9_240 davit_tiny deit_tiny_distilled_patch16_224 deit3_small_patch16_224
densenet121 edgenext_xx_small efficientformer_l1 efficientformerv2_s0 efficientnet_b0 efficientvit_b0 efficientvit_m0
eva02_tiny_patch14_224 fastvit_t8 focalnet_tiny_srf gcvit_xxtiny ghostnet_050 gmlp_ti16_224 hiera_tiny_224
hrnet_w18_small inception_next_atto levit_128s mambaout_femto maxvit_rmlp_pico_rw_256 mixer_s32_224 mobilenetv2_050
mobilenetv3_small_050 mobilenetv4_conv_small mobilenetv4_hybrid_medium mobileone_s0 mobilevit_xxs nest_tiny nfnet_l0
pit_ti_224 poolformer_s12 pvt_v2_b0 regnety_002 repvit_m0_9 resmlp_12_224 resnet50.a1_in1k rexnet_100 sequencer2d_s
starnet_s1 swiftformer_xs swin_tiny_patch4_window7_224 swinv2_tiny_window8_256 test_vit tf_efficientnetv2_b0
tiny_vit_5m_224 tinynet_e twins_pcpvt_small visformer_tiny vit_small_patch14_dinov2 vit_small_patch16_dinov3
vit_tiny_patch16_224 volo_d1_224 xcit_nano_12_p16_224
""".split()
TORCHVISION = """
convnext_tiny efficientnet_b0 googlenet maxvit_t mobilenet_v3_small regnet_y_400mf resnet18 swin_t vit_b_16
""".split()
SMALL = {"hidden_size": 32, "num_hidden_layers": 5, "num_attention_heads": 2, "intermediate_size": 64, "image_size": 64}
STAGES = {"hidden_sizes": [8, 16, 32, 64], "depths": [1, 1, 2, 1]}
WINDOWS = {"embed_dim": 16, "depths": [1, 1, 2, 1], "num_heads": [1, 2, 2, 2], "image_size": 64, "window_size": 4}
MODELS = {
    "ViTModel": ("ViTConfig", SMALL),
    "ViTForImageClassification": ("ViTConfig", SMALL),
    "BeitModel": ("BeitConfig", SMALL),
    "Dinov2Model": ("Dinov2Config", {**SMALL, "patch_size": 16}),
    "Dinov2Backbone": ("Dinov2Config", {**SMALL, "patch_size": 16}),
    "DINOv3ViTModel": ("DINOv3ViTConfig", SMALL),
    "ConvNextModel": ("ConvNextConfig", STAGES),
    "ConvNextBackbone": ("ConvNextConfig", {**STAGES, "out_indices": [1, 2, 3, 4]}),
    "Swinv2Model": ("Swinv2Config", WINDOWS),
    "ResNetModel": ("ResNetConfig", {**STAGES, "embedding_size": 8, "layer_type": "basic"}),
    "CLIPVisionModel": ("CLIPVisionConfig", SMALL),
    "SiglipVisionModel": ("SiglipVisionConfig", SMALL),
}


def model_of(name):
    config, options = MODELS[name]
    return getattr(transformers, name)(getattr(transformers, config)(**options))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("images")
    for i in range(8):
        pixels = np.random.default_rng(i).integers(0, 256, (64, 64, 3), dtype=np.uint8)
        (path / "ab"[i % 2]).mkdir(exist_ok=True)
        PILImage.fromarray(pixels).save(path / "ab"[i % 2] / f"{i}.png")
    return path


def check(folder, arch, side, tmp_path):
    source = ImageList.from_folder(folder).split_by_rand_pct(0.25, seed=0).label_from_folder()
    data = source.transform(None, size=side).databunch(bs=2, num_workers=0, device="cpu")
    learn = cnn_learner(data, arch, pretrained=False)
    grouped = sorted(id(p) for group in learn.layer_groups for p in group.parameters())
    assert grouped == sorted(id(p) for p in learn.model.parameters())
    assert len(learn.layer_groups) > 2
    learn.freeze()
    assert all(p.requires_grad for p in learn.model[1].parameters())
    assert not all(p.requires_grad for p in learn.model[0].parameters())
    learn.unfreeze()
    xb, yb = data.one_batch()
    loss = learn.loss_func(learn.model.train()(xb), yb)
    loss.backward()
    assert torch.isfinite(loss)
    assert sum(p.grad is not None for p in learn.model[0].parameters()) > 1
    learn.export(tmp_path / "body.safetensors")
    again = load_learner(tmp_path, "body.safetensors")
    learn.model.eval(), again.model.eval()
    with torch.no_grad():
        assert torch.equal(learn.model(xb), again.model(xb))
    return learn


def side_of(arch):
    """Return the side that a body was trained at, 224 where that is large: a multiple of 14, 16 and 32."""
    size = body_config(arch).size
    return size[0] if size and size[0] <= 256 else 224


@pytest.mark.parametrize("name", TIMM)
def test_timm(folder, tmp_path, name):
    check(folder, name, side_of(name), tmp_path)


@pytest.mark.parametrize("name", TORCHVISION)
def test_torchvision(folder, tmp_path, name):
    check(folder, f"torchvision/{name}", 224, tmp_path)


@pytest.mark.parametrize("name", list(MODELS))
def test_transformers(folder, tmp_path, name):
    check(folder, model_of(name), 64, tmp_path)


@pytest.mark.parametrize("name", ["convnext_atto", "swin_tiny_patch4_window7_224", "efficientnet_b0", "test_resnet"])
def test_unets_of_timm(name):
    model = create_unet_model(name, 3, (96, 96), pretrained=False).eval()
    assert model(torch.zeros(1, 3, 96, 96)).shape == (1, 3, 96, 96)


@pytest.mark.parametrize("name", ["convnext_tiny", "swin_t", "resnet18", "regnet_y_400mf"])
def test_unets_of_torchvision(name):
    model = create_unet_model(f"torchvision/{name}", 3, (64, 64), pretrained=False).eval()
    assert model(torch.zeros(1, 3, 64, 80)).shape == (1, 3, 64, 80)


@pytest.mark.parametrize("name", ["ConvNextModel", "ConvNextBackbone", "Swinv2Model", "ResNetModel"])
def test_unets_of_transformers(name):
    model = create_unet_model(model_of(name), 3, (64, 64), pretrained=False).eval()
    assert model(torch.zeros(1, 3, 64, 80)).shape == (1, 3, 64, 80)


def test_a_fresh_process_loads_what_was_exported(folder, tmp_path):
    learn = check(folder, "test_vit", 160, tmp_path)
    code = f"from onecycle.vision import *; print(load_learner({str(tmp_path)!r}, 'body.safetensors').predict)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert learn.model_spec["args"]["base_arch"] == "test_vit"
