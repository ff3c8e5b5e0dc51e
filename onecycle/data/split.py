"""The second stage of the sentence: splitting the items into a training and a validation set."""

from __future__ import annotations

import operator
import os
import warnings
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from onecycle.data.asking import ask, positions_where
from onecycle.data.lists import ItemLists
from onecycle.data.processors import is_number, sorted_classes
from onecycle.data.sources import check_files, column_numbers, need_frame
from onecycle.errors import (
    ArgumentError,
    ArgumentTypeError,
    DataError,
    check_function,
    did_you_mean,
    explain,
    known_keywords_only,
)
from onecycle.types import PathOrStr
from onecycle.utils.checks import check_share
from onecycle.utils.matching import same_form, shown_names, warn_unmatched
from onecycle.utils.text_files import read_text
from onecycle.utils.values import to_label, to_scalar

__all__: list[str] = []

_MANY_SHOWN = 10
_MANY_COMPARED = 1000


class Splitting:
    """Give a list of items its `split_…` methods; each returns `ItemLists` and changes nothing."""

    items: Any
    path: Path
    inner_df: Any

    def __len__(self) -> int:
        return len(self.items)

    if TYPE_CHECKING:

        def __getitem__(self, idxs: Any) -> Any: ...

    def _split(self, train_idx: Any, valid_idx: Any) -> ItemLists:
        train, valid = np.asarray(train_idx, dtype=int), np.asarray(valid_idx, dtype=int)
        return ItemLists(self.path, self[train], self[valid])

    def split_none(self) -> ItemLists:
        """Take all items for training; the validation set is empty."""
        return self._split(np.arange(len(self)), [])

    def no_split(self) -> ItemLists:
        """Do what `split_none` does."""
        return self.split_none()

    def split_by_list(self, train: Any, valid: Any) -> ItemLists:
        """Take two lists that were made by hand.

        Raises:
            ArgumentTypeError: they are no lists of items such as `ImageList`.
        """
        for name, part in (("train", train), ("valid", valid)):
            if not isinstance(part, Splitting):
                rule = f"must be a list of items such as {type(self).__name__}"
                raise ArgumentTypeError(explain("split_by_list", name, rule, part))
        return ItemLists(self.path, train, valid)

    @known_keywords_only
    def split_by_idxs(self, train_idx: Sequence[int], valid_idx: Sequence[int]) -> ItemLists:
        """Split by positions.

        Args:
            train_idx: Positions of the training items.
            valid_idx: Positions of the validation items.

        Raises:
            DataError: a position is beyond the end.
        """
        train = self._checked_positions("split_by_idxs", "train_idx", train_idx)
        valid = self._checked_positions("split_by_idxs", "valid_idx", valid_idx)
        _warn_of_common("split_by_idxs", train, valid)
        return self._split(train, valid)

    def _checked_positions(self, owner: str, name: str, given: Any) -> list[int]:
        rule = "must hold whole numbers, the positions of items"
        if _is_mask(given):
            cure = f"Pass the positions of what is true: np.flatnonzero({name})."
            raise ArgumentTypeError(explain(owner, name, rule, given, cure))
        try:
            positions = [operator.index(i) for i in given]
        except TypeError as error:
            raise ArgumentTypeError(explain(owner, name, rule, given)) from error
        beyond = [i for i in positions if not -len(self) <= i < len(self)]
        if beyond:
            raise DataError(explain(owner, name, f"must hold positions of the {len(self)} items", beyond[0]))
        return [i % len(self) for i in positions]

    @known_keywords_only
    def split_by_idx(self, valid_idx: Collection[int]) -> ItemLists:
        """Take the items at these positions for validation and the others for training.

        Args:
            valid_idx: The positions, each once.

        Raises:
            ArgumentTypeError: they are no whole numbers.
            DataError: a position is beyond the end.
        """
        valid = self._checked_positions("split_by_idx", "valid_idx", valid_idx)
        twice = len(valid) - len(set(valid))
        if twice:
            warnings.warn(
                f"split_by_idx: valid_idx names {twice} of {len(valid)} positions again: these items count several "
                f"times in validation. Pass each once: np.unique(valid_idx).",
                UserWarning,
                stacklevel=3,
            )
        return self._split(_others(len(self), valid), valid)

    @known_keywords_only
    def split_by_rand_pct(
        self, valid_pct: float = 0.2, seed: int | None = None, stratify: Any = None
    ) -> ItemLists:
        """Draw the validation set.

        Args:
            valid_pct: Its share, between 0 and 1.
            seed: Makes the draw repeatable and leaves NumPy's global generator alone; without it the draw
                comes from there, so `np.random.seed` before it works.
            stratify: One label an item, or a function of an item: each label then gives its share.

        Raises:
            ArgumentError: `valid_pct` is not between 0 and 1, or there is not one label an item.
            DataError: a label has only one item, which cannot be shared out.
        """
        check_share_of_items("split_by_rand_pct", "valid_pct", valid_pct)
        source = numbers_from("split_by_rand_pct", seed)
        if stratify is not None:
            labels = _one_each("split_by_rand_pct", "stratify", stratify, self.items)
            return self.split_by_idx(_stratified(labels, valid_pct, source))
        count = int(valid_pct * len(self))
        if valid_pct > 0 and count == 0 and len(self):
            warnings.warn(_none_validates(valid_pct, len(self)), UserWarning, stacklevel=3)
        return self.split_by_idx(source.permutation(len(self))[:count])

    @known_keywords_only
    def random_split_by_pct(self, valid_pct: float = 0.2, seed: int | None = None) -> ItemLists:
        """Do what `split_by_rand_pct` does; the older name."""
        return self.split_by_rand_pct(valid_pct, seed)

    @known_keywords_only
    def split_by_group(self, group: Any, valid_pct: float = 0.2, seed: int | None = None) -> ItemLists:
        """Draw the validation set by whole groups: no group is in both sets.

        Use it where items belong together: frames of a film, pictures of a patient.

        Args:
            group: The group of each item, or a function of an item.
            valid_pct: Share of the items that validates, between 0 and 1; groups are added until it is
                reached.
            seed: Makes the draw repeatable; see `split_by_rand_pct`.

        Raises:
            ArgumentError: `valid_pct` is not between 0 and 1, or there is not one group an item.
            DataError: there are fewer than two groups.
        """
        check_share_of_items("split_by_group", "valid_pct", valid_pct)
        groups = _one_each("split_by_group", "group", group, self.items)
        names = sorted_classes(groups)
        if len(names) < 2:
            raise DataError(explain("split_by_group", "group", "must give at least two groups", names))
        chosen = _groups_for(groups, names, valid_pct, numbers_from("split_by_group", seed))
        return self.split_by_idx([i for i, name in enumerate(groups) if name in chosen])

    @known_keywords_only
    def split_subsets(self, train_size: float, valid_size: float, seed: int | None = None) -> ItemLists:
        """Draw a training and a validation set that need not be all of the items.

        Args:
            train_size: Share of the training set, between 0 and 1.
            valid_size: Share of the validation set, between 0 and 1; both together at most 1.
            seed: Makes the draw repeatable; see `split_by_rand_pct`.

        Raises:
            ArgumentError: a share is not between 0 and 1, or their sum is above 1.
        """
        check_share_of_items("split_subsets", "train_size", train_size)
        check_share_of_items("split_subsets", "valid_size", valid_size)
        if train_size + valid_size > 1:
            total = train_size + valid_size
            raise ArgumentError(
                explain("split_subsets", "train_size + valid_size", "must be at most 1", total)
            )
        order = numbers_from("split_subsets", seed).permutation(len(self))
        valid_count = int(valid_size * len(self))
        return self._split(order[: int(train_size * len(self))], order[len(order) - valid_count :])

    @known_keywords_only
    def use_partial_data(self, sample_pct: float = 0.01, seed: int | None = None) -> Any:
        """Draw some of the items, for trying something quickly.

        Args:
            sample_pct: Their share, between 0 and 1.
            seed: Makes the draw repeatable; see `split_by_rand_pct`.

        Returns:
            A list of the same kind.
        """
        check_share_of_items("use_partial_data", "sample_pct", sample_pct)
        order = numbers_from("use_partial_data", seed).permutation(len(self))
        count = int(sample_pct * len(self))
        if sample_pct > 0 and count == 0 and len(self):
            warnings.warn(
                f"use_partial_data: sample_pct {sample_pct} of {len(self)} items is less than one item: the list is "
                f"empty. Pass at least {1 / len(self):.2g}.",
                UserWarning,
                stacklevel=3,
            )
        return self[order[:count]]

    @known_keywords_only
    def split_by_folder(self, train: str = "train", valid: str = "valid") -> ItemLists:
        """Split by the first folder below `path`; items in other folders are left out.

        Args:
            train: Name of the folder of training items.
            valid: Name of the folder of validation items.

        Raises:
            DataError: there is no item in one of the folders; says which folders there are.
        """
        folders = [self.top_folder(item) for item in self.items]
        for name in (str(train), str(valid)):
            if name not in folders:
                raise DataError(_no_such_folder(self.path, name, folders))
        train_idx, valid_idx = ([i for i, folder in enumerate(folders) if folder == str(n)] for n in (train, valid))
        _warn_of_common("split_by_folder", train_idx, valid_idx)
        return self._split(train_idx, valid_idx)

    def top_folder(self, item: Any) -> str:
        """Return the name of the first folder of a file below `path`, or '' if there is none."""
        text, root = str(item), f"{self.path}{os.sep}"
        folder, slash, _ = text.removeprefix(root).partition(os.sep)
        return folder if slash else ""

    @known_keywords_only
    def split_by_valid_func(self, func: Callable[[Any], Any]) -> ItemLists:
        """Take the items for which `func(item)` is true for validation."""
        check_function("split_by_valid_func", "func", func)
        return self.split_by_idx(positions_where("split_by_valid_func", func, self.items))

    @known_keywords_only
    def split_by_files(self, valid_names: Iterable[PathOrStr]) -> ItemLists:
        """Take the files with these names for validation.

        Names that no file of the list has are reported in a warning.

        Args:
            valid_names: Names of files, without their folders, or whole paths, or paths below that of the list.

        Raises:
            ArgumentTypeError: one name was given in place of several, or one is no name.
            DataError: no file has one of the names, or the items are no files.
        """
        return self._split_by_names("split_by_files", valid_names)

    def _split_by_names(self, caller: str, valid_names: Iterable[PathOrStr]) -> ItemLists:
        """Take the files with these names for validation; report the names that no file has."""
        if isinstance(valid_names, (str, os.PathLike)):
            cure = "For a file that lists them call split_by_fname_file."
            rule = "must be several names"
            raise ArgumentTypeError(explain(caller, "valid_names", rule, valid_names, cure))
        check_files(caller, self.items)
        wanted = {same_form(_file_name(caller, name)): None for name in valid_names}
        matched: set[str] = set()
        valid = []
        for i, item in enumerate(self.items):
            matches = wanted.keys() & self._names_of(item)
            if matches:
                valid.append(i)
                matched |= matches
        known = [Path(item).name for item in self.items[:_MANY_COMPARED]]
        unmatched = [name for name in wanted if name not in matched]
        if wanted and not valid:
            raise DataError(_no_such_files(caller, unmatched, known))
        warn_unmatched(caller, "valid_names", unmatched, known, "the name of a file of the list", stacklevel=4)
        return self.split_by_idx(valid)

    def _names_of(self, item: PathOrStr) -> set[str]:
        """Return the names by which a file may be called: alone, as it stands in the list, below the list's path."""
        text = os.fspath(item)
        below = text.removeprefix(f"{self.path}{os.sep}")
        return {same_form(name) for name in (os.path.basename(text), text, below, below.replace(os.sep, "/"))}

    @known_keywords_only
    def split_by_fname_file(
        self, fname: PathOrStr, path: PathOrStr | None = None, encoding: str | None = None
    ) -> ItemLists:
        """Take the files that a text file names, one a line, for validation.

        Names that no file of the list has are reported in a warning.

        Args:
            fname: The text file.
            path: Its folder; that of the items when left out.
            encoding: Its encoding; default: that of its byte order mark, else UTF-8.

        Raises:
            DataError: the text file does not exist or is in another encoding, or no file has one of the names.
            ArgumentError: Python knows no such encoding.
        """
        file = Path(self.path if path is None else path) / fname
        if not file.is_file():
            raise DataError(f"split_by_fname_file: file '{file}' does not exist.")
        lines = read_text("split_by_fname_file", file, encoding).splitlines()
        return self._split_by_names("split_by_fname_file", [line.strip() for line in lines if line.strip()])

    @known_keywords_only
    def split_from_df(self, col: Any = 2) -> ItemLists:
        """Take the rows whose column is true for validation.

        Args:
            col: Name or number of a column of True and False, or of 1 and 0.

        Raises:
            DataError: the items have no data frame, there is no such column, or it holds other values.
        """
        frame = need_frame("split_from_df", self.inner_df)
        number = column_numbers("split_from_df", frame, col)[0]
        return self.split_by_idx(np.flatnonzero(_true_or_false(frame.iloc[:, number])))


