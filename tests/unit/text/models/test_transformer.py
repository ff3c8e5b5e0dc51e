"""Transformers: what a word can see, settings, layer groups. Formulas stand in tests/numeric/test_text_models.py."""

import pytest
import torch
from torch import nn

from onecycle.errors import ArgumentError
from onecycle.text.heads import get_language_model, get_text_classifier
from onecycle.text.models.transformer import (
    Activation,
    DecoderLayer,
    GeLU,
    MultiHeadAttention,
    PositionalEncoding,
    Swish,
    Transformer,
    feed_forward,
    init_transformer,
    tfmer_clas_split,
    tfmer_lm_split,
)

SMALL = {"ctx_len": 8, "n_layers": 3, "n_heads": 2, "d_model": 6, "d_head": 3, "d_inner": 10}


def words(rows=2, length=6):
    return torch.randint(2, 20, (rows, length))


def test_what_comes_later_changes_nothing_before():
    model, x = Transformer(20, **SMALL).eval(), words()
    changed = x.clone()
    changed[:, 4] = (x[:, 4] + 1) % 20
    one, other = model(x)[0][0], model(changed)[0][0]
    torch.testing.assert_close(one[:, :4], other[:, :4])
    assert not torch.allclose(one[:, 4:], other[:, 4:])


def test_without_a_mask_everything_is_seen():
    model, x = Transformer(20, **SMALL, mask=False).eval(), words()
    changed = x.clone()
    changed[:, 5] = (x[:, 5] + 1) % 20
    assert not torch.allclose(model(x)[0][0][:, 0], model(changed)[0][0][:, 0])


@pytest.mark.parametrize("learned", [True, False])
def test_it_gives_one_layer_twice_and_keeps_nothing(learned):
    model = Transformer(20, **SMALL, learned_pos_enc=learned)
    raw, out = model(words())
    assert raw[0] is out[0] and out[0].shape == (2, 6, 6)
    model.reset()
    model.select_hidden([0])


def test_a_text_that_is_too_long():
    with pytest.raises(ArgumentError, match=r"input must have at most ctx_len=8 words a text; got Tensor of"):
        Transformer(20, **SMALL)(words(length=9))
    assert Transformer(20, **SMALL, learned_pos_enc=False)(words(length=9))[0][0].shape == (2, 9, 6)


def test_no_words():
    with pytest.raises(ArgumentError, match="Transformer: vocab_sz must be a whole number of at least 1; got 0"):
        Transformer(0, **SMALL)


def test_a_mask_hides_where_it_is_true():
    layer, x = MultiHeadAttention(2, 6).eval(), torch.randn(1, 4, 6)
    later = torch.ones(4, 4, dtype=torch.bool).triu(1)
    torch.testing.assert_close(layer(x, mask=later), layer(x, causal=True))


def test_heads_that_do_not_share_out():
    with pytest.raises(ArgumentError, match="d_model must be a multiple of the 4 heads where d_head is not"):
        MultiHeadAttention(4, 6)


@pytest.mark.parametrize("name", ["attn_p", "resid_p"])
def test_no_share(name):
    with pytest.raises(ArgumentError, match=f"MultiHeadAttention: {name} must be a share from 0 to 1; got 2"):
        MultiHeadAttention(2, 6, **{name: 2})


@pytest.mark.parametrize("act", list(Activation))
def test_feed_forward_by_hand(act):
    block, x = feed_forward(4, 7, act=act, double_drop=False), torch.randn(2, 3, 4)
    first, second, norm = block[0], block[2], block[5]
    function = {"ReLU": torch.relu, "GeLU": GeLU(), "Swish": lambda z: z * z.sigmoid()}[act.name]
    torch.testing.assert_close(block(x), norm(second(function(first(x))) + x))
    assert len(feed_forward(4, 7)) == 7  # one dropout more


def test_an_activation_that_is_none():
    with pytest.raises(ArgumentError, match="feed_forward: act must be an Activation; got 'relu'"):
        feed_forward(4, 7, act="relu")


def test_activations():
    x = torch.linspace(-3, 3, 13)
    torch.testing.assert_close(Swish()(x), x * x.sigmoid())
    torch.testing.assert_close(GeLU()(x), nn.functional.gelu(x), atol=1e-3, rtol=0)


@pytest.mark.parametrize("d", [6, 7])
def test_positions_are_sines_and_cosines(d):
    table = PositionalEncoding(d)(torch.arange(5.0))
    half = (d + 1) // 2
    assert table.shape == (5, d)
    for i in range(half):
        angle = torch.arange(5.0) / 10000 ** (2 * i / d)
        torch.testing.assert_close(table[:, i], angle.sin())
        if half + i < d:
            torch.testing.assert_close(table[:, half + i], angle.cos())


def test_a_layer_keeps_its_shape_and_learns():
    layer = DecoderLayer(2, 6, 3, 10, resid_p=0.1, attn_p=0.1, ff_p=0.1)
    layer(torch.randn(2, 4, 6)).sum().backward()
    assert all(p.grad is not None for p in layer.parameters())


def test_first_weights():
    model = get_language_model(Transformer, 500, {**SMALL, "d_model": 60, "d_head": 30})
    assert model[0].encoder.weight.std().item() == pytest.approx(0.02, rel=0.1)
    assert model[0].layers[0].mhra.ln.weight.mean().item() == pytest.approx(1, abs=0.02)
    assert model[0].layers[0].mhra.attention.bias.eq(0).all()
    init_transformer(nn.ReLU())


def test_layer_groups_hold_every_weight_once():
    for model, split, count in (
        (get_language_model("Transformer", 20, SMALL), tfmer_lm_split, 4),
        (get_text_classifier("Transformer", 20, 2, config=SMALL), tfmer_clas_split, 5),
    ):
        groups = [{id(p) for layer in group for p in layer.parameters()} for group in split(model)]
        assert len(groups) == count and sum(map(len, groups)) == len(set.union(*groups))
        assert set.union(*groups) == {id(p) for p in model.parameters()}
