"""Cells of the lessons that are examples of their own: class activation maps, the feature loss of VGG16."""

import importlib.util
import sys
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import nn

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture
def example(monkeypatch):
    """Return a function that loads an example by name; what it imports beside itself is forgotten afterwards."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    monkeypatch.delenv("ONECYCLE_DATA", raising=False)
    torch.manual_seed(0)
    before = set(sys.modules)

    def load(name):
        spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    yield load
    for name in set(sys.modules) - before:
        if Path(getattr(sys.modules[name], "__file__", None) or ".").parent == EXAMPLES:
            del sys.modules[name]


def small_vgg(pretrained=False):
    vgg = nn.Module()
    widths = [3, 4, 4, 6, 6, 8]
    blocks = [(nn.Conv2d(ni, nf, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)) for ni, nf in zip(widths, widths[1:])]
    vgg.features = nn.Sequential(*(layer for block in blocks for layer in block))
    return vgg


def test_a_map_of_a_class_is_where_its_score_comes_from(example):
    cam = example("class_activation")
    model = cam.model_with_maps(nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU()), 3)
    xb = torch.randn(1, 3, 6, 6)
    found, preds = cam.activation_map(model, xb, 2)
    maps = model[1](model[0](xb))
    torch.testing.assert_close(preds, F.log_softmax(maps.mean((2, 3)), 1)[0])
    torch.testing.assert_close(found, maps[0, 2].clamp(min=0) / maps[0, 2].max(), rtol=1e-4, atol=1e-6)


@pytest.mark.slow
def test_class_activation_maps_of_drawn_things(example, tmp_path):
    pets = example("example_data").drawn_pets(tmp_path / "pets", count=16, size=48, breeds=3)
    words = ["--data", str(pets), "--out", str(tmp_path), "--from-scratch", "--arch", "resnet18", "--cut", "5"]
    found = example("class_activation").main([*words, "--size", "32", "--bs", "8", "--epochs", "5"])
    assert found["accuracy"] > 0.6 and found["map"].shape == (8, 8)
    assert 0 <= float(found["map"].min()) <= float(found["map"].max()) <= 1
    assert (tmp_path / "class_activation.png").exists()


def test_the_feature_loss_is_the_sum_of_its_parts(example, monkeypatch):
    module = example("vgg_loss")
    monkeypatch.setattr(module.models, "vgg16_bn", small_vgg, raising=False)
    features, ends = module.vgg_features(from_scratch=True)
    assert ends == [1, 4, 7, 10, 13] and not any(weight.requires_grad for weight in features.parameters())
    loss = module.FeatureLoss(features, ends[:2], [5, 15], gram=10.0)
    a, b = torch.rand(2, 3, 32, 32, requires_grad=True), torch.rand(2, 3, 32, 32)
    total = loss(a, b)
    total.backward()
    first, second = (F.l1_loss(features[: n + 1](a), features[: n + 1](b)) for n in ends[:2])
    assert list(loss.metrics) == ["pixel", "feat_0", "feat_1", "gram_0", "gram_1"]
    torch.testing.assert_close(loss.metrics["feat_0"], first * 5)
    torch.testing.assert_close(loss.metrics["feat_1"], second * 15)
    gram = torch.einsum("nchw,ndhw->ncd", features[:2](a), features[:2](a)) / (4 * 32 * 32)
    torch.testing.assert_close(module.gram_matrix(features[:2](a)), gram)
    torch.testing.assert_close(total, sum(loss.metrics.values()))
    assert float(loss(b, b)) == 0 and bool(a.grad.abs().sum() > 0)


@pytest.mark.slow
def test_a_network_learns_by_the_feature_loss(example, monkeypatch, tmp_path):
    pets = example("example_data").drawn_pets(tmp_path / "pets", count=8, size=48, breeds=2)
    module = example("vgg_loss")
    monkeypatch.setattr(module.models, "vgg16_bn", small_vgg, raising=False)
    words = ["--data", str(pets), "--out", str(tmp_path), "--from-scratch", "--arch", "resnet18", "--cut", "5"]
    found = module.main([*words, "--size", "32", "--low", "16", "--bs", "4", "--epochs", "1"])
    assert found["learn"].recorder.names[3:] == [*found["loss"].metric_names, "time"]
    assert (tmp_path / "vgg_loss.png").exists()
