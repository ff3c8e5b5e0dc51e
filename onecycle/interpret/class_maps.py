"""The class activation map: what each place adds to a class, in networks that end in an average and a linear layer."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from onecycle.errors import ArgumentError, explain
from onecycle.interpret.activation_maps import check_category, feature_layer
from onecycle.nn.hooks import Hooks
from onecycle.nn.turns import eval_mode

__all__ = ["class_activation_map"]

_RELATIVE, _ABSOLUTE = 1e-3, 1e-4  # how close the mean of a map must come to the score, for half precision too


def class_activation_map(
    model: nn.Module, xb: Tensor, category: int, layer: nn.Module | None = None, linear: nn.Module | None = None
) -> Tensor:
    """Return what each place of a layer's map adds to the score of a class, for the first item of a batch.

    The network must end in an average over places and one linear layer, or in a convolution with a channel a
    class and an average. Then the mean of the map, and the bias, is the score itself: this is looked at.

    Args:
        model: The network; used in eval mode and left as it was.
        xb: The batch, `(N, C, H, W)`.
        category: Index of the class to explain.
        layer: The last part whose output is a map; found by a run when left out.
        linear: The layer behind the average; the last `nn.Linear` that runs when left out.

    Returns:
        The map, `(h, w)`, on the CPU.

    Raises:
        ArgumentError: the class does not exist, or the network ends in another way.

    Reference: Zhou et al., "Learning deep features for discriminative localization" (2016, arXiv 1512.04150),
        section 2.

    Example:
        >>> net = nn.Sequential(nn.Conv2d(1, 2, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        >>> xb = torch.rand(1, 1, 3, 3)
        >>> bool(torch.isclose(class_activation_map(net, xb, 1).mean(), net(xb)[0, 1]))
        True
    """
    layer = feature_layer(model, xb, min_cells=2) if layer is None else layer
    linears = [part for part in model.modules() if isinstance(part, nn.Linear)]
    ran: list[tuple[nn.Module, Tensor]] = []
    watch = Hooks([layer, *linears], lambda part, i, output: ran.append((part, output[:1])))
    with watch, eval_mode(model), torch.no_grad():
        output = model(xb)[:1]
    check_category("class_activation_map", category, output.shape[1])
    features = next(seen for part, seen in ran if part is layer)  # (1, C, h, w)
    behind = [(part, seen) for part, seen in ran if isinstance(part, nn.Linear) and linear in (None, part)]
    heat = _by_weights(features[0], category, *behind[-1]) if behind else _by_channel(features[0], category, output)
    if heat is None:
        raise ArgumentError(explain("class_activation_map", "model", _RULE, type(model), _CURE))
    return heat.cpu()


_RULE = "must end in an average over places and one linear layer, or in an average over a channel a class"
_CURE = "Use grad_cam, which explains any convolutional network."


def _by_weights(features: Tensor, category: int, linear: nn.Linear, scores: Tensor) -> Tensor | None:
    """Return features weighed by the row of a class; None where they are not what the scores are made of."""
    if len(features) != linear.in_features or category >= linear.out_features or scores.ndim != 2:
        return None
    heat = torch.einsum("c,chw->hw", linear.weight[category].detach(), features)
    shift = 0.0 if linear.bias is None else linear.bias[category].detach()
    return heat if torch.allclose(heat.mean() + shift, scores[0, category], _RELATIVE, _ABSOLUTE) else None


def _by_channel(features: Tensor, category: int, output: Tensor) -> Tensor | None:
    """Return the channel of a class; None where the output, logarithm of a softmax or not, is not their average."""
    if len(features) != output.shape[1]:
        return None
    scores = features.mean((1, 2))  # (C, h, w) -> (C,)
    alike = torch.allclose(scores.log_softmax(0), output[0].log_softmax(0), _RELATIVE, _ABSOLUTE)
    return features[category] if alike else None
