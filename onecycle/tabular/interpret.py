"""Looks at what a learner of a table makes of its columns: which matter, what categories mean, how outputs depend."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from onecycle.data.loaders import DatasetType
from onecycle.errors import ArgumentError, ArgumentTypeError, check_function, explain
from onecycle.nn.losses import activation_for
from onecycle.nn.surgery import get_model
from onecycle.tabular.interpret_plots import draw_categories, draw_dependence, draw_importance
from onecycle.tabular.whole_set import WholeSet, no_column, rows_of_learner
from onecycle.utils.checks import check_numbers
from onecycle.utils.components import pca
from onecycle.utils.seeding import Stream, mix

__all__ = ["embedding_pca", "feature_importance", "partial_dependence"]


def feature_importance(
    learn: Any,
    ds_type: DatasetType = DatasetType.Valid,
    metric: Callable[[Tensor, Tensor], Any] | None = None,
    repeats: int = 3,
    seed: int = 0,
    plot: bool = True,
    k: int = 20,
    ax: Any = None,
    rows: int | None = None,
) -> Any:
    """Measure how much worse a model gets when the values of a column are exchanged between the rows; plot it.

    Columns that say the same share their importance: each can do without the other.

    Args:
        learn: A trained learner of a table.
        ds_type: Which set; the training set is taken in order.
        metric: A function of (predictions, targets) that is low where predictions are good; the mean of the learner's
            loss when left out. For one that is high where they are good importances are negative.
        repeats: How often each column is exchanged, at least 1.
        seed: Of the exchanges.
        plot: Draw the largest as bars.
        k: How many bars, at least 1.
        ax: Where to draw; a figure of its own when left out.
        rows: The most rows to look at, drawn from the set; all when left out, 100,000 of parquet files.

    Returns:
        A data frame, the most important first: `feature`, `importance` (how much the metric rises, the mean of the
        exchanges) and `std` (their standard deviation).

    Raises:
        ArgumentTypeError: the learner is not one of a table.
        ArgumentError: a number is out of its range.

    References:
        Breiman, "Random Forests" (2001), section 10.

    Example:
        feature_importance(learn)
    """
    import pandas as pd

    check_numbers("feature_importance", "repeats", repeats, "must be at least 1", lambda count: count >= 1)
    check_numbers("feature_importance", "k", k, "must be at least 1", lambda count: count >= 1)
    if metric is not None:
        check_function("feature_importance", "metric", metric)
    table = WholeSet("feature_importance", learn, ds_type, rows)
    measure = _mean_loss(learn) if metric is None else _of_predictions(learn, metric)
    base = measure(table.outputs(), table.targets)
    found = []
    for number, name in enumerate(table.names):
        draws = [Stream(mix(seed, number, again)).permutation(len(table)) for again in range(repeats)]
        worse = [measure(table.outputs(name, table.column(name)[order]), table.targets) - base for order in draws]
        found.append((name, float(np.mean(worse)), float(np.std(worse))))
    frame = pd.DataFrame(found, columns=["feature", "importance", "std"])
    frame = frame.sort_values("importance", ascending=False, kind="stable", ignore_index=True)
    if plot:
        draw_importance(frame.head(int(k)), "the loss" if metric is None else _name_of(metric), ax)
    return frame


def _mean_loss(learn: Any) -> Callable[[Tensor, Tensor], float]:
    device = learn.data.device
    return lambda outputs, targets: float(learn.loss_func(outputs.to(device), targets.to(device)))


def _of_predictions(learn: Any, metric: Callable[[Tensor, Tensor], Any]) -> Callable[[Tensor, Tensor], float]:
    activate = activation_for(learn.loss_func)
    return lambda outputs, targets: float(metric(activate(outputs), targets))


def _name_of(metric: Any) -> str:
    return str(getattr(metric, "__name__", type(metric).__name__))


def partial_dependence(
    learn: Any,
    name: Any,
    ds_type: DatasetType = DatasetType.Valid,
    grid: int = 20,
    target: Any = None,
    values: Sequence[Any] | None = None,
    plot: bool = True,
    ax: Any = None,
    rows: int | None = None,
) -> Any:
    """Predict all rows with one value of a column, then with the next: how the mean depends on it; plot it.

    Args:
        learn: A trained learner of a table.
        name: The column.
        ds_type: Which set; the training set is taken in order.
        grid: For numbers: how many values, between their 2nd and 98th percentile; at least 2.
        target: For classes: the one whose probability is taken, the last when left out. For several numbers: which.
        values: The values, in place of those of the set; names of categories or numbers.
        plot: Draw it.
        ax: Where to draw; a figure of its own when left out.
        rows: The most rows to look at, drawn from the set; all when left out, 100,000 of parquet files.

    Returns:
        A data frame: `value`, `mean` of the predictions, and `low` and `high`, the quarter and three quarters of the
        rows that are below. Numbers that are learned by their logarithm are numbers here.

    Raises:
        ArgumentTypeError: the learner is not one of a table.
        ArgumentError: there is no such column, category or class.

    References:
        Friedman, "Greedy function approximation: a gradient boosting machine" (2001), section 8.2.

    Example:
        partial_dependence(learn, "age", target=">=50k")
    """
    import pandas as pd

    check_numbers("partial_dependence", "grid", grid, "must be at least 2", lambda count: count >= 2)
    table = WholeSet("partial_dependence", learn, ds_type, rows)
    shown, inner = table.grid_of(name, int(grid)) if values is None else table.given(name, _listed(values))
    pick = _picked(learn, target)
    found = []
    for value, put in zip(shown, inner, strict=True):
        preds = pick(table.outputs(name, put))
        low, high = torch.quantile(preds, torch.tensor([0.25, 0.75])).tolist()
        found.append((value, float(preds.mean()), low, high))
    frame = pd.DataFrame(found, columns=["value", "mean", "low", "high"])
    if plot:
        draw_dependence(frame, name, table.is_category(name), _label_of(learn, target), ax)
    return frame


def _listed(values: Any) -> list[Any]:
    return list(values) if hasattr(values, "__iter__") and not isinstance(values, str) else [values]


def _picked(learn: Any, target: Any) -> Callable[[Tensor], Tensor]:
    """Return what makes one number a row, `(N,)`, of a model's outputs."""
    activate, index = activation_for(learn.loss_func), _index_of(learn, target)
    amounts = getattr(getattr(learn.data.train_ds, "y", None), "amounts", lambda preds: preds)

    def pick(outputs: Tensor) -> Tensor:
        preds = amounts(activate(outputs).float())
        return preds.reshape(len(preds), -1)[:, index]

    return pick


