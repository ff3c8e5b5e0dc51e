"""Looks at the data: a batch, an item as a batch, samples on a page; no run is disturbed by them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from onecycle.data.batch_parts import as_pair
from onecycle.data.check import check_bunch
from onecycle.data.collate import data_collate, pack_samples
from onecycle.data.items import EmptyLabel
from onecycle.data.loaders import DatasetType, DeviceDataLoader
from onecycle.data.plain_sets import batch_of_item, item_collate
from onecycle.errors import DataError, explain
from onecycle.utils.checks import check_member, check_numbers
from onecycle.utils.functions import has_arg, passes_keywords_on
from onecycle.utils.seeding import global_rng_kept
from onecycle.utils.tensors import grab_idx, to_cpu, to_detach

__all__: list[str] = []


class Looks:
    """Give a `DataBunch` its methods for looking at batches and items."""

    train_dl: DeviceDataLoader
    collate_fn: Callable[..., Any]
    norm: Any
    denorm: Any

    if TYPE_CHECKING:

        @property
        def train_ds(self) -> Any: ...

        @property
        def single_ds(self) -> Any: ...

        @property
        def sample_names(self) -> list[str] | None: ...

        @property
        def single_dl(self) -> DeviceDataLoader: ...

    def dl(self, ds_type: DatasetType = DatasetType.Valid) -> DeviceDataLoader:
        """Return the loader of a set.

        Args:
            ds_type: Which set.

        Raises:
            DataError: there is no such set.
        """
        name = check_member("dl", "ds_type", ds_type, DatasetType).name
        loader = getattr(self, f"{name.lower()}_dl")
        if loader is None:
            cure = {"Test": "Add one with add_test.", "Valid": "Split off a validation set."}.get(name, "")
            raise DataError(f"dl: the data has no {name.lower()} set. {cure}")
        return loader

    def one_batch(
        self,
        ds_type: DatasetType = DatasetType.Train,
        detach: bool = True,
        denorm: bool = True,
        cpu: bool = True,
    ) -> tuple[Any, Any]:
        """Return one batch; no run is disturbed by it.

        Args:
            ds_type: From which set.
            detach: Detach it from any graph.
            denorm: Undo the normalisation of the inputs, if there is one.
            cpu: Bring it to the CPU; only with `detach`.

        Returns:
            Inputs and targets.
        """
        return self._for_looking(self.dl(ds_type).one_batch(), detach, denorm, cpu)

    def _for_looking(self, batch: Any, detach: bool, denorm: bool, cpu: bool) -> tuple[Any, Any]:
        x, y = batch
        if detach:
            x, y = to_detach(x, cpu=cpu), to_detach(y, cpu=cpu)
        if denorm and self.denorm is not None:
            x, y = self._denormalised(x, y)
        return x, y

    def _denormalised(self, x: Any, y: Any) -> tuple[Any, Any]:
        x = self.denorm(x)
        return x, self.denorm(y, do_x=True) if getattr(self.norm, "do_y", False) else y

    def single_batch(self, item: Any) -> Any:
        """Return one item as a batch, transformed and normalised as for validation: what prediction needs.

        Args:
            item: An input, such as an image or a row.

        Returns:
            `[xb, yb]` on the device; yb stands for an empty label.

        Raises:
            DataError: no batch can be made of it.
        """
        dataset = self.single_ds
        if not hasattr(dataset, "transformed"):
            return self.train_dl.proc_batch(self._plain_batch(item))
        item = dataset.transformed(dataset.x.process_one(dataset.x.as_item(item)))
        collate = pack_samples if self.collate_fn is data_collate else self.collate_fn
        return self.single_dl.proc_batch(collate([(item, EmptyLabel())]))

    def _plain_batch(self, item: Any) -> Any:
        """Return an input as a batch, where the data has data sets of another kind than lists, or ready loaders."""
        return batch_of_item(item, self.sample_names, item_collate(self.train_dl.dl, self.collate_fn))

    def one_item(
        self, item: Any, detach: bool = False, denorm: bool = False, cpu: bool = False
    ) -> tuple[Any, Any]:
        """Return one item as a batch; see `single_batch`.

        Args:
            item: An input, such as an image or a row.
            detach: Detach it from any graph.
            denorm: Undo the normalisation.
            cpu: Bring it to the CPU.

        Returns:
            Inputs and targets.
        """
        x, y = self._for_looking(self.single_batch(item), detach, denorm, cpu)
        return (to_cpu(x), to_cpu(y)) if cpu else (x, y)

    @passes_keywords_on("figsize", "imgsize", "cmap", "hide_axis")
    def show_batch(
        self,
        rows: int = 5,
        ds_type: DatasetType = DatasetType.Train,
        reverse: bool = False,
        **kwargs: Any,
    ) -> None:
        """Show a few samples of a batch as the model gets them, without the normalisation.

        Args:
            rows: Number of rows; of columns too, where items are shown in a square.
            ds_type: From which set.
            reverse: Begin at the end of the batch.
            **kwargs: Passed to `show_xys` of the list of inputs.
        """
        check_numbers("show_batch", "rows", rows, "must be a number of at least 1", lambda count: count >= 1)
        dataset = self.train_ds
        if not hasattr(getattr(dataset, "x", None), "show_xys"):
            cure = "Build the data with the data sentence, or look at data.one_batch()."
            raise DataError(
                explain("show_batch", "", "needs lists of items that can show themselves", cure=cure)
            )
        x, y = self.one_batch(ds_type, True, True)
        count = rows**2 if dataset.x._square_show else rows
        count = min(count, len(x[0]) if isinstance(x, (list, tuple)) else len(x))
        order = range(count) if not reverse else [-1 - i for i in range(count)]
        xs = [dataset.x.reconstruct(grab_idx(x, i)) for i in order]
        ys = [_reconstructed(dataset.y, grab_idx(y, i), shown) for i, shown in zip(order, xs, strict=True)]
        dataset.x.show_xys(xs, ys, **kwargs)

    def sanity_check(self) -> None:
        """Look at a few samples and say all that is wrong at once.

        Raises:
            DataError: the training set is empty, samples cannot be read, or they do not make a batch.
        """
        check_bunch(self)


def first_sample(dataset: Any) -> tuple[Any, Any]:
    """Return the first sample that can be read, or (None, None); a broken one is told, or left out, by the loader."""
    with global_rng_kept():
        for index in range(len(dataset) if dataset is not None else 0):
            with suppress(DataError):
                x, *rest = as_pair(dataset[index])
                return x, rest[0] if rest else None
    return None, None


def first_input(dataset: Any) -> Any:
    """Return the first input that can be read, or None."""
    return first_sample(dataset)[0]


def _reconstructed(labels: Any, t: Any, x: Any) -> Any:
    return labels.reconstruct(t, x=x) if has_arg(labels.reconstruct, "x") else labels.reconstruct(t)
