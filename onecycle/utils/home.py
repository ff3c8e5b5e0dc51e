"""The folder where downloads are kept, and its settings."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from onecycle.errors import FileFormatError
from onecycle.utils.files import atomic_write, existing_file, read_bytes, read_json
from onecycle.utils.schema import Misfit, check_depth, check_form, record

__all__ = ["home", "home_path", "read_settings", "settings_file", "write_settings"]

_LONGEST = 1 << 20  # bytes of a file of settings
DEFAULT_SETTINGS = {"data_path": "data", "data_archive_path": "archive", "model_path": "models"}


def home() -> Path:
    """Return the folder of downloads: the environment's ONECYCLE_HOME, else `~/.onecycle`."""
    return Path(os.environ.get("ONECYCLE_HOME") or "~/.onecycle").expanduser()


def settings_file() -> Path:
    """Return where the settings are looked for."""
    return home() / "config.yml"


def read_settings(path: Path | None = None) -> dict[str, Any]:
    """Read the settings; what the file leaves out, or all of it where there is no file, is the default.

    Args:
        path: A YAML or (by its suffix) JSON file; `settings_file()` when None.

    Raises:
        FileMissingError: a path was given and there is no such file.
        FileFormatError: the file is not a list of `key: value` lines.
    """
    file = settings_file() if path is None else existing_file("Config", path)
    found = _parse(file) if file.is_file() else {}
    return {**DEFAULT_SETTINGS, **found}


def _parse(path: Path) -> dict[str, Any]:
    settings = read_json(path) if path.suffix == ".json" else _parse_yaml(path)
    if not isinstance(settings, dict):
        raise FileFormatError(
            f"Config: {str(path)!r} must be lines of `key: value`; got a {type(settings).__name__}."
        )
    check_form("Config", path, settings, record({}, dict.fromkeys(DEFAULT_SETTINGS, _folder)))
    return settings


def _folder(value: Any, place: str) -> None:
    if not isinstance(value, str) or not value or "\0" in value or not value.isprintable():
        raise Misfit(place, "the name of a folder", value)


def _parse_yaml(path: Path) -> Any:
    import yaml

    content = read_bytes("Config", path)
    if len(content) > _LONGEST:
        size = f"at most {_LONGEST:,} bytes; it has {len(content):,}"
        raise FileFormatError(f"Config: {str(path)!r} must have {size}.")
    try:
        found = yaml.safe_load(content.decode("utf-8")) or {}
    except Exception as error:  # dates and numbers that are none raise ValueError, TypeError and others
        reason = "nested too deep" if isinstance(error, RecursionError) else str(error).replace("\n", " ")
        raise FileFormatError(f"Config: {str(path)!r} is not valid YAML ({reason}). Mend or delete it.") from error
    check_depth("Config", path, found, 10 * len(content))
    return found


def write_settings(path: Path, settings: dict[str, Any]) -> None:
    """Write settings as YAML, or as JSON where the suffix says so."""
    import json

    import yaml

    text = json.dumps(settings, indent=1) if path.suffix == ".json" else yaml.safe_dump(settings)
    with atomic_write(path, "w") as file:
        file.write(text)


def home_path(key: str) -> Path:
    """Return the folder that a setting names; a relative one is below `home()`.

    Args:
        key: 'data_path', 'data_archive_path' or 'model_path'.
    """
    return home() / Path(str(read_settings()[key])).expanduser()
