from types import SimpleNamespace

import torch
from torch import nn

from onecycle.training.snapshot import Snapshot


def test_everything_is_put_back():
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)).eval()
    model[0].train()
    model(torch.ones(4, 2)).sum().backward()
    learn = SimpleNamespace(model=model, opt="mine")
    grad, before = model[0].weight.grad, {k: v.clone() for k, v in model.state_dict().items()}
    kept = Snapshot(learn)
    assert model[0].weight.grad is None
    learn.opt = "other"
    model.train()
    model(torch.randn(4, 2))
    with torch.no_grad():
        model[0].weight.add_(1)
    kept.restore(learn)
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert model[0].weight.grad is grad and learn.opt == "mine"
    assert model[0].training and not model[1].training
