"""What is said when model, data and loss do not fit together."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from onecycle.errors import ArgumentTypeError, CallbackError, TrainingError
from onecycle.nn.losses import CrossEntropyFlat
from onecycle.training.loop import loss_batch
from onecycle.training.mismatch import check_goes_back, check_loss, shapes_of

X, Y = torch.randn(4, 6), torch.tensor([0, 1, 2, 2])


def test_shapes():
    assert shapes_of((X, [Y, None])) == "[(4, 6), [(4,), NoneType]]"


def test_an_error_of_the_model_tells_its_input_and_a_cure():
    with pytest.raises(RuntimeError, match=r"(?s)cannot be multiplied.*input: \(4, 6\).*flatten or pool before it"):
        loss_batch(nn.Linear(5, 2), X, Y)


def test_a_class_without_an_output_is_named():
    with pytest.raises(TrainingError, match=r"a target is class 2 and the model has 2 outputs.*at least 3"):
        loss_batch(nn.Linear(6, 2), X, Y, F.cross_entropy)


def test_an_error_of_the_loss_tells_shapes():
    def refuse(output, target):
        raise ValueError("no")

    with pytest.raises(ValueError, match=r"(?s)no.*loss: refuse, output: \(4, 3\), target: \(4,\)"):
        loss_batch(nn.Linear(6, 3), X, Y, refuse)


def test_another_number_of_outputs_than_of_targets_is_told():
    with pytest.raises(ValueError, match=r"(?s)output: \(4, 3\), target: \(4, 2\), cure: Give the model.*data.c"):
        loss_batch(nn.Linear(6, 3), X, torch.zeros(4, 2), F.binary_cross_entropy_with_logits)


def test_a_batch_of_one_item_and_batch_norm():
    with pytest.raises(TrainingError, match=r"fit: a batch norm must have two values .* of shape \(1, 6\). Pass a bs"):
        loss_batch(nn.BatchNorm1d(6), X[:1], Y)


@pytest.mark.parametrize("loss", [None, "1", 0.5, torch.zeros(3)])
def test_a_loss_is_one_number_in_a_tensor(loss):
    with pytest.raises(ArgumentTypeError, match=r"loss_func must return one number for a batch, a tensor; got"):
        check_loss(loss)
    check_loss(torch.zeros(1))


def test_a_loss_leads_back_to_the_weights():
    with pytest.raises(TrainingError, match="must follow from the model's output by steps that have a gradient"):
        check_goes_back(torch.tensor(1.0))
    with pytest.raises(CallbackError, match="on_backward_begin: last_loss must stay a tensor; a callback made it 'a'"):
        check_goes_back("a")
    check_goes_back(torch.tensor(1.0, requires_grad=True))


@pytest.mark.parametrize("dtype", [torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool, torch.int64])
def test_class_indices_of_every_whole_number_are_taken(dtype):
    output, target = torch.randn(4, 2), torch.tensor([0, 1, 1, 0])
    loss = CrossEntropyFlat()(output, target.to(dtype))
    torch.testing.assert_close(loss, F.cross_entropy(output, target))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16])
def test_numbers_for_class_indices_are_named(dtype):
    with pytest.raises(TrainingError, match=r"targets must be class indices, whole numbers of dtype int64; got float"):
        loss_batch(nn.Linear(5, 3), torch.randn(4, 5), torch.zeros(4, dtype=dtype), CrossEntropyFlat())


def test_numbers_for_class_indices_of_a_loss_of_torch():
    with pytest.raises(TrainingError, match="got int32"):
        loss_batch(nn.Linear(5, 3), torch.randn(4, 5), torch.zeros(4, dtype=torch.int32), nn.CrossEntropyLoss())


@pytest.mark.parametrize("loss_func", [CrossEntropyFlat(), nn.CrossEntropyLoss(), CrossEntropyFlat(ignore_index=-5)])
def test_a_class_below_0_is_named(loss_func):
    targets = torch.tensor([0, -1, 1, 2])
    with pytest.raises(TrainingError, match=r"a target is -1, .*begin at 0.*CrossEntropyFlat\(ignore_index=-1\)"):
        loss_batch(nn.Linear(5, 3), torch.randn(4, 5), targets, loss_func)
    loss_batch(nn.Linear(5, 3), torch.randn(4, 5), targets, CrossEntropyFlat(ignore_index=-1))


def test_an_instance_norm_over_one_pixel():
    model = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.InstanceNorm2d(3))
    with pytest.raises(TrainingError, match=r"fit: an instance norm .* two pixels .*\(4, 3, 8, 8\). Pass larger"):
        loss_batch(model, torch.zeros(4, 3, 8, 8), torch.zeros(4), F.mse_loss)
