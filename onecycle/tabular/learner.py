"""Learners of tables."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from onecycle.errors import ArgumentError, ArgumentTypeError, check_keywords, explain
from onecycle.learner import Learner
from onecycle.learning.checks import check_data
from onecycle.tabular.models import TabularModel, checked_range
from onecycle.types import Floats
from onecycle.utils.values import to_list

__all__ = ["tabular_learner"]

_FEW = 0.1  # of the targets; noise may carry as many beyond what a model should say


def tabular_learner(
    data: Any,
    layers: Sequence[int],
    emb_szs: Mapping[Any, int] | None = None,
    metrics: Any = None,
    ps: Floats | None = None,
    emb_drop: float = 0.0,
    y_range: Any = None,
    use_bn: bool = True,
    **learn_kwargs: Any,
) -> Learner:
    """Make a learner of a table: embeddings of categories beside scaled numbers, then linear layers.

    Args:
        data: The data of a `TabularList`; `data.c` is the number of outputs.
        layers: Widths of the hidden layers.
        emb_szs: Widths of embeddings: column -> width; for the others see `emb_sz_rule`.
        metrics: Functions of (output, target), or metric objects.
        ps: Dropout of each hidden layer, between 0 and 1, or one number for all.
        emb_drop: Dropout of the embeddings, between 0 and 1.
        y_range: Smallest and largest output, e.g. `(0, 5.5)`.
        use_bn: Batch norms between the layers.
        **learn_kwargs: What `Learner` takes: wd, loss_func, callback_fns, path …

    Raises:
        ArgumentTypeError: a keyword is unknown, or the data are no table.
        ArgumentError: `data` does not tell the number of outputs, or a setting is out of its range.

    Example:
        learn = tabular_learner(data, layers=[200, 100], metrics=accuracy)
        learn.fit_one_cycle(3, 1e-2)
    """
    check_keywords("tabular_learner", learn_kwargs, keywords_of(tabular_learner))
    check_data("tabular_learner", data)
    if not hasattr(data, "get_emb_szs"):
        cure = "Begin the data with TabularList.from_df."
        raise ArgumentTypeError(explain("tabular_learner", "data", "must be the data of a table", data, cure))
    if not isinstance(data.c, int) or data.c < 1:
        cure = "Label the rows, e.g. with label_from_df, or set data.c."
        raise ArgumentError(explain("tabular_learner", "data.c", "must be the number of outputs", data.c, cure))
    args = {
        "emb_szs": data.get_emb_szs(emb_szs), "n_cont": len(data.cont_names), "out_sz": data.c,
        "layers": _widths(layers), "ps": _plain(ps), "emb_drop": emb_drop,
        "y_range": _plain(checked_range("tabular_learner", y_range)), "use_bn": use_bn,
    }  # fmt: skip
    warn_of_range("tabular_learner", data, args["y_range"])
    learn = Learner(data, TabularModel(**args), metrics=metrics, **learn_kwargs)
    learn.model_spec = {"builder": "TabularModel", "args": args}
    return learn


def keywords_of(maker: Callable[..., Any]) -> list[str]:
    """Return the keywords that a function that makes a learner knows: its own and those of `Learner`."""
    parameters = [inspect.signature(each).parameters.values() for each in (maker, Learner.__init__)]
    named = (p.name for several in parameters for p in several if p.kind is not p.VAR_KEYWORD)
    return [name for name in dict.fromkeys(named) if name not in ("self", "model")]


def warn_of_range(owner: str, data: Any, y_range: Sequence[float] | None) -> None:
    """Warn where many targets of the training set lie outside the range of the outputs, which can never reach them."""
    labels = getattr(data.train_ds, "y", None)
    targets = getattr(labels, "items", None)
    if y_range is None or not isinstance(targets, np.ndarray) or targets.dtype.kind != "f" or not targets.size:
        return
    is_log = bool(getattr(labels, "log", False))
    targets = np.log(targets) if is_log else targets
    outside = float(((targets < y_range[0]) | (targets > y_range[1])).mean())
    if outside > _FEW:
        what = "logarithms of the targets" if is_log else "targets"
        warnings.warn(
            f"{owner}: y_range is {tuple(y_range)} and the {what} go from {targets.min():g} to {targets.max():g}: no "
            f"output can reach the {outside:.0%} outside. Pass a range a little wider than the {what}.",
            UserWarning,
            stacklevel=3,
        )


def _widths(layers: Any) -> list[int]:
    widths = to_list(layers)
    if not all(isinstance(width, (int, np.integer)) and width > 0 for width in widths):
        raise ArgumentError(explain("tabular_learner", "layers", "must be widths such as [200, 100]", layers))
    return [int(width) for width in widths]


def _plain(value: Any) -> Any:
    """Return numbers in a tensor, an array or a tuple as a list, which a file can hold."""
    if hasattr(value, "tolist"):
        return value.tolist()
    return list(value) if isinstance(value, tuple) else value
