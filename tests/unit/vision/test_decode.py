"""Opening files: formats, modes, orientation, damaged files."""

import io
import os
import struct
import zlib

import numpy as np
import pytest
import torch
from PIL import Image as PILImage
from PIL import ImageOps

from onecycle.errors import ArgumentError, ArgumentTypeError, DataError, OutOfMemoryError
from onecycle.utils.files import FileReadError
from onecycle.vision.headers import exif_orientation, plain_header, what_it_is
from onecycle.vision.image import Image, ImageSegment, open_image, open_mask, open_mask_rle, pil2tensor
from onecycle.vision.transform import get_transforms


def photo(height=48, width=64, channels=3):
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    planes = [np.sin(6 * x + i) * np.cos(5 * y - i) * 0.5 + 0.5 for i in range(channels)]
    return (np.stack(planes, axis=-1) * 255).astype(np.uint8)


def encoded(kind, array=None, **kwargs):
    stream = io.BytesIO()
    PILImage.fromarray(photo() if array is None else array).save(stream, kind, **kwargs)
    return stream.getvalue()


def pillow(data, mode):
    return np.asarray(ImageOps.exif_transpose(PILImage.open(io.BytesIO(data))).convert(mode))


def as_bytes(img):
    array = (img.data * 255).round().permute(1, 2, 0).numpy().astype(int)
    return array[..., 0] if array.shape[-1] == 1 else array


FILES = {
    "jpeg": lambda: encoded("JPEG", quality=90),
    "progressive": lambda: encoded("JPEG", progressive=True),
    "grey jpeg": lambda: encoded("JPEG", photo()[..., 0]),
    "png": lambda: encoded("PNG"),
    "grey png": lambda: encoded("PNG", photo()[..., 0]),
    "alpha png": lambda: encoded("PNG", photo(channels=4)),
    "grey alpha png": lambda: encoded("PNG", photo(channels=2)),
    "bmp": lambda: encoded("BMP"),
    "tiff": lambda: encoded("TIFF"),
    "gif": lambda: encoded("GIF"),
    "webp": lambda: encoded("WEBP", lossless=True),
    "tga": lambda: encoded("TGA"),
    "ico": lambda: encoded("ICO", sizes=[(32, 32)]),
    "icns": lambda: encoded("ICNS", photo(128, 128, 4)),
    "bit png": lambda: encoded("PNG", photo()[..., 0] > 128),
}


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "YCbCr", "1"])
@pytest.mark.parametrize("name", FILES)
def test_every_format_reads_as_pillow_reads_it(name, mode):
    data = FILES[name]()
    expected = pillow(data, mode)
    expected = expected.astype(int) * (255 if expected.dtype == bool else 1)
    assert np.abs(as_bytes(open_image(data, convert_mode=mode)) - expected).max() <= 1


def test_palette_and_cmyk_are_converted():
    palette, cmyk = io.BytesIO(), io.BytesIO()
    PILImage.fromarray(photo()).quantize(16).save(palette, "PNG", transparency=bytes([0, 128, 255]))
    PILImage.fromarray(photo()).convert("CMYK").save(cmyk, "JPEG")
    for stream in (palette, cmyk):
        with PILImage.open(io.BytesIO(stream.getvalue())) as opened:
            reference = opened.convert("RGBA").convert("RGB") if opened.mode == "P" else opened.convert("RGB")
        assert np.abs(as_bytes(open_image(stream.getvalue())) - np.asarray(reference).astype(int)).max() <= 1


def test_sixteen_bits_are_scaled_and_never_clipped():
    deep = np.linspace(0, 65535, 400).astype(np.uint16).reshape(20, 20)
    stream = io.BytesIO()
    PILImage.fromarray(deep).save(stream, "PNG")
    pgm = b"P5 20 20 65535\n" + deep.astype(">u2").tobytes()
    for data in (stream.getvalue(), pgm):
        for mode, channels in (("L", 1), ("RGB", 3)):
            img = open_image(data, convert_mode=mode)
            assert img.shape[0] == channels
            np.testing.assert_allclose(img.data[0].numpy(), deep / 65535, atol=0.6 / 255)


