import numpy as np
import pytest
import torch

from onecycle.data.bunch import DataBunch
from onecycle.data.categories import FloatList
from onecycle.data.loaders import DatasetType
from onecycle.errors import ArgumentError, ArgumentTypeError, DataError
from onecycle.learner import load_learner
from onecycle.metrics.classification import accuracy
from onecycle.metrics.regression import exp_rmspe
from onecycle.tabular.interpret import partial_dependence
from onecycle.tabular.learner import tabular_learner


@pytest.fixture
def learn(make_data):
    torch.manual_seed(0)
    made = tabular_learner(make_data(), [16, 8], metrics=accuracy, silent=True)
    made.fit_one_cycle(2, 1e-2)
    return made


def test_predictions_are_in_the_order_of_the_rows(learn, people):
    learn.data.add_test(people)
    preds, _ = learn.get_preds(DatasetType.Test)
    for i in (0, 5, 59):
        label, index, chances = learn.predict(people.iloc[i])
        torch.testing.assert_close(chances, preds[i])
        assert str(label) == learn.data.classes[int(index)]
    valid, targets = learn.get_preds()
    torch.testing.assert_close(valid, preds[48:])
    assert targets.tolist() == [int(pay == "much") for pay in people["pay"][48:]]


def test_export_and_load(learn, people, tmp_path):
    learn.export()
    again = load_learner(tmp_path, test=people[:4])
    assert again.predict(people.iloc[1])[2].equal(learn.predict(people.iloc[1])[2])
    assert again.get_preds(DatasetType.Test)[0].shape == (4, 2)
    assert again.predict(dict(people.iloc[1]))[1] == learn.predict(people.iloc[1])[1]


def test_rows_that_cannot_be_predicted(learn, people):
    row = people.iloc[0].copy()
    row["age"] = "old"
    with pytest.raises(DataError, match=r"column 'age' must be a finite number; got 'old' \(str\)"):
        learn.predict(row)
    row["age"], row["school"] = 30, "never seen"
    assert len(learn.predict(row)) == 3


def test_regression_of_logarithms_in_a_range(make_data, people, capsys):
    data = make_data("amount", label_cls=FloatList, log=True)
    learn = tabular_learner(data, [8], ps=[0.1], emb_drop=0.1, y_range=torch.tensor([0.0, 6.0]), metrics=exp_rmspe,
                            silent=True)  # fmt: skip
    learn.fit_one_cycle(1, 1e-2)
    assert 0 <= float(learn.predict(people.iloc[0])[1]) <= 6
    learn.export()
    again = load_learner(learn.path)
    for one in (learn, again):
        amount, log, output = one.predict(people.iloc[0])
        assert amount.obj.item() == pytest.approx(log.exp().item(), rel=1e-4) and log.item() == output.item()
    learn.show_results(rows=2)
    shown = [line.split()[-2:] for line in capsys.readouterr().out.splitlines()[1:]]
    assert {float(target) for target, _ in shown} <= {float(f"{amount:.6g}") for amount in people["amount"]}
    shown = partial_dependence(learn, "work", plot=False)
    assert shown["mean"].between(1, np.exp(6)).all()
    assert again.model.y_range == (0.0, 6.0) and again.predict(people.iloc[0])[1] == learn.predict(people.iloc[0])[1]


def test_several_numbers(make_data, people):
    people["half"] = people["amount"] / 2 + 1
    learn = tabular_learner(make_data(["amount", "half"], label_cls=FloatList), [8], silent=True)
    learn.fit(1, 1e-2)
    item, values, _ = learn.predict(people.iloc[0])
    assert values.shape == (2,) and learn.get_preds()[0].shape == (12, 2)
    assert item.obj.shape == (2,)


def test_results_are_shown(learn, capsys):
    learn.show_results(rows=2)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[-2:] == ["target", "prediction"] and len(lines) == 3


def test_wrong_calls(make_data):
    data = make_data()
    with pytest.raises(ArgumentError, match=r"layers must be widths such as \[200, 100\]; got 'x'"):
        tabular_learner(data, "x")
    with pytest.raises(ArgumentTypeError, match="sz_dict must be a dictionary"):
        tabular_learner(data, [8], emb_szs=[3])
    ready = DataBunch([(torch.zeros(2, 3), torch.zeros(2))], None, device="cpu")
    with pytest.raises(ArgumentTypeError, match="data must be the data of a table"):
        tabular_learner(ready, [8])
    data.c = 0
    with pytest.raises(ArgumentError, match=r"data\.c must be the number of outputs; got 0"):
        tabular_learner(data, [8])


def test_wrong_keywords_know_the_word(make_data):
    with pytest.raises(ArgumentTypeError, match="tabular_learner: unknown keyword 'dropout'. Did you mean 'ps'"):
        tabular_learner(make_data(), [8], dropout=0.1)


def test_targets_outside_the_range_are_told(make_data):
    with pytest.warns(UserWarning, match=r"y_range is \(0.0, 50.0\) .*: no output can reach the \d+% outside"):
        tabular_learner(make_data("amount", label_cls=FloatList), [8], y_range=(0, 50))
    with pytest.warns(UserWarning, match="the logarithms of the targets go from 4"):
        tabular_learner(make_data("amount", label_cls=FloatList, log=True), [8], y_range=(5, 6))
    data = make_data("amount", label_cls=FloatList)
    tabular_learner(data, [8], y_range=(0, 500))
    tabular_learner(data, [8], y_range=(0, float(np.quantile(data.train_ds.y.items, 0.95))))  # a few may be
    tabular_learner(make_data(), [8], y_range=(0, 1))
