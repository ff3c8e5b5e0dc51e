"""Looks at tables that are made here: what each column is worth is known."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from onecycle.data.categories import FloatList
from onecycle.data.loaders import DatasetType
from onecycle.errors import ArgumentError, ArgumentTypeError, DataError
from onecycle.learner import Learner, load_learner
from onecycle.metrics.regression import root_mean_squared_error
from onecycle.tabular.interpret import embedding_pca, feature_importance, partial_dependence
from onecycle.tabular.interpret_plots import draw_categories
from onecycle.tabular.learner import tabular_learner
from onecycle.tabular.lists import TabularList
from onecycle.tabular.procs import Categorify, FillMissing, Normalize

KINDS = ["low", "middle", "high"]


def table():
    draw = np.random.default_rng(0)
    kind, x = draw.integers(0, 3, 300), draw.normal(5, 2, 300)
    columns = {"kind": np.array(KINDS)[kind], "other": draw.choice(list("ab"), 300), "x": x}
    columns |= {"z": draw.normal(0, 1, 300), "y": 2.0 * (kind - 1) + 0.5 * x}
    return pd.DataFrame({**columns, "large": np.where(kind + x > 6, "yes", "no")})


class Known(nn.Module):
    """Compute y = 2 · (kind - 1) + 0.5 · x, of which the columns' importance and dependence are known."""

    def __init__(self, mean, std):
        super().__init__()
        self.embeds = nn.ModuleList([nn.Embedding(4, 2), nn.Embedding(3, 1)])
        # classes are in the order of the alphabet: #na#, high, low, middle
        self.embeds[0].weight.data = torch.tensor([[0.0, 0.0], [2.0, 1.0], [-2.0, -1.0], [0.0, 0.0]])
        self.mean, self.std = mean, std

    def forward(self, cats, conts):
        return self.embeds[0](cats[:, 0])[:, :1] + 0.5 * (conts[:, :1] * self.std + self.mean)


def bunch(df, target="y", **how):
    source = TabularList.from_df(df, ["kind", "other"], ["x", "z"], [FillMissing, Categorify, Normalize])
    labelled = source.split_by_idx(range(200, 300)).label_from_df(target, **how)
    return labelled.databunch(bs=32, device="cpu")


@pytest.fixture
def known():
    data = bunch(table(), label_cls=FloatList)
    scale = data.train_ds.x.processor[0].procs[-1]
    return Learner(data, Known(scale.means["x"], scale.stds["x"]), silent=True)


@pytest.fixture
def ax():
    import matplotlib.pyplot as plt

    figure, made = plt.subplots()
    yield made
    plt.close(figure)


def test_the_known_model_is_exact(known):
    assert known.validate()[0] < 1e-10


def test_importance(known):
    frame = feature_importance(known, repeats=20, plot=False)
    assert list(frame.feature[:2]) == ["kind", "x"] and set(frame.feature[2:]) == {"other", "z"}
    rows = table().iloc[200:]
    # the mean square of the difference of two draws is twice the variance
    kinds = 2.0 * rows.kind.map(KINDS.index)
    assert frame.importance[0] == pytest.approx(2 * kinds.var(ddof=0), rel=0.1)
    assert frame.importance[1] == pytest.approx(2 * (0.5 * rows.x).var(ddof=0), rel=0.1)
    assert frame.importance[2:].abs().max() < 1e-9 and frame["std"][0] > 0


def test_importance_by_a_metric_is_repeatable(known):
    first = feature_importance(known, metric=root_mean_squared_error, plot=False)
    assert first.importance[0] == pytest.approx(feature_importance(known, plot=False).importance[0] ** 0.5, rel=0.05)
    assert first.equals(feature_importance(known, metric=root_mean_squared_error, plot=False))
    assert not first.equals(feature_importance(known, metric=root_mean_squared_error, seed=1, plot=False))


def test_importance_leaves_everything_as_it_was(known):
    known.model.train()
    codes, generator = known.data.valid_ds.x.codes.copy(), torch.get_rng_state()
    feature_importance(known, plot=False)
    assert known.model.training and np.array_equal(known.data.valid_ds.x.codes, codes)
    assert torch.equal(torch.get_rng_state(), generator)


def test_importance_plot(known, ax):
    feature_importance(known, ds_type=DatasetType.Train, k=3, ax=ax)
    assert [label.get_text() for label in ax.get_yticklabels()][-2:] == ["x", "kind"]
    assert ax.get_xlabel() == "rise of the loss when the column is exchanged" and len(ax.patches) == 3


