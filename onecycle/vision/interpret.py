"""Interpretation of targets that live in the picture: which pixels and which boxes a learner gets wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from onecycle.data.loaders import DatasetType
from onecycle.data.missing_rows import is_missing_row
from onecycle.errors import (
    ArgumentError,
    ArgumentTypeError,
    DataError,
    describe,
    did_you_mean,
    explain,
    known_keywords_only,
)
from onecycle.interpret.base import Interpretation, in_order
from onecycle.interpret.plots import as_written, draw_confusion, figure_if, row_shares
from onecycle.metrics.segmentation import iou_of_classes
from onecycle.utils.box_ops import box_overlaps
from onecycle.utils.checks import check_share
from onecycle.utils.detections import BOX_COLUMNS
from onecycle.utils.figure_text import make_readable
from onecycle.vision.boxes import ImageBBox
from onecycle.vision.segment import ImageSegment

__all__ = ["ObjectDetectionInterpretation", "SegmentationInterpretation"]


_WORDS = 0.9  # inches above and below pictures, for titles and a legend


class SegmentationInterpretation(Interpretation):
    """Read the mistakes of a learner that gives each pixel a class.

    Args:
        learn: A trained learner.
        preds: Probabilities or outputs, `(N, K, H, W)`.
        y_true: Masks, `(N, 1, H, W)` or `(N, H, W)`.
        losses: Losses, one an item or one a pixel.
        ds_type: Which set it is.
        ignore: The index of pixels without a class, left out of every count; the one of the masks' list when None.

    Attributes:
        pred_class: The predicted class of each pixel, `(N, H, W)`.
        masks: The actual ones, `(N, H, W)`.

    Raises:
        DataError: predictions have no plane for each class, or masks another size.
        ArgumentError: there are not as many predictions as targets and losses.
    """

    def __init__(
        self,
        learn: Any,
        preds: Tensor,
        y_true: Tensor,
        losses: Tensor,
        ds_type: DatasetType = DatasetType.Valid,
        ignore: int | None = None,
    ) -> None:
        super().__init__(learn, preds, y_true, losses, ds_type)
        if preds.ndim != 4 or y_true.numel() * preds.shape[1] != preds.numel():
            raise DataError(
                f"SegmentationInterpretation: predictions must be of shape (N, classes, H, W) and targets masks of the "
                f"same size; got {tuple(preds.shape)} and {tuple(y_true.shape)}. For one class a picture use "
                f"ClassificationInterpretation."
            )
        self.pred_class = preds.argmax(dim=1)  # (N, K, H, W) -> (N, H, W)
        self.masks = y_true.reshape(self.pred_class.shape).long()
        self.ignore = getattr(getattr(self.ds, "y", None), "ignore", None) if ignore is None else ignore

    @property
    def classes(self) -> list[Any]:
        """The names of the classes; an output beyond them goes by its index."""
        named = list(super().classes)
        return named + list(range(len(named), self.preds.shape[1]))

    def top_losses(  # type: ignore[override]
        self, sizes: Sequence[int] | None = None, k: int | None = None, largest: bool = True
    ) -> tuple[Tensor, Tensor]:
        """Return the k largest (or smallest) mean losses of a picture and the indices of the pictures.

        Args:
            sizes: (H, W) of the masks, taken for v1's sake and checked; the size is known.
            k: How many; all when left out.
            largest: Begin with the largest.

        Raises:
            ArgumentError: `sizes` is not the size of the masks, or k is less than 1.
        """
        actual = tuple(self.masks.shape[1:])
        if sizes is not None and tuple(sizes) != actual:
            rule = f"must be the (height, width) of the masks, {actual}, or left out"
            raise ArgumentError(explain("top_losses", "sizes", rule, sizes, "Pass how many as k=."))
        return super().top_losses(k, largest)

    def confusion_matrix(self, index: int | None = None) -> Tensor:
        """Return how many pixels of each class were taken for each; rows are actual classes, columns predicted ones.

        Args:
            index: Count one picture; the whole set when left out.

        Returns:
            Whole numbers, `(K, K)`.

        Raises:
            DataError: a mask has an index beyond the model's outputs.
        """
        which = self.is_read if index is None else torch.tensor([index])[self.is_read[[index]]]
        actual, predicted, num_classes = self.masks[which], self.pred_class[which], self.preds.shape[1]
        if self.ignore is not None:
            known = actual != self.ignore
            actual, predicted = actual[known], predicted[known]
        highest = int(actual.max()) if actual.numel() else 0
        if highest >= num_classes:
            raise DataError(
                f"SegmentationInterpretation: masks must hold class indices in 0..{num_classes - 1}, the model's "
                f"outputs; got {highest}. Pass ignore={highest} where that index stands for no class."
            )
        cell = actual.flatten() * num_classes + predicted.flatten()
        return torch.bincount(cell, minlength=num_classes**2).view(num_classes, num_classes)

    def generate_confusion(self) -> tuple[np.ndarray, list[np.ndarray]]:
        """Return shares of actual classes taken for each class: the mean over pictures, and those of each picture.

        A picture without a class does not count for the row of that class.

        Returns:
            `(K, K)`, and a list of N such.
        """
        counts = [self.confusion_matrix(i).numpy() for i in range(len(self.masks))]
        shares = [row_shares(matrix) for matrix in counts]
        seen = sum((matrix.sum(1, keepdims=True) > 0).astype(float) for matrix in counts)
        return sum(shares) / np.maximum(seen, 1), shares

    def iou(self, index: int | None = None) -> Tensor:
        """Return the intersection over union of each class over all pixels; NaN for a class that nobody saw.

        Args:
            index: Count one picture; the whole set when left out.

        Returns:
            `(K,)`.
        """
        return iou_of_classes(self.confusion_matrix(index), self.ignore)

    def plot_confusion_matrix(
        self,
        normalize: bool = True,
        title: str = "Pixels",
        cmap: str = "Blues",
        norm_dec: int = 2,
        plot_txt: bool = True,
        return_fig: bool | None = None,
        **kwargs: Any,
    ) -> Any:
        """Draw the confusion matrix of the pixels of the set.

        Args:
            normalize: Whether to show shares of the actual class in place of counts.
            title: Text above.
            cmap: Name of matplotlib's colour map.
            norm_dec: Decimals of a share.
            plot_txt: Whether to write the numbers.
            return_fig: Whether to return the figure; `defaults.return_fig` when None.
            **kwargs: As for `matplotlib.pyplot.figure`, e.g. `figsize=(8, 8)`.
        """
        matrix = self.confusion_matrix().numpy()
        shown, write = as_written(matrix, normalize, norm_dec, plot_txt)
        figure = draw_confusion(shown, self.classes, title, cmap, write, **kwargs)
        return figure_if(figure, return_fig)

    def plot_iou(self, figsize: tuple[float, float] | None = None, return_fig: bool | None = None) -> Any:
        """Draw the intersection over union of each class that was seen, the lowest on top.

        Args:
            figsize: Width and height, inches; it follows the number of classes when left out.
            return_fig: Whether to return the figure; `defaults.return_fig` when None.
        """
        import matplotlib.pyplot as plt

        figures = self.iou()
        order = [int(k) for k in figures.argsort(descending=True) if not figures[k].isnan()]
        size = figsize or (5, 0.8 + 0.3 * len(order))
        figure, ax = plt.subplots(figsize=size, layout="constrained")
        bars = ax.barh([str(self.classes[k]) for k in order], figures[order].numpy(), color="#4c72b0")
        ax.bar_label(bars, fmt="%.2f", padding=3)
        ax.set(xlim=(0, 1.12), xlabel=f"intersection over union; mean {float(figures.nanmean()):.3f}")
        return figure_if(figure, return_fig)

    def show_xyz(self, i: int, classes: Sequence[Any] | None = None, sz: float = 10) -> None:
        """Show a picture, what was predicted for it and what is true, with the colours of the classes.

        Args:
            i: Index of the picture in the set.
            classes: Show only these, by name or index; all when left out.
            sz: Width of the figure, inches.

        Raises:
            ArgumentError: there is no such class.
        """
        import matplotlib.pyplot as plt

        wanted = None if classes is None else [self._class_index(name) for name in classes]
        picture, predicted, actual = self.ds[i][0], self.pred_class[i], self.masks[i]
        rows, columns = picture.size
        height = sz / 3 * rows / columns + _WORDS
        figure, axes = plt.subplots(1, 3, figsize=(sz, height), layout="constrained")
        picture.show(ax=axes[0], title=f"Loss {float(self.losses[i]):.2f}")
        for ax, mask, title in ((axes[1], predicted, "Prediction"), (axes[2], actual, "Actual")):
            picture.show(ax=ax, y=self._as_mask(mask, wanted), title=title)
        self._draw_legend(figure, axes[2].images[-1], wanted or torch.cat([predicted, actual]).unique().tolist())

    def _class_index(self, name: Any) -> int:
        names = [str(known) for known in self.classes]
        index = names.index(str(name)) if str(name) in names else name
        if not isinstance(index, (int, np.integer)) or not 0 <= index < len(names):
            cure = did_you_mean(str(name), names).strip()
            raise ArgumentError(explain("show_xyz", "classes", "must be names or indices of classes", name, cure))
        return int(index)

    def _as_mask(self, indices: Tensor, wanted: Sequence[int] | None) -> ImageSegment:
        """Return a mask that draws the wanted classes: an index beyond the classes is not drawn."""
        count = len(self.classes)
        if wanted is not None:
            indices = torch.where(torch.isin(indices, torch.tensor(wanted)), indices, count)
        mask = ImageSegment(indices[None].float())
        mask.n_classes = count
        return mask

    def _draw_legend(self, figure: Any, drawn: Any, indices: Sequence[int]) -> None:
        from matplotlib.patches import Patch

        names = self.classes
        known = [k for k in indices if k < len(names)]
        handles = [Patch(color=drawn.cmap(drawn.norm(k)), label=str(names[k])) for k in known]
        figure.legend(handles=handles, loc="outside lower center", ncols=min(8, max(1, len(handles))), frameon=False)
        make_readable(figure)


class ObjectDetectionInterpretation(Interpretation):
    """Read which boxes a learner finds, misses and makes up.

    What a model's outputs say of boxes depends on the model: pass what it found, picture by picture.

    Args:
        learn: A trained learner.
        preds: For each picture (boxes `(P, 4)`, class indices `(P,)`), the surest first; boxes (top, left, bottom,
            right) in -1..1, as targets are.
        y_true: For each picture the same of its targets.
        losses: Losses, one a picture.
        ds_type: Which set it is.
        iou: A predicted box finds an actual one of its class where they overlap at least so much.
    """

    def __init__(
        self,
        learn: Any,
        preds: Sequence[tuple[Tensor, Tensor]],
        y_true: Sequence[tuple[Tensor, Tensor]],
        losses: Tensor,
        ds_type: DatasetType = DatasetType.Valid,
        iou: float = 0.5,
    ) -> None:
        if len(preds) != len(y_true) or len(preds) != len(losses):
            raise ArgumentError(
                f"ObjectDetectionInterpretation: preds, y_true and losses must have one entry a picture; got "
                f"{len(preds)}, {len(y_true)} and {len(losses)}. Pass lists of (boxes, classes)."
            )
        check_share("ObjectDetectionInterpretation", "iou", iou)
        self.learn, self.data, self.ds_type = learn, learn.data, in_order(ds_type)
        self.preds, self.y_true, self.losses, self.iou = list(preds), list(y_true), losses, iou
        self.is_read = ~is_missing_row(losses)

    @classmethod
    @known_keywords_only
    def from_learner(  # type: ignore[override]
        cls,
        learn: Any,
        ds_type: DatasetType = DatasetType.Valid,
        thresh: float = 0.5,
        iou: float = 0.5,
    ) -> ObjectDetectionInterpretation:
        """Find the boxes of a set and keep those that are sure enough.

        Args:
            learn: A learner that `detection_learner` made.
            ds_type: Which set.
            thresh: The least score of a box, 0 to 1.
            iou: A predicted box finds an actual one of its class where they overlap at least so much.

        Raises:
            ArgumentError: `thresh` or `iou` is out of its range.
            ArgumentTypeError: the learner's predictions are no boxes.

        Example:
            ObjectDetectionInterpretation.from_learner(learn, thresh=0.3).counts()
        """
        check_share("ObjectDetectionInterpretation", "thresh", thresh)
        if not hasattr(learn, "get_preds"):
            raise ArgumentTypeError(explain(f"{cls.__name__}.from_learner", "learn", "must be a Learner", learn))
        preds, targets, losses = learn.get_preds(ds_type=in_order(ds_type), with_loss=True)
        if not isinstance(preds, Tensor) or preds.ndim != 3 or preds.shape[2] != BOX_COLUMNS:
            raise ArgumentTypeError(
                f"{cls.__name__}.from_learner: learn must give boxes (N, D, 6), as detection_learner's do; it gives "
                f"{describe(preds)}. Pass what your model found: {cls.__name__}(learn, found, actual, losses)."
            )
        y = learn.data.dl(in_order(ds_type)).dataset.y
        found = [y.analyze_pred(rows, thresh)[:2] for rows in preds]
        boxes, classes = targets
        actual = [_without_padding(b, c, y.pad_idx) for b, c in zip(boxes, classes, strict=True)]
        return cls(learn, found, actual, losses, ds_type, iou)

    def matches(self, i: int) -> list[tuple[int, int]]:
        """Return the pairs (predicted, actual) of boxes of one picture that are the same, each box in one pair."""
        (boxes, classes), (targets, actual) = self.preds[i], self.y_true[i]
        overlap = box_overlaps(boxes, targets) * (classes[:, None] == actual)  # (P, T)
        pairs = []
        for p in range(len(boxes)):
            best = int(overlap[p].argmax()) if len(targets) else -1
            if best >= 0 and overlap[p, best] >= self.iou:
                pairs.append((p, best))
                overlap[:, best] = 0
        return pairs

    def counts(self) -> dict[Any, tuple[int, int, int]]:
        """Return for each class how many boxes were found, how many missed and how many made up."""
        rows = torch.zeros(len(self.classes), 3, dtype=torch.int64)
        for i, ((_, predicted), (_, actual)) in enumerate(zip(self.preds, self.y_true)):
            found = torch.bincount(actual[[a for _, a in self.matches(i)]].long(), minlength=len(rows))
            missed = torch.bincount(actual.long(), minlength=len(rows)) - found
            rows += torch.stack([found, missed, torch.bincount(predicted.long(), minlength=len(rows)) - found], dim=1)
        return {name: tuple(row) for name, row in zip(self.classes, rows.tolist()) if any(row)}

    def show_xyz(self, i: int, sz: float = 10) -> None:
        """Show a picture with the boxes that were predicted, and with the actual ones.

        Args:
            i: Index of the picture in the set.
            sz: Width of the figure, inches.
        """
        import matplotlib.pyplot as plt

        picture = self.ds[i][0]
        height, width = picture.size
        figsize = (sz, sz / 2 * height / width + _WORDS / 2)
        axes = plt.subplots(1, 2, figsize=figsize, layout="constrained")[1]
        for ax, (boxes, classes), title in zip(axes, (self.preds[i], self.y_true[i]), ("Prediction", "Actual")):
            drawn = ImageBBox.create(height, width, boxes, classes.tolist(), self.classes, scale=False)
            picture.show(ax=ax, y=drawn, title=title)


def _without_padding(boxes: Tensor, classes: Tensor, pad_idx: int) -> tuple[Tensor, Tensor]:
    real = (classes != pad_idx) & (boxes[:, 2] > boxes[:, 0])
    return boxes[real], classes[real]