def test_div_false_keeps_the_values_of_the_file():
    assert open_image(encoded("PNG"), div=False).data.max() > 200
    deep = np.arange(400, dtype=np.uint16).reshape(20, 20) * 100
    stream = io.BytesIO()
    PILImage.fromarray(deep).save(stream, "PNG")
    img = open_image(stream.getvalue(), div=False, convert_mode="L")
    assert (img.data[0].numpy() == deep).all()


def test_wide_modes_are_divided_by_their_own_white():
    deep = np.full((4, 4), 65535, np.uint16)
    stream = io.BytesIO()
    PILImage.fromarray(deep).save(stream, "PNG")
    assert open_image(stream.getvalue(), convert_mode="I").data.max() == 1
    assert open_image(encoded("PNG"), convert_mode="F").data.max() <= 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_honoured(orientation, tmp_path):
    exif = PILImage.Exif()
    exif[0x0112] = orientation
    data = encoded("JPEG", photo(40, 64), exif=exif)
    lazy = tmp_path / "a.jpg"
    lazy.write_bytes(data)
    for img in (open_image(data), Image.from_file(lazy), open_image(data, after_open=lambda p: p)):
        assert tuple(img.size) == ((64, 40) if orientation > 4 else (40, 64))
        assert np.abs(as_bytes(img) - pillow(data, "RGB").astype(int)).max() <= 1


def test_a_broken_exif_block_is_no_reason_to_give_up():
    data = encoded("JPEG")
    broken = b"Exif\0\0II*\0" + struct.pack("<IH", 8, 9000)
    data = data[:2] + b"\xff\xe1" + struct.pack(">H", len(broken) + 2) + broken + data[2:]
    assert open_image(data).shape == (3, 48, 64)
    assert exif_orientation(b"XX") == 1 and exif_orientation(b"II*\0\xff\xff\xff\x7f\0\0") == 1


def test_a_file_is_decoded_when_needed_and_at_the_scale_needed(tmp_path):
    path = tmp_path / "large.jpg"
    PILImage.fromarray(photo(800, 1000)).save(path, quality=95)
    lazy = Image.from_file(path)
    assert lazy.shape == (3, 800, 1000) and lazy._pixels._array is None
    small = lazy.apply_tfms([], size=96)
    assert lazy._pixels._array is None  # never decoded whole
    whole = open_image(path).apply_tfms([], size=96)
    assert (small.data - whole.data).abs().mean() < 2 / 255


def test_reduced_decoding_agrees_with_the_whole_picture_under_transforms(tmp_path):
    path = tmp_path / "large.jpg"
    PILImage.fromarray(photo(900, 700)).save(path, quality=95)
    train = get_transforms()[0]
    reduced = Image.from_file(path).apply_tfms(train, size=64)
    whole = open_image(path).apply_tfms(train, size=64, do_resolve=False)
    assert (reduced.data - whole.data).abs().mean() < 2 / 255


def test_zero_bytes_are_named(tmp_path):
    path = tmp_path / "empty.jpg"
    path.write_bytes(b"")
    with pytest.raises(DataError, match=r"empty\.jpg is empty \(0 bytes\).*verify_images"):
        open_image(path)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP"])
def test_truncated_files_are_named(tmp_path, kind):
    path = tmp_path / f"cut.{kind.lower()}"
    data = encoded(kind, np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8))
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(
        DataError, match=rf"cut\.{kind.lower()} is a damaged or truncated .*{len(data) // 2:,} bytes"
    ):
        open_image(path)


def test_a_lazy_truncated_file_is_named_when_its_pixels_are_needed(tmp_path):
    path = tmp_path / "cut.jpg"
    path.write_bytes(encoded("JPEG")[:900])
    with pytest.raises(DataError, match=r"cut\.jpg is a damaged or truncated JPEG file"):
        Image.from_file(path).apply_tfms([], size=16)


def test_pixels_damaged_inside_a_whole_png_are_named(tmp_path):
    data = bytearray(encoded("PNG"))
    at = data.find(b"IDAT") + 20
    data[at : at + 30] = bytes(30)
    path = tmp_path / "bad.png"
    path.write_bytes(bytes(data))
    with pytest.raises(DataError, match=r"bad\.png is a damaged or truncated PNG file"):
        open_image(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<!DOCTYPE html><p>404", "an HTML page"),
        (b"%PDF-1.4 ...", "a PDF document"),
        (b"PK\x03\x04aaaa", "a zip archive"),
        (b"just some words\n", "text that starts with 'just some words"),
        (bytes(range(128, 160)), "32 bytes that start with 80 81 82"),
        (b"version https://git-lfs.github.com/spec/v1", "a Git LFS pointer"),
    ],
)
def test_a_wrong_extension_says_what_the_file_is(tmp_path, content, said):
    path = tmp_path / "picture.jpg"
    path.write_bytes(content)
    with pytest.raises(DataError, match=rf"picture\.jpg is no picture; it holds {said}"):
        open_image(path)
    assert said.split()[0] in what_it_is(content)


