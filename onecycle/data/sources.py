"""The first stage of the sentence: finding the items, in a folder, a data frame or a CSV file."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from onecycle.errors import ArgumentError, ArgumentTypeError, DataError, did_you_mean, explain
from onecycle.types import PathOrStr
from onecycle.utils.matching import warn_unmatched
from onecycle.utils.text_files import check_encoding, encoding_of_file, wrong_encoding
from onecycle.utils.values import nearest, to_list, to_scalar

__all__ = ["get_files"]


def get_files(
    path: PathOrStr,
    extensions: Collection[str] | None = None,
    recurse: bool = False,
    exclude: Collection[str] | None = None,
    include: Collection[str] | None = None,
    presort: bool = False,
    followlinks: bool = False,
) -> list[Path]:
    """Return the files of a folder, sorted; hidden files and folders are left out.

    Args:
        path: The folder.
        extensions: Endings such as `.png` that are wanted, in lower or upper case; all when left out.
        recurse: Go into subfolders.
        exclude: Names of subfolders to leave out, at any depth.
        include: Names of subfolders of `path` to go into; the others are left out.
        presort: Has no effect: the files are always sorted.
        followlinks: Go into linked folders.

    Raises:
        DataError: the folder does not exist.

    Example:
        >>> get_files("empty-folder-that-is-not-there")
        Traceback (most recent call last):
        ...
        onecycle.errors.DataError: get_files: folder 'empty-folder-that-is-not-there' does not exist. ...
    """
    folder = folder_of("get_files", path)
    if not folder.is_dir():
        raise DataError(_no_folder("get_files", folder))
    wanted = _endings(extensions)
    walk = _walk(str(folder), recurse, _as_names(exclude), _as_names(include), followlinks)
    return _sorted_files(file for file in walk if wanted is None or file.lower().endswith(wanted))


def _sorted_files(files: Iterable[str]) -> list[Path]:
    return [Path(file) for file in sorted(files, key=lambda file: file.split(os.sep))]


def _endings(extensions: Collection[str] | None) -> tuple[str, ...] | None:
    if extensions is None:
        return None
    endings = to_list(extensions)
    return tuple(sorted(f".{ending.lower().removeprefix('.')}" for ending in endings))


def _as_names(names: Collection[str] | None) -> set[str]:
    return set() if names is None else {str(name) for name in to_list(names)}


def _walk(
    folder: str, recurse: bool, exclude: set[str], include: set[str], links: bool, seen: set[str] | None = None
) -> Iterator[str]:
    """Yield the files of a folder; `seen` collects the names of its folders, those left out too."""
    for where, subfolders, files in os.walk(folder, followlinks=links):
        if seen is not None:
            seen.update(subfolders)
        kept = [name for name in subfolders if name not in exclude and not name.startswith(".")]
        if where == folder and include:
            kept = [name for name in kept if name in include]
        subfolders[:] = kept if recurse else []
        for name in files:
            if not name.startswith("."):
                yield os.path.join(where, name)


def files_or_complain(
    owner: str,
    path: PathOrStr,
    extensions: Collection[str] | None,
    recurse: bool,
    exclude: Collection[str] | None,
    include: Collection[str] | None,
) -> list[Path]:
    """Return the files of a folder.

    Raises:
        DataError: there are none; says what was looked for and what is there.
    """
    folder = folder_of(owner, path)
    if not folder.is_dir():
        raise DataError(_no_folder(owner, folder))
    seen: set[str] = set()
    walk = _walk(str(folder), recurse, _as_names(exclude), _as_names(include), False, seen)
    wanted = _endings(extensions)
    found = _sorted_files(file for file in walk if wanted is None or file.lower().endswith(wanted))
    if not found:
        raise DataError(_nothing_found(owner, folder, extensions, recurse, include))
    if recurse:
        here = set(_subfolders(folder))
        _warn_of_folders(owner, "include", _as_names(include), here, f"the name of a folder in '{folder}'")
        _warn_of_folders(owner, "exclude", _as_names(exclude), seen, f"the name of a folder below '{folder}'")
    return found


def _warn_of_folders(caller: str, parameter: str, names: set[str], known: set[str], rule: str) -> None:
    warn_unmatched(caller, parameter, sorted(names - known), sorted(known), rule, stacklevel=5)


def folder_of(owner: str, path: PathOrStr) -> Path:
    """Return a path as such.

    Raises:
        ArgumentTypeError: it is none.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise ArgumentTypeError(explain(owner, "path", "must be a folder", path))
    return Path(path)


def _no_folder(owner: str, folder: Path) -> str:
    what = "is a file, not a folder" if folder.exists() else "does not exist"
    near = did_you_mean(folder.name, _subfolders(folder.parent))
    return f"{owner}: folder '{folder}' {what}.{near} Pass the folder that holds the items."


