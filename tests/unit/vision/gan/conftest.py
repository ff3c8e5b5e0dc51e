"""A GAN on points of the plane: four heaps, noise of four numbers."""

from functools import partial

import pytest
import torch
from torch import nn, optim

from onecycle.data.bunch import DataBunch
from onecycle.vision.gan.learner import GANLearner

HEAPS = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])


def net(n_in, n_out, width=32):
    return nn.Sequential(
        nn.Linear(n_in, width), nn.LeakyReLU(0.2), nn.Linear(width, width), nn.LeakyReLU(0.2), nn.Linear(width, n_out)
    )


def heap_batches(count, size=64, seed=0):
    draw = torch.Generator().manual_seed(seed)
    found = []
    for _ in range(count):
        which = torch.randint(4, (size,), generator=draw)
        real = HEAPS[which] + 0.05 * torch.randn(size, 2, generator=draw)
        found.append((torch.randn(size, 4, generator=draw), real))
    return found


@pytest.fixture
def heaps(tmp_path):
    """Return a function that makes data of so many batches."""
    return lambda train=6, valid=0: DataBunch(
        heap_batches(train), heap_batches(valid, seed=1) if valid else None, device="cpu", path=tmp_path, no_check=True
    )


@pytest.fixture
def make_gan(heaps):
    """Return a function that makes a silent Wasserstein GAN of the heaps."""

    def make(train=6, valid=0, seed=0, generator=None, critic=None, **how):
        torch.manual_seed(seed)
        sides = net(4, 2) if generator is None else generator, net(2, 1) if critic is None else critic
        how = {"silent": True, "wd": 0.0, "opt_func": partial(optim.Adam, betas=(0.0, 0.9)), **how}
        return GANLearner.wgan(heaps(train, valid), *sides, **how)

    return make
