"""Metrics of a set in which no target counts are no number; a target that does not count is never a class."""

from functools import partial

import pytest
import torch
from sklearn.metrics import roc_auc_score

from onecycle.metrics.base import as_metric
from onecycle.metrics.classification import accuracy, top_k_accuracy
from onecycle.metrics.confusion import FBeta, KappaScore, MatthewsCorreff, Precision, Recall
from onecycle.metrics.ranking import AUROC, auc_roc_score
from onecycle.metrics.segmentation import MeanIoU, dice, jaccard

draw = torch.Generator().manual_seed(0)
OUTPUT, PAIRS = torch.randn(12, 4, generator=draw), torch.randn(12, 2, generator=draw)
MAPS = torch.randn(12, 3, 2, 2, generator=draw)


@pytest.mark.parametrize(
    "metric, output",
    [
        (accuracy, OUTPUT),
        (partial(top_k_accuracy, k=torch.tensor(2)), OUTPUT),
        *[(cls(average=kind), OUTPUT) for cls in (Precision, Recall, FBeta) for kind in ("micro", "macro", "weighted")],
        (KappaScore(), OUTPUT),
        (MatthewsCorreff(), OUTPUT),
        (AUROC(), PAIRS),
        (dice, MAPS),
        (partial(dice, iou=True), MAPS),
        (jaccard, MAPS),
        (MeanIoU(), MAPS),
    ],
)
def test_where_nothing_counts_the_figure_is_nan(metric, output):
    metric = as_metric(metric)
    target = torch.full((12, *output.shape[2:]), -100)
    for begin in (0, 5):
        metric.on_batch_end(output[begin : begin + 5], target[begin : begin + 5])
    assert metric.figure().isnan().all()


def test_auroc_leaves_out_what_does_not_count():
    target = torch.tensor([1, 0] * 6)
    target[:3] = -100
    metric = AUROC()
    metric.update(PAIRS, target)
    expected = roc_auc_score(target[3:], (PAIRS[:, 1] - PAIRS[:, 0])[3:])
    assert float(metric.compute()) == pytest.approx(expected)
    assert auc_roc_score(PAIRS[:4], torch.tensor([1, 1, -100, 1])).isnan()  # no negative: -100 is none


def test_auroc_leaves_out_what_the_loss_ignores():
    metric = AUROC()
    metric.leave_out(0)
    metric.update(PAIRS, torch.tensor([1, 0] * 6))
    assert metric.compute().isnan()
