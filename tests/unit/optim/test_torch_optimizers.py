from functools import partial

import pytest
import torch

from onecycle.optim.torch_optimizers import TORCH_OPTIMIZERS
from onecycle.utils.registry import HOMES, decode, encode


@pytest.mark.parametrize("optimizer", TORCH_OPTIMIZERS)
def test_each_has_a_name_and_a_home(optimizer):
    assert decode(encode(optimizer)) is optimizer
    assert HOMES["optimizer"][optimizer.__name__] == "onecycle.optim.torch_optimizers"


def test_settings_come_along():
    made = decode(encode(partial(torch.optim.Adam, betas=(0.9, 0.99))))
    assert made.func is torch.optim.Adam and made.keywords == {"betas": (0.9, 0.99)}
