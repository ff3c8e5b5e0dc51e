"""Front door: the callbacks. Made by tools/make_front_doors.py; do not edit."""

# ruff: noqa

from __future__ import annotations

from typing import TYPE_CHECKING

from onecycle.prelude import open_door

if TYPE_CHECKING:
    from onecycle.callbacks.accumulate import (
        AccumulateScheduler,
    )
    from onecycle.callbacks.activation_stats import (
        ActivationStats,
    )
    from onecycle.callbacks.autocast import (
        Autocast,
    )
    from onecycle.callbacks.bn_freeze import (
        BnFreeze,
    )
    from onecycle.callbacks.channels_last import (
        ChannelsLast,
    )
    from onecycle.callbacks.csv_logger import (
        CSVLogger,
    )
    from onecycle.callbacks.cutmix import (
        CutMixCallback,
    )
    from onecycle.callbacks.distributed import (
        DistributedRecorder, DistributedTrainer, ParallelTrainer, read_metrics, setup_distrib,
    )
    from onecycle.callbacks.early_stopping import (
        EarlyStoppingCallback,
    )
    from onecycle.callbacks.epoch_log import (
        EpochLogger,
    )
    from onecycle.callbacks.experiment_tracker import (
        ExperimentTracker,
    )
    from onecycle.callbacks.flat_cos_anneal import (
        FlatCosAnnealScheduler,
    )
    from onecycle.callbacks.fp16 import (
        MixedPrecision,
    )
    from onecycle.callbacks.fsdp import (
        ShardedTrainer,
    )
    from onecycle.callbacks.general_sched import (
        GeneralScheduler, TrainingPhase,
    )
    from onecycle.callbacks.gradient_clipping import (
        GradientClipping,
    )
    from onecycle.callbacks.hook_callback import (
        HookCallback,
    )
    from onecycle.callbacks.hooks import (
        Hook, Hooks, SaveFeatures, dummy_batch, dummy_eval, get_layer_name, hook_output, hook_outputs,
        hook_params, layers_info, model_sizes, num_features_model, params_size, total_params,
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
    from onecycle.callbacks.mixing import (
        MixUpLoss,
    )
    from onecycle.callbacks.mixup import (
        MixUpCallback,
    )
    from onecycle.callbacks.mlflow import (
        MLFlowTracker,
    )
    from onecycle.callbacks.model_table import (
        model_summary,
    )
    from onecycle.callbacks.one_cycle import (
        OneCycleScheduler,
    )
    from onecycle.callbacks.oversampling import (
        OverSamplingCallback,
    )
    from onecycle.callbacks.profiler import (
        TimeProfiler,
    )
    from onecycle.callbacks.reduce_lr import (
        ReduceLROnPlateauCallback,
    )
    from onecycle.callbacks.rnn import (
        RNNTrainer,
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
    from onecycle.callbacks.tensorboard import (
        GANTensorboardWriter, ImageGenTensorboardWriter, LearnerTensorboardWriter,
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
    from onecycle.callbacks.undersampling import (
        UnderSamplingCallback,
    )
    from onecycle.callbacks.weight_average import (
        EMACallback, SWACallback, update_batch_norms,
    )

__all__ = [
    "AccumulateScheduler", "ActivationStats", "Autocast", "BnFreeze", "CSVLogger", "ChannelsLast",
    "CutMixCallback", "DistributedRecorder", "DistributedTrainer", "EMACallback", "EarlyStoppingCallback",
    "EpochLogger", "ExperimentTracker", "FlatCosAnnealScheduler", "GANTensorboardWriter", "GeneralScheduler",
    "GradientClipping", "Hook", "HookCallback", "Hooks", "ImageGenTensorboardWriter", "JSONLLogger",
    "LRFinder", "LearnerTensorboardWriter", "LossMetrics", "MLFlowTracker", "MixUpCallback", "MixUpLoss",
    "MixedPrecision", "OneCycleScheduler", "OverSamplingCallback", "ParallelTrainer", "PeakMemMetric",
    "RNNTrainer", "ReduceLROnPlateauCallback", "SGDRScheduler", "SWACallback", "SaveFeatures",
    "SaveModelCallback", "ShardedTrainer", "ShowGraph", "StopAfterNBatches", "TerminateOnNaNCallback",
    "TimeProfiler", "TrackEpochCallback", "TrackerCallback", "TrainingPhase", "UnderSamplingCallback",
    "dummy_batch", "dummy_eval", "get_layer_name", "hook_output", "hook_outputs", "hook_params",
    "layers_info", "model_sizes", "model_summary", "num_features_model", "params_size", "read_metrics",
    "setup_distrib", "total_params", "update_batch_norms",
]

_LEAVES = {
    "onecycle.callbacks.accumulate": (
        "AccumulateScheduler",
    ),
    "onecycle.callbacks.activation_stats": (
        "ActivationStats",
    ),
    "onecycle.callbacks.autocast": (
        "Autocast",
    ),
    "onecycle.callbacks.bn_freeze": (
        "BnFreeze",
    ),
    "onecycle.callbacks.channels_last": (
        "ChannelsLast",
    ),
    "onecycle.callbacks.csv_logger": (
        "CSVLogger",
    ),
    "onecycle.callbacks.cutmix": (
        "CutMixCallback",
    ),
    "onecycle.callbacks.distributed": (
        "DistributedRecorder", "DistributedTrainer", "ParallelTrainer", "read_metrics", "setup_distrib",
    ),
    "onecycle.callbacks.early_stopping": (
        "EarlyStoppingCallback",
    ),
    "onecycle.callbacks.epoch_log": (
        "EpochLogger",
    ),
    "onecycle.callbacks.experiment_tracker": (
        "ExperimentTracker",
    ),
    "onecycle.callbacks.flat_cos_anneal": (
        "FlatCosAnnealScheduler",
    ),
    "onecycle.callbacks.fp16": (
        "MixedPrecision",
    ),
    "onecycle.callbacks.fsdp": (
        "ShardedTrainer",
    ),
    "onecycle.callbacks.general_sched": (
        "GeneralScheduler", "TrainingPhase",
    ),
    "onecycle.callbacks.gradient_clipping": (
        "GradientClipping",
    ),
    "onecycle.callbacks.hook_callback": (
        "HookCallback",
    ),
    "onecycle.callbacks.hooks": (
        "Hook", "Hooks", "SaveFeatures", "dummy_batch", "dummy_eval", "get_layer_name", "hook_output",
        "hook_outputs", "hook_params", "layers_info", "model_sizes", "num_features_model", "params_size",
        "total_params",
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
    "onecycle.callbacks.mixing": (
        "MixUpLoss",
    ),
    "onecycle.callbacks.mixup": (
        "MixUpCallback",
    ),
    "onecycle.callbacks.mlflow": (
        "MLFlowTracker",
    ),
    "onecycle.callbacks.model_table": (
        "model_summary",
    ),
    "onecycle.callbacks.one_cycle": (
        "OneCycleScheduler",
    ),
    "onecycle.callbacks.oversampling": (
        "OverSamplingCallback",
    ),
    "onecycle.callbacks.profiler": (
        "TimeProfiler",
    ),
    "onecycle.callbacks.reduce_lr": (
        "ReduceLROnPlateauCallback",
    ),
    "onecycle.callbacks.rnn": (
        "RNNTrainer",
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
    "onecycle.callbacks.tensorboard": (
        "GANTensorboardWriter", "ImageGenTensorboardWriter", "LearnerTensorboardWriter",
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
    "onecycle.callbacks.undersampling": (
        "UnderSamplingCallback",
    ),
    "onecycle.callbacks.weight_average": (
        "EMACallback", "SWACallback", "update_batch_norms",
    ),
}

__getattr__, __dir__ = open_door(__name__, _LEAVES)
