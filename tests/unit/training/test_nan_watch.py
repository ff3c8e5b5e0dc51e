import math

import pytest
import torch
from torch import nn

from onecycle.callbacks.terminate_on_nan import TerminateOnNaNCallback
from onecycle.data.bunch import DataBunch
from onecycle.errors import TrainingError
from onecycle.training.nan_watch import NanWatch


def spoiled(make_data, batch=2, value=math.nan):
    data = make_data()
    data.train_dl.dl[batch][0][0, 0] = value
    return data


def test_a_nan_loss_names_epoch_and_batch_and_spares_the_weights(make_learner, make_data):
    learn = make_learner(model=nn.Linear(6, 3), data=spoiled(make_data))
    with pytest.raises(TrainingError, match=r"it is nan in epoch 0, batch 2\. The weights are as before that batch"):
        learn.fit(1)
    assert all(torch.isfinite(p).all() for p in learn.model.parameters())


def test_the_learner_stays_usable(make_learner, make_data):
    learn = make_learner(model=nn.Linear(6, 3), data=spoiled(make_data))
    with pytest.raises(TrainingError):
        learn.fit(1)
    learn.data = make_data()
    learn.fit(1)
    assert math.isfinite(learn.recorder.val_losses[-1])


def test_the_items_of_the_batch_are_named(make_learner, tmp_path):
    x, y = torch.randn(32, 6), torch.zeros(32, dtype=torch.long)
    x[5] = math.nan
    rows = torch.utils.data.TensorDataset(x, y)
    data = DataBunch.create(rows, rows, bs=8, device="cpu", path=tmp_path, num_workers=0)
    learn = make_learner(model=nn.Linear(6, 3), data=data, loss_func=nn.CrossEntropyLoss())
    with pytest.raises(TrainingError) as caught:
        learn.fit(1)
    batch = int(str(caught.value).partition("batch ")[2].split()[0])
    assert 5 in data.train_dl.batch_items(batch)
    assert "and 3 more" in str(caught.value)


def test_terminate_on_nan_takes_it_over(make_learner, make_data, capsys):
    learn = make_learner(model=nn.Linear(6, 3), data=spoiled(make_data), callbacks=[TerminateOnNaNCallback()])
    learn.fit(3)
    assert "Epoch/Batch (0/2): Invalid loss, terminating training." in capsys.readouterr().out


def test_terminate_on_nan_names_layer_and_items_and_keeps_the_batch(make_learner, tmp_path, capsys):
    x, y = torch.randn(32, 6), torch.zeros(32, dtype=torch.long)
    x[5, 0] = 1e30

    class Square(nn.Module):
        def forward(self, x):
            return x**2

    rows = torch.utils.data.TensorDataset(x, y)
    data = DataBunch.create(rows, rows, bs=8, device="cpu", path=tmp_path, num_workers=0)
    model = nn.Sequential(nn.Identity(), Square(), nn.Linear(6, 3))
    learn = make_learner(model=model, data=data, loss_func=nn.CrossEntropyLoss())
    stop = TerminateOnNaNCallback(learn)
    learn.fit(3, callbacks=[stop])
    assert stop.stop and stop.layer == "the output of layer 1 (Square)" and "item 5" in stop.items
    assert len(stop.items) == 8 and 1e30 in stop.batch[0][:, 0] and stop.batch[1].shape == (8,)
    said = capsys.readouterr().out
    assert "The first number that is not finite: the output of layer 1 (Square). Items: " in said
    assert all(torch.isfinite(p).all() for p in learn.model.parameters())
    assert not torch.isfinite(learn.model(stop.batch[0])).all()
    assert learn.recorder.val_losses == []


def test_terminate_on_nan_begins_anew_with_each_fit(make_learner, make_data):
    learn = make_learner(model=nn.Linear(6, 3), data=spoiled(make_data, batch=0))
    stop = TerminateOnNaNCallback(learn)
    learn.fit(1, callbacks=[stop])
    assert stop.layer == "the input"
    learn.data = make_data()
    learn.fit(1, callbacks=[stop])
    assert not stop.stop and stop.batch is None and len(learn.recorder.val_losses) == 1


def test_terminate_on_nan_keeps_several_inputs():
    stop = TerminateOnNaNCallback()
    stop.on_backward_begin(torch.tensor(math.inf), 0, [torch.ones(1), [torch.ones(1)]], "label")
    assert stop.batch == ([torch.ones(1), [torch.ones(1)]], "label")
    assert stop.on_batch_end(torch.tensor(1.0), 0, 0)["stop_training"]


def test_on_an_accelerator_losses_are_looked_at_together(make_learner):
    class Elsewhere:
        """A loss that says it is on another device."""

        def __init__(self, value):
            self.value, self.device = value, torch.device("meta")

        def detach(self):
            return torch.tensor(self.value)

    watch = NanWatch(learn := make_learner())
    watch.on_epoch_begin()
    for batch, value in enumerate([1.0, 2.0, math.inf, 3.0]):
        watch.on_backward_begin(last_loss=Elsewhere(value), epoch=1, num_batch=batch)
    with pytest.raises(TrainingError, match=r"it is inf in epoch 1, batch 2\. The weights may be spoiled"):
        watch.on_epoch_end(epoch=1, num_batch=4)
    for batch in range(49):
        watch.on_backward_begin(last_loss=Elsewhere(1.0), epoch=2, num_batch=batch)
    with pytest.raises(TrainingError, match="epoch 2, batch 49"):
        watch.on_backward_begin(last_loss=Elsewhere(math.nan), epoch=2, num_batch=49)
    assert learn is not None
