"""Front door: generators and critics. Made by tools/make_front_doors.py; do not edit."""

# ruff: noqa

from __future__ import annotations

from typing import TYPE_CHECKING

from onecycle.prelude import open_door

if TYPE_CHECKING:
    from onecycle.vision.gan.discriminative import (
        GANDiscriminativeLR,
    )
    from onecycle.vision.gan.items import (
        GANItemList, NoisyItem,
    )
    from onecycle.vision.gan.learner import (
        GANLearner,
    )
    from onecycle.vision.gan.losses import (
        AdaptiveLoss, GANLoss, accuracy_thresh_expand,
    )
    from onecycle.vision.gan.module import (
        GANModule,
    )
    from onecycle.vision.gan.networks import (
        basic_critic, basic_generator, gan_critic,
    )
    from onecycle.vision.gan.penalty import (
        gradient_penalty,
    )
    from onecycle.vision.gan.samples import (
        save_generated,
    )
    from onecycle.vision.gan.switchers import (
        AdaptiveGANSwitcher, FixedGANSwitcher,
    )
    from onecycle.vision.gan.trainer import (
        GANTrainer,
    )

__all__ = [
    "AdaptiveGANSwitcher", "AdaptiveLoss", "FixedGANSwitcher", "GANDiscriminativeLR", "GANItemList",
    "GANLearner", "GANLoss", "GANModule", "GANTrainer", "NoisyItem", "accuracy_thresh_expand", "basic_critic",
    "basic_generator", "gan_critic", "gradient_penalty", "save_generated",
]

_LEAVES = {
    "onecycle.vision.gan.discriminative": (
        "GANDiscriminativeLR",
    ),
    "onecycle.vision.gan.items": (
        "GANItemList", "NoisyItem",
    ),
    "onecycle.vision.gan.learner": (
        "GANLearner",
    ),
    "onecycle.vision.gan.losses": (
        "AdaptiveLoss", "GANLoss", "accuracy_thresh_expand",
    ),
    "onecycle.vision.gan.module": (
        "GANModule",
    ),
    "onecycle.vision.gan.networks": (
        "basic_critic", "basic_generator", "gan_critic",
    ),
    "onecycle.vision.gan.penalty": (
        "gradient_penalty",
    ),
    "onecycle.vision.gan.samples": (
        "save_generated",
    ),
    "onecycle.vision.gan.switchers": (
        "AdaptiveGANSwitcher", "FixedGANSwitcher",
    ),
    "onecycle.vision.gan.trainer": (
        "GANTrainer",
    ),
}

__getattr__, __dir__ = open_door(__name__, _LEAVES)
