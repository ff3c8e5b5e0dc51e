import pytest
import torch
from torch import nn

from onecycle.errors import ArgumentError
from onecycle.tabular.models import TabularModel

CODES, NUMBERS = torch.tensor([[1, 0], [2, 3], [0, 1]]), torch.randn(3, 2)


def test_the_layers_by_hand():
    torch.manual_seed(0)
    model = TabularModel([(3, 2), (4, 3)], 2, 1, [5], emb_drop=0.5, ps=0.5).eval()
    embedded = torch.cat([model.embeds[0].weight[CODES[:, 0]], model.embeds[1].weight[CODES[:, 1]]], 1)
    x = torch.cat([embedded, NUMBERS / (1 + 1e-5) ** 0.5], 1)
    first, last = model.layers[0], model.layers[-1]
    hidden = torch.relu(x @ first.weight.T + first.bias) / (1 + 1e-5) ** 0.5
    torch.testing.assert_close(model(CODES, NUMBERS), hidden @ last.weight.T + last.bias)


def test_the_names_of_the_weights():
    names = TabularModel([(3, 2)], 1, 2, [8, 4]).state_dict()
    assert [name for name in names if name.endswith("weight")] == [
        "embeds.0.weight", "bn_cont.weight", "layers.0.weight", "layers.2.weight", "layers.3.weight",
        "layers.5.weight", "layers.6.weight",
    ]  # fmt: skip


def test_settings():
    plain = TabularModel([(3, 2)], 1, 2, [8], use_bn=False, ps=[0.25], bn_final=True)
    kinds = [type(layer) for layer in plain.layers]
    assert kinds == [nn.Linear, nn.ReLU, nn.Dropout, nn.Linear, nn.BatchNorm1d]
    assert plain.get_sizes([8], 2) == [3, 8, 2]
    ranged = TabularModel([(3, 2), (4, 2)], 2, 1, [8], y_range=torch.tensor([1.0, 5.0]))
    with torch.no_grad():
        ranged.layers[-1].weight.mul_(1000)
    out = ranged(CODES, NUMBERS).detach()
    assert ranged.y_range == (1.0, 5.0) and 1 <= float(out.min()) <= float(out.max()) <= 5
    assert [layer.p for layer in TabularModel([], 1, 1, [8, 4], ps=[0.5]).layers if isinstance(layer, nn.Dropout)] == [
        0.5, 0.5,
    ]  # fmt: skip


def test_one_kind_of_columns():
    assert TabularModel([], 2, 1, [4]).eval()(torch.zeros(3, 0, dtype=torch.int64), NUMBERS).shape == (3, 1)
    assert TabularModel([(3, 2), (4, 2)], 0, 1, [4])(CODES, torch.zeros(3, 0)).shape == (3, 1)


def test_wrong_settings():
    with pytest.raises(ArgumentError, match="must have columns: emb_szs is empty and n_cont is 0"):
        TabularModel([], 0, 1, [4])
    for y_range in ((5, 1), 3, (1, 2, 3), "ab", (None, 1), (0, float("inf")), [(0, 1), (0, 2)]):
        with pytest.raises(ArgumentError, match="y_range must be two growing numbers, for all outputs"):
            TabularModel([], 1, 1, [4], y_range=y_range)
    for ps in ([0.1, 0.2, 0.3], 1.0, [-0.1, 0.1], "a", [None, 0.1]):
        with pytest.raises(ArgumentError, match="ps must be numbers from 0 to below 1, one for each of the 2 hidden"):
            TabularModel([], 1, 1, [4, 4], ps=ps)
    for emb_drop in (1.5, "a", None):
        with pytest.raises(ArgumentError, match="emb_drop must be a number from 0 to below 1"):
            TabularModel([(3, 2)], 1, 1, [4], emb_drop=emb_drop)
