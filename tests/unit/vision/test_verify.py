"""Tests of onecycle.vision.verify."""

import io

import numpy as np
import pytest
from PIL import Image as PILImage

from onecycle.vision.verify import resize_to, verify_image, verify_images


def size_of(path):
    with PILImage.open(path) as picture:
        return picture.size


def noise(height=20, width=30, channels=3, seed=0):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)
    return PILImage.fromarray(pixels.squeeze())


@pytest.fixture
def folder(tmp_path):
    noise().save(tmp_path / "good.png")
    noise().save(tmp_path / "good.jpg", quality=95)
    whole = io.BytesIO()
    noise(64, 64).save(whole, "JPEG")
    (tmp_path / "cut.jpg").write_bytes(whole.getvalue()[: len(whole.getvalue()) // 2])
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "text.jpg").write_text("no picture")
    noise().save(tmp_path / "really_png.jpg", "PNG")
    (tmp_path / "notes.txt").write_text("not looked at")
    return tmp_path


def test_verify_images_lists_all_the_bad_ones_and_deletes_nothing(folder, capsys):
    before = sorted(folder.iterdir())
    bad = verify_images(folder)
    assert [fact.path.name for fact in bad] == ["cut.jpg", "empty.jpg", "really_png.jpg", "text.jpg"]
    assert sorted(folder.iterdir()) == before
    said = capsys.readouterr().out
    assert "cut.jpg: truncated" in said and "deleted" not in said


def test_told_to_delete_it_deletes_what_cannot_be_read_and_nothing_else(folder):
    verify_images(folder, delete=True)
    left = sorted(path.name for path in folder.iterdir())
    assert left == ["good.jpg", "good.png", "notes.txt", "really_png.jpg"]


def test_it_looks_into_folders_when_told(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "empty.png").write_bytes(b"")
    assert verify_images(tmp_path) == []
    assert [fact.fault for fact in verify_images(tmp_path, recurse=True)] == ["zero bytes"]


def test_large_pictures_are_written_smaller_to_another_folder(tmp_path):
    noise(60, 90).save(tmp_path / "large.png")
    noise(20, 30).save(tmp_path / "small.png")
    verify_images(tmp_path, max_size=45, dest="small")
    assert size_of(tmp_path / "small" / "large.png") == (45, 30)
    assert not (tmp_path / "small" / "small.png").exists()
    assert size_of(tmp_path / "large.png") == (90, 60)


def test_dest_itself_is_written_over(tmp_path):
    noise(60, 90).save(tmp_path / "large.png")
    verify_images(tmp_path, max_size=45)
    assert size_of(tmp_path / "large.png") == (45, 30)


def test_other_channels_and_formats_are_converted(tmp_path):
    noise(channels=1).save(tmp_path / "grey.png")
    verify_images(tmp_path, ext=".jpg", dest="rgb", quality=90)
    with PILImage.open(tmp_path / "rgb" / "grey.jpg") as done:
        assert (done.mode, done.format) == ("RGB", "JPEG")


def test_resume_leaves_what_is_there(tmp_path):
    noise(60, 90).save(tmp_path / "large.png")
    (tmp_path / "small").mkdir()
    (tmp_path / "small" / "large.png").write_bytes(b"done before")
    verify_images(tmp_path, max_size=45, dest="small")
    assert (tmp_path / "small" / "large.png").read_bytes() == b"done before"
    verify_images(tmp_path, max_size=45, dest="small", resume=False)
    assert (tmp_path / "small" / "large.png").read_bytes() != b"done before"


def test_verify_image_tells_what_it_found(folder):
    assert verify_image(folder / "good.png", 0, delete=False).fault == ""
    assert verify_image(folder / "empty.jpg", 0, delete=True).fault == "zero bytes"
    assert not (folder / "empty.jpg").exists()


def test_resize_to_keeps_the_shape():
    assert resize_to(noise(20, 40), 10) == (10, 5)
    assert resize_to(noise(20, 40), 10, use_min=True) == (20, 10)
