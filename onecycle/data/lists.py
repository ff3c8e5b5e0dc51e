"""Training, validation and test lists side by side: before they are labelled and after."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

from onecycle.data.collate import data_collate
from onecycle.data.label_list import LabelList
from onecycle.data.labels import (
    as_labels,
    attach,
    empty_kind,
    labels_const,
    labels_from_df,
    labels_from_folder,
    labels_from_func,
    labels_from_re,
    several_columns,
)
from onecycle.data.opening import Opening
from onecycle.data.stages import LABELLED, SPLIT, Stage
from onecycle.errors import ArgumentError, DataError, explain
from onecycle.types import JsonDict, PathOrStr
from onecycle.utils.functions import has_arg, takes_any_keyword
from onecycle.utils.registry import lookup
from onecycle.utils.values import nearest

__all__ = ["ItemLists", "LabelLists"]

_CLASSES_SHOWN = 20


class _Lists(Stage):
    """Hold a training, a validation and perhaps a test list.

    Args:
        path: The folder where models and exports go.
        train: The training list.
        valid: The validation list; it may be empty.
        test: The test list, or None.
    """

    def __init__(self, path: PathOrStr, train: Any, valid: Any, test: Any = None) -> None:
        self.path = Path(path)
        self.train, self.valid, self.test = train, valid, test

    @property
    def lists(self) -> list[Any]:
        """Return the lists there are: training, validation and, if there is one, test."""
        return [self.train, self.valid] + ([] if self.test is None else [self.test])

    def __repr__(self) -> str:
        return f"{type(self).__name__};\n\nTrain: {self.train};\n\nValid: {self.valid};\n\nTest: {self.test}"


P = ParamSpec("P")


def _own_first(
    method: Callable[Concatenate[ItemLists, P], LabelLists],
) -> Callable[Concatenate[ItemLists, P], LabelLists]:
    """Let a `label_…` method of the list's own class come first, where a subclass has overridden it."""

    @wraps(method)
    def label(self: ItemLists, *args: P.args, **kwargs: P.kwargs) -> LabelLists:
        own = self._own_method(method.__name__)
        return method(self, *args, **kwargs) if own is None else own(*args, **kwargs)

    return label


