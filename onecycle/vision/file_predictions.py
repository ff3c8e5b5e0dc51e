"""Predict many image files at once, broken ones among them, and write the answers as a table."""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from onecycle.data.categories import CategoryList, CategoryListBase, FloatList
from onecycle.errors import DataError, OnecycleError, explain
from onecycle.types import PathOrStr
from onecycle.utils.files import atomic_write
from onecycle.vision.image_files import get_image_files
from onecycle.vision.image_list import ImageList
from onecycle.vision.opening import open_image

__all__ = ["FilePrediction", "predict_files", "write_predictions"]

_AT_ONCE = 512  # files


@dataclass(frozen=True)
class FilePrediction:
    """What a learner says of one file.

    Attributes:
        file: The file.
        label: The class, or several classes or numbers joined by `;`; empty where the file could not be read.
        probability: That of the class; None for several classes, for numbers, or where the file could not be read.
        probabilities: Those of all classes by name; empty for numbers.
        error: Why the file could not be read; empty where it could.
    """

    file: Path
    label: str = ""
    probability: float | None = None
    probabilities: dict[str, float] = field(default_factory=dict)
    error: str = ""


def image_files_in(places: Iterable[PathOrStr]) -> list[Path]:
    """Return the files that are meant: a file as it is, of a folder all images in it and in its folders.

    Raises:
        DataError: a place does not exist, or a folder holds no image.
    """
    files: list[Path] = []
    for place in map(Path, places):
        if not place.exists():
            raise DataError(explain("predict", "image", "must be a file or a folder that exists", str(place)))
        found = get_image_files(place, recurse=True) if place.is_dir() else [place]
        if not found:
            raise DataError(explain("predict", "image", "must be a folder with images", str(place)))
        files += found
    return files


def predict_files(learn: Any, files: Sequence[PathOrStr]) -> list[FilePrediction]:
    """Predict image files in batches; those that cannot be read have an `error`.

    Args:
        learn: A learner of images with classes or numbers as labels, e.g. of `load_learner`.
        files: The files.

    Raises:
        DataError: the learner is one of other data or of other labels.

    Example:
        for found in predict_files(load_learner("models"), get_image_files("new")):
            print(found.file, found.label, found.probability)
    """
    return list(stream_predictions(learn, files))


def stream_predictions(learn: Any, files: Sequence[PathOrStr]) -> Iterator[FilePrediction]:
    """Yield what `predict_files` returns, a few hundred files at a time: memory does not grow with their number."""
    labels = _labels_of(learn)
    paths = [Path(file) for file in files]
    for start in range(0, len(paths), _AT_ONCE):
        some = paths[start : start + _AT_ONCE]
        for path, row in zip(some, _outputs(learn, some), strict=True):
            yield row if isinstance(row, FilePrediction) else _prediction(labels, path, row)


def _labels_of(learn: Any) -> Any:
    """Return the labels of a learner whose answers can be written as words and numbers.

    Raises:
        DataError: they cannot, or the learner does not open files of images.
    """
    dataset = learn.data.single_ds
    labels = getattr(dataset, "y", None)
    of_images = isinstance(getattr(dataset, "x", None), ImageList)
    if of_images and isinstance(labels, (CategoryListBase, FloatList)):
        return labels
    kind = type(labels).__name__ if of_images else f"{type(getattr(dataset, 'x', dataset)).__name__} as inputs"
    hint = "Use load_learner and learn.predict, or learn.get_preds(items=…), in Python."
    rule = f"must be a learner of images with classes or numbers as labels; it has {kind}"
    raise DataError(explain("predict", "file", rule, cure=hint))


def _outputs(learn: Any, paths: list[Path]) -> Sequence[Any]:
    """Return the outputs of each file, NaN for those that cannot be read; where they make no batch, one by one."""
    loader = learn.data.items_dl(paths).new(on_error="skip")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "loader: .* could not be loaded")  # each is told with its file
        try:
            return learn.preds_of(loader)[0]
        except (DataError, RuntimeError) as error:  # sizes that make no batch, or that the model does not take
            if len(paths) > 1:
                return [row for path in paths for row in _outputs(learn, [path])]
            return [FilePrediction(paths[0], error=_why_unreadable(paths[0]) or str(error).splitlines()[0])]


def _why_unreadable(path: Path) -> str:
    try:
        open_image(path)
    except (OnecycleError, OSError) as error:
        return str(error)
    return ""


def _prediction(labels: Any, path: Path, row: Any) -> FilePrediction:
    if bool(row.isnan().all()):
        why = _why_unreadable(path)
        return FilePrediction(path, error=why or "the model gave no number")
    item = labels.reconstruct(labels.analyze_pred(row))
    if isinstance(labels, FloatList):
        numbers = np.asarray(item.obj, dtype=np.float32).reshape(-1).tolist()
        return FilePrediction(path, ";".join(f"{number:.6g}" for number in numbers))
    by_name = {str(name): float(value) for name, value in zip(labels.classes or [], row.tolist())}
    return FilePrediction(path, str(item), float(row.max()) if isinstance(labels, CategoryList) else None, by_name)


def write_predictions(
    file: PathOrStr, predictions: Iterable[FilePrediction], classes: Sequence[Any] | None = None
) -> list[FilePrediction]:
    """Write predictions as CSV: file, prediction, probability, error, and a column of each class's probability.

    Args:
        file: The file.
        predictions: What `predict_files` returned, or any other that yields such; each is written as it comes.
        classes: The columns of classes; default: those that the predictions name, which must then be a list.

    Returns:
        The predictions that have an error.

    Raises:
        FileWriteError: it could not be written; what was there is unchanged.
    """
    if classes is None:
        predictions = list(predictions)
        classes = list(dict.fromkeys(name for found in predictions for name in found.probabilities))
    names, unread = [str(name) for name in classes], []
    with atomic_write(Path(file)) as raw:
        raw.write(_as_csv(["file", "prediction", "probability", "error", *names]))
        for found in predictions:
            raw.write(_as_csv(_row(found, names)))
            unread += [found] if found.error else []
    return unread


def class_names(learn: Any) -> list[str]:
    """Return the names of the classes whose probabilities a table has: none for numbers."""
    labels = _labels_of(learn)
    return [str(name) for name in labels.classes or []] if isinstance(labels, CategoryListBase) else []


def _row(found: FilePrediction, names: list[str]) -> list[Any]:
    values = [found.probabilities.get(name) for name in names]
    numbers = ["" if value is None else f"{value:.6f}" for value in (found.probability, *values)]
    return [str(found.file), found.label, numbers[0], found.error, *numbers[1:]]


def _as_csv(row: list[Any]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(row)
    return text.getvalue().encode()
