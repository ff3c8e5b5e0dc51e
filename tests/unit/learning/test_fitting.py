from functools import partial

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import TensorDataset

from onecycle.data.bunch import DataBunch
from onecycle.errors import ArgumentError, ArgumentTypeError
from onecycle.metrics.classification import accuracy
from onecycle.training.callback import Callback
from onecycle.utils.defaults import defaults


def two_groups(learn):
    return learn.split(lambda model: [model[4]])


def test_slices_of_rates(make_learner):
    learn = make_learner()
    learn.layer_groups = [nn.Linear(1, 1) for _ in range(3)]
    np.testing.assert_allclose(learn.lr_range(slice(1e-2)), [1e-3, 1e-3, 1e-2])
    np.testing.assert_allclose(learn.lr_range(slice(1e-4, 1e-2)), [1e-4, 1e-3, 1e-2])
    assert learn.lr_range(0.1) == 0.1


@pytest.mark.parametrize("lr", [slice(None), slice(0, 0), slice(-1, 1e-3), slice(1e-3, -1)])
def test_a_slice_of_rates_must_be_above_zero(make_learner, lr):
    with pytest.raises(ArgumentError, match=r"lr must be slice\(high\) or slice\(low, high\), above 0"):
        make_learner().lr_range(lr)


def test_fit_sets_rate_and_decay(make_learner):
    learn = two_groups(make_learner())
    learn.fit(1, slice(1e-4, 1e-2), wd=0.3)
    assert learn.opt.read_val("lr") == [1e-4, 1e-2] and learn.opt.wd == 0.3
    learn.fit(1, 1e-3)
    assert learn.opt.read_val("lr") == [1e-3, 1e-3] and learn.opt.wd == learn.wd


def test_the_optimiser_goes_on_over_fits(make_learner):
    learn = make_learner()
    learn.fit(1)
    first = learn.opt
    learn.fit(1)
    assert learn.opt is first


def test_the_default_rate(make_learner):
    learn = make_learner()
    learn.fit(1)
    assert learn.recorder.lrs[0] == defaults.lr.stop == 3e-3


def test_an_unknown_keyword_is_named_with_the_nearest(make_learner):
    with pytest.raises(ArgumentTypeError, match="fit: unknown keyword 'callback'. Did you mean 'callbacks'"):
        make_learner().fit(1, callback=3)


def test_session_wide_callbacks(make_learner, monkeypatch):
    class Counts(Callback):
        begun = 0

        def on_train_begin(self, **kwargs):
            self.begun += 1

    everywhere, made = Counts(), []
    monkeypatch.setattr(defaults, "extra_callbacks", [everywhere])
    monkeypatch.setattr(defaults, "extra_callback_fns", [lambda learn: made.append(Counts()) or made[-1]])
    make_learner().fit(1)
    assert everywhere.begun == 1 and made[0].begun == 1


class Table(TensorDataset):
    """Rows whose loader may have workers."""


def table_data(tmp_path, num_workers):
    draw = torch.Generator().manual_seed(0)
    rows = Table(torch.randn(60, 6, generator=draw), torch.randint(3, (60,), generator=draw))
    return DataBunch.create(rows, rows, bs=8, num_workers=num_workers, device="cpu", path=tmp_path, no_check=True)


def train(make_learner, data, seed=5, finder=False, dropout=0.3):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(dropout), nn.Linear(16, 3))
    learn = make_learner(model=net, data=data, loss_func=nn.CrossEntropyLoss(), metrics=accuracy)
    torch.manual_seed(seed)
    if finder:
        learn.lr_find(num_it=10)
        learn.validate()
        learn.get_preds()
        learn.data.one_batch()
    learn.fit_one_cycle(2, 1e-2)
    return learn


def same(a, b):
    assert a.recorder.losses == b.recorder.losses and a.recorder.val_losses == b.recorder.val_losses
    for key, value in a.model.state_dict().items():
        assert torch.equal(value, b.model.state_dict()[key]), key


def test_the_seed_fixes_the_run(make_learner, tmp_path):
    first, second = (train(make_learner, table_data(tmp_path, 0)) for _ in range(2))
    same(first, second)
    other = train(make_learner, table_data(tmp_path, 0), seed=6)
    assert other.recorder.losses != first.recorder.losses


def test_workers_change_nothing(make_learner, tmp_path):
    same(train(make_learner, table_data(tmp_path, 0)), train(make_learner, table_data(tmp_path, 2)))


def test_looks_before_the_fit_change_nothing(make_learner, tmp_path, capsys):
    same(train(make_learner, table_data(tmp_path, 0)), train(make_learner, table_data(tmp_path, 0), finder=True))


def test_draws_of_callbacks_do_not_touch_other_steps(make_learner, tmp_path):
    class Draws(Callback):
        def on_batch_end(self, train, **kwargs):
            torch.randn(7)

    plain = train(make_learner, table_data(tmp_path, 0))
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 3))
    learn = make_learner(model=net, data=table_data(tmp_path, 0), loss_func=nn.CrossEntropyLoss(), callbacks=[Draws()])
    torch.manual_seed(5)
    learn.fit_one_cycle(2, 1e-2)
    assert learn.recorder.losses == plain.recorder.losses


def test_ctrl_c_leaves_the_learner_usable(make_learner):
    class Stops(Callback):
        def on_batch_end(self, iteration, train, **kwargs):
            if train and iteration == 2:
                raise KeyboardInterrupt

    learn = make_learner()
    with pytest.raises(KeyboardInterrupt):
        learn.fit(2, callbacks=[Stops()])
    assert len(learn.recorder.losses) == 3
    learn.fit(1)
    assert len(learn.recorder.losses) == 4


def test_gradients_left_over_are_dropped(make_learner):
    clean, left = make_learner(), make_learner()
    left.model(torch.ones(4, 6)).sum().backward()
    left.model.load_state_dict(clean.model.state_dict())  # the forward pass moved the statistics
    for learn in (clean, left):
        torch.manual_seed(1)
        learn.fit(1)
    assert clean.recorder.losses == left.recorder.losses


def test_another_optimiser(make_learner):
    learn = make_learner(opt_func=partial(torch.optim.SGD, momentum=0.5))
    learn.fit_one_cycle(2, 1e-1)
    assert learn.opt.mom == pytest.approx(learn.opt.opt.param_groups[0]["momentum"])
    assert learn.recorder.losses[-1] < learn.recorder.losses[0]


def test_one_item_backward_leaves_gradients(make_learner):
    learn = make_learner()
    learn.data.one_item = lambda item: (item[None], torch.tensor([1]))
    loss = learn.backward(torch.ones(6))
    assert loss.ndim == 0 and learn.model[0].weight.grad is not None and learn.model.training
