"""Learners on data sets that are no lists of items, and on ready loaders: prediction, and files."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset, TensorDataset, random_split

from onecycle.data.bunch import DataBunch
from onecycle.data.items import Category, FloatItem, ItemBase, MultiCategory
from onecycle.data.looks import Looks
from onecycle.errors import ArgumentError, ArgumentTypeError, DataError, FileFormatError
from onecycle.learner import Learner, load_learner
from onecycle.learning.plain_labels import PlainLabels
from onecycle.nn.losses import BCEWithLogitsFlat, CrossEntropyFlat
from onecycle.utils.bundle import peek_manifest, read_bundle, write_bundle
from onecycle.vision.image_bunch import ImageDataBunch
from onecycle.vision.learner import cnn_learner
from onecycle.vision.models.squeezenet import squeezenet1_1


def rows(count=32):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(count, 6, generator=generator), torch.arange(count) % 3


class Named(Dataset):
    """Samples whose parts have names, and classes as torchvision's data sets have them."""

    classes = ["ant", "bee", "cat"]

    def __init__(self):
        self.x, self.y = rows()

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return {"ids": self.x[i], "label": int(self.y[i])}


class Net(nn.Linear):
    def __init__(self):
        super().__init__(6, 3)

    def forward(self, ids):
        return super().forward(ids)


def padded(samples):
    """Collate pairs of a list of any length and a class."""
    longest = max(len(x) for x, _ in samples)
    xs = torch.stack([F.pad(torch.as_tensor(x).float(), (0, longest - len(x))) for x, _ in samples])
    return xs, torch.tensor([int(y) for _, y in samples])


def _of_tensors(**keywords):
    x, y = rows()
    return DataBunch.create(TensorDataset(x, y), TensorDataset(x, y), bs=8, device="cpu", **keywords)


def _of_loaders():
    loader = DataLoader(TensorDataset(*rows()), 8)
    return DataBunch(loader, loader, device="cpu")


def _of_batches():
    x, y = rows()
    batches = [(x[i : i + 8], y[i : i + 8]) for i in range(0, 32, 8)]
    return DataBunch(batches, batches, device="cpu")


def _of_names():
    return DataBunch.create(Named(), Named(), bs=8, device="cpu")


def _of_named_loaders():
    loader = DataLoader(Named(), 8)
    return DataBunch(loader, loader, device="cpu")


MAKERS = [_of_tensors, _of_loaders, _of_batches, _of_names, _of_named_loaders]


@pytest.fixture(params=MAKERS)
def learn(request, tmp_path):
    torch.manual_seed(0)
    return Learner(request.param(), Net(), loss_func=nn.CrossEntropyLoss(), path=tmp_path, silent=True)


def test_predict_says_the_class_of_an_input(learn):
    x, _ = rows()
    expected = learn.model(x).softmax(1)
    for i in (0, 5):
        item, pred, probabilities = learn.predict(x[i])
        torch.testing.assert_close(probabilities, expected[i].detach())
        assert isinstance(item, Category) and int(item) == int(pred) == int(expected[i].argmax())
        name = "ant bee cat".split()[int(pred)] if learn.data.classes else int(pred)
        assert item.obj == name
    seen = learn.predict(x[0], return_x=True)[0]
    torch.testing.assert_close(seen["ids"] if isinstance(seen, dict) else seen, x[0])


def test_items_are_predicted_without_changing_the_data(learn):
    x, _ = rows()
    before = (len(learn.data.train_dl), learn.data.test_dl)
    preds, targets = learn.get_preds(items=x[:11])
    torch.testing.assert_close(preds, learn.model(x[:11]).softmax(1).detach())
    assert targets.tolist() == [0] * 11
    assert (len(learn.data.train_dl), learn.data.test_dl) == before
    for items in (list(x[:3]), (row for row in x[:3]), TensorDataset(x[:3], torch.ones(3).long())):
        if not isinstance(items, TensorDataset) or learn.data.sample_names is None:
            torch.testing.assert_close(learn.get_preds(items=items)[0], preds[:3])


def test_an_exported_learner_predicts_the_same(learn):
    x, _ = rows()
    learn.export()
    again = load_learner(learn.path, model=Net())
    assert again.data.classes == learn.data.classes and len(again.data.train_ds) == 0
    for i in (0, 7):
        torch.testing.assert_close(again.predict(x[i])[2], learn.predict(x[i])[2])
        assert str(again.predict(x[i])[0]) == str(learn.predict(x[i])[0])
    torch.testing.assert_close(again.get_preds(items=x)[0], learn.get_preds(items=x)[0])
    again.export("second.safetensors")
    torch.testing.assert_close(
        load_learner(learn.path, "second.safetensors", model=Net()).predict(x[0])[2], learn.predict(x[0])[2]
    )


