"""What a newcomer gets wrong between the folder and the batches, and what the library answers."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
import torch

from onecycle.errors import ArgumentError, ArgumentTypeError, DataError, OnecycleError, StepError
from onecycle.vision import (
    CategoryList,
    DatasetType,
    ImageDataBunch,
    ImageList,
    ItemList,
    Learner,
    cnn_learner,
    flip_lr,
    get_image_files,
    get_transforms,
    imagenet_stats,
    rand_pad,
    rotate,
)

pytestmark = pytest.mark.usefixtures("one_thread")

CPU = {"num_workers": 0, "device": "cpu"}


def split(folder, **how):
    return ImageList.from_folder(folder).split_by_rand_pct(0.25, seed=1, **how)


def labelled(folder, **how):
    return split(folder).label_from_folder(**how)


@pytest.fixture
def table(pets):
    names = [file.relative_to(pets).as_posix() for file in get_image_files(pets, recurse=True)]
    frame = pd.DataFrame({"name": names, "label": [name.split("/")[0] for name in names]})
    frame.to_csv(pets / "labels.csv", index=False)
    return frame


# Folders


READERS = {
    "ImageList": lambda folder: ImageList.from_folder(folder),
    "ImageDataBunch": lambda folder: ImageDataBunch.from_folder(folder, valid_pct=0.2),
}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS.keys())
def test_an_empty_folder(tmp_path, read):
    with pytest.raises(DataError, match=f"no item in folder '{tmp_path}'.*ending in .*holds no file at all"):
        read(tmp_path)


@pytest.mark.parametrize("read", READERS.values(), ids=READERS.keys())
def test_a_folder_without_pictures_tells_what_it_holds(tmp_path, read):
    (tmp_path / "notes.txt").write_text("no picture")
    with pytest.raises(
        DataError, match=r"no item in folder .*looked for files ending in .*\.jpg.* hold 1 \.txt"
    ):
        read(tmp_path)


def test_a_folder_that_is_not_there_or_none(pets):
    with pytest.raises(DataError, match="folder '.*pest' does not exist. Did you mean 'pets'"):
        ImageList.from_folder(pets.parent / "pest")
    with pytest.raises(DataError, match="cat_0.png' is a file, not a folder"):
        ImageList.from_folder(pets / "cat" / "cat_0.png")
    with pytest.raises(ArgumentTypeError, match="from_folder: path must be a folder; got None"):
        ImageList.from_folder(None)


def test_a_folder_in_place_of_a_list(pets, pets_bunch):
    with pytest.raises(
        ArgumentTypeError, match=r"ImageList: items must be several items; got .*from_folder\(path\)"
    ):
        ImageList(pets)
    with pytest.raises(ArgumentTypeError, match="items must be several items"):
        pets_bunch().add_test(pets / "cat" / "cat_0.png")


def test_no_folder_named_train_tells_the_folders(pets):
    with pytest.raises(DataError, match=r"no item is in folder 'train' of '.*pets'.*cat \(6\), dog \(6\)"):
        ImageDataBunch.from_folder(pets)


def test_a_test_folder_that_is_not_there(pets):
    with pytest.raises(DataError, match="folder '.*tset' does not exist"):
        labelled(pets).add_test_folder("tset")


def test_a_class_folder_with_one_file(pets):
    for i in range(1, 6):
        (pets / "dog" / f"dog_{i}.png").unlink()
    with pytest.warns(
        UserWarning, match="classes with a single item: dog. Such a class can be learnt or checked"
    ):
        ImageList.from_folder(pets).split_by_idx([0]).label_from_folder().databunch(bs=2, **CPU)
    with pytest.warns(
        UserWarning, match="validation set has labels that are no class of the training set: dog"
    ):
        ImageList.from_folder(pets).split_by_idx([6]).label_from_folder()
    with pytest.raises(DataError, match="at least two items of each label; these have one: 'dog'. Add items"):
        split(pets, stratify=lambda file: file.parent.name)


def test_all_pictures_in_one_folder(pets):
    said = "all items have one class, 'cat': there is nothing to tell apart.*pass the folder that holds those folders"
    with pytest.warns(UserWarning, match=said):
        ImageDataBunch.from_folder(pets / "cat", valid_pct=0.2, bs=2, **CPU)


def test_a_share_that_leaves_nothing_to_validate(pets):
    with pytest.warns(UserWarning, match="valid_pct 0.05 of 12 items is less than one item.*at least 0.083, or split"):
        ImageList.from_folder(pets).split_by_rand_pct(0.05)


# Labels


def test_a_pattern_that_does_not_match_is_shown_with_the_files(pets):
    files = get_image_files(pets, recurse=True)
    said = (
        re.escape(r"pat '/(\\d+)_x.jpg$' does not match 9 of 9 file names: '")
        + ".*cat_.*png'.*and 4 more.*Change"
    )
    with pytest.raises(DataError, match=said):
        ImageDataBunch.from_name_re(pets, files, r"/(\d+)_x.jpg$", valid_pct=0.25, seed=1)
    with pytest.raises(DataError, match=said):
        split(pets).label_from_re(r"/(\d+)_x.jpg$")


def test_a_pattern_that_is_none(pets):
    with pytest.raises(ArgumentError, match="pat must have a group; got 'cat'.*in parentheses"):
        split(pets).label_from_re("cat")
    with pytest.raises(ArgumentError, match=r"pat must be a regular expression; got '\(cat'"):
        split(pets).label_from_re("(cat")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda p: ImageList.from_csv(p, "labels.csv", cols="nme"), "no column 'nme'. Did you mean 'name'"),
        (
            lambda p: ImageList.from_csv(p, "labels.csv", cols=7),
            "no column 7. The columns are 'name', 'label'",
        ),
        (lambda p: ImageDataBunch.from_csv(p, label_col="lable"), "no column 'lable'. Did you mean 'label'"),
        (
            lambda p: ImageDataBunch.from_csv(p, fn_col="file"),
            "no column 'file'.*The columns are 'name', 'label'",
        ),
        (
            lambda p: ImageDataBunch.from_csv(p, csv_labels="label.csv"),
            "label.csv' does not exist. Did you mean 'labels.csv'",
        ),
    ],
)
def test_a_table_without_the_column_tells_its_columns(pets, table, call, said):
    with pytest.raises(DataError, match=said):
        call(pets)


@pytest.mark.parametrize(("content", "said"), [
    (b"", "cannot be read as a table"),
    (bytes(range(256)) * 4, "is not utf-8: byte 0x80"),
])  # fmt: skip
def test_a_table_that_is_none(pets, content, said):
    (pets / "odd.csv").write_bytes(content)
    with pytest.raises(DataError, match=f"odd.csv' {said}"):
        ImageList.from_csv(pets, "odd.csv")


def test_a_list_in_place_of_a_table(pets):
    with pytest.raises(ArgumentTypeError, match=r"from_df: df must be a pandas data frame; got \['a.png'\]"):
        ImageList.from_df(["a.png"], pets)


def test_labels_that_are_missing_are_named(pets, table):
    table.loc[3, "label"] = None
    said = r"1 of .* rows have no value in column 'label': row 3 \(cat/cat_3.png\).*dropna"
    with pytest.raises(DataError, match=said):
        ImageList.from_df(table, pets).split_none().label_from_df()
    with pytest.raises(DataError, match=said):
        ImageDataBunch.from_df(pets, table, valid_pct=0)
    with pytest.raises(
        DataError, match="2 of 12 items have no label: .*cat_3.png, .*dog_3.png. Give them one"
    ):
        ImageList.from_folder(pets).split_none().label_from_func(lambda f: None if "3" in f.name else "pet")


def test_files_of_a_table_that_are_not_there(pets):
    frame = pd.DataFrame({"name": ["cat/cat_0.png", "cat/cat_77.png"] * 4, "label": ["a", "b"] * 4})
    with pytest.raises(DataError, match=r"cannot be read: .*cat_77.png cannot be opened .* Check the path"):
        ImageDataBunch.from_df(pets, frame, valid_pct=0, bs=2, **CPU)


def test_more_or_fewer_labels_than_files(pets):
    with pytest.raises(ArgumentError, match="labels must hold one label a file; got 2 labels for 6 files"):
        ImageDataBunch.from_lists(pets, get_image_files(pets / "cat"), ["a", "b"])
    with pytest.raises(DataError, match="must have one label for each of the 9 items; got 1"):
        split(pets).label_from_lists(["a"], ["b"] * 3)


def test_a_function_that_labels_and_fails_tells_the_item(pets):
    with pytest.raises(KeyError, match="(?s)cat_0.png.*item: .*cat_0.png"):
        ImageList.from_folder(pets).split_none().label_from_func(lambda f: {}[f.name])
    with pytest.raises(ArgumentTypeError, match="label_from_func: func must be a function; got 'cat'"):
        split(pets).label_from_func("cat")


def test_labels_that_are_not_among_the_classes(pets):
    with pytest.warns(UserWarning, match="labels that are not in classes: dog; leaving out 6 of 9 items"):
        labelled(pets, classes=["cat"])


# Splits


@pytest.mark.parametrize("share", [1.5, -1, "0.2", 20])
def test_a_share_is_between_0_and_1(pets, share):
    with pytest.raises(ArgumentError, match="valid_pct must be a number between 0 and 1; got .*0.2 means a fifth"):
        ImageList.from_folder(pets).split_by_rand_pct(share)
    with pytest.raises(ArgumentError, match="valid_pct must be a number between 0 and 1"):
        ImageDataBunch.from_folder(pets, valid_pct=share)


@pytest.mark.parametrize("seed", ["a", -1, 2.5])
def test_a_seed_is_a_whole_number(pets, seed):
    with pytest.raises(ArgumentError, match="split_by_rand_pct: seed must be a whole number from 0 .*; got"):
        ImageList.from_folder(pets).split_by_rand_pct(0.2, seed=seed)


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda items: items.split_by_idx([99]), DataError, "must hold positions of the 12 items; got 99"),
        (
            lambda items: items.split_by_idx(["a"]),
            ArgumentTypeError,
            r"valid_idx must hold whole numbers.*; got \['a'\]",
        ),
        (
            lambda items: items.split_by_idx(3),
            ArgumentTypeError,
            "valid_idx must hold whole numbers.*; got 3",
        ),
        (
            lambda items: items.split_by_files(["cat_9.png"]),
            DataError,
            "none of the 1 names .*Did you mean 'cat_",
        ),
        (lambda items: items.split_by_fname_file("v.txt"), DataError, "file '.*v.txt' does not exist"),
        (
            lambda items: items.split_from_df(),
            DataError,
            "items must come from a data frame. Make the list with from_df",
        ),
        (lambda items: items.split_by_valid_func("x"), ArgumentTypeError, "func must be a function; got 'x'"),
        (
            lambda items: items.filter_by_func("x"),
            ArgumentTypeError,
            "filter_by_func: func must be a function",
        ),
        (
            lambda items: items.split_by_list(["a"], ["b"]),
            ArgumentTypeError,
            "train must be a list of items such as ImageL",
        ),
        (lambda items: items.split_by_folder("tran"), DataError, "no item is in folder 'tran'"),
    ],
)
def test_splits_that_cannot_be_made(pets, call, error, said):
    with pytest.raises(error, match=said):
        call(ImageList.from_folder(pets))


def test_nothing_left_to_train_on(pets):
    with pytest.raises(
        DataError, match="the training set is empty: look at the split, or at what the filters left"
    ):
        ImageList.from_folder(pets).filter_by_func(
            lambda f: False
        ).split_none().label_from_folder().databunch(**CPU)


# Words of the sentence in the wrong order


@pytest.mark.parametrize(
    ("sentence", "error", "said"),
    [
        (lambda p: split(p).split_by_rand_pct(0.2), StepError, "comes too late, the items are split already"),
        (lambda p: labelled(p).split_none(), StepError, "comes too late, the items are labelled already"),
        (lambda p: labelled(p).label_from_folder(), StepError, "labelled already. Label once, right after the split"),
        (lambda p: ImageList.from_folder(p).transform(size=8), StepError, "early. Call a split_.*then a label_"),
        (lambda p: split(p).transform(size=8), DataError, "the items are not labelled yet. Call a label_… method"),
        (lambda p: split(p).databunch(), DataError, "the items are not labelled yet"),
        (lambda p: ImageList.from_folder(p).databunch(), DataError, "not split and not labelled yet. Call a split_"),
        (lambda p: ImageList.from_folder(p).label_from_folder().databunch(), DataError, "the items are not split"),
        (lambda p: labelled(p).normalize(imagenet_stats), StepError, r"Call databunch\(\), then normalize\(\)"),
        (lambda p: labelled(p).show_batch(), StepError, r"Call databunch\(\), then show_batch\(\)"),
        (lambda p: labelled(p).databunch(bs=2, **CPU).transform(size=8), StepError, "Its place is before databunch"),
        (lambda p: labelled(p).databunch(bs=2, **CPU).databunch(), StepError, "the items are loaded already"),
    ],
)  # fmt: skip
def test_words_in_the_wrong_order(pets, sentence, error, said):
    with pytest.raises(error, match=said):
        sentence(pets)


def test_normalising_twice(pets_bunch):
    with pytest.raises(
        ArgumentError, match="normalize: can be called once; the data has Normalize.*Build the data again"
    ):
        pets_bunch().normalize(imagenet_stats).normalize(imagenet_stats)


def test_statistics_that_do_not_fit(pets, pets_bunch):
    grey = (
        ImageList.from_folder(pets, convert_mode="L").split_none().label_from_folder().databunch(bs=2, **CPU)
    )
    with pytest.raises(
        DataError, match="one value a channel; got 3 means for pictures of 1 channel.*convert_mode='RGB'"
    ):
        grey.normalize(imagenet_stats)
    with pytest.raises(ArgumentError, match="stats must be a pair; got 'imagenet'.*imagenet_stats"):
        pets_bunch().normalize("imagenet")


# Transforms and sizes


@pytest.mark.parametrize("size", [0, -3, "16", 16.5, (16,), (16, 0)])
def test_a_size_is_whole_pixels(pets, size):
    with pytest.raises((ArgumentError, ArgumentTypeError), match="size must be .*whole number.*; got"):
        labelled(pets).transform(get_transforms(), size=size).databunch(bs=2, **CPU)


def test_pictures_of_several_sizes_need_one(pets):
    from PIL import Image

    Image.new("RGB", (30, 20)).save(pets / "dog" / "dog_5.png")
    sentence = ImageList.from_folder(pets).split_none().label_from_folder()
    said = r"do not make a batch: .*\(3, 16, 16\).*\(3, 20, 30\).*transform\(tfms, size=224\)"
    with pytest.raises(DataError, match=said):
        sentence.databunch(bs=4, **CPU)
    data = sentence.databunch(bs=12, no_check=True, **CPU)
    with pytest.raises(
        DataError, match=r"pictures of a batch must have one shape.*transform\(tfms, size=224\), or pass bs=1"
    ):
        data.one_batch()
    assert sentence.transform(size=8).databunch(bs=12, **CPU).one_batch()[0].shape == (12, 3, 8, 8)


@pytest.mark.parametrize(
    ("tfms", "settings", "error", "said"),
    [
        ([flip_lr()], {}, ArgumentError, "tfms must be a pair; got .*Pass \\(transforms for training"),
        (get_transforms, {}, ArgumentError, "tfms must be a pair; got <function get_transforms"),
        ("flip", {}, ArgumentError, "tfms must be a pair; got 'flip'"),
        ((["flip"], []), {}, ArgumentTypeError, "tfms must hold calls of transforms; got 'flip'"),
        (
            (None, None),
            {"padding_mode": "zero"},
            ArgumentError,
            "padding_mode must be one of .*Did you mean 'zeros'",
        ),
        (
            (None, None),
            {"resize_method": "crop"},
            ArgumentError,
            "resize_method must be one of ResizeMethod.CROP",
        ),
        (
            (None, None),
            {"sise": 10},
            ArgumentTypeError,
            "transform: unknown keyword 'sise'. Did you mean 'size'",
        ),
        (([rotate(degrees="10")], []), {}, ArgumentTypeError, "rotate: degrees must be a number"),
    ],
)
def test_transforms_that_cannot_be_used(pets, tfms, settings, error, said):
    with pytest.raises(error, match=said):
        labelled(pets).transform(tfms, **{"size": 12, **settings}).databunch(bs=2, **CPU).one_batch()


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            lambda: get_transforms(max_rotate="10"),
            "get_transforms: max_rotate must be a number of at least 0; got '10'",
        ),
        (lambda: get_transforms(max_zoom=-1), "max_zoom must be a number of at least 0; got -1"),
        (lambda: get_transforms(p_affine=3), "p_affine must be a number from 0 to 1; got 3"),
        (lambda: flip_lr(p="a"), "flip_lr: p must be a probability, a number from 0 to 1; got 'a'"),
    ],
)
def test_settings_of_transforms_out_of_range(call, said):
    with pytest.raises(ArgumentError, match=said):
        call()


# Batches and devices


@pytest.mark.parametrize("bs", [0, -1, "4", 2.5, None, True])
def test_a_batch_size_is_a_whole_number(pets, bs):
    with pytest.raises(ArgumentError, match="bs must be a whole number of at least 1; got"):
        labelled(pets).databunch(bs=bs, **CPU)


def test_a_batch_larger_than_the_set(pets, tiny_net):
    with pytest.warns(
        UserWarning,
        match="bs is 64 and the training set has 9 items; its batches have 9. Pass a bs of at most 9",
    ):
        data = labelled(pets).databunch(**CPU)
    Learner(data, tiny_net(), silent=True).fit(1)
    assert data.one_batch()[0].shape[0] == 9


@pytest.mark.parametrize("workers", [-1, "2", 2.5])
def test_a_number_of_workers(pets, workers):
    with pytest.raises(ArgumentError, match="num_workers must be a whole number of at least 0, or None; got"):
        labelled(pets).databunch(bs=2, num_workers=workers)


@pytest.mark.parametrize("device", ["gpu", "cuda:99", 99, "cud"])
def test_a_device_that_is_not_there(pets, device):
    with pytest.raises(
        ArgumentError, match="device: must be a device that this machine has \\('cpu'.*; got .*torch says"
    ):
        labelled(pets).databunch(bs=2, num_workers=0, device=device)


def test_a_set_that_is_not_there(pets_bunch):
    with pytest.raises(DataError, match="the data has no test set. Add one with add_test"):
        pets_bunch().one_batch(DatasetType.Test)
    with pytest.raises(ArgumentError, match="ds_type must be one of DatasetType.Train.*; got 'valid'"):
        pets_bunch().one_batch("valid")


# Unknown keywords


KEYWORDS = {
    "from_folder": (
        lambda p: ImageList.from_folder(p, convertmode="L"),
        "'convertmode'. Did you mean 'convert_mode'",
    ),
    "split": (
        lambda p: ImageList.from_folder(p).split_by_rand_pct(pct=0.2),
        "'pct'. Did you mean 'valid_pct'",
    ),
    "split 2": (lambda p: ImageList.from_folder(p).split_by_rand_pct(sed=2), "'sed'. Did you mean 'seed'"),
    "folders": (
        lambda p: ImageList.from_folder(p).split_by_folder(vaild="x"),
        "'vaild'. Did you mean 'valid'",
    ),
    "subsets": (
        lambda p: ImageList.from_folder(p).split_subsets(train=0.5),
        "'train'. Did you mean 'train_size'",
    ),
    "label": (lambda p: split(p).label_from_folder(clases=["a"]), "'clases'. Did you mean 'classes'"),
    "func": (lambda p: split(p).label_from_func(str, label_class=CategoryList), "Did you mean 'label_cls'"),
    "databunch": (lambda p: labelled(p).databunch(batch_size=4), "'batch_size'. Did you mean 'bs'"),
    "databunch 2": (lambda p: labelled(p).databunch(nworkers=4), "'nworkers'. Did you mean 'num_workers'"),
    "normalize": (
        lambda p: labelled(p).databunch(bs=2, **CPU).normalize(stat=1),
        "'stat'. Did you mean 'stats'",
    ),
    "get_transforms": (lambda p: get_transforms(do_flp=False), "'do_flp'. Did you mean 'do_flip'"),
    "rand_pad": (lambda p: rand_pad(3, 28, mod="zeros"), "'mod'. Did you mean 'mode'"),
    "rotate": (lambda p: rotate(degres=10), "'degres'. Did you mean 'degrees'"),
    "cnn_learner": (lambda p: cnn_learner(None, None, metric=1), "'metric'. Did you mean 'metrics'"),
}


@pytest.mark.parametrize(("call", "said"), KEYWORDS.values(), ids=KEYWORDS.keys())
def test_an_unknown_keyword_is_answered_with_the_nearest(pets, call, said):
    with pytest.raises(ArgumentTypeError, match=f"unknown keyword .*{said}"):
        call(pets)


ROOMS = {
    "from_folder": lambda p, **k: ImageDataBunch.from_folder(p, **k),
    "from_df": lambda p, **k: ImageDataBunch.from_df(p, None, **k),
    "from_csv": lambda p, **k: ImageDataBunch.from_csv(p, **k),
    "from_name_re": lambda p, **k: ImageDataBunch.from_name_re(p, [], "(a)", **k),
    "from_name_func": lambda p, **k: ImageDataBunch.from_name_func(p, [], str, **k),
    "from_lists": lambda p, **k: ImageDataBunch.from_lists(p, [], [], **k),
}


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize(
    ("word", "meant"), [("batch_size", "bs"), ("tfms", "ds_tfms"), ("sze", "size"), ("valid_pc", "valid_pct")]
)
def test_unknown_keywords_of_the_short_ways(pets, room, word, meant):
    with pytest.raises(ArgumentTypeError, match=f"{room}: unknown keyword {word!r}. Did you mean {meant!r}"):
        ROOMS[room](pets, **{word: 1})


def test_a_mistyped_method_is_an_attribute_error_with_its_name(pets):
    with pytest.raises(
        AttributeError, match="'ImageList' object has no attribute 'split_by_random'"
    ) as caught:
        ImageList.from_folder(pets).split_by_random(0.2)
    assert caught.value.name == "split_by_random"  # from this Python adds 'Did you mean …' to its traceback


# And everything said is of the library's own kind


def test_numbers_in_place_of_pictures():
    data = ItemList(np.arange(8.0)).split_none().label_from_func(float).databunch(bs=4, **CPU)
    with pytest.raises(OnecycleError, match="no validation|empty|must hold at least one"):
        Learner(data, torch.nn.Linear(1, 1), silent=True).validate()
