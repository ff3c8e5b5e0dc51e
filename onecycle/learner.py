"""The learner: data, a model, a loss and an optimiser, and all that can be done with them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Any

import torch
from torch import nn

from onecycle.callbacks.model_table import model_summary
from onecycle.data.collate import exact_device
from onecycle.data.saving import check_own_collate
from onecycle.errors import StepError, check_keywords
from onecycle.learning import (
    cycles,
    exporting,
    fine_tuning,
    loop_shown,
    precision,
    processes,
    progressive,
    recipes,
)
from onecycle.learning.checks import (
    check_callback_fns,
    check_data,
    check_layer_groups,
    check_loss_func,
    check_model,
    check_model_dir,
)
from onecycle.learning.fitting import Fitting
from onecycle.learning.freezing import Freezing
from onecycle.learning.persisting import Persisting
from onecycle.learning.predicting import Predicting
from onecycle.learning.resuming import Resuming
from onecycle.learning.unknown_loss import loss_of
from onecycle.metrics.check import check_metric
from onecycle.nn.init import apply_init
from onecycle.nn.surgery import flatten_model
from onecycle.optim.wrapper import OptimWrapper, check_opt_func
from onecycle.training.keeper import RunKeeper
from onecycle.training.recorder import Recorder
from onecycle.utils.budget import Budget, spending
from onecycle.utils.collections import listify
from onecycle.utils.defaults import defaults
from onecycle.utils.file_gate import file_gate
from onecycle.utils.file_objects import path_to_read
from onecycle.utils.registry import decode, lookup
from onecycle.utils.short_repr import short_repr

__all__ = ["Learner", "load_learner"]

_KEYWORDS = (
    "data", "model", "opt_func", "loss_func", "metrics", "true_wd", "bn_wd", "wd", "train_bn", "path", "model_dir",
    "callback_fns", "callbacks", "layer_groups", "add_time", "silent",
)  # fmt: skip
_LOADER_KEYWORDS = ("bs", "num_workers", "device", "pin_memory", "collate_fn")


class Learner(Fitting, Freezing, Predicting, Persisting, Resuming):
    """Train a model on data, look at what it does, save it.

    Args:
        data: A `DataBunch`: its loaders, device and path.
        model: The network; moved to the data's device.
        opt_func: Makes the optimiser from parameter groups.
        loss_func: A function of (output, target); the data's when None.
        metrics: Functions of (output, target), or metric objects, taken over the validation set.
        true_wd: Decay the weights apart from the gradient.
        bn_wd: Decay norms and biases as well.
        wd: Weight decay.
        train_bn: Let batch norms of frozen layer groups go on learning.
        path: Where files go; the data's when None.
        model_dir: Folder of saved weights, below `path` or absolute.
        callback_fns: Called with the learner at each fit, each returns a callback.
        callbacks: Callbacks of every fit.
        layer_groups: Parts of the model with a rate of their own; the whole model when None.
        add_time: Show the time of each epoch.
        silent: Show nothing while training.

    Raises:
        ArgumentTypeError: a keyword is unknown, or the model, a metric or the optimiser is of the wrong kind.

    Example:
        learn = Learner(data, nn.Linear(4, 2), loss_func=nn.CrossEntropyLoss(), metrics=accuracy)
        learn.fit_one_cycle(3, 1e-2)
    """

    def __init__(
        self,
        data: Any,
        model: nn.Module,
        opt_func: Callable[..., Any] = partial(torch.optim.Adam, betas=(0.9, 0.99)),
        loss_func: Callable[..., Any] | None = None,
        metrics: Any = None,
        true_wd: bool = True,
        bn_wd: bool = True,
        wd: Any = 0.01,
        train_bn: bool = True,
        path: str | os.PathLike[str] | None = None,
        model_dir: str | os.PathLike[str] = "models",
        callback_fns: Any = None,
        callbacks: Sequence[Any] | None = None,
        layer_groups: Any = None,
        add_time: bool = True,
        silent: bool | None = None,
        **unknown: Any,
    ) -> None:
        check_keywords("Learner", unknown, _KEYWORDS)
        check_data("Learner", data)
        check_model("Learner", model)
        check_opt_func("Learner", opt_func)
        check_loss_func("Learner", loss_func)
        check_model_dir("Learner", model_dir)
        check_callback_fns("Learner", listify(callback_fns))
        check_layer_groups("Learner", layer_groups)
        self.data = data
        self.model: nn.Module = model.to(data.device)
        self.opt_func = opt_func
        self.loss_func: Any = loss_of(loss_func, data)
        self.metrics: list[Any] = listify(metrics)
        for metric in self.metrics:
            check_metric(metric)
        self.true_wd, self.bn_wd, self.wd, self.train_bn = true_wd, bn_wd, wd, train_bn
        self.path = Path(path if path is not None else data.path)
        self.model_dir = model_dir
        self.add_time = add_time
        self.silent: bool = defaults.silent if silent is None else silent
        self.callback_fns: list[Any] = [partial(Recorder, add_time=add_time), *listify(callback_fns)]
        self.callbacks: list[Any] = listify(callbacks)
        self.layer_groups: list[Any] = list(layer_groups or [nn.Sequential(*flatten_model(model))])
        self.opt: OptimWrapper | None = None
        self.model_spec: dict[str, Any] | None = None
        self._recorder: Recorder | None = None
        self.keeper: RunKeeper | None = None
        self.kept_run = ""  # name of the latest run with a folder
        self.is_trying_rates = False  # while lr_find runs, which is no training
        self._loss_to_device()

    @property
    def recorder(self) -> Recorder:
        """Return the record of the latest `fit` or `lr_find`, which sets it."""
        if self._recorder is None:
            raise StepError("recorder: nothing is recorded yet. Call fit, fit_one_cycle or lr_find first.")
        return self._recorder

    @recorder.setter
    def recorder(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def _loss_to_device(self) -> None:
        """Move the loss's own tensors, such as class weights, to the device."""
        if hasattr(self.loss_func, "to"):
            self.loss_func.to(self.data.device)

    fit_one_cycle = recipes.fit_one_cycle
    fit_fc = recipes.fit_fc
    fit_sgdr = cycles.fit_sgdr
    fit_progressive = progressive.fit_progressive
    fine_tune = fine_tuning.fine_tune
    lr_find = recipes.lr_find
    mixup = recipes.mixup
    cutmix = recipes.cutmix
    to_fp16 = precision.to_fp16
    to_bf16 = precision.to_bf16
    to_fp32 = precision.to_fp32
    to_channels_last = precision.to_channels_last
    compile = precision.compile_model
    clip_grad = recipes.clip_grad
    to_distributed = processes.to_distributed
    to_fsdp = processes.to_fsdp
    to_parallel = processes.to_parallel
    show_training_loop = loop_shown.show_training_loop

    def init(self, init: Callable[..., Any]) -> None:
        """Fill the weights of all layers but batch norms, e.g. with `nn.init.kaiming_normal_`.

        Args:
            init: Fills a tensor in place.
        """
        apply_init(self.model, init)

    def summary(self, n: int = 70) -> str:
        """Return the table of the layers, with the optimiser, the loss and the callbacks below.

        Args:
            n: Width of the table in characters.
        """
        return model_summary(self, n)

    def interpret(self, ds_type: Any = None, **kwargs: Any) -> Any:
        """Return an interpretation of the predictions, for a classification.

        Args:
            ds_type: Which set; the validation set when None.
            **kwargs: For `ClassificationInterpretation.from_learner`.
        """
        from onecycle.interpret.classification import ClassificationInterpretation

        chosen = {} if ds_type is None else {"ds_type": ds_type}
        return ClassificationInterpretation.from_learner(self, **chosen, **kwargs)

    def __repr__(self) -> str:
        shown = [name for name in _KEYWORDS if name != "silent"]
        return f"{type(self).__name__}({', '.join(f'{name}={short_repr(getattr(self, name))}' for name in shown)})"

    def short_repr(self) -> str:
        """Return what a callback's repr says of its learner."""
        return f"{type(self).__name__}(…)"


