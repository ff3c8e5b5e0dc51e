"""Front door: the callbacks. Made by tools/make_front_doors.py; do not edit."""

# ruff: noqa

from __future__ import annotations

from typing import TYPE_CHECKING

from onecycle.prelude import open_door

if TYPE_CHECKING:
    from onecycle.callbacks.accumulate import (
        AccumulateScheduler,
    )
    from onecycle.callbacks.autocast import (
        Autocast,
    )
    from onecycle.callbacks.bn_freeze import (
        BnFreeze,
    )
    from onecycle.callbacks.csv_logger import (
        CSVLogger,
    )
    from onecycle.callbacks.early_stopping import (
        EarlyStoppingCallback,
    )
    from onecycle.callbacks.epoch_log import (
        EpochLogger,
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
    from onecycle.callbacks.jsonl_logger import (
        JSONLLogger,
    )
    from onecycle.callbacks.loss_metrics import (
        LossMetrics,
    )
    from onecycle.callbacks.lr_finder import (
        LRFinder,
    )
    from onecycle.callbacks.mem import (
        PeakMemMetric,
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
    from onecycle.callbacks.profiler import (
        TimeProfiler,
    )
    from onecycle.callbacks.reduce_lr import (
        ReduceLROnPlateauCallback,
    )
    from onecycle.callbacks.save_model import (
        SaveModelCallback,
    )
    from onecycle.callbacks.sgdr import (
        SGDRScheduler,
    )
    from onecycle.callbacks.show_graph import (
        ShowGraph,
    )
    from onecycle.callbacks.terminate_on_nan import (
        TerminateOnNaNCallback,
    )
    from onecycle.callbacks.track_epoch import (
        TrackEpochCallback,
    )
    from onecycle.callbacks.tracker import (
        TrackerCallback,
    )

__all__ = [
    "AccumulateScheduler", "ActivationStats", "Autocast", "BnFreeze", "CSVLogger", "EarlyStoppingCallback",
    "EpochLogger", "FlatCosAnnealScheduler", "GeneralScheduler", "GradientClipping", "HookCallback",
    "JSONLLogger", "LRFinder", "LossMetrics", "MixUpCallback", "MixUpLoss", "MixedPrecision",
    "OneCycleScheduler", "PeakMemMetric", "ReduceLROnPlateauCallback", "SGDRScheduler", "SaveModelCallback",
    "ShowGraph", "StopAfterNBatches", "TerminateOnNaNCallback", "TimeProfiler", "TrackEpochCallback",
    "TrackerCallback", "TrainingPhase", "model_summary",
]

_LEAVES = {
    "onecycle.callbacks.accumulate": (
        "AccumulateScheduler",
    ),
    "onecycle.callbacks.autocast": (
        "Autocast",
    ),
    "onecycle.callbacks.bn_freeze": (
        "BnFreeze",
    ),
    "onecycle.callbacks.csv_logger": (
        "CSVLogger",
    ),
    "onecycle.callbacks.early_stopping": (
        "EarlyStoppingCallback",
    ),
    "onecycle.callbacks.epoch_log": (
        "EpochLogger",
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
    "onecycle.callbacks.jsonl_logger": (
        "JSONLLogger",
    ),
    "onecycle.callbacks.loss_metrics": (
        "LossMetrics",
    ),
    "onecycle.callbacks.lr_finder": (
        "LRFinder",
    ),
    "onecycle.callbacks.mem": (
        "PeakMemMetric",
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
    "onecycle.callbacks.profiler": (
        "TimeProfiler",
    ),
    "onecycle.callbacks.reduce_lr": (
        "ReduceLROnPlateauCallback",
    ),
    "onecycle.callbacks.save_model": (
        "SaveModelCallback",
    ),
    "onecycle.callbacks.sgdr": (
        "SGDRScheduler",
    ),
    "onecycle.callbacks.show_graph": (
        "ShowGraph",
    ),
    "onecycle.callbacks.terminate_on_nan": (
        "TerminateOnNaNCallback",
    ),
    "onecycle.callbacks.track_epoch": (
        "TrackEpochCallback",
    ),
    "onecycle.callbacks.tracker": (
        "TrackerCallback",
    ),
}

__getattr__, __dir__ = open_door(__name__, _LEAVES)
