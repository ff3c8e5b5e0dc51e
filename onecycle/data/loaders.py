"""Loaders: batches of a dataset at their addresses, placed on a device."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from onecycle.data.addresses import look_seed, passed_over
from onecycle.data.batch_parts import as_pair, named_parts
from onecycle.data.collate import data_collate, exact_device, place
from onecycle.data.fetch import item_name
from onecycle.data.item_loader import LOADER_KEYWORDS, ItemLoader
from onecycle.data.missing_rows import MissingItem
from onecycle.errors import ArgumentError, DataError, check_keywords, explain
from onecycle.utils.registry import register
from onecycle.utils.seeding import global_rng_kept, mix

__all__ = ["DatasetType", "DeviceDataLoader"]

BatchTransform = Callable[[Any], Any]


@register("enum")
class DatasetType(enum.Enum):
    """Name the datasets of a bunch; Fix is the training set in order and without random transforms."""

    Train = 1
    Valid = 2
    Test = 3
    Single = 4
    Fix = 5


class DeviceDataLoader:
    """Give the batches of a loader on a device, with transforms of whole batches applied.

    An iteration after `set_epoch` is that epoch of that run. Any other iteration is a look: it has an
    address of its own and leaves torch's, NumPy's and Python's generators as they were.

    Args:
        dl: An `ItemLoader`, a torch `DataLoader`, or anything with a length that yields batches, such as a
            list of ready batches.
        device: Where the batches go.
        tfms: Functions `batch -> batch`, applied in turn on the device.
        collate_fn: Makes a batch from samples; an `ItemLoader` and torch's `DataLoader` take it over.

    Example:
        >>> ready = [(torch.zeros(2, 3), torch.zeros(2))]
        >>> loader = DeviceDataLoader(ready, "cpu")
        >>> [x.shape for x, y in loader]
        [torch.Size([2, 3])]
    """

    collate_fn: Callable[..., Any] = staticmethod(data_collate)

    def __init__(
        self,
        dl: Any,
        device: Any,
        tfms: Collection[BatchTransform] | None = None,
        collate_fn: Callable[..., Any] = data_collate,
    ) -> None:
        if not hasattr(dl, "__iter__") and not isinstance(dl, ItemLoader):
            cure = "Pass a torch DataLoader or a list of batches, or call DeviceDataLoader.create."
            raise ArgumentError(explain("DeviceDataLoader", "dl", "must yield batches", dl, cure))
        if collate_fn is not data_collate and _collates(dl):
            dl.collate_fn = collate_fn
        self.dl, self.device = dl, exact_device(device)
        self.tfms: list[BatchTransform] = list(tfms or [])
        self.collate_fn = collate_fn
        self._coming: tuple[int, int, int] | None = None  # the address that set_epoch gave
        self._last: tuple[int, int] | None = None  # seed and epoch of the latest iteration
        self._looks = 0

    @classmethod
    def create(
        cls,
        dataset: Any,
        bs: int = 64,
        shuffle: bool = False,
        device: Any = torch.device("cpu"),
        tfms: Collection[BatchTransform] | None = None,
        num_workers: int | None = None,
        collate_fn: Callable[..., Any] = data_collate,
        **kwargs: Any,
    ) -> DeviceDataLoader:
        """Make a loader over a dataset.

        Args:
            dataset: What to load from; see `ItemLoader`.
            bs: Batch size.
            shuffle: Draw a new order each epoch.
            device: Where the batches go.
            tfms: Functions of a batch.
            num_workers: Processes that load; None chooses from the cost of an item.
            collate_fn: Makes a batch from samples.
            **kwargs: `drop_last`, `sampler`, `batch_sampler`, `pin_memory`, `on_error`, or what torch's
                DataLoader knows.

        Raises:
            ArgumentTypeError: a keyword is unknown.
        """
        check_keywords("DeviceDataLoader.create", kwargs, LOADER_KEYWORDS)
        kwargs.setdefault("pin_memory", torch.device(device).type == "cuda")
        loader = ItemLoader(dataset, bs, shuffle, num_workers, collate_fn, **kwargs)
        return cls(loader, device, tfms, collate_fn)

    def new(self, **kwargs: Any) -> DeviceDataLoader:
        """Return a loader like this one with some settings changed.

        Args:
            **kwargs: Settings of `ItemLoader` (also `bs`), or of torch's DataLoader where that is what is
                wrapped; and `device` and `tfms`.
        """
        own = {"device": kwargs.pop("device", self.device), "tfms": kwargs.pop("tfms", self.tfms)}
        if "bs" in kwargs:
            kwargs["batch_size"] = kwargs.pop("bs")
        inner = self._new_inner(kwargs) if kwargs else self.dl
        collate_fn = getattr(inner, "collate_fn", self.collate_fn)
        return type(self)(inner, **own, collate_fn=collate_fn)

    def _new_inner(self, changed: dict[str, Any]) -> Any:
        if isinstance(self.dl, ItemLoader):
            settings = self.dl.settings()
            check_keywords("DeviceDataLoader.new", changed, [*settings, *LOADER_KEYWORDS])
            return ItemLoader(**{**settings, **_freed(changed)})
        if isinstance(self.dl, DataLoader):
            return _torch_loader_like(self.dl, changed)
        names = ", ".join(changed)
        raise ArgumentError(
            f"DeviceDataLoader.new: {names} cannot be changed; the loader wraps ready batches "
            f"({type(self.dl).__name__}). Make a new list of batches."
        )

    # What it is made of

    @property
    def dataset(self) -> Any:
        """Return the dataset, or None where ready batches are wrapped."""
        return getattr(self.dl, "dataset", None)

    @property
    def x(self) -> Any:
        """Return the inputs of the dataset."""
        return self.dataset.x

    @property
    def y(self) -> Any:
        """Return the labels of the dataset."""
        return self.dataset.y

    @property
    def batch_size(self) -> int | None:
        """Return the number of items in a whole batch; None where that is not known."""
        known = getattr(self.dl, "batch_size", None)
        if known is None and isinstance(self.dl, Sequence) and len(self.dl):
            known = _items_in(self.dl[0])
        return known

    @batch_size.setter
    def batch_size(self, value: int) -> None:
        self.dl = self._new_inner({"batch_size": value})

    @property
    def num_workers(self) -> int:
        """Return how many processes load the batches."""
        return int(getattr(self.dl, "num_workers", 0))

    @num_workers.setter
    def num_workers(self, value: int) -> None:
        self.dl.num_workers = value

    @property
    def skipped(self) -> Counter[str]:
        """Return how often each broken item was left out (with `on_error='skip'`)."""
        return self.dl.skipped if isinstance(self.dl, ItemLoader) else Counter()

    @property
    def missing(self) -> list[MissingItem]:
        """Return the items that the latest iteration left out (with `on_error='skip'`), in its order."""
        return self.dl.missing if isinstance(self.dl, ItemLoader) else []

    def __len__(self) -> int:
        return len(self.dl)

    def __repr__(self) -> str:
        return f"DeviceDataLoader({len(self)} batches of {self.batch_size} on {self.device})"

    def add_tfm(self, tfm: BatchTransform) -> None:
        """Add a function of a batch, applied after the others."""
        self.tfms.append(tfm)

    def remove_tfm(self, tfm: BatchTransform) -> None:
        """Remove a function of a batch, if it is there."""
        self.tfms = [kept for kept in self.tfms if kept is not tfm]

    # Iterating

    def set_epoch(self, seed: int, epoch: int, start_step: int = 0) -> None:
        """Say which epoch the next iteration is.

        A torch DataLoader of the user's is put at the address by seeding torch's global generator, which the
        caller restores (`onecycle.utils.seeding.global_rng_kept`).

        Args:
            seed: Seed of the run.
            epoch: Number of the epoch, from 0.
            start_step: The first batch that is wanted; earlier ones are not loaded.
        """
        self._coming = (int(seed), int(epoch), int(start_step))

    def __iter__(self) -> Iterator[Any]:
        coming, self._coming = self._coming, None
        raw = self._look() if coming is None else self._epoch(*coming)
        if self.tfms or self.device.type != "cpu" or isinstance(self.dl, ItemLoader):
            return (self.proc_batch(batch) for batch in raw)  # it can be closed, as notebooks do
        return (as_pair(batch) for batch in raw)

    def _epoch(self, seed: int, epoch: int, start_step: int) -> Iterator[Any]:
        self._last = (seed, epoch)
        if isinstance(self.dl, ItemLoader):
            return self.dl.batches(seed, epoch, start_step)
        if hasattr(self.dl, "set_epoch"):
            self.dl.set_epoch(seed, epoch, start_step)
            return iter(self.dl)
        if isinstance(self.dl, DataLoader):
            torch.default_generator.manual_seed(mix(seed, epoch))
        return passed_over(iter(self.dl), start_step)

    def _look(self, here: bool = False) -> Iterator[Any]:
        self._looks += 1
        if isinstance(self.dl, ItemLoader):
            address = (look_seed(), self._looks)
            self._last = self._last if here else address
            return self.dl.batches(*address, here=here)
        return _generators_kept(self.dl) if isinstance(self.dl, DataLoader) else iter(self.dl)

    def explain(self, error: BaseException) -> None:
        """Raise a `DataError` in the place of torch's report of a worker that has died; see `ItemLoader.explain`."""
        if isinstance(self.dl, ItemLoader):
            self.dl.explain(error)

    def close(self) -> None:
        """End the workers of an interrupted iteration; the next one starts others."""
        if isinstance(self.dl, ItemLoader):
            self.dl.close()

    def proc_batch(self, b: Any) -> Any:
        """Return a batch on the device with the transforms applied; one whose parts have names becomes a pair before.

        A first transform that has a method `place(batch, device)` brings the batch to the device itself, so that
        it can do its work in the pass that unpacks.
        """
        first, later = getattr(self.tfms[0], "place", None) if self.tfms else None, self.tfms
        if first is None:
            batch = place(as_pair(b), self.device)
        else:
            batch, later = first(as_pair(b), self.device), self.tfms[1:]
        for tfm in later:
            batch = tfm(batch)
        return batch

    def one_batch(self) -> Any:
        """Return the first batch of a look, loaded in this process; no run is disturbed by it."""
        if not len(self):
            raise DataError(f"one_batch: the loader has no batch: {_why_no_batch(self)}")
        return self.proc_batch(next(iter(self._look(here=True))))

    # Naming what was in a batch

    def batch_items(self, step: int, seed: int | None = None, epoch: int | None = None) -> list[int]:
        """Return the indices of the items of a batch.

        Args:
            step: Number of the batch in its epoch.
            seed: Seed of the run; with `epoch`, the latest iteration's when left out.
            epoch: Number of the epoch.

        Returns:
            The indices in the dataset, empty where they are not known (ready batches, a user's DataLoader).
        """
        last = self._last or (0, 0)
        address = (last[0] if seed is None else seed, last[1] if epoch is None else epoch)
        return self.dl.order.indices(*address, step) if isinstance(self.dl, ItemLoader) else []

    def batch_names(self, step: int, seed: int | None = None, epoch: int | None = None) -> list[str]:
        """Return the files (or numbers) of the items of a batch; see `batch_items`."""
        return [item_name(self.dataset, index) for index in self.batch_items(step, seed, epoch)]


