"""One preparation for every way in which an image may be given: path, bytes, Pillow, array, tensor, Image."""

import io
from pathlib import Path

import numpy as np
import PIL.ImageOps
import pytest
import torch
from PIL import Image as PILImage
from torch import nn

from onecycle.data.loaders import DatasetType
from onecycle.errors import ArgumentTypeError, DataError
from onecycle.learner import Learner
from onecycle.vision.image_list import ImageList
from onecycle.vision.in_memory import as_image
from onecycle.vision.opening import open_image
from onecycle.vision.picture import Image


class Probe(nn.Module):
    """Answer with numbers that differ for every pixel and channel."""

    def __init__(self, channels):
        super().__init__()
        self.w = nn.Parameter(torch.linspace(-1, 1, channels)[:, None, None] * torch.arange(24.0).view(4, 6))

    def forward(self, x):
        score = (x * self.w).sum((1, 2, 3)) / 30
        return torch.stack([score, -score], dim=1)


def inverted(image):
    return PIL.ImageOps.invert(image.convert("RGB"))


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    (tmp_path / "i").mkdir()
    for k in range(4):
        PILImage.fromarray(rng.integers(0, 255, (4, 6, 3), dtype=np.uint8)).save(tmp_path / f"i/{k}.png")
    return tmp_path


def learner(folder, channels=3, **settings):
    lists = ImageList.from_folder(folder / "i", **settings).split_by_idx([3])
    data = lists.label_from_func(lambda f: int(Path(f).stem) % 2).databunch(bs=1, num_workers=0, device="cpu")
    return Learner(data, Probe(channels), silent=True)


def ways(file):
    """Return a file in all the ways in which it may be given."""
    pillow, data = PILImage.open(file), Path(file).read_bytes()
    upright = np.asarray(PIL.ImageOps.exif_transpose(pillow))
    found = {
        "str": str(file), "path": Path(file), "bytes": data, "bytearray": bytearray(data), "view": memoryview(data),
        "open": io.BytesIO(data), "Pillow": pillow, "array": upright,
    }  # fmt: skip
    tensor = torch.from_numpy(upright.copy()).view(*upright.shape[:2], -1).permute(2, 0, 1)
    tensors = {"uint8": tensor, "float": tensor / 255, "int64": tensor.long(), "Image": Image(tensor / 255)}
    return found, tensors


def all_equal(learn, file, with_tensors=True):
    """Check that every way of giving a file is answered as its path is."""
    first = learn.predict(Path(file))[2]
    files, tensors = ways(file)
    for name, item in {**files, **(tensors if with_tensors else {})}.items():
        torch.testing.assert_close(learn.predict(item)[2], first, atol=1e-5, rtol=0, msg=name)
    return first


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif(folder, orientation):
    exif = PILImage.Exif()
    exif[0x0112] = orientation
    array = np.random.default_rng(1).integers(0, 255, (6, 4, 3) if orientation > 4 else (4, 6, 3), dtype=np.uint8)
    PILImage.fromarray(array).save(folder / "p.png", exif=exif)
    all_equal(learner(folder), folder / "p.png")


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "LA", "P", "1"])
@pytest.mark.parametrize(("wanted", "channels"), [("RGB", 3), ("L", 1), ("RGBA", 4)])
def test_colour_modes(folder, mode, wanted, channels):
    array = np.random.default_rng(2).integers(0, 255, (4, 6, 3), dtype=np.uint8)
    PILImage.fromarray(array).convert(mode).save(folder / "p.png")
    learn = learner(folder, channels, convert_mode=wanted)
    first = learn.predict(folder / "p.png")[2]
    for item in (PILImage.open(folder / "p.png"), (folder / "p.png").read_bytes()):
        torch.testing.assert_close(learn.predict(item)[2], first)
    if mode in ("RGB", "L") or (mode == "RGBA" and wanted != "RGBA"):
        all_equal_to_a_shade(learn, folder / "p.png", first)


def all_equal_to_a_shade(learn, file, first):
    """Arrays and tensors in other modes: OpenCV and Pillow round a grey to the same 1 of 255, or to the next."""
    files, tensors = ways(file)
    for item in (files["array"], *tensors.values()):
        torch.testing.assert_close(learn.predict(item)[2], first, atol=0.02, rtol=0)


