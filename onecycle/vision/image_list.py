"""Lists of pictures: where they come from and how one is opened."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from onecycle.data.item_list import ItemList
from onecycle.data.items import ItemBase
from onecycle.data.sources import csv_file, read_csv
from onecycle.types import PathOrStr
from onecycle.utils.functions import has_arg, takes_any_keyword
from onecycle.utils.registry import lookup, register
from onecycle.vision.grids import show_grid, show_pairs
from onecycle.vision.image_bunch import ImageDataBunch
from onecycle.vision.image_files import image_extensions
from onecycle.vision.in_memory import as_image, fitted
from onecycle.vision.opening import open_image
from onecycle.vision.picture import Image

__all__ = ["ImageImageList", "ImageItemList", "ImageList"]

replaced_open: Callable[..., Any] | None = None  # what a program of fastai v1 has set in the place of `open_image`


@register("item_list")
class ImageList(ItemList):
    """A list of picture files, opened one by one when they are asked for.

    Args:
        *args: The files, then what `ItemList` takes.
        convert_mode: Pillow's name of the colour mode wanted: 'RGB' (3 channels), 'L' (1), 'RGBA' (4) …
        after_open: Called with the Pillow picture right after it is opened; returns the one to use.
        **kwargs: What `ItemList` takes.

    Example:
        ImageList.from_folder("pets/images", convert_mode="L") prints

        ImageList (370 items)
        Image (1, 400, 600),Image (1, 450, 313),…
        Path: pets/images
    """

    _bunch = ImageDataBunch
    _square_show = True
    _square_show_res = True
    targets_in_picture: str | None = "pixels"  # what it is as labels: a value for each pixel

    def __init__(
        self,
        *args: Any,
        convert_mode: str = "RGB",
        after_open: Callable[[Any], Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.convert_mode, self.after_open = convert_mode, after_open
        self.copy_new = [*self.copy_new, "convert_mode", "after_open"]

    def open(self, fn: PathOrStr) -> Image:
        """Open one file, decoding it when its pixels are needed; override it to read a format of your own."""
        if replaced_open is not None:
            how = {"convert_mode": self.convert_mode, "after_open": self.after_open}
            takes_all = takes_any_keyword(replaced_open)
            return replaced_open(fn, **{name: how[name] for name in how if takes_all or has_arg(replaced_open, name)})
        if self.after_open is None:
            return Image.from_file(fn, self.convert_mode)
        return open_image(fn, convert_mode=self.convert_mode, after_open=self.after_open)

    def get(self, i: int) -> Any:
        """Open the file at position `i`; an image in memory, such as a file's bytes, is taken as `predict` takes it."""
        item = super().get(i)
        in_memory = not self._opens_its_own_way() and not isinstance(item, (str, os.PathLike))
        return self.as_item(item) if in_memory else self.open(item)

    def _opens_its_own_way(self) -> bool:
        """Return whether a subclass, or the program, has a way of its own to open a file."""
        return replaced_open is not None or getattr(type(self).open, "__func__", type(self).open) is not ImageList.open

    def as_item(self, item: Any) -> Any:
        """Return an image, prepared as a file of the data is: of a path, bytes, a Pillow image, an array or a tensor.

        An `Image` keeps what was done to it; a grey one is given the channels of the data, or the other way round.

        Raises:
            ArgumentTypeError: it is none of these.
            DataError: its values are not from 0 to 1, or its channels are not those of the data.
        """
        if isinstance(item, (str, os.PathLike)):
            return self.open(item if isinstance(item, str) else Path(item))
        if self._opens_its_own_way():
            return self._in_own_way(item)
        if type(item) is Image:
            return fitted(item, self.convert_mode)
        return item if isinstance(item, ItemBase) else as_image(item, self.convert_mode, self.after_open)

    def _in_own_way(self, item: Any) -> Any:
        if isinstance(item, (bytes, bytearray, memoryview)):
            return self.open(io.BytesIO(item))  # type: ignore[arg-type]
        if hasattr(item, "read"):
            return self.open(item)
        return item if isinstance(item, ItemBase) else as_image(item, self.convert_mode)

    @classmethod
    def from_folder(cls, path: PathOrStr = ".", extensions: Any = None, **kwargs: Any) -> ImageList:
        """List the picture files of a folder, sorted.

        Args:
            path: The folder.
            extensions: Endings of the files taken; those that mean a picture when left out.
            **kwargs: What `ItemList.from_folder` takes: recurse, exclude, include, convert_mode …
        """
        return super().from_folder(path, extensions=image_extensions() if extensions is None else extensions, **kwargs)

    @classmethod
    def from_tar_shards(cls, path: PathOrStr = ".", extensions: Any = None, **kwargs: Any) -> ImageList:
        """List the pictures in the tar files of a folder; see `TarImageList`."""
        return lookup("item_list", "TarImageList").from_tar_shards(path, extensions, **kwargs)

    @classmethod
    def from_df(
        cls, df: Any, path: PathOrStr, cols: Any = 0, folder: PathOrStr | None = None, suffix: str = "", **kwargs: Any
    ) -> ImageList:  # fmt: skip
        """List the pictures that a column of a table names.

        Args:
            df: A pandas table.
            path: The folder that the names start from.
            cols: The column of names, by name or position.
            folder: A folder in `path` that the names start from.
            suffix: What is added to each name, e.g. '.jpg'.
            **kwargs: What `ItemList.from_df` takes.
        """
        found = super().from_df(df, path=path, cols=cols, **kwargs)
        start = f"{path}{os.path.sep}" + (f"{folder}{os.path.sep}" if folder is not None else "")
        found.items = _joined(start, found.items, suffix)
        return found

    @classmethod
    def from_csv(
        cls,
        path: PathOrStr,
        csv_name: str,
        header: Any = "infer",
        delimiter: str | None = None,
        encoding: str | None = None,
        **kwargs: Any,
    ) -> ImageList:
        """List the pictures that a column of a CSV file names.

        Args:
            path: The folder of the CSV file and of the pictures.
            csv_name: Name of the CSV file.
            header: Row of the column names, None where there are none.
            delimiter: What stands between columns.
            encoding: Encoding of the file; default: that of its byte order mark, else UTF-8.
            **kwargs: What `from_df` takes: cols, folder, suffix …
        """
        how = {"names": kwargs.get("cols", 0), "keep_zeros": True}
        frame = read_csv(csv_file(path, csv_name), header, delimiter, encoding, **how)
        return cls.from_df(frame, path=path, **kwargs)

    def reconstruct(self, t: Tensor, *args: Any) -> Any:
        """Make a picture of a tensor, clipped to what can be shown."""
        return Image(t.float().clamp(min=0, max=1))

    def show_xys(
        self, xs: Any, ys: Any, imgsize: float = 4, figsize: tuple[float, float] | None = None, **kwargs: Any
    ) -> None:
        """Show pictures with their labels in a square grid.

        Args:
            xs: The pictures.
            ys: Their labels.
            imgsize: Width and height of a cell in inches, where `figsize` is not given.
            figsize: Width and height of the whole figure in inches.
            **kwargs: Passed to each picture's `show`.
        """
        show_grid(xs, ys, imgsize, figsize, **kwargs)

    def show_xyzs(
        self,
        xs: Any,
        ys: Any,
        zs: Any,
        imgsize: float = 4,
        figsize: tuple[float, float] | None = None,
        **kwargs: Any,
    ) -> None:
        """Show pictures with their labels and the predictions.

        Args:
            xs: The pictures.
            ys: Their labels.
            zs: What was predicted.
            imgsize: Width and height of a cell in inches, where `figsize` is not given.
            figsize: Width and height of the whole figure in inches.
            **kwargs: Passed to each picture's `show`.
        """
        if self._square_show_res:
            show_grid(xs, ys, imgsize, figsize, predictions=zs, **kwargs)
        else:
            pairs = list(zip(ys, zs, strict=True))
            show_pairs(pairs, ("Ground truth", "Predictions"), imgsize, figsize, over=xs, **kwargs)