def _subfolders(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir() if entry.is_dir()) if folder.is_dir() else []


def _nothing_found(
    owner: str,
    folder: Path,
    extensions: Collection[str] | None,
    recurse: bool,
    include: Collection[str] | None,
) -> str:
    endings = _endings(extensions)
    looked = "any file" if endings is None else f"files ending in {', '.join(endings)}"
    within = f" in its subfolders {', '.join(sorted(_as_names(include)))}" if include else ""
    there = _what_is_there(folder, recurse)
    return f"{owner}: no item in folder '{folder}'; looked for {looked}{within}. {there}"


def _what_is_there(folder: Path, recurse: bool) -> str:
    others = get_files(folder, recurse=True)
    if not others:
        return "The folder holds no file at all."
    counts = Counter(file.suffix.lower() or "no ending" for file in others)
    shown = ", ".join(f"{count} {ending}" for ending, count in counts.most_common(5))
    cure = "" if recurse else " Pass recurse=True to look into subfolders."
    return f"The folder and its subfolders hold {shown}.{cure}"


def check_files(owner: str, items: Any) -> None:
    """Check that items are files.

    Raises:
        DataError: one is not; shows it.
    """
    odd = [item for item in items if not isinstance(item, (str, os.PathLike))]
    if odd:
        cure = "Begin with from_folder, or use a method that takes a function of an item."
        raise DataError(explain(owner, "", "needs items that are files", to_scalar(odd[0]), cure))


def column_numbers(owner: str, frame: Any, cols: Any) -> list[int]:
    """Return the numbers of columns given by number or name.

    Args:
        owner: Who asks, for the message.
        frame: The data frame.
        cols: One column or several; a whole number is a position unless a column has it as its name.

    Raises:
        DataError: there is no such column; says which there are.
    """
    if not hasattr(frame, "columns"):
        raise ArgumentTypeError(explain(owner, "df", "must be a pandas data frame", frame))
    cols = to_scalar(cols)
    many = (isinstance(cols, (list, tuple)) or hasattr(cols, "tolist")) and not is_column(frame, cols)
    several = cols if many else [cols]
    return [_column_number(owner, frame, to_scalar(col)) for col in several]


def is_column(frame: Any, cols: Any) -> bool:
    """Say whether a tuple is the name of one column, as where columns have several levels."""
    return isinstance(cols, tuple) and cols in list(getattr(frame, "columns", ()))


def _column_number(owner: str, frame: Any, col: Any) -> int:
    names = list(frame.columns)
    if isinstance(col, int) and -len(names) <= col < len(names):
        return col % len(names)
    if col in names:
        return names.index(col)
    near = nearest(col, names)
    shown = ", ".join(repr(name) for name in names[:20])
    raise DataError(f"{owner}: there is no column {col!r}.{near} The columns are {shown}.")


def need_frame(owner: str, frame: Any) -> Any:
    """Return the data frame of a list.

    Raises:
        DataError: the list was not made from one.
    """
    if frame is None:
        cure = "Make the list with from_df or from_csv, or use another split_ or label_ method."
        raise DataError(explain(owner, "", "the items must come from a data frame", cure=cure))
    return frame


def csv_file(path: PathOrStr, csv_name: PathOrStr) -> Path:
    """Return the CSV file of a folder.

    Raises:
        ArgumentTypeError: one of the names is none.
    """
    for name, given in (("path", path), ("csv_name", csv_name)):
        if not isinstance(given, (str, os.PathLike)):
            cure = "Pass the folder and the file: from_csv('data', 'labels.csv', …)."
            raise ArgumentTypeError(explain("from_csv", name, "must be the name of a folder or file", given, cure))
    return Path(path) / csv_name


def read_csv(
    file: PathOrStr,
    header: Any = "infer",
    delimiter: str | None = None,
    encoding: str | None = None,
    names: Any = None,
    keep_zeros: bool = False,
) -> Any:
    """Read a CSV file into a data frame.

    Whole numbers beyond 2^53 stay exact in a column with gaps too: it is then of dtype Int64, since floats would merge
    neighbours.

    Args:
        file: The file.
        header: Row of the column names; None where there are none.
        delimiter: What stands between columns; a comma when left out.
        encoding: The file's encoding; default: that of its byte order mark, else UTF-8.
        names: The column, or columns, of names such as those of files: they stay texts, 0001 is not 1.
        keep_zeros: Whether other columns stay texts too where a number begins with a zero, so that 01 is not 1.

    Raises:
        DataError: the file does not exist, is in another encoding, or cannot be read as a table.
        ArgumentError: Python knows no such encoding.
    """
    file = Path(file)
    if not file.is_file():
        there = sorted(f.name for f in file.parent.glob("*.csv")) if file.parent.is_dir() else []
        raise DataError(f"from_csv: file '{file}' does not exist.{did_you_mean(file.name, there)}")
    how = {
        "sep": delimiter or ",",
        "header": header,
        "encoding": check_encoding("from_csv", encoding) or encoding_of_file(file),
    }
    try:
        frame = _exact_frame(file, how)
        return frame if names is None and not keep_zeros else _with_texts(frame, file, how, names, keep_zeros)
    except UnicodeError as error:
        way_out = "encoding='gbk' (or from_df(pd.read_csv(file, encoding='gbk'), …))"
        raise DataError(wrong_encoding("from_csv", file, encoding, error, way_out)) from error
    except ValueError as error:  # pandas' errors of parsing and of an empty file are ValueErrors
        raise DataError(f"from_csv: file '{file}' cannot be read as a table: {error}") from error


