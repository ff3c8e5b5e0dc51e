"""Batch norm over all processes; alone it is torch's batch norm."""

import pytest
import torch
from torch import nn

from onecycle.nn.synced_norm import SyncedNorm, put_norms_back, sync_norms


@pytest.mark.parametrize("norm, shape", [
    (nn.BatchNorm1d(3), (8, 3)),
    (nn.BatchNorm1d(3, affine=False), (8, 3, 5)),
    (nn.BatchNorm2d(3, momentum=None), (4, 3, 5, 6)),
    (nn.BatchNorm3d(3, track_running_stats=False), (4, 3, 2, 3, 4)),
])  # fmt: skip
def test_alone_it_does_what_torchs_does(norm, shape):
    draw = torch.Generator().manual_seed(0)
    model, other = nn.Sequential(norm), nn.Sequential(type(norm)(3, norm.eps, norm.momentum, norm.affine,
                                                                 norm.track_running_stats))  # fmt: skip
    replaced = sync_norms(model)
    assert isinstance(model[0], SyncedNorm)
    for mode in (True, True, False):
        x = torch.randn(shape, generator=draw)
        mine, theirs = x.clone().requires_grad_(), x.clone().requires_grad_()
        one, two = model.train(mode)(mine), other.train(mode)(theirs)
        assert torch.allclose(one, two, atol=1e-5)
        one.square().sum().backward(), two.square().sum().backward()
        assert torch.allclose(mine.grad, theirs.grad, atol=1e-4)
    put_norms_back(replaced)
    assert model[0] is norm and not norm.training
    for (name, mine), theirs in zip(model.state_dict().items(), other.state_dict().values(), strict=True):
        assert torch.allclose(mine, theirs, atol=1e-5), name
