import numpy as np
import pandas as pd
import pytest
import torch

from onecycle.collab.data import CollabDataBunch
from onecycle.collab.learner import CollabLearner, collab_learner
from onecycle.collab.models import EmbeddingDotBias
from onecycle.collab.network import EmbeddingNN
from onecycle.data.loaders import DatasetType
from onecycle.errors import ArgumentError, ArgumentTypeError, StepError
from onecycle.learner import Learner, load_learner
from onecycle.tabular.lists import TabularList
from onecycle.tabular.procs import Categorify


@pytest.fixture
def data(ratings, tmp_path):
    return CollabDataBunch.from_df(ratings, seed=1, bs=16, device="cpu", path=tmp_path)


@pytest.fixture
def make(data):
    def made(data=data, **how):
        torch.manual_seed(0)
        return collab_learner(data, **{"n_factors": 4, "y_range": (0, 6), "wd": 0.05, "silent": True, **how})

    return made


@pytest.fixture
def trained(make):
    learn = make()
    learn.fit_one_cycle(12, 3e-2)
    return learn


def films(count=15):
    return [f"film {number:02}" for number in range(count)]


def test_it_learns_what_is_there(trained, ratings):
    assert trained.validate()[0] ** 0.5 < 0.4  # the mean rating: about 1.1
    good = ratings.attrs["good"]
    found = trained.bias(films()).numpy()
    assert np.corrcoef(found, good)[0, 1] > 0.9
    first = trained.weight(films()).pca(1).flatten().numpy()
    assert abs(np.corrcoef(first, ratings.attrs["kind"])[0, 1]) > 0.95


def test_nearest_are_of_the_same_kind(trained, ratings):
    kind = ratings.attrs["kind"]
    near = trained.nearest("film 00", k=4)
    assert [value for _, value in near] == sorted((value for _, value in near), reverse=True)
    assert all(kind[int(name[-2:])] == kind[0] for name, _ in near) and "film 00" not in dict(near)
    assert len(trained.nearest("u01", k=100, is_item=False)) == 23


def test_rows_of_users(trained):
    users = ["u03", "u01"]
    assert trained.get_idx(users, is_item=False).tolist() == [4, 2]
    assert trained.weight(users, is_item=False).shape == (2, 4)
    assert torch.equal(trained.bias(users, is_item=False), trained.model.u_bias.weight.detach()[[4, 2], 0])
    assert trained.get_idx(pd.Series(["film 01"])).tolist() == [2]
    assert trained.names()[1] == "film 00" and trained.names(is_item=False)[1] == "u00"


def test_predict(trained, ratings):
    row = ratings.iloc[3]
    rating, number, raw = trained.predict(row)
    assert float(rating.data) == pytest.approx(float(raw), abs=1e-6)
    codes = trained.get_idx([row.user], is_item=False), trained.get_idx([row.title])
    assert float(raw) == pytest.approx(trained.model(*codes).item(), abs=1e-5)
    assert float(trained.predict((row.user, row.title))[2]) == float(raw)


def test_predict_of_unknown_ones(trained):
    with pytest.warns(UserWarning, match="user 'nobody' is none of those"):
        found = trained.predict(("nobody", "film 00"))[2]
    assert 0 < float(found) < 6
    assert float(trained.predict(("nobody else", "film 00"))[2]) == float(found)


def test_predictions_of_a_set_are_in_order(trained, data):
    preds, targets = trained.get_preds()
    assert torch.equal(targets, data.valid_ds.y.get_batch(range(len(data.valid_ds))))
    third = data.valid_ds.x.inner_df.iloc[3]
    assert float(preds[3]) == pytest.approx(float(trained.predict(third)[2]), abs=1e-5)


def test_export_and_load(trained, tmp_path, ratings):
    trained.export()
    pairs = ratings[["user", "title"]].head(5)
    read = load_learner(tmp_path, test=pairs, device="cpu")
    assert type(read) is CollabLearner
    preds, _ = read.get_preds(DatasetType.Test)
    for k in range(5):
        wanted = float(trained.predict(pairs.iloc[k])[2])
        assert float(preds[k]) == pytest.approx(wanted, abs=1e-5)
        assert float(read.predict(pairs.iloc[k])[2]) == pytest.approx(wanted, abs=1e-5)
    assert torch.equal(read.bias(films(3)), trained.bias(films(3)))
    assert read.nearest("film 00", 2) == trained.nearest("film 00", 2)


