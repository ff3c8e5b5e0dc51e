import pytest
import torch

from onecycle.errors import ArgumentError
from onecycle.learner import Learner, load_learner
from onecycle.optim.lamb import LAMB
from onecycle.optim.lookahead import Lookahead, Ranger
from onecycle.utils.registry import encode
from onecycle.vision.learner import cnn_learner


def test_epochs_are_those_of_all_cycles(make_learner):
    learn = make_learner()
    learn.fit_sgdr(2, 0.05, cycle_len=1, cycle_mult=3)
    assert len(learn.recorder.val_losses) == 4 and not learn.sgdr_scheduler.snapshots


def test_the_rate_may_be_a_slice_and_the_learners_decay_holds(make_learner):
    learn = make_learner(wd=0.3)
    learn.fit_sgdr(1, slice(0.05))
    assert learn.recorder.lrs[0] == pytest.approx(0.05) and learn.opt.wd == 0.3


def test_other_callbacks_are_told(make_learner):
    from onecycle.callbacks.misc import StopAfterNBatches

    learn = make_learner()
    learn.fit_sgdr(2, 0.05, callbacks=StopAfterNBatches(3))
    assert len(learn.recorder.losses) == 3


def test_a_keyword_with_a_letter_wrong(make_learner):
    with pytest.raises(TypeError, match="cycle_mul"):
        make_learner().fit_sgdr(1, 0.05, cycle_mul=2)


def test_a_number_of_cycles(make_learner):
    with pytest.raises(ArgumentError, match="n_cycles must be a whole number of at least 1; got 0"):
        make_learner().fit_sgdr(0, 0.05)


@pytest.mark.parametrize("opt_func", [LAMB, Ranger, Lookahead])
def test_an_exported_learner_knows_its_optimiser(opt_func, picture_data, tmp_path):
    learn = cnn_learner(picture_data, "resnet18", pretrained=False, opt_func=opt_func, silent=True)
    assert isinstance(learn, Learner)
    back = load_learner(tmp_path, learn.export(tmp_path / "learner.safetensors"))
    assert back.opt_func is opt_func and encode(back.opt_func) == encode(opt_func)
    assert all(torch.equal(a, b) for a, b in zip(learn.model.parameters(), back.model.parameters(), strict=True))
