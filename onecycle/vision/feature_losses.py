"""A feature loss of an architecture, of a body or of a learner's body, its layers chosen by themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from onecycle.errors import ArgumentError, explain
from onecycle.learner import Learner
from onecycle.nn.feature_loss import FeatureLoss
from onecycle.nn.surgery import get_model
from onecycle.vision.backbones import create_body
from onecycle.vision.cutting import cut_foreign
from onecycle.vision.models.feature_maps import BodyMaps

__all__ = ["feature_loss"]

_LAYERS = 3  # how many are compared where none are named: as in fast.ai course v3, lesson 7
_DRY_SIZE = (128, 128)


def feature_loss(
    source: Any,
    layers: Sequence[int | str] | int = _LAYERS,
    weights: Sequence[float] | None = None,
    base_loss: Callable[[Tensor, Tensor], Tensor] = F.l1_loss,
    gram_weight: float = 5e3,
    pretrained: bool = True,
) -> FeatureLoss:
    """Return a `FeatureLoss` that sees by an architecture, by a body of yours, or by what a learner has learnt.

    The body should see pictures as it was trained on them: normalise the data by the same statistics, the targets
    too (`normalize(imagenet_stats, do_y=True)`).

    Args:
        source: As `arch` of `create_body`, e.g. `models.vgg16_bn` or its name; a module; or a learner, whose body is
            copied.
        layers: Whose maps are compared, as in `FeatureLoss`; or how many: the last layers before height and width
            change (in `vgg16_bn` the ReLUs before the pooling layers), the deepest ones.
        weights: One for each layer; 1 each when left out. With `vgg16_bn` and three layers, `[5, 15, 2]` are usual.
        base_loss: Compares two tensors of equal shape.
        gram_weight: Weight of the Gram matrices beside that of the maps.
        pretrained: Load the published weights of an architecture.

    Raises:
        ArgumentError: the body has fewer maps of different sizes than asked for; lists them.
        DownloadError: the weights cannot be downloaded; says which file to put where.

    Example:
        >>> loss = feature_loss("vgg16_bn", weights=[5, 15, 2], pretrained=False)
        >>> loss.layers
        ['0.22', '0.32', '0.42']
    """
    body = _body_of(source, pretrained)
    names = _chosen(body, layers) if isinstance(layers, int) else list(layers)
    return FeatureLoss(_without_rest(body, names), names, weights, base_loss, gram_weight)


def _body_of(source: Any, pretrained: bool) -> nn.Module:
    if isinstance(source, Learner):
        model = get_model(source.model)
        built_by_us = (source.model_spec or {}).get("builder") == "create_cnn_model"
        return deepcopy(model[0] if built_by_us else cut_foreign(model, "the learner's model"))  # type: ignore[index]
    return source if isinstance(source, nn.Module) else create_body(source, pretrained)


def _chosen(body: nn.Module, count: int) -> list[int | str]:
    """Return the names of the last `count` layers before a change of size."""
    found = BodyMaps("feature_loss", body, _DRY_SIZE).skips
    if not 1 <= count <= len(found):
        maps = ", ".join(f"{m.name} {m}" for m in found)
        rule = f"must be 1 to {len(found)}, the maps of different sizes, or name layers"
        raise ArgumentError(explain("feature_loss", "layers", rule, count, f"Found: {maps}."))
    return [m.name for m in found[-count:]]


def _without_rest(body: nn.Module, names: Sequence[int | str]) -> nn.Module:
    """Return a chain up to the last of its children that is needed; any other body as it is."""
    if type(body) is not nn.Sequential:
        return body
    places = {name: place for place, name in enumerate(body._modules)}
    needed = [name if isinstance(name, int) else places.get(name.split(".")[0]) for name in names]
    known = [place for place in needed if place is not None]
    return body[: max(known) + 1] if len(known) == len(needed) and known and min(known) >= 0 else body
