"""The data of a table: loaders that take a batch at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from onecycle.data.bunch import DataBunch
from onecycle.data.collate import data_collate
from onecycle.errors import check_keywords
from onecycle.tabular.frames import as_frame, check_columns
from onecycle.types import PathOrStr
from onecycle.utils.collections import listify
from onecycle.utils.registry import lookup, register

__all__ = ["TabularDataBunch"]

BatchTransform = Callable[[Any], Any]
_LABEL_KEYWORDS = ("label_cls", "log")


@register("data_bunch")
class TabularDataBunch(DataBunch):
    """The loaders of a table, with the shortest way to build them."""

    @classmethod
    def from_df(
        cls,
        path: PathOrStr,
        df: Any,
        dep_var: Any,
        valid_idx: Collection[int],
        procs: Any = None,
        cat_names: Any = None,
        cont_names: Any = None,
        classes: Sequence[Any] | None = None,
        test_df: Any = None,
        bs: int = 64,
        val_bs: int | None = None,
        num_workers: int | None = None,
        dl_tfms: Collection[BatchTransform] | None = None,
        device: Any = None,
        collate_fn: Callable[..., Any] = data_collate,
        no_check: bool = False,
        **label_kwargs: Any,
    ) -> Any:
        """Make the loaders of a table in one call.

        Args:
            path: The folder where models and exports go.
            df: A table of pandas, polars or pyarrow.
            dep_var: The column to be predicted, or several.
            valid_idx: Positions of the rows for validation.
            procs: The steps of preprocessing: `[FillMissing, Categorify, Normalize]`.
            cat_names: Columns of categories.
            cont_names: Columns of numbers; when left out all that are in neither `cat_names` nor `dep_var`.
            classes: Classes of the target in the order wanted.
            test_df: A table of test rows; columns that it lacks count as missing.
            bs: Batch size.
            val_bs: Batch size for validation and test; `bs` when left out.
            num_workers: Processes that load; none are needed, as a batch is one index operation.
            dl_tfms: Functions of a batch.
            device: Where batches go; `defaults.device` when left out.
            collate_fn: Makes a batch from samples, where something needs single ones.
            no_check: Do not look at a few samples now.
            **label_kwargs: `label_cls`, and `log=True` for `FloatList`.

        Raises:
            ArgumentTypeError: a keyword is unknown, or `df` is no table.
            DataError: a column is not there or holds what it must not; names it.

        Example:
            data = TabularDataBunch.from_df(path, df, "salary", range(800, 1000), procs, cat_names)
        """
        check_keywords(f"{cls.__name__}.from_df", label_kwargs, _LABEL_KEYWORDS)
        frame = as_frame("from_df", df)
        check_columns("from_df", frame, listify(dep_var))
        cont_names = _others(frame, listify(cat_names), listify(dep_var)) if cont_names is None else cont_names
        kind = lookup("item_list", "TabularList")
        source = kind.from_df(frame, cat_names, cont_names, procs, path=path).split_by_idx(valid_idx)
        labelled = source.label_from_df(cols=dep_var, classes=classes, **label_kwargs)
        if test_df is not None:
            labelled = labelled.add_test(test_df)
        return labelled.databunch(
            path=path, bs=bs, val_bs=val_bs, num_workers=num_workers, dl_tfms=dl_tfms, device=device,
            collate_fn=collate_fn, no_check=no_check,
        )  # fmt: skip

    @property
    def cat_names(self) -> list[Any]:
        """Return the columns of categories, those that say what was missing among them."""
        return self.train_ds.x.cat_names

    @property
    def cont_names(self) -> list[Any]:
        """Return the columns of numbers."""
        return self.train_ds.x.cont_names

    def get_emb_szs(self, sz_dict: Any = None) -> list[tuple[int, int]]:
        """Return number of categories and width of the embedding of each column.

        Args:
            sz_dict: Widths to be used: column -> width; for the others see `emb_sz_rule`.
        """
        return self.train_ds.x.get_emb_szs(sz_dict)


def _others(frame: Any, *taken: Sequence[Any]) -> list[Any]:
    used = {name for names in taken for name in names}
    return [name for name in frame.columns if name not in used]
