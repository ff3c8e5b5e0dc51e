"""Predictions from several threads equal those from one, in any mode, for a learner of each kind."""

import copy
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from torch import nn

from benchmarks.small_learners import KINDS
from onecycle.callbacks.rnn import memory_of
from onecycle.errors import TrainingError
from onecycle.nn.turns import eval_mode, turn
from onecycle.training.callback import Callback

CALLS, THREADS = 24, 6


@pytest.fixture(autouse=True)
def quick_switches():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def items_of(learn, kind):
    if kind == "language_model":
        return ["the cat", "a dog sat", "the dog and", "a cat"]
    if kind == "tabular":
        frame = learn.data.valid_ds.x.inner_df
        return [frame.iloc[i] for i in range(4)]
    if kind == "collab":
        return [{"user": i, "item": 2 * i} for i in range(4)]
    return [learn.data.valid_ds.x[i] for i in range(4)]


def numbers(value):
    """Return all tensors in an answer."""
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, str):
        return [torch.tensor([ord(letter) for letter in value])]
    if isinstance(value, (list, tuple)):
        return [tensor for part in value for tensor in numbers(part)]
    data = getattr(value, "data", None)
    return [] if data is None or isinstance(data, (int, float)) else numbers(data)


def answer(learn, kind, item):
    if kind == "language_model":
        return numbers(learn.predict(item, n_words=3, temperature=0))
    return numbers(learn.predict(item))


def state_of(learn):
    tensors = {name: tensor.clone() for name, tensor in learn.model.state_dict().items()}
    return tensors, [module.training for module in learn.model.modules()]


def same(one, other):
    return len(one) == len(other) and all(torch.equal(a, b) for a, b in zip(one, other))


def at_once(work, count=CALLS):
    with ThreadPoolExecutor(THREADS) as pool:
        return [future.result() for future in [pool.submit(work, number) for number in range(count)]]


@pytest.mark.parametrize("kind", KINDS)
def test_as_one_after_the_other(kind, tmp_path):
    learn = KINDS[kind](Path(tmp_path))
    items = items_of(learn, kind)
    learn.model.train()
    learn.model.eval() if kind == "gan" else None
    alone = [answer(learn, kind, item) for item in items]
    tensors, modes = state_of(learn)
    found = at_once(lambda number: answer(learn, kind, items[number % 4]))
    assert all(same(found[number], alone[number % 4]) for number in range(CALLS))
    after, modes_after = state_of(learn)
    assert modes_after == modes and all(torch.equal(after[name], tensors[name]) for name in tensors)


@pytest.mark.parametrize("kind", ["classification", "text_classifier", "language_model"])
def test_beside_a_whole_set(kind, tmp_path):
    """A pass over a set and single items do not disturb one another."""
    learn = KINDS[kind](Path(tmp_path))
    learn.model.train()
    items = items_of(learn, kind)
    alone, whole = [answer(learn, kind, item) for item in items], learn.get_preds()[0]
    _, modes = state_of(learn)

    def work(number):
        return learn.get_preds()[0] if number % 6 == 0 else answer(learn, kind, items[number % 4])

    found = at_once(work)
    assert all(torch.equal(found[number], whole) for number in range(0, CALLS, 6))
    assert all(same(found[number], alone[number % 4]) for number in range(CALLS) if number % 6)
    assert state_of(learn)[1] == modes


def test_views_beside_single_items(tmp_path):
    learn = KINDS["classification"](Path(tmp_path))
    learn.model.train()
    items = items_of(learn, "classification")
    alone, views = [answer(learn, "", item) for item in items], learn.TTA()[0]
    found = at_once(lambda number: learn.TTA()[0] if number == 3 else answer(learn, "", items[number % 4]), 12)
    assert torch.equal(found[3], views)
    assert all(same(found[number], alone[number % 4]) for number in range(12) if number != 3)


def test_sets_with_workers(tmp_path):
    """Two passes over one loader with workers get the batches of their own."""
    learn = KINDS["classification"](Path(tmp_path), workers=1)
    whole = learn.get_preds()[0]
    twin = copy.deepcopy(learn)
    twin.data = learn.data
    found = at_once(lambda number: (learn, twin)[number % 2].get_preds()[0], 4)
    assert all(torch.equal(preds, whole) for preds in found)


def test_dropout_in_one_thread_stays_there(tmp_path):
    learn = KINDS["classification"](Path(tmp_path))
    items = items_of(learn, "classification")
    alone = [answer(learn, "", item) for item in items]

    def work(number):
        return numbers(learn.predict(items[number % 4], with_dropout=number % 2 == 0))

    found = at_once(work)
    assert all(same(found[number], alone[number % 4]) for number in range(1, CALLS, 2))


def test_one_layer_in_training_mode_counts_too(tmp_path):
    """A model at rest of which one layer is not: its statistics stay, and its mode comes back."""
    learn = KINDS["classification"](Path(tmp_path))
    learn.model.eval()
    norm = next(layer for layer in learn.model.modules() if isinstance(layer, nn.BatchNorm2d))
    norm.train()
    before = norm.running_mean.clone()
    learn.predict(learn.data.valid_ds.x[0])
    assert torch.equal(norm.running_mean, before) and norm.training and not learn.model.training


class AskElsewhere(Callback):
    """Predict from another thread, and in this one, while the learner trains."""

    def __init__(self, learn, item):
        self.learn, self.item, self.said, self.here = learn, item, None, None

    def on_batch_end(self, train, **kwargs):
        if train and self.here is None:
            self.here = self.learn.predict(self.item)
            with ThreadPoolExecutor(1) as pool:
                self.said = pool.submit(self.learn.predict, self.item).exception()


def test_while_another_thread_trains(tmp_path):
    learn = KINDS["classification"](Path(tmp_path))
    ask = AskElsewhere(learn, learn.data.valid_ds.x[0])
    learn.fit(1, callbacks=[ask])
    assert len(ask.here) == 3
    assert isinstance(ask.said, TrainingError) and "predict: another thread trains this model" in str(ask.said)
    with ThreadPoolExecutor(1) as pool:  # it is free again
        assert len(pool.submit(learn.predict, ask.item).result()) == 3


def test_an_error_inside_lets_the_model_go(tmp_path):
    learn = KINDS["classification"](Path(tmp_path))
    with pytest.raises(ZeroDivisionError), turn(learn.model, "test"):
        1 / 0
    with ThreadPoolExecutor(1) as pool:
        assert len(pool.submit(learn.predict, learn.data.valid_ds.x[0]).result()) == 3


def test_a_waiting_thread_is_told_when_training_begins():
    model, inside, told = nn.Linear(1, 1), threading.Event(), []

    def wait_for_it():
        inside.set()
        try:
            with eval_mode(model, "predict"):
                told.append("got it")
        except TrainingError as error:
            told.append(str(error))

    with turn(model, "test"):
        other = threading.Thread(target=wait_for_it)
        other.start()
        inside.wait()
        with turn(model, "fit", trains=True):
            from onecycle.nn.turns import _turns

            with _turns[model]._changed:
                _turns[model]._changed.notify_all()
            other.join(20)
    assert told and "another thread trains" in told[0]


def test_what_a_language_model_remembers_comes_back(tmp_path):
    learn = KINDS["language_model"](Path(tmp_path))
    learn.get_preds(n_batch=1)
    before = [tensor.clone() for tensor in numbers(list(memory_of(learn.model).values()))]
    at_once(lambda number: learn.predict("the cat", n_words=2))
    assert before and same(before, numbers(list(memory_of(learn.model).values())))
