"""The terminal: what it prints, its exit codes, and one sentence where something cannot be done."""

import csv
import json
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image as PilImage
from torch.utils.data import TensorDataset

from onecycle.cli import main
from onecycle.data.bunch import DataBunch
from onecycle.errors import DataError
from onecycle.learner import Learner, load_learner
from onecycle.vision import file_predictions
from onecycle.vision.file_predictions import predict_files
from onecycle.vision.image_list import ImageList
from onecycle.vision.learner import cnn_learner
from onecycle.vision.models.squeezenet import squeezenet1_1
from onecycle.vision.opening import open_image
from onecycle.vision.segmentation_list import SegmentationItemList


@pytest.fixture
def pictures(tmp_path):
    "Two folders of twelve small pictures, dark and light."
    for name, low in (("dark", 0), ("light", 180)):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for number in range(12):
            pixels = np.random.randint(low, low + 70, (16, 16, 3), dtype=np.uint8)
            PilImage.fromarray(pixels).save(tmp_path / "pictures" / name / f"{number}.png")
    return tmp_path / "pictures"


def test_train_predict_and_check(pictures, tmp_path, capfd):
    out = tmp_path / "out"
    words = ["train", "--data", pictures, "--size", 32, "--epochs", 1, "--bs", 4, "--out", out]
    assert main([str(word) for word in [*words, "--workers", 0, "--threads", 1]]) == 0
    said = capfd.readouterr().out
    assert "20 pictures to train on, 4 to validate on, 2 classes: dark, light" in said
    assert "accuracy on 4 pictures it never trained on:" in said
    written = {"confusion_matrix.png", "export.safetensors", "top_losses.png"}
    assert {file.name for file in out.iterdir() if file.is_file()} == written
    assert f"$ onecycle predict {out / 'export.safetensors'}" in said  # and the fresh process's answer below it
    assert "%)" in said.splitlines()[-1]

    picture = str(pictures / "dark" / "0.png")
    assert main(["predict", str(out / "export.safetensors"), picture, "--json"]) == 0
    answer = json.loads(capfd.readouterr().out)
    assert answer["image"] == picture and answer["class"] in ("dark", "light")
    assert sum(answer["probabilities"].values()) == pytest.approx(1, abs=1e-5)


def test_check_counts_and_names(pictures, capsys):
    assert main(["check", str(pictures)]) == 0
    assert "24 pictures in 2 classes" in capsys.readouterr().out
    (pictures / "dark" / "0.png").write_bytes(b"")
    assert main(["check", str(pictures)]) == 1
    assert "dark/0.png" in capsys.readouterr().out


def test_info_tells_versions(capsys):
    assert main(["info"]) == 0
    assert "torch" in capsys.readouterr().out


@pytest.mark.parametrize("words, sentence", [
    (["train", "--data", "nowhere"], "train: --data must be a folder that exists; got 'nowhere' (str)."),
    (["train", "--epochs", "0"], "train: --epochs must be above 0; got 0 (int)."),
    (["train", "--lr", "nan"], "train: --lr must be above 0; got nan (float)."),
    (["train", "--lr", "inf"], "train: --lr must be above 0; got inf (float)."),
    (["train", "--threads", "-2"], "train: --threads must be above 0; got -2 (int)."),
    (["train", "--workers", "-1"], "train: --workers must be at least 0; got -1 (int)."),
    (["train", "--seed", "-1"], "train: --seed must be from 0 to 2**32 - 1; got -1 (int)."),
    (["train", "--valid-pct", "1"], "train: --valid-pct must lie between 0 and 1; got 1.0 (float)."),
    (["train", "--out", "/dev/null/x"], "train: --out must be a folder that can be made; got '/dev/null/x' (str). Not"),
    (["predict", "nowhere.safetensors", "a.png"], "predict: file must be an exported learner that exists; got"),
    (["check", "nowhere"], "check: path must be a folder that exists; got 'nowhere' (str)."),
])
def test_what_cannot_be_done_is_one_sentence(words, sentence, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"onecycle {sentence}")
    assert "Traceback" not in said