class ItemLists(_Lists):
    """Hold items that are split and not labelled yet; its `label_…` methods return `LabelLists`.

    Every `label_…` method takes, as further keywords, settings of the class of labels: `classes=[…]` for
    classes in an order of your own, `label_delim=' '` for several labels in one text, `log=True` for numbers.

    Args:
        path: The folder where models and exports go.
        train: The training items.
        valid: The validation items; they may be empty.
        test: The test items, or None.
    """

    _stage = SPLIT

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            own = self._own_method(name) if name.startswith("label_") else None
            return super().__getattr__(name) if own is None else own

    def _own_method(self, name: str) -> Callable[..., LabelLists] | None:
        """Return the `label_…` method of the list's class for all lists, where it is not this library's; or None."""
        method = getattr(type(self.train), name, None)
        if not callable(method) or _is_ours(method):
            return None
        return partial(self._labelled_by, name)

    def _labelled_by(self, name: str, *args: Any, **kwargs: Any) -> LabelLists:
        """Label each list by a method of its own, and process the labels together."""
        train, valid = (_labelled_part(part, name, args, kwargs) for part in (self.train, self.valid))
        if type(valid.y) is not type(train.y):  # inferred from fewer labels, or none
            valid = train.new(valid.x, train.y.new(valid.y.items))
        return LabelLists(self.path, train, valid).process()

    def _labelled(
        self, owner: str, labels: Callable[[Any], Any], label_cls: Any, settings: dict[str, Any]
    ) -> LabelLists:
        return self._with_labels(owner, labels(self.train), labels(self.valid), label_cls, settings)

    def _with_labels(
        self, owner: str, train_labels: Any, valid_labels: Any, label_cls: Any, settings: dict[str, Any]
    ) -> LabelLists:
        settings = {name: list(value) if isinstance(value, Iterator) else value for name, value in settings.items()}
        if not len(self.train):  # the first label of the validation set tells the class then
            given = {name: value for name, value in settings.items() if value is not None}
            label_cls = self.valid.get_label_cls(as_labels(valid_labels), label_cls, **given)
        train = attach(self.train, f"{owner} (train)", train_labels, label_cls, settings)
        valid = attach(self.valid, f"{owner} (valid)", valid_labels, type(train.y), settings)
        return LabelLists(self.path, train, valid).process()

    @_own_first
    def label_const(self, const: Any = 0, label_cls: Any = None, **kwargs: Any) -> LabelLists:
        """Give every item the same label.

        Args:
            const: The label.
            label_cls: Class of the labels; inferred from the label when left out.
            **kwargs: Settings of that class.
        """
        return self._labelled("label_const", lambda items: labels_const(items, const), label_cls, kwargs)

    @_own_first
    def label_empty(self, **kwargs: Any) -> LabelLists:
        """Give the items no labels."""
        kind = empty_kind(kwargs)
        return self._labelled("label_empty", lambda items: labels_const(items, 0), kind, kwargs)

    @_own_first
    def label_for_lm(self, **kwargs: Any) -> LabelLists:
        """Give texts no label but their own next tokens: what a language model learns.

        Args:
            **kwargs: Settings of the class of labels.

        Raises:
            DataError: the items are no texts.
        """
        if not hasattr(self.train, "for_lm"):
            rule = "needs a list of texts"
            raise DataError(explain("label_for_lm", "", rule, type(self.train).__name__, "Begin with TextList.from_…"))
        lists = ItemLists(self.path, self.train.for_lm(), self.valid.for_lm())
        kind = kwargs.pop("label_cls", None) or lookup("item_list", "LMLabelList")
        return lists._labelled("label_for_lm", lambda items: labels_const(items, 0), kind, kwargs)

    @_own_first
    def label_from_func(self, func: Callable[[Any], Any], label_cls: Any = None, **kwargs: Any) -> LabelLists:
        """Label each item by what a function says of it.

        Args:
            func: Called with what is in `items`, such as a file.
            label_cls: Class of the labels; inferred from the first label when left out.
            **kwargs: Settings of that class.

        Raises:
            DataError: the function returned None or NaN for some items; names them.
        """
        return self._labelled(
            "label_from_func", lambda items: labels_from_func(items, func), label_cls, kwargs
        )

    @_own_first
    def label_from_folder(self, label_cls: Any = None, **kwargs: Any) -> LabelLists:
        """Label each file by the name of the folder it is in.

        Args:
            label_cls: Class of the labels; `CategoryList` when left out.
            **kwargs: Settings of that class, e.g. `classes`.
        """
        return self._labelled("label_from_folder", labels_from_folder, label_cls, kwargs)

    @_own_first
    def label_from_re(
        self, pat: str, full_path: bool = False, label_cls: Any = None, **kwargs: Any
    ) -> LabelLists:
        r"""Label each file by the first group of a regular expression, searched in its whole name.

        Args:
            pat: The expression, with `/` between folders, e.g. `r'/([^/]+)_\d+.jpg$'`.
            full_path: Join `path` before names that do not begin with it.
            label_cls: Class of the labels; `CategoryList` when left out.
            **kwargs: Settings of that class.

        Raises:
            ArgumentError: the expression is not valid, or has no group.
            DataError: it does not match some of the files; shows them.
        """
        return self._labelled(
            "label_from_re", lambda items: labels_from_re(items, pat, full_path), label_cls, kwargs
        )

    @_own_first
    def label_from_df(self, cols: Any = 1, label_cls: Any = None, **kwargs: Any) -> LabelLists:
        """Label each row by a column of the data frame that the items come from.

        Args:
            cols: Name or number of the column. Several columns are zeros and ones, one column a class, unless
                `label_cls` says otherwise.
            label_cls: Class of the labels; inferred from the first label when left out.
            **kwargs: Settings of that class.

        Raises:
            DataError: there is no such column, or labels are missing.
        """
        label_cls, settings = several_columns(self.train, cols, label_cls, kwargs)
        return self._labelled("label_from_df", lambda items: labels_from_df(items, cols), label_cls, settings)

    @_own_first
    def label_from_lists(
        self, train_labels: Sequence[Any], valid_labels: Sequence[Any], label_cls: Any = None, **kwargs: Any
    ) -> LabelLists:
        """Take the labels from two lists.

        Args:
            train_labels: One label for each training item.
            valid_labels: One label for each validation item.
            label_cls: Class of the labels; inferred from the first label when left out.
            **kwargs: Settings of that class.

        Raises:
            DataError: there are more labels than items, or fewer.
        """
        return self._with_labels("label_from_lists", train_labels, valid_labels, label_cls, kwargs)

    def transform(self, tfms: Any = (None, None), **kwargs: Any) -> Any:
        """Refuse: items are labelled before they are transformed.

        Raises:
            DataError: always; says which word of the sentence is missing.
        """
        raise _not_labelled("transform")

    def transform_y(self, tfms: Any = (None, None), **kwargs: Any) -> Any:
        """Refuse: items are labelled before they are transformed.

        Raises:
            DataError: always; says which word of the sentence is missing.
        """
        raise _not_labelled("transform_y")

    def databunch(self, **kwargs: Any) -> Any:
        """Refuse: items are labelled before they are loaded.

        Raises:
            DataError: always; says which word of the sentence is missing.
        """
        raise _not_labelled("databunch")


