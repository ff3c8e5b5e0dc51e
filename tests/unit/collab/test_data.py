from collections import namedtuple

import numpy as np
import pandas as pd
import pytest
import torch

from onecycle.collab.data import CollabDataBunch, CollabLine, CollabList, CollabProcessor
from onecycle.data.saving import load_data
from onecycle.errors import ArgumentTypeError, DataError
from onecycle.tabular.procs import Categorify


def bunch(ratings, **how):
    return CollabDataBunch.from_df(ratings, **{"seed": 1, "bs": 16, "device": "cpu", **how})


def test_from_df(ratings):
    data = bunch(ratings)
    (users, items), targets = data.one_batch()
    assert users.shape == items.shape == targets.shape == (16,)
    assert users.dtype == items.dtype == torch.int64 and users.min() > 0 and items.min() > 0
    assert len(data.valid_ds) == int(0.2 * len(ratings)) and data.c == 1
    assert data.train_ds.x.classes["title"][:2] == ["#na#", "film 00"]
    x, y = data.valid_ds[3]
    row = ratings.iloc[data.valid_ds.x.items[3]]
    assert isinstance(x, CollabLine) and str(x) == f"user {row.user}; title {row.title};"
    assert y.data == pytest.approx(row.rating)


def test_columns_by_name_and_order(ratings):
    turned = ratings[["rating", "title", "user"]]
    data = bunch(turned, user_name="user", item_name="title", rating_name="rating")
    assert data.train_ds.x.cat_names == ["user", "title"]
    assert torch.equal(data.one_batch()[1], bunch(turned, user_name="user", item_name="title",
                                                  rating_name="rating").one_batch()[1])  # fmt: skip


def test_a_batch_is_the_items(ratings):
    data = bunch(ratings)
    (users, items), targets = data.train_ds.batch_getter()([4, 0, 7])
    for k, number in enumerate((4, 0, 7)):
        x, y = data.train_ds[number]
        assert x.data == [users[k], items[k]] and y.data == targets[k]


def test_numbers_as_names_and_texts_as_ratings(ratings):
    plain = pd.DataFrame({"userId": [3, 3, 9, 9] * 4, "movieId": [1, 2] * 8, "rating": ["4", "2.5", "1", "5"] * 4})
    data = bunch(plain, bs=4)
    assert data.train_ds.x.classes["userId"] == ["#na#", 3, 9]
    assert set(data.train_ds.y.items.tolist()) <= {4.0, 2.5, 1.0, 5.0}


def test_duplicated_rows_are_fine(ratings):
    twice = pd.concat([ratings, ratings])
    data = bunch(twice)
    assert len(data.train_ds) + len(data.valid_ds) == 2 * len(ratings)


def test_of_validation_only_counts_as_unknown(ratings):
    more = pd.concat([ratings, pd.DataFrame({"user": ["new"], "title": ["film 00"], "rating": [3.0]})])
    lists = CollabList.from_df(more).split_by_idx([len(more) - 1]).label_from_df("rating")
    assert lists.valid.x.codes.tolist() == [[0, 1]]


def test_test_set(ratings):
    pairs = pd.DataFrame({"user": ["u01", "nobody"], "title": ["film 02", "film 03"]})
    data = bunch(ratings, test=pairs)
    classes = data.train_ds.x.classes
    assert data.test_ds.x.codes.tolist() == [
        [classes["user"].index("u01"), classes["title"].index("film 02")],
        [0, classes["title"].index("film 03")],
    ]


def test_save_and_load(ratings, tmp_path):
    data = bunch(ratings, path=tmp_path)
    data.save()
    read = load_data(tmp_path, bs=16, device="cpu")
    assert type(read) is CollabDataBunch
    assert np.array_equal(read.train_ds.x.codes, data.train_ds.x.codes)
    assert torch.equal(read.valid_ds.y.get_batch([0, 1]), data.valid_ds.y.get_batch([0, 1]))


def test_show_batch(ratings, capsys):
    bunch(ratings).show_batch(rows=2)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["user", "title", "target"] and len(lines) == 3


