"""Calls of the ways to train in the order and with the keywords of fastai 0.7, and what to write instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from onecycle.errors import ArgumentError, ArgumentTypeError, explain
from onecycle.utils.values import to_numbers, to_scalar

__all__: list[str] = []

_RESTARTS = {"cycle_len": "cycle_len", "cycle_mult": "cycle_mult", "cycle_save_name": "save_as"}
_ONE_CYCLE = ("use_clr", "use_clr_beta")
_OTHERS = ("wds", "use_wd_sched", "norm_wds", "best_save_name", "use_swa", "swa_start", "n_cycle", "lrs")
_KEYWORDS = {*_RESTARTS, *_ONE_CYCLE, *_OTHERS}


def check_order(caller: str, epochs: Any, rate: Any) -> None:
    """Refuse a rate in the place of the epochs where the epochs stand in the place of the rate.

    Raises:
        ArgumentError: gives the call with both in their places.
    """
    if not _is_count(epochs) and _is_count(rate):
        hint = f"The epochs come first, then the rate: {caller}({_written(rate)}, {_written(epochs)})."
        raise ArgumentError(explain(caller, "epochs", "must be a whole number of at least 1", epochs, hint))


def check_keywords_of_2018(epochs: Any, rate: Any, unknown: Mapping[str, Any]) -> None:
    """Refuse keywords of fastai 0.7's `fit`.

    Raises:
        ArgumentTypeError: names them and gives the call that does the same.
    """
    old = [name for name in unknown if name in _KEYWORDS]
    if old:
        several = "s" if len(old) > 1 else ""
        names = ", ".join(map(repr, old))
        raise ArgumentTypeError(
            f"fit: unknown keyword{several} {names} of fastai 0.7. Write learn.{_call_of_today(epochs, rate, unknown)}."
        )


def _call_of_today(epochs: Any, rate: Any, old: Mapping[str, Any]) -> str:
    cycles, rate = (epochs, rate) if _is_count(epochs) else (rate, epochs)
    arguments: dict[str, Any] = {}
    if any(name in old for name in _ONE_CYCLE):
        name, cycles = "fit_one_cycle", old.get("cycle_len", 1)
    elif any(name in old for name in _RESTARTS):
        name = "fit_sgdr"
        arguments = {_RESTARTS[given]: value for given, value in old.items() if given in _RESTARTS}
    else:
        name = "fit"
    if "wds" in old:
        arguments["wd"] = old["wds"]
    keywords = [f"{keyword}={_written(value)}" for keyword, value in arguments.items()]
    return f"{name}({', '.join([_written(cycles), _written(rate), *keywords])})"


def _is_count(value: Any) -> bool:
    value = to_scalar(value)
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _written(value: Any) -> str:
    """Return a number or a list of them as one types it."""
    return repr(to_numbers(value))
