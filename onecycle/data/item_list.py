"""A list of items: what they are, how one is opened, processed, rebuilt and shown."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from onecycle.data.asking import positions_where
from onecycle.data.bunch import DataBunch
from onecycle.data.items import ItemBase
from onecycle.data.label_list import LabelList
from onecycle.data.labels import Labelling
from onecycle.data.processors import PreProcessor, as_items, is_number
from onecycle.data.show import as_text, readable, show_table
from onecycle.data.sources import column_numbers, complete_values, csv_file, files_or_complain, read_csv
from onecycle.data.split import Splitting, check_share_of_items, numbers_from
from onecycle.data.stages import ITEMS, Stage
from onecycle.errors import ArgumentTypeError, DataError, check_function, check_keywords, explain
from onecycle.types import JsonDict, PathOrStr
from onecycle.utils.matching import warn_unmatched
from onecycle.utils.registry import decode, encode, encode_name, lookup, register
from onecycle.utils.values import to_list

__all__ = ["ItemList"]

Self = TypeVar("Self", bound="ItemList")
_NOT_STATE = ("x", "path", "label_cls")  # of `copy_new`: where the items are, not what they are


@register("item_list")
class ItemList(Splitting, Labelling, Stage):
    """Hold the items of a task, and know how to open one.

    It is the first word of the data sentence: `ItemList.from_… .split_… .label_… .databunch()`. No word changes
    the one before it. A subclass overrides `get`, and `reconstruct` for showing results; a setting of its own
    goes into `__init__` and its name into `copy_new`.

    Args:
        items: Files, numbers, texts, rows of an array …
        path: The folder where models and exports go.
        label_cls: The class of the labels, where it is not to be inferred from the first one.
        inner_df: The data frame that the items come from, one row an item.
        processor: A `PreProcessor` or several, in place of those of the class.
        x: For a list of labels, the list of inputs.
        ignore_empty: Accept that there is no item; only the `from_…` methods ask.

    Example:
        >>> ItemList([1, 2, 3])
        ItemList (3 items)
        1,2,3
        Path: .
    """

    _stage = ITEMS
    _bunch: Any = DataBunch
    _label_list: Any = LabelList
    _processor: Any = None
    _label_cls: Any = None
    _square_show = False
    _square_show_res = False
    _prints_as: Callable[[Any], str] = staticmethod(as_text)

    def __init__(
        self,
        items: Any,
        path: PathOrStr = ".",
        label_cls: Any = None,
        inner_df: Any = None,
        processor: Any = None,
        x: Any = None,
        ignore_empty: bool = False,
    ) -> None:
        self.items: Any = _items_of(type(self).__name__, items)
        self.path = Path(path)
        self.label_cls = self._label_cls if label_cls is None else label_cls
        self.inner_df, self.processor, self.x = inner_df, processor, x
        self.ignore_empty = ignore_empty
        self.copy_new: list[str] = ["x", "label_cls", "path"]
        self._c: int | None = None

    @property
    def c(self) -> int | None:
        """Return the number of outputs that a model needs for such labels; None where it is not known."""
        return self._c

    @c.setter
    def c(self, value: int | None) -> None:
        self._c = value

    # Items

    def __len__(self) -> int:
        return len(self.items) or 0

    def get(self, i: int) -> Any:
        """Return item `i` as it is opened; override it to open items of your own."""
        return self.items[i]

    def __getitem__(self, idxs: Any) -> Any:
        """Return an item for a whole number, and a list for a slice, a list of numbers or a mask."""
        if type(idxs) is int:
            return self.get(idxs)
        return self.get(int(idxs)) if is_number(idxs) else self._part(_positions(idxs, len(self)))

    def __iter__(self) -> Iterator[Any]:
        return (self.get(i) for i in range(len(self)))

    def _part(self: Self, positions: Any) -> Self:
        made = self.fresh()
        made.items = self.items[positions]
        made.inner_df = None if self.inner_df is None else self.inner_df.iloc[positions]
        return made

    def new(self: Self, items: Any, processor: Any = None, **kwargs: Any) -> Self:
        """Return a list of other items with the settings of this one.

        Args:
            items: The items.
            processor: Its processors; those of this list when left out.
            **kwargs: Settings that differ.
        """
        settings = {name: getattr(self, name) for name in self.copy_new}
        processor = self.processor if processor is None else processor
        return type(self)(items=items, processor=processor, **{**settings, **kwargs})

    def from_items(self: Self, items: Any) -> Self:
        """Return a list of other items, as this one treats its own.

        Args:
            items: A list of items of any kind, or the items themselves.
        """
        if isinstance(items, ItemList):
            return self.new(items.items, inner_df=items.inner_df)
        return self.new(items, inner_df=None)

    def fresh(self: Self) -> Self:
        """Return a copy that can be processed without this list noticing."""
        return copy.copy(self)

    def add(self: Self, items: ItemList) -> Self:
        """Return a list of these items and others after them.

        Args:
            items: A list of the same kind.

        Raises:
            ArgumentTypeError: it is no list of items.
        """
        if not isinstance(items, ItemList):
            cure = f"Make one of them first: {type(self).__name__}(…)."
            raise ArgumentTypeError(explain("add", "items", "must be a list of items", items, cure))
        both = [frame for frame in (self.inner_df, items.inner_df) if frame is not None]
        frame = None
        if len(both) == 2:
            import pandas as pd

            frame = pd.concat(both, ignore_index=True)
        return self.new(np.concatenate([self.items, items.items]), inner_df=frame)

    def __repr__(self) -> str:
        return f"{type(self).__name__} ({len(self)} items)\n{self.first_items()}\nPath: {self.path}"

    def first_items(self, count: int = 5) -> str:
        """Return the first items as one line."""
        return ",".join(readable(self.get, i, self._prints_as) for i in range(min(count, len(self))))

    # Processing

    def process(self: Self, processor: Any = None) -> Self:
        """Run the processors over the items of this list, in place.

        Args:
            processor: Processors to use from now on; those of the list when left out.
        """
        if processor is not None:
            self.processor = processor
        self.processor = _as_list(self.processor)
        for each in self.processor:
            each.process(self)
        return self

    def as_item(self, item: Any) -> Any:
        """Return what is passed to `predict` as an item of this list; override it to take other forms too."""
        return item

    def process_one(self, item: Any, processor: Any = None) -> Any:
        """Return one item as the processors make it."""
        for each in _as_list(self.processor if processor is None else processor):
            item = each.process_one(item)
        return item

    def fitted_processors(self) -> list[PreProcessor]:
        """Return new processors for this list as the training list: its own ones, copied, or its class's."""
        given = self.processor if self.processor is not None else self._processor
        return [_for_list(each, self) for each in _as_list(given)]

    # Back from tensors

    def reconstruct(self, t: Any, x: Any = None) -> Any:
        """Return the item that a tensor of a batch stands for.

        Args:
            t: Data of one item.
            x: For labels that need it, the input item.
        """
        return ItemBase(t)

    def analyze_pred(self, pred: Any) -> Any:
        """Return what `reconstruct` takes from the activations of one item."""
        return pred

    def show_xys(self, xs: Sequence[Any], ys: Sequence[Any], **kwargs: Any) -> None:
        """Show inputs and targets."""
        show_table(("input", "target"), xs, ys)

    def show_xyzs(self, xs: Sequence[Any], ys: Sequence[Any], zs: Sequence[Any], **kwargs: Any) -> None:
        """Show inputs, targets and predictions."""
        show_table(("input", "target", "prediction"), xs, ys, zs)

    # Sources

    @classmethod
    def from_folder(
        cls: type[Self],
        path: PathOrStr,
        extensions: Collection[str] | None = None,
        recurse: bool = True,
        exclude: Collection[str] | None = None,
        include: Collection[str] | None = None,
        processor: Any = None,
        presort: bool = False,
        **kwargs: Any,
    ) -> Self:
        """List the files of a folder, always in the same, sorted order.

        Args:
            path: The folder.
            extensions: Endings that are wanted, in lower or upper case; all when left out.
            recurse: Go into subfolders.
            exclude: Names of subfolders to leave out, at any depth.
            include: Names of subfolders of `path` to go into; the others are left out.
            processor: See `ItemList`.
            presort: Has no effect: the files are always sorted.
            **kwargs: Settings of the class.

        Raises:
            DataError: no such folder, or no such file in it; says what is there.
        """
        cls._check_settings("from_folder", kwargs)
        if kwargs.get("ignore_empty") and not Path(path).is_dir():
            return cls([], path=path, processor=processor, **kwargs)
        find = _files_if_any if kwargs.get("ignore_empty") else files_or_complain
        found = find("from_folder", path, extensions, recurse, exclude, include)
        return cls(found, path=path, processor=processor, **kwargs)

    @classmethod
    def from_df(
        cls: type[Self], df: Any, path: PathOrStr = ".", cols: Any = 0, processor: Any = None, **kwargs: Any
    ) -> Self:
        """Take the items from a column of a data frame, or from several.

        Args:
            df: The data frame; it stays beside the items for `label_from_df` and `split_from_df`.
            path: The folder where models and exports go.
            cols: Name or number of the column, or a list of them: an item is then a row of values.
            processor: See `ItemList`.
            **kwargs: Settings of the class.

        Raises:
            DataError: there is no such column (says which there are), or values are missing.
        """
        cls._check_settings("from_df", kwargs)
        values = complete_values("from_df", df, column_numbers("from_df", df, cols))
        return cls(values, path=path, inner_df=df, processor=processor, **kwargs)

    @classmethod
    def from_csv(
        cls: type[Self],
        path: PathOrStr,
        csv_name: PathOrStr,
        cols: Any = 0,
        delimiter: str | None = None,
        header: Any = "infer",
        processor: Any = None,
        encoding: str | None = None,
        **kwargs: Any,
    ) -> Self:
        """Take the items from a CSV file; see `from_df`.

        Args:
            path: The folder of the file, where models and exports go.
            csv_name: The file.
            cols: Name or number of the column, or a list of them.
            delimiter: What stands between columns; a comma when left out.
            header: Row of the column names; None where there are none.
            processor: See `ItemList`.
            encoding: Encoding of the file; default: that of its byte order mark, else UTF-8.
            **kwargs: Settings of the class.

        Raises:
            DataError: there is no such file or column, values are missing, or the file is in another encoding.
        """
        frame = read_csv(csv_file(path, csv_name), header, delimiter, encoding, keep_zeros=True)
        return cls.from_df(frame, path=path, cols=cols, processor=processor, **kwargs)

    # Leaving items out

    def filter_by_func(self: Self, func: Callable[[Any], Any]) -> Self:
        """Keep the items for which `func(item)` is true; it sees what is in `items`."""
        check_function("filter_by_func", "func", func)
        return self._part(np.array(positions_where("filter_by_func", func, self.items), dtype=int))

    def filter_by_folder(
        self: Self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> Self:
        """Keep the files by the first folder below `path`; folders in which there is no file are reported.

        Args:
            include: Folders to keep; all when left out.
            exclude: Folders to leave out.
        """
        kept, dropped = (
            [] if names is None else [str(name) for name in to_list(names)] for names in (include, exclude)
        )
        folders = [self.top_folder(item) for item in self.items]
        known = sorted(set(folders))
        for parameter, names in (("include", kept), ("exclude", dropped)):
            unmatched = [name for name in names if name not in known]
            rule = f"the name of a folder of items in '{self.path}'"
            warn_unmatched("filter_by_folder", parameter, unmatched, known, rule)
        wanted = [(not kept or folder in kept) and folder not in dropped for folder in folders]
        return self._part(np.flatnonzero(wanted))

    def filter_by_rand(self: Self, p: float, seed: int | None = None) -> Self:
        """Keep each item with probability `p`.

        Args:
            p: Between 0 and 1.
            seed: Makes the draw repeatable; NumPy's global generator is used, or left alone, accordingly.

        Raises:
            ArgumentError: `p` is not between 0 and 1.
        """
        check_share_of_items("filter_by_rand", "p", p)
        source = numbers_from("filter_by_rand", seed)
        return self._part(np.flatnonzero(source.random_sample(len(self)) < p))

    def to_text(self, fn: PathOrStr) -> None:
        """Write the items to a text file in `path`, one a line."""
        from onecycle.utils.files import save_texts

        save_texts(self.path / fn, [str(item) for item in self.items])

    def databunch(self, **kwargs: Any) -> Any:
        """Refuse: a list has no training and validation set and no labels yet.

        Raises:
            DataError: always; says which words of the sentence are missing.
        """
        raise DataError(
            "databunch: the items are not split and not labelled yet. Call a split_… method first (split_none() "
            "where no validation set is wanted), then a label_… method, then databunch()."
        )

    # State

    @classmethod
    def settings_known(cls) -> set[str]:
        """Return the keywords that the class takes, its own and its parents'."""
        known: set[str] = set()
        for each in cls.__mro__:
            if "__init__" in vars(each):
                parameters = inspect.signature(each.__init__).parameters.values()  # type: ignore[misc]
                known |= {p.name for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)}
                if all(p.kind is not p.VAR_KEYWORD for p in parameters):
                    break
        return known - {"self", "items"}

    @classmethod
    def _check_settings(cls, owner: str, given: Collection[str]) -> None:
        check_keywords(f"{cls.__name__}.{owner}", given, cls.settings_known())

    def get_state(self) -> JsonDict:
        """Return the kind of the list and its settings, without items, as values that JSON knows."""
        settings = {name: getattr(self, name) for name in self.copy_new if name not in _NOT_STATE}
        return {"cls": list_name(type(self)), "args": encode(settings), "c": self._c}

    @classmethod
    def from_state(cls, state: JsonDict, path: PathOrStr = ".") -> ItemList:
        """Return an empty list of the kind and with the settings of `get_state`."""
        kind = lookup("item_list", state["cls"])
        if kind.from_state.__func__ is not cls.from_state.__func__:  # type: ignore[attr-defined]
            return kind.from_state(state, path)
        return kind._from_settings(state, path)

    @classmethod
    def _from_settings(cls, state: JsonDict, path: PathOrStr) -> ItemList:
        made = cls([], path=path, ignore_empty=True, **decode(state["args"]))
        if state.get("c") is not None:
            made._c = state["c"]
        return made


