"""With `on_error="skip"` a set has a row for each item: NaN where an item could not be read."""

import numpy as np
import pytest
import torch
from PIL import Image as PILImage
from torch import nn

from onecycle.data.bunch import DataBunch
from onecycle.data.categories import CategoryList, FloatList, MultiCategoryList
from onecycle.data.item_list import ItemList
from onecycle.data.items import ItemBase
from onecycle.data.loaders import DatasetType
from onecycle.data.missing_rows import NO_TARGET, Gaps, MissingItem, fill_rows, is_missing_row
from onecycle.errors import DataError
from onecycle.interpret.base import Interpretation
from onecycle.interpret.classification import ClassificationInterpretation
from onecycle.interpret.multilabel import MultiLabelClassificationInterpretation
from onecycle.learner import Learner
from onecycle.vision.image_list import ImageList
from onecycle.vision.interpret import SegmentationInterpretation
from onecycle.vision.object_list import ObjectItemList, bb_pad_collate
from onecycle.vision.recipes import get_transforms
from onecycle.vision.segmentation_list import SegmentationItemList

pytestmark = pytest.mark.filterwarnings("ignore:loader.*could not be loaded")
BROKEN = {12, 14, 15, 16, 17, 21}  # of the validation set 10..21: single ones, a whole batch of four, the last


class Numbers(ItemList):
    """Whole numbers, some of which cannot be opened."""

    broken = BROKEN

    def get(self, i):
        number = int(self.items[i])
        if number in self.broken:
            raise DataError(f"number {number} is broken")
        return ItemBase(torch.tensor([float(number), 1.0]))


class Scores(nn.Module):
    """Return scores from which the number can be read back."""

    def __init__(self, outputs=3):
        super().__init__()
        self.w, self.outputs = nn.Parameter(torch.ones(1)), outputs

    def forward(self, x):
        return torch.stack([self.w * x[:, 0] / 10 * (k + 1) for k in range(self.outputs)], dim=1)


def numbers(label=lambda n: n % 3, label_cls=CategoryList, **settings):
    split = Numbers(range(22)).split_by_idx(range(10, 22))
    labelled = split.label_from_func(lambda n: label(int(n)), label_cls=label_cls)
    return labelled.databunch(bs=4, no_check=True, on_error="skip", **settings)


def rows_of(preds):
    """Return the number that each row of predictions belongs to; None where it is NaN."""
    return [None if row[0] != row[0] else round(float(row[0]) * 10) for row in preds]


WANTED = [None if n in BROKEN else n for n in range(10, 22)]


@pytest.mark.parametrize("workers", [0, 2])
def test_a_row_for_each_item(workers):
    learn = Learner(numbers(num_workers=workers), Scores(), silent=True)
    preds, targets, losses = learn.get_preds(activ=lambda x: x, with_loss=True)
    assert rows_of(preds) == WANTED
    assert targets.tolist() == [n % 3 for n in range(10, 22)]
    assert losses.isnan().tolist() == [n in BROKEN for n in range(10, 22)]
    known = ~losses.isnan()
    expected = nn.functional.cross_entropy(preds[known], targets[known], reduction="none")
    torch.testing.assert_close(losses[known], expected)
    again = learn.get_preds(activ=lambda x: x)
    assert rows_of(again[0]) == WANTED


@pytest.mark.parametrize("n_batch", [1, 2])
def test_rows_of_the_first_batches(n_batch):
    data = numbers(num_workers=0)
    preds, targets = Learner(data, Scores(), silent=True).get_preds(activ=lambda x: x, n_batch=n_batch)
    expected = WANTED[:4] if n_batch == 1 else WANTED
    assert rows_of(preds) == expected[: len(preds)]
    assert targets.tolist() == [n % 3 for n in range(10, 10 + len(preds))]
    assert len(preds) == (4 if n_batch == 1 else 12)


@pytest.mark.parametrize("ds_type", [DatasetType.Test, DatasetType.Fix])
def test_other_sets(ds_type):
    data = numbers(num_workers=0)
    data.add_test(range(10, 22))
    preds = Learner(data, Scores(), silent=True).get_preds(ds_type, activ=lambda x: x)[0]
    assert rows_of(preds) == (WANTED if ds_type is DatasetType.Test else list(range(10)))


