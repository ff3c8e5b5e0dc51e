"""Items of a set as pictures with their heat maps: what the kinds of interpretation have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from onecycle.data.loaders import DatasetType
from onecycle.errors import ArgumentError, explain
from onecycle.interpret.activation_maps import feature_layer, grad_cam, show_heatmap, show_picture
from onecycle.interpret.base import Interpretation, in_order
from onecycle.interpret.class_maps import class_activation_map
from onecycle.interpret.grad_cam import class_index
from onecycle.interpret.plots import figure_if, grid, write_titles
from onecycle.utils.checks import check_numbers
from onecycle.utils.functions import passes_keywords_on

__all__: list[str] = []


@dataclass(frozen=True)
class HeatMaps:
    """How heat maps are laid over pictures.

    Args:
        wanted: True, False, or None: where the model has maps.
        min_cells: The fewest cells of a map worth drawing.
        alpha: How much of a picture its map covers.
        cmap: Their colour map.
    """

    wanted: bool | None = None
    min_cells: int = 16
    alpha: float = 0.6
    cmap: str = "magma"


class PictureInterpretation(Interpretation):
    """Draw items of the set, and where the network looks in them; a base to inherit from."""

    heading = "Prediction/Actual/Loss"

    def title_parts(self, index: int) -> Sequence[str]:
        """Return what stands above an item, part by part."""
        raise NotImplementedError(f"{type(self).__name__} must define title_parts(self, index).")

    def wrong_items(self) -> Tensor:
        """Return which items are predicted wrongly, `(N,)`."""
        raise NotImplementedError(f"{type(self).__name__} must define wrong_items(self).")

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
        heat = self._heat(image, self._class_index("grad_cam", idx, category), layer, min_cells)
        if show:
            show_heatmap(image, heat, ax=ax, alpha=alpha, cmap=cmap)
        return heat

    def GradCAM(
        self, idx: int, ds_type: DatasetType | None = None, heatmap_thresh: int = 16, image: bool = True
    ) -> Tensor:
        """Return the Grad-CAM of an item, and draw it over the image; v1's name for `grad_cam`.

        Args:
            idx: Index of the item in the set.
            ds_type: The set; default: that of the interpretation, and no other.
            heatmap_thresh: The fewest cells of a map worth drawing.
            image: Whether to draw.

        Returns:
            The map, `(h, w)`.

        Raises:
            ArgumentError: another set is asked for, or the model makes no maps.
        """
        if ds_type is not None and in_order(ds_type) is not self.ds_type:
            cure = "Make another with from_learner(learn, ds_type=…)."
            raise ArgumentError(explain("GradCAM", "ds_type", f"must be {self.ds_type}, the set here", ds_type, cure))
        return self.grad_cam(idx, min_cells=heatmap_thresh, show=image)

    def cam(
        self,
        idx: int,
        category: Any = None,
        show: bool = True,
        ax: Any = None,
        alpha: float = 0.6,
        cmap: str = "magma",
    ) -> Tensor:
        """Return the class activation map of an item (Zhou et al. 2016) and draw it over the picture.

        Args:
            idx: Index of the item in the set.
            category: The class to explain, by index or name; the predicted one when left out.
            show: Whether to draw.
            ax: Where to draw; a figure of its own when left out.
            alpha: How much of the picture the map covers, 0..1.
            cmap: Name of matplotlib's colour map.

        Returns:
            The map, `(h, w)`.

        Raises:
            ArgumentError: there is no such class, or the model does not end in an average and one linear layer.
        """
        image = self.ds[idx][0]
        xb = self.data.one_item(image)[0]
        heat = class_activation_map(self.learn.model, xb, self._class_index("cam", idx, category))
        if show:
            show_heatmap(image, heat, ax=ax, alpha=alpha, cmap=cmap)
        return heat

    def _class_index(self, owner: str, idx: int, category: Any) -> int:
        if category is None:
            return self.explained_class(idx)
        return class_index(owner, category, self.classes)

    def _heat(self, image: Any, category: int, layer: nn.Module | None, min_cells: int) -> Tensor:
        xb = self.data.one_item(image)[0]
        layer = feature_layer(self.learn.model, xb, min_cells) if layer is None else layer
        return grad_cam(self.learn.model, xb, category, layer)

    def _map_layer(self, index: int, maps: HeatMaps) -> nn.Module | None:
        """Return the part of the model whose maps are drawn; None where there is none and none is insisted on."""
        if maps.wanted is False:
            return None
        xb = self.data.one_item(self.ds[index][0])[0]
        if maps.wanted is None and not (isinstance(xb, Tensor) and xb.ndim == 4):
            return None
        try:
            return feature_layer(self.learn.model, xb, maps.min_cells)
        except ArgumentError:
            if maps.wanted:
                raise
            return None

    @passes_keywords_on()
    def plot_top_losses(
        self,
        k: int,
        largest: bool = True,
        figsize: tuple[float, float] = (12, 12),
        heatmap: bool | None = False,
        heatmap_thresh: int = 16,
        alpha: float = 0.6,
        cmap: str = "magma",
        show_text: bool = True,
        return_fig: bool | None = None,
        **kwargs: Any,
    ) -> Any:
        """Draw the items with the largest losses, each below what was predicted, what is true and what it costs.

        Args:
            k: How many.
            largest: False for the smallest losses.
            figsize: Width and height, inches.
            heatmap: Whether to lay over each picture where the network saw what it predicts (Grad-CAM); None: do
                so where the model has maps.
            heatmap_thresh: The fewest cells of a map worth drawing.
            alpha: How much of a picture its map covers, 0..1.
            cmap: Colour map of the maps.
            show_text: Whether to write titles.
            return_fig: Whether to return the figure; `defaults.return_fig` when None.
            **kwargs: As for `matplotlib.pyplot.subplots`.

        Raises:
            ArgumentError: k is less than 1, or a heat map is wanted of a model that has none.
        """
        check_count("plot_top_losses", "k", k)
        indices = self.top_losses(k, largest)[1].tolist()
        maps = HeatMaps(heatmap, heatmap_thresh, alpha, cmap)
        return figure_if(self._draw(indices, maps, show_text, figsize=figsize, **kwargs), return_fig)

    def plot_multi_top_losses(
        self,
        samples: int = 3,
        figsize: tuple[float, float] = (8, 8),
        save_misclassified: bool = False,
        heatmap: bool | None = False,
        return_fig: bool | None = None,
    ) -> Any:
        """Draw the wrongly predicted items with the largest losses, and say how many wrong ones there are.

        Args:
            samples: How many pictures.
            figsize: Width and height, inches.
            save_misclassified: Whether to return the indices of all wrong items, largest loss first.
            heatmap: As for `plot_top_losses`.
            return_fig: Whether to return the figure; `defaults.return_fig` when None.

        Raises:
            ArgumentError: samples is less than 1.
        """
        check_count("plot_multi_top_losses", "samples", samples)
        wrong = self.misclassified()
        print(f"{len(wrong)} of {len(self.losses)} items are predicted wrongly.")
        figure = self._draw(wrong[:samples], HeatMaps(heatmap), figsize=figsize) if wrong else None
        return wrong if save_misclassified else figure_if(figure, return_fig)

    def misclassified(self) -> list[int]:
        """Return the indices of wrongly predicted items, largest loss first."""
        order = self.losses.argsort(descending=True)
        return order[self.wrong_items()[order]].tolist()

    def _draw(self, indices: Sequence[int], maps: HeatMaps, show_text: bool = True, **options: Any) -> Any:
        """Return a figure with a grid of items."""
        figure, axes = grid(len(indices), **options)
        layer = self._map_layer(indices[0], maps)
        for index, ax in zip(indices, axes, strict=True):
            image = self.ds[index][0]
            if layer is None:
                show_picture(image, ax)
            else:
                heat = self._heat(image, self.explained_class(index), layer, maps.min_cells)
                show_heatmap(image, heat, ax, maps.alpha, maps.cmap)
        if show_text:
            figure.suptitle(self.heading, weight="bold", size=14)
            write_titles([self.title_parts(index) for index in indices], axes)
        return figure


def check_count(owner: str, name: str, count: int) -> None:
    """Refuse a number of pictures below 1."""
    check_numbers(owner, name, count, "must be at least 1", lambda number: number >= 1)
