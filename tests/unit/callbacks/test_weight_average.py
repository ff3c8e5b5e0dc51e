import copy

import pytest
import torch
from torch import nn

from onecycle.callbacks import weight_average
from onecycle.callbacks.accumulate import AccumulateScheduler
from onecycle.callbacks.save_model import SaveModelCallback
from onecycle.callbacks.weight_average import EMACallback, SWACallback, update_batch_norms
from onecycle.errors import ArgumentError, DataError, TrainingError
from onecycle.training.callback import Callback


def tensors(model):
    return [*model.parameters(), *model.buffers()]


def same(one, two):
    return all(torch.equal(a, b) for a, b in zip(one, two, strict=True))


def close(one, two):
    return all(torch.allclose(a, b, atol=1e-6) for a, b in zip(one, two, strict=True))


class Follows(Callback):
    "Keep the weights after each step and after each epoch's training."

    def __init__(self, model):
        self.model, self.steps, self.in_validation = model, [], []

    def on_step_end(self, **kwargs):
        self.steps.append([t.detach().clone() for t in tensors(self.model)])

    def on_loss_begin(self, train, **kwargs):
        if not train:
            self.in_validation.append([t.detach().clone() for t in tensors(self.model)])


def test_the_exponential_mean_is_that_of_its_formula_and_of_torch(make_learner):
    learn = make_learner()
    follows = Follows(learn.model)
    learn.fit(2, 0.05, callbacks=[follows, EMACallback(learn, decay=0.8, warm_up=False)])
    shadow = copy.deepcopy(learn.model)
    for parameter, value in zip(tensors(shadow), follows.steps[0], strict=True):
        parameter.data.copy_(value)
    torchs = torch.optim.swa_utils.AveragedModel(
        shadow, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.8)
    )
    wanted = follows.steps[0]
    torchs.update_parameters(shadow)
    for values in follows.steps[1:]:
        wanted = [0.8 * w + 0.2 * v if w.is_floating_point() else v for w, v in zip(wanted, values, strict=True)]
        for parameter, value in zip(tensors(shadow), values, strict=True):
            parameter.data.copy_(value)
        torchs.update_parameters(shadow)
    assert close(tensors(learn.model), wanted)
    assert close(list(learn.model.parameters()), list(torchs.module.parameters()))


def test_warm_up_forgets_the_start(make_learner):
    learn = make_learner()
    follows = Follows(learn.model)
    learn.fit(1, 0.05, callbacks=[follows, EMACallback(learn, decay=0.9999)])
    wanted = follows.steps[0]
    for n, values in enumerate(follows.steps[1:], 1):
        weight = (1 + n) / (10 + n)
        wanted = [weight * w + (1 - weight) * v if w.is_floating_point() else v for w, v in zip(wanted, values)]
    assert close(tensors(learn.model), wanted)


@pytest.mark.parametrize("make", [EMACallback, SWACallback])
def test_training_itself_is_not_changed(make, make_learner):
    plain = make_learner()
    torch.manual_seed(3)
    plain.fit(3, 0.05)
    learn = make_learner()
    torch.manual_seed(3)
    learn.fit(3, 0.05, callbacks=[make(learn, validate=True)])
    average = [t.clone() for t in tensors(learn.model)]
    callback = getattr(learn, "ema_callback" if make is EMACallback else "swa_callback")
    assert not same(average, tensors(plain.model))
    assert learn.recorder.losses == plain.recorder.losses
    callback.use_trained()
    assert same(tensors(learn.model), tensors(plain.model))
    callback.use_trained()
    callback.use_average()
    assert same(tensors(learn.model), average)


@pytest.mark.parametrize("make", [EMACallback, SWACallback])
def test_it_learns(make, make_learner):
    learn = make_learner()
    before = learn.validate()[0]
    learn.fit(8, 0.02, callbacks=[make(learn)])
    assert learn.validate()[0] < 0.7 * before


@pytest.mark.parametrize("validate", [True, False])
@pytest.mark.parametrize("make", [EMACallback, SWACallback])
def test_the_table_shows_what_is_asked_for(make, validate, make_learner):
    learn = make_learner()
    follows = Follows(learn.model)
    learn.fit(2, 0.05, callbacks=[make(learn, validate=validate), follows])
    assert same(follows.in_validation[-1], tensors(learn.model)) is validate
    assert same(follows.in_validation[-1], follows.steps[-1]) is not validate
    assert (learn.validate()[0] == pytest.approx(learn.recorder.val_losses[-1])) is validate


def test_swa_is_the_mean_of_the_epochs(make_learner):
    learn = make_learner()
    follows = Follows(learn.model)
    learn.fit(5, 0.05, callbacks=[follows, SWACallback(learn, start_epoch=1, every=2)])
    ends = [follows.steps[4 * epoch + 3] for epoch in (2, 4)]
    count = len(list(learn.model.parameters()))
    wanted = [(a + b) / 2 for a, b in zip(*ends, strict=True)][:count]
    assert close(list(learn.model.parameters()), wanted) and learn.swa_callback.n_averaged == 2


def test_swa_without_validation(make_learner, make_data):
    learn = make_learner(data=make_data(valid=0))
    learn.fit(2, 0.05, callbacks=[SWACallback(learn)])
    assert learn.swa_callback.n_averaged == 2


