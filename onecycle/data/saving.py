"""Reading data back from files: `load_data`, and a bunch from its state."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import IO, Any

from onecycle.data.lists import LabelLists
from onecycle.data.state import checked, sets_from_state
from onecycle.errors import ArgumentError, explain
from onecycle.types import JsonDict, PathOrStr
from onecycle.utils.budget import Budget, spending
from onecycle.utils.file_gate import file_gate
from onecycle.utils.file_objects import path_to_read
from onecycle.utils.files import read_json
from onecycle.utils.registry import decode, lookup

__all__ = ["load_data"]

BatchTransform = Callable[[Any], Any]


def bunch_from_lists(lists: LabelLists, state: JsonDict, path: PathOrStr, **settings: Any) -> Any:
    """Return the bunch of a state on these lists."""
    with file_gate("data", "the state of the data"):
        for name in ("dl_tfms", "collate_fn"):
            settings.setdefault(name, decode(state[name]))
        kind = lookup("data_bunch", state["bunch"])
        settings = {**kind.settings_from(decode(state["more"])), **settings}
    data = kind.create(lists.train, lists.valid, test_ds=lists.test, path=path, **settings)
    data.label_list, data.own_c = lists, state["c"]
    data.take_more_state(decode(state["more"]))
    return data


def load_data(
    path: PathOrStr,
    file: PathOrStr | IO[Any] = "data_save.json",
    bs: int = 64,
    val_bs: int | None = None,
    num_workers: int | None = None,
    dl_tfms: Collection[BatchTransform] | BatchTransform | None = None,
    device: Any = None,
    collate_fn: Callable[..., Any] | None = None,
    no_check: bool = False,
    max_bytes: int | None = None,
    **kwargs: Any,
) -> Any:
    """Return the data that `DataBunch.save` wrote.

    Args:
        path: The folder that the files of the items are in, and where models and exports go.
        file: The JSON file, in `path`, or an open file of bytes or text.
        bs: Batch size.
        val_bs: Batch size for validation and test; `bs` when left out.
        num_workers: Processes that load items; chosen from the cost of an item when left out.
        dl_tfms: Functions of a batch; those of the saved data when left out.
        device: Where batches go; `defaults.device` when left out.
        collate_fn: Makes a batch from samples; that of the saved data when left out.
        no_check: Do not look at a few samples now.
        max_bytes: Bytes that the file may unfold to in memory; when None, 256 MB or 100 times its own length.
        **kwargs: More for `DataBunch.create`.

    Raises:
        FileFormatError: the file is damaged, foreign, of a newer version, or unfolds to more than is allowed.
        NotRegisteredError: a name in it is unknown; says how to register it.
    """
    with path_to_read(file if hasattr(file, "read") else Path(path) / file) as source:
        state = checked(read_json(source), "load_data", source)
        budget = Budget("load_data", source, source.stat().st_size, max_bytes)
    if "sets" not in state:
        cure = "Write it with data.save(); data.export() writes no items."
        raise ArgumentError(explain("load_data", "file", "must hold items and labels", str(file), cure))
    given = {"dl_tfms": dl_tfms, "collate_fn": collate_fn}
    settings = {name: value for name, value in given.items() if value is not None}
    with spending(budget):
        with file_gate("load_data", source):
            lists = sets_from_state(state, Path(path), source)
        with file_gate("load_data", source, convert_own=False):
            return bunch_from_lists(
                lists, state, path, bs=bs, val_bs=val_bs, num_workers=num_workers, device=device,
                no_check=no_check, **settings, **kwargs,
            )  # fmt: skip
