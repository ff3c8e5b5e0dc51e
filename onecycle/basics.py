"""Front door: all that is not about one kind of data. Made by tools/make_front_doors.py; do not edit."""

# ruff: noqa

from __future__ import annotations

from typing import TYPE_CHECKING

from onecycle.prelude import open_door

if TYPE_CHECKING:
    import PIL
    import gc
    import json
    import math
    from matplotlib import patches
    from matplotlib import patheffects
    from matplotlib import pyplot as plt
    import numpy as np
    import os
    import pandas as pd
    import pickle
    import random
    import re
    import shutil
    import sys
    import tarfile
    import time
    import torch
    from torch import nn
    from torch.nn import functional as F
    from torch import optim
    import warnings
    import yaml
    from collections import Counter
    from collections import OrderedDict
    from collections import defaultdict
    from collections import namedtuple
    from copy import copy
    from copy import deepcopy
    from dataclasses import dataclass
    from dataclasses import field
    from enum import Enum
    from enum import IntEnum
    from functools import partial
    from functools import reduce
    from operator import attrgetter
    from operator import itemgetter
    from pathlib import Path
    from torch.nn.utils import spectral_norm
    from torch.nn.utils import weight_norm
    from torch.utils.data import DataLoader
    from torch.utils.data import Dataset
    from torch.utils.data import TensorDataset
    from torch import Tensor
    from typing import Any
    from typing import Callable
    from typing import Collection
    from typing import Dict
    from typing import Iterable
    from typing import Iterator
    from typing import List
    from typing import Optional
    from typing import Sequence
    from typing import Tuple
    from typing import Union
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
    from onecycle.data.balance import (
        OverSampler, UnderSampler, class_weights, pos_weights,
    )
    from onecycle.data.bunch import (
        DataBunch,
    )
    from onecycle.data.categories import (
        CategoryList, CategoryListBase, EmptyLabelList, FloatList, MultiCategoryList,
    )
    from onecycle.data.collate import (
        data_collate,
    )
    from onecycle.data.download import (
        Config, URLs, datapath4file, download_data, untar_data, url2name, url2path,
    )
    from onecycle.data.item_list import (
        ItemList,
    )
    from onecycle.data.items import (
        Category, EmptyLabel, FloatItem, ItemBase, MixedItem, MultiCategory,
    )
    from onecycle.data.label_list import (
        LabelList,
    )
    from onecycle.data.lists import (
        ItemLists, LabelLists,
    )
    from onecycle.data.loaders import (
        DatasetType, DeviceDataLoader,
    )
    from onecycle.data.mixed import (
        MixedItemList,
    )
    from onecycle.data.processors import (
        CategoryProcessor, MixedProcessor, MultiCategoryProcessor, PreProcessor,
    )
    from onecycle.data.saving import (
        load_data,
    )
    from onecycle.data.sources import (
        get_files,
    )
    from onecycle.data.tar_shards import (
        ShardOrder, TarShards,
    )
    from onecycle.errors import (
        ArgumentError, ArgumentTypeError, CallbackError, DataError, DownloadError, FileFormatError,
        NotRegisteredError, OnecycleError, TrainingError,
    )
    from onecycle.interpret.activation_maps import (
        activation_map, feature_layer, grad_cam, show_heatmap,
    )
    from onecycle.interpret.base import (
        Interpretation,
    )
    from onecycle.interpret.class_maps import (
        class_activation_map,
    )
    from onecycle.interpret.classification import (
        ClassificationInterpretation,
    )
    from onecycle.interpret.grad_cam import (
        GradCAM,
    )
    from onecycle.interpret.multilabel import (
        MultiLabelClassificationInterpretation,
    )
    from onecycle.learner import (
        Learner, load_learner,
    )
    from onecycle.learning.precision import (
        to_bf16, to_channels_last, to_fp16, to_fp32,
    )
    from onecycle.learning.recipes import (
        clip_grad, cutmix, fit_fc, fit_one_cycle, lr_find, mixup, one_cycle_scheduler,
    )
    from onecycle.metrics.base import (
        AverageMetric, Metric, as_metric,
    )
    from onecycle.metrics.check import (
        check_metric,
    )
    from onecycle.metrics.classification import (
        accuracy, error_rate, top_k_accuracy,
    )
    from onecycle.metrics.confusion import (
        CMScores, ConfusionMatrix, FBeta, KappaScore, MatthewsCorreff, Precision, Recall,
    )
    from onecycle.metrics.counting import (
        CountingForm, counted, whole_set,
    )
    from onecycle.metrics.detection import (
        MeanAveragePrecision, mean_average_precision,
    )
    from onecycle.metrics.language import (
        Perplexity,
    )
    from onecycle.metrics.multilabel import (
        MultiLabelFbeta, accuracy_thresh, fbeta,
    )
    from onecycle.metrics.pictures import (
        psnr, ssim,
    )
    from onecycle.metrics.ranking import (
        AUROC, auc_roc_score, roc_curve,
    )
    from onecycle.metrics.regression import (
        ExpRMSPE, ExplainedVariance, R2Score, RMSE, RegMetrics, exp_rmspe, explained_variance, mae,
        mean_absolute_error, mean_squared_error, mean_squared_logarithmic_error, mse, msle, r2_score, rmse,
        root_mean_squared_error,
    )
    from onecycle.metrics.segmentation import (
        MeanIoU, dice, foreground_acc, jaccard,
    )
    from onecycle.metrics.torchmetrics_adapter import (
        TorchMetric,
    )
    from onecycle.nn.adapt import (
        with_input_channels,
    )
    from onecycle.nn.attention import (
        PooledSelfAttention2d, SelfAttention,
    )
    from onecycle.nn.blocks import (
        MergeLayer, PixelShuffle_ICNR, SequentialEx, conv_layer, res_block, simple_cnn,
    )
    from onecycle.nn.box_matching import (
        Matches, match_anchors,
    )
    from onecycle.nn.detection_loss import (
        RetinaNetFocalLoss,
    )
    from onecycle.nn.dry_run import (
        dummy_batch, dummy_eval, dummy_output, model_sizes, num_features_model,
    )
    from onecycle.nn.entrance import (
        in_channels,
    )
    from onecycle.nn.feature_loss import (
        FeatureLoss, gram_matrix,
    )
    from onecycle.nn.focal import (
        sigmoid_focal_loss,
    )
    from onecycle.nn.hooks import (
        Hook, Hooks, SaveFeatures, hook_output, hook_outputs,
    )
    from onecycle.nn.init import (
        apply_init, apply_leaf, cond_init, icnr, init_cnn, init_default, trunc_normal_,
    )
    from onecycle.nn.layers import (
        AdaptiveConcatPool2d, Debugger, Flatten, Lambda, PartialLayer, PoolFlatten, ResizeBatch, SigmoidRange,
        View, bn_drop_lin, conv1d, conv2d, conv2d_trans, embedding, relu, sigmoid_range,
    )
    from onecycle.nn.loss_weight import (
        mean_over,
    )
    from onecycle.nn.losses import (
        BCEFlat, BCEWithLogitsFlat, CrossEntropyFlat, FlattenedLoss, LabelSmoothingCrossEntropy, MSELossFlat,
        NoneReduceOnCPU, NoopLoss, WassersteinLoss, activation_for,
    )
    from onecycle.nn.module import (
        Module, ParameterModule,
    )
    from onecycle.nn.norm import (
        BatchNorm1dFlat, NormType, batchnorm_2d, bias_types, bn_types, no_wd_types,
    )
    from onecycle.nn.overlap_loss import (
        DiceLoss, TverskyLoss,
    )
    from onecycle.nn.summary import (
        LayerInformation, get_layer_name, hook_params, layers_info, params_size, summary_table, total_params,
    )
    from onecycle.nn.surgery import (
        ModelOnCPU, bn2float, children, children_and_parameters, first_layer, flatten_model, freeze_groups,
        get_model, get_param_groups, has_params, is_pool_type, last_layer, model2half, num_children,
        one_param, range_children, requires_grad, set_bn_eval, split_model, split_model_idx,
        split_no_wd_params, trainable_params,
    )
    from onecycle.nn.turns import (
        eval_mode,
    )
    from onecycle.optim.lamb import (
        LAMB,
    )
    from onecycle.optim.layer_decay import (
        layer_decay,
    )
    from onecycle.optim.lookahead import (
        Lookahead, Ranger,
    )
    from onecycle.optim.restarts import (
        CosineRestarts, cycle_lengths, layer_optimizer,
    )
    from onecycle.optim.schedules import (
        Scheduler, SmoothenValue, annealing_cos, annealing_exp, annealing_linear, annealing_no,
        annealing_poly, do_annealing_poly,
    )
    from onecycle.optim.wrapper import (
        OptimWrapper,
    )
    from onecycle.training.callback import (
        Callback, CallbackList, LearnerCallback,
    )
    from onecycle.training.handler import (
        CallbackHandler,
    )
    from onecycle.training.loop import (
        BasicLearner, fit, get_preds, loss_batch, train_epoch, validate,
    )
    from onecycle.training.nan_watch import (
        NanWatch,
    )
    from onecycle.training.recorder import (
        RecordOnCPU, Recorder,
    )
    from onecycle.types import (
        ArrayOrTensor, FilePathList, Floats, ListOrItem, LossFunction, ModuleList, OptListOrItem, PathOrStr,
        TensorOrNumber,
    )
    from onecycle.utils.bundle import (
        torch_save, try_save,
    )
    from onecycle.utils.collections import (
        arange_of, array, arrays_split, chunks, even_mults, first_el, float_or_x, idx_dict, index_row, is1d,
        is_dict, is_listy, is_tuple, listify, one_hot, partition, partition_by_cores, random_split, range_of,
        recurse, recurse_eq, to_int, uniqueify,
    )
    from onecycle.utils.components import (
        pca,
    )
    from onecycle.utils.defaults import (
        defaults,
    )
    from onecycle.utils.distributed import (
        distrib_barrier, num_distrib, rank_distrib,
    )
    from onecycle.utils.download import (
        download_url,
    )
    from onecycle.utils.files import (
        save_texts,
    )
    from onecycle.utils.functions import (
        compose, extract_kwargs, func_args, has_arg, ifnone, noop, split_kwargs_by_func,
    )
    from onecycle.utils.parallel import (
        num_cpus, parallel,
    )
    from onecycle.utils.paths import (
        find_classes, is_pathlike, join_path, join_paths, working_directory,
    )
    from onecycle.utils.plots import (
        subplots,
    )
    from onecycle.utils.progress import (
        master_bar, progress_bar,
    )
    from onecycle.utils.registry import (
        register,
    )
    from onecycle.utils.seeding import (
        log_uniform, rand_bool, set_all_seed, uniform, uniform_int,
    )
    from onecycle.utils.tables import (
        df_names_to_idx, series2cat,
    )
    from onecycle.utils.tensors import (
        add_metrics, batch_to_half, grab_idx, logit, logit_, model_type, np2model_tensor, np_func,
        remove_module_load, tensor, to_cpu, to_data, to_detach, to_device, to_float, to_half, to_np,
        trange_of, try_int,
    )
    from onecycle.utils.text_files import (
        loadtxt_str,
    )
    from onecycle.utils.words import (
        PrettyString, camel2snake, show_some, text2html_table,
    )

