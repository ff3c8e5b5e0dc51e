"""The bunch: loaders, datasets, test sets, batch transforms, printing."""

from __future__ import annotations

import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from onecycle.data.bunch import DataBunch
from onecycle.data.item_list import ItemList
from onecycle.data.loaders import DatasetType, DeviceDataLoader
from onecycle.errors import ArgumentError, ArgumentTypeError, DataError


@pytest.fixture
def data(labelled):
    return labelled.transform(([], None), size=3).databunch(bs=8, device="cpu")


def tensors(count=20):
    return TensorDataset(torch.arange(float(count)), torch.arange(count))


def test_it_prints_as_promised(data):
    text = repr(data)
    assert text.startswith("DataBunch;\n\nTrain: LabelList (20 items)\nx: RowList\nRow tensor(")
    assert (
        f"\ny: CategoryList\ncat,cat,cat,cat,cat\nPath: {data.path};\n\nValid: LabelList (20 items)\n" in text
    )
    assert text.endswith(";\n\nTest: None")


def test_training_leaves_out_the_last_batch_if_it_is_not_whole(data):
    assert [len(y) for _, y in data.train_dl] == [8, 8]
    assert [len(y) for _, y in data.valid_dl] == [8, 8, 4]
    assert data.batch_size == 8


def test_it_knows_classes_and_loss(data):
    assert (len(data.classes), data.c) == (2, 2)
    data.c = 3
    assert data.c == 3
    assert data.loss_func is data.train_ds.y.loss_func
    data.loss_func = abs
    assert data.loss_func is abs
    assert str(data.valid_ds.y[0]) == "cat"


def test_the_fixed_set_is_the_training_set_in_order(labelled, noise):
    data = labelled.transform(([noise], [])).databunch(bs=8, device="cpu")
    x, y = data.one_batch(DatasetType.Fix)
    assert y.tolist() == [0] * 8
    assert torch.equal(x[0], labelled.train.x[0].data)
    assert sum(len(y) for _, y in data.fix_dl) == 20
    assert data.fix_ds.x is data.train_ds.x


@pytest.mark.parametrize(
    "ds_type", [DatasetType.Train, DatasetType.Valid, DatasetType.Fix, DatasetType.Single, 2]
)
def test_each_set_has_a_loader(data, ds_type):
    assert isinstance(data.dl(ds_type), DeviceDataLoader)


def test_a_missing_set_is_named(data):
    with pytest.raises(DataError, match="the data has no test set. Add one with add_test"):
        data.dl(DatasetType.Test)
    with pytest.raises(DataError, match="the data has no valid set. Split off"):
        DataBunch([1], None, device="cpu").dl()


def test_a_test_set_is_added(data, rows):
    assert data.test_ds is None
    data.add_test(rows[:5])
    assert len(data.test_ds) == 5
    assert data.one_batch(DatasetType.Test)[0].shape == (5, 3)
    data.add_test(rows.items[:2], label="dog")
    assert data.one_batch(DatasetType.Test)[1].tolist() == [1, 1]


def test_the_loaders_there_are(data, rows):
    assert len(data.dls) == 4
    data.add_test(rows[:5])
    assert len(data.dls) == 5


def test_batch_transforms_reach_all_loaders(data):
    def double(batch):
        return batch[0] * 2, batch[1]

    plain = data.one_batch(DatasetType.Valid)[0]
    data.add_tfm(double)
    assert torch.equal(data.one_batch(DatasetType.Valid)[0], plain * 2)
    assert torch.equal(
        data.fix_dl.one_batch()[0].shape and data.fix_dl.one_batch()[0], data.fix_dl.one_batch()[0]
    )
    assert all(double in loader.tfms for loader in data.dls)
    data.remove_tfm(double)
    assert torch.equal(data.one_batch(DatasetType.Valid)[0], plain)
    assert data.dl_tfms == []


def test_the_batch_size_can_be_changed(data):
    data.batch_size = 4
    assert [len(y) for _, y in data.train_dl] == [4] * 5
    assert data.valid_dl.batch_size == data.fix_dl.batch_size == 4


def test_a_batch_larger_than_the_set_is_told(labelled):
    with pytest.warns(UserWarning, match="bs is 64 and the training set has 20 items; its batches have 20"):
        data = labelled.databunch(device="cpu")
    assert data.batch_size == 20
    assert len(data.train_dl) == 1


