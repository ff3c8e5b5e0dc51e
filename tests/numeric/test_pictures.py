"""PSNR and SSIM against closed forms, and SSIM against its definition, window by window."""

import numpy as np
import pytest
import torch

from onecycle.metrics.base import as_metric
from onecycle.metrics.pictures import psnr, ssim

C1, C2 = 0.01**2, 0.03**2


def window():
    places = np.arange(-5, 6)
    bell = np.exp(-(places**2) / (2 * 1.5**2))
    weights = np.outer(bell, bell)
    return weights / weights.sum()


def by_windows(x, y):
    """Return the mean of equation 13 over every window of two grey pictures, in doubles."""
    w, found = window(), []
    for row in range(x.shape[0] - 10):
        for column in range(x.shape[1] - 10):
            a, b = (p[row : row + 11, column : column + 11] for p in (x, y))
            ma, mb = (w * a).sum(), (w * b).sum()
            va, vb, both = (w * (a - ma) ** 2).sum(), (w * (b - mb) ** 2).sum(), (w * (a - ma) * (b - mb)).sum()
            found.append((2 * ma * mb + C1) * (2 * both + C2) / ((ma**2 + mb**2 + C1) * (va + vb + C2)))
    return np.mean(found)


def test_ssim_is_its_definition():
    rng = np.random.default_rng(0)
    x = rng.random((2, 3, 13, 16))
    y = np.clip(x + rng.normal(0, 0.2, x.shape), 0, 1)
    expected = np.mean([by_windows(x[n, c], y[n, c]) for n in range(2) for c in range(3)])
    assert float(ssim(torch.tensor(x), torch.tensor(y))) == pytest.approx(expected, abs=1e-5)


def test_ssim_is_that_of_scipys_filter():
    ndimage = pytest.importorskip("scipy.ndimage")
    rng = np.random.default_rng(1)
    x, y = rng.random((20, 30)), rng.random((20, 30))

    def smooth(p):
        return ndimage.gaussian_filter(p, 1.5, radius=5)[5:-5, 5:-5]

    mx, my = smooth(x), smooth(y)
    vx, vy, both = smooth(x * x) - mx**2, smooth(y * y) - my**2, smooth(x * y) - mx * my
    expected = ((2 * mx * my + C1) * (2 * both + C2) / ((mx**2 + my**2 + C1) * (vx + vy + C2))).mean()
    assert float(ssim(torch.tensor(x)[None, None], torch.tensor(y)[None, None])) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("a, b", [(0.2, 0.7), (0.0, 1.0), (0.5, 0.5)])
def test_ssim_of_two_even_greys(a, b):
    x, y = torch.full((1, 1, 12, 12), a), torch.full((1, 1, 12, 12), b)
    assert float(ssim(x, y)) == pytest.approx((2 * a * b + C1) / (a * a + b * b + C1), abs=1e-4)


def test_ssim_of_a_negative():
    """Around 0.5, a negative has the same means and variances and the opposite covariance."""
    x = 0.5 + 0.3 * torch.cos(torch.pi * torch.arange(40.0)).expand(1, 1, 40, 40)
    mean = (window() * x[0, 0, :11, :11].numpy()).sum()
    var = (window() * (x[0, 0, :11, :11].numpy() - mean) ** 2).sum()
    assert float(ssim(x, 1 - x)) == pytest.approx((C2 - 2 * var) / (C2 + 2 * var), abs=2e-3)


def test_psnr_of_a_step():
    x = torch.rand(2, 3, 8, 8)
    assert float(psnr(x, x + 0.1)) == pytest.approx(20, abs=1e-3)
    assert float(psnr(255 * x, 255 * x + 25.5, data_range=255)) == pytest.approx(20, abs=1e-3)


def test_psnr_of_a_set_is_that_of_its_mean_squared_error():
    counting = as_metric(psnr)
    counting.update(torch.zeros(1, 1, 4, 4), torch.zeros(1, 1, 4, 4))
    counting.update(torch.zeros(3, 1, 4, 4), torch.full((3, 1, 4, 4), 0.5))
    assert float(counting.compute()) == pytest.approx(10 * np.log10(1 / (0.75 * 0.25)), abs=1e-4)
