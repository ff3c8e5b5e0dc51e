"""LAMB, Lookahead and Ranger against their papers' algorithms in plain Python, one number at a time."""

import math

import pytest
import torch
from torch import nn

from onecycle.optim.lamb import LAMB
from onecycle.optim.lookahead import Lookahead, Ranger

STEPS = 13
STARTS = [[0.5, -1.5, 2.0], [0.25], [0.0, 0.0]]  # the last: a norm of 0


def gradients(weights, step):
    "Of a bent bowl, different at each step."
    return [2 * w + 0.3 * math.sin(step + i) for i, w in enumerate(weights)]


def norm(values):
    return math.sqrt(sum(value * value for value in values))


def lamb_in_plain_python(start, lr, b1, b2, eps, wd, decoupled):
    w, m, v = list(start), [0.0] * len(start), [0.0] * len(start)
    for t in range(1, STEPS + 1):
        g = gradients(w, t)
        if not decoupled:
            g = [gi + wd * wi for gi, wi in zip(g, w, strict=True)]
        m = [b1 * mi + (1 - b1) * gi for mi, gi in zip(m, g, strict=True)]
        v = [b2 * vi + (1 - b2) * gi * gi for vi, gi in zip(v, g, strict=True)]
        u = [
            mi / (1 - b1**t) / (math.sqrt(vi / (1 - b2**t)) + eps) + (wd * wi if decoupled else 0)
            for mi, vi, wi in zip(m, v, w, strict=True)
        ]
        ratio = norm(w) / norm(u) if norm(w) > 0 and norm(u) > 0 else 1.0
        w = [wi - lr * ratio * ui for wi, ui in zip(w, u, strict=True)]
    return w


def radam_in_plain_python(w, state, g, lr, b1, b2, eps):
    "One step of Liu et al., algorithm 2; below five terms the step is that of plain momentum."
    state["t"] += 1
    t = state["t"]
    state["m"] = [b1 * mi + (1 - b1) * gi for mi, gi in zip(state["m"], g, strict=True)]
    state["v"] = [b2 * vi + (1 - b2) * gi * gi for vi, gi in zip(state["v"], g, strict=True)]
    longest = 2 / (1 - b2) - 1
    length = longest - 2 * t * b2**t / (1 - b2**t)
    means = [mi / (1 - b1**t) for mi in state["m"]]
    if length <= 5:
        return [wi - lr * mi for wi, mi in zip(w, means, strict=True)]
    r = math.sqrt((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length))
    root = math.sqrt(1 - b2**t)
    return [wi - lr * r * mi * root / (math.sqrt(vi) + eps) for wi, mi, vi in zip(w, means, state["v"], strict=True)]


def trained(make):
    params = [nn.Parameter(torch.tensor(start, dtype=torch.float64)) for start in STARTS]
    opt = make(params)
    for t in range(1, STEPS + 1):
        for p in params:
            p.grad = torch.tensor(gradients(p.tolist(), t), dtype=torch.float64)
        opt.step()
    return [p.tolist() for p in params]


@pytest.mark.parametrize("decoupled", [True, False])
@pytest.mark.parametrize("wd", [0.0, 0.1])
def test_lamb(wd, decoupled):
    how = {"lr": 0.05, "betas": (0.8, 0.9), "eps": 1e-6, "weight_decay": wd, "decoupled_weight_decay": decoupled}
    found = trained(lambda params: LAMB(params, **how))
    for start, weights in zip(STARTS, found, strict=True):
        assert weights == pytest.approx(lamb_in_plain_python(start, 0.05, 0.8, 0.9, 1e-6, wd, decoupled), rel=1e-7)


def lookahead_in_plain_python(start, advance, k, alpha):
    fast, slow = list(start), list(start)
    for t in range(1, STEPS + 1):
        fast = advance(fast, gradients(fast, t))
        if t % k == 0:
            slow = [s + alpha * (f - s) for s, f in zip(slow, fast, strict=True)]
            fast = list(slow)
    return fast


def test_lookahead():
    found = trained(lambda params: Lookahead(params, torch.optim.SGD, k=4, alpha=0.3, lr=0.05))
    for start, weights in zip(STARTS, found, strict=True):
        wanted = lookahead_in_plain_python(
            start, lambda w, g: [wi - 0.05 * gi for wi, gi in zip(w, g, strict=True)], k=4, alpha=0.3
        )
        assert weights == pytest.approx(wanted, rel=1e-9)


def test_ranger():
    found = trained(lambda params: Ranger(params, lr=0.05, betas=(0.8, 0.9), k=3))
    for start, weights in zip(STARTS, found, strict=True):
        state = {"t": 0, "m": [0.0] * len(start), "v": [0.0] * len(start)}
        wanted = lookahead_in_plain_python(
            start, lambda w, g, s=state: radam_in_plain_python(w, s, g, 0.05, 0.8, 0.9, 1e-5), k=3, alpha=0.5
        )
        assert weights == pytest.approx(wanted, rel=1e-6)


def test_lookahead_that_goes_the_whole_way_is_its_base():
    found = trained(lambda params: Lookahead(params, torch.optim.Adam, k=3, alpha=1.0, lr=0.05))
    assert found == trained(lambda params: torch.optim.Adam(params, lr=0.05))
