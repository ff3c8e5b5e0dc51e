"""Where in a picture a network looks: the mean activation of a layer, and Grad-CAM."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from onecycle.errors import ArgumentError, explain
from onecycle.nn.hooks import Hooks, hook_output
from onecycle.nn.turns import eval_mode

__all__ = ["activation_map", "feature_layer", "grad_cam", "show_heatmap"]

_PICTURE_AXES = 4  # (N, C, H, W)


def feature_layer(model: nn.Module, xb: Tensor, min_cells: int = 16) -> nn.Module:
    """Return the last part of a model whose output is still a map: the body of a `cnn_learner`'s model.

    Args:
        model: The network.
        xb: A batch that it takes; run once, in eval mode.
        min_cells: The fewest cells (height times width) of a map worth drawing. Where no part has so many, the
            last with more than one cell is returned.

    Raises:
        ArgumentError: no part of the model makes a map.
    """
    parts = [part for part in model.modules() if part is not model]
    ran: list[tuple[int, nn.Module]] = []
    with Hooks(parts, lambda part, i, output: ran.append((_cells(output), part))), eval_mode(model), torch.no_grad():
        model(xb)
    for wanted in (min_cells, 2):
        large = [part for cells, part in ran if cells >= wanted]
        if large:
            return large[-1]
    rule = "must have a part with an output of shape (N, C, H, W)"
    raise ArgumentError(explain("feature_layer", "model", rule, type(model), "Heat maps need a convolutional network."))


def _cells(output: Any) -> int:
    is_map = isinstance(output, Tensor) and output.ndim == _PICTURE_AXES
    return output.shape[2] * output.shape[3] if is_map else 0


def activation_map(model: nn.Module, xb: Tensor, layer: nn.Module | None = None) -> Tensor:
    """Return the mean over channels of what a layer makes of the first item of a batch.

    Args:
        model: The network; used in eval mode and left as it was.
        xb: The batch, `(N, C, H, W)`.
        layer: Its part to look at; `feature_layer(model, xb)` when left out.

    Returns:
        The map, `(h, w)`, on the CPU.
    """
    layer = feature_layer(model, xb) if layer is None else layer
    with hook_output(layer) as hook, eval_mode(model), torch.no_grad():
        model(xb)
    return hook.stored[0].mean(0).cpu()  # (N, C, h, w) -> (h, w)


def grad_cam(model: nn.Module, xb: Tensor, category: int, layer: nn.Module | None = None) -> Tensor:
    """Return how much each place of a layer's map speaks for a class, for the first item of a batch.

    A channel weighs as much as the mean of its gradient: map = mean over channels of activation * weight.
    Nothing is left behind: no gradient in the parameters, no statistics, no mode.

    Args:
        model: The network; used in eval mode. It may be frozen.
        xb: The batch, `(N, C, H, W)`.
        category: Index of the class to explain.
        layer: Its part to look at; `feature_layer(model, xb)` when left out.

    Returns:
        The map, `(h, w)`, on the CPU.

    Raises:
        ArgumentError: the class does not exist, or its output does not depend on the layer.

    Reference: Selvaraju et al., Grad-CAM, 2017 (arXiv 1610.02391), section 3. There the channels are summed and
        negative places cut off; here they are averaged and kept, so that what speaks against shows too.
    """
    layer = feature_layer(model, xb) if layer is None else layer
    acts, grads = _activation_and_gradient(model, xb, category, layer)
    weights = grads.mean((1, 2), keepdim=True)  # (C, h, w) -> (C, 1, 1)
    return (acts * weights).mean(0).cpu()  # (C, h, w) -> (h, w)


def _activation_and_gradient(
    model: nn.Module, xb: Tensor, category: int, layer: nn.Module
) -> tuple[Tensor, Tensor]:
    """Return a layer's output for the first item and the gradient of a class's output there, both `(C, h, w)`."""
    with hook_output(layer, detach=False) as hook, eval_mode(model), torch.enable_grad():
        start = xb.detach().clone().requires_grad_()  # so that a frozen model has gradients too
        output = model(start.clone())  # the clone may be overwritten in place
        check_category("grad_cam", category, output.shape[1])
        (grads,) = torch.autograd.grad(output[0, category], hook.stored, allow_unused=True)
    if grads is None:
        rule = "must be a part that the output depends on"
        raise ArgumentError(explain("grad_cam", "layer", rule, type(layer), "Pass model[0] or another part."))
    return hook.stored[0].detach(), grads[0]


def check_category(owner: str, category: int, num_classes: int) -> None:
    """Refuse an index beyond the outputs."""
    if not 0 <= category < num_classes:
        raise ArgumentError(explain(owner, "category", f"must lie in 0..{num_classes - 1}", category))


def show_heatmap(
    img: Any, map: Tensor, ax: Any = None, alpha: float = 0.6, cmap: str = "magma", **kwargs: Any
) -> Any:
    """Draw a picture and over it a map of any size.

    Args:
        img: An item with `show(ax)` and `shape`, or a tensor `(C, H, W)` with values in 0..1.
        map: The heat map, `(h, w)`.
        ax: Where to draw; a figure of its own when left out.
        alpha: How much of the picture the map covers, 0..1.
        cmap: Name of matplotlib's colour map.
        **kwargs: As for `Axes.imshow`, for the map.

    Returns:
        The axes.
    """
    ax = _own_axes() if ax is None else ax
    show_picture(img, ax)
    height, width = img.shape[-2:]
    edges = (-0.5, width - 0.5, height - 0.5, -0.5)  # the picture's own: a pixel is one wide, about its centre
    style = {"interpolation": "bilinear", "extent": edges, **kwargs}
    ax.imshow(map.detach().cpu().numpy(), alpha=alpha, cmap=cmap, **style)
    return ax


def show_picture(img: Any, ax: Any) -> None:
    """Draw an item, or a tensor `(C, H, W)`, without axes."""
    if isinstance(img, Tensor):
        pixels = img.detach().cpu().clamp(0, 1).permute(1, 2, 0)  # (C, H, W) -> (H, W, C)
        ax.imshow(pixels.squeeze(-1).numpy(), cmap="gray")
    else:
        img.show(ax=ax)
    ax.axis("off")


def _own_axes() -> Any:
    import matplotlib.pyplot as plt

    return plt.subplots()[1]