_LARGEST_EXACT = 2.0**53  # whole numbers up to here are floats of their own


def _exact_frame(file: Path, how: dict[str, Any]) -> Any:
    """Return a CSV file as a frame; columns of large whole numbers that gaps made floats are read again."""
    import pandas as pd

    frame = pd.read_csv(file, **how)
    rounded = [i for i in range(frame.shape[1]) if _may_be_rounded(frame.iloc[:, i])]
    if not rounded:
        return frame
    texts = pd.read_csv(file, **how, dtype=str)
    columns = {i: _whole_numbers(texts.iloc[:, i]) for i in rounded}
    parts = [columns[i] if columns.get(i) is not None else frame.iloc[:, i] for i in range(frame.shape[1])]
    exact = pd.concat(parts, axis=1)
    exact.columns = frame.columns
    return exact


_ZERO_FIRST = r"\s*[+-]?0[0-9].*"


def _with_texts(frame: Any, file: Path, how: dict[str, Any], names: Any, keep_zeros: bool) -> Any:
    """Return a CSV file as a frame whose columns of names, and of numbers that begin with a zero, are texts."""
    import pandas as pd

    named = [] if names is None else column_numbers("from_csv", frame, names)
    are_numbers = [i for i in range(frame.shape[1]) if pd.api.types.is_numeric_dtype(frame.iloc[:, i])]
    doubtful = [i for i in are_numbers if keep_zeros or i in named]
    if not doubtful:
        return frame
    texts = pd.read_csv(file, **how, dtype=str)
    kept = [i for i in doubtful if i in named or texts.iloc[:, i].str.fullmatch(_ZERO_FIRST).any()]
    parts = [texts.iloc[:, i].str.strip() if i in kept else frame.iloc[:, i] for i in range(frame.shape[1])]
    mended = pd.concat(parts, axis=1)
    mended.columns = frame.columns
    return mended


def _may_be_rounded(column: Any) -> bool:
    """Say whether a column of floats has gaps and large values that may have been whole numbers."""
    if column.dtype != np.float64 or not column.isna().any():
        return False
    large = column.abs().to_numpy() >= _LARGEST_EXACT
    return bool(large.any()) and bool(np.isfinite(column.to_numpy()[large]).all())


def _whole_numbers(texts: Any) -> Any:
    """Return a column of texts as exact whole numbers with gaps, or as it is where they are too large for 64 bits.

    Returns:
        None where a text is no whole number.
    """
    import pandas as pd

    filled = texts.dropna().str.strip()
    if not filled.str.fullmatch(r"[+-]?[0-9]+").all():
        return None
    numbers = [pd.NA if text is pd.NA or text != text else int(text) for text in texts.array]
    try:
        return pd.Series(pd.array(numbers, dtype="Int64"), index=texts.index, name=texts.name)
    except (OverflowError, ValueError, TypeError):  # beyond 64 bits
        return texts.str.strip()


def complete_values(owner: str, frame: Any, numbers: Sequence[int]) -> Any:
    """Return the values of columns, one-dimensional for one column.

    Raises:
        DataError: values are missing; says in which column and in which rows.
    """
    if not numbers:
        raise ArgumentError(explain(owner, "cols", "must name at least one column", list(numbers)))
    part = frame.iloc[:, list(numbers)]
    missing = part.isna()
    if missing.to_numpy().any():
        raise DataError(_missing_values(owner, frame, missing))
    return part.iloc[:, 0].to_numpy() if len(numbers) == 1 else part.to_numpy()


def _missing_values(owner: str, frame: Any, missing: Any) -> str:
    columns = ", ".join(repr(name) for name in missing.columns[missing.any()])
    rows = [i for i, is_missing in enumerate(missing.any(axis=1)) if is_missing]
    shown = ", ".join(f"row {frame.index[i]} ({frame.iloc[i, 0]})" for i in rows[:5])
    more = f" and {len(rows) - 5} more" if len(rows) > 5 else ""
    return (
        f"{owner}: {len(rows)} of {len(frame)} rows have no value in column {columns}: {shown}{more}. "
        f"Fill them or drop them first, e.g. df = df.dropna(subset=[{columns}])."
    )