def test_an_unknown_architecture_gets_a_hint(pictures, tmp_path, capsys):
    words = ["train", "--data", str(pictures), "--arch", "resnet81", "--size", "16", "--bs", "4"]
    assert main([*words, "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert said.startswith("onecycle train: --arch must be the name of an architecture; got 'resnet81' (str). Did")


@pytest.mark.filterwarnings("default")
def test_a_warning_is_one_line(pictures, tmp_path, capfd):
    words = ["train", "--data", str(pictures), "--size", "16", "--epochs", "1", "--bs", "500", "--workers", "0"]
    assert main([*words, "--out", str(tmp_path / "out"), "--threads", "1"]) == 0
    said = capfd.readouterr().err.splitlines()
    assert any(line.startswith("onecycle: ") and "500" in line for line in said)
    assert not any("cli.py" in line for line in said)


def test_debug_lets_the_error_through():
    with pytest.raises(Exception, match="--data must be a folder that exists"):
        main(["train", "--data", "nowhere", "--debug"])


class _Stop(Exception):
    pass


def test_training_begins_with_the_same_weights_each_time(pictures, tmp_path, monkeypatch):
    """A process begins with generators of any state: the seed comes before the first weights are drawn."""
    begun = []

    def note(learn, *args, **kwargs):
        begun.append([tensor.clone() for tensor in learn.model.state_dict().values()])
        raise _Stop

    monkeypatch.setattr(Learner, "fit_one_cycle", note)
    words = ["train", "--data", pictures, "--size", 32, "--epochs", 1, "--bs", 4, "--out", tmp_path / "out"]
    for state in (1, 2):
        torch.manual_seed(state)
        with pytest.raises(_Stop):
            main([str(word) for word in [*words, "--workers", 0, "--threads", 1, "--debug"]])
    assert all(torch.equal(one, other) for one, other in zip(*begun, strict=True))


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A classifier of two classes that was exported, with random weights."""
    path = tmp_path_factory.mktemp("exported")
    for name in ("dark", "light"):
        (path / name).mkdir()
        for number in range(4):
            pixels = np.random.default_rng(number).integers(0, 250, (16, 16, 3), dtype=np.uint8)
            PilImage.fromarray(pixels).save(path / name / f"{number}.png")
    labelled = ImageList.from_folder(path).split_by_rand_pct(0.25, seed=1).label_from_folder()
    data = labelled.transform(size=32).databunch(bs=2, num_workers=0, device="cpu", path=path)
    cnn_learner(data, squeezenet1_1, pretrained=False).export()
    return path / "export.safetensors"


def test_predict_a_folder_into_a_table(exported, pictures, tmp_path, capsys):
    (pictures / "dark" / "0.png").write_bytes(b"no image")
    table = tmp_path / "out.csv"
    assert main(["predict", str(exported), str(pictures), "--csv", str(table)]) == 1
    told = capsys.readouterr()
    assert "wrote 24 predictions" in told.out and "0.png: open_image:" in told.err
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 24 and list(rows[0]) == ["file", "prediction", "probability", "error", "dark", "light"]
    bad = [row for row in rows if row["error"]]
    assert [row["file"] for row in bad] == [str(pictures / "dark" / "0.png")] and bad[0]["prediction"] == ""
    learn = load_learner(exported)
    for row in rows[1:4]:
        category, index, probabilities = learn.predict(open_image(row["file"]))
        assert row["prediction"] == str(category)
        assert float(row["light"]) == pytest.approx(float(probabilities[1]), abs=1e-5)
        assert float(row["probability"]) == pytest.approx(float(probabilities[index]), abs=1e-5)


def test_predict_says_what_it_cannot_read(exported, pictures, tmp_path, capsys):
    empty, bad = tmp_path / "empty", tmp_path / "bad.png"
    empty.mkdir()
    bad.write_bytes(b"")
    assert main(["predict", str(exported), str(empty)]) == 2
    assert "image must be a folder with images" in capsys.readouterr().err
    assert main(["predict", str(exported), str(tmp_path / "nowhere.png")]) == 2
    assert "image must be a file or a folder that exists" in capsys.readouterr().err
    assert main(["predict", str(exported), str(bad)]) == 1
    assert "bad.png" in capsys.readouterr().err


@pytest.mark.parametrize("at_once", [3, 100])
def test_predictions_come_a_few_at_a_time(exported, pictures, tmp_path, monkeypatch, at_once):
    for number in range(4):
        (pictures / "dark" / f"{number}.png").write_bytes(b"no image")  # one round without a readable file
    monkeypatch.setattr(file_predictions, "_AT_ONCE", at_once)
    learn = load_learner(exported)
    files = sorted((pictures / "dark").iterdir())
    asked = []
    outputs = file_predictions._outputs
    monkeypatch.setattr(file_predictions, "_outputs", lambda *args: asked.append(len(args[1])) or outputs(*args))
    stream = file_predictions.stream_predictions(learn, files)
    first = next(stream)
    assert first.error and max(asked) <= at_once and sum(asked[:1]) == min(at_once, len(files))
    rest = list(stream)
    assert [bool(one.error) for one in [first, *rest]] == [int(one.stem) < 4 for one in files]
    assert [one.file for one in [first, *rest]] == files


def test_images_of_different_sizes_are_predicted_one_by_one(pictures, tmp_path):
    labelled = ImageList.from_folder(pictures).split_by_rand_pct(0.25, seed=1).label_from_folder()
    data = labelled.databunch(bs=2, num_workers=0, device="cpu", path=tmp_path)  # without transforms
    learn = cnn_learner(data, squeezenet1_1, pretrained=False)
    for name, side in (("small", 40), ("large", 64), ("tiny", 3)):
        PilImage.new("RGB", (side, side), "gray").save(tmp_path / f"{name}.png")
    found = predict_files(learn, [tmp_path / f"{name}.png" for name in ("small", "large", "none", "tiny")])
    assert [one.label in ("dark", "light") for one in found] == [True, True, False, False]
    assert "none.png" in found[2].error and "too small" in found[3].error


def test_predict_numbers(pictures, tmp_path, capsys):
    labelled = ImageList.from_folder(pictures).split_by_rand_pct(0.25, seed=1).label_from_func(lambda file: 0.5)
    data = labelled.transform(size=32).databunch(bs=2, num_workers=0, device="cpu", path=tmp_path)
    cnn_learner(data, squeezenet1_1, pretrained=False).export()
    table = tmp_path / "out.csv"
    assert main(["predict", str(tmp_path / "export.safetensors"), str(pictures), "--csv", str(table)]) == 0
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["file", "prediction", "probability", "error"] and rows[0]["probability"] == ""
    number = load_learner(tmp_path).predict(rows[0]["file"])[2]
    assert float(rows[0]["prediction"]) == pytest.approx(float(number), rel=1e-4)


def test_predict_needs_words_or_numbers_of_images(pictures):
    masks = SegmentationItemList.from_folder(pictures).split_by_rand_pct(0.25, seed=1)
    labelled = masks.label_from_func(lambda file: file, classes=list(range(256)))
    data = labelled.databunch(bs=2, num_workers=0, device="cpu", no_check=True)
    unet = SimpleNamespace(data=data)
    said = "must be a learner of images with classes or numbers as labels; it has "
    with pytest.raises(DataError, match=f"{said}SegmentationLabelList"):
        predict_files(unet, [])
    rows = TensorDataset(torch.zeros(4, 3), torch.zeros(4))
    plain = SimpleNamespace(data=DataBunch.create(rows, rows, bs=2, device="cpu"))
    with pytest.raises(DataError, match=f"{said}TensorDataset as inputs"):
        predict_files(plain, [])


@pytest.mark.parametrize("words", [["{0}", "{1}"], ["{0}/..", "{1}"], ["{1}"]])
def test_the_learner_is_a_file_its_folder_or_that_of_train(exported, pictures, tmp_path, monkeypatch, capsys, words):
    (tmp_path / "out").mkdir()
    shutil.copy(exported, tmp_path / "out")
    monkeypatch.chdir(tmp_path)
    words = [word.format(exported, pictures).replace(f"{exported}/..", str(exported.parent)) for word in words]
    assert main(["predict", *words, "--csv", "answers.csv"]) == 0
    with open("answers.csv", newline="") as file:
        assert len(list(csv.reader(file))) == 25


def test_predict_without_a_learner_or_an_image(exported, pictures, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["predict", str(pictures)]) == 2
    assert "must be an exported learner that exists; got 'out/export.safetensors'" in capsys.readouterr().err
    assert main(["predict", str(exported)]) == 2
    assert "image must be named behind the learner" in capsys.readouterr().err


def test_a_broken_image_ends_training_with_one_sentence(pictures, tmp_path, capsys):
    whole = (pictures / "dark" / "3.png").read_bytes()
    for number in range(1, 12):
        (pictures / "dark" / f"{number}.png").write_bytes(whole[:150])
    words = ["train", "--data", pictures, "--size", 32, "--epochs", 1, "--bs", 4, "--out", tmp_path / "out"]
    words = [str(word) for word in [*words, "--workers", 1, "--threads", 1, "--arch", "squeezenet1_1"]]
    assert main(words) == 2
    told = capsys.readouterr().err
    assert "Traceback" not in told and ".png is a damaged or truncated PNG" in told


def test_items_are_predicted_without_changing_the_data(exported, pictures):
    learn = load_learner(exported)
    files = sorted(pictures.rglob("*.png"))[:3]
    preds = learn.get_preds(items=files)[0]
    alone = torch.stack([learn.predict(open_image(file))[2] for file in files])
    assert torch.allclose(preds, alone, atol=1e-5) and learn.data.test_dl is None
    assert len(learn.data.items_dl(files).dataset) == 3
