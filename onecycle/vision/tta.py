"""Views of pictures for predictions that are averaged: four corners, each as it is and mirrored."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

from onecycle.data.collate import data_collate
from onecycle.data.loaders import DatasetType, DeviceDataLoader
from onecycle.errors import ArgumentTypeError
from onecycle.vision.affine_transforms import zoom
from onecycle.vision.pixel_transforms import crop_pad, flip_lr
from onecycle.vision.transform_base import RandTransform
from onecycle.vision.tta_pixels import ViewsOfPixels, is_invertible, transforms_of_pixels

__all__ = ["tta_transforms"]

# What says where in the picture to look, and which way round: the views say that themselves.
_OF_PLACE = (
    "crop", "crop_pad", "dihedral", "dihedral_affine", "flip_affine", "flip_lr", "pad", "squish", "zoom", "zoom_squish",
)  # fmt: skip
_TURNS = ("dihedral", "dihedral_affine")


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
    kept = _without_place(train_tfms)
    return [[*kept, *_view(scale, *corner)] for corner in product((False, True), (0.0, 1.0), (0.0, 1.0))]


def _without_place(train_tfms: Any) -> list[RandTransform]:
    return [tfm for tfm in train_tfms or [] if _name(tfm) not in _OF_PLACE]


def _view(scale: float, mirrored: bool, row: float, column: float) -> list[RandTransform]:
    corner: dict[str, Any] = {"row_pct": row, "col_pct": column, "is_random": False}
    flips = [flip_lr()] if mirrored else []
    return [zoom(scale=scale, **corner), *flips, crop_pad(**corner)]


def augmented_loaders(data: Any, ds_type: Any = DatasetType.Valid, scale: float = 1.35) -> Iterator[DeviceDataLoader]:
    """Yield a loader for each view of a set, in the order of the set; the same random numbers each time.

    Where the targets are pixels, its dataset has a method `in_place` that moves predictions back, and its batches
    hold the maps for it in the place of targets.

    Args:
        data: The bunch.
        ds_type: Which set.
        scale: How much larger the views are, at least 1.

    Raises:
        ArgumentTypeError: the targets are points or boxes, or nothing is known of the set's transforms.
    """
    loader = data.dl(ds_type)
    views = _views_of_pixels if _targets_in_picture(data) == "pixels" else _views
    for number, (dataset, more) in enumerate(views(data, loader, scale)):
        view = loader.new(dataset=dataset, shuffle=False, drop_last=False, **more)
        view.set_epoch(0, number)
        yield view


def _targets_in_picture(data: Any) -> str | None:
    return getattr(getattr(data.train_ds, "y", None), "targets_in_picture", None)


def _views(data: Any, loader: Any, scale: float) -> Iterator[tuple[Any, dict[str, Any]]]:
    items = loader.dataset
    if not hasattr(items, "tfm_y") or items.tfm_y or _targets_in_picture(data):
        raise ArgumentTypeError(
            f"TTA: data must be pictures with labels or masks beside them; got {type(items).__name__} whose targets "
            f"are part of the picture (points, boxes: what is found in a view has no one place to be averaged in) or "
            f"that knows no transforms. Use learn.get_preds()."
        )
    for tfms in tta_transforms(getattr(data.train_ds, "tfms", None), scale):
        yield items.new(items.x, items.y, tfms=tfms), {}


def _views_of_pixels(data: Any, loader: Any, scale: float) -> Iterator[tuple[Any, dict[str, Any]]]:
    train_tfms = getattr(data.train_ds, "tfms", None)
    kept = [tfm for tfm in _without_place(train_tfms) if is_invertible(tfm)]
    turned = any(_name(tfm) in _TURNS for tfm in train_tfms or [])
    for tfms in transforms_of_pixels(kept, turned, scale):
        yield ViewsOfPixels(loader.dataset, tfms), {"collate_fn": data_collate}
