"""The steps of preprocessing: missing values filled, categories numbered, numbers scaled; learnt from training rows."""

from __future__ import annotations

import enum
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from onecycle.errors import DataError, StepError
from onecycle.tabular.frames import (
    as_numbers,
    one_number,
    refuse_odd_categories,
    refuse_times,
    warn_of_rounded,
)
from onecycle.types import JsonDict
from onecycle.utils.checks import check_member
from onecycle.utils.frozen_values import check_attribute
from onecycle.utils.registry import register
from onecycle.utils.values import is_missing, to_scalar

__all__ = ["Categorify", "FillMissing", "FillStrategy", "Normalize", "TabularProc"]


class TabularProc:
    """Change columns of a data frame in place, as learnt from the training rows.

    A subclass overrides `apply_train`, which learns, and `apply_test`, which only applies. What it learns are
    attributes: they go into files, if the class is registered (`@register("processor")`).

    Args:
        cat_names: Columns of categories.
        cont_names: Columns of numbers.

    Example:
        >>> import pandas as pd
        >>> class Doubled(TabularProc):
        ...     def apply_train(self, df): df[self.cont_names] *= 2
        >>> df = pd.DataFrame({"age": [1, 2]})
        >>> Doubled([], ["age"])(df)
        >>> df["age"].tolist()
        [2, 4]
    """

    learnt = False

    def __init__(self, cat_names: Sequence[Any], cont_names: Sequence[Any]) -> None:
        self.cat_names: list[Any] = cat_names if isinstance(cat_names, list) else list(cat_names)
        self.cont_names: list[Any] = cont_names if isinstance(cont_names, list) else list(cont_names)

    def __call__(self, df: Any, test: bool = False) -> None:
        """Change a data frame in place.

        Args:
            df: The data frame.
            test: Apply what was learnt before, and learn nothing.
        """
        (self.apply_test if test else self.apply_train)(df)
        self.learnt = self.learnt or not test

    def apply_train(self, df: Any) -> None:
        """Learn from the training rows and change them in place."""
        raise NotImplementedError

    def apply_test(self, df: Any) -> None:
        """Change other rows in place; by default as the training rows."""
        self.apply_train(df)

    def apply_row(self, row: dict[Any, Any]) -> None:
        """Change one row in place: column -> value; by default as a table of one row."""
        import pandas as pd

        frame = pd.DataFrame([row])
        self.apply_test(frame)
        row.update(frame.iloc[0].to_dict())

    def get_state(self) -> JsonDict:
        """Return what was learnt, with the settings."""
        return dict(vars(self))

    @classmethod
    def from_state(cls, state: JsonDict) -> TabularProc:
        """Rebuild the step from `get_state`."""
        made = cls.__new__(cls)
        for name in state:
            check_attribute(made, name)
        vars(made).update(state)
        return made

    def _learnt(self, name: str) -> Any:
        """Return something that `apply_train` learns.

        Raises:
            StepError: it was not called yet.
        """
        found = getattr(self, name, None)
        if found is None:
            kind = type(self).__name__
            raise StepError(f"{kind}: nothing is learnt yet. Call it with the training rows first: proc(df).")
        return found


def row_by_row(proc: TabularProc) -> bool:
    """Say whether a step's own `apply_row` does what its `apply_test` does: no class below it changed only one."""
    for each in type(proc).__mro__:
        if "apply_row" in vars(each):
            return True
        if {"apply_test", "apply_train"} & vars(each).keys():
            return False
    return False


@register("enum")
class FillStrategy(enum.IntEnum):
    """Say what is put where a number is missing: the median, one given number, or the most common value."""

    MEDIAN = 1
    COMMON = 2
    CONSTANT = 3


