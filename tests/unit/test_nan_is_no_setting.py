"""A check of the form "wrong if a < b" lets NaN through: settings that are NaN or infinite are refused."""

from functools import partial

import pytest
import torch
from torch import nn

from onecycle.callbacks.activation_stats import ActivationStats
from onecycle.errors import ArgumentError
from onecycle.learning.recipes import one_cycle_scheduler
from onecycle.metrics.classification import accuracy
from onecycle.nn.layers import SigmoidRange, bn_drop_lin
from onecycle.optim.schedules import Scheduler, SmoothenValue, annealing_poly
from onecycle.text.models.qrnn import QRNN, QRNNLayer
from onecycle.text.models.transformer import feed_forward
from onecycle.text.processors import NumericalizeProcessor
from onecycle.utils.checks import check_share
from onecycle.vision.cyclegan.networks import ResnetBlock
from onecycle.vision.gan.networks import gan_critic
from onecycle.vision.models.wrn import BasicBlock
from onecycle.vision.recipes import rand_resize_crop, rand_zoom
from onecycle.vision.transform import brightness, rotate, zoom

SETTINGS = {
    "p of bn_drop_lin": lambda value: bn_drop_lin(2, 2, p=value),
    "low of SigmoidRange": lambda value: SigmoidRange(value, 1.0),
    "ff_p of feed_forward": lambda value: feed_forward(2, 2, ff_p=value),
    "zoneout of QRNNLayer": lambda value: QRNNLayer(2, zoneout=value),
    "dropout of QRNN": lambda value: QRNN(2, 2, dropout=value),
    "drop_p of BasicBlock": lambda value: BasicBlock(4, 4, 1, drop_p=value),
    "dropout of ResnetBlock": lambda value: ResnetBlock(4, dropout=value),
    "p of gan_critic": lambda value: gan_critic(p=value),
    "n_iter of Scheduler": lambda value: Scheduler((0.0, 1.0), value),
    "beta of SmoothenValue": SmoothenValue,
    "degree of annealing_poly": annealing_poly,
    "near of ActivationStats": lambda value: ActivationStats(nn.Linear(1, 1), near=value),
    "lr_max of one_cycle_scheduler": one_cycle_scheduler,
    "max_vocab of NumericalizeProcessor": lambda value: NumericalizeProcessor(max_vocab=value),
    "min_freq of NumericalizeProcessor": lambda value: NumericalizeProcessor(min_freq=value),
    "scale of zoom": lambda value: zoom(scale=value),
    "scale of rand_zoom": lambda value: rand_zoom(scale=(1.0, value)),
    "degrees of rotate": lambda value: rotate(degrees=(-10, value)),
    "change of brightness": lambda value: brightness(change=value),
    "max_scale of rand_resize_crop": lambda value: rand_resize_crop(8, max_scale=value),
    "ignore of accuracy": lambda value: accuracy(torch.zeros(2, 2), torch.zeros(2).long(), ignore=value),
    "a share": partial(check_share, "a", "b"),
}


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_is_a_finite_number(name, value):
    with pytest.raises(ArgumentError, match="must be"):
        SETTINGS[name](value)


@pytest.mark.parametrize("value", [-0.1, 1.1, "0.5", None, True])
def test_a_share_lies_between_0_and_1(value):
    with pytest.raises(ArgumentError, match="a: b must be a number between 0 and 1; got .* A hint"):
        check_share("a", "b", value, "A hint.")
    with pytest.raises(ArgumentError, match="bn_drop_lin: p must be a number between 0 and 1"):
        bn_drop_lin(2, 2, p=value)


def test_what_lies_in_range_is_taken():
    assert check_share("a", "b", torch.tensor(1.0)) == 1
    assert [type(layer) for layer in bn_drop_lin(2, 2, p=0)] == [nn.BatchNorm1d, nn.Linear]
