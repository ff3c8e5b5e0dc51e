"""From an architecture to a U-Net: cut the body off, build a decoder on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import nn

from onecycle.nn.norm import NormType
from onecycle.utils.registry import register
from onecycle.vision.backbones import create_body
from onecycle.vision.models.unet import DynamicUnet

__all__ = ["create_unet_model"]


@register("model")
def create_unet_model(
    base_arch: Any,
    n_out: int,
    img_size: tuple[int, int] = (256, 256),
    pretrained: bool = True,
    cut: int | Callable[[nn.Module], nn.Module] | None = None,
    n_in: int = 3,
    norm_type: NormType | None = None,
    **kwargs: Any,
) -> DynamicUnet:
    """Return a U-Net on the body of an architecture.

    Args:
        base_arch: As `arch` of `create_body`.
        n_out: Channels of the output, e.g. number of classes.
        img_size: As in `DynamicUnet`.
        pretrained: Load the published weights of the body.
        cut: As in `create_body`.
        n_in: Channels of the pictures.
        norm_type: Normalisation of the decoder's convolutions; None for none.
        **kwargs: Further settings of `DynamicUnet`.

    Shape: `(N, n_in, H, W) -> (N, n_out, H, W)`

    Example:
        >>> model = create_unet_model("resnet18", 5, (64, 64), pretrained=False)
        >>> [tuple(skip.shape) for skip in model.maps.skips]
        [(1, 64, 32, 32), (1, 64, 16, 16), (1, 128, 8, 8), (1, 256, 4, 4)]
    """
    body = create_body(base_arch, pretrained, cut, n_in, img_size, maps=True)
    return DynamicUnet(body, n_out, img_size=tuple(img_size), norm_type=norm_type, **kwargs)  # type: ignore[arg-type]
