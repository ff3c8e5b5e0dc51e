"""Tests of onecycle.vision.models.unet."""

import copy
import io

import pytest
import torch
from torch import nn

from onecycle.errors import ArgumentError, ArgumentTypeError
from onecycle.nn.attention import SelfAttention
from onecycle.nn.hooks import hook_output
from onecycle.nn.norm import NormType
from onecycle.vision.models.unet import DynamicUnet, UnetBlock


def conv(n_in, n_out, stride=1):
    return nn.Conv2d(n_in, n_out, 3, stride=stride, padding=1)


def small_body():
    return nn.Sequential(conv(3, 8, 2), nn.ReLU(), nn.Sequential(conv(8, 12, 2), nn.ReLU(True)), conv(12, 16, 2))


class Foreign(nn.Module):
    """A body whose parts are not called in the order of its children."""

    def __init__(self):
        super().__init__()
        self.start, self.deep = conv(3, 8, 2), conv(8, 16, 2)
        self.gate = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(8, 8, 1), nn.Sigmoid())

    def forward(self, x):
        x = self.start(x)
        return self.deep(x * self.gate(x)).relu()


def small_unet(body=None, **kwargs):
    return DynamicUnet(body or small_body(), 4, img_size=(64, 64), **kwargs)


@pytest.mark.parametrize("size", [(64, 64), (33, 47), (20, 70), (9, 9)])
def test_the_output_has_the_height_and_width_of_the_picture(size):
    assert small_unet()(torch.rand(2, 3, *size)).shape == (2, 4, *size)


def test_the_maps_are_the_last_of_each_size():
    assert [str(m) for m in small_unet().maps.skips] == ["ReLU (1, 8, 32, 32)", "ReLU (1, 12, 16, 16)"]


def test_a_body_that_begins_at_full_size_needs_no_enlarging_at_the_end():
    model = small_unet(nn.Sequential(conv(3, 8), nn.MaxPool2d(2), conv(8, 16)))
    assert model.maps.scale == 1
    assert model(torch.rand(1, 3, 31, 30)).shape == (1, 4, 31, 30)


def test_a_body_that_begins_at_a_fourth():
    model = small_unet(nn.Sequential(nn.Conv2d(3, 8, 4, stride=4), nn.MaxPool2d(2), conv(8, 16)))
    assert model.maps.scale == 4
    assert model(torch.rand(1, 3, 31, 30)).shape == (1, 4, 31, 30)


def test_a_layer_that_stands_twice_in_the_body_runs_twice():
    relu = nn.ReLU()
    model = small_unet(nn.Sequential(conv(3, 8, 2), relu, conv(8, 8, 2), relu, nn.MaxPool2d(2)))
    assert [m.name for m in model.maps.skips] == ["1", "3"]


