"""Pictures of another size in the middle of training: `learn.data = …` changes the data and nothing else."""

import numpy as np
import pytest
import torch
from torch import nn

from onecycle.callbacks.save_model import SaveModelCallback
from onecycle.data.loaders import DatasetType
from onecycle.errors import ArgumentTypeError
from onecycle.learner import Learner
from onecycle.metrics.classification import accuracy
from onecycle.optim.wrapper import OptimWrapper
from onecycle.training.callback import Callback
from onecycle.vision.image_list import ImageList
from onecycle.vision.learner import cnn_learner


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    from PIL import Image

    path = tmp_path_factory.mktemp("pictures")
    for number, kind in enumerate(("dark", "light")):
        (path / kind).mkdir()
        for i in range(8):
            pixels = np.random.default_rng(i).integers(90 * number, 90 * number + 120, (40, 40, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(path / kind / f"{i}.png")
    return path


def get_data(folder, size, bs):
    labelled = ImageList.from_folder(folder).split_by_rand_pct(0.25, seed=0).label_from_folder()
    return labelled.transform(None, size=size).databunch(bs=bs, num_workers=0, device="cpu").normalize()


def small_net():
    torch.manual_seed(0)
    body = nn.Sequential(nn.Conv2d(3, 6, 3, stride=2), nn.BatchNorm2d(6), nn.ReLU())
    return nn.Sequential(body, nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 2)))


class SidesSeen(Callback):
    """Notes the sides of the pictures that are trained on."""

    def __init__(self):
        self.sides = []

    def on_batch_begin(self, last_input, train, **kwargs):
        if train:
            self.sides.append(tuple(last_input.shape[2:]))


@pytest.fixture
def learn(folder):
    made = Learner(
        get_data(folder, 16, 4), small_net(), metrics=[accuracy], silent=True, callbacks=[SidesSeen()], wd=0.03
    ).split(lambda model: (model[1],))
    made.freeze_to(1)
    made.fit_one_cycle(2, 1e-2)
    return made


def parts(learn):
    return {
        "metrics": learn.metrics, "callbacks": learn.callbacks, "callback_fns": learn.callback_fns,
        "layer_groups": learn.layer_groups, "opt": learn.opt, "recorder": learn.recorder, "loss_func": learn.loss_func,
        "wd": learn.wd, "path": learn.path, "model": learn.model,
    }  # fmt: skip


def test_everything_but_the_data_stays(learn, folder):
    before, weights = parts(learn), {k: v.clone() for k, v in learn.model.state_dict().items()}
    momentum = [dict(state) for state in learn.opt.opt.state.values()]
    frozen = [p.requires_grad for p in learn.model.parameters()]
    learn.data = get_data(folder, 24, 3)
    assert all(part is before[name] for name, part in parts(learn).items())
    assert all(torch.equal(value, weights[name]) for name, value in learn.model.state_dict().items())
    assert [p.requires_grad for p in learn.model.parameters()] == frozen == [False, False, True, True, True, True]
    after = list(learn.opt.opt.state.values())
    assert len(after) == len(momentum) and all(torch.equal(a["exp_avg"], b["exp_avg"]) for a, b in zip(after, momentum))
    assert isinstance(learn.opt, OptimWrapper)


def test_training_goes_on_where_it_was(learn, folder):
    steps = len(learn.recorder.losses)
    learn.data = get_data(folder, 24, 3)
    first = float(learn.validate()[0])
    learn.unfreeze()
    learn.fit_one_cycle(1, 1e-3)
    sides = learn.callbacks[0].sides
    assert sides == [(16, 16)] * steps + [(24, 24)] * 4  # 12 pictures by 3
    assert len(learn.recorder.losses) == 4 and learn.recorder.val_losses[0] <= first + 0.05
    assert len(learn.layer_groups) == 2 and learn.recorder.metrics[0][0] == learn.validate()[1]


def test_the_recorder_draws_the_last_training(learn, folder):
    learn.recorder.plot_losses()
    learn.data = get_data(folder, 24, 3)
    learn.recorder.plot_losses()
    learn.lr_find(num_it=5, stop_div=False)
    learn.recorder.plot(skip_start=0, skip_end=0)
    learn.fit(1, 1e-3)
    learn.recorder.plot_losses()
    learn.recorder.plot_lr()
    learn.recorder.plot_metrics()


def test_weights_saved_at_one_size_load_at_another(learn, folder, tmp_path):
    learn.path = tmp_path
    learn.save("small")
    weights = {name: value.clone() for name, value in learn.model.state_dict().items()}
    learn.data = get_data(folder, 24, 3)
    learn.unfreeze()
    learn.fit(1, 1e-2, callbacks=[SaveModelCallback(learn, name="large")])
    learn.load("small")
    assert all(torch.equal(value, weights[name]) for name, value in learn.model.state_dict().items())


def test_predictions_are_of_the_new_size(learn, folder):
    learn.data = get_data(folder, 24, 3)
    seen, *_ = learn.predict(sorted((folder / "dark").iterdir())[0], return_x=True)
    assert tuple(seen.size) == (24, 24)
    assert learn.get_preds(DatasetType.Fix)[0].shape == (12, 2)
    assert learn.TTA(scale=1.2)[0].shape == (4, 2)


def test_a_cnn_takes_larger_pictures(folder):
    learn = cnn_learner(get_data(folder, 32, 4), "resnet18", cut=5, pretrained=False, silent=True)
    learn.freeze()
    groups = [sum(1 for _ in group.parameters()) for group in learn.layer_groups]
    learn.data = get_data(folder, 40, 4)
    assert [sum(1 for _ in group.parameters()) for group in learn.layer_groups] == groups
    assert learn.pred_batch().shape == (4, 2)


def test_a_learner_wants_data_from_the_start():
    with pytest.raises(ArgumentTypeError, match="Learner: data must be"):
        Learner([1, 2], small_net())
