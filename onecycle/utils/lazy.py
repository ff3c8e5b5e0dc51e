"""Modules that are imported when they are first used."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any

__all__ = ["LazyModule"]


class LazyModule(ModuleType):
    """Stand for a module and import it when one of its attributes is first asked for.

    Reading, setting and deleting attributes reach the real module, so `plt.rcParams[...] = ...` and
    `monkeypatch.setattr(pd, ...)` do what they say. `type(m)` and `m is real_module` are the only differences.

    Args:
        name: Full name of the module, e.g. `matplotlib.pyplot`.
        also: Submodules that a reader expects to find in it and that it does not import itself.

    Example:
        >>> calendar = LazyModule("calendar")
        >>> calendar.isleap(2024)
        True
    """

    def __init__(self, name: str, also: tuple[str, ...] = ()) -> None:
        super().__init__(name)
        object.__setattr__(self, "_onecycle_also", also)

    def __getattr__(self, attribute: str) -> Any:
        return getattr(_real(self), attribute)

    def __setattr__(self, attribute: str, value: Any) -> None:
        setattr(_real(self), attribute, value)

    def __delattr__(self, attribute: str) -> None:
        delattr(_real(self), attribute)

    def __dir__(self) -> list[str]:
        return dir(_real(self))

    def __repr__(self) -> str:
        return f"<module {self.__name__!r}, imported on first use>"


def _real(lazy: LazyModule) -> ModuleType:
    """Return the module that `lazy` stands for."""
    fields = object.__getattribute__(lazy, "__dict__")
    for submodule in fields["_onecycle_also"]:
        import_module(submodule)
    return import_module(fields["__name__"])
