"""Training in mixed precision."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from onecycle.training.callback import LearnerCallback

__all__ = ["MixedPrecision"]

_FIRST_SCALE = 2.0**16


class MixedPrecision(LearnerCallback):
    """Compute the forward pass in half precision and keep the weights in single.

    On CUDA the forward pass runs in float16 and the loss is scaled so that small gradients do not vanish; a step
    whose gradients overflow is left out and the scale halved. On the CPU it runs in bfloat16, which needs no scale.

    Args:
        learn: The learner.
        loss_scale: Factor of the loss; 512 where it is fixed, 2**16 to begin with where dynamic, when None.
        max_noskip: Steps without overflow after which a dynamic scale is doubled.
        dynamic: Adapt the scale.
        clip: Largest norm of the gradients; None leaves them alone.
        flat_master: Accepted; the weights themselves are the single-precision copy here.
        max_scale: Largest dynamic scale.
        loss_fp32: Compute the loss in single precision.

    Reference: Micikevicius et al., "Mixed precision training" (2018), sections 3.1 and 3.2.
    """

    _order = 999  # after whatever else changes the loss
    handles_nan = True

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
        super().__init__(learn)
        self.max_noskip, self.dynamic, self.clip = max_noskip, dynamic, clip
        self.flat_master, self.max_scale, self.loss_fp32 = flat_master, max_scale, loss_fp32
        self.loss_scale = loss_scale if loss_scale is not None else (_FIRST_SCALE if dynamic else 512.0)
        self._handles: list[Any] = []

    def on_train_begin(self, **kwargs: Any) -> None:
        """Let the model's forward pass run in half precision."""
        self.remove()
        model = self.learn.model
        self._device = next(model.parameters()).device.type
        self.noskip = 0
        self._scaled = self._device == "cuda"
        self._open: list[Any] = []
        self._handles = [
            model.register_forward_pre_hook(self._enter),
            model.register_forward_hook(self._leave, always_call=True),
        ]

    def _enter(self, module: nn.Module, args: Any) -> None:
        context = torch.autocast(self._device, torch.float16 if self._scaled else torch.bfloat16)
        context.__enter__()
        self._open.append(context)

    def _leave(self, module: nn.Module, args: Any, output: Any) -> None:
        if self._open:
            self._open.pop().__exit__(None, None, None)

    def on_loss_begin(self, last_output: Any, **kwargs: Any) -> dict[str, Any] | None:
        """Bring the output to single precision."""
        return {"last_output": _single(last_output)} if self.loss_fp32 else None

    def on_backward_begin(self, last_loss: Tensor, **kwargs: Any) -> dict[str, Tensor] | None:
        """Scale the loss."""
        return {"last_loss": last_loss * self.loss_scale} if self._scaled else None

    def on_backward_end(self, **kwargs: Any) -> dict[str, bool] | None:
        """Scale the gradients back; leave the step out where they overflowed."""
        grads = [p.grad for p in self.learn.model.parameters() if p.grad is not None]
        if self._scaled and self._overflowed(grads):
            return {"skip_step": True}
        if self._scaled:
            torch._foreach_div_(grads, float(self.loss_scale))
            self._grow()
        if self.clip:
            nn.utils.clip_grad_norm_(self.learn.model.parameters(), self.clip)
        return None

    def _overflowed(self, grads: list[Tensor]) -> bool:
        norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(grads)))
        if not self.dynamic or math.isfinite(norm.item()):
            return False
        self.loss_scale, self.noskip = max(self.loss_scale / 2, 1.0), 0
        return True

    def _grow(self) -> None:
        """Double the scale after many steps without overflow."""
        self.noskip += 1
        if self.dynamic and self.noskip >= self.max_noskip:
            self.loss_scale, self.noskip = min(self.loss_scale * 2, self.max_scale), 0

    def on_step_end(self, **kwargs: Any) -> None:
        """Nothing is copied: the optimiser stepped on the single-precision weights themselves."""

    def on_train_end(self, **kwargs: Any) -> None:
        """Let the model run in single precision again."""
        self.remove()

    def remove(self) -> None:
        """Take the hooks off the model."""
        for handle in self._handles:
            handle.remove()
        self._handles = []


def _single(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return type(value)(_single(entry) for entry in value)
    return value.float() if isinstance(value, Tensor) and value.is_floating_point() else value
