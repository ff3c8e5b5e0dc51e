"""Tests of onecycle.vision.image_files."""

import json

import pytest

from onecycle.errors import DataError, FileFormatError
from onecycle.vision.image_files import get_annotations, get_image_files, image_extensions


def test_endings_of_pictures_are_known_whatever_the_system_knows():
    assert {".jpg", ".png", ".bmp", ".tga", ".webp", ".pgm", ".icns", ".ico", ".tif", ".gif"} <= image_extensions()
    assert not {".txt", ".csv", ".pth"} & image_extensions()


def test_picture_files_come_sorted(tmp_path):
    for name in ("b.png", "a.JPG", "c.txt", "in/d.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [path.name for path in get_image_files(tmp_path)] == ["a.JPG", "b.png"]
    assert [path.name for path in get_image_files(tmp_path, recurse=True)] == ["a.JPG", "b.png", "d.png"]
    assert [path.name for path in get_image_files(tmp_path, check_ext=False)] == ["a.JPG", "b.png", "c.txt"]


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match="does not exist"):
        get_image_files(tmp_path / "none")


@pytest.fixture
def coco(tmp_path):
    found = {
        "categories": [{"id": 7, "name": "cat"}, {"id": 9, "name": "dog"}],
        "images": [{"id": i, "file_name": f"{name}.jpg"} for i, name in ((1, "one"), (2, "none"), (3, "three"))],
        "annotations": [
            {"image_id": 3, "category_id": 9, "bbox": [10, 20, 30, 40]},
            {"image_id": 1, "category_id": 7, "bbox": [0, 1, 2, 3]},
            {"image_id": 3, "category_id": 7, "bbox": [5, 5, 5, 5]},
        ],
    }
    path = tmp_path / "train.json"
    path.write_text(json.dumps(found))
    return path


def test_boxes_come_as_top_left_bottom_right_for_the_pictures_that_have_some(coco):
    names, targets = get_annotations(coco)
    assert names == ["one.jpg", "three.jpg"]
    assert targets == [[[[1, 0, 4, 2]], ["cat"]], [[[20, 10, 60, 40], [5, 5, 10, 10]], ["dog", "cat"]]]


def test_names_take_a_prefix(coco):
    assert get_annotations(coco, prefix="images")[0] == ["images/one.jpg", "images/three.jpg"]


def test_a_file_that_is_no_json(tmp_path):
    (tmp_path / "a.json").write_text("no json")
    with pytest.raises(FileFormatError, match=r"get_annotations: .*a\.json' is not valid JSON at line 1"):
        get_annotations(tmp_path / "a.json")


def test_json_of_another_kind(tmp_path):
    (tmp_path / "a.json").write_text('{"images": []}')
    with pytest.raises(FileFormatError, match="it lacks annotations, categories"):
        get_annotations(tmp_path / "a.json")


def test_crowds_are_left_out_and_boxes_without_an_area_with_a_warning(coco):
    found = json.loads(coco.read_text())
    found["annotations"][0]["iscrowd"] = 1
    found["annotations"][1] |= {"iscrowd": 0, "bbox": [0, 1, 0, 3]}
    coco.write_text(json.dumps(found))
    with pytest.warns(UserWarning, match=r"has 1 boxes without an area, such as \[0, 1, 0, 3\] .* of image 1"):
        assert get_annotations(coco) == (["three.jpg"], [[[[5, 5, 10, 10]], ["cat"]]])