ImageItemList = ImageList  # its name in the first versions of fastai v1


def _joined(start: str, names: Sequence[Any], suffix: str) -> Any:
    import numpy as np

    return np.array([f"{start}{name}{suffix}" for name in names], dtype=object)


@register("item_list")
class ImageImageList(ImageList):
    """Pictures whose targets are pictures too: colouring, cleaning, enlarging."""

    _square_show = False
    _square_show_res = False

    def show_xys(
        self, xs: Any, ys: Any, imgsize: float = 4, figsize: tuple[float, float] | None = None, **kwargs: Any
    ) -> None:
        """Show one row a sample: its input and its target.

        Args:
            xs: The inputs.
            ys: The targets.
            imgsize: Width and height of a cell in inches, where `figsize` is not given.
            figsize: Width and height of the whole figure in inches.
            **kwargs: Passed to each picture's `show`.
        """
        show_pairs(list(zip(xs, ys, strict=True)), ("Input", "Target"), imgsize, figsize, **kwargs)

    def show_xyzs(
        self,
        xs: Any,
        ys: Any,
        zs: Any,
        imgsize: float = 4,
        figsize: tuple[float, float] | None = None,
        **kwargs: Any,
    ) -> None:
        """Show one row a sample: its input, what was predicted and its target.

        Args:
            xs: The inputs.
            ys: The targets.
            zs: What was predicted.
            imgsize: Width and height of a cell in inches, where `figsize` is not given.
            figsize: Width and height of the whole figure in inches.
            **kwargs: Passed to each picture's `show`.
        """
        rows = list(zip(xs, zs, ys, strict=True))
        show_pairs(rows, ("Input", "Prediction", "Target"), imgsize, figsize, **kwargs)


ImageImageList._label_cls = ImageList
