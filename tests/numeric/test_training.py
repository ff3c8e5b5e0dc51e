"""Training against closed forms and a hand-written loop."""

import math
from copy import deepcopy
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from onecycle.callbacks.flat_cos_anneal import FlatCosAnnealScheduler
from onecycle.callbacks.general_sched import GeneralScheduler, TrainingPhase
from onecycle.callbacks.one_cycle import OneCycleScheduler
from onecycle.optim.schedules import SmoothenValue, annealing_exp
from onecycle.optim.wrapper import OptimWrapper


def wave(start, end, pct):
    return end + (start - end) * (1 + math.cos(math.pi * pct)) / 2


def one_cycle(step, total, lr, moms=(0.95, 0.85), div=25.0, pct_start=0.3, final=None):
    """The definition: what rate and momentum stand before a step."""
    up = int(total * pct_start)
    last = lr / (div * 1e4 if final is None else final)
    if step <= up:
        return wave(lr / div, lr, step / up), wave(*moms, step / up)
    pct = (step - up) / (total - up)
    return wave(lr, last, pct), wave(*moms[::-1], pct)


@pytest.mark.parametrize("how", [{}, {"div_factor": 10.0, "pct_start": 0.5, "final_div": 100.0, "moms": (0.9, 0.8)}])
def test_one_cycle_follows_its_definition(make_learner, how):
    learn = make_learner()
    learn.fit_one_cycle(5, 1e-2, **how)
    given = {"div": how.get("div_factor", 25.0), "pct_start": how.get("pct_start", 0.3), "final": how.get("final_div")}
    expected = [one_cycle(step, 20, 1e-2, how.get("moms", (0.95, 0.85)), **given) for step in range(20)]
    np.testing.assert_allclose(learn.recorder.lrs, [lr for lr, _ in expected], rtol=1e-9)
    np.testing.assert_allclose(learn.recorder.moms, [mom for _, mom in expected], rtol=1e-9)


def test_one_cycle_of_layer_groups_keeps_their_ratio(make_learner):
    learn = make_learner()
    learn.split(lambda model: [model[4]])
    rates = []

    class Watch(OneCycleScheduler):
        def on_batch_end(self, **kwargs):
            rates.append(learn.opt.read_val("lr"))
            return super().on_batch_end(**kwargs)

    learn.fit(2, callbacks=[Watch(learn, learn.lr_range(slice(1e-4, 1e-2)))])
    assert all(low == pytest.approx(high / 100) for low, high in rates[::2])


def test_one_cycle_in_two_parts_is_the_whole(make_learner):
    whole, parts = make_learner(), make_learner()
    torch.manual_seed(5)
    whole.fit_one_cycle(4, 1e-2)
    lrs = []
    for start in (0, 2):
        torch.manual_seed(5)
        parts.fit_one_cycle(2, 1e-2, tot_epochs=4, start_epoch=start)
        lrs += parts.recorder.lrs
    np.testing.assert_allclose(lrs, whole.recorder.lrs, rtol=1e-12)
    for a, b in zip(whole.model.parameters(), parts.model.parameters(), strict=True):
        assert torch.equal(a, b)


def test_flat_then_cosine(make_learner):
    learn = make_learner()
    learn.fit_fc(5, 1e-2, moms=(0.95, 0.85), start_pct=0.5)
    expected = [1e-2 if step <= 10 else wave(1e-2, 0, (step - 10) / 10) for step in range(20)]
    moms = [0.95 if step <= 10 else wave(0.95, 0.85, (step - 10) / 10) for step in range(20)]
    np.testing.assert_allclose(learn.recorder.lrs, expected, rtol=1e-9)
    np.testing.assert_allclose(learn.recorder.moms, moms, rtol=1e-9)


@pytest.mark.parametrize(("curve", "last"), [("linear", 1 / 10), ("exponential", 1e-4 ** (9 / 10))])
def test_flat_then_another_curve(make_learner, curve, last):
    learn = make_learner()
    learn.fit(5, callbacks=[FlatCosAnnealScheduler(learn, 1e-2, 5, start_pct=0.5, curve=curve)])
    assert learn.recorder.lrs[-1] == pytest.approx(1e-2 * last)


def test_phases_of_any_setting(make_learner):
    learn = make_learner()
    first = TrainingPhase(4).schedule_hp("lr", (1e-4, 1e-2), annealing_exp).schedule_hp("wd", 0.1)
    second = TrainingPhase(4).schedule_hp("lr", 1e-3).schedule_hp("wd", (0.1, 0.0))
    learn.fit(2, callbacks=[GeneralScheduler(learn, [first, second])])
    expected = [1e-4 * 100 ** (step / 4) for step in range(5)] + [1e-3] * 3
    np.testing.assert_allclose(learn.recorder.lrs, expected, rtol=1e-9)
    assert learn.opt.wd == 0.0


