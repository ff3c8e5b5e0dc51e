"""Runs that survive: checkpoints while a learner trains, and the way back into the middle of an epoch."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onecycle.errors import (
    ArgumentError,
    ArgumentTypeError,
    FileFormatError,
    TrainingError,
    did_you_mean,
    explain,
)
from onecycle.learning.run_call import call_args
from onecycle.training.fingerprint import Print, differences, fingerprint
from onecycle.training.keeper import RunKeeper, warn_of_another_run
from onecycle.training.run_form import RUN_FORM, check_fits
from onecycle.training.run_point import is_begun, point_of_all
from onecycle.utils.distributed import print_once
from onecycle.utils.registry import encode

__all__: list[str] = []

# The methods with which a run can begin, and the only ones that a checkpoint can name. A new way to train is decorated
# with `keeps_runs` and gets its row here; tests/contract/test_ways_to_train.py finds one that was forgotten.
WAYS_TO_TRAIN = ("fit", "fit_fc", "fit_one_cycle", "fit_progressive", "fit_sgdr", "fine_tune")

_EVERY, _KEEP = "1 epoch", 3
_DEFAULTS = {"checkpoint": None, "every": _EVERY, "keep": _KEEP, "resume": False}
RUN_KEYWORDS = tuple(_DEFAULTS)


def keeps_runs(method: Callable[..., None]) -> Callable[..., None]:
    """Let a method that trains take `checkpoint`, `every`, `keep` and `resume`.

    Raises:
        ArgumentError: its name is not among `WAYS_TO_TRAIN`, so that `learn.resume` would not find it.
    """
    if method.__name__ not in WAYS_TO_TRAIN:
        rule = f"must be one of {', '.join(WAYS_TO_TRAIN)}"
        raise ArgumentError(explain("keeps_runs", "method", rule, method.__name__))

    @wraps(method)
    def train(learn: Any, *args: Any, **kwargs: Any) -> None:
        run = {name: kwargs.pop(name, default) for name, default in _DEFAULTS.items()}
        folder = run.pop("checkpoint")
        if folder is None:
            _refuse_without_folder(method.__name__, run)
            return method(learn, *args, **kwargs)
        if learn.keeper is not None:
            raise TrainingError(f"{method.__name__}: checkpoint= goes to the outermost call that trains.")
        call = _call_of(method, learn, args, kwargs)
        point = _point_of(learn, _checked_folder(folder), call, run.pop("resume"))
        if point is not None:
            _refuse_finished(learn, point, folder, method.__name__)
        return _kept(method, learn, args, kwargs, Path(folder), call, point, **run, checks_seed=True)

    train.__signature__ = _with_run_keywords(method)  # type: ignore[attr-defined]
    return train


def _with_run_keywords(method: Callable[..., None]) -> inspect.Signature:
    signature = inspect.signature(method)
    named = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    rest = [p for p in signature.parameters.values() if p.kind is p.VAR_KEYWORD]
    more = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=d) for name, d in _DEFAULTS.items()]
    return signature.replace(parameters=[*named, *more, *rest])


def _refuse_without_folder(owner: str, run: dict[str, Any]) -> None:
    given = [name for name in ("every", "keep", "resume") if run[name] != _DEFAULTS[name]]
    if given:
        raise ArgumentTypeError(f"{owner}: {', '.join(given)} needs checkpoint=, the folder of the run.")


def _checked_folder(folder: Any) -> Path:
    if not isinstance(folder, (str, os.PathLike)) or not os.fspath(folder):
        raise ArgumentTypeError(explain("fit", "checkpoint", "must be the path of a folder", folder))
    return Path(folder)


def _call_of(method: Callable[..., None], learn: Any, args: Any, kwargs: Any) -> dict[str, Any]:
    """Return the call as JSON, less the callbacks, which are given again."""
    bound = inspect.signature(method).bind(learn, *args, **kwargs).arguments
    bound.pop("callbacks", None)
    given = {name: value for name, value in list(bound.items())[1:] if name != "unknown"}
    return {"method": method.__name__, "args": encode(given)}


def _point_of(learn: Any, folder: Path, call: dict[str, Any], resume: bool) -> Any:
    """Return the state to go on from, or None where a run begins."""
    if not is_begun(folder):
        return None
    if not resume:
        raise TrainingError(
            f"{call['method']}: {str(folder)!r} holds checkpoints of a run already. Go on with it by learn.resume("
            f"{str(folder)!r}) or resume=True, or pass another folder."
        )
    point = point_of_all(folder, RUN_FORM)
    _check_same(learn, point, call, strict=True)
    check_fits(point, learn, folder)
    return point


def _check_same(learn: Any, point: dict[str, Any], call: dict[str, Any], strict: bool) -> None:
    """Refuse another model always; other data and settings unless told to go on."""
    now = fingerprint(learn, call)
    parts = ("model", "data", "settings") if strict else ("model",)
    found = differences(point["parts"], now, parts)
    if found:
        cure = "Make them as they were, or go on all the same with learn.resume(folder, strict=False)."
        if found[0].startswith("model:"):
            cure = "Build the model as it was: its weights cannot go into another one."
        raise TrainingError(f"resume: the run was made of something else. {'. '.join(found)}. {cure}")


def _kept(
    method: Callable[..., None],
    learn: Any,
    args: Any,
    kwargs: Any,
    folder: Path,
    call: dict[str, Any],
    point: Any,
    every: Any,
    keep: int,
    checks_seed: bool = False,
) -> None:
    """Train with a keeper."""
    parts = fingerprint(learn, call)
    if point is not None:
        is_known = _is_the_same_run(learn, point) or _warn_of_other_weights(point, parts, folder)
        checks_seed = checks_seed and not is_known
        parts["start"] = point["parts"].get("start", {})
        _as_then(learn, point)
        if point["finished"]:
            print_once(
                f"The run in {str(folder)!r} is finished, after {point['epochs_done']} epochs. Nothing is trained: the "
                f"learner gets its weights and its record. For another run pass another folder."
            )
    keeper = RunKeeper(learn, folder, every, keep, call, point, parts, checks_seed and point is not None)
    learn.keeper, learn.kept_run = keeper, keeper.run
    try:
        method(learn, *args, **kwargs)
    finally:
        learn.keeper.close()
        learn.keeper = None


def _is_the_same_run(learn: Any, point: dict[str, Any]) -> bool:
    """Say whether the learner itself began or continued this run."""
    return bool(point.get("run")) and learn.kept_run == point["run"]


def _refuse_finished(learn: Any, point: dict[str, Any], folder: Any, caller: str) -> None:
    """Refuse to train again what this learner has finished: a second call would train nothing."""
    if point["finished"] and _is_the_same_run(learn, point):
        raise TrainingError(
            f"{caller}: this learner has finished the run in {str(folder)!r}, so that resume=True leaves nothing to "
            f"train. One folder holds one run: pass another folder to train on."
        )


def _warn_of_other_weights(point: dict[str, Any], parts: Print, folder: Path) -> bool:
    """Warn of a learner that does not come with the weights with which the run began; say whether that was so."""
    then, now = point["parts"].get("start", {}).get("weights"), parts["start"]["weights"]
    differs = bool(then) and bool(now) and then != now
    if differs:
        warn_of_another_run(folder, "weights")
    return differs


def _as_then(learn: Any, point: dict[str, Any]) -> None:
    """Freeze what was frozen when the run began, and let the optimiser be made for that."""
    for parameter, learns in zip(learn.model.parameters(), point["trainable"], strict=True):
        parameter.requires_grad_(learns)
    learn.opt = None


class Resuming:
    """Take up a run where its last checkpoint stands."""

    if TYPE_CHECKING:
        keeper: RunKeeper | None
        kept_run: str  # name of the latest run with a folder

    @property
    def resuming(self) -> bool:
        """Whether a run is being taken up, for callbacks that begin files."""
        return self.keeper is not None and self.keeper.point is not None

    def resume(self, checkpoint: str | os.PathLike[str], callbacks: Any = None, strict: bool = True) -> None:
        """Go on with a run that was killed, at the batch after its last checkpoint.

        The learner must be made as it was when the run began; what came of that call of `fit` (epochs, rates, schedule)
        is in the checkpoint. On a CPU the run ends bit for bit where an uninterrupted one does, with any number of
        workers.

        Args:
            checkpoint: The folder that was given as `checkpoint=` to `fit`, `fit_one_cycle` …
            callbacks: Those that were given to that call, made anew.
            strict: Refuse other data and other settings than those of the run.

        Raises:
            FileMissingError: the folder holds no checkpoint.
            FileFormatError: no checkpoint is sound, the newest is of a newer version, or it names a method that is no
                way to train, or arguments that it cannot have.
            FileReadError: the newest cannot be read now, which does not make it damaged.
            TrainingError: the model, the data, the settings or the callbacks are others; says what differs. Or another
                process trains with the folder.

        Example:
            learn.fit_one_cycle(5, 1e-3, checkpoint="run", every="5 minutes")  # killed in the third epoch
            learn.resume("run")  # in a new process, after making `learn` again
        """
        folder = _checked_folder(checkpoint)
        point = point_of_all(folder, RUN_FORM)
        call = point["call"]
        method = _method_of(self, call["method"], folder)
        args = call_args(method, call, folder)
        _check_same(self, point, call, strict)
        check_fits(point, self, folder)
        given = {} if callbacks is None else {"callbacks": callbacks}
        _kept(method, self, (), {**args, **given}, folder, call, point, point["every"], point["keep"])


def _method_of(learn: Any, name: str, folder: Path) -> Callable[..., None]:
    """Return the way to train that a checkpoint names.

    Raises:
        FileFormatError: it names something else.
    """
    if name not in WAYS_TO_TRAIN:
        hint = "The checkpoint is damaged or forged." + did_you_mean(name, WAYS_TO_TRAIN)
        what, rule = f"the method of the run in {str(folder)!r}", f"must be one of {', '.join(WAYS_TO_TRAIN)}"
        raise FileFormatError(explain("resume", what, rule, name, hint))
    return getattr(type(learn), name)
