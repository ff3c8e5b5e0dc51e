"""Front door: one kind of picture made into another. Made by tools/make_front_doors.py; do not edit."""

# ruff: noqa

from __future__ import annotations

from typing import TYPE_CHECKING

from onecycle.prelude import open_door

if TYPE_CHECKING:
    from onecycle.vision.cyclegan.model import (
        CycleGAN, CycleGanLoss,
    )
    from onecycle.vision.cyclegan.pairs import (
        ImagePair, ImagePairList, PairLabelList,
    )
    from onecycle.vision.cyclegan.trainer import (
        CycleGANTrainer,
    )
    from onecycle.vision.gan.losses import (
        AdaptiveLoss,
    )

__all__ = [
    "AdaptiveLoss", "CycleGAN", "CycleGANTrainer", "CycleGanLoss", "ImagePair", "ImagePairList",
    "PairLabelList",
]

_LEAVES = {
    "onecycle.vision.cyclegan.model": (
        "CycleGAN", "CycleGanLoss",
    ),
    "onecycle.vision.cyclegan.pairs": (
        "ImagePair", "ImagePairList", "PairLabelList",
    ),
    "onecycle.vision.cyclegan.trainer": (
        "CycleGANTrainer",
    ),
    "onecycle.vision.gan.losses": (
        "AdaptiveLoss",
    ),
}

__getattr__, __dir__ = open_door(__name__, _LEAVES)
