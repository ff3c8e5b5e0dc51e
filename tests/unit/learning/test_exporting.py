import io
import json
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from onecycle.data.saving import load_data
from onecycle.errors import ArgumentError, ArgumentTypeError, FileFormatError, NotRegisteredError
from onecycle.learner import load_learner
from onecycle.learning import exporting
from onecycle.utils.bundle import peek_manifest, write_bundle
from onecycle.utils.registry import register


@register("model", "tiny_net_of_the_tests")
def tiny_net(width=4, classes=2):
    return nn.Sequential(
        nn.Conv2d(3, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Dropout(0.5), nn.Linear(width, classes),
    )  # fmt: skip


@pytest.fixture
def learn(picture_learner):
    picture_learner.model_spec = {"builder": "tiny_net_of_the_tests", "args": {"width": 4}}
    return picture_learner


def answers(learn, data):
    return torch.stack([learn.predict(item)[2] for item in (data.valid_ds.x[i] for i in range(4))])


def test_the_same_predictions(learn):
    path = learn.export()
    assert path == learn.path / "export.safetensors"
    again = load_learner(learn.path)
    torch.testing.assert_close(answers(again, learn.data), answers(learn, learn.data), rtol=0, atol=1e-6)
    assert again.data.classes == learn.data.classes and not again.model.training


def test_the_settings_come_along(learn):
    learn.split(lambda model: [model[3]])
    learn.freeze()
    learn.wd, learn.bn_wd = 0.2, False
    learn.export("a.safetensors")
    again = load_learner(learn.path, "a.safetensors")
    assert [len(group) for group in again.layer_groups] == [len(group) for group in learn.layer_groups]
    assert (again.wd, again.bn_wd, again.true_wd, again.train_bn) == (0.2, False, True, True)
    assert [p.requires_grad for p in again.model.parameters()] == [p.requires_grad for p in learn.model.parameters()]
    assert again.metrics == learn.metrics and again.opt_func.func is torch.optim.Adam
    assert again.model_spec == learn.model_spec


def test_the_path_may_be_that_of_the_file(learn):
    again = load_learner(learn.export("b.safetensors"))
    assert again.path == learn.path
    assert torch.equal(answers(again, learn.data), answers(learn, learn.data))


def test_a_model_of_one_s_own_is_asked_for(picture_learner):
    path = picture_learner.export()
    with pytest.raises(ArgumentError, match=r"does not name its architecture.*load_learner\(path, file, model=model\)"):
        load_learner(path.parent)
    again = load_learner(path.parent, model=tiny_net())
    torch.testing.assert_close(
        answers(again, picture_learner.data), answers(picture_learner, picture_learner.data), rtol=0, atol=1e-6
    )


def test_a_model_that_does_not_fit_is_told(picture_learner):
    path = picture_learner.export()
    with pytest.raises(FileFormatError, match="of another shape"):
        load_learner(path.parent, model=tiny_net(width=5))


def test_a_test_set_can_be_added(learn):
    from onecycle.data.loaders import DatasetType

    learn.export()
    items = [learn.data.valid_ds.x.items[i] for i in range(3)]
    again = load_learner(learn.path, test=items, bs=2, num_workers=0)
    assert again.get_preds(DatasetType.Test)[0].shape == (3, 2)
    assert again.data.test_dl.batch_size == 2


def test_an_unknown_keyword(learn):
    learn.export()
    with pytest.raises(ArgumentTypeError, match="load_learner: unknown keyword 'bss'. Did you mean 'bs'"):
        load_learner(learn.path, bss=3)


def test_a_metric_without_a_name_is_left_out_with_a_warning(learn):
    def mine(output, target):
        return (output.argmax(1) == target).float().mean()

    learn.metrics.append(mine)
    with pytest.warns(UserWarning, match="metrics mine has no registered name and is left out"):
        learn.export()
    assert len(load_learner(learn.path).metrics) == 1


def test_a_loss_without_a_name_is_refused(learn):
    learn.loss_func = lambda output, target: F.cross_entropy(output, target)
    with pytest.raises(ArgumentError, match=r"lambda.*Give it a name first") as caught:
        learn.export()
    assert "exporting: loss_func" in caught.value.__notes__


@pytest.mark.parametrize("loss", [nn.CrossEntropyLoss(label_smoothing=0.1), F.cross_entropy,
                                  nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0]))])  # fmt: skip
def test_losses_of_torch_have_names(learn, loss):
    learn.loss_func = loss
    learn.export()
    again = load_learner(learn.path).loss_func
    output, target = torch.randn(5, 2), torch.tensor([0, 1, 0, 1, 1])
    assert again(output, target) == loss(output, target)


def test_data_of_one_s_own_cannot_be_exported(make_learner):
    learn = make_learner()
    learn.data = SimpleNamespace(train_dl=learn.data.train_dl, path=learn.path, device=learn.data.device)
    with pytest.raises(ArgumentError, match=r"export: data must be a DataBunch; got .*SimpleNamespace.*learn.save"):
        learn.export()


def test_a_file_of_another_kind(learn, tmp_path):
    write_bundle(tmp_path / "other.safetensors", {"w": torch.ones(1)}, {"format": "something", "version": 1})
    with pytest.raises(FileFormatError, match=r"must be a learner written by learn.export\(\); it is a 'something'"):
        load_learner(tmp_path, "other.safetensors")


def test_a_pickle_is_refused(tmp_path):
    torch.save({"model": torch.ones(1)}, tmp_path / "export.pkl")
    with pytest.raises(FileFormatError, match="is a pickle, which could run code"):
        load_learner(tmp_path, "export.pkl")


