"""Pictures inside tar files: for sets of more files than a file system likes, and for disks far away."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from onecycle.data.tar_shards import TarShards
from onecycle.types import PathOrStr
from onecycle.utils.registry import register
from onecycle.vision.decode import FilePixels, check_mode
from onecycle.vision.image_files import image_extensions
from onecycle.vision.image_list import ImageList
from onecycle.vision.opening import open_image
from onecycle.vision.picture import Image

__all__ = ["TarImageList"]

_FOLDERS = 16  # how many folders' tars are kept open


@lru_cache(maxsize=_FOLDERS)
def _shards_of(path: str) -> TarShards:
    return TarShards(path)


@register("item_list")
class TarImageList(ImageList):
    """A list of pictures in the tar files of a folder; the items are names such as `train-000.tar/cat/17.jpg`.

    All that files can do they can: `label_from_folder`, `label_from_re`, splits, workers, several processes, runs that
    are taken up again. A picture is read at its offset when it is asked for.

    Args:
        *args: As for `ImageList`.
        **kwargs: As for `ImageList`.

    Example:
        data = (ImageList.from_tar_shards("shards").split_by_rand_pct(0.1, seed=1).label_from_folder()
                .transform(get_transforms(), size=224).databunch(bs=64).normalize())
    """

    @classmethod
    def from_tar_shards(cls, path: PathOrStr = ".", extensions: Any = None, **kwargs: Any) -> ImageList:
        """List the pictures in the tar files of a folder and the folders in it.

        Args:
            path: The folder. An index is written beside each tar when it is first read.
            extensions: Endings of the files taken; those that mean a picture when left out.
            **kwargs: Settings of the class: `convert_mode`, `after_open` …

        Raises:
            DataError: there is no tar, or one is compressed or damaged.
        """
        cls._check_settings("from_tar_shards", kwargs)
        names = TarShards(path).names(image_extensions() if extensions is None else extensions)
        return cls(names, path=path, **kwargs)

    def open(self, fn: PathOrStr) -> Image:
        """Open one member by its name, or a file that is in no tar."""
        if not isinstance(fn, str) or ".tar/" not in fn or Path(fn).is_file():
            return super().open(fn)
        data = self.read(fn)
        if self.after_open is None:
            return Image._of(FilePixels(data, check_mode(self.convert_mode), fn))
        return open_image(data, convert_mode=self.convert_mode, after_open=self.after_open)

    def read(self, name: str) -> bytes:
        """Return the bytes of any member of the tars."""
        return _shards_of(str(Path(self.path).absolute())).read(name)

    def text_beside(self, name: str, ending: str = ".cls") -> str:
        """Return the text of the member that has a picture's name with another ending; for `label_from_func`.

        Args:
            name: The picture's name, as in `items`.
            ending: The other ending.

        Example:
            pictures = ImageList.from_tar_shards("shards")
            labelled = pictures.split_none().label_from_func(pictures.text_beside)
        """
        return self.read(name.rpartition(".")[0] + ending).decode().strip()
