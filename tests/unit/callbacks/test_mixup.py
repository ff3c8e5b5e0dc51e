"""Mixup: items, targets, losses."""

import pytest
import torch
from torch import nn

from onecycle.callbacks.cutmix import CutMixCallback
from onecycle.callbacks.mixing import ItemMixer
from onecycle.callbacks.mixup import MixUpCallback, MixUpLoss
from onecycle.errors import ArgumentError, CallbackError


def mixed(make_learner, watch, **how):
    learn, seen = make_learner(), []

    def on_batch_begin(last_input, last_target, train, **kwargs):
        seen.append((train, last_input, last_target))

    learn.fit(1, callbacks=[MixUpCallback(learn, **how), watch(on_batch_begin=on_batch_begin)])
    return learn, seen


def test_mixup_mixes_items_and_targets(make_learner, watch):
    learn, seen = mixed(make_learner, watch)
    x, y = next(iter(learn.data.train_dl))
    _, mix, target = seen[0]
    assert target.shape == (16, 3) and torch.equal(target[:, 0].long(), y)
    weight = target[:, 2]
    assert (weight >= 0.5).all() and (weight <= 1).all()
    partner = (mix - x * weight[:, None]) / (1 - weight[:, None])
    sure = weight < 0.999
    assert (torch.cdist(partner[sure], x).min(1).values < 1e-2).all()


def test_mixup_leaves_validation_alone(make_learner, watch):
    learn, seen = mixed(make_learner, watch)
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


def test_a_step_of_a_run_draws_the_same_whatever_was_looked_at(make_learner, watch):
    weights = []
    for look in (False, True):
        learn = make_learner()

        def on_batch_begin(last_target, train, learn=learn, look=look, **kwargs):
            if train:
                weights.append(last_target[:, 2])
                if look:
                    torch.rand(7)

        torch.manual_seed(4)
        learn.fit(2, callbacks=[MixUpCallback(learn), watch(on_batch_begin=on_batch_begin)])
    half = len(weights) // 2
    assert all(torch.equal(a, b) for a, b in zip(weights[:half], weights[half:], strict=True))
    assert not torch.equal(weights[0], weights[1])


def test_a_loss_that_sums_still_sums(make_learner):
    learn = make_learner(loss_func=nn.CrossEntropyLoss(reduction="sum"))
    mixing = MixUpCallback(learn)
    mixing.on_train_begin()
    assert learn.loss_func.reduction == "sum"
    mixing.on_train_end()
    assert isinstance(learn.loss_func, nn.CrossEntropyLoss)


@pytest.mark.parametrize(
    ("targets", "stack_y", "said"),
    [
        (torch.zeros(4), True, r"one class an item with stack_y=True; got torch.float32 of shape \(4,\)"),
        (torch.zeros(4, 2, dtype=torch.long), True, r"got torch.int64 of shape \(4, 2\). Pass stack_y=False"),
        (torch.zeros(4, dtype=torch.long), False, "one-hot floats with stack_y=False; got torch.int64"),
        ([torch.zeros(4)], True, "got a list"),
    ],
)
def test_targets_of_the_other_kind(make_learner, targets, stack_y, said):
    mixing = MixUpCallback(make_learner(), stack_y=stack_y)
    with pytest.raises(CallbackError, match=f"MixUpCallback: targets must be .*{said}"):
        mixing.on_batch_begin(last_input=torch.zeros(4, 2), last_target=targets, train=True)


@pytest.mark.parametrize("second", [MixUpCallback, CutMixCallback])
def test_batches_are_mixed_once(make_learner, second):
    learn = make_learner()
    loss = learn.loss_func
    with pytest.raises(CallbackError, match=f"{second.__name__}: the batches are mixed already. Use one of"):
        learn.fit(1, callbacks=[MixUpCallback(learn), second(learn)])
    assert learn.loss_func is loss


def test_how_to_mix_is_a_subclass_s_own(make_learner):
    with pytest.raises(NotImplementedError, match="^$"):
        ItemMixer(make_learner(), 0.4, True).mixed(torch.zeros(2), torch.tensor([1, 0]))


def test_a_loss_without_a_loss_an_item_is_refused(make_learner):
    def mean_only(output, target):
        return nn.functional.cross_entropy(output, target)

    class Module(nn.Module):
        def forward(self, output, target, reduction="mean"):
            return nn.functional.cross_entropy(output, target, reduction=reduction)

    with pytest.raises(CallbackError, match="MixUpCallback: loss_func must give a loss an item.*; got <function"):
        make_learner(loss_func=mean_only).mixup().fit(1)
    make_learner(loss_func=Module()).mixup().fit(1)