def test_a_png_named_jpg_opens(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded("PNG"))
    assert open_image(path).shape == (3, 48, 64)


def test_missing_files_and_folders_are_named(tmp_path):
    with pytest.raises(DataError, match=r"gone\.png cannot be opened \(No such file"):
        open_image(tmp_path / "gone.png")
    with pytest.raises(DataError, match=r"cannot be read .*Pass a picture file"):
        open_image(tmp_path)


def test_an_unknown_mode_is_refused_with_the_nearest():
    with pytest.raises(ArgumentError, match=r"convert_mode must be one of .* got 'RBG'"):
        open_image(encoded("PNG"), convert_mode="RBG")


def test_open_files_and_after_open():
    data = encoded("PNG")
    assert open_image(io.BytesIO(data)).shape == (3, 48, 64)
    turned = open_image(data, after_open=lambda p: p.rotate(90, expand=True))
    assert turned.shape == (3, 64, 48)


def test_headers_say_plain_files_only():
    assert plain_header(encoded("JPEG", photo(40, 64))).size == (40, 64)
    assert plain_header(encoded("PNG", photo()[..., 0])).grey
    assert plain_header(encoded("PNG", photo(channels=4))) is None
    assert plain_header(encoded("JPEG")[:-2]) is None
    assert plain_header(b"\xff\xd8\xff\xd9") is None and plain_header(b"\x89PNG\r\n\x1a\n") is None
    assert plain_header(b"\xff\xd8\xff\x00garbage without markers\xff\xd9") is None


def test_masks_keep_their_indices(tmp_path):
    indices = np.arange(48, dtype=np.uint8).reshape(6, 8)
    path = tmp_path / "mask.png"
    PILImage.fromarray(indices).save(path)
    mask = open_mask(path)
    assert type(mask) is ImageSegment and mask.data.dtype == torch.int64
    assert (mask.data[0].numpy() == indices).all()
    PILImage.fromarray((indices > 10).astype(np.uint8) * 255).save(path)
    assert open_mask(path, div=True).data.unique().tolist() == [0, 1]


def test_masks_of_many_classes_keep_sixteen_bits(tmp_path):
    indices = np.arange(600, dtype=np.uint16).reshape(20, 30)
    PILImage.fromarray(indices).save(tmp_path / "deep.png")
    mask = open_mask(tmp_path / "deep.png")
    assert (mask.data[0].numpy() == indices).all()
    mask.save(tmp_path / "again.png")
    assert (open_mask(tmp_path / "again.png").data == mask.data).all()


def test_open_mask_rle_takes_width_and_height():
    mask = open_mask_rle("2 3 9 1", (5, 2))
    assert mask.shape == (1, 2, 5) and mask.data.flatten().tolist() == [0, 1, 1, 1, 0, 0, 0, 0, 1, 0]


def test_pil2tensor_puts_channels_first():
    array = photo(5, 7)
    assert pil2tensor(PILImage.fromarray(array), np.float32).shape == (3, 5, 7)
    assert pil2tensor(array[..., 0], np.int64).shape == (1, 5, 7)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.float32([[0, 0.25], [0.5, 1]]), "holds floating-point numbers from 0 to 1, of which 8 bits would keep"),
        (np.float32([[0, 300]]), "holds floating-point numbers from 0 to 300"),
        (np.float32([[-3, 8]]), "holds floating-point numbers from -3 to 8"),
        (np.int32([[0, 70000]]), "holds whole numbers of 32 bits from 0 to 70000"),
        (np.int32([[-1, 7]]), "holds whole numbers of 32 bits from -1 to 7"),
    ],
)
def test_values_that_8_bits_cannot_hold_are_refused(tmp_path, values, said):
    file = tmp_path / "wide.tif"
    PILImage.fromarray(values).save(file)
    with pytest.raises(DataError, match=f"wide.tif {said}.*convert_mode='F', div=False"):
        open_image(file)
    np.testing.assert_array_equal(open_image(file, convert_mode="F", div=False).data[0].numpy(), values)


