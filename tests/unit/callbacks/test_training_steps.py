"""Callbacks that change what happens in a step."""

from functools import partial

import pytest
import torch
from torch import nn

from onecycle.callbacks.accumulate import AccumulateScheduler
from onecycle.callbacks.fp16 import MixedPrecision
from onecycle.callbacks.gradient_clipping import GradientClipping
from onecycle.callbacks.misc import StopAfterNBatches
from onecycle.callbacks.mixup import MixUpCallback, MixUpLoss
from onecycle.callbacks.show_graph import ShowGraph
from onecycle.errors import ArgumentError
from onecycle.training.callback import Callback


class Watch(Callback):
    """Calls a function at an event."""

    _order = 1000

    def __init__(self, **events):
        self.__dict__.update(events)


def test_stop_after_some_batches(make_learner):
    learn = make_learner()
    learn.fit(5, callbacks=[StopAfterNBatches(3)])
    assert len(learn.recorder.losses) == 3 and learn.recorder.val_losses == []


def test_clipping(make_learner):
    learn, norms = make_learner(), []

    def on_step_end(**kwargs):
        norms.append(float(torch.stack([p.grad.norm() for p in learn.model.parameters()]).norm()))

    learn.fit(1, callbacks=[GradientClipping(learn, clip=1e-3), Watch(on_step_end=on_step_end)])
    assert norms == pytest.approx([1e-3] * 4, rel=1e-3)


def test_accumulation_steps_every_few_batches(make_learner):
    learn, steps = make_learner(opt_func=partial(torch.optim.SGD, momentum=0.0)), []

    def on_batch_end(train, **kwargs):
        steps.append(learn.model[4].weight.detach().clone())

    learn.fit(1, 0.1, callbacks=[AccumulateScheduler(learn, n_step=3), Watch(on_batch_end=on_batch_end)])
    moved = [not torch.equal(a, b) for a, b in zip(steps[:3], steps[1:4], strict=True)]
    assert moved == [False, True, False]


@pytest.mark.parametrize("drop_last", [False, True])
def test_what_is_left_of_an_epoch(make_learner, drop_last):
    learn = make_learner(opt_func=partial(torch.optim.SGD, momentum=0.0))
    before = learn.model[4].weight.detach().clone()
    learn.fit(1, 0.1, callbacks=[AccumulateScheduler(learn, n_step=10, drop_last=drop_last)])
    assert torch.equal(learn.model[4].weight, before) == drop_last
    assert learn.model[4].weight.grad is None


def test_accumulation_of_nothing(make_learner):
    with pytest.raises(ArgumentError, match="n_step must be at least 1; got 0"):
        AccumulateScheduler(make_learner(), n_step=0)


def mixed(make_learner, **how):
    learn, seen = make_learner(), []

    def on_batch_begin(last_input, last_target, train, **kwargs):
        seen.append((train, last_input, last_target))

    learn.fit(1, callbacks=[MixUpCallback(learn, **how), Watch(on_batch_begin=on_batch_begin)])
    return learn, seen


def test_mixup_mixes_items_and_targets(make_learner):
    learn, seen = mixed(make_learner)
    x, y = next(iter(learn.data.train_dl))
    _, mix, target = seen[0]
    assert target.shape == (16, 3) and torch.equal(target[:, 0].long(), y)
    weight = target[:, 2]
    assert (weight >= 0.5).all() and (weight <= 1).all()
    partner = (mix - x * weight[:, None]) / (1 - weight[:, None])
    sure = weight < 0.999
    assert (torch.cdist(partner[sure], x).min(1).values < 1e-2).all()


def test_mixup_leaves_validation_alone(make_learner):
    learn, seen = mixed(make_learner)
    held = [batch for train, *batch in seen if not train]
    for (x, y), (mix, target) in zip(learn.data.valid_dl, held, strict=True):
        assert torch.equal(x, mix) and torch.equal(y, target)


def test_mixup_is_the_same_for_the_same_seed(make_learner):
    runs = []
    for _ in range(2):
        learn = make_learner()
        torch.manual_seed(4)
        learn.fit(1, callbacks=[MixUpCallback(learn)])
        runs.append(learn.recorder.losses)
    assert runs[0] == runs[1]


