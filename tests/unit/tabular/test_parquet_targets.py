import pytest

pytest.importorskip("pyarrow")

import numpy as np
import torch

from onecycle.data.categories import CategoryList, EmptyLabelList, FloatList, MultiCategoryList
from onecycle.errors import ArgumentError, ArgumentTypeError, DataError
from onecycle.learner import load_learner
from onecycle.tabular.learner import tabular_learner
from tests.unit.tabular.parquet_files import people, source, written


def split(folder, frame=None):
    written(folder, frame)
    return source(folder).split_by_rand_pct(0.2, seed=3)


def test_numbers_and_their_logarithm(tmp_path):
    frame = people()
    lists = split(tmp_path, frame)
    made = lists.label_from_df("amount")
    rows = list(made.train.x.items)[:50]
    assert type(made.y) is FloatList and made.c == 1
    np.testing.assert_allclose(made.train.y.get_batch(range(50)), frame["amount"].iloc[rows], rtol=1e-6)
    logs = lists.label_from_df("amount", log=True)
    np.testing.assert_allclose(logs.train.y.get_batch(range(50)), np.log(frame["amount"].iloc[rows]), rtol=1e-6)


def test_several_numbers(tmp_path):
    frame = people().assign(other=np.arange(1000))
    made = split(tmp_path, frame).label_from_df(["amount", "other"], label_cls=FloatList)
    assert made.c == 2
    assert made.train.y.get_batch(range(5)).shape == (5, 2)
    assert made.train.y.get_batch([3])[0, 1] == made.train.x.items[3]
    none = made.train.y.items.store.targets.none()
    assert none.shape == (0, 2) and none.dtype == np.float32


def test_classes_in_an_order_of_their_own_and_whole_numbers_as_classes(tmp_path):
    frame = people()
    lists = split(tmp_path, frame)
    made = lists.label_from_df("pay", classes=["much", "little"])
    assert made.classes == ["much", "little"]
    assert str(made.train[0][1]) == frame["pay"].iloc[made.train.x.items[0]]
    with pytest.warns(UserWarning, match="the target is among the inputs"):
        numbers = lists.label_from_df("school")
    assert numbers.classes == [0, 1, 2, 3, 4]
    assert type(lists.label_from_df("amount", label_cls=CategoryList).y) is CategoryList


def test_labels_that_are_not_among_the_classes(tmp_path):
    with pytest.raises(DataError, match=r"classes must hold all labels; missing are.*much"):
        split(tmp_path).label_from_df("pay", classes=["little"])


def test_rows_without_a_label(tmp_path):
    frame = people()
    frame.loc[720, "pay"] = None
    with pytest.raises(DataError, match="row 720 has no label: nothing is in 'pay'"):
        split(tmp_path, frame).label_from_df("pay")


def test_labels_that_cannot_be_read_so(tmp_path):
    lists = split(tmp_path)
    with pytest.raises(ArgumentError, match="must be CategoryList of one column, MultiCategoryList, or Float"):
        lists.label_from_df("pay", label_cls=EmptyLabelList)
    with pytest.raises(ArgumentError, match="label_cls must be .* for parquet files; got 'FloatList'"):
        lists.label_from_df("pay", label_cls="FloatList")
    with pytest.raises(ArgumentError, match="For several columns of numbers pass label_cls=FloatList"):
        lists.label_from_df(["pay", "school"], label_cls=CategoryList)
    with pytest.raises(DataError, match=r"column 'pay' must hold lists of labels; got '.*' .* pass label_delim=' '"):
        lists.label_from_df("pay", label_cls=MultiCategoryList)
    with pytest.raises(DataError, match=r"'school' must hold 0 and 1, one column a class; row \d+ does not; got [234]"):
        lists.label_from_df(["school", "age"])
    frame = people().assign(one=1, two=0)
    with pytest.raises(ArgumentError, match="classes must name one class for each of the 2 columns, in their order"):
        split(tmp_path, frame).label_from_df(["one", "two"], classes=["one"])
    with pytest.raises(ArgumentTypeError, match="label_from_df: unknown keyword 'clases'. Did you mean 'classes'"):
        lists.label_from_df("pay", clases=["much"])


def test_numbers_that_cannot_be_learnt(tmp_path):
    frame = people()
    frame.loc[720, "amount"] = np.inf
    with pytest.raises(DataError, match="must hold finite numbers; 1 value is infinite, the first in row 720"):
        split(tmp_path, frame).label_from_df("amount")
    frame.loc[720, "amount"] = 0
    with pytest.raises(DataError, match="must be above 0, as log=True takes logarithms; row 720 is not; got 0.0"):
        split(tmp_path, frame).label_from_df("amount", log=True)


def rows_with_several_labels():
    frame = people()
    frame["rich"], frame["old"] = (frame["pay"] == "much").astype(int), frame["age"] > 50
    frame["tags"] = np.where(frame["rich"] == 1, "rich ", "") + np.where(frame["old"], "old", "")
    frame["list"] = [tags.split() for tags in frame["tags"]]
    return frame


@pytest.mark.parametrize(
    ("cols", "how"),
    [
        (["old", "rich"], {}),
        (["old", "rich"], {"classes": ["old", "rich"]}),
        ("tags", {"label_delim": " "}),
        ("list", {}),
        ("tags", {"label_delim": " ", "classes": ["old", "rich"]}),
    ],
)
def test_several_labels_a_row(tmp_path, cols, how):
    frame = rows_with_several_labels()
    made = split(tmp_path, frame).label_from_df(cols, **how)
    assert type(made.y) is MultiCategoryList and made.classes == ["old", "rich"] and made.c == 2
    rows = list(made.train.x.items)[:40]
    expected = frame[["old", "rich"]].iloc[rows].to_numpy(np.float32)
    assert np.array_equal(made.train.y.get_batch(range(40)), expected)
    assert [str(made.train[i][1]) for i in range(40)] == [";".join(frame["tags"][row].split()[::-1]) for row in rows]
    learn = tabular_learner(made.databunch(bs=32, device="cpu"), [8], silent=True)
    learn.fit(1, 1e-2)
    assert learn.get_preds()[0].shape == (len(made.valid), 2)
    learn.export()
    again = load_learner(tmp_path).predict(frame.iloc[0])
    assert torch.equal(again[2], learn.predict(frame.iloc[0])[2])


def test_a_target_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match="there is no column 'pai'.* Did you mean 'pay'"):
        split(tmp_path).label_from_df("pai")


def test_the_classes_are_known_for_looks(tmp_path):
    made = split(tmp_path).label_from_df("pay")
    assert str(made.y.reconstruct(torch.tensor(1))) == "much"
    assert made.y.loss_func is not None and made.c == 2
