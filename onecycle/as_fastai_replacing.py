"""What happens where a program sets a name of a v1 module: it takes effect as in v1, or raises and says what to do."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

from onecycle.errors import ArgumentTypeError, StepError, describe
from onecycle.utils.programs import mark_program

__all__ = ["ReplaceableModule"]

# name at its v1 path -> where what is set takes effect, as `module:attribute`.
EFFECTS: dict[str, str] = {
    "basic_train.loss_batch": "onecycle.training.loop:loss_batch",
    "basic_train.validate": "onecycle.training.loop:validate",
    "vision.data.open_image": "onecycle.vision.image_list:replaced_open",
}

# name at its v1 path -> what to do in its place.
_OPEN = "Set fastai.vision.data.open_image, with which lists of images open their files"
_BARS = "Pass silent=True to the learner, or use `with progress_disabled_ctx(learn)`"
_HINTS: dict[str, str] = {
    "basic_data.DataLoader": "Name a subclass of DeviceDataLoader in `_loader` of a subclass of DataBunch",
    "basic_data.data_collate": "Pass collate_fn= to databunch()",
    "basic_train.Recorder": "Add a callback of your own: callback_fns=[MyCallback]",
    "basic_train.fit": "Override `fit` in a subclass of Learner",
    "basic_train.get_preds": "Override `get_preds` in a subclass of Learner",
    "basic_train.master_bar": _BARS,
    "basic_train.progress_bar": _BARS,
    "basic_train.train_epoch": "Override `fit` in a subclass of Learner",
    "data_block.data_collate": "Pass collate_fn= to databunch()",
    "torch_core.data_collate": "Pass collate_fn= to databunch()",
    "vision.open_image": _OPEN,
    "vision.image.open_image": _OPEN,
    "vision.data.open_mask": "Override `open` in a subclass of SegmentationLabelList, and name it in label_cls=",
    "vision.image.open_mask": "Override `open` in a subclass of SegmentationLabelList, and name it in label_cls=",
    "vision.image.pil2tensor": "Override `open` in a subclass of ImageList, or pass after_open= to it",
}
_ELSE = "Pass yours where it is used, or override the method that calls it in a subclass"

_replaced: dict[str, Any] = {}  # name at its v1 path -> what was where it takes effect


class ReplaceableModule(ModuleType):
    """A module of which names may be set: those of `EFFECTS` take effect, others of the module's are refused.

    A name that the module does not have may be set to anything. Setting a name to what the module serves, or deleting
    it, undoes the replacement.
    """

    def __getattribute__(self, name: str) -> Any:
        """Return an attribute, and note that the program which asks is one of v1."""
        if not name.startswith("__") or name == "__all__":
            mark_program(sys._getframe(1).f_globals)
        return super().__getattribute__(name)

    def __setattr__(self, name: str, value: Any) -> None:
        """Set a name.

        Raises:
            StepError: nothing calls the name here; says what to do in its place.
            ArgumentTypeError: what is called here is set to something that is no function.
        """
        if name.startswith("__") or isinstance(value, ModuleType):
            super().__setattr__(name, value)
            return
        path = _path(self, name)
        served = _served(self, name)
        if served is value and path not in _replaced:
            return
        if path in EFFECTS:
            _take_effect(path, value, served)
        elif served is not _NOTHING or name.startswith("_"):
            raise StepError(_refusal(self, name))
        vars(self)[name] = value
        if served is value:
            del vars(self)[name]

    def __delattr__(self, name: str) -> None:
        """Delete a name that was set, and undo what it replaced."""
        super().__delattr__(name)
        _undo(_path(self, name))


_NOTHING = object()


def _path(module: ModuleType, name: str) -> str:
    return f"{module.__name__}.{name}".partition(".")[2]


def _served(module: ModuleType, name: str) -> Any:
    """Return what a module serves by a name, whatever was set; or `_NOTHING`."""
    try:
        return vars(module)["__getattr__"](name)
    except (AttributeError, KeyError):
        return vars(module).get(name, _NOTHING) if isinstance(vars(module).get(name), ModuleType) else _NOTHING


def _take_effect(path: str, value: Any, served: Any) -> None:
    if value is served:
        _undo(path)
        return
    if not callable(value):
        raise ArgumentTypeError(f"fastai.{path}: must be a function; got {describe(value)}.")
    module, attribute = _place(path)
    _replaced.setdefault(path, getattr(module, attribute))
    setattr(module, attribute, value)


def _undo(path: str) -> None:
    if path in _replaced:
        module, attribute = _place(path)
        setattr(module, attribute, _replaced.pop(path))


def _place(path: str) -> tuple[ModuleType, str]:
    module, attribute = EFFECTS[path].split(":")
    return import_module(module), attribute


def _refusal(module: ModuleType, name: str) -> str:
    hint = _HINTS.get(_path(module, name), _ELSE)
    return (
        f"{module.__name__}.{name}: cannot be replaced, since nothing in onecycle calls it by this name; it would be "
        f"ignored. {hint}."
    )
