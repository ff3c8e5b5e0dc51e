"""Pictures, masks, points and boxes as items."""

import io

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from PIL import Image as PILImage

from onecycle.errors import ArgumentError, ArgumentTypeError, DataError
from onecycle.vision.image import (
    FlowField,
    Image,
    ImageBBox,
    ImagePoints,
    ImageSegment,
    ResizeMethod,
    bb2hw,
    image2np,
    open_image,
    plot_flat,
    plot_multi,
    rle_decode,
    rle_encode,
    show_all,
    show_image,
    show_multi,
    tis2hw,
)
from onecycle.vision.transform import (
    brightness,
    crop_pad,
    cutout,
    flip_lr,
    get_transforms,
    pad,
    rand_crop,
    rotate,
)

matplotlib.use("Agg")


@pytest.fixture
def img():
    return Image(torch.rand(3, 24, 32, generator=torch.Generator().manual_seed(0)))


@pytest.fixture
def bytes_img():
    return Image.from_pixels(np.random.default_rng(0).integers(0, 256, (24, 32, 3)).astype(np.uint8))


@pytest.fixture(autouse=True)
def close_figures():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


def test_what_an_image_says_of_itself(img):
    assert repr(img) == str(img) == "Image (3, 24, 32)"
    assert img.size == (24, 32) and img.shape == torch.Size([3, 24, 32]) and img.device.type == "cpu"
    assert img.obj is img and img.data is img.px


def test_a_tensor_of_bytes_is_taken_as_0_to_255():
    values = torch.randint(0, 256, (3, 4, 5), dtype=torch.uint8)
    torch.testing.assert_close(Image(values).data, values.float() / 255)
    torch.testing.assert_close(Image(values[:1]).data, values[:1].float() / 255)


@pytest.mark.parametrize("px", [torch.rand(4, 4), torch.rand(1, 3, 4, 4), np.zeros((3, 4, 4))])
def test_pixels_of_another_shape_are_refused(px):
    with pytest.raises(
        ArgumentTypeError, match=r"Image: px must be a tensor \(channels, height, width\); got .* shape"
    ):
        Image(px)


def test_methods_change_the_picture_and_return_it(img):
    before = img.clone()
    assert img.rotate(30) is img
    assert not torch.equal(img.data, before.data)


def test_clones_do_not_share_changes(img):
    other = img.clone()
    other.px.zero_()
    assert img.px.max() > 0
    third = img.clone()
    img.px.zero_()
    assert third.px.max() > 0


def test_apply_tfms_leaves_the_picture_as_it_is(img, bytes_img):
    for picture in (img, bytes_img):
        before = picture.clone().data
        out = picture.apply_tfms([rotate(degrees=30), brightness(change=0.8), cutout()], size=16)
        assert out.size == (16, 16) and picture.size == (24, 32)
        assert torch.equal(picture.data, before)
    assert img.apply_tfms([]) is img and img.apply_tfms(None) is img
    same = img.apply_tfms([flip_lr(p=0)])
    same.px.zero_()
    assert img.px.max() > 0


@pytest.mark.parametrize(
    ("size", "method", "expected"),
    [
        (16, None, (16, 16)),
        ((16, 20), None, (16, 20)),
        (16, ResizeMethod.PAD, (16, 16)),
        (16, 3, (16, 16)),
        (16, ResizeMethod.NO, (24, 32)),
        (torch.Size([3, 10, 12]), ResizeMethod.CROP, (10, 12)),
    ],
)
def test_sizes_and_resize_methods(img, bytes_img, size, method, expected):
    for picture in (img, bytes_img):
        for tfms in ([], [rand_crop()], get_transforms()[0]):
            assert picture.apply_tfms(tfms, size=size, resize_method=method).size == expected


def test_crop_shows_the_middle_and_squish_all_of_it():
    ramp = Image(torch.linspace(0, 1, 40).expand(1, 20, 40).clone())
    cut = ramp.apply_tfms([], size=20).data
    assert 0.2 < cut.min() < 0.3 and 0.7 < cut.max() < 0.8
    whole = ramp.apply_tfms([], size=20, resize_method=ResizeMethod.SQUISH).data
    assert whole.min() < 0.03 and whole.max() > 0.97
    ones = Image(torch.ones(1, 20, 40))
    padded = ones.apply_tfms([], size=20, resize_method=ResizeMethod.PAD, padding_mode="zeros").data
    assert padded[0, :4].max() == 0 and padded[0, 6:14].min() > 0.99


