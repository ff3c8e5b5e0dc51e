"""QRNN layers: shapes, neighbours, directions, refusals. Values stand in tests/numeric/test_text_models.py."""

import pytest
import torch

from onecycle.errors import ArgumentError
from onecycle.text.models.qrnn import QRNN, QRNNLayer


@pytest.mark.parametrize("window", [1, 2])
@pytest.mark.parametrize("backward", [False, True])
def test_a_layer(window, backward):
    layer, x = QRNNLayer(4, 3, window=window, backward=backward), torch.randn(2, 6, 4)
    out, memory = layer(x)
    assert out.shape == (2, 6, 3) and memory.shape == (2, 3)
    out.sum().backward()
    assert layer.linear.weight.shape == (9, 4 * window)


def test_each_word_sees_itself_and_those_before():
    layer, x = QRNNLayer(4, 3, window=2), torch.randn(1, 6, 4)
    changed = x.clone()
    changed[:, 3] += 1
    apart = (layer(x)[0] - layer(changed)[0]).abs().sum(dim=2)[0]
    assert apart[:3].eq(0).all() and apart[3:].gt(0).all()


@pytest.mark.parametrize("output_gate", [True, False])
def test_time_may_come_first(output_gate):
    how = {"hidden_size": 3, "output_gate": output_gate, "window": 2}
    layer, other = QRNNLayer(4, **how), QRNNLayer(4, **how, batch_first=False)
    other.load_state_dict(layer.state_dict())
    x = torch.randn(2, 5, 4)
    torch.testing.assert_close(other(x.transpose(0, 1))[0].transpose(0, 1), layer(x)[0])


def test_the_last_word_is_the_neighbour_of_the_next_batch():
    layer, x = QRNNLayer(4, 3, window=2, save_prev_x=True), torch.randn(2, 6, 4)
    whole, _ = layer(x)
    layer.reset()
    first, memory = layer(x[:, :2])
    second, _ = layer(x[:, 2:], memory)
    torch.testing.assert_close(torch.cat([first, second], dim=1), whole)


def test_zoned_out_units_keep_their_memory():
    layer = QRNNLayer(4, 50, zoneout=0.5, output_gate=False)
    out, _ = layer(torch.randn(1, 5, 4))
    kept = (out[:, 1:] == out[:, :-1]).float().mean()
    assert 0.3 < kept < 0.7
    still = layer.eval()(torch.randn(1, 5, 4))[0]
    assert not (still[:, 1:] == still[:, :-1]).any()


def test_several_layers_in_both_directions():
    model = QRNN(4, 3, n_layers=2, bidirectional=True, dropout=0.1)
    out, memory = model(torch.randn(2, 5, 4), torch.randn(4, 2, 3))
    assert out.shape == (2, 5, 6) and memory.shape == (4, 2, 3)
    assert [layer.window for layer in model.layers] == [2, 2, 1, 1]
    assert QRNN(4, 3, bias=False).layers[0].linear.bias is None
    model.reset()


def test_the_direction_backwards_is_the_text_reversed():
    one, other = QRNNLayer(4, 3, window=2), QRNNLayer(4, 3, window=2, backward=True)
    other.load_state_dict(one.state_dict())
    x = torch.randn(2, 6, 4)
    torch.testing.assert_close(other(x.flip(1))[0].flip(1), one(x)[0])
    torch.testing.assert_close(other(x.flip(1))[1], one(x)[1])


def test_refusals():
    with pytest.raises(ArgumentError, match="QRNNLayer: window must be 1 or 2; got 3"):
        QRNNLayer(4, window=3)
    with pytest.raises(ArgumentError, match="QRNN: save_prev_x cannot go with bidirectional=True"):
        QRNN(4, 3, save_prev_x=True, bidirectional=True)
