"""Tests of onecycle.vision.segmentation_list."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from PIL import Image as PILImage

from onecycle.data.balance import class_weights
from onecycle.errors import ArgumentError, DataError
from onecycle.nn.losses import CrossEntropyFlat
from onecycle.vision.recipes import get_transforms
from onecycle.vision.segment import ImageSegment
from onecycle.vision.segmentation_list import SegmentationItemList, SegmentationLabelList

CODES = ["sky", "road", "tree"]


@pytest.fixture
def folder(tmp_path):
    """Eight pictures whose red value is 100 times their mask's class."""
    (tmp_path / "images").mkdir()
    (tmp_path / "labels").mkdir()
    for i in range(8):
        mask = np.random.default_rng(i).integers(0, 3, (5, 6), dtype=np.uint8).repeat(4, 0).repeat(4, 1)
        picture = np.stack([mask * 100, mask * 0, mask * 0], axis=-1)
        PILImage.fromarray(mask).save(tmp_path / "labels" / f"{i}_P.png")
        PILImage.fromarray(picture).save(tmp_path / "images" / f"{i}.png")
    return tmp_path


def mask_of(file):
    return file.parent.parent / "labels" / f"{file.stem}_P.png"


@pytest.fixture
def labelled(folder):
    items = SegmentationItemList.from_folder(folder / "images").split_by_rand_pct(0.25, seed=0)
    return items.label_from_func(mask_of, classes=CODES)


def test_masks_are_classes_a_pixel(labelled):
    x, y = labelled.train[0]
    assert isinstance(y, ImageSegment)
    assert (y.data.dtype, tuple(y.shape)) == (torch.int64, (1, 20, 24))
    assert torch.equal(y.data[0], (x.data[0] * 2.55).round().long())


def test_classes_reach_every_list(labelled):
    assert labelled.train.y.classes == labelled.valid.y.classes == CODES
    assert labelled.c == 3


def test_masks_follow_their_pictures(labelled):
    tfms = get_transforms(max_lighting=0, max_rotate=30, p_affine=1.0)
    data = labelled.transform(tfms, size=(20, 24), tfm_y=True, padding_mode="zeros").databunch(bs=4, num_workers=0)
    xb, yb = data.one_batch()
    assert (yb.dtype, tuple(yb.shape)) == (torch.int64, (4, 1, 20, 24))
    agree = ((xb[:, 0] * 2.55).round().long() == yb[:, 0]).float().mean()
    assert agree > 0.8


def test_the_loss_is_cross_entropy_over_the_classes(labelled):
    loss = labelled.train.y.loss_func
    scores, masks = torch.randn(2, 3, 4, 5), torch.randint(3, (2, 1, 4, 5))
    expected = torch.nn.functional.cross_entropy(scores, masks[:, 0])
    torch.testing.assert_close(loss(scores, masks), expected)


def test_a_prediction_becomes_a_mask():
    masks = SegmentationLabelList([], classes=CODES)
    scores = torch.zeros(3, 2, 2)
    scores[2, 0, 0] = scores[1, 1, 1] = 1
    found = masks.reconstruct(masks.analyze_pred(scores))
    assert isinstance(found, ImageSegment)
    assert found.data.tolist() == [[[2, 0], [0, 1]]]


def test_c_follows_from_the_classes():
    assert SegmentationLabelList([]).c is None
    with pytest.raises(DataError, match="SegmentationLabelList: c follows from classes"):
        SegmentationLabelList([], classes=CODES).c = 4


def test_it_goes_to_a_file_and_back(labelled, folder):
    data = labelled.transform(get_transforms(), size=8, tfm_y=True).databunch(bs=2, num_workers=0)
    again = type(data).from_state(data.export_state(), folder)
    assert again.classes == CODES and again.c == 3
    xb, _ = again.one_item(data.valid_ds.x[0])
    assert xb.shape == (1, 3, 8, 8)


