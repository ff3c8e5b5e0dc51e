"""Boxes in a picture as items: they move as the picture does and stay upright."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import torch
from torch import Tensor

from onecycle.data.items import Category
from onecycle.errors import ArgumentError, explain
from onecycle.vision.empty_frame import axes_for, finish, shown_whole
from onecycle.vision.flow import FlowField, scale_flow
from onecycle.vision.points import ImagePoints
from onecycle.vision.resize import bb2hw

__all__ = ["ImageBBox"]


class ImageBBox(ImagePoints):
    """Hold boxes in a picture, each by its four corners.

    Args:
        flow: The picture's (H, W) and the corners, shape (4 * boxes, 2).
        scale: The corners are in pixels; in unit coordinates (-1 to 1) when False.
        y_first: The corners are (y, x); (x, y) when False.
        labels: Class index of each box.
        classes: Names of the classes.
        pad_idx: Class index of padding boxes.
        scores: How sure each box is, 0 to 1, where boxes were predicted.

    Attributes:
        scores: One a box, or None.

    Example:
        >>> boxes = ImageBBox.create(10, 20, [[0, 0, 5, 10]])
        >>> boxes.data
        tensor([[-1., -1.,  0.,  0.]])
    """

    def __init__(
        self,
        flow: FlowField,
        scale: bool = True,
        y_first: bool = True,
        labels: Collection[Any] | None = None,
        classes: Sequence[Any] | None = None,
        pad_idx: int = 0,
        scores: Tensor | None = None,
    ) -> None:
        super().__init__(flow, scale, y_first)
        self.pad_idx, self.scores = pad_idx, scores
        self.labels = None if labels is None else [_as_category(label, classes) for label in labels]

    @classmethod
    def create(
        cls,
        h: int,
        w: int,
        bboxes: Any,
        labels: Collection[Any] | None = None,
        classes: Sequence[Any] | None = None,
        pad_idx: int = 0,
        scale: bool = True,
        scores: Tensor | None = None,
    ) -> ImageBBox:
        """Make boxes of their edges.

        Args:
            h: Height of the picture in pixels.
            w: Width of the picture in pixels.
            bboxes: Boxes (top, left, bottom, right), in pixels.
            labels: Class index of each box.
            classes: Names of the classes.
            pad_idx: Class index of padding boxes.
            scale: The edges are in pixels; in unit coordinates when False.
            scores: How sure each box is, 0 to 1.

        Raises:
            ArgumentError: the boxes are not four numbers each.
        """
        edges = torch.as_tensor(bboxes, dtype=torch.float32)
        if edges.numel() and (edges.numel() % 4 or (edges.ndim > 1 and edges.shape[-1] != 4)):
            rule = "must be rows of four numbers (top, left, bottom, right)"
            raise ArgumentError(explain("ImageBBox.create", "bboxes", rule, bboxes))
        edges = edges.reshape(-1, 4)
        corners = edges[:, [0, 1, 0, 3, 2, 1, 2, 3]].view(-1, 2)  # (4 * boxes, 2) as (y, x)
        keep = None if labels is None else list(labels)
        return cls(FlowField((h, w), corners), scale, True, keep, classes, pad_idx, scores)

    def _all_boxes(self) -> Tensor:
        """Return the boxes (top, left, bottom, right) around the moved corners, cut at the picture's edges."""
        corners = self.flow.flow.flip(-1).view(-1, 4, 2)  # (boxes, 4, 2) as (y, x)
        return torch.cat([corners.amin(dim=1), corners.amax(dim=1)], dim=1).clamp(-1, 1)

    def _visible(self, boxes: Tensor) -> Tensor:
        """Return which boxes are kept: after transforms those with an area inside, unless `remove_out` is off."""
        if not self._removes_out():
            return torch.ones(len(boxes), dtype=torch.bool)
        return (boxes[:, 0] < boxes[:, 2]) & (boxes[:, 1] < boxes[:, 3])

    def _kept(self) -> tuple[Tensor, list[Any] | None]:
        boxes, labels = self._all_boxes(), self.labels
        visible = self._visible(boxes)
        return boxes[visible], None if labels is None else [x for x, v in zip(labels, visible.tolist()) if v]

    def _names(self) -> list[str | None]:
        """Return what stands at each kept box: its class, and how sure it is."""
        boxes, labels = self._kept()
        names = [None if labels is None else str(label) for label in labels or [None] * len(boxes)]
        if self.scores is None:
            return names
        scores = self.scores[self._visible(self._all_boxes())].tolist()
        return [f"{name or ''} {score:.2f}".strip() for name, score in zip(names, scores)]

    @property
    def data(self) -> Any:
        """The boxes (top, left, bottom, right) in unit coordinates; with labels, (boxes, class indices)."""
        boxes, labels = self._kept()
        if labels is None:
            return boxes
        return boxes, torch.tensor([int(label) for label in labels], dtype=torch.int64)

    def show(  # type: ignore[override]
        self,
        y: Any = None,
        ax: Any = None,
        figsize: tuple[float, float] = (3, 3),
        title: str | None = None,
        hide_axis: bool = True,
        color: str = "white",
        **kwargs: Any,
    ) -> None:
        """Draw the boxes and the names of their classes on a matplotlib axis.

        Args:
            y: Not used; pictures have it.
            ax: The axis; a new figure when None.
            figsize: Width and height of a new figure in inches.
            title: What stands above it.
            hide_axis: Show no ticks.
            color: Colour of the lines and names.
            **kwargs: What matplotlib's `Rectangle` takes.
        """
        ax = axes_for(ax, figsize)
        places = shown_whole(ax, self.size, self.places())
        for box, name in zip(places.view(-1, 4), self._names()):
            _draw(ax, box, name, color, kwargs)
        finish(ax, title, hide_axis)

    def places(self) -> Tensor:
        """Return what is drawn, in pixels: the first and the last corner of each box, `(2 * boxes, 2)` as (y, x)."""
        return scale_flow(FlowField(self.size, self._kept()[0].view(-1, 2)), False).flow


def _as_category(label: Any, classes: Sequence[Any] | None) -> Any:
    if isinstance(label, Category):
        return label
    return Category(int(label), classes[int(label)] if classes is not None else int(label))


def _draw(ax: Any, box: Tensor, name: str | None, color: str, kwargs: dict[str, Any]) -> None:
    from matplotlib import patheffects
    from matplotlib.patches import Rectangle

    outline = [patheffects.withStroke(linewidth=3, foreground="black")]
    left, top, width, height = bb2hw((box - 0.5).tolist())  # pixel 0 of a drawn picture goes from -0.5 to 0.5
    drawn = ax.add_patch(Rectangle((left, top), width, height, fill=False, edgecolor=color, lw=2, **kwargs))
    drawn.set_path_effects(outline)
    if name is not None:
        how = {"verticalalignment": "top", "color": color, "fontsize": 10, "weight": "bold", "clip_on": True}
        words = ax.text(left, top, name, **how)
        words.set_path_effects(outline)