def test_a_file_names_no_code_and_is_not_read_by_versions_that_do_not_know_it(learn):
    learn.export()
    data = peek_manifest(learn.path / "export.safetensors")["data"]
    assert data["version"] == 2 and "labelled" not in data
    assert data["plain"]["names"] == learn.data.sample_names
    assert data["collate_fn"]["name"] in ("data_collate", "default_collate")


def test_a_bunch_of_images_is_exported_whole(tmp_path):
    class Images(TensorDataset):
        classes = ["no", "yes"]

    images = Images(torch.rand(6, 3, 64, 64), torch.tensor([0, 1] * 3))
    data = ImageDataBunch.create(images, images, bs=2, device="cpu", path=tmp_path).normalize()
    data.c = 2
    learn = cnn_learner(data, squeezenet1_1, pretrained=False, loss_func=nn.CrossEntropyLoss(), silent=True)
    learn.export()
    again = load_learner(tmp_path)
    item, _, probabilities = again.predict(images[0][0])
    assert str(item) in Images.classes and again.data.c == 2
    torch.testing.assert_close(probabilities, learn.predict(images[0][0])[2])


def test_a_part_of_a_data_set_has_its_classes():
    parts = random_split(Named(), [24, 8])
    data = DataBunch.create(*parts, bs=8, device="cpu")
    assert data.classes == Named.classes


def test_a_collate_fn_without_a_name_must_be_given_again(tmp_path):
    x, y = rows()
    samples = list(zip([list(map(float, row)) for row in x], y.tolist(), strict=True))
    data = DataBunch.create(samples, samples, bs=8, device="cpu", collate_fn=padded)
    learn = Learner(data, Net(), loss_func=nn.CrossEntropyLoss(), path=tmp_path, silent=True)
    learn.export()
    with pytest.raises(ArgumentError, match=r"collate_fn must be given.*\(padded\) has no name in files.*pass it"):
        load_learner(tmp_path, model=Net())
    again = load_learner(tmp_path, model=Net(), collate_fn=padded)
    torch.testing.assert_close(again.predict(samples[0][0])[2], learn.predict(samples[0][0])[2])
    torch.testing.assert_close(again.get_preds(items=[row for row, _ in samples])[0], learn.get_preds()[0])


def test_a_data_set_may_have_attributes_named_as_those_of_lists(tmp_path):
    class Arrays(Dataset):
        c, transform = 3, None

        def __init__(self):
            self.x, self.y = rows()

        def __len__(self):
            return len(self.y)

        def __getitem__(self, i):
            return self.x[i], self.y[i]

    data = DataBunch.create(Arrays(), Arrays(), bs=8, device="cpu")
    learn = Learner(data, Net(), loss_func=nn.CrossEntropyLoss(), path=tmp_path, silent=True)
    assert len(data.fix_dl) == 4 and len(data.single_dl.dataset) == 32
    assert learn.predict(rows()[0][0])[2].shape == (3,)
    assert learn.get_preds(items=rows()[0][:5])[0].shape == (5, 3)
    learn.export()
    assert load_learner(tmp_path, model=Net()).predict(rows()[0][0])[2].shape == (3,)
    with pytest.raises(DataError, match="show_batch: needs lists of items"):
        data.show_batch()


def test_it_goes_through_a_file_in_memory(learn):
    file = io.BytesIO()
    learn.export(file)
    file.seek(0)
    assert load_learner(file, model=Net()).predict(rows()[0][0])[2].shape == (3,)


def test_the_data_itself_is_not_saved(learn):
    with pytest.raises(ArgumentError, match=r"save: data must be made of items and labels.*the data set is your own"):
        learn.data.save()


