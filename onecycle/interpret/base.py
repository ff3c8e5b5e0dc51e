"""What a trained learner makes of a set: predictions, targets and the loss of each item, kept together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from torch import Tensor

from onecycle.data.loaders import DatasetType
from onecycle.data.missing_rows import is_missing_row
from onecycle.errors import ArgumentError, ArgumentTypeError, explain, known_keywords_only

__all__ = ["Interpretation"]

_Self = TypeVar("_Self", bound="Interpretation")


class Interpretation:
    """Keep what a learner predicts for a set, and what it costs.

    Args:
        learn: A trained learner; read through `data`, `model` and `get_preds`.
        preds: Predictions, one an item.
        y_true: Targets, one an item.
        losses: Losses, one an item; where an item has several, their mean counts.
        ds_type: Which set it is. The training set is read in order and unchanged (`DatasetType.Fix`).

    Attributes:
        is_read: Which items could be read, `(N,)`; the others (`on_error="skip"`) have rows of NaN and count nowhere.

    Raises:
        ArgumentError: there are not as many predictions as targets and losses.
    """

    def __init__(
        self, learn: Any, preds: Any, y_true: Any, losses: Tensor, ds_type: DatasetType = DatasetType.Valid
    ) -> None:
        self.learn, self.data = learn, learn.data
        self.preds, self.y_true = preds, y_true
        self.ds_type = in_order(ds_type)
        self.losses = _one_an_item(losses, _length(preds))
        _check_lengths(_length(preds), _length(y_true))
        self.is_read = ~is_missing_row(preds)

    @classmethod
    @known_keywords_only
    def from_learner(
        cls: type[_Self],
        learn: Any,
        ds_type: DatasetType = DatasetType.Valid,
        activ: Callable[[Tensor], Tensor] | None = None,
        tta: bool = False,
    ) -> _Self:
        """Predict a set and keep what came out.

        Args:
            learn: A trained learner.
            ds_type: Which set.
            activ: Turns outputs into probabilities; found from the loss when left out.
            tta: Take the predictions of `learn.TTA`, of images from several views each.
        """
        if not hasattr(learn, "get_preds"):
            raise ArgumentTypeError(explain(f"{cls.__name__}.from_learner", "learn", "must be a Learner", learn))
        predict = learn.TTA if tta else learn.get_preds
        preds, y_true, losses = predict(ds_type=in_order(ds_type), activ=activ, with_loss=True)
        return cls(learn, preds, y_true, losses, ds_type)

    @property
    def ds(self) -> Any:
        """The dataset, in the order of `preds`."""
        return self.data.dl(self.ds_type).dataset

    @property
    def classes(self) -> Sequence[Any]:
        """The names of the classes; their indices where the data has no names."""
        named = getattr(self.data, "classes", None)
        return list(named) if named is not None else list(range(self.data.c or 0))

    def top_losses(self, k: int | None = None, largest: bool = True) -> tuple[Tensor, Tensor]:
        """Return the k largest (or smallest) losses and the indices of their items.

        Args:
            k: How many; all when left out or when there are not so many.
            largest: Begin with the largest.

        Returns:
            The losses, in order, and their indices in `ds`.

        Raises:
            ArgumentError: k is less than 1.
        """
        known = (~self.losses.isnan()).nonzero().flatten()  # what could not be read has no loss
        if k is not None and k < 1:
            raise ArgumentError(explain("top_losses", "k", "must be at least 1", k))
        found = self.losses[known].topk(len(known) if k is None else min(k, len(known)), largest=largest)
        return found.values, known[found.indices]


def in_order(ds_type: DatasetType) -> DatasetType:
    """Return the set itself; for the shuffled training set, the same items in order."""
    return DatasetType.Fix if ds_type is DatasetType.Train else ds_type


def _length(batch: Any) -> int:
    return _length(batch[0]) if isinstance(batch, (list, tuple)) else len(batch)


def _one_an_item(losses: Tensor, count: int) -> Tensor:
    """Return the mean loss of each item, `(N,)`."""
    if count == 0 or losses.numel() % count:
        raise ArgumentError(
            f"Interpretation: losses must be one an item (or the same number for each); got {losses.numel()} losses "
            f"for {count} predictions. Use a loss with reduction='none'."
        )
    return losses.reshape(count, -1).float().mean(1)


def _check_lengths(n_preds: int, n_targets: int) -> None:
    if n_preds != n_targets:
        raise ArgumentError(
            f"Interpretation: y_true must have a target for each prediction; got {n_targets} targets for {n_preds} "
            f"predictions. Predict the set and its targets in one call of get_preds."
        )