def test_mixup_can_hand_on_both_items(make_learner):
    class Takes(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Linear(6, 3)

        def forward(self, x, partner=None, weight=None):
            if partner is not None:
                x = x * weight[:, None] + partner * (1 - weight[:, None])
            return self.inner(x)

    learn = make_learner(model=Takes())
    learn.fit(1, callbacks=[MixUpCallback(learn, stack_x=True)])
    assert len(learn.recorder.losses) == 4


def test_mixup_can_mix_numbers(make_learner, make_data):
    data = make_data()
    for batches in (data.train_dl.dl, data.valid_dl.dl):
        batches[:] = [(x, x[:, 0]) for x, _ in batches]
    learn = make_learner(model=nn.Sequential(nn.Linear(6, 1), nn.Flatten(0)), data=data, loss_func=nn.MSELoss())
    learn.fit(1, callbacks=[MixUpCallback(learn, stack_y=False)])
    assert isinstance(learn.loss_func, nn.MSELoss)


def test_mixup_needs_a_weight(make_learner):
    with pytest.raises(ArgumentError, match="alpha must be above 0; got 0"):
        MixUpCallback(make_learner(), alpha=0)


@pytest.mark.parametrize("crit", [nn.CrossEntropyLoss(), nn.functional.cross_entropy])
def test_the_mixed_loss(crit):
    output = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))
    a, b, weight = torch.tensor([0, 1, 2, 0]), torch.tensor([1, 1, 0, 2]), torch.tensor([0.5, 0.6, 0.7, 1.0])
    loss = MixUpLoss(crit)
    each = [nn.functional.cross_entropy(output, t, reduction="none") for t in (a, b)]
    expected = each[0] * weight + each[1] * (1 - weight)
    stacked = torch.stack([a.float(), b.float(), weight], 1)
    torch.testing.assert_close(loss(output, stacked), expected.mean())
    torch.testing.assert_close(MixUpLoss(crit, reduction="sum")(output, stacked), expected.sum())
    torch.testing.assert_close(MixUpLoss(crit, reduction="none")(output, stacked), expected)
    torch.testing.assert_close(loss(output, a), each[0].mean())
    assert loss.get_old() is crit


def test_half_precision_on_the_cpu(make_learner):
    learn, seen = make_learner(), []
    learn.model[4].register_forward_hook(lambda module, args, output: seen.append(output.dtype))

    def on_loss_begin(last_output, **kwargs):
        seen.append(last_output.dtype)

    learn.fit(2, 1e-2, callbacks=[MixedPrecision(learn, clip=1.0), Watch(on_loss_begin=on_loss_begin)])
    assert seen[:2] == [torch.bfloat16, torch.bfloat16] or set(seen) == {torch.bfloat16, torch.float32}
    assert learn.recorder.losses[-1] < learn.recorder.losses[0]
    assert not torch.is_autocast_enabled("cpu")


def test_half_precision_ends_with_a_forward_pass_that_breaks(make_learner):
    learn = make_learner(model=nn.Linear(5, 3))
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied|size mismatch|mat1"):
        learn.fit(1, callbacks=[MixedPrecision(learn)])
    assert not torch.is_autocast_enabled("cpu")


def test_an_overflow_leaves_the_step_out(make_learner):
    learn = make_learner()
    half = MixedPrecision(learn, loss_scale=8.0)
    half._scaled, half.noskip = True, 5
    assert float(half.on_backward_begin(last_loss=torch.tensor(2.0))["last_loss"]) == 16
    parameter = learn.model[4].weight
    parameter.grad = torch.full_like(parameter, 8.0)
    assert half.on_backward_end() is None and float(parameter.grad[0, 0]) == 1
    parameter.grad[0, 0] = float("inf")
    assert half.on_backward_end() == {"skip_step": True}
    assert half.loss_scale == 4.0 and half.noskip == 0


def test_the_scale_grows_after_many_good_steps(make_learner):
    learn = make_learner()
    half = MixedPrecision(learn, loss_scale=8.0, max_noskip=2, max_scale=16)
    half._scaled, half.noskip = True, 0
    for _ in range(6):
        for parameter in learn.model.parameters():
            parameter.grad = torch.zeros_like(parameter)
        half.on_backward_end()
    assert half.loss_scale == 16
    assert MixedPrecision(learn, dynamic=False).loss_scale == 512


def test_the_graph_gets_both_curves(make_learner):
    drawn = []

    class Bar:
        table = None

        def write(self, line, table=False):
            pass

        def update_graph(self, graphs, x_bounds, y_bounds):
            drawn.append((graphs, x_bounds, y_bounds))

    learn = make_learner()
    learn.fit(1)
    learn.recorder.pbar = Bar()
    ShowGraph(learn).on_epoch_end(n_epochs=2, last_metrics=[0.5])
    (train, valid), x_bounds, y_bounds = drawn[0]
    assert len(train[1]) == 4 and valid[0] == [4] and x_bounds == (0, 8) and y_bounds[1] >= max(train[1])
    ShowGraph(learn).on_epoch_end(n_epochs=2, last_metrics=[None])
    assert len(drawn) == 1
