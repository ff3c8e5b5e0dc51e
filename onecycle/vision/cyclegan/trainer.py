"""Training a CycleGAN: the generators by the loop, the critics after each of its steps."""

from __future__ import annotations

import math
from typing import Any

from torch import Tensor

from onecycle.errors import CallbackError, TrainingError
from onecycle.nn.surgery import get_model, trainable_params
from onecycle.optim.schedules import SmoothenValue
from onecycle.training.callback import LearnerCallback
from onecycle.vision.cyclegan.model import CycleGAN, CycleGanLoss
from onecycle.vision.gan.following import as_state, take_state

__all__ = ["CycleGANTrainer"]

_COLUMNS = ("idt_loss", "gen_loss", "cyc_loss", "D_A_loss", "D_B_loss")
_BETA = 0.98  # weight of the past in the losses shown


class CycleGANTrainer(LearnerCallback):
    """Train the critics of a `CycleGAN` after each step of its generators, and follow all losses.

    The critics are frozen in the generators' step. One optimiser serves all: a part without gradients stays as it is.

    Args:
        learn: A learner of a `CycleGAN` with a `CycleGanLoss`.

    Raises:
        CallbackError: the model or the loss is another one.
        TrainingError: a critic's loss is no number; names the critic.

    Example:
        model = CycleGAN(3, 3)
        learn = Learner(data, model, loss_func=CycleGanLoss(model), callback_fns=[CycleGANTrainer],
                        opt_func=partial(optim.Adam, betas=(0.5, 0.99)))
    """

    _order = -20  # columns are named before the recorder writes them

    def __init__(self, learn: Any) -> None:
        super().__init__(learn)
        self._free: list[Any] = []  # weights of the critics, while training
        self._followed = {name: SmoothenValue(_BETA) for name in _COLUMNS}

    def on_train_begin(self, **kwargs: Any) -> dict[str, bool]:
        """Freeze the critics; name the columns."""
        learn = self.learn
        if not isinstance(get_model(learn.model), CycleGAN) or not isinstance(learn.loss_func, CycleGanLoss):
            raise CallbackError(
                "CycleGANTrainer: needs a learner of a CycleGAN with its loss. Pass Learner(data, model, "
                "loss_func=CycleGanLoss(model))."
            )
        model: Any = get_model(learn.model)
        self._free = [*trainable_params(model.D_A), *trainable_params(model.D_B)]
        self._let_critics_learn(False)
        learn.recorder.add_metric_names(_COLUMNS)
        return {"skip_validate": True}

    def _let_critics_learn(self, may: bool) -> None:
        for parameter in self._free:
            parameter.requires_grad_(may)

    def on_batch_begin(self, last_input: Any, **kwargs: Any) -> None:
        """Tell the loss the real pictures."""
        self.learn.loss_func.set_input(last_input)

    def on_batch_end(self, last_input: Any, last_output: Any, train: bool = True, **kwargs: Any) -> None:
        """Train the critics on the real pictures and on those that the generators just made."""
        if not train:
            return
        model: Any = get_model(self.learn.model)
        crit, opt = self.learn.loss_func.crit, self.learn.opt
        self._let_critics_learn(True)
        losses = []
        for judge, real, made in zip((model.D_A, model.D_B), last_input, last_output):
            losses.append((crit(judge(real), True) + crit(judge(made.detach()), False)) / 2)
        (losses[0] + losses[1]).backward()
        opt.step()
        opt.zero_grad()
        self._let_critics_learn(False)
        for followed, loss in zip(self._followed.values(), [*self.learn.loss_func.metrics, *losses]):
            followed.add_value(loss)

    def on_epoch_end(self, last_metrics: Any, epoch: int = 0, **kwargs: Any) -> dict[str, Any]:
        """Write all losses into the table."""
        values = {name: _number(followed.smooth) for name, followed in self._followed.items()}
        for name, value in values.items():
            if value is not None and not math.isfinite(value):
                raise TrainingError(
                    f"CycleGAN: {name} must be a number; it is {value} at the end of epoch {epoch}. Lower the learning "
                    f"rate and load saved weights."
                )
        return self.learn.recorder.with_values(last_metrics, values)

    def on_train_end(self, **kwargs: Any) -> None:
        """Let the critics go."""
        self._let_critics_learn(True)
        self._free = []

    def state_dict(self) -> dict[str, Any]:
        """Return what a run that is taken up again needs: the losses so far."""
        return {name: as_state(followed) for name, followed in self._followed.items()}

    run_state = state_dict

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        for name, followed in self._followed.items():
            take_state(followed, state[name])

    load_run_state = load_state_dict


def _number(loss: Tensor | None) -> float | None:
    return None if loss is None else float(loss)
