"""Fine-tuning in one call: the head alone with the body at rest, then all; rates, resumed runs, mistakes."""

import inspect

import pytest
import torch
from torch import nn
from torch.utils.data import TensorDataset

from onecycle.data.bunch import DataBunch
from onecycle.errors import ArgumentError, ArgumentTypeError, StepError, TrainingError
from onecycle.learner import Learner
from onecycle.metrics.classification import accuracy
from onecycle.training.callback import Callback, LearnerCallback


def points(seed, count, swap=False):
    """Return points of two rings, the outer one of class 1; the other way round with `swap`."""
    draw = torch.Generator().manual_seed(seed)
    angle = torch.rand(count, generator=draw) * 2 * torch.pi
    outer = torch.arange(count) % 2
    radius = 1.0 + outer + 0.1 * torch.randn(count, generator=draw)
    x = torch.stack([radius * angle.cos(), radius * angle.sin()], 1)
    return TensorDataset(x, 1 - outer if swap else outer)


def bunch(path, train, valid, bs=8):
    return DataBunch.create(train, valid, bs=bs, num_workers=0, device="cpu", path=path)


def network():
    layers = [nn.Linear(2, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 32), nn.BatchNorm1d(32), nn.ReLU()]
    body = nn.Sequential(*layers)
    return nn.Sequential(body, nn.Sequential(nn.Dropout(0.1), nn.Linear(32, 2)))


@pytest.fixture(scope="module")
def trained_body(tmp_path_factory):
    """Return the weights of a body that tells the rings apart."""
    torch.manual_seed(0)
    data = bunch(tmp_path_factory.mktemp("rings"), points(0, 400), points(1, 80), bs=40)
    learn = Learner(data, network(), loss_func=nn.CrossEntropyLoss(), metrics=accuracy, silent=True)
    learn.fit_one_cycle(12, 1e-2)
    assert float(learn.recorder.metrics[-1][0]) > 0.95
    return learn.model[0].state_dict()


@pytest.fixture
def make(tmp_path, trained_body):
    """Return a function that makes a learner of the trained body and a new head, for few points of swapped classes."""

    def learner(count=24, **how):
        torch.manual_seed(7)  # another head than the one that the body was trained with
        model = network()
        model[0].load_state_dict(trained_body)
        data = bunch(tmp_path, points(2, count, swap=True), points(3, 80, swap=True))
        learn = Learner(data, model, loss_func=nn.CrossEntropyLoss(), metrics=accuracy, silent=True, **how)
        return learn.split(lambda m: m[1])

    return learner


class Watch(LearnerCallback):
    """Note of each step what learns and at which rates, and whether the head's inputs have a graph."""

    def __init__(self, learn):
        super().__init__(learn)
        self.rates, self.graphs, self.body_learns = [], [], []
        learn.model[0].register_forward_hook(lambda module, x, y: self.graphs.append(y.requires_grad))

    def on_batch_begin(self, train, **kwargs):
        if train:
            self.rates.append(list(self.learn.opt._lr))
            self.body_learns.append(any(p.requires_grad for p in self.learn.model[0].parameters()))

    def run_state(self):
        return {}


def test_it_learns_from_24_points(make):
    learn = make()
    learn.fine_tune(3, base_lr=2e-2)
    assert float(learn.recorder.metrics[-1][0]) > 0.95
    assert learn.recorder.val_losses[-1] < learn.recorder.val_losses[0]


def test_the_body_rests_wholly_while_the_head_learns(make):
    learn = make()
    before = {name: value.clone() for name, value in learn.model[0].state_dict().items()}
    head = learn.model[1][1].weight.clone()
    watch = Watch(learn)
    learn.fine_tune(0, freeze_epochs=2, callbacks=[watch])
    assert all(torch.equal(before[name], value) for name, value in learn.model[0].state_dict().items())
    assert not torch.equal(head, learn.model[1][1].weight)
    assert watch.graphs and not any(watch.graphs) and not any(watch.body_learns)
    assert all(p.requires_grad for p in learn.model.parameters())  # as after unfreeze()


def test_then_all_of_it_learns_at_rates_by_layer_group(make):
    learn = make()
    watch = Watch(learn)
    learn.fine_tune(2, base_lr=1e-2, freeze_epochs=1, lr_mult=10, callbacks=[watch])
    assert watch.body_learns == [False] * 3 + [True] * 6
    alone, together = watch.rates[:3], watch.rates[4:]
    assert max(rate[-1] for rate in alone) == pytest.approx(1e-2, rel=0.6)
    assert all(first * 10 == pytest.approx(last) for first, last in together)
    assert 2e-3 < max(last for _, last in together) <= 5e-3
    assert not torch.equal(learn.model[0][1].running_mean, make().model[0][1].running_mean)


