"""Error classes and the one way a sentence for the reader is built."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

__all__ = [
    "ArgumentError",
    "ArgumentTypeError",
    "CallbackError",
    "DataError",
    "DownloadError",
    "ErrorList",
    "FileFormatError",
    "NotRegisteredError",
    "OnecycleError",
    "OutOfMemoryError",
    "StepError",
    "TrainingError",
    "add_context",
    "check_function",
    "check_keywords",
    "describe",
    "did_you_mean",
    "explain",
    "known_keywords_only",
]

P = ParamSpec("P")
R = TypeVar("R")


class OnecycleError(Exception):
    """Stand above every error that this library raises on purpose."""


class ArgumentError(OnecycleError, ValueError):
    """An argument has the right type and a value that cannot be used."""


class ArgumentTypeError(OnecycleError, TypeError):
    """An argument has the wrong type, or a keyword is unknown."""


class DataError(OnecycleError, ValueError):
    """The user's data cannot be read or does not fit together."""


class FileFormatError(OnecycleError, ValueError):
    """A file is foreign, damaged or of a newer version."""


class DownloadError(OnecycleError, OSError):
    """A download did not arrive whole."""


class CallbackError(OnecycleError):
    """A callback breaks its contract."""


class TrainingError(OnecycleError, RuntimeError):
    """Training cannot go on; the learner stays usable."""


class OutOfMemoryError(OnecycleError, MemoryError):
    """There is not enough memory for something; its file need not be damaged."""


class StepError(OnecycleError, AttributeError):
    """A step is asked for where it cannot be taken yet, or any more."""


class NotRegisteredError(OnecycleError, LookupError):
    """A name in a file, or an object to be named, is not in the registry."""


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


MISSING: Any = _Missing()
_LONGEST_VALUE = 80


def describe(value: Any) -> str:
    """Describe a received value with its type, and its shape where it has one.

    Example:
        >>> describe(3)
        '3 (int)'
    """
    shape = getattr(value, "shape", None)
    kind = type(value).__name__
    if shape is not None and not callable(shape):
        return f"{kind} of shape {tuple(shape)}"
    text = repr(value)
    if len(text) > _LONGEST_VALUE:
        text = text[: _LONGEST_VALUE - 1] + "…"
    return f"{text} ({kind})"


def explain(owner: str, parameter: str, rule: str, value: Any = MISSING, cure: str = "") -> str:
    """Build `owner: parameter must be rule; got value (type). What to do.`

    Args:
        owner: The function or class that received the value, e.g. `fit_one_cycle`.
        parameter: The parameter's name; empty where the sentence is about the owner itself.
        rule: What has to hold, beginning with `must …` or any other verb.
        value: What was received; left out of the sentence when not given.
        cure: What the reader can do about it, one sentence.

    Example:
        >>> explain("fit", "epochs", "must be at least 1", 0, "Pass fit(1).")
        'fit: epochs must be at least 1; got 0 (int). Pass fit(1).'
    """
    subject = f"{parameter} " if parameter else ""
    got = "" if value is MISSING else f"; got {describe(value)}"
    ending = f" {cure}" if cure else ""
    return f"{owner}: {subject}{rule}{got}.{ending}"


