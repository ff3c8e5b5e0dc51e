"""Texts of different lengths as one batch: padded to the longest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from onecycle.data.collate import data_collate, data_of
from onecycle.utils.registry import register

__all__ = ["pad_collate"]


@register("function")
def pad_collate(
    samples: Sequence[tuple[Any, Any]], pad_idx: int = 1, pad_first: bool = True, backwards: bool = False
) -> tuple[Tensor, Any]:
    """Collate texts with their labels, padding each text to the longest of the batch.

    Args:
        samples: Pairs (text, label).
        pad_idx: Number of the padding token.
        pad_first: Pad at the beginning, so that the last step of a recurrent network sees the text's end. To the
            classifiers made here both sides are the same.
        backwards: Turn each text round.

    Returns:
        Texts `(N, longest)` of int64, at least one wide, and the labels as `data_collate` makes them.

    Example:
        >>> pad_collate([([5, 6, 7], 0), ([8], 1)])
        (tensor([[5, 6, 7],
                [1, 1, 8]]), tensor([0, 1]))
    """
    texts = [np.asarray(data_of(text)) for text, _ in samples]
    width = max(1, max(len(text) for text in texts))
    padded = np.full((len(texts), width), pad_idx, dtype=np.int64)  # (N, T)
    for row, text in zip(padded, texts, strict=True):
        place = slice(width - len(text), width) if pad_first else slice(len(text))
        row[place] = text[::-1] if backwards else text
    return torch.from_numpy(padded), data_collate([label for _, label in samples])
