"""Counts of classes, weights for a loss, and balanced orders."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight
from torch.utils.data import Subset, TensorDataset

from onecycle.data.balance import OverSampler, Sampler, UnderSampler, class_weights, labels_of, pos_weights
from onecycle.data.bunch import DataBunch
from onecycle.data.categories import FloatList
from onecycle.data.item_list import ItemList
from onecycle.errors import ArgumentError, DataError

LABELS = np.random.default_rng(0).choice(4, 200, p=[0.5, 0.3, 0.15, 0.05])


def rows(labels=LABELS):
    return TensorDataset(torch.zeros(len(labels), 2), torch.as_tensor(labels))


def test_weights_are_scikit_learn_s():
    expected = compute_class_weight("balanced", classes=np.arange(4), y=LABELS)
    torch.testing.assert_close(class_weights(rows()), torch.tensor(expected, dtype=torch.float32))
    data = DataBunch.create(rows(), rows(), bs=50, device="cpu")
    torch.testing.assert_close(class_weights(data), class_weights(rows()))


def test_a_class_without_items_counts_as_one():
    data = SimpleNamespace(train_ds=rows([0, 0, 2]), c=4, device=torch.device("cpu"))
    torch.testing.assert_close(class_weights(data), torch.tensor([0.75, 1.0, 1.5, 1.0]))


def test_where_labels_are_found():
    listed = SimpleNamespace(y=SimpleNamespace(items=np.array([1, 0, 2])))
    assert labels_of(listed).tolist() == [1, 0, 2]
    assert labels_of(SimpleNamespace(targets=[1, 0])).tolist() == [1, 0]
    assert labels_of(Subset(rows([0, 1, 2, 3]), [3, 1])).tolist() == [3, 1]


def test_a_labelled_list():
    names = ["a"] * 60 + ["b"] * 24 + ["c"] * 12
    lists = ItemList(range(96)).split_by_rand_pct(0.25, seed=0).label_from_func(lambda item: names[item])
    counts = np.bincount([int(label) for label in lists.train.y])
    assert np.bincount(labels_of(lists.train)).tolist() == counts.tolist()
    torch.testing.assert_close(class_weights(lists.train), torch.tensor(72 / (3 * counts), dtype=torch.float32))


def test_labels_without_classes():
    split = ItemList(range(8)).split_none()
    with pytest.raises(DataError, match="an item has several"):
        labels_of(split.label_from_func(lambda item: ["a", "b"][: 1 + item % 2]).train)
    with pytest.raises(DataError, match="must be one class an item; got float"):
        labels_of(split.label_from_func(float, label_cls=FloatList).train)


@pytest.mark.parametrize(
    ("dataset", "said"),
    [
        (None, "must tell its classes; it is ready batches"),
        ([1, 2], "must tell its classes; it is a list"),
        (TensorDataset(torch.zeros(3), torch.zeros(3)), r"one class an item; got float32 of shape \(3,\)"),
        (SimpleNamespace(targets=[[1, 2], [0]]), "an item has several"),
        (SimpleNamespace(targets=np.array([0.5, 1.0])), r"got float64 of shape \(2,\)"),
    ],
)
def test_sets_without_classes(dataset, said):
    with pytest.raises(DataError, match=said):
        labels_of(dataset)


def test_an_empty_set_has_no_weights():
    with pytest.raises(DataError, match="class_weights: the training set must hold an item"):
        class_weights(rows(np.zeros(0, dtype=int)))


@pytest.mark.parametrize("cls", [OverSampler, UnderSampler])
def test_every_class_comes_equally_often(cls):
    sampler = cls(LABELS)
    counts = np.bincount(LABELS)
    each = counts.max() if cls is OverSampler else counts.min()
    for epoch in range(3):
        order = sampler.order(7, epoch)
        assert np.bincount(LABELS[order]).tolist() == [each] * 4 and len(order) == len(sampler)


def test_over_sampling_shows_every_item_and_none_much_more_than_another_of_its_class():
    times = np.bincount(OverSampler(LABELS).order(7, 0), minlength=len(LABELS))
    assert times.min() == 1
    for label in range(4):
        assert np.ptp(times[label == LABELS]) <= 1


def test_under_sampling_shows_none_twice_and_others_each_epoch():
    sampler = UnderSampler(LABELS)
    first, second = sampler.order(7, 0), sampler.order(7, 1)
    assert len(set(first.tolist())) == len(first) and set(first.tolist()) != set(second.tolist())


@pytest.mark.parametrize("cls", [OverSampler, UnderSampler])
@pytest.mark.parametrize("weights", [None, np.arange(200)])
def test_an_order_is_a_function_of_its_address(cls, weights):
    one, other = cls(LABELS, weights), cls(LABELS, weights)
    np.random.seed(1)  # noqa: NPY002 - the global generator must not matter
    order = one.order(7, 2)
    one.order(7, 3)
    assert np.array_equal(order, other.order(7, 2)) and np.array_equal(order, one.order(7, 2))
    assert not np.array_equal(order, one.order(7, 3)) and not np.array_equal(order, one.order(8, 2))


def test_weights_say_what_is_drawn():
    weights = np.where(LABELS == 3, 1.0, 0.0)
    assert set(LABELS[OverSampler(LABELS, weights).order(0, 0)]) == {3}
    under = UnderSampler(LABELS, weights).order(0, 0)
    assert set(LABELS[under]) == {3} and len(set(under.tolist())) == len(under)


def test_other_loaders_iterate_it():
    torch.manual_seed(0)
    first = list(UnderSampler([0, 0, 1, 1]))
    torch.manual_seed(0)
    assert first == list(UnderSampler([0, 0, 1, 1])) and sorted(first) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ([1, 2], "weights must be one number an item, 200 in all"),
        (np.full(200, -1.0), "weights must be at least 0"),
        (np.full(200, np.nan), "weights must be at least 0"),
        (np.zeros(200), "weights must not all be 0"),
    ],
)
def test_weights_that_do_not_fit(weights, said):
    with pytest.raises(ArgumentError, match=f"OverSampler: {said}"):
        OverSampler(LABELS, weights)


def test_an_empty_set_has_no_order():
    with pytest.raises(DataError, match="UnderSampler: the set must hold an item"):
        UnderSampler([])


def test_the_base_draws_nothing():
    base = Sampler([0, 1])
    for call in (base.size, lambda: base.of_class(np.arange(1), None), lambda: base.weighted(np.ones(2), None)):
        with pytest.raises(NotImplementedError, match="^$"):
            call()


def test_a_power_softens_the_weights():
    full = class_weights(rows())
    torch.testing.assert_close(class_weights(rows(), power=0.5), full.sqrt())
    torch.testing.assert_close(class_weights(rows(), power=0), torch.ones(4))
    with pytest.raises(ArgumentError, match="class_weights: power must be from 0 to 1; got 2"):
        class_weights(rows(), power=2)


TAGS = [["a"], ["a", "b"], [], ["a", "c"], ["a"], ["b"], ["a", "b", "c"], ["a"]]


def test_positive_weights_are_those_without_over_those_with():
    labelled = ItemList(range(8)).split_none().label_from_func(TAGS.__getitem__, classes=["a", "b", "c", "d"])
    expected = torch.tensor([2 / 6, 5 / 3, 6 / 2, 1.0])
    torch.testing.assert_close(pos_weights(labelled.train), expected)
    data = SimpleNamespace(train_ds=labelled.train, c=4, device=torch.device("cpu"))
    torch.testing.assert_close(pos_weights(data), expected)


def test_positive_weights_need_several_labels():
    one = ItemList(range(8)).split_none().label_from_func(lambda item: "ab"[item % 2])
    for dataset in (one.train, rows()):
        with pytest.raises(DataError, match=r"pos_weights: the items must have several labels each .* class_weights"):
            pos_weights(dataset)
    none = ItemList(range(8)).split_none().label_from_func(TAGS.__getitem__).train[[]]
    with pytest.raises(DataError, match="pos_weights: the training set must hold an item; it is empty"):
        pos_weights(none)
