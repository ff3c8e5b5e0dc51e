"""Arguments in every collection and scalar of NumPy, torch and pandas are taken as lists and numbers of Python are."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn
from torch.utils.data import TensorDataset

from onecycle.data.bunch import DataBunch
from onecycle.data.item_list import ItemList
from onecycle.data.sources import get_files
from onecycle.learner import Learner
from onecycle.metrics.classification import accuracy
from onecycle.nn.losses import BCEWithLogitsFlat, CrossEntropyFlat
from onecycle.optim.groups import spread
from onecycle.text.vocab import Vocab
from onecycle.training.callback import Callback
from onecycle.utils.values import to_numbers
from onecycle.vision.backbones import create_head
from onecycle.vision.normalization import Normalize

TEXTS = {
    "list": list, "tuple": tuple, "array": np.array, "objects": lambda v: np.array(v, dtype=object), "generator": iter,
    "Series": lambda v: pd.Series(v, index=range(7, 7 + len(v))), "Index": pd.Index, "categorical": pd.Categorical,
}  # fmt: skip
NUMBERS = {**TEXTS, "tensor": torch.tensor}
texts = pytest.mark.parametrize("kind", TEXTS.values(), ids=TEXTS)
numbers = pytest.mark.parametrize("kind", NUMBERS.values(), ids=NUMBERS)
SCALARS = {"NumPy": np.float32, "double": np.float64, "tensor": torch.tensor, "array": np.array}
scalars = pytest.mark.parametrize("kind", SCALARS.values(), ids=SCALARS)


@pytest.fixture
def folder(tmp_path):
    for part in ("train", "valid"):
        for name in ("a", "b"):
            (tmp_path / part / name).mkdir(parents=True)
            (tmp_path / part / name / "0.txt").write_text(name)
    return tmp_path


def learner(**settings):
    rows = TensorDataset(torch.linspace(-1, 1, 40).view(20, 2), torch.arange(20) % 2)
    model = nn.Sequential(nn.Linear(2, 4), nn.Linear(4, 2))
    settings = {"loss_func": nn.CrossEntropyLoss(), **settings}
    return Learner(DataBunch.create(rows, rows, bs=10, device="cpu"), model, silent=True, **settings)


@texts
def test_names_of_folders_and_endings(folder, kind):
    assert len(ItemList.from_folder(folder, include=kind(["train"]))) == 2
    assert len(ItemList.from_folder(folder, exclude=kind(["train"]))) == 2
    assert len(get_files(folder, extensions=kind([".txt"]), recurse=True)) == 4
    items = ItemList.from_folder(folder)
    assert len(items.filter_by_folder(include=kind(["train"]))) == 2
    assert len(items.filter_by_folder(exclude=kind(["train"]))) == 2
    assert items.split_none().label_from_folder(classes=kind(["b", "a"])).classes == ["b", "a"]


@numbers
def test_numbers_of_layers_and_groups(kind):
    assert spread(kind([0.5, 0.25]), 2) == [0.5, 0.25]
    assert to_numbers(kind([1, 2])) == [1, 2]
    assert Normalize(kind([0.5, 0.25]), kind([0.5, 0.25])).mean == [0.5, 0.25]
    assert [m.out_features for m in create_head(8, 2, lin_ftrs=kind([6])) if isinstance(m, nn.Linear)] == [6, 2]
    weight = kind([1.0, 3.0])
    output, target = torch.randn(4, 2), torch.tensor([0, 1, 1, 0])
    wanted = nn.functional.cross_entropy(output, target, torch.tensor([1.0, 3.0]))
    torch.testing.assert_close(CrossEntropyFlat(weight=weight)(output, target), wanted)
    assert BCEWithLogitsFlat(pos_weight=kind([1.0, 3.0])).func.pos_weight.tolist() == [1.0, 3.0]


@numbers
def test_rates_and_momenta(kind):
    learn = learner()
    learn.split(lambda model: [model[0], model[1]])
    learn.fit_one_cycle(1, max_lr=kind([0.5, 0.25]), moms=kind([0.9, 0.8]))
    assert min(learn.recorder.moms) == pytest.approx(0.8)
    assert max(learn.recorder.lrs) == pytest.approx(0.25)
    learn.fit(1, lr=kind([0.5, 0.25]))
    assert [group["lr"] for group in learn.opt.opt.param_groups][:1] == [0.5]


@scalars
def test_one_number(kind):
    learn = learner(wd=kind(0.5))
    learn.fit(1, lr=kind(0.25))
    assert learn.opt.lr == 0.25
    assert learn.opt.wd == 0.5
    learn.fit_one_cycle(1, slice(kind(0.25)))
    assert max(learn.recorder.lrs) == pytest.approx(0.25)


@pytest.mark.parametrize("kind", [np.int64, np.uint8, torch.tensor, np.array])
def test_counts(kind):
    learn = learner()
    learn.fit(kind(1))
    rows = TensorDataset(torch.rand(8, 2), torch.arange(8) % 2)
    data = DataBunch.create(rows, rows, bs=kind(4), num_workers=kind(0), device="cpu")
    assert (data.batch_size, len(data.train_dl)) == (4, 2)


@pytest.mark.parametrize("kind", [list, tuple, iter, lambda values: np.array(values, dtype=object)])
def test_metrics_and_callbacks(kind):
    learn = learner(metrics=kind([accuracy]), callbacks=kind([Callback()]))
    learn.fit(1, callbacks=kind([Callback()]))
    assert len(learn.validate(metrics=kind([accuracy]), callbacks=kind([Callback()]))) == 2


@texts
def test_tokens(kind):
    vocab = Vocab(kind(["xxunk", "xxpad", "a"]))
    assert vocab.numericalize(kind(["a", "b"])).tolist() == [2, 0]
