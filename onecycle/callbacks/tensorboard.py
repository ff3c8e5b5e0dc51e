"""Runs in TensorBoard: losses, rates, metrics, weights, gradients, pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from onecycle.callbacks.epoch_log import epoch_row
from onecycle.callbacks.experiment_tracker import numbers
from onecycle.nn.surgery import get_model
from onecycle.training.callback import LearnerCallback
from onecycle.utils.checks import check_numbers
from onecycle.utils.extras import import_extra

__all__ = ["LearnerTensorboardWriter"]

_PICTURES = 8  # of the first validation batch
_ITERS = ("loss_iters", "hist_iters", "stats_iters")


class LearnerTensorboardWriter(LearnerCallback):
    """Write what happens in training to files for TensorBoard: `tensorboard --logdir base_dir`.

    Args:
        learn: The learner.
        base_dir: Folder of all runs.
        name: Folder of this run, below it.
        loss_iters: Write the loss and the rate every so many steps.
        hist_iters: Write histograms of weights and gradients every so many steps.
        stats_iters: Write figures on the gradients every so many steps.

    Tags:
        `loss/train`, `loss/valid`, `rate/lr`, `rate/momentum`, `metrics/<name>`; `weights/<parameter>` and
        `gradients/<parameter>` (histograms); `gradient/norm`, `gradient/mean_abs`, `gradient/largest`,
        `gradient/smallest`, `gradient/median_abs`, `gradient/zeros`; `pictures/valid`, where the inputs are
        pictures (N, 1 or 3, H, W).

    Raises:
        ArgumentError: tensorboard is not installed, or a number of steps is below 1.

    Example:
        learn.fit(3, callbacks=[LearnerTensorboardWriter(learn, "runs", "first")])
    """

    _order = 50  # a run begins when nobody else refuses to train
    first_process_only = True

    def __init__(
        self,
        learn: Any,
        base_dir: Any,
        name: str,
        loss_iters: int = 25,
        hist_iters: int = 500,
        stats_iters: int = 100,
    ) -> None:
        super().__init__(learn)
        self.loss_iters, self.hist_iters, self.stats_iters = loss_iters, hist_iters, stats_iters
        for word in _ITERS:
            check_numbers(type(self).__name__, word, getattr(self, word), "must be at least 1", lambda n: n >= 1)
        self.base_dir, self.name = Path(base_dir), name
        self._writer_class = import_extra(type(self).__name__, "torch.utils.tensorboard", "tensorboard").SummaryWriter
        self.writer: Any = None
        self._before = 0  # steps of earlier fits with this callback

    def on_train_begin(self, **kwargs: Any) -> None:
        """Open the run's file."""
        self.writer = self._writer_class(log_dir=str(self.base_dir / self.name))
        self._shown = False

    def on_backward_end(self, iteration: int, train: bool, **kwargs: Any) -> None:
        """Write about gradients and weights."""
        if iteration % self.stats_iters == 0:
            self._write_stats(self._before + iteration)
        if iteration % self.hist_iters == 0:
            self._write_histograms(self._before + iteration)

    def _write_stats(self, step: int) -> None:
        grads = [p.grad.detach().flatten() for p in self.learn.model.parameters() if p.grad is not None]
        if not grads:
            return
        for name, value in gradient_stats(torch.cat([grad.float() for grad in grads])).items():
            self.writer.add_scalar(f"gradient/{name}", value, step)

    def _write_histograms(self, step: int) -> None:
        for name, p in get_model(self.learn.model).named_parameters():
            for kind, values in (("weights", p.detach()), ("gradients", p.grad)):
                if values is not None and torch.isfinite(values).all():
                    self.writer.add_histogram(f"{kind}/{name}", values.float(), step)

    def on_batch_end(self, last_loss: Any, iteration: int, train: bool, **kwargs: Any) -> None:
        """Write the loss and the rate; the first pictures of the validation set."""
        if not train:
            self._write_pictures(kwargs.get("last_input"))
        elif iteration % self.loss_iters == 0:
            step, recorder = self._before + iteration, self.learn.recorder
            self.writer.add_scalar("loss/train", float(last_loss), step)
            self.writer.add_scalar("rate/lr", float(recorder.lrs[-1]), step)
            self.writer.add_scalar("rate/momentum", float(recorder.moms[-1] or 0.0), step)

    def _write_pictures(self, xb: Any) -> None:
        if self._shown:
            return
        self._shown = True
        if isinstance(xb, Tensor) and xb.ndim == 4 and xb.shape[1] in (1, 3):
            self.writer.add_images("pictures/valid", pictures(self.learn.data, xb[:_PICTURES]), self._before)

    def on_epoch_end(self, last_metrics: Any, iteration: int, **kwargs: Any) -> None:
        """Write the validation loss and the metrics."""
        row = numbers(epoch_row(self.learn.recorder.names, 0, None, last_metrics))
        row.pop("epoch")
        for name, value in row.items():
            tag = "loss/valid" if name == "valid_loss" else f"metrics/{name}"
            self.writer.add_scalar(tag, value, self._before + iteration)

    def on_train_end(self, iteration: int, **kwargs: Any) -> None:
        """Close the file."""
        self._before += iteration
        if self.writer is not None:
            self.writer.close()
            self.writer = None


def gradient_stats(grad: Tensor) -> dict[str, float]:
    """Return figures on a model's gradient, given as one long tensor."""
    size = grad.abs()
    figures = {
        "norm": grad.norm(),
        "mean_abs": size.mean(),
        "median_abs": size.median(),
        "largest": size.max(),
        "smallest": size.min(),
        "zeros": (grad == 0).sum(),
    }
    values = torch.stack([value.float() for value in figures.values()]).tolist()  # one wait for the device
    return dict(zip(figures, values))


def pictures(data: Any, xb: Tensor) -> Tensor:
    """Return pictures as they were before normalising, between 0 and 1, on the CPU."""  # (N, C, H, W)
    denorm = getattr(data, "denorm", None)
    shown = xb.detach().float().cpu()
    shown = denorm(shown) if callable(denorm) else shown
    return shown.clamp(0, 1)
