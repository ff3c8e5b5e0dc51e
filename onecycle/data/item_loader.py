"""The item loader: makes the batches of a dataset at their addresses, here or in workers."""

from __future__ import annotations

import multiprocessing
import sys
import threading
import time
import warnings
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from typing import Any
from weakref import WeakSet

import torch
from torch.utils.data import DataLoader

from onecycle.data.addresses import BatchAddress, BatchOrder
from onecycle.data.collate import data_collate
from onecycle.data.dead_workers import dead_worker_error, first_dead, may_be_of_dead_worker, undisturbed
from onecycle.data.fetch import BatchMaker, Failure, Partial, Place, batch_getter, item_name
from onecycle.data.missing_rows import Gaps, MissingItem
from onecycle.errors import ArgumentError, DataError, check_keywords, explain
from onecycle.utils.defaults import defaults
from onecycle.utils.seeding import global_rng_kept, item_stream
from onecycle.utils.values import to_scalar

__all__: list[str] = []

# What of torch's DataLoader may be passed on; the rest has a parameter of its own here.
_OWN = ("drop_last", "sampler", "batch_sampler", "pin_memory", "on_error")
_TORCHS = ("timeout", "worker_init_fn", "multiprocessing_context", "prefetch_factor", "persistent_workers")
LOADER_KEYWORDS = _OWN + _TORCHS

_starting = threading.Lock()  # held while the workers of a loader take their addresses


def suggested_workers(dataset: Any) -> int:
    """Return how many workers are worth their start: none for arrays, quick items or small sets.

    The number changes the speed only: batches are the same with any number of workers.
    """
    quick = hasattr(dataset, "batch_at") or batch_getter(dataset) is not None
    if quick or multiprocessing.get_start_method() != "fork" or len(dataset) < 2:
        return 0
    return int(defaults.cpus) if _seconds_an_item(dataset) * len(dataset) > 2.0 else 0


