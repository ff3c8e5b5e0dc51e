"""Mask files: class ids as they are in the file, of every kind of file, or a sentence that says what to do."""

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image as PILImage

from onecycle.errors import ArgumentError, ArgumentTypeError, DataError
from onecycle.vision.mask_files import MaskValues
from onecycle.vision.opening import open_indices, open_mask
from onecycle.vision.segment import ImageSegment
from onecycle.vision.segmentation_list import SegmentationItemList

IDS = np.array([[0, 1, 2, 3], [3, 2, 1, 0]], np.uint8)
PALETTE = [0, 0, 0, 128, 0, 0, 0, 128, 0, 0, 0, 128]


def grey_png(values, bits):
    """Return a grey PNG of fewer than 8 bits a pixel, as tools that shrink files write them."""
    rows = b"".join(b"\0" + np.packbits(np.unpackbits(row[:, None], axis=1)[:, 8 - bits :]).tobytes() for row in values)
    header = struct.pack(">IIBBBBB", values.shape[1], values.shape[0], bits, 0, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    chunks = [struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in parts]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def with_palette(values):
    image = PILImage.frombytes("P", (values.shape[1], values.shape[0]), values.tobytes())
    image.putpalette(PALETTE)
    return image


def deep_colour(path):
    cv2.imwrite(str(path), np.repeat(IDS[..., None].astype(np.uint16), 3, axis=2))


WRITERS = {
    "grey.png": lambda f: PILImage.fromarray(IDS).save(f),
    "grey.bmp": lambda f: PILImage.fromarray(IDS).save(f),
    "grey.tif": lambda f: PILImage.fromarray(IDS).save(f),
    "grey.pgm": lambda f: PILImage.fromarray(IDS).save(f),
    "grey.gif": lambda f: PILImage.fromarray(IDS).save(f),
    "deep.png": lambda f: PILImage.fromarray(IDS.astype(np.uint16)).save(f),
    "deep.tif": lambda f: PILImage.fromarray(IDS.astype(np.uint16)).save(f),
    "whole.tif": lambda f: PILImage.fromarray(IDS.astype(np.int32)).save(f),
    "palette.png": lambda f: with_palette(IDS).save(f),
    "palette.bmp": lambda f: with_palette(IDS).save(f),
    "palette.tif": lambda f: with_palette(IDS).save(f),
    "palette.gif": lambda f: with_palette(IDS).save(f, optimize=False),
    "two_bits.png": lambda f: Path(f).write_bytes(grey_png(IDS, 2)),
    "four_bits.png": lambda f: Path(f).write_bytes(grey_png(IDS, 4)),
    "rgb.png": lambda f: PILImage.fromarray(np.repeat(IDS[..., None], 3, axis=2)).save(f),
    "rgba.png": lambda f: PILImage.fromarray(np.dstack([IDS, IDS, IDS, IDS * 0 + 255])).save(f),
    "see_through.png": lambda f: PILImage.fromarray(np.dstack([IDS, IDS, IDS, IDS * 60])).save(f),
    "la.png": lambda f: PILImage.fromarray(np.dstack([IDS, IDS * 0 + 9]), "LA").save(f),
    "lossless.webp": lambda f: PILImage.fromarray(np.repeat(IDS[..., None], 3, axis=2)).save(f, lossless=True),
    "deep_colour.png": deep_colour,
    "deep_colour.tif": deep_colour,
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_kind_of_file_gives_its_ids(tmp_path, name):
    file = tmp_path / name
    WRITERS[name](file)
    for opened in (open_mask(file), open_indices(file), open_mask(file, convert_mode="P")):
        assert opened.data[0].tolist() == IDS.tolist()


def test_one_bit_is_0_and_1_and_divided_too(tmp_path):
    bits = IDS > 1
    for name in ("bit.png", "bit.tif", "bit.bmp"):
        PILImage.fromarray(bits).save(tmp_path / name)
        assert open_mask(tmp_path / name).data[0].tolist() == bits.astype(int).tolist()
        assert open_mask(tmp_path / name, div=True).data[0].tolist() == bits.astype(int).tolist()
        read = MaskValues({0: "a", 255: "b"}, None, None)
        assert open_indices(tmp_path / name, values=read).data[0].tolist() == bits.astype(int).tolist()


@pytest.mark.parametrize("kind", ["L", "RGB", "P", "1"])
def test_black_and_white_is_divided(tmp_path, kind):
    PILImage.fromarray((IDS > 1).astype(np.uint8) * 255).convert(kind).save(tmp_path / "m.png")
    assert open_mask(tmp_path / "m.png", div=True).data[0].tolist() == (IDS > 1).astype(int).tolist()


def test_deep_black_and_white_and_lossy_ones_are_divided(tmp_path):
    wide = np.repeat(np.repeat(IDS > 1, 16, axis=0), 16, axis=1)
    PILImage.fromarray(wide.astype(np.uint16) * 65535).save(tmp_path / "m.png")
    PILImage.fromarray(wide.astype(np.uint8) * 255).save(tmp_path / "m.jpg", quality=75)
    for name in ("m.png", "m.jpg"):
        assert open_mask(tmp_path / name, div=True).data[0].tolist() == wide.astype(int).tolist()


def test_ids_above_8_bits(tmp_path):
    PILImage.fromarray(np.array([[0, 300], [65535, 7]], np.uint16)).save(tmp_path / "m.png")
    assert open_mask(tmp_path / "m.png").data[0].tolist() == [[0, 300], [65535, 7]]


@pytest.mark.parametrize("name", ["m.png", "m.bmp", "m.tif"])
def test_colour_is_refused_with_the_file_and_read_from_a_named_channel(tmp_path, name):
    PILImage.fromarray(np.dstack([IDS, IDS * 0, IDS * 0 + 5])).save(tmp_path / name)
    for read in (open_mask, open_indices):
        with pytest.raises(DataError, match=rf"{name} is in colour .*its brightness is no class id. Say which channel"):
            read(tmp_path / name)
        assert read(tmp_path / name, channel="R").data[0].tolist() == IDS.tolist()
    with pytest.raises(DataError, match="must be one of those of the file, R, G, B; got 'A'"):
        open_mask(tmp_path / name, channel="A")
    with pytest.raises(DataError, match="is in colour"):
        open_mask(tmp_path / name, div=True)


def test_colours_of_16_bits_are_compared_in_full(tmp_path):
    cv2.imwrite(str(tmp_path / "m.png"), np.dstack([IDS, IDS * 0, IDS * 0]).astype(np.uint16))
    with pytest.raises(DataError, match="in colour"):
        open_mask(tmp_path / "m.png")
    assert open_mask(tmp_path / "m.png", channel="B").data[0].tolist() == IDS.tolist()


def test_ids_in_alpha(tmp_path):
    PILImage.fromarray(np.dstack([IDS * 0 + 255] * 3 + [IDS])).save(tmp_path / "m.png")
    with pytest.raises(DataError, match="differ in their alpha channel only. Pass channel='A'"):
        open_mask(tmp_path / "m.png")
    assert open_mask(tmp_path / "m.png", channel="A").data[0].tolist() == IDS.tolist()


@pytest.mark.parametrize("name", ["m.jpg", "m.jpeg", "m.webp"])
def test_lossy_files_are_refused(tmp_path, name):
    PILImage.fromarray((IDS > 1).astype(np.uint8)).convert("RGB").save(tmp_path / name, quality=100)
    for read in (open_mask, open_indices):
        with pytest.raises(DataError, match=rf"{name} is of a lossy kind .*which changes class ids. Save masks as PNG"):
            read(tmp_path / name)


def test_kinds_of_colour_that_are_no_ids(tmp_path):
    PILImage.fromarray(np.dstack([IDS] * 4), "CMYK").save(tmp_path / "m.tif")
    with pytest.raises(DataError, match="colours of the kind CMYK, which are no class ids"):
        open_mask(tmp_path / "m.tif")


class TestValues:
    """`values=`: what the values of the files stand for."""

    @pytest.fixture
    def folder(self, tmp_path):
        (tmp_path / "i").mkdir()
        (tmp_path / "m").mkdir()
        rng = np.random.default_rng(0)
        for k in range(4):
            PILImage.fromarray(rng.integers(0, 255, (16, 16, 3), dtype=np.uint8)).save(tmp_path / f"i/{k}.png")
            PILImage.fromarray(self.truth(k).astype(np.uint8) * 255).save(tmp_path / f"m/{k}.png")
        return tmp_path

    @staticmethod
    def truth(k):
        return np.add.outer(np.arange(16), np.arange(16)) > 8 + 2 * k

    def lists(self, folder, **settings):
        items = SegmentationItemList.from_folder(folder / "i").split_by_idx([3])
        return items.label_from_func(lambda f: f.parent.parent / "m" / f.name, **settings)

    @pytest.mark.parametrize(
        "settings",
        [
            {"classes": ["ground", "car"], "values": {0: "ground", 255: "car"}},
            {"classes": np.array(["ground", "car"]), "values": {0: 0, 255: 1}},
            {"values": {0: "ground", 255: "car"}},
            {"classes": ["ground", "car"], "values": [0, 255]},
            {"classes": ["ground", "car"], "values": np.array([0, 255])},
            {"classes": ["ground", "car"], "values": [(0, "ground"), (255, "car")]},
            {"classes": ["ground", "car"], "values": {np.uint8(0): np.str_("ground"), torch.tensor(255): b"car"}},
            {"classes": ["ground", "car"], "values": {(0, 0, 0): "ground", (255, 255, 255): "car"}},
        ],
    )
    def test_black_and_white(self, folder, settings):
        lists = self.lists(folder, **settings)
        assert list(lists.classes) == ["ground", "car"]
        for k in range(3):
            assert lists.train[k][1].data[0].tolist() == self.truth(k).astype(int).tolist()

    def test_saved_masks_have_the_values_of_the_files(self, folder):
        labels = self.lists(folder, values={0: "ground", 255: "car"}).train.y
        labels.reconstruct(torch.tensor([[[0, 1], [1, 0]]])).save(folder / "out.png")
        assert np.asarray(PILImage.open(folder / "out.png")).tolist() == [[0, 255], [255, 0]]

    def test_colours_there_and_back(self, folder):
        colours = np.array([(128, 0, 0), (0, 128, 0)], np.uint8)
        for k in range(4):
            PILImage.fromarray(colours[self.truth(k).astype(int)]).save(folder / f"m/{k}.png")
        lists = self.lists(folder, values={(128, 0, 0): "house", (0, 128, 0): "tree"})
        assert lists.train[1][1].data[0].tolist() == self.truth(1).astype(int).tolist()
        lists.train[1][1].save(folder / "out.png")
        assert np.array_equal(np.asarray(PILImage.open(folder / "out.png")), colours[self.truth(1).astype(int)])

    def test_colours_of_a_palette(self, folder):
        for k in range(4):
            with_palette(self.truth(k).astype(np.uint8) + 1).save(folder / f"m/{k}.png")
        for values in ({(128, 0, 0): "house", (0, 128, 0): "tree"}, {1: "house", 2: "tree"}):
            lists = self.lists(folder, values=values)
            assert lists.train[1][1].data[0].tolist() == self.truth(1).astype(int).tolist()

    def test_lossy_masks_are_the_nearest_value(self, folder):
        for k in range(4):
            PILImage.fromarray(self.truth(k).astype(np.uint8) * 255).save(folder / f"m/{k}.png", "JPEG", quality=90)
        lists = self.lists(folder, values={0: "ground", 255: "car"})
        same = [(lists.train[k][1].data[0].numpy() == self.truth(k)).mean() for k in range(3)]
        assert min(same) > 0.95

    def test_a_value_that_is_not_there_names_the_file(self, folder):
        PILImage.fromarray(np.full((16, 16), 128, np.uint8)).save(folder / "m/1.png")
        lists = self.lists(folder, values={0: "ground", 255: "car"})
        with pytest.raises(DataError, match=r"1\.png has a value that is not in values: 128\. Add it"):
            lists.train[1]

    def test_pixels_without_a_class(self, folder):
        lists = self.lists(folder, classes=["car"], values={0: None, 255: "car"}, ignore=255)
        assert lists.train[1][1].data.unique().tolist() == [0, 255]
        with pytest.raises(ArgumentError, match="ignore must be given where values name no class"):
            self.lists(folder, classes=["car"], values={0: None, 255: "car"})

    @pytest.mark.parametrize(
        ("values", "error", "said"),
        [
            ({0: "ground", 255: "cra"}, ArgumentError, "values must name classes; got 'cra'"),
            ({0: "ground", 255: 2}, ArgumentError, "values must name classes; got 2"),
            ({0.5: "ground"}, ArgumentError, "must be values from 0 to 65535 or colours"),
            ({(0, 300, 0): "ground"}, ArgumentError, "must be values from 0 to 65535 or colours"),
            ({(0, 30): "ground"}, ArgumentError, "must be values from 0 to 65535 or colours"),
            (255, ArgumentTypeError, "must be a dict of values and classes; got 255"),
        ],
    )
    def test_values_that_are_none(self, folder, values, error, said):
        with pytest.raises(error, match=said):
            self.lists(folder, classes=["ground", "car"], values=values)

    def test_a_channel_that_is_none(self, folder):
        with pytest.raises(ArgumentError, match="channel must be 'R', 'G', 'B' or 'A'; got 'X'"):
            self.lists(folder, classes=["a"], channel="X")

    @pytest.mark.parametrize(
        "classes", [np.array(["g", "c"]), ("g", "c"), {"g": 0, "c": 1}.keys(), torch.arange(2), range(2)]
    )
    def test_classes_of_every_collection(self, folder, classes):
        assert self.lists(folder, classes=classes, values=[0, 255]).c == 2


def test_masks_that_a_file_cannot_hold(tmp_path):
    with pytest.raises(ArgumentError, match="must be of a kind that keeps class indices; got .*m.jpg"):
        ImageSegment(torch.ones(1, 2, 2)).save(tmp_path / "m.jpg")
    with pytest.raises(DataError, match="must lie in 0..65535 to be saved"):
        ImageSegment(torch.full((1, 2, 2), 70000.0)).save(tmp_path / "m.png")


def png_chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def test_a_mask_of_16_bits_that_declares_too_much_is_refused_in_a_sentence(tmp_path):
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 60000, 60000, 16, 2, 0, 0, 0))
    (tmp_path / "big.png").write_bytes(b"\x89PNG\r\n\x1a\n" + header + png_chunk(b"IDAT", zlib.compress(b"\0" * 99)))
    with pytest.raises(DataError, match="big.png is too large: it declares 3,600,000,000 pixels"):
        open_mask(tmp_path / "big.png")