@pytest.mark.parametrize(("label", "label_cls"), [(float, FloatList), (lambda n: [n % 3, 7], MultiCategoryList)])
def test_other_labels(label, label_cls):
    data = numbers(label, label_cls, num_workers=0)
    learn = Learner(data, Scores(data.c), silent=True)
    preds, targets, losses = learn.get_preds(activ=lambda x: x, with_loss=True)
    assert rows_of(preds) == WANTED
    assert torch.equal(targets, torch.stack([torch.as_tensor(y.data) for y in data.valid_ds.y]))
    assert is_missing_row(losses).tolist() == [n in BROKEN for n in range(10, 22)]


def test_a_set_of_which_nothing_is_left():
    data = numbers(num_workers=0)
    data.valid_ds.x.broken = set(range(22))
    with pytest.raises(DataError, match="12 items could not be loaded.*None was left"):
        Learner(data, Scores(), silent=True).get_preds()


class TestInterpretation:
    def test_rows_and_items_are_paired(self):
        interp = ClassificationInterpretation.from_learner(Learner(numbers(num_workers=0), Scores(), silent=True))
        losses, indices = interp.top_losses()
        assert sorted(indices.tolist()) == [n - 10 for n in range(10, 22) if n not in BROKEN]
        assert (losses.diff() <= 0).all()
        for index in indices.tolist():
            assert int(interp.ds.y[index]) == int(interp.y_true[index])
        assert interp.is_read.tolist() == [n not in BROKEN for n in range(10, 22)]
        assert interp.confusion_matrix().sum() == 6
        assert set(interp.pred_class[~interp.is_read].tolist()) == {-1}
        assert not interp.wrong_items()[~interp.is_read].any()
        assert len(interp.top_losses(3, largest=False)[0]) == 3

    def test_several_labels(self):
        learn = Learner(numbers(lambda n: [n % 3], MultiCategoryList, num_workers=0), Scores(), silent=True)
        interp = MultiLabelClassificationInterpretation.from_learner(learn)
        assert interp.confusion_matrix().sum() == 6 * 3
        assert not interp.wrong_items()[~interp.is_read].any()

    def test_numbers(self):
        learn = Learner(numbers(float, FloatList, num_workers=0), Scores(1), silent=True)
        losses, indices = Interpretation.from_learner(learn).top_losses(2)
        assert indices.tolist() == [10, 9]  # of 20 and 19; 21 is broken
        assert not losses.isnan().any()


