"""Batch norm over the batches of all connected processes, on CPUs and GPUs."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from onecycle.utils.distributed import added_up

__all__: list[str] = []

Replaced = list[tuple[nn.Module, str, nn.Module]]

_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


class _SumOfAll(torch.autograd.Function):
    """Add up the tensors of all processes; so do their gradients."""

    @staticmethod
    def forward(ctx: Any, numbers: Tensor) -> Tensor:
        return added_up(numbers)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:  # type: ignore[override]
        return added_up(grad)


class SyncedNorm(nn.BatchNorm2d):
    """Be a batch norm of 1, 2 or 3 dimensions whose statistics are those of all processes' batches.

    `nn.SyncBatchNorm` does the same on GPUs only. It shares weights and statistics with the norm it stands for.

    Args:
        norm: The norm.

    Shape:
        (N, C, …) -> (N, C, …)

    Reference: Ioffe and Szegedy, "Batch normalization" (2015), section 3.
    """

    def __init__(self, norm: nn.modules.batchnorm._BatchNorm) -> None:
        super().__init__(norm.num_features, norm.eps, norm.momentum, norm.affine, norm.track_running_stats)
        self._parameters, self._buffers, self.training = norm._parameters, norm._buffers, norm.training

    def forward(self, input: Tensor) -> Tensor:
        """Normalise."""
        if not (self.training or self.running_mean is None):
            return self._scaled(input, self.running_mean, self.running_var)  # type: ignore[arg-type]
        axes = [0, *range(2, input.ndim)]
        count = added_up(torch.tensor(float(input.numel() // input.shape[1]), device=input.device))
        mean = _sum_of_all(input.float().sum(axes)) / count  # (C,)
        centred = input.float() - self._wide(mean, input)
        variance = _sum_of_all(centred.square().sum(axes)) / count
        if self.training and self.running_mean is not None:
            self._follow(mean.detach(), variance.detach() * (count / (count - 1)))
        return self._scaled(input, mean, variance)

    @torch.no_grad()
    def _follow(self, mean: Tensor, variance: Tensor) -> None:
        """Move the running statistics."""
        assert self.num_batches_tracked is not None
        self.num_batches_tracked.add_(1)
        share = 1.0 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
        for running, now in ((self.running_mean, mean), (self.running_var, variance)):
            assert running is not None
            running.mul_(1 - share).add_(now.to(running.dtype), alpha=share)

    def _scaled(self, input: Tensor, mean: Tensor, variance: Tensor) -> Tensor:
        scale = torch.rsqrt(variance + self.eps)
        scale = scale if self.weight is None else scale * self.weight
        shift = -mean * scale if self.bias is None else self.bias - mean * scale
        return (input * self._wide(scale, input) + self._wide(shift, input)).to(input.dtype)

    @staticmethod
    def _wide(values: Tensor, like: Tensor) -> Tensor:
        return values.reshape(1, -1, *[1] * (like.ndim - 2))


def _sum_of_all(numbers: Tensor) -> Tensor:
    return _SumOfAll.apply(numbers)  # type: ignore[no-any-return]


def sync_norms(model: nn.Module) -> Replaced:
    """Let a model's batch norms take their statistics over all processes.

    Returns:
        What `put_norms_back` needs.
    """
    replaced: Replaced = []
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, _NORMS) and not isinstance(child, SyncedNorm):
                replaced.append((parent, name, child))
                setattr(parent, name, SyncedNorm(child))
    return replaced


def put_norms_back(replaced: Replaced) -> None:
    """Put the norms that `sync_norms` replaced in their places again."""
    for parent, name, norm in replaced:
        norm.train(getattr(parent, name).training)
        setattr(parent, name, norm)
