"""Reading a picture along a map, once: exactly on float tensors, with OpenCV on 8-bit arrays.

Where the result has less than half the resolution of the source, whole blocks of pixels are averaged first, so
that no detail falls between the places that are read (both ways alike). Then each place is read with bilinear
interpolation.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from onecycle.vision.geometry import (
    Geometry,
    Matrix,
    Size,
    in_pixels,
    is_affine,
    map_points,
    multiply,
    pixel_steps,
    scale_shift,
    unit_grid,
)
from onecycle.vision.opencv import opencv

__all__: list[str] = []

Cell = tuple[int, int]
WHOLE: Cell = (1, 1)
_NEAR_INTEGER, _NEAR_PLACE = 1e-6, 1e-4


def reduction(geometry: Geometry, source_size: Size, mode: str) -> Cell:
    """Return how many rows and columns of the source to average into one before reading it."""
    if mode == "nearest":
        return WHOLE
    matrix = geometry.matrix()
    if matrix is None:
        rows, columns = _flow_steps(geometry.grid(), source_size)
    else:
        rows, columns = pixel_steps(matrix, geometry.size, source_size)
    return max(1, int(rows + _NEAR_INTEGER)), max(1, int(columns + _NEAR_INTEGER))


def _flow_steps(grid: Tensor, source_size: Size) -> tuple[float, float]:
    """Return how many rows and columns of the source a step in a grid spans on average."""
    half = grid.new_tensor([source_size[1] / 2, source_size[0] / 2])
    spans = [(step.mean(dim=(0, 1)) * half) for step in (grid.diff(dim=0), grid.diff(dim=1)) if step.numel()]
    if not spans:
        return 1.0, 1.0
    columns, rows = torch.stack(spans).norm(dim=0).tolist()
    return rows, columns


def whole_step(m: Matrix) -> tuple[int, int, int, int] | None:
    """Return (sign of x, sign of y, column, row) of a pixel map that only moves and mirrors whole pixels, else None."""
    a, b, c, d, e, f = m[:6]
    if not is_affine(m) or abs(b) > _NEAR_INTEGER or abs(d) > _NEAR_INTEGER:
        return None
    if abs(abs(a) - 1) > _NEAR_INTEGER or abs(abs(e) - 1) > _NEAR_INTEGER:
        return None
    left, top = round(c), round(f)
    if abs(c - left) > _NEAR_PLACE or abs(f - top) > _NEAR_PLACE:
        return None
    return (1 if a > 0 else -1), (1 if e > 0 else -1), left, top


# ---- float pictures ----


def resample_float(px: Tensor, geometry: Geometry, mode: str, padding_mode: str) -> Tensor:
    """Read a float picture along a geometry with torch's grid_sample.

    Shape:
        (C, H, W) -> (C, *geometry.size)
    """
    source_size = (px.shape[1], px.shape[2])
    matrix = geometry.matrix()
    if matrix is not None:
        step = whole_step(in_pixels(matrix, geometry.size, source_size))
        if step is not None:
            return _move_float(px, step, geometry.size, padding_mode)
    cell = reduction(geometry, source_size, mode)
    grid = _float_grid(geometry, matrix, cell, source_size, px)
    px = F.avg_pool2d(px[None], cell) if cell != WHOLE else px[None]
    return F.grid_sample(px, grid[None], mode=mode, padding_mode=padding_mode, align_corners=False)[0]


def _float_grid(
    geometry: Geometry, matrix: Matrix | None, cell: Cell, source_size: Size, px: Tensor
) -> Tensor:
    """Return where each pixel of the result lies in the reduced source, in its unit coordinates."""
    to_reduced = _to_reduced(cell, source_size)
    if matrix is None:
        return map_points(to_reduced, geometry.grid()).to(px)
    return map_points(multiply(to_reduced, matrix), unit_grid(geometry.size, px.device)).to(px.dtype)


def _to_reduced(cell: Cell, source_size: Size) -> Matrix:
    """Return the map from a source's unit coordinates to those of its whole blocks."""
    y, x = (length / (length // size * size) for length, size in zip(source_size, cell))
    return scale_shift(x, y, x - 1, y - 1)


def _move_float(px: Tensor, step: tuple[int, int, int, int], size: Size, padding_mode: str) -> Tensor:
    sign_x, sign_y, left, top = step
    rows, row_inside = _indices(sign_y, top, size[0], px.shape[1], padding_mode)
    columns, column_inside = _indices(sign_x, left, size[1], px.shape[2], padding_mode)
    moved = px[:, rows.to(px.device)][:, :, columns.to(px.device)]
    if padding_mode == "zeros" and not (row_inside.all() and column_inside.all()):
        moved = moved * (row_inside[:, None] & column_inside[None, :]).to(moved)
    return moved


def _indices(sign: int, start: int, count: int, length: int, padding_mode: str) -> tuple[Tensor, Tensor]:
    """Return which of `length` pixels each of `count` places shows, and whether it lies inside."""
    places = start + sign * torch.arange(count)
    inside = (places >= 0) & (places < length)
    if padding_mode == "reflection":
        places = places % (2 * length)
        return torch.minimum(places, 2 * length - 1 - places), inside
    return places.clamp(0, length - 1), inside


# ---- 8-bit pictures ----


def resample_bytes(
    array: np.ndarray, geometry: Geometry, mode: str, padding_mode: str, source_size: Size, cell: int = 1
) -> np.ndarray:
    """Read an 8-bit picture along a geometry with OpenCV.

    Args:
        array: (H, W) or (H, W, C) with at most 4 channels, uint8.
        geometry: Where to read.
        mode: `bilinear`, `nearest` or `bicubic`.
        padding_mode: `reflection`, `border` or `zeros`.
        source_size: (H, W) before any reduction.
        cell: How many rows and columns of the source a pixel of `array` stands for.
    """
    matrix = geometry.matrix()
    if matrix is not None and cell == 1:
        step = whole_step(in_pixels(matrix, geometry.size, source_size))
        if step is not None:
            return _move_bytes(array, step, geometry.size, padding_mode)
    cell_y, cell_x = reduction(geometry, source_size, mode)
    blocks = max(1, cell_y // cell), max(1, cell_x // cell)
    array, cells = average_blocks(array, blocks), (blocks[0] * cell, blocks[1] * cell)
    if matrix is None:
        return _remap(array, geometry.grid(), mode, padding_mode, source_size, cells)
    return _warp(
        array, in_pixels(matrix, geometry.size, source_size, cells), geometry.size, mode, padding_mode
    )


def average_blocks(array: np.ndarray, blocks: Cell) -> np.ndarray:
    """Return the means of whole blocks; what is left over at the right and bottom edge is dropped."""
    if blocks == WHOLE:
        return array
    cv2, (rows, columns) = opencv(), (array.shape[0] // blocks[0], array.shape[1] // blocks[1])
    whole = array[: rows * blocks[0], : columns * blocks[1]]
    return cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA)


def _flags(mode: str) -> int:
    cv2 = opencv()
    return {"bilinear": cv2.INTER_LINEAR, "nearest": cv2.INTER_NEAREST, "bicubic": cv2.INTER_CUBIC}[mode]


def _border(padding_mode: str) -> int:
    cv2 = opencv()
    borders = {"reflection": cv2.BORDER_REFLECT, "border": cv2.BORDER_REPLICATE, "zeros": cv2.BORDER_CONSTANT}
    return borders[padding_mode]


def _warp(array: np.ndarray, m: Matrix, size: Size, mode: str, padding_mode: str) -> np.ndarray:
    cv2, matrix = opencv(), np.array(m, dtype=np.float64).reshape(3, 3)
    flags, border, out = _flags(mode) | cv2.WARP_INVERSE_MAP, _border(padding_mode), (size[1], size[0])
    if is_affine(m):
        return cv2.warpAffine(array, matrix[:2], out, flags=flags, borderMode=border)
    return cv2.warpPerspective(array, matrix, out, flags=flags, borderMode=border)


def _remap(
    array: np.ndarray, grid: Tensor, mode: str, padding_mode: str, source_size: Size, cell: Cell
) -> np.ndarray:
    half = grid.new_tensor([source_size[1] / (2 * cell[1]), source_size[0] / (2 * cell[0])])
    places = ((grid + 1) * half - 0.5).cpu().numpy()  # (H, W, 2) in pixels of `array`
    x, y = np.ascontiguousarray(places[..., 0]), np.ascontiguousarray(places[..., 1])
    return opencv().remap(array, x, y, _flags(mode), borderMode=_border(padding_mode))


def _move_bytes(
    array: np.ndarray, step: tuple[int, int, int, int], size: Size, padding_mode: str
) -> np.ndarray:
    sign_x, sign_y, left, top = step
    rows, columns = size
    first_row, first_column = (
        (top if sign_y > 0 else top - rows + 1),
        (left if sign_x > 0 else left - columns + 1),
    )
    cut = _cut(array, first_row, first_column, size, padding_mode)
    return cut if sign_x > 0 and sign_y > 0 else np.ascontiguousarray(cut[::sign_y, ::sign_x])


def _cut(array: np.ndarray, top: int, left: int, size: Size, padding_mode: str) -> np.ndarray:
    """Return the window of `size` whose first pixel is (top, left), with margins where it sticks out."""
    height, width = array.shape[:2]
    above, before = max(0, -top), max(0, -left)
    below, behind = max(0, top + size[0] - height), max(0, left + size[1] - width)
    if above or before or below or behind:
        array = opencv().copyMakeBorder(array, above, below, before, behind, _border(padding_mode))
    top, left = top + above, left + before
    return array[top : top + size[0], left : left + size[1]]
