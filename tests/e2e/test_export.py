"""An exported learner predicts the same in a fresh process, without the data it learnt from."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as PILImage
from torch import nn

from onecycle.errors import ArgumentError, FileFormatError
from onecycle.learner import Learner, load_learner
from onecycle.metrics.classification import accuracy
from onecycle.vision.image_list import ImageList
from onecycle.vision.learner import cnn_learner
from onecycle.vision.models.squeezenet import squeezenet1_1
from onecycle.vision.normalization import imagenet_stats
from onecycle.vision.opening import open_image
from onecycle.vision.recipes import get_transforms

ROOT = Path(__file__).resolve().parents[2]

IN_A_FRESH_PROCESS = """
import json, sys
from onecycle.learner import load_learner
from onecycle.vision.opening import open_image

learn = load_learner(sys.argv[1])
category, index, probabilities = learn.predict(open_image(sys.argv[2]))
print(json.dumps([str(category), int(index), probabilities.tolist()]))
"""


@pytest.fixture
def pictures(tmp_path):
    """Dark and bright noise, ten pictures each of a different size."""
    for number in range(20):
        kind = ("bright", "dark")[number % 2]
        pixels = np.random.default_rng(number).integers(0, 128, (40 + number, 50, 3), dtype=np.uint8)
        file = tmp_path / "pictures" / kind / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        PILImage.fromarray(pixels + (100 if kind == "bright" else 0)).save(file)
    return tmp_path / "pictures"


@pytest.fixture
def data(pictures):
    src = ImageList.from_folder(pictures).split_by_rand_pct(0.2, seed=0).label_from_folder()
    return src.transform(get_transforms(), size=40).databunch(bs=8, num_workers=0).normalize(imagenet_stats)


@pytest.fixture
def learn(data, tmp_path):
    torch.manual_seed(0)
    made = cnn_learner(data, squeezenet1_1, pretrained=False, metrics=accuracy, path=tmp_path, silent=True)
    made.fit_one_cycle(2, 1e-3)
    return made


def probabilities(learn, file):
    return learn.predict(open_image(file))[2]


def test_a_fresh_process_predicts_the_same_without_the_data(learn, pictures, tmp_path):
    file = tmp_path / "photo.png"
    shutil.copy(pictures / "dark" / "1.png", file)
    category, index, expected = learn.predict(open_image(file))
    (tmp_path / "elsewhere").mkdir()
    shutil.move(learn.export("export.safetensors"), tmp_path / "elsewhere" / "export.safetensors")
    shutil.rmtree(pictures)
    done = subprocess.run(
        [sys.executable, "-c", IN_A_FRESH_PROCESS, tmp_path / "elsewhere", file],
        capture_output=True, text=True, cwd=tmp_path, env={"PYTHONPATH": str(ROOT), "PATH": ""}, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert said[:2] == [str(category), int(index)]
    np.testing.assert_allclose(said[2], expected.numpy(), atol=1e-6)


def test_everything_that_predicting_needs_is_in_the_file(learn, data, pictures):
    learn.export()
    again = load_learner(learn.path)
    assert again.data.classes == ["bright", "dark"] and again.data.c == 2
    assert again.data.stats == data.stats
    assert [len(group) for group in again.layer_groups] == [len(group) for group in learn.layer_groups]
    assert len(again.data.train_ds) == 0
    for file in sorted(pictures.rglob("*.png"))[:4]:
        torch.testing.assert_close(probabilities(again, file), probabilities(learn, file), atol=1e-6, rtol=0)


def test_a_test_set_is_predicted_in_its_order(learn, pictures):
    learn.export()
    files = sorted(pictures.rglob("*.png"))
    again = load_learner(learn.path, test=ImageList(files))
    from onecycle.data.bunch import DatasetType

    scores, _ = again.get_preds(DatasetType.Test)
    assert scores.shape == (20, 2)
    for row, file in zip(scores[:3], files, strict=False):
        torch.testing.assert_close(row, probabilities(learn, file), atol=1e-5, rtol=0)


def test_training_can_go_on_from_the_file(learn, data):
    learn.export()
    again = load_learner(learn.path)
    again.data = data
    again.silent = True
    again.fit_one_cycle(1, 1e-3)
    assert len(again.recorder.losses) == len(data.train_dl)


def test_a_model_without_a_name_is_asked_for(data, tmp_path, pictures):
    def small():
        return nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(12, 2))

    learn = Learner(data, small(), path=tmp_path)
    learn.export("own.safetensors")
    with pytest.raises(ArgumentError, match="does not name its architecture.*model=model"):
        load_learner(tmp_path, "own.safetensors")
    again = load_learner(tmp_path, "own.safetensors", model=small())
    file = pictures / "dark" / "1.png"
    torch.testing.assert_close(probabilities(again, file), probabilities(learn, file), atol=1e-6, rtol=0)


def test_an_old_pickle_is_refused_with_the_cure(tmp_path):
    import pickle

    (tmp_path / "export.pkl").write_bytes(pickle.dumps({"model": "any"}))
    with pytest.raises(FileFormatError, match=r"is a pickle, which could run code\. .*state_dict"):
        load_learner(tmp_path, "export.pkl")
