"""Names for torch's own optimisers, by which an exported learner refers to them."""

from __future__ import annotations

import torch

from onecycle.utils.registry import register

__all__: list[str] = []

TORCH_OPTIMIZERS = (
    torch.optim.ASGD,
    torch.optim.Adadelta,
    torch.optim.Adagrad,
    torch.optim.Adam,
    torch.optim.AdamW,
    torch.optim.Adamax,
    torch.optim.NAdam,
    torch.optim.RAdam,
    torch.optim.RMSprop,
    torch.optim.Rprop,
    torch.optim.SGD,
)

for _optimizer in TORCH_OPTIMIZERS:
    register("optimizer")(_optimizer)
