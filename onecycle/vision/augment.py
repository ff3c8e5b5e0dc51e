"""Augmentation without tuning: TrivialAugment and RandAugment, as lists beside `get_transforms`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from onecycle.errors import ArgumentError, ArgumentTypeError, explain, known_keywords_only
from onecycle.utils.checks import check_numbers, check_whole
from onecycle.vision.affine_transforms import dihedral_affine, rotate, shear, translate
from onecycle.vision.pixel_transforms import brightness, contrast, crop_pad, flip_lr
from onecycle.vision.random_choice import RandChoice
from onecycle.vision.recipes import rand_crop
from onecycle.vision.tone_transforms import autocontrast, equalize, posterize, saturation, sharpness, solarize
from onecycle.vision.transform_base import RandTransform

__all__ = ["rand_augment", "trivial_augment"]

Lists = tuple[list[RandTransform], list[RandTransform]]
_MOST = 30  # RandAugment's largest magnitude
_PIXELS_OF_224 = 32 / 224  # TrivialAugment moves by up to 32 pixels of its 224
_PIXELS_OF_331 = 150 / 331  # RandAugment by up to 150 of its 331


@known_keywords_only
def trivial_augment(
    strength: float = 1.0,
    do_flip: bool = True,
    flip_vert: bool = False,
    xtra_tfms: Sequence[RandTransform] | RandTransform | None = None,
) -> Lists:
    """Return transforms that do one thing to each training image, of random kind and strength (TrivialAugment).

    One of 14: nothing, shear or move sideways or up and down, rotate, brightness, contrast, saturation, sharpness,
    posterize, solarize, autocontrast, equalize; the strength is drawn evenly from none to the wide ranges of the
    paper. Brightness and contrast are onecycle's own, which do to mid-grey what the paper's do; contrast is drawn from
    a third to three times. What lies outside the image is the `padding_mode` of the data.

    Args:
        strength: Scales all ranges, above 0 to 1. The paper needs no other value than 1.
        do_flip: Mirror half of the images.
        flip_vert: Mirror and turn in all 8 ways, as fits aerial or microscope images.
        xtra_tfms: More transforms for training, e.g. `random_erasing(p=0.25)`.

    Returns:
        `(train, valid)`, two lists for `ImageList….transform(tfms, size=…)`.

    Raises:
        ArgumentError: strength is out of its range.

    Reference: Müller and Hutter, "TrivialAugment: Tuning-free Yet State-of-the-Art Data Augmentation" (ICCV 2021),
    the wide space of its table 5.

    Example:
        >>> train, valid = trivial_augment()
        >>> [call.tfm.name for call in train]
        ['crop_pad', 'flip_lr', 'choice']
    """
    rule = "must be above 0 and at most 1"
    check_numbers("trivial_augment", "strength", strength, rule, lambda share: 0 < share <= 1)
    s = float(strength)
    both = (-0.99 * s, 0.99 * s)
    factor = (1 - 0.99 * s, 1 + 0.99 * s)
    shift = (-_PIXELS_OF_224 * s, _PIXELS_OF_224 * s)
    options = [
        _nothing(),
        shear(dx=both),
        shear(dy=both),
        translate(dx=shift),
        translate(dy=shift),
        rotate(degrees=(-135 * s, 135 * s)),
        brightness(change=(0.5 * factor[0], 0.5 * factor[1])),
        contrast(scale=(3**-s, 3**s)),
        saturation(factor=factor),
        sharpness(factor=factor),
        posterize(bits=(round(8 - 6 * s), 8)),
        solarize(threshold=(1 - s, 1.0)),
        autocontrast(),
        equalize(),
    ]
    return _lists("trivial_augment", RandChoice(options), do_flip, flip_vert, xtra_tfms)


@known_keywords_only
def rand_augment(
    n: int = 2,
    magnitude: float = 9.0,
    do_flip: bool = True,
    flip_vert: bool = False,
    xtra_tfms: Sequence[RandTransform] | RandTransform | None = None,
) -> Lists:
    """Return transforms that do `n` things of one strength to each training image (RandAugment).

    Of the 14 that `trivial_augment` lists, each with the strength that `magnitude` gives, in a random direction.
    What is chosen is done in one pass: geometry, then light and tone, then colour and sharpness.

    Args:
        n: How many, with replacement, at least 1.
        magnitude: How strong, 0 to 30; 9 suits ResNet-50 on ImageNet.
        do_flip: Mirror half of the images.
        flip_vert: Mirror and turn in all 8 ways, as fits aerial or microscope images.
        xtra_tfms: More transforms for training, e.g. `random_erasing(p=0.25)`.

    Returns:
        `(train, valid)`, two lists for `ImageList….transform(tfms, size=…)`.

    Raises:
        ArgumentError: n or magnitude is out of its range.

    Reference: Cubuk et al., "RandAugment: Practical automated data augmentation with a reduced search space"
    (NeurIPS 2020), sections 3 and 4.

    Example:
        >>> train, valid = rand_augment(n=3, magnitude=12)
        >>> train[-1].n
        3
    """
    check_whole("rand_augment", "n", n)
    rule = f"must be from 0 to {_MOST}"
    check_numbers("rand_augment", "magnitude", magnitude, rule, lambda number: 0 <= number <= _MOST)
    m = magnitude / _MOST
    options = [
        _nothing(),
        RandChoice([shear(dx=0.3 * m), shear(dx=-0.3 * m)]),
        RandChoice([shear(dy=0.3 * m), shear(dy=-0.3 * m)]),
        RandChoice([translate(dx=_PIXELS_OF_331 * m), translate(dx=-_PIXELS_OF_331 * m)]),
        RandChoice([translate(dy=_PIXELS_OF_331 * m), translate(dy=-_PIXELS_OF_331 * m)]),
        RandChoice([rotate(degrees=30 * m), rotate(degrees=-30 * m)]),
        RandChoice([brightness(change=0.5 + 0.45 * m), brightness(change=0.5 - 0.45 * m)]),
        RandChoice([contrast(scale=3**m), contrast(scale=3**-m)]),
        RandChoice([saturation(factor=1 + 0.9 * m), saturation(factor=1 - 0.9 * m)]),
        RandChoice([sharpness(factor=1 + 0.9 * m), sharpness(factor=1 - 0.9 * m)]),
        posterize(bits=round(8 - 4 * m)),
        solarize(threshold=1 - m),
        autocontrast(),
        equalize(),
    ]
    return _lists("rand_augment", RandChoice(options, n=n), do_flip, flip_vert, xtra_tfms)


def _nothing() -> RandTransform:
    return flip_lr(p=0)


def _lists(caller: str, choice: RandChoice, do_flip: bool, flip_vert: bool, xtra_tfms: Any) -> Lists:
    flips = [dihedral_affine() if flip_vert else flip_lr(p=0.5)] if do_flip else []
    extra = [xtra_tfms] if isinstance(xtra_tfms, RandTransform) else list(xtra_tfms or [])
    for call in extra:
        if not isinstance(call, RandTransform):
            hint = "Pass e.g. random_erasing(p=0.25)."
            raise ArgumentTypeError(explain(caller, "xtra_tfms", "must hold calls of transforms", call, hint))
    if flip_vert and not do_flip:
        raise ArgumentError(explain(caller, "flip_vert", "needs do_flip=True", flip_vert))
    return [rand_crop(), *flips, choice, *extra], [crop_pad()]
