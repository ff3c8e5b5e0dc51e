"""Packages that onecycle can use but does not need: imported when asked for, or told how to get."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

from onecycle.errors import ArgumentError

__all__: list[str] = []


def import_extra(owner: str, module: str, extra: str) -> Any:
    """Import a module of an optional package.

    Args:
        owner: Who needs it, for the message.
        module: Full name of the module.
        extra: The extra of onecycle that installs it.

    Raises:
        ArgumentError: it is missing, or it is there and broken; says how to install it.

    Example:
        >>> import_extra("Example", "json", "none").dumps([1])
        '[1]'
    """
    package = module.partition(".")[0]
    cure = f"Install it: pip install 'onecycle[{extra}]'."
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        missing = (error.name or package).partition(".")[0]
        raise ArgumentError(f"{owner}: needs the package {missing}, which is not installed. {cure}") from error
    except (ImportError, RuntimeError, OSError) as error:
        said = str(error).partition("\n")[0]
        raise ArgumentError(f"{owner}: the package {package} cannot be loaded ({said}). {cure}") from error


def is_installed(package: str) -> bool:
    """Say whether a package is there, without importing it.

    Example:
        >>> is_installed("json"), is_installed("no_such_package")
        (True, False)
    """
    try:
        return importlib.util.find_spec(package) is not None
    except (ImportError, ValueError):  # ValueError: a module without a spec stands in sys.modules
        return False
