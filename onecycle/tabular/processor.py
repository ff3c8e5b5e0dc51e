"""The processor of tables: from a data frame to two arrays, learnt from the training rows, usable without a learner."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from onecycle.data.processors import PreProcessor
from onecycle.errors import (
    ArgumentError,
    ArgumentTypeError,
    DataError,
    FileFormatError,
    StepError,
    describe,
    did_you_mean,
    explain,
)
from onecycle.tabular.check import check_kinds, check_training, column_names
from onecycle.tabular.frames import (
    as_frame,
    as_numbers,
    as_row,
    check_columns,
    missing_message,
    one_number,
    refuse_odd_categories,
)
from onecycle.tabular.lines import TabularLine
from onecycle.tabular.procs import FillMissing, Normalize, TabularProc, as_categories, row_by_row
from onecycle.tabular.rows import TableRows, rows_of
from onecycle.types import JsonDict, PathOrStr
from onecycle.utils.file_gate import file_gate
from onecycle.utils.files import read_json, write_json
from onecycle.utils.frozen_values import check_attribute
from onecycle.utils.registry import check_forms, decode, encode, name_of, register
from onecycle.utils.schema import check_form, mapping_of_names, record, whole
from onecycle.utils.values import is_missing, to_scalar

__all__ = ["TabularProcessor"]

_FORMAT, _VERSION = "onecycle-preprocessing", 1
_NA = "#na#"


@register("processor")
class TabularProcessor(PreProcessor):
    """Turn tables into codes and numbers with steps that learn from the training rows.

    Args:
        ds: The `TabularList` that steps and columns are taken from.
        procs: The steps: classes such as `Categorify`, partials of them, or steps that have learnt already.
        cat_names: Columns of categories; those of `ds` when left out.
        cont_names: Columns of numbers; those of `ds` when left out.

    Example:
        >>> import pandas as pd
        >>> from onecycle.tabular.procs import Categorify
        >>> prepare = TabularProcessor(procs=[Categorify], cat_names=["work"], cont_names=["age"])
        >>> df = pd.DataFrame({"work": ["state", "private"], "age": [30, 40]})
        >>> codes, numbers = prepare.fit(df).arrays(df)
        >>> codes.tolist(), numbers.tolist()
        ([[2], [1]], [[30.0], [40.0]])
    """

    def __init__(
        self, ds: Any = None, procs: Any = None, cat_names: Any = None, cont_names: Any = None
    ) -> None:
        super().__init__(ds)
        given = getattr(ds, "procs", None) if procs is None else procs
        self.procs: list[Any] = _steps(given)
        owner = type(self).__name__
        self.source_cats = column_names(owner, "cat_names", _or_of(ds, "cat_names", cat_names))
        self.source_conts = column_names(owner, "cont_names", _or_of(ds, "cont_names", cont_names))
        check_kinds(owner, self.source_cats, self.source_conts)
        self.cat_names, self.cont_names = list(self.source_cats), list(self.source_conts)
        self.classes: dict[Any, list[Any]] | None = None
        self._codes: dict[Any, dict[Any, int]] = {}

    # Learning and applying

    @property
    def is_fitted(self) -> bool:
        """Say whether the training rows were seen."""
        return self.classes is not None

    def fit(self, df: Any) -> TabularProcessor:
        """Learn from the training rows, which are not changed; return itself.

        Raises:
            DataError: columns are missing or hold what they must not; says all at once.
        """
        self._fitted_frame(as_frame("fit", df))
        return self

    def _fitted_frame(self, df: Any) -> Any:
        """Learn from the training rows and return them processed."""
        check_training(df, self.source_cats, self.source_conts)
        frame = df.copy(deep=False)
        cats, conts = list(self.source_cats), list(self.source_conts)
        self.procs = [_run(proc, frame, cats, conts) for proc in self.procs]
        self.cat_names, self.cont_names = cats, conts
        self._take_classes({name: [_NA, *_categories(frame, name)] for name in cats})
        return frame

    def take_learnt(
        self,
        procs: Sequence[TabularProc],
        cat_names: Sequence[Any],
        cont_names: Sequence[Any],
        classes: dict[Any, list[Any]],
    ) -> TabularProcessor:
        """Take over steps that have learnt elsewhere; return itself.

        Args:
            procs: The steps.
            cat_names: Columns of categories, those that say what was missing among them.
            cont_names: Columns of numbers.
            classes: For each column of categories its categories, without `#na#`.
        """
        self.procs, self.cat_names, self.cont_names = list(procs), list(cat_names), list(cont_names)
        self._take_classes({name: [_NA, *found] for name, found in classes.items()})
        return self

    def _take_classes(self, classes: dict[Any, list[Any]]) -> None:
        self.classes = classes
        self._codes = {name: {value: i for i, value in enumerate(found) if i} for name, found in classes.items()}

    def apply(self, df: Any) -> Any:
        """Return a table as the steps make it; the table itself is not changed.

        Args:
            df: A table of pandas, polars or pyarrow.

        Returns:
            A pandas data frame with all columns of `df`, those of the inputs processed.

        Raises:
            StepError: `fit` was not called.
            DataError: a column of numbers is missing or holds something else.
        """
        self._need_fit("apply")
        frame = self._completed(as_frame("apply", df).copy(deep=False))
        for proc in self.procs:
            proc(frame, test=True)
        return frame

    def arrays(self, df: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return a table as a model gets it.

        Args:
            df: A table of pandas, polars or pyarrow.

        Returns:
            Codes of categories, int64 `(N, categories)`, and numbers, float32 `(N, numbers)`.
        """
        return self._arrays_of(self.apply(df))

    def _need_fit(self, owner: str) -> None:
        if not self.is_fitted:
            raise StepError(f"{owner}: nothing is learnt yet. Call fit(training_rows) first.")

    def _completed(self, frame: Any) -> Any:
        """Give a table columns of nothing where it lacks some that training had."""
        there = set(frame.columns)
        for name in self._lacking(there, list(frame.columns)):
            frame[name] = np.nan if name in self.source_conts else None
        check_columns("table", frame, [*self.source_cats, *self.source_conts])
        return frame

    def _lacking(self, there: Any, shown: Sequence[Any]) -> list[Any]:
        """Return columns of training that are not there, with a warning, if they can do without.

        Raises:
            DataError: they cannot, or nothing at all is there.
        """
        wanted = [*self.source_cats, *self.source_conts]
        lacking = [name for name in wanted if name not in there]
        if not lacking:
            return []
        numbers = [name for name in lacking if name in self.source_conts]
        if (numbers and not self._fills()) or len(lacking) == len(wanted):
            raise DataError(missing_message("table", numbers or lacking, shown))
        names = ", ".join(map(repr, lacking))
        others = [str(name) for name in shown if name not in wanted]
        near = next(filter(None, (did_you_mean(str(name), others) for name in lacking)), "")
        warnings.warn(
            f"table: columns of the training rows are not there and count as missing: {names}.{near}",
            UserWarning,
            stacklevel=4,
        )
        return lacking

    def _fills(self) -> bool:
        return any(isinstance(proc, FillMissing) for proc in self.procs)

    def _arrays_of(self, frame: Any) -> tuple[np.ndarray, np.ndarray]:
        assert self.classes is not None
        codes = [_codes_of(frame, name, self.classes[name]) for name in self.cat_names]
        conts = [_numbers_of(frame[name]) for name in self.cont_names]
        return rows_of(codes, conts, len(frame))

    # In the data sentence

    def process(self, ds: Any) -> None:
        """Process the rows of a `TabularList`: the first time they are those of training."""
        if isinstance(ds.items, TableRows) and ds.inner_df is None:
            return  # they are processed as they are read
        if ds.inner_df is None:
            if len(ds):
                cure = "Make the list with TabularList.from_df."
                raise DataError(explain(type(self).__name__, "", "needs a list that was made from a table", cure=cure))
            return
        frame = self.apply(ds.inner_df) if self.is_fitted else self._fitted_frame(ds.inner_df)
        ds.items = TableRows(np.asarray(ds.items), *self._arrays_of(frame))

    def process_one(self, item: Any) -> TabularLine:
        """Return one row, such as `df.iloc[0]`, as a `TabularLine`."""
        if isinstance(item, TabularLine):
            return item
        self._need_fit("process_one")
        row = as_row("predict", item, (*self.source_cats, *self.source_conts))
        if not row.keys() >= {*self.source_cats, *self.source_conts}:
            row.update(dict.fromkeys(self._lacking(row, list(row))))
        for proc in self.procs:
            (proc.apply_row if row_by_row(proc) else _as_table(proc))(row)
        codes = [self.code_of(name, row[name]) for name in self.cat_names]
        return self.line(codes, [_number_of(name, row[name]) for name in self.cont_names])

    def code_of(self, name: Any, value: Any) -> int:
        """Return the code of one value of a column, 0 where training has not seen it.

        Warns where it was seen as another kind of value, as 3 and not as '3'.

        Raises:
            DataError: it is none that a category can be, such as a list.
        """
        known = self._codes[name]
        try:
            code = known.get(value, 0)
        except TypeError as error:
            rule = "must be one category"
            raise DataError(explain("predict", f"column {name!r}", rule, value, "Pass one row.")) from error
        if not code:
            self.tell_unknown(name, value, known)
        return code

    def tell_unknown(self, name: Any, value: Any, known: Mapping[Any, int]) -> None:
        """Warn of a value of a row that is unknown, where training has seen it as another kind of value.

        Args:
            name: The column.
            value: The value.
            known: Codes of the values that training has seen.
        """
        other = of_another_kind(value, known)
        if other is not None:
            warnings.warn(
                f"predict: {describe(value)} is no category of column {name!r} and counts as unknown; "
                f"{describe(other)} is one. Give both one kind of value.",
                UserWarning,
                stacklevel=5,
            )

    def line(self, codes: Any, conts: Any) -> TabularLine:
        """Return codes and numbers as an item that shows the numbers as they were."""
        return TabularLine(codes, conts, self.classes or {}, [*self.cat_names, *self.cont_names], self.readable)

    def readable(self, conts: Any) -> Any:
        """Return the numbers of a row as they were before they were scaled."""
        scales = [proc for proc in self.procs if isinstance(proc, Normalize)]
        if not scales or not set(self.cont_names) <= scales[-1].means.keys():
            return conts
        return scales[-1].undone(np.asarray(conts, dtype=np.float64), self.cont_names)

    # Files

    def get_state(self) -> JsonDict:
        """Return the steps with what they learnt, the columns and their classes.

        Raises:
            ArgumentError: a step is of a class without a registered name; says how to give it one.
        """
        for proc in self.procs:
            _check_named(proc if isinstance(proc, type) else type(proc))
        names = ("procs", "source_cats", "source_conts", "cat_names", "cont_names", "classes")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_state(cls, state: JsonDict) -> TabularProcessor:
        """Rebuild the processor from `get_state`."""
        made = cls.__new__(cls)
        PreProcessor.__init__(made)
        for name in state:
            check_attribute(made, name)
        vars(made).update(state)
        made._codes = {}
        if made.is_fitted:
            made._take_classes(state["classes"])
        return made

    def save(self, file: PathOrStr) -> None:
        """Write the preprocessing to a JSON file, for use without a learner.

        Raises:
            ArgumentError: a step is of a class without a registered name.
        """
        write_json(file, {"format": _FORMAT, "version": _VERSION, "state": encode(self)})

    @staticmethod
    def load(file: PathOrStr) -> TabularProcessor:
        """Return the preprocessing that `save` wrote.

        Raises:
            FileFormatError: the file is something else, or of a newer version.
        """
        owner = "TabularProcessor.load"
        found = read_json(file)
        if not isinstance(found, dict) or found.get("format") != _FORMAT:
            raise FileFormatError(f"{owner}: '{file}' holds no preprocessing that save() wrote.")
        check_form(owner, file, found, record({"version": whole(0), "state": mapping_of_names}))
        if found["version"] > _VERSION:
            newer = f"'{file}' has version {found['version']}, this onecycle reads up to {_VERSION}"
            raise FileFormatError(f"{owner}: {newer}. Install a newer onecycle.")
        kinds = ("enum", "function", "processor")
        check_form(owner, file, found["state"], lambda value, place: check_forms(value, None, kinds, place))
        with file_gate(owner, file):
            processor = decode(found["state"])
        if not isinstance(processor, TabularProcessor):
            raise FileFormatError(f"{owner}: '{file}' holds no preprocessing that save() wrote.")
        return processor


