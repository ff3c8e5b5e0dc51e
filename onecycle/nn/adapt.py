"""Make a model take pictures with another number of channels."""

from __future__ import annotations

import torch
from torch import nn

from onecycle.errors import ArgumentError, explain

__all__ = ["with_input_channels"]


def with_input_channels(model: nn.Module, n_in: int) -> nn.Module:
    """Make the first convolution of a model take `n_in` channels; changes and returns the model.

    The new filters are the mean of the old ones over their channels, scaled so that an input which repeats
    one channel gives what it gave before. So grey pictures (`n_in=1`) keep the use of colour weights.

    Raises:
        ArgumentError: the model has no plain 2d convolution.
    """
    for parent in model.modules():
        for name, layer in parent.named_children():
            if isinstance(layer, nn.Conv2d) and layer.groups == 1:
                if layer.in_channels != n_in:
                    setattr(parent, name, _with_channels(layer, n_in))
                return model
    raise ArgumentError(explain("with_input_channels", "model", "must hold a Conv2d with groups=1", model))


def _with_channels(conv: nn.Conv2d, n_in: int) -> nn.Conv2d:
    weight = conv.weight.detach()  # (out, in, k, k)
    new = nn.Conv2d(
        n_in,
        conv.out_channels,
        conv.kernel_size,  # type: ignore[arg-type]
        conv.stride,  # type: ignore[arg-type]
        conv.padding,  # type: ignore[arg-type]
        conv.dilation,  # type: ignore[arg-type]
        bias=conv.bias is not None,
        padding_mode=conv.padding_mode,
        device=weight.device,
        dtype=weight.dtype,
    )
    with torch.no_grad():
        new.weight.copy_(weight.mean(1, keepdim=True).mul(conv.in_channels / n_in).expand_as(new.weight))
        if conv.bias is not None and new.bias is not None:
            new.bias.copy_(conv.bias)
    return new
