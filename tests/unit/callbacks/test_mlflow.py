"""Runs in MLflow, read back from a store of files."""

import sys
from types import SimpleNamespace

import pytest

from onecycle.callbacks.mlflow import MLFlowTracker
from onecycle.errors import ArgumentError
from onecycle.metrics.classification import accuracy
from onecycle.training.callback import Callback


@pytest.fixture
def store(tmp_path, monkeypatch):
    """Return the address of an empty store; nothing is told to anyone."""
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    monkeypatch.setenv("DO_NOT_TRACK", "true")
    return (tmp_path / "runs").as_uri()


@pytest.mark.filterwarnings("default")  # of mlflow's own
def test_a_run_is_read_back(make_learner, store, tmp_path):
    notebook = tmp_path / "pets.ipynb"
    notebook.write_text("{}")
    learn = make_learner(metrics=accuracy)
    learn.fit(2, callbacks=[MLFlowTracker(learn, "pets", {"size": 224}, notebook, uri=store)])
    learn.fit(1, callbacks=[MLFlowTracker(learn, "pets", uri=store)])

    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=store)
    experiment = client.get_experiment_by_name("pets")
    later, run = client.search_runs([experiment.experiment_id])
    assert run.info.status == later.info.status == "FINISHED"
    assert run.data.params["size"] == "224" and run.data.params["epochs"] == "2"
    assert run.data.params["optimizer"] == "Adam" and "size" not in later.data.params
    history = client.get_metric_history(run.info.run_id, "valid_loss")
    assert [point.step for point in history] == [0, 1] and all(point.value > 0 for point in history)
    assert set(run.data.metrics) == {"train_loss", "valid_loss", "accuracy"}
    assert [file.path for file in client.list_artifacts(run.info.run_id)] == ["pets.ipynb"]


@pytest.mark.filterwarnings("default")
def test_a_run_that_broke_off_is_marked(make_learner, store):
    class BreaksOff(Callback):
        def on_batch_end(self, **kwargs):
            raise KeyboardInterrupt

    learn = make_learner()
    tracker = MLFlowTracker(learn, "pets", {}, None, store)
    with pytest.raises(KeyboardInterrupt):
        learn.fit(1, callbacks=[BreaksOff(), tracker])
    run = tracker.client.search_runs([tracker.client.get_experiment_by_name("pets").experiment_id])[0]
    assert run.info.status == "FAILED"
    tracker.on_train_end()


def test_a_missing_package_names_its_extra(make_learner, monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow", None)
    match = r"MLFlowTracker: needs the package mlflow, which is not installed\. .*'onecycle\[mlflow\]'"
    with pytest.raises(ArgumentError, match=match):
        MLFlowTracker(make_learner(), "pets", {}, None)


def test_settings_that_are_no_dict(make_learner):
    with pytest.raises(ArgumentError, match="MLFlowTracker: params must be a dict; got 3"):
        MLFlowTracker(make_learner(), "pets", 3)


def test_a_file_that_is_not_there(make_learner, monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow", SimpleNamespace())
    with pytest.raises(ArgumentError, match=r"MLFlowTracker: nb_path must be a file that is there; got 'no\.ipynb'"):
        MLFlowTracker(make_learner(), "pets", {}, "no.ipynb")
