"""Lists of the rows of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from onecycle.data.item_list import ItemList
from onecycle.data.label_list import LabelList
from onecycle.data.sources import csv_file, read_csv
from onecycle.errors import StepError, known_keywords_only
from onecycle.tabular.bunch import TabularDataBunch
from onecycle.tabular.check import check_kinds, column_names, warn_of_leaks
from onecycle.tabular.frames import as_frame, check_columns
from onecycle.tabular.lines import TabularLine
from onecycle.tabular.processor import TabularProcessor
from onecycle.tabular.rows import TableRows
from onecycle.tabular.sizes import embedding_sizes
from onecycle.types import JsonDict, PathOrStr
from onecycle.utils.registry import register
from onecycle.utils.shown_tables import show_columns

if TYPE_CHECKING:
    from onecycle.tabular.parquet_sentence import ParquetList

__all__ = ["TabularList"]


class TabularLabelList(LabelList):
    """Pair rows of a table with labels."""

    @property
    def cat_names(self) -> list[Any]:
        """Return the columns of categories, those that say what was missing among them."""
        return self.x.cat_names

    @property
    def cont_names(self) -> list[Any]:
        """Return the columns of numbers."""
        return self.x.cont_names

    def get_emb_szs(self, sz_dict: Any = None) -> list[tuple[int, int]]:
        """Return number of categories and width of the embedding of each column; see `TabularList`."""
        return self.x.get_emb_szs(sz_dict)

    def process(
        self, xp: Any = None, yp: Any = None, name: str | None = None, max_warn_items: int = 5
    ) -> LabelList:
        """Run the processors over labels and inputs, in place; warn where the target is among the inputs.

        Args:
            xp: Processors of the inputs.
            yp: Processors of the labels.
            name: Name of the set, for warnings.
            max_warn_items: Number of unknown labels that a warning shows.
        """
        if name in (None, "training") and self.x.inner_df is not None:
            there = [each for each in self.x.source_columns if list(self.x.inner_df.columns).count(each) == 1]
            warn_of_leaks(self.x.inner_df, there, self.y.items)
        return super().process(xp, yp, name, max_warn_items)

    def _batch(self, indices: Sequence[int]) -> list[Any]:
        rows = np.asarray(indices)  # once for inputs and labels
        return [self.x.get_batch(rows), self.y.get_batch(rows)]


@register("item_list")
class TabularList(ItemList):
    """A list of the rows of a table, which become two arrays once: codes of categories, and numbers.

    Args:
        items: Positions of the rows; `from_df` and `from_csv` give them.
        cat_names: Columns of categories.
        cont_names: Columns of numbers.
        procs: The steps of preprocessing: `[FillMissing, Categorify, Normalize]`.
        **kwargs: What `ItemList` takes.

    Example:
        procs = [FillMissing, Categorify, Normalize]
        data = (TabularList.from_df(df, path=path, cat_names=cat_names, cont_names=cont_names, procs=procs)
                .split_by_rand_pct(0.2, seed=42)
                .label_from_df("salary")
                .databunch())
    """

    _bunch: Any = TabularDataBunch
    _label_list: Any = TabularLabelList
    _processor: Any = TabularProcessor
    _item_cls: Any = TabularLine
    _prints_as = staticmethod(str)

    def __init__(
        self, items: Any, cat_names: Any = None, cont_names: Any = None, procs: Any = None, **kwargs: Any
    ) -> None:
        owner = type(self).__name__
        self._cat_names = column_names(owner, "cat_names", cat_names)
        self._cont_names = column_names(owner, "cont_names", cont_names)
        check_kinds(owner, self._cat_names, self._cont_names)
        self.procs = procs
        if isinstance(items, TableRows):
            super().__init__(items.numbers, **kwargs)
            self.items = items
        else:
            super().__init__(items, **kwargs)
        self.copy_new = [*self.copy_new, "cat_names", "cont_names", "procs"]

    # Where rows come from

    @classmethod
    def from_df(
        cls, df: Any, cat_names: Any = None, cont_names: Any = None, procs: Any = None, **kwargs: Any
    ) -> TabularList:
        """Take the rows of a table; it is not changed.

        Args:
            df: A table of pandas, polars or pyarrow.
            cat_names: Columns of categories.
            cont_names: Columns of numbers.
            procs: The steps of preprocessing; they learn from the training rows.
            **kwargs: What `ItemList` takes: path, processor …

        Raises:
            ArgumentTypeError: a keyword is unknown, or `df` is no table.
            ArgumentError: a column is named twice.
            DataError: a column is not there, or there twice.
        """
        cls._check_settings("from_df", kwargs)
        frame = as_frame("from_df", df)
        made = cls(
            np.arange(len(frame)), cat_names=cat_names, cont_names=cont_names, procs=procs,
            inner_df=frame.copy(deep=False), **kwargs,
        )  # fmt: skip
        if procs is not None:  # else it may be a test table, which may lack columns
            check_columns("from_df", frame, made.source_columns)
        return made

    @classmethod
    def from_csv(
        cls,
        path: PathOrStr,
        csv_name: PathOrStr,
        cat_names: Any = None,
        cont_names: Any = None,
        procs: Any = None,
        delimiter: str | None = None,
        header: Any = "infer",
        encoding: str | None = None,
        **kwargs: Any,
    ) -> TabularList:
        """Take the rows of a CSV file; see `from_df`.

        Args:
            path: The folder of the file, where models and exports go.
            csv_name: The file.
            cat_names: Columns of categories.
            cont_names: Columns of numbers.
            procs: The steps of preprocessing.
            delimiter: What stands between columns; a comma when left out.
            header: Row of the column names; None where there are none.
            encoding: Encoding of the file; default: that of its byte order mark, else UTF-8.
            **kwargs: What `ItemList` takes.

        Raises:
            DataError: there is no such file or column, or the file is in another encoding.
        """
        frame = read_csv(csv_file(path, csv_name), header, delimiter, encoding)
        return cls.from_df(frame, cat_names, cont_names, procs, path=path, **kwargs)

    @classmethod
    @known_keywords_only
    def from_parquet(
        cls,
        files: Any,
        cat_names: Any = None,
        cont_names: Any = None,
        procs: Any = None,
        path: PathOrStr = ".",
        row_groups: int = 4,
        processor: Any = None,
    ) -> ParquetList:
        """Take the rows of parquet files that need not fit into memory; they are read by row groups.

        The sentence goes on as with `from_df`: `split_by_rand_pct`, `split_by_row_groups` or `split_none`, then
        `label_from_df`, then `databunch`. See docs/tabular.md for what is held in memory.

        Args:
            files: A file, a folder of `*.parquet`, or a list of files.
            cat_names: Columns of categories.
            cont_names: Columns of numbers.
            procs: The steps of preprocessing, out of `[FillMissing, Categorify, Normalize]`; they learn from the
                training rows.
            path: The folder where models and exports go.
            row_groups: From how many row groups the rows of a batch are drawn; as many are held, as arrays.
            processor: A `TabularProcessor` that has learnt, in place of `procs`.

        Raises:
            ArgumentTypeError: a keyword is unknown.
            ArgumentError: pyarrow is not installed, or steps cannot learn row group by row group.
            DataError: there is no such file or column, or no row.
        """
        from onecycle.tabular.parquet_sentence import ParquetList

        empty = cls([], cat_names=cat_names, cont_names=cont_names, procs=procs, path=path, ignore_empty=True)
        return ParquetList(empty, files, row_groups, processor)

    def from_items(self, items: Any) -> TabularList:
        """Return a list of other rows, as this one treats its own.

        Args:
            items: A `TabularList`, the rows of `from_parquet`, or a table of pandas, polars or pyarrow.
        """
        if isinstance(items, ItemList):
            return super().from_items(items)
        if hasattr(items, "split_by_row_groups"):
            from onecycle.tabular.parquet_sentence import as_test

            return as_test(items, self)
        frame = as_frame("add_test", items)
        return self.new(np.arange(len(frame)), inner_df=frame)

    # What it is made of

    @property
    def _fitted(self) -> TabularProcessor | None:
        processors = self.processor if isinstance(self.processor, (list, tuple)) else [self.processor]
        found = (each for each in processors if isinstance(each, TabularProcessor) and each.is_fitted)
        return next(found, None)

    @property
    def source_columns(self) -> list[Any]:
        """Return the columns that the table must have."""
        return [*self._cat_names, *self._cont_names]

    @property
    def cat_names(self) -> list[Any]:
        """Return the columns of categories; once processed, those that say what was missing are among them."""
        return list(self._cat_names) if self._fitted is None else list(self._fitted.cat_names)

    @property
    def cont_names(self) -> list[Any]:
        """Return the columns of numbers."""
        return list(self._cont_names) if self._fitted is None else list(self._fitted.cont_names)

    @property
    def col_names(self) -> list[Any]:
        """Return the columns of categories, then those of numbers."""
        return [*self.cat_names, *self.cont_names]

    def numbering(self) -> dict[str, list[Any]]:
        """Return the categories of each column, which saved weights are compared by."""
        return {f"list of categories of {name!r}": categories for name, categories in (self.classes or {}).items()}

    @property
    def classes(self) -> dict[Any, list[Any]] | None:
        """Return for each column of categories its classes, `#na#` first; None before they are known."""
        return None if self._fitted is None else self._fitted.classes

    @property
    def codes(self) -> Any:
        """Return the codes of the categories, int64 `(N, categories)`; None before they are known."""
        return getattr(self.items, "codes", None)

    @property
    def conts(self) -> Any:
        """Return the numbers as a model gets them, float32 `(N, numbers)`; None before they are known."""
        return getattr(self.items, "conts", None)

    def get_emb_szs(self, sz_dict: Any = None) -> list[tuple[int, int]]:
        """Return number of categories and width of the embedding of each column.

        Args:
            sz_dict: Widths to be used: column -> width; for the others see `emb_sz_rule`.

        Raises:
            StepError: the rows are not processed yet.
            ArgumentError: `sz_dict` names a column that is not there.
        """
        if self.classes is None:
            raise StepError("get_emb_szs: the categories are not known yet. Split and label the rows first.")
        return embedding_sizes(self.classes, self.cat_names, sz_dict)

    # Rows

    def get(self, o: int) -> Any:
        """Return row `o` as a `TabularLine`; before it is processed, as a row of the data frame."""
        if not isinstance(self.items, TableRows):
            return None if self.inner_df is None else self.inner_df.iloc[o]
        return self._line(*self.items.row(o))

    def _line(self, codes: Any, conts: Any) -> Any:
        fitted = self._fitted
        if fitted is None:
            return self._item_cls(codes, conts, {}, self.col_names)
        names = [*fitted.cat_names, *fitted.cont_names]
        return self._item_cls(codes, conts, fitted.classes, names, fitted.readable)

    def get_batch(self, indices: Any) -> list[Tensor]:
        """Return many rows at once: codes `(N, categories)` and numbers `(N, numbers)`."""
        return self.items.batch(torch.as_tensor(np.asarray(indices)))

    def reconstruct(self, t: Any, x: Any = None) -> Any:
        """Return the `TabularLine` of one row of a batch.

        Args:
            t: Its codes and its numbers.
            x: Has no effect here.
        """
        return self._line(*(torch.as_tensor(part).detach().cpu() for part in t))

    # Looks

    def show_xys(self, xs: Sequence[Any], ys: Sequence[Any]) -> None:
        """Show rows with their targets as a table.

        Args:
            xs: The rows.
            ys: Their targets.
        """
        show_columns({**self._columns(xs), "target": ys})

    def show_xyzs(self, xs: Sequence[Any], ys: Sequence[Any], zs: Sequence[Any]) -> None:
        """Show rows with their targets and the predictions as a table.

        Args:
            xs: The rows.
            ys: Their targets.
            zs: What was predicted.
        """
        show_columns({**self._columns(xs), "target": ys, "prediction": zs})

    def _columns(self, xs: Sequence[Any]) -> dict[str, list[str]]:
        rows = [x.texts() for x in xs]
        return {str(name): [row[k] for row in rows] for k, name in enumerate(self.col_names)}

    # State

    def get_state(self) -> JsonDict:
        """Return the kind of the list and its settings; what the steps learnt is the processor's."""
        kept, self.procs = self.procs, None if self._fitted is not None else self.procs
        try:
            return super().get_state()
        finally:
            self.procs = kept
