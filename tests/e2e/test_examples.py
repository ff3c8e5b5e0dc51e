"""The examples run from end to end, on small pictures made here."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PilImage

ROOT = Path(__file__).resolve().parents[2]


def example(name):
    "Import an example by its file."
    spec = importlib.util.spec_from_file_location(name, ROOT / "examples" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write_picture(file, brightness, mode="RGB", size=(40, 36)):
    file.parent.mkdir(parents=True, exist_ok=True)
    shape = (*size, 3) if mode == "RGB" else size
    pixels = np.random.randint(brightness, brightness + 60, shape, dtype=np.uint8)
    PilImage.fromarray(pixels).save(file)


@pytest.fixture
def pets(tmp_path):
    "Twenty pictures named after two breeds."
    for number in range(10):
        write_picture(tmp_path / "pets" / f"black_cat_{number}.jpg", 0)
        write_picture(tmp_path / "pets" / f"white_dog_{number}.jpg", 180)
    return str(tmp_path / "pets")


def test_pets_in_five_minutes(pets, tmp_path):
    out = tmp_path / "out"
    words = ["--data", pets, "--size", "32", "--bs", "4", "--epochs", "1", "--from-scratch", "--out", str(out)]
    learner = example("pets_in_five_minutes").main(words)
    assert learner.data.classes == ["black_cat", "white_dog"]
    for name in ("top_losses.png", "confusion_matrix.png", "lr_find.png", "export.safetensors"):
        assert (out / name).stat().st_size > 1000
    assert (out / "models" / "stage-1.pth").exists()


def test_pets_revisited(pets, tmp_path):
    out = tmp_path / "out"
    words = ["--data", pets, "--sizes", "32", "64", "--bs", "4", "--epochs", "1", "1", "1", "--from-scratch",
             "--out", str(out)]
    learner = example("pets_revisited").main(words)
    assert learner.data.valid_ds[0][0].shape == (3, 64, 64)
    assert {file.name for file in out.glob("*.png")} == {"edges.png", "heat_map.png"}


def test_mnist_from_scratch(tmp_path, capsys):
    for part, count in (("training", 12), ("testing", 4)):
        for digit in range(10):
            for number in range(count):
                write_picture(tmp_path / "mnist" / part / str(digit) / f"{number}.png", 18 * digit, "L", (28, 28))
    module = example("mnist_from_scratch")
    words = ["--data", str(tmp_path / "mnist"), "--bs", "8", "--epochs", "1", "1", "--out", str(tmp_path / "out")]
    plain, residual = module.main(words)
    assert "Total params: 12,126" in capsys.readouterr().out
    assert sum(p.numel() for p in residual.model.parameters()) == 41_132
    assert plain.data.train_ds[0][0].shape == (1, 28, 28)


def test_freezing(tmp_path):
    for breed in range(12):
        for number in range(4):
            write_picture(tmp_path / "plants" / f"kind {breed}" / f"{number}.png", 15 * breed)
    words = ["--data", str(tmp_path / "plants"), "--size", "32", "--bs", "4", "--from-scratch", "--out", str(tmp_path)]
    assert example("freezing").main(words) == {
        "freeze()": 543_628, "freeze_to(1)": 11_029_388, "freeze_to(0)": 11_710_540, "unfreeze()": 11_710_540,
    }
