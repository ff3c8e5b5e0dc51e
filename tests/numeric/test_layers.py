"""Gradients of layers and losses against finite differences."""

import pytest
import torch
from torch import nn

from onecycle.nn.attention import PooledSelfAttention2d, SelfAttention
from onecycle.nn.blocks import PixelShuffle_ICNR, res_block
from onecycle.nn.layers import AdaptiveConcatPool2d, SigmoidRange
from onecycle.nn.losses import CrossEntropyFlat, LabelSmoothingCrossEntropy, WassersteinLoss
from onecycle.nn.norm import BatchNorm1dFlat, NormType
from onecycle.vision.models.densenet import DenseLayer
from onecycle.vision.models.mobilenet import InvertedResidual
from onecycle.vision.models.squeezenet import FireBlock
from onecycle.vision.models.wrn import BasicBlock
from onecycle.vision.models.xceptions import SeparableBlock
from onecycle.vision.models.xresnet import ResBlock

LAYERS = [
    (AdaptiveConcatPool2d(), (1, 2, 3, 3)),
    (SigmoidRange(1, 5), (4,)),
    (BatchNorm1dFlat(2), (3, 2, 2)),
    (SelfAttention(8), (1, 8, 2, 2)),
    (PooledSelfAttention2d(8), (1, 8, 2, 2)),
    (res_block(4, norm_type=NormType.Group), (1, 4, 3, 3)),
    (PixelShuffle_ICNR(2), (1, 2, 2, 2)),
    (DenseLayer(3, 1), (1, 3, 3, 3)),
    (InvertedResidual(2, 2, 1, 2), (1, 2, 3, 3)),
    (FireBlock(2, 1), (1, 2, 3, 3)),
    (BasicBlock(2, 3, 2), (1, 2, 4, 4)),
    (SeparableBlock(2, 3, 3), (1, 2, 4, 4)),
    (ResBlock(1, 2, 3, 2), (1, 2, 4, 4)),
]


def settled(layer: nn.Module) -> nn.Module:
    """Return the layer in eval mode and double precision, with no gate left at zero."""
    for p in layer.parameters():
        if not p.any():
            nn.init.constant_(p, 0.5)
    return layer.double().eval()


@pytest.mark.parametrize(("layer", "shape"), LAYERS, ids=lambda v: type(v).__name__)
def test_gradients_of_layers(layer, shape):
    torch.manual_seed(0)
    x = torch.randn(shape, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(settled(layer), x)


@pytest.mark.parametrize("loss", [CrossEntropyFlat(axis=1), LabelSmoothingCrossEntropy(0.2)])
def test_gradients_of_losses(loss):
    x = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda t: loss(t, torch.tensor([0, 2, 1, 1])), x)


def test_gradients_of_the_critics_loss():
    real, fake = (torch.randn(4, dtype=torch.float64, requires_grad=True) for _ in range(2))
    assert torch.autograd.gradcheck(WassersteinLoss(), (real, fake))
