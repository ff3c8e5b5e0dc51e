"""Training in float16 with a scaled loss."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from onecycle.callbacks.autocast import Autocast, device_of
from onecycle.errors import ArgumentError, TrainingError
from onecycle.utils.checks import check_numbers

__all__ = ["MixedPrecision"]

_FIRST_SCALE = 2.0**16
_FIXED_SCALE = 512.0
_WITHOUT_FLOAT16 = ("cpu",)  # device types that compute float16 slower than single precision


class MixedPrecision(Autocast):
    """Compute the forward pass in float16, and scale the loss so that small gradients do not vanish.

    A step whose gradients overflow is left out and the scale halved; after many good ones it is doubled. The
    scale is saved by `learn.save` and found again by `learn.load`.

    Args:
        learn: The learner; on a GPU.
        loss_scale: Factor of the loss, above 0; 512 where it is fixed, 2**16 to begin with where dynamic, when None.
        max_noskip: Steps without overflow after which a dynamic scale is doubled, at least 1.
        dynamic: Adapt the scale.
        clip: Largest norm of the gradients, above 0; None leaves them alone.
        flat_master: Accepted; the weights themselves are the single-precision copy here.
        max_scale: Largest dynamic scale.
        loss_fp32: Compute the loss in single precision.

    Raises:
        ArgumentError: the learner is on the CPU, or a number is out of its range.
        TrainingError: the gradients are no numbers even without a scale.

    Reference: Micikevicius et al., "Mixed precision training" (2018), sections 3.1 and 3.2.
    """

    def __init__(
        self,
        learn: Any,
        loss_scale: float | None = None,
        max_noskip: int = 1000,
        dynamic: bool = True,
        clip: float | None = None,
        flat_master: bool = False,
        max_scale: float = 2**24,
        loss_fp32: bool = True,
    ) -> None:
        super().__init__(learn, torch.float16, loss_fp32)
        _check_device(learn)
        _check_settings(loss_scale, max_noskip, clip, max_scale)
        self.max_noskip, self.dynamic, self.clip = max_noskip, dynamic, clip
        self.flat_master, self.max_scale = flat_master, max_scale
        self.loss_scale = loss_scale if loss_scale is not None else _first_scale(dynamic)
        self.handles_nan = dynamic  # an overflow is dealt with here, as no error
        self.noskip = 0

    def on_train_begin(self, **kwargs: Any) -> None:
        """Look where the model is now."""
        _check_device(self.learn)
        super().on_train_begin(**kwargs)

    def on_backward_begin(self, last_loss: Tensor, **kwargs: Any) -> dict[str, Tensor]:
        """Scale the loss."""
        return {"last_loss": last_loss * self.loss_scale}

    def on_backward_end(
        self, skip_step: bool = False, epoch: int = 0, num_batch: int = 0, **kwargs: Any
    ) -> dict[str, bool] | None:
        """Scale the gradients back; leave the step out where they overflowed."""
        if skip_step:  # they are still being gathered, scaled
            return None
        grads = [p.grad for p in self.learn.model.parameters() if p.grad is not None]
        if self.dynamic and grads and not _finite(grads):
            self._shrink(epoch, num_batch)
            return {"skip_step": True}
        if grads:
            torch._foreach_div_(grads, float(self.loss_scale))
        self._grow()
        if self.clip:
            nn.utils.clip_grad_norm_(self.learn.model.parameters(), self.clip)
        return None

    def _shrink(self, epoch: int, num_batch: int) -> None:
        """Halve the scale after an overflow."""
        if self.loss_scale <= 1:
            raise TrainingError(
                f"fit: the gradients must be numbers; they are not, even with a loss scale of {self.loss_scale:g}, in "
                f"epoch {epoch}, batch {num_batch}. Lower the learning rate, or use learn.to_bf16() or to_fp32()."
            )
        self.loss_scale, self.noskip = max(self.loss_scale / 2, 1.0), 0

    def _grow(self) -> None:
        """Double the scale after many steps without overflow."""
        self.noskip += 1
        if self.dynamic and self.noskip >= self.max_noskip:
            self.loss_scale, self.noskip = min(self.loss_scale * 2, float(self.max_scale)), 0

    def on_step_end(self, **kwargs: Any) -> None:
        """Nothing is copied: the optimiser stepped on the single-precision weights themselves."""

    def state_dict(self) -> dict[str, float]:
        """Return what a run that is taken up again needs."""
        return {"loss_scale": float(self.loss_scale), "noskip": float(self.noskip)}

    def load_state_dict(self, state: dict[str, float]) -> None:
        """Take over what `state_dict` returned."""
        self.loss_scale, self.noskip = float(state["loss_scale"]), int(state["noskip"])


def _first_scale(dynamic: bool) -> float:
    return _FIRST_SCALE if dynamic else _FIXED_SCALE


def _finite(grads: list[Tensor]) -> bool:
    norms = torch.stack([norm.float() for norm in torch._foreach_norm(grads, float("inf"))])
    return math.isfinite(norms.sum().item())


def _check_device(learn: Any) -> None:
    device = device_of(learn).type
    if device in _WITHOUT_FLOAT16:
        raise ArgumentError(
            f"to_fp16: float16 needs a GPU; the learner is on the {device}. Call learn.to_bf16() there."
        )


def _check_settings(loss_scale: Any, max_noskip: Any, clip: Any, max_scale: Any) -> None:
    for name, value in {"loss_scale": loss_scale, "clip": clip, "max_scale": max_scale}.items():
        if value is not None:
            check_numbers("MixedPrecision", name, value, "must be above 0", lambda number: number > 0)
    check_numbers("MixedPrecision", "max_noskip", max_noskip, "must be at least 1", lambda number: number >= 1)
