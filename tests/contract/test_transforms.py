"""What every transform promises, for each one that the leaves of `onecycle.vision` hold."""

import importlib
import pkgutil
from pathlib import Path

import numpy as np
import pytest
import torch

import onecycle.vision
from onecycle.utils.registry import HOMES, decode, encode, name_of
from onecycle.utils.seeding import item_stream
from onecycle.vision.flow import FlowField
from onecycle.vision.image import Image, ImageBBox, ImagePoints, ImageSegment
from onecycle.vision.picture import Image as Picture
from onecycle.vision.transform_base import RandTransform, Transform

# Values for parameters that cannot be drawn without a range, by parameter name.
RANGES = {
    "bits": (2, 6),
    "change": (0.2, 0.8),
    "degrees": (-30, 30),
    "direction": (0, 3),
    "dx": (-0.3, 0.3),
    "dy": (-0.3, 0.3),
    "factor": (0.2, 1.8),
    "length": (3, 9),
    "magnitude": (-0.1, 0.1),
    "n_holes": (1, 3),
    "padding": 3,
    "scale": (0.8, 1.4),
    "size": 20,
    "threshold": (0.2, 0.8),
}


def leaves():
    for module in pkgutil.iter_modules([str(Path(onecycle.vision.__file__).parent)]):
        if module.name.endswith("_transforms"):
            yield importlib.import_module(f"onecycle.vision.{module.name}")


TRANSFORMS = {name: t for leaf in leaves() for name, t in vars(leaf).items() if isinstance(t, Transform)}


def call_of(transform, **kwargs):
    return transform(**{name: RANGES[name] for name in transform._parameters if name in RANGES}, **kwargs)


def array(height=24, width=32):
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x * 7 % 256, y * 9 % 256, (x + y) * 4 % 256], axis=-1).astype(np.uint8)


def float_image():
    return Image(torch.from_numpy(array().transpose(2, 0, 1).astype(np.float32) / 255))


def byte_image():
    return Image.from_pixels(array())


every = pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=list(TRANSFORMS))


def test_all_of_them_are_found():
    assert len(TRANSFORMS) >= 20 and all(t.name == name for name, t in TRANSFORMS.items())
    assert {*TRANSFORMS, "RandChoice", "RandTransform"} == set(HOMES["transform"])


@every
@pytest.mark.parametrize("make", [float_image, byte_image])
def test_shape_type_and_range_are_kept(transform, make):
    for i in range(5):
        with item_stream(0, 0, i):
            out = make().apply_tfms([call_of(transform)])
        px = out.data
        assert isinstance(out, Picture) and px.dtype == torch.float32 and tuple(px.shape) == tuple(out.shape)
        assert px.shape[0] == 3 and px.min() >= 0 and px.max() <= 1 + 1e-6 and torch.isfinite(px).all()


@every
def test_the_same_address_gives_the_same_picture(transform):
    def at(epoch):
        with item_stream(5, epoch, 1):
            return byte_image().apply_tfms([call_of(transform)]).data

    assert torch.equal(at(0), at(0))


@every
def test_other_addresses_give_other_pictures(transform):
    seen = set()
    for i in range(8):
        with item_stream(5, 0, i):
            call = call_of(transform, p=0.5)
            seen.add(byte_image().apply_tfms([call]).data.numpy().tobytes())
    assert len(seen) > 1


@every
def test_draws_inside_an_address_leave_the_global_generators_alone(transform):
    before = np.random.get_state()[1].copy(), torch.get_rng_state()
    with item_stream(0, 0, 0):
        float_image().apply_tfms([call_of(transform)])
    assert (np.random.get_state()[1] == before[0]).all() and torch.equal(torch.get_rng_state(), before[1])


@every
@pytest.mark.parametrize("make", [float_image, byte_image])
def test_probability_zero_changes_nothing(transform, make):
    assert torch.equal(make().apply_tfms([call_of(transform, p=0)]).data, make().data)


@every
def test_the_state_travels(transform):
    assert name_of("transform", transform) == transform.name
    call = call_of(transform, p=0.3, use_on_y=False)
    again = decode(encode(call))
    assert isinstance(again, RandTransform) and again.tfm is transform
    assert (again.kwargs, again.p, again.use_on_y, again.is_random) == (call.kwargs, 0.3, False, True)
    with item_stream(1, 0, 0):
        expected = byte_image().apply_tfms([call]).data
    with item_stream(1, 0, 0):
        assert torch.equal(byte_image().apply_tfms([again]).data, expected)


@every
def test_floats_and_bytes_agree(transform):
    call = call_of(transform)
    for i in range(5):
        with item_stream(2, 0, i):
            exact = float_image().apply_tfms([call])
        fast = byte_image().apply_tfms([call], do_resolve=False)
        assert (exact.data - fast.data).abs().mean() < 2 / 255


@every
def test_the_method_of_a_picture_does_the_same(transform):
    call = call_of(transform)
    call.resolve()
    method = getattr(float_image(), transform.name)
    torch.testing.assert_close(method(**call.resolved).data, call(float_image()).data)


@every
def test_targets_in_the_picture_go_along(transform):
    call = call_of(transform)
    call.resolve()
    x = float_image().apply_tfms([call], do_resolve=False)
    mask = ImageSegment(torch.ones(1, 24, 32)).apply_tfms([call], do_resolve=False)
    points = ImagePoints(FlowField((24, 32), torch.tensor([[12.0, 16.0]]))).apply_tfms(
        [call], do_resolve=False
    )
    boxes = ImageBBox.create(24, 32, [[8, 8, 16, 24]], labels=[1]).apply_tfms([call], do_resolve=False)
    assert tuple(mask.size) == tuple(points.size) == tuple(boxes.size) == tuple(x.size)
    assert mask.data.dtype == torch.int64 and points.data.shape[1] == 2 and len(boxes.data) == 2


@every
def test_the_documentation_says_what_it_does(transform):
    assert transform.__doc__ and transform.__doc__.strip().endswith((".", ")"))
    assert repr(transform) == f"{type(transform).__name__} ({transform.name})"