def test_repr(ratings):
    assert "CollabList\nuser u" in repr(bunch(ratings))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda df: df[["user"]], "must have at least three columns"),
        (lambda df: df[["user", "title"]], "must have at least three columns"),
        (lambda df: df.assign(user=df.user.where(df.index != 7)), "1 of 2.. ratings have no user.*first in row 7"),
        (lambda df: df.assign(title=df.title.where(df.index > 2)), "3 of 2.. ratings have no item.*first in row 0"),
        (lambda df: df.assign(rating=df.rating.where(df.index != 5)), "have no rating.*first in row 5.*dropna"),
        (lambda df: df.assign(rating=df.title), "'rating' must hold finite numbers.*'film 0.*rating_name"),
        (lambda df: df.assign(rating=df.rating.where(df.index != 9, np.inf)), "row 9: inf. Clean them, or name"),
    ],
)
def test_bad_ratings(ratings, change, said):
    with pytest.raises(DataError, match=said):
        bunch(change(ratings))


def test_bad_names(ratings):
    with pytest.raises(DataError, match="no column 'titel'.*Did you mean 'title'"):
        bunch(ratings, item_name="titel")
    with pytest.raises(DataError, match="users, items and ratings must be three"):
        bunch(ratings, user_name="title")
    with pytest.raises(ArgumentTypeError, match="must be a table"):
        bunch([1, 2, 3])
    with pytest.raises(DataError, match="must be two columns"):
        CollabList.from_df(ratings, cat_names=["user"])
    with pytest.raises(DataError, match="must be two columns"):
        CollabList.from_df(ratings, cat_names=["user", "title"], cont_names=["rating"])


@pytest.fixture
def processor(ratings):
    return CollabProcessor(procs=[Categorify], cat_names=["user", "title"]).fit(ratings)


@pytest.mark.parametrize(
    "item",
    [("u01", "film 02"), ["u01", "film 02"], {"title": "film 02", "user": "u01", "more": 1},
     pd.Series({"user": "u01", "title": "film 02"}), namedtuple("Row", "title user")("film 02", "u01")],
)  # fmt: skip
def test_process_one(processor, item):
    line = processor.process_one(item)
    assert str(line) == "user u01; title film 02;" and processor.process_one(line) is line


def test_unknown_ones_are_told_once(processor, recwarn):
    with pytest.warns(UserWarning, match=r"user 'u1' is none of those of the training ratings.*Did you mean 'u[0-9]*'"):
        assert processor.process_one(("u1", "film 02")).data[0] == 0
    with pytest.warns(UserWarning, match="title is missing"):
        assert processor.process_one(("u01", None)).data[1] == 0
    before = len(recwarn)
    assert [int(code) for code in processor.process_one(("u2", "film x")).data] == [0, 0]
    assert len(recwarn) == before


def test_process_one_of_bad_items(processor):
    with pytest.raises(DataError, match="must have a value of 'title'"):
        processor.process_one({"user": "u01"})
    with pytest.raises(ArgumentTypeError, match="must be one row of a table"):
        processor.process_one(3)
    for item in (("u01",), ["u01", "film 02", 3]):
        with pytest.raises(DataError, match=r"must be a user and an item; got .* Pass \(user, title\), a row"):
            processor.process_one(item)
    with pytest.raises(DataError, match=r"column 'user' must be one category; got \['u01'\]"):
        processor.process_one({"user": ["u01"], "title": "film 02"})


def test_users_of_another_kind_are_told(ratings):
    numbers = ratings.assign(user=ratings["user"].str[1:].astype(int))
    processor = CollabProcessor(procs=[Categorify], cat_names=["user", "title"]).fit(numbers)
    with pytest.warns(UserWarning, match=r"user '3' is none of .* 3 \(int\) is one of them: give both one kind"):
        assert processor.process_one(("3", "film 02")).data[0] == 0


def test_an_unknown_keyword(ratings):
    with pytest.raises(ArgumentTypeError, match="from_df: unknown keyword 'batch_size'. Did you mean 'bs'"):
        CollabDataBunch.from_df(ratings, batch_size=3)
