import pytest
import torch
import torch.nn.functional as F
from torch import nn

from onecycle.nn.losses import CrossEntropyFlat
from onecycle.training.losses import each_item

PREDS, TARGETS = torch.randn(5, 3, generator=torch.Generator().manual_seed(0)), torch.tensor([0, 1, 2, 0, 1])
EXPECTED = F.cross_entropy(PREDS, TARGETS, reduction="none")


@pytest.mark.parametrize(
    "loss",
    [nn.CrossEntropyLoss(), F.cross_entropy, CrossEntropyFlat(), lambda output, y: F.cross_entropy(output, y)],
)
def test_each_item_has_its_loss(loss):
    torch.testing.assert_close(each_item(loss, PREDS, TARGETS), EXPECTED)


def test_the_reduction_is_given_back():
    loss = nn.CrossEntropyLoss(reduction="sum")
    each_item(loss, PREDS, TARGETS)
    assert loss.reduction == "sum"


def test_an_item_with_several_values_has_their_mean():
    preds, targets = torch.tensor([[1.0, 3.0], [0.0, 0.0]]), torch.zeros(2, 2)
    assert each_item(nn.MSELoss(), preds, targets).tolist() == [5.0, 0.0]


def test_several_targets_are_passed_one_by_one():
    targets = [torch.zeros(2), torch.ones(2)]
    losses = each_item(lambda output, a, b: (output - a - b).abs().mean(), torch.tensor([1.0, 3.0]), targets)
    assert losses.tolist() == [0.0, 2.0]
