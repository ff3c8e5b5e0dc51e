"""Losses: flattening, agreement with torch, reduction, state in files, activation."""

import json
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from onecycle.errors import ArgumentError
from onecycle.nn.losses import (
    BCEFlat,
    BCEWithLogitsFlat,
    CrossEntropyFlat,
    FlattenedLoss,
    LabelSmoothingCrossEntropy,
    MSELossFlat,
    NoneReduceOnCPU,
    NoopLoss,
    WassersteinLoss,
    activation_for,
)
from onecycle.utils.registry import decode, encode, lookup


def through_file(value):
    return decode(json.loads(json.dumps(encode(value))))


def test_repr():
    assert repr(CrossEntropyFlat()) == "FlattenedLoss of CrossEntropyLoss()"


def test_cross_entropy_of_plain_items():
    x, y = torch.randn(6, 4), torch.randint(4, (6,))
    assert torch.equal(CrossEntropyFlat()(x, y), F.cross_entropy(x, y))


def test_cross_entropy_of_sequences():
    x, y = torch.randn(2, 5, 4), torch.randint(4, (2, 5))
    torch.testing.assert_close(CrossEntropyFlat()(x, y), F.cross_entropy(x.view(10, 4), y.view(10)))


@pytest.mark.parametrize("shape", [(2, 1, 5, 6), (2, 5, 6)])
def test_cross_entropy_of_masks(shape):
    x, y = torch.randn(2, 4, 5, 6), torch.randint(4, shape)
    torch.testing.assert_close(CrossEntropyFlat(axis=1)(x, y), F.cross_entropy(x, y.view(2, 5, 6)))


def test_cross_entropy_of_probabilities():
    x, y = torch.randn(6, 4), torch.randn(6, 4).softmax(1)
    torch.testing.assert_close(CrossEntropyFlat()(x, y), F.cross_entropy(x, y))


@pytest.mark.parametrize(
    ("flat", "plain"),
    [
        (MSELossFlat(), F.mse_loss),
        (BCEWithLogitsFlat(), F.binary_cross_entropy_with_logits),
        (BCEFlat(), F.binary_cross_entropy),
    ],
)
def test_elementwise_losses_take_whole_numbers_and_a_missing_axis(flat, plain):
    x, y = torch.rand(6, 1), torch.randint(2, (6,))
    torch.testing.assert_close(flat(x, y), plain(x.view(-1), y.float()))


def test_reduction_and_weight_are_those_of_the_inner_loss():
    loss = CrossEntropyFlat(weight=torch.tensor([1.0, 2.0]))
    assert loss.reduction == "mean"
    assert loss.weight.tolist() == [1.0, 2.0]
    loss.reduction, loss.weight = "none", None
    assert loss(torch.zeros(3, 2), torch.zeros(3, dtype=torch.long)).shape == (3,)
    assert loss.func.weight is None


def test_to_moves_the_weight():
    loss = CrossEntropyFlat(weight=torch.ones(2)).to(torch.float64)
    assert loss.weight.dtype == torch.float64
    assert FlattenedLoss(lambda: F.mse_loss).to("cpu").func is F.mse_loss


def test_extra_keywords_reach_the_inner_function():
    loss = FlattenedLoss(lambda: F.mse_loss, is_2d=False)
    assert loss(torch.zeros(2, 1), torch.ones(2), reduction="sum") == 2


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_label_smoothing_by_hand(reduction):
    x, y = torch.randn(5, 4), torch.randint(4, (5,))
    logs = x.log_softmax(1)
    each = -(0.8 * logs[range(5), y] + 0.2 * logs.mean(1))
    expected = {"mean": each.mean(), "sum": each.sum(), "none": each}[reduction]
    torch.testing.assert_close(LabelSmoothingCrossEntropy(0.2, reduction)(x, y), expected)


def test_label_smoothing_refuses_other_eps():
    with pytest.raises(ArgumentError, match=r"eps must be between 0 and 1; got 1.5"):
        LabelSmoothingCrossEntropy(1.5)


def test_gan_losses():
    assert NoopLoss()(torch.tensor([1.0, 3.0]), "anything") == 2
    assert WassersteinLoss()(torch.tensor([4.0]), torch.tensor([1.0])) == 3


@pytest.mark.parametrize(
    "loss",
    [
        CrossEntropyFlat(axis=1, label_smoothing=0.1),
        BCEWithLogitsFlat(),
        LabelSmoothingCrossEntropy(0.2),
        NoopLoss(),
        WassersteinLoss(),
    ],
)
def test_losses_go_through_files(loss):
    twin = through_file(loss)
    assert type(twin) is type(loss)
    assert repr(twin) == repr(loss)
    assert encode(twin) == encode(loss)


def test_a_weight_set_later_goes_through_files():
    loss = CrossEntropyFlat()
    loss.weight = torch.tensor([1.0, 3.0])
    assert through_file(loss).weight.tolist() == [1.0, 3.0]


