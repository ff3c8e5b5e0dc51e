"""A learner's state set aside, and put back bit for bit."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from onecycle.nn.surgery import get_model
from onecycle.utils.sharded import parted_like, whole

__all__: list[str] = []


def _tensors(model: nn.Module) -> list[Tensor]:
    """Return all parameters and buffers, those outside the state dict too."""
    return [*model.parameters(), *model.buffers()]


class Snapshot:
    """Keep the weights, buffers, modes, gradients and optimiser of a learner.

    Args:
        learn: Has `model` and `opt`. Copies lie on the CPU; the optimiser is set aside, not copied.
    """

    def __init__(self, learn: Any) -> None:
        self.model, self.opt = learn.model, learn.opt
        self._values = [whole(tensor.detach()).to("cpu", copy=True) for tensor in _tensors(self.model)]
        self._grads = [parameter.grad for parameter in self.model.parameters()]
        self._modes = [module.training for module in self.model.modules()]
        for parameter in self.model.parameters():
            parameter.grad = None

    @torch.no_grad()
    def restore(self, learn: Any) -> None:
        """Put everything back."""
        for tensor, value in zip(_tensors(self.model), self._values):
            tensor.copy_(parted_like(value, tensor))
        for parameter, grad in zip(self.model.parameters(), self._grads):
            parameter.grad = grad
        for module, training in zip(self.model.modules(), self._modes):
            module.training = training
        learn.opt = self.opt
        if get_model(learn.model) is not get_model(self.model):  # a wrapper of several devices is left off
            learn.model = self.model
