"""Interpretation of a classifier: confusion matrix, most confused classes, the items it got most wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from onecycle.data.loaders import DatasetType
from onecycle.errors import DataError
from onecycle.interpret.pictures import PictureInterpretation
from onecycle.interpret.plots import as_written, draw_confusion, figure_if
from onecycle.utils.checks import check_numbers, check_whole
from onecycle.utils.functions import passes_keywords_on
from onecycle.utils.shown_tables import show_columns

__all__ = ["ClassificationInterpretation"]


class ClassificationInterpretation(PictureInterpretation):
    """Read a classifier's mistakes.

    Args:
        learn: A trained learner.
        preds: Probabilities, `(N, K)`.
        y_true: Class indices, `(N,)`.
        losses: Losses, `(N,)`.
        ds_type: Which set it is.

    Raises:
        DataError: predictions have no column for each class.
        ArgumentError: there are not as many predictions as targets and losses.
    """

    heading = "Prediction/Actual/Loss/Probability"

    def __init__(
        self,
        learn: Any,
        preds: Tensor,
        y_true: Tensor,
        losses: Tensor,
        ds_type: DatasetType = DatasetType.Valid,
    ) -> None:
        super().__init__(learn, preds, y_true, losses, ds_type)
        self._check_columns()
        self.pred_class = preds.argmax(dim=1).masked_fill(~self.is_read, -1)  # (N, K) -> (N,)

    @property
    def classes(self) -> list[Any]:
        """The names of the classes; an output beyond them goes by its index."""
        named = list(super().classes)
        return named + list(range(len(named), self.preds.shape[1]))

    def _check_columns(self) -> None:
        shape = tuple(self.preds.shape)
        if len(shape) != 2 or self.y_true.numel() != shape[0]:
            raise DataError(
                f"ClassificationInterpretation: predictions must be of shape (N, classes) and targets class indices; "
                f"got {shape} and {tuple(self.y_true.shape)}. For several labels an item use "
                f"MultiLabelClassificationInterpretation."
            )
        if self.y_true.dtype.is_floating_point:
            raise DataError(
                "ClassificationInterpretation: targets must be class indices; they are numbers with a fraction, as of "
                "a regression. Use Interpretation.from_learner(learn).top_losses() there."
            )

    def confusion_matrix(self, slice_size: int = 1) -> np.ndarray:
        """Return how often each class was taken for each; rows are actual classes, columns predicted ones.

        Args:
            slice_size: Taken for v1's sake; the count needs no slices.

        Returns:
            Whole numbers, `(K, K)`.
        """
        num_classes = len(self.classes)
        cell = (self.y_true.long().flatten() * num_classes + self.pred_class)[self.is_read]
        return torch.bincount(cell, minlength=num_classes**2).view(num_classes, num_classes).cpu().numpy()

    def most_confused(self, min_val: int = 1, slice_size: int = 1) -> list[tuple[Any, Any, int]]:
        """Return which class was taken for which and how often, the most frequent first.

        Args:
            min_val: The fewest times that count.
            slice_size: Taken for v1's sake.

        Returns:
            Tuples (actual, predicted, times).

        Raises:
            ArgumentError: `min_val` is no number.
        """
        check_numbers("most_confused", "min_val", min_val, "must be a number")
        matrix = self.confusion_matrix(slice_size)
        np.fill_diagonal(matrix, 0)
        pairs = [(int(a), int(p)) for a, p in np.argwhere(matrix >= max(min_val, 1))]
        found = [(self.classes[a], self.classes[p], int(matrix[a, p])) for a, p in pairs]
        return sorted(found, key=lambda pair: -pair[2])

    @passes_keywords_on("figsize", "dpi")
    def plot_confusion_matrix(
        self,
        normalize: bool = False,
        title: str = "Confusion matrix",
        cmap: str = "Blues",
        slice_size: int = 1,
        norm_dec: int = 2,
        plot_txt: bool = True,
        return_fig: bool | None = None,
        **kwargs: Any,
    ) -> Any:
        """Draw the confusion matrix.

        Args:
            normalize: Whether to show shares of the actual class in place of counts.
            title: Text above.
            cmap: Name of matplotlib's colour map.
            slice_size: Taken for v1's sake.
            norm_dec: Decimals of a share.
            plot_txt: Whether to write the numbers; with 20 classes and more zeros are left out.
            return_fig: Whether to return the figure; `defaults.return_fig` when None.
            **kwargs: As for `matplotlib.pyplot.figure`, e.g. `figsize=(8, 8)`.
        """
        matrix = self.confusion_matrix(slice_size)
        shown, write = as_written(matrix, normalize, norm_dec, plot_txt)
        figure = draw_confusion(shown, self.classes, title, cmap, write, **kwargs)
        return figure_if(figure, return_fig)

    def plot_tab_top_losses(self, k: int, largest: bool = True, return_table: bool = False) -> Any:
        """Show the rows of a table with the largest losses: prediction, actual class, loss, probability and the row.

        Args:
            k: How many.
            largest: Begin with the largest.
            return_table: Return the data frame in place of showing it.

        Raises:
            ArgumentError: `k` is no whole number of at least 1.
        """
        import pandas as pd

        check_whole("plot_tab_top_losses", "k", k)
        items = self.top_losses(k, largest)[1].tolist()
        rows = [[*self.title_parts(index), str(self.ds.x[index])] for index in items]
        table = pd.DataFrame(rows, columns=[*self.heading.split("/"), "Row"], index=items)
        if return_table:
            return table
        return show_columns({str(name): column.tolist() for name, column in table.items()})

    def title_parts(self, index: int) -> list[str]:
        """Return an item's prediction, actual class, loss and probability of the actual class."""
        actual = int(self.y_true[index])
        names = self.classes
        loss, probability = float(self.losses[index]), float(self.preds[index, actual])
        return [str(names[int(self.pred_class[index])]), str(names[actual]), f"{loss:.2f}", f"{probability:.2f}"]

    def wrong_items(self) -> Tensor:
        """Return which items are wrongly classified, `(N,)`."""
        return (self.pred_class != self.y_true.flatten()) & self.is_read
