"""Predict many image files at once, broken ones among them, and write the answers as a table."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from onecycle.data.categories import CategoryList, CategoryListBase
from onecycle.errors import DataError, OnecycleError, explain
from onecycle.types import PathOrStr
from onecycle.utils.files import atomic_write
from onecycle.vision.image_files import get_image_files
from onecycle.vision.opening import open_image

__all__ = ["FilePrediction", "predict_files", "write_predictions"]


@dataclass(frozen=True)
class FilePrediction:
    """What a classifier says of one file.

    Attributes:
        file: The file.
        label: The class, or several joined by `;`; empty where the file could not be read.
        probability: That of the class; None for several classes, or where the file could not be read.
        probabilities: Those of all classes by name.
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
        learn: A learner that classifies images, e.g. of `load_learner`.
        files: The files.

    Raises:
        DataError: the learner does not classify.

    Example:
        for found in predict_files(load_learner("models"), get_image_files("new")):
            print(found.file, found.label, found.probability)
    """
    labels = getattr(getattr(learn.data, "single_ds", None), "y", None)
    if not isinstance(labels, CategoryListBase):
        kind = type(labels).__name__ if labels is not None else "data without labels"
        hint = "Use load_learner and learn.predict in Python."
        raise DataError(explain("predict", "file", f"must be a classifier of images; its labels are {kind}", cure=hint))
    paths = [Path(file) for file in files]
    preds = _probabilities(learn, paths) if paths else []
    return [_prediction(labels, path, row) for path, row in zip(paths, preds, strict=True)]


def _probabilities(learn: Any, paths: list[Path]) -> Sequence[Any]:
    """Return a row of probabilities a file; NaN for those that cannot be read."""
    loader = learn.data.items_dl(paths).new(on_error="skip")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "loader: .* could not be loaded")  # each is told with its file
        try:
            return learn.preds_of(loader)[0]
        except DataError:
            if any(not _why_unreadable(path) for path in paths):
                raise
    return [torch.tensor([float("nan")])] * len(paths)


def _why_unreadable(path: Path) -> str:
    try:
        open_image(path)
    except (OnecycleError, OSError) as error:
        return str(error)
    return ""


def _prediction(labels: CategoryListBase, path: Path, row: Any) -> FilePrediction:
    if bool(row.isnan().all()):
        why = _why_unreadable(path)
        return FilePrediction(path, error=why or "the model gave no number")
    single = isinstance(labels, CategoryList)
    label = str(labels.reconstruct(labels.analyze_pred(row)))
    by_name = {str(name): float(value) for name, value in zip(labels.classes or [], row.tolist())}
    return FilePrediction(path, label, float(row.max()) if single else None, by_name)


def write_predictions(file: PathOrStr, predictions: Sequence[FilePrediction]) -> None:
    """Write predictions as CSV: image, class, probability, error, and a column of each class's probability.

    Args:
        file: The file.
        predictions: What `predict_files` returned.

    Raises:
        FileWriteError: it could not be written; what was there is unchanged.
    """
    names = list(dict.fromkeys(name for found in predictions for name in found.probabilities))
    with atomic_write(Path(file)) as raw:
        rows = [["image", "class", "probability", "error", *names], *(_row(found, names) for found in predictions)]
        raw.write(_as_csv(rows).encode())


def _row(found: FilePrediction, names: list[str]) -> list[Any]:
    values = [found.probabilities.get(name) for name in names]
    numbers = ["" if value is None else f"{value:.6f}" for value in (found.probability, *values)]
    return [str(found.file), found.label, numbers[0], found.error, *numbers[1:]]


def _as_csv(rows: list[list[Any]]) -> str:
    from io import StringIO

    text = StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
