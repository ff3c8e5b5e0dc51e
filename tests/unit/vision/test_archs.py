"""From a name or callable to a model: how it is found and how it is called."""

import sys
from functools import partial
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from onecycle.errors import ArgumentTypeError, NotRegisteredError
from onecycle.vision.archs import build_arch, find_arch, has_weights
from onecycle.vision.backbones import create_cnn_model
from onecycle.vision.models.resnet import resnet18
from onecycle.vision.models.spec import register_model, spec_of
from onecycle.vision.models.wrn import wrn_22
from onecycle.vision.timm_arch import TimmArch


class Feature(nn.Module):
    """What timm makes with `num_classes=0, global_pool=''`: pixels to feature map."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.pool = nn.Conv2d(3, 6, 3), nn.MaxPool2d(2)

    def forward(self, x):
        return self.pool(self.stem(x))


@pytest.fixture
def timm(monkeypatch):
    asked = []

    def create_model(name, **options):
        asked.append((name, options))
        return Feature()

    known = ["tinynet_a", "tinynet_b"]
    fake = SimpleNamespace(
        create_model=create_model, is_model=known.__contains__, list_models=lambda: known, asked=asked
    )
    monkeypatch.setitem(sys.modules, "timm", fake)
    return fake


@pytest.fixture
def no_timm(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)


def test_an_architecture_of_ones_own_is_said_to_need_its_module():
    with pytest.raises(NotRegisteredError, match="known once the module that registers it .* is imported"):
        find_arch("a_net_of_ones_own")


def test_a_callable_is_itself_and_a_name_is_looked_up():
    assert find_arch(resnet18) is resnet18
    assert find_arch("resnet18") is resnet18


def test_other_things_are_refused():
    with pytest.raises(ArgumentTypeError, match=r"arch must be a callable, a model or a name; got 3 \(int\)"):
        find_arch(3)
    with pytest.raises(ArgumentTypeError, match="arch must be a callable, a model or a name; got None"):
        find_arch(None)


def test_an_unknown_name_without_timm(no_timm):
    with pytest.raises(NotRegisteredError, match=r"'resnt18'\. Did you mean 'resnet18'\? Known: .* timm is installed"):
        find_arch("resnt18")


@pytest.mark.parametrize("error", [RuntimeError("operator does not exist"), OSError("no libcudart")])
def test_a_timm_that_cannot_be_imported_says_why(monkeypatch, error):
    class Broken:
        def find_spec(self, name, path=None, target=None):
            if name == "timm":
                raise error
            return

    monkeypatch.delitem(sys.modules, "timm", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])
    with pytest.raises(NotRegisteredError, match=f"cannot be imported: {error}"):
        find_arch("tinynet_a")


def test_a_timm_name_makes_a_body_without_timms_head(timm):
    arch = find_arch("tinynet_a")
    assert isinstance(arch, TimmArch)
    model = create_cnn_model("tinynet_a", 4, pretrained=False)
    assert timm.asked[0] == ("tinynet_a", {"pretrained": False, "num_classes": 0, "global_pool": ""})
    assert isinstance(model[0], Feature)
    assert model(torch.zeros(2, 3, 16, 16)).shape == (2, 4)


def test_a_name_that_timm_does_not_know(timm):
    with pytest.raises(NotRegisteredError, match=r"no architecture is named 'tinynet_c'\. Did you mean 'tinynet_"):
        find_arch("tinynet_c")


def test_how_a_callable_is_called():
    calls = []

    def note(**given):
        calls.append(given)
        return nn.Identity()

    class Newer(nn.Identity):
        def __init__(self, weights=None):
            super().__init__()
            calls.append({"weights": weights})

    build_arch(lambda pretrained: note(pretrained=pretrained), True)
    build_arch(lambda pretrained=False, depth=3: note(pretrained=pretrained, depth=depth), True)
    build_arch(Newer, True)
    build_arch(Newer, False)
    build_arch(lambda p: note(first=p), False)
    build_arch(lambda *args: note(args=args), True)
    build_arch(lambda width=4: note(width=width), True)
    build_arch(partial(note, depth=5), True)
    assert calls == [
        {"pretrained": True},
        {"pretrained": True, "depth": 3},
        {"weights": "DEFAULT"},
        {"weights": None},
        {"first": False},
        {"args": (True,)},
        {"width": 4},
        {"depth": 5},
    ]


def test_a_callable_without_a_signature(monkeypatch):
    monkeypatch.setattr("inspect.signature", lambda f: (_ for _ in ()).throw(ValueError("none")))
    assert isinstance(build_arch(nn.Identity), nn.Identity)


def test_an_arch_that_makes_no_module():
    with pytest.raises(ArgumentTypeError, match="build_arch: arch must return an nn.Module; got 'no'"):
        build_arch(lambda: "no")


def test_has_weights():
    assert has_weights(resnet18)
    assert not has_weights(wrn_22)
    assert has_weights(lambda: None)


def test_registering_an_own_architecture():
    @register_model(cut=-1, name="own_net")
    def build(pretrained: bool = False) -> nn.Module:
        return nn.Sequential(nn.Conv2d(3, 5, 3), nn.Flatten())

    assert find_arch("own_net") is build
    assert spec_of(build).name == "own_net"
    assert spec_of("own_net").weights is None
    assert spec_of("nobody's") is None
    assert create_cnn_model("own_net", 2, pretrained=False)[0][0].out_channels == 5
