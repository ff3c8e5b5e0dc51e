"""The data of a picture task: ready-made ways to build it, and its normalisation."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from onecycle.data.bunch import DataBunch, DatasetType
from onecycle.data.collate import data_collate
from onecycle.data.item_loader import LOADER_KEYWORDS
from onecycle.data.looks import first_input
from onecycle.data.sources import csv_file, read_csv
from onecycle.errors import ArgumentError, check_keywords, explain, known_keywords_only
from onecycle.types import PathOrStr
from onecycle.utils.matching import warn_unmatched
from onecycle.utils.registry import register
from onecycle.utils.values import name_list, to_list
from onecycle.vision.normalization import Denormalize, Normalize, channel_view
from onecycle.vision.tta import augmented_loaders

__all__ = ["ImageDataBunch"]

# What `transform` does anyway: a list without settings and transforms reads its items as they are.
_DEFAULTS = {"padding_mode": "reflection", "mode": "bilinear"}


@register("data_bunch")
class ImageDataBunch(DataBunch):
    """The loaders of a picture task, with the shortest ways to build them.

    Each `from_…` takes what `create_from_ll` takes as further keywords: bs, ds_tfms, size …

    Example:
        data = ImageDataBunch.from_folder(path, valid_pct=0.2, size=224)
        data.normalize(imagenet_stats).show_batch(3)
    """

    @property
    def norm(self) -> Normalize | None:  # type: ignore[override]
        """Return the function of a batch that normalises, or None."""
        return next((tfm for tfm in self.dl_tfms if isinstance(tfm, Normalize)), None)

    @property
    def denorm(self) -> Denormalize | None:  # type: ignore[override]
        """Return the function that undoes the normalisation of pictures, or None."""
        norm = self.norm
        return None if norm is None else Denormalize(norm.mean, norm.std, norm.do_x, norm.do_y)

    @property
    def stats(self) -> tuple[list[float], list[float]] | None:
        """Return the means and standard deviations that are normalised by, or None."""
        norm = self.norm
        return None if norm is None else (norm.mean, norm.std)

    def augmented_loaders(
        self, ds_type: DatasetType = DatasetType.Valid, scale: float | None = None, n_views: int = 8
    ) -> Iterator[Any]:
        """Yield the loaders of several views of a set, for `learn.TTA`.

        Args:
            ds_type: Which set.
            scale: None for views that training may have seen; else eight views of the corners, so many times larger.
            n_views: How many views that training may have seen.
        """
        return augmented_loaders(self, ds_type, scale, n_views)

    @classmethod
    def create_from_ll(
        cls,
        lls: Any,
        bs: int = 64,
        val_bs: int | None = None,
        ds_tfms: Any = None,
        num_workers: int | None = None,
        dl_tfms: Collection[Callable[..., Any]] | None = None,
        device: Any = None,
        test: PathOrStr | None = None,
        collate_fn: Callable[..., Any] = data_collate,
        size: Any = None,
        no_check: bool = False,
        resize_method: Any = None,
        mult: int | None = None,
        padding_mode: str = "reflection",
        mode: str = "bilinear",
        tfm_y: bool = False,
        **kwargs: Any,
    ) -> ImageDataBunch:
        """Transform labelled lists of pictures and make loaders of them.

        Args:
            lls: Labelled lists, as a `label_…` method returns them.
            bs: Batch size.
            val_bs: Batch size of the validation set, `bs` when left out.
            ds_tfms: Transforms of the training and of the validation set, e.g. `get_transforms()`.
            num_workers: Number of processes that load; chosen from the cost of an item when left out.
            dl_tfms: Functions of a whole batch.
            device: Where batches go.
            test: A folder of pictures without labels.
            collate_fn: Makes a batch of samples.
            size: Height and width in pixels, or one number for both.
            no_check: Whether the samples are not looked at now.
            resize_method: How pictures are brought to `size`.
            mult: Height and width become multiples of this number.
            padding_mode: What is beyond the border: 'reflection', 'border' or 'zeros'.
            mode: Interpolation: 'bilinear' or 'nearest'.
            tfm_y: Whether the labels live in the picture and are transformed with it.
            **kwargs: What `databunch` takes besides: on_error='skip' …
        """
        _check_keywords(cls.create_from_ll, kwargs)
        asked = {"size": size, "resize_method": resize_method, "mult": mult, "padding_mode": padding_mode, "mode": mode}
        settings = {name: value for name, value in asked.items() if value not in (None, _DEFAULTS.get(name))}
        lls = lls.transform(tfms=ds_tfms, tfm_y=tfm_y, **settings)
        if test is not None:
            lls = lls.add_test_folder(test)
        return lls.databunch(
            bs=bs, val_bs=val_bs, num_workers=num_workers, dl_tfms=dl_tfms, device=device,
            collate_fn=collate_fn, no_check=no_check, **kwargs,
        )  # fmt: skip

    @classmethod
    def from_folder(
        cls,
        path: PathOrStr,
        train: PathOrStr = "train",
        valid: PathOrStr = "valid",
        test: PathOrStr | None = None,
        valid_pct: float | None = None,
        seed: int | None = None,
        classes: Sequence[Any] | None = None,
        **kwargs: Any,
    ) -> ImageDataBunch:
        """Read a folder that has one folder a class.

        Args:
            path: The folder.
            train: The folder in it whose pictures train.
            valid: The folder in it whose pictures validate.
            test: A folder of pictures without labels.
            valid_pct: Share of the pictures that validates, between 0 and 1, drawn at random from all of
                `path`; `train` and `valid` are then not used.
            seed: Makes that draw repeatable.
            classes: The classes to keep, in the order wanted.
            **kwargs: What `create_from_ll` takes.
        """
        _check_keywords(cls.from_folder, kwargs)
        from onecycle.vision.image_list import ImageList

        classes = name_list("from_folder", "classes", classes)
        exclude = [str(test)] if test is not None and len(Path(test).parts) == 1 else None
        found = ImageList.from_folder(path, exclude=exclude)
        if valid_pct is None:
            src = found.split_by_folder(train=str(train), valid=str(valid))
        else:
            src = found.split_by_rand_pct(valid_pct, seed)
        _warn_of_classes(classes, found.items)
        return cls.create_from_ll(src.label_from_folder(classes=classes), test=test, **kwargs)

    @classmethod
    def from_df(
        cls,
        path: PathOrStr,
        df: Any,
        folder: PathOrStr | None = None,
        label_delim: str | None = None,
        valid_pct: float = 0.2,
        seed: int | None = None,
        fn_col: Any = 0,
        label_col: Any = 1,
        suffix: str = "",
        **kwargs: Any,
    ) -> ImageDataBunch:
        """Read a table of file names and labels.

        Args:
            path: The folder that the names start from.
            df: A pandas table.
            folder: A folder in `path` that the names start from.
            label_delim: What stands between several labels of one picture.
            valid_pct: Share of the pictures that validates, between 0 and 1.
            seed: Makes that draw repeatable.
            fn_col: Column of the names.
            label_col: Column or columns of the labels.
            suffix: What is added to each name, e.g. '.jpg'.
            **kwargs: What `create_from_ll` takes.
        """
        _check_keywords(cls.from_df, kwargs)
        from onecycle.vision.image_list import ImageList

        src = (
            ImageList.from_df(df, path=path, folder=folder, suffix=suffix, cols=fn_col)
            .split_by_rand_pct(valid_pct, seed)
            .label_from_df(label_delim=label_delim, cols=label_col)
        )
        return cls.create_from_ll(src, **kwargs)

    @classmethod
    def from_csv(
        cls,
        path: PathOrStr,
        folder: PathOrStr | None = None,
        label_delim: str | None = None,
        csv_labels: PathOrStr = "labels.csv",
        valid_pct: float = 0.2,
        seed: int | None = None,
        fn_col: Any = 0,
        label_col: Any = 1,
        suffix: str = "",
        delimiter: str | None = None,
        header: Any = "infer",
        encoding: str | None = None,
        **kwargs: Any,
    ) -> ImageDataBunch:
        """Read a CSV file of file names and labels.

        Args:
            path: The folder of the CSV file, from which the names start.
            folder: A folder in `path` that the names start from.
            label_delim: What stands between several labels of one picture.
            csv_labels: Name of the CSV file.
            valid_pct: Share of the pictures that validates, between 0 and 1.
            seed: Makes that draw repeatable.
            fn_col: Column of the names.
            label_col: Column or columns of the labels.
            suffix: What is added to each name, e.g. '.jpg'.
            delimiter: What stands between columns.
            header: Row of the column names, None where there are none.
            encoding: Encoding of the file; default: that of its byte order mark, else UTF-8.
            **kwargs: What `create_from_ll` takes.
        """
        _check_keywords(cls.from_csv, kwargs)
        df = read_csv(csv_file(path, csv_labels), header, delimiter, encoding, names=fn_col, keep_zeros=True)
        return cls.from_df(
            path, df, folder=folder, label_delim=label_delim, valid_pct=valid_pct, seed=seed,
            fn_col=fn_col, label_col=label_col, suffix=suffix, **kwargs,
        )  # fmt: skip

    @classmethod
    def from_lists(
        cls,
        path: PathOrStr,
        fnames: Sequence[PathOrStr],
        labels: Sequence[Any],
        valid_pct: float = 0.2,
        seed: int | None = None,
        item_cls: Any = None,
        **kwargs: Any,
    ) -> ImageDataBunch:
        """Take a list of files and a list of their labels.

        Args:
            path: The folder where models and exports go.
            fnames: The files.
            labels: One label a file.
            valid_pct: Share of the pictures that validates, between 0 and 1.
            seed: Makes that draw repeatable.
            item_cls: The list class that opens the files, `ImageList` when left out.
            **kwargs: What `create_from_ll` takes.

        Raises:
            ArgumentError: there are more files than labels, or fewer.
        """
        _check_keywords(cls.from_lists, kwargs)
        from onecycle.vision.image_list import ImageList

        fnames, labels = to_list(fnames), to_list(labels)
        if len(fnames) != len(labels):
            said = explain("from_lists", "labels", "must hold one label a file")
            raise ArgumentError(f"{said[:-1]}; got {len(labels)} labels for {len(fnames)} files.")
        kind = ImageList if item_cls is None else item_cls
        return cls._from_labelled(kind, path, fnames, labels, valid_pct, seed, kwargs)

    @classmethod
    def _from_labelled(
        cls, item_cls: Any, path: PathOrStr, fnames: Any, labels: Any, valid_pct: float, seed: int | None,
        kwargs: dict[str, Any],
    ) -> ImageDataBunch:  # fmt: skip
        """Keep the labels beside the files in a table, so that a file may be listed twice."""
        import pandas as pd

        table = pd.DataFrame({"label": list(labels)})
        src = item_cls(fnames, path=path, inner_df=table).split_by_rand_pct(valid_pct, seed)
        return cls.create_from_ll(src.label_from_df(cols="label"), **kwargs)

    @classmethod
    def from_name_func(
        cls,
        path: PathOrStr,
        fnames: Sequence[PathOrStr],
        label_func: Callable[[Any], Any],
        valid_pct: float = 0.2,
        seed: int | None = None,
        **kwargs: Any,
    ) -> ImageDataBunch:
        """Take a list of files and a function that tells the label of one.

        Args:
            path: The folder where models and exports go.
            fnames: The files.
            label_func: Called with a file; returns its label.
            valid_pct: Share of the pictures that validates, between 0 and 1.
            seed: Makes that draw repeatable.
            **kwargs: What `create_from_ll` takes.
        """
        _check_keywords(cls.from_name_func, kwargs)
        from onecycle.vision.image_list import ImageList

        src = ImageList(fnames, path=path).split_by_rand_pct(valid_pct, seed)
        return cls.create_from_ll(src.label_from_func(label_func), **kwargs)

    @classmethod
    def from_name_re(
        cls,
        path: PathOrStr,
        fnames: Sequence[PathOrStr],
        pat: str,
        valid_pct: float = 0.2,
        seed: int | None = None,
        **kwargs: Any,
    ) -> ImageDataBunch:
        r"""Take a list of files and a regular expression whose first group is the label.

        Args:
            path: The folder where models and exports go.
            fnames: The files.
            pat: The expression, searched in the whole path with '/' between folders, e.g. r'/([^/]+)_\d+.jpg$'.
            valid_pct: Share of the pictures that validates, between 0 and 1.
            seed: Makes that draw repeatable.
            **kwargs: What `create_from_ll` takes.
        """
        _check_keywords(cls.from_name_re, kwargs)
        from onecycle.vision.image_list import ImageList

        src = ImageList(fnames, path=path).split_by_rand_pct(valid_pct, seed)
        return cls.create_from_ll(src.label_from_re(pat, full_path=True), **kwargs)

    @staticmethod
    def single_from_classes(
        path: PathOrStr, classes: Sequence[Any], ds_tfms: Any = None, **kwargs: Any
    ) -> ImageDataBunch:
        """Make data without pictures, for predicting with a learner of known classes.

        Args:
            path: The folder where models are found.
            classes: The classes, in the order the model was trained with.
            ds_tfms: Transforms of the training and of the validation set.
            **kwargs: What `transform` takes: size …
        """
        from onecycle.data.categories import CategoryList
        from onecycle.vision.image_list import ImageList

        src = ImageList([], path=path, ignore_empty=True).split_none()
        labelled = src.label_const(0, label_cls=CategoryList, classes=classes)
        return labelled.transform(ds_tfms, **kwargs).databunch(no_check=True)

    def batch_stats(
        self, funcs: Sequence[Callable[..., Tensor]] | None = None, ds_type: DatasetType = DatasetType.Train
    ) -> list[Tensor]:
        """Return statistics of each channel over one batch, as it is before any normalisation.

        Args:
            funcs: Called with `(C, pixels)` and 1; mean and standard deviation when left out.
            ds_type: The set whose batch it is.

        Returns:
            One tensor `(C,)` a function.
        """
        x = self.one_batch(ds_type=ds_type, denorm=False)[0].cpu()  # (N, C, H, W)
        return [func(channel_view(x), 1) for func in ((torch.mean, torch.std) if funcs is None else funcs)]

    @known_keywords_only
    def normalize(self, stats: Any = None, do_x: bool = True, do_y: bool = False) -> ImageDataBunch:
        """Normalise every batch from now on; pictures are shown as they were before.

        Args:
            stats: (means, standard deviations), one a channel or one for all, e.g. `imagenet_stats`;
                those of one training batch when left out.
            do_x: Whether the inputs are normalised.
            do_y: Whether targets that are pictures are normalised too.

        Raises:
            ArgumentError: the data is normalised already.
            DataError: the pictures have another number of channels than there are means.

        Returns:
            The data itself.
        """
        if self.norm is not None:
            cure = "Build the data again to normalise it otherwise."
            raise ArgumentError(explain("normalize", "", f"can be called once; the data has {self.norm!r}", cure=cure))
        stats = self.batch_stats() if stats is None else stats
        norm = Normalize(*_two_stats(stats), do_x=do_x, do_y=do_y)
        self._check_channels(norm)
        self.add_tfm(norm)
        return self

    def _check_channels(self, norm: Normalize) -> None:
        """Look at one picture, so that wrong statistics are refused here and not in training."""
        shape: tuple[int, ...] = getattr(first_input(self.train_ds), "shape", ())
        if len(shape) == 3 and norm.do_x:
            norm.check_channels(shape[0])


def _warn_of_classes(classes: Any, files: Any) -> None:
    """Warn of classes that are the name of no folder of images."""
    if classes is None:
        return
    there = sorted({os.path.basename(os.path.dirname(file)) for file in files})
    unmatched = [str(name) for name in classes if str(name) not in there]
    warn_unmatched("from_folder", "classes", unmatched, there, "the name of a folder of images", stacklevel=4)


def _check_keywords(method: Callable[..., Any], given: Mapping[str, Any]) -> None:
    """Refuse a keyword that neither the method knows nor `create_from_ll`, before any file is read."""
    own = (*inspect.signature(method).parameters, *inspect.signature(ImageDataBunch.create_from_ll).parameters)
    known = {*own, *LOADER_KEYWORDS} - {"lls", "kwargs"}
    check_keywords(f"ImageDataBunch.{method.__name__}", given, known)


def _two_stats(stats: Any) -> tuple[Any, Any]:
    if not hasattr(stats, "__len__") or isinstance(stats, str) or len(stats) != 2:
        cure = "Pass stats=(means, standard deviations), e.g. imagenet_stats."
        raise ArgumentError(explain("normalize", "stats", "must be a pair", stats, cure))
    return stats[0], stats[1]
