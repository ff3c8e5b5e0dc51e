"""Gradients over several batches are those of one big batch."""

from functools import partial

import pytest
import torch
from torch import nn

from onecycle.callbacks.accumulate import AccumulateScheduler
from onecycle.callbacks.gradient_clipping import GradientClipping
from onecycle.callbacks.misc import StopAfterNBatches
from onecycle.callbacks.mixup import MixUpCallback
from onecycle.errors import ArgumentError
from onecycle.nn.losses import CrossEntropyFlat
from tests.conftest import small_set

SGD = partial(torch.optim.SGD, momentum=0.9)
WEIGHT = torch.tensor([0.2, 1.0, 3.0])


def net():
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3))


@pytest.fixture
def trained(make_learner, make_data):
    """Return the weights after two epochs over batches of given sizes."""

    def train(sizes, loss_func=None, callbacks=lambda learn: [], change=lambda y: y):
        data = make_data(valid=0)
        x, y = small_set(sum(sizes), 3)
        data.train_dl.dl[:] = list(zip(x.split(sizes), change(y).split(sizes), strict=True))
        learn = make_learner(model=net(), data=data, opt_func=SGD, loss_func=loss_func)
        learn.fit(2, 0.1, callbacks=callbacks(learn))
        return [p.detach() for p in learn.model.parameters()]

    return train


def same(one, other):
    return all(torch.allclose(a, b, atol=1e-6, rtol=0) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize(
    ("sizes", "n_step", "big"),
    [
        ([8, 8, 8, 8], 2, [16, 16]),
        ([8, 8, 8, 8, 8], 2, [16, 16, 8]),  # the last group is short
        ([8, 8, 8, 8, 3], 3, [24, 11]),  # and its last batch
        ([5, 9, 2, 1, 7], 2, [14, 3, 7]),  # batches of different size
        ([8, 8], 5, [16]),  # less than one group
        ([8, 8], 1, [8, 8]),
    ],
)
def test_the_steps_are_those_of_big_batches(trained, sizes, n_step, big):
    gathered = trained(sizes, callbacks=lambda learn: [AccumulateScheduler(learn, n_step=n_step)])
    assert same(gathered, trained(big))


def test_a_loss_that_sums(trained):
    gathered = trained(
        [5, 9, 4], nn.CrossEntropyLoss(reduction="sum"), lambda learn: [AccumulateScheduler(learn, n_step=2)]
    )
    assert same(gathered, trained([14, 4]))


@pytest.mark.parametrize("make", [nn.CrossEntropyLoss, CrossEntropyFlat])
@pytest.mark.parametrize("how", [{}, {"label_smoothing": 0.1}])
def test_a_loss_that_weighs_classes(trained, make, how):
    loss = make(weight=WEIGHT, **how)
    gathered = trained([5, 9, 4], loss, lambda learn: [AccumulateScheduler(learn, n_step=2)])
    assert same(gathered, trained([14, 4], loss))


def test_a_loss_that_leaves_items_out(trained):
    def hidden(y):
        return torch.where(torch.arange(len(y)) % 4 == 0, torch.tensor(-100), y)

    gathered = trained([5, 9, 4], None, lambda learn: [AccumulateScheduler(learn, n_step=2)], hidden)
    assert same(gathered, trained([14, 4], change=hidden))


def test_clipping_looks_at_the_whole_gradient(trained):
    clip = partial(GradientClipping, clip=0.05)
    gathered = trained([8, 8, 8], None, lambda learn: [clip(learn), AccumulateScheduler(learn, n_step=2)])
    assert same(gathered, trained([16, 8], callbacks=lambda learn: [clip(learn)]))


def test_it_goes_with_mixup(make_learner, watch):
    learn, losses = make_learner(), []

    def on_batch_end(last_loss, train, **kwargs):
        losses.append(float(last_loss))

    callbacks = [AccumulateScheduler(learn, n_step=3), MixUpCallback(learn), watch(on_batch_end=on_batch_end)]
    learn.fit(1, callbacks=callbacks)
    assert max(losses) < 3  # the loss itself, not as it is scaled for the way back


def test_steps_every_few_batches_and_at_the_end(make_learner, watch):
    learn, steps = make_learner(opt_func=partial(torch.optim.SGD, momentum=0.0)), []

    def on_batch_end(train, **kwargs):
        steps.append(learn.model[4].weight.detach().clone())

    learn.fit(1, 0.1, callbacks=[AccumulateScheduler(learn, n_step=3), watch(on_batch_end=on_batch_end)])
    moved = [not torch.equal(a, b) for a, b in zip(steps[:3], steps[1:4], strict=True)]
    assert moved == [False, True, True]


@pytest.mark.parametrize("drop_last", [False, True])
def test_what_is_left_of_an_epoch(make_learner, drop_last):
    learn = make_learner(opt_func=partial(torch.optim.SGD, momentum=0.0))
    before = learn.model[4].weight.detach().clone()
    learn.fit(1, 0.1, callbacks=[AccumulateScheduler(learn, n_step=10, drop_last=drop_last)])
    assert torch.equal(learn.model[4].weight, before) == drop_last
    assert learn.model[4].weight.grad is None


def test_dropped_batches_are_as_if_they_were_not(trained):
    dropping = trained([8, 8, 8], None, lambda learn: [AccumulateScheduler(learn, n_step=2, drop_last=True)])
    assert same(dropping, trained([16]))


def test_an_epoch_cut_short_begins_afresh_in_the_next_fit(make_learner):
    learn = make_learner()
    gather = AccumulateScheduler(learn, n_step=3)
    learn.fit(1, callbacks=[gather, StopAfterNBatches(2)])
    assert gather.acc_batches == 2
    learn.fit(1, callbacks=[gather])
    assert gather.acc_batches == 0 and all(p.grad is None for p in learn.model.parameters())


@pytest.mark.parametrize("n_step", [0, 1.5, True])
def test_no_number_of_batches(make_learner, n_step):
    with pytest.raises(ArgumentError, match="n_step must be a whole number of at least 1; got"):
        AccumulateScheduler(make_learner(), n_step=n_step)