def test_samples_and_results_show(labelled):
    data = labelled.transform(size=20, tfm_y=True).databunch(bs=4, num_workers=0)
    data.show_batch(rows=2)
    assert sum(len(ax.images) == 2 for ax in plt.gcf().axes) == 4
    plt.close("all")
    x, y = data.train_ds[0]
    data.train_ds.x.show_xyzs([x, x], [y, y], [y, y])
    assert [ax.get_title() for ax in plt.gcf().axes] == ["Ground truth", "Predictions", "", ""]
    plt.close("all")


def test_a_class_has_one_colour_in_every_mask(labelled):
    import matplotlib.pyplot as plt

    ranges = []
    for indices in (torch.zeros(1, 4, 4), torch.full((1, 4, 4), 2.0)):
        mask = labelled.train.y.reconstruct(indices)
        ax = plt.subplots()[1]
        mask.show(ax=ax)
        ranges.append(ax.images[0].get_clim())
    plt.close("all")
    assert ranges == [(0, 2), (0, 2)]
    assert labelled.train.y[0].n_classes == 3
    assert labelled.train.y[0].reconstruct(torch.zeros(1, 4, 4)).n_classes == 3


def test_indices_beyond_the_classes_are_not_drawn():
    mask = ImageSegment(torch.tensor([[[0.0, 1, 255]]]))
    mask.n_classes = 2
    ax = plt.subplots()[1]
    mask.show(ax=ax)
    assert np.ma.getmaskarray(ax.images[0].get_array()).tolist() == [[False, False, True]]
    plt.close("all")


def test_an_index_that_is_no_class_is_named_with_its_file(folder):
    items = SegmentationItemList.from_folder(folder / "images").split_none()
    found = items.label_from_func(mask_of, classes=CODES[:2])
    with pytest.raises(DataError, match=r"must lie in 0\.\.1, one for each of the 2 classes; got 2 in .*0_P\.png"):
        found.train[0]
    ignoring = items.label_from_func(mask_of, classes=CODES[:2], ignore=2)
    assert ignoring.train[0][1].data.max() == 2
    scores, masks = torch.randn(1, 2, 4, 5), torch.tensor([0, 1, 2, 2, 2] * 4).view(1, 1, 4, 5)
    expected = torch.nn.functional.cross_entropy(scores, masks[:, 0], ignore_index=2)
    torch.testing.assert_close(ignoring.train.y.loss_func(scores, masks), expected)


def test_a_mask_of_another_size_than_its_picture_is_named(labelled, folder):
    PILImage.fromarray(np.zeros((20, 25), np.uint8)).save(folder / "labels" / "1_P.png")
    which = [file.stem for file in labelled.train.items].index("1")
    said = r"a mask must have the size of its picture; got \(20, 25\) in .*1_P\.png and \(20, 24\) in .*1\.png"
    with pytest.raises(DataError, match=said):
        labelled.transform(size=16, tfm_y=True).train[which]


def test_a_palette_gives_its_places_not_its_colours(labelled, folder):
    which = [file.stem for file in labelled.train.items].index("1")
    before = labelled.train[which][1].data
    for file in sorted((folder / "labels").glob("*.png")):
        coloured = PILImage.open(file).convert("P")
        coloured.putpalette([10, 20, 30, 200, 0, 0, 0, 0, 250])
        coloured.save(file)
    assert torch.equal(labelled.train[which][1].data, before)
    items = SegmentationItemList.from_folder(folder / "images").split_none()
    turned = items.label_from_func(mask_of, classes=CODES, after_open=lambda picture: picture.transpose(0))
    place = [file.stem for file in turned.train.items].index("1")
    assert torch.equal(turned.train.y[place].data, before.flip(2))


