import pytest
import torch
from torch import nn

from onecycle.errors import ArgumentError, DataError, TrainingError
from onecycle.nn.losses import thins_out
from onecycle.training.callback import EVENTS, Callback
from onecycle.training.loop import BasicLearner, fit, get_preds, loss_batch, train_epoch, validate


class Everything(Callback):
    """Notes each event."""


def _note(event):
    def method(self, **kwargs):
        self.log.append(event.removeprefix("on_") + ("" if kwargs.get("train", True) else "*"))

    return method


for _event in EVENTS:
    setattr(Everything, _event, _note(_event))


def noting():
    callback = Everything()
    callback.log = []
    return callback


def simple(data):
    torch.manual_seed(0)
    model = nn.Linear(6, 3)
    return BasicLearner(model, nn.CrossEntropyLoss(), torch.optim.SGD(model.parameters(), lr=0.1), data)


def test_events_come_in_order(make_data, capsys):
    note = noting()
    fit(1, simple(make_data(train=32, valid=16)), callbacks=[note])
    step = ["batch_begin", "loss_begin", "backward_begin", "backward_end", "step_end", "batch_end"]
    check = ["batch_begin*", "loss_begin*", "batch_end*"]
    assert note.log[0] == "train_begin"
    assert note.log[1:-2] == ["epoch_begin", *step, *step, *check]
    assert [entry.rstrip("*") for entry in note.log[-2:]] == ["epoch_end", "train_end"]


def test_a_batch_without_an_optimiser_learns_nothing():
    model = nn.Linear(2, 2)
    loss = loss_batch(model, torch.ones(3, 2), torch.zeros(3, dtype=torch.long), nn.CrossEntropyLoss())
    assert loss.ndim == 0 and not loss.requires_grad and model.weight.grad is None


def test_a_batch_without_a_loss_gives_output_and_target():
    output, target = loss_batch(nn.Linear(2, 4), torch.ones(3, 2), [torch.zeros(3)])
    assert output.shape == (3, 4) and target.shape == (3,) and not output.requires_grad


def test_a_batch_without_a_loss_gives_all_its_targets():
    _, targets = loss_batch(nn.Linear(2, 4), torch.ones(3, 2), [torch.zeros(3), torch.ones(3)])
    assert [target.tolist() for target in targets] == [[0, 0, 0], [1, 1, 1]]


def test_targets_of_different_lengths_are_filled_up_in_front():
    batches = [(torch.ones(2, 2), [torch.ones(2, n, 4), torch.ones(2, n)]) for n in (1, 3, 0)]
    _, (boxes, classes), losses = get_preds(
        nn.Linear(2, 4), batches, loss_func=lambda output, boxes, classes: output.sum() + classes.sum()
    )
    assert (boxes.shape, classes.shape) == ((6, 3, 4), (6, 3))
    assert classes.tolist() == [[0, 0, 1]] * 2 + [[1, 1, 1]] * 2 + [[0, 0, 0]] * 2
    torch.testing.assert_close(losses - losses[-1], torch.tensor([1.0, 1, 3, 3, 0, 0]))


def test_several_inputs_and_targets_are_passed_one_by_one():
    class Two(nn.Module):
        def forward(self, a, b):
            return a + b

    loss = loss_batch(Two(), [torch.ones(2), torch.ones(2)], [torch.ones(2), torch.ones(2)],
                      lambda output, first, second: (output - first - second).sum())  # fmt: skip
    assert float(loss) == 0


def run_with(data, **events):
    callback = type("Some", (Callback,), events)()
    learn = simple(data)
    before = learn.model.weight.detach().clone()
    fit(2, learn, callbacks=[callback])
    return learn, not torch.equal(learn.model.weight, before)


def test_backward_can_be_skipped(make_data):
    _, moved = run_with(make_data(), on_backward_begin=lambda self, **kwargs: {"skip_bwd": True})
    assert not moved


def test_the_step_can_be_skipped(make_data):
    _, moved = run_with(make_data(), on_backward_end=lambda self, **kwargs: {"skip_step": True})
    assert not moved


def test_gradients_can_be_kept(make_data):
    learn, _ = run_with(make_data(), on_step_end=lambda self, **kwargs: {"skip_zero": True})
    assert learn.model.weight.grad is not None


def test_an_epoch_can_be_stopped(make_data):
    seen = []

    def on_batch_end(self, train, num_batch, **kwargs):
        if train:
            seen.append(num_batch)
        return {"stop_epoch": train and num_batch == 1}

    run_with(make_data(), on_batch_end=on_batch_end)
    assert seen == [0, 1, 0, 1]


def test_training_can_be_stopped(make_data):
    seen = []

    def on_epoch_end(self, epoch, **kwargs):
        seen.append(epoch)
        return {"stop_training": True}

    run_with(make_data(), on_epoch_end=on_epoch_end)
    assert seen == [0]


def test_validation_can_be_skipped(make_data):
    seen = []

    def on_batch_end(self, train, **kwargs):
        seen.append(train)

    run_with(make_data(), on_epoch_begin=lambda self, **kwargs: {"skip_validate": True}, on_batch_end=on_batch_end)
    assert all(seen)


@pytest.mark.parametrize("epochs", [0, -1, 1.5, True, "3"])
def test_epochs_must_be_a_number(make_data, epochs):
    with pytest.raises(ArgumentError, match="fit: epochs must be a whole number of at least 1"):
        fit(epochs, simple(make_data()))


def test_an_empty_training_set_is_told(make_data):
    data = make_data()
    data.train_dl = []
    with pytest.raises(DataError, match=r"the training set must fill at least one batch; it has no items"):
        fit(1, simple(data))


