"""The lessons of the 2019 course that see more than one label: tags, streets, heads. Small, on drawn pictures."""

import importlib
import sys
from pathlib import Path

import pytest
import torch

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def among_examples(monkeypatch):
    """Examples import one another by name, and take the data beside the checkout unless told not to."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    monkeypatch.delenv("ONECYCLE_DATA", raising=False)
    torch.manual_seed(0)
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if Path(getattr(sys.modules[name], "__file__", None) or "/").parent == EXAMPLES:
            del sys.modules[name]


def fast(name, folder, *more):
    return importlib.import_module(name).main(["--fast", "--from-scratch", "--out", str(folder), *more])


def drawn(folder):
    return {file.name for file in folder.glob("*.png")}


def test_planet(tmp_path):
    found = fast("planet", tmp_path)
    assert found["data"].classes == ["agriculture", "clear", "cloudy", "habitation", "haze", "road", "water"]
    assert found["f2"]["large"] > found["f2"]["trivial"] + 0.1
    assert found["f2"]["large"] > 0.85
    assert next(iter(found["learn"].data.train_dl))[0].shape[2:] == (48, 48)  # twice the first size
    assert len(found["submission"]) == 24 and list(found["submission"].columns) == ["image_name", "tags"]
    assert (tmp_path / "submission.csv").read_text().startswith("image_name,tags\ntest_")
    assert found["interp"].confusion_matrix().sum() == 48 * 7
    assert {"planet_batch.png", "planet_lr_find.png", "planet_confusion.png"} <= drawn(tmp_path)


def test_camvid(tmp_path):
    found = fast("camvid", tmp_path)
    accuracies, interp = found["accuracies"], found["interp"]
    assert accuracies["full"] > 0.85 and accuracies["TTA"] > accuracies["full"] - 0.02
    assert accuracies["full"] > accuracies["half"] - 0.05 and found["iou"] > 0.6
    assert float(interp.iou().nanmean()) == pytest.approx(found["iou"], abs=1e-4)  # void is left out of both
    assert interp.masks.shape == (8, 48, 64)
    assert found["shapes"] == {size: (1, 6, *size) for size in ((45, 51), (64, 97), (71, 33))}
    assert {"camvid_results.png", "camvid_iou.png", "camvid_worst_3.png"} <= drawn(tmp_path)


def test_camvid_with_dense_blocks(tmp_path):
    from onecycle.vision.models.densenet import DenseLayer
    from onecycle.vision.models.unet import DynamicUnet

    found = fast("camvid", tmp_path, "--tiramisu")
    model = found["learn"].model
    assert isinstance(model, DynamicUnet) and any(isinstance(part, DenseLayer) for part in model.modules())
    assert found["accuracies"]["full"] > 0.8
    assert found["shapes"] == {size: (1, 6, *size) for size in ((45, 51), (64, 97), (71, 33))}


def test_head_pose(tmp_path):
    found = fast("head_pose", tmp_path)
    assert found["off"] < 0.12  # always the middle: 0.18
    assert found["years"] < 15 and found["r2"] > 0.3  # always the mean: 19 years
    assert found["point"].data.shape == (1, 2)
    assert {"head_batch.png", "head_results.png", "age_results.png"} <= drawn(tmp_path)