class TestMasksInMemory:
    """`keep_mb`: what is kept is the file's mask, as long as the file stays as it is and there is room."""

    @pytest.fixture
    def kept(self, folder):
        items = SegmentationItemList.from_folder(folder / "images").split_by_rand_pct(0.25, seed=0)
        return items.label_from_func(mask_of, classes=CODES, keep_mb=1)

    def test_the_same_masks_from_memory(self, kept, labelled, folder):
        first, second = ([kept.train.y[i].data for i in range(6)] for _ in range(2))
        for i in range(6):
            assert torch.equal(first[i], labelled.train.y[i].data) and torch.equal(first[i], second[i])
        assert 0 < kept.train.y._memory.nbytes < 6 * 20 * 24
        data = kept.transform(get_transforms(), size=(20, 24), tfm_y=True).databunch(bs=2, num_workers=0)
        assert [tuple(yb.shape) for _, yb in data.train_dl] == 3 * [(2, 1, 20, 24)]

    def test_memory_is_read(self, kept, monkeypatch):
        wanted = kept.train.y[0].data
        monkeypatch.setattr(type(kept.train.y), "open", None)
        assert torch.equal(kept.train.y[0].data, wanted)

    def test_a_changed_file_is_read_again(self, kept):
        kept.train.y[0]
        used = kept.train.y._memory.nbytes
        PILImage.fromarray(np.full((20, 24), 2, np.uint8)).save(kept.train.y.items[0])
        assert kept.train.y[0].data.unique().tolist() == [2]
        assert kept.train.y._memory.nbytes == 5 < used

    def test_no_more_than_asked_for(self, folder):
        items = SegmentationItemList.from_folder(folder / "images").split_none()
        found = items.label_from_func(mask_of, classes=CODES, keep_mb=0.001)
        for i in range(8):
            found.train.y[i]
        assert 0 < found.train.y._memory.nbytes <= 1000

    def test_checks_stay(self, folder):
        items = SegmentationItemList.from_folder(folder / "images").split_none()
        found = items.label_from_func(mask_of, classes=CODES[:2], keep_mb=1)
        for _ in range(2):
            with pytest.raises(DataError, match=r"got 2 in .*0_P\.png"):
                found.train.y[0]

    def test_masks_that_are_no_files(self):
        masks = ArrayMasks(np.arange(3), classes=CODES, keep_mb=1)
        assert masks[2].data.tolist() == [[[2, 2]]] and masks._memory.nbytes == 0

    def test_a_missing_file_is_named(self, kept):
        kept.train.y.items[0].unlink()
        with pytest.raises(DataError, match=r"_P\.png cannot be opened"):
            kept.train.y[0]

    def test_less_than_none(self):
        with pytest.raises(ArgumentError, match="keep_mb must be a number of at least 0; got -1"):
            SegmentationLabelList([], classes=CODES, keep_mb=-1)


class ArrayMasks(SegmentationLabelList):
    """Masks made of their number."""

    def open(self, fn):
        return ImageSegment(torch.full((1, 1, 2), float(fn)))


def test_classes_of_masks_are_weighed_by_their_pixels(labelled, folder):
    counts = np.zeros(3)
    for file in labelled.train.y.items:
        counts += np.bincount(np.asarray(PILImage.open(file)).ravel(), minlength=3)
    expected = torch.tensor(counts.sum() / (3 * counts), dtype=torch.float32)
    torch.testing.assert_close(class_weights(labelled.train), expected)
    data = labelled.transform(get_transforms(), size=12, tfm_y=True).databunch(bs=4, num_workers=0, device="cpu")
    torch.testing.assert_close(class_weights(data), expected)
    loss = CrossEntropyFlat(axis=1, weight=class_weights(data, power=0.5))
    assert torch.isfinite(loss(torch.randn(4, 3, 12, 12), data.one_batch()[1]))


def test_ignored_pixels_are_not_weighed(folder):
    items = SegmentationItemList.from_folder(folder / "images").split_none()
    ignoring = items.label_from_func(mask_of, classes=CODES[:2], ignore=2).train
    counts = sum(np.bincount(np.asarray(PILImage.open(f)).ravel(), minlength=3)[:2] for f in ignoring.y.items)
    torch.testing.assert_close(class_weights(ignoring), torch.tensor(counts.sum() / (2 * counts), dtype=torch.float32))


def test_masks_without_named_classes_are_not_weighed(folder):
    items = SegmentationItemList.from_folder(folder / "images").split_none()
    with pytest.raises(DataError, match="SegmentationLabelList: the classes of the masks must be known to be counted"):
        class_weights(items.label_from_func(mask_of).train)