def test_a_crop_that_does_not_run_is_a_centre_crop(img):
    out = img.apply_tfms([rand_crop(p=0)], size=16)
    torch.testing.assert_close(out.data, img.apply_tfms([], size=16).data)


def test_a_crop_with_its_own_size_needs_none_from_outside(img):
    assert img.apply_tfms([crop_pad(size=10)]).size == (10, 10)
    assert img.apply_tfms([crop_pad()]).size == (24, 32)


def test_mult_rounds_the_size(img):
    assert img.apply_tfms([], size=21, mult=8).size == (24, 24)


def test_xtra_overrides_what_was_drawn(img):
    out = img.apply_tfms([rotate(degrees=(10, 20))], xtra={rotate: {"degrees": 0.0}})
    torch.testing.assert_close(out.data, img.data, atol=1e-5, rtol=0)


def test_do_resolve_false_repeats_the_last_draw(img):
    tfms = get_transforms()[0]
    first = img.apply_tfms(tfms, size=16)
    assert torch.equal(first.data, img.apply_tfms(tfms, size=16, do_resolve=False).data)


def test_margins_of_another_kind_than_the_warps_are_made_one_after_the_other(img):
    ones = Image(torch.ones(1, 20, 20))
    for kind in (ones, Image.from_pixels(np.full((20, 20), 255, np.uint8))):
        out = kind.apply_tfms([pad(padding=4, mode="zeros"), rotate(degrees=10)], padding_mode="border")
        assert out.size == (28, 28) and out.data[0, 14, 14] > 0.99 and out.data[0, 0].max() == 0
        turned = kind.clone().set_sample(padding_mode="border").rotate(10).pad(4, mode="zeros")
        assert turned.data[0, 4:24, 4:24].min() > 0.99 and turned.data[0, :4].max() == 0


def test_moves_after_a_jitter_join_its_flow(img):
    x = img.clone().jitter(0.01, seed=3).rotate(5).crop(16).flip_lr()
    assert x._geometry.flow is not None and x.size == (16, 16)
    assert x.pad(2).size == (20, 20) and x.data.shape == (3, 20, 20)
    assert img.clone().jitter(0.01, seed=3).resize(12).data.shape == (3, 12, 12)


def test_flow_and_affine_mat_can_be_read_and_set(img):
    torch.testing.assert_close(img.affine_mat, torch.eye(3))
    img.affine_mat = torch.tensor([[-1.0, 0, 0], [0, 1, 0], [0, 0, 1]])
    torch.testing.assert_close(img.flow.flow[0, :, 0], img.flow.flow[1, :, 0])
    before = img.clone().data
    img.flow = img.flow
    torch.testing.assert_close(img.data, before, atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("kwargs", "said"),
    [
        ({"padding_mode": "reflect"}, r"padding_mode must be one of .* Did you mean 'reflection'\?"),
        ({"mode": "linear"}, r"mode must be one of bilinear.*; got 'linear'.*Did you mean 'bilinear'\?"),
        ({"size": 0}, r"size must be made of whole numbers of at least 1 pixel; got 0"),
    ],
)
def test_settings_are_checked(img, kwargs, said):
    with pytest.raises(ArgumentError, match=said):
        img.apply_tfms([flip_lr()], **{"size": 8, **kwargs})


def test_sizes_of_a_wrong_type_are_refused(img):
    with pytest.raises(ArgumentTypeError, match=r"size must be a whole number, \(height, width\).*got '224'"):
        img.apply_tfms([], size="224")


def test_unknown_sample_keywords_are_refused(img):
    with pytest.raises(ArgumentTypeError, match=r"set_sample: unknown keyword 'padding'"):
        img.set_sample(padding="zeros")


def test_transforms_that_were_not_called_are_named(img):
    with pytest.raises(ArgumentTypeError, match=r"tfms must hold calls of transforms.*Write flip_lr\(\)"):
        img.apply_tfms([flip_lr])
    with pytest.raises(ArgumentTypeError, match=r"tfms must hold calls of transforms.*Pass e\.g\. \[rotate"):
        img.apply_tfms([lambda x: x])


