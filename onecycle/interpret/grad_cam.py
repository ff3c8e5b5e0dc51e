"""One picture explained: what a learner makes of it, and where it looks, in one figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from onecycle.errors import ArgumentError, did_you_mean, explain
from onecycle.interpret.activation_maps import (
    activation_map,
    feature_layer,
    grad_cam,
    show_heatmap,
    show_picture,
)
from onecycle.interpret.class_maps import class_activation_map
from onecycle.interpret.plots import figure_if

__all__ = ["GradCAM"]

_KINDS = {"activation": "mean activation", "grad_cam": "Grad-CAM", "cam": "CAM"}


class GradCAM:
    """Explain a picture: probabilities, and maps of where the network looks.

    Make it with `GradCAM.from_interp` or `GradCAM.from_one_img`; then `plot()`.

    Args:
        learn: The learner; its model and the names of its classes are used.
        picture: The item (or tensor `(C, H, W)`, 0..1) as the model saw it.
        xb: The batch of one item, `(1, C, H, W)`.
        probabilities: One a class, `(K,)`.
        actual: Index of the true class, None where it is not known.
        layer: The part of the model to look at; the last with a map of `min_cells` cells when left out.
        min_cells: The fewest cells of a map worth drawing.

    Attributes:
        predicted: Index of the class with the largest probability.
        classes: The names of the classes.

    Raises:
        ArgumentError: the model makes no maps.
    """

    def __init__(
        self,
        learn: Any,
        picture: Any,
        xb: Tensor,
        probabilities: Tensor,
        actual: int | None = None,
        layer: nn.Module | None = None,
        min_cells: int = 16,
    ) -> None:
        self.model, self.picture, self.xb = learn.model, picture, xb
        self.probabilities, self.actual = probabilities, actual
        self.predicted = int(probabilities.argmax())
        self.classes = _class_names(learn.data, len(probabilities))
        self.layer = feature_layer(learn.model, xb, min_cells) if layer is None else layer

    @classmethod
    def from_interp(
        cls, learn: Any, interp: Any, idx: int, layer: nn.Module | None = None, min_cells: int = 16
    ) -> GradCAM:
        """Explain an item of a set that is interpreted.

        Args:
            learn: The learner.
            interp: A `ClassificationInterpretation` of it.
            idx: Index of the item in `interp.ds`, e.g. one of `interp.top_losses(9)[1]`.
            layer: As for the class.
            min_cells: As for the class.

        Raises:
            ArgumentError: there is no such item.
        """
        count = len(interp.preds)
        if not 0 <= int(idx) < count:
            raise ArgumentError(explain("GradCAM.from_interp", "idx", f"must lie in 0..{count - 1}", idx))
        image, target = interp.ds[int(idx)][0], interp.y_true[int(idx)]
        actual = int(target) if target.numel() == 1 else None
        xb = interp.data.one_item(image)[0]
        return cls(learn, image, xb, interp.preds[int(idx)], actual, layer, min_cells)

    @classmethod
    def from_one_img(
        cls, learn: Any, img: Any, layer: nn.Module | None = None, min_cells: int = 16
    ) -> GradCAM:
        """Explain a picture that need not belong to the data, e.g. `open_image(path)`.

        Args:
            learn: The learner.
            img: The picture.
            layer: As for the class.
            min_cells: As for the class.
        """
        seen, _, _, probabilities = learn.predict(img, return_x=True)
        return cls(learn, seen, learn.data.one_item(img)[0], probabilities, None, layer, min_cells)

    def heat(self, kind: str = "grad_cam", category: int | str | None = None) -> Tensor:
        """Return a map.

        Args:
            kind: `'grad_cam'`, `'cam'` (see `class_activation_map`) or `'activation'`, which knows no class.
            category: Class by index or name; the predicted one when left out.

        Returns:
            The map, `(h, w)`, on the CPU.

        Raises:
            ArgumentError: there is no such kind or class, or the model has no such map.
        """
        if kind not in _KINDS:
            raise ArgumentError(
                explain("GradCAM", "kind", f"must be one of {', '.join(_KINDS)}", kind, did_you_mean(kind, _KINDS))
            )
        if kind == "activation":
            return activation_map(self.model, self.xb, self.layer)
        index = self._index(category)
        if kind == "cam":
            return class_activation_map(self.model, self.xb, index)
        return grad_cam(self.model, self.xb, index, self.layer)

    def _index(self, category: int | str | None) -> int:
        if category is None:
            return self.predicted
        return class_index("GradCAM", category, self.classes)

    def plot(
        self,
        categories: Sequence[int | str] | None = None,
        kinds: Sequence[str] = ("activation", "grad_cam"),
        alpha: float = 0.6,
        cmap: str = "magma",
        figsize: tuple[float, float] | None = None,
        return_fig: bool | None = None,
    ) -> Any:
        """Draw the picture, and over it each kind of map for each class.

        Args:
            categories: Classes by index or name; the predicted one, and the true one where it differs, when left out.
            kinds: Kinds of map, see `heat`.
            alpha: How much of the picture a map covers, 0..1.
            cmap: Name of matplotlib's colour map.
            figsize: Width and height, inches; 3 by 3 a panel when left out.
            return_fig: Whether to return the figure; `defaults.return_fig` when None.
        """
        import matplotlib.pyplot as plt

        panels = self._panels(kinds, self._asked(categories))
        size = figsize or (3 * (1 + len(panels)), 3.4)
        figure, axes = plt.subplots(1, 1 + len(panels), figsize=size, squeeze=False, layout="constrained")
        show_picture(self.picture, axes[0, 0])
        axes[0, 0].set_title("" if self.actual is None else f"actual: {self.classes[self.actual]}", fontsize=10)
        for ax, (title, heat) in zip(axes[0, 1:], panels, strict=True):
            show_heatmap(self.picture, heat, ax, alpha, cmap)
            ax.set_title(title, fontsize=10)
        return figure_if(figure, return_fig)

    def _asked(self, categories: Sequence[int | str] | None) -> list[int]:
        """Return indices of classes, each once."""
        if categories is not None:
            return [self._index(category) for category in categories]
        return list(dict.fromkeys(i for i in (self.predicted, self.actual) if i is not None))

    def _panels(self, kinds: Sequence[str], categories: Sequence[int]) -> list[tuple[str, Tensor]]:
        """Return the title and the map of each panel behind the picture."""
        panels = []
        for kind in kinds:
            if kind == "activation":
                panels.append((_KINDS[kind], self.heat(kind)))
                continue
            panels += [(self._title(kind, index), self.heat(kind, index)) for index in categories]
        return panels

    def _title(self, kind: str, index: int) -> str:
        return f"{_KINDS.get(kind, kind)}: {self.classes[index]} {float(self.probabilities[index]):.2f}"


def _class_names(data: Any, count: int) -> list[Any]:
    """Return the names of the classes; an output beyond them goes by its index."""
    named = list(getattr(data, "classes", None) or [])
    return named[:count] + list(range(len(named), count))


def class_index(owner: str, category: Any, classes: Sequence[Any]) -> int:
    """Return the index of a class that is given by index or name.

    Raises:
        ArgumentError: no class has this name.
    """
    if not isinstance(category, str):
        return int(category)
    if category not in classes:
        raise ArgumentError(
            f"{owner}: category must be an index or the name of a class; got {category!r}."
            f"{did_you_mean(category, [str(name) for name in classes])}"
        )
    return list(classes).index(category)
