"""The table of layers: its form, its totals, odd models."""

import torch
from torch import nn

from onecycle.nn.attention import SelfAttention
from onecycle.nn.blocks import conv_layer, res_block
from onecycle.nn.layers import Flatten
from onecycle.nn.norm import NormType
from onecycle.nn.summary import (
    LayerInformation,
    get_layer_name,
    hook_params,
    layers_info,
    params_size,
    summary_table,
    total_params,
)

EXPECTED = """\
======================================================================
Layer (type)         Output Shape         Param #    Trainable 
======================================================================
Conv2d               [4, 64, 14, 14]      576        False     
______________________________________________________________________
ReLU                 [4, 64, 14, 14]      0          False     
______________________________________________________________________
BatchNorm2d          [4, 64, 14, 14]      128        True      
______________________________________________________________________
Flatten              [4, 12544]           0          False     
______________________________________________________________________
Linear               [4, 10]              125,450    True      
______________________________________________________________________

Total params: 126,154
Total trainable params: 125,578
Total non-trainable params: 576
"""  # noqa: W291


def net() -> nn.Sequential:
    model = nn.Sequential(conv_layer(1, 64, stride=2), Flatten(), nn.Linear(64 * 14 * 14, 10))
    model[0][0].requires_grad_(False)
    return model


def test_the_printed_form():
    assert summary_table(net(), torch.randn(4, 1, 28, 28)) == EXPECTED


def test_model_and_generator_are_left_as_they_were():
    model = nn.Sequential(nn.Linear(2, 2), nn.Dropout())
    state = torch.get_rng_state()
    summary_table(model, torch.ones(1, 2))
    assert model[1].training
    assert torch.equal(torch.get_rng_state(), state)


def test_merge_layers_have_their_row():
    rows = layers_info(res_block(4), torch.randn(1, 4, 6, 6))
    assert rows[-1] == LayerInformation("MergeLayer", [1, 4, 6, 6], 0, False)


def test_a_layer_called_twice_has_one_row():
    relu = nn.ReLU()
    model = nn.Sequential(nn.Linear(2, 3), relu, nn.Linear(3, 4), relu)
    rows = layers_info(model, torch.ones(1, 2))
    assert [row.Layer for row in rows] == ["Linear", "ReLU", "Linear"]
    assert rows[1].OutputSize == [1, 4]


def test_tuples_in_and_out():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn, self.linear, self.unused = nn.LSTM(2, 3), nn.Linear(3, 1), nn.ReLU()

        def forward(self, a, b):
            out, state = self.rnn(a + b)
            return self.linear(out), state

    rows = layers_info(Two(), (torch.zeros(5, 1, 2), torch.zeros(5, 1, 2)))
    assert rows[0].OutputSize == [[5, 1, 3], [[1, 1, 3], [1, 1, 3]]]
    assert rows[1].OutputSize == [5, 1, 1]
    assert rows[2].OutputSize == "not called"


def test_dict_and_other_outputs():
    class Odd(nn.Module):
        def forward(self, x):
            return {"a": x, "b": "text"}

    assert layers_info(nn.Sequential(Odd()), torch.zeros(1, 2))[0].OutputSize == [[1, 2], "str"]


def test_lone_parameters_and_reparametrised_layers_count():
    model = nn.Sequential(SelfAttention(8), conv_layer(8, 8, norm_type=NormType.Weight))
    table = summary_table(model, torch.randn(1, 8, 4, 4))
    rows = layers_info(model, torch.randn(1, 8, 4, 4))
    assert [row.Layer for row in rows] == ["Conv1d", "Conv1d", "Conv1d", "Parameter", "Conv2d", "ReLU"]
    total = sum(p.numel() for p in model.parameters())
    assert sum(row.Params for row in rows) == total
    assert f"Total params: {total:,}\n" in table


def test_shared_weights_count_once_in_the_total():
    encoder, decoder = nn.Linear(4, 4, bias=False), nn.Linear(4, 4, bias=False)
    decoder.weight = encoder.weight
    assert "Total params: 16\n" in summary_table(nn.Sequential(encoder, decoder), torch.zeros(1, 4))


def test_small_helpers():
    assert total_params(nn.Linear(3, 2)) == (8, True)
    assert total_params(nn.ReLU()) == (0, False)
    assert get_layer_name(nn.ReLU()) == "ReLU"
    model = nn.Sequential(nn.Conv2d(3, 2, 1), nn.Linear(4, 1))
    assert params_size(model, (3, 4, 4)) == ([[1, 2, 4, 4], [1, 2, 4, 1]], [8, 5], [True, True])
    with hook_params(list(model)) as hooks:
        model(torch.zeros(1, 3, 4, 4))
    assert hooks.stored == [(8, True), (5, True)]
    assert layers_info(nn.Sequential(nn.Conv2d(3, 2, 1)))[0].OutputSize == [1, 2, 64, 64]