def _or_of(ds: Any, name: str, given: Any) -> Any:
    return getattr(ds, name, None) if given is None else given


def _steps(given: Any) -> list[Any]:
    """Return steps as a list.

    Raises:
        ArgumentTypeError: one is no class or step.
    """
    steps = [] if given is None else list(given) if isinstance(given, (list, tuple)) else [given]
    for step in steps:
        if not callable(step):
            cure = "Pass e.g. procs=[FillMissing, Categorify, Normalize]."
            raise ArgumentTypeError(explain("TabularList", "procs", "must be classes of steps", step, cure))
    return steps


def _run(proc: Any, frame: Any, cats: list[Any], conts: list[Any]) -> TabularProc:
    """Return a step after it was applied to the training rows, from which it learns unless it has before."""
    if not isinstance(proc, TabularProc):
        made = _checked_step(proc, proc(cats, conts))
        made(frame)
    else:
        made = copy.copy(proc)
        if not proc.learnt:
            made.cat_names, made.cont_names = cats, conts
        made(frame, test=proc.learnt)
        cats += [name for name in made.cat_names if name not in cats]
        conts += [name for name in made.cont_names if name not in conts]
    _check_left(type(made).__name__, frame, [*cats, *conts])
    return made


def _checked_step(given: Any, made: Any) -> TabularProc:
    if isinstance(made, TabularProc):
        return made
    cure = "Pass e.g. procs=[FillMissing, Categorify, Normalize]."
    raise ArgumentTypeError(explain("TabularList", "procs", "must be classes of steps", given, cure))


