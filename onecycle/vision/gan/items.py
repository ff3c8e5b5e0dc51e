"""Noise in, picture out: the data of a GAN that makes pictures of nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from onecycle.data.items import ItemBase
from onecycle.utils.checks import check_whole
from onecycle.utils.collections import listify
from onecycle.utils.registry import register
from onecycle.utils.seeding import current_stream
from onecycle.vision.grids import show_grid
from onecycle.vision.image_list import ImageList

__all__ = ["GANItemList", "NoisyItem"]


class NoisyItem(ItemBase):
    """Hold noise: draws from the standard normal distribution, at the item's address in a run.

    Args:
        noise_sz: How many, at least 1; kept in `obj`.

    Raises:
        ArgumentError: that is no whole number of at least 1.

    Example:
        >>> NoisyItem(100).data.shape
        torch.Size([100, 1, 1])
    """

    def __init__(self, noise_sz: int) -> None:
        noise_sz = check_whole("NoisyItem", "noise_sz", noise_sz)
        self.obj = noise_sz
        self.data = _noise(noise_sz)[:, None, None]  # (noise_sz, 1, 1)

    @classmethod
    def of(cls, noise: Tensor) -> NoisyItem:
        """Return an item of this very noise, `(noise_sz,)` or `(noise_sz, 1, 1)`."""
        made = cls.__new__(cls)
        made.data = noise.reshape(-1, 1, 1)
        made.obj = len(made.data)
        return made

    def __str__(self) -> str:
        return ""

    def apply_tfms(self, tfms: Any, **kwargs: Any) -> NoisyItem:
        """Return the noise as it is; random transforms draw their values here, for the target picture."""
        for tfm in listify(tfms):
            if hasattr(tfm, "resolve"):
                tfm.resolve()
        return self


def _noise(count: int) -> Tensor:
    stream = current_stream()
    draw = np.random.standard_normal if stream is None else stream.generator().standard_normal
    return torch.from_numpy(draw(count)).float()


@register("item_list")
class GANItemList(ImageList):
    """List pictures as targets, each with fresh noise as input.

    How the pictures are opened is said where they become targets: `label_from_func(noop, convert_mode="L")` for grey.

    Args:
        items: The picture files.
        noise_sz: Length of the noise.
        **kwargs: What `ImageList` takes.

    Example:
        data = (GANItemList.from_folder(path, noise_sz=100).split_none().label_from_func(noop)
                .transform([], size=32, tfm_y=True).databunch(bs=64)
                .normalize(([0.5] * 3, [0.5] * 3), do_x=False, do_y=True))
    """

    def __init__(self, items: Any, noise_sz: int = 100, **kwargs: Any) -> None:
        super().__init__(items, **kwargs)
        self.noise_sz = noise_sz
        self.copy_new = [*self.copy_new, "noise_sz"]

    def get(self, i: int) -> NoisyItem:
        """Return noise for item `i`."""
        return NoisyItem(self.noise_sz)

    def as_item(self, item: Any) -> Any:
        """Return noise as an item: itself, or one of a tensor."""
        return NoisyItem.of(item) if isinstance(item, Tensor) else item

    def reconstruct(self, t: Tensor, *args: Any) -> NoisyItem:
        """Return the item of noise."""
        return NoisyItem.of(t)

    def show_xys(
        self, xs: Any, ys: Any, imgsize: float = 4, figsize: tuple[float, float] | None = None, **kwargs: Any
    ) -> None:
        """Show the real pictures in a square grid.

        Args:
            xs: The noise.
            ys: The pictures.
            imgsize: Width and height of a cell in inches, where `figsize` is not given.
            figsize: Width and height of the whole figure in inches.
            **kwargs: Passed to each picture's `show`.
        """
        show_grid(ys, [None] * len(ys), imgsize, figsize, **kwargs)

    def show_xyzs(
        self,
        xs: Any,
        ys: Any,
        zs: Any,
        imgsize: float = 4,
        figsize: tuple[float, float] | None = None,
        **kwargs: Any,
    ) -> None:
        """Show the made pictures in a square grid.

        Args:
            xs: The noise.
            ys: The real pictures of the same batch; not shown, they belong to no noise.
            zs: What was made.
            imgsize: Width and height of a cell in inches, where `figsize` is not given.
            figsize: Width and height of the whole figure in inches.
            **kwargs: Passed to each picture's `show`.
        """
        show_grid(zs, [None] * len(zs), imgsize, figsize, **kwargs)


GANItemList._label_cls = ImageList
