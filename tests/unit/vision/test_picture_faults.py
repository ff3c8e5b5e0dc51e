"""Tests of onecycle.vision.picture_faults."""

import io

import numpy as np
import pytest
from PIL import Image as PILImage

from onecycle.vision.picture_faults import examine_picture


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


def test_each_fault_has_its_name(folder):
    found = {path.name: examine_picture(path).fault for path in folder.iterdir()}
    assert found == {
        "good.png": "", "good.jpg": "", "cut.jpg": "truncated", "empty.jpg": "zero bytes",
        "text.jpg": "unreadable", "really_png.jpg": "wrong extension", "notes.txt": "unreadable",
    }  # fmt: skip


def test_a_good_file_tells_size_channels_and_a_digest_of_its_pixels(folder, tmp_path):
    facts = examine_picture(folder / "good.png")
    assert (facts.size, facts.channels, facts.readable) == ((20, 30), 3, True)
    noise().save(tmp_path / "same.bmp")
    assert examine_picture(tmp_path / "same.bmp").digest == facts.digest
    noise(seed=1).save(tmp_path / "other.png")
    assert examine_picture(tmp_path / "other.png").digest != facts.digest


def test_a_missing_file_is_unreadable(tmp_path):
    facts = examine_picture(tmp_path / "none.jpg")
    assert facts.fault == "unreadable" and "No such file" in facts.detail
