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


# ---- nothing is deleted that is not proven damaged ----


def saved(kind, array=None, **kwargs):
    stream = io.BytesIO()
    pixels = np.random.default_rng(1).integers(0, 256, (40, 50, 3), np.uint8) if array is None else array
    PILImage.fromarray(pixels).save(stream, kind, **kwargs)
    return stream.getvalue()


def _flipped(data, at):
    return data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :]


def _cut(data, part=0.5):
    return data[: int(len(data) * part)]


PROVEN = {
    "empty.png": lambda: b"",
    "zeros.jpg": lambda: bytes(4000),
    "page.jpg": lambda: b"<!DOCTYPE html><html><body>404</body></html>",
    "json.png": lambda: b'{"error": "rate limit"}',
    "chinese.jpg": lambda: "找不到文件".encode(),
    "flipped.png": lambda: _flipped(saved("PNG"), 200),
    "cut.png": lambda: _cut(saved("PNG")),
    "cut.jpg": lambda: _cut(saved("JPEG")),
    "head.jpg": lambda: saved("JPEG")[:30],
    "cut.gif": lambda: _cut(saved("GIF")),
    "cut.bmp": lambda: _cut(saved("BMP")),
    "cut.webp": lambda: _cut(saved("WEBP", lossless=True)),
    "cut.tif": lambda: _cut(saved("TIFF")[:9] + saved("TIFF")[9:]),
    "cut.ppm": lambda: _cut(saved("PPM")),
}


@pytest.mark.parametrize("name", PROVEN)
def test_a_file_that_its_own_bytes_prove_damaged_is_deleted(name, tmp_path, capsys):
    (tmp_path / name).write_bytes(PROVEN[name]())
    (facts,) = verify_images(tmp_path, delete=True)
    assert facts.is_damaged and facts.is_deleted and not (tmp_path / name).exists()
    assert "; deleted" in capsys.readouterr().out


def _twelve_bits(data):
    at = data.index(b"\xff\xc0")
    return data[: at + 4] + b"\x0c" + data[at + 5 :]


def _lossless(data):
    return data.replace(b"\xff\xc0", b"\xff\xc3", 1)


KEPT = {
    "phone.jpg": lambda: b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(range(1, 200)),
    "new.jpg": lambda: b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(range(1, 100)),
    "scan.jpg": lambda: b"%PDF-1.4\n" + bytes(range(1, 200)),
    "drawing.jpg": lambda: b"<svg xmlns='http://www.w3.org/2000/svg'></svg>",
    "drawing2.png": lambda: b"<?xml version='1.0'?><svg></svg>",
    "pointer.png": lambda: b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n",
    "medicine.jpg": lambda: bytes(128) + b"DICM" + bytes(range(200)),
    "unknown.jpg": lambda: np.random.default_rng(3).integers(0, 256, 500, np.uint8).tobytes(),
    "twelve.jpg": lambda: _twelve_bits(saved("JPEG")),
    "lossless.jpg": lambda: _lossless(saved("JPEG")),
}


@pytest.mark.parametrize("name", KEPT)
def test_a_file_without_a_reader_is_kept_and_named(name, tmp_path, capsys):
    (tmp_path / name).write_bytes(KEPT[name]())
    (facts,) = verify_images(tmp_path, delete=True)
    assert facts.fault in ("no reader", "unreadable") and not facts.is_damaged
    assert (tmp_path / name).read_bytes() == KEPT[name]()
    assert "; kept" in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP", "GIF"])
def test_a_picture_above_pillows_limit_is_kept_and_the_way_to_allow_it_is_said(kind, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(PILImage, "MAX_IMAGE_PIXELS", 500)
    file = tmp_path / f"large.{kind.lower()}"
    file.write_bytes(saved(kind, np.zeros((40, 50), np.uint8)))
    (facts,) = verify_images(tmp_path, delete=True)
    assert facts.fault == "too large" and file.exists()
    assert "2,000 pixels" in facts.detail and "PIL.Image.MAX_IMAGE_PIXELS = None" in facts.detail
    monkeypatch.setattr(PILImage, "MAX_IMAGE_PIXELS", None)
    assert verify_images(tmp_path, delete=True) == []


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (PermissionError(13, "Permission denied"), "no access"),
        (OSError(24, "Too many open files"), "no access"),
        (OSError(5, "Input/output error"), "no access"),
        (OSError(12, "Cannot allocate memory"), "out of memory"),
        (MemoryError(), "out of memory"),
        (OSError("out of memory error when reading image file"), "out of memory"),
        (OSError("decoder jpeg2k not available"), "unreadable"),
        (OSError("decoder libtiff not available"), "unreadable"),
        (NotImplementedError("compression"), "unreadable"),
        (KeyError("x"), "unreadable"),
    ],
    ids=str,
)
@pytest.mark.parametrize("when", ["open", "load"])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "PPM"])
def test_an_error_of_the_reader_is_no_proof(error, fault, when, kind, tmp_path, monkeypatch):
    file = tmp_path / f"a.{kind.lower()}"
    file.write_bytes(saved(kind))

    def fail(*args, **kwargs):
        raise error

    if when == "open":
        monkeypatch.setattr(PILImage, "open", fail)
    else:
        from PIL import ImageFile

        monkeypatch.setattr(ImageFile.ImageFile, "load", fail)
    (facts,) = verify_images(tmp_path, delete=True)
    assert (facts.fault, facts.is_damaged, file.exists()) == (fault, False, True)


def test_a_file_that_changes_while_it_is_read_is_kept(folder, monkeypatch):
    from onecycle.vision import verify

    def slowly(path):
        facts = examine_picture(path)
        path.write_bytes(path.read_bytes() + b"more")
        return facts

    examine_picture = verify.examine_picture
    monkeypatch.setattr(verify, "examine_picture", slowly)
    verify_images(folder, delete=True)
    assert (folder / "cut.jpg").exists()


def test_a_damaged_file_that_cannot_be_deleted_is_listed(folder, monkeypatch):
    def fail(self, missing_ok=False):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.unlink", fail)
    facts = {fact.path.name: fact for fact in verify_images(folder, delete=True)}
    assert not facts["cut.jpg"].is_deleted and "could not be deleted: Permission denied" in facts["cut.jpg"].detail
