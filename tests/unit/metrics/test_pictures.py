"""PSNR and SSIM: settings and what they refuse; their values are in tests/numeric."""

from functools import partial

import pytest
import torch

from onecycle.errors import DataError
from onecycle.metrics.base import as_metric
from onecycle.metrics.pictures import psnr, ssim
from onecycle.utils.registry import decode, encode

STATS = ([0.5, 0.4, 0.3], [0.2, 0.3, 0.1])


def pair():
    torch.manual_seed(0)
    return torch.rand(3, 3, 14, 15), torch.rand(3, 3, 14, 15)


def normalized(x):
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in STATS)
    return (x - mean) / std


@pytest.mark.parametrize("metric", [psnr, ssim])
def test_normalised_pictures_are_brought_back(metric):
    made, wanted = pair()
    found = metric(normalized(made), normalized(wanted), stats=STATS)
    torch.testing.assert_close(found, metric(made, wanted), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("metric", [psnr, ssim])
def test_what_a_file_would_clip_is_clipped(metric):
    made, wanted = pair()
    found = metric(normalized(3 * made - 1), normalized(wanted), stats=STATS)
    torch.testing.assert_close(found, metric((3 * made - 1).clamp(0, 1), wanted), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("metric", [psnr, ssim])
def test_the_range_of_values_does_not_matter_when_it_is_told(metric):
    made, wanted = pair()
    torch.testing.assert_close(metric(255 * made, 255 * wanted, data_range=255), metric(made, wanted))


@pytest.mark.parametrize("metric", [psnr, ssim])
def test_statistics_reach_the_metric_of_a_set_and_its_file(metric):
    made, wanted = map(normalized, pair())
    counting = decode(encode(as_metric(partial(metric, stats=STATS))))
    for a, b in zip(made.split(2), wanted.split(2)):
        counting.update(a, b)
    torch.testing.assert_close(counting.compute().float(), metric(made, wanted, stats=STATS))


def test_ssim_needs_pictures_of_its_window():
    with pytest.raises(DataError, match=r"ssim: pictures must be .* at least 11.*got \(1, 3, 10, 20\)"):
        ssim(torch.rand(1, 3, 10, 20), torch.rand(1, 3, 10, 20))


@pytest.mark.parametrize("metric", [psnr, ssim])
def test_targets_of_another_size_are_told(metric):
    with pytest.raises(DataError, match="targets must be as many as predictions"):
        metric(torch.rand(1, 3, 16, 16), torch.rand(1, 3, 16, 18))