def list_name(kind: type) -> str:
    """Return the registered name of a class of lists.

    Raises:
        ArgumentError: it has none; says how to give it one.
    """
    return encode_name("item_list", kind)


def _for_list(processor: Any, items: ItemList) -> PreProcessor:
    """Return a processor made of a class for a list, or a copy of one that was made before."""
    return processor(ds=items) if isinstance(processor, type) else copy.copy(processor)


def _items_of(owner: str, items: Any) -> Any:
    """Return the items as an array.

    Raises:
        ArgumentTypeError: one thing, such as a folder, was given in place of several.
    """
    if isinstance(items, (str, bytes, Path)) or not _is_many(items):
        cure = f"Pass a list; for the files of a folder {owner}.from_folder(path)."
        raise ArgumentTypeError(explain(owner, "items", "must be several items", items, cure))
    return as_items(items)


def _is_many(items: Any) -> bool:
    return hasattr(items, "__iter__") or hasattr(items, "to_numpy") or hasattr(items, "index_select")


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple, set, frozenset)) else [value]


def _positions(idxs: Any, count: int) -> Any:
    """Return a slice, or an array of positions or of a mask.

    Raises:
        IndexError: a mask has another length than the list.
    """
    if isinstance(idxs, slice):
        return idxs
    found = np.asarray(idxs)
    if found.dtype != bool:
        return found.astype(int)
    if len(found) != count:
        raise IndexError(f"a mask of {len(found)} truth values for {count} items: it must have one for each item.")
    return np.flatnonzero(found)


def _files_if_any(owner: str, path: PathOrStr, *how: Any) -> list[Path]:
    from onecycle.data.sources import get_files

    return get_files(path, *how)
