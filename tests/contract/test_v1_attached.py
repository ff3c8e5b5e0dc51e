"""What v1 attached to its classes from outside, and what it delegated: members of the classes here."""

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image as PILImage
from torch import nn

from onecycle.basics import DataBunch, Learner, load_learner
from onecycle.errors import ArgumentError
from onecycle.interpret.classification import ClassificationInterpretation
from onecycle.tabular.lists import TabularList
from onecycle.tabular.procs import Categorify
from onecycle.vision.image_list import ImageList


def write_images(folder):
    rng = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (folder / name).mkdir()
        for i in range(4):
            PILImage.fromarray(rng.integers(0, 255, (16, 16, 3), dtype=np.uint8)).save(folder / name / f"{i}.png")
    return folder


@pytest.fixture
def images(tmp_path):
    return ImageList.from_folder(write_images(tmp_path)).split_by_idx([0, 4]).label_from_folder()


@pytest.fixture
def learn(images):
    model = nn.Sequential(
        nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU()),
        nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)),
    )
    return Learner(images.databunch(bs=2, num_workers=0), model)


def test_a_bunch_has_what_its_training_set_has(images):
    data = images.databunch(bs=2, num_workers=0)
    assert data.x is data.train_ds.x and data.y is data.train_ds.y and data.items is data.train_ds.items
    assert data.c2i == data.train_ds.c2i == {"cat": 0, "dog": 1}
    assert data.train_ds.processor is data.train_ds.x.processor
    assert data.num_workers == 0
    data.num_workers = 1
    assert [loader.num_workers for loader in (data.train_dl, data.valid_dl)] == [1, 1]


def test_labels_without_classes_have_no_c2i(tmp_path):
    data = ImageList.from_folder(write_images(tmp_path)).split_none().label_from_func(lambda file: 1.5)
    with pytest.raises(AttributeError, match="FloatList.*c2i"):
        _ = data.train.c2i


def test_load_empty_reads_what_export_wrote(learn, tmp_path):
    learn.data.export()
    empty = DataBunch.load_empty(learn.data.path)
    assert empty.classes == ["cat", "dog"] and empty.is_empty


def test_pre_transform_sees_images_as_they_are_opened(images):
    seen = []

    def halve(image):
        seen.append(image.size)
        return image.resize((8, 8))

    data = images.pre_transform(halve, None).databunch(bs=2, num_workers=0)
    assert data.train_ds[0][0].shape == (3, 8, 8) and data.valid_ds[0][0].shape == (3, 16, 16)
    assert set(seen) == {(16, 16)}
    data.pre_transform(None, halve)
    assert data.train_ds[0][0].shape == (3, 16, 16) and data.valid_ds[0][0].shape == (3, 8, 8)
    with pytest.raises(TypeError, match=r"pre_transform: train_tfm and valid_tfm .*3"):
        images.pre_transform(3, None)


def test_pre_transform_takes_several_functions(images):
    data = images.pre_transform([lambda image: image.resize((8, 8)), lambda image: image.crop((0, 0, 4, 6))], [])
    assert data.train[0][0].shape == (3, 6, 4) and data.valid[0][0].shape == (3, 16, 16)


def test_presize_opens_random_parts_for_training_and_the_middle_for_validation(tmp_path):
    ramp = np.arange(64, dtype=np.uint8)[None].repeat(48, 0)  # the column of each pixel
    for name in ("a", "b", "c"):
        PILImage.fromarray(ramp).convert("RGB").save(tmp_path / f"{name}.png")
    lists = ImageList.from_folder(tmp_path).split_by_idx([0]).label_from_func(lambda file: 1.5)
    data = lists.presize(8, val_xtra_size=0, scale=(0.25, 0.25), ratio=(1, 1)).databunch(bs=2, num_workers=0)
    shown = [data.train_ds[0][0].data[0, 0] * 255 for _ in range(20)]
    side = (64 * 48 / 4) ** 0.5
    assert all(float(row[-1] - row[0]) == pytest.approx(side * 7 / 8, abs=1.5) for row in shown)
    assert np.std([float(row[0]) for row in shown]) > 3
    middle = data.valid_ds[0][0].data[0, 0] * 255
    assert middle.tolist() == pytest.approx([6.4 * (i + 1.5) - 0.5 for i in range(8)], abs=0.6)  # 8 of 10 columns
    first, again = ([xb for xb, _ in data.train_dl] for _ in range(2) if not data.train_dl.set_epoch(7, 0))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))