def _is_mask(given: Any) -> bool:
    kind = getattr(given, "dtype", None)
    if kind is not None:
        return str(kind) in ("bool", "boolean", "torch.bool")
    return isinstance(given, (list, tuple)) and any(isinstance(i, (bool, np.bool_)) for i in given)


def _warn_of_common(owner: str, train: Sequence[int], valid: Sequence[int]) -> None:
    """Warn of items that are in both sets."""
    common = set(train) & set(valid)
    if common:
        many = "1 item is" if len(common) == 1 else f"{len(common)} items are"
        warnings.warn(
            f"{owner}: {many} in the training and in the validation set, e.g. number {min(common)}: what is learnt by "
            f"heart will look good. Leave them out of one.",
            UserWarning,
            stacklevel=4,
        )


def _others(count: int, positions: Sequence[int]) -> np.ndarray:
    mask = np.ones(count, dtype=bool)
    mask[np.asarray(positions, dtype=int)] = False
    return np.flatnonzero(mask)


def numbers_from(owner: str, seed: int | None) -> Any:
    """Return NumPy's legacy generator of a seed, or the global one.

    Raises:
        ArgumentError: the seed is none of those that NumPy takes.
    """
    if seed is None:
        return np.random
    if not is_number(seed) or not 0 <= seed < 2**32:
        raise ArgumentError(explain(owner, "seed", "must be a whole number from 0 to 2**32 - 1, or None", seed))
    return np.random.RandomState(seed)