def load_learner(
    path: str | os.PathLike[str] | IO[bytes],
    file: str | os.PathLike[str] | IO[bytes] = "export.safetensors",
    test: Any = None,
    tfm_y: bool | None = None,
    model: nn.Module | None = None,
    max_bytes: int | None = None,
    **db_kwargs: Any,
) -> Learner:
    """Load a learner that `learn.export` wrote, ready to predict. Nothing in the file is executed.

    Args:
        path: Its folder, or the file itself, also one that is open for reading bytes.
        file: Its name in the folder, or an open file; other files of the learner then belong to the folder.
        test: Items of a test set, for `get_preds(DatasetType.Test)`.
        tfm_y: Transform the labels of the test set as well.
        model: The model, where the file does not name its architecture.
        max_bytes: Bytes that the file may unfold to in memory; when None, 256 MB or a multiple of its own length.
        **db_kwargs: For the loaders: `bs`, `num_workers`, `device`, `collate_fn` where the file has none …

    Returns:
        The learner, with empty training and validation sets.

    Raises:
        FileMissingError, FileFormatError: there is no such file, or it is damaged, of another kind, or unfolds to
            more than is allowed.
        ArgumentError: the file does not name its architecture and no model was given, or its data need a `collate_fn`
            that has no name and was not given.
    """
    known = ("path", "file", "test", "tfm_y", "model", "max_bytes", *_LOADER_KEYWORDS)
    check_keywords("load_learner", db_kwargs, known)
    if model is not None:
        check_model("load_learner", model)
    folder, opened = _where(path, file)
    with path_to_read(opened) as source:
        return _loaded(source, folder, test, tfm_y, model, max_bytes, db_kwargs)


