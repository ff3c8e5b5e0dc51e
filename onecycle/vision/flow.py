"""Flow fields: places in a picture, one for each pixel of a result or one for each point."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor

__all__ = ["CoordFunc", "FlowField", "scale_flow"]


@dataclass
class FlowField:
    """Hold places in unit coordinates with the size of the picture they belong to.

    Args:
        size: (H, W) of the picture in pixels.
        flow: Places, shape (…, 2), last axis (x, y), from -1 at the left and top edge to 1 at the right and
            bottom edge.
    """

    size: Sequence[int]
    flow: Tensor


CoordFunc = Callable[..., FlowField]


def scale_flow(flow: FlowField, to_unit: bool = True) -> FlowField:
    """Scale places in (y, x) order from pixels to unit coordinates, or back.

    Args:
        flow: Places (…, 2), last axis (y, x).
        to_unit: From pixels to -1 … 1; from -1 … 1 to pixels when False.

    Example:
        >>> import torch
        >>> scale_flow(FlowField((4, 8), torch.tensor([[2.0, 4.0]]))).flow
        tensor([[0., 0.]])
    """
    half = flow.flow.new_tensor([flow.size[0] / 2, flow.size[1] / 2])
    scaled = flow.flow / half - 1 if to_unit else (flow.flow + 1) * half
    return FlowField(flow.size, scaled)