def _seconds_an_item(dataset: Any) -> float:
    """Return how long an item takes, from a look at the first and the middle one; 0 if they are broken."""
    start = time.perf_counter()
    try:
        with global_rng_kept(), item_stream(0, 0, 0):
            dataset[0], dataset[len(dataset) // 2]
    except Exception:  # the loop will meet the broken item again and name it
        return 0.0
    return (time.perf_counter() - start) / 2


def _start_worker(given: Callable[[int], None] | None, worker: int) -> None:
    """Keep a worker to one thread: OpenCV starts a pool of its own otherwise."""
    if "cv2" in sys.modules:
        sys.modules["cv2"].setNumThreads(0)
    if given is not None:
        given(worker)


class _WorkerStart:
    """Be a worker's start function that spawned processes can receive."""

    def __init__(self, given: Callable[[int], None] | None) -> None:
        self.given = given

    def __call__(self, worker: int) -> None:
        _start_worker(self.given, worker)


class _Addresses:
    """Be the batch sampler of torch's DataLoader: yield the addresses of the iteration to come."""

    def __init__(self) -> None:
        self.coming: Iterator[BatchAddress] = iter(())

    def __iter__(self) -> Iterator[BatchAddress]:
        return self.coming


def _as_it_is(batch: Any) -> Any:
    return batch


_OF_ORDER = ("dataset", "batch_size", "shuffle", "drop_last", "sampler", "batch_sampler")
_OF_BATCHES = ("dataset", "collate_fn", "pin_memory", "on_error", "torch_settings")


class ItemLoader:
    """Make the batches of a dataset, each a pure function of its address (seed, epoch, step).

    Its settings may be set later too, and hold from the next iteration on.

    Args:
        dataset: Has `__getitem__` and `__len__`; a `TensorDataset`, or one with `get_batch(indices)`, is
            indexed once a batch; one with `batch_at(address)` makes its batches itself, and is asked for
            `at_batch_size(batch_size)` where it has that.
        batch_size: Items in a batch.
        shuffle: Draw a new order each epoch.
        num_workers: Processes that load; 0 loads here; None chooses from the cost of an item.
        collate_fn: Makes a batch from samples.
        drop_last: Leave the last batch out when it is not whole.
        sampler: Yields the items' indices, in place of `shuffle`; asked for `at_batch_size(batch_size)` too.
        batch_sampler: Yields lists of indices, in place of all of these.
        pin_memory: Put batches in page-locked memory (for CUDA).
        on_error: `raise` on a broken item, or `skip` it and count it in `skipped`.
        **torch_settings: `timeout`, `worker_init_fn`, `prefetch_factor`, `persistent_workers`,
            `multiprocessing_context` of torch's DataLoader.
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int = 64,
        shuffle: bool = False,
        num_workers: int | None = 0,
        collate_fn: Callable[..., Any] = data_collate,
        drop_last: bool = False,
        sampler: Any = None,
        batch_sampler: Any = None,
        pin_memory: bool = False,
        on_error: str = "raise",
        **torch_settings: Any,
    ) -> None:
        check_keywords("loader", torch_settings, _TORCHS)
        batch_size, num_workers = to_scalar(batch_size), to_scalar(num_workers)
        _check_settings(batch_size, num_workers, on_error)
        if hasattr(dataset, "at_batch_size"):  # its items are others for another batch size
            dataset = dataset.at_batch_size(batch_size)
        if hasattr(sampler, "at_batch_size"):
            sampler = sampler.at_batch_size(batch_size)
        self.dataset, self.batch_size, self.shuffle = dataset, batch_size, shuffle
        self.collate_fn, self.drop_last = collate_fn, drop_last
        self.sampler, self.batch_sampler = sampler, batch_sampler
        self.pin_memory, self.on_error, self.torch_settings = pin_memory, on_error, torch_settings
        self._workers = num_workers
        self._engine: DataLoader[Any] | None = None
        self._addresses = _Addresses()
        self._running: WeakSet[Any] = WeakSet()  # torch's iterations, which have the workers
        self._items_now: torch.Tensor | None = None  # which item each worker makes, in shared memory
        self.skipped: Counter[str] = Counter()
        self.missing: list[MissingItem] = []  # what the latest iteration left out
        self.order = self._new_order()

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute; one that decides which items a batch holds, or how it is made, takes effect at once."""
        object.__setattr__(self, name, value)
        if "order" not in vars(self):
            return
        if name in ("sampler", "batch_sampler") and value is not None:
            object.__setattr__(self, "shuffle", False)
        if name == "batch_size" and hasattr(self.dataset, "at_batch_size"):
            object.__setattr__(self, "dataset", self.dataset.at_batch_size(value))
        if name in _OF_ORDER:
            self.order = self._new_order()
        if name in _OF_BATCHES:
            self._engine = None

    def settings(self) -> dict[str, Any]:
        """Return what a new loader needs to be like this one."""
        own = ("dataset", "batch_size", "shuffle", "collate_fn", "drop_last", "sampler", "batch_sampler")
        others = {"pin_memory": self.pin_memory, "on_error": self.on_error, "num_workers": self._workers}
        return {**{name: getattr(self, name) for name in own}, **others, **self.torch_settings}

    @property
    def num_workers(self) -> int:
        """Return how many processes load the batches."""
        if self._workers is None:
            self._workers = suggested_workers(self.dataset)
        return self._workers

    @num_workers.setter
    def num_workers(self, value: int | None) -> None:
        self._workers, self._engine = value, None

    def __len__(self) -> int:
        return len(self._current_order())

    def _new_order(self) -> BatchOrder:
        count = 0 if self.sampler is not None or self.batch_sampler is not None else len(self.dataset)
        settings = (self.batch_size, self.shuffle, self.drop_last, self.sampler, self.batch_sampler)
        return BatchOrder(count, *settings)

    def _current_order(self) -> BatchOrder:
        """Return the order, made anew when the dataset has grown or shrunk."""
        if self.order.count and self.order.count != len(self.dataset):
            self.order = self._new_order()
        return self.order

    def batches(self, seed: int, epoch: int, start_step: int = 0, here: bool = False) -> Iterator[Any]:
        """Yield the batches of an epoch, as they come from the dataset (not yet on the device).

        Args:
            seed: Seed of the run.
            epoch: Number of the epoch.
            start_step: The first batch that is wanted.
            here: Load in this process, whatever `num_workers` says.
        """
        gaps = Gaps()
        self.missing = gaps.items
        addresses = gaps.watched(self._current_order().addresses(seed, epoch, start_step))
        make = self._made_here if here or self.num_workers == 0 else self._from_workers
        with closing(make(addresses)) as found:  # a traceback must not keep workers
            try:
                yield from self._opened(found, gaps)
            except (RuntimeError, OSError, EOFError) as error:
                self.explain(error)
                raise

    def _made_here(self, addresses: Iterator[BatchAddress]) -> Generator[Any, None, None]:
        yield from map(BatchMaker(self.dataset, self.collate_fn, self.on_error).make, addresses)

    def _from_workers(self, addresses: Iterator[BatchAddress]) -> Generator[Any, None, None]:
        yield from self._started(addresses)

    def _started(self, addresses: Iterator[BatchAddress]) -> Iterator[Any]:
        """Start the workers; they take these addresses, whichever thread starts others meanwhile."""
        with _starting:
            if self._engine is None:
                self._engine = self._new_engine()
            self._addresses.coming = addresses
            batches = iter(self._engine)
            self._running.add(batches)
            self._addresses.coming = iter(())
            return batches

    def explain(self, error: BaseException) -> None:
        """Say which item was made by a worker that has died, where that is behind an error, and end the others.

        Raises:
            DataError: a worker has died.
        """
        if not may_be_of_dead_worker(error):
            return
        with undisturbed():
            dead = first_dead(self._running)
        if dead is not None:
            number, worker = dead
            self.close()
            index = -1 if self._items_now is None else int(self._items_now[number])
            name = f"item {index}" if index >= 0 else ""
            file = item_name(self.dataset, index) if index >= 0 else ""
            raise dead_worker_error(worker, name if file == name else f"{name} ({file})") from error

    def close(self) -> None:
        """End the workers; the next iteration starts others."""
        with undisturbed():
            for batches in list(self._running):
                shut_down = getattr(batches, "_shutdown_workers", None)
                if shut_down is not None:
                    shut_down()
        self._engine = None

    def _new_engine(self) -> DataLoader[Any]:
        self._items_now = torch.full((self.num_workers,), -1, dtype=torch.int64).share_memory_()
        maker: Any = BatchMaker(self.dataset, self.collate_fn, self.on_error, self._items_now)
        settings = dict(self.torch_settings)
        settings["worker_init_fn"] = _WorkerStart(settings.get("worker_init_fn"))
        return DataLoader(
            maker,
            batch_sampler=self._addresses,  # type: ignore[arg-type]
            num_workers=self.num_workers,
            collate_fn=_as_it_is,
            pin_memory=self.pin_memory,
            generator=torch.Generator(),  # torch would draw the workers' seed from the global generator
            **settings,
        )

    def _opened(self, found: Iterator[Any], gaps: Gaps) -> Iterator[Any]:
        """Raise what a worker failed with; keep count of the items left out."""
        left_out: list[tuple[str, str]] = []
        made = 0
        for batch in found:
            if isinstance(batch, Failure):
                try:
                    raise batch.error
                finally:
                    del batch  # an error that its own traceback holds would live until a collection
            places: list[Place] = []
            if isinstance(batch, Partial):
                left_out, places, batch = left_out + batch.skipped, batch.places, batch.batch
            gaps.add(places, batch is None)
            if batch is not None:
                made += 1
                yield batch
        self._tell(left_out, made)

    def _tell(self, left_out: list[tuple[str, str]], made: int) -> None:
        if not left_out:
            return
        self.skipped.update(name for name, _ in left_out)
        name, why = left_out[0]
        many = "1 item" if len(left_out) == 1 else f"{len(left_out)} items"
        said = f"{many} could not be loaded and had to be left out; the first: {name} ({why})"
        if not made:
            raise DataError(f"loader: {said}. None was left: look at the files or the code that opens them.")
        warnings.warn(f"loader: {said}.", UserWarning, stacklevel=2)


def _check_settings(batch_size: Any, num_workers: Any, on_error: str) -> None:
    if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
        raise ArgumentError(explain("databunch", "bs", "must be a whole number of at least 1", batch_size))
    if num_workers is not None and (not isinstance(num_workers, int) or num_workers < 0):
        rule = "must be a whole number of at least 0, or None"
        raise ArgumentError(explain("databunch", "num_workers", rule, num_workers))
    if on_error not in ("raise", "skip"):
        raise ArgumentError(explain("databunch", "on_error", "must be 'raise' or 'skip'", on_error))
