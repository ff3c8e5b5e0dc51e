"""The data of a task: loaders for training, validation and test, and what is known of the labels."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Self

from torch.utils.data import DataLoader, Subset

from onecycle.data.collate import data_collate, exact_device
from onecycle.data.item_loader import LOADER_KEYWORDS, ItemLoader
from onecycle.data.lists import LabelLists, held_out
from onecycle.data.loaders import DatasetType as DatasetType  # noqa: PLC0414
from onecycle.data.loaders import DeviceDataLoader
from onecycle.data.looks import Looks
from onecycle.data.opening import Opened, Opening
from onecycle.data.plain_sets import item_collate, sample_names, samples_of
from onecycle.data.saving import bunch_from_lists, bunch_of_plain, check_own_collate
from onecycle.data.stages import LOADED, Stage
from onecycle.data.state import bunch_state, checked, is_of_items, plain_state, whole_state
from onecycle.errors import ArgumentError, ArgumentTypeError, check_keywords, explain
from onecycle.types import JsonDict, PathOrStr
from onecycle.utils.defaults import defaults
from onecycle.utils.file_objects import path_to_write
from onecycle.utils.files import read_json, write_json
from onecycle.utils.registry import register

__all__ = ["DataBunch"]

BatchTransform = Callable[[Any], Any]


@register("data_bunch")
class DataBunch(Opening, Looks, Stage):
    """Bind the loaders of a task together.

    Args:
        train_dl: Loader of the training set: a `DeviceDataLoader`, a torch `DataLoader`, or a list of batches.
        valid_dl: Loader of the validation set, or None.
        fix_dl: Loader of the training set in order and without random transforms; made when it is asked for.
        test_dl: Loader of the test set, or None.
        device: Where batches go; `defaults.device` when left out.
        dl_tfms: Functions of a batch, applied on the device.
        path: The folder where models and exports go.
        collate_fn: Makes a batch from samples.
        no_check: Do not look at a few samples now.

    Example:
        >>> import torch
        >>> ready = [(torch.zeros(4, 3), torch.zeros(4)) for _ in range(10)]
        >>> data = DataBunch(ready, ready[:2], device="cpu")
        >>> len(data.train_dl), len(data.valid_dl), data.batch_size
        (10, 2, 4)
    """

    _stage = LOADED
    _loader: type[DeviceDataLoader] = DeviceDataLoader  # a subclass may name its own
    norm: Any = None
    denorm: Any = None
    label_list: Any = None

    def __init__(
        self,
        train_dl: Any,
        valid_dl: Any,
        fix_dl: Any = None,
        test_dl: Any = None,
        device: Any = None,
        dl_tfms: Collection[BatchTransform] | BatchTransform | None = None,
        path: PathOrStr = ".",
        collate_fn: Callable[..., Any] = data_collate,
        no_check: bool = False,
    ) -> None:
        if device is None:
            device = train_dl.device if isinstance(train_dl, DeviceDataLoader) else defaults.device
        self.device = exact_device(device)
        self.dl_tfms: list[BatchTransform] = as_list(dl_tfms)
        self.path, self.collate_fn = Path(path), collate_fn
        self.train_dl: DeviceDataLoader = self._on_device(train_dl)
        self.valid_dl: DeviceDataLoader | None = self._on_device(valid_dl)
        self.test_dl: DeviceDataLoader | None = self._on_device(test_dl)
        self._fix_dl: DeviceDataLoader | None = self._on_device(fix_dl)
        self._single_dl: DeviceDataLoader | None = None
        self._sample_names: list[str] | None = None
        self.own_c: int | None = None
        self._own_loss: Any = None
        if not no_check:
            self.sanity_check()

    def _on_device(self, loader: Any) -> Any:
        if loader is None or isinstance(loader, DeviceDataLoader):
            return loader
        return self._loader(loader, self.device, self.dl_tfms, self.collate_fn)

    @staticmethod
    def _init_ds(train_ds: Any, valid_ds: Any, test_ds: Any = None) -> list[Any]:
        """Return the data sets of the loaders that `create` makes: training, validation, training in order, test.

        A subclass may override it; sets that there are not are left out.
        """
        fix_ds = _without_random_transforms(train_ds, valid_ds)
        return [dataset for dataset in (train_ds, valid_ds, fix_ds, test_ds) if dataset is not None]

    @classmethod
    def create(
        cls,
        train_ds: Any,
        valid_ds: Any,
        test_ds: Any = None,
        path: PathOrStr = ".",
        bs: int = 64,
        val_bs: int | None = None,
        num_workers: int | None = None,
        dl_tfms: Collection[BatchTransform] | BatchTransform | None = None,
        device: Any = None,
        collate_fn: Callable[..., Any] = data_collate,
        no_check: bool = False,
        **dl_kwargs: Any,
    ) -> Self:
        """Make the loaders of datasets.

        The training set comes in a new order each epoch and without its last batch if that is not whole, since
        batch norm cannot learn from a single item.

        Args:
            train_ds: Training set: a `LabelList`, or any dataset of torch; a `TensorDataset` is indexed a
                batch at a time.
            valid_ds: Validation set, or None.
            test_ds: Test set, or None.
            path: The folder where models and exports go.
            bs: Batch size.
            val_bs: Batch size for validation and test; `bs` when left out.
            num_workers: Processes that load items; chosen from the cost of an item when left out.
            dl_tfms: Functions of a batch.
            device: Where batches go; `defaults.device` when left out.
            collate_fn: Makes a batch from samples.
            no_check: Do not look at a few samples now.
            **dl_kwargs: `on_error='skip'`, `sampler` or `batch_sampler` of the training set, `drop_last`,
                `pin_memory`, or what torch's DataLoader knows.

        Raises:
            ArgumentTypeError: a keyword is unknown, or a set is no dataset.
            DataError: the samples cannot be read or do not fit together.

        Example:
            >>> import torch
            >>> from torch.utils.data import TensorDataset
            >>> rows = TensorDataset(torch.rand(100, 3), torch.rand(100))
            >>> data = DataBunch.create(rows, rows, bs=32, device="cpu")
            >>> len(data.train_dl), len(data.valid_dl)
            (3, 4)
        """
        owner = f"{cls.__name__}.create"
        check_keywords(owner, dl_kwargs, (*LOADER_KEYWORDS, *_CREATE_KEYWORDS))
        for name, dataset in (("train_ds", train_ds), ("valid_ds", valid_ds), ("test_ds", test_ds)):
            _check_dataset(owner, name, dataset, train_ds)
        train_ds, valid_ds, fix_ds, test_ds = cls._sets(train_ds, valid_ds, test_ds)
        place = exact_device(defaults.device if device is None else device)
        tfms = as_list(dl_tfms)
        shared: dict[str, Any] = {
            "device": place,
            "tfms": tfms,
            "num_workers": num_workers,
            "collate_fn": collate_fn,
        }
        train_bs = _fitting_batch_size(bs, train_ds, dl_kwargs)
        train = cls._loader.create(train_ds, train_bs, **shared, **_for_training(dl_kwargs))
        held = {name: value for name, value in dl_kwargs.items() if name not in _TRAIN_ONLY}
        val_bs = bs if val_bs is None else val_bs
        valid, fix, test = (
            None if dataset is None else cls._loader.create(dataset, val_bs, **shared, **held)
            for dataset in (valid_ds, fix_ds, test_ds)
        )
        return cls(
            train, valid, fix, test,
            device=place, dl_tfms=tfms, path=path, collate_fn=collate_fn, no_check=no_check,
        )  # fmt: skip

    @classmethod
    def _sets(cls, train_ds: Any, valid_ds: Any, test_ds: Any) -> tuple[Any, Any, Any, Any]:
        """Return the sets for training, validation, training in order (None: made when it is asked for) and test."""
        if cls._init_ds is DataBunch._init_ds or valid_ds is None:
            return train_ds, valid_ds, None, test_ds
        train_ds, valid_ds, fix_ds, *others = cls._init_ds(train_ds, valid_ds, test_ds)
        return train_ds, valid_ds, fix_ds, others[0] if others else None

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__};\n\nTrain: {self.train_ds};\n\nValid: {self.valid_ds};\n\n"
            f"Test: {self.test_ds}"
        )

    def short_repr(self) -> str:
        """Return the kind and the sizes of the sets, without opening an item."""
        named = (("train", self.train_dl), ("valid", self.valid_dl), ("test", self.test_dl))
        sizes = [f"{name}={_item_count(loader)}" for name, loader in named if loader is not None]
        classes = [] if self.classes is None else [f"classes={len(self.classes)}"]
        return f"{type(self).__name__}({', '.join([*sizes, *classes])})"

    # Loaders

    @property
    def fix_dl(self) -> DeviceDataLoader:
        """Return the loader of the training set in order, all of it, without random transforms."""
        if self._fix_dl is None:
            self._fix_dl = self._new_fix_dl()
        return self._fix_dl

    @fix_dl.setter
    def fix_dl(self, loader: Any) -> None:
        self._fix_dl = self._on_device(loader)

    def _new_fix_dl(self) -> DeviceDataLoader:
        if not isinstance(self.train_dl.dl, (ItemLoader, DataLoader)):
            return self.train_dl  # ready batches have one order
        dataset = _without_random_transforms(self.train_ds, self.valid_ds)
        return self.train_dl.new(dataset=dataset, shuffle=False, drop_last=False)

    @property
    def single_dl(self) -> DeviceDataLoader:
        """Return the loader of one item at a time, transformed as for validation."""
        if self._single_dl is None:
            self._single_dl = self._new_single_dl()
        return self._single_dl

    @single_dl.setter
    def single_dl(self, loader: Any) -> None:
        self._single_dl = self._on_device(loader)

    def _new_single_dl(self) -> DeviceDataLoader:
        source = self.train_ds if self.valid_ds is None else self.valid_ds
        dataset = source.new(source.x, source.y) if hasattr(source, "transformed") else source
        how: dict[str, Any] = {"device": self.device, "tfms": self.dl_tfms, "collate_fn": self.collate_fn}
        return self._loader.create(dataset, 1, num_workers=0, **how)

    @property
    def dls(self) -> list[DeviceDataLoader]:
        """Return all loaders there are, those for looks at single items too."""
        first = [self.train_dl, self.fix_dl, *([self.single_dl] if self.single_ds is not None else [])]
        valid = [] if self.valid_dl is None or self.empty_val else [self.valid_dl]
        return first + valid + ([] if self.test_dl is None else [self.test_dl])

    def _made_loaders(self) -> list[DeviceDataLoader]:
        every = (self.train_dl, self.valid_dl, self.test_dl, self._fix_dl, self._single_dl)
        return list({id(loader): loader for loader in every if loader is not None}.values())

    def add_tfm(self, tfm: BatchTransform) -> None:
        """Add a function of a batch to all loaders, applied after the others."""
        for loader in self._made_loaders():
            loader.add_tfm(tfm)
        self.dl_tfms = [*self.dl_tfms, tfm]

    def remove_tfm(self, tfm: BatchTransform) -> None:
        """Remove a function of a batch from all loaders."""
        for loader in self._made_loaders():
            loader.remove_tfm(tfm)
        self.dl_tfms = [kept for kept in self.dl_tfms if kept is not tfm]

    @property
    def batch_size(self) -> int | None:
        """Return the batch size of the training loader; setting it makes the loaders anew."""
        return self.train_dl.batch_size

    @batch_size.setter
    def batch_size(self, value: int) -> None:
        self.train_dl = self.train_dl.new(batch_size=value)
        self.valid_dl = None if self.valid_dl is None else self.valid_dl.new(batch_size=value)
        self.test_dl = None if self.test_dl is None else self.test_dl.new(batch_size=value)
        self._fix_dl = None

    # Datasets

    @property
    def num_workers(self) -> int:
        """Return how many processes load the batches; setting it sets it for all loaders."""
        return self.train_dl.num_workers

    @num_workers.setter
    def num_workers(self, value: int) -> None:
        for loader in self._made_loaders():
            loader.num_workers = value

    @property
    def x(self) -> Any:
        """Return the inputs of the training set."""
        return self.train_ds.x

    @property
    def y(self) -> Any:
        """Return the labels of the training set."""
        return self.train_ds.y

    @property
    def items(self) -> Any:
        """Return the items of the training set's inputs, such as files."""
        return self.train_ds.items

    @property
    def c2i(self) -> dict[Any, int]:
        """Return the number of each class.

        Raises:
            AttributeError: the labels have no classes.
        """
        return self.train_ds.c2i

    @property
    def train_ds(self) -> Any:
        """Return the training set."""
        return self.train_dl.dataset

    @property
    def valid_ds(self) -> Any:
        """Return the validation set, or None."""
        return None if self.valid_dl is None else self.valid_dl.dataset

    @property
    def test_ds(self) -> Any:
        """Return the test set, or None."""
        return None if self.test_dl is None else self.test_dl.dataset

    @property
    def fix_ds(self) -> Any:
        """Return the training set without random transforms."""
        return self.fix_dl.dataset

    @property
    def single_ds(self) -> Any:
        """Return a set like the validation set, for single items; None where ready batches are wrapped."""
        has_items = isinstance(self.train_dl.dl, ItemLoader) or hasattr(self.train_ds, "transformed")
        return self.single_dl.dataset if has_items else None

    @property
    def sample_names(self) -> list[str] | None:
        """Return the names of the inputs of a sample, or None where samples are pairs."""
        if self._sample_names is None:
            self._sample_names = sample_names(self.train_ds, self.train_dl.dl)
        return self._sample_names

    @property
    def is_empty(self) -> bool:
        """Say whether there is neither a training nor a validation item."""
        return _is_empty(self.train_dl) and self.empty_val

    @property
    def empty_val(self) -> bool:
        """Say whether there is nothing to validate on."""
        return self.valid_dl is None or _is_empty(self.valid_dl)

    @property
    def classes(self) -> Any:
        """Return the classes of the labels, or None where they have none."""
        dataset = self.train_ds
        while isinstance(dataset, Subset):
            dataset = dataset.dataset
        return getattr(dataset, "classes", None)

    @property
    def c(self) -> int | None:
        """Return the number of outputs that a model needs; it can be set."""
        return getattr(self.train_ds, "c", None) if self.own_c is None else self.own_c

    @c.setter
    def c(self, value: int | None) -> None:
        self.own_c = value

    @property
    def loss_func(self) -> Any:
        """Return the loss that goes with the labels, or None where it is not known; it can be set."""
        return getattr(self.train_ds, "loss_func", None) if self._own_loss is None else self._own_loss

    @loss_func.setter
    def loss_func(self, value: Any) -> None:
        self._own_loss = value

    @property
    def skipped(self) -> Counter[str]:
        """Return how often each broken item was left out so far (with `on_error='skip'`)."""
        return sum((loader.skipped for loader in self._made_loaders()), Counter())

    def add_test(self, items: Any, label: Any = None, tfms: Any = None, tfm_y: Any = None) -> None:
        """Give the data a test set, treated as the validation set is.

        Args:
            items: A list of items, or the items themselves.
            label: The label that all are given; none when left out.
            tfms: Transforms; those of the validation set when left out.
            tfm_y: Whether the labels are transformed; as for the validation set when left out.
        """
        self.test_dl = self.items_dl(items, label, tfms, tfm_y)

    def items_dl(self, items: Any, label: Any = None, tfms: Any = None, tfm_y: Any = None) -> DeviceDataLoader:
        """Return a loader of items that are treated as the validation set is; the bunch stays as it is.

        Args:
            items: A list of items, or the items themselves; where the bunch was made of data sets or ready loaders,
                inputs as these give them, pairs of input and target, or a data set.
            label: The label that all are given; default: none.
            tfms: Transforms; default: those of the validation set.
            tfm_y: Whether the labels are transformed; default: as for the validation set.

        Raises:
            DataError: the label is no class of the training set.
            ArgumentTypeError: the items are none.

        Example:
            preds = learn.preds_of(data.items_dl(files))[0]
        """
        like = self.train_dl if self.valid_dl is None else self.valid_dl
        if is_of_items(self):
            dataset = held_out(self.single_ds, items, label, tfms, tfm_y)
            return like.new(dataset=dataset, shuffle=False, drop_last=False)
        dataset = samples_of(items, self.sample_names)
        if isinstance(like.dl, ItemLoader):
            return like.new(dataset=dataset, shuffle=False, drop_last=False)
        collate_fn = item_collate(self.train_dl.dl, self.collate_fn)
        settings: dict[str, Any] = {"device": self.device, "tfms": like.tfms, "num_workers": 0}
        return DeviceDataLoader.create(dataset, like.batch_size or 64, collate_fn=collate_fn, **settings)

    # Files

    def more_state(self) -> JsonDict:
        """Return what a subclass needs to be rebuilt, beyond lists, transforms and classes."""
        return {}

    @classmethod
    def settings_from(cls, more: JsonDict) -> dict[str, Any]:
        """Return the keywords of `create` that `more_state` holds, for a subclass that has some of its own."""
        return {}

    def take_more_state(self, more: JsonDict) -> None:
        """Take over what `more_state` returned."""

    def export_state(self) -> JsonDict:
        """Return what prediction needs, as values that JSON knows: no item, no path, no code.

        Raises:
            ArgumentError: something has no registered name; says what, and how to give it one.
        """
        return bunch_state(self) if is_of_items(self) else plain_state(self)

    @classmethod
    def from_state(
        cls, state: JsonDict, path: PathOrStr = ".", device: Any = None, collate_fn: Callable[..., Any] | None = None
    ) -> DataBunch:
        """Return a bunch without items that predicts as the one of `export_state`.

        Args:
            state: What `export_state` returned.
            path: The folder where models and exports go.
            device: Where batches go; `defaults.device` when left out.
            collate_fn: Makes a batch from samples; default: the one that the state names.

        Raises:
            ArgumentError: the state needs a `collate_fn` that has no name.
            FileFormatError: the state is foreign, or of a newer version.
            NotRegisteredError: a name in it is unknown; says how to register it.
        """
        state = checked(state, f"{cls.__name__}.from_state")
        given = {} if collate_fn is None else {"collate_fn": collate_fn}
        check_own_collate(state, collate_fn)
        if "plain" in state:
            return bunch_of_plain(state, path, device=device, **given)
        lists = LabelLists.load_state(path, state["labelled"])
        return bunch_from_lists(lists, state, path, device=device, no_check=True, **given)

    @classmethod
    def load_empty(cls, path: PathOrStr, fname: PathOrStr = "export.json") -> DataBunch:
        """Return a bunch without items that predicts as the one whose `export` wrote a file.

        Args:
            path: The folder of the file, where models and exports go too.
            fname: The file.

        Raises:
            FileFormatError: the file is no export of a bunch.
            NotRegisteredError: a name in it is unknown; says how to register it.
        """
        return cls.from_state(read_json(Path(path) / fname), path)

    def _opened_sets(self) -> tuple[Any, Any, Any]:
        return self.train_ds, self.valid_ds, self.test_ds

    def pre_transform(
        self, train_tfm: Opened | Sequence[Opened] | None, valid_tfm: Opened | Sequence[Opened] | None
    ) -> Self:
        """Say what is done to each image right after it is opened; see `LabelLists.pre_transform`."""
        self._fix_dl = None  # its inputs were opened in the way of before
        return super().pre_transform(train_tfm, valid_tfm)

    def export(self, file: PathOrStr = "export.json") -> None:
        """Write `export_state` to a JSON file in `path`."""
        write_json(self.path / file, self.export_state())

    def save(self, file: PathOrStr | IO[Any] = "data_save.json") -> None:
        """Write the data with its items and labels to a JSON file in `path`; read it with `load_data`.

        Files are written as names relative to `path`, not their contents.

        Args:
            file: A name below `path`, an absolute path, or an open file of bytes or text.

        Raises:
            ArgumentError: something has no registered name; says what, and how to give it one. Or the data is not made
                of items and labels.
        """
        if not is_of_items(self):
            hint = "learn.export() writes what predictions need; the data set is your own."
            rule = "must be made of items and labels"
            raise ArgumentError(explain("save", "data", rule, type(self.train_ds).__name__, hint))
        with path_to_write(file if hasattr(file, "write") else self.path / file) as target:
            write_json(target, whole_state(self))


