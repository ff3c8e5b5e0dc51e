"""A setting is taken as a scalar of NumPy or torch as it is taken as one of Python."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
import torch

from onecycle.collab.models import EmbeddingDotBias
from onecycle.data.sources import column_numbers
from onecycle.errors import ArgumentError
from onecycle.tabular.frames import as_row
from onecycle.tabular.sizes import embedding_sizes
from onecycle.utils.components import pca
from onecycle.vision.backbones import create_head
from onecycle.vision.gan.items import NoisyItem
from onecycle.vision.pixel_transforms import contrast
from onecycle.vision.resize import tis2hw

FRAME = pd.DataFrame({"name": ["a", "b"], "label": [1, 2]})


@pytest.mark.parametrize(
    "cols", [1, np.int64(1), torch.tensor(1), np.str_("label"), np.array(1), torch.tensor([1]), ["label"]]
)
def test_columns(cols):
    assert column_numbers("from_df", FRAME, cols) == [1]


@pytest.mark.parametrize("size", [np.int64(8), torch.tensor(8), np.array(8)])
def test_sizes(size):
    assert tis2hw(size) == [8, 8]


@pytest.mark.parametrize("number", [np.int64(3), torch.tensor(3), np.array(3)])
def test_counts(number):
    assert EmbeddingDotBias(number, 4, 5).u_weight.weight.shape == (4, 3)
    assert embedding_sizes({"a": ["x", "y"]}, ["a"], {"a": number}) == [(2, 3)]
    assert NoisyItem(number).data.shape == (3, 1, 1)
    assert pca(torch.eye(4), number).shape == (4, 3)


@pytest.mark.parametrize("width", [np.float64(2.5), torch.tensor(0), True])
def test_a_width_must_be_whole(width):
    with pytest.raises(ArgumentError, match="width of 'a' must be a whole number of at least 1"):
        embedding_sizes({"a": ["x", "y"]}, ["a"], {"a": width})


@pytest.mark.parametrize("share", [np.float32(0.5), torch.tensor(0.5), np.array([0.5])])
def test_dropouts(share):
    drops = [layer.p for layer in create_head(8, 2, ps=share).modules() if isinstance(layer, torch.nn.Dropout)]
    assert drops == [0.25, 0.5]


@pytest.mark.parametrize("p", [np.float32(0.5), torch.tensor(0.5)])
def test_probabilities(p):
    assert contrast(scale=2.0, p=p).p == 0.5


def test_a_row_of_records():
    assert as_row("predict", FRAME.to_records(index=False)[1], ["name"])["name"] == "b"


@pytest.mark.parametrize("rate", [Decimal("0.01"), slice(Decimal("0.001"), Decimal("0.01")), [Decimal("0.01")]])
def test_rates(rate, make_learner):
    assert float(np.atleast_1d(make_learner().lr_range(rate))[-1]) == pytest.approx(0.01)
