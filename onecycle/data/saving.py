"""Reading data back from files: `load_data`, and a bunch from its state."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import IO, Any

from onecycle.data.lists import LabelLists
from onecycle.data.plain_sets import EmptySamples
from onecycle.data.state import checked, sets_from_state
from onecycle.errors import ArgumentError, FileFormatError, explain
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
        settings = _functions(state, settings)
        kind = lookup("data_bunch", state["bunch"])
        settings = {**kind.settings_from(decode(state["more"])), **settings}
    data = kind.create(lists.train, lists.valid, test_ds=lists.test, path=path, **settings)
    data.label_list, data.own_c = lists, state["c"]
    data.take_more_state(decode(state["more"]))
    return data


def _functions(state: JsonDict, given: JsonDict) -> JsonDict:
    """Return the functions of batches that a state names, but for those that are given.

    Raises:
        FileFormatError: one of them cannot be called.
    """
    made = {name: decode(state[name]) for name in ("dl_tfms", "collate_fn") if name not in given}
    tfms = made.get("dl_tfms", [])
    functions = [*(tfms if isinstance(tfms, list) else [None]), made.get("collate_fn", decode)]
    if not all(map(callable, functions)):
        rule = "dl_tfms and collate_fn of the state must be functions by their names; they are not"
        raise FileFormatError(f"data: {rule}. Copy the file or make it again.")
    return {**made, **given}


def check_own_collate(state: Any, collate_fn: Any) -> None:
    """Refuse a state of data whose `collate_fn` has no name in files, where none is given.

    Args:
        state: The state, not yet checked.
        collate_fn: What was given, or None.

    Raises:
        ArgumentError: names it, and how to pass it.
    """
    plain = state.get("plain") if isinstance(state, Mapping) else None
    own = plain.get("own_collate") if isinstance(plain, Mapping) else None
    if isinstance(own, str) and collate_fn is None:
        rule = f"must be given, since that of the data ({own}) has no name in files"
        hint = "Make it as then and pass it: load_learner(path, file, collate_fn=collate_fn)."
        raise ArgumentError(explain("load_learner", "collate_fn", rule, cure=hint))


def bunch_of_plain(state: JsonDict, path: PathOrStr, **settings: Any) -> Any:
    """Return the bunch of a state that `plain_state` wrote: no samples, and how an input becomes a batch."""
    with file_gate("data", "the state of the data"):
        settings = {"no_check": True, **_functions(state, settings)}
        kind = lookup("data_bunch", state["bunch"])
        settings = {**kind.settings_from(decode(state["more"])), **settings}
        empty = EmptySamples(decode(state["plain"]["classes"]))
    data = kind.create(empty, empty, path=path, **settings)
    data.own_c, data._sample_names = state["c"], state["plain"]["names"]
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
