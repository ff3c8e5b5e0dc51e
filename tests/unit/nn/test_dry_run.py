"""Dry runs: they fit the model and leave no trace."""

import pytest
import torch
from torch import nn

from onecycle.errors import ArgumentError
from onecycle.nn.dry_run import dummy_batch, dummy_eval, dummy_output, model_sizes, num_features_model


def net() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(3, 4, 3, stride=2), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.Conv2d(4, 5, 3))


def test_dummy_batch_fits_the_model_and_leaves_the_generator_alone():
    model, state = net().double(), torch.get_rng_state()
    batch = dummy_batch(model, (5, 7))
    assert torch.equal(torch.get_rng_state(), state)
    assert batch.shape == (1, 3, 5, 7)
    assert batch.dtype == torch.float64
    assert batch.min() >= -1 and batch.max() <= 1


def test_dry_run_leaves_mode_and_statistics():
    model = net()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    assert dummy_eval(model, (16, 16)).shape == (1, 5, 5, 5)
    assert model.training
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())


def test_model_sizes_of_each_child():
    assert [tuple(s) for s in model_sizes(net(), (8, 8))] == [(1, 4, 3, 3)] * 3 + [(1, 5, 1, 1)]


def test_num_features_grows_the_picture_until_it_fits():
    deep = nn.Sequential(nn.Conv2d(3, 6, 3, stride=16), nn.Conv2d(6, 7, 9))
    assert num_features_model(deep) == 7
    assert dummy_output(deep).shape == (1, 7, 6, 6)  # 224 pixels, the first size that fits


def test_num_features_says_why_nothing_fits():
    stubborn = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Linear(5, 6))
    with pytest.raises(ArgumentError, match=r"dry run: m must take one item .* the model says: mat1 and mat2"):
        num_features_model(stubborn)
