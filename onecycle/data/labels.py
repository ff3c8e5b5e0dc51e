"""The third stage of the sentence: a label for each item."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch

from onecycle.data.asking import ask
from onecycle.data.items import EmptyLabel, ItemBase
from onecycle.data.label_list import LabelList
from onecycle.data.processors import as_items
from onecycle.data.sources import check_files, column_numbers, complete_values, is_column, need_frame
from onecycle.errors import (
    ArgumentError,
    ArgumentTypeError,
    DataError,
    check_function,
    check_keywords,
    describe,
    explain,
)
from onecycle.utils.registry import lookup
from onecycle.utils.values import LABEL_KINDS, is_missing, to_label, to_scalar

__all__: list[str] = []

_SHOWN = 5


class Labelling:
    """Give a list of items its `label_…` methods for labelling it without a split; it changes nothing.

    `ItemLists` has the same methods and labels training and validation items together, which is the usual way.
    """

    items: Any
    path: Path
    inner_df: Any
    label_cls: Any
    _is_part = False  # one list of a split one, whose labels are processed together

    def get_label_cls(
        self, labels: Any, label_cls: Any = None, label_delim: str | None = None, **kwargs: Any
    ) -> Any:
        """Return the class that fits the labels.

        Args:
            labels: The labels.
            label_cls: The answer, if it is given.
            label_delim: What stands between several labels of one item.
            **kwargs: Settings of the class; they do not matter here.

        Returns:
            `label_cls`; else that of the list; else by the first label `FloatList` for a float,
            `CategoryList` for a text or whole number, `MultiCategoryList` for several, or `ItemList`.
        """
        if label_cls is not None:
            return label_cls
        if self.label_cls is not None:
            return self.label_cls
        return lookup("item_list", _fitting(labels, label_delim))

    def _label_from_list(self, labels: Any, label_cls: Any = None, **kwargs: Any) -> LabelList:
        """Return the items with these labels: for `label_…` methods of subclasses.

        Such a method is called on the list of items, and after a split on each of the lists, whose labels are then
        processed together.

        Args:
            labels: One label for each item.
            label_cls: Class of the labels; default: inferred from the first label.
            **kwargs: Settings of that class; `from_item_lists` is passed by `ItemLists` and has no effect.
        """
        return _labelled(self, "_label_from_list", labels, label_cls, kwargs)

    def label_const(self, const: Any = 0, label_cls: Any = None, **kwargs: Any) -> LabelList:
        """Give every item the same label; see `ItemLists.label_const`."""
        return _labelled(self, "label_const", labels_const(self, const), label_cls, kwargs)

    def label_empty(self, **kwargs: Any) -> LabelList:
        """Give the items no labels; see `ItemLists.label_empty`."""
        return _labelled(self, "label_empty", labels_const(self, 0), empty_kind(kwargs), kwargs)

    def label_from_func(self, func: Callable[[Any], Any], label_cls: Any = None, **kwargs: Any) -> LabelList:
        """Label the items by a function; see `ItemLists.label_from_func`."""
        return _labelled(self, "label_from_func", labels_from_func(self, func), label_cls, kwargs)

    def label_from_folder(self, label_cls: Any = None, **kwargs: Any) -> LabelList:
        """Label the files by their folder; see `ItemLists.label_from_folder`."""
        return _labelled(self, "label_from_folder", labels_from_folder(self), label_cls, kwargs)

    def label_from_re(
        self, pat: str, full_path: bool = False, label_cls: Any = None, **kwargs: Any
    ) -> LabelList:
        """Label the files by a regular expression; see `ItemLists.label_from_re`."""
        labels = labels_from_re(self, pat, full_path)
        return _labelled(self, "label_from_re", labels, label_cls, kwargs)

    def label_from_df(self, cols: Any = 1, label_cls: Any = None, **kwargs: Any) -> LabelList:
        """Label the rows by a column; see `ItemLists.label_from_df`."""
        label_cls, settings = several_columns(self, cols, label_cls, kwargs)
        return _labelled(self, "label_from_df", labels_from_df(self, cols), label_cls, settings)


def _fitting(labels: Any, label_delim: str | None) -> str:
    """Return the name of the class of labels that fits the first label."""
    if label_delim is not None:
        return "MultiCategoryList"
    first = to_label(labels[0]) if len(labels) else 0
    if isinstance(first, EmptyLabel):
        return "EmptyLabelList"
    if isinstance(first, float) or _is_exact_fraction(labels[0] if len(labels) else 0):
        return "FloatList"
    if isinstance(first, (str, int)):
        return "FloatList" if _holds_fractions(labels) else "CategoryList"
    several = isinstance(first, (Collection, np.ndarray)) and not isinstance(first, Mapping)
    return "MultiCategoryList" if several else "ItemList"


def _is_exact_fraction(label: Any) -> bool:
    """Return whether a label is a number of exact digits, such as a NUMERIC of SQL: one to be predicted."""
    return isinstance(label, (Decimal, Fraction))


def _holds_fractions(labels: Any) -> bool:
    """Return whether labels that begin with a whole number go on with fractions: numbers to be predicted."""
    if not isinstance(labels, np.ndarray) or labels.dtype.kind != "O" or not len(labels) or isinstance(labels[0], str):
        return False
    found = [to_label(label) for label in labels]
    return all(isinstance(label, (int, float)) for label in found) and any(
        isinstance(label, float) and not label.is_integer() for label in found
    )


def _labelled(items: Any, owner: str, labels: Any, label_cls: Any, settings: Mapping[str, Any]) -> LabelList:
    """Return the items with labels, processed; those of a part of a split list are processed with the other parts."""
    settings = {name: value for name, value in settings.items() if name != "from_item_lists"}
    made = attach(items, owner, labels, label_cls, settings)
    if items._is_part:
        return made
    return made.process(made.x.fitted_processors(), made.y.fitted_processors())


def attach(items: Any, owner: str, labels: Any, label_cls: Any, settings: Mapping[str, Any]) -> LabelList:
    """Return the items with labels that are not processed yet.

    Args:
        items: The list of items; it is copied.
        owner: Who asks, for messages.
        labels: One label an item.
        label_cls: Class of the labels, or None to infer it.
        settings: Keywords for that class; those that are None are as if not given.

    Raises:
        ArgumentTypeError: a keyword is unknown, or the class is none of labels.
        DataError: an item has no label, or one that cannot be learnt.
    """
    labels = as_labels(labels)
    given = {name: value for name, value in settings.items() if value is not None}
    _check_labels(owner, items, labels)
    kind = items.get_label_cls(labels, label_cls, **given)
    _check_kind(owner, kind)
    if hasattr(kind, "settings_known"):
        check_keywords(owner, given, kind.settings_known() | {"label_cls"})
    inputs, made = items.fresh(), kind(labels, path=items.path, **given)
    if hasattr(made, "check_labels"):
        made.check_labels(owner, items.items)
    elif kind is lookup("item_list", "ItemList"):
        _check_items(owner, items, labels)
    return inputs._label_list(inputs, made)


def as_labels(labels: Any) -> Any:
    """Return labels, whatever collection holds them, as an array of scalars of Python or of what an item has."""
    if isinstance(labels, torch.Tensor):
        return labels.detach().cpu().numpy() if labels.dtype != torch.bfloat16 else labels.float().cpu().numpy()
    if isinstance(labels, np.ndarray) or hasattr(labels, "to_numpy"):
        return as_items(labels)
    return as_items([to_scalar(label) for label in labels])


def _check_kind(owner: str, kind: Any) -> None:
    if callable(kind) and (hasattr(kind, "settings_known") or not isinstance(kind, type)):
        return
    cure = "Pass the class itself: CategoryList, MultiCategoryList, FloatList …"
    raise ArgumentTypeError(explain(owner, "label_cls", "must be a class of labels", kind, cure))


def _check_labels(owner: str, items: Any, labels: Any) -> None:
    if len(labels) != len(items):
        rule = f"must have one label for each of the {len(items)} items"
        raise DataError(explain(owner, "", rule, len(labels), "Pass as many labels as there are items."))
    if getattr(labels, "ndim", 1) != 1 or labels.dtype.kind in "iub":
        return
    missing = [i for i, label in enumerate(labels) if is_missing(label)]
    if missing:
        shown = ", ".join(str(items.items[i]) for i in missing[:_SHOWN])
        more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
        cure = "Give them one, or leave them out with filter_by_func before the split."
        raise DataError(f"{owner}: {len(missing)} of {len(items)} items have no label: {shown}{more}. {cure}")


def _check_items(owner: str, items: Any, labels: Any) -> None:
    """Refuse labels of which no batch can be made, where no class of labels was named for them."""
    for i, label in enumerate(labels):
        if not isinstance(label, (ItemBase, np.ndarray, torch.Tensor)):
            got = f"that of {items.items[i]} is {describe(label)}"
            cure = "Make it one of these, or pass label_cls=, e.g. FloatList for numbers."
            raise DataError(f"{owner}: the label of an item must be {LABEL_KINDS}, or several of them; {got}. {cure}")


def labels_const(items: Any, const: Any) -> list[Any]:
    """Return the same label for every item."""
    return [const] * len(items)


def empty_kind(settings: dict[str, Any]) -> Any:
    """Return the class of empty labels, unless another one is given."""
    return settings.pop("label_cls", None) or lookup("item_list", "EmptyLabelList")


def labels_from_func(items: Any, func: Callable[[Any], Any]) -> list[Any]:
    """Return what a function says of each item."""
    check_function("label_from_func", "func", func)
    return [to_scalar(ask(func, item)) for item in items.items]


def labels_from_folder(items: Any) -> list[str]:
    """Return the name of the folder that each file is in.

    Raises:
        DataError: the items are no files.
    """
    check_files("label_from_folder", items.items)
    return [os.path.basename(os.path.dirname(os.path.normpath(item))) for item in items.items]


def labels_from_re(items: Any, pat: str, full_path: bool) -> list[str]:
    """Return the first group of a regular expression in the name of each file.

    Raises:
        ArgumentError: the expression is not valid, or has no group.
        DataError: it does not match some of the files; shows them.
    """
    search = _pattern(pat).search
    names = [_posix(items.path / item if full_path else item) for item in items.items]
    found = [search(name) for name in names]
    missed = [name for name, match in zip(names, found, strict=True) if match is None]
    if missed:
        raise DataError(_no_match(pat, missed, len(names)))
    return [match.group(1) for match in found if match is not None]


def _posix(item: Any) -> str:
    return os.fspath(item).replace(os.sep, "/") if isinstance(item, (str, Path)) else str(item)


def _pattern(pat: str) -> re.Pattern[str]:
    try:
        compiled = re.compile(pat)
    except TypeError as error:
        raise ArgumentTypeError(
            explain("label_from_re", "pat", "must be a regular expression", pat, r"Pass a text: r'([^/]+)_\d+.jpg$'.")
        ) from error
    except re.error as error:
        raise ArgumentError(
            f"label_from_re: pat must be a regular expression; got {pat!r}: {error}."
        ) from error
    if not compiled.groups:
        cure = "Put the part that is the label in parentheses, e.g. r'([^/]+)_\\d+.jpg$'."
        raise ArgumentError(explain("label_from_re", "pat", "must have a group", pat, cure))
    return compiled


def _no_match(pat: str, missed: Sequence[str], count: int) -> str:
    shown = ", ".join(repr(name) for name in missed[:_SHOWN])
    more = f" and {len(missed) - _SHOWN} more" if len(missed) > _SHOWN else ""
    cure = "Change the pattern, or leave these files out with filter_by_func before the split."
    return f"label_from_re: pat {pat!r} does not match {len(missed)} of {count} file names: {shown}{more}. {cure}"


def labels_from_df(items: Any, cols: Any) -> Any:
    """Return the values of a column, or the rows of several.

    Raises:
        DataError: the items have no data frame, there is no such column, or labels are missing.
    """
    frame = need_frame("label_from_df", items.inner_df)
    values = complete_values("label_from_df", frame, column_numbers("label_from_df", frame, cols))
    return values if values.ndim == 1 or values.dtype != object else as_items(values.tolist())


def several_columns(
    items: Any, cols: Any, label_cls: Any, settings: Mapping[str, Any]
) -> tuple[Any, dict[str, Any]]:
    """Return class and settings of labels: several columns without a class are ones and zeros, one a class."""
    if not isinstance(cols, (list, tuple)) or len(cols) < 2 or is_column(items.inner_df, cols):
        return label_cls, dict(settings)
    kind = label_cls or items.label_cls
    many = lookup("item_list", "MultiCategoryList")
    if kind is not None and kind is not many:
        return label_cls, dict(settings)
    frame = need_frame("label_from_df", items.inner_df)
    names = [frame.columns[i] for i in column_numbers("label_from_df", frame, cols)]
    return many, {"one_hot": True, "classes": names, **settings}