def _collates(dl: Any) -> bool:
    """Say whether a loader makes its batches of samples."""
    return isinstance(dl, ItemLoader) or (isinstance(dl, DataLoader) and dl.batch_sampler is not None)


def _freed(changed: dict[str, Any]) -> dict[str, Any]:
    """Drop the sampler where an order by other means is asked for."""
    if changed.get("batch_sampler") is not None:
        return {"sampler": None, "shuffle": False, **changed}
    if changed.get("sampler") is not None or "shuffle" in changed:
        return {"sampler": None, "batch_sampler": None, **changed}
    return changed


def _torch_loader_like(loader: DataLoader[Any], changed: dict[str, Any]) -> DataLoader[Any]:
    """Return a torch DataLoader with some settings changed."""
    names = ("dataset", "num_workers", "collate_fn", "pin_memory", "timeout", "worker_init_fn", "generator")
    settings = {name: getattr(loader, name) for name in names}
    if not {"batch_size", "shuffle", "sampler", "drop_last", "batch_sampler", "dataset"} & changed.keys():
        return DataLoader(**{**settings, "batch_sampler": loader.batch_sampler, **changed})
    order = {"batch_size": loader.batch_size, "drop_last": loader.drop_last}
    if not {"shuffle", "sampler", "dataset"} & changed.keys():
        order["sampler"] = loader.sampler  # type: ignore[assignment]
    return DataLoader(**{**settings, **({} if "batch_sampler" in changed else order), **changed})


def _generators_kept(loader: DataLoader[Any]) -> Iterator[Any]:
    """Iterate a torch DataLoader, putting the global generators back after each batch."""
    with global_rng_kept():
        batches = iter(loader)
    for _ in range(len(loader)):
        with global_rng_kept():
            batch = next(batches, None)
        if batch is None:
            return
        yield batch


def _items_in(batch: Any) -> int | None:
    """Return the number of items in a batch: the length of its first tensor."""
    if isinstance(batch, Tensor):
        return batch.shape[0] if batch.ndim else None
    parts = named_parts(batch)
    if parts is not None:
        return next((len(part) for part in parts.values() if isinstance(part, Tensor) and part.ndim), None)
    return _items_in(batch[0]) if isinstance(batch, (list, tuple)) and len(batch) else None


def _why_no_batch(loader: DeviceDataLoader) -> str:
    count = len(loader.dataset) if loader.dataset is not None else 0
    if count:
        return f"its {count} items are fewer than one whole batch of {loader.batch_size}. Pass a smaller bs."
    return "its dataset is empty."