def test_a_set_smaller_than_a_batch_is_told(make_data):
    class Loader:
        dataset, batch_size = [1, 2], 64

        def __len__(self):
            return 0

    data = make_data()
    data.train_dl = Loader()
    with pytest.raises(DataError, match="it has 2 items, fewer than one batch of 64. Pass a smaller bs"):
        fit(1, simple(data))


def test_a_missing_loss_is_told(make_data):
    learn = simple(make_data())
    learn.loss_func = None
    with pytest.raises(TrainingError, match="has no loss function. Pass loss_func="):
        fit(1, learn)


@pytest.mark.parametrize("batch", [torch.ones(2, 2), (1, 2, 3)])
def test_a_batch_must_be_a_pair(make_data, batch):
    data = make_data()
    data.train_dl = [batch]
    with pytest.raises(DataError, match=r"batch: must be a pair \(inputs, targets\); got"):
        fit(1, simple(data))


def test_train_end_is_told_what_ended_training(make_data):
    class Ends(Callback):
        def on_batch_end(self, **kwargs):
            raise KeyboardInterrupt

        def on_train_end(self, exception, **kwargs):
            self.exception = exception

    callback = Ends()
    learn = simple(make_data())
    with pytest.raises(KeyboardInterrupt):
        fit(1, learn, callbacks=[callback])
    assert isinstance(callback.exception, KeyboardInterrupt)
    fit(1, learn)


def test_global_generators_move_by_the_one_draw_of_the_run(make_data):
    import random

    import numpy as np

    learn = simple(make_data())
    torch.manual_seed(3)
    np_before, py_before = np.random.get_state()[1].copy(), random.getstate()
    fit(1, learn)
    after = torch.get_rng_state()
    torch.manual_seed(3)
    torch.randint(0, 2**62, (1,), dtype=torch.int64)
    assert torch.equal(after, torch.get_rng_state())
    assert (np.random.get_state()[1] == np_before).all() and random.getstate() == py_before


def test_train_epoch_learns(make_data):
    learn = simple(make_data())
    before = validate(learn.model, learn.data.valid_dl, learn.loss_func)
    for _ in range(5):
        train_epoch(learn.model, learn.data.train_dl, learn.opt, learn.loss_func)
    assert validate(learn.model, learn.data.valid_dl, learn.loss_func) < before


def test_validation_weighs_batches_by_their_items(make_data):
    learn = simple(make_data(valid=24, bs=16))
    xs, ys = zip(*learn.data.valid_dl)
    whole = nn.functional.cross_entropy(learn.model(torch.cat(xs)), torch.cat(ys))
    assert validate(learn.model, learn.data.valid_dl, learn.loss_func) == pytest.approx(whole.item(), abs=1e-6)
    losses = validate(learn.model, learn.data.valid_dl, learn.loss_func, average=False)
    assert len(losses) == 2
    assert len(validate(learn.model, learn.data.valid_dl, learn.loss_func, average=False, n_batch=1)) == 1


def test_validation_of_nothing_is_none():
    assert validate(nn.Linear(1, 1), [], nn.MSELoss()) is None


def test_predictions_keep_the_order_of_the_set(make_data):
    learn = simple(make_data())
    preds, targets, losses = get_preds(learn.model, learn.data.valid_dl, loss_func=learn.loss_func)
    xs, ys = zip(*learn.data.valid_dl)
    torch.testing.assert_close(preds, learn.model(torch.cat(xs)).detach())
    assert torch.equal(targets, torch.cat(ys))
    assert losses.shape == (24,)


def test_predictions_can_be_activated(make_data):
    learn = simple(make_data())
    preds, _ = get_preds(learn.model, learn.data.valid_dl, activ=lambda p: p.softmax(1), n_batch=1)
    torch.testing.assert_close(preds.sum(1), torch.ones(16))


def test_predictions_of_several_outputs_are_lists():
    class Two(nn.Module):
        def forward(self, x):
            return x, 2 * x

    (first, second), _ = get_preds(Two(), [(torch.ones(2, 1), torch.zeros(2))] * 2)
    assert first.shape == (4, 1) and float(second.sum()) == 8


def test_an_activation_that_thins_out_reads_batch_by_batch():
    seen = []

    def surest(outputs):
        seen.append(len(outputs))
        return outputs[:, : int(outputs.sum(1).max())]

    batches = [(torch.eye(4)[:n], torch.ones(n, n)) for n in (1, 3)]
    loss = lambda output, target: output.sum() + target.sum()
    plain = get_preds(nn.Identity(), batches, activ=lambda outputs: outputs[:, :1], loss_func=loss)
    preds, targets, losses = get_preds(nn.Identity(), batches, activ=thins_out(surest), loss_func=loss)
    assert seen == [1, 3]
    assert torch.equal(preds, plain[0]) and torch.equal(targets, plain[1])
    assert losses.tolist() == [2, 4, 4, 4]
    assert len(get_preds(nn.Identity(), batches, activ=surest)) == 2


def test_what_was_thinned_out_is_filled_up_behind():
    longer = thins_out(lambda outputs: outputs[:, : int(outputs[0, 0])])
    batches = [(torch.full((2, 3), float(n)), torch.zeros(2)) for n in (1, 3)]
    assert get_preds(nn.Identity(), batches, activ=longer)[0].tolist() == [[1, 0, 0]] * 2 + [[3, 3, 3]] * 2


def test_predictions_of_nothing_are_refused():
    with pytest.raises(DataError, match="get_preds: the set must hold at least one item"):
        get_preds(nn.Linear(1, 1), [])