def test_export_can_destroy(learn, capsys):
    path = learn.export(destroy=True)
    assert path.is_file() and repr(learn.layer_groups) == "destroyed"


def test_the_manifest_is_plain_json(learn):
    manifest = peek_manifest(learn.export())
    assert json.loads(json.dumps(manifest)) == manifest
    assert manifest["format"] == exporting.FORMAT and str(learn.path) not in json.dumps(manifest)


def test_groups_that_do_not_fit_are_dropped():
    assert exporting.regroup(tiny_net(), [["0"], ["another"]]) is None


FRESH = """
import sys
from pathlib import Path
from onecycle.learner import load_learner
from onecycle.vision.image import open_image
learn = load_learner(sys.argv[1])
picture = open_image(sys.argv[2])
print([round(float(p), 6) for p in learn.predict(picture)[2]])
"""


def test_a_fresh_process_without_the_data(pictures, tmp_path):
    from onecycle.vision.image_list import ImageList
    from onecycle.vision.learner import cnn_learner
    from onecycle.vision.models.squeezenet import squeezenet1_1

    labelled = ImageList.from_folder(pictures).split_by_rand_pct(0.25, seed=1).label_from_folder()
    picture_data = labelled.transform(size=64).databunch(bs=4, num_workers=0, device="cpu").normalize()
    torch.manual_seed(0)
    learn = cnn_learner(picture_data, squeezenet1_1, pretrained=False, silent=True)
    learn.model.eval()
    exported = learn.export(tmp_path / "alone" / "export.safetensors")
    picture = picture_data.valid_ds.x.items[0]
    expected = [round(float(p), 6) for p in learn.predict(picture_data.valid_ds.x[0])[2]]
    command = [sys.executable, "-c", FRESH, str(exported.parent), str(picture)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == pytest.approx(expected, abs=2e-6)


def test_files_in_memory(learn):
    memory = io.BytesIO()
    assert learn.export(memory) is memory
    memory.seek(0)
    again = load_learner(memory)
    item = learn.data.valid_ds.x[0]
    assert torch.equal(again.predict(item)[2], learn.predict(item)[2])
    memory.seek(0)
    assert load_learner(learn.path, memory).path == learn.path


@pytest.mark.parametrize("kind", [io.BytesIO, io.StringIO])
def test_data_in_memory(learn, kind):
    memory = kind()
    learn.data.save(memory)
    memory.seek(0)
    again = load_data(learn.data.path, memory, bs=2, num_workers=0)
    assert again.classes == learn.data.classes and len(again.train_ds) == len(learn.data.train_ds)


def test_a_file_in_memory_of_another_kind():
    with pytest.raises(FileFormatError):
        load_learner(io.BytesIO(b"no learner"))
    with pytest.raises(FileFormatError):
        load_data(".", io.BytesIO(b"no data"))


# ---- forged and damaged files ----


def forged(path, change):
    """Change the manifest of an export."""
    tensors, manifest = exporting.read(path, "cpu")
    change(manifest)
    write_bundle(path, tensors, manifest)
    return path


def put(*places_and_value):
    *places, last, value = places_and_value

    def change(manifest):
        for place in places:
            manifest = manifest[place]
        manifest[last] = value

    return change


SOME_CLASS = {"$": "name", "kind": "learner", "name": "CollabLearner"}
FORGED = {
    "a class for an optimizer": put("opt", SOME_CLASS),
    "a class for a metric": put("metrics", [SOME_CLASS]),
    "a class for a loss": put("loss", SOME_CLASS),
    "an object for a layer": put("model", "args", "width", {"$": "object", "kind": "text", "name": "Vocab"}),
    "a width of text": put("model", "args", "width", "wide"),
    "a builder that is no name": put("model", "builder", ["a"]),
    "a download": put("model", "args", "pretrained", True),
    "an argument that is none": put("model", "args", "colour", 3),
    "no data": put("data", {}),
    "data of another kind": put("data", "bunch", 3),
    "labels of no class": put("data", "labelled", "y", "cls", ["a"]),
    "a transform that is none": put("data", "labelled", "tfms", [SOME_CLASS]),
    "a processor's method": put("data", "labelled", "y_processors",
                                [{"$": "object", "kind": "processor", "name": "CategoryProcessor",
                                  "state": {"classes": ["a"], "process_one": "x"}}]),
    "groups of numbers": put("learner", "layer_groups", [[3]]),
    "frozen": put("learner", "frozen", "all"),
    "settings": put("learner", "wd", SOME_CLASS),
    "more settings": put("learner", "more", {"colour": 3}),
    "kind": put("kind", 3),
}  # fmt: skip


@pytest.mark.parametrize("kind", FORGED)
def test_a_forged_export_is_refused_in_a_sentence(kind, learn):
    path = forged(learn.export(), FORGED[kind])
    with pytest.raises(FileFormatError, match="load_learner: |from_state: |data: |load: "):
        load_learner(path)


def test_an_export_of_another_kind_of_learner_is_not_registered(learn):
    with pytest.raises(NotRegisteredError, match="no learner is named 'Evil'"):
        load_learner(forged(learn.export(), put("kind", "Evil")))


def test_a_small_export_does_not_ask_for_gigabytes(learn):
    path = forged(learn.export(), put("model", "args", "width", 10**8))
    with pytest.raises(FileFormatError, match="unfolds to more than .*a tensor .* of the model.*max_bytes"):
        load_learner(path)
    with pytest.raises(FileFormatError, match="more than 100 bytes"):
        load_learner(learn.export(), max_bytes=100)
    assert load_learner(learn.export(), max_bytes=1 << 20).data.classes == learn.data.classes