def test_whole_floating_point_numbers_up_to_255_are_kept(tmp_path):
    PILImage.fromarray(np.float32([[0, 3], [200, 255]])).save(tmp_path / "whole.tif")
    expected = torch.tensor([[0.0, 3], [200, 255]]) / 255
    torch.testing.assert_close(open_image(tmp_path / "whole.tif", convert_mode="L").data[0], expected)
    PILImage.fromarray(np.float32([[0, 1], [2, 1]])).save(tmp_path / "mask.tif")
    assert open_mask(tmp_path / "mask.tif").data.tolist() == [[[0, 1], [2, 1]]]
    PILImage.fromarray(np.float32([[0, 0.5]])).save(tmp_path / "mask.tif")
    with pytest.raises(DataError, match="mask.tif holds floating-point numbers"):
        open_mask(tmp_path / "mask.tif")


def test_what_comes_after_opening_must_be_a_function():
    with pytest.raises(ArgumentTypeError, match="open_image: after_open must be a function; got 3"):
        open_image("x.png", after_open=3)


# ---- what an error of a reader means ----


def declared(width, height, kind="PNG"):
    """Return a small file that declares a large picture."""
    if kind == "PNG":
        body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
        data = encoded("PNG", photo()[..., 0])
        return data[:8] + struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body)) + data[33:]
    data = bytearray(encoded("JPEG", photo()[..., 0]))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(data)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_small_file_that_declares_a_large_picture_is_refused_before_memory_is_taken(kind):
    with pytest.raises(DataError, match=r"is too large: it declares 3,600,000,000 pixels.*MAX_IMAGE_PIXELS = None"):
        open_image(declared(60000, 60000, kind)).apply_tfms([], size=8)


def test_a_large_picture_that_opencv_does_not_take_is_too_large_and_not_damaged(monkeypatch):
    monkeypatch.setattr(PILImage, "MAX_IMAGE_PIXELS", 100)
    palette = io.BytesIO()
    PILImage.fromarray(photo()).quantize(16).save(palette, "PNG")
    for data in (palette.getvalue(), encoded("TIFF", photo()[..., 0] > 128, compression="tiff_lzw")):
        with pytest.raises(DataError, match="is too large"):
            open_image(data)


def test_too_little_memory_is_no_damage(monkeypatch):
    def fail(*args, **kwargs):
        raise MemoryError

    monkeypatch.setattr(PILImage, "open", fail)
    with pytest.raises(OutOfMemoryError, match="there is not enough memory to decode it"):
        open_image(encoded("BMP"))


@pytest.mark.parametrize("code", [24, 23, 12, 116])
def test_a_fault_of_the_machine_is_not_one_of_the_file(code, tmp_path, monkeypatch):
    (tmp_path / "a.png").write_bytes(encoded("PNG"))

    def fail(*args, **kwargs):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("onecycle.vision.decode.os.open", fail)
    with pytest.raises(FileReadError, match="That says nothing about the file") as caught:
        open_image(tmp_path / "a.png")
    assert caught.value.errno == code


def test_a_locked_file_is_said_to_be_locked(tmp_path, monkeypatch):
    def fail(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("onecycle.vision.decode.os.open", fail)
    with pytest.raises(DataError, match=r"cannot be opened \(Permission denied\)"):
        open_image(tmp_path / "a.png")


def test_a_name_with_a_zero_byte_is_refused():
    with pytest.raises(DataError, match="cannot be opened"):
        open_image("a\0.png")


def test_a_reader_that_gives_up_is_not_said_to_have_found_damage(monkeypatch):
    def fail(*args, **kwargs):
        raise OSError("decoder bmp_rle not available")

    monkeypatch.setattr(PILImage, "open", fail)
    with pytest.raises(DataError, match="BMP file that cannot be read here .*nothing proves that the file is damaged"):
        open_image(encoded("BMP"))


def test_an_error_of_the_system_while_decoding_is_told_as_such(monkeypatch):
    def fail(*args, **kwargs):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(PILImage, "open", fail)
    with pytest.raises(FileReadError, match="it cannot be read now: Input/output error"):
        open_image(encoded("BMP"))
