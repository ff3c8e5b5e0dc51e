"""Finding picture files, and reading annotation files that name them."""

from __future__ import annotations

import mimetypes
import os
import warnings
from functools import cache
from pathlib import Path
from typing import Any

from onecycle.data.sources import get_files
from onecycle.errors import FileFormatError
from onecycle.types import PathOrStr

__all__ = ["get_annotations", "get_image_files", "image_extensions"]


@cache
def image_extensions() -> frozenset[str]:
    """Return the file endings that mean a picture, with their dots, in lower case.

    Example:
        >>> ".jpg" in image_extensions(), ".txt" in image_extensions()
        (True, False)
    """
    known = {ending for ending, kind in mimetypes.types_map.items() if kind.startswith("image/")}
    return frozenset(known | _ENDINGS_OF_OLD_FORMATS)


# Pictures that not every system's table of file types knows.
_ENDINGS_OF_OLD_FORMATS = {".bmp", ".icns", ".jp2", ".pgm", ".ppm", ".tga", ".webp"}


def get_image_files(c: PathOrStr, check_ext: bool = True, recurse: bool = False) -> list[Path]:
    """Return the picture files in a folder, sorted.

    Args:
        c: The folder.
        check_ext: Whether only files whose ending means a picture are taken.
        recurse: Whether folders inside it are searched too.
    """
    return get_files(c, extensions=image_extensions() if check_ext else None, recurse=recurse)


def get_annotations(fname: PathOrStr, prefix: str | None = None) -> tuple[list[str], list[list[Any]]]:
    """Read a COCO-style JSON file of boxes.

    Crowds (`iscrowd`: many things in one box) are left out, as COCO's evaluation does not count them; so are boxes
    without an area, with a warning.

    Args:
        fname: A JSON file with `images`, `annotations` (boxes as x, y, width, height) and `categories`.
        prefix: A folder to put before each file name.

    Returns:
        The names of the pictures that have boxes, in the file's order, and for each of them
        `[boxes, classes]`, a box being `[top, left, bottom, right]` in pixels.

    Raises:
        FileFormatError: the file is not JSON or lacks one of the three lists.
    """
    found = _read_annotations(fname)
    classes = {category["id"]: category["name"] for category in found["categories"]}
    boxes_of: dict[Any, list[Any]] = {}
    for annotation in _single_things(fname, found["annotations"]):
        boxes, labels = boxes_of.setdefault(annotation["image_id"], [[], []])
        boxes.append(_corners(*annotation["bbox"]))
        labels.append(classes[annotation["category_id"]])
    kept = [image for image in found["images"] if image["id"] in boxes_of]
    names = [os.path.join(prefix or "", image["file_name"]) for image in kept]
    return names, [boxes_of[image["id"]] for image in kept]


def _single_things(fname: PathOrStr, annotations: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the annotations that stand for one thing with an area."""
    things = [annotation for annotation in annotations if not annotation.get("iscrowd")]
    filled = [annotation for annotation in things if annotation["bbox"][2] > 0 and annotation["bbox"][3] > 0]
    if len(filled) < len(things):
        empty = next(annotation for annotation in things if annotation not in filled)
        warnings.warn(
            f"get_annotations: '{fname}' has {len(things) - len(filled)} boxes without an area, such as "
            f"{empty['bbox']} (x, y, width, height) of image {empty['image_id']!r}. They are left out.",
            stacklevel=3,
        )
    return filled


def _corners(x: float, y: float, width: float, height: float) -> list[float]:
    """Turn a box of COCO's form into top, left, bottom, right."""
    return [y, x, y + height, x + width]


def _read_annotations(fname: PathOrStr) -> dict[str, Any]:
    import json

    try:
        found = json.loads(Path(fname).read_text(encoding="utf-8"))
    except ValueError as error:
        raise FileFormatError(f"get_annotations: {fname} must be a JSON file; {error}.") from error
    keys = ("images", "annotations", "categories")
    missing = [key for key in keys if not isinstance(found, dict) or key not in found]
    if missing:
        raise FileFormatError(
            f"get_annotations: {fname} must hold the lists {', '.join(keys)} as COCO's files do; "
            f"it lacks {', '.join(missing)}."
        )
    return found
