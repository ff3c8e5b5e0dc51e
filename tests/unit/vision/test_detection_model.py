"""Tests of onecycle.vision.detection_model."""

import pytest
import torch

from onecycle.utils.registry import lookup
from onecycle.vision.detection_model import create_detection_model


@pytest.mark.parametrize("arch", ["resnet18", "squeezenet1_1", "mobilenet_v2", "xresnet18"])
def test_on_any_body(arch):
    model = create_detection_model(arch, 3, (64, 64), pretrained=False, channels=16, depth=1).eval()
    with torch.no_grad():
        output = model(torch.rand(1, 3, 64, 96))
    assert output.shape[2] == 11 and output.isfinite().all()


def test_files_find_it_and_channels_are_adapted():
    model = lookup("model", "create_detection_model")("resnet18", 1, pretrained=False, n_in=1, channels=8, depth=0)
    assert model(torch.rand(2, 1, 32, 32)).shape[0] == 2
