"""Weights and whole learners in files."""

from __future__ import annotations

import gc
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from onecycle.data.collate import exact_device
from onecycle.errors import (
    ArgumentError,
    ArgumentTypeError,
    FileFormatError,
    TrainingError,
    explain,
    known_keywords_only,
)
from onecycle.learning import exporting
from onecycle.nn.surgery import get_model
from onecycle.optim.state_form import OPT_FORM, check_moments
from onecycle.training.checkpoint import (
    check_writable,
    fit_state,
    numbering_in,
    read_state,
    split_state,
    write_state,
)
from onecycle.training.numbering import KEY, as_metadata, check_numbering, numbering_of
from onecycle.utils.distributed import distrib_barrier, is_first_process
from onecycle.utils.file_gate import file_gate
from onecycle.utils.file_objects import path_to_write
from onecycle.utils.schema import check_form
from onecycle.utils.sharded import whole_weights

if TYPE_CHECKING:
    from onecycle.optim.wrapper import OptimWrapper

__all__: list[str] = []

_SUFFIXES = (".pth", ".safetensors")


class Persisting:
    """Save and load a learner's weights, and export it whole."""

    if TYPE_CHECKING:
        data: Any
        model: nn.Module
        opt: OptimWrapper | None
        path: Path
        model_dir: str | os.PathLike[str]
        callbacks: list[Any]

        def create_opt(self, lr: Any, wd: Any = 0.0) -> None: ...

    def _file(self, file: Any, suffix: str = ".pth") -> Path:
        """Return the path of a file of weights: `path/model_dir/file.pth` unless the name says otherwise."""
        name = os.fspath(file)
        return Path(self.path) / self.model_dir / (name if name.endswith(_SUFFIXES) else name + suffix)

    def check_model_dir(self) -> None:
        """Refuse a `model_dir` that cannot be written, before hours of training are lost.

        Raises:
            TrainingError: names the folder and the cure.
        """
        check_writable(Path(self.path) / self.model_dir)

    @known_keywords_only
    def save(self, file: Any = None, return_path: bool = False, with_opt: bool = True) -> Path | None:
        """Save the weights, and the state of the optimiser and of a loss scale, under `path/model_dir`.

        The file appears whole or not at all; an older one survives a full disk. It holds tensors and numbers only, and
        what numbers stand for: tokens, categories, classes, which `load` compares.
        Of several processes rank 0 writes and the others wait for it: all of them must call it.

        Args:
            file: A name, without `.pth`; an absolute path; a name ending in `.safetensors` (weights only); or an
                open binary file.
            return_path: Return where it went.
            with_opt: Save the optimiser's state as well.

        Raises:
            ArgumentTypeError: `file` is none of these.
            FileWriteError: it could not be written; says why.
        """
        target = file if hasattr(file, "write") else self._file(_checked("save", file))
        flat = isinstance(target, Path) and target.suffix == ".safetensors"
        state: Any = whole_weights(get_model(self.model))
        if with_opt and not flat and self.opt is not None:
            state = {"model": state, "opt": self.opt.state_dict(), **self._states_to_keep()}
        inputs, labels = numbering_of(self.data)
        numbering = inputs | labels
        if not flat and numbering and isinstance(state.get("opt"), Mapping):
            state[KEY] = numbering
        elif not flat and inputs:  # else a file without optimizer stays a plain dict of tensors
            state = {"model": state, KEY: numbering}
        try:
            if is_first_process():
                write_state(target, state, as_metadata(numbering) if flat else None)
        finally:
            distrib_barrier()
        return target if return_path else None

    @known_keywords_only
    def load(
        self,
        file: Any = None,
        device: Any = None,
        strict: bool = True,
        with_opt: bool | None = None,
        purge: bool = False,
        remove_module: bool = False,
    ) -> Any:
        """Load weights that `save` wrote, or any `.pth` or `.safetensors` of tensors.

        Args:
            file: A name below `path/model_dir`, with or without its ending, an absolute path, or an open file.
            device: Where to read it to; the data's device when None.
            strict: Every key and shape must agree; else what agrees is loaded, and a warning names the rest.
            with_opt: Load the optimiser's state: True must, False never, None where it fits.
            purge: Free what is cached first.
            remove_module: Take the `module.` of DataParallel off the keys.

        Returns:
            The learner.

        Raises:
            FileMissingError: there is no such file; names the nearest.
            FileFormatError: it is foreign or damaged, keys or shapes differ (names them), or the numbers of its inputs
                stand for other tokens or categories than here.
        """
        if purge:
            self.purge()
        source = file if hasattr(file, "read") else self._existing(_checked("load", file))
        device = self.data.device if device is None else exact_device(device)
        state = read_state(source, device)
        weights, opt_state = split_state(state, source)
        check_numbering("load", source, numbering_in(state, source), self.data, strict)
        fit_state(get_model(self.model), weights, strict, remove_module, source)
        if with_opt is not False:
            self._load_opt(opt_state, must=bool(with_opt), source=source)
            with file_gate("load", source):
                self.load_callback_states(state.get("callbacks", {}) if opt_state is not None else {})
        return self

    def callback_states(self) -> dict[str, Any]:
        """Return the states of the learner's own callbacks that have one, such as a loss scale, by class."""
        return {name: callback.state_dict() for name, callback in self._stateful().items()}

    def load_callback_states(self, states: Mapping[str, Any]) -> None:
        """Give the callbacks their states back; those that are not here now are passed over.

        Args:
            states: What `callback_states` returned.
        """
        for name, callback in self._stateful().items():
            if name in states:
                callback.load_state_dict(states[name])

    def _stateful(self) -> dict[str, Any]:
        return {type(kept).__name__: kept for kept in self.callbacks if hasattr(kept, "load_state_dict")}

    def _states_to_keep(self) -> dict[str, Any]:
        states = self.callback_states()
        return {"callbacks": states} if states else {}

    def _existing(self, file: Any) -> Path:
        """Return the file meant by a name: as it is said, or with one of the endings."""
        tried = [
            Path(self.path) / self.model_dir / os.fspath(file),
            *(self._file(file, s) for s in _SUFFIXES),
        ]
        return next((path for path in tried if path.is_file()), self._file(file))

    def _load_opt(self, opt_state: Any, must: bool, source: Any) -> None:
        if opt_state is None:
            if must:
                raise FileFormatError(
                    f"load: {source} holds no optimiser. Pass with_opt=False, or save with_opt=True."
                )
            return
        if self.opt is None:
            self.create_opt(0.0)
        assert self.opt is not None
        try:
            _check_fits(self.opt, opt_state)
            self.opt.load_state_dict(opt_state)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            if must:
                raise FileFormatError(
                    f"load: the optimiser in {source} does not fit this learner's: {error} "
                    f"Freeze the layer groups as when it was saved, or pass with_opt=False."
                ) from error

    def purge(self, clear_opt: bool = True) -> Any:
        """Free what training left in memory: gradients, the optimiser's moments, cached blocks.

        Args:
            clear_opt: Forget the optimiser's moments too.

        Returns:
            The learner.
        """
        for parameter in self.model.parameters():
            parameter.grad = None
        if clear_opt and self.opt is not None:
            self.opt.clear()
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        return self

    @known_keywords_only
    def export(self, file: Any = "export.safetensors", destroy: bool = False) -> Any:
        """Write all that is needed to predict: weights, architecture by name, transforms, classes.

        The file is safetensors with a JSON manifest; reading it runs no code. It does not hold the data.
        Of several processes rank 0 writes and the others wait for it: all of them must call it.

        Args:
            file: A name below `learn.path`, an absolute path, or an open file of bytes.
            destroy: Destroy the learner afterwards.

        Returns:
            Where it went: a path, or the open file.

        Raises:
            ArgumentError: something (a transform, a loss) has no registered name; names it and the cure.
        """
        target = file if hasattr(file, "write") else Path(self.path) / os.fspath(_checked("export", file))
        weights = whole_weights(get_model(self.model))
        try:
            if is_first_process():
                with path_to_write(target) as path:
                    exporting.write(self, path, weights)
        finally:
            distrib_barrier()
        if destroy:
            self.destroy()
        return target

    def more_settings(self) -> dict[str, Any]:
        """Return the keywords of this kind of learner, beside those of `Learner`, that an export keeps."""
        return {}

    def destroy(self) -> None:
        """Let go of everything the learner holds, to free memory for the next one."""
        gone = _Destroyed()
        for name in vars(self):
            setattr(self, name, gone)
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        print("this Learner object self-destroyed - it still exists, but no longer usable")


