"""Runs in TensorBoard, read back with its own reader."""

import io
import sys

import pytest
import torch
from torch import nn

from onecycle.callbacks.tensorboard import (
    GANTensorboardWriter,
    ImageGenTensorboardWriter,
    LearnerTensorboardWriter,
    gradient_stats,
    pictures,
)
from onecycle.errors import ArgumentError, CallbackError
from onecycle.metrics.classification import accuracy


def read(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder), size_guidance={"histograms": 0})
    events.Reload()
    return events


def steps(events, tag):
    return [event.step for event in events.Scalars(tag)]


def test_a_run_is_read_back(make_learner, tmp_path):
    learn = make_learner(metrics=accuracy)
    writer = LearnerTensorboardWriter(learn, tmp_path, "run", loss_iters=3, hist_iters=4, stats_iters=2)
    learn.fit(2, 1e-2, callbacks=[writer])
    events = read(tmp_path / "run")
    assert steps(events, "loss/train") == [0, 3, 6] and steps(events, "loss/valid") == [4, 8]
    assert steps(events, "gradient/norm") == [0, 2, 4, 6] and steps(events, "metrics/accuracy") == [4, 8]
    valid = [event.value for event in events.Scalars("loss/valid")]
    assert valid == pytest.approx(learn.recorder.val_losses, rel=1e-5)
    assert [event.value for event in events.Scalars("rate/lr")] == pytest.approx([1e-2] * 3)
    assert [event.value for event in events.Scalars("rate/momentum")] == pytest.approx([0.9] * 3)
    tags = events.Tags()["histograms"]
    names = [name for name, _ in learn.model.named_parameters()]
    assert sorted(tags) == sorted([f"{kind}/{name}" for kind in ("weights", "gradients") for name in names])
    assert [h.step for h in events.Histograms("weights/0.weight")] == [0, 4]
    assert events.Histograms("weights/0.weight")[0].histogram_value.num == 6 * 16
    assert events.Tags()["images"] == []


def test_a_second_fit_goes_on(make_learner, tmp_path):
    learn = make_learner(callbacks=[])
    writer = LearnerTensorboardWriter(learn, tmp_path, "run", loss_iters=2)
    for _ in range(2):
        learn.fit(1, callbacks=[writer])
    files = sorted((tmp_path / "run").iterdir())
    assert [s for file in files for s in steps(read(file), "loss/train")] == [0, 2, 4, 6]


def test_the_rate_is_that_of_the_step(make_learner, tmp_path):
    learn = make_learner()
    learn.fit_one_cycle(1, 1e-2, callbacks=[LearnerTensorboardWriter(learn, tmp_path, "run", loss_iters=1)])
    events = read(tmp_path / "run")
    assert [event.value for event in events.Scalars("rate/lr")] == pytest.approx(learn.recorder.lrs)
    assert [event.value for event in events.Scalars("rate/momentum")] == pytest.approx(learn.recorder.moms)


def test_pictures_of_the_validation_set(make_learner, make_data, tmp_path):
    data = make_data()
    for dl in (data.train_dl, data.valid_dl):
        dl.dl[:] = [(torch.rand(len(x), 1, 5, 4), y) for x, y in dl.dl]
    learn = make_learner(data=data, model=nn.Sequential(nn.Flatten(), nn.Linear(20, 3)))
    learn.fit(2, callbacks=[LearnerTensorboardWriter(learn, tmp_path, "run")])
    (shown,) = read(tmp_path / "run").Images("pictures/valid")
    assert (shown.height, shown.width) == (5, 4 * 8) or shown.encoded_image_string[:4] == b"\x89PNG"


def test_pictures_are_denormalised():
    class Data:
        def denorm(self, x):
            return x * 0.5 + 0.5

    shown = pictures(Data(), torch.tensor([-1.0, 0.0, 1.0, 9.0]))
    assert shown.tolist() == [0.0, 0.5, 1.0, 1.0] and pictures(None, torch.tensor([2.0])).tolist() == [1.0]


def test_figures_of_a_gradient():
    figures = gradient_stats(torch.tensor([3.0, -4.0, 0.0]))
    assert figures == pytest.approx(
        {"norm": 5.0, "mean_abs": 7 / 3, "median_abs": 3.0, "largest": 4.0, "smallest": 0.0, "zeros": 1.0}
    )


def test_no_gradients_no_figures(make_learner, tmp_path):
    writer = LearnerTensorboardWriter(learn := make_learner(), tmp_path, "run")
    writer._write_stats(0)
    writer.on_train_end(iteration=0)
    assert learn.model[0].weight.grad is None


def test_numbers_that_are_not_finite_have_no_histogram(make_learner, tmp_path):
    learn = make_learner()
    writer = LearnerTensorboardWriter(learn, tmp_path, "run")
    writer.on_train_begin()
    with torch.no_grad():
        learn.model[0].weight.fill_(float("nan"))
    writer._write_histograms(0)
    writer.on_train_end(iteration=0)
    assert "weights/0.weight" not in read(tmp_path / "run").Tags()["histograms"]


def test_a_missing_package_names_its_extra(make_learner, tmp_path, monkeypatch):
    monkeypatch.delitem(sys.modules, "torch.utils.tensorboard", raising=False)
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    match = r"LearnerTensorboardWriter: needs the package .*'onecycle\[tensorboard\]'"
    with pytest.raises(ArgumentError, match=match):
        LearnerTensorboardWriter(make_learner(), tmp_path, "run")


@pytest.mark.parametrize("name", ["loss_iters", "hist_iters", "stats_iters"])
def test_steps_below_one(make_learner, tmp_path, name):
    with pytest.raises(ArgumentError, match=f"{name} must be at least 1; got 0"):
        LearnerTensorboardWriter(make_learner(), tmp_path, "run", **{name: 0})


