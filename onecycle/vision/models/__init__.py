"""Front door: the architectures. Made by tools/make_front_doors.py; do not edit."""

# ruff: noqa

from __future__ import annotations

from typing import TYPE_CHECKING

from onecycle.prelude import open_door

if TYPE_CHECKING:
    from onecycle.vision.models.resnet import (
        ResNet, resnet101, resnet152, resnet18, resnet34, resnet50,
    )
    from onecycle.vision.models.spec import (
        IMAGENET, ModelSpec, Split, Weights, register_model, spec_of,
    )
    from onecycle.vision.models.weights import (
        load_published, with_weights,
    )

__all__ = [
    "IMAGENET", "ModelSpec", "ResNet", "Split", "Weights", "load_published", "register_model", "resnet101",
    "resnet152", "resnet18", "resnet34", "resnet50", "spec_of", "with_weights",
]

_LEAVES = {
    "onecycle.vision.models.resnet": (
        "ResNet", "resnet101", "resnet152", "resnet18", "resnet34", "resnet50",
    ),
    "onecycle.vision.models.spec": (
        "IMAGENET", "ModelSpec", "Split", "Weights", "register_model", "spec_of",
    ),
    "onecycle.vision.models.weights": (
        "load_published", "with_weights",
    ),
}

__getattr__, __dir__ = open_door(__name__, _LEAVES)
