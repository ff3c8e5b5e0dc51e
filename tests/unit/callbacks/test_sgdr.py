import math

import numpy as np
import pytest
import torch
from torch import nn

from onecycle.callbacks.general_sched import GeneralScheduler, TrainingPhase
from onecycle.callbacks.sgdr import SGDRScheduler
from onecycle.errors import ArgumentError, TrainingError
from onecycle.training.callback import Callback


class GroupRates(Callback):
    "Note rate and decay of every layer group at each step."

    def __init__(self, learn):
        self.opt_of, self.rates, self.decays, self.moms = learn, [], [], []

    def on_batch_begin(self, train, **kwargs):
        if train:
            opt = self.opt_of.opt
            self.rates.append(list(opt.read_val("lr")))
            self.moms.append([group["betas"][0] for group in opt.opt.param_groups])
            self.decays.append(list(opt._wd))


def of_two_groups(make_learner):
    model = nn.Sequential(nn.Sequential(nn.Linear(6, 8), nn.ReLU()), nn.Linear(8, 3))
    return make_learner(model, layer_groups=[model[0], model[1]])


def test_the_rate_restarts_each_cycle(make_learner):
    learn = make_learner()
    learn.fit_sgdr(2, 0.1, cycle_len=1, cycle_mult=2)
    wanted = [0.1 * (1 + math.cos(math.pi * t / length)) / 2 for length in (4, 8) for t in range(length)]
    assert learn.recorder.lrs == pytest.approx(wanted)
    assert len(learn.recorder.val_losses) == 3


def test_it_learns(make_learner):
    learn = make_learner()
    learn.fit_sgdr(2, 0.05, cycle_len=2, cycle_mult=2)
    assert learn.recorder.val_losses[-1] < 0.6 * learn.recorder.losses[0]


def test_each_group_has_its_rate_and_decay(make_learner):
    learn = of_two_groups(make_learner)
    watch = GroupRates(learn)
    learn.fit_sgdr(1, slice(1e-3, 1e-1), wd=[0.0, 0.1], lr_min=[0.0, 1e-2], callbacks=[watch])
    assert watch.rates[0] == pytest.approx([1e-3, 1e-1])
    assert watch.rates[2] == pytest.approx([0.5e-3, 0.055])
    assert watch.decays == [[0.0, 0.1]] * 4


def test_a_snapshot_at_each_cycles_end(make_learner):
    learn = make_learner()
    learn.fit_sgdr(2, 0.1, cycle_mult=2, save_as="small")
    assert learn.sgdr_scheduler.snapshots == ["small_cyc_0", "small_cyc_1"]
    assert {file.name for file in (learn.path / "models").iterdir()} == {"small_cyc_0.pth", "small_cyc_1.pth"}
    last = [p.clone() for p in learn.model.parameters()]
    learn.load("small_cyc_1")
    assert all(torch.equal(a, b) for a, b in zip(last, learn.model.parameters(), strict=True))
    learn.load("small_cyc_0")
    assert not all(torch.equal(a, b) for a, b in zip(last, learn.model.parameters(), strict=True))


def test_the_folder_is_looked_at_before_training(make_learner, tmp_path):
    learn = make_learner()
    (tmp_path / "file").write_text("")
    learn.model_dir = tmp_path / "file" / "models"
    with pytest.raises(TrainingError, match="cannot be written"):
        learn.fit_sgdr(1, 0.1, save_as="small")


def test_training_ends_with_the_last_cycle(make_learner):
    learn = make_learner()
    learn.fit(5, callbacks=[SGDRScheduler(learn, 0.1, n_cycles=2)])
    assert len(learn.recorder.lrs) == 8


def test_without_a_number_of_cycles_it_goes_on(make_learner):
    learn = make_learner()
    learn.fit(3, callbacks=[SGDRScheduler(learn, 0.1)])
    assert learn.recorder.lrs[::4] == pytest.approx([0.1] * 3)


def test_it_begins_at_a_later_epoch(make_learner):
    learn = make_learner()
    learn.fit(2, callbacks=[SGDRScheduler(learn, 0.1, n_cycles=2, cycle_mult=2, start_epoch=2)])
    assert len(learn.recorder.lrs) == 4 and learn.recorder.lrs[0] == pytest.approx(0.05)


def test_cycles_longer_than_the_training(make_learner):
    learn = make_learner()
    cycles = SGDRScheduler(learn, 0.1, n_cycles=2, cycle_len=2)
    with pytest.warns(UserWarning, match="its cycles take 4 epochs, longer than this training of 3: the last"):
        learn.fit(3, callbacks=[cycles])


@pytest.mark.parametrize(("how", "said"), [
    ({"lr_max": -1}, "lr_max must be at least 0; got -1"),
    ({"lr_max": 1, "lr_min": "low"}, "lr_min must be at least 0; got 'low'"),
    ({"lr_max": 1, "save_as": ""}, "save_as must be a name; got ''"),
])  # fmt: skip
def test_limits(make_learner, how, said):
    with pytest.raises(ArgumentError, match=f"SGDRScheduler: {said}"):
        SGDRScheduler(make_learner(), **how)


def test_limits_of_cycles(make_learner):
    with pytest.raises(ArgumentError, match="cycle_mult must be a whole number of at least 1; got 0"):
        make_learner().fit_sgdr(2, 0.1, cycle_mult=0)


def test_rates_of_another_number_of_groups(make_learner):
    learn = of_two_groups(make_learner)
    with pytest.raises(ArgumentError, match="lr must be one number or 2, one a layer group"):
        learn.fit(1, callbacks=[SGDRScheduler(learn, [0.1, 0.2, 0.3])])


def test_phases_take_one_value_a_group(make_learner):
    learn = of_two_groups(make_learner)
    watch = GroupRates(learn)
    phase = TrainingPhase(4).schedule_hp("lr", ([0.1, 1.0], [0.0, 0.0])).schedule_hp("mom", ([0.9, 0.8], [0.5, 0.4]))
    phase.schedule_hp("wd", [0.0, 0.3])
    learn.fit(1, callbacks=[GeneralScheduler(learn, [phase]), watch])
    np.testing.assert_allclose(watch.rates, [[0.1, 1.0], [0.075, 0.75], [0.05, 0.5], [0.025, 0.25]])
    np.testing.assert_allclose(watch.moms[2], [0.7, 0.6])
    assert watch.decays == [[0.0, 0.3]] * 4


def test_phases_take_slices(make_learner):
    learn = of_two_groups(make_learner)
    watch = GroupRates(learn)
    phase = TrainingPhase(4).schedule_hp("lr", (slice(1e-2, 1.0), slice(1e-2, 1.0)))
    learn.fit(1, callbacks=[GeneralScheduler(learn, [phase]), watch])
    np.testing.assert_allclose(watch.rates, [[1e-2, 1.0]] * 4)


def test_phases_longer_than_the_training(make_learner):
    learn = make_learner()
    with pytest.warns(UserWarning, match="its phases take 9 batches, longer than this training of 8: the last"):
        learn.fit(2, callbacks=[GeneralScheduler(learn, [TrainingPhase(9).schedule_hp("lr", (0.1, 0.2))])])