def test_presize_of_a_bunch_is_exported(learn, tmp_path):
    learn.data.presize(8)
    learn.export()
    assert learn.data.train_ds[0][0].shape == (3, 8, 8)
    there = load_learner(learn.path, model=learn.model)
    image = PILImage.fromarray(np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8))
    assert torch.equal(there.predict(image)[2], learn.predict(image)[2])


@pytest.mark.parametrize(
    "how, message",
    [({"size": 0}, "size must be a whole number of at least 1"), ({"val_xtra_size": -1}, "val_xtra_size must"),
     ({"scale": (0, 1)}, "scale must be two numbers above 0 and up to 1"), ({"scale": (0.5, 2)}, "scale must"),
     ({"scale": float("nan")}, "scale must"), ({"ratio": (2, 1)}, "ratio must be two numbers above 0"),
     ({"ratio": (1, float("inf"))}, "ratio must"), ({"ratio": (float("nan"), 1)}, "ratio must"),
     ({"interpolation": 9}, "interpolation must be one of Pillow's filters, 0 to 5")],
)  # fmt: skip
def test_presize_refuses(images, how, message):
    with pytest.raises(ArgumentError, match=f"presize: {message}"):
        images.presize(**{"size": 8, **how})


def test_pre_transform_is_for_images():
    rows = TabularList.from_df(pd.DataFrame({"a": [1.0, 2.0], "y": [0, 1]}), cont_names=["a"])
    with pytest.raises(ArgumentError, match="the inputs must be a list of images"):
        rows.split_by_idx([]).label_from_df("y").pre_transform(None, None)


def test_summary_takes_its_width(learn):
    wide, usual = (max(map(len, str(learn.summary(n)).splitlines())) for n in (200, 70))
    assert wide > usual


def test_views_one_by_one_average_to_tta(learn):
    views = list(learn.tta_only(scale=1.35))
    averaged = learn.TTA(beta=0.0, scale=1.35)[0]
    assert len(views) == 8
    assert torch.allclose(torch.stack([preds for preds, _ in views]).mean(0), averaged, atol=1e-6)


def test_an_interpretation_of_several_views(images):
    from onecycle.vision.recipes import get_transforms

    model = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2))
    data = images.transform(get_transforms(), size=16).databunch(bs=2, num_workers=0)
    learn = Learner(data, model)
    interp = ClassificationInterpretation.from_learner(learn, tta=True)
    assert torch.allclose(interp.preds, learn.TTA()[0])


def test_gradcam_by_its_name_in_v1(learn):
    interp = ClassificationInterpretation.from_learner(learn)
    assert torch.equal(interp.GradCAM(0, image=False), interp.grad_cam(0, show=False))
    with pytest.raises(ArgumentError, match="GradCAM: ds_type must be"):
        interp.GradCAM(0, ds_type=type(interp.ds_type).Train)


def test_rows_of_a_table_with_the_largest_losses(capsys):
    frame = pd.DataFrame({"kind": list("abab"), "y": [0, 1, 0, 1]})
    data = (
        TabularList.from_df(frame, cat_names=["kind"], procs=[Categorify])
        .split_by_idx([2, 3])
        .label_from_df("y")
        .databunch(bs=2, num_workers=0)
    )
    from onecycle.tabular.learner import tabular_learner

    interp = ClassificationInterpretation.from_learner(tabular_learner(data, layers=[4]))
    table = interp.plot_tab_top_losses(2, return_table=True)
    assert list(table.columns) == ["Prediction", "Actual", "Loss", "Probability", "Row"]
    assert sorted(table.index) == [0, 1] and table.Row.str.contains("kind").all()
    interp.plot_tab_top_losses(1)
    assert "Prediction" in capsys.readouterr().out
    with pytest.raises(ArgumentError, match="plot_tab_top_losses: k"):
        interp.plot_tab_top_losses(0)
