"""Every kind of learner there is, found by looking: killed in mid-epoch and taken up, it ends with the same bits."""

import importlib
import inspect

import pytest
import torch

from benchmarks.small_learners import KINDS
from onecycle.learner import Learner
from onecycle.training.callback import Callback

DOORS = ("onecycle.vision", "onecycle.vision.gan", "onecycle.text", "onecycle.tabular", "onecycle.collab")
# Which kind stands for what makes learners.
MADE_BY = {
    "cnn_learner": "classification",
    "create_cnn": "classification",
    "simple_cnn_learner": "classification",
    "unet_learner": "segmentation",
    "detection_learner": "detection",
    "GANLearner": "gan",
    "language_model_learner": "language_model",
    "LanguageLearner": "language_model",
    "RNNLearner": "text_classifier",
    "text_classifier_learner": "text_classifier",
    "tabular_learner": "tabular",
    "collab_learner": "collab",
    "CollabLearner": "collab",
}
NO_MAKERS = ("Learner", "BasicLearner", "load_learner")


class Killed(Exception):
    pass


class KillAt(Callback):
    def __init__(self, step=None):
        self.step = step

    def on_batch_end(self, iteration, train, **kwargs):
        if train and iteration == self.step:
            raise Killed

    def run_state(self):
        return {}


def makers():
    found = set()
    for door in DOORS:
        module = importlib.import_module(door)
        for name in dir(module):
            if inspect.ismodule(getattr(module, name)):
                continue
            if name.endswith("_learner") or (name.endswith("Learner") and issubclass(getattr(module, name), Learner)):
                found.add(name)
    return found - set(NO_MAKERS)


def test_every_maker_of_learners_has_a_kind():
    assert makers() <= set(MADE_BY), f"Add {makers() - set(MADE_BY)} to MADE_BY, with a kind in KINDS."
    assert set(MADE_BY.values()) <= set(KINDS)
    assert all(inspect.getdoc(make) for make in KINDS.values())


def ended(learn):
    moments = [value for entry in learn.opt.state_dict()["state"].values() for value in entry.values()]
    record = learn.recorder
    return [*learn.model.state_dict().values(), *moments], str([record.losses, record.val_losses, record.metrics])


@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_run_ends_with_the_same_bits(kind, tmp_path):
    def train(workers, kill, **run):
        learn = KINDS[kind](tmp_path, workers)
        torch.manual_seed(3)
        learn.fit_one_cycle(2, 1e-3, callbacks=[KillAt(kill)], **run)
        return learn

    learn = train(0, None)
    whole, steps = ended(learn), len(learn.recorder.lrs)
    for number, kill in enumerate((1, steps // 2 + 1)):
        with pytest.raises(Killed):
            train(0, kill, checkpoint=tmp_path / f"run{number}", every=1)
        learn = KINDS[kind](tmp_path, 2 * number)
        learn.resume(tmp_path / f"run{number}", callbacks=[KillAt()])
        again = ended(learn)
        assert all(torch.equal(a, b) for a, b in zip(whole[0], again[0], strict=True))
        assert whole[1] == again[1]
