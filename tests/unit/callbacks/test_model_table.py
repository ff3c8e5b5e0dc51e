"""The summary of learners and models."""

import torch
from torch import nn

from onecycle.callbacks.activation_stats import ActivationStats
from onecycle.callbacks.model_table import model_summary


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
