"""The data of a text task: loaders with padded batches of like length."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from typing import Any

import numpy as np

from onecycle.data.bunch import DataBunch
from onecycle.data.collate import data_collate
from onecycle.errors import ArgumentError, DataError, explain
from onecycle.text.collate import pad_collate
from onecycle.text.recipes import TextRecipes
from onecycle.text.samplers import SortishSampler, SortSampler, lengths_of
from onecycle.text.special_tokens import PAD
from onecycle.types import PathOrStr
from onecycle.utils.registry import register

__all__ = ["TextClasDataBunch", "TextDataBunch"]

BatchTransform = Callable[[Any], Any]
_PAD_IDX = 1  # what number the padding has where nobody says


@register("data_bunch")
class TextDataBunch(TextRecipes, DataBunch):
    """The loaders of a text task, with the shortest ways to build them.

    Use `TextClasDataBunch` for labels, `TextLMDataBunch` for a language model.
    """

    _for_lm = False

    @property
    def vocab(self) -> Any:
        """Return the vocabulary."""
        return self.train_ds.x.vocab


@register("data_bunch")
class TextClasDataBunch(TextDataBunch):
    """The loaders of texts with labels: texts of like length in one batch, padded to the longest.

    Example:
        data = TextClasDataBunch.from_csv(path, "texts.csv", text_cols="text", label_cols="label")
        data.show_batch()
    """

    @classmethod
    def create(  # type: ignore[override]
        cls,
        train_ds: Any,
        valid_ds: Any,
        test_ds: Any = None,
        path: PathOrStr = ".",
        bs: int = 32,
        val_bs: int | None = None,
        pad_idx: int = _PAD_IDX,
        pad_first: bool = True,
        device: Any = None,
        no_check: bool = False,
        backwards: bool = False,
        dl_tfms: Collection[BatchTransform] | BatchTransform | None = None,
        **dl_kwargs: Any,
    ) -> TextClasDataBunch:
        """Make the loaders of labelled lists of texts.

        Training batches come in random order, the one with the longest text first; validation and test texts from
        the longest to the shortest (`data.valid_dl.dl.sampler.inverse()` leads back to the order of the list).

        Args:
            train_ds: The training set.
            valid_ds: The validation set, or None.
            test_ds: The test set, or None; its texts stay in their order.
            path: The folder where models and exports go.
            bs: Batch size.
            val_bs: Batch size for validation and test; `bs` when left out.
            pad_idx: Number of the padding token, which no text holds; that of the list of texts where it is left at 1.
            pad_first: Pad at the beginning of a text.
            device: Where batches go; `defaults.device` when left out.
            no_check: Do not look at a few samples now.
            backwards: Turn each text round.
            dl_tfms: Functions of a batch.
            **dl_kwargs: What `DataBunch.create` takes besides: num_workers, sampler …

        Raises:
            ArgumentTypeError: a keyword is unknown.
            DataError: the texts or labels cannot be read, or hold the token that would be padding.
        """
        given = dl_kwargs.pop("collate_fn", data_collate)
        pad_idx = _chosen(train_ds, pad_idx)
        if not no_check:
            _check_padding(train_ds, pad_idx)
        train_ds, valid_ds, test_ds = (_padded_with(pad_idx, each) for each in (train_ds, valid_ds, test_ds))
        padded = partial(pad_collate, pad_idx=pad_idx, pad_first=pad_first, backwards=backwards)
        collate_fn = padded if given is data_collate else given
        if "sampler" not in dl_kwargs and "batch_sampler" not in dl_kwargs and len(train_ds):
            size = min(bs, len(train_ds)) if isinstance(bs, int) and bs > 0 else 1
            dl_kwargs["sampler"] = SortishSampler(train_ds.x, lengths_of(train_ds.x.items), bs=size)
        data = super().create(
            train_ds, valid_ds, test_ds, path, bs, val_bs, dl_tfms=dl_tfms, device=device,
            collate_fn=collate_fn, no_check=no_check, **dl_kwargs,
        )  # fmt: skip
        if data.valid_dl is not None and len(data.valid_ds):
            lengths = lengths_of(valid_ds.x.items)
            data.valid_dl = data.valid_dl.new(sampler=SortSampler(valid_ds.x, lengths))
        return data

    @property
    def backwards(self) -> bool:
        """Say whether texts are turned round."""
        return bool(getattr(self.collate_fn, "keywords", {}).get("backwards", False))


def _chosen(dataset: Any, pad_idx: int) -> int:
    return int(getattr(dataset.x, "pad_idx", pad_idx)) if pad_idx == _PAD_IDX else pad_idx


def _padded_with(pad_idx: int, dataset: Any) -> Any:
    """Return a dataset whose texts are shown without this padding."""
    if dataset is None or getattr(dataset.x, "pad_idx", pad_idx) == pad_idx:
        return dataset
    texts = dataset.x.fresh()
    texts.pad_idx = pad_idx
    return dataset.new(texts, dataset.y)


def _check_padding(dataset: Any, pad_idx: int) -> None:
    """Refuse a number for the padding that stands for a token of the texts, or for none."""
    itos = getattr(getattr(dataset.x, "vocab", None), "itos", None)
    if itos is None or not len(dataset):
        return
    cure = "Pass pad_idx=…, the number of a token that no text holds; put one into the vocabulary where there is none."
    if not 0 <= pad_idx < len(itos):
        rule = f"must be the number of one of the {len(itos)} tokens of the vocabulary"
        raise ArgumentError(explain("databunch", "pad_idx", rule, pad_idx, cure))
    if itos[pad_idx] != PAD and any((np.asarray(text) == pad_idx).any() for text in dataset.x.items):
        rule = f"must number a token for padding alone; texts hold {itos[pad_idx]!r}"
        raise DataError(explain("databunch", "pad_idx", rule, pad_idx, cure))
