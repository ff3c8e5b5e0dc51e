"""Single layers: shapes in and out, first values, order in lists."""

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrize import is_parametrized

from onecycle.nn import layers as L


def test_lambda_and_partial_layer_call_their_function():
    x = torch.tensor([[1.0, 2.0]])
    assert torch.equal(L.Lambda(lambda t: t * 2)(x), x * 2)
    assert L.PartialLayer(torch.sum, dim=1)(x).tolist() == [3.0]
    assert repr(L.PartialLayer(torch.sum, dim=1)) == "PartialLayer(sum, dim=1)"


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (L.View(3, 8), (3, 8)),
        (L.View(-1, 4), (6, 4)),
        (L.ResizeBatch(4, 3), (2, 4, 3)),
        (L.Flatten(), (2, 12)),
        (L.Flatten(full=True), (24,)),
    ],
)
def test_shapes(layer, shape):
    assert layer(torch.zeros(2, 3, 4)).shape == shape


def test_flatten_prints_like_the_contract():
    assert repr(L.Flatten()) == "Flatten()"


def test_debugger_stops_and_passes_the_batch(monkeypatch):
    stops = []
    monkeypatch.setattr("builtins.breakpoint", lambda: stops.append(1))
    x = torch.ones(1)
    assert L.Debugger()(x) is x
    assert stops == [1]


def test_concat_pool_gives_maxima_then_means():
    x = torch.arange(8.0).view(1, 2, 2, 2)
    assert L.AdaptiveConcatPool2d()(x).flatten().tolist() == [3.0, 7.0, 1.5, 5.5]
    assert L.AdaptiveConcatPool2d(2)(x).shape == (1, 4, 2, 2)
    assert [name for name, _ in L.AdaptiveConcatPool2d().named_children()] == ["ap", "mp"]


def test_pool_flatten():
    assert L.PoolFlatten()(torch.ones(2, 3, 5, 4)).tolist() == [[1.0] * 3] * 2


def test_relu_kinds():
    assert isinstance(L.relu(), nn.ReLU)
    assert L.relu(True).inplace
    assert L.relu(leaky=0.1)(torch.tensor([-1.0])).tolist() == pytest.approx([-0.1])


def test_sigmoid_range():
    x = torch.tensor([-100.0, 0.0, 100.0])
    assert L.sigmoid_range(x, 1, 5).tolist() == [1.0, 3.0, 5.0]
    assert L.SigmoidRange(1, 5)(x).tolist() == [1.0, 3.0, 5.0]


def test_bn_drop_lin_order_and_absences():
    names = lambda layers: [type(layer).__name__ for layer in layers]
    assert names(L.bn_drop_lin(4, 2, p=0.5, actn=nn.ReLU())) == ["BatchNorm1d", "Dropout", "Linear", "ReLU"]
    assert names(L.bn_drop_lin(4, 2, bn=False)) == ["Linear"]


def test_embedding_starts_small():
    weight = L.embedding(200, 20).weight
    assert weight.shape == (200, 20)
    assert weight.detach().abs().max() <= 0.02


def test_conv2d_keeps_the_size_and_has_no_bias():
    conv = L.conv2d(3, 8, ks=5)
    assert conv.bias is None
    assert conv(torch.zeros(1, 3, 9, 9)).shape == (1, 8, 9, 9)
    assert L.conv2d(3, 8, padding=0)(torch.zeros(1, 3, 9, 9)).shape == (1, 8, 7, 7)
    assert L.conv2d(1, 1, init=nn.init.ones_, bias=True).weight.detach().sum() == 9


def test_conv2d_trans_doubles():
    assert L.conv2d_trans(3, 8)(torch.zeros(1, 3, 4, 4)).shape == (1, 8, 8, 8)


def test_conv1d_is_spectrally_normalised():
    conv = L.conv1d(8, 4)
    assert is_parametrized(conv, "weight")
    assert conv(torch.zeros(2, 8, 5)).shape == (2, 4, 5)