def test_after_open(folder):
    learn = learner(folder, after_open=inverted)
    first = all_equal(learn, folder / "i/0.png", with_tensors=False)
    plain = learner(folder).predict(folder / "i/0.png")[2]
    assert not torch.allclose(first, plain)


def test_a_grey_learner_takes_what_open_image_returns(folder):
    learn = learner(folder, 1, convert_mode="L")
    wanted = learn.predict(folder / "i/0.png")[2]
    for item in (open_image(folder / "i/0.png"), Image.from_file(folder / "i/0.png")):
        torch.testing.assert_close(learn.predict(item)[2], wanted)


@pytest.mark.parametrize(
    "item",
    [torch.rand(3, 4, 6) * 255, torch.randn(3, 4, 6) * 3, torch.full((3, 4, 6), torch.nan),
     Image(torch.ones(3, 4, 6) * 200)],
    ids=["0 to 255", "normalised", "NaN", "Image"],
)  # fmt: skip
def test_values_that_are_not_those_of_an_image(folder, item):
    with pytest.raises(DataError, match=r"item must hold values from 0 to 1; got .* Divide values of 0 to 255 by 255"):
        learner(folder).predict(item)


@pytest.mark.parametrize(
    ("item", "error", "said"),
    [
        (torch.ones(3, 4, 6).long() * 300, DataError, "whole numbers from 0 to 255; got '300 to 300'"),
        (torch.ones(5, 4, 6), DataError, "must have the 3 channels of 'RGB', as the data has; got '5 channels'"),
        (np.zeros((3, 4, 6), np.uint8), DataError, "must have the 3 channels of 'RGB'.*'6 channels'.*Arrays are"),
        (np.zeros((4, 6, 3)), ArgumentTypeError, "must be an Image, a path"),
        (torch.ones(4, 6), ArgumentTypeError, r"must be a tensor \(channels, height, width\)"),
        (torch.ones(1, 3, 4, 6), ArgumentTypeError, r"must be a tensor \(channels, height, width\)"),
        (3, ArgumentTypeError, "must be an Image, a path"),
    ],
)
def test_what_is_refused(folder, item, error, said):
    with pytest.raises(error, match=said):
        learner(folder).predict(item)


def test_bool_arrays_and_tensors_are_black_and_white(folder):
    mask = np.random.default_rng(3).random((4, 6)) > 0.5
    learn = learner(folder)
    wanted = learn.predict((mask * 255).astype(np.uint8))[2]
    torch.testing.assert_close(learn.predict(mask)[2], wanted)
    torch.testing.assert_close(learn.predict(torch.from_numpy(mask)[None])[2], wanted)


def test_a_set_of_images_in_memory(folder):
    learn = learner(folder, after_open=inverted)
    file = folder / "i/0.png"
    learn.data.add_test([file, file.read_bytes(), PILImage.open(file), np.asarray(PILImage.open(file))])
    preds = learn.get_preds(DatasetType.Test)[0]
    torch.testing.assert_close(preds, preds[:1].expand(4, -1))


class Doubled(ImageList):
    """Files that are opened in a way of their own."""

    def open(self, fn):
        return Image(open_image(fn).data * 2)


def test_a_way_of_ones_own_to_open_takes_bytes_too(folder):
    lists = Doubled.from_folder(folder / "i").split_by_idx([3]).label_from_func(lambda f: int(f.stem) % 2)
    learn = Learner(lists.databunch(bs=1, num_workers=0, device="cpu"), Probe(3), silent=True)
    wanted = learn.predict(folder / "i/0.png")[2]
    data = (folder / "i/0.png").read_bytes()
    for item in (data, io.BytesIO(data), str(folder / "i/0.png")):
        torch.testing.assert_close(learn.predict(item)[2], wanted)
    torch.testing.assert_close(learn.predict(Image(open_image(data).data * 2))[2], wanted)


def test_an_array_without_pixels_is_refused():
    with pytest.raises(DataError, match="predict: item must have pixels"):
        as_image(np.zeros((0, 0, 3), np.uint8))
