"""Views of images for predictions that are averaged: such as training may have seen, or of the corners."""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import Any

from torch.utils.data import Dataset

from onecycle.data.collate import data_collate
from onecycle.data.loaders import DatasetType, DeviceDataLoader
from onecycle.errors import ArgumentTypeError
from onecycle.utils.seeding import Stream, mix, use_stream
from onecycle.vision.affine_transforms import zoom
from onecycle.vision.apply import as_calls
from onecycle.vision.pixel_transforms import crop_pad, flip_lr
from onecycle.vision.transform_base import RandTransform, TfmLighting
from onecycle.vision.tta_pixels import ViewsOfPixels, is_invertible, transforms_of_pixels

__all__ = ["tta_transforms"]

# What says where in the picture to look, and which way round: the views say that themselves.
_OF_PLACE = (
    "crop", "crop_pad", "dihedral", "dihedral_affine", "flip_affine", "flip_lr", "pad", "squish", "zoom", "zoom_squish",
)  # fmt: skip
_TURNS = ("dihedral", "dihedral_affine")
_VIEW = 17  # keeps the draws of views apart from other kinds of address


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


def moves(train_tfms: Any) -> list[RandTransform]:
    """Return those transforms of training that move the image by one map: flips, crops, margins, rotation, zoom, warps.

    What changes colours, covers parts or chooses among many things (`RandChoice`) is left out: it is there to make
    training hard, not to show what an image may look like.
    """
    return [call for call in as_calls(train_tfms) if _moves(call)]


def _moves(call: RandTransform) -> bool:
    return not isinstance(call.tfm, TfmLighting) and is_invertible(call)


def varies(call: RandTransform) -> bool:
    """Say whether a transform does not always do the same."""
    drawn = call.tfm.params.keys()
    ranges = any(name in drawn and isinstance(value, (list, tuple)) for name, value in call.kwargs.items())
    left_to_chance = drawn - call.kwargs.keys() - call.tfm.def_args.keys()
    return call.is_random and call.p > 0 and (call.p < 1 or ranges or bool(left_to_chance))


class ViewStream(Stream):
    """Draw numbers so that `count` views of an item share each range evenly: of 8 views 4 are mirrored, and so on.

    The n-th draw of each view lies in another of `count` equal parts of the range (a Latin hypercube; McKay et al.,
    "A comparison of three methods for selecting values of input variables", 1979), in its middle.

    Args:
        seed: Which parts go together; the same for all views of an item.
        number: Which view, from 0.
        count: How many views there are.
    """

    __slots__ = ("count", "number")

    def __init__(self, seed: int, number: int, count: int) -> None:
        super().__init__(seed)
        self.number, self.count = number, count

    def random(self) -> float:
        """Return the middle of the part of [0, 1) that is this view's at this draw."""
        start, step = self.bits() % self.count, self._step()
        return ((start + step * self.number) % self.count + 0.5) / self.count

    def _step(self) -> int:
        """Return a number without a factor in common with `count`, so that each view gets another part."""
        steps = _coprimes(self.count)
        return steps[self.bits() % len(steps)]


@cache
def _coprimes(count: int) -> tuple[int, ...]:
    """Return the numbers from 1 to `count` without a factor in common with it."""
    return tuple(step for step in range(1, count + 1) if math.gcd(step, count) == 1)


class View(Dataset[Any]):
    """Show one of several views of each item of a set whose transforms are random.

    Args:
        items: The set.
        number: Which view, from 0.
        count: How many views there are.
    """

    def __init__(self, items: Any, number: int, count: int) -> None:
        self.view, self.number, self.count = items, number, count
        in_place = getattr(items, "in_place", None)
        if in_place is not None:
            self.in_place = in_place

    @property
    def items(self) -> Any:
        """What the images are made of, such as files."""
        return self.view.items

    def __len__(self) -> int:
        return len(self.view)

    def __getitem__(self, index: int) -> Any:
        with use_stream(ViewStream(mix(_VIEW, int(index)), self.number, self.count)):
            return self.view[int(index)]


def augmented_loaders(
    data: Any, ds_type: Any = DatasetType.Valid, scale: float | None = None, n_views: int = 8
) -> Iterator[DeviceDataLoader]:
    """Yield a loader for each view of a set, in the order of the set; the same random numbers each time.

    Where the targets are pixels, its dataset has a method `in_place` that moves predictions back, and its batches
    hold the maps for it in the place of targets.

    Args:
        data: The bunch.
        ds_type: Which set.
        scale: None for views that training may have seen; else eight views of the corners, so many times larger.
        n_views: How many views that training may have seen.

    Raises:
        ArgumentTypeError: the targets are points or boxes, or nothing is known of the set's transforms.
    """
    loader = data.dl(ds_type)
    as_pixels = _targets_in_picture(data) == "pixels"
    if not as_pixels:
        _check_labels_beside(data, loader)
    if scale is None:
        views = _views_of_training(data, loader, n_views, as_pixels)
    else:
        views = (_views_of_pixels if as_pixels else _views)(data, loader, scale)
    for number, (dataset, more) in enumerate(views):
        view = loader.new(dataset=dataset, shuffle=False, drop_last=False, **more)
        view.set_epoch(0, number)
        yield view


def _targets_in_picture(data: Any) -> str | None:
    return getattr(getattr(data.train_ds, "y", None), "targets_in_picture", None)


def _check_labels_beside(data: Any, loader: Any) -> None:
    items = loader.dataset
    if not hasattr(items, "tfm_y") or items.tfm_y or _targets_in_picture(data):
        raise ArgumentTypeError(
            f"TTA: data must be pictures with labels or masks beside them; got {type(items).__name__} whose targets "
            f"are part of the picture (points, boxes: what is found in a view has no one place to be averaged in) or "
            f"that knows no transforms. Use learn.get_preds()."
        )


def _views_of_training(data: Any, loader: Any, count: int, as_pixels: bool) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Return the views that training may have seen; none where its transforms never move an image."""
    calls = moves(getattr(data.train_ds, "tfms", None))
    if not any(varies(call) for call in calls):
        warnings.warn(
            "TTA: the transforms of training never move an image, so all views of it are alike and the plain "
            "predictions are returned. Train with transforms such as get_transforms(), or pass scale=1.1 for views of "
            "the corners.",
            stacklevel=2,
        )
        return
    items = loader.dataset
    for number in range(count):
        own = [copy.copy(call) for call in calls]
        view = ViewsOfPixels(items, own) if as_pixels else items.new(items.x, items.y, tfms=own)
        yield View(view, number, count), {"collate_fn": data_collate} if as_pixels else {}


def _views(data: Any, loader: Any, scale: float) -> Iterator[tuple[Any, dict[str, Any]]]:
    items = loader.dataset
    for tfms in tta_transforms(getattr(data.train_ds, "tfms", None), scale):
        yield items.new(items.x, items.y, tfms=tfms), {}


def _views_of_pixels(data: Any, loader: Any, scale: float) -> Iterator[tuple[Any, dict[str, Any]]]:
    train_tfms = getattr(data.train_ds, "tfms", None)
    kept = [tfm for tfm in _without_place(train_tfms) if is_invertible(tfm)]
    turned = any(_name(tfm) in _TURNS for tfm in train_tfms or [])
    for tfms in transforms_of_pixels(kept, turned, scale):
        yield ViewsOfPixels(loader.dataset, tfms), {"collate_fn": data_collate}
