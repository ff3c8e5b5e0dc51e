"""Front door: the callbacks. Made by tools/make_front_doors.py; do not edit."""

# ruff: noqa

from __future__ import annotations

from typing import TYPE_CHECKING

from onecycle.prelude import open_door

if TYPE_CHECKING:
    from onecycle.callbacks.accumulate import (
        AccumulateScheduler,
    )
    from onecycle.callbacks.bn_freeze import (
        BnFreeze,
    )
    from onecycle.callbacks.flat_cos_anneal import (
        FlatCosAnnealScheduler,
    )
    from onecycle.callbacks.fp16 import (
        MixedPrecision,
    )
    from onecycle.callbacks.general_sched import (
        GeneralScheduler, TrainingPhase,
    )
    from onecycle.callbacks.gradient_clipping import (
        GradientClipping,
    )
    from onecycle.callbacks.hooks import (
        ActivationStats, HookCallback, model_summary,
    )
    from onecycle.callbacks.lr_finder import (
        LRFinder,
    )
    from onecycle.callbacks.misc import (
        StopAfterNBatches,
    )
    from onecycle.callbacks.mixup import (
        MixUpCallback, MixUpLoss,
    )
    from onecycle.callbacks.one_cycle import (
        OneCycleScheduler,
    )
    from onecycle.callbacks.show_graph import (
        ShowGraph,
    )

__all__ = [
    "AccumulateScheduler", "ActivationStats", "BnFreeze", "FlatCosAnnealScheduler", "GeneralScheduler",
    "GradientClipping", "HookCallback", "LRFinder", "MixUpCallback", "MixUpLoss", "MixedPrecision",
    "OneCycleScheduler", "ShowGraph", "StopAfterNBatches", "TrainingPhase", "model_summary",
]

_LEAVES = {
    "onecycle.callbacks.accumulate": (
        "AccumulateScheduler",
    ),
    "onecycle.callbacks.bn_freeze": (
        "BnFreeze",
    ),
    "onecycle.callbacks.flat_cos_anneal": (
        "FlatCosAnnealScheduler",
    ),
    "onecycle.callbacks.fp16": (
        "MixedPrecision",
    ),
    "onecycle.callbacks.general_sched": (
        "GeneralScheduler", "TrainingPhase",
    ),
    "onecycle.callbacks.gradient_clipping": (
        "GradientClipping",
    ),
    "onecycle.callbacks.hooks": (
        "ActivationStats", "HookCallback", "model_summary",
    ),
    "onecycle.callbacks.lr_finder": (
        "LRFinder",
    ),
    "onecycle.callbacks.misc": (
        "StopAfterNBatches",
    ),
    "onecycle.callbacks.mixup": (
        "MixUpCallback", "MixUpLoss",
    ),
    "onecycle.callbacks.one_cycle": (
        "OneCycleScheduler",
    ),
    "onecycle.callbacks.show_graph": (
        "ShowGraph",
    ),
}

__getattr__, __dir__ = open_door(__name__, _LEAVES)
