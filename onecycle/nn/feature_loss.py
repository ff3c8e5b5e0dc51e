"""A loss that compares pictures by what a network sees in them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from onecycle.errors import ArgumentError, ArgumentTypeError, DataError, explain
from onecycle.nn import torch_losses  # noqa: F401 - gives the base losses their names in files
from onecycle.nn.entrance import in_channels
from onecycle.nn.hooks import hook_outputs
from onecycle.nn.module import Module
from onecycle.nn.surgery import children, one_param, requires_grad
from onecycle.utils.registry import register

__all__ = ["FeatureLoss", "gram_matrix"]

_GRAM_WEIGHT = 5e3  # of the lesson on super-resolution, fast.ai course v3, lesson 7
_LISTED = 12  # layers that an error names


def gram_matrix(x: Tensor) -> Tensor:
    """Return which channels of a map are strong in the same places: the map's style, without its places.

    Entry (i, j) is the sum over the places of channel i times channel j, divided by C * H * W: by the number of
    values, so that maps of different sizes can be compared.

    Args:
        x: Feature maps.

    Shape: `(N, C, H, W) -> (N, C, C)`

    Reference:
        Gatys et al. 2015, "A neural algorithm of artistic style"; normalised as in Johnson et al. 2016, section 3.2.

    Example:
        >>> gram_matrix(torch.ones(1, 2, 4, 4))
        tensor([[[0.5000, 0.5000],
                 [0.5000, 0.5000]]])
    """
    _, c, h, w = x.shape
    rows = x.flatten(2)  # (N, C, H * W)
    return rows @ rows.transpose(1, 2) / (c * h * w)


@register("loss")
class FeatureLoss(Module):
    """Compare two pictures by their pixels, by their feature maps and by the Gram matrices of these.

    The loss is base(input, target), plus for each layer weight * base(its maps), plus for each layer
    weight² * gram_weight * base(its Gram matrices). `metrics` holds the latest value of each part by the names in
    `metric_names`: with `callback_fns=LossMetrics` they become columns of the table.

    The body is frozen and stays in eval mode; hooks stand on it only while the loss is computed. It belongs to no
    optimiser, and no file that a learner writes holds it: an exported learner keeps the base loss alone.

    Args:
        body: From pictures to feature maps. It is frozen itself, not a copy; `feature_loss` takes one of a learner.
        layers: Whose maps are compared: positions among the body's children, or names as in `named_modules`.
        weights: One for each layer, at least 0; 1 each when left out. Choose them so that the parts are alike in size.
        base_loss: Compares two tensors of equal shape.
        gram_weight: Weight of the Gram matrices beside that of the maps.

    Shape: `(N, C, H, W), (N, C, H, W) -> ()`; with `reduction = "none"`, `(N,)`

    Raises:
        ArgumentTypeError: the body is no module.
        ArgumentError: a layer is not there, or there is not one weight a layer.
        DataError: on a call: the pictures have different shapes, or another number of channels than the body takes.

    Reference:
        Johnson et al. 2016, "Perceptual losses for real-time style transfer and super-resolution"; the Gram matrices
        beside the maps as in fast.ai course v3, lesson 7.

    Example:
        >>> body = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 8, 3))
        >>> loss = FeatureLoss(body, [1, 3], [5, 15])
        >>> loss(torch.ones(2, 3, 8, 8), torch.ones(2, 3, 8, 8))
        tensor(0.)
        >>> list(loss.metrics)
        ['pixel', 'feat_0', 'feat_1', 'gram_0', 'gram_1']
    """

    def __init__(
        self,
        body: nn.Module,
        layers: Sequence[int | str],
        weights: Sequence[float] | None = None,
        base_loss: Callable[[Tensor, Tensor], Tensor] = F.l1_loss,
        gram_weight: float = _GRAM_WEIGHT,
    ) -> None:
        if not isinstance(body, nn.Module):
            raise ArgumentTypeError(explain("FeatureLoss", "body", "must be a module", body))
        self.layers, self.weights = list(layers), _checked_weights(weights, len(layers))
        self.base_loss, self.gram_weight, self.reduction = base_loss, gram_weight, "mean"
        self._watched = [_layer_of(body, layer) for layer in self.layers]
        self._channels = in_channels(body)
        self.body = body.eval()
        requires_grad(body, False)
        count = range(len(self.layers))
        self.metric_names = ["pixel", *(f"feat_{i}" for i in count), *(f"gram_{i}" for i in count)]
        self.metrics: dict[str, Tensor] = {}

    def train(self, mode: bool = True) -> FeatureLoss:
        """Leave the body in eval mode, whatever is asked for."""
        return super().train(False)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        self._check(input, target)
        if self.reduction == "none":
            return self._of_each(input, target)
        parts = list(self._parts(input, target))
        self.metrics = {name: part.detach() for name, part in zip(self.metric_names, parts, strict=True)}
        return torch.stack(parts).sum()

    def _parts(self, input: Tensor, target: Tensor) -> Iterator[Tensor]:
        """Yield what the loss is the sum of, in the order of `metric_names`."""
        with torch.no_grad():
            wanted = self.make_features(target)
        found = self.make_features(input)
        base = self.base_loss
        yield base(input, target)
        for a, b, weight in zip(found, wanted, self.weights, strict=True):
            yield base(a, b) * weight
        for a, b, weight in zip(found, wanted, self.weights, strict=True):
            yield base(gram_matrix(a), gram_matrix(b)) * (weight**2 * self.gram_weight)

    def make_features(self, x: Tensor) -> list[Tensor]:
        """Return what each of the layers makes of pictures."""
        with hook_outputs(self._watched, detach=False) as hooks:
            self.body(x)
            return hooks.stored

    def _of_each(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss of each picture, on the device of the pictures."""
        pairs = zip(input.to(one_param(self.body)).split(1), target.to(one_param(self.body)).split(1))
        return torch.stack([torch.stack(list(self._parts(*pair))).sum() for pair in pairs]).to(input.device)

    def _check(self, input: Tensor, target: Tensor) -> None:
        if input.shape != target.shape:
            raise DataError(
                f"FeatureLoss: input and target must be pictures of one shape; got {tuple(input.shape)} and "
                f"{tuple(target.shape)}. Is tfm_y=True in transform, and data.c the number of colours?"
            )
        if input.dim() != 4 or input.shape[1] != self._channels:
            raise DataError(
                f"FeatureLoss: pictures must be (N, {self._channels}, H, W), the channels that the body takes; got "
                f"{tuple(input.shape)}. Open them with another convert_mode, or use another body."
            )

    def __repr__(self) -> str:
        """Leave out the layers of the body: a table of a learner ends with its loss."""
        base = getattr(self.base_loss, "__name__", repr(self.base_loss))
        return (
            f"FeatureLoss(layers={self.layers}, weights={self.weights}, base_loss={base}, "
            f"gram_weight={self.gram_weight}, body={type(self.body).__name__})"
        )

    def get_state(self) -> dict[str, Any]:
        """Return what a file keeps: the base loss; warns that the rest is left out."""
        warnings.warn(
            "export: the network inside FeatureLoss is left out; predictions do not need it, and the loaded learner "
            "has the base loss. To train on, set learn.loss_func again.",
            UserWarning,
            stacklevel=2,
        )
        return {"base_loss": self.base_loss}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Any:
        """Return the base loss that `get_state` kept."""
        return state["base_loss"]


def _checked_weights(weights: Sequence[float] | None, count: int) -> list[float]:
    if count == 0:
        raise ArgumentError(explain("FeatureLoss", "layers", "must name at least one layer of the body", []))
    given = [1.0] * count if weights is None else [float(weight) for weight in weights]
    if len(given) != count or min(given) < 0:
        rule = f"must be one number of at least 0 for each of the {count} layers"
        raise ArgumentError(explain("FeatureLoss", "weights", rule, weights))
    return given


def _layer_of(body: nn.Module, layer: int | str) -> nn.Module:
    try:
        return children(body)[layer] if isinstance(layer, int) else body.get_submodule(layer)
    except (AttributeError, IndexError) as error:
        found = ", ".join(f"{i} {type(child).__name__}" for i, child in enumerate(children(body)[:_LISTED]))
        cure = f"The body's children begin with: {found}."
        raise ArgumentError(explain("FeatureLoss", "layers", "must be layers of the body", layer, cure)) from error
