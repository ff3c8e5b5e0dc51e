"""Items with their labels: what a loader reads from."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from torch.utils.data import Dataset

from onecycle.data.items import EmptyLabel
from onecycle.data.processors import is_number
from onecycle.data.show import readable
from onecycle.data.stages import LABELLED, Stage
from onecycle.errors import DataError, OnecycleError, check_keywords
from onecycle.types import JsonDict, PathOrStr
from onecycle.utils.seeding import current_stream, plain_look
from onecycle.utils.values import nearest, other_kind

__all__ = ["LabelList"]


class LabelList(Stage, Dataset[Any]):
    """Pair inputs with labels, transformed as they are asked for.

    Args:
        x: The list of inputs.
        y: The list of labels.
        tfms: Transforms of the inputs.
        tfm_y: Whether the labels are transformed with them.
        **kwargs: Settings for the transforms, such as `size`.
    """

    _stage = LABELLED

    def __init__(self, x: Any, y: Any, tfms: Any = None, tfm_y: bool = False, **kwargs: Any) -> None:
        self.x, self.y = x, y
        self.y.x = x
        self.item: Any = None
        self.tfms, self.tfmargs, self.tfm_y = tfms, kwargs, bool(tfm_y)
        self.tfms_y, self.tfmargs_y = _for_labels(tfms) if tfm_y else None, kwargs if tfm_y else {}

    # What it is made of

    @property
    def path(self) -> Path:
        """Return the folder where models and exports go."""
        return self.x.path

    @property
    def items(self) -> Any:
        """Return the items of the inputs, such as files."""
        return self.x.items

    @property
    def inner_df(self) -> Any:
        """Return the data frame of the inputs."""
        return self.x.inner_df

    @property
    def c(self) -> int | None:
        """Return the number of outputs that a model needs for the labels."""
        return self.y.c

    @property
    def classes(self) -> Any:
        """Return the classes of the labels, or None where they have none."""
        return getattr(self.y, "classes", None)

    @property
    def c2i(self) -> dict[Any, int]:
        """Return the number of each class of the labels.

        Raises:
            AttributeError: the labels have no classes.
        """
        return self.y.c2i

    @property
    def processor(self) -> Any:
        """Return the processors of the inputs; those of the labels are `y.processor`."""
        return self.x.processor

    @property
    def loss_func(self) -> Any:
        """Return the loss that goes with the labels, or None."""
        return getattr(self.y, "loss_func", None)

    def __len__(self) -> int:
        return len(self.x) if self.item is None else 1

    def __repr__(self) -> str:
        x, y = type(self.x).__name__, type(self.y).__name__
        shown = range(min(5, len(self)))
        inputs = ",".join(readable(self._input, i, self.x._prints_as) for i in shown)
        label = (lambda i: self._pair(i)[1]) if self.tfm_y else self.y.__getitem__
        labels = ",".join(readable(label, i, self.y._prints_as) for i in shown)
        return f"LabelList ({len(self)} items)\nx: {x}\n{inputs}\ny: {y}\n{labels}\nPath: {self.path}"

    # Samples

    def __getitem__(self, idxs: Any) -> Any:
        """Return `(input, label)` for a whole number, and a `LabelList` for a slice, a list or a mask.

        Raises:
            DataError: the item cannot be loaded; the message names it.
        """
        if type(idxs) is not int and not is_number(idxs):
            return self.new(self.x[idxs], self.y[idxs])
        if current_stream() is None:
            with plain_look():
                return self._pair(int(idxs))
        return self._pair(int(idxs))

    def _pair(self, index: int) -> tuple[Any, Any]:
        """Return the input and the label at a position, transformed."""
        if self.item is not None:
            return self.transformed(self.item), EmptyLabel()
        raw = self._loaded(self.x, index)
        y = self._loaded(self.y, index)
        check_pair = getattr(self.y, "check_pair", None)
        if check_pair is not None:
            check_pair(raw, y, index)
        x = self.transformed(raw)
        if self.tfm_y:
            y = y.apply_tfms(self.tfms_y, **{**self.tfmargs_y, "do_resolve": False})
        return x, y

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def _input(self, index: int) -> Any:
        return self.transformed(self._loaded(self.x, index))

    def transformed(self, x: Any) -> Any:
        """Return an input with the transforms of this list applied."""
        return x.apply_tfms(self.tfms, **self.tfmargs) if self.tfms or self.tfmargs else x

    def _loaded(self, items: Any, index: int) -> Any:
        try:
            return items[index]
        except (OnecycleError, IndexError):
            raise
        except Exception as error:
            name = str(self.items[index])[:200]
            raise DataError(
                f"{type(items).__name__}: item {index} ({name}) could not be loaded: "
                f"{type(error).__name__}: {error}"
            ) from error

    def batch_getter(self) -> Callable[[Sequence[int]], Any] | None:
        """Return how to take a whole batch at once, where both lists can and nothing is transformed."""
        able = hasattr(self.x, "get_batch") and hasattr(self.y, "get_batch")
        if not able or self.item is not None or self.tfms or self.tfmargs or self.tfm_y:
            return None
        return self._batch

    def _batch(self, indices: Sequence[int]) -> list[Any]:
        return [self.x.get_batch(indices), self.y.get_batch(indices)]

    def set_item(self, item: Any) -> _SetItem:
        """Have one item in place of those of the list, for predicting it; used as a context manager."""
        self.item = self.x.process_one(item)
        return _SetItem(self)

    def clear_item(self) -> None:
        """Have the items of the list again."""
        self.item = None

    def predict(self, res: Any) -> Any:
        """Return the label that activations of one item stand for."""
        return self.y.reconstruct(self.y.analyze_pred(res))

    # Next stages

    def new(self, x: Any, y: Any, tfms: Any = None, tfm_y: bool | None = None, **kwargs: Any) -> LabelList:
        """Return a list of other inputs and labels with the transforms of this one.

        Args:
            x: The list of inputs.
            y: The list of labels.
            tfms: Other transforms; with them, or `tfm_y`, or settings, nothing of this list's is kept.
            tfm_y: Whether the labels are transformed.
            **kwargs: Other settings for the transforms.
        """
        made = type(self)(x, y)
        if tfms is None and tfm_y is None and not kwargs:
            for name in ("tfms", "tfmargs", "tfm_y", "tfms_y", "tfmargs_y"):
                setattr(made, name, getattr(self, name))
            return made
        given_y = self.tfm_y if tfm_y is None else tfm_y
        return type(self)(x, y, self.tfms if tfms is None else tfms, given_y, **{**self.tfmargs, **kwargs})

    def transform(self, tfms: Any, tfm_y: bool | None = None, **kwargs: Any) -> LabelList:
        """Return the list with these transforms in the place of the ones it has.

        Args:
            tfms: Transforms of the inputs, None or an empty list for none.
            tfm_y: Whether the labels are transformed too; as it is now when left out.
            **kwargs: Settings for the transforms, such as `size`.

        Raises:
            ArgumentTypeError: the items' `apply_tfms` does not know a keyword.
        """
        self._check_settings(kwargs)
        given_y = self.tfm_y if tfm_y is None else tfm_y
        return type(self)(self.x, self.y, tfms, given_y, **kwargs)

    def transform_y(self, tfms: Any = None, **kwargs: Any) -> LabelList:
        """Return the list with its labels transformed too.

        Args:
            tfms: Transforms of the labels; those of the inputs that are meant for labels when left out.
            **kwargs: Settings that differ from those for the inputs.
        """
        made = self.new(self.x, self.y)
        made.tfm_y = True
        made.tfms_y = _for_labels(self.tfms) if tfms is None else tfms
        made.tfmargs_y = {**self.tfmargs, **kwargs} if tfms is None else kwargs
        return made

    def _check_settings(self, given: dict[str, Any]) -> None:
        if not given or not len(self.x):
            return
        try:
            accepts = inspect.signature(self.x[0].apply_tfms).parameters.values()
        except Exception:  # the item is broken or has no transforms: whoever loads it will say so
            return
        if all(p.kind is not p.VAR_KEYWORD for p in accepts):
            known = {p.name for p in accepts} - {"tfms", "do_resolve"}
            check_keywords("transform", given, known | {"tfm_y"})

    def filter_by_func(self, func: Callable[[Any, Any], Any]) -> LabelList:
        """Leave out the items for which `func(x, y)` is true; it sees what is in `x.items` and `y.items`."""
        out = [bool(func(x, y)) for x, y in zip(self.x.items, self.y.items, strict=True)]
        return self[~np.array(out, dtype=bool)]

    def databunch(self, **kwargs: Any) -> Any:
        """Refuse: one list has no validation set.

        Raises:
            DataError: always; says which word of the sentence is missing.
        """
        raise DataError(
            "databunch: the items are not split. Call a split_… method before label_… "
            "(split_none() where no validation set is wanted), then databunch()."
        )

    def process(
        self, xp: Any = None, yp: Any = None, name: str | None = None, max_warn_items: int = 5
    ) -> LabelList:
        """Run the processors over labels and inputs, in place.

        Items whose label is no class of the training set are left out, with one warning.

        Args:
            xp: Processors of the inputs.
            yp: Processors of the labels.
            name: Name of the set, for the warning.
            max_warn_items: Number of unknown labels that the warning shows.
        """
        self.y.process(yp)
        if getattr(self.y, "filter_missing_y", False):
            self._leave_out_unknown(name, max_warn_items)
        self.x.process(xp)
        return self

    def _leave_out_unknown(self, name: str | None, shown: int) -> None:
        unknown = [label for processor in self.y.processor for label in _taken(processor)]
        known = [label is not None for label in self.y.items]
        if unknown and name in (None, "training") and not any(map(_has_class, self.y.items)):
            raise DataError(_no_known_label(self.y, unknown))
        if not all(known):
            kept = np.flatnonzero(known)
            self.x, self.y = self.x[kept], self.y[kept]
            self.y.items, self.y.x = self.y.items.astype(np.int64), self.x
        if unknown:
            warnings.warn(_unknown_labels(self.y, name, unknown, shown, known), UserWarning, stacklevel=4)

    # Files

    def to_df(self) -> Any:
        """Return a data frame of items and labels: columns `x` (relative to `path`) and `y`."""
        import pandas as pd

        return pd.DataFrame(
            {"x": [self._relative(item) for item in self.x.items], "y": [str(label) for label in self.y]}
        )

    def _relative(self, item: Any) -> Any:
        if isinstance(item, Path) and item.is_relative_to(self.path):
            return item.relative_to(self.path).as_posix()
        return str(item) if isinstance(item, Path) else item

    def to_csv(self, dest: PathOrStr) -> None:
        """Write `to_df` to a CSV file in `path`."""
        self.to_df().to_csv(self.path / dest, index=False)

    def get_state(self, **kwargs: Any) -> JsonDict:
        """Return all but the items, as values that JSON knows.

        Args:
            **kwargs: More to be put into it.
        """
        from onecycle.data.state import label_list_state

        return {**label_list_state(self), **kwargs}

    def export(self, fn: PathOrStr, **kwargs: Any) -> None:
        """Write `get_state` to a JSON file.

        Args:
            fn: The file.
            **kwargs: More to be put into it.
        """
        from onecycle.utils.files import write_json

        write_json(fn, self.get_state(**kwargs))

    @classmethod
    def load_state(cls, path: PathOrStr, state: JsonDict) -> LabelList:
        """Return an empty list with the settings of `get_state`.

        Args:
            path: The folder where models and exports go.
            state: What `get_state` returned.
        """
        from onecycle.data.state import label_list_from_state

        return label_list_from_state(state, path)

    @classmethod
    def load_empty(cls, path: PathOrStr, fn: PathOrStr) -> LabelList:
        """Return an empty list with the settings that `export` wrote.

        Args:
            path: The folder of the file.
            fn: The file.
        """
        from onecycle.data.state import LABELLED_FORM
        from onecycle.utils.file_gate import file_gate
        from onecycle.utils.files import read_json
        from onecycle.utils.schema import check_form

        source = Path(path) / fn
        state = check_form("LabelList.load_empty", source, read_json(source), LABELLED_FORM)
        with file_gate("LabelList.load_empty", source):
            return cls.load_state(path, state)


class _SetItem:
    """Clear the item of a list at the end of a block."""

    def __init__(self, owner: LabelList) -> None:
        self.owner = owner

    def __enter__(self) -> LabelList:
        return self.owner

    def __exit__(self, *exc_info: object) -> None:
        self.owner.clear_item()


def _for_labels(tfms: Any) -> Any:
    """Return the transforms that are meant for labels too."""
    return [tfm for tfm in tfms or [] if getattr(tfm, "use_on_y", True)]


def _taken(processor: Any) -> list[Any]:
    """Take the labels that a processor did not know."""
    unknown, processor.warns = getattr(processor, "warns", []), []
    return unknown


def _has_class(label: Any) -> bool:
    """Return whether something is left of a processed label: an index, or indices of any number."""
    return label is not None and not (hasattr(label, "__len__") and len(label) == 0)


def _no_known_label(labels: Any, unknown: Sequence[Any]) -> str:
    """Return the sentence for labels of which none is among the classes that were passed."""
    kinds = other_kind(unknown[0], labels.classes)
    near = f"{kinds}." if kinds else nearest(unknown[0], labels.classes)
    return (
        f"{type(labels).__name__}: no label of the training set is among classes; the labels are such as "
        f"{unknown[0]!r}, the classes {', '.join(map(repr, labels.classes[:5]))}.{near} Pass the labels themselves as "
        f"classes."
    )


def _unknown_labels(
    labels: Any, name: str | None, unknown: Sequence[Any], shown: int, known: Sequence[bool]
) -> str:
    names = list(dict.fromkeys(str(label) for label in unknown))
    listed = ", ".join(names[:shown]) + (f" and {len(names) - shown} more" if len(names) > shown else "")
    left_out = known.count(False)
    what = f"leaving out {left_out} of {len(known)} items" if left_out else "leaving out these labels"
    if name in (None, "training"):
        return f"{type(labels).__name__}: the items have labels that are not in classes: {listed}; {what}."
    what += f";{kinds}." if (kinds := other_kind(unknown[0], labels.classes)) else "."
    return (
        f"{type(labels).__name__}: the {name} set has labels that are no class of the training set: {listed}; "
        f"{what} Move some of their items into the training set, or pass classes=[…] with all labels."
    )
