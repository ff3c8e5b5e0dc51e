"""Layer groups, and which of them learn."""

from __future__ import annotations

from collections.abc import Callable
from operator import index
from typing import TYPE_CHECKING, Any, SupportsIndex

from torch import nn

from onecycle.errors import ArgumentError, explain
from onecycle.nn.surgery import freezable_params, freeze_groups, split_model, trainable_params
from onecycle.utils.defaults import defaults

if TYPE_CHECKING:
    from onecycle.optim.wrapper import OptimWrapper

__all__: list[str] = []


class Freezing:
    """Split a learner's model into layer groups and freeze the first of them."""

    if TYPE_CHECKING:
        model: nn.Module
        layer_groups: list[Any]
        opt: OptimWrapper | None
        train_bn: bool
        create_opt: Callable[..., None]

    def split(self, split_on: Any) -> Any:
        """Split the model into layer groups.

        Args:
            split_on: Modules at which a new group begins, lists of layers, or a function of the model that
                returns either.

        Returns:
            The learner.
        """
        wanted = (
            split_on(self.model) if callable(split_on) and not isinstance(split_on, nn.Module) else split_on
        )
        self.layer_groups = split_model(self.model, wanted)
        self.create_opt(defaults.lr)
        return self

    def freeze_to(self, n: int) -> None:
        """Let the layer groups from `n` on learn, and freeze those before.

        Scale and shift of the batch norms of frozen groups go on learning unless the learner was made with
        `train_bn=False`. Their running statistics stay as they are, and training normalises with them.

        Args:
            n: Index of the first group that learns; negative counts from the end. The number of groups freezes all.

        Raises:
            ArgumentError: there is no such group.
        """
        count = len(self.layer_groups)
        if isinstance(n, bool) or not isinstance(n, SupportsIndex) or not -count <= index(n) <= count:
            rule = f"must be a whole number from {-count} to {count}, as there are {count} layer groups"
            raise ArgumentError(explain("freeze_to", "n", rule, n))
        freeze_groups(self.layer_groups, index(n), self.train_bn)
        if any(trainable_params(group) for group in self.layer_groups):
            self.create_opt(defaults.lr)
        else:
            self.opt = None  # there is nothing to optimise until something is unfrozen

    def freeze(self) -> None:
        """Let only the last layer group learn, the head of a pretrained network.

        Raises:
            ArgumentError: there is nothing to freeze before the last group, most often as the model is one group.
        """
        if not freezable_params(self.layer_groups[:-1], self.train_bn):
            raise ArgumentError(_not_split(len(self.layer_groups)))
        self.freeze_to(-1)

    def unfreeze(self) -> None:
        """Let every layer group learn."""
        self.freeze_to(0)


def _not_split(count: int) -> str:
    groups = "1 layer group" if count == 1 else f"{count} layer groups, without such weights"
    return (
        f"freeze: there must be weights to freeze before the last layer group; the learner has {groups}. Split the "
        f"model first, e.g. learn.split(lambda m: m[1]), or freeze all of it with learn.freeze_to({count})."
    )
