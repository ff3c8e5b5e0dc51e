"""One of two connected processes: counts its share of a set with every metric and writes the figures as JSON.

usage: one_of_two.py RANK MEETING_FILE RESULT_FILE
"""

import json
import sys
from functools import partial

import torch
from torch import distributed

from onecycle.metrics.base import as_metric
from onecycle.metrics.check import metric_name
from onecycle.metrics.classification import accuracy, top_k_accuracy
from onecycle.metrics.confusion import ConfusionMatrix, FBeta, KappaScore, MatthewsCorreff, Precision, Recall
from onecycle.metrics.language import Perplexity
from onecycle.metrics.multilabel import MultiLabelFbeta, fbeta
from onecycle.metrics.pictures import psnr
from onecycle.metrics.ranking import AUROC, auc_roc_score
from onecycle.metrics.regression import ExplainedVariance, ExpRMSPE, R2Score, mse, rmse
from onecycle.metrics.segmentation import dice, foreground_acc

N = 23
SHARES = {"uneven": (slice(0, 5), slice(5, N)), "one has none": (slice(0, 0), slice(0, N))}


def own_measure(output, target):
    """Return a mean over items, as users write it."""
    return (output.argmax(1) == target).float().mean()


def sets():
    """Return metrics and what they eat."""
    draw = torch.Generator().manual_seed(0)
    normal = lambda *shape: torch.randn(*shape, generator=draw)
    whole = lambda high, *shape: torch.randint(high, shape, generator=draw)
    classes = (normal(N, 5), whole(5, N))
    masks = (normal(N, 2, 3, 3), whole(2, N, 3, 3))
    of_classes = [accuracy, partial(top_k_accuracy, k=2), own_measure, ConfusionMatrix(), FBeta("macro"), KappaScore(),
                  MatthewsCorreff(), Precision("weighted"), Recall("micro")]  # fmt: skip
    return [
        (of_classes, *classes),
        ([AUROC(), auc_roc_score], normal(N, 2), torch.arange(N) % 2),
        ([rmse, mse, psnr, ExpRMSPE(), R2Score(), ExplainedVariance()], normal(N, 2) + 1e3, normal(N, 2) + 1e3),
        ([fbeta, MultiLabelFbeta()], normal(N, 4), whole(2, N, 4)),
        ([dice, partial(foreground_acc, void_code=7)], *masks),
        ([Perplexity()], normal(N, 3, 6), whole(6, N, 3)),
    ]


def figures(share, size):
    """Return the figure of each metric for a share of the set, in batches of a size."""
    found = {}
    for metrics, output, target in sets():
        for metric in map(as_metric, metrics):
            metric.on_epoch_begin()
            batches = zip(output[share].split(size), target[share].split(size), strict=True)
            for o, t in batches if len(output[share]) else ():
                metric.on_batch_end(last_output=o, last_target=t, train=False)
            (value,) = metric.on_epoch_end(last_metrics=[])["last_metrics"]
            found[f"{metric_name(metric)} {type(metric).__name__}"] = float(value)
    return found


def main():
    """Meet the other process, count, write."""
    rank, meeting, result = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=2)
    found = {name: figures(shares[rank], 4) for name, shares in SHARES.items()}
    with open(result, "w") as file:
        json.dump(found, file)
    distributed.destroy_process_group()


if __name__ == "__main__":
    main()
