"""Dropout of units, words and weights."""

import warnings

import pytest
import torch
from torch import nn

from onecycle.errors import ArgumentError, ArgumentTypeError
from onecycle.text.models.dropout import EmbeddingDropout, RNNDropout, WeightDropout, dropout_mask


@pytest.mark.parametrize("p", [0.02, 0.2, 0.5, 0.9])
def test_a_mask_has_its_share_of_zeros_and_mean_one(p):
    mask = dropout_mask(torch.zeros(1), (500, 401), p)
    assert mask.shape == (500, 401)
    assert (mask == 0).float().mean().item() == pytest.approx(p, abs=0.005)
    assert mask[mask > 0].unique().item() == pytest.approx(1 / (1 - p), rel=1e-4)


def test_a_mask_of_nothing_and_of_all_of_the_dtype_asked_for():
    like = torch.zeros(1, dtype=torch.float64)
    assert dropout_mask(like, (2, 3), 0).eq(1).all() and dropout_mask(like, (2, 3), 1).eq(0).all()
    assert dropout_mask(like, (2, 3), 0.5).dtype == torch.float64


def test_masks_repeat_with_the_seed():
    masks = [torch.manual_seed(3) and dropout_mask(torch.zeros(1), (7, 5), 0.5) for _ in range(2)]
    assert torch.equal(*masks)


def test_the_same_units_are_dropped_at_every_step():
    out = RNNDropout(0.5)(torch.ones(4, 6, 50))
    assert torch.equal(out, out[:, :1].expand_as(out)) and 0 < (out == 0).float().mean() < 1
    assert not torch.equal(out[0], out[1])


def test_nothing_is_dropped_in_evaluation():
    x, words = torch.randn(2, 3, 4), torch.tensor([[0, 1]])
    emb = nn.Embedding(3, 4)
    assert torch.equal(RNNDropout(0.5).eval()(x), x)
    assert torch.equal(EmbeddingDropout(emb, 0.5).eval()(words), emb(words))


def test_words_are_dropped_whole_and_everywhere():
    emb = nn.Embedding(40, 3)
    words = torch.arange(40).repeat(2, 1)
    out = EmbeddingDropout(emb, 0.5)(words)
    dropped = out.eq(0).all(dim=2)
    assert torch.equal(dropped[0], dropped[1]) and 5 < dropped[0].sum() < 35
    torch.testing.assert_close(out[~dropped], 2 * emb(words)[~dropped])


def test_words_are_scaled_in_evaluation_too():
    emb, words = nn.Embedding(4, 3), torch.tensor([[1, 2]])
    torch.testing.assert_close(EmbeddingDropout(emb, 0.5).eval()(words, scale=0.3), 0.3 * emb(words))


def test_in_evaluation_a_wrapped_lstm_is_the_lstm():
    torch.manual_seed(1)
    plain = nn.LSTM(4, 3, batch_first=True, bidirectional=True)
    torch.manual_seed(1)
    bare = nn.LSTM(4, 3, batch_first=True, bidirectional=True)
    wrapped = WeightDropout(bare, 0.5, ["weight_hh_l0", "weight_hh_l0_reverse"]).eval()
    x, state = torch.randn(2, 5, 4), (torch.randn(2, 2, 3), torch.randn(2, 2, 3))
    for given in ((x,), (x, state)):
        for one, other in zip(_flat(plain(*given)), _flat(wrapped(*given)), strict=True):
            torch.testing.assert_close(one, other)


@pytest.mark.parametrize("rnn", [nn.GRU(4, 3, num_layers=2), nn.RNN(4, 3), nn.RNN(4, 3, nonlinearity="relu")])
def test_other_recurrent_layers(rnn):
    import copy

    wrapped = WeightDropout(copy.deepcopy(rnn), 0.5).eval()
    x = torch.randn(5, 2, 4)
    for one, other in zip(rnn(x), wrapped(x), strict=True):
        torch.testing.assert_close(one, other)


