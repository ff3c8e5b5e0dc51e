"""Runs in TensorBoard: losses, rates, metrics, weights, gradients, pictures."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from onecycle.callbacks.epoch_log import epoch_row
from onecycle.callbacks.experiment_tracker import numbers
from onecycle.data.loaders import DatasetType
from onecycle.errors import ArgumentError, CallbackError, explain
from onecycle.nn.calling import call_model
from onecycle.nn.surgery import get_model
from onecycle.nn.turns import eval_mode
from onecycle.training.callback import LearnerCallback
from onecycle.utils.checks import check_numbers
from onecycle.utils.collections import recurse
from onecycle.utils.extras import import_extra

__all__ = ["GANTensorboardWriter", "ImageGenTensorboardWriter", "LearnerTensorboardWriter"]

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
        ArgumentError: tensorboard is not installed, a folder is no name, or a number of steps is below 1.

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
        for word, place in (("base_dir", base_dir), ("name", name)):
            if not isinstance(place, (str, os.PathLike)):
                raise ArgumentError(explain(type(self).__name__, word, "must be the name of a folder", place))
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

    def _write_stats(self, step: int, said: str = "gradient") -> None:
        grads = [p.grad.detach().flatten() for p in self.learn.model.parameters() if p.grad is not None]
        if not grads:
            return
        for name, value in gradient_stats(torch.cat([grad.float() for grad in grads])).items():
            self.writer.add_scalar(f"{said}/{name}", value, step)

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
        if _are_pictures(xb):
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


class VisualWriter(LearnerTensorboardWriter):
    """Write pictures along the way beside all that the base class writes; a base to inherit from.

    Args:
        learn: The learner.
        base_dir: Folder of all runs.
        name: Folder of this run, below it.
        loss_iters: Write the loss and the rate every so many steps.
        hist_iters: Write histograms of weights and gradients every so many steps.
        stats_iters: Write figures on the gradients every so many steps.
        visual_iters: Write pictures every so many steps.

    Raises:
        ArgumentError: tensorboard is not installed, or a number of steps is below 1.
    """

    def __init__(
        self,
        learn: Any,
        base_dir: Any,
        name: str,
        loss_iters: int = 25,
        hist_iters: int = 500,
        stats_iters: int = 100,
        visual_iters: int = 100,
    ) -> None:
        super().__init__(learn, base_dir, name, loss_iters, hist_iters, stats_iters)
        self.visual_iters = visual_iters
        check_numbers(type(self).__name__, "visual_iters", visual_iters, "must be at least 1", lambda n: n >= 1)

    def on_batch_end(self, last_loss: Any, iteration: int, train: bool, **kwargs: Any) -> None:
        """Write the loss and the rate, and every `visual_iters` steps the pictures."""
        super().on_batch_end(last_loss=last_loss, iteration=iteration, train=train, **kwargs)
        if train and iteration % self.visual_iters == 0:
            self.write_visuals(self._before + iteration, **kwargs)

    def write_visuals(self, step: int, **kwargs: Any) -> None:
        """Write the pictures of a step; the rest is the state of training."""
        raise NotImplementedError

    @property
    def _data_of_targets(self) -> Any:
        """The data, where it normalises targets as well, or None."""
        data = self.learn.data
        return data if getattr(getattr(data, "denorm", None), "do_y", False) else None


class ImageGenTensorboardWriter(VisualWriter):
    """Write pictures that a model makes beside what it saw and what it should have made; and all the base class writes.

    Args:
        learn: A learner whose inputs, outputs and targets are pictures; the rest as for `VisualWriter`.

    Tags:
        Beside those of `LearnerTensorboardWriter` `train/input`, `train/generated`, `train/target`: of the step's own
        batch; `valid/input`, `valid/generated`, `valid/target`: of the first batch of the validation set, where there
        is one.

    Raises:
        ArgumentError: tensorboard is not installed, or a number of steps is below 1.

    Example:
        learn.fit(3, callbacks=[ImageGenTensorboardWriter(learn, "runs", "sharper")])
    """

    _valid: Any = None  # the same pictures each time, so that they can be compared

    def on_train_begin(self, **kwargs: Any) -> None:
        """Open the run's file and take the validation pictures to look at."""
        super().on_train_begin(**kwargs)
        data = self.learn.data
        if data.valid_dl is not None and len(data.valid_dl):
            xb, yb = data.one_batch(DatasetType.Valid, detach=False, denorm=False, cpu=False)
            self._valid = _head(xb), _head(yb)

    def write_visuals(self, step: int, **kwargs: Any) -> None:
        """Write those of the step's batch, and those of the validation set."""
        self._write_made("train", [kwargs.get(name) for name in ("last_input", "last_output", "last_target")], step)
        if self._valid is not None:
            self._write_made("valid", [self._valid[0], self._made(self._valid[0]), self._valid[1]], step)

    def _made(self, xb: Any) -> Any:
        model = self.learn.model
        with eval_mode(model), torch.no_grad():
            return call_model(model, xb)

    def _write_made(self, set_name: str, batches: list[Any], step: int) -> None:
        """Write inputs, what was made of them, and targets, as far as they are pictures."""
        for kind, batch in zip(("input", "generated", "target"), batches):
            shown = batch[0] if isinstance(batch, (list, tuple)) else batch
            if _are_pictures(shown):
                data = self.learn.data if kind == "input" else self._data_of_targets
                self.writer.add_images(f"{set_name}/{kind}", pictures(data, shown[:_PICTURES]), step)