def _check_left(step: str, frame: Any, names: Sequence[Any]) -> None:
    """Check that a step left the columns of the inputs in the table.

    Raises:
        DataError: one is gone; says how a step takes a column away.
    """
    there = set(frame.columns)
    gone = [name for name in names if name not in there]
    if gone:
        raise DataError(
            f"{step}: column {gone[0]!r} is gone from the table and still among the inputs. Take it out of the step's "
            f"cat_names or cont_names too: self.cont_names.remove({gone[0]!r})."
        )


def _as_table(proc: TabularProc) -> Any:
    return lambda row: TabularProc.apply_row(proc, row)


def _categories(frame: Any, name: Any) -> list[Any]:
    """Return the categories of a processed column of the training rows."""
    if not hasattr(frame[name], "cat"):
        cure = "Put Categorify into procs, behind FillMissing: procs=[FillMissing, Categorify, Normalize]."
        raise DataError(
            explain("table", f"column {name!r}", "must hold categories", str(frame[name].dtype), cure)
        )
    found = [to_scalar(value) for value in frame[name].cat.categories]
    refuse_odd_categories("table", name, found)
    return found


def _codes_of(frame: Any, name: Any, classes: list[Any]) -> np.ndarray:
    column, known = frame[name], classes[1:]
    if not hasattr(column, "cat") or list(column.cat.categories) != known:
        column = as_categories(column, known)
    return column.cat.codes.to_numpy().astype(np.int64) + 1


