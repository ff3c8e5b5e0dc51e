"""Ratings as data: pairs of a user and an item, and the number that belongs to them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from onecycle.data.bunch import DataBunch
from onecycle.data.categories import FloatList
from onecycle.data.collate import data_collate
from onecycle.errors import DataError, describe, explain, known_keywords_only
from onecycle.tabular.frames import as_frame, as_numbers, as_row, check_columns
from onecycle.tabular.lines import PackedLines, TabularLine
from onecycle.tabular.lists import TabularList
from onecycle.tabular.processor import TabularProcessor, of_another_kind
from onecycle.tabular.procs import Categorify
from onecycle.types import PathOrStr
from onecycle.utils.registry import register
from onecycle.utils.values import is_missing, nearest

__all__ = ["CollabDataBunch", "CollabLine", "CollabList", "CollabProcessor"]


class CollabLine(TabularLine):
    """Hold one user and one item; `data` is the list of their indices.

    Args:
        cats: Indices of the user and of the item, `(2,)`.
        conts: No numbers.
        classes: For both columns the names, `#na#` first.
        names: The two columns.
        readable: Has no effect here.

    Example:
        >>> CollabLine([1, 2], [], {"user": ["#na#", "ann"], "title": ["#na#", "Heat", "Alien"]}, ["user", "title"])
        CollabLine user ann; title Alien;
    """

    def __init__(
        self, cats: Any, conts: Any, classes: Mapping[Any, Sequence[Any]], names: Sequence[Any], readable: Any = None
    ) -> None:
        super().__init__(cats, conts, classes, names)

    @property
    def data(self) -> list[Tensor]:  # type: ignore[override]
        """Return the indices of the user and of the item, two of `()`."""
        return list(torch.as_tensor(self.cats, dtype=torch.int64))

    @classmethod
    def pack(cls, items: Sequence[TabularLine]) -> PackedPairs:
        """Return pairs as one tensor."""
        codes = torch.tensor([[int(code) for code in item.cats] for item in items])
        return PackedPairs(codes, codes.new_zeros((len(items), 0)))

    def texts(self) -> list[str]:
        """Return the names of the user and of the item."""
        return [str(self.classes[name][int(code)]) for name, code in zip(self.names, self.cats, strict=True)]


class PackedPairs(PackedLines):
    """Carry a batch of pairs to the device."""

    def unpack(self, device: Any) -> list[Tensor]:
        """Return users and items on the device, two of `(N,)`."""
        return list(self.codes.to(device).unbind(1))


@register("processor")
class CollabProcessor(TabularProcessor):
    """Number users and items as they are in the training ratings; index 0 is everyone and everything else."""

    _told: frozenset[Any] = frozenset()

    def process_one(self, item: Any) -> CollabLine:
        """Return a rating's user and item as a `CollabLine`; the first unknown user and item are told.

        Args:
            item: A row such as `df.iloc[0]`, a dictionary, or a pair (user, item).
        """
        if isinstance(item, CollabLine):
            return item
        self._need_fit("predict")
        row = self._row(item)
        codes = [self.code_of(name, row[name]) for name in self.cat_names]
        return CollabLine(codes, [], self.classes or {}, self.cat_names)

    def _row(self, item: Any) -> dict[Any, Any]:
        if isinstance(item, (tuple, list)) and not hasattr(item, "_asdict"):
            if len(item) != len(self.cat_names):
                cure = f"Pass ({', '.join(map(str, self.cat_names))}), a row such as df.iloc[0], or a dictionary."
                raise DataError(explain("predict", "item", "must be a user and an item", item, cure))
            return dict(zip(self.cat_names, item, strict=True))
        row = as_row("predict", item, self.cat_names)
        missing = [name for name in self.cat_names if name not in row]
        if missing:
            cure = f"It needs {' and '.join(map(repr, self.cat_names))}."
            raise DataError(explain("predict", "item", f"must have a value of {missing[0]!r}", row, cure))
        return row

    def tell_unknown(self, name: Any, value: Any, known: Mapping[Any, int]) -> None:
        """Warn of a user or item that is missing or unknown, once for users and once for items.

        Args:
            name: The column.
            value: The user or item.
            known: Codes of those of the training ratings.
        """
        if name in self._told:
            return
        self._told = self._told | {name}
        said = "is missing" if is_missing(value) else f"{value!r} is none of those of the training ratings"
        warnings.warn(
            f"predict: {name} {said} and counts as an unknown one, as will others after it.{_hint(value, known)}",
            UserWarning,
            stacklevel=4,
        )


def _hint(value: Any, known: Mapping[Any, int]) -> str:
    other = of_another_kind(value, known)
    if other is not None:
        return f" {describe(other)} is one of them: give both one kind of value."
    return "" if is_missing(value) else nearest(value, known)


@register("data_bunch")
class CollabDataBunch(DataBunch):
    """Bind the ratings of a task together."""

    @classmethod
    @known_keywords_only
    def from_df(
        cls,
        ratings: Any,
        valid_pct: float = 0.2,
        user_name: Any = None,
        item_name: Any = None,
        rating_name: Any = None,
        test: Any = None,
        seed: int | None = None,
        path: PathOrStr = ".",
        bs: int = 64,
        val_bs: int | None = None,
        num_workers: int | None = None,
        dl_tfms: Collection[Callable[..., Any]] | None = None,
        device: Any = None,
        collate_fn: Callable[..., Any] = data_collate,
        no_check: bool = False,
    ) -> Any:
        """Make data of a table with one rating a row.

        Users and items that only validation has count as unknown there.

        Args:
            ratings: A table of pandas or polars, or of pyarrow.
            valid_pct: Share of the ratings kept back for validation, 0 to 1.
            user_name: Column of the users; the first when left out.
            item_name: Column of the items; the second when left out.
            rating_name: Column of the ratings, numbers; the third when left out.
            test: A table of users and items to be rated.
            seed: Makes the split repeatable.
            path: The folder where models and exports go.
            bs: Batch size.
            val_bs: Batch size for validation and test; `bs` when left out.
            num_workers: Processes that load; none are needed, a batch is one index operation.
            dl_tfms: Functions of a batch.
            device: Where batches go; `defaults.device` when left out.
            collate_fn: Makes a batch from samples; not asked for whole batches.
            no_check: Do not look at a few samples now.

        Raises:
            ArgumentTypeError: a keyword is unknown, or `ratings` is no table.
            DataError: a column is missing, a rating has no user, no item or no number; says where.

        Example:
            data = CollabDataBunch.from_df(ratings, seed=42, item_name="title")
            learn = collab_learner(data, n_factors=40, y_range=(0, 5.5), wd=1e-1)
        """
        frame = as_frame("CollabDataBunch.from_df", ratings)
        user, item, rating = _columns(frame, user_name, item_name, rating_name)
        frame = _with_numbers(frame, rating)
        source = CollabList.from_df(frame, cat_names=[user, item], procs=Categorify, path=path)
        lists = source.split_by_rand_pct(valid_pct, seed=seed).label_from_df(cols=rating, label_cls=FloatList)
        if test is not None:
            lists = lists.add_test(test)
        return lists.databunch(
            bs=bs, val_bs=val_bs, num_workers=num_workers, dl_tfms=dl_tfms, device=device, collate_fn=collate_fn,
            no_check=no_check,
        )  # fmt: skip


def _columns(frame: Any, *given: Any) -> list[Any]:
    """Return the columns of users, items and ratings: those named, else the first, second and third."""
    owner, there = "CollabDataBunch.from_df", list(frame.columns)
    if len(there) < len(given):
        cure = f"The columns are {there}: a table needs one of users, one of items and one of ratings."
        raise DataError(explain(owner, "ratings", "must have at least three columns", frame, cure))
    names = [there[i] if name is None else name for i, name in enumerate(given)]
    check_columns(owner, frame, names)
    if len(set(names)) < len(names):
        cure = "Name the columns: user_name=…, item_name=…, rating_name=…"
        raise DataError(explain(owner, "columns", "of users, items and ratings must be three", names, cure))
    return names


def _with_numbers(frame: Any, rating: Any) -> Any:
    """Return the table with its ratings as numbers.

    Raises:
        DataError: a rating is missing or no number; names the first row.
    """
    owner = "CollabDataBunch.from_df"
    cure = "Clean them, or name the column of the ratings: rating_name=…"
    numbers = as_numbers(owner, frame[rating], cure)
    _check_there(owner, "rating", numbers)
    return frame.assign(**{rating: numbers}) if isinstance(rating, str) else frame


def _check_there(owner: str, what: str, column: Any) -> None:
    missing = column.isna().to_numpy()
    if missing.any():
        first = column.index[int(missing.argmax())]
        raise DataError(
            f"{owner}: {int(missing.sum())} of {len(column)} ratings have no {what}: column {column.name!r}, the first "
            f"in row {first}. Leave them out: df.dropna(subset=[{column.name!r}])."
        )


@register("item_list")
class CollabList(TabularList):
    """Hold pairs of a user and an item.

    Args:
        items: Numbers of the rows.
        cat_names: The column of the users and that of the items.
        cont_names: None.
        procs: `Categorify`.
        **kwargs: What `ItemList` takes; `inner_df` is the table.

    Example:
        >>> import pandas as pd
        >>> df = pd.DataFrame({"user": ["ann", "bob", "ann"], "title": ["Heat", "Heat", "Alien"], "rating": [5, 3, 4]})
        >>> CollabList.from_df(df).split_none().label_from_df("rating").train
        LabelList (3 items)
        x: CollabList
        user ann; title Heat;,user bob; title Heat;,user ann; title Alien;
        y: FloatList
        5.0,3.0,4.0
        Path: .
    """

    _bunch, _label_cls, _processor, _item_cls = CollabDataBunch, FloatList, CollabProcessor, CollabLine

    @classmethod
    def from_df(cls, df: Any, cat_names: Any = None, cont_names: Any = None, procs: Any = None, **kwargs: Any) -> Any:
        """Take users and items from two columns of a table.

        Args:
            df: The table.
            cat_names: The column of the users and that of the items; the first two when left out.
            cont_names: None.
            procs: `Categorify`, also when left out.
            **kwargs: Settings of the class.

        Raises:
            DataError: the columns are not two, or a user or an item is missing; names the first row.
        """
        frame = as_frame("CollabList.from_df", df)
        names = list(frame.columns[:2]) if cat_names is None else list(cat_names)
        if len(names) != 2 or cont_names:
            cure = "Pass cat_names=[users, items]; for more columns take TabularList."
            raise DataError(explain("CollabList.from_df", "cat_names", "must be two columns", names, cure))
        check_columns("CollabList.from_df", frame, names)
        for what, name in zip(("user", "item"), names, strict=True):
            _check_there("CollabList.from_df", what, frame[name])
        return super().from_df(frame, cat_names=names, procs=Categorify if procs is None else procs, **kwargs)

    def get_batch(self, indices: Any) -> list[Tensor]:
        """Return the users and the items of many ratings at once, two of `(N,)`."""
        return list(super().get_batch(indices)[0].unbind(1))

    def reconstruct(self, t: Any, x: Any = None) -> Any:
        """Return the `CollabLine` of the indices of a user and an item.

        Args:
            t: The two indices.
            x: Has no effect here.
        """
        return self._line([int(code) for code in t], [])
