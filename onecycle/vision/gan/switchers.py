"""When the turn of a GAN's side ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from onecycle.errors import ArgumentError, CallbackError, explain
from onecycle.training.callback import LearnerCallback
from onecycle.utils.checks import check_numbers

__all__ = ["AdaptiveGANSwitcher", "FixedGANSwitcher"]

Steps = int | Callable[[int], int]


def _trainer_of(callback: LearnerCallback) -> Any:
    trainer = getattr(callback.learn, "gan_trainer", None)
    if trainer is None:
        raise CallbackError(
            f"{type(callback).__name__}: needs the sides of a GANLearner. Pass it there as switcher=."
        )
    return trainer


def _check_steps(name: str, steps: Any) -> None:
    whole = isinstance(steps, int) and not isinstance(steps, bool) and steps >= 1
    if not whole and not callable(steps):
        rule = "must be a whole number of at least 1, or a function that returns one"
        raise ArgumentError(explain("FixedGANSwitcher", name, rule, steps, "With 0 the other side never has its turn."))


class FixedGANSwitcher(LearnerCallback):
    """Give the critic so many steps, then the generator so many.

    Args:
        learn: A `GANLearner`.
        n_crit: Steps of the critic, at least 1, or a function of the steps so far in this fit that returns them.
        n_gen: Steps of the generator, likewise.

    Raises:
        ArgumentError: a number of steps is below 1.
        CallbackError: the learner is no `GANLearner`.

    Example:
        switcher = partial(FixedGANSwitcher, n_crit=lambda steps: 100 if steps < 500 else 5)
    """

    def __init__(self, learn: Any, n_crit: Steps = 1, n_gen: Steps = 1) -> None:
        super().__init__(learn)
        _check_steps("n_crit", n_crit)
        _check_steps("n_gen", n_gen)
        self.n_crit, self.n_gen = n_crit, n_gen

    def on_train_begin(self, **kwargs: Any) -> None:
        """See that there are two sides."""
        _trainer_of(self)

    def on_batch_end(self, iteration: int, train: bool = True, **kwargs: Any) -> None:
        """End the turn after its steps."""
        if not train:
            return
        trainer = self.learn.gan_trainer
        steps = self.n_gen if trainer.gen_mode else self.n_crit
        if trainer.turn_steps >= (steps(iteration) if callable(steps) else steps):
            trainer.switch()


class AdaptiveGANSwitcher(LearnerCallback):
    """End the turn of a side when its loss is below a threshold.

    A side without a threshold has one step a turn. Comparing makes an accelerator wait once a step of a side that
    has one.

    Args:
        learn: A `GANLearner`.
        gen_thresh: The generator's turn ends when its loss is below this; after one step when None.
        critic_thresh: The critic's turn, likewise.

    Raises:
        ArgumentError: a threshold is no number.
        CallbackError: the learner is no `GANLearner`.
    """

    def __init__(self, learn: Any, gen_thresh: float | None = None, critic_thresh: float | None = None) -> None:
        super().__init__(learn)
        for name, thresh in (("gen_thresh", gen_thresh), ("critic_thresh", critic_thresh)):
            if thresh is not None:
                check_numbers("AdaptiveGANSwitcher", name, thresh, "must be a number, or None")
        self.gen_thresh, self.critic_thresh = gen_thresh, critic_thresh

    def on_train_begin(self, **kwargs: Any) -> None:
        """See that there are two sides."""
        _trainer_of(self)

    def on_batch_end(self, last_loss: Any, train: bool = True, **kwargs: Any) -> None:
        """End the turn when the loss is small enough."""
        if not train:
            return
        trainer = self.learn.gan_trainer
        thresh = self.gen_thresh if trainer.gen_mode else self.critic_thresh
        if thresh is None or last_loss < thresh:
            trainer.switch()
