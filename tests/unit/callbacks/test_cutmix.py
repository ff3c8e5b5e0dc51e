"""CutMix: a patch of another picture, and targets by its area."""

import pytest
import torch
from torch import nn

from onecycle.callbacks.cutmix import CutMixCallback
from onecycle.data.bunch import DataBunch
from onecycle.errors import ArgumentError, CallbackError
from onecycle.learner import Learner


def numbered(count, height=9, width=13):
    """Pictures of which each is filled with its own number."""
    return torch.arange(count).float().reshape(-1, 1, 1, 1).expand(-1, 2, height, width).contiguous()


@pytest.fixture
def cut(make_learner):
    """Return the mixed pictures, targets and the callback, of a seed."""

    def make(count=200, seed=0, target=None, **how):
        torch.manual_seed(seed)
        callback = CutMixCallback(make_learner(), **how)
        torch.manual_seed(seed)
        y = torch.arange(count) if target is None else target
        changed = callback.on_batch_begin(last_input=numbered(count), last_target=y, train=True)
        return changed["last_input"], changed["last_target"]

    return make


def test_each_pixel_is_the_picture_s_own_or_its_partner_s(cut):
    x, y = cut()
    own, partner, part = y.T
    assert torch.equal(own, torch.arange(200).float())
    is_own = x == own.reshape(-1, 1, 1, 1)
    assert (is_own | (x == partner.reshape(-1, 1, 1, 1))).all()
    assert torch.equal(x[:, 0], x[:, 1])  # all channels alike
    moved = own != partner
    torch.testing.assert_close(is_own[:, 0].float().mean((1, 2))[moved], part[moved])


def test_the_patch_is_a_rectangle(cut):
    x, y = cut()
    patched = x[:, 0] == y[:, 1].reshape(-1, 1, 1)
    for mask in patched[y[:, 0] != y[:, 1]]:
        rows, columns = mask.any(1), mask.any(0)
        assert torch.equal(mask, rows[:, None] & columns[None])
        for line in (rows, columns):
            where = line.nonzero()
            assert not len(where) or int(where[-1] - where[0]) + 1 == len(where)


def test_alpha_shapes_the_parts(cut):
    _, even = cut(400, alpha=1.0)
    _, middle = cut(400, alpha=50.0)
    assert even[:, 2].std() > 1.5 * middle[:, 2].std()
    assert (even[:, 2] >= 0).all() and (even[:, 2] <= 1).all()


def test_the_draw_follows_the_generator(cut):
    assert torch.equal(cut(seed=3)[0], cut(seed=3)[0])
    assert not torch.equal(cut(seed=3)[0], cut(seed=4)[0])


def test_targets_can_be_mixed(cut):
    hot = torch.eye(200)
    x, y = cut(target=hot, stack_y=False)
    torch.testing.assert_close(y.sum(1), torch.ones(200))
    part = (x[:, 0] == torch.arange(200).reshape(-1, 1, 1)).float().mean((1, 2))
    torch.testing.assert_close(y.diagonal(), part)


def test_it_trains_and_leaves_validation_alone(tmp_path, watch):
    x, y = torch.rand(32, 3, 8, 8), torch.arange(32) % 2
    data = DataBunch([(x[:16], y[:16]), (x[16:], y[16:])], [(x, y)], device="cpu", path=tmp_path)
    net = nn.Sequential(nn.Flatten(), nn.Linear(192, 2))
    learn = Learner(data, net, loss_func=nn.CrossEntropyLoss(), silent=True).cutmix(alpha=0.8)
    seen = []

    def on_batch_begin(last_target, train, **kwargs):
        seen.append((train, last_target.shape))

    learn.fit(1, callbacks=[watch(on_batch_begin=on_batch_begin)])
    assert seen == [(True, (16, 3)), (True, (16, 3)), (False, (32,))]
    assert isinstance(learn.loss_func, nn.CrossEntropyLoss)


@pytest.mark.parametrize(
    ("x", "said"), [(torch.zeros(4, 6), r"got shape \(4, 6\)"), ([torch.zeros(4, 1, 2, 2)], "got a list")]
)
def test_inputs_that_are_no_pictures(make_learner, x, said):
    callback = CutMixCallback(make_learner())
    with pytest.raises(CallbackError, match=rf"inputs must be pictures \(N, C, H, W\); {said}. Use mixup"):
        callback.on_batch_begin(last_input=x, last_target=torch.zeros(4, dtype=torch.long), train=True)


def test_alpha_must_be_above_0(make_learner):
    with pytest.raises(ArgumentError, match="CutMixCallback: alpha must be above 0; got -1"):
        CutMixCallback(make_learner(), alpha=-1)
