import pytest

from onecycle.callbacks.flat_cos_anneal import FlatCosAnnealScheduler
from onecycle.callbacks.general_sched import GeneralScheduler, TrainingPhase
from onecycle.callbacks.one_cycle import OneCycleScheduler
from onecycle.errors import ArgumentError
from onecycle.optim.schedules import annealing_cos


@pytest.mark.parametrize(("how", "said"), [
    ({"moms": (0.9,)}, "moms must be two numbers"),
    ({"div_factor": 0}, "div_factor must be above 0"),
    ({"pct_start": 1.5}, "pct_start must be between 0 and 1"),
    ({"tot_epochs": 2, "start_epoch": 2}, r"start_epoch must be below tot_epochs \(2\)"),
])  # fmt: skip
def test_the_limits_of_one_cycle(make_learner, how, said):
    learn = make_learner()
    with pytest.raises(ArgumentError, match=f"OneCycleScheduler: {said}"):
        OneCycleScheduler(learn, 0.1, **how)


@pytest.mark.parametrize("pct_start", [0.0, 1.0])
def test_one_cycle_may_only_fall_or_only_rise(make_learner, pct_start):
    learn = make_learner()
    learn.fit_one_cycle(1, 1e-2, pct_start=pct_start)
    lrs = learn.recorder.lrs
    assert lrs == sorted(lrs, reverse=pct_start == 0.0)


def test_one_cycle_begins_at_a_later_epoch(make_learner):
    learn = make_learner()
    learn.fit_one_cycle(3, 1e-2, start_epoch=1)
    assert len(learn.recorder.lrs) == 8 and learn.recorder.nb_batches == [4, 4]


def test_one_cycle_that_is_through_trains_no_more(make_learner):
    learn = make_learner()
    learn.fit(5, callbacks=[OneCycleScheduler(learn, 1e-2, tot_epochs=2)])
    assert len(learn.recorder.lrs) == 8
    learn.fit(2, callbacks=[OneCycleScheduler(learn, 1e-2, start_epoch=2)])
    assert learn.recorder.lrs == []


def test_phases_end_training(make_learner):
    learn = make_learner()
    learn.fit(3, callbacks=[GeneralScheduler(learn, [TrainingPhase(6).schedule_hp("lr", (1e-3, 1e-2), annealing_cos)])])
    assert len(learn.recorder.lrs) == 7


def test_phases_begin_at_a_later_epoch(make_learner):
    learn = make_learner()
    course = GeneralScheduler(learn, [TrainingPhase(8).schedule_hp("lr", (0.1, 0.9))], start_epoch=1)
    learn.fit(1, callbacks=[course])
    assert learn.recorder.lrs[0] == pytest.approx(0.5)


def test_a_phase_has_a_length():
    with pytest.raises(ArgumentError, match="TrainingPhase: length must be at least 1 batch; got 0"):
        TrainingPhase(0)


def test_phases_are_needed(make_learner):
    with pytest.raises(ArgumentError, match="phases must hold at least one TrainingPhase"):
        GeneralScheduler(make_learner(), [])


def test_phases_schedule_the_same(make_learner):
    phases = [TrainingPhase(2).schedule_hp("lr", 1), TrainingPhase(2).schedule_hp("mom", 1)]
    with pytest.raises(ArgumentError, match="phases must all schedule the same settings"):
        GeneralScheduler(make_learner(), phases)


def test_an_unknown_curve(make_learner):
    with pytest.raises(ArgumentError, match="curve must be one of cosine, linear, exponential; got 'cosin'. Did"):
        FlatCosAnnealScheduler(make_learner(), curve="cosin")


@pytest.mark.parametrize("start_pct", [0.0, 1.0])
def test_flat_cosine_may_be_all_flat_or_all_falling(make_learner, start_pct):
    learn = make_learner()
    learn.fit_fc(1, 1e-2, start_pct=start_pct)
    assert (learn.recorder.lrs[-1] == 1e-2) == (start_pct == 1.0)


@pytest.mark.parametrize(
    "settings, said",
    [
        ({"start_pct": 3}, "start_pct must be between 0 and 1; got 3"),
        ({"tot_epochs": 0}, "tot_epochs must be a whole number of at least 1; got 0"),
        ({"moms": 0.9}, r"moms must be two numbers, e.g. \(0.95, 0.999\); got 0.9"),
        ({"moms": (0.9,)}, r"moms must be two numbers, e.g. \(0.95, 0.999\); got \[0.9\]"),
    ],
)
def test_settings_of_the_flat_schedule(make_learner, settings, said):
    with pytest.raises(ArgumentError, match=f"FlatCosAnnealScheduler: {said}"):
        FlatCosAnnealScheduler(make_learner(), **settings)


def test_rates_of_layer_groups_may_be_a_list(make_learner):
    learn = make_learner()
    learn.split([learn.model[3]])
    learn.fit_one_cycle(1, [1e-3, 1e-2])
    as_list = learn.recorder.lrs
    learn.fit_one_cycle(1, slice(1e-3, 1e-2))
    assert learn.recorder.lrs == pytest.approx(as_list)
    learn.fit_fc(1, [1e-3, 1e-2])
    assert learn.recorder.lrs[0] == pytest.approx(1e-2)


@pytest.mark.parametrize("phases", [TrainingPhase(3), [3], None])
def test_phases_are_a_list_of_phases(make_learner, phases):
    with pytest.raises(ArgumentError, match="GeneralScheduler: phases must be a list of TrainingPhase; got"):
        GeneralScheduler(make_learner(), phases)


def test_a_phase_schedules_numbers():
    with pytest.raises(ArgumentError, match=r"schedule_hp: lr must be a number.*; got 'a'"):
        TrainingPhase(3).schedule_hp("lr", (1e-3, "a"))
