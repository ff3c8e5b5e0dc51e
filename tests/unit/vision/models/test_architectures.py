"""Every registered architecture: output shape, number of classes, groups; the odd ones one by one."""

import pytest
import torch
from torch import nn

from onecycle.nn.surgery import split_model
from onecycle.utils.registry import HOMES, lookup
from onecycle.vision.backbones import cnn_config, create_cnn_model
from onecycle.vision.models.darknet import Darknet, ResLayer, conv_bn_lrelu
from onecycle.vision.models.wrn import BasicBlock, WideResNet, bn_relu_conv
from onecycle.vision.models.xceptions import xception
from onecycle.vision.models.xresnet import ResBlock, XResNet, conv_layer, filt_sz, noop, xresnet, xresnet18

# One of each way to build; the others of a family differ in depth alone.
KINDS = [
    "resnet34", "resnet50", "vgg11_bn", "densenet121", "squeezenet1_0", "squeezenet1_1", "alexnet", "mobilenet_v2",
    "xresnet18", "xresnet50", "xresnet18_deep", "wrn_22", "xception",
]  # fmt: skip
BUILT = ["resnet18", "resnet50", "densenet121", "squeezenet1_0", "squeezenet1_1", "mobilenet_v2", "xresnet18", "wrn_22"]


def on_no_device(name: str) -> nn.Module:
    with torch.device("meta"):
        return lookup("arch", name)()


@pytest.mark.parametrize("name", sorted(HOMES["arch"]))
def test_shapes_of_every_architecture(name):
    model = on_no_device(name).eval()
    made = model(torch.zeros(2, 3, 96, 96, device="meta"))
    assert made.shape == (2, 10 if name == "wrn_22" else 1000)


@pytest.mark.parametrize("name", KINDS)
def test_body_head_and_groups(name, monkeypatch):
    """Without numbers (meta device), so that the large ones cost nothing."""
    monkeypatch.setattr("onecycle.nn.dry_run.dummy_batch", lambda m, size: torch.zeros(1, 3, *size, device="meta"))
    with torch.device("meta"):
        model = create_cnn_model(name, 7, pretrained=False).eval()
    assert model(torch.zeros(2, 3, 96, 96, device="meta")).shape == (2, 7)
    groups = split_model(model, cnn_config(name)["split"](model))
    assert len(groups) == (2 if name in ("wrn_22", "xception") else 3)
    assert len(groups[-1]) == 10
    assert sum(p.numel() for g in groups for p in g.parameters()) == sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize("name", BUILT)
def test_first_weights_give_finite_outputs_of_sane_size(name):
    torch.manual_seed(0)
    model = lookup("arch", name)()
    with torch.no_grad():
        made = model.train()(torch.randn(4, 3, 64, 64))
    assert made.isfinite().all()
    assert made.std() < 50


def test_number_of_classes():
    with torch.device("meta"):
        assert lookup("arch", "resnet18")(num_classes=5).fc.out_features == 5
        assert xresnet18(c_out=5)[-1].out_features == 5


def test_residual_block_adds_its_input():
    block = lookup("arch", "resnet18")().layer1[0].eval()
    for p in block.parameters():
        nn.init.zeros_(p)
    x = torch.rand(1, 64, 4, 4)
    assert torch.equal(block(x), x)


def test_bottleneck_carries_its_stride_on_the_middle_convolution():
    block = on_no_device("resnet50").layer2[0]
    assert [block.conv1.stride, block.conv2.stride, block.conv3.stride] == [(1, 1), (2, 2), (1, 1)]


def test_xresnet_by_hand():
    model = XResNet(1, [1, 1, 1, 1], c_in=1, c_out=4)
    assert model(torch.zeros(2, 1, 64, 64)).shape == (2, 4)
    assert xresnet(4, [1, 1, 1, 1], "mine", c_out=3, c_in=2)(torch.zeros(2, 2, 64, 64)).shape == (2, 3)


def test_xresnet_block_starts_as_its_shortcut():
    block, x = ResBlock(1, 8, 8), torch.rand(2, 8, 4, 4)
    assert torch.equal(block(x), x)
    assert ResBlock(4, 2, 4, stride=2)(torch.rand(2, 8, 5, 5)).shape == (2, 16, 3, 3)
    assert [type(layer).__name__ for layer in conv_layer(3, 4, act=False)] == ["Conv2d", "BatchNorm2d"]
    assert noop(3) == 3
    assert [filt_sz(9), filt_sz(27), filt_sz(1000)] == [4, 16, 64]


def test_wide_resnet_by_hand():
    model = WideResNet(num_groups=2, N=1, num_classes=5, k=2, drop_p=0.3, start_nf=4, n_in_channels=1)
    assert model(torch.zeros(2, 1, 8, 8)).shape == (2, 5)
    assert BasicBlock(4, 4, 1).shortcut is None
    assert bn_relu_conv(3, 4, 3, 1, init_zero=True)[2].weight.abs().sum() == 0


def test_darknet_by_hand():
    model = Darknet([1, 1, 2], num_classes=5, nf=4)
    assert model(torch.zeros(2, 3, 32, 32)).shape == (2, 5)
    assert [len(group) for group in [model.make_group_layer(4, 3)]] == [4]
    assert isinstance(conv_bn_lrelu(3, 4)[2], nn.LeakyReLU)
    assert ResLayer(8)(torch.zeros(2, 8, 4, 4)).shape == (2, 8, 4, 4)


def test_darknet_53_has_53_convolutions_less_the_classifier():
    with torch.device("meta"):
        model = Darknet([1, 2, 8, 8, 4], num_classes=1000)
    assert sum(isinstance(m, nn.Conv2d) for m in model.modules()) == 52


def test_small_xception():
    assert xception(c=5, k=1, n_middle=1)(torch.zeros(2, 3, 64, 64)).shape == (2, 5)
    assert sum(p.numel() for p in on_no_device("xception").parameters()) == 22_855_952
