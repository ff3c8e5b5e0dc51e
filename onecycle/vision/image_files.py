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
from onecycle.utils.files import read_bytes
from onecycle.utils.json_text import parse_json
from onecycle.utils.schema import Misfit, check_form, listed, number, record, text

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

    Crowds (`iscrowd` of 1: many things in one box) are left out, as COCO's evaluation does not count them; so are boxes
    without an area and boxes of images that the file does not list, each with a warning. An image that is listed twice
    counts once.

    Args:
        fname: A JSON file with `images`, `annotations` (boxes as x, y, width, height) and `categories`.
        prefix: A folder to put before each file name.

    Returns:
        The names of the pictures that have boxes, in the file's order, and for each of them
        `[boxes, classes]`, a box being `[top, left, bottom, right]` in pixels.

    Raises:
        FileMissingError: there is no such file.
        FileFormatError: the file is not JSON, lacks one of the three lists, or an entry of them is not as COCO's are,
            or two images or categories share what should tell them apart; names the place.
    """
    found = check_form("get_annotations", fname, _read_annotations(fname), _COCO)
    classes = {category["id"]: category["name"] for category in found["categories"]}
    _check_ids(fname, found, classes)
    images = {image["id"]: image["file_name"] for image in found["images"]}
    _warn_of_strays(fname, found["annotations"], images)
    boxes_of: dict[Any, list[Any]] = {}
    for annotation in _single_things(fname, found["annotations"]):
        boxes, labels = boxes_of.setdefault(annotation["image_id"], [[], []])
        boxes.append(_corners(*annotation["bbox"]))
        labels.append(classes[annotation["category_id"]])
    kept = [key for key in images if key in boxes_of]
    return [os.path.join(prefix or "", images[key]) for key in kept], [boxes_of[key] for key in kept]


def _warn_of_strays(fname: PathOrStr, annotations: list[dict[str, Any]], images: dict[Any, str]) -> None:
    """Warn of boxes of images that the file does not list."""
    strays = [annotation["image_id"] for annotation in annotations if annotation["image_id"] not in images]
    if strays:
        warnings.warn(
            f"get_annotations: '{fname}' has {len(strays)} boxes of images that it does not list, such as image "
            f"{strays[0]!r}. They are left out. An id must be of one kind everywhere: 1 is not '1'.",
            stacklevel=3,
        )


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


def _id(value: Any, place: str) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise Misfit(place, "a number or a text", value)


def _name(value: Any, place: str) -> None:
    if not isinstance(value, str) or not value:
        raise Misfit(place, "text that is not empty", value)


def _crowd(value: Any, place: str) -> None:
    if value is not None and (not isinstance(value, int) or value not in (0, 1)):
        raise Misfit(place, "0 or 1", value)


def _box(value: Any, place: str) -> None:
    if not isinstance(value, list) or len(value) != 4:
        raise Misfit(place, "x, y, width and height", value)
    listed(number)(value, place)


_COCO = record(
    {
        "images": listed(record({"id": _id, "file_name": _name})),
        "annotations": listed(record({"image_id": _id, "category_id": _id, "bbox": _box}, {"iscrowd": _crowd})),
        "categories": listed(record({"id": _id, "name": text})),
    }
)


def _check_ids(fname: PathOrStr, found: dict[str, Any], classes: dict[Any, str]) -> None:
    """Refuse boxes of categories that the file does not name, and two images or categories that are taken for one.

    Raises:
        FileFormatError: names the file and the place in it.
    """
    for position, annotation in enumerate(found["annotations"]):
        if annotation["category_id"] not in classes:
            what = f"annotations[{position}] has the category {annotation['category_id']!r}, which has no name"
            raise FileFormatError(f"get_annotations: '{fname}': {what}. Add it to categories.")
    _check_apart(fname, "images", [(image["id"], image["file_name"]) for image in found["images"]])
    _check_apart(fname, "categories", [(each["id"], each["name"]) for each in found["categories"]])
    of_files: dict[str, Any] = {}
    for image in found["images"]:
        other = of_files.setdefault(image["file_name"], image["id"])
        if other != image["id"]:
            what = f"images {other!r} and {image['id']!r} have one file, {image['file_name']!r}"
            raise FileFormatError(f"get_annotations: '{fname}': {what}. Give the boxes of a file one image_id.")


def _check_apart(fname: PathOrStr, kind: str, entries: list[tuple[Any, str]]) -> None:
    """Refuse two names of one id.

    Raises:
        FileFormatError: names both.
    """
    seen: dict[Any, str] = {}
    for key, name in entries:
        other = seen.setdefault(key, name)
        if other != name:
            what = f"{kind} {other!r} and {name!r} have one id, {key!r}"
            raise FileFormatError(f"get_annotations: '{fname}': {what}. Give each an id of its own.")


def _corners(x: float, y: float, width: float, height: float) -> list[float]:
    """Turn a box of COCO's form into top, left, bottom, right."""
    return [y, x, y + height, x + width]


def _read_annotations(fname: PathOrStr) -> dict[str, Any]:
    found = parse_json("get_annotations", fname, read_bytes("get_annotations", fname))
    keys = ("images", "annotations", "categories")
    missing = [key for key in keys if not isinstance(found, dict) or key not in found]
    if missing:
        raise FileFormatError(
            f"get_annotations: {fname} must hold the lists {', '.join(keys)} as COCO's files do; "
            f"it lacks {', '.join(missing)}."
        )
    return found