_TRAIN_ONLY = ("sampler", "batch_sampler", "drop_last", "shuffle")
_CREATE_KEYWORDS = (
    "shuffle", "path", "bs", "val_bs", "num_workers", "dl_tfms", "device", "collate_fn", "no_check",
)  # fmt: skip


def _without_random_transforms(train_ds: Any, valid_ds: Any) -> Any:
    """Return the training set as the validation set is transformed, where it is a list of items."""
    as_valid = hasattr(valid_ds, "transformed") and hasattr(train_ds, "x")
    return valid_ds.new(train_ds.x, train_ds.y) if as_valid else train_ds


def as_list(value: Any) -> list[Any]:
    """Return none, one or several as a list."""
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _check_dataset(owner: str, name: str, dataset: Any, train_ds: Any) -> None:
    if dataset is None and train_ds is not None:
        return
    if not (hasattr(dataset, "__len__") and hasattr(dataset, "__getitem__")) or isinstance(dataset, Mapping):
        cure = "Ready batches, and loaders of your own, go into DataBunch(train_dl, valid_dl)."
        rule = "must be a dataset, with a length and samples by number"
        raise ArgumentTypeError(explain(owner, name, rule, dataset, cure))


def _for_training(settings: dict[str, Any]) -> dict[str, Any]:
    if settings.get("batch_sampler") is not None:
        return settings
    ordered = settings.get("sampler") is not None
    return {"shuffle": not ordered, "drop_last": True, **settings}


def _fitting_batch_size(bs: Any, dataset: Any, settings: dict[str, Any]) -> Any:
    """Return the batch size, or the size of the set where that is smaller; the user is told."""
    is_whole = isinstance(bs, int) and settings.get("batch_sampler") is None
    if not is_whole or bs <= len(dataset) or len(dataset) == 0:
        return bs
    few = len(dataset) == 1
    hint = "Add items: a batch norm needs two." if few else f"Pass a bs of at most {len(dataset)}."
    warnings.warn(
        f"databunch: bs is {bs} and the training set has {len(dataset)} items; its batches have {len(dataset)}. "
        f"{hint}",
        UserWarning,
        stacklevel=4,
    )
    return len(dataset)


def _item_count(loader: DeviceDataLoader) -> str:
    """Return how many items a loader has, or batches where its items are not known."""
    dataset = loader.dataset
    return f"{len(loader)} batches" if dataset is None or not hasattr(dataset, "__len__") else str(len(dataset))


def _is_empty(loader: DeviceDataLoader) -> bool:
    dataset = loader.dataset
    return len(loader) == 0 if dataset is None or not hasattr(dataset, "__len__") else len(dataset) == 0