def test_statistics_are_those_of_torch(make_data):
    data = make_data()
    model = nn.Sequential(nn.Linear(6, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 3))
    twin = copy.deepcopy(model)
    model.eval()
    update_batch_norms(model, data.train_dl)
    torch.optim.swa_utils.update_bn((x for x, _ in data.train_dl), twin)
    assert close(list(model.buffers()), list(twin.buffers()))
    assert not model.training and model[1].momentum == 0.1 and not model[1].training


def test_statistics_of_frozen_norms_stay_and_several_inputs_pass():
    class TwoInputs(nn.Module):
        def __init__(self):
            super().__init__()
            self.still, self.norm = nn.BatchNorm1d(2), nn.BatchNorm1d(2)

        def forward(self, a, b):
            return self.norm(self.still(a) + b)

    model = TwoInputs()
    model.still.requires_grad_(False)
    update_batch_norms(model, [([torch.ones(4, 2), torch.arange(8.0).view(4, 2)], None)])
    assert torch.equal(model.still.running_mean, torch.zeros(2))
    assert torch.allclose(model.norm.running_mean, torch.tensor([4.0, 5.0]), atol=1e-4)
    update_batch_norms(nn.Linear(2, 2), None)  # has none: nothing is run


def test_skipped_steps_do_not_count(make_learner):
    learn = make_learner()
    learn.fit(2, 0.05, callbacks=[EMACallback(learn), AccumulateScheduler(learn, n_step=2)])
    assert learn.ema_callback.n_averaged == 4


def test_what_is_saved_is_what_was_validated(make_learner):
    learn = make_learner()
    learn.fit(3, 0.05, callbacks=[EMACallback(learn, decay=0.9), SaveModelCallback(learn)])
    assert learn.validate()[0] == pytest.approx(min(learn.recorder.val_losses))


def test_half_precision_is_averaged_in_single():
    from onecycle.callbacks.weight_average import _roomy

    assert _roomy(torch.ones(2, dtype=torch.bfloat16)).dtype == torch.float32


def test_training_that_broke_off_leaves_the_trained_weights(make_learner):
    class Breaks(Callback):
        def on_batch_end(self, epoch, train, **kwargs):
            if epoch == 1 and not train:
                raise KeyboardInterrupt

    learn = make_learner()
    follows = Follows(learn.model)
    with pytest.raises(KeyboardInterrupt):
        learn.fit(3, 0.05, callbacks=[EMACallback(learn), follows, Breaks()])
    assert same(tensors(learn.model), follows.steps[-1])
    learn.ema_callback.use_average()
    assert not same(tensors(learn.model), follows.steps[-1])


@pytest.mark.parametrize("make", [EMACallback, SWACallback])
def test_validation_and_the_rate_finder_change_nothing(make, make_learner):
    learn = make_learner()
    callback = make(learn)
    learn.callbacks.append(callback)
    learn.fit(2, 0.05)
    weights, count = [t.clone() for t in tensors(learn.model)], callback.n_averaged
    learn.validate()
    learn.lr_find(num_it=4)
    assert same(tensors(learn.model), weights) and callback.n_averaged == count
    callback.use_trained()
    assert not same(tensors(learn.model), weights)
    callback.use_average()
    assert same(tensors(learn.model), weights)


def test_two_averages_in_one_training_are_refused(make_learner):
    learn = make_learner()
    with pytest.raises(TrainingError, match="SWACallback: a training has one average of .*; EMACallback keeps"):
        learn.fit(1, 0.05, callbacks=[EMACallback(learn), SWACallback(learn)])
    learn.fit(1, 0.05, callbacks=[EMACallback(learn)])
    learn.fit(1, 0.05, callbacks=[SWACallback(learn)])


@pytest.mark.parametrize("make", [EMACallback, SWACallback])
def test_a_start_beyond_the_end(make, make_learner):
    learn = make_learner()
    with pytest.warns(UserWarning, match=r"start_epoch 2 lies beyond this training of 2 epochs \(0 to 1\): nothing is"):
        learn.fit(2, 0.05, callbacks=[make(learn, start_epoch=2)])
    name = "ema_callback" if make is EMACallback else "swa_callback"
    with pytest.raises(TrainingError, match=f"{make.__name__}: nothing is averaged yet. Train beyond start_epoch"):
        getattr(learn, name).use_average()


@pytest.mark.parametrize(("make", "how", "said"), [
    (EMACallback, {"decay": 1.0}, r"EMACallback: decay must be from 0 to 1 \(exclusive\); got 1.0"),
    (EMACallback, {"start_epoch": -1}, "EMACallback: start_epoch must be a whole number of at least 0; got -1"),
    (SWACallback, {"start_epoch": 0.5}, "SWACallback: start_epoch must be a whole number of at least 0; got 0.5"),
    (SWACallback, {"every": 0}, "SWACallback: every must be a whole number of at least 1; got 0"),
])  # fmt: skip
def test_limits(make, how, said, make_learner):
    with pytest.raises(ArgumentError, match=said):
        make(make_learner(), **how)


def test_a_process_without_items_to_validate_is_refused(make_learner, monkeypatch):
    learn = make_learner()
    monkeypatch.setattr(weight_average, "process_count", lambda: 3)
    monkeypatch.setattr(weight_average, "greatest", lambda numbers: [0])  # -1 here, 0 elsewhere
    with pytest.raises(DataError, match="each of 3 processes an item; one has none"):
        learn.fit(1, callbacks=[SWACallback(learn)])
