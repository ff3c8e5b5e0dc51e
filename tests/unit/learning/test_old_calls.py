"""Calls as fastai 0.7 had them are answered with the call that does the same, and nothing has changed by then."""

import numpy as np
import pytest
import torch

from onecycle.errors import ArgumentError, ArgumentTypeError

CALLS = [
    ((0.01, 1), {"cycle_len": 1}, "fit_sgdr(1, 0.01, cycle_len=1)"),
    ((1e-2, 3), {"cycle_mult": 2, "wds": 1e-4}, "fit_sgdr(3, 0.01, cycle_mult=2, wd=0.0001)"),
    ((1e-2, 3), {"cycle_len": 1, "cycle_save_name": "a"}, "fit_sgdr(3, 0.01, cycle_len=1, save_as='a')"),
    ((3, 1e-2), {"cycle_len": 2}, "fit_sgdr(3, 0.01, cycle_len=2)"),
    (([1e-4, 1e-3, 1e-2], 2), {"cycle_len": 1}, "fit_sgdr(2, [0.0001, 0.001, 0.01], cycle_len=1)"),
    ((np.array([1e-3, 1e-2]), np.int64(2)), {"cycle_len": 1}, "fit_sgdr(2, [0.001, 0.01], cycle_len=1)"),
    ((1e-1, 1), {"cycle_len": 40, "use_clr_beta": (20, 20, 0.95, 0.85)}, "fit_one_cycle(40, 0.1)"),
    ((1e-2, 2), {"wds": 5e-4}, "fit(2, 0.01, wd=0.0005)"),
    ((1e-2, 2), {"best_save_name": "best"}, "fit(2, 0.01)"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "keywords", "call"), CALLS, ids=lambda value: str(value)[:30])
def test_keywords_of_2018_name_the_call_of_today(make_learner, given, keywords, call):
    learn = make_learner()
    with pytest.raises(ArgumentTypeError) as told:
        learn.fit(*given, **keywords)
    assert str(told.value).endswith(f"of fastai 0.7. Write learn.{call}.")
    assert all(repr(name) in str(told.value) for name in keywords) and learn.opt is None


@pytest.mark.parametrize("given", [((0.01, 1), {"cycle_len": 1}), ((1e-2, 1), {"cycle_len": 1, "cycle_mult": 2})])
def test_the_call_of_today_runs_as_written(make_learner, given):
    learn = make_learner()
    with pytest.raises(ArgumentTypeError) as told:
        learn.fit(*given[0], **given[1])
    eval(str(told.value).split("Write ")[1].rstrip("."), {"learn": learn})
    assert len(learn.recorder.val_losses) == 1


@pytest.mark.parametrize("way", ["fit", "fit_one_cycle", "fit_fc", "fit_sgdr", "fine_tune"])
@pytest.mark.parametrize("rate", [0.01, slice(1e-4, 1e-2), [1e-3, 1e-2], np.float64(0.01)])
def test_epochs_and_rate_in_each_others_place(make_learner, way, rate):
    learn = make_learner().split(lambda model: [model[4]])
    before = [p.clone() for p in learn.model.parameters()]
    with pytest.raises(ArgumentError, match=rf"{way}: .*whole number.*epochs come first.*{way}\(2, ") as told:
        getattr(learn, way)(rate, 2)
    assert "np.float64" not in str(told.value).split("come first")[1]
    assert all(torch.equal(a, b) for a, b in zip(before, learn.model.parameters(), strict=True))


def test_a_rate_of_one_is_a_rate(make_learner):
    learn = make_learner()
    learn.fit(1, 1)
    assert len(learn.recorder.val_losses) == 1 and learn.recorder.lrs[0] == 1


def test_misspelt_keywords_are_answered_as_before(make_learner):
    with pytest.raises(ArgumentTypeError, match="unknown keyword 'callback'. Did you mean 'callbacks'"):
        make_learner().fit(1, 1e-2, callback=None)
    with pytest.raises(ArgumentError, match="epochs must be a whole number of at least 1; got 0.5"):
        make_learner().fit(0.5)
