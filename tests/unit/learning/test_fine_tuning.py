"""fine_tune: what learns when, at which rates, features kept or not, runs that are resumed, and what is refused."""

import numpy as np
import pytest
import torch
from PIL import Image as PILImage
from torch import nn

from benchmarks.small_learners import KINDS
from onecycle.callbacks.mixup import MixUpCallback
from onecycle.callbacks.save_model import SaveModelCallback
from onecycle.errors import ArgumentError, TrainingError
from onecycle.learner import Learner
from onecycle.learning import features
from onecycle.metrics.classification import accuracy
from onecycle.training.callback import Callback
from onecycle.vision.image_list import ImageList
from onecycle.vision.learner import cnn_learner
from onecycle.vision.recipes import get_transforms


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    "Forty images of two textures: stripes that lie or stand."
    path, draw = tmp_path_factory.mktemp("stripes"), np.random.RandomState(0)
    for i in range(40):
        name = ("lying", "standing")[i % 2]
        pixels = draw.randint(0, 120, (16, 16, 3), np.uint8)
        pixels[:: 4 if i % 2 else 1, :: 1 if i % 2 else 4] += 120
        (path / name).mkdir(exist_ok=True)
        PILImage.fromarray(pixels).save(path / name / f"{i}.png")
    return path


def body(pretrained=False):
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 16, 3, 2), nn.BatchNorm2d(16),
        nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 2),
    )  # fmt: skip


def learner(folder, tfms=None, workers=0, bs=8, **how):
    labelled = ImageList.from_folder(folder).split_by_rand_pct(0.2, seed=1).label_from_folder()
    data = labelled.transform(get_transforms() if tfms is None else tfms, size=16)
    data = data.databunch(bs=bs, num_workers=workers, device="cpu", path=folder)
    torch.manual_seed(1)
    return cnn_learner(data, body, metrics=accuracy, silent=True, **how)


class Watch(Callback):
    "Notes which weights learn and which modules are in training mode; looks at nothing that features would change."

    def __init__(self, kill=None):
        self.seen, self.kill = [], kill

    def on_batch_end(self, iteration, epoch, train, **kwargs):
        if train and iteration == self.kill:
            raise Killed

    def run_state(self):
        return {}


class Killed(Exception):
    pass


@pytest.fixture
def blind(monkeypatch):
    monkeypatch.setattr(features, "_BLIND", (*features._BLIND, Watch))


def runs_of_body(learn):
    "Counts the images that pass through the body, without a hook."
    seen, first = [], learn.model[0][0]
    whole = type(first).forward

    def forward(x):
        seen.append(len(x))
        return whole(first, x)

    first.forward = forward
    return seen


def test_the_head_learns_first_and_then_everything(folder):
    learn = learner(folder)
    weights = [p.detach().clone() for p in learn.model[0].parameters()]
    statistics = [b.clone() for b in learn.model[0].buffers()]
    learn.fine_tune(0, freeze_epochs=3)
    assert all(torch.equal(a, b) for a, b in zip(weights, learn.model[0].parameters()))
    learn.fine_tune(1, freeze_epochs=0)
    assert not any(torch.equal(a, b) for a, b in zip(weights, learn.model[0].parameters()))
    assert all(torch.equal(a, b) for a, b in zip(statistics, learn.model[0].buffers()))


def test_it_learns(folder):
    learn = learner(folder)
    before = float(learn.validate()[0])
    learn.fine_tune(2)
    assert float(learn.recorder.val_losses[-1]) < before / 2


def test_no_graph_is_built_through_what_rests(folder):
    class Graph(Callback):
        def on_loss_begin(self, last_output, train, epoch, **kwargs):
            if train:
                graphs.setdefault(epoch, []).append(body_learns() and last_output.requires_grad)

    def body_learns():
        return any(p.requires_grad for p in learn.model[0].parameters())

    learn, graphs = learner(folder), {}
    learn.fine_tune(1, freeze_epochs=2, callbacks=[Graph()])
    assert [set(graphs[epoch]) for epoch in sorted(graphs)] == [{False}, {False}, {True}]


@pytest.mark.parametrize("tfms, passes", [(None, 2), (([], []), 1)])
def test_each_view_passes_the_body_once(folder, tfms, passes):
    learn = learner(folder, tfms)
    seen = runs_of_body(learn)
    learn.fine_tune(0, freeze_epochs=9)
    assert sum(seen) == passes * 32 + 8 + 8  # views, validation set, and a batch to know the size
    del learn.model[0][0].forward
    assert len(learn.data.train_ds) == 32 and learn.data.one_batch()[0].shape == (8, 3, 16, 16)
    assert learn.model(learn.data.one_batch()[0]).shape == (8, 2)


