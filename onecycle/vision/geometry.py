"""Maps from the pixels of a result to the places in a picture where they are read.

Every place is given in unit coordinates: x runs from -1 (left edge) to 1 (right edge), y from -1 (top edge) to 1
(bottom edge), so a pixel's centre lies half a pixel inside (`align_corners=False` in torch's words). A map is a
3x3 homography kept as nine floats, row by row: nine Python floats multiply faster than a NumPy array of them.

Reference: Hartley and Zisserman, "Multiple View Geometry", 2nd edition, chapter 2 and section 4.1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from onecycle.vision.flow import FlowField

__all__: list[str] = []

Matrix = tuple[float, float, float, float, float, float, float, float, float]
Size = tuple[int, int]  # (H, W)
IDENTITY: Matrix = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
CORNERS = (
    (-1.0, -1.0),
    (-1.0, 1.0),
    (1.0, -1.0),
    (1.0, 1.0),
)  # (x, y): top left, bottom left, top right, bottom right


def multiply(a: Matrix, b: Matrix) -> Matrix:
    """Return the map that applies `b` first and `a` second."""
    if a is IDENTITY:
        return b
    if b is IDENTITY:
        return a
    a0, a1, a2, a3, a4, a5, a6, a7, a8 = a
    b0, b1, b2, b3, b4, b5, b6, b7, b8 = b
    return (
        a0 * b0 + a1 * b3 + a2 * b6, a0 * b1 + a1 * b4 + a2 * b7, a0 * b2 + a1 * b5 + a2 * b8,
        a3 * b0 + a4 * b3 + a5 * b6, a3 * b1 + a4 * b4 + a5 * b7, a3 * b2 + a4 * b5 + a5 * b8,
        a6 * b0 + a7 * b3 + a8 * b6, a6 * b1 + a7 * b4 + a8 * b7, a6 * b2 + a7 * b5 + a8 * b8,
    )  # fmt: skip


def invert(m: Matrix) -> Matrix:
    """Return the map that undoes `m`: its adjugate, since a common factor does not count."""
    a, b, c, d, e, f, g, h, i = m
    return scaled((
        e * i - f * h, c * h - b * i, b * f - c * e,
        f * g - d * i, a * i - c * g, c * d - a * f,
        d * h - e * g, b * g - a * h, a * e - b * d,
    ))  # fmt: skip


def to_matrix(rows: Sequence[Sequence[float]] | np.ndarray | Tensor) -> Matrix:
    """Return nested rows, an array or a tensor of shape (3, 3) as a matrix."""
    if isinstance(rows, (Tensor, np.ndarray)):
        rows = rows.tolist()
    a, b, c = rows
    return (float(a[0]), float(a[1]), float(a[2]), float(b[0]), float(b[1]), float(b[2]),
            float(c[0]), float(c[1]), float(c[2]))  # fmt: skip


def scale_shift(sx: float, sy: float, tx: float, ty: float) -> Matrix:
    """Return the map (x, y) -> (sx x + tx, sy y + ty)."""
    return (sx, 0.0, tx, 0.0, sy, ty, 0.0, 0.0, 1.0)


def is_affine(m: Matrix) -> bool:
    """Whether a map keeps parallels parallel."""
    return m[6] == 0.0 and m[7] == 0.0 and m[8] == 1.0


def corners_to(targets: Sequence[Sequence[float]]) -> Matrix:
    """Return the map that takes the corners of a picture, in the order of `CORNERS`, to four points (x, y).

    In closed form; Heckbert, "Fundamentals of Texture Mapping and Image Warping" (1989), section 2.2.3, here for
    the square from -1 to 1.
    """
    (x0, y0), (x3, y3), (x1, y1), (x2, y2) = (
        targets  # round the square: top left, top right, bottom right, bottom left
    )
    across_x, across_y = x0 - x1 + x2 - x3, y0 - y1 + y2 - y3
    ax, ay, bx, by = x1 - x2, y1 - y2, x3 - x2, y3 - y2
    area = ax * by - bx * ay
    g, h = (across_x * by - bx * across_y) / area, (ax * across_y - across_x * ay) / area
    a, b, c = x1 - x0 + g * x1, x3 - x0 + h * x3, x0
    d, e, f = y1 - y0 + g * y1, y3 - y0 + h * y3, y0
    unit = (a, b, c, d, e, f, g, h, 1.0)  # from the square 0 … 1
    return scaled(multiply(unit, (0.5, 0.0, 0.5, 0.0, 0.5, 0.5, 0.0, 0.0, 1.0)))


def scaled(m: Matrix) -> Matrix:
    """Return the same map with its last number 1."""
    last = m[8]
    return tuple([value / last for value in m])  # type: ignore[return-value]


def in_units_of(m: Matrix, size: Size) -> Matrix:
    """Return a map written for square units as one for the unit coordinates of a picture of this size.

    Without it a rotation would squeeze a picture that is not square. Shifts stay shares of the picture's sides.
    """
    height, width = size
    if m is IDENTITY or height == width:
        return m
    ratio = height / width
    return (m[0], m[1] * ratio, m[2], m[3] / ratio, m[4], m[5], m[6], m[7], m[8])


def in_pixels(m: Matrix, out_size: Size, source_size: Size, cell: tuple[int, int] = (1, 1)) -> Matrix:
    """Return a map of unit coordinates as one of pixel numbers (column, row).

    Args:
        m: From the result to the source, in unit coordinates.
        out_size: (H, W) of the result.
        source_size: (H, W) of the source before any reduction.
        cell: How many rows and columns of the source one pixel of the reduced source stands for.
    """
    (height, width), (rows, columns), (cell_y, cell_x) = out_size, source_size, cell
    sx, sy = columns / (2 * cell_x), rows / (2 * cell_y)
    to_source = scale_shift(sx, sy, sx - 0.5, sy - 0.5)
    from_out = scale_shift(2 / width, 2 / height, 1 / width - 1, 1 / height - 1)
    return multiply(multiply(to_source, m), from_out)


def unit_grid(size: Size, device: torch.device | str | None = None) -> Tensor:
    """Return the centres of all pixels, shape (H, W, 2), last axis (x, y)."""
    height, width = size
    y = (torch.arange(height, device=device, dtype=torch.float32) * 2 + 1) / height - 1
    x = (torch.arange(width, device=device, dtype=torch.float32) * 2 + 1) / width - 1
    rows, columns = torch.meshgrid(y, x, indexing="ij")
    return torch.stack([columns, rows], dim=-1)  # (H, W, 2)


def map_points(m: Matrix, points: Tensor) -> Tensor:
    """Return where a map takes points (…, 2) in (x, y)."""
    if m is IDENTITY:
        return points
    matrix = torch.tensor(m, dtype=points.dtype, device=points.device).view(3, 3)
    moved = points @ matrix[:2, :2].T + matrix[:2, 2]
    if is_affine(m):
        return moved
    return moved / (points @ matrix[2, :2] + matrix[2, 2]).unsqueeze(-1)


def pixel_steps(m: Matrix, out_size: Size, source_size: Size) -> tuple[float, float]:
    """Return how many rows and columns of the source one step in the result spans, where it spans least.

    Where a perspective map spans more in one corner than in another, the smallest of the corners and the centre
    counts: nothing is blurred that the result could show.
    """
    pixels = in_pixels(m, out_size, source_size)
    if is_affine(m):
        return math.hypot(pixels[3], pixels[4]), math.hypot(pixels[0], pixels[1])
    height, width = out_size
    places = [(0, 0), (0, height), (width, 0), (width, height), (width / 2, height / 2)]
    steps = [_steps_at(pixels, x, y) for x, y in places]
    return min(s[0] for s in steps), min(s[1] for s in steps)


def _steps_at(m: Matrix, x: float, y: float) -> tuple[float, float]:
    """Return the lengths of the Jacobian's rows (rows, columns of the source) at one pixel of the result."""
    w = m[6] * x + m[7] * y + m[8]
    if w <= 0:
        return 1.0, 1.0  # beyond the horizon: no reduction
    u, v = (m[0] * x + m[1] * y + m[2]) / w, (m[3] * x + m[4] * y + m[5]) / w
    columns = math.hypot(m[0] - u * m[6], m[1] - u * m[7]) / w
    rows = math.hypot(m[3] - v * m[6], m[4] - v * m[7]) / w
    return rows, columns


