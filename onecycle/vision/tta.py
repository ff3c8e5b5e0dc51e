"""Views of pictures for predictions that are averaged: four corners, each as it is and mirrored."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

from onecycle.data.loaders import DatasetType, DeviceDataLoader
from onecycle.errors import ArgumentTypeError
from onecycle.vision.affine_transforms import zoom
from onecycle.vision.pixel_transforms import crop_pad, flip_lr
from onecycle.vision.transform_base import RandTransform

__all__ = ["tta_transforms"]

# What says where in the picture to look, and which way round: the views say that themselves.
_OF_PLACE = (
    "crop", "crop_pad", "dihedral", "dihedral_affine", "flip_affine", "flip_lr", "pad", "squish", "zoom", "zoom_squish",
)  # fmt: skip


def _name(tfm: Any) -> str | None:
    return getattr(getattr(tfm, "tfm", None), "name", None)


def tta_transforms(train_tfms: Any = None, scale: float = 1.35) -> list[list[RandTransform]]:
    """Return the transforms of eight views: towards each corner `scale` times as large, as it is and mirrored.

    Args:
        train_tfms: The transforms of training; those that say nothing of the place (rotation, brightness …) are
            done at random in each view as well.
        scale: How much larger, at least 1.

    Example:
        >>> views = tta_transforms(scale=1.2)
        >>> len(views), [tfm.tfm.name for tfm in views[-1]]
        (8, ['zoom', 'flip_lr', 'crop_pad'])
    """
    kept = [tfm for tfm in train_tfms or [] if _name(tfm) not in _OF_PLACE]
    return [[*kept, *_view(scale, *corner)] for corner in product((False, True), (0.0, 1.0), (0.0, 1.0))]


def _view(scale: float, mirrored: bool, row: float, column: float) -> list[RandTransform]:
    corner: dict[str, Any] = {"row_pct": row, "col_pct": column, "is_random": False}
    flips = [flip_lr()] if mirrored else []
    return [zoom(scale=scale, **corner), *flips, crop_pad(**corner)]


def augmented_loaders(data: Any, ds_type: Any = DatasetType.Valid, scale: float = 1.35) -> Iterator[DeviceDataLoader]:
    """Yield a loader for each view of a set, in the order of the set; the same random numbers each time.

    Args:
        data: The bunch.
        ds_type: Which set.
        scale: How much larger the views are, at least 1.

    Raises:
        ArgumentTypeError: the targets live in the picture: they would be moved with it.
    """
    loader = data.dl(ds_type)
    items = loader.dataset
    if not hasattr(items, "tfm_y") or items.tfm_y:
        raise ArgumentTypeError(
            f"TTA: data must be pictures with labels beside them; got {type(items).__name__} whose targets are part "
            f"of the picture or that knows no transforms. Use learn.get_preds()."
        )
    train = data.train_ds
    for number, tfms in enumerate(tta_transforms(getattr(train, "tfms", None), scale)):
        view = loader.new(dataset=items.new(items.x, items.y, tfms=tfms), shuffle=False, drop_last=False)
        view.set_epoch(0, number)
        yield view
