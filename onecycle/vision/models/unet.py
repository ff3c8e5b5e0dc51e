"""U-Net: a body reads a picture down to small maps, a decoder writes it up again beside the body's own maps."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from onecycle.errors import ArgumentError, check_keywords, explain
from onecycle.nn.blocks import MergeLayer, PixelShuffle_ICNR, SequentialEx, conv_layer, res_block
from onecycle.nn.entrance import in_channels
from onecycle.nn.hooks import Hook
from onecycle.nn.layers import SigmoidRange
from onecycle.nn.module import Module
from onecycle.nn.norm import batchnorm_2d
from onecycle.vision.models.feature_maps import BodyMaps

__all__ = ["DynamicUnet", "UnetBlock"]

_BLOCKS_BEHIND_ATTENTION = 2  # it stands in the last block but two: deeper maps are too small, later ones too large


def _resized(x: Tensor, like: Tensor) -> Tensor:
    """Return a map at the height and width of another one, by nearest neighbour where they differ."""
    return x if x.shape[2:] == like.shape[2:] else F.interpolate(x, like.shape[2:], mode="nearest")


class ResizeToInput(Module):
    """Bring a map to the height and width of the block's input."""

    takes_input = True

    def forward(self, x: Tensor, orig: Tensor) -> Tensor:
        return _resized(x, orig)


