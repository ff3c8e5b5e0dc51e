"""Looks at the data: a batch, an item, samples; and that they disturb nothing."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

from onecycle.data.bunch import DataBunch
from onecycle.data.loaders import DatasetType


class Norm:
    """Take away 1, and add it again."""

    do_y = False

    def __call__(self, batch):
        return batch[0] - 1, batch[1]


def denorm(x, do_x=True):
    return x + 1


@pytest.fixture
def data(labelled, noise):
    return labelled.transform(([noise], []), size=3).databunch(bs=8, device="cpu")


def test_a_batch_is_looked_at_without_its_normalisation(data):
    plain = data.one_batch(DatasetType.Valid)[0]
    data.norm, data.denorm = Norm(), denorm
    data.add_tfm(data.norm)
    assert torch.allclose(data.one_batch(DatasetType.Valid)[0], plain)
    assert torch.allclose(data.one_batch(DatasetType.Valid, denorm=False)[0], plain - 1)
    data.norm.do_y = True
    assert data.one_batch(DatasetType.Valid)[1].tolist() == [1] * 8
    assert data.one_batch(DatasetType.Valid, detach=False)[0].shape == (8, 3)


def test_looks_disturb_no_run_and_no_generator(data):
    def epoch():
        data.train_dl.set_epoch(5, 0)
        return [x for x, _ in data.train_dl]

    before = epoch()
    state = torch.get_rng_state().tolist(), np.random.get_state()[1].tolist(), random.getstate()
    data.one_batch()
    repr(data)
    data.sanity_check()
    data.show_batch(2)
    assert state == (torch.get_rng_state().tolist(), np.random.get_state()[1].tolist(), random.getstate())
    assert all(torch.equal(a, b) for a, b in zip(before, epoch(), strict=True))


def test_one_item_is_a_batch_of_the_validation_kind(data, row):
    item = row(torch.tensor([1.0, 2.0, 3.0, 4.0]))
    x, y = data.one_item(item)
    assert x.tolist() == [[1.0, 2.0, 3.0]]
    assert y.tolist() == [0]
    assert [part.tolist() for part in data.single_batch(item)] == [[[1.0, 2.0, 3.0]], [0]]
    assert data.one_item(item, cpu=True)[0].device.type == "cpu"


def test_one_item_is_normalised_and_can_be_denormalised(data, row):
    data.norm, data.denorm = Norm(), denorm
    data.add_tfm(data.norm)
    item = row(torch.ones(4))
    assert data.one_item(item)[0].tolist() == [[0.0] * 3]
    assert data.one_item(item, detach=True, denorm=True, cpu=True)[0].tolist() == [[1.0] * 3]


def test_one_item_of_ready_batches():
    data = DataBunch([(torch.zeros(4, 3), torch.zeros(4))], None, device="cpu")
    assert data.one_item(torch.ones(3))[0].tolist() == [[1.0] * 3]


def test_one_item_with_a_collate_function_of_the_users(labelled, row):
    def collate(samples):
        return torch.stack([x.data for x, _ in samples]) * 2, torch.zeros(len(samples))

    data = labelled.databunch(bs=4, device="cpu", collate_fn=collate)
    assert data.one_item(row(torch.ones(4)))[0].tolist() == [[2.0] * 4]


def test_a_batch_shows_itself(data, capsys):
    data.show_batch(2, DatasetType.Fix)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[1].endswith("cat")
    data.show_batch(2, DatasetType.Fix, reverse=True)
    assert capsys.readouterr().out.splitlines()[0].split() == ["input", "target"]
    data.show_batch(100)
    assert len(capsys.readouterr().out.splitlines()) == 9


def test_a_square_shows_rows_times_rows(labelled, capsys):
    labelled.train.x._square_show = True
    labelled.databunch(bs=8, device="cpu").show_batch(2)
    assert len(capsys.readouterr().out.splitlines()) == 5


def test_labels_that_need_the_input_get_it(labelled, capsys):
    class NeedsInput(type(labelled.train.x)):
        def reconstruct(self, t, x):
            return f"label of {type(x).__name__}"

    lists = labelled.train.x.new(labelled.train.x.items).split_none()
    data = lists.label_from_func(lambda file: file, label_cls=NeedsInput).databunch(bs=4, device="cpu")
    data.show_batch(1)
    assert "label of Row" in capsys.readouterr().out