def _flat(result):
    return [result[0], *result[1]]


@pytest.mark.parametrize(("inner", "name"), [(nn.LSTM(4, 3), "weight_hh_l0"), (nn.Linear(4, 3), "weight")])
def test_weights_are_dropped_anew_at_every_call_and_learn(inner, name):
    wrapped, x = WeightDropout(inner, 0.5, [name]), torch.randn(6, 2, 4)
    outs = [wrapped(x) for _ in range(2)]
    first, second = (out[0] if isinstance(out, tuple) else out for out in outs)
    assert not torch.equal(first, second)
    first.sum().backward()
    raw = getattr(wrapped, f"{name}_raw")
    assert raw.grad.abs().sum() > 0 and raw.grad.eq(0).any()


def test_the_weight_has_one_home():
    wrapped = WeightDropout(nn.LSTM(4, 3), 0.5)
    names = {"weight_hh_l0_raw", "module.weight_ih_l0", "module.bias_ih_l0", "module.bias_hh_l0"}
    assert {name for name, _ in wrapped.named_parameters()} == names == set(wrapped.state_dict())
    assert "weight_p=0.5" in repr(wrapped)


def test_older_files_hold_the_weight_twice():
    wrapped = WeightDropout(nn.LSTM(4, 3), 0.5)
    state = wrapped.state_dict()
    wanted = torch.randn_like(state["weight_hh_l0_raw"])
    wrapped.load_state_dict({**state, "weight_hh_l0_raw": wanted, "module.weight_hh_l0": torch.zeros(12, 3)})
    assert torch.equal(wrapped.weight_hh_l0_raw, wanted)
    del state["weight_hh_l0_raw"]
    wrapped.load_state_dict({**state, "module.weight_hh_l0": 2 * wanted})
    assert torch.equal(wrapped.weight_hh_l0_raw, 2 * wanted)


def test_no_class_is_changed_and_no_warning_given():
    lstm = nn.LSTM(4, 3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        wrapped = WeightDropout(lstm, 0.5).double().float()
        wrapped(torch.randn(2, 2, 4))
    assert type(lstm) is nn.LSTM and "forward" not in vars(lstm)


def test_reset_reaches_the_module():
    class Remembers(nn.Linear):
        seen = 1

        def reset(self):
            self.seen = 0

    inner = Remembers(2, 2)
    WeightDropout(inner, 0.1, ["weight"]).reset()
    WeightDropout(nn.Linear(2, 2), 0.1, "weight").reset()
    assert inner.seen == 0


def test_a_weight_that_is_not_there():
    with pytest.raises(ArgumentError, match=r"layer_names must name weights .* Did you mean 'weight_hh_l0'"):
        WeightDropout(nn.LSTM(2, 2), 0.5, ["weight_hh"])


def test_packed_sequences_are_refused():
    packed = nn.utils.rnn.pack_sequence([torch.randn(3, 2), torch.randn(2, 2)])
    with pytest.raises(ArgumentTypeError, match="WeightDropout: input must be a tensor; got PackedSequence"):
        WeightDropout(nn.LSTM(2, 2), 0.5)(packed)


@pytest.mark.parametrize("p", [-0.1, 1.1, "much"])
def test_no_share(p):
    makers = (
        RNNDropout,
        lambda p: EmbeddingDropout(nn.Embedding(2, 2), p),
        lambda p: WeightDropout(nn.LSTM(2, 2), p),
    )
    for make in makers:
        with pytest.raises(ArgumentError, match="must be a share from 0 to 1; got"):
            make(p)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_gradients_pass_where_weights_were_kept(dtype):
    wrapped = WeightDropout(nn.Linear(30, 20, bias=False), 0.5, ["weight"]).to(dtype)
    dropped = wrapped.weights()["weight"]
    dropped.sum().backward()
    raw = wrapped.weight_raw
    torch.testing.assert_close(dropped, raw * raw.grad)
    assert set(raw.grad.unique().tolist()) == {0, 2} and dropped.dtype == dtype