class View(NamedTuple):
    """A cut-out, a margin or a mirror: where the pixels of a new frame lie in the old one.

    Attributes:
        matrix: From the new frame's unit coordinates to the old one's.
        size: (H, W) of the new frame.
        padding_mode: What lies outside the old frame; None when the view never looks there.
    """

    matrix: Matrix
    size: Size
    padding_mode: str | None = None

    @property
    def stays_inside(self) -> bool:
        """Whether every corner of the new frame lies in the old one."""
        return self.padding_mode is None


def window(size: Size, top: int, left: int, new_size: Size, padding_mode: str | None = None) -> View:
    """Return the view of `new_size` whose top left pixel is (top, left) of a frame of `size`."""
    (height, width), (rows, columns) = size, new_size
    shift_x, shift_y = (columns + 2 * left) / width - 1, (rows + 2 * top) / height - 1
    matrix = scale_shift(columns / width, rows / height, shift_x, shift_y)
    inside = top >= 0 and left >= 0 and top + rows <= height and left + columns <= width
    return View(matrix, new_size, None if inside else padding_mode or "reflection")


class Geometry(NamedTuple):
    """All the moves that wait to be made on a picture, as one map from its result to its source.

    Two kinds of moves differ in where they join. A warp (rotate, zoom, tilt …) is applied to the places that are
    read, so later warps come outside earlier ones and all affine ones of a row multiply from the right; a view
    (crop, flip, margin) makes a new frame, in which everything that follows counts.

    Attributes:
        size: (H, W) of the result.
        base: From the current frame to the source.
        warp: From the result to the current frame, all but `affine`.
        affine: Affine moves in square units that are not in `warp` yet.
        flow: From the result to the current frame as a grid (H, W, 2), in place of `warp`, once a move is no
            homography.
        padding_mode: What a margin demanded outside the source; None when nothing demanded anything.
    """

    size: Size
    base: Matrix = IDENTITY
    warp: Matrix = IDENTITY
    affine: Matrix = IDENTITY
    flow: Tensor | None = None
    padding_mode: str | None = None

    def with_affine(self, m: Matrix) -> Geometry:
        """Return the geometry with one more affine map in square units."""
        return self._replace(affine=multiply(self.affine, m))

    def with_homography(self, m: Matrix) -> Geometry:
        """Return the geometry with one more homography in unit coordinates."""
        settled = self.settled()
        if settled.flow is not None:
            return settled._replace(flow=map_points(m, settled.flow))
        return settled._replace(warp=multiply(m, settled.warp))

    def settled(self) -> Geometry:
        """Return the same geometry with nothing left in `affine`."""
        if self.affine is IDENTITY:
            return self
        return self._replace(affine=IDENTITY).with_homography(in_units_of(self.affine, self.size))

    def with_flow(self, func: Callable[[FlowField], FlowField]) -> Geometry:
        """Return the geometry after a function moved each place of its grid."""
        return self.settled()._replace(warp=IDENTITY, flow=func(FlowField(self.size, self.frame_grid())).flow)

    def with_view(self, view: View) -> Geometry:
        """Return the geometry seen through a view; with a `flow` the view has to stay inside the frame."""
        settled = self.settled()
        padding_mode = view.padding_mode or self.padding_mode
        if settled.flow is not None:
            seen = _sample_flow(
                settled.flow, map_points(view.matrix, unit_grid(view.size, settled.flow.device))
            )
            return settled._replace(size=view.size, flow=seen, padding_mode=padding_mode)
        base = multiply(multiply(settled.base, settled.warp), view.matrix)
        return Geometry(view.size, base, padding_mode=padding_mode)

    def resized(self, size: Size) -> Geometry:
        """Return the geometry with another number of pixels over the same frame."""
        settled = self.settled()
        if settled.flow is not None:
            return settled.with_view(View(IDENTITY, size))
        return settled._replace(size=size)

    def frame_grid(self) -> Tensor:
        """Return where each pixel of the result lies in the current frame, (H, W, 2)."""
        settled = self.settled()
        return map_points(settled.warp, unit_grid(self.size)) if settled.flow is None else settled.flow

    def matrix(self) -> Matrix | None:
        """Return the whole map as one homography, or None when a `flow` is in it."""
        settled = self.settled()
        return None if settled.flow is not None else multiply(settled.base, settled.warp)

    def grid(self) -> Tensor:
        """Return where each pixel of the result lies in the source, (H, W, 2)."""
        return map_points(self.base, self.frame_grid())

    def is_still(self) -> bool:
        """Whether only views and sizes wait: no warp that could look outside the frame."""
        return self.warp is IDENTITY and self.affine is IDENTITY and self.flow is None


def _sample_flow(flow: Tensor, places: Tensor) -> Tensor:
    """Read a flow (H, W, 2) at places inside it."""
    read = torch.nn.functional.grid_sample(
        flow.permute(2, 0, 1)[None], places[None], mode="bilinear", padding_mode="border", align_corners=False
    )
    return read[0].permute(1, 2, 0)
