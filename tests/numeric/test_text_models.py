"""Models of text against their formulas: recurrences step by step, attention word by word, pooling by a loop."""

import math

import pytest
import torch
from torch import nn

from onecycle.text.heads import masked_concat_pool
from onecycle.text.models.awd_lstm import AWD_LSTM
from onecycle.text.models.qrnn import QRNNLayer, forget_mult, forget_mult_CPU
from onecycle.text.models.transformer import MultiHeadAttention
from onecycle.text.models.transformer_xl import MultiHeadRelativeAttention, relative_shift
from onecycle.text.windows import MultiBatchEncoder


@pytest.mark.parametrize("length", [1, 2, 7, 64])
@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("start", [False, True])
def test_the_scan_is_the_recurrence(length, backward, start):
    shape = (2, length, 3)
    x, f = torch.randn(shape, dtype=torch.double, requires_grad=True), torch.rand(shape, dtype=torch.double)
    f.requires_grad_()
    first = torch.randn(2, 3, dtype=torch.double, requires_grad=True) if start else None
    weights = torch.randn(shape, dtype=torch.double)
    given = [x, f, *([first] if start else [])]
    found = []
    for recurrence in (forget_mult, forget_mult_CPU):
        h = recurrence(x, f, first, backward=backward)
        found.append([h, *torch.autograd.grad((h * weights).sum(), given)])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other)


def test_the_scan_with_time_first():
    x, f = torch.randn(5, 2, 3), torch.rand(5, 2, 3)
    torch.testing.assert_close(forget_mult(x, f, batch_first=False), forget_mult_CPU(x, f, batch_first=False))


