"""Points in a picture as items: they move as the picture does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from onecycle.errors import ArgumentError, explain
from onecycle.vision.empty_frame import axes_for, drawn_alone, finish, shown_whole
from onecycle.vision.flow import FlowField, scale_flow
from onecycle.vision.geometry import Geometry, Matrix, invert, is_affine, map_points, unit_grid
from onecycle.vision.lighting import Light, Tones
from onecycle.vision.picture import Image
from onecycle.vision.transform_base import is_composing

__all__ = ["ImagePoints"]

_SEARCH_STEPS = 20  # each step shrinks the error by the slope of what is not affine in the field
_SMOOTH = 5  # pixels
_HORIZON = 1e-6  # the smallest depth; the middle of the picture has 1


class PointPixels:
    """Keep points in place of pixels: moved against the map that pixels are read along.

    Args:
        size: (H, W) of the picture.
        points: Places (P, 2) in unit coordinates, (x, y).
        moved: Whether a transform has moved them.
    """

    __slots__ = ("moved", "points", "size")

    def __init__(self, size: Sequence[int], points: Tensor, moved: bool = False) -> None:
        self.size, self.points, self.moved = (int(size[0]), int(size[1])), points, moved

    @property
    def channels(self) -> int:
        return 1

    def resampled(self, geometry: Geometry, mode: str, padding_mode: str) -> PointPixels:
        matrix = geometry.matrix()
        if matrix is not None:
            return PointPixels(geometry.size, _shown_at(invert(matrix), self.points), moved=True)
        in_frame = map_points(invert(geometry.base), self.points)
        return PointPixels(geometry.size, _search(geometry.frame_grid(), in_frame), moved=True)

    def relit(self, light: Light | Tones) -> PointPixels:
        return self

    def recoloured(self, func: Callable[..., Any]) -> PointPixels:
        return self

    def tensor(self, white: float) -> Tensor:
        return self.points


def _shown_at(m: Matrix, points: Tensor) -> Tensor:
    """Return where a map shows points (P, 2); those behind its horizon lie far out, where they went."""
    if is_affine(m):
        return map_points(m, points)
    matrix = points.new_tensor(m).view(3, 3)
    depth = (points @ matrix[2, :2] + matrix[2, 2]).clamp(min=_HORIZON)  # (P,)
    return (points @ matrix[:2, :2].T + matrix[:2, 2]) / depth[:, None]


def _search(grid: Tensor, wanted: Tensor) -> Tensor:
    """Return the places (P, 2) of the result at which a grid (H, W, 2) reads the wanted places (P, 2).

    The grid is close to an affine map, which is undone exactly; what is left of it is undone step by step.
    """
    slope, shift, bend = _affine_part(grid)
    undo = torch.linalg.inv(slope)
    field = _smoothed(bend).permute(2, 0, 1)[None]  # (1, 2, H, W)
    found = (wanted - shift) @ undo
    for _ in range(_SEARCH_STEPS):
        found = (wanted - shift - _read(field, found)) @ undo
    return found


def _affine_part(grid: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return slope (2, 2), shift (2,) and rest (H, W, 2) of a grid: `grid = place @ slope + shift + rest`."""
    places = unit_grid((grid.shape[0], grid.shape[1]), grid.device)
    flat = places.reshape(-1, 2)
    known = torch.cat([flat, torch.ones_like(flat[:, :1])], dim=1)
    solution = torch.linalg.lstsq(known, grid.reshape(-1, 2)).solution  # (3, 2)
    slope, shift = solution[:2], solution[2]
    return slope, shift, grid - places @ slope - shift


