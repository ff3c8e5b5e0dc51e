"""Layer groups, and which of them learn."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from torch import nn

from onecycle.errors import ArgumentError, explain
from onecycle.nn.surgery import freeze_groups, split_model
from onecycle.utils.defaults import defaults

__all__: list[str] = []


class Freezing:
    """Split a learner's model into layer groups and freeze the first of them."""

    if TYPE_CHECKING:
        model: nn.Module
        layer_groups: list[Any]
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

        Batch norms of frozen groups go on learning unless the learner was made with `train_bn=False`; to keep
        their running statistics as well, add the callback `BnFreeze`.

        Args:
            n: Index of the first group that learns; negative counts from the end.

        Raises:
            ArgumentError: there is no such group.
        """
        count = len(self.layer_groups)
        if not isinstance(n, int) or not -count <= n < count:
            raise ArgumentError(
                explain("freeze_to", "n", f"must be an index into the {count} layer groups", n)
            )
        freeze_groups(self.layer_groups, n, self.train_bn)
        self.create_opt(defaults.lr)

    def freeze(self) -> None:
        """Let only the last layer group learn, the head of a pretrained network."""
        self.freeze_to(-1)

    def unfreeze(self) -> None:
        """Let every layer group learn."""
        self.freeze_to(0)