def test_dependence_on_a_number_is_a_line(known):
    frame = partial_dependence(known, "x", grid=8, plot=False)
    slope, _ = np.polyfit(frame.value, frame["mean"], 1)
    assert slope == pytest.approx(0.5, abs=1e-4) and len(frame) == 8
    rows = table().iloc[200:]
    assert frame.value.iloc[0] == pytest.approx(np.quantile(rows.x, 0.02), abs=1e-4)
    kinds = 2.0 * (rows.kind.map(KINDS.index) - 1)
    assert frame["mean"].iloc[0] == pytest.approx(kinds.mean() + 0.5 * frame.value.iloc[0], abs=1e-4)
    assert (frame.low <= frame["mean"]).all() and (frame["mean"] <= frame.high).all()
    assert partial_dependence(known, "z", plot=False)["mean"].std() < 1e-6


def test_dependence_on_given_values(known):
    frame = partial_dependence(known, "x", values=[0, 10], plot=False)
    assert frame["mean"].diff().iloc[1] == pytest.approx(5, abs=1e-4) and frame.value.tolist() == [0, 10]
    frame = partial_dependence(known, "kind", values=["high", "low"], plot=False)
    assert frame["mean"].diff().iloc[1] == pytest.approx(-4, abs=1e-4)


def test_dependence_on_categories(known, ax):
    frame = partial_dependence(known, "kind", ax=ax).set_index("value")
    assert set(frame.index) == set(KINDS)
    assert frame["mean"]["high"] - frame["mean"]["low"] == pytest.approx(4, abs=1e-4)
    assert [label.get_text() for label in ax.get_yticklabels()] == list(frame.index[::-1])
    assert ax.get_ylabel() == "kind" and ax.get_xlabel() == "prediction"


def test_dependence_of_a_class(ax):
    torch.manual_seed(0)
    learn = tabular_learner(bunch(table(), "large"), layers=[16], silent=True)
    learn.fit_one_cycle(8, 3e-2)
    yes = partial_dependence(learn, "x", ax=ax)
    assert ax.get_ylabel() == "probability of yes" and ax.get_xlabel() == "x"
    assert yes["mean"].iloc[-1] > 0.9 > 0.2 > yes["mean"].iloc[0]
    no = partial_dependence(learn, "x", target="no", plot=False)
    assert np.allclose(no["mean"], 1 - yes["mean"], atol=1e-5)
    assert set(feature_importance(learn, plot=False).feature[:2]) == {"x", "kind"}


def test_embedding(known, ax):
    frame = embedding_pca(known, "kind", ax=ax)
    assert frame.category.tolist() == ["high", "low", "middle"]
    assert frame["rows"].tolist() == table().iloc[:200].kind.value_counts()[frame.category].tolist()
    assert frame[0].abs().tolist() == pytest.approx([5**0.5, 5**0.5, 0], abs=1e-5)
    assert frame[0][0] == pytest.approx(-frame[0][1]) and frame[1].abs().max() < 1e-5
    assert {text.get_text() for text in ax.texts} == set(KINDS) and ax.get_title() == "kind"
    assert embedding_pca(known, "other", k=1, plot=False).columns.tolist() == ["category", "rows", 0]


def test_ratings():
    from onecycle.collab.data import CollabDataBunch
    from onecycle.collab.learner import collab_learner

    draw = np.random.default_rng(0)
    df = pd.DataFrame({"user": draw.integers(0, 9, 200), "film": draw.integers(0, 7, 200)})
    df["rating"] = df.film + 0.5
    torch.manual_seed(0)
    learn = collab_learner(CollabDataBunch.from_df(df, seed=0, bs=16, device="cpu"), n_factors=3, silent=True)
    learn.fit_one_cycle(8, 0.1)
    assert feature_importance(learn, plot=False).feature[0] == "film"
    assert partial_dependence(learn, "film", plot=False)["mean"].is_monotonic_increasing
    assert len(embedding_pca(learn, "film", plot=False)) == 7


def test_bad_names(known):
    with pytest.raises(ArgumentError, match="'kin' is no column of the inputs. Did you mean 'kind'"):
        partial_dependence(known, "kin")
    with pytest.raises(ArgumentError, match="'x' is no column of categories.*There are 'kind', 'other'"):
        embedding_pca(known, "x")
    with pytest.raises(ArgumentError, match="'hihg' is no category of column 'kind'. Did you mean 'high'"):
        partial_dependence(known, "kind", values=["hihg"])
    with pytest.raises(ArgumentError, match="target must be a number from 0 to 0"):
        partial_dependence(known, "x", target=2)


