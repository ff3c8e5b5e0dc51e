"""The data of a language model: the corpora of training and validation as streams."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection
from typing import Any

from onecycle.data.bunch import as_list
from onecycle.data.collate import data_collate, exact_device
from onecycle.data.loaders import DeviceDataLoader
from onecycle.errors import DataError
from onecycle.text.bunch import TextDataBunch
from onecycle.text.lm_loader import LanguageModelPreLoader
from onecycle.types import JsonDict, PathOrStr
from onecycle.utils.defaults import defaults
from onecycle.utils.registry import register

__all__ = ["TextLMDataBunch"]

BatchTransform = Callable[[Any], Any]


@register("data_bunch")
class TextLMDataBunch(TextDataBunch):
    """The loaders of a language model; see `LanguageModelPreLoader` for what a batch holds.

    Example:
        data = TextLMDataBunch.from_csv(path, "texts.csv", text_cols="text", bs=64, bptt=70)
        data.show_batch()
    """

    _for_lm = True

    @classmethod
    def create(  # type: ignore[override]
        cls,
        train_ds: Any,
        valid_ds: Any,
        test_ds: Any = None,
        path: PathOrStr = ".",
        no_check: bool = False,
        bs: int = 64,
        val_bs: int | None = None,
        num_workers: int | None = 0,
        device: Any = None,
        collate_fn: Callable[..., Any] = data_collate,
        dl_tfms: Collection[BatchTransform] | BatchTransform | None = None,
        bptt: int = 70,
        backwards: bool = False,
        jitter: bool = False,
        **dl_kwargs: Any,
    ) -> TextLMDataBunch:
        """Make the loaders of lists of texts.

        The training texts come in a new order each epoch; those of validation and test in theirs.

        Args:
            train_ds: The training set.
            valid_ds: The validation set, or None.
            test_ds: The test set, or None.
            path: The folder where models and exports go.
            no_check: Do not look at the sizes now.
            bs: Number of streams: the batch size.
            val_bs: The same for validation and test; `bs` when left out.
            num_workers: Processes that load; there is hardly anything to load.
            device: Where batches go; `defaults.device` when left out.
            collate_fn: Has no effect on streams; single texts to predict go through it.
            dl_tfms: Functions of a batch.
            bptt: Tokens in a window.
            backwards: Read the corpora from their end to their beginning.
            jitter: Draw the width of each training window.
            **dl_kwargs: `pin_memory`, or what torch's DataLoader knows.

        Raises:
            ArgumentError: `bs` or `bptt` is not at least 1.
            DataError: there are not enough tokens for that many streams; says how many there are.
        """
        tfms = as_list(dl_tfms)
        place = exact_device(defaults.device if device is None else device)
        shared: dict[str, Any] = {"device": place, "tfms": tfms, "num_workers": num_workers, **dl_kwargs}

        def loader(dataset: Any, size: int, **how: Any) -> DeviceDataLoader:
            source = LanguageModelPreLoader(dataset, bs=size, bptt=bptt, backwards=backwards, **how)
            return DeviceDataLoader.create(source, size, **shared)

        val_bs = bs if val_bs is None else val_bs
        train = loader(train_ds, bs, shuffle=True, jitter=jitter)
        valid, test = (None if each is None else loader(each, val_bs) for each in (valid_ds, test_ds))
        return cls(
            train, valid, None, test,
            device=place, dl_tfms=tfms, path=path, collate_fn=collate_fn, no_check=no_check,
        )  # fmt: skip

    # The corpora are what the loaders read; the datasets are the lists of texts that they were made of.

    @property
    def _corpus(self) -> LanguageModelPreLoader:
        return self.train_dl.dataset

    @property
    def train_ds(self) -> Any:
        """Return the training texts."""
        return _texts_behind(self.train_dl)

    @property
    def valid_ds(self) -> Any:
        """Return the validation texts, or None."""
        return _texts_behind(self.valid_dl)

    @property
    def test_ds(self) -> Any:
        """Return the test texts, or None."""
        return _texts_behind(self.test_dl)

    @property
    def bptt(self) -> int:
        """Return how many tokens a window has."""
        return int(self._corpus.bptt)

    @property
    def backwards(self) -> bool:
        """Say whether the corpora are read from their end."""
        return bool(self._corpus.backwards)

    def sanity_check(self) -> None:
        """Look at the sizes of the corpora.

        Raises:
            DataError: there is no training text.
        """
        train = self._corpus
        if not len(train):
            raise DataError("data: the training set is empty: look at the split. Pass no_check=True if it is meant.")
        if train.stream_length < train.bptt:
            warnings.warn(_small(train), UserWarning, stacklevel=4)

    def _new_fix_dl(self) -> DeviceDataLoader:
        return self.train_dl.new(dataset=self._corpus.like(shuffle=False, jitter=False))

    def _new_single_dl(self) -> DeviceDataLoader:
        source = self.train_ds if self.valid_ds is None else self.valid_ds
        dataset = source.new(source.x, source.y)
        return self._loader.create(dataset, 1, device=self.device, tfms=self.dl_tfms, num_workers=0)

    def add_test(self, items: Any, label: Any = None, tfms: Any = None, tfm_y: Any = None) -> None:
        """Give the data a test corpus, treated as that of validation is.

        Args:
            items: A list of texts, or the texts themselves.
            label: Has no effect: the targets are the next tokens.
            tfms: Has no effect.
            tfm_y: Has no effect.
        """
        self.test_dl = self.items_dl(items)

    def items_dl(self, items: Any, label: Any = None, tfms: Any = None, tfm_y: Any = None) -> DeviceDataLoader:
        """Return a loader of texts that are treated as those of validation are; the bunch stays as it is.

        Args:
            items: A list of texts, or the texts themselves.
            label: Has no effect: the targets are the next tokens.
            tfms: Has no effect.
            tfm_y: Has no effect.
        """
        texts = self.single_ds.x.from_items(items).process()
        labelled = self.single_ds.new(texts, self.single_ds.y.new([0] * len(texts)))
        like = self._corpus if self.valid_dl is None else self.valid_dl.dataset
        settings = {name: getattr(like, name) for name in ("bs", "bptt", "backwards")}
        return self.train_dl.new(dataset=LanguageModelPreLoader(labelled, **settings), bs=like.bs)

    def more_state(self) -> JsonDict:
        """Return how the streams are read."""
        return {"bptt": self.bptt, "backwards": self.backwards, "jitter": self._corpus.jitter}

    @classmethod
    def settings_from(cls, more: JsonDict) -> dict[str, Any]:
        """Return the keywords of `create` that `more_state` holds."""
        return dict(more)


def _texts_behind(loader: DeviceDataLoader | None) -> Any:
    return None if loader is None else loader.dataset.dataset


def _small(train: LanguageModelPreLoader) -> str:
    total, bs, bptt = train.texts.total, train.bs, train.bptt
    return (
        f"databunch: the training corpus has {total} tokens, fewer than bs {bs} x bptt {bptt} = {bs * bptt}; its one "
        f"batch is {train.stream_length} tokens wide. Pass a smaller bs or bptt, or more text."
    )
