"""A higher learning rate for the critic."""

from __future__ import annotations

from typing import Any

from onecycle.training.callback import LearnerCallback
from onecycle.utils.checks import check_numbers

__all__ = ["GANDiscriminativeLR"]


class GANDiscriminativeLR(LearnerCallback):
    """Multiply the learning rate in the critic's steps.

    Args:
        learn: A `GANLearner`.
        mult_lr: Factor of the rate, above 0.

    Raises:
        ArgumentError: the factor is not above 0.

    Reference: Heusel et al. 2017, "GANs trained by a two time-scale update rule", for why.
    """

    def __init__(self, learn: Any, mult_lr: float = 5.0) -> None:
        super().__init__(learn)
        check_numbers("GANDiscriminativeLR", "mult_lr", mult_lr, "must be above 0", lambda factor: factor > 0)
        self.mult_lr = mult_lr
        self._usual: list[float] | None = None

    def on_batch_begin(self, train: bool, **kwargs: Any) -> None:
        """Raise the rate where the critic is on turn."""
        if train and not self.learn.gan_trainer.gen_mode:
            opt = self.learn.opt
            self._usual = list(opt.read_val("lr"))
            opt.lr = [rate * self.mult_lr for rate in self._usual]

    def on_step_end(self, **kwargs: Any) -> None:
        """Put the rate back."""
        if self._usual is not None:
            self.learn.opt.lr, self._usual = self._usual, None

    def on_train_end(self, **kwargs: Any) -> None:
        """Put the rate back where training was broken off in a step."""
        self.on_step_end()
