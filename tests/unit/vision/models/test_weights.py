"""Published weights: loaded where they fit, refused with the keys that do not."""

import hashlib
import io
import re

import pytest
import torch
from torch import nn

from onecycle.errors import ArgumentError, DownloadError, FileFormatError
from onecycle.vision.backbones import create_body
from onecycle.vision.models.densenet import densenet121
from onecycle.vision.models.resnet import resnet18
from onecycle.vision.models.spec import ModelSpec, Weights, register_model, spec_of
from onecycle.vision.models.weights import load_published, with_weights


def net() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))


SPEC = ModelSpec("tiny")


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("ONECYCLE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path / "hub"))
    return tmp_path / "home"


def saved(model: nn.Module, path, **changes):
    state = {**model.state_dict(), **changes}
    torch.save({key: value for key, value in state.items() if value is not None}, path)
    return path


def test_a_file_that_fits_is_loaded(tmp_path):
    theirs, mine = net(), net()
    load_published(mine, saved(theirs, tmp_path / "a.pth"), SPEC)
    assert all(torch.equal(v, theirs.state_dict()[k]) for k, v in mine.state_dict().items())


def test_files_from_before_the_batch_counter_fit(tmp_path):
    path = saved(net(), tmp_path / "old.pth", **{"1.num_batches_tracked": None})
    mine = net()
    load_published(mine, path, SPEC)
    assert mine[1].num_batches_tracked == 0


def test_old_densenet_file_is_renamed(tmp_path):
    model = densenet121()
    old = {re.sub(r"(denselayer\d+\.(?:norm|conv))(\d)", r"\1.\2", k): v for k, v in model.state_dict().items()}
    assert "features.denseblock1.denselayer1.norm.1.weight" in old
    torch.save(old, tmp_path / "old.pth")
    twin = densenet121()
    load_published(twin, tmp_path / "old.pth", spec_of(densenet121))
    key = "features.denseblock1.denselayer1.conv.2.weight"
    assert torch.equal(twin.features.denseblock1.denselayer1.conv2.weight, old[key])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"0.weight": None}, r"does not fit tiny: 0\.weight is missing\."),
        ({"0.weight": None, "0.bias": None}, r"0\.weight, 0\.bias are missing"),
        ({"x.y": torch.zeros(1)}, r"x\.y is unexpected"),
        ({"4.bias": torch.zeros(3)}, r"4\.bias \(3,\), not \(2,\) is of another shape"),
        ({f"k{i}": torch.zeros(1) for i in range(8)}, r"k0, k1, k2, k3, k4 and 3 more are unexpected"),
    ],
)
def test_a_file_that_does_not_fit_names_the_keys(tmp_path, changes, message):
    mine = net()
    before = mine[0].weight.clone()
    with pytest.raises(FileFormatError, match=message):
        load_published(mine, saved(net(), tmp_path / "a.pth", **changes), SPEC)
    assert torch.equal(mine[0].weight, before)


def test_a_file_that_is_none(tmp_path):
    path = tmp_path / "a.pth"
    path.write_text("<html>404</html>")
    with pytest.raises(FileFormatError, match=r"a\.pth"):
        load_published(net(), path, SPEC)


def test_a_file_of_something_else(tmp_path):
    torch.save([1, 2], tmp_path / "a.pth")
    with pytest.raises(FileFormatError, match="must hold a state dict of tensors; holds a list"):
        load_published(net(), tmp_path / "a.pth", SPEC)


def test_no_published_weights():
    with pytest.raises(ArgumentError, match="nobody: pretrained must be False, since no weights are published for it"):
        with_weights(net(), "nobody", pretrained=True)
    with pytest.raises(ArgumentError, match="xresnet18: pretrained must be False"):
        create_body("xresnet18", pretrained=True)


def test_pretrained_asks_for_the_file_by_address_and_hash(tmp_path, monkeypatch):
    theirs, asked = resnet18(), []
    path = saved(theirs, tmp_path / "r.pth")
    monkeypatch.setattr("onecycle.utils.download.download_weights", lambda *a: asked.append(a) or path)
    body = create_body("resnet18", pretrained=True)
    url = "https://download.pytorch.org/models/resnet18-5c106cde.pth"
    assert asked == [(url, "5c106cde", "resnet18-5c106cde.pth")]
    assert torch.equal(body[0].weight, theirs.conv1.weight)


def test_weights_are_fetched_checked_and_kept(serve, home, monkeypatch):
    monkeypatch.setattr("onecycle.utils.fetch._pause", lambda failures: None)
    theirs, buffer = net(), io.BytesIO()
    torch.save(theirs.state_dict(), buffer)
    digits = hashlib.sha256(buffer.getvalue()).hexdigest()[:8]
    site = serve(buffer.getvalue())

    @register_model(Weights(f"served_net-{digits}.pth", site.url + "/"), cut=-3)
    def served_net(pretrained: bool = False) -> nn.Module:
        return with_weights(net(), "served_net", pretrained)

    assert torch.equal(create_body(served_net)[0].weight, theirs[0].weight)
    site.stop()
    assert torch.equal(create_body("served_net")[0].weight, theirs[0].weight)
    (kept,) = home.rglob(f"served_net-{digits}.pth")
    kept.unlink()
    with pytest.raises(DownloadError, match=rf"served_net-{digits}\.pth"):
        create_body("served_net")
