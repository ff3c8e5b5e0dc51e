"""The examples run from end to end on small pictures, and reach what a broken loop cannot."""

import importlib.util
import sys
from pathlib import Path

import pytest
import torch

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def as_it_was(monkeypatch):
    """Examples import one another by name, set `defaults.cmap`, and draw."""
    import matplotlib

    from onecycle.utils.defaults import defaults

    matplotlib.use("Agg")
    monkeypatch.syspath_prepend(str(EXAMPLES))
    monkeypatch.setattr(defaults, "cmap", defaults.cmap)
    monkeypatch.delenv("ONECYCLE_DATA", raising=False)
    torch.manual_seed(0)
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) and Path(sys.modules[name].__file__).parent == EXAMPLES:
            del sys.modules[name]


def example(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pets(tmp_path_factory):
    """Thirty drawings each of three kinds."""
    return example("example_data").drawn_pets(tmp_path_factory.mktemp("pets"), count=30, size=64, breeds=4)


def words(**options):
    return [word for name, value in options.items() for word in (f"--{name}", str(value))] + ["--from-scratch"]


def test_pets_in_five_minutes(pets, tmp_path):
    found = example("pets_five_minutes").main(
        words(data=pets, out=tmp_path, arch="resnet18", size=32, bs=8, epochs=3, lr=0.004)
    )
    assert found["data"].classes == ["blue_square", "green_triangle", "red_circle", "red_star"]
    assert repr(found["data"]).startswith("ImageDataBunch;\n\nTrain: LabelList (96 items)\nx: ImageList\nImage (3, 3")
    assert found["fine_tuned"] <= 0.4  # by chance 0.75
    assert {file.name for file in tmp_path.glob("*.png")} == {
        "batch.png", "confusion.png", "lr_find.png", "top_losses.png",
    }  # fmt: skip
    assert (tmp_path / "models" / "stage-1.pth").exists()


def test_few_photos(pets, tmp_path, capsys):
    found = example("few_photos").main(words(data=pets, out=tmp_path, arch="resnet18", size=32, bs=16, epochs=4))
    assert found["accuracy"] >= 0.6  # by chance 0.25
    said = capsys.readouterr().out
    assert "2 augmented views" in said and "of 24 photos, 4 breeds" in said


def test_lesson_6_pets_revisited(pets, tmp_path):
    found = example("lesson6_pets_revisited").main(
        words(data=pets, out=tmp_path, arch="resnet18", size=32, large=40, bs=16, epochs=3, later_epochs=1, lr=0.01)
    )
    errors = found["errors"]
    assert errors["small"] <= 0.35 < 0.5 < errors["untrained"]
    cam, picture = found["cam"], found["picture"]
    assert cam.shape == (2, 2) and bool(torch.isfinite(cam).all())
    assert tuple(picture.shape) == (3, 40, 40) and 0 <= float(picture.data.min()) <= float(picture.data.max()) <= 1
    drawn = {file.name for file in tmp_path.glob("*.png")}
    assert {"valid_grad_cam.png", "valid_activations.png", "edge.png", "padding_zeros.png"} <= drawn
    assert (tmp_path / "models" / "large.pth").exists()


def test_mnist_cnn(tmp_path, capsys):
    found = example("mnist_cnn").main(
        ["--out", str(tmp_path), "--bs", "32", "--epochs", "3", "--long_epochs", "1", "--residual_epochs", "2"]
    )
    said = capsys.readouterr().out
    assert "Total params: 12,126" in said and "Total params: 41,132" in said
    assert found["plain"] > 0.93
    assert found["residual"] > 0.9 and found["by_hand"] > 0.5
    assert (len(found["data"].train_ds), len(found["data"].valid_ds)) == (1437, 360)


def test_freeze_study(tmp_path, capsys):
    from PIL import Image as PILImage

    for kind in range(12):
        folder = tmp_path / "plants" / f"kind {kind:02}"
        folder.mkdir(parents=True)
        for i in range(4):
            PILImage.new("RGB", (40, 40), (20 * kind, 10 * i, 0)).save(folder / f"{i}.png")
    found = example("freeze_study").main(words(data=tmp_path / "plants", out=tmp_path, size=32, bs=4))
    assert found["counts"] == {"freeze()": 543_628, "unfreeze()": 11_710_540, "freeze_to(1)": 11_029_388}
    assert [len(group) for group in found["learn"].layer_groups] == [26, 24, 10]
    assert "26 layers, 20 with weights" in capsys.readouterr().out


def test_watching(tmp_path, capsys):
    found = example("watching").main(["--out", str(tmp_path), "--bs", "64", "--epochs", "3"])
    assert found["accuracy"] > 0.85
    table = found["table"]
    assert list(table.columns[3:7]) == ["accuracy", "norm", "cpu used", "cpu peak"] and len(table) == 3
    assert list((tmp_path / "runs" / "digits").iterdir()) and (tmp_path / "models" / "bestmodel.pth").exists()
    said = capsys.readouterr().out
    assert "waiting for the batch" in said and "TerminateOnNaNCallback" in said


def test_detection(tmp_path):
    found = example("detection").main(["--out", str(tmp_path), "--fast", "--scenes", "100", "--epochs", "4"])
    assert found["half"] > 0.3
    assert tuple(found["boxes"].size) == (64, 64)
    drawn = {"detection_batch.png", "detection_results.png", "detection_predict.png"}
    assert {file.name for file in tmp_path.glob("*.png")} == drawn


def test_workshop(tmp_path):
    found = example("workshop").main(["--out", str(tmp_path), "--epochs", "2"])
    assert set(found) == set(example("workshop").WAYS)
    assert found["plain"] > 0.85
    assert min(found.values()) > 0.3  # by chance 0.1; Ranger wants more steps, mixing more epochs