def test_batches_travel_as_bytes_where_they_are_bytes(bytes_img, img):
    batch = Image.pack([bytes_img, bytes_img.clone().flip_lr()])
    assert batch.values.dtype == torch.uint8 and batch.values.shape == (2, 3, 24, 32) and len(batch) == 2
    torch.testing.assert_close(batch.unpack("cpu")[0], bytes_img.data)
    mixed = Image.pack([img, bytes_img])
    assert mixed.values.dtype == torch.float32
    torch.testing.assert_close(mixed.unpack("cpu")[0], img.data)
    grey = Image.pack([Image.from_pixels(np.full((4, 4), 51, np.uint8))])
    torch.testing.assert_close(grey.unpack("cpu"), torch.full((1, 1, 4, 4), 0.2))


def test_batches_are_normalised_while_they_are_unpacked(bytes_img, img):
    mean, std = torch.tensor([0.4, 0.5, 0.6]), torch.tensor([0.2, 0.3, 0.4])
    for picture in (bytes_img, img):
        batch = Image.pack([picture])
        plain = batch.unpack("cpu")
        expected = (plain - mean.view(3, 1, 1)) / std.view(3, 1, 1)
        torch.testing.assert_close(batch.unpack("cpu", mean, std), expected)
        torch.testing.assert_close(batch.unpack("cpu"), plain)  # unpacking changes nothing


def test_masks_travel_as_bytes_and_arrive_as_indices():
    mask = ImageSegment.from_pixels(np.arange(12, dtype=np.uint8).reshape(3, 4))
    batch = ImageSegment.pack([mask, mask])
    assert batch.values.dtype == torch.uint8
    assert batch.unpack("cpu").dtype == torch.int64 and torch.equal(batch.unpack("cpu")[0], mask.data)
    floats = ImageSegment.pack([ImageSegment(torch.ones(1, 3, 4))])
    assert floats.unpack("cpu").dtype == torch.int64


def test_pictures_of_different_shapes_do_not_pack(img):
    with pytest.raises(
        DataError, match=r"one shape; got \(3, 24, 32\) for item 0 and \(3, 12, 12\) for item 1"
    ):
        Image.pack([img, img.clone().resize(12)])


def test_saving_and_notebook_pictures(tmp_path, bytes_img):
    bytes_img.save(tmp_path / "a.png")
    torch.testing.assert_close(open_image(tmp_path / "a.png").data, bytes_img.data)
    grey = Image(torch.rand(1, 5, 5))
    grey.save(tmp_path / "g.png")
    assert (open_image(tmp_path / "g.png", convert_mode="L").data - grey.data).abs().max() <= 0.51 / 255
    for item in (
        bytes_img,
        ImageSegment(torch.ones(1, 3, 3)),
        ImagePoints(FlowField((5, 5), torch.rand(2, 2))),
    ):
        assert item._repr_png_().startswith(b"\x89PNG")


def _as_notebooks_show(item):
    """Return the RGBA values of an item as a cell's last expression, (H, W, 4)."""
    return np.asarray(PILImage.open(io.BytesIO(item._repr_png_())).convert("RGBA"))


def test_a_mask_as_a_cell_s_last_expression_is_coloured():
    shown = _as_notebooks_show(ImageSegment(torch.tensor([[[0.0, 1, 2], [2, 1, 0]]])))
    assert shown.shape == (2, 3, 4)
    assert len(np.unique(shown[0], axis=0)) == 3 and (shown[..., 3] == 255).all()
    np.testing.assert_array_equal(shown[0], shown[1, ::-1])


@pytest.mark.parametrize(
    ("indices", "n_classes", "clear"),
    [
        ([0, 1, 255], None, [False, False, True]),  # as in the files of Pascal VOC
        ([0, 1, 5], 2, [False, False, True]),
        ([0, 255, 255], None, [False, False, False]),  # ink and ground
        ([0, 254, 255], None, [False, False, False]),  # values of a photo
    ],
)
def test_pixels_without_a_class_are_clear(indices, n_classes, clear):
    mask = ImageSegment(torch.tensor([[indices]]).float())
    mask.n_classes = n_classes
    shown = _as_notebooks_show(mask)[0]
    assert (shown[:, 3] == 0).tolist() == clear
    drawn = {tuple(colour) for colour, out in zip(shown.tolist(), clear, strict=True) if not out}
    assert len(drawn) == 2


