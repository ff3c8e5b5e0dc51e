from copy import deepcopy

import pytest
import torch
from torch import nn

from onecycle.errors import ArgumentError, TrainingError
from onecycle.learning import recipes


def state_of(learn):
    """Everything that lr_find must leave alone."""
    opt = None if learn.opt is None else deepcopy(learn.opt.opt.state_dict())
    weights = {key: value.clone() for key, value in learn.model.state_dict().items()}
    return weights, opt, torch.get_rng_state()


def same_state(a, b):
    assert all(torch.equal(value, b[0][key]) for key, value in a[0].items())
    assert str(a[1]) == str(b[1])
    assert torch.equal(a[2], b[2])


@pytest.mark.parametrize("trained", [False, True])
def test_the_finder_leaves_no_trace_but_its_record(make_learner, capsys, trained):
    learn = make_learner(silent=None)
    if trained:
        learn.fit(1)
    opt, before = learn.opt, state_of(learn)
    capsys.readouterr()
    learn.lr_find(num_it=30)
    same_state(before, state_of(learn))
    assert learn.opt is opt and len(learn.recorder.losses) > 10
    said = "LR Finder is complete, type {learner_name}.recorder.plot() to see the graph.\n"
    assert capsys.readouterr().out == said


def test_the_finder_stops_when_the_loss_diverges(make_learner):
    learn = make_learner()
    learn.lr_find(end_lr=1e6, num_it=100)
    losses = learn.recorder.losses
    assert len(losses) < 100 and not losses[-1] <= 4 * min(losses[:-1])


def test_the_finder_goes_over_several_epochs(make_learner):
    learn = make_learner()
    learn.lr_find(num_it=10, stop_div=False)
    assert learn.recorder.nb_batches == [4, 4, 2]


def test_the_finder_leaves_no_trace_when_it_breaks_off(make_learner):
    learn = make_learner()
    before = state_of(learn)
    learn.data.train_dl.dl[2] = ("no", "tensors")
    with pytest.raises(TypeError):
        learn.lr_find()
    same_state(before, state_of(learn))
    assert learn.opt is None


def test_the_finder_takes_slices(make_learner):
    learn = make_learner()
    learn.split(lambda model: [model[4]])
    learn.lr_find(start_lr=slice(1e-6, 1e-5), num_it=8)
    assert learn.recorder.lrs[0] == pytest.approx(1e-5)


@pytest.mark.parametrize(("how", "said"), [
    ({"start_lr": 0}, "LRFinder: start_lr must be above 0"),
    ({"end_lr": -1}, "LRFinder: end_lr must be above 0"),
    ({"num_it": 0}, "LRFinder: num_it must be a whole number of at least 1; got 0"),
    ({"num_it": 1.5}, "LRFinder: num_it must be a whole number of at least 1; got 1.5"),
])  # fmt: skip
def test_the_finder_s_limits(make_learner, how, said):
    with pytest.raises(ArgumentError, match=said):
        make_learner().lr_find(**how)


def test_the_finder_needs_batches(make_learner):
    learn = make_learner()
    learn.data.train_dl = []
    with pytest.raises(TrainingError, match="lr_find: the training set must fill at least one batch"):
        learn.lr_find()


def test_the_functions_take_the_learner_first(make_learner):
    learn = make_learner()
    recipes.lr_find(learn, num_it=5)
    recipes.fit_one_cycle(learn, 1, 1e-2)
    recipes.fit_fc(learn, 1)
    assert len(learn.recorder.losses) == 4


def test_a_cycle_can_be_a_callback_function(make_learner):
    learn = make_learner(callback_fns=[recipes.one_cycle_scheduler(lr_max=1e-2)])
    learn.fit(2)
    assert max(learn.recorder.lrs) == pytest.approx(1e-2)


def test_mixup_lasts_for_every_fit(make_learner):
    learn = make_learner().mixup(alpha=0.2)
    learn.fit(1)
    learn.fit(1)
    assert isinstance(learn.loss_func, nn.CrossEntropyLoss)


def test_clipped_gradients(make_learner):
    learn = make_learner().clip_grad(1e-9)
    assert learn.callback_fns[-1].keywords == {"clip": 1e-9}
    learn.fit(1)


def test_settings_are_refused_before_training(make_learner):
    with pytest.raises(ArgumentError, match="mixup: alpha must be above 0; got 0"):
        make_learner().mixup(alpha=0)
    with pytest.raises(ArgumentError, match="cutmix: alpha must be above 0; got 'a'"):
        make_learner().cutmix(alpha="a")
    with pytest.raises(ArgumentError, match="clip_grad: clip must be above 0; got -1"):
        make_learner().clip_grad(-1)
