"""From an architecture to a detector: cut the body off, build pyramid and head on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import nn

from onecycle.utils.registry import register
from onecycle.vision.backbones import create_body
from onecycle.vision.models.retinanet import RetinaNet

__all__ = ["create_detection_model"]


@register("model")
def create_detection_model(
    base_arch: Any,
    num_classes: int,
    img_size: tuple[int, int] = (256, 256),
    pretrained: bool = True,
    cut: int | Callable[[nn.Module], nn.Module] | None = None,
    n_in: int = 3,
    **kwargs: Any,
) -> RetinaNet:
    """Return a detector on the body of an architecture.

    Args:
        base_arch: As `arch` of `create_body`.
        num_classes: Classes, the background not counted.
        img_size: As in `RetinaNet`.
        pretrained: Load the published weights of the body.
        cut: As in `create_body`.
        n_in: Channels of the pictures.
        **kwargs: Further settings of `RetinaNet`.

    Shape: `(N, n_in, H, W) -> (N, A, num_classes + 8)`

    Example:
        >>> import torch
        >>> model = create_detection_model("resnet18", 5, (64, 64), pretrained=False)
        >>> model(torch.rand(1, 3, 64, 64)).shape  # 9 anchors at each of 8² + 4² + 2² + 1² places
        torch.Size([1, 765, 13])
    """
    body = create_body(base_arch, pretrained, cut, n_in, img_size, maps=True)
    return RetinaNet(body, num_classes, img_size=tuple(img_size), **kwargs)  # type: ignore[arg-type]
