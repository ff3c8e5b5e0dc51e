"""Text files: reading one, and a processor that reads those of a list."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from onecycle.data.processors import PreProcessor, as_items
from onecycle.types import PathOrStr
from onecycle.utils.registry import register
from onecycle.utils.text_files import read_text

__all__ = ["OpenFileProcessor", "open_text"]


def open_text(fn: PathOrStr, enc: str = "utf-8") -> str:
    """Read a text file.

    Args:
        fn: The file.
        enc: Its encoding; a byte order mark of UTF-16 or UTF-32 counts more than the default.

    Raises:
        FileMissingError: there is no such file.
        DataError: the file is not in that encoding; says which byte is not, and where.
        ArgumentError: Python knows no such encoding.
    """
    stated = None if enc.lower().replace("_", "-") in ("utf-8", "utf8") else enc
    text = read_text("open_text", fn, stated, "enc")
    return text.replace("\r\n", "\n").replace("\r", "\n")


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
