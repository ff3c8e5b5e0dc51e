"""A small real data set that needs no download: scikit-learn's handwritten digits as a folder of pictures."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from onecycle.errors import DataError, explain
from onecycle.types import PathOrStr

__all__ = ["write_digits"]

_DARKEST = 16  # the digits count ink from 0 to 16 in each of 8x8 cells


def write_digits(folder: PathOrStr) -> Path:
    """Write the 1,797 digits as 8x8 grey PNG files, one folder a class; a folder that is there stays as it is.

    Args:
        folder: Where to write. The files are `folder/<digit>/<number>.png`.

    Returns:
        The folder.

    Raises:
        DataError: scikit-learn, which carries the digits, is not installed.

    Reference:
        Alpaydin, Kaynak: Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, 1998.
    """
    folder = Path(folder)
    if folder.exists():
        return folder
    digits = _digits()
    half_done = folder.with_name(f".{folder.name}.part")  # renamed once it is whole
    shutil.rmtree(half_done, ignore_errors=True)
    for number, (ink, target) in enumerate(zip(digits.images, digits.target, strict=True)):
        _write(ink, half_done / str(target) / f"{number:04}.png")
    return half_done.rename(folder)


def _digits() -> Any:
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        cure = "Install it (pip install scikit-learn), or name a folder of pictures of your own."
        said = explain("write_digits", "", "needs scikit-learn, which carries the digits", cure=cure)
        raise DataError(said) from None
    return load_digits()


def _write(ink: Any, file: Path) -> None:
    from PIL import Image

    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray((ink * (255 / _DARKEST)).round().astype("uint8")).save(file)  # (8, 8)
