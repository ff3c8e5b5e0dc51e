"""Front door: ratings, and all of onecycle.basics. Made by tools/make_front_doors.py; do not edit."""

# ruff: noqa

from __future__ import annotations

from typing import TYPE_CHECKING

from onecycle import basics
from onecycle.prelude import open_door

if TYPE_CHECKING:
    from onecycle.basics import *
    from onecycle import collab
    from onecycle.collab.data import (
        CollabDataBunch, CollabLine, CollabList, CollabProcessor,
    )
    from onecycle.collab.learner import (
        CollabLearner, FactorTensor, collab_learner,
    )
    from onecycle.collab.models import (
        EmbeddingDotBias,
    )
    from onecycle.collab.network import (
        EmbeddingNN,
    )

__all__ = [
    "CollabDataBunch", "CollabLearner", "CollabLine", "CollabList", "CollabProcessor", "EmbeddingDotBias",
    "EmbeddingNN", "FactorTensor", "collab", "collab_learner",
]
__all__ += basics.__all__

_LEAVES = {
    "onecycle.collab.data": (
        "CollabDataBunch", "CollabLine", "CollabList", "CollabProcessor",
    ),
    "onecycle.collab.learner": (
        "CollabLearner", "FactorTensor", "collab_learner",
    ),
    "onecycle.collab.models": (
        "EmbeddingDotBias",
    ),
    "onecycle.collab.network": (
        "EmbeddingNN",
    ),
    **basics._LEAVES,
}

__getattr__, __dir__ = open_door(__name__, _LEAVES, {"collab": "onecycle.collab"})
