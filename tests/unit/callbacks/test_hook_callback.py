"""The base of callbacks with hooks."""

import pytest
import torch

from onecycle.callbacks.hook_callback import HookCallback


def test_hooks_can_stay(make_learner):
    class Shapes(HookCallback):
        def hook(self, m, i, o):
            return tuple(o.shape)

    learn = make_learner()
    shapes = Shapes(learn, do_remove=False)
    learn.fit(1, callbacks=[shapes])
    learn.model(torch.ones(5, 6))
    assert shapes.hooks.stored == [(5, 16), (5, 16), (5, 3)]
    shapes.remove()


def test_a_hook_is_needed(make_learner):
    learn = make_learner()
    with pytest.raises(NotImplementedError, match="HookCallback must define hook"):
        learn.fit(1, callbacks=[HookCallback(learn)])


def test_one_layer_will_do(make_learner):
    learn = make_learner()
    assert HookCallback(learn, learn.model[0]).modules == [learn.model[0]]
    assert HookCallback(learn, learn.model).modules == list(learn.model)
