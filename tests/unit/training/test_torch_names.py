from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from onecycle.training import torch_names
from onecycle.utils.registry import decode, encode


@pytest.mark.parametrize("thing", [nn.CrossEntropyLoss, F.mse_loss, torch.optim.Adam, torch.optim.SGD])
def test_torch_s_own_things_have_names(thing):
    assert torch_names and decode(encode(thing)) is thing


def test_partials_of_them_too():
    made = decode(encode(partial(torch.optim.Adam, betas=(0.9, 0.99))))
    assert made.func is torch.optim.Adam and made.keywords == {"betas": (0.9, 0.99)}
