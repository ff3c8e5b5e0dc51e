"""Items of a set as pictures with their heat maps: what the kinds of interpretation have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor, nn

from onecycle.errors import ArgumentError, did_you_mean, explain
from onecycle.interpret.activation_maps import feature_layer, grad_cam, show_heatmap, show_picture
from onecycle.interpret.base import Interpretation
from onecycle.interpret.plots import figure_if, grid, write_titles

__all__: list[str] = []


class PictureInterpretation(Interpretation):
    """Draw items of the set, and where the network looked at in them."""

    def explained_class(self, index: int) -> int:
        """Return the class that a heat map explains: the one predicted for the item."""
        return int(self.preds[index].argmax())

    def grad_cam(
        self,
        idx: int,
        category: Any = None,
        layer: nn.Module | None = None,
        show: bool = True,
        ax: Any = None,
        min_cells: int = 16,
        alpha: float = 0.6,
        cmap: str = "magma",
    ) -> Tensor:
        """Return the Grad-CAM of an item and draw it over the picture.

        Args:
            idx: Index of the item in the set.
            category: The class to explain, by index or name; the predicted one when left out.
            layer: The part of the model to look at; the last with a map of `min_cells` cells when left out.
            show: Whether to draw.
            ax: Where to draw; a figure of its own when left out.
            min_cells: See `onecycle.interpret.activation_maps.feature_layer`.
            alpha: How much of the picture the map covers, 0..1.
            cmap: Name of matplotlib's colour map.

        Returns:
            The map, `(h, w)`.

        Raises:
            ArgumentError: there is no such class, or the model makes no maps.
        """
        image = self.ds[idx][0]
        heat = self._heat(image, self._class_index(idx, category), layer, min_cells)
        if show:
            show_heatmap(image, heat, ax=ax, alpha=alpha, cmap=cmap)
        return heat

    def _class_index(self, idx: int, category: Any) -> int:
        if category is None:
            return self.explained_class(idx)
        if not isinstance(category, str):
            return int(category)
        if category not in self.classes:
            known = [str(name) for name in self.classes]
            raise ArgumentError(
                f"grad_cam: category must be an index or the name of a class; got {category!r}."
                f"{did_you_mean(category, known)}"
            )
        return list(self.classes).index(category)

    def _heat(self, image: Any, category: int, layer: nn.Module | None, min_cells: int) -> Tensor:
        xb = self.data.one_item(image)[0]
        layer = feature_layer(self.learn.model, xb, min_cells) if layer is None else layer
        return grad_cam(self.learn.model, xb, category, layer)

    def _map_layer(self, index: int, min_cells: int, heatmap: bool | None) -> nn.Module | None:
        """Return the part of the model whose maps are drawn; None where there is none and none is insisted on."""
        if heatmap is False:
            return None
        xb = self.data.one_item(self.ds[index][0])[0]
        if heatmap is None and not (isinstance(xb, Tensor) and xb.ndim == 4):
            return None
        try:
            return feature_layer(self.learn.model, xb, min_cells)
        except ArgumentError:
            if heatmap:
                raise
            return None

    def draw_items(
        self,
        indices: Sequence[int],
        titles: Callable[[int], Sequence[str]],
        heading: str,
        heatmap: bool | None,
        heatmap_thresh: int,
        alpha: float,
        cmap: str,
        return_fig: bool | None,
        **options: Any,
    ) -> Any:
        """Draw items in a grid.

        Args:
            indices: Which items.
            titles: Makes the parts of an item's title.
            heading: What stands above the grid.
            heatmap: Whether to lay Grad-CAM over the pictures; None: where the model has maps.
            heatmap_thresh: The fewest cells of a map worth drawing.
            alpha: How much of a picture its map covers.
            cmap: Colour map of the maps.
            return_fig: Whether to return the figure.
            **options: As for `matplotlib.pyplot.subplots`.
        """
        figure, axes = grid(len(indices), **options)
        figure.suptitle(heading, weight="bold", size=14)
        layer = self._map_layer(indices[0], heatmap_thresh, heatmap)
        for index, ax in zip(indices, axes, strict=True):
            image = self.ds[index][0]
            if layer is None:
                show_picture(image, ax)
            else:
                heat = self._heat(image, self.explained_class(index), layer, heatmap_thresh)
                show_heatmap(image, heat, ax, alpha, cmap)
        write_titles([titles(index) for index in indices], axes)
        return figure_if(figure, return_fig)


def check_count(owner: str, name: str, count: int) -> None:
    """Refuse a number of pictures below 1."""
    if count < 1:
        raise ArgumentError(explain(owner, name, "must be at least 1", count))
