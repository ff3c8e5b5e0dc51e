"""Sets whose items come at another size for a while: in place, so that every loader of theirs follows."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from onecycle.errors import DataError
from onecycle.utils.checks import is_real

__all__: list[str] = []

Size = tuple[int, int]
_SETTINGS = ("tfms", "tfmargs", "tfms_y", "tfmargs_y")


def as_size(value: Any) -> Size | None:
    """Return a size as (height, width) in pixels; None for what is no size.

    Example:
        >>> as_size(224), as_size((96, 128)), as_size(0.5)
        ((224, 224), (96, 128), None)
    """
    sides = [value, value] if is_real(value) else listed(value)
    if len(sides) != 2 or not all(is_real(side) and int(side) == side and side >= 1 for side in sides):
        return None
    return int(sides[0]), int(sides[1])


def listed(value: Any) -> list[Any]:
    """Return what a list, a tuple, an array or a tensor holds; nothing of anything else."""
    plain = value.tolist() if hasattr(value, "tolist") else value
    return list(plain) if isinstance(plain, Sequence) and not isinstance(plain, (str, bytes)) else []


class Resizable:
    """Bring the training and the validation set of a bunch to other sizes, and back.

    Args:
        caller: Who asks, for the message.
        data: A bunch of items that have been given a size by `.transform(…, size=…)`.

    Raises:
        DataError: the data has no size.
    """

    def __init__(self, caller: str, data: Any) -> None:
        self.loaders = [dl for dl in (data.train_dl, data.valid_dl) if dl is not None and len(dl)]
        self.sets = list({id(dl.dataset): dl.dataset for dl in self.loaders}.values())
        sizes = {as_size(getattr(dataset, "tfmargs", {}).get("size")) for dataset in self.sets}
        if len(sizes) != 1 or None in sizes:
            raise DataError(
                f"{caller}: the data must have a size that can change, one for training and validation. Make it of "
                f"images: ImageList … .transform(tfms, size=…).databunch()."
            )
        self.size: Size = sizes.pop()  # type: ignore[assignment]
        self._own = [{name: getattr(dataset, name) for name in _SETTINGS} for dataset in self.sets]

    def use(self, size: Size) -> None:
        """Let the items come at a size from the next iteration of their loaders on."""
        for dataset, own in zip(self.sets, self._own):
            for name, value in (own if size == self.size else _at_size(own, self.size, size)).items():
                setattr(dataset, name, value)
        for loader in self.loaders:
            if getattr(loader.dl, "_engine", None) is not None:  # workers that stay have a copy of the set
                loader.dl._engine = None

    def restore(self) -> None:
        """Let the items come as they did."""
        self.use(self.size)


def _at_size(own: dict[str, Any], before: Size, size: Size) -> dict[str, Any]:
    """Return the settings of a set for another size: of images, of targets, of crops with a size of their own."""
    calls = {id(call): _call_at_size(call, before, size) for call in [*(own["tfms"] or []), *(own["tfms_y"] or [])]}
    return {
        "tfms": own["tfms"] and [calls[id(call)] for call in own["tfms"]],
        "tfms_y": own["tfms_y"] and [calls[id(call)] for call in own["tfms_y"]],
        "tfmargs": _settings_at_size(own["tfmargs"], before, size),
        "tfmargs_y": _settings_at_size(own["tfmargs_y"], before, size),
    }


def _settings_at_size(settings: dict[str, Any], before: Size, size: Size) -> dict[str, Any]:
    if as_size(settings.get("size")) is None:
        return settings
    return {**settings, "size": scaled(settings["size"], before, size)}


def _call_at_size(call: Any, before: Size, size: Size) -> Any:
    """Return a call of a transform with a size of its own scaled along, or a choice of such; any other as it is."""
    options = getattr(call, "options", None)
    if options is not None:
        chooses = copy.copy(call)
        chooses.options = [_call_at_size(option, before, size) for option in options]
        return chooses
    settings = getattr(call, "kwargs", None)
    if not isinstance(settings, dict) or as_size(settings.get("size")) is None:
        return call
    changed = copy.copy(call)
    changed.kwargs, changed.resolved = _settings_at_size(settings, before, size), {}
    return changed


def scaled(value: Any, before: Size, size: Size) -> Any:
    """Return a size, one number or two, scaled as `before` is to `size`.

    Example:
        >>> scaled(128, (64, 64), (32, 32)), scaled((96, 128), (96, 128), (48, 64))
        (64, (48, 64))
    """
    known: Any = as_size(value)
    sides = tuple(max(1, round(known[axis] * size[axis] / before[axis])) for axis in (0, 1))
    return sides[0] if is_real(value) and sides[0] == sides[1] else sides
