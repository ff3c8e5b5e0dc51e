"""The named transforms and the ready lists of them: their names, gathered under one address."""

# ruff: noqa: F401 - nothing here is used here; the leaves say what is public

from onecycle.vision.affine_transforms import (
    dihedral_affine,
    flip_affine,
    rotate,
    shear,
    squish,
    translate,
    zoom,
    zoom_squish,
)
from onecycle.vision.augment import rand_augment, trivial_augment
from onecycle.vision.pixel_transforms import (
    brightness,
    contrast,
    crop,
    crop_pad,
    cutout,
    dihedral,
    flip_lr,
    pad,
    random_erasing,
    rgb_randomize,
)
from onecycle.vision.random_choice import RandChoice
from onecycle.vision.recipes import (
    get_transforms,
    rand_crop,
    rand_pad,
    rand_resize_crop,
    rand_zoom,
    zoom_crop,
)
from onecycle.vision.tone_transforms import autocontrast, equalize, posterize, saturation, sharpness, solarize
from onecycle.vision.transform_base import (
    RandTransform,
    TfmAffine,
    TfmCoord,
    TfmCrop,
    TfmLighting,
    TfmPixel,
    Transform,
)
from onecycle.vision.warp_transforms import jitter, perspective_warp, skew, symmetric_warp, tilt