def test_points_and_boxes_are_drawn_on_a_frame_of_the_image_s_proportions():
    points = ImagePoints(FlowField((50, 100), torch.tensor([[25.0, 20.0]])))
    boxes = ImageBBox.create(50, 100, [[10, 20, 40, 60]], labels=[0], classes=["cat"])
    nothing = ImagePoints(FlowField((50, 100), torch.zeros(0, 2)))
    ground = _as_notebooks_show(nothing)
    height, width = ground.shape[:2]
    assert abs(width / height - 2) < 0.05
    shown = _as_notebooks_show(points)
    red = (shown[..., 0] > 200) & (shown[..., 1] < 60)
    rows, columns = red.nonzero()
    assert abs(rows.mean() / height - 0.5) < 0.03 and abs(columns.mean() / width - (0.03 + 0.94 * 0.2)) < 0.03
    changed = (_as_notebooks_show(boxes) != ground).any(axis=2).nonzero()
    assert abs(changed[0].min() / height - (0.03 + 0.94 * 0.2)) < 0.03
    assert abs(changed[1].max() / width - (0.03 + 0.94 * 0.6)) < 0.03


@pytest.mark.parametrize("alone", [True, False])
def test_a_point_outside_its_image_is_shown(img, alone):
    places = torch.tensor([[5.0, 5.0], [30.0, -4.0], [900.0, 10.0], [float("nan"), 3.0]])  # of 24 x 32 pixels
    points = ImagePoints(FlowField((24, 32), places))
    ax = plt.subplots()[1]
    if not alone:
        img.show(ax=ax)
    points.show(ax=ax)
    left, right = ax.get_xlim()
    low, high = ax.get_ylim()
    assert left < -4 and right == 31.5 and low > 48 and high == -0.5  # rows are counted from above
    drawn = ax.collections[0].get_offsets()
    np.testing.assert_allclose(drawn[:3], [[5, 5], [-4, 30], [10, 48]], atol=1e-4)  # the far one: at the edge
    inside = plt.subplots()[1]
    ImagePoints(FlowField((24, 32), places[:1])).show(ax=inside)
    assert inside.get_ylim() == (23.5, -0.5)
    plt.close("all")


def test_masks_keep_their_indices_under_every_move():
    mask = ImageSegment(torch.randint(0, 4, (1, 20, 20)).float() * 50)
    out = mask.apply_tfms(get_transforms()[0], size=30)
    assert out.data.dtype == torch.int64 and set(out.data.unique().tolist()) <= {0, 50, 100, 150}
    assert mask.clone().brightness(0.9) is not None and torch.equal(
        mask.clone().brightness(0.9).data, mask.data
    )
    assert isinstance(mask.reconstruct(mask.data), ImageSegment)


def test_points_follow_their_picture():
    px = torch.zeros(1, 41, 61)
    px[0, 10, 40] = 1
    points = ImagePoints(FlowField((41, 61), torch.tensor([[10.5, 40.5]])))
    assert repr(points) == "ImagePoints (41, 61)" and points.shape == (1, 41, 61)
    tfms = [rotate(degrees=20), flip_lr(), brightness(change=0.6), crop_pad()]
    for extra in ([], get_transforms(max_lighting=0, do_flip=False)[0][1:]):
        x = Image(px.clone()).apply_tfms(tfms + extra, size=32, padding_mode="zeros")
        y = points.apply_tfms(tfms + extra, size=32, do_resolve=False, remove_out=False)
        row, column = divmod(int(x.data.argmax()), 32)
        where = (y.data[0] + 1) * 16 - 0.5
        assert (where - torch.tensor([row, column])).abs().max() < 1


def test_points_outside_are_left_out_unless_kept():
    points = ImagePoints(FlowField((10, 10), torch.tensor([[5.0, 5.0], [0.5, 0.5]])))
    zoomed = points.clone().zoom(2.0)
    assert len(zoomed.data) == 1
    assert len(points.clone().set_sample(remove_out=False).zoom(2.0).data) == 2
    assert len(points.clone().cutout(3, 4).data) == 2


