"""Views of pictures whose targets are pixels: each prediction is put back where it belongs before it is averaged."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import grid_sample
from torch.utils.data import Dataset

from onecycle.errors import DataError, explain
from onecycle.vision.affine_transforms import zoom
from onecycle.vision.apply import as_calls
from onecycle.vision.geometry import IDENTITY, Geometry, Matrix, Size, invert, multiply, unit_grid
from onecycle.vision.lighting import Light, Tones
from onecycle.vision.picture import Image
from onecycle.vision.pixel_transforms import crop_pad, dihedral
from onecycle.vision.transform_base import RandTransform, TfmAffine, TfmLighting, is_composing

__all__: list[str] = []

_AT_ONCE = 8  # pictures that are moved back in one go
_EDGE = 1 + 1e-5  # the edge of a view is at 1; rounding must not leave it out


class _Places:
    """Keep in place of pixels the map by which they would be read: None once a move has no inverse.

    Args:
        size: (H, W) of the picture.
        matrix: From what is seen to the picture, in unit coordinates.
    """

    __slots__ = ("matrix", "size")
    channels = 1

    def __init__(self, size: Size, matrix: Matrix | None = IDENTITY) -> None:
        self.size, self.matrix = size, matrix

    def resampled(self, geometry: Geometry, mode: str, padding_mode: str) -> _Places:
        step = geometry.matrix()
        known = self.matrix is not None and step is not None
        return _Places(geometry.size, multiply(self.matrix, step) if known else None)  # type: ignore[arg-type]

    def relit(self, light: Light | Tones) -> _Places:
        return self

    def recoloured(self, func: Any) -> _Places:
        return self


class _Trace(Image):
    """Go through transforms as a picture does, and remember only where its pixels come from."""

    def lighting(self, func: Any, *args: Any, **kwargs: Any) -> Any:
        return self

    def pixel(self, func: Any, *args: Any, **kwargs: Any) -> Any:
        return super().pixel(func, *args, **kwargs) if is_composing(func) else self


def traced(size: Size, tfms: Any, settings: dict[str, Any], do_resolve: bool) -> Matrix | None:
    """Return the map from what transforms show to the picture, in unit coordinates; None where it is no homography.

    Args:
        size: (H, W) of the picture.
        tfms: The transforms.
        settings: What `apply_tfms` takes beside them.
        do_resolve: Draw their values anew; False takes those of the last draw.
    """
    trace: Any = _Trace._of(_Places((int(size[0]), int(size[1]))))  # type: ignore[arg-type]
    places: _Places = trace.apply_tfms(tfms, **{**settings, "do_resolve": do_resolve})._pixels
    return places.matrix


def is_invertible(call: RandTransform) -> bool:
    """Whether a transform leaves pixels where they are, or moves them by a map that can be undone."""
    return isinstance(call.tfm, (TfmAffine, TfmLighting)) or is_composing(call.tfm.func)


class ViewsOfPixels(Dataset[Any]):
    """Pair one view of each picture with the map that leads from the plain picture to it.

    Args:
        items: The set: its pictures, and the transforms that show them plainly.
        tfms: The transforms that make the view.
    """

    def __init__(self, items: Any, tfms: list[RandTransform]) -> None:
        self.x, self.tfms, self.plain, self.settings = items.x, tfms, items.tfms, items.tfmargs

    @property
    def items(self) -> Any:
        """What the pictures are made of, such as files."""
        return self.x.items

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index: int) -> tuple[Any, Tensor]:
        picture = self.x[int(index)]
        size = picture.size
        view = picture.apply_tfms(self.tfms, **self.settings)
        there = traced(size, self.tfms, self.settings, do_resolve=False)
        here = traced(size, [call for call in as_calls(self.plain) if is_invertible(call)], self.settings, True)
        if there is None or here is None:
            raise DataError(explain("TTA", "transforms", "must be maps that can be undone", self.tfms))
        return view, torch.tensor(multiply(invert(there), here)).view(3, 3)

    def in_place(self, preds: Tensor, maps: Tensor, size: Size) -> tuple[Tensor, Tensor]:
        """Return predictions of the view moved to where they belong in the plain pictures.

        Args:
            preds: Predictions of the view.
            maps: From the plain pictures to the view.
            size: (H, W) of the plain predictions.

        Shape: `(N, C, h, w)`, `(N, 3, 3)` -> `(N, C, H, W)`, and `(N, 1, H, W)`: 1 where the view shows the place.
        """
        parts = [put_back(*pair, size) for pair in zip(preds.split(_AT_ONCE), maps.split(_AT_ONCE))]
        moved, seen = zip(*parts)
        return torch.cat(moved), torch.cat(seen)


def put_back(preds: Tensor, maps: Tensor, size: Size) -> tuple[Tensor, Tensor]:
    """Read predictions `(N, C, h, w)` at the places to which maps `(N, 3, 3)` take each pixel of a frame of `size`."""
    places, seen = _places(maps, size)
    moved = grid_sample(preds, places.to(preds.dtype), padding_mode="border", align_corners=False)
    return moved, seen[:, None].to(preds.dtype)


def nearest_in_place(mask: Tensor, to_view: Tensor, size: Size) -> tuple[Tensor, Tensor]:
    """Return a mask of class indices in the frame of the picture that it was predicted for.

    Args:
        mask: Indices in the view `(1, h, w)`.
        to_view: The map `(3, 3)` from the picture to the view, in unit coordinates.
        size: (H, W) of the picture.

    Returns:
        The nearest indices `(1, H, W)`, and where the view shows the place.
    """
    places, seen = _places(to_view[None], size)
    moved = grid_sample(mask[None].double(), places.double(), "nearest", padding_mode="border", align_corners=False)
    return moved[0].to(mask.dtype), seen


def _places(maps: Tensor, size: Size) -> tuple[Tensor, Tensor]:
    """Return where maps `(N, 3, 3)` take each pixel of a frame, `(N, H, W, 2)`, and whether it is seen there."""
    height, width = size
    grid = unit_grid(size).view(1, -1, 2)  # (1, H * W, 2)
    homogeneous = torch.cat([grid, torch.ones_like(grid[..., :1])], dim=-1) @ maps.transpose(1, 2)  # (N, H * W, 3)
    depth = homogeneous[..., 2:]
    places = (homogeneous[..., :2] / depth).view(-1, height, width, 2)
    seen = (places.abs() <= _EDGE).all(dim=-1) & (depth > 0).view(-1, height, width)  # (N, H, W)
    return places, seen


def transforms_of_pixels(
    kept: Sequence[RandTransform], turned: bool, scale: float = 1.35
) -> list[list[RandTransform]]:
    """Return the transforms of eight views: closer towards each corner, as it is and mirrored, or in all eight turns.

    Args:
        kept: Transforms done at random in each view as well.
        turned: Whether to turn in all eight ways, as fits aerial or microscope pictures.
        scale: How much closer, at least 1.
    """
    views = []
    for number, (mirrored, row, column) in enumerate(product((False, True), (0.0, 1.0), (0.0, 1.0))):
        corner: dict[str, Any] = {"row_pct": row, "col_pct": column, "is_random": False}
        way = dihedral(k=number if turned else 2 * mirrored, is_random=False)
        views.append([*kept, zoom(scale=scale, **corner), way, crop_pad(**corner)])
    return views