def pictures_to_pictures(make_data, sizes=(5, 4)):
    """Return data whose targets are the negatives of its inputs."""
    data = make_data()
    for dl in (data.train_dl, data.valid_dl):
        batches = [torch.rand(len(x), 3, *sizes) for x, _ in dl.dl]
        dl.dl[:] = [(x, 1 - x) for x in batches]
    return data


def test_made_pictures_lie_beside_what_they_were_made_of(make_learner, make_data, tmp_path):
    from PIL import Image

    learn = make_learner(data=pictures_to_pictures(make_data), model=nn.Conv2d(3, 3, 1), loss_func=nn.MSELoss())
    writer = ImageGenTensorboardWriter(learn, tmp_path, "run", loss_iters=3, visual_iters=4)
    learn.fit(2, 1e-2, callbacks=[writer])
    events = read(tmp_path / "run")
    kinds = [f"{part}/{kind}" for part in ("train", "valid") for kind in ("input", "generated", "target")]
    assert set(kinds) <= set(events.Tags()["images"])
    assert [shown.step for shown in events.Images("valid/generated")] == [0, 4]
    assert steps(events, "loss/train") == [0, 3, 6]
    seen, wanted = (events.Images(f"valid/{kind}")[-1].encoded_image_string for kind in ("input", "target"))
    a, b = (torch.tensor(list(Image.open(io.BytesIO(png)).convert("L").tobytes())) for png in (seen, wanted))
    assert (a + b - 255).abs().max() <= 2  # a negative and its positive


def test_outputs_and_targets_are_denormalised_where_targets_were_normalised(make_learner, make_data, tmp_path):
    class Denorm:
        do_y = False

        def __call__(self, x):
            return x + 1

    learn = make_learner(data=pictures_to_pictures(make_data), model=nn.Conv2d(3, 3, 1), loss_func=nn.MSELoss())
    learn.data.denorm = Denorm()
    shown = {}
    writer = ImageGenTensorboardWriter(learn, tmp_path, "run")
    writer.writer = type("Notes", (), {"add_images": lambda self, tag, x, step: shown.update({tag: float(x.mean())})})()
    batch = [torch.full((1, 3, 2, 2), -0.5)] * 3
    writer._write_made("train", batch, 0)
    assert shown == {"train/input": 0.5, "train/generated": 0.0, "train/target": 0.0}
    learn.data.denorm.do_y = True
    writer._write_made("train", batch, 0)
    assert set(shown.values()) == {0.5}
    writer._write_made("train", [torch.zeros(2, 7), None, torch.zeros(2)], 1)  # no pictures: nothing is written
    assert len(shown) == 3


def test_its_validation_pictures_may_be_of_several_inputs(make_learner, make_data, tmp_path):
    learn = make_learner(data=pictures_to_pictures(make_data), model=nn.Conv2d(3, 3, 1), loss_func=nn.MSELoss())
    writer = ImageGenTensorboardWriter(learn, tmp_path, "run")
    assert writer._made([torch.rand(2, 3, 4, 4)]).shape == (2, 3, 4, 4)


def test_visual_steps_below_one(make_learner, tmp_path):
    with pytest.raises(ArgumentError, match="visual_iters must be at least 1; got 0"):
        ImageGenTensorboardWriter(make_learner(), tmp_path, "run", visual_iters=0)


def test_a_gan_is_written_by_side_with_made_and_real_pictures(make_data, tmp_path):
    from onecycle.vision.gan.learner import GANLearner
    from onecycle.vision.gan.networks import basic_critic, basic_generator

    data = make_data(train=32)
    data.train_dl.dl[:] = [(torch.randn(4, 5, 1, 1), torch.rand(4, 3, 8, 8)) for _ in range(12)]
    sides = basic_generator(8, 3, 5, n_features=2), basic_critic(8, 3, n_features=2)
    learn = GANLearner.wgan(data, *sides, silent=True)
    writer = GANTensorboardWriter(learn, tmp_path, "run", loss_iters=3, stats_iters=5, visual_iters=6)
    learn.fit(1, 1e-3, callbacks=[writer])
    events = read(tmp_path / "run")
    assert steps(events, "loss/critic") == [0, 3, 6, 9] and steps(events, "loss/generator") == [6, 9]
    assert steps(events, "gradient_critic/norm") == [0, 10] and steps(events, "gradient_generator/norm") == [5]
    assert [e.step for e in events.Images("train/real")] == [0, 6]
    assert [e.step for e in events.Images("train/generated")] == [6]
    assert events.Scalars("metrics/disc_loss")[0].value == pytest.approx(float(learn.gan_trainer.disc_loss))


def test_a_gans_writer_needs_a_gan(make_learner, tmp_path):
    learn = make_learner()
    with pytest.raises(CallbackError, match="GANTensorboardWriter: needs a GANLearner"):
        learn.fit(1, callbacks=[GANTensorboardWriter(learn, tmp_path, "run")])


def test_real_pictures_are_shown_as_before_normalising():
    from types import SimpleNamespace

    from onecycle.callbacks.tensorboard import pictures_of_targets

    data = SimpleNamespace(denorm=lambda x, do_x: x / 2 if do_x else x)
    assert pictures_of_targets(data, torch.ones(1, 1)) == 0.5 and pictures_of_targets(None, torch.ones(1, 1)) == 1


def test_folders_have_names(make_learner, tmp_path):
    with pytest.raises(ArgumentError, match="base_dir must be the name of a folder; got None"):
        LearnerTensorboardWriter(make_learner(), None, "run")
    with pytest.raises(ArgumentError, match="GANTensorboardWriter: name must be the name of a folder; got 3"):
        GANTensorboardWriter(make_learner(), tmp_path, 3)
