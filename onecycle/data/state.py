"""What of the data goes into files, as JSON: kinds and settings of lists, classes, transforms; and items."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from onecycle.data.label_list import LabelList
from onecycle.data.lists import LabelLists
from onecycle.data.plain_sets import item_collate
from onecycle.data.processors import as_items
from onecycle.errors import ArgumentError, FileFormatError, add_context
from onecycle.types import JsonDict, PathOrStr
from onecycle.utils.registry import check_forms, decode, encode, encode_name, lookup
from onecycle.utils.schema import check_form, listed, optional, record, text, whole
from onecycle.utils.values import to_list

__all__: list[str] = []

DATA_FORMAT, DATA_VERSION = "onecycle-data", 1
PLAIN_VERSION = 2  # of a bunch without lists, which version 1 did not know
_TRANSFORMS = ("tfms", "tfmargs", "tfm_y", "tfms_y", "tfmargs_y")


def label_list_state(labelled: LabelList) -> JsonDict:
    """Return all of a labelled list but its items, as values that JSON knows.

    Raises:
        ArgumentError: something of it has no registered name; the note says what it belongs to.
    """
    return {
        "x": _named("inputs", labelled.x),
        "y": _named("labels", labelled.y),
        "x_processors": _encoded("processors of the inputs", _processors(labelled.x)),
        "y_processors": _encoded("processors of the labels", _processors(labelled.y)),
        **{name: _encoded(name, getattr(labelled, name)) for name in _TRANSFORMS},
    }


def _processors(items: Any) -> list[Any]:
    processors = items.processor
    return list(processors) if isinstance(processors, (list, tuple)) else []


def _named(what: str, items: Any) -> JsonDict:
    try:
        return items.get_state()
    except Exception as error:
        add_context(error, part=what)
        raise


def _encoded(what: str, value: Any) -> Any:
    try:
        return encode(value)
    except Exception as error:
        add_context(error, part=what)
        raise


def label_list_from_state(state: Mapping[str, Any], path: PathOrStr) -> LabelList:
    """Return the labelled list of a state, without items."""
    inputs = lookup("item_list", state["x"]["cls"]).from_state(state["x"], path)
    labels = lookup("item_list", state["y"]["cls"]).from_state(state["y"], path)
    inputs.processor = decode(state["x_processors"])
    labels.processor = decode(state["y_processors"])
    _restore_classes(labels)
    made = inputs._label_list(inputs, labels)
    for name in _TRANSFORMS:
        setattr(made, name, decode(state[name]))
    return made


def _restore_classes(labels: Any) -> None:
    for processor in labels.processor:
        if getattr(processor, "c2i", None):
            labels.c2i = processor.c2i


def bunch_state(data: Any) -> JsonDict:
    """Return what prediction needs of a bunch, as values that JSON knows; no item and no path is in it."""
    return {
        "format": DATA_FORMAT,
        "version": DATA_VERSION,
        "bunch": encode_name("data_bunch", type(data)),
        "labelled": label_list_state(data.single_ds),
        "dl_tfms": _encoded("dl_tfms", list(data.dl_tfms)),
        "collate_fn": _encoded("collate_fn", data.collate_fn),
        "c": data.own_c,
        "more": _encoded("settings", data.more_state()),
    }


def is_of_items(data: Any) -> bool:
    """Say whether a bunch was made of items and labels, or else of data sets of another kind or of ready loaders."""
    return hasattr(data.single_ds, "transformed")


def plain_state(data: Any) -> JsonDict:
    """Return what prediction needs of a bunch of data sets or ready loaders, as values that JSON knows.

    A `collate_fn` without a registered name is left out: whoever reads the file must give it.
    """
    collate_fn = item_collate(data.train_dl.dl, data.collate_fn)
    own = _name_of_unknown(collate_fn)
    classes = None if data.classes is None else to_list(data.classes)
    return {
        "format": DATA_FORMAT,
        "version": PLAIN_VERSION,
        "bunch": encode_name("data_bunch", type(data)),
        "plain": {"classes": _encoded("classes", classes), "names": data.sample_names, "own_collate": own},
        "dl_tfms": _encoded("dl_tfms", list(data.dl_tfms)),
        "collate_fn": encode(collate_fn) if own is None else None,
        "c": data.own_c,
        "more": _encoded("settings", data.more_state()),
    }


def _name_of_unknown(collate_fn: Any) -> str | None:
    """Return what to call a `collate_fn` that cannot be written, or None where it can."""
    try:
        encode(collate_fn)
    except ArgumentError:
        return getattr(collate_fn, "__qualname__", None) or type(collate_fn).__name__
    return None


_KINDS = ("arch", "batch_transform", "enum", "function", "item_list", "items", "loss", "processor", "text", "transform")


def _known(value: Any, place: str) -> None:
    """Check that a value names only what data are made of."""
    check_forms(value, None, _KINDS, place)


_LIST = record({"cls": text}, {"args": _known, "c": optional(whole(0))})
LABELLED_FORM = record(
    {"x": _LIST, "y": _LIST, "x_processors": _known, "y_processors": _known, **dict.fromkeys(_TRANSFORMS, _known)}
)
_ITEMS = record({"form": text, "items": _known}, {"dtype": text})
_SET = record({"labelled": LABELLED_FORM, "x": _ITEMS, "y": _ITEMS})
_BUNCH = {
    "bunch": text, "labelled": LABELLED_FORM, "dl_tfms": _known, "collate_fn": _known, "c": optional(whole(0)),
    "more": _known,
}  # fmt: skip
_PLAIN = record({"classes": optional(listed(_known)), "names": optional(listed(text)), "own_collate": optional(text)})
_PLAIN_FORM = record(
    {"version": whole(0), "plain": _PLAIN, **{name: form for name, form in _BUNCH.items() if name != "labelled"}}
)
_FORM = record({"version": whole(0), **_BUNCH}, {"sets": record({"train": _SET, "valid": _SET}, {"test": _SET})})


def checked(state: Any, owner: str, path: Any = "the state of the data") -> Any:
    """Return a state that this version can read, once it has the form that it must have.

    Raises:
        FileFormatError: it is foreign, damaged, or of a newer version.
    """
    if not isinstance(state, Mapping) or state.get("format") != DATA_FORMAT:
        raise FileFormatError(f"{owner}: this is no data state of onecycle: no format {DATA_FORMAT!r} in it.")
    check_form(owner, path, state, record({}, {"version": whole(0)}))
    if state.get("version", 0) > PLAIN_VERSION:
        raise FileFormatError(
            f"{owner}: the file has version {state['version']}, this onecycle reads up to {PLAIN_VERSION}. "
            f"Install a newer onecycle."
        )
    return check_form(owner, path, state, _PLAIN_FORM if "plain" in state else _FORM)


# Items


def items_state(items: Any, root: Path) -> JsonDict:
    """Return the items of a list; files below `root` are written relative to it."""
    values = items.items
    if isinstance(values, np.ndarray) and len(values) and all(isinstance(value, Path) for value in values):
        return {"form": "files", "items": [_relative(value, root) for value in values]}
    if hasattr(values, "get_state"):
        return {"form": "object", "items": encode(values)}
    if isinstance(values, np.ndarray) and values.dtype != object:
        return {"form": "array", "dtype": str(values.dtype), "items": values.tolist()}
    return {"form": "values", "items": [encode(value) for value in values]}


def _relative(file: Path, root: Path) -> str:
    return file.relative_to(root).as_posix() if file.is_relative_to(root) else os.fspath(file)


def items_from_state(state: Mapping[str, Any], root: Path) -> Any:
    """Return the items that `items_state` wrote."""
    if state["form"] == "files":
        return as_items([root / name for name in state["items"]])
    if state["form"] == "object":
        return decode(state["items"])
    if state["form"] == "array":
        return decode({"$": "array", "dtype": state["dtype"], "items": state["items"]})
    return as_items([decode(value) for value in state["items"]])


def whole_state(data: Any) -> JsonDict:
    """Return a bunch with its items and labels, as values that JSON knows."""
    root = Path(data.path)
    sets = {"train": data.train_ds, "valid": data.valid_ds, "test": data.test_ds}
    written = {name: _set_state(each, root) for name, each in sets.items() if each is not None}
    return {**bunch_state(data), "sets": written}


def _set_state(labelled: LabelList, root: Path) -> JsonDict:
    return {
        "labelled": label_list_state(labelled),
        "x": items_state(labelled.x, root),
        "y": items_state(labelled.y, root),
    }


def sets_from_state(state: Mapping[str, Any], path: Path, source: Any = "the state of the data") -> LabelLists:
    """Return the labelled lists that `whole_state` wrote, with their items.

    Raises:
        FileFormatError: a set has more labels than items, or a label is none of its classes.
    """
    read = {name: _set_from_state(each, path) for name, each in state["sets"].items()}
    for name, labelled in read.items():
        _check_pairs(labelled, name, source)
    return LabelLists(path, read["train"], read["valid"], read.get("test"))


def _check_pairs(labelled: LabelList, name: str, source: Any) -> None:
    """Refuse a set whose items and labels do not belong together."""
    items, labels = len(labelled.x.items), labelled.y.items  # a lone number has no length: the gate says so
    if items != len(labels):
        what = f"the set {name!r} has {items} items and {len(labels)} labels"
    elif not _are_of_classes(labels, getattr(labelled.y, "classes", None)):
        what = f"a label of the set {name!r} is the number of no class"
    else:
        return
    raise FileFormatError(f"load_data: {str(source)!r} is damaged: {what}. Save the data again.")


def _are_of_classes(labels: Any, classes: Any) -> bool:
    kind = getattr(getattr(labels, "dtype", None), "kind", "")
    if classes is None or not len(labels) or kind not in "iu":
        return True
    return bool(int(labels.min()) >= 0 and int(labels.max()) < len(classes))


def _set_from_state(state: Mapping[str, Any], path: Path) -> LabelList:
    labelled = label_list_from_state(state["labelled"], path)
    labelled.x.items = items_from_state(state["x"], path)
    labelled.y.items = items_from_state(state["y"], path)
    return labelled
