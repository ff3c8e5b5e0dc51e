"""The ladder of the 2018 lesson: the lesson's parameter counts, and each network learns a few pictures."""

import importlib.util
import math
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
NETWORKS = ["SimpleNet", "ConvNet", "ConvNet2", "ConvBnNet", "ConvBnNet2", "Resnet", "Resnet2"]


@pytest.fixture(scope="module")
def ladder():
    sys.path.insert(0, str(EXAMPLES))
    spec = importlib.util.spec_from_file_location("cifar_ladder", EXAMPLES / "cifar_ladder.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.path.remove(str(EXAMPLES))
    sys.modules.pop("example_data", None)


@pytest.fixture(scope="module")
def stripes(tmp_path_factory):
    "Pictures of 32x32 pixels named as CIFAR-10's files are: noise with stripes across or along, in one colour."
    from PIL import Image

    folder, draw = tmp_path_factory.mktemp("stripes"), np.random.default_rng(0)
    for number in range(160):
        along = number % 2
        pixels = draw.integers(0, 100, (32, 32, 3))
        places = (np.arange(32) + draw.integers(8)) // 4 % 2 * 120
        pixels[..., 0] += places[None, :] if along else places[:, None]
        part = folder / ("test" if number % 4 == 3 or number % 4 == 2 else "train")
        part.mkdir(exist_ok=True)
        Image.fromarray(pixels.astype(np.uint8)).save(part / f"{number}_{'along' if along else 'across'}.png")
    return folder


def sizes(model):
    return [p.numel() for p in model.parameters()]


def a_layer(module):
    return sum(p.numel() for p in module.parameters())


def test_parameters_of_the_simple_net(ladder):
    model = ladder.rungs(10)["SimpleNet"][0]
    assert sizes(model) == [122_880, 40, 400, 10]
    assert [a_layer(layer) for layer in model.layers] == [122_920, 410]


def test_parameters_of_the_convolutional_net(ladder):
    model = ladder.rungs(10)["ConvNet"][0]
    assert [a_layer(layer) for layer in [*model.layers, model.out]] == [560, 7_240, 28_880, 810]
    shapes, x = [], torch.zeros(1, 3, 32, 32)
    for layer in model.layers:
        x = layer(x)
        shapes.append(tuple(x.shape[1:]))
    assert shapes == [(20, 15, 15), (40, 7, 7), (80, 3, 3)]


def test_the_layer_as_a_class_keeps_the_edge(ladder):
    model, first = ladder.rungs(10)["ConvNet2"][0], ladder.rungs(10)["ConvNet"][0]
    assert sizes(model) == sizes(first)
    assert [tuple(model.layers[:n](torch.zeros(1, 3, 32, 32)).shape[1:]) for n in (1, 2, 3)] == [
        (20, 16, 16), (40, 8, 8), (80, 4, 4)
    ]  # fmt: skip


def of_the_lesson(first, widths, more, c=10):
    "What the lesson's layers hold: convolutions without bias, two numbers a channel, a last linear layer."
    pairs = list(zip(widths, widths[1:], strict=False))
    halving = sum(9 * ni * nf + 2 * nf for ni, nf in pairs)
    keeping = sum(more * (9 * nf * nf + 2 * nf) for _, nf in pairs)
    return first + halving + keeping + widths[-1] * c + c


@pytest.mark.parametrize(("name", "first", "widths", "more"), [
    ("ConvBnNet", 3 * 10 * 25 + 10, [10, 20, 40, 80], 0),
    ("ConvBnNet2", 3 * 10 * 25 + 10, [10, 20, 40, 80, 160], 1),
    ("Resnet", 3 * 10 * 25 + 10, [10, 20, 40, 80, 160], 2),
    ("Resnet2", 3 * 16 * 49 + 32, [16, 32, 64, 128, 256], 2),
])  # fmt: skip
def test_parameters_of_the_rest(ladder, name, first, widths, more):
    assert sum(sizes(ladder.rungs(10)[name][0])) == of_the_lesson(first, widths, more)


def test_a_batch_norm_by_hand_normalises(ladder):
    layer = ladder.BnLayer(3, 5)
    out = layer(torch.randn(16, 3, 8, 8))
    assert out.shape == (16, 5, 4, 4)
    assert torch.allclose(out.mean((0, 2, 3)), torch.zeros(5), atol=1e-5)
    assert torch.allclose(out.std((0, 2, 3)), torch.ones(5), atol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_each_learns_with_sgdr_and_tta(ladder, stripes, tmp_path, name):
    words = ["--data", str(stripes), "--out", str(tmp_path), "--bs", "16", "--cycles", "3", "--only", name]
    found = ladder.main([*words, "--lr", "0.1" if name in ("ConvNet", "ConvNet2") else "0.01"])[name]
    learn = found["learn"]
    assert learn.data.classes == ["across", "along"]
    assert [len(learn.data.train_ds), len(learn.data.valid_ds)] == [80, 80]
    saved = {file.name for file in (tmp_path / "models").iterdir()}
    assert saved == {f"{name}_cyc_{cycle}.pth" for cycle in range(3)}
    assert (tmp_path / f"rates_{name}.png").exists()
    assert len(learn.recorder.lrs) == 5 * (1 + 2 + 4)
    if name != "SimpleNet":  # which has a weight for each place, and so few pictures do not tell it stripes
        assert found["plain"] > 0.8 and found["log_loss"] < math.log(2)
    preds, targets = learn.get_preds()
    assert found["plain"] == pytest.approx(float((preds.argmax(1) == targets).float().mean()))


@pytest.mark.slow
def test_digits_are_there_by_default(ladder, tmp_path, monkeypatch):
    monkeypatch.delenv("ONECYCLE_DATA", raising=False)
    found = ladder.main(["--out", str(tmp_path), "--bs", "64", "--cycles", "2", "--only", "SimpleNet"])
    assert found["SimpleNet"]["plain"] > 0.5 and list(found) == ["SimpleNet"]
    assert found["SimpleNet"]["sizes"] == [122_880, 40, 400, 10]