def test_unknown_keywords_are_refused(labelled):
    with pytest.raises(
        ArgumentTypeError, match="DataBunch.create: unknown keyword 'droplast'. Did you mean 'drop_last'"
    ):
        labelled.databunch(bs=4, droplast=True)
    with pytest.raises(ArgumentError, match="bs must be a whole number"):
        labelled.databunch(bs=0)


def test_settings_of_the_training_loader_can_be_given(labelled):
    assert labelled.databunch(bs=8, drop_last=False, device="cpu").train_dl.dl.drop_last is False
    ordered = labelled.databunch(bs=8, sampler=list(range(20)), device="cpu")
    assert next(iter(ordered.train_dl))[1].tolist() == [0] * 8
    batches = labelled.databunch(bs=8, batch_sampler=[[0, 19]], device="cpu")
    assert [y.tolist() for _, y in batches.train_dl] == [[0, 1]]
    assert len(batches.valid_dl) == 3


def test_ready_batches_and_users_loaders_are_wrapped():
    ready = [(torch.zeros(4, 3), torch.zeros(4))] * 3
    data = DataBunch(ready, None, device="cpu")
    assert data.train_dl.dl is ready
    assert data.fix_dl is data.train_dl
    assert (data.c, data.classes, data.loss_func, data.single_ds) == (None, None, None, None)
    assert data.empty_val
    assert not data.is_empty
    assert len(data.dls) == 2
    users = DataBunch(DataLoader(tensors(), 5, shuffle=True), DataLoader(tensors(), 5), device="cpu")
    assert users.one_batch(DatasetType.Fix)[1].tolist() == [0, 1, 2, 3, 4]
    users.fix_dl = ready
    assert users.fix_dl.dl is ready
    given = DataBunch(DeviceDataLoader(ready, "cpu"), None)
    assert given.device == torch.device("cpu")


def test_tensor_datasets_are_enough():
    data = DataBunch.create(tensors(), tensors(), bs=5, device="cpu")
    assert data.one_batch(DatasetType.Valid)[1].tolist() == [0, 1, 2, 3, 4]
    assert data.one_batch(DatasetType.Fix)[1].tolist() == [0, 1, 2, 3, 4]
    with pytest.raises(DataError, match="show_batch: needs lists of items"):
        data.show_batch()


def test_an_empty_validation_set(rows):
    data = rows.split_none().label_from_folder().databunch(bs=8, device="cpu")
    assert data.empty_val
    assert not data.is_empty
    assert len(data.dls) == 3


def test_broken_items_are_left_out_on_request():
    class Some(ItemList):
        def get(self, i):
            if self.items[i] == 3:
                raise ValueError("cut off")
            return torch.tensor(float(self.items[i]))

    lists = Some(range(8)).split_by_idx([7]).label_const(0.5)
    with pytest.raises(DataError, match=r"Some: item 3 \(3\) could not be loaded"):
        list(lists.databunch(bs=4, device="cpu", no_check=True).train_dl)
    data = lists.databunch(bs=4, drop_last=False, device="cpu", on_error="skip")
    with pytest.warns(UserWarning, match="1 item could not be loaded and had to be left out; the first: 3"):
        assert sum(len(y) for _, y in data.train_dl) == 6
    assert data.skipped == {"3": 1}


@pytest.mark.parametrize("dataset", [3, None, (i for i in range(3)), {"a": 1}])
def test_what_is_no_dataset(dataset):
    with pytest.raises(ArgumentTypeError, match="train_ds must be a dataset, with a length and samples by number"):
        DataBunch.create(dataset, None)


def test_samples_that_are_no_pairs():
    with pytest.raises(DataError, match=r"sample of the training set must be a pair \(input, target\); got 1 \(int\)"):
        DataBunch.create([1, 2, 3], None, bs=2, device="cpu")
    with pytest.raises(DataError, match=r"must be a pair \(input, target\); got \(tensor"):
        DataBunch.create(TensorDataset(torch.zeros(4, 2)), None, bs=2, device="cpu")


def test_a_test_label_that_is_no_class():
    labelled = ItemList(range(4)).split_by_idx([3]).label_from_lists(["cat", "dog", "cat"], ["dog"])
    data = labelled.databunch(bs=2, device="cpu")
    with pytest.raises(DataError, match="label 'dgo' is no class .* Did you mean 'dog'. The classes are 'cat'"):
        data.add_test([7], label="dgo")
