"""Names and states of torch's own losses, so that a file can hold them."""

from __future__ import annotations

import inspect
from functools import partial
from typing import Any

import torch.nn.functional as F
from torch import nn

from onecycle.utils.registry import give_state, register

__all__: list[str] = []

_CLASSES: tuple[type[nn.Module], ...] = (
    nn.BCELoss,
    nn.BCEWithLogitsLoss,
    nn.CosineEmbeddingLoss,
    nn.CrossEntropyLoss,
    nn.GaussianNLLLoss,
    nn.HingeEmbeddingLoss,
    nn.HuberLoss,
    nn.KLDivLoss,
    nn.L1Loss,
    nn.MSELoss,
    nn.MultiLabelMarginLoss,
    nn.MultiLabelSoftMarginLoss,
    nn.MultiMarginLoss,
    nn.NLLLoss,
    nn.PoissonNLLLoss,
    nn.SmoothL1Loss,
    nn.SoftMarginLoss,
)
_FUNCTIONS = (
    F.binary_cross_entropy,
    F.binary_cross_entropy_with_logits,
    F.cross_entropy,
    F.huber_loss,
    F.kl_div,
    F.l1_loss,
    F.mse_loss,
    F.nll_loss,
    F.smooth_l1_loss,
)
_OLD = ("size_average", "reduce")  # replaced by `reduction` in torch 0.4.1


def _keywords(cls: type) -> list[str]:
    """Return the parameters of a loss; torch keeps each under its own name."""
    return [name for name in inspect.signature(cls).parameters if name not in _OLD]


def _get_state(loss: Any) -> dict[str, Any]:
    return {name: getattr(loss, name) for name in _keywords(type(loss))}


def _from_state(cls: type, state: dict[str, Any]) -> Any:
    return cls(**state)


for _cls in _CLASSES:
    register("loss")(_cls)
    give_state(_cls, _get_state, partial(_from_state, _cls))
for _function in _FUNCTIONS:
    register("loss")(_function)