class TestImages:
    """Files of images, masks and boxes of which one is damaged after the data was made."""

    @pytest.fixture
    def folder(self, tmp_path):
        (tmp_path / "i").mkdir()
        (tmp_path / "m").mkdir()
        rng = np.random.default_rng(0)
        for k in range(10):
            PILImage.fromarray(rng.integers(0, 255, (16, 16, 3), dtype=np.uint8)).save(tmp_path / f"i/{k}.png")
            PILImage.fromarray(rng.integers(0, 2, (16, 16), dtype=np.uint8)).save(tmp_path / f"m/{k}.png")
        return tmp_path

    def damage(self, folder, *parts):
        for part in parts:
            (folder / part).write_bytes(b"broken")

    def test_tta(self, folder):
        lists = ImageList.from_folder(folder / "i").split_by_idx(range(4, 10))
        labelled = lists.label_from_func(lambda f: int(f.stem) % 2).transform(get_transforms(), size=16)
        data = labelled.databunch(bs=2, num_workers=0, on_error="skip")
        model = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2))
        learn = Learner(data, model, silent=True)
        whole = learn.TTA(with_loss=True)
        self.damage(folder, "i/6.png", "i/7.png")
        preds, targets, losses = learn.TTA(with_loss=True)
        assert preds.isnan().any(1).tolist() == losses.isnan().tolist() == [False, False, True, True, False, False]
        assert torch.equal(targets, whole[1])
        for part, before in ((preds, whole[0]), (losses, whole[2])):
            torch.testing.assert_close(part[[0, 1, 4, 5]], before[[0, 1, 4, 5]])
        assert learn.TTA(beta=None)[1].isnan().any(1).tolist() == [False, False, True, True, False, False]

    @pytest.mark.parametrize("ignore", [None, 255])
    def test_masks(self, folder, ignore):
        lists = SegmentationItemList.from_folder(folder / "i").split_by_idx(range(4, 10))
        labelled = lists.label_from_func(lambda f: folder / "m" / f.name, classes=["a", "b"], ignore=ignore)
        data = labelled.transform(get_transforms(), tfm_y=True, size=16)
        data = data.databunch(bs=2, num_workers=0, on_error="skip")
        learn = Learner(data, nn.Conv2d(3, 2, 1), silent=True)
        whole = learn.get_preds(with_loss=True)
        self.damage(folder, "i/5.png", "m/8.png")
        preds, targets, losses = learn.get_preds(with_loss=True)
        known = [0, 2, 3, 5]
        for part, before in zip((preds, targets, losses), whole, strict=True):
            torch.testing.assert_close(part[known], before[known])
        assert is_missing_row(preds).tolist() == [False, True, False, False, True, False]
        assert targets[1].unique().tolist() == [NO_TARGET if ignore is None else ignore]
        interp = SegmentationInterpretation.from_learner(learn)
        assert sorted(interp.top_losses()[1].tolist()) == known
        assert int(interp.confusion_matrix().sum()) == 4 * 256
        assert int(interp.confusion_matrix(1).sum()) == 0
        assert len(interp.generate_confusion()[1]) == 6
        averaged = learn.TTA(with_loss=True)
        assert averaged[2].isnan().tolist() == [False, True, False, False, True, False]

    def test_boxes(self, folder):
        lists = ObjectItemList.from_folder(folder / "i").split_by_idx(range(4, 10))
        count = {f"{k}.png": 1 + k % 2 for k in range(10)}
        labelled = lists.label_from_func(lambda f: [[[1, 2, 9, 12]] * count[f.name], ["a", "b"][: count[f.name]]])
        data = labelled.transform((None, None), tfm_y=True, size=16)
        data = data.databunch(bs=2, num_workers=0, on_error="skip", collate_fn=bb_pad_collate)
        model = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2))
        self.damage(folder, "i/6.png")
        preds, (boxes, classes) = Learner(data, model, loss_func=nn.MSELoss(), silent=True).get_preds(activ=lambda x: x)
        assert is_missing_row(preds).tolist() == [False, False, True, False, False, False]
        assert boxes.shape == (6, 2, 4)
        assert (classes > 0).sum(1).tolist() == [1, 2, 0, 2, 1, 2]


def test_places_of_gaps():
    gaps = Gaps()
    data = numbers(num_workers=0)
    order = data.valid_dl.dl.order
    list(gaps.watched(order.addresses(0, 0)))
    gaps.add([(2, 2)], False)
    gaps.add([(1, 5), (0, 4), (2, 6), (3, 7)], True)
    gaps.add([(3, 11)], False)
    places = [(2, 2, 0), (4, 4, 1), (5, 5, 1), (6, 6, 1), (7, 7, 1), (11, 11, 1)]
    assert gaps.items == [MissingItem(*place) for place in places]


@pytest.mark.parametrize(
    ("dtype", "fill"),
    [(torch.float32, float("nan")), (torch.int64, -100), (torch.bool, False), (torch.uint8, 255), (torch.int32, -100)],
)
def test_what_stands_in_a_missing_row(dtype, fill):
    values = torch.ones(2, 3).to(dtype)
    filled = fill_rows([values], [MissingItem(0, 0, 0), MissingItem(3, 3, 0)])[0]
    assert filled.shape == (4, 3)
    assert filled.dtype == dtype
    assert torch.equal(filled[1:3], values)
    torch.testing.assert_close(filled[[0, 3]], torch.full((2, 3), fill).to(dtype), equal_nan=True)


def test_a_set_without_errors_is_as_it_was():
    rows = torch.utils.data.TensorDataset(torch.rand(8, 2), torch.arange(8) % 3)
    data = DataBunch.create(rows, None, bs=4, device="cpu")
    preds = Learner(data, Scores(), loss_func=nn.CrossEntropyLoss(), silent=True).get_preds(DatasetType.Fix)[0]
    assert preds.shape == (8, 3)
    assert data.train_dl.missing == []
