"""Parquet files read a row group at a time: which groups there are, and the rows of one as small data frames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from onecycle.errors import ArgumentTypeError, DataError, explain
from onecycle.tabular.frames import LARGEST_EXACT, check_names, with_whole_numbers
from onecycle.utils.extras import import_extra

__all__: list[str] = []

OWNER = "from_parquet"
ROWS_AT_ONCE = 65_536  # of a row group, while it is turned into codes and numbers
_ENDING = ".parquet"


class ParquetTable:
    """Know the row groups of one or several parquet files, and read them one by one.

    Only the footers are held: names of columns, and how many rows each row group has. Groups are numbered over all
    files in their order; so are rows.

    Args:
        files: A file, a folder (its `*.parquet`, sorted by name), or a list of files.

    Raises:
        ArgumentError: pyarrow is not installed.
        DataError: there is no such file, it is no parquet file, or there are no rows.
    """

    def __init__(self, files: Any) -> None:
        parquet = import_extra(OWNER, "pyarrow.parquet", "tables")
        self.files = _files(files)
        self._footers = [_footer(parquet, file) for file in self.files]
        counts = [
            (file, group, footer.row_group(group).num_rows)
            for file, footer in enumerate(self._footers)
            for group in range(footer.num_row_groups)
        ]
        self._groups = [(file, group) for file, group, rows in counts if rows]
        self.counts = np.array([rows for _, _, rows in counts if rows], dtype=np.int64)
        self.starts = np.concatenate([[0], np.cumsum(self.counts)]).astype(np.int64)
        self._floats: set[Any] = set()  # columns of whole numbers in some files, of floats in others
        if not len(self):
            shown = ", ".join(repr(str(file)) for file in self.files[:5])
            raise DataError(f"{OWNER}: the table must have rows; there is none in {shown}.")

    def __len__(self) -> int:
        return int(self.starts[-1])

    def check_columns(self, names: Sequence[Any]) -> None:
        """Check that all files have columns, each of one kind of values.

        Whole numbers in one file and floats in another are one kind: pandas writes whole numbers with gaps as floats.

        Raises:
            DataError: a column is missing, or holds another kind of values than in another file; names both files.
        """
        schemas = [footer.schema.to_arrow_schema() for footer in self._footers]
        for file, schema in zip(self.files, schemas, strict=True):
            check_names(f"{OWNER}: '{file}'", schema.names, names)
        for name in names:
            kinds = [_kind(schema.field(name).type) for schema in schemas]
            if {_WHOLE, _FLOATS} <= set(kinds):
                self._floats.add(name)
            self._check_kinds(name, kinds)

    def _check_kinds(self, name: Any, kinds: Sequence[str]) -> None:
        """Refuse a column that holds different kinds of values in different files."""
        first: dict[str, Path] = {}
        for kind, file in zip(kinds, self.files, strict=True):
            first.setdefault(_FLOATS if kind == _WHOLE and name in self._floats else kind, file)
        first.pop(_NOTHING, None)
        if len(first) > 1:
            (one, here), (other, there) = list(first.items())[:2]
            raise DataError(
                f"{OWNER}: column {name!r} holds {one} in '{here}' and {other} in '{there}'. Write it with one kind of "
                f"values in all files."
            )

    def orders(self, names: Sequence[Any]) -> dict[Any, list[Any]]:
        """Return the categories of columns that were written as categories, in the order that they were given.

        A column is left out where files or row groups were written with different categories: then there is no order
        of the whole, as pandas finds when it joins such columns.
        """
        types = [[footer.schema.to_arrow_schema().field(name).type for footer in self._footers] for name in names]
        known = [name for name, kinds in zip(names, types, strict=True) if all(map(_is_dictionary, kinds))]
        if not known:
            return {}
        ordered = {name: any(kind.ordered for kind in types[list(names).index(name)]) for name in known}
        found = [self._dictionaries(group, known) for group in range(len(self.counts))]
        return {name: found[0][name] for name in known if _is_one([each[name] for each in found], ordered[name])}

    def _dictionaries(self, group: int, names: list[Any]) -> dict[Any, list[Any]]:
        part = next(iter(self._parts(group, names, 1)))
        return {name: part.column(name).dictionary.to_pylist() for name in names}

    def frames(self, group: int, columns: Sequence[Any]) -> Iterator[Any]:
        """Yield the rows of a row group as data frames of at most 65,536 rows.

        Args:
            group: Its number.
            columns: Which columns.

        Returns:
            pandas data frames; the index is the number of the row in the whole table.

        Raises:
            DataError: the row group cannot be read; names the file.
        """
        import pandas as pd

        at = int(self.starts[group])
        try:
            for part in self._parts(group, list(dict.fromkeys(columns))):
                frame = self._frame(part, group)
                frame.index = pd.RangeIndex(at, at + len(frame))
                at += len(frame)
                yield frame
        except DataError:
            raise
        except (OSError, ValueError) as error:  # ArrowInvalid is a ValueError
            file, number = self._groups[group]
            said = str(error).partition("\n")[0].rstrip(".")
            raise DataError(
                f"{OWNER}: row group {number} of '{self.files[file]}' cannot be read ({said}). Write it anew."
            ) from error

    def _frame(self, part: Any, group: int) -> Any:
        """Return rows as a data frame: dictionaries as plain values, whole numbers with gaps as such."""
        part = _without_dictionaries(part)
        frame = with_whole_numbers(part.to_pandas(use_threads=False, ignore_metadata=True), part)
        for name in self._floats.intersection(frame.columns):
            if frame[name].dtype.kind in "iu":
                frame[name] = self._exact_floats(frame[name], group)
        return frame

    def _exact_floats(self, column: Any, group: int) -> Any:
        """Return whole numbers as floats.

        Raises:
            DataError: one is too large to be exact as a float; names file and column.
        """
        if (column.abs() > LARGEST_EXACT).any():
            file = self.files[self._groups[group][0]]
            raise DataError(
                f"{OWNER}: column {column.name!r} holds whole numbers beyond 2^53 in '{file}' and floats in another "
                f"file, where such numbers cannot be told apart. Write it as whole numbers or as text in all files."
            )
        return column.astype("Float64").to_numpy(np.float64, na_value=np.nan)

    def _parts(self, group: int, columns: list[Any], rows: int | None = None) -> Iterator[Any]:
        parquet = import_extra(OWNER, "pyarrow.parquet", "tables")
        file, number = self._groups[group]
        # No threads and no reading ahead: the pools of a process are not there in a forked worker.
        with parquet.ParquetFile(self.files[file], metadata=self._footers[file], pre_buffer=False) as opened:
            yield from opened.iter_batches(rows or ROWS_AT_ONCE, [number], columns, use_threads=False)


def _files(given: Any) -> list[Path]:
    many = [given] if isinstance(given, (str, Path)) else list(given) if hasattr(given, "__iter__") else [given]
    if not all(isinstance(file, (str, Path)) for file in many):
        cure = "Pass the name of a file or folder, or a list of files."
        raise ArgumentTypeError(explain(OWNER, "files", "must be parquet files", given, cure))
    if len(many) == 1 and Path(many[0]).is_dir():
        many = sorted(Path(many[0]).glob("*" + _ENDING))
    if not many:
        raise DataError(f"{OWNER}: no file *{_ENDING} is there; looked for {given!r}.")
    return [Path(file) for file in many]


def _footer(parquet: Any, file: Path) -> Any:
    try:
        return parquet.read_metadata(file)
    except OSError as error:
        raise DataError(f"{OWNER}: '{file}' cannot be opened ({error.strerror or error}). Check the path.") from error
    except ValueError as error:  # ArrowInvalid
        said = str(error).partition("\n")[0].rstrip(".")
        raise DataError(f"{OWNER}: '{file}' is no whole parquet file ({said}). Write it anew.") from error


def _without_dictionaries(part: Any) -> Any:
    """Return a record batch with plain values: the dictionaries of one row group are not those of the next."""
    plain = [column.dictionary_decode() if hasattr(column, "dictionary_decode") else column for column in part.columns]
    return type(part).from_arrays(plain, names=part.schema.names)


def _is_dictionary(type_: Any) -> bool:
    return str(type_).startswith("dictionary")


def _is_one(found: Sequence[list[Any]], ordered: bool) -> bool:
    """Say whether categories are the same everywhere; their order matters only where they are ordered."""
    compared = found if ordered else [sorted(map(repr, each)) for each in found]
    return all(each == compared[0] for each in compared)


_NOTHING, _WHOLE, _FLOATS = "nothing", "whole numbers", "floats"
_KINDS = {"null": _NOTHING, "bool": "truth values", "halffloat": _FLOATS, "float": _FLOATS, "double": _FLOATS}


def _kind(type_: Any) -> str:
    """Return what kind of values an arrow type holds, whatever its width."""
    type_ = getattr(type_, "value_type", type_) if _is_dictionary(type_) else type_
    name = str(type_)
    if name.startswith(("int", "uint")):
        return _WHOLE
    return "text" if "string" in name and "<" not in name else _KINDS.get(name, f"values of type {name}")
