"""Frozen statistics of batch norm."""

from __future__ import annotations

from typing import Any

from onecycle.nn.surgery import bn_types, set_bn_eval
from onecycle.training.callback import LearnerCallback

__all__ = ["BnFreeze"]


class BnFreeze(LearnerCallback):
    """Keep the running statistics of batch norms as they are while training.

    Args:
        learn: The learner.
        frozen_groups: Take all batch norms of layer groups that are frozen, also those whose scale and shift
            go on learning (`train_bn=True`); else only those that are frozen themselves.
    """

    def __init__(self, learn: Any, frozen_groups: bool = False) -> None:
        super().__init__(learn)
        self.frozen_groups = frozen_groups

    def on_epoch_begin(self, **kwargs: Any) -> None:
        """Put the batch norms into evaluation mode; training begins each epoch by leaving it."""
        set_bn_eval(self.learn.model)
        for group in self.learn.layer_groups if self.frozen_groups else []:
            if any(not parameter.requires_grad for parameter in group.parameters()):
                _evaluate_norms(group)


def _evaluate_norms(group: Any) -> None:
    for layer in group.modules():
        if isinstance(layer, bn_types):
            layer.eval()