def test_damaged_files_are_refused(learn):
    learn.export()
    file = learn.path / "export.safetensors"
    tensors, manifest = read_bundle(file)
    for plain, said in (
        ({"classes": 3, "names": None, "own_collate": None}, "classes must be a list"),
        ({"classes": None, "names": [1], "own_collate": None}, "names"),
        ({"classes": [{"$": "name", "kind": "model", "name": "Net"}], "names": None, "own_collate": None}, "classes"),
        ([], "plain"),
    ):
        write_bundle(file, tensors, {**manifest, "data": {**manifest["data"], "plain": plain}})
        with pytest.raises(FileFormatError, match=said):
            load_learner(learn.path, model=Net())
    for damage in ({"dl_tfms": [3]}, {"dl_tfms": "x"}, {"dl_tfms": {}}, {"collate_fn": 3}, {"collate_fn": None}):
        write_bundle(file, tensors, {**manifest, "data": {**manifest["data"], **damage}})
        with pytest.raises(FileFormatError, match=r"data: dl_tfms and collate_fn of the state must be functions"):
            load_learner(learn.path, model=Net())


def test_an_input_that_makes_no_batch_is_refused_in_a_sentence(tmp_path):
    def needs_label(samples):
        return torch.stack([row["ids"] for row in samples]), torch.tensor([row["label"] for row in samples])

    data = DataBunch.create(Named(), Named(), bs=8, device="cpu", collate_fn=needs_label)
    learn = Learner(data, Net(), loss_func=nn.CrossEntropyLoss(), path=tmp_path, silent=True)
    said = r"predict: item must be an input as the data set gives it; needs_label could not .*KeyError: 'label'. Pass"
    with pytest.raises(DataError, match=said):
        learn.predict({"ids": torch.zeros(6)})
    assert learn.predict(Named()[0])[2].shape == (3,)
    with pytest.raises(ArgumentTypeError, match="items_dl: items must be inputs, or a data set"):
        learn.get_preds(items="a.png")


@pytest.mark.parametrize("item", ["a.png", None, torch.zeros(6)])
def test_a_sample_of_several_parts_needs_their_names(item):
    class Two(Named):
        def __getitem__(self, i):
            return {**super().__getitem__(i), "mask": torch.ones(6)}

    learn = Learner(DataBunch.create(Two(), Two(), bs=8, device="cpu"), Net(), loss_func=nn.CrossEntropyLoss())
    with pytest.raises(DataError, match=r"predict: item must have the parts .* \(ids, mask\), by their"):
        learn.predict(item)


def test_a_broken_first_sample_is_no_name():
    class Broken(Named):
        def __getitem__(self, i):
            raise OSError("no")

    data = DataBunch.create(Broken(), None, bs=8, device="cpu", no_check=True)
    assert data.sample_names is None and isinstance(data, Looks)


@pytest.mark.parametrize(
    ("loss", "outputs", "kind", "shown"),
    [
        (nn.CrossEntropyLoss(), [0.1, 0.7, 0.2], Category, "b"),
        (CrossEntropyFlat(), [0.1, 0.7, 0.2], Category, "b"),
        (CrossEntropyFlat(axis=1), [[0.1, 0.9], [0.9, 0.1]], ItemBase, "tensor([1, 0])"),
        (F.cross_entropy, [0.9, 0.1, 0.0, 0.0], Category, "a"),
        (nn.CrossEntropyLoss(), [0.0, 0.0, 0.0, 1.0], Category, "3"),  # a class without a name
        (nn.NLLLoss(), [0.1, 0.2, 0.7], Category, "c"),
        (nn.BCEWithLogitsLoss(), [0.9, 0.1, 0.8], MultiCategory, "a;c"),
        (nn.BCEWithLogitsLoss(), [0.9], Category, "b"),
        (BCEWithLogitsFlat(), 0.2, Category, "a"),
        (nn.BCEWithLogitsLoss(), [[0.9], [0.1]], FloatItem, "[[1.]\n [0.]]"),
        (nn.MSELoss(), [2.5], FloatItem, "2.5"),
        (nn.MSELoss(), [2.5, 1.5], FloatItem, "[2.5 1.5]"),
        (None, [2.5], FloatItem, "2.5"),
    ],
)
def test_the_loss_says_what_outputs_are(loss, outputs, kind, shown):
    labels = PlainLabels(loss, np.array(["a", "b", "c"]))
    item = labels.reconstruct(labels.analyze_pred(torch.tensor(outputs)))
    assert type(item) is kind and str(item) == shown


def test_outputs_of_several_parts_are_passed_on():
    labels = PlainLabels(nn.MSELoss(), None)
    assert labels.reconstruct(labels.analyze_pred([torch.zeros(1), 2])).obj[1] == 2
    assert labels.reconstruct(labels.analyze_pred(torch.tensor([0.2]), thresh=0.1)).obj == pytest.approx(0.2)