def test_features_give_what_the_body_gives_each_time(folder):
    "Without random transforms the losses of both ways are the same but for rounding."
    kept, each = learner(folder, ([], [])), learner(folder, ([], []))
    for learn, views in ((kept, 2), (each, 0)):
        torch.manual_seed(4)
        learn.fine_tune(0, freeze_epochs=4, views=views)
    assert np.allclose(kept.recorder.losses, each.recorder.losses, atol=1e-5)
    assert np.allclose(kept.recorder.val_losses, each.recorder.val_losses, atol=1e-5)


@pytest.mark.parametrize("how", ["mixup", "own callback", "hook", "memory", "views"])
def test_where_features_would_be_wrong_the_body_runs_each_time(folder, how, monkeypatch):
    learn = learner(folder)
    arguments = {}
    if how == "mixup":
        learn.callback_fns.append(MixUpCallback)
    elif how == "own callback":
        arguments = {"callbacks": [Watch()]}
    elif how == "hook":
        learn.model[0].register_forward_hook(lambda *args: None)
    elif how == "memory":
        monkeypatch.setattr(features, "MOST_BYTES", 1000)
    else:
        arguments = {"views": 0}
    seen = runs_of_body(learn)
    learn.fine_tune(0, freeze_epochs=3, **arguments)
    assert sum(seen) in (3 * (32 + 8), 3 * (32 + 8) + 8)


def test_callbacks_that_save_see_the_whole_model(folder, tmp_path):
    learn = learner(folder)
    seen = runs_of_body(learn)
    learn.fine_tune(0, freeze_epochs=9, callbacks=[SaveModelCallback(learn, name=str(tmp_path / "best"))])
    assert sum(seen) < 9 * 32
    del learn.model[0][0].forward
    learn.load(tmp_path / "best")


def test_it_reports_what_it_does(folder, capsys):
    learn = learner(folder)
    learn.silent = False
    learn.fine_tune(0)
    assert "of 32 items is computed in 2 augmented views" in capsys.readouterr().out
    learn.fine_tune(0, views=0)
    assert (
        "the head learns for 1 epoch while the body runs each time, since views=0." in capsys.readouterr().out
    )


def test_rates_of_the_groups(folder):
    class Rates(Callback):
        def on_batch_begin(self, train, epoch, **kwargs):
            if train:
                highest[epoch] = np.maximum(highest.get(epoch, 0), learn.opt.read_val("lr"))

    learn, highest = learner(folder), {}
    learn.fine_tune(1, base_lr=1e-2, freeze_epochs=1, lr_mult=10, callbacks=[Rates()])
    assert highest[0][-1] == pytest.approx(1e-2)
    assert highest[1] == pytest.approx([5e-4, 5e-3])


@pytest.mark.parametrize(
    "how, first, last",
    [({}, 1e-3, 1e-3), ({"full_lr": 6e-3}, 6e-3, 6e-3), ({"lr_mult": 4}, 2.5e-4, 1e-3),
     ({"views": 0}, 1.5e-4, 1.5e-2), ({"views": 0, "full_lr": 1e-2, "lr_mult": 1}, 1e-2, 1e-2)],
)  # fmt: skip
def test_all_groups_learn_slowly_after_a_head_that_learned_from_kept_features(
    folder, how, first, last, monkeypatch
):
    class Rates(Callback):
        def on_batch_begin(self, train, epoch, **kwargs):
            if train and epoch == 3:
                highest.append(learn.opt.read_val("lr"))

    monkeypatch.setattr(features, "_BLIND", (*features._BLIND, Rates))
    learn, highest = learner(folder), []
    learn.fine_tune(1, base_lr=3e-2, freeze_epochs=3, callbacks=[Rates()], **how)
    assert np.max(highest, axis=0) == pytest.approx([first, last])


@pytest.mark.parametrize(
    "bs, views, trained, follow",
    [(16, 2, True, True), (8, 2, True, False), (16, 0, True, False), (16, 2, False, False)],
)
def test_statistics_of_the_body_follow_where_it_learns_in_earnest(folder, bs, views, trained, follow):
    learn = learner(folder, bs=bs)
    if trained:
        learn.unfreeze()
        learn.fit(1)
    before = [norm.running_mean.clone() for norm in learn.model[0].modules() if isinstance(norm, nn.BatchNorm2d)]
    learn.fine_tune(1, freeze_epochs=3, views=views)
    after = [norm.running_mean for norm in learn.model[0].modules() if isinstance(norm, nn.BatchNorm2d)]
    assert before and [not torch.equal(a, b) for a, b in zip(before, after, strict=True)] == [follow] * len(before)


def test_what_was_frozen_before_does_not_matter_and_is_as_it_was_after_the_head_alone(folder):
    learn = learner(folder)
    learn.unfreeze()
    learn.fine_tune(0, freeze_epochs=2)
    assert all(p.requires_grad for p in learn.model.parameters())
    learn.freeze()
    flags = [p.requires_grad for p in learn.model.parameters()]
    learn.fine_tune(0, freeze_epochs=2)
    assert flags == [p.requires_grad for p in learn.model.parameters()]
    learn.fit_one_cycle(1)
    learn.fine_tune(1)
    assert all(p.requires_grad for p in learn.model.parameters())


