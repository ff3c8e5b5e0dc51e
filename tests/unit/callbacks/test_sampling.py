"""Over- and under-sampling in training."""

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from onecycle.callbacks.oversampling import OverSamplingCallback
from onecycle.callbacks.undersampling import UnderSamplingCallback
from onecycle.data.bunch import DataBunch
from onecycle.errors import ArgumentError, DataError
from onecycle.learner import Learner

BOTH = [(OverSamplingCallback, 60), (UnderSamplingCallback, 12)]


def uneven():
    y = torch.tensor([0] * 60 + [1] * 24 + [2] * 12)
    return TensorDataset(torch.arange(96.0)[:, None] + torch.zeros(96, 6), y)


@pytest.fixture
def learner(tmp_path):
    def make(bs=12, data=None, **how):
        data = data or DataBunch.create(uneven(), uneven(), bs=bs, device="cpu", path=tmp_path)
        torch.manual_seed(0)
        return Learner(data, nn.Linear(6, 3), loss_func=nn.CrossEntropyLoss(), silent=True, **how)

    return make


def run(learn, watch, cls, epochs=1, seed=3, **how):
    """Return the items (as numbers) and targets of each training batch."""
    seen = []

    def on_batch_begin(last_input, last_target, train, **kwargs):
        if train:
            seen.append((last_input[:, 0], last_target))

    torch.manual_seed(seed)
    learn.fit_one_cycle(epochs, 1e-3, callbacks=[cls(learn, **how), watch(on_batch_begin=on_batch_begin)])
    return torch.cat([x for x, _ in seen]), torch.cat([y for _, y in seen])


@pytest.mark.parametrize(("cls", "each"), BOTH)
def test_classes_come_equally_often_and_the_data_is_restored(learner, watch, cls, each):
    learn = learner()
    loader = learn.data.train_dl
    _, y = run(learn, watch, cls)
    assert torch.bincount(y).tolist() == [each] * 3
    assert learn.data.train_dl is loader
    batches = [(torch.zeros(12, 6), torch.zeros(12, dtype=torch.long))] * (each * 3 // 12)
    plain = learner(data=DataBunch(batches, None, device="cpu", path=learn.path))
    plain.fit_one_cycle(1, 1e-3)
    assert learn.recorder.lrs == plain.recorder.lrs  # the cycle knew how many batches there are


@pytest.mark.parametrize("cls", [cls for cls, _ in BOTH])
def test_the_order_is_the_run_s(learner, watch, cls):
    one, again = (run(learner(), watch, cls, epochs=2)[0] for _ in range(2))
    other, _ = run(learner(), watch, cls, epochs=2, seed=4)
    assert torch.equal(one, again) and not torch.equal(one, other)
    half = len(one) // 2
    assert not torch.equal(one[:half], one[half:])


def test_weights_of_items(learner, watch):
    weights = torch.zeros(96)
    weights[84:] = 1
    _, y = run(learner(), watch, OverSamplingCallback, weights=weights)
    assert set(y.tolist()) == {2} and len(y) == 180


def test_a_loader_of_torch_s(learner, watch, tmp_path):
    loaders = DataLoader(uneven(), batch_size=12, shuffle=True), DataLoader(uneven(), batch_size=12)
    runs = []
    for _ in range(2):
        learn = learner(data=DataBunch(*loaders, device="cpu", path=tmp_path))
        x, y = run(learn, watch, UnderSamplingCallback)
        assert torch.bincount(y).tolist() == [12] * 3
        runs.append(x)
    assert torch.equal(*runs)


def test_the_data_is_restored_when_training_breaks_off(learner, watch):
    learn = learner()
    loader = learn.data.train_dl

    def stop(**kwargs):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        learn.fit(1, callbacks=[OverSamplingCallback(learn), watch(on_batch_end=stop)])
    assert learn.data.train_dl is loader


def test_ready_batches_tell_no_classes(make_learner):
    learn = make_learner()
    with pytest.raises(DataError, match="must tell its classes; it is ready batches"):
        learn.fit(1, callbacks=[OverSamplingCallback(learn)])


def test_too_few_items_for_a_batch(learner):
    learn = learner(bs=48)
    with pytest.raises(DataError, match="UnderSamplingCallback: the 36 items that are left must fill a batch of 48"):
        learn.fit(1, callbacks=[UnderSamplingCallback(learn)])


def test_weights_that_do_not_fit(learner):
    learn = learner()
    with pytest.raises(ArgumentError, match="weights must be one number an item, 96 in all"):
        learn.fit(1, callbacks=[OverSamplingCallback(learn, weights=[1, 2, 3])])


def test_the_data_is_restored_when_another_callback_refuses_to_begin(learner, watch):
    learn = learner()
    loader = learn.data.train_dl

    def refuse(**kwargs):
        raise KeyError("no")

    with pytest.raises(KeyError, match="no"):
        learn.fit(1, callbacks=[OverSamplingCallback(learn), watch(on_train_begin=refuse)])
    assert learn.data.train_dl is loader
