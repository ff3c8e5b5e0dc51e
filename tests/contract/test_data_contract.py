"""What the data promises: the same batches from any number of workers, and stages that change nothing."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from onecycle.data.bunch import DataBunch
from onecycle.data.item_list import ItemList
from onecycle.data.items import ItemBase
from onecycle.utils.registry import decode, encode, lookup, names
from onecycle.utils.seeding import uniform


class Noisy(ItemBase):
    """A number that random transforms shift."""

    def apply_tfms(self, tfms, **kwargs):
        data = self.data
        for tfm in tfms or []:
            data = tfm(data)
        return Noisy(data)


class Numbers(ItemList):
    def get(self, i):
        return Noisy(torch.tensor(float(self.items[i])))


def shifted(data):
    return data + uniform(0, 1) + float(np.random.rand())


def make(workers):
    lists = Numbers(range(50)).split_by_rand_pct(0.2, seed=1).label_from_func(lambda i: i % 3)
    return lists.transform(([shifted], [shifted])).databunch(bs=8, num_workers=workers, device="cpu")


def epoch(data, seed, number, start_step=0):
    data.train_dl.set_epoch(seed, number, start_step)
    return [(x.tolist(), y.tolist()) for x, y in data.train_dl]


def test_any_number_of_workers_gives_the_same_batches():
    batches = [epoch(make(workers), 3, 2) for workers in (0, 1, 2)]
    assert batches[0] == batches[1] == batches[2]


def test_an_epoch_resumed_in_the_middle_ends_as_the_whole_one():
    whole = epoch(make(0), 3, 2)
    assert epoch(make(0), 3, 2, start_step=2) == whole[2:]
    assert epoch(make(2), 3, 2, start_step=2) == whole[2:]


def test_epochs_and_seeds_differ():
    data = make(0)
    first = epoch(data, 3, 0)
    assert epoch(data, 3, 1) != first
    assert epoch(data, 4, 0) != first
    assert epoch(data, 3, 0) == first


def test_looks_between_epochs_change_no_epoch():
    data = make(0)
    plain = [epoch(data, 3, number) for number in range(2)]
    looked = []
    for number in range(2):
        data.one_batch()
        next(iter(data.train_dl))
        repr(data)
        looked.append(epoch(data, 3, number))
    assert looked == plain


def snapshot(stage):
    return {
        name: (value.tolist() if isinstance(value, np.ndarray) else repr(value))
        for name, value in vars(stage).items()
    }


def test_no_stage_changes_the_one_before_it():
    items = Numbers(range(30))
    stages = [items]
    before = [snapshot(items)]
    for word in (
        lambda s: s.filter_by_func(lambda i: i < 25),
        lambda s: s.split_by_rand_pct(0.2, seed=1),
        lambda s: s.label_from_func(lambda i: "ab"[i % 2]),
        lambda s: s.transform(([shifted], None)),
        lambda s: s.add_test([1, 2, 3]),
        lambda s: s.databunch(bs=4, device="cpu"),
    ):
        stages.append(word(stages[-1]))
        before.append(snapshot(stages[-1]))
    for stage, seen in zip(stages[:-1], before, strict=False):
        assert snapshot(stage) == seen


def test_a_source_can_be_labelled_twice():
    source = Numbers(range(20)).split_by_rand_pct(0.2, seed=1)
    first = source.label_from_func(lambda i: "ab"[i % 2])
    second = source.label_from_func(lambda i: float(i))
    again = source.label_from_func(lambda i: "ab"[i % 2])
    assert first.classes == again.classes == ["a", "b"]
    assert first.train.y.items.tolist() == again.train.y.items.tolist()
    assert second.c == 1


def test_a_learnt_processor_of_the_inputs_is_learnt_anew():
    from onecycle.data.processors import PreProcessor

    class Ranked(PreProcessor):
        known = None

        def process(self, ds):
            self.known = sorted(ds.items) if self.known is None else self.known
            ds.items = np.array([self.known.index(i) if i in self.known else -1 for i in ds.items])

    processor = Ranked()
    source = ItemList([30, 10, 20], processor=processor).split_by_idx([2])
    first, second = source.label_const(0), source.label_const(0)
    assert first.train.x.items.tolist() == second.train.x.items.tolist() == [1, 0]
    assert first.valid.x.items.tolist() == [-1]
    assert processor.known is None


LISTS = [
    name for name in names("item_list") if lookup("item_list", name).__module__.startswith("onecycle.data")
]


@pytest.mark.parametrize("name", LISTS)
def test_every_kind_of_list_has_a_state_that_is_json(name):
    kind = lookup("item_list", name)
    made = kind([ItemList([])]) if "Mixed" in name else kind([])
    state = json.loads(json.dumps(made.get_state()))
    read = ItemList.from_state(state)
    assert type(read) is kind
    assert read.get_state() == made.get_state()


@pytest.mark.parametrize(
    "name", [name for name in names("processor") if "Category" in name and "Object" not in name]
)
def test_every_processor_of_classes_has_a_state_that_is_json(name):
    processor = lookup("processor", name)()
    processor.create_classes(["b", "a"])
    read = decode(json.loads(json.dumps(encode(processor))))
    assert read.get_state() == processor.get_state()


def test_a_bunch_reads_what_it_writes():
    lookup("data_bunch", "DataBunch")
    items = ItemList(range(20)).split_by_rand_pct(0.2, seed=1).label_from_func(lambda i: "ab"[i % 2])
    state = items.databunch(bs=4, device="cpu").export_state()
    read = DataBunch.from_state(json.loads(json.dumps(state)), ".", "cpu")
    assert read.export_state() == state