def test_points_can_be_given_x_first_and_in_unit_coordinates():
    a = ImagePoints(FlowField((10, 20), torch.tensor([[15.0, 2.0]])), y_first=False)
    b = ImagePoints(FlowField((10, 20), torch.tensor([[-0.6, 0.5]])), scale=False)
    torch.testing.assert_close(a.data, b.data)
    assert a.device.type == "cpu" and torch.equal(a.px, a.data)
    a.flow = FlowField((10, 20), torch.tensor([[0.0, 0.0]]))
    assert a.data.tolist() == [[0, 0]]


def test_points_are_found_in_a_flow_field():
    def _bend(c):
        return FlowField(c.size, c.flow + 0.1 * torch.sin(3 * c.flow).flip(-1))

    points = torch.tensor([[0.3, -0.2], [-0.5, 0.4]])
    moved = ImagePoints(FlowField((64, 64), points), scale=False).coord(_bend).data
    back = _bend(FlowField((64, 64), moved.flip(-1))).flow.flip(-1)
    torch.testing.assert_close(back, points, atol=2e-3, rtol=0)


def test_boxes_move_stay_upright_and_lose_what_leaves():
    boxes = ImageBBox.create(10, 20, [[0, 0, 5, 10], [5, 10, 10, 20]], labels=[0, 1], classes=["cat", "dog"])
    edges, labels = boxes.data
    assert edges.tolist() == [[-1, -1, 0, 0], [0, 0, 1, 1]] and labels.tolist() == [0, 1]
    flipped, _ = boxes.clone().flip_lr().data
    torch.testing.assert_close(flipped[0], torch.tensor([-1.0, 0.0, 0.0, 1.0]))
    cut, left = boxes.apply_tfms([crop_pad(size=(5, 10), row_pct=0.0, col_pct=0.0)]).data
    assert left.tolist() == [0] and cut.tolist() == [[-1, -1, 1, 1]]
    turned, _ = boxes.clone().rotate(10).data
    assert (turned[:, 2:] > turned[:, :2]).all()
    kept = boxes.clone().set_sample(remove_out=False).crop((5, 10), row_pct=0.0, col_pct=0.0)
    assert len(kept.data[0]) == 2 and str(boxes.labels[1]) == "dog"


def test_sizes_boxes_and_arrays():
    assert tis2hw(5) == [5, 5] and tis2hw((3, 7, 9)) == [7, 9] and tis2hw([7, 9]) == [7, 9]
    assert bb2hw([1, 2, 11, 22]).tolist() == [2, 1, 20, 10]
    assert image2np(torch.zeros(3, 4, 5)).shape == (4, 5, 3) and image2np(torch.zeros(1, 4, 5)).shape == (
        4,
        5,
    )


def test_run_lengths_go_there_and_back():
    mask = (np.random.default_rng(1).random((9, 7)) > 0.5).astype(np.uint8)
    assert (rle_decode(rle_encode(mask), (9, 7)) == mask).all()
    assert rle_encode(np.zeros((2, 2))) == "" and rle_decode("", (2, 2)).sum() == 0


@pytest.mark.parametrize(
    ("code", "said"), [("1 2 3", "pairs of start and length"), ("8 5", "must stay inside a mask")]
)
def test_bad_run_lengths_are_refused(code, said):
    with pytest.raises(ArgumentError, match=said):
        rle_decode(code, (3, 3))


def test_everything_shows_itself(img):
    mask = ImageSegment(torch.ones(1, 24, 32))
    boxes = ImageBBox.create(24, 32, [[2, 2, 10, 10]], labels=[0], classes=["cat"])
    img.show(y=mask, title="with a mask")
    img.show(y=boxes)
    for item in (mask, boxes, ImagePoints(FlowField((24, 32), torch.tensor([[3.0, 4.0]])))):
        item.show(title="alone")
    ax = show_image(torch.rand(8, 8), cmap="gray")
    assert not ax.axison and show_image(torch.rand(3, 8, 8), hide_axis=False).axison


def test_grids_call_for_every_cell(img):
    import matplotlib.pyplot as plt

    cells = []
    plot_multi(lambda i, j, ax: cells.append((i, j)), 2, 3)
    assert cells == [(i, j) for i in range(2) for j in range(3)]
    assert len(list(plot_flat(2, 2, (4, 4)))) == 4
    show_multi(lambda i, j: img, 1, 2)
    show_all([img, img, img], r=2)
    assert len(plt.gcf().axes) == 4