def _smoothed(bend: Tensor) -> Tensor:
    """Return the mean over a few pixels: noise of single pixels moves no point."""
    window = {"kernel_size": _SMOOTH, "stride": 1, "padding": _SMOOTH // 2, "count_include_pad": False}
    return torch.nn.functional.avg_pool2d(bend.permute(2, 0, 1), **window).permute(1, 2, 0)  # type: ignore[arg-type]


def _read(field: Tensor, places: Tensor) -> Tensor:
    """Read a field (1, 2, H, W) at places (P, 2); beyond its edges its outermost values hold."""
    read = torch.nn.functional.grid_sample(
        field, places.view(1, 1, -1, 2).to(field), mode="bilinear", padding_mode="border", align_corners=False
    )
    return read[0, :, 0].T  # (P, 2)


def _as_places(points: Any) -> Tensor:
    """Return points as float `(P, 2)`; one point alone may come as `(2,)`.

    Raises:
        ArgumentError: they are none.
    """
    try:
        placed = torch.as_tensor(points).detach().float()
    except (TypeError, ValueError, RuntimeError):
        placed = torch.zeros(1)
    if placed.ndim == 0 or placed.numel() % 2 or (placed.numel() and placed.ndim == 1 and len(placed) != 2):
        rule = "must be points, rows of two numbers (y, x)"
        raise ArgumentError(explain("ImagePoints", "flow", rule, points, "Pass e.g. tensor([[3., 4.], [5., 6.]])."))
    return placed.reshape(-1, 2)


class ImagePoints(Image):
    """Hold points in a picture.

    Args:
        flow: The picture's (H, W) and the points, shape (P, 2).
        scale: The points are in pixels; in unit coordinates (-1 to 1) when False.
        y_first: The points are (y, x); (x, y) when False.

    Example:
        >>> points = ImagePoints(FlowField((10, 20), torch.tensor([[5.0, 5.0]])))
        >>> points.flip_lr().data
        tensor([[0.0000, 0.5000]])
    """

    _pixels: PointPixels  # type: ignore[assignment]

    def __init__(self, flow: FlowField, scale: bool = True, y_first: bool = True) -> None:
        placed = _as_places(flow.flow)
        if not y_first:
            placed = placed.flip(-1)
        if scale:
            placed = scale_flow(FlowField(flow.size, placed)).flow
        self._pixels = PointPixels(flow.size, placed.flip(-1))

    def __repr__(self) -> str:
        return f"{type(self).__name__} {tuple(self.size)}"

    __str__ = __repr__

    @property
    def shape(self) -> torch.Size:
        """(1, H, W) of the picture."""
        return torch.Size((1, *self._frame_size()))

    @property
    def device(self) -> torch.device:
        """Where the points are."""
        return self._pixels.points.device

    @property
    def flow(self) -> FlowField:
        """The points (x, y) in unit coordinates with the picture's size."""
        self.refresh()
        return FlowField(self._pixels.size, self._pixels.points)

    @flow.setter
    def flow(self, value: FlowField) -> None:
        self._pixels, self._geometry = PointPixels(value.size, value.flow), None

    @property  # type: ignore[misc]
    def px(self) -> Tensor:
        """The points as they are in `data`."""
        return self.data

    @property
    def data(self) -> Any:
        """The points (y, x) in unit coordinates; after transforms only those inside, unless `remove_out` is off."""
        points = self.flow.flow
        if self._removes_out():
            points = points[(points.abs() <= 1).all(dim=1)]
        return points.flip(-1)

    def _removes_out(self) -> bool:
        """Return whether what lies outside the picture is left out: only transforms do that."""
        self.refresh()
        return bool(self.sample_kwargs.get("remove_out", self._pixels.moved))

    def coord(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Move the points as a function of a `FlowField` moves pixels."""
        return super().coord(func, *args, **kwargs)

    def lighting(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Return the points as they are: light moves nothing."""
        return self

    def pixel(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Move the points as a flip or crop moves pixels; other functions of pixels move nothing."""
        return super().pixel(func, *args, **kwargs) if is_composing(func) else self

    def _as_pillow(self) -> Any:
        """Return the points, drawn on an empty frame of the image's proportions, as notebooks show them."""
        return drawn_alone(self)

    pack = None  # type: ignore[assignment]

    def places(self) -> Tensor:
        """Return what is drawn, in pixels: points `(P, 2)` as (y, x)."""
        return scale_flow(FlowField(self.size, self.data), to_unit=False).flow

    def show(  # type: ignore[override]
        self,
        ax: Any = None,
        figsize: tuple[float, float] = (3, 3),
        title: str | None = None,
        hide_axis: bool = True,
        **kwargs: Any,
    ) -> None:
        """Show the points on a matplotlib axis.

        Args:
            ax: The axis; a new figure when None.
            figsize: Width and height of a new figure in inches.
            title: What stands above it.
            hide_axis: Show no ticks.
            **kwargs: What `scatter` takes.
        """
        ax = axes_for(ax, figsize)
        points = shown_whole(ax, self.size, self.places())
        look = {"s": 25, "marker": "o", "c": "r", "edgecolors": "white", "linewidths": 0.8, "clip_on": False}
        ax.scatter(points[:, 1], points[:, 0], **{**look, **kwargs})
        finish(ax, title, hide_axis)
