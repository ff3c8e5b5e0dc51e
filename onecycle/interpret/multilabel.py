"""Interpretation of a classifier with several labels an item: which labels it misses, which it makes up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from onecycle.data.loaders import DatasetType
from onecycle.errors import DataError
from onecycle.interpret.pictures import PictureInterpretation
from onecycle.interpret.plots import as_written, draw_confusion, figure_if, grid, grid_shape

__all__ = ["MultiLabelClassificationInterpretation"]


def _unchanged(outputs: Tensor) -> Tensor:
    return outputs


class MultiLabelClassificationInterpretation(PictureInterpretation):
    """Read the mistakes of a classifier with several labels an item.

    Args:
        learn: A trained learner.
        preds: Outputs or probabilities, `(N, K)`.
        y_true: 0 or 1 for each label, `(N, K)`.
        losses: Losses, one an item or one a label.
        ds_type: Which set it is.
        sigmoid: Whether to put `preds` through a sigmoid; left out where all lie in 0..1 already.
        thresh: A label is predicted where its probability is above this.

    Raises:
        DataError: predictions and targets are not of one shape `(N, K)`.
        ArgumentError: there are not as many predictions as targets and losses.
    """

    def __init__(
        self,
        learn: Any,
        preds: Tensor,
        y_true: Tensor,
        losses: Tensor,
        ds_type: DatasetType = DatasetType.Valid,
        sigmoid: bool = True,
        thresh: float = 0.3,
    ) -> None:
        super().__init__(learn, preds, y_true, losses, ds_type)
        self._check_shapes()
        self.sigmoid, self.thresh = sigmoid, thresh
        self.preds = preds.sigmoid() if sigmoid and _are_outputs(preds) else preds
        self.pred_class = self.preds > thresh  # (N, K)

    @classmethod
    def from_learner(
        cls,
        learn: Any,
        ds_type: DatasetType = DatasetType.Valid,
        activ: Callable[[Tensor], Tensor] | None = None,
        sigmoid: bool = True,
        thresh: float = 0.3,
    ) -> MultiLabelClassificationInterpretation:
        """Predict a set and keep what came out.

        Args:
            learn: A trained learner.
            ds_type: Which set.
            activ: Turns outputs into probabilities, in place of the sigmoid.
            sigmoid: Whether outputs go through a sigmoid.
            thresh: A label is predicted where its probability is above this.
        """
        activ = activ or (torch.sigmoid if sigmoid else _unchanged)
        base = PictureInterpretation.from_learner(learn, ds_type, activ)
        return cls(learn, base.preds, base.y_true, base.losses, ds_type, sigmoid=False, thresh=thresh)

    def _check_shapes(self) -> None:
        if self.preds.ndim != 2 or self.preds.shape != self.y_true.shape:
            raise DataError(
                f"MultiLabelClassificationInterpretation: predictions and targets must both be of shape (N, labels); "
                f"got {tuple(self.preds.shape)} and {tuple(self.y_true.shape)}. For one class an item use "
                f"ClassificationInterpretation."
            )

    @property
    def wrong(self) -> Tensor:
        """Which labels of which items were decided wrongly, `(N, K)`."""
        return (self.pred_class != self.y_true.bool()) & self.is_read[:, None]

    def confusion_matrix(self) -> np.ndarray:
        """Return for each label [[rightly absent, made up], [missed, rightly found]], `(K, 2, 2)`."""
        cell = (self.y_true.long() * 2 + self.pred_class.long())[self.is_read]  # (N, K)
        counts = torch.nn.functional.one_hot(cell, 4).sum(dim=0)  # (N, K, 4) -> (K, 4)
        return counts.view(-1, 2, 2).cpu().numpy()

    def most_confused(self, min_val: int = 1) -> list[tuple[Any, int, int]]:
        """Return the labels with the most mistakes first.

        Args:
            min_val: The fewest mistakes that count.

        Returns:
            Tuples (label, times missed, times made up).
        """
        rows = zip(self.classes, self.confusion_matrix(), strict=False)
        found = [(label, int(m[1, 0]), int(m[0, 1])) for label, m in rows]
        kept = [row for row in found if row[1] + row[2] >= max(min_val, 1)]
        return sorted(kept, key=lambda row: -(row[1] + row[2]))

    def plot_confusion_matrix(
        self,
        normalize: bool = False,
        title: str = "Confusion matrix",
        cmap: str = "Blues",
        norm_dec: int = 2,
        plot_txt: bool = True,
        return_fig: bool | None = None,
        **kwargs: Any,
    ) -> Any:
        """Draw one small matrix a label: absent and present, against predicted absent and present.

        Args:
            normalize: Whether to show shares of the actual state in place of counts.
            title: Text above.
            cmap: Name of matplotlib's colour map.
            norm_dec: Decimals of a share.
            plot_txt: Whether to write the numbers.
            return_fig: Whether to return the figure; `defaults.return_fig` when None.
            **kwargs: As for `matplotlib.pyplot.subplots`, e.g. `figsize=(8, 8)`.
        """
        matrices = self.confusion_matrix()
        figure, axes = grid(len(matrices), **{"figsize": _size_for(len(matrices)), **kwargs})
        figure.suptitle(title, weight="bold", size=14)
        for label, matrix, ax in zip(self.classes, matrices, axes, strict=False):
            ax.axis("on")
            shown, write = as_written(matrix, normalize, norm_dec, plot_txt)
            draw_confusion(shown, ["no", "yes"], str(label), cmap, write, ax=ax)
        return figure_if(figure, return_fig)

    def wrong_items(self) -> Tensor:
        """Return which items have a wrong label, `(N,)`."""
        return self.wrong.any(dim=1)

    def title_parts(self, index: int) -> list[str]:
        """Return an item's predicted labels, actual labels and loss."""
        named = [self._labels(self.pred_class[index]), self._labels(self.y_true[index])]
        return [*named, f"{float(self.losses[index]):.2f}"]

    def _labels(self, chosen: Tensor) -> str:
        return ";".join(str(self.classes[i]) for i in chosen.nonzero().flatten().tolist()) or "none"


def _are_outputs(preds: Tensor) -> bool:
    """Tell whether any value cannot be a probability."""
    return bool(((preds < 0) | (preds > 1)).any())


def _size_for(count: int) -> tuple[float, float]:
    rows, columns = grid_shape(count)
    return 2.4 * columns, 2.4 * rows