def _index_of(learn: Any, target: Any) -> int:
    classes = getattr(learn.data, "classes", None)
    known = list(classes) if isinstance(classes, (list, tuple)) else []
    if target is None:
        return -1
    if target in known:
        return known.index(target)
    if not known and isinstance(target, int) and 0 <= target < (learn.data.c or 1):
        return target
    rule = f"must be one of {known}" if known else f"must be a number from 0 to {(learn.data.c or 1) - 1}"
    raise ArgumentError(explain("partial_dependence", "target", rule, target))


def _label_of(learn: Any, target: Any) -> str:
    classes = getattr(learn.data, "classes", None)
    if isinstance(classes, (list, tuple)) and classes:
        return f"probability of {classes[-1] if target is None else target}"
    return "prediction" if target is None else f"prediction {target}"


def embedding_pca(
    learn: Any, name: Any, k: int = 2, most: int = 60, plot: bool = True, ax: Any = None
) -> Any:
    """Return what a model learnt of the categories of a column, in the directions in which they differ most; plot it.

    Args:
        learn: A trained learner of a table, or of ratings.
        name: The column of categories.
        k: How many directions, at least 1.
        most: How many categories are written, those of the training set with the most rows.
        plot: Draw the first two directions.
        ax: Where to draw; a figure of its own when left out.

    Returns:
        A data frame with one row a category: `category`, `rows` (in the training set), and the directions 0, 1 …

    Raises:
        ArgumentTypeError: the learner is not one of a table.
        ArgumentError: there is no such column of categories, or it has fewer factors than `k`.

    References:
        Guo and Berkhahn, "Entity Embeddings of Categorical Variables" (2016), section 4.4.

    Example:
        embedding_pca(learn, "State")
    """
    import pandas as pd

    items = rows_of_learner("embedding_pca", learn)
    names = list(items.cat_names)
    if name not in names:
        raise ArgumentError(no_column("embedding_pca", name, names, "column of categories"))
    place = names.index(name)
    classes = items.classes[name][1:]
    if len(classes) < 2:
        rule = "must be a column of at least two categories"
        raise ArgumentError(explain("embedding_pca", "name", rule, name))
    factors = _embedding(learn, place).weight.detach().cpu()[1:]
    check_numbers(
        "embedding_pca", "k", k, f"must be 1 to {factors.shape[1]}, the factors", lambda n: 1 <= n <= factors.shape[1]
    )
    moved = pca(factors, int(k)).numpy()
    counts = items.items.counts(place, len(classes) + 1)[1:]
    frame = pd.concat([pd.DataFrame({"category": classes, "rows": counts}), pd.DataFrame(moved)], axis=1)
    if plot:
        draw_categories(frame.nlargest(int(most), "rows"), name, ax)
    return frame


def _embedding(learn: Any, place: int) -> Any:
    model: Any = get_model(learn.model)
    if hasattr(model, "embeds"):
        return model.embeds[place]
    if hasattr(model, "u_weight"):
        return (model.u_weight, model.i_weight)[place]
    rule = "must have embeddings of categories (embeds): a TabularModel, or a model of ratings"
    raise ArgumentTypeError(explain("embedding_pca", "learn.model", rule, type(model).__name__))