class TestForeignBodies:
    def test_the_maps_are_found_in_running_order(self):
        model = small_unet(Foreign())
        assert [m.name for m in model.maps.skips] == ["start"]
        assert model(torch.rand(2, 3, 41, 33)).shape == (2, 4, 41, 33)

    def test_no_hook_is_left_on_the_body(self):
        model = small_unet(Foreign())
        model(torch.rand(2, 3, 32, 32))
        assert not any(module._forward_hooks for module in model.modules())

    def test_gradients_reach_all_of_the_body(self):
        model = small_unet(Foreign())
        model(torch.rand(2, 3, 32, 32)).sum().backward()
        assert all(p.grad is not None for p in model[0].parameters())

    def test_a_body_without_maps_lists_what_was_found(self):
        flat = nn.Sequential(conv(3, 8, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        with pytest.raises(ArgumentError, match=r"encoder must end in a feature map.*found: .*Flatten \(1, 8\)"):
            small_unet(flat)
        with pytest.raises(ArgumentError, match=r"found: Conv2d \(1, 8, 64, 64\)"):
            small_unet(nn.Sequential(conv(3, 8)))

    def test_a_body_without_weights(self):
        with pytest.raises(ArgumentError, match="encoder must hold layers with weights"):
            small_unet(nn.Sequential(nn.ReLU()))

    def test_a_body_that_does_not_run(self):
        with pytest.raises(ArgumentError, match="encoder must run on one picture"):
            small_unet(nn.Sequential(conv(3, 8), conv(3, 8)))


class TestOptions:
    def test_bounds_of_the_output(self):
        out = small_unet(y_range=(-1.0, 2.0))(100 * torch.randn(2, 3, 32, 32))
        assert -1 <= out.min() < out.max() <= 2

    def test_without_the_picture_beside_the_last_map(self):
        with_picture, without = small_unet(), small_unet(last_cross=False)
        assert with_picture[-1][0].in_channels == without[-1][0].in_channels + 3
        assert without(torch.rand(2, 3, 33, 32)).shape == (2, 4, 33, 32)

    def test_attention_stands_once(self):
        model = small_unet(self_attention=True)
        assert sum(isinstance(m, SelfAttention) for m in model.modules()) == 1

    def test_blur(self):
        blurs = lambda **kwargs: [m.shuf.do_blur for m in small_unet(**kwargs).layers if isinstance(m, UnetBlock)]
        assert blurs() == [False, False]
        assert blurs(blur=True) == [True, True]
        assert blurs(blur=True, blur_final=False) == [True, False]

    def test_bottle_narrows_the_last_block(self):
        count = lambda **kwargs: sum(p.numel() for p in small_unet(**kwargs).parameters())
        assert count(bottle=True) < count()

    @pytest.mark.parametrize("norm_type", [None, *NormType])
    def test_kinds_of_normalisation(self, norm_type):
        assert small_unet(norm_type=norm_type)(torch.rand(2, 3, 32, 32)).shape == (2, 4, 32, 32)

    def test_a_leaky_decoder(self):
        model = small_unet(leaky=0.1)
        assert any(isinstance(m, nn.LeakyReLU) for m in model.modules())

    def test_an_unknown_keyword(self):
        with pytest.raises(ArgumentTypeError, match="DynamicUnet: unknown keyword 'norm_typ'. Did you mean"):
            small_unet(norm_typ=None)

    def test_bounds_that_do_not_rise(self):
        with pytest.raises(ArgumentError, match="y_range must be a lower and an upper bound"):
            small_unet(y_range=(1, 0))

    def test_no_classes(self):
        with pytest.raises(ArgumentError, match="n_classes must be an integer of at least 1"):
            DynamicUnet(small_body(), 0)


class TestUnetBlock:
    def test_the_map_may_come_from_a_hook(self):
        layer, below = conv(3, 6), torch.rand(2, 8, 5, 5)
        with hook_output(layer) as hook:
            block = UnetBlock(8, 6, hook, final_div=False).eval()
            skip = layer(torch.rand(2, 3, 11, 10))
        assert block(below).shape == (2, 5, 11, 10)
        assert torch.equal(block(below), block(below, skip))

    def test_without_a_map(self):
        with pytest.raises(ArgumentError, match="UnetBlock: there is no map of the body"):
            UnetBlock(8, 6, None)(torch.rand(2, 8, 5, 5))


class TestAsAModule:
    def test_copies_and_files(self):
        model, x = small_unet(norm_type=NormType.Weight).eval(), torch.rand(1, 3, 32, 32)
        assert torch.equal(copy.deepcopy(model)(x), model(x))
        buffer = io.BytesIO()
        torch.save(model.state_dict(), buffer)
        buffer.seek(0)
        again = small_unet(norm_type=NormType.Weight).eval()
        again.load_state_dict(torch.load(buffer, weights_only=True))
        assert torch.equal(again(x), model(x))

    def test_a_part_of_the_body_can_be_replaced(self):
        model, x = small_unet().eval(), torch.rand(1, 3, 32, 32)
        before = model(x)
        model[0][0] = conv(3, 8, 2)
        assert not torch.equal(model(x), before)

    def test_it_can_be_exported_for_other_runtimes(self):
        model, x = small_unet().eval(), torch.rand(1, 3, 32, 32)
        program = torch.export.export(model, (x,)).module()
        assert torch.allclose(program(x), model(x), atol=1e-5)
