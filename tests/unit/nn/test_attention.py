"""Attention layers: nothing at the start, the paper's formula afterwards."""

import pytest
import torch

from onecycle.errors import ArgumentError
from onecycle.nn.attention import PooledSelfAttention2d, SelfAttention


@pytest.mark.parametrize("kind", [SelfAttention, PooledSelfAttention2d])
def test_starts_as_the_identity_and_learns(kind):
    layer, x = kind(16), torch.randn(2, 16, 6, 6)
    assert torch.equal(layer(x), x)
    layer(x).pow(2).sum().backward()
    assert layer.gamma.grad.abs() > 0


@pytest.mark.parametrize("kind", [SelfAttention, PooledSelfAttention2d])
def test_too_few_channels(kind):
    with pytest.raises(ArgumentError, match=r"n_channels must be at least 8; got 4 \(int\)"):
        kind(4)


def test_self_attention_follows_the_formula():
    layer, x = SelfAttention(16).eval(), torch.randn(2, 16, 3, 4)
    with torch.no_grad():
        layer.gamma.fill_(0.7)
        flat = x.flatten(2)
        f, g, h = layer.query(flat), layer.key(flat), layer.value(flat)
        beta = torch.softmax(f.transpose(1, 2) @ g, dim=1)  # each place g_j over all f_i
        torch.testing.assert_close(layer(x), (0.7 * h @ beta + flat).view_as(x))


def test_pooled_attention_follows_the_formula():
    layer, x = PooledSelfAttention2d(16).eval(), torch.randn(2, 16, 4, 4)
    with torch.no_grad():
        layer.gamma.fill_(0.7)
        pool = lambda t: torch.nn.functional.max_pool2d(t, 2).flatten(2)
        theta, phi, g = layer.theta(x).flatten(2), pool(layer.phi(x)), pool(layer.g(x))
        beta = torch.softmax(theta.transpose(1, 2) @ phi, dim=-1)
        seen = layer.o((g @ beta.transpose(1, 2)).view(2, 8, 4, 4))
        torch.testing.assert_close(layer(x), 0.7 * seen + x)


def test_self_attention_takes_any_number_of_axes():
    assert SelfAttention(8)(torch.randn(2, 8, 5)).shape == (2, 8, 5)
