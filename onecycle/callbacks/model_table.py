"""The summary of a learner: its model as a table, then the optimiser, the loss and the callbacks."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from onecycle.nn.dry_run import dummy_batch
from onecycle.nn.summary import summary_table
from onecycle.utils.collections import recurse
from onecycle.utils.seeding import global_rng_kept
from onecycle.utils.words import PrettyString

__all__ = ["model_summary"]


def model_summary(m: Any, n: int = 70) -> str:
    """Return the table of a model's layers: name, output shape, parameters, whether they learn.

    Args:
        m: A learner, whose first validation batch is one item of the run; or a model that takes 64x64 pictures.
        n: Width of the table in characters.

    Returns:
        The table; for a learner with a line each on the optimiser, the loss and the callbacks.
    """
    if isinstance(m, nn.Module):
        return PrettyString(summary_table(m, dummy_batch(m), n))
    with global_rng_kept():
        xb = _one_input(m.data)
    return PrettyString(summary_table(m.model, xb, n) + _about(m))


def _one_input(data: Any) -> Any:
    """Return the inputs of one item, on the data's device."""
    dl = data.train_dl if getattr(data, "fix_dl", None) is None else data.fix_dl
    xb = dl.one_batch()[0] if hasattr(dl, "one_batch") else next(iter(dl))[0]
    return recurse(lambda part: part[:1] if isinstance(part, Tensor) else part, xb)


def _about(learn: Any) -> str:
    made = learn.opt_func
    settings = getattr(made, "keywords", {})
    name = getattr(getattr(made, "func", made), "__name__", repr(made))
    said = "".join(f", {key}={value}" for key, value in settings.items())
    kinds = [getattr(getattr(fn, "func", fn), "__name__", repr(fn)) for fn in learn.callback_fns]
    kinds += [type(callback).__name__ for callback in learn.callbacks]
    loss = getattr(learn.loss_func, "__name__", None) or str(learn.loss_func)
    return (
        f"\nOptimized with {name}{said}; true_wd={learn.true_wd}, wd={learn.wd}\n"
        f"Loss function: {loss}\nCallbacks: {', '.join(kinds)}\n"
    )