def _is_ours(method: Callable[..., Any]) -> bool:
    """Say whether a method is this library's, not one of a subclass elsewhere."""
    return str(getattr(method, "__module__", "")).partition(".")[0] == __name__.partition(".")[0]


def _labelled_part(items: Any, name: str, args: Sequence[Any], settings: dict[str, Any]) -> LabelList:
    """Call a `label_…` method of a part of a split list.

    Raises:
        DataError: it returns something else than items with labels.
    """
    part = items.fresh()
    part._is_part = True
    method = getattr(part, name)
    flag = {"from_item_lists": True} if has_arg(method, "from_item_lists") or takes_any_keyword(method) else {}
    labelled = method(*args, **flag, **settings)
    if not isinstance(labelled, LabelList):
        rule = "must return the items with labels"
        hint = f"End it with `return self._label_from_list(labels)`, one label for each item of {type(items).__name__}."
        raise DataError(explain(name, "", rule, type(labelled).__name__, hint))
    labelled.x._is_part = False
    return labelled


def _not_labelled(owner: str) -> DataError:
    return DataError(
        f"{owner}: the items are not labelled yet. Call a label_… method first "
        f"(label_empty() where there are no labels), then {owner}()."
    )


class LabelLists(Opening, _Lists):
    """Hold items with their labels; `transform` and `databunch` are the words to come.

    Args:
        path: The folder where models and exports go.
        train: The training `LabelList`.
        valid: The validation `LabelList`; it may be empty.
        test: The test `LabelList`, or None.
    """

    _stage = LABELLED

    @property
    def x(self) -> Any:
        """Return the training inputs."""
        return self.train.x

    @property
    def y(self) -> Any:
        """Return the training labels."""
        return self.train.y

    @property
    def c(self) -> int | None:
        """Return the number of outputs that a model needs for the labels."""
        return self.train.c

    @property
    def classes(self) -> Any:
        """Return the classes of the labels, or None where they have none."""
        return self.train.classes

    @property
    def loss_func(self) -> Any:
        """Return the loss that goes with the labels, or None."""
        return self.train.loss_func

    def _each(self, change: Callable[[LabelList], LabelList]) -> LabelLists:
        test = None if self.test is None else change(self.test)
        return type(self)(self.path, change(self.train), change(self.valid), test)

    def get_processors(self) -> tuple[list[Any], list[Any]]:
        """Return new processors for the inputs and for the labels, ready to learn from the training set."""
        return self.train.x.fitted_processors(), self.train.y.fitted_processors()

    def process(self) -> LabelLists:
        """Run the processors over all lists, in place, the training list first."""
        xp, yp = self.get_processors()
        for name, each in zip(("training", "validation", "test"), self.lists, strict=False):
            each.process(xp, yp, name=name)
        return self

    def filter_by_func(self, func: Callable[[Any, Any], Any]) -> LabelLists:
        """Leave out the items for which `func(x, y)` is true; see `LabelList.filter_by_func`."""
        return self._each(lambda part: part.filter_by_func(func))

    def _opened_sets(self) -> tuple[Any, Any, Any]:
        return self.train, self.valid, self.test

    def transform(self, tfms: Any = (None, None), **kwargs: Any) -> LabelLists:
        """Say how items are transformed each time they are asked for.

        Args:
            tfms: A pair: transforms of the training set, and of the validation and test sets, such as
                `get_transforms()`.
            **kwargs: Settings for the transforms: `size`, `padding_mode` …; and `tfm_y=True` where the labels
                are pictures, points or boxes and move with the inputs.

        Raises:
            ArgumentError: `tfms` is not a pair.
            ArgumentTypeError: a keyword is unknown.
        """
        train, valid = _pair("transform", tfms)
        test = None if self.test is None else self.test.transform(valid, **kwargs)
        parts = (self.train.transform(train, **kwargs), self.valid.transform(valid, **kwargs), test)
        return type(self)(self.path, *parts)

    def transform_y(self, tfms: Any = (None, None), **kwargs: Any) -> LabelLists:
        """Say how labels are transformed.

        Args:
            tfms: A pair as for `transform`; where one is None the labels follow the inputs.
            **kwargs: Settings that differ from those for the inputs.

        Raises:
            ArgumentError: `tfms` is not a pair.
        """
        train, valid = _pair("transform_y", tfms)
        test = None if self.test is None else self.test.transform_y(valid, **kwargs)
        parts = (self.train.transform_y(train, **kwargs), self.valid.transform_y(valid, **kwargs), test)
        return type(self)(self.path, *parts)

    def add_test(self, items: Any, label: Any = None, tfms: Any = None, tfm_y: Any = None) -> LabelLists:
        """Return the lists with a test set.

        Args:
            items: A list of items, or the items themselves.
            label: The label that all are given; none when left out.
            tfms: Transforms; those of the validation set when left out.
            tfm_y: Whether the labels are transformed; as for the validation set when left out.
        """
        test = held_out(self.valid, items, label, tfms, tfm_y)
        return type(self)(self.path, self.train, self.valid, test)

    def add_test_folder(
        self, test_folder: PathOrStr = "test", label: Any = None, tfms: Any = None, tfm_y: Any = None
    ) -> LabelLists:
        """Return the lists with the files of a folder as test set.

        Args:
            test_folder: The folder, in `path`.
            label: The label that all are given; none when left out.
            tfms: Transforms; those of the validation set when left out.
            tfm_y: Whether the labels are transformed; as for the validation set when left out.

        Raises:
            DataError: no such folder, or no item in it.
        """
        items = type(self.x).from_folder(self.path / test_folder)
        return self.add_test(items.items, label, tfms, tfm_y)

    def databunch(
        self,
        path: PathOrStr | None = None,
        bs: int = 64,
        val_bs: int | None = None,
        num_workers: int | None = None,
        dl_tfms: Collection[Callable[..., Any]] | None = None,
        device: Any = None,
        collate_fn: Callable[..., Any] = data_collate,
        no_check: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Make the loaders: the last word of the sentence.

        Args:
            path: The folder where models and exports go; that of the items when left out.
            bs: Batch size.
            val_bs: Batch size for validation and test; `bs` when left out.
            num_workers: Processes that load items; chosen from the cost of an item when left out. The batches
                are the same with any number.
            dl_tfms: Functions of a whole batch.
            device: Where batches go; `defaults.device` when left out.
            collate_fn: Makes a batch from samples.
            no_check: Do not look at a few samples now.
            **kwargs: `on_error='skip'` to leave broken items out and count them; `sampler`, `drop_last`,
                `pin_memory`, or what torch's DataLoader knows.

        Raises:
            DataError: the samples cannot be read or do not fit together.
        """
        if num_workers is not None:  # a subclass may have a default of its own
            kwargs["num_workers"] = num_workers
        data = self.x._bunch.create(
            self.train,
            self.valid,
            test_ds=self.test,
            path=self.path if path is None else path,
            bs=bs,
            val_bs=val_bs,
            dl_tfms=dl_tfms,
            device=device,
            collate_fn=collate_fn,
            no_check=no_check,
            **kwargs,
        )
        data.label_list = self
        return data

    @classmethod
    def load_state(cls, path: PathOrStr, state: JsonDict) -> LabelLists:
        """Return empty lists with the settings of `LabelList.get_state`.

        Args:
            path: The folder where models and exports go.
            state: What `get_state` returned.
        """
        return cls(path, LabelList.load_state(path, state), LabelList.load_state(path, state))

    @classmethod
    def load_empty(cls, path: PathOrStr, fn: PathOrStr = "export.json") -> LabelLists:
        """Return empty lists with the settings that `LabelList.export` wrote.

        Args:
            path: The folder of the file.
            fn: The file.
        """
        from onecycle.data.state import LABELLED_FORM
        from onecycle.utils.file_gate import file_gate
        from onecycle.utils.files import read_json
        from onecycle.utils.schema import check_form

        source = Path(path) / fn
        state = check_form("LabelLists.load_empty", source, read_json(source), LABELLED_FORM)
        with file_gate("LabelLists.load_empty", source):
            return cls.load_state(path, state)


def _pair(owner: str, tfms: Any) -> tuple[Any, Any]:
    if not tfms:
        return None, None
    if not isinstance(tfms, (list, tuple)) or len(tfms) != 2:
        cure = "Pass (transforms for training, transforms for validation); one may be None."
        raise ArgumentError(explain(owner, "tfms", "must be a pair", tfms, cure))
    return tfms[0], tfms[1]


def held_out(valid: LabelList, items: Any, label: Any, tfms: Any, tfm_y: Any) -> LabelList:
    """Return a test list that is treated as the validation list is.

    Args:
        valid: The validation list.
        items: A list of items, or the items themselves.
        label: The label that all are given, or None.
        tfms: Transforms, or None for those of the validation list.
        tfm_y: Whether the labels are transformed, or None for what the validation list does.

    Raises:
        DataError: the label is no class of the training set.
    """
    inputs = valid.x.from_items(items).process()
    if label is None:
        kind = lookup("item_list", "EmptyLabelList")
        return valid.new(inputs, kind([0] * len(inputs)), tfms, False if tfm_y is None else tfm_y)
    labels = valid.y.new([label] * len(inputs)).process()
    if len(labels) and labels.items[0] is None:
        known = ", ".join(map(repr, valid.y.classes[:_CLASSES_SHOWN]))
        near = nearest(label, valid.y.classes)
        raise DataError(f"add_test: label {label!r} is no class of the training set.{near} The classes are {known}.")
    return valid.new(inputs, labels, tfms, tfm_y)
