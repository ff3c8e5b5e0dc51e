"""Lines of the course's lessons that rest on more than one part of the library, on a few made items each."""

from operator import itemgetter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image as PillowImage

from onecycle.collab import CollabDataBunch, collab_learner
from onecycle.tabular import (
    Categorify,
    DatasetType,
    FillMissing,
    FloatList,
    Normalize,
    TabularList,
    tabular_learner,
)
from onecycle.text import ItemLists, TextList
from onecycle.vision import ImageDataBunch, get_transforms, imagenet_stats


def test_lesson_2_a_folder_that_is_its_own_training_set(tmp_path):
    for label in ("black", "grizzly", "teddys"):
        for i in range(4):
            (tmp_path / label).mkdir(exist_ok=True)
            PillowImage.new("RGB", (20, 16), (40 * i, 90, 120)).save(tmp_path / label / f"{i:08d}.jpg")
    np.random.seed(42)
    tfms = get_transforms(do_flip=False, max_rotate=0, max_zoom=1, max_lighting=0, max_warp=0)
    data = ImageDataBunch.from_folder(tmp_path, train=".", valid_pct=0.25, ds_tfms=tfms, size=12, bs=3)
    assert data.normalize(imagenet_stats).classes == ["black", "grizzly", "teddys"]
    assert (data.c, len(data.train_ds), len(data.valid_ds)) == (3, 9, 3)


def test_lesson_4_films_by_bias_and_by_factor():
    draw = np.random.default_rng(0)
    ratings = pd.DataFrame({
        "userId": draw.integers(1, 20, 400), "title": draw.choice([f"Film {i}" for i in range(12)], 400),
        "rating": draw.integers(1, 6, 400).astype(float),
    })  # fmt: skip
    data = CollabDataBunch.from_df(ratings, seed=42, valid_pct=0.1, item_name="title")
    learn = collab_learner(data, n_factors=8, y_range=[0, 5.5], wd=1e-1, silent=True)
    learn.lr_find()
    learn.recorder.plot(skip_end=15)
    learn.fit_one_cycle(1, 5e-3)
    top = ratings.groupby("title")["rating"].count().sort_values(ascending=False).index.values[:10]
    mean = ratings.groupby("title")["rating"].mean()
    bias, factors = learn.bias(top, is_item=True), learn.weight(top, is_item=True)
    ranked = sorted([(b, i, mean.loc[i]) for i, b in zip(top, bias, strict=True)], key=lambda o: o[0], reverse=True)
    assert float(ranked[0][0]) == float(bias.max()) and bias.shape == (10,) and factors.shape == (10, 8)
    fac0, _, _ = factors.pca(3).t()
    by_factor = sorted(zip(fac0, top, strict=True), key=itemgetter(0))
    assert float(by_factor[0][0]) == float(fac0.min())


def stores():
    draw, n = np.random.default_rng(0), 120
    return pd.DataFrame({
        "Store": draw.integers(1, 5, n), "PromoInterval": draw.choice(["Jan,Apr", "Feb,May", None], n),
        "CompetitionDistance": np.where(draw.random(n) < 0.2, np.nan, draw.integers(50, 900, n)),
        "Sales": draw.integers(3000, 9000, n),
    })  # fmt: skip


def test_lesson_6_steps_on_frames_by_hand():
    cats, conts = ["Store", "PromoInterval"], ["CompetitionDistance"]
    train, test = stores().iloc[:80].copy(), stores().iloc[80:].copy()
    categorify = Categorify(cats, conts)
    categorify(train)
    categorify(test, test=True)
    assert list(train.PromoInterval.cat.categories) == list(test.PromoInterval.cat.categories) == ["Feb,May", "Jan,Apr"]
    assert set(train["PromoInterval"].cat.codes) == {-1, 0, 1}
    missing = train["CompetitionDistance"].isna()
    fill_missing = FillMissing(cats, conts)
    fill_missing(train)
    fill_missing(test, test=True)
    assert len(train[train["CompetitionDistance_na"] == True]) == missing.sum() > 0  # noqa: E712
    assert not train["CompetitionDistance"].isna().any() and not test["CompetitionDistance"].isna().any()


def test_lesson_6_sales_of_test_rows(tmp_path):
    frame, cats, conts = stores(), ["Store", "PromoInterval"], ["CompetitionDistance"]
    procs = [FillMissing, Categorify, Normalize]
    test = frame.iloc[100:].drop(columns="Sales").reset_index(drop=True)
    test.insert(0, "Id", range(len(test)))
    data = (
        TabularList.from_df(frame, path=tmp_path, cat_names=cats, cont_names=conts, procs=procs)
        .split_by_idx(range(20))
        .label_from_df(cols="Sales", label_cls=FloatList, log=True)
        .add_test(TabularList.from_df(test, path=tmp_path, cat_names=cats, cont_names=conts))
        .databunch(bs=32)
    )
    learn = tabular_learner(data, layers=[8], ps=[0.001], emb_drop=0.04, y_range=[7.0, 10.0], silent=True)
    learn.fit_one_cycle(1, 1e-3, wd=0.2)
    test_preds = learn.get_preds(DatasetType.Test)
    test["Sales"] = np.exp(test_preds[0].numpy()).T[0]
    test[["Id", "Sales"]] = test[["Id", "Sales"]].astype("int")
    test[["Id", "Sales"]].to_csv(tmp_path / "submission.csv", index=False)
    read = pd.read_csv(tmp_path / "submission.csv")
    assert len(read) == 20 and read["Sales"].between(1096, 22027).all()


def test_lesson_7_lists_of_one_text_each(tmp_path: Path):
    numbers = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
    train, valid = (TextList([", ".join(numbers * times)], path=tmp_path) for times in (30, 10))
    src = ItemLists(path=tmp_path, train=train, valid=valid).label_for_lm()
    data = src.databunch(bs=4, bptt=5)
    assert data.train_ds.x[0].text.startswith("xxbos one , two , three")
    assert isinstance(train[0], str)  # a list keeps what it was given
    x, y = data.one_batch()
    assert x.shape == y.shape == (4, 5)
    batches = iter(data.valid_dl)
    first, second = next(batches)[0], next(batches)[0]
    vocab = data.valid_ds.vocab
    whole = vocab.textify(data.valid_ds[0][0].data)
    assert f"{vocab.textify(first[0])} {vocab.textify(second[0])}" in whole
    assert data.bptt == 5 and len(data.valid_dl) == pytest.approx(len(data.valid_ds[0][0].data) / 4 / 5, abs=1)
