"""Text files: reading one, and a processor that reads those of a list."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from onecycle.data.processors import PreProcessor, as_items
from onecycle.errors import DataError
from onecycle.types import PathOrStr
from onecycle.utils.files import existing_file
from onecycle.utils.registry import register

__all__ = ["OpenFileProcessor", "open_text"]


def open_text(fn: PathOrStr, enc: str = "utf-8") -> str:
    """Read a text file.

    Args:
        fn: The file.
        enc: Its encoding.

    Raises:
        FileMissingError: there is no such file.
        DataError: the file is not in that encoding; says which byte is not, and where.
    """
    data = existing_file("open_text", fn).read_bytes()
    try:
        text = data.decode(enc)
    except UnicodeDecodeError as error:
        raise DataError(_wrong_encoding(fn, enc, error)) from error
    except LookupError as error:
        raise DataError(f"open_text: enc must be an encoding that Python knows; got {enc!r}.") from error
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _wrong_encoding(fn: PathOrStr, enc: str, error: UnicodeDecodeError) -> str:
    byte = error.object[error.start]
    line = error.object.count(b"\n", 0, error.start) + 1
    return (
        f"open_text: file '{os.fspath(fn)}' is not {enc}: byte 0x{byte:02x} at position {error.start} (line {line}): "
        f"{error.reason}. Pass its encoding, e.g. enc='latin-1', or write the file anew as UTF-8."
    )


@register("processor")
class OpenFileProcessor(PreProcessor):
    """Read the files of a list; texts that are no files stay as they are.

    Args:
        ds: The list.
        enc: Encoding of the files.
    """

    def __init__(self, ds: Any = None, enc: str = "utf-8") -> None:
        super().__init__(ds)
        self.enc = enc

    def process_one(self, item: Any) -> Any:
        """Return the text of a file."""
        return open_text(item, self.enc) if isinstance(item, Path) else item

    def process(self, ds: Any) -> None:
        """Read the files of a list."""
        ds.items = as_items([self.process_one(item) for item in ds.items])

    def get_state(self) -> dict[str, Any]:
        """Return the encoding."""
        return {"enc": self.enc}