@register("processor")
class FillMissing(TabularProc):
    """Fill missing numbers, and say in a new column of categories where they were missing.

    Args:
        cat_names: Columns of categories; the new columns `<name>_na` are added to this list.
        cont_names: Columns of numbers.
        fill_strategy: What is put there.
        add_col: Add the new columns.
        fill_val: The number for `FillStrategy.CONSTANT`.

    Example:
        >>> import pandas as pd
        >>> df = pd.DataFrame({"age": [20.0, None, 40.0]})
        >>> FillMissing([], ["age"])(df); df.values.tolist()
        [[20.0, False], [30.0, True], [40.0, False]]
    """

    fill_strategy = FillStrategy.MEDIAN
    na_dict: dict[Any, float]
    fills: dict[Any, float]

    def __init__(
        self,
        cat_names: Sequence[Any],
        cont_names: Sequence[Any],
        fill_strategy: FillStrategy = FillStrategy.MEDIAN,
        add_col: bool = True,
        fill_val: float = 0.0,
    ) -> None:
        super().__init__(cat_names, cont_names)
        self.fill_strategy = check_member("FillMissing", "fill_strategy", fill_strategy, FillStrategy)
        self.add_col, self.fill_val = add_col, fill_val

    def apply_train(self, df: Any) -> None:
        """Learn what is put in each column, and fill the training rows."""
        self.na_dict, self.fills = {}, {}
        for name in self.cont_names:
            numbers = as_numbers("FillMissing", df[name])
            self.fills[name] = self._fill_of(numbers)
            if numbers.isna().any():
                self.na_dict[name] = self.fills[name]
                self._refuse_taken(df, name)
                self._fill(df, name, numbers)

    def _refuse_taken(self, df: Any, name: Any) -> None:
        there = self.add_col and marked(name) in self.cat_names and marked(name) in df.columns
        if there and df[marked(name)].dtype != bool:  # one of bools may be of an earlier filling
            raise DataError(name_taken(name))

    def _fill_of(self, numbers: Any) -> float:
        known = numbers.dropna()
        if self.fill_strategy is FillStrategy.CONSTANT:
            return float(self.fill_val)
        if not len(known):
            raise DataError(nothing_known("FillMissing", numbers.name))
        return float(known.median() if self.fill_strategy is FillStrategy.MEDIAN else known.mode().iloc[0])

    def _fill(self, df: Any, name: Any, numbers: Any) -> None:
        if self.add_col:
            df[marked(name)] = numbers.isna()
            if marked(name) not in self.cat_names:
                self.cat_names.append(marked(name))
        df[name] = numbers.fillna(self.fills[name])

    def apply_test(self, df: Any) -> None:
        """Fill other rows with what was learnt; warn where a column had no missing value in training."""
        for name, fill in self._learnt("fills").items():
            numbers = as_numbers("FillMissing", df[name])
            if name in self.na_dict:
                self._fill(df, name, numbers)
            elif numbers.isna().any():
                _warn_of_new_gaps(name, int(numbers.isna().sum()), fill)
                df[name] = numbers.fillna(fill)

    def apply_row(self, row: dict[Any, Any]) -> None:
        """Fill one row in place."""
        for name, fill in self._learnt("fills").items():
            missing = is_missing(row[name])
            if missing:
                row[name] = fill
            if name in self.na_dict:
                if self.add_col:
                    row[marked(name)] = missing
            elif missing:
                _warn_of_new_gaps(name, 1, fill)


def marked(name: Any) -> str:
    """Return the name of the column that says where another one had no value."""
    return f"{name}_na"


def nothing_known(owner: str, name: Any) -> str:
    """Return the sentence about a column of which every value is missing."""
    return f"{owner}: column {name!r} has no value in any training row. Leave it out of cat_names and cont_names."


def name_taken(name: Any) -> str:
    """Return the sentence about a column of the inputs that has the name of the one that is to be added."""
    return (
        f"FillMissing: column {marked(name)!r} is among the inputs, and is the name of the new column that says where "
        f"{name!r} is missing. Rename it, or pass partial(FillMissing, add_col=False)."
    )


def _warn_of_new_gaps(name: Any, count: int, fill: float) -> None:
    many = "1 value is" if count == 1 else f"{count} values are"
    warnings.warn(
        f"FillMissing: column {name!r} had no missing value in training; here {many} missing and filled with {fill:g}.",
        UserWarning,
        stacklevel=4,
    )


@register("processor")
class Categorify(TabularProc):
    """Turn columns into ordered categories: those of the training rows, sorted.

    What is not among them later is missing: code -1 in pandas, and 0, `#na#`, for a model.

    Example:
        >>> import pandas as pd
        >>> proc, later = Categorify(["work"], []), pd.DataFrame({"work": ["state", "private"]})
        >>> proc(pd.DataFrame({"work": ["private", "none"]}))
        >>> proc(later, test=True); later["work"].cat.codes.tolist()
        [-1, 1]
    """

    categories: dict[Any, list[Any]]

    def apply_train(self, df: Any) -> None:
        """Learn the categories and turn the columns of the training rows into them."""
        self.categories = {name: _categories_of(df[name]) for name in self.cat_names}
        self.apply_test(df)

    def apply_test(self, df: Any) -> None:
        """Turn the columns of other rows into the categories of the training rows."""
        for name, categories in self._learnt("categories").items():
            df[name] = as_categories(df[name], categories)

    def apply_row(self, row: dict[Any, Any]) -> None:
        """Leave a row as it is: its values are looked up among the categories."""
        self._learnt("categories")


