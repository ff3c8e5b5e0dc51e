"""Gradients whose norm is limited."""

import pytest
import torch

from onecycle.callbacks.gradient_clipping import GradientClipping
from onecycle.errors import ArgumentError


def norm(learn):
    return float(torch.stack([p.grad.norm() for p in learn.model.parameters()]).norm())


@pytest.mark.parametrize("clip", [1e-3, 0.1])
def test_no_norm_is_above_the_limit(make_learner, watch, clip):
    learn, norms = make_learner(), []
    learn.fit(
        1, callbacks=[GradientClipping(learn, clip=clip), watch(on_step_end=lambda **kw: norms.append(norm(learn)))]
    )
    assert norms == pytest.approx([clip] * 4, rel=1e-3)


def test_small_gradients_and_no_limit_change_nothing(make_learner):
    runs = []
    for clip in (None, 0.0, 1e6):
        learn = make_learner()
        torch.manual_seed(0)
        learn.fit(1, callbacks=[] if clip is None else [GradientClipping(learn, clip=clip)])
        runs.append([float(loss) for loss in learn.recorder.losses])
    assert runs[0] == runs[1] == runs[2]


@pytest.mark.parametrize("clip", [-1, float("nan"), "much"])
def test_no_limit(make_learner, clip):
    with pytest.raises(ArgumentError, match="GradientClipping: clip must be at least 0; got"):
        GradientClipping(make_learner(), clip=clip)
