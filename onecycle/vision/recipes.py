"""Ready lists of transforms: the usual augmentation, random crops and random margins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from onecycle.errors import ArgumentError, explain, known_keywords_only
from onecycle.vision.affine_transforms import dihedral_affine, rotate, zoom, zoom_squish
from onecycle.vision.pixel_transforms import (
    brightness,
    check_padding_mode,
    contrast,
    crop,
    crop_pad,
    flip_lr,
    pad,
)
from onecycle.vision.transform_base import RandTransform
from onecycle.vision.warp_transforms import symmetric_warp

__all__ = ["get_transforms", "rand_crop", "rand_pad", "rand_resize_crop", "rand_zoom", "zoom_crop"]

_ANYWHERE = {"row_pct": (0.0, 1.0), "col_pct": (0.0, 1.0)}


@known_keywords_only
def rand_pad(padding: int, size: int | tuple[int, int], mode: str = "reflection") -> list[RandTransform]:
    """Shift the picture by up to `padding` pixels each way: a margin, then a window of `size` anywhere in it.

    Args:
        padding: Width of the margin in pixels.
        size: Size of the result in pixels.
        mode: What the margin shows: `reflection`, `border` or `zeros`.
    """
    check_padding_mode(mode, "rand_pad")
    return [pad(padding=padding, mode=mode), crop(size=size, **_ANYWHERE)]


def rand_crop(*args: Any, padding_mode: str = "reflection", p: float = 1.0) -> Any:
    """Cut a window anywhere in the picture; `apply_tfms` gives its size.

    Args:
        *args: A picture, to cut it now.
        padding_mode: What fills up where the picture is smaller than the window.
        p: Probability that the place is random.
    """
    check_padding_mode(padding_mode, "rand_crop")
    return _now_or_later(crop_pad(**_ANYWHERE, padding_mode=padding_mode, p=p), args)


def rand_zoom(scale: float | tuple[float, float] = 1.0, p: float = 1.0) -> RandTransform:
    """Zoom in by `scale` around a random place.

    Args:
        scale: Range to draw from, e.g. (1, 1.1).
        p: Probability that it runs.
    """
    return zoom(scale=scale, **_ANYWHERE, p=p)


def _now_or_later(tfm: RandTransform, args: tuple[Any, ...]) -> Any:
    if not args:
        return tfm
    tfm.resolve()
    return tfm(args[0])


def zoom_crop(
    scale: float | tuple[float, float], do_rand: bool = False, p: float = 1.0
) -> list[RandTransform]:
    """Zoom by `scale`, then cut to size.

    Args:
        scale: Number or range to draw from.
        do_rand: Zoom and cut at random places, not in the middle.
        p: Probability that the zoom runs.
    """
    if do_rand:
        return [rand_zoom(scale=scale, p=p), rand_crop()]
    return [zoom(scale=scale, p=p), crop_pad()]


def rand_resize_crop(
    size: int | tuple[int, int], max_scale: float = 2.0, ratios: tuple[float, float] = (0.75, 1.33)
) -> list[RandTransform]:
    """Show a random window of random area and proportions at `size`.

    Args:
        size: Size of the result in pixels.
        max_scale: The window's area is at least 1/`max_scale` of the picture's.
        ratios: Range of the window's proportions relative to the picture's.

    Reference: Szegedy et al., "Going Deeper with Convolutions" (CVPR 2015), section 6.
    """
    tries = 8
    look = zoom_squish(
        scale=(1.0, max_scale, tries), squish=(*ratios, tries), invert=(0.5, tries), **_ANYWHERE
    )
    return [look, crop(size=size)]


@known_keywords_only
def get_transforms(
    do_flip: bool = True,
    flip_vert: bool = False,
    max_rotate: float = 10.0,
    max_zoom: float = 1.1,
    max_lighting: float = 0.2,
    max_warp: float = 0.2,
    p_affine: float = 0.75,
    p_lighting: float = 0.75,
    xtra_tfms: Sequence[RandTransform] | RandTransform | None = None,
) -> tuple[list[RandTransform], list[RandTransform]]:
    """Return the usual transforms for training and for validation.

    Args:
        do_flip: Mirror half of the pictures.
        flip_vert: Mirror and turn in all 8 ways, as fits aerial or microscope pictures.
        max_rotate: Turn by up to so many degrees each way; 0 or None for none.
        max_zoom: Zoom in by up to so many times; 1 for none.
        max_lighting: Strength of the changes in brightness and contrast, 0 to 0.99.
        max_warp: Strength of the change of perspective, 0 to 1.
        p_affine: Probability of each of rotation, zoom and warp.
        p_lighting: Probability of each of brightness and contrast.
        xtra_tfms: More transforms for training.

    Returns:
        `(train, valid)`, two lists for `ImageList….transform(tfms, size=…)`.

    Example:
        >>> train, valid = get_transforms(max_rotate=0, max_warp=0, max_lighting=0)
        >>> [tfm.tfm for tfm in train]
        [TfmCrop (crop_pad), TfmPixel (flip_lr), TfmAffine (zoom)]
    """
    strengths = {"max_rotate": max_rotate, "max_zoom": max_zoom, "max_warp": max_warp}
    for name, value in strengths.items():
        _check_number(name, value)
    _check_number("max_lighting", max_lighting, highest=0.99)  # at 1 the contrast would know no bounds
    for name, value in {"p_affine": p_affine, "p_lighting": p_lighting}.items():
        _check_number(name, value, highest=1)
    train = [rand_crop()]
    if do_flip:
        train.append(dihedral_affine() if flip_vert else flip_lr(p=0.5))
    if max_warp:
        train.append(symmetric_warp(magnitude=(-max_warp, max_warp), p=p_affine))
    if max_rotate:
        train.append(rotate(degrees=(-max_rotate, max_rotate), p=p_affine))
    if max_zoom and max_zoom > 1:
        train.append(rand_zoom(scale=(1.0, max_zoom), p=p_affine))
    if max_lighting:
        train += _lighting(max_lighting, p_lighting)
    extra = [xtra_tfms] if isinstance(xtra_tfms, RandTransform) else list(xtra_tfms or [])
    return train + extra, [crop_pad()]


def _check_number(name: str, value: Any, highest: float | None = None) -> None:
    """Refuse what is no number from 0 on; None means 0."""
    if value is None:
        return
    if isinstance(value, (int, float)) and 0 <= value <= (value if highest is None else highest):
        return
    rule = "must be a number of at least 0" if highest is None else f"must be a number from 0 to {highest}"
    raise ArgumentError(explain("get_transforms", name, rule, value))


def _lighting(strength: float, p: float) -> list[RandTransform]:
    change = (0.5 * (1 - strength), 0.5 * (1 + strength))
    return [brightness(change=change, p=p), contrast(scale=(1 - strength, 1 / (1 - strength)), p=p)]
