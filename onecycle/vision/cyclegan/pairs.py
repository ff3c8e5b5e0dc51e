"""Pictures of two kinds side by side, without a picture of one belonging to a picture of the other."""

from __future__ import annotations

from typing import Any

from onecycle.data.items import EmptyLabel, ItemBase
from onecycle.data.processors import as_items
from onecycle.errors import DataError
from onecycle.types import JsonDict, PathOrStr
from onecycle.utils.registry import register
from onecycle.utils.seeding import uniform_int
from onecycle.vision.grids import show_pairs
from onecycle.vision.image_list import ImageList

__all__ = ["ImagePair", "ImagePairList", "PairLabelList"]


class ImagePair(ItemBase):
    """Hold a picture of kind A and one of kind B.

    Args:
        A: The one.
        B: The other.
    """

    def __init__(self, A: Any, B: Any) -> None:
        self.A, self.B = A, B

    @property
    def obj(self) -> Any:  # type: ignore[override]
        """Both pictures."""
        return self.A, self.B

    @property
    def data(self) -> Any:  # type: ignore[override]
        """Both tensors, as they go into a batch."""
        return [self.A.data, self.B.data]

    def __str__(self) -> str:
        return f"{self.A}; {self.B}"

    def apply_tfms(self, tfms: Any, **kwargs: Any) -> ImagePair:
        """Return the pair with each picture transformed, by draws of its own."""
        return ImagePair(self.A.apply_tfms(tfms, **kwargs), self.B.apply_tfms(tfms, **kwargs))


@register("item_list")
class ImagePairList(ImageList):
    """List pictures of kind A, each with one of kind B drawn at random.

    A split parts the pictures A; those of kind B are drawn for both sets.

    Args:
        items: Files of kind A.
        items_b: Files of kind B.
        **kwargs: What `ImageList` takes.

    Example:
        data = (ImagePairList.from_folders(path, "horses", "zebras").split_none().label_const()
                .transform(get_transforms(), size=128).databunch(bs=4)
                .normalize(([0.5] * 3, [0.5] * 3), do_y=True))
    """

    def __init__(self, items: Any, items_b: Any = (), **kwargs: Any) -> None:
        super().__init__(items, **kwargs)
        self.items_b = as_items(list(items_b))
        self.copy_new = [*self.copy_new, "items_b"]

    @classmethod
    def from_folders(cls, path: PathOrStr, folder_a: str, folder_b: str, **kwargs: Any) -> ImagePairList:
        """List the pictures of two folders.

        Args:
            path: Where both lie.
            folder_a: Folder of kind A.
            folder_b: Folder of kind B.
            **kwargs: What `ImageList.from_folder` takes.

        Raises:
            DataError: one of them is missing or has no picture.
        """
        a, b = (ImageList.from_folder(path, include=[folder], **kwargs) for folder in (folder_a, folder_b))
        return cls(a.items, b.items, path=path)

    def get(self, i: int) -> ImagePair:
        """Open picture `i` of kind A and one of kind B.

        Raises:
            DataError: there is no picture of kind B.
        """
        if not len(self.items_b):
            raise DataError("ImagePairList: there is no picture of kind B. Pass items_b=, or use from_folders.")
        other = int(uniform_int(0, len(self.items_b) - 1))
        return ImagePair(self.open(self.items[i]), self.open(self.items_b[other]))

    def reconstruct(self, t: Any, *args: Any) -> ImagePair:
        """Return the pair of two tensors."""
        return ImagePair(*(super(ImagePairList, self).reconstruct(part) for part in t))

    def get_state(self) -> JsonDict:
        """Return the kind of the list and its settings, without files."""
        return super(ImagePairList, self.new([], items_b=(), ignore_empty=True)).get_state()

    def show_xys(
        self, xs: Any, ys: Any, imgsize: float = 4, figsize: tuple[float, float] | None = None, **kwargs: Any
    ) -> None:
        """Show one row a pair."""
        show_pairs([pair.obj for pair in xs], ("A", "B"), imgsize, figsize, **kwargs)

    def show_xyzs(
        self,
        xs: Any,
        ys: Any,
        zs: Any,
        imgsize: float = 4,
        figsize: tuple[float, float] | None = None,
        **kwargs: Any,
    ) -> None:
        """Show one row a pair: each picture beside what was made of it."""
        rows = [(x.A, z.B, x.B, z.A) for x, z in zip(xs, zs, strict=True)]
        show_pairs(rows, ("A", "A as B", "B", "B as A"), imgsize, figsize, **kwargs)

    _square_show = _square_show_res = False


@register("item_list")
class PairLabelList(ImageList):
    """Label pairs with nothing, and make pairs of predictions."""

    def get(self, i: int) -> EmptyLabel:
        """Return no label."""
        return EmptyLabel()

    def reconstruct(self, t: Any, *args: Any) -> Any:
        """Return the pair that was predicted; no label for a target."""
        if not isinstance(t, (list, tuple)):
            return EmptyLabel()
        return ImagePair(*(super(PairLabelList, self).reconstruct(part) for part in t))


ImagePairList._label_cls = PairLabelList