def check_share_of_items(owner: str, name: str, value: Any) -> None:
    """Refuse what is not a share of the items.

    Raises:
        ArgumentError: it is no number from 0 to 1.
    """
    check_share(owner, name, value, "0.2 means a fifth of the items.")


def _none_validates(share: float, count: int) -> str:
    return (
        f"split_by_rand_pct: valid_pct {share} of {count} items is less than one item: the validation set is empty. "
        f"Pass at least {1 / count:.2g}, or split_none()."
    )


def _one_each(owner: str, name: str, given: Any, items: Any) -> list[Any]:
    """Return one value an item, from a function of an item or from the values themselves.

    Raises:
        ArgumentTypeError: there are no values, or they cannot be told apart.
        ArgumentError: there are more values than items, or fewer.
    """
    if isinstance(given, str) or not (callable(given) or hasattr(given, "__iter__")):
        cure = "Pass one value an item, such as a column df['label'], or a function of an item."
        raise ArgumentTypeError(explain(owner, name, "must be values or a function", given, cure))
    values = [to_label(value) for value in ((ask(given, item) for item in items) if callable(given) else given)]
    odd = next((value for value in values if not isinstance(value, Hashable)), None)
    if odd is not None:
        raise ArgumentTypeError(explain(owner, name, "must give texts or numbers", odd))
    if len(values) != len(items):
        rule = f"must have one value for each of the {len(items)} items"
        raise ArgumentError(
            explain(owner, name, rule, len(values), "Pass as many, or a function of an item.")
        )
    return values


