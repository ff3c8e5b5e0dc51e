"""Tests of onecycle.vision.unet_model."""

import pytest
import torch

from onecycle.vision.unet_model import create_unet_model

LARGEST_MAPS = {"resnet18": 64, "resnet34": 64, "squeezenet1_1": 64, "vgg11_bn": 64, "densenet121": 64, "alexnet": 64}


@pytest.mark.parametrize("arch", LARGEST_MAPS)
def test_registered_bodies_at_an_odd_size(arch):
    model = create_unet_model(arch, 5, (64, 64), pretrained=False).eval()
    assert model.maps.skips[0].channels == LARGEST_MAPS[arch]
    with torch.no_grad():
        assert model(torch.rand(1, 3, 65, 71)).shape == (1, 5, 65, 71)


def test_pictures_of_one_channel_and_another_cut():
    model = create_unet_model("resnet18", 2, (64, 64), pretrained=False, n_in=1, cut=6, bottle=True).eval()
    assert [m.channels for m in model.maps.skips] == [64, 64]
    with torch.no_grad():
        assert model(torch.rand(1, 1, 32, 32)).shape == (1, 2, 32, 32)