# Words of the field, and of other libraries, for what has a short name here.
_FIELD_WORDS = {
    "arch": ("base_arch",),
    "architecture": ("base_arch",),
    "batch_size": ("bs",),
    "cls": ("label_cls",),
    "criterion": ("loss_func",),
    "dropout": ("ps",),
    "epochs": ("cyc_len", "tot_epochs"),
    "filename": ("file",),
    "fname": ("file",),
    "image_size": ("size",),
    "img_size": ("size",),
    "item_tfms": ("ds_tfms", "tfms"),
    "learning_rate": ("lr", "max_lr"),
    "loss": ("loss_func",),
    "lr": ("max_lr",),
    "lr_max": ("max_lr",),
    "max_lr": ("lr",),
    "n_epoch": ("cyc_len", "epochs"),
    "name": ("file",),
    "num_epochs": ("cyc_len", "epochs"),
    "opt": ("opt_func",),
    "optimizer": ("opt_func",),
    "pct": ("valid_pct", "sample_pct"),
    "pattern": ("pat",),
    "resize": ("size",),
    "test_size": ("valid_pct",),
    "tfms": ("ds_tfms",),
    "transform": ("tfms", "ds_tfms"),
    "transforms": ("tfms", "ds_tfms"),
    "valid": ("valid_pct",),
    "val_pct": ("valid_pct",),
    "weight_decay": ("wd",),
    "workers": ("num_workers",),
}


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ` Did you mean 'x'?` for the nearest known word, or an empty string.

    Example:
        >>> did_you_mean("acuracy", ["accuracy", "dice"])
        " Did you mean 'accuracy'?"
        >>> did_you_mean("batch_size", ["batch_sampler", "bs"])
        " Did you mean 'bs'?"
    """
    words = [str(k) for k in known]
    same = [name for name in _FIELD_WORDS.get(str(word), ()) if name in words]
    near = same or difflib.get_close_matches(str(word), words, n=1, cutoff=0.6)
    return f" Did you mean {near[0]!r}?" if near else ""


def check_keywords(owner: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Refuse keywords that the owner does not know.

    Raises:
        ArgumentTypeError: names each unknown keyword, the nearest known one and all known ones.
    """
    allowed = list(known)
    unknown = [name for name in given if name not in allowed]
    if not unknown:
        return
    said = "; ".join(f"unknown keyword {name!r}.{did_you_mean(name, allowed)}" for name in unknown)
    raise ArgumentTypeError(f"{owner}: {said} Known keywords: {', '.join(sorted(allowed))}.")


def known_keywords_only(function: Callable[P, R]) -> Callable[P, R]:
    """Make a function refuse an unknown keyword with the nearest one it knows.

    Example:
        >>> @known_keywords_only
        ... def split(valid_pct=0.2): ...
        >>> split(valid_pc=0.1)
        Traceback (most recent call last):
        onecycle.errors.ArgumentTypeError: split: unknown keyword 'valid_pc'. Did you mean 'valid_pct'? ...
    """
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    parameters = inspect.signature(function).parameters.values()
    known = {p.name for p in parameters if p.kind in named} - {"self", "cls"}

    @wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        if not known.issuperset(kwargs):
            check_keywords(function.__name__, kwargs, known)
        return function(*args, **kwargs)

    return checked


def check_function(owner: str, parameter: str, value: Any) -> None:
    """Refuse what cannot be called.

    Raises:
        ArgumentTypeError: names the parameter.
    """
    if not callable(value):
        raise ArgumentTypeError(explain(owner, parameter, "must be a function", value))


def add_context(error: BaseException, **context: Any) -> None:
    """Add where it happened (file, item, batch, callback …) to an error on its way up.

    The note is printed below the message by Python 3.11's tracebacks.
    """
    note = ", ".join(f"{name}: {value}" for name, value in context.items())
    if note in getattr(error, "__notes__", ()):
        return
    if hasattr(error, "add_note"):
        error.add_note(note)
    else:  # Python 3.10: the attribute that later versions print
        error.__notes__ = [*getattr(error, "__notes__", ()), note]


class ErrorList:
    """Collect what is wrong and raise it once.

    Example:
        >>> errors = ErrorList("check")
        >>> errors.add("a.png is empty")
        >>> len(errors)
        1
    """

    def __init__(self, owner: str, longest: int = 5) -> None:
        self.owner, self.longest = owner, longest
        self.said: list[str] = []

    def __len__(self) -> int:
        return len(self.said)

    def add(self, sentence: str) -> None:
        """Remember one thing that is wrong."""
        self.said.append(sentence)

    def message(self) -> str:
        """Say all of it: the first few whole, the rest as a count."""
        shown = self.said[: self.longest]
        more = len(self.said) - len(shown)
        lines = [f"{self.owner}: {shown[0]}"] if len(self.said) == 1 else [
            f"{self.owner}: {len(self.said)} things are wrong.",
            *[f"  - {line}" for line in shown],
        ]
        return "\n".join(lines + ([f"  … and {more} more"] if more else []))

    def raise_if_any(self, error: type[OnecycleError] = DataError) -> None:
        """Raise the collected sentences as one error, if there are any."""
        if self.said:
            raise error(self.message())
