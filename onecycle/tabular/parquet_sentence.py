"""The data sentence of parquet files that need not fit into memory: source, split, labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from onecycle.data.lists import LabelLists
from onecycle.data.split import numbers_from
from onecycle.data.stages import ITEMS, SPLIT, Stage
from onecycle.errors import ArgumentTypeError, DataError, explain, known_keywords_only
from onecycle.tabular.parquet import OWNER, ParquetTable
from onecycle.tabular.parquet_rows import ParquetRows, RowStore, targets_of
from onecycle.tabular.parquet_sets import GroupOrder, RowSet, RowSplit, groups_for
from onecycle.tabular.parquet_targets import TargetColumns, target_columns
from onecycle.tabular.processor import TabularProcessor
from onecycle.tabular.streamed_fit import learn_from
from onecycle.utils.checks import check_numbers
from onecycle.utils.collections import listify

__all__: list[str] = []


class ParquetList(Stage):
    """Be the rows of parquet files, to be split; `TabularList.from_parquet` makes it.

    Args:
        empty: A `TabularList` without rows that knows the columns and steps.
        files: A file, a folder, or a list of files.
        row_groups: From how many row groups rows are mixed.
        processor: A `TabularProcessor` that has learnt, or None.
    """

    _stage = ITEMS
    _words = ("split_by_rand_pct", "split_by_row_groups", "split_none")

    def __init__(self, empty: Any, files: Any, row_groups: int = 4, processor: Any = None) -> None:
        rule = "must be a whole number of at least 1"
        check_numbers(OWNER, "row_groups", row_groups, rule, lambda count: isinstance(count, int) and count >= 1)
        self.empty, self.row_groups, self.processor = empty, row_groups, _checked(processor)
        if processor is not None:
            empty.processor = [processor]
        self.table = ParquetTable(files)
        self.table.check_columns(self.source_columns)

    @property
    def source_columns(self) -> list[Any]:
        """Return the columns of the inputs.

        Raises:
            DataError: there are none.
        """
        fitted = self.processor
        names = self.empty.source_columns if fitted is None else [*fitted.source_cats, *fitted.source_conts]
        if not names:
            cure = "Pass cat_names and cont_names."
            raise DataError(explain(OWNER, "", "must have columns to learn from", cure=cure))
        return names

    @property
    def path(self) -> Path:
        """Return the folder where models and exports go."""
        return self.empty.path

    def __len__(self) -> int:
        return len(self.table)

    def __repr__(self) -> str:
        groups, files = len(self.table.counts), len(self.table.files)
        kind = type(self.empty).__name__
        return f"{kind} ({len(self)} rows in {groups} row groups of {files} files)\nPath: {self.path}"

    def split_none(self) -> ParquetLists:
        """Take all rows for training; the validation set is empty."""
        return ParquetLists(self, RowSplit())

    def split_by_rand_pct(self, valid_pct: float = 0.2, seed: int | None = None) -> ParquetLists:
        """Draw for each row whether it validates; nothing is kept but the seed.

        Args:
            valid_pct: The chance of each row, from 0 to below 1; the share is near it and seldom just it.
            seed: Makes the draw repeatable; NumPy's global generator gives one when left out.

        Raises:
            ArgumentError: `valid_pct` is not from 0 to below 1, or the seed is none.
        """
        share, number = _share_and_seed("split_by_rand_pct", valid_pct, seed)
        return ParquetLists(self, RowSplit(share, number))

    def split_by_row_groups(self, valid_pct: float = 0.2, seed: int | None = None) -> ParquetLists:
        """Draw whole row groups for validation until they have a share of the rows; each is then read for one set.

        Args:
            valid_pct: The share, from 0 to below 1.
            seed: Makes the draw repeatable; see `split_by_rand_pct`.

        Raises:
            ArgumentError: `valid_pct` is not from 0 to below 1, or the seed is none.
            DataError: there is one row group only.
        """
        share, number = _share_and_seed("split_by_row_groups", valid_pct, seed)
        if len(self.table.counts) < 2 and share:
            cure = "Call split_by_rand_pct, which splits by rows."
            raise DataError(explain("split_by_row_groups", "", "needs at least two row groups", 1, cure))
        return ParquetLists(self, RowSplit(groups=groups_for(self.table.counts, share, number)))


def as_test(rows: ParquetList, like: Any) -> Any:
    """Return rows of parquet files as a list that is processed as another one.

    Args:
        rows: The rows; columns and steps are those of the other list.
        like: A list that is processed.

    Raises:
        DataError: a column is missing; names the file.
    """
    processor = like.processor[0]
    rows.table.check_columns([*processor.source_cats, *processor.source_conts])
    made = like.new([], inner_df=None)
    made.items = ParquetRows(RowStore(RowSet(rows.table, RowSplit(), False), processor, TargetColumns([]), keep=1))
    return made


def _checked(processor: Any) -> Any:
    if processor is None or (isinstance(processor, TabularProcessor) and processor.is_fitted):
        return processor
    cure = "Call its fit(rows) first, or pass procs=."
    raise ArgumentTypeError(explain(OWNER, "processor", "must be a TabularProcessor that has learnt", processor, cure))


def _share_and_seed(owner: str, valid_pct: Any, seed: int | None) -> tuple[float, int]:
    check_numbers(owner, "valid_pct", valid_pct, "must be from 0 to below 1", lambda share: 0 <= share < 1)
    source = numbers_from(owner, seed)
    return float(valid_pct), int(source.randint(2**31 - 1)) if seed is None else int(seed)


class ParquetLists(Stage):
    """Be the rows of parquet files, split and not labelled yet.

    Args:
        source: The rows.
        split: Says which of them validate.
    """

    _stage = SPLIT
    _words = ("label_from_df",)

    def __init__(self, source: ParquetList, split: RowSplit) -> None:
        self.source = source
        self.train, self.valid = RowSet(source.table, split, False), RowSet(source.table, split, True)

    @property
    def path(self) -> Path:
        """Return the folder where models and exports go."""
        return self.source.path

    def __repr__(self) -> str:
        return f"{self.source!r}\nTrain: {len(self.train)} rows\nValid: {len(self.valid)} rows"

    @known_keywords_only
    def label_from_df(
        self,
        cols: Any,
        label_cls: Any = None,
        classes: Sequence[Any] | None = None,
        log: bool | None = None,
        label_delim: str | None = None,
    ) -> ParquetLabelLists:
        """Label each row by a column, and learn the preprocessing: the columns are read two or three times.

        Args:
            cols: Name of the column; or of several columns: of zeros and ones, one a class, or of numbers with
                `label_cls=FloatList`.
            label_cls: `CategoryList`, `MultiCategoryList` or `FloatList`; inferred from the first row when left out.
            classes: The classes in the order wanted; those of all rows, sorted, when left out.
            log: Predict the logarithm of the numbers.
            label_delim: What stands between the labels of a text, where a row has several.

        Raises:
            ArgumentTypeError: a keyword is unknown.
            ArgumentError: labels of that class cannot be read by row groups, or steps cannot learn from them.
            DataError: there is no such column, a row has no label, or a column holds what it must not.
        """
        source, names = self.source, listify(cols)
        source.table.check_columns(names)
        settings = (("classes", classes), ("log", log), ("label_delim", label_delim))
        given = {name: value for name, value in settings if value is not None}
        targets, kind = target_columns(source.table, names, source.empty, label_cls, given)
        processor = source.processor
        if processor is None:
            columns = source.empty
            cats, conts = columns.cat_names, columns.cont_names
            orders = source.table.orders
            processor = learn_from(self.train.frames, cats, conts, columns.procs, targets.compared, orders)
        made = []
        for rows, keep in ((self.train, source.row_groups), (self.valid, 1)):  # validation is read in its order
            store = RowStore(rows, processor, targets, keep)
            x = source.empty.fresh()
            x.processor, x.items = [processor], ParquetRows(store)
            y = targets.labels(kind, given, source.path)
            y.items = targets_of(store)
            made.append(x._label_list(x, y))
        return ParquetLabelLists(source.path, *made)


class ParquetLabelLists(LabelLists):
    """Be the labelled rows of parquet files; training reads few row groups at a time."""

    def databunch(self, **kwargs: Any) -> Any:
        """Make the loaders; see `LabelLists.databunch`.

        Args:
            **kwargs: What it takes; a `sampler` or `shuffle` of yours takes the place of the order by row groups.
        """
        if not {"sampler", "batch_sampler", "shuffle"} & kwargs.keys():
            store = self.train.x.items.store
            kwargs["sampler"] = GroupOrder(store.rows.counts, store.keep)
        return super().databunch(**kwargs)