@pytest.mark.parametrize("name", ["CrossEntropyFlat", "BCEWithLogitsFlat", "BCEFlat", "MSELossFlat"])
def test_factories_are_found_by_name(name):
    assert isinstance(lookup("loss", name)(), FlattenedLoss)


def test_none_reduce_gives_one_loss_an_item_and_puts_back():
    loss = CrossEntropyFlat(weight=torch.tensor([1.0, 2.0]))
    weight = loss.weight
    with NoneReduceOnCPU(loss) as each:
        assert each(torch.zeros(3, 2), torch.zeros(3, dtype=torch.long)).shape == (3,)
    assert loss.reduction == "mean"
    assert loss.weight is weight


def test_none_reduce_of_a_function():
    with NoneReduceOnCPU(F.mse_loss) as each:
        assert each(torch.zeros(3), torch.ones(3)).tolist() == [1.0] * 3


class Wrapping(nn.Module):
    def __init__(self, crit):
        super().__init__()
        self.crit = crit


class OwnActivation:
    def activation(self, x):
        return x + 1


SOFTMAX = torch.tensor([[1.0, 2.0]]).softmax(1)
SIGMOID = torch.tensor([[1.0, 2.0]]).sigmoid()
EXP = torch.tensor([[1.0, 2.0]]).exp()
SAME = torch.tensor([[1.0, 2.0]])


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (CrossEntropyFlat(), SOFTMAX),
        (CrossEntropyFlat(axis=1), SOFTMAX),
        (nn.CrossEntropyLoss(), SOFTMAX),
        (nn.CrossEntropyLoss, SOFTMAX),
        (F.cross_entropy, SOFTMAX),
        (partial(F.cross_entropy, label_smoothing=0.1), SOFTMAX),
        (LabelSmoothingCrossEntropy(), SOFTMAX),
        (Wrapping(CrossEntropyFlat()), SOFTMAX),
        (BCEWithLogitsFlat(), SIGMOID),
        (F.binary_cross_entropy_with_logits, SIGMOID),
        (F.nll_loss, EXP),
        (nn.NLLLoss(), EXP),
        (BCEFlat(), SAME),
        (MSELossFlat(), SAME),
        (F.l1_loss, SAME),
        (None, SAME),
        (OwnActivation(), SAME + 1),
    ],
)
def test_activation_for(loss, expected):
    torch.testing.assert_close(activation_for(loss)(SAME), expected)


def test_activation_follows_the_class_axis():
    x = torch.randn(2, 3, 4, 4)
    torch.testing.assert_close(activation_for(CrossEntropyFlat(axis=1))(x), x.softmax(1))
    torch.testing.assert_close(activation_for(CrossEntropyFlat())(x), x.softmax(-1))
    torch.testing.assert_close(activation_for(CrossEntropyFlat(axis=1))(x[0, :, 0, 0]), x[0, :, 0, 0].softmax(0))


@pytest.mark.parametrize("axis", [-1, 1])
def test_binary_losses_weigh_each_class(axis):
    shape = (6, 3) if axis == -1 else (2, 3, 4, 5)
    output, target = torch.randn(shape), torch.randint(0, 2, shape)
    view = (3,) if axis == -1 else (3, 1, 1)
    positive, weight = torch.tensor([1.0, 4.0, 0.5]), torch.tensor([2.0, 1.0, 3.0])
    expected = F.binary_cross_entropy_with_logits(
        output, target.float(), weight.view(view), pos_weight=positive.view(view)
    )
    loss = BCEWithLogitsFlat(weight=weight, pos_weight=positive, axis=axis)
    torch.testing.assert_close(loss(output, target), expected)
    torch.testing.assert_close(decode(encode(loss))(output, target), expected)
    by_one = F.binary_cross_entropy_with_logits(output, target.float(), pos_weight=torch.tensor([2.0]))
    torch.testing.assert_close(BCEWithLogitsFlat(pos_weight=torch.tensor([2.0]), axis=axis)(output, target), by_one)
    probabilities = torch.sigmoid(output)
    torch.testing.assert_close(
        BCEFlat(weight=weight, axis=axis)(probabilities, target),
        F.binary_cross_entropy(probabilities, target.float(), weight.view(view).expand(shape)),
    )


def test_binary_losses_of_one_class_take_a_weight_too():
    output, target = torch.randn(6, 1), torch.randint(0, 2, (6,))
    expected = F.binary_cross_entropy_with_logits(output[:, 0], target.float(), pos_weight=torch.tensor([5.0]))
    torch.testing.assert_close(BCEWithLogitsFlat(pos_weight=torch.tensor([5.0]))(output, target), expected)


def test_weights_of_another_number_of_classes_are_refused():
    with pytest.raises(ArgumentError, match=r"pos_weight must be one number, or one per class, 3; got \[1.0, 2.0\]"):
        BCEWithLogitsFlat(pos_weight=torch.tensor([1.0, 2.0]))(torch.zeros(4, 3), torch.zeros(4, 3))
