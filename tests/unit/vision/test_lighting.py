"""Light: lines in logit space and their table."""

import numpy as np
import pytest
import torch

from onecycle.vision.image import Image
from onecycle.vision.lighting import Light, logit, logit_of, relight, table
from onecycle.vision.transform import TfmLighting, brightness, contrast


def test_lines_compose():
    px = torch.rand(3, 4, 4)
    first, second = Light(1.3, 0.2), Light(0.7, -0.4)
    torch.testing.assert_close(relight(relight(px, first), second), relight(px, first.then(second)))


def test_the_table_is_the_line_on_256_values():
    light = Light(1.4, -0.3)
    exact = relight(torch.arange(256).float()[None, None] / 255, light).flatten() * 255
    assert np.abs(table(light) - exact.numpy()).max() <= 0.5001
    assert (table(Light()) == np.arange(256)).all()


def test_logit_is_finite_at_black_and_white():
    assert torch.isfinite(logit(torch.tensor([0.0, 1.0]))).all()
    assert logit_of(0.5) == pytest.approx(0, abs=1e-6) and logit_of(2.0) == logit_of(1.0)


def test_brightness_of_a_half_and_contrast_of_one_change_nothing():
    img = Image(torch.rand(3, 5, 5))
    before = img.clone().data
    torch.testing.assert_close(img.clone().brightness(0.5).data, before, atol=1e-5, rtol=0)
    torch.testing.assert_close(img.clone().contrast(1.0).data, before, atol=1e-5, rtol=0)


def test_brightness_moves_mid_grey_to_the_change_itself():
    grey = Image(torch.full((1, 2, 2), 0.5))
    torch.testing.assert_close(brightness(grey, 0.7).data, torch.full((1, 2, 2), 0.7))


def test_contrast_keeps_mid_grey_and_spreads_the_rest():
    px = contrast(Image(torch.tensor([0.2, 0.5, 0.8]).view(1, 1, 3)), 2.0).data.flatten()
    assert px[0] < 0.2 and px[2] > 0.8 and px[1] == pytest.approx(0.5)


def test_a_lighting_function_of_the_users_gets_logits():
    seen = []

    def _shift(x, by: float = 1.0):
        seen.append(x)
        return x + by

    px = torch.rand(1, 3, 3)
    out = TfmLighting(_shift)(Image(px.clone()), 0.5).data
    torch.testing.assert_close(seen[0], logit(px))
    torch.testing.assert_close(out, relight(px, Light(1.0, 0.5)))


def test_logit_px_can_be_read_and_set():
    img = Image(torch.rand(1, 3, 3))
    img.logit_px = img.logit_px * 0
    torch.testing.assert_close(img.px, torch.full((1, 3, 3), 0.5))
