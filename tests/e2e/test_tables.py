"""The lessons of ratings and sales, and a picture with a row of a table: small, on data made here."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def among_examples(monkeypatch):
    """Examples import one another by name."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    torch.manual_seed(0)
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if Path(getattr(sys.modules[name], "__file__", None) or "/").parent == EXAMPLES:
            del sys.modules[name]


def fast(name, folder):
    return importlib.import_module(name).main(["--fast", "--out", str(folder)])


def drawn(folder):
    return {file.name for file in folder.glob("*.png")}


def test_movielens(tmp_path):
    found = fast("movielens", tmp_path)
    assert found["rmse"] < 1.05 * found["floor"] < 0.5 * found["spread"]  # the noise is all that is left
    ratings = found["ratings"]
    mean = ratings.groupby("title").truth.mean()[found["titles"]].to_numpy()
    assert torch.corrcoef(torch.stack([found["bias"], torch.tensor(mean, dtype=torch.float32)]))[0, 1] > 0.8
    assert found["network"].validate()[0] ** 0.5 < 0.6 * found["spread"]
    row = ratings.iloc[5]
    predicted = float(found["loaded"].predict(row)[2])
    assert predicted == pytest.approx(float(found["learn"].predict(row)[2]), abs=1e-5)
    with pytest.warns(UserWarning, match="user 'nobody' is none of those of the training ratings"):
        assert 0.5 < float(found["loaded"].predict(("nobody", row.title))[2]) < 5.5
    assert {"movielens_lr_find.png", "movielens_factors.png"} <= drawn(tmp_path)


def test_rossmann(tmp_path):
    found = fast("rossmann", tmp_path)
    assert found["error"] < 0.13  # the noise: 0.07; always the mean: 0.42
    assert found["constant"] > 0.3
    assert list(found["importance"].feature[:2]) == ["Store", "Promo"]
    assert 0.2 < np.log(found["promo"]["mean"]).diff().iloc[1] < 0.42  # the law: 0.25, or 0.38
    submission, days = found["submission"], found["days"].iloc[found["valid_idx"]]
    off = (submission["Sales"] / days["Sales"] - 1).abs()
    assert off.median() < 0.1 and (submission["Store"] == days["Store"]).all()
    assert {"rossmann_importance.png", "rossmann_weekdays.png", "rossmann_promo.png"} <= drawn(tmp_path)


def test_a_picture_and_a_row(tmp_path):
    found = fast("mixed", tmp_path)
    accuracies = found["accuracy"]
    assert accuracies["both"] > 0.85
    assert accuracies["other pictures"] < 0.65 and accuracies["other rows"] < 0.65  # it needs both
    assert str(found["answer"]) in ("yes", "no")
