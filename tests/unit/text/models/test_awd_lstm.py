"""The AWD-LSTM: shapes, memory, layer groups, names in files."""

import copy

import pytest
import torch
from torch import nn

from onecycle.errors import ArgumentError
from onecycle.text.heads import get_language_model, get_text_classifier
from onecycle.text.models.awd_lstm import AWD_LSTM, awd_lstm_clas_split, awd_lstm_lm_split

SMALL = {"emb_sz": 6, "n_hid": 8}
KINDS = [{}, {"qrnn": True}, {"bidir": True}, {"qrnn": True, "bidir": True}]


def words(rows=3, length=5):
    return torch.randint(2, 20, (rows, length))


def encoder(**more):
    return AWD_LSTM(20, 6, 8, 3, **more)


def same(one, other):
    torch.testing.assert_close(one[0][-1], other[0][-1])


@pytest.mark.parametrize("kind", KINDS)
def test_shapes(kind):
    raw, out = encoder(**kind)(words())
    assert [tuple(layer.shape) for layer in raw] == [(3, 5, 8), (3, 5, 8), (3, 5, 6)]
    assert [layer.shape for layer in out] == [layer.shape for layer in raw]
    sum(layer.sum() for layer in out).backward()


@pytest.mark.parametrize("kind", KINDS[:2])
def test_two_batches_are_one_long_one(kind):
    model, x = encoder(**kind).eval(), words(length=8)
    whole = model(x)
    model.reset()
    model(x[:, :3])
    torch.testing.assert_close(model(x[:, 3:])[0][-1], whole[0][-1][:, 3:])


@pytest.mark.parametrize("kind", KINDS)
def test_memory_is_forgotten_at_reset_only(kind):
    model, x = encoder(**kind).eval(), words()
    first, second = model(x), model(x)
    assert not torch.equal(first[0][-1], second[0][-1])
    model.reset()
    same(model(x), first)


@pytest.mark.parametrize("kind", KINDS[:2])
def test_memory_follows_the_size_of_the_batch(kind):
    model, x, y = encoder(**kind).eval(), words(4), words(4)
    model(x)
    kept = copy.deepcopy(model)
    all_rows = model(y)[0][-1]
    torch.testing.assert_close(kept(y[:2])[0][-1], all_rows[:2])
    again = kept(torch.cat([y, y]))[0][-1]  # six rows are new
    model.reset()
    torch.testing.assert_close(again[4:], model(y)[0][-1])


@pytest.mark.parametrize("kind", KINDS[:2])
def test_rows_of_the_memory_can_be_chosen(kind):
    model, x = encoder(**kind).eval(), words(3)
    model.select_hidden([0])  # nothing is remembered yet
    model(x)
    whole, kept = copy.deepcopy(model)(x)[0][-1], model
    kept.select_hidden(torch.tensor([2, 0, 0]))
    torch.testing.assert_close(kept(x[[2, 0, 0]])[0][-1], whole[[2, 0, 0]])


def test_memory_has_no_history_and_is_in_no_file():
    model = encoder()
    names = set(model.state_dict())
    for _ in range(3):
        model.zero_grad()
        model(words())[0][-1].sum().backward()  # would fail where a graph went on
    assert set(model.state_dict()) == names
    assert all(part.grad_fn is None and not part.requires_grad for pair in model.hidden for part in pair)


def test_memory_of_inference_mode_and_of_half_precision():
    model = encoder()
    with torch.inference_mode():
        model(words())
    with torch.autocast("cpu", torch.bfloat16):
        model(words())[0][-1].float().sum().backward()
    model.double()(words())[0][-1].sum().backward()


def test_from_embeddings():
    model, x = encoder().eval(), words()
    whole = model(x)
    model.reset()
    same(model(model.encoder(x), from_embeddings=True), whole)


def test_names_in_files_are_those_of_published_weights():
    names = list(get_language_model("AWD_LSTM", 20, {**SMALL, "n_layers": 1}).state_dict())
    assert names == [
        "0.encoder.weight",
        "0.encoder_dp.emb.weight",
        "0.rnns.0.weight_hh_l0_raw",
        "0.rnns.0.module.weight_ih_l0",
        "0.rnns.0.module.bias_ih_l0",
        "0.rnns.0.module.bias_hh_l0",
        "1.decoder.weight",
        "1.decoder.bias",
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_layer_groups_hold_every_weight_once(kind):
    for model, split, count in (
        (get_language_model(AWD_LSTM, 20, {**SMALL, **kind}), awd_lstm_lm_split, 4),
        (get_text_classifier(AWD_LSTM, 20, 2, config={**SMALL, **kind}), awd_lstm_clas_split, 5),
    ):
        groups = [{id(p) for layer in group for p in layer.parameters()} for group in split(model)]
        assert len(groups) == count and sum(map(len, groups)) == len(set.union(*groups))
        assert set.union(*groups) == {id(p) for p in model.parameters()}


def test_padding_is_zero_and_stays_so():
    model = encoder(pad_token=1)
    model(torch.ones(2, 3, dtype=torch.long))[0][-1].sum().backward()
    assert model.encoder.weight.grad[1].eq(0).all()
    assert AWD_LSTM(1, 2, 2, 1).encoder.padding_idx is None  # no such word


def test_units_between_layers_are_dropped_but_not_the_last():
    raw, out = AWD_LSTM(20, 40, 40, 2, hidden_p=0.5)(words())
    assert out[0].eq(0).any() and torch.equal(raw[1], out[1])


@pytest.mark.parametrize("name", ["vocab_sz", "emb_sz", "n_hid", "n_layers"])
def test_a_size_below_one(name):
    sizes = {"vocab_sz": 5, "emb_sz": 4, "n_hid": 4, "n_layers": 1, name: 0}
    with pytest.raises(ArgumentError, match=rf"AWD_LSTM: {name} must be a whole number of at least 1; got 0 \(int\)"):
        AWD_LSTM(**sizes)


def test_an_odd_size_in_two_directions():
    with pytest.raises(ArgumentError, match="AWD_LSTM: n_hid must be even with bidir=True; got 7"):
        AWD_LSTM(5, 4, 7, 2, bidir=True)


def test_first_weights():
    assert encoder().encoder.weight.abs().max() <= 0.1 and isinstance(encoder().rnns[0].module, nn.LSTM)
