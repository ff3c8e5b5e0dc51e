"""Masks kept in memory as runs of one index, so that each file is decoded once."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from onecycle.errors import ArgumentError, explain
from onecycle.vision.pixels import BytePixels
from onecycle.vision.segment import ImageSegment

__all__: list[str] = []

Stamp = tuple[int, int]


class Runs(NamedTuple):
    """An 8-bit mask as its runs, row after row: some tens of bytes a row in place of one a pixel.

    Attributes:
        values: Index of each run.
        lengths: Pixels of each run.
        shape: (H, W).
    """

    values: np.ndarray
    lengths: np.ndarray
    shape: tuple[int, int]

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        return self.values.nbytes + self.lengths.nbytes

    def mask(self) -> np.ndarray:
        """Return the mask, (H, W)."""
        return np.repeat(self.values, self.lengths).reshape(self.shape)


def runs_of(mask: np.ndarray) -> Runs:
    """Return the runs of an 8-bit mask (H, W).

    Example:
        >>> runs_of(np.array([[7, 7], [7, 2]], np.uint8)).lengths.tolist()
        [3, 1]
    """
    flat = mask.ravel()
    starts = np.flatnonzero(np.concatenate(([True], flat[1:] != flat[:-1])))[: flat.size]
    lengths = np.diff(starts, append=flat.size).astype(np.int32)
    return Runs(flat[starts], lengths, (mask.shape[0], mask.shape[1]))


class MaskMemory:
    """Remember masks up to a size in memory; what no longer fits is read from its file each time.

    A mask is taken from memory as long as its file has the same size and time of change.

    Args:
        megabytes: The most that is kept, in units of 1,000,000 bytes.

    Attributes:
        nbytes: Bytes that are kept now.

    Raises:
        ArgumentError: `megabytes` is below 0 or no number.
    """

    def __init__(self, megabytes: float) -> None:
        if isinstance(megabytes, bool) or not isinstance(megabytes, (int, float)) or not megabytes >= 0:
            cure = "Pass e.g. 64, or 0 to keep none."
            rule = "must be a number of at least 0"
            raise ArgumentError(explain("SegmentationLabelList", "keep_mb", rule, megabytes, cure))
        self.limit, self.nbytes = megabytes * 1e6, 0
        self._kept: dict[str, tuple[Stamp, Runs]] = {}

    def read(self, file: Any, read: Callable[[], Any]) -> Any:
        """Return the mask of a file from memory, or read it and keep it.

        Args:
            file: Its path; of anything else nothing is kept.
            read: Reads it.
        """
        stamp = _stamp(file) if self.limit else None
        if stamp is None:
            return read()
        found = self._kept.get(str(file))
        if found is not None and found[0] == stamp:
            return ImageSegment.from_pixels(found[1].mask())
        mask = read()
        self._keep(str(file), stamp, mask)
        return mask

    def _keep(self, name: str, stamp: Stamp, mask: Any) -> None:
        pixels = getattr(mask, "_pixels", None)
        if type(mask) is not ImageSegment or not isinstance(pixels, BytePixels) or pixels.array.ndim != 2:
            return
        before = self._kept.pop(name, None)
        self.nbytes -= before[1].nbytes if before else 0
        runs = runs_of(pixels.array)
        if self.nbytes + runs.nbytes <= self.limit:
            self._kept[name] = stamp, runs
            self.nbytes += runs.nbytes


def _stamp(file: Any) -> Stamp | None:
    """Return when a file was changed and its size; None where there is no such file."""
    if not isinstance(file, (str, os.PathLike)):
        return None
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