def changed_coco(**changes):
    found = {
        "images": [{"id": 1, "file_name": "a.jpg"}, {"id": 2, "file_name": "b.jpg"}],
        "annotations": [{"image_id": 1, "bbox": [1, 2, 3, 4], "category_id": 7}],
        "categories": [{"id": 7, "name": "cat"}],
    }
    return {**found, **changes}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"images": 3}, "images must be a list; got 3"),
        ({"images": [3]}, r"images\[0\] must be entries by name"),
        ({"images": [{"id": 1}]}, r"images\[0\] must be entries with 'file_name'"),
        ({"images": [{"id": [1], "file_name": "a"}]}, r"images\[0\].id must be a number or a text; got \[1\]"),
        ({"images": [{"id": 1, "file_name": "a"}, {"id": 1, "file_name": "b"}]}, "images 'a' and 'b' have one id, 1"),
        ({"annotations": [{"image_id": 1, "category_id": 7}]}, "must be entries with 'bbox'"),
        ({"annotations": [{"image_id": 1, "category_id": 7, "bbox": []}]}, "bbox must be x, y, width and height"),
        ({"annotations": [{"image_id": 1, "category_id": 7, "bbox": [1, 2, None, 4]}]}, r"bbox\[2\] must be a finite"),
        ({"annotations": [{"image_id": 1, "category_id": 8, "bbox": [1, 2, 3, 4]}]}, "category 8, which has no name"),
        ({"categories": [{"id": 7, "name": None}]}, r"categories\[0\].name must be text; got None"),
    ],
    ids=str,
)
def test_what_is_not_as_coco_has_it_is_named_by_its_place(changes, said, tmp_path):
    (tmp_path / "a.json").write_text(json.dumps(changed_coco(**changes)))
    with pytest.raises(FileFormatError, match=said):
        get_annotations(tmp_path / "a.json")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"iscrowd": "0"}, r"annotations\[0\].iscrowd must be 0 or 1"),
        ({"iscrowd": float("nan")}, r"annotations\[0\].iscrowd must be 0 or 1"),
        ({"bbox": [10**400, 1, 2, 3]}, r"annotations\[0\].bbox\[0\] must be a finite number"),
    ],
)
def test_no_box_is_left_out_or_kept_for_a_value_of_another_kind(coco, changes, said):
    found = json.loads(coco.read_text())
    found["annotations"][0].update(changes)
    coco.write_text(json.dumps(found))
    with pytest.raises(FileFormatError, match=said):
        get_annotations(coco)


def test_a_crowd_that_is_not_known_is_none(coco):
    found = json.loads(coco.read_text())
    sound = get_annotations(coco)
    found["annotations"][0]["iscrowd"], found["annotations"][1]["iscrowd"] = None, False
    coco.write_text(json.dumps(found))
    assert get_annotations(coco) == sound


@pytest.mark.parametrize("key", [4, "3"])
def test_boxes_of_images_that_are_not_listed_are_reported(coco, key):
    found = json.loads(coco.read_text())
    found["annotations"][0]["image_id"] = key
    coco.write_text(json.dumps(found))
    with pytest.warns(UserWarning, match=rf"1 boxes of images that it does not list, such as image {key!r}"):
        names, boxes = get_annotations(coco)
    assert names == ["one.jpg", "three.jpg"]
    assert boxes[1] == [[[5, 5, 10, 10]], ["cat"]]


def test_an_image_that_is_listed_twice_counts_once(coco):
    sound = get_annotations(coco)
    found = json.loads(coco.read_text())
    found["images"].append(found["images"][0])
    coco.write_text(json.dumps(found))
    assert get_annotations(coco) == sound


@pytest.mark.parametrize(
    ("kind", "entry", "said"),
    [
        ("images", {"id": 8, "file_name": "one.jpg"}, "images 1 and 8 have one file, 'one.jpg'"),
        ("categories", {"id": 7, "name": "cow"}, "categories 'cat' and 'cow' have one id, 7"),
        ("images", {"id": 8, "file_name": ""}, r"images\[3\].file_name must be text that is not empty"),
    ],
)
def test_what_would_merge_boxes_or_classes_is_refused(coco, kind, entry, said):
    found = json.loads(coco.read_text())
    found[kind].append(entry)
    coco.write_text(json.dumps(found))
    with pytest.raises(FileFormatError, match=said):
        get_annotations(coco)


def test_a_byte_order_mark_is_no_part_of_the_annotations(coco):
    sound = get_annotations(coco)
    coco.write_bytes(b"\xef\xbb\xbf" + coco.read_bytes())
    assert get_annotations(coco) == sound