def _stratified(labels: Sequence[Any], share: float, source: Any) -> list[int]:
    """Return positions of a share of each label, int(share * n) in all, rounding where most is lost."""
    counts = Counter(labels)
    alone = [label for label in sorted_classes(counts) if counts[label] == 1]
    if alone:
        raise DataError(_alone(alone))
    names = sorted_classes(counts)
    exact = {name: share * counts[name] for name in names}
    taken = {name: int(exact[name]) for name in names}
    missing = int(share * len(labels)) - sum(taken.values())
    by_loss = sorted(names, key=lambda name: (taken[name] - exact[name], names.index(name)))
    for name in by_loss[:missing]:
        taken[name] += 1
    return [i for name in names for i in _some_of(labels, name, taken[name], source)]


def _some_of(labels: Sequence[Any], name: Any, count: int, source: Any) -> list[int]:
    positions = np.array([i for i, label in enumerate(labels) if label == name])
    return [int(i) for i in source.permutation(positions)[:count]]


def _alone(labels: Sequence[Any]) -> str:
    shown = ", ".join(repr(label) for label in labels[:_MANY_SHOWN])
    more = f" and {len(labels) - _MANY_SHOWN} more" if len(labels) > _MANY_SHOWN else ""
    return (
        f"split_by_rand_pct: stratify needs at least two items of each label; these have one: {shown}{more}. "
        f"Add items, leave these out with filter_by_func, or split without stratify."
    )


