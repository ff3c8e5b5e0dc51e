
import pytest
import torch
from torch import nn

from onecycle.callbacks.early_stopping import EarlyStoppingCallback
from onecycle.callbacks.terminate_on_nan import TerminateOnNaNCallback
from onecycle.errors import ArgumentTypeError, StepError
from onecycle.learner import Learner
from onecycle.metrics.classification import accuracy


def test_the_defaults(make_data):
    data = make_data()
    learn = Learner(data, nn.Linear(6, 3))
    assert learn.opt_func.func is torch.optim.Adam and learn.opt_func.keywords == {"betas": (0.9, 0.99)}
    assert learn.loss_func is data.loss_func and learn.path == data.path and learn.model_dir == "models"
    assert (learn.wd, learn.true_wd, learn.bn_wd, learn.train_bn) == (0.01, True, True, True)
    assert len(learn.layer_groups) == 1 and learn.metrics == [] and learn.opt is None and not learn.silent


def test_lists_are_the_learner_s_own(make_data):
    callbacks, metrics = [], [accuracy]
    learn = Learner(make_data(), nn.Linear(6, 3), callbacks=callbacks, metrics=metrics)
    learn.callbacks.append(1)
    learn.metrics.append(2)
    assert callbacks == [] and metrics == [accuracy]


def test_the_repr_is_one_short_line(make_data):
    model = nn.Sequential(nn.Linear(6, 3))
    learn = Learner(make_data(), model, loss_func=nn.MSELoss(), metrics=accuracy)
    assert repr(learn) == (
        f"Learner(data={learn.data.short_repr()}, model=Sequential(…), opt_func=partial(Adam, betas=(0.9, 0.99)), "
        f"loss_func=MSELoss(), metrics=[accuracy], true_wd=True, bn_wd=True, wd=0.01, train_bn=True, "
        f"path={learn.path!r}, model_dir='models', callback_fns=[partial(Recorder, add_time=True)], callbacks=[], "
        f"layer_groups=[Sequential(…)], add_time=True)"
    )


def test_reprs_stay_short_after_training(make_data):
    learn = Learner(make_data(), nn.Linear(6, 3), metrics=accuracy)
    learn.fit(1)
    assert len(repr(learn)) < 600
    assert repr(learn.recorder) == "Recorder(add_time=True, silent=False)"
    assert learn.data.short_repr().startswith("DataBunch(train=")
    stops = EarlyStoppingCallback(learn, "accuracy", patience=2)
    assert repr(stops).startswith("EarlyStoppingCallback(monitor='accuracy', mode='auto', min_delta=0, patience=2")
    learn.destroy()
    assert "data=destroyed" in repr(learn)


def test_an_unknown_keyword_is_named_with_the_nearest(make_data):
    with pytest.raises(ArgumentTypeError, match="Learner: unknown keyword 'metric'. Did you mean 'metrics'"):
        Learner(make_data(), nn.Linear(6, 3), metric=accuracy)


def test_a_class_is_no_model(make_data):
    with pytest.raises(ArgumentTypeError, match=r"Learner: model must be an nn.Module; .*Make it first, e.g. Net\(\)"):
        Learner(make_data(), nn.Linear)
    with pytest.raises(ArgumentTypeError, match=r"Learner: model must be an nn.Module; .*Pass an nn.Module"):
        Learner(make_data(), lambda x: x)


def test_a_metric_with_the_wrong_parameters_is_told_at_once(make_data):
    def lonely(output):
        return 0.0

    with pytest.raises(ArgumentTypeError, match="lonely"):
        Learner(make_data(), nn.Linear(6, 3), metrics=lonely)


def test_a_built_optimiser_is_refused(make_data):
    model = nn.Linear(6, 3)
    with pytest.raises(ArgumentTypeError, match="Learner: opt_func must be a function"):
        Learner(make_data(), model, opt_func=torch.optim.SGD(model.parameters(), lr=0.1))


def test_the_data_can_be_replaced(make_learner, make_data):
    learn = make_learner()
    learn.fit(1)
    learn.data = make_data(train=32)
    learn.fit(1)
    assert len(learn.recorder.losses) == 2


def test_the_weights_of_a_loss_follow_the_device(make_data):
    learn = Learner(make_data(), nn.Linear(6, 3), loss_func=nn.CrossEntropyLoss(weight=torch.ones(3)))
    assert learn.loss_func.weight.device == learn.data.device


def test_init_fills_the_weights(make_learner):
    learn = make_learner()
    learn.init(nn.init.ones_)
    assert bool((learn.model[4].weight == 1).all())


def test_who_answers_what(make_learner, capsys):
    learn = make_learner(metrics=accuracy)
    learn.fit(1)
    recorder = learn.recorder
    learn.show_training_loop()
    said = capsys.readouterr().out.splitlines()
    events = dict(line.split(maxsplit=1) for line in said if "·" not in line)
    assert events["on_batch_begin"] == "Recorder" and events["on_epoch_end"] == "AverageMetric, NanWatch, Recorder"
    assert events["on_step_end"] == "-" and len(events) == 10
    assert learn.recorder is recorder and len(recorder.losses) == 4


def test_a_look_at_the_loop_leaves_nothing(make_learner, capsys):
    learn = make_learner()
    learn.show_training_loop([EarlyStoppingCallback(learn), TerminateOnNaNCallback()])
    said = capsys.readouterr().out
    assert "EarlyStoppingCallback" in said and "NanWatch" not in said
    with pytest.raises(StepError, match="nothing is recorded yet"):
        _ = learn.recorder


def test_an_interpretation(make_learner):
    learn = make_learner()
    learn.fit(1)
    assert learn.interpret().losses.shape == (24,)