def test_network(make, data, tmp_path):
    learn = make(use_nn=True, n_factors=None, layers=[16], emb_szs={"title": 3}, ps=0.1)
    assert isinstance(learn.model, EmbeddingNN)
    assert learn.weight(films(4)).shape == (4, 3)
    learn.fit_one_cycle(8, 3e-2)
    assert learn.validate()[0] ** 0.5 < 0.8
    learn.export("nn.safetensors")
    read = load_learner(tmp_path, "nn.safetensors", device="cpu")
    assert float(read.predict(("u01", "film 03"))[2]) == pytest.approx(float(learn.predict(("u01", "film 03"))[2]))
    with pytest.raises(StepError, match="bias: the model must be an EmbeddingDotBias.*use_nn=False"):
        learn.bias(films(2))


def test_show_results(trained, capsys):
    trained.show_results(rows=3)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["user", "title", "target", "prediction"] and len(lines) == 4


def test_sizes_and_settings(make, data):
    learn = make()
    assert isinstance(learn.model, EmbeddingDotBias) and learn.wd == 0.05
    assert learn.model.u_weight.weight.shape == (25, 4) and learn.model.i_bias.weight.shape == (16, 1)


def test_unknown_names(trained):
    with pytest.raises(ArgumentError, match="'film 0' is no item of the training ratings. Did you mean 'film"):
        trained.bias(["film 01", "film 0"])
    with pytest.raises(ArgumentError, match="'u01' is no item.*It is a user: pass is_item=False"):
        trained.weight(["u01"])
    with pytest.raises(ArgumentError, match="'film 01' is no user.*It is an item: pass is_item=True"):
        trained.weight(["film 01"], is_item=False)
    with pytest.raises(ArgumentError, match=r"'x' is no item of the training ratings \(2 of 3 are unknown\)"):
        trained.weight(["film 01", "x", "y"])
    with pytest.raises(ArgumentTypeError, match=r"arr must be a list of names.*Pass \['film 01'\]"):
        trained.bias("film 01")
    with pytest.raises(ArgumentError, match="k must be at least 1"):
        trained.nearest("film 01", k=0)


def test_bad_settings(make, data):
    with pytest.raises(ArgumentError, match="n_factors must be given"):
        make(n_factors=None)
    with pytest.raises(ArgumentError, match="y_range must be two growing numbers"):
        make(y_range=(5, 0))
    with pytest.raises(ArgumentTypeError, match="unknown keyword 'n_factor'. Did you mean 'n_factors'"):
        make(n_factor=3)


def test_ratings_outside_the_range_are_told(make):
    with pytest.warns(UserWarning, match=r"y_range is \(2.0, 4.0\) and the targets go from .*: no output can"):
        make(y_range=(2, 4))


def test_other_data_and_models(data, ratings):
    from torch.utils.data import TensorDataset

    from onecycle.data.bunch import DataBunch

    rows = TensorDataset(torch.rand(20, 3), torch.rand(20))
    with pytest.raises(ArgumentTypeError, match="data must be ratings.*CollabDataBunch.from_df"):
        collab_learner(DataBunch.create(rows, rows, bs=4, device="cpu"), n_factors=3)
    table = TabularList.from_df(ratings, ["user", "title"], procs=[Categorify]).split_none()
    with pytest.raises(ArgumentTypeError, match="data must be ratings"):
        collab_learner(table.label_from_df("rating").databunch(device="cpu"), n_factors=3)
    learn = CollabLearner(data, torch.nn.Linear(2, 1), silent=True)
    assert isinstance(learn, Learner)
    with pytest.raises(StepError, match="weight: the model must be one of collab_learner; it is Linear"):
        learn.weight(films(1))


def test_somebody_new_gets_what_films_get_on_average(trained, ratings):
    means = ratings.groupby("title").rating.mean()
    with pytest.warns(UserWarning, match="user 'nobody' is none of those"):
        found = [float(trained.predict(("nobody", film))[2]) for film in means.index]
    assert abs(np.mean(found) - means.mean()) < 0.25 and np.corrcoef(found, means)[0, 1] > 0.6


def test_a_look_for_the_rate_changes_nothing(make):
    learn = make()
    before = {name: weight.clone() for name, weight in learn.model.state_dict().items()}
    learn.lr_find(num_it=10)
    assert all(torch.equal(weight, before[name]) for name, weight in learn.model.state_dict().items())
