"""Type aliases that v1's star imports brought and that nothing in onecycle needs."""

from __future__ import annotations

from collections.abc import Callable, Collection
from io import BufferedWriter, BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union

import numpy as np
import torch
from torch import Tensor, nn, optim

from onecycle.data.items import ItemBase
from onecycle.types import LossFunction
from onecycle.utils.progress import progress_bar

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "AffineFunc", "AffineMatrix", "AnnealFunc", "ArgStar", "BatchSamples", "BoolOrTensor", "DataFrameOrChunks",
    "FloatOrTensor", "HookFunc", "ImgLabel", "ImgLabels", "IntOrTensor", "IntsOrStrs", "ItemsList", "KWArgs", "KeyFunc",
    "LambdaFunc", "LayerFunc", "LightingFunc", "ListRules", "ListSizes", "LogitTensorImage", "MetricFunc",
    "MetricFuncList", "MetricsList", "NPArray", "NPArrayList", "NPArrayMask", "NPArrayableList", "NPImage",
    "OptDataFrame", "OptLossFunc", "OptMetrics", "OptOptimizer", "OptRange", "OptSplitFunc", "OptStats", "OptStrList",
    "OptStrTuple", "OptTabTfms", "PBar", "ParamList", "PathLikeOrBinaryStream", "PixelFunc", "Point", "Points",
    "PreProcessors", "Rank0Tensor", "Sizes", "SplitArrayList", "SplitFunc", "SplitFuncOrIdxList", "StartOptEnd",
    "StrList", "TensorImage", "TensorImageSize", "TensorOrNumList", "Tensors", "TfmList", "Tokens", "Weights",
    "fastai_types",
]

ArgStar = Collection[Any]
KWArgs = dict[str, Any]
Number = Union[int, float]

StrList = Collection[str]
OptStrList = Union[StrList, None]
OptStrTuple = Union[tuple[str, str], None]
IntsOrStrs = Union[int, Collection[int], str, Collection[str]]
KeyFunc = Callable[[int], int]
OptRange = Union[tuple[float, float], None]
StartOptEnd = Union[float, tuple[float, float]]
Point = tuple[float, float]
Points = Collection[Point]
Sizes = list[list[int]]
ListSizes = Collection[tuple[int, int]]
BatchSamples = Collection[tuple[Collection[int], int]]
Tokens = Collection[StrList]
ListRules = Collection[Callable[[str], str]]
PathLikeOrBinaryStream = Union[str, Path, BufferedWriter, BytesIO]
PBar = progress_bar

ImgLabel = str
ImgLabels = Collection[ImgLabel]
NPArray = np.ndarray
NPImage = np.ndarray
NPArrayMask = np.ndarray
NPArrayList = Collection[np.ndarray]
NPArrayableList = Collection[Union[np.ndarray, list[Any]]]
SplitArrayList = list[tuple[np.ndarray, np.ndarray]]
OptStats = Union[tuple[np.ndarray, np.ndarray], None]
DataFrameOrChunks = Any  # a pandas DataFrame or a reader of chunks; pandas is imported late
OptDataFrame = Union["pd.DataFrame", None]

Rank0Tensor = Tensor
Tensors = Union[Tensor, Collection[Any]]
BoolOrTensor = Union[bool, Tensor]
FloatOrTensor = Union[float, Tensor]
IntOrTensor = Union[int, Tensor]
ItemsList = Collection[Union[Tensor, ItemBase, float]]
TensorOrNumList = Collection[Union[Tensor, Number]]
TensorImage = Tensor
LogitTensorImage = Tensor
TensorImageSize = tuple[int, int, int]
AffineMatrix = Tensor
Weights = dict[str, Tensor]
ParamList = Collection[nn.Parameter]
OptOptimizer = Union[optim.Optimizer, None]

AnnealFunc = Callable[[Number, Number, float], Number]
LambdaFunc = Callable[[Tensor], Tensor]
LayerFunc = Callable[[nn.Module], None]
SplitFunc = Callable[[nn.Module], list[nn.Module]]
OptSplitFunc = Union[SplitFunc, None]
SplitFuncOrIdxList = Union[Callable[..., Any], Collection[Collection[nn.Module]]]
HookFunc = Callable[[nn.Module, Any, Any], Any]
OptLossFunc = Union[LossFunction, None]
MetricFunc = Callable[[Tensor, Tensor], Union[Tensor, Number]]
MetricFuncList = Collection[MetricFunc]
MetricsList = Collection[Union[Tensor, Number]]
OptMetrics = Union[MetricsList, None]
AffineFunc = Callable[..., Tensor]
PixelFunc = Callable[..., Tensor]
LightingFunc = Callable[..., Tensor]
TfmList = Union[Callable[..., Any], Collection[Callable[..., Any]]]
OptTabTfms = Union[Collection[Any], None]
PreProcessors = Union[Any, Collection[Any]]

# Readable names of the longest aliases, as v1's documentation printed them.
fastai_types: dict[Any, str] = {
    SplitFunc: "SplitFunc", LayerFunc: "LayerFunc", LossFunction: "LossFunction", MetricFunc: "MetricFunc",
    torch.dtype: "dtype",
}