__all__ = [
    "AUROC", "AccumulateScheduler", "ActivationStats", "AdaptiveConcatPool2d", "Any", "ArgumentError",
    "ArgumentTypeError", "ArrayOrTensor", "Autocast", "AverageMetric", "BCEFlat", "BCEWithLogitsFlat",
    "BasicLearner", "BatchNorm1dFlat", "BnFreeze", "CMScores", "CSVLogger", "Callable", "Callback",
    "CallbackError", "CallbackHandler", "CallbackList", "Category", "CategoryList", "CategoryListBase",
    "CategoryProcessor", "ChannelsLast", "ClassificationInterpretation", "Collection", "Config",
    "ConfusionMatrix", "CosineRestarts", "Counter", "CountingForm", "CrossEntropyFlat", "CutMixCallback",
    "DataBunch", "DataError", "DataLoader", "Dataset", "DatasetType", "Debugger", "DeviceDataLoader",
    "DiceLoss", "Dict", "DistributedRecorder", "DistributedTrainer", "DownloadError", "EMACallback",
    "EarlyStoppingCallback", "EmptyLabel", "EmptyLabelList", "Enum", "EpochLogger", "ExpRMSPE",
    "ExperimentTracker", "ExplainedVariance", "F", "FBeta", "FeatureLoss", "FileFormatError", "FilePathList",
    "FlatCosAnnealScheduler", "Flatten", "FlattenedLoss", "FloatItem", "FloatList", "Floats",
    "GANTensorboardWriter", "GeneralScheduler", "GradCAM", "GradientClipping", "Hook", "HookCallback",
    "Hooks", "ImageGenTensorboardWriter", "IntEnum", "Interpretation", "ItemBase", "ItemList", "ItemLists",
    "Iterable", "Iterator", "JSONLLogger", "KappaScore", "LAMB", "LRFinder", "LabelList", "LabelLists",
    "LabelSmoothingCrossEntropy", "Lambda", "LayerInformation", "Learner", "LearnerCallback",
    "LearnerTensorboardWriter", "List", "ListOrItem", "Lookahead", "LossFunction", "LossMetrics",
    "MLFlowTracker", "MSELossFlat", "Matches", "MatthewsCorreff", "MeanAveragePrecision", "MeanIoU",
    "MergeLayer", "Metric", "MixUpCallback", "MixUpLoss", "MixedItem", "MixedItemList", "MixedPrecision",
    "MixedProcessor", "ModelOnCPU", "Module", "ModuleList", "MultiCategory", "MultiCategoryList",
    "MultiCategoryProcessor", "MultiLabelClassificationInterpretation", "MultiLabelFbeta", "NanWatch",
    "NoneReduceOnCPU", "NoopLoss", "NormType", "NotRegisteredError", "OneCycleScheduler", "OnecycleError",
    "OptListOrItem", "OptimWrapper", "Optional", "OrderedDict", "OverSampler", "OverSamplingCallback", "PIL",
    "ParallelTrainer", "ParameterModule", "PartialLayer", "Path", "PathOrStr", "PeakMemMetric", "Perplexity",
    "PixelShuffle_ICNR", "PoolFlatten", "PooledSelfAttention2d", "PreProcessor", "Precision", "PrettyString",
    "R2Score", "RMSE", "RNNTrainer", "Ranger", "Recall", "RecordOnCPU", "Recorder",
    "ReduceLROnPlateauCallback", "RegMetrics", "ResizeBatch", "RetinaNetFocalLoss", "SGDRScheduler",
    "SWACallback", "SaveFeatures", "SaveModelCallback", "Scheduler", "SelfAttention", "Sequence",
    "SequentialEx", "ShardOrder", "ShardedTrainer", "ShowGraph", "SigmoidRange", "SmoothenValue",
    "StopAfterNBatches", "TarShards", "Tensor", "TensorDataset", "TensorOrNumber", "TerminateOnNaNCallback",
    "TimeProfiler", "TorchMetric", "TrackEpochCallback", "TrackerCallback", "TrainingError", "TrainingPhase",
    "Tuple", "TverskyLoss", "URLs", "UnderSampler", "UnderSamplingCallback", "Union", "View",
    "WassersteinLoss", "accuracy", "accuracy_thresh", "activation_for", "activation_map", "add_metrics",
    "annealing_cos", "annealing_exp", "annealing_linear", "annealing_no", "annealing_poly", "apply_init",
    "apply_leaf", "arange_of", "array", "arrays_split", "as_metric", "attrgetter", "auc_roc_score",
    "batch_to_half", "batchnorm_2d", "bias_types", "bn2float", "bn_drop_lin", "bn_types", "camel2snake",
    "check_metric", "children", "children_and_parameters", "chunks", "class_activation_map", "class_weights",
    "clip_grad", "compose", "cond_init", "conv1d", "conv2d", "conv2d_trans", "conv_layer", "copy", "counted",
    "cutmix", "cycle_lengths", "data_collate", "dataclass", "datapath4file", "deepcopy", "defaultdict",
    "defaults", "df_names_to_idx", "dice", "distrib_barrier", "do_annealing_poly", "download_data",
    "download_url", "dummy_batch", "dummy_eval", "dummy_output", "embedding", "error_rate", "eval_mode",
    "even_mults", "exp_rmspe", "explained_variance", "extract_kwargs", "fbeta", "feature_layer", "field",
    "find_classes", "first_el", "first_layer", "fit", "fit_fc", "fit_one_cycle", "flatten_model",
    "float_or_x", "foreground_acc", "freeze_groups", "func_args", "gc", "get_files", "get_layer_name",
    "get_model", "get_param_groups", "get_preds", "grab_idx", "grad_cam", "gram_matrix", "has_arg",
    "has_params", "hook_output", "hook_outputs", "hook_params", "icnr", "idx_dict", "ifnone", "in_channels",
    "index_row", "init_cnn", "init_default", "is1d", "is_dict", "is_listy", "is_pathlike", "is_pool_type",
    "is_tuple", "itemgetter", "jaccard", "join_path", "join_paths", "json", "last_layer", "layer_decay",
    "layer_optimizer", "layers_info", "listify", "load_data", "load_learner", "loadtxt_str", "log_uniform",
    "logit", "logit_", "loss_batch", "lr_find", "mae", "master_bar", "match_anchors", "math",
    "mean_absolute_error", "mean_average_precision", "mean_over", "mean_squared_error",
    "mean_squared_logarithmic_error", "mixup", "model2half", "model_sizes", "model_summary", "model_type",
    "mse", "msle", "namedtuple", "nn", "no_wd_types", "noop", "np", "np2model_tensor", "np_func",
    "num_children", "num_cpus", "num_distrib", "num_features_model", "one_cycle_scheduler", "one_hot",
    "one_param", "optim", "os", "parallel", "params_size", "partial", "partition", "partition_by_cores",
    "patches", "patheffects", "pca", "pd", "pickle", "plt", "pos_weights", "progress_bar", "psnr", "r2_score",
    "rand_bool", "random", "random_split", "range_children", "range_of", "rank_distrib", "re", "read_metrics",
    "recurse", "recurse_eq", "reduce", "register", "relu", "remove_module_load", "requires_grad", "res_block",
    "rmse", "roc_curve", "root_mean_squared_error", "save_texts", "series2cat", "set_all_seed", "set_bn_eval",
    "setup_distrib", "show_heatmap", "show_some", "shutil", "sigmoid_focal_loss", "sigmoid_range",
    "simple_cnn", "spectral_norm", "split_kwargs_by_func", "split_model", "split_model_idx",
    "split_no_wd_params", "ssim", "subplots", "summary_table", "sys", "tarfile", "tensor", "text2html_table",
    "time", "to_bf16", "to_channels_last", "to_cpu", "to_data", "to_detach", "to_device", "to_float",
    "to_fp16", "to_fp32", "to_half", "to_int", "to_np", "top_k_accuracy", "torch", "torch_save",
    "total_params", "train_epoch", "trainable_params", "trange_of", "trunc_normal_", "try_int", "try_save",
    "uniform", "uniform_int", "uniqueify", "untar_data", "update_batch_norms", "url2name", "url2path",
    "validate", "warnings", "weight_norm", "whole_set", "with_input_channels", "working_directory", "yaml",
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
    "onecycle.data.balance": (
        "OverSampler", "UnderSampler", "class_weights", "pos_weights",
    ),
    "onecycle.data.bunch": (
        "DataBunch",
    ),
    "onecycle.data.categories": (
        "CategoryList", "CategoryListBase", "EmptyLabelList", "FloatList", "MultiCategoryList",
    ),
    "onecycle.data.collate": (
        "data_collate",
    ),
    "onecycle.data.download": (
        "Config", "URLs", "datapath4file", "download_data", "untar_data", "url2name", "url2path",
    ),
    "onecycle.data.item_list": (
        "ItemList",
    ),
    "onecycle.data.items": (
        "Category", "EmptyLabel", "FloatItem", "ItemBase", "MixedItem", "MultiCategory",
    ),
    "onecycle.data.label_list": (
        "LabelList",
    ),
    "onecycle.data.lists": (
        "ItemLists", "LabelLists",
    ),
    "onecycle.data.loaders": (
        "DatasetType", "DeviceDataLoader",
    ),
    "onecycle.data.mixed": (
        "MixedItemList",
    ),
    "onecycle.data.processors": (
        "CategoryProcessor", "MixedProcessor", "MultiCategoryProcessor", "PreProcessor",
    ),
    "onecycle.data.saving": (
        "load_data",
    ),
    "onecycle.data.sources": (
        "get_files",
    ),
    "onecycle.data.tar_shards": (
        "ShardOrder", "TarShards",
    ),
    "onecycle.errors": (
        "ArgumentError", "ArgumentTypeError", "CallbackError", "DataError", "DownloadError",
        "FileFormatError", "NotRegisteredError", "OnecycleError", "TrainingError",
    ),
    "onecycle.interpret.activation_maps": (
        "activation_map", "feature_layer", "grad_cam", "show_heatmap",
    ),
    "onecycle.interpret.base": (
        "Interpretation",
    ),
    "onecycle.interpret.class_maps": (
        "class_activation_map",
    ),
    "onecycle.interpret.classification": (
        "ClassificationInterpretation",
    ),
    "onecycle.interpret.grad_cam": (
        "GradCAM",
    ),
    "onecycle.interpret.multilabel": (
        "MultiLabelClassificationInterpretation",
    ),
    "onecycle.learner": (
        "Learner", "load_learner",
    ),
    "onecycle.learning.precision": (
        "to_bf16", "to_channels_last", "to_fp16", "to_fp32",
    ),
    "onecycle.learning.recipes": (
        "clip_grad", "cutmix", "fit_fc", "fit_one_cycle", "lr_find", "mixup", "one_cycle_scheduler",
    ),
    "onecycle.metrics.base": (
        "AverageMetric", "Metric", "as_metric",
    ),
    "onecycle.metrics.check": (
        "check_metric",
    ),
    "onecycle.metrics.classification": (
        "accuracy", "error_rate", "top_k_accuracy",
    ),
    "onecycle.metrics.confusion": (
        "CMScores", "ConfusionMatrix", "FBeta", "KappaScore", "MatthewsCorreff", "Precision", "Recall",
    ),
    "onecycle.metrics.counting": (
        "CountingForm", "counted", "whole_set",
    ),
    "onecycle.metrics.detection": (
        "MeanAveragePrecision", "mean_average_precision",
    ),
    "onecycle.metrics.language": (
        "Perplexity",
    ),
    "onecycle.metrics.multilabel": (
        "MultiLabelFbeta", "accuracy_thresh", "fbeta",
    ),
    "onecycle.metrics.pictures": (
        "psnr", "ssim",
    ),
    "onecycle.metrics.ranking": (
        "AUROC", "auc_roc_score", "roc_curve",
    ),
    "onecycle.metrics.regression": (
        "ExpRMSPE", "ExplainedVariance", "R2Score", "RMSE", "RegMetrics", "exp_rmspe", "explained_variance",
        "mae", "mean_absolute_error", "mean_squared_error", "mean_squared_logarithmic_error", "mse", "msle",
        "r2_score", "rmse", "root_mean_squared_error",
    ),
    "onecycle.metrics.segmentation": (
        "MeanIoU", "dice", "foreground_acc", "jaccard",
    ),
    "onecycle.metrics.torchmetrics_adapter": (
        "TorchMetric",
    ),
    "onecycle.nn.adapt": (
        "with_input_channels",
    ),
    "onecycle.nn.attention": (
        "PooledSelfAttention2d", "SelfAttention",
    ),
    "onecycle.nn.blocks": (
        "MergeLayer", "PixelShuffle_ICNR", "SequentialEx", "conv_layer", "res_block", "simple_cnn",
    ),
    "onecycle.nn.box_matching": (
        "Matches", "match_anchors",
    ),
    "onecycle.nn.detection_loss": (
        "RetinaNetFocalLoss",
    ),
    "onecycle.nn.dry_run": (
        "dummy_batch", "dummy_eval", "dummy_output", "model_sizes", "num_features_model",
    ),
    "onecycle.nn.entrance": (
        "in_channels",
    ),
    "onecycle.nn.feature_loss": (
        "FeatureLoss", "gram_matrix",
    ),
    "onecycle.nn.focal": (
        "sigmoid_focal_loss",
    ),
    "onecycle.nn.hooks": (
        "Hook", "Hooks", "SaveFeatures", "hook_output", "hook_outputs",
    ),
    "onecycle.nn.init": (
        "apply_init", "apply_leaf", "cond_init", "icnr", "init_cnn", "init_default", "trunc_normal_",
    ),
    "onecycle.nn.layers": (
        "AdaptiveConcatPool2d", "Debugger", "Flatten", "Lambda", "PartialLayer", "PoolFlatten", "ResizeBatch",
        "SigmoidRange", "View", "bn_drop_lin", "conv1d", "conv2d", "conv2d_trans", "embedding", "relu",
        "sigmoid_range",
    ),
    "onecycle.nn.loss_weight": (
        "mean_over",
    ),
    "onecycle.nn.losses": (
        "BCEFlat", "BCEWithLogitsFlat", "CrossEntropyFlat", "FlattenedLoss", "LabelSmoothingCrossEntropy",
        "MSELossFlat", "NoneReduceOnCPU", "NoopLoss", "WassersteinLoss", "activation_for",
    ),
    "onecycle.nn.module": (
        "Module", "ParameterModule",
    ),
    "onecycle.nn.norm": (
        "BatchNorm1dFlat", "NormType", "batchnorm_2d", "bias_types", "bn_types", "no_wd_types",
    ),
    "onecycle.nn.overlap_loss": (
        "DiceLoss", "TverskyLoss",
    ),
    "onecycle.nn.summary": (
        "LayerInformation", "get_layer_name", "hook_params", "layers_info", "params_size", "summary_table",
        "total_params",
    ),
    "onecycle.nn.surgery": (
        "ModelOnCPU", "bn2float", "children", "children_and_parameters", "first_layer", "flatten_model",
        "freeze_groups", "get_model", "get_param_groups", "has_params", "is_pool_type", "last_layer",
        "model2half", "num_children", "one_param", "range_children", "requires_grad", "set_bn_eval",
        "split_model", "split_model_idx", "split_no_wd_params", "trainable_params",
    ),
    "onecycle.nn.turns": (
        "eval_mode",
    ),
    "onecycle.optim.lamb": (
        "LAMB",
    ),
    "onecycle.optim.layer_decay": (
        "layer_decay",
    ),
    "onecycle.optim.lookahead": (
        "Lookahead", "Ranger",
    ),
    "onecycle.optim.restarts": (
        "CosineRestarts", "cycle_lengths", "layer_optimizer",
    ),
    "onecycle.optim.schedules": (
        "Scheduler", "SmoothenValue", "annealing_cos", "annealing_exp", "annealing_linear", "annealing_no",
        "annealing_poly", "do_annealing_poly",
    ),
    "onecycle.optim.wrapper": (
        "OptimWrapper",
    ),
    "onecycle.training.callback": (
        "Callback", "CallbackList", "LearnerCallback",
    ),
    "onecycle.training.handler": (
        "CallbackHandler",
    ),
    "onecycle.training.loop": (
        "BasicLearner", "fit", "get_preds", "loss_batch", "train_epoch", "validate",
    ),
    "onecycle.training.nan_watch": (
        "NanWatch",
    ),
    "onecycle.training.recorder": (
        "RecordOnCPU", "Recorder",
    ),
    "onecycle.types": (
        "ArrayOrTensor", "FilePathList", "Floats", "ListOrItem", "LossFunction", "ModuleList",
        "OptListOrItem", "PathOrStr", "TensorOrNumber",
    ),
    "onecycle.utils.bundle": (
        "torch_save", "try_save",
    ),
    "onecycle.utils.collections": (
        "arange_of", "array", "arrays_split", "chunks", "even_mults", "first_el", "float_or_x", "idx_dict",
        "index_row", "is1d", "is_dict", "is_listy", "is_tuple", "listify", "one_hot", "partition",
        "partition_by_cores", "random_split", "range_of", "recurse", "recurse_eq", "to_int", "uniqueify",
    ),
    "onecycle.utils.components": (
        "pca",
    ),
    "onecycle.utils.defaults": (
        "defaults",
    ),
    "onecycle.utils.distributed": (
        "distrib_barrier", "num_distrib", "rank_distrib",
    ),
    "onecycle.utils.download": (
        "download_url",
    ),
    "onecycle.utils.files": (
        "save_texts",
    ),
    "onecycle.utils.functions": (
        "compose", "extract_kwargs", "func_args", "has_arg", "ifnone", "noop", "split_kwargs_by_func",
    ),
    "onecycle.utils.parallel": (
        "num_cpus", "parallel",
    ),
    "onecycle.utils.paths": (
        "find_classes", "is_pathlike", "join_path", "join_paths", "working_directory",
    ),
    "onecycle.utils.plots": (
        "subplots",
    ),
    "onecycle.utils.progress": (
        "master_bar", "progress_bar",
    ),
    "onecycle.utils.registry": (
        "register",
    ),
    "onecycle.utils.seeding": (
        "log_uniform", "rand_bool", "set_all_seed", "uniform", "uniform_int",
    ),
    "onecycle.utils.tables": (
        "df_names_to_idx", "series2cat",
    ),
    "onecycle.utils.tensors": (
        "add_metrics", "batch_to_half", "grab_idx", "logit", "logit_", "model_type", "np2model_tensor",
        "np_func", "remove_module_load", "tensor", "to_cpu", "to_data", "to_detach", "to_device", "to_float",
        "to_half", "to_np", "trange_of", "try_int",
    ),
    "onecycle.utils.text_files": (
        "loadtxt_str",
    ),
    "onecycle.utils.words": (
        "PrettyString", "camel2snake", "show_some", "text2html_table",
    ),
}

__getattr__, __dir__ = open_door(__name__, _LEAVES)
