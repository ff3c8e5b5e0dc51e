"""Tests of onecycle.vision.image_bunch."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image as PILImage

from onecycle.data.bunch import DatasetType
from onecycle.errors import ArgumentError, DataError
from onecycle.vision.image_bunch import ImageDataBunch
from onecycle.vision.image_list import ImageList
from onecycle.vision.normalization import imagenet_stats, mnist_stats
from onecycle.vision.recipes import get_transforms

PATTERN = r"/([^/]+)_\d+.png$"


def save(path, seed, mode="RGB", size=(14, 12)):
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = (*size, 3) if mode == "RGB" else size
    pixels = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    PILImage.fromarray(pixels).save(path)
    return path


@pytest.fixture
def files(tmp_path):
    """Twenty pictures of two kinds: cat_0.png … dog_9.png."""
    folder = tmp_path / "images"
    return [save(folder / f"{kind}_{i}.png", 10 * k + i) for k, kind in enumerate(("cat", "dog")) for i in range(10)]


@pytest.fixture
def folder(files):
    return files[0].parent


@pytest.fixture
def data(folder, files):
    return ImageDataBunch.from_name_re(folder, files, PATTERN, seed=1, bs=4, size=8)


@pytest.fixture
def sorted_folder(tmp_path):
    """Pictures in train/cat, train/dog, valid/cat, valid/dog and others/."""
    for part, count in (("train", 6), ("valid", 2)):
        for k, kind in enumerate(("cat", "dog")):
            for i in range(count):
                save(tmp_path / part / kind / f"{i}.png", 100 * k + i)
    for i in range(3):
        save(tmp_path / "others" / f"{i}.png", i)
    return tmp_path


def test_it_prints_its_sets(folder, files):
    np.random.seed(2)
    data = ImageDataBunch.from_name_re(folder, files, PATTERN, ds_tfms=get_transforms(), size=8, bs=4)
    images = ",".join(["Image (3, 8, 8)"] * 5)
    train, valid, test = repr(data).split("\n\n")[1:]
    assert repr(data).startswith("ImageDataBunch;\n\nTrain: LabelList (16 items)\nx: ImageList\n")
    assert train.splitlines()[2] == images and train.endswith(f"Path: {folder};")
    assert valid.startswith("Valid: LabelList (4 items)\nx: ImageList\nImage (3, 8, 8)")
    assert valid.splitlines()[3] == "y: CategoryList"
    assert test == "Test: None"


class TestWaysToBuildIt:
    def check(self, data, train, valid, classes=("cat", "dog")):
        assert (len(data.train_ds), len(data.valid_ds)) == (train, valid)
        assert data.classes == list(classes) and data.c == len(classes)
        xb, yb = data.one_batch()
        assert xb.shape[1:] == (3, 8, 8) and yb.dtype == torch.int64
        return data

    def test_from_name_re(self, data):
        self.check(data, 16, 4)

    def test_from_name_re_splits_as_numpy_says(self, folder, files):
        np.random.seed(2)
        order = np.random.permutation(20)
        np.random.seed(2)
        data = ImageDataBunch.from_name_re(folder, files, PATTERN, bs=4, size=8)
        assert sorted(map(str, data.valid_ds.x.items)) == sorted(str(files[i]) for i in order[:4])

    def test_a_pattern_that_does_not_match_is_shown_with_the_file(self, folder, files):
        with pytest.raises(DataError, match=r"dogs.*cat_0\.png|cat_0\.png.*dogs"):
            ImageDataBunch.from_name_re(folder, files, r"/(dogs)_\d+.png$", bs=4, size=8)

    def test_from_name_func(self, folder, files):
        data = ImageDataBunch.from_name_func(folder, files, lambda o: o.name[:3], seed=1, bs=4, size=8)
        self.check(data, 16, 4)

    def test_from_lists(self, folder, files):
        labels = [file.name[:3] for file in files]
        data = self.check(ImageDataBunch.from_lists(folder, files, labels, seed=1, bs=4, size=8), 16, 4)
        assert all(str(y) in str(item) for item, y in zip(data.train_ds.x.items, data.train_ds.y, strict=True))

    def test_from_lists_takes_a_file_under_two_labels(self, folder, files):
        twice, labels = [files[0], files[0]] * 5, ["a", "b"] * 5
        data = ImageDataBunch.from_lists(folder, twice, labels, seed=1, bs=4, size=8)
        assert data.classes == ["a", "b"]

    def test_from_lists_of_different_lengths(self, folder, files):
        with pytest.raises(ArgumentError, match="from_lists: labels must hold one label a file; got 1 labels for 20"):
            ImageDataBunch.from_lists(folder, files, ["cat"])

    def test_from_lists_with_a_list_class(self, folder, files):
        class Grey(ImageList):
            def __init__(self, *args, **kwargs):
                super().__init__(*args, **{**kwargs, "convert_mode": "L"})

        labels = [file.name[:3] for file in files]
        data = ImageDataBunch.from_lists(folder, files, labels, seed=1, item_cls=Grey, bs=4, size=8)
        assert data.one_batch()[0].shape == (4, 1, 8, 8)

    def table(self, files):
        tags = [f"{file.stem[:3]} {'odd' if int(file.stem[4:]) % 2 else 'even'}" for file in files]
        return pd.DataFrame({"name": [file.stem for file in files], "tags": tags})

    def test_from_df(self, tmp_path, files):
        table = self.table(files).assign(kind=[file.name[:3] for file in files])
        how = {"folder": "images", "suffix": ".png", "label_col": "kind", "seed": 1, "bs": 4, "size": 8}
        self.check(ImageDataBunch.from_df(tmp_path, table, **how), 16, 4)

    def test_from_df_with_several_labels_each(self, tmp_path, files):
        table = self.table(files)
        how = {"folder": "images", "suffix": ".png", "label_delim": " ", "seed": 1, "bs": 4, "size": 8}
        data = ImageDataBunch.from_df(tmp_path, table, **how)
        assert data.classes == ["cat", "dog", "even", "odd"]
        assert data.one_batch()[1].sum(1).tolist() == [2, 2, 2, 2]

    def test_from_csv(self, tmp_path, files):
        table = self.table(files).assign(kind=[file.name[:3] for file in files])
        table.to_csv(tmp_path / "labels.csv", index=False)
        how = {"folder": "images", "suffix": ".png", "label_col": 2, "seed": 1, "bs": 4, "size": 8}
        self.check(ImageDataBunch.from_csv(tmp_path, **how), 16, 4)

    def test_from_folder(self, sorted_folder):
        data = ImageDataBunch.from_folder(sorted_folder, test="others", bs=4, size=8)
        self.check(data, 12, 4)
        assert len(data.test_ds) == 3

    def test_from_folder_drawing_the_validation_set_from_all(self, sorted_folder):
        data = ImageDataBunch.from_folder(sorted_folder, test="others", valid_pct=0.25, seed=1, bs=4, size=8)
        self.check(data, 12, 4)

    def test_from_folder_with_a_test_folder_elsewhere(self, sorted_folder, folder):
        data = ImageDataBunch.from_folder(sorted_folder / "train", test=folder, valid_pct=0.25, seed=1, bs=4, size=8)
        assert len(data.test_ds) == 20
        assert "y: EmptyLabelList" in repr(data)

    def test_from_folder_keeps_the_classes_given_in_their_order(self, sorted_folder):
        data = ImageDataBunch.from_folder(sorted_folder, classes=["dog", "cat"], bs=4, size=8)
        self.check(data, 12, 4, classes=("dog", "cat"))

    def test_single_from_classes(self, tmp_path, files):
        data = ImageDataBunch.single_from_classes(tmp_path, ["cat", "dog"], ds_tfms=get_transforms(), size=8)
        data.normalize(imagenet_stats)
        assert data.classes == ["cat", "dog"] and data.c == 2
        xb, _ = data.one_item(ImageList(files)[0])
        assert xb.shape == (1, 3, 8, 8)


class TestNormalize:
    def test_by_given_statistics(self, data):
        raw, _ = data.one_batch(DatasetType.Fix)
        assert data.normalize(imagenet_stats) is data
        done, _ = data.one_batch(DatasetType.Fix, denorm=False)
        mean, std = (torch.tensor(values)[:, None, None] for values in imagenet_stats)
        torch.testing.assert_close(done, (raw - mean) / std)
        assert data.stats == imagenet_stats

    def test_by_those_of_a_batch(self, data):
        xb, _ = data.one_batch()
        mean, std = data.batch_stats()
        assert mean.shape == std.shape == (3,)
        assert abs(float(mean.mean()) - float(xb.mean())) < 0.05
        data.normalize()
        done = torch.cat([xb for xb, _ in data.train_dl])
        assert abs(float(done.mean())) < 0.2 and 0.8 < float(done.std()) < 1.2

    def test_pictures_to_look_at_are_as_they_were(self, data):
        raw, _ = data.one_batch(DatasetType.Fix)
        data.normalize(imagenet_stats)
        torch.testing.assert_close(data.one_batch(DatasetType.Fix)[0], raw)
        xb, _ = data.one_item(data.valid_ds.x[0])
        torch.testing.assert_close(data.denorm(xb)[0], data.one_item(data.valid_ds.x[0], denorm=True)[0][0])

    def test_twice_is_refused(self, data):
        data.normalize(imagenet_stats)
        with pytest.raises(ArgumentError, match="normalize: can be called once; the data has Normalize"):
            data.normalize(imagenet_stats)

    def test_statistics_of_colour_on_grey_pictures(self, tmp_path):
        for i in range(8):
            save(tmp_path / f"{'cat' if i % 2 else 'dog'}_{i}.png", i, "L")
        src = ImageList.from_folder(tmp_path, convert_mode="L").split_by_rand_pct(0.25, seed=1)
        data = src.label_from_re(r"(cat|dog)").transform(size=8).databunch(bs=2)
        with pytest.raises(DataError, match="got 3 means for pictures of 1 channel"):
            data.normalize(imagenet_stats)
        assert data.normalize(mnist_stats).one_batch()[0].shape == (2, 1, 8, 8)

    def test_stats_that_are_no_pair(self, data):
        with pytest.raises(ArgumentError, match="normalize: stats must be a pair"):
            data.normalize([0.5, 0.5, 0.5])
        with pytest.raises(ArgumentError, match="normalize: stats must be a pair; got 3"):
            data.normalize(3)

    def test_it_goes_to_a_file_and_back(self, data, folder):
        data.normalize(imagenet_stats)
        again = ImageDataBunch.from_state(data.export_state(), folder)
        assert type(again) is ImageDataBunch
        picture = data.valid_ds.x[0]
        torch.testing.assert_close(again.one_item(picture)[0], data.one_item(picture)[0])
        torch.testing.assert_close(again.denorm(again.one_item(picture)[0]), data.denorm(data.one_item(picture)[0]))
        with pytest.raises(ArgumentError, match="can be called once"):
            again.normalize(imagenet_stats)


def test_show_batch_draws_pictures_with_their_labels(data):
    data.normalize(imagenet_stats).show_batch(rows=2)
    titles = [ax.get_title() for ax in plt.gcf().axes if ax.images]
    plt.close("all")
    assert len(titles) == 4 and set(titles) <= {"cat", "dog"}


def test_a_batch_is_the_same_on_any_number_of_workers(folder, files):
    def first_batches(num_workers):
        data = ImageDataBunch.from_name_re(
            folder, files, PATTERN, seed=1, bs=4, size=8, ds_tfms=get_transforms(), num_workers=num_workers
        )
        data.train_dl.set_epoch(3, 1)
        return torch.cat([xb for xb, _ in data.train_dl])

    torch.testing.assert_close(first_batches(0), first_batches(2), rtol=0, atol=0)
