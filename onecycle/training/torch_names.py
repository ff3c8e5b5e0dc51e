"""Names for torch's own losses and optimisers, by which an exported learner refers to them."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from onecycle.utils.registry import register

__all__: list[str] = []

_LOSS_CLASSES = (
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
_LOSS_FUNCTIONS = (
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
_OPTIMIZERS = (
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

for _loss in (*_LOSS_CLASSES, *_LOSS_FUNCTIONS):
    register("loss", _loss.__name__)(_loss)
for _optimizer in _OPTIMIZERS:
    register("optimizer", _optimizer.__name__)(_optimizer)
