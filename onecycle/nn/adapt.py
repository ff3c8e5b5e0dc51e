"""Make a model take pictures with another number of channels."""

from __future__ import annotations

import torch
from torch import nn

from onecycle.errors import ArgumentError, explain
from onecycle.nn.entrance import find_entrance, in_channels

__all__ = ["with_input_channels"]


def with_input_channels(model: nn.Module, n_in: int) -> nn.Module:
    """Make the first convolution that a picture reaches take `n_in` channels; changes and returns the model.

    A model that takes them as it is stays so. The new filters are the mean of the old ones over their channels, scaled
    so that an input which repeats one channel gives what it gave before. So grey pictures (`n_in=1`) keep the use of
    colour weights.

    Raises:
        ArgumentError: the model does not begin with a plain 2d convolution.
    """
    found = find_entrance(model, n_in)
    if found is not None and found.fits:
        return model
    first = _first_convolution(model, n_in)
    new = _with_channels(first, n_in)
    for parent in list(model.modules()):
        for name, layer in list(parent._modules.items()):
            if layer is first:  # under each of its names
                setattr(parent, name, new)
    return model


def _first_convolution(model: nn.Module, n_in: int) -> nn.Conv2d:
    """Return the convolution that sees the picture itself."""
    convolutions = [layer for layer in model.modules() if isinstance(layer, nn.Conv2d) and layer.groups == 1]
    if not convolutions:
        raise ArgumentError(explain("with_input_channels", "model", "must hold a Conv2d with groups=1", model))
    old = in_channels(model)
    found = find_entrance(model, old)
    if found is None or found.layer is model:  # no picture gets so far: the first one assigned
        return convolutions[0]
    if found.layer not in convolutions or found.takes != old:
        raise ArgumentError(_cannot(n_in, found.layer, found.takes, old))
    return found.layer  # type: ignore[return-value]


def _cannot(n_in: int, layer: nn.Module, takes: int, old: int) -> str:
    return (
        f"with_input_channels: model must begin with a Conv2d (groups=1) that sees the picture itself, to be made to "
        f"take {n_in} channels in place of {old}; it begins with {type(layer).__name__}, which takes {takes}. Open the "
        f"pictures with {old} (convert_mode='RGB' has 3, 'L' has 1), or pass a model made for {n_in}."
    )


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