@pytest.mark.parametrize(("count", "epochs"), [(8, 5), (24, 5), (100, 5), (200, 2), (600, 1)])
def test_the_head_gets_about_fifty_steps(make, count, epochs):
    learn = make(count)
    watch = Watch(learn)
    learn.fine_tune(0, callbacks=[watch])
    assert len(watch.rates) == epochs * len(learn.data.train_dl)


class Killed(Exception):
    pass


class KillAt(Callback):
    def __init__(self, step):
        self.step = step

    def on_batch_end(self, iteration, train, **kwargs):
        if train and iteration == self.step:
            raise Killed

    def run_state(self):
        return {}


@pytest.mark.parametrize("step", [2, 3, 5, 6, 7, 10])  # in the first phase, at its end, in the second one
def test_a_killed_run_ends_with_the_same_bits(make, tmp_path, step):
    def train(kill, **run):
        learn = make()
        torch.manual_seed(3)
        learn.fine_tune(2, freeze_epochs=2, callbacks=[KillAt(kill)], **run)
        return learn

    whole = train(None)
    with pytest.raises(Killed):
        train(step, checkpoint=tmp_path / "run", every=1)
    learn = make()
    learn.resume(tmp_path / "run", callbacks=[KillAt(None)])
    assert all(torch.equal(a, b) for a, b in zip(whole.model.state_dict().values(), learn.model.state_dict().values()))
    assert str(whole.recorder.metrics) == str(learn.recorder.metrics)
    assert str(whole.recorder.val_losses) == str(learn.recorder.val_losses)


def test_a_training_that_breaks_off_leaves_all_layers_learning(make):
    learn = make()
    with pytest.raises(Killed):
        learn.fine_tune(1, callbacks=[KillAt(2)])
    assert all(p.requires_grad for p in learn.model.parameters())


def test_its_parameters_are_seen():
    parameters = inspect.signature(Learner.fine_tune).parameters
    assert {"epochs", "base_lr", "freeze_epochs", "lr_mult", "pct_start", "checkpoint", "resume"} <= set(parameters)


@pytest.mark.parametrize(("how", "said"), [
    ({"epochs": -1}, "fine_tune: epochs must be a whole number of at least 0; got -1"),
    ({"epochs": 1.5}, "fine_tune: epochs must be a whole number of at least 0; got 1.5"),
    ({"epochs": 0, "freeze_epochs": 0}, "fine_tune: epochs must be at least 1 where freeze_epochs is 0"),
    ({"freeze_epochs": -1}, "fine_tune: freeze_epochs must be a whole number of at least 0"),
    ({"base_lr": 0}, "fine_tune: base_lr must be one number above 0; got 0"),
    ({"base_lr": float("nan")}, "fine_tune: base_lr must be one number above 0"),
    ({"base_lr": slice(1e-5, 1e-3)}, "fine_tune: base_lr must be one number above 0"),
    ({"base_lr": [1e-5, 1e-3]}, "fine_tune: base_lr must be one number above 0"),
    ({"lr_mult": 0.5}, "fine_tune: lr_mult must be at least 1"),
    ({"pct_start": 1.5}, "fine_tune: pct_start must be between 0 and 1"),
    ({"div": 0}, "fine_tune: div must be at least 1"),
    ({"moms": 0.9}, "fine_tune: moms must be two numbers"),
    ({"moms": (0.9, 1.0)}, "fine_tune: moms must be two numbers"),
])  # fmt: skip
def test_settings_out_of_their_range_are_refused(make, how, said):
    with pytest.raises(ArgumentError, match=said.replace("(", r"\(")):
        make().fine_tune(**{"epochs": 1, **how})


def test_an_unknown_keyword_is_refused(make):
    with pytest.raises(ArgumentTypeError, match="freeze_epochs"):
        make().fine_tune(1, freeze_epoch=1)


def test_a_learner_without_a_body_is_refused(make):
    learn = make()
    learn.layer_groups = [learn.model]
    with pytest.raises(StepError, match="fine_tune: the learner must have a body and a head as layer groups; it has 1"):
        learn.fine_tune(1)


def test_several_processes_are_refused(make):
    learn = make()
    learn.callbacks.append(type("Sharer", (Callback,), {"share_loss": lambda self, parts: parts})())
    with pytest.raises(TrainingError, match="fine_tune: training in several processes goes phase by phase"):
        learn.fine_tune(1)
