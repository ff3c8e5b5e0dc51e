"""What predictions say where the data has no list of labels: the loss says what the model's outputs are."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from onecycle.data.items import Category, FloatItem, ItemBase, MultiCategory
from onecycle.nn.losses import activation_for

__all__: list[str] = []


class PlainLabels:
    """Read predictions by the loss: one class of several, several at once, or numbers.

    Args:
        loss_func: The loss, or None.
        classes: The names of the classes, or None for their numbers.
    """

    def __init__(self, loss_func: Any, classes: Sequence[Any] | None) -> None:
        self.classes = None if classes is None else list(classes)
        self._activation = activation_for(loss_func)

    def analyze_pred(self, pred: Any, thresh: float = 0.5) -> Any:
        """Return what the outputs of one item say, after the activation.

        Args:
            pred: The outputs `(K, …)`; several as a list are returned as they are.
            thresh: A label of several is on where its probability is above this.
        """
        if not isinstance(pred, Tensor):
            return pred
        axis = self._class_axis(pred)
        if axis is not None:
            return pred.argmax(dim=axis)
        return (pred > thresh).to(pred.dtype) if self._activation is torch.sigmoid else pred

    def _class_axis(self, pred: Tensor) -> int | None:
        """Return the axis of the classes in the outputs of one item, or None where they do not exclude each other."""
        if self._activation is torch.exp:
            return 0 if pred.ndim else None
        axis = self._activation.keywords.get("axis") if isinstance(self._activation, partial) else None
        if axis is None or not pred.ndim:
            return None
        return 0 if pred.ndim == 1 else axis - 1 if axis > 0 else axis

    def reconstruct(self, t: Any) -> ItemBase:
        """Return what `analyze_pred` returned as an item."""
        if not isinstance(t, Tensor):
            return ItemBase(t)
        if not t.is_floating_point():
            return self._class(int(t)) if t.ndim == 0 else ItemBase(t)
        if self._activation is torch.sigmoid and t.ndim <= 1:
            return self._decided(t.reshape(-1))
        return FloatItem(t.item() if t.numel() == 1 else t.numpy())

    def _decided(self, t: Tensor) -> ItemBase:
        if len(t) == 1:  # one output: the second of two classes, or not
            return self._class(int(t))
        on = t.nonzero().flatten().tolist()
        return MultiCategory(t, [self._name(i) for i in on], on)

    def _class(self, index: int) -> Category:
        return Category(index, self._name(index))

    def _name(self, index: int) -> Any:
        known = self.classes is not None and index < len(self.classes)
        return self.classes[index] if known and self.classes is not None else index