def _groups_for(groups: Sequence[Any], names: Sequence[Any], share: float, source: Any) -> set[Any]:
    """Return groups, in drawn order, until they have the share of the items; one group is always left."""
    counts = Counter(groups)
    chosen: set[Any] = set()
    reached = 0
    for position in source.permutation(len(names))[:-1]:
        if reached >= int(share * len(groups)):
            break
        chosen.add(names[position])
        reached += counts[names[position]]
    return chosen


def _no_such_folder(path: Path, name: str, folders: Sequence[str]) -> str:
    counts = Counter(folder for folder in folders if folder)
    shown = ", ".join(f"{folder} ({count})" for folder, count in sorted(counts.items())[:_MANY_SHOWN])
    there = f"The folders with items are {shown}." if counts else "The items are in no subfolder."
    near = did_you_mean(name, counts)
    return f"split_by_folder: no item is in folder '{name}' of '{path}'.{near} {there}"


def _file_name(caller: str, name: Any) -> str:
    """Return a name as text.

    Raises:
        ArgumentTypeError: it is none.
    """
    name = to_scalar(name)
    if not isinstance(name, (str, os.PathLike)):
        raise ArgumentTypeError(explain(caller, "valid_names", "must hold names of files", name))
    return str(name)


def _no_such_files(caller: str, unmatched: Sequence[str], known: Sequence[str]) -> str:
    return f"{caller}: none of the {len(unmatched)} names is a file of the list: {shown_names(unmatched, known)}"


def _true_or_false(column: Any) -> np.ndarray:
    values = column.to_numpy()
    if values.dtype == bool:
        return values
    odd = [value for value in values.tolist() if not _is_one_or_zero(value)]
    if not odd:
        return values.astype(bool)
    rule = "must hold True and False, or 1 and 0"
    raise DataError(explain("split_from_df", f"column {column.name!r}", rule, odd[0]))


def _is_one_or_zero(value: Any) -> bool:
    return isinstance(value, (bool, int, float)) and value in (0, 1)
