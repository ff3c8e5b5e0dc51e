import pytest
import torch
from torch import nn

from onecycle.callbacks.hooks import ActivationStats, HookCallback, model_summary


def test_stats_of_each_layer_and_step(make_learner):
    learn = make_learner()
    stats = ActivationStats(learn)
    learn.fit(2, callbacks=[stats])
    assert stats.stats.shape == (2, 3, 8)
    assert not any(module._forward_hooks for module in learn.model.modules())


def test_stats_are_means_and_deviations(make_learner):
    learn = make_learner()
    stats = ActivationStats(learn, modules=[learn.model[1]])
    learn.fit(1, 0.0, wd=0.0, callbacks=[stats])
    torch.testing.assert_close(stats.stats[0], torch.zeros(1, 4), atol=1e-5, rtol=0)
    torch.testing.assert_close(stats.stats[1], torch.ones(1, 4), atol=1e-2, rtol=0)


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


def test_the_summary_of_a_learner(make_learner):
    learn = make_learner(callbacks=[], callback_fns=[ActivationStats])
    lines = learn.summary().splitlines()
    assert lines[0] == "=" * 70
    assert lines[1].startswith("Layer (type)         Output Shape         Param #    Trainable")
    assert lines[3].split() == ["Linear", "[1,", "16]", "112", "True"]
    assert "Total params: 195" in lines
    assert lines[-3:] == ["Optimized with Adam, betas=(0.9, 0.99); true_wd=True, wd=0.01",
                          "Loss function: CrossEntropyLoss()", "Callbacks: Recorder, ActivationStats"]  # fmt: skip


def test_the_summary_of_a_model():
    said = model_summary(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten()), n=60)
    assert said.startswith("=" * 60 + "\n") and "Total params: 112" in said


def test_a_summary_changes_nothing(make_learner):
    learn = make_learner()
    learn.model.train()
    before, generator = learn.model[1].running_mean.clone(), torch.get_rng_state()
    learn.summary()
    assert learn.model.training and torch.equal(learn.model[1].running_mean, before)
    assert torch.equal(generator, torch.get_rng_state())