def ended(learn):
    moments = [value for entry in learn.opt.state_dict()["state"].values() for value in entry.values()]
    record = learn.recorder
    return [*learn.model.state_dict().values(), *moments], str(
        [record.losses, record.val_losses, record.metrics]
    )


@pytest.mark.parametrize("views", [0, 2])
def test_a_killed_run_ends_with_the_same_bits(folder, tmp_path, blind, views):
    def train(kill=None, **run):
        learn = learner(folder)
        torch.manual_seed(3)
        learn.fine_tune(2, freeze_epochs=3, views=views, callbacks=[Watch(kill)], **run)
        return learn

    whole = ended(train())
    for kill in (1, 7, 11, 12, 14, 19):
        run = tmp_path / str(kill)
        with pytest.raises(Killed):
            train(kill, checkpoint=run, every=1)
        learn = learner(folder, workers=2 if kill == 7 else 0)
        learn.resume(run, callbacks=[Watch()])
        again = ended(learn)
        assert all(torch.equal(a, b) for a, b in zip(whole[0], again[0], strict=True))
        assert whole[1] == again[1]


@pytest.mark.parametrize("kind", ["segmentation", "text_classifier"])
def test_other_kinds_of_learners(kind, tmp_path):
    def train(kill, **run):
        learn = KINDS[kind](tmp_path, 0)
        torch.manual_seed(3)
        learn.fine_tune(1, freeze_epochs=1, callbacks=[Watch(kill)], **run)
        return learn

    learn = train(None)
    whole, steps = ended(learn), len(learn.recorder.lrs)
    for kill in (1, steps // 2 + 1):
        with pytest.raises(Killed):
            train(kill, checkpoint=tmp_path / f"run{kill}", every=1)
        learn = KINDS[kind](tmp_path, 0)
        learn.resume(tmp_path / f"run{kill}", callbacks=[Watch()])
        assert whole[1] == ended(learn)[1]


WRONG = [
    ({"epochs": -1}, "fine_tune: epochs must be a whole number of at least 0; got -1"),
    ({"epochs": 1.5}, "fine_tune: epochs must be a whole number of at least 0; got 1.5"),
    (
        {"epochs": 0, "freeze_epochs": 0},
        "fine_tune: epochs must be at least 1 where freeze_epochs is 0; got 0",
    ),
    ({"freeze_epochs": "1"}, "fine_tune: freeze_epochs must be a whole number of at least 0; got '1'"),
    ({"base_lr": 0}, "fine_tune: base_lr must be a number above 0; got 0 .int.. Leave it out for 3e-3."),
    ({"base_lr": float("nan")}, "fine_tune: base_lr must be a number above 0; got nan"),
    ({"base_lr": slice(1e-3)}, "fine_tune: base_lr must be a number above 0"),
    ({"full_lr": 0}, "fine_tune: full_lr must be a number above 0; got 0"),
    ({"lr_mult": 0.5}, "fine_tune: lr_mult must be a number of at least 1; got 0.5"),
    ({"pct_start": 2}, "fine_tune: pct_start must be a number from 0 to 1; got 2"),
    ({"div": 0}, "fine_tune: div must be a number above 0; got 0"),
    ({"views": -1}, "fine_tune: views must be a whole number of at least 0; got -1"),
]


@pytest.mark.parametrize("how, message", WRONG)
def test_values_out_of_their_range(folder, how, message):
    learn = learner(folder)
    flags = [p.requires_grad for p in learn.model.parameters()]
    with pytest.raises(ArgumentError, match=message):
        learn.fine_tune(**{"epochs": 1, **how})
    assert flags == [p.requires_grad for p in learn.model.parameters()]


def test_a_model_in_one_group(folder):
    data = learner(folder).data
    with pytest.raises(ArgumentError, match="fine_tune: learn must have at least two layer groups"):
        Learner(data, body()).fine_tune(1)


@pytest.mark.parametrize("lr", [0, [1e-3, 0.0]])
def test_a_frozen_learner_whose_rate_is_0(folder, lr):
    learn = learner(folder)
    with pytest.raises(ArgumentError, match="fit: lr must be above 0 for a layer group that is not frozen"):
        learn.fit(1, lr)
    learn.unfreeze()
    learn.fit(1, 0)


def test_fewer_images_than_classes(folder):
    labelled = ImageList.from_folder(folder).split_by_rand_pct(0.2, seed=1)
    names = ["lying", "standing", *map(str, range(38))]
    data = labelled.label_from_folder(classes=names).databunch(bs=8, num_workers=0, device="cpu")
    with pytest.raises(ArgumentError, match="data must have at least one training image per class, 40; got"):
        cnn_learner(data, body)


def test_several_processes_are_refused(folder):
    learn = learner(folder)
    learn.callbacks.append(type("Sharer", (Callback,), {"share_loss": lambda self, parts: parts})())
    with pytest.raises(TrainingError, match="fine_tune: training in several processes goes phase by phase"):
        learn.fine_tune(1)