def test_the_finder_s_rates_rise_by_equal_factors(make_learner):
    learn = make_learner()
    learn.lr_find(1e-5, 1.0, num_it=20, stop_div=False)
    np.testing.assert_allclose(learn.recorder.lrs, [1e-5 * 1e5 ** (step / 20) for step in range(20)], rtol=1e-9)


@pytest.mark.parametrize("beta", [0.9, 0.98])
def test_the_smoothed_loss_is_the_weighted_mean(beta):
    values = np.random.RandomState(0).rand(50)
    smooth = SmoothenValue(beta)
    for n, value in enumerate(values, 1):
        smooth.add_value(torch.tensor(value))
        weights = beta ** np.arange(n - 1, -1, -1)
        assert float(smooth.smooth) == pytest.approx((weights * values[:n]).sum() / weights.sum(), rel=1e-5)


def after_training(opt_func, model, wd, by_wrapper, **how):
    """Weights after five steps on a bowl."""
    model = deepcopy(model)
    if by_wrapper:
        opt = OptimWrapper.create(opt_func, 0.05, [model], wd=wd, true_wd=True, **how)
    else:
        opt = opt_func(model.parameters(), lr=0.05, weight_decay=wd)
    x = torch.linspace(-1, 1, 12).reshape(4, 3)
    for _ in range(5):
        model(x).square().sum().backward()
        opt.step()
        opt.zero_grad()
    return [p.detach() for p in model.parameters()]


def close(mine, theirs, tolerance=1e-6):
    for a, b in zip(mine, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("fused", [True, False])
def test_true_weight_decay_of_adam_is_adamw(fused):
    torch.manual_seed(0)
    model = nn.Linear(3, 2)
    mine = after_training(partial(torch.optim.Adam, fused=fused), model, 0.3, True)
    close(mine, after_training(torch.optim.AdamW, model, 0.3, False))


def test_true_weight_decay_of_sgd_follows_its_definition():
    torch.manual_seed(0)
    model = nn.Linear(3, 2)
    mine = after_training(torch.optim.SGD, model, 0.3, True)
    twin = deepcopy(model)
    x = torch.linspace(-1, 1, 12).reshape(4, 3)
    for _ in range(5):
        grads = torch.autograd.grad(twin(x).square().sum(), list(twin.parameters()))
        with torch.no_grad():
            for p, grad in zip(twin.parameters(), grads, strict=True):
                p.copy_(p * (1 - 0.05 * 0.3) - 0.05 * grad)
    close(mine, [p.detach() for p in twin.parameters()])


def by_hand(model, train, epochs, lr, wd=0.01):
    """The loop that a careful person writes."""
    opt = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=wd, fused=True)
    mean, losses, step, total = torch.zeros(()), [], 0, epochs * len(train)
    for _ in range(epochs):
        model.train()
        for x, y in train:
            opt.param_groups[0]["lr"], mom = one_cycle(step, total, lr)
            opt.param_groups[0]["betas"] = (mom, 0.99)
            loss = nn.functional.cross_entropy(model(x), y)
            loss.backward()
            opt.step()
            opt.zero_grad()
            step += 1
            mean = torch.lerp(mean, loss.detach(), 0.02)
            losses.append(float(mean / (1 - 0.98**step)))
    return losses


def test_the_loss_curve_is_that_of_a_hand_written_loop(make_learner):
    learn = make_learner()
    twin, train = deepcopy(learn.model), list(learn.data.train_dl)
    learn.fit_one_cycle(4, 1e-2)
    np.testing.assert_allclose(learn.recorder.losses, by_hand(twin, train, 4, 1e-2), atol=1e-6)
    for a, b in zip(learn.model.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-6)


def test_accumulated_gradients_are_those_of_a_large_batch(make_learner, make_data):
    from onecycle.callbacks.accumulate import AccumulateScheduler

    net = nn.Linear(6, 3)  # without batch norm, whose statistics belong to the small batch
    sgd = partial(torch.optim.SGD, momentum=0.0)
    results = []
    for size, steps in ((16, 4), (64, 1)):
        for reduction in ("mean", "sum"):
            loss = nn.CrossEntropyLoss(reduction=reduction)
            learn = make_learner(model=deepcopy(net), data=make_data(bs=size), opt_func=sgd, loss_func=loss)
            learn.fit(2, 0.1, callbacks=[AccumulateScheduler(learn, n_step=steps)])
            results.append([p.detach() for p in learn.model.parameters()])
    for other in results[1:]:
        close(results[0], other)