def _where(path: Any, file: Any) -> tuple[Path, Any]:
    """Return the folder of a learner, and its file: a path or an open file, which may stand in the place of either."""
    if hasattr(path, "read"):
        return Path(), path
    if hasattr(file, "read"):
        return Path(path), file
    return (Path(path).parent, Path(path)) if Path(path).is_file() else (Path(path), Path(path) / os.fspath(file))


def _loaded(
    source: Path,
    folder: Path,
    test: Any,
    tfm_y: bool | None,
    model: nn.Module | None,
    max_bytes: int | None,
    db_kwargs: dict[str, Any],
) -> Learner:
    given, collate_fn, loaders = db_kwargs.pop("device", None), db_kwargs.pop("collate_fn", None), db_kwargs
    tensors, manifest = exporting.read(source, "cpu")
    built = exporting.build_model(manifest["model"], model, source, max_bytes)
    exporting.put_in(built, tensors, manifest["learner"]["frozen"], source)
    check_own_collate(manifest["data"], collate_fn)  # before the file is blamed for it
    budget = Budget("load_learner", source, source.stat().st_size, max_bytes)
    device = None if given is None else exact_device(given)  # likewise
    with file_gate("load_learner", source), spending(budget):
        kind = manifest["kind"]
        make = Learner if kind is None else lookup("learner", kind)
        bunch = lookup("data_bunch", manifest["data"]["bunch"])
        data = bunch.from_state(manifest["data"], folder, device, collate_fn)
        learn = make(data, built, **exporting.settings(manifest))
        learn.layer_groups = exporting.regroup(built, manifest["learner"]["layer_groups"]) or learn.layer_groups
        learn.model_spec = decode(manifest["model"])
    if loaders and data.valid_dl is not None:
        data.valid_dl = data.valid_dl.new(**loaders)
    learn.model.eval()
    if test is not None:
        learn.data.add_test(test, tfm_y=tfm_y)
    return learn