def test_bad_numbers(known):
    with pytest.raises(ArgumentError, match="repeats must be at least 1"):
        feature_importance(known, repeats=0)
    with pytest.raises(ArgumentError, match="k must be at least 1"):
        feature_importance(known, k=0)
    with pytest.raises(ArgumentError, match="grid must be at least 2"):
        partial_dependence(known, "x", grid=1)
    with pytest.raises(ArgumentError, match="k must be 1 to 2, the factors"):
        embedding_pca(known, "kind", k=3)


def test_values_and_metrics_that_are_none(known):
    with pytest.raises(ArgumentError, match="values must be numbers, as column 'x' holds; got .'a'."):
        partial_dependence(known, "x", values=["a"])
    with pytest.raises(ArgumentError, match="values must hold at least one value"):
        partial_dependence(known, "x", values=[])
    assert partial_dependence(known, "x", values=3, plot=False)["value"].tolist() == [3]
    assert partial_dependence(known, "kind", values="low", plot=False)["value"].tolist() == ["low"]
    with pytest.raises(ArgumentTypeError, match="feature_importance: metric must be a function; got 'accuracy'"):
        feature_importance(known, metric="accuracy")


def test_a_loaded_learner_is_given_its_data_again(tmp_path):
    data = bunch(table(), label_cls=FloatList)
    learn = tabular_learner(data, [8], silent=True, path=tmp_path)
    learn.export()
    again = load_learner(tmp_path)
    with pytest.raises(ArgumentTypeError, match="has no rows, as it was loaded from a file. Give it the data again"):
        feature_importance(again)
    again.data = data
    pd.testing.assert_frame_equal(feature_importance(again, plot=False), feature_importance(learn, plot=False))


def test_bad_learners(known):
    with pytest.raises(ArgumentTypeError, match="learn must be a learner of a table; got int"):
        feature_importance(3)
    source = TabularList.from_df(table(), ["kind"], ["x"], [Categorify, Normalize]).split_none()
    data = source.label_from_df("y", label_cls=FloatList).databunch(bs=32, device="cpu")
    with pytest.raises(DataError, match="the set must hold at least one row; it is empty"):
        feature_importance(tabular_learner(data, [4], silent=True))
    known.model = nn.Linear(2, 1)
    with pytest.raises(ArgumentTypeError, match="must have embeddings of categories"):
        embedding_pca(known, "kind")
    with pytest.warns(UserWarning, match="one value in all training rows"):
        data = bunch(table().assign(kind="one"), label_cls=FloatList)
    with pytest.raises(ArgumentError, match="name must be a column of at least two categories"):
        embedding_pca(tabular_learner(data, [4], silent=True), "kind")


@pytest.mark.parametrize("count", [1, 16, 60])
@pytest.mark.parametrize("word", ["c", "a long name of category"])
def test_names_of_categories_stay_inside_and_apart(count, word):
    generator = np.random.default_rng(0)
    points = generator.normal(size=(count, 2)) * [3, 1]
    points[: count // 4] = points[0] + generator.normal(size=(count // 4, 2)) * 0.01  # nearly in one place
    names = [f"{word} {i}" for i in range(count)]
    draw_categories(pd.DataFrame({0: points[:, 0], 1: points[:, 1], "category": names}), "kind", None)
    figure = plt.gcf()
    figure.draw_without_rendering()
    (ax,) = figure.axes
    frame = ax.get_window_extent()
    shown = {text.get_text() for text in ax.texts}
    assert shown == set(names) or (count == 60 and len(word) > 1 and len(shown) > 45)  # there is no room for all
    plt.close(figure)
    words = [word_extent(text) for text in ax.texts]
    assert all(frame.x0 <= box.x0 and box.x1 <= frame.x1 and frame.y0 <= box.y0 and box.y1 <= frame.y1 for box in words)
    assert not any(a.overlaps(b) for i, a in enumerate(words) for b in words[:i])


def word_extent(annotation):
    """Return where the words of an annotation stand, without the line to its point."""
    from matplotlib.text import Text

    return Text.get_window_extent(annotation)


def test_names_without_room_are_left_out_and_counted():
    points = np.zeros((80, 2))
    frame = pd.DataFrame({0: points[:, 0], 1: points[:, 1], "category": [f"category {i}" for i in range(80)]})
    ax = plt.subplots(figsize=(2, 2))[1]
    draw_categories(frame, "kind", ax)
    shown = len(ax.texts)
    assert 0 < shown < 80
    assert ax.get_title() == f"kind ({80 - shown} of 80 names have no room; pass a larger ax)"
    plt.close("all")
