"""Tests of onecycle.vision.pillow: a closed list of formats, and one place that opens images."""

import ast
import io
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PILImage

import onecycle
from onecycle.errors import ArgumentError, DataError
from onecycle.vision import pillow
from onecycle.vision.image import open_image, open_mask
from onecycle.vision.picture_faults import examine_picture
from onecycle.vision.pillow import allow_image_format, image_formats, open_image_file
from onecycle.vision.verify import verify_images

EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n(x) print\n%%EOF\n"
WMF = b"\xd7\xcd\xc6\x9a\0\0" + bytes(4) + b"\x64\0\x64\0" + b"\x60\0" + bytes(4) + b"\x01\0\x09\0" + bytes(40)


@pytest.fixture
def no_programs(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError(f"a program was started: {args}")

    for name in ("Popen", "check_call", "call", "run", "check_output"):
        monkeypatch.setattr(subprocess, name, refuse)


@pytest.mark.parametrize("data", [EPS, WMF], ids=["eps", "wmf"])
@pytest.mark.parametrize("ending", [".jpg", ".png", ".tif"])
def test_an_image_never_starts_a_program_whatever_it_is_called(data, ending, tmp_path, no_programs):
    file = tmp_path / f"a{ending}"
    file.write_bytes(data)
    for read in (open_image, open_mask, lambda f: open_image(f, after_open=lambda p: p), lambda f: open_image(data)):
        with pytest.raises(DataError, match="is no picture"):
            read(file)
    assert examine_picture(file).fault == "no reader"
    verify_images(tmp_path, delete=True, max_size=8)
    assert file.read_bytes() == data


def test_a_format_is_opened_once_it_is_allowed(monkeypatch):
    monkeypatch.setattr(pillow, "_allowed", [name for name in pillow._allowed if name != "PCX"])
    stream = io.BytesIO()
    PILImage.fromarray(np.zeros((4, 5, 3), np.uint8)).save(stream, "PCX")
    with pytest.raises(DataError, match="is no picture"):
        open_image(stream.getvalue())
    allow_image_format("pcx")
    allow_image_format("PCX")
    assert image_formats().count("PCX") == 1
    assert tuple(open_image(stream.getvalue()).size) == (4, 5)


def test_programs_and_other_systems_are_not_among_the_formats():
    assert not {"EPS", "WMF", "BUFR", "GRIB", "HDF5", "MPEG"} & set(image_formats())
    assert {"JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "TGA", "ICO"} <= set(image_formats())


@pytest.mark.parametrize("name", ["JPGE", 3, None])
def test_a_format_that_pillow_does_not_know_is_refused(name):
    with pytest.raises(ArgumentError, match="allow_image_format: name must be a format that Pillow reads"):
        allow_image_format(name)


def test_it_opens_paths_and_files(tmp_path):
    PILImage.fromarray(np.zeros((4, 5), np.uint8)).save(tmp_path / "a.png")
    with open_image_file(tmp_path / "a.png") as one, open(tmp_path / "a.png", "rb") as file:
        assert one.size == open_image_file(file).size == (5, 4)


# Readers that guess a format, or start programs; each has one place that gives it a closed list.
_ALLOWED = {("vision/pillow.py", "PILImage.open"), ("vision/decode.py", "cv2.imdecode")}
_READERS = ("imread", "imdecode", "imreadmulti", "decode_image", "read_image", "imopen")


def readers_in(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            owner = ast.unparse(node.value)
            if node.attr in _READERS or (node.attr == "open" and owner in ("PILImage", "PIL.Image", "Image")):
                yield f"{owner}.{node.attr}"


def test_no_other_place_in_the_library_opens_images():
    root = Path(onecycle.__file__).parent
    found = {
        (file.relative_to(root).as_posix(), reader)
        for file in root.rglob("*.py")
        for reader in readers_in(ast.parse(file.read_text(encoding="utf-8")))
    }
    assert found == _ALLOWED


def test_the_search_finds_what_it_looks_for():
    source = "PILImage.open(f)\nPIL.Image.open(f)\ncv2.imread(f)\nplt.imread(f)\nopen(f)\nself.open(f)"
    assert sorted(readers_in(ast.parse(source))) == ["PIL.Image.open", "PILImage.open", "cv2.imread", "plt.imread"]
