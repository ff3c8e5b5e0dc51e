"""The folder where downloads are kept, and its settings."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from onecycle.errors import FileFormatError
from onecycle.utils.files import atomic_write, existing_file, read_json

__all__ = ["home", "home_path", "read_settings", "settings_file", "write_settings"]

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
    return settings


def _parse_yaml(path: Path) -> Any:
    import yaml

    try:
        return yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = str(error).replace("\n", " ")
        raise FileFormatError(
            f"Config: {str(path)!r} is not valid YAML ({reason}). Mend or delete it."
        ) from error


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
