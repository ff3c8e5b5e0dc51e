"""Run-length codes of masks: `start length start length …`, starts counted from 1, row by row."""

from __future__ import annotations

import numpy as np

from onecycle.errors import ArgumentError, explain

__all__ = ["rle_decode", "rle_encode"]


def rle_encode(img: np.ndarray) -> str:
    """Return the runs of ones in a mask of zeros and ones.

    Example:
        >>> rle_encode(np.array([[0, 1, 1], [1, 0, 1]]))
        '2 3 6 1'
    """
    edges = np.diff(np.concatenate([[0], (np.asarray(img).ravel() != 0).astype(np.int8), [0]]))
    starts, ends = np.flatnonzero(edges == 1) + 1, np.flatnonzero(edges == -1) + 1
    return " ".join(f"{start} {end - start}" for start, end in zip(starts, ends))


def rle_decode(mask_rle: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return the mask of zeros and ones, uint8, that a run-length code says.

    Args:
        mask_rle: Starts (from 1) and lengths.
        shape: Shape of the array.

    Raises:
        ArgumentError: the code has an odd count of numbers or leaves the mask.

    Example:
        >>> rle_decode("2 3 6 1", (2, 3)).tolist()
        [[0, 1, 1], [1, 0, 1]]
    """
    numbers = np.array(mask_rle.split(), dtype=np.int64)
    if len(numbers) % 2:
        raise ArgumentError(
            explain("rle_decode", "mask_rle", "must hold pairs of start and length", mask_rle)
        )
    starts, lengths = numbers[::2] - 1, numbers[1::2]
    mask = np.zeros(int(np.prod(shape)), np.uint8)
    if len(starts) and (starts.min() < 0 or (starts + lengths).max() > mask.size):
        rule = f"must stay inside a mask of shape {tuple(shape)}"
        raise ArgumentError(explain("rle_decode", "mask_rle", rule, mask_rle))
    for start, length in zip(starts, lengths):
        mask[start : start + length] = 1
    return mask.reshape(shape)
