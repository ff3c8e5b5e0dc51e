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
    from onecycle.data.collate import (
        data_collate,
    )
    from onecycle.data.items import (
        Category, EmptyLabel, FloatItem, ItemBase, MixedItem, MultiCategory,
    )
    from onecycle.data.loaders import (
        DatasetType, DeviceDataLoader,
    )
    from onecycle.errors import (
        ArgumentError, ArgumentTypeError, CallbackError, DataError, DownloadError, FileFormatError,
        NotRegisteredError, OnecycleError, TrainingError,
    )
    from onecycle.nn.init import (
        apply_init, apply_leaf, cond_init, icnr, init_default, trunc_normal_,
    )
    from onecycle.nn.module import (
        Module, ParameterModule,
    )
    from onecycle.nn.norm import (
        BatchNorm1dFlat, NormType, batchnorm_2d, bias_types, bn_types, no_wd_types,
    )
    from onecycle.nn.surgery import (
        ModelOnCPU, bn2float, children, children_and_parameters, first_layer, flatten_model, freeze_groups,
        get_model, get_param_groups, has_params, in_channels, is_pool_type, last_layer, model2half,
        num_children, one_param, range_children, requires_grad, set_bn_eval, split_model, split_model_idx,
        split_no_wd_params, trainable_params, with_input_channels,
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
    from onecycle.training.metric_adapter import (
        AverageMetric,
    )
    from onecycle.utils.bundle import (
        torch_save, try_save,
    )
    from onecycle.utils.collections import (
        arange_of, array, arrays_split, chunks, even_mults, first_el, float_or_x, idx_dict, index_row, is1d,
        is_dict, is_listy, is_tuple, listify, one_hot, partition, partition_by_cores, random_split, range_of,
        recurse, recurse_eq, to_int, uniqueify,
    )
    from onecycle.utils.defaults import (
        defaults,
    )
    from onecycle.utils.files import (
        loadtxt_str, save_texts,
    )
    from onecycle.utils.functions import (
        compose, extract_kwargs, func_args, has_arg, ifnone, noop, split_kwargs_by_func,
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
    from onecycle.utils.tensors import (
        add_metrics, batch_to_half, grab_idx, logit, logit_, model_type, np2model_tensor, np_func,
        remove_module_load, tensor, to_cpu, to_data, to_detach, to_device, to_float, to_half, to_np,
        trange_of, try_int,
    )

__all__ = [
    "Any", "ArgumentError", "ArgumentTypeError", "AverageMetric", "BatchNorm1dFlat", "Callable", "Callback",
    "CallbackError", "CallbackHandler", "CallbackList", "Category", "Collection", "Counter", "DataError",
    "DataLoader", "Dataset", "DatasetType", "DeviceDataLoader", "Dict", "DownloadError", "EmptyLabel", "Enum",
    "F", "FileFormatError", "FloatItem", "IntEnum", "ItemBase", "Iterable", "Iterator", "LearnerCallback",
    "List", "MixedItem", "ModelOnCPU", "Module", "MultiCategory", "NormType", "NotRegisteredError",
    "OnecycleError", "OptimWrapper", "Optional", "OrderedDict", "PIL", "ParameterModule", "Path", "Scheduler",
    "Sequence", "SmoothenValue", "Tensor", "TensorDataset", "TrainingError", "Tuple", "Union", "add_metrics",
    "annealing_cos", "annealing_exp", "annealing_linear", "annealing_no", "annealing_poly", "apply_init",
    "apply_leaf", "arange_of", "array", "arrays_split", "attrgetter", "batch_to_half", "batchnorm_2d",
    "bias_types", "bn2float", "bn_types", "children", "children_and_parameters", "chunks", "compose",
    "cond_init", "copy", "data_collate", "dataclass", "deepcopy", "defaultdict", "defaults",
    "do_annealing_poly", "even_mults", "extract_kwargs", "field", "first_el", "first_layer", "flatten_model",
    "float_or_x", "freeze_groups", "func_args", "gc", "get_model", "get_param_groups", "grab_idx", "has_arg",
    "has_params", "icnr", "idx_dict", "ifnone", "in_channels", "index_row", "init_default", "is1d", "is_dict",
    "is_listy", "is_pool_type", "is_tuple", "itemgetter", "json", "last_layer", "listify", "loadtxt_str",
    "log_uniform", "logit", "logit_", "master_bar", "math", "model2half", "model_type", "namedtuple", "nn",
    "no_wd_types", "noop", "np", "np2model_tensor", "np_func", "num_children", "one_hot", "one_param",
    "optim", "os", "partial", "partition", "partition_by_cores", "patches", "patheffects", "pd", "pickle",
    "plt", "progress_bar", "rand_bool", "random", "random_split", "range_children", "range_of", "re",
    "recurse", "recurse_eq", "reduce", "register", "remove_module_load", "requires_grad", "save_texts",
    "set_all_seed", "set_bn_eval", "shutil", "spectral_norm", "split_kwargs_by_func", "split_model",
    "split_model_idx", "split_no_wd_params", "sys", "tarfile", "tensor", "time", "to_cpu", "to_data",
    "to_detach", "to_device", "to_float", "to_half", "to_int", "to_np", "torch", "torch_save",
    "trainable_params", "trange_of", "trunc_normal_", "try_int", "try_save", "uniform", "uniform_int",
    "uniqueify", "warnings", "weight_norm", "with_input_channels", "yaml",
]

_LEAVES = {
    "onecycle.data.collate": (
        "data_collate",
    ),
    "onecycle.data.items": (
        "Category", "EmptyLabel", "FloatItem", "ItemBase", "MixedItem", "MultiCategory",
    ),
    "onecycle.data.loaders": (
        "DatasetType", "DeviceDataLoader",
    ),
    "onecycle.errors": (
        "ArgumentError", "ArgumentTypeError", "CallbackError", "DataError", "DownloadError",
        "FileFormatError", "NotRegisteredError", "OnecycleError", "TrainingError",
    ),
    "onecycle.nn.init": (
        "apply_init", "apply_leaf", "cond_init", "icnr", "init_default", "trunc_normal_",
    ),
    "onecycle.nn.module": (
        "Module", "ParameterModule",
    ),
    "onecycle.nn.norm": (
        "BatchNorm1dFlat", "NormType", "batchnorm_2d", "bias_types", "bn_types", "no_wd_types",
    ),
    "onecycle.nn.surgery": (
        "ModelOnCPU", "bn2float", "children", "children_and_parameters", "first_layer", "flatten_model",
        "freeze_groups", "get_model", "get_param_groups", "has_params", "in_channels", "is_pool_type",
        "last_layer", "model2half", "num_children", "one_param", "range_children", "requires_grad",
        "set_bn_eval", "split_model", "split_model_idx", "split_no_wd_params", "trainable_params",
        "with_input_channels",
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
    "onecycle.training.metric_adapter": (
        "AverageMetric",
    ),
    "onecycle.utils.bundle": (
        "torch_save", "try_save",
    ),
    "onecycle.utils.collections": (
        "arange_of", "array", "arrays_split", "chunks", "even_mults", "first_el", "float_or_x", "idx_dict",
        "index_row", "is1d", "is_dict", "is_listy", "is_tuple", "listify", "one_hot", "partition",
        "partition_by_cores", "random_split", "range_of", "recurse", "recurse_eq", "to_int", "uniqueify",
    ),
    "onecycle.utils.defaults": (
        "defaults",
    ),
    "onecycle.utils.files": (
        "loadtxt_str", "save_texts",
    ),
    "onecycle.utils.functions": (
        "compose", "extract_kwargs", "func_args", "has_arg", "ifnone", "noop", "split_kwargs_by_func",
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
    "onecycle.utils.tensors": (
        "add_metrics", "batch_to_half", "grab_idx", "logit", "logit_", "model_type", "np2model_tensor",
        "np_func", "remove_module_load", "tensor", "to_cpu", "to_data", "to_detach", "to_device", "to_float",
        "to_half", "to_np", "trange_of", "try_int",
    ),
}

__getattr__, __dir__ = open_door(__name__, _LEAVES)