class UnetBlock(Module):
    """Double height and width, put the body's map of that size beside, and convolve twice.

    Args:
        up_in_c: Channels that come from below; half of them go on.
        x_in_c: Channels of the body's map.
        hook: Holds the body's map in `stored`, for calls without `skip`; None where each call gives it.
        final_div: Give out as many channels as were put side by side; else half.
        blur: Smooth after upsampling, against checkerboards.
        leaky: Slope of the ReLUs below zero; None for none.
        self_attention: Let every place look at every other one at the end.
        **kwargs: `norm_type`, the normalisation of the convolutions.

    Shape: `(N, up_in_c, h, w), (N, x_in_c, H, W) -> (N, channels, H, W)`

    Reference:
        Ronneberger et al. 2015, "U-Net: Convolutional networks for biomedical image segmentation", figure 1.
    """

    def __init__(
        self,
        up_in_c: int,
        x_in_c: int,
        hook: Hook | None,
        final_div: bool = True,
        blur: bool = False,
        leaky: float | None = None,
        self_attention: bool = False,
        **kwargs: Any,
    ) -> None:
        beside = up_in_c // 2 + x_in_c
        self.hook = hook
        self.channels = beside if final_div else beside // 2
        self.shuf = PixelShuffle_ICNR(up_in_c, up_in_c // 2, blur=blur, leaky=leaky, **kwargs)
        self.bn = batchnorm_2d(x_in_c)
        self.relu = nn.ReLU() if leaky is None else nn.LeakyReLU(leaky)
        self.conv1 = conv_layer(beside, self.channels, leaky=leaky, **kwargs)
        self.conv2 = conv_layer(self.channels, self.channels, leaky=leaky, self_attention=self_attention, **kwargs)

    def forward(self, up_in: Tensor, skip: Tensor | None = None) -> Tensor:
        """Join what comes from below with the body's map.

        Raises:
            ArgumentError: there is no map of the body.
        """
        skip = self.hook.stored if skip is None and self.hook is not None else skip
        if skip is None:
            raise ArgumentError("UnetBlock: there is no map of the body. Pass skip, or give the block a hook.")
        up = _resized(self.shuf(up_in), skip)
        return self.conv2(self.conv1(self.relu(torch.cat([up, self.bn(skip)], dim=1))))


class DynamicUnet(SequentialEx):
    """Put a decoder on any body: at each size it sees the body's own map beside what comes from below.

    Height and width of the pictures are free, also odd ones and others than `img_size`: the maps from below are
    brought to the size of the body's. Part 0 is the body, the rest is the decoder.

    Args:
        encoder: The body, from pictures to feature maps; see `create_body`.
        n_classes: Channels of the output: classes, or colours.
        img_size: Height and width in pixels of the pictures, for the dry run that looks for the body's maps.
        blur: Smooth after each upsampling, against checkerboards.
        blur_final: With `blur`, smooth in the last block too.
        self_attention: With a `SelfAttention` in the last block but two.
        y_range: Lower and upper bound of the output; none when left out.
        last_cross: Put the picture itself beside the last map.
        bottle: Halve the channels inside the last residual block.
        **kwargs: `norm_type`, the normalisation of the decoder's convolutions (None for none; when left out, batch
            norm, and weight norm where a map is enlarged), and `leaky`, the slope of its ReLUs below zero.

    Shape: `(N, C, H, W) -> (N, n_classes, H, W)`

    Raises:
        ArgumentError: the body has no usable feature maps (lists what was found), or a setting is out of range.
        ArgumentTypeError: a keyword is unknown.

    Reference:
        Ronneberger et al. 2015, "U-Net: Convolutional networks for biomedical image segmentation"; upsampling by
        pixel shuffle as in Shi et al. 2016, started as in Aitken et al. 2017.

    Example:
        >>> body = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.MaxPool2d(2), nn.Conv2d(8, 16, 1))
        >>> DynamicUnet(body, n_classes=4)(torch.rand(1, 3, 30, 21)).shape
        torch.Size([1, 4, 30, 21])
    """

    def __init__(
        self,
        encoder: nn.Module,
        n_classes: int,
        img_size: tuple[int, int] = (256, 256),
        blur: bool = False,
        blur_final: bool = True,
        self_attention: bool = False,
        y_range: tuple[float, float] | None = None,
        last_cross: bool = True,
        bottle: bool = False,
        **kwargs: Any,
    ) -> None:
        check_keywords("DynamicUnet", kwargs, ("norm_type", "leaky"))
        _check_outputs(n_classes, y_range)
        maps = BodyMaps("DynamicUnet", encoder, img_size)
        blocks = _blocks(maps, blur, blur_final, self_attention, **kwargs)
        width, colours = blocks[-1].channels, in_channels(encoder) if last_cross else 0
        end = _end(width, colours, maps.scale, bottle, **kwargs)
        head = conv_layer(width + colours, n_classes, ks=1, norm_type=None, use_activ=False)
        bounds = [SigmoidRange(*y_range)] if y_range is not None else []
        super().__init__(encoder, _middle(maps.last.channels, **kwargs), *blocks, *end, head, *bounds)
        self.maps = maps

    def forward(self, x: Tensor) -> Tensor:
        out, skips = self.maps.run(self.layers[0], x)
        for layer in self.layers[1:]:  # type: ignore[union-attr]
            if isinstance(layer, UnetBlock):
                out = layer(out, skips.pop())
            else:
                out = layer(out, x) if getattr(type(layer), "takes_input", False) else layer(out)
        return out


def _check_outputs(n_classes: Any, y_range: Any) -> None:
    if not isinstance(n_classes, int) or n_classes < 1:
        raise ArgumentError(explain("DynamicUnet", "n_classes", "must be an integer of at least 1", n_classes))
    if y_range is not None and not (len(y_range) == 2 and y_range[0] < y_range[1]):
        raise ArgumentError(explain("DynamicUnet", "y_range", "must be a lower and an upper bound", y_range))


def _middle(channels: int, **kwargs: Any) -> nn.Sequential:
    """Return what stands at the bottom of the U: two convolutions, wide between."""
    start = [nn.BatchNorm2d(channels), nn.ReLU(inplace=True)]
    return nn.Sequential(
        *start, conv_layer(channels, 2 * channels, **kwargs), conv_layer(2 * channels, channels, **kwargs)
    )


def _blocks(maps: BodyMaps, blur: bool, blur_final: bool, self_attention: bool, **kwargs: Any) -> list[UnetBlock]:
    """Return a block for each of the body's maps, from the smallest up."""
    blocks: list[UnetBlock] = []
    channels, count = maps.last.channels, len(maps.skips)
    attending = max(count - 1 - _BLOCKS_BEHIND_ATTENTION, 0)
    for i, skip in enumerate(reversed(maps.skips)):
        is_last = i == count - 1
        block = UnetBlock(
            channels, skip.channels, None, final_div=not is_last, blur=blur and (blur_final or not is_last),
            self_attention=self_attention and i == attending, **kwargs,
        )  # fmt: skip
        blocks.append(block)
        channels = block.channels
    return blocks


def _end(channels: int, colours: int, scale: int, bottle: bool, **kwargs: Any) -> list[nn.Module]:
    """Return what goes from the last block's map to the picture's size and, given its colours, beside the picture."""
    up = [PixelShuffle_ICNR(channels, scale=scale, **kwargs)] if scale > 1 else []
    if not colours:
        return [*up, ResizeToInput()]
    return [*up, ResizeToInput(), MergeLayer(dense=True), res_block(channels + colours, bottle=bottle, **kwargs)]
