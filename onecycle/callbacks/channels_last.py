"""Pictures with the channels last in memory."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from onecycle.training.callback import Callback

__all__ = ["ChannelsLast"]


class ChannelsLast(Callback):
    """Lay pictures out in memory pixel by pixel, as convolutions of such a model want them.

    Shapes stay `(N, C, H, W)`. `learn.to_channels_last()` lays out the model and adds this callback.
    """

    def on_batch_begin(self, last_input: Any, **kwargs: Any) -> dict[str, Any]:
        """Lay the pictures out."""
        return {"last_input": _laid_out(last_input)}


def _laid_out(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_laid_out(entry) for entry in value]
    is_pictures = isinstance(value, Tensor) and value.ndim == 4
    return value.contiguous(memory_format=torch.channels_last) if is_pictures else value
