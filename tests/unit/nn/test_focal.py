"""Tests of onecycle.nn.focal."""

import pytest
import torch
import torch.nn.functional as F

from onecycle.nn.focal import sigmoid_focal_loss

LOGITS = torch.tensor([-3.0, -0.5, 0.0, 0.7, 4.0], dtype=torch.float64)


@pytest.mark.parametrize(("gamma", "alpha"), [(2.0, 0.25), (0.5, 0.75), (0.0, 0.5), (5.0, 0.1)])
def test_it_is_the_formula_of_the_paper(gamma, alpha):
    p = LOGITS.sigmoid()
    there = -alpha * (1 - p) ** gamma * p.log()
    not_there = -(1 - alpha) * p**gamma * (1 - p).log()
    torch.testing.assert_close(sigmoid_focal_loss(LOGITS, torch.ones(5), gamma, alpha), there)
    torch.testing.assert_close(sigmoid_focal_loss(LOGITS, torch.zeros(5), gamma, alpha), not_there)


def test_without_focus_and_weights_it_is_the_cross_entropy():
    targets = torch.tensor([0.0, 1, 0, 1, 1], dtype=torch.float64)
    plain = F.binary_cross_entropy_with_logits(LOGITS, targets, reduction="none")
    torch.testing.assert_close(sigmoid_focal_loss(LOGITS, targets, gamma=0, alpha=None), plain)


def test_gradients():
    targets = torch.tensor([0.0, 1, 0, 1, 1], dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda x: sigmoid_focal_loss(x, targets), LOGITS.clone().requires_grad_())


def test_far_logits_stay_finite():
    logits = torch.tensor([-200.0, 200.0]).requires_grad_()
    loss = sigmoid_focal_loss(logits, torch.tensor([1.0, 0.0]))
    loss.sum().backward()
    assert loss.isfinite().all() and logits.grad.isfinite().all()
    torch.testing.assert_close(loss, torch.tensor([50.0, 150.0]))