class _Destroyed:
    """Stand where a destroyed learner had something; say so when it is used."""

    def _refuse(self, *args: Any, **kwargs: Any) -> Any:
        raise TrainingError(
            "Learner: was destroyed (learn.destroy()). Make a new one, or load_learner an export."
        )

    __getattr__ = __call__ = __len__ = __iter__ = __fspath__ = _refuse

    def __repr__(self) -> str:
        return "destroyed"

    short_repr = __repr__


def _checked(owner: str, file: Any) -> Any:
    """Refuse what is no file name."""
    if file is None:
        raise ArgumentTypeError(
            f"{owner}: file must be a name; none was given. Pass one, e.g. {owner}('stage-1')."
        )
    if not isinstance(file, (str, os.PathLike)) or not os.fspath(file):
        raise ArgumentTypeError(explain(owner, "file", "must be a name or a path", file))
    return file


def _check_fits(opt: OptimWrapper, state: Mapping[str, Any]) -> None:
    """Compare the shapes of an optimiser's state with its parameters."""
    mine = [parameter for group in opt.opt.param_groups for parameter in group["params"]]
    check_form("load", "the optimizer state", state, OPT_FORM)
    theirs = [index for group in state["param_groups"] for index in group["params"]]
    if len(mine) != len(theirs):
        raise ArgumentError(f"it has {len(theirs)} parameters, this one {len(mine)}.")
    check_moments(opt.opt, state)
    for parameter, index in zip(mine, theirs):
        for name, value in state["state"].get(index, {}).items():
            if isinstance(value, Tensor) and value.ndim and value.shape != parameter.shape:
                raise ArgumentError(
                    f"{name} has shape {tuple(value.shape)} for a parameter {tuple(parameter.shape)}."
                )