def _categories_of(column: Any) -> list[Any]:
    import pandas as pd

    refuse_times("Categorify", column)
    if isinstance(column.dtype, pd.CategoricalDtype):
        found = [to_scalar(value) for value in column.cat.categories]  # in an order of their own
    else:
        found = sorted_categories([to_scalar(value) for value in different_values("Categorify", column)])
    refuse_odd_categories("Categorify", column.name, found)
    warn_of_rounded(column.name, found)
    return found


def different_values(owner: str, column: Any) -> Any:
    """Return the different values of a column, without missing ones.

    Raises:
        DataError: they are such as cannot be told apart, e.g. lists; names the column and the cure.
    """
    known = column.dropna()
    try:
        return known.unique()
    except TypeError:
        refuse_odd_categories(owner, column.name, known)
        raise


def sorted_categories(found: Sequence[Any]) -> list[Any]:
    """Return different values in order; several kinds of them in the order of their kinds."""
    try:
        return sorted(found)
    except TypeError:
        return sorted(found, key=lambda value: (type(value).__name__, str(value)))


def as_categories(column: Any, categories: Sequence[Any]) -> Any:
    """Return a column with these categories, missing where a value is none of them."""
    import pandas as pd

    values = column.astype(object) if isinstance(column.dtype, pd.CategoricalDtype) else column
    values = values.astype("float32") if values.dtype == "float16" else values  # pandas has no index of halves
    codes = pd.Index(categories, dtype=None if len(categories) else object).get_indexer(values)
    found = pd.Categorical.from_codes(codes, categories=list(categories), ordered=True)
    if len(column) > 1 and len(categories) and (codes < 0).all() and not column.isna().all():
        warnings.warn(_all_unknown(column, categories), UserWarning, stacklevel=4)
    return pd.Series(found, index=column.index, name=column.name)


def _all_unknown(column: Any, categories: Sequence[Any]) -> str:
    first, known = to_scalar(column.dropna().iloc[0]), categories[0]
    said = f"Categorify: not one value of column {column.name!r} is known from training: here {first!r}"
    if type(first) is type(known):
        return f"{said}, there {known!r} … If each value comes once, such as an identity, leave the column out."
    return f"{said} ({type(first).__name__}), there {known!r} ({type(known).__name__}). Give both one kind of value."


@register("processor")
class Normalize(TabularProc):
    """Scale numbers to mean 0 and standard deviation 1 over the training rows.

    Example:
        >>> import pandas as pd
        >>> df = pd.DataFrame({"age": [1.0, 2.0, 3.0]})
        >>> Normalize([], ["age"])(df); df["age"].round(3).tolist()
        [-1.0, 0.0, 1.0]
    """

    means: dict[Any, float]
    stds: dict[Any, float]

    def apply_train(self, df: Any) -> None:
        """Learn mean and standard deviation of each column, and scale the training rows."""
        numbers = {name: as_numbers("Normalize", df[name]) for name in self.cont_names}
        self.means = {name: float(column.mean()) for name, column in numbers.items()}
        self.stds = {name: _spread(column) for name, column in numbers.items()}
        self.apply_test(df)

    def apply_test(self, df: Any) -> None:
        """Scale other rows by what was learnt."""
        for name, mean in self._learnt("means").items():
            numbers = as_numbers("Normalize", df[name])
            df[name] = (numbers - mean) / (1e-7 + self.stds[name])

    def apply_row(self, row: dict[Any, Any]) -> None:
        """Scale one row in place."""
        for name, mean in self._learnt("means").items():
            row[name] = (one_number("Normalize", name, row[name]) - mean) / (1e-7 + self.stds[name])

    def undone(self, values: np.ndarray, names: Sequence[Any]) -> np.ndarray:
        """Return scaled numbers as they were.

        Args:
            values: One number for each of `names`, in the last axis.
            names: The columns.
        """
        stds = np.array([1e-7 + self.stds[name] for name in names])
        return values * stds + np.array([self.means[name] for name in names])


def _spread(numbers: Any) -> float:
    """Return the standard deviation; 0 for a single row."""
    spread = float(numbers.std())
    return 0.0 if np.isnan(spread) else spread