class GANTensorboardWriter(VisualWriter):
    """Write the losses of both sides of a GAN, and pictures beside real ones; and all the base class writes.

    Args:
        learn: A `GANLearner`; the rest as for `VisualWriter`.

    Tags:
        Beside those of `LearnerTensorboardWriter` `loss/generator` and `loss/critic`, smoothed;
        `gradient_generator/<figure>` and `gradient_critic/<figure>`, of the side on turn, in place of
        `gradient/<figure>`; `train/generated`, `train/real`.

    Raises:
        ArgumentError: tensorboard is not installed, or a number of steps is below 1.
        CallbackError: the learner is no `GANLearner`.

    Example:
        learn.fit(3, callbacks=[GANTensorboardWriter(learn, "runs", "gan")])
    """

    def on_train_begin(self, **kwargs: Any) -> None:
        """Open the run's file."""
        if not hasattr(self.learn, "gan_trainer"):
            raise CallbackError("GANTensorboardWriter: needs a GANLearner. Use LearnerTensorboardWriter.")
        super().on_train_begin(**kwargs)

    def _write_stats(self, step: int, said: str = "gradient") -> None:
        side = "generator" if self.learn.gan_trainer.gen_mode else "critic"
        super()._write_stats(step, f"{said}_{side}")

    def on_batch_end(self, last_loss: Any, iteration: int, train: bool, **kwargs: Any) -> None:
        """Write losses and the rate, and every `visual_iters` steps the pictures."""
        super().on_batch_end(last_loss=last_loss, iteration=iteration, train=train, **kwargs)
        trainer = self.learn.gan_trainer
        if train and iteration % self.loss_iters == 0:
            for side, loss in (("generator", trainer.gen_loss), ("critic", trainer.disc_loss)):
                if loss is not None:
                    self.writer.add_scalar(f"loss/{side}", float(loss), self._before + iteration)

    def write_visuals(self, step: int, last_target: Any = None, **kwargs: Any) -> None:
        """Write what was made last, and real pictures of the step's batch."""
        real = last_target[-1] if isinstance(last_target, (list, tuple)) else last_target  # a critic's: [inputs, real]
        for kind, batch in (("generated", self.learn.gan_trainer.last_gen), ("real", real)):
            if _are_pictures(batch):
                shown = pictures_of_targets(self._data_of_targets, batch[:_PICTURES])
                self.writer.add_images(f"train/{kind}", shown, step)


def _head(batch: Any) -> Any:
    return recurse(lambda part: part[:_PICTURES], batch)


def _are_pictures(x: Any) -> bool:
    return isinstance(x, Tensor) and x.ndim == 4 and x.shape[1] in (1, 3)


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


def pictures_of_targets(data: Any, yb: Tensor) -> Tensor:
    """Return targets as they were before normalising; `data` is None where they were not normalised."""
    shown = yb.detach().float().cpu()
    return (shown if data is None else data.denorm(shown, do_x=True)).clamp(0, 1)