def test_the_scan_can_be_differentiated_twice():
    x = torch.randn(1, 4, 2, dtype=torch.double, requires_grad=True)
    f = torch.rand(1, 4, 2, dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradcheck(forget_mult, (x, f))
    assert torch.autograd.gradgradcheck(forget_mult, (x, f))


@pytest.mark.parametrize("window", [1, 2])
def test_a_qrnn_layer_step_by_step(window):
    layer, x = QRNNLayer(4, 3, window=window), torch.randn(2, 5, 4)
    h, before, wanted = torch.zeros(2, 3), torch.zeros(2, 4), []
    for t in range(5):
        seen = x[:, t] if window == 1 else torch.cat([before, x[:, t]], dim=1)
        z, f, o = layer.linear(seen).chunk(3, dim=1)
        h = f.sigmoid() * z.tanh() + (1 - f.sigmoid()) * h
        wanted.append(o.sigmoid() * h)
        before = x[:, t]
    out, memory = layer(x)
    torch.testing.assert_close(out, torch.stack(wanted, dim=1))
    torch.testing.assert_close(memory, h)


def test_an_awd_lstm_at_rest_is_three_lstms():
    model, words = AWD_LSTM(20, 6, 8, 3).eval(), torch.randint(0, 20, (2, 5))
    x = model.encoder(words)
    for rnn, (n_in, n_out) in zip(model.rnns, [(6, 8), (8, 8), (8, 6)], strict=True):
        plain = nn.LSTM(n_in, n_out, batch_first=True)
        state = {name.removeprefix("module.").removesuffix("_raw"): w for name, w in rnn.state_dict().items()}
        plain.load_state_dict(state)
        x = plain(x)[0]
    torch.testing.assert_close(model(words)[0][-1], x)


def naive(query, key, value, scale, bias=0.0, hidden=None):
    scores = query @ key.transpose(-1, -2) * scale + bias
    if hidden is not None:
        scores = scores.masked_fill(hidden, -math.inf)
    return scores.softmax(-1) @ value


@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize("causal", [True, False])
def test_attention_is_softmax_of_the_products(scale, causal):
    layer, x = MultiHeadAttention(2, 6, 5, scale=scale).eval(), torch.randn(3, 4, 6)
    heads = [part.view(3, 4, 2, 5).transpose(1, 2) for part in layer.attention(x).chunk(3, dim=2)]
    hidden = torch.ones(4, 4, dtype=torch.bool).triu(1) if causal else None
    seen = naive(*heads, 5**-0.5 if scale else 1.0, hidden=hidden).transpose(1, 2).reshape(3, 4, 10)
    torch.testing.assert_close(layer(x, causal=causal), layer.ln(x + layer.out(seen)))


@pytest.mark.parametrize(("queries", "before"), [(1, 0), (1, 3), (4, 0), (4, 3)])
def test_the_shift_is_a_choice_by_distance(queries, before):
    keys = queries + before
    both_ways = torch.randn(2, queries, keys + queries - 1)  # distances keys-1 … -(queries-1)
    shifted = relative_shift(both_ways, keys)
    only_back = relative_shift(both_ways[..., :keys], keys)
    for i in range(queries):
        for j in range(keys):
            distance = before + i - j
            wanted = both_ways[:, i, keys - 1 - distance]
            torch.testing.assert_close(shifted[:, i, j], wanted)
            if distance >= 0:
                torch.testing.assert_close(only_back[:, i, j], wanted)


@pytest.mark.parametrize("masked", [True, False])
def test_relative_attention_word_by_word(masked):
    layer = MultiHeadRelativeAttention(2, 6, 3).eval()
    x, mem = torch.randn(1, 4, 6), torch.randn(1, 2, 6)
    u, v = torch.randn(2, 1, 3), torch.randn(2, 1, 3)
    r = torch.randn(6 if masked else 9, 6)  # distances 5 … 0, or 5 … -3
    whole = torch.cat([mem, x], dim=1)
    query, key, value = (part.view(1, 6, 2, 3).transpose(1, 2) for part in layer.attention(whole).chunk(3, dim=2))
    by_distance = layer.r_attn(r).view(-1, 2, 3)
    scores = torch.full((1, 2, 4, 6), -math.inf)
    for head in range(2):
        for i in range(4):
            for j in range(6):
                distance = 2 + i - j
                if distance >= 0 or not masked:
                    q = query[0, head, 2 + i]
                    content = (q + u[head, 0]) @ key[0, head, j]
                    place = (q + v[head, 0]) @ by_distance[5 - distance, head]
                    scores[0, head, i, j] = (content + place) * 3**-0.5
    seen = (scores.softmax(-1) @ value).transpose(1, 2).reshape(1, 4, 6)
    hidden = torch.ones(4, 6, dtype=torch.bool).triu(3) if masked else None
    found = layer(x, mask=hidden, r=r, u=u, v=v, mem=mem)
    torch.testing.assert_close(found, layer.ln(x + layer.out(seen)))


@pytest.mark.parametrize("first", [True, False])
def test_pooling_by_a_loop(first):
    lengths, output = [5, 3, 1, 0], torch.randn(4, 5, 3)
    places = torch.arange(5)
    mask = torch.stack([places < 5 - n if first else places >= n for n in lengths])
    wanted = []
    for text, n in zip(output, lengths, strict=True):
        words = text[5 - n :] if first else text[:n]
        parts = [words[-1], words.amax(0), words.mean(0)] if n else [torch.zeros(3)] * 3
        wanted.append(torch.cat(parts))
    torch.testing.assert_close(masked_concat_pool([output], mask), torch.stack(wanted))


@pytest.mark.parametrize("max_len", [1, 4, 7, 10, 30])
def test_windows_are_the_end_of_the_whole(max_len):
    encoder, words = AWD_LSTM(20, 6, 8, 2).eval(), torch.randint(2, 20, (2, 10))
    whole = encoder(words)[0]
    raw, out, mask = MultiBatchEncoder(3, max_len, encoder)(words)
    for one, other in zip(raw, whole, strict=True):
        torch.testing.assert_close(one, other[:, -max_len:])
    assert out[-1].shape[1] == mask.shape[1] == min(10, max_len)
