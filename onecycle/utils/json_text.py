"""JSON from files: read whole, of bounded depth, or refused with the place where it breaks."""

from __future__ import annotations

import json
from typing import Any

from onecycle.errors import FileFormatError
from onecycle.utils.schema import check_depth

__all__: list[str] = []


def parse_json(owner: str, path: Any, content: str | bytes) -> Any:
    """Return the value of a JSON text.

    Args:
        owner: Who reads, for the message.
        path: The file.
        content: The text, or its bytes in UTF-8; a byte order mark before it is no part of it.

    Raises:
        FileFormatError: it is no JSON, or nested too deep; says at which line it breaks.
    """
    text = _decoded(owner, path, content) if isinstance(content, bytes) else content.removeprefix("\ufeff")
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise FileFormatError(
            f"{owner}: {str(path)!r} is not valid JSON at line {error.lineno}, column {error.colno}: "
            f"{error.msg}. The file is damaged or of another kind."
        ) from error
    except RecursionError:
        raise FileFormatError(f"{owner}: {str(path)!r} is damaged or hostile: it is nested too deep.") from None
    except ValueError as error:  # a number of thousands of digits
        raise FileFormatError(f"{owner}: {str(path)!r} is damaged or hostile: {error}.") from error
    check_depth(owner, path, value, len(text))
    return value


def _decoded(owner: str, path: Any, content: bytes) -> str:
    if content[:1] == b"\x80":
        raise FileFormatError(
            f"{owner}: {str(path)!r} is a pickle, which could run code, and is not read. Build the data again from "
            f"its source and save it here: data.save()."
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileFormatError(f"{owner}: {str(path)!r} is not a text file, so not JSON either ({error}).") from error