def _numbers_of(column: Any) -> np.ndarray:
    numbers = as_numbers("table", column)
    missing = numbers.isna().to_numpy()
    if missing.any():
        first = column.index[int(np.flatnonzero(missing)[0])]
        raise DataError(no_number(column.name, f"{int(missing.sum())} of {len(column)} rows, the first {first}"))
    with np.errstate(over="ignore"):
        found = numbers.to_numpy().astype(np.float32)
    if not np.isfinite(found).all():
        raise DataError(_too_large(column.name, float(np.abs(numbers).max())))
    return found


def of_another_kind(value: Any, known: Mapping[Any, int]) -> Any:
    """Return what a value is among known ones as a text or number, such as 3 for '3'; None where it is not there."""
    for kind in (str, int, float):
        with suppress(TypeError, ValueError, OverflowError):
            if not is_missing(value) and kind(value) in known:
                return kind(value)
    return None


def _check_named(kind: type) -> None:
    if issubclass(kind, TabularProc) and name_of("processor", kind) is None:
        raise ArgumentError(
            f"TabularProcessor: the step {kind.__name__} has no name by which a file can refer to it. Write "
            f"@register('processor') above its class (from onecycle.utils.registry import register)."
        )


def _number_of(name: Any, value: Any) -> float:
    number = one_number("predict", name, value)
    if number != number:
        raise DataError(no_number(name, "this row"))
    return number


def no_number(name: Any, where: str) -> str:
    """Return the sentence about missing numbers."""
    return (
        f"table: column {name!r} has no value in {where}. Put FillMissing into procs, or fill the column before: "
        f"procs=[FillMissing, Categorify, Normalize]."
    )


def _too_large(name: Any, largest: float) -> str:
    rule = "must fit into single precision"
    return explain("table", f"column {name!r}", rule, largest, "Put Normalize into procs.")
