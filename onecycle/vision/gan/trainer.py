"""Training the two sides of a GAN in turns."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch import Tensor, nn

from onecycle.errors import TrainingError
from onecycle.nn.surgery import get_model, trainable_params
from onecycle.optim.schedules import SmoothenValue
from onecycle.training.callback import LearnerCallback
from onecycle.utils.checks import check_numbers
from onecycle.vision.gan.following import as_state, take_state
from onecycle.vision.gan.losses import GANLoss
from onecycle.vision.gan.samples import picture_of, show_now

__all__ = ["GANTrainer"]

_LONG_TURN = 100  # steps; a turn longer than this and than an epoch is told
_COLUMNS = ("gen_loss", "disc_loss")


class GANTrainer(LearnerCallback):
    """Hand each batch to the side on turn, freeze the other one, and follow both losses.

    In the critic's turn the model gets the real pictures and the loss the inputs; no gradient goes through the
    generator. In the generator's turn the critic's weights get no gradient. After training the generator is on turn,
    so that predictions are pictures; the next `fit`, or a run that is taken up again, goes on where this one stood.

    Args:
        learn: A `GANLearner`.
        switch_eval: Put the side that is not on turn into evaluation mode.
        clip: Keep each weight of the critic within ±clip after its steps, above 0; None leaves them alone.
        beta: Weight of the past in the losses shown, 0 to 1 (exclusive).
        gen_first: Begin with the generator.
        show_img: Keep a made picture of each epoch in `imgs`, and show it in a notebook.

    Attributes:
        gen_mode: Whether the generator is on turn.
        turn_steps: Steps since the turn began.
        last_gen: What the generator made last in training.
        imgs: A picture of each epoch; `titles` say which.

    Raises:
        ArgumentError: a number is out of its range.
        TrainingError: all weights of a side are frozen.
    """

    _order = -20  # columns are named before the recorder writes them
    exclude = ("_learn", "_free")

    def __init__(
        self,
        learn: Any,
        switch_eval: bool = False,
        clip: float | None = None,
        beta: float = 0.98,
        gen_first: bool = False,
        show_img: bool = True,
    ) -> None:
        super().__init__(learn)
        if clip is not None:
            check_numbers("GANTrainer", "clip", clip, "must be above 0, or None", lambda bound: bound > 0)
        check_numbers("GANTrainer", "beta", beta, "must be from 0 to below 1", lambda past: 0 <= past < 1)
        self.switch_eval, self.clip, self.beta = switch_eval, clip, beta
        self.gen_first, self.show_img = gen_first, show_img
        self.turn_steps = 0
        self.last_gen: Tensor | None = None
        self.imgs: list[Any] = []
        self.titles: list[str] = []
        self._turn = gen_first
        self._followed = {True: SmoothenValue(beta), False: SmoothenValue(beta)}
        self._free: dict[bool, list[nn.Parameter]] = {}  # by side; empty outside of training

    @property
    def gan_model(self) -> Any:
        """The two sides, as the learner's model holds them."""
        return get_model(self.learn.model)

    @property
    def gen_mode(self) -> bool:
        """Whether the generator is on turn."""
        return bool(self.gan_model.gen_mode)

    @property
    def gen_loss(self) -> Tensor | None:
        """Smoothed loss of the generator; None before its first step."""
        return self._followed[True].smooth

    @property
    def disc_loss(self) -> Tensor | None:
        """Smoothed loss of the critic; None before its first step."""
        return self._followed[False].smooth

    def switch(self, gen_mode: bool | None = None) -> None:
        """Put the other side on turn, or the one that is said.

        Outside of training this chooses what `show_results` and predictions are about: pictures in the generator's
        mode, the critic's opinion of the real pictures in the other. Training goes on at its own turn.

        Args:
            gen_mode: True for the generator, False for the critic, None for the other one.
        """
        wanted = not self.gen_mode if gen_mode is None else bool(gen_mode)
        if not self._free:
            self.gan_model.switch(wanted)
            return
        if wanted != self._turn:
            self.turn_steps = 0
        self._hand_over(wanted)

    def _hand_over(self, gen_mode: bool) -> None:
        """Let one side learn, and freeze the other."""
        model, self._turn = self.gan_model, gen_mode
        model.switch(gen_mode)
        for side, parameters in self._free.items():
            for parameter in parameters:
                parameter.requires_grad_(side is gen_mode)
        if self.switch_eval:
            model.generator.train(gen_mode)
            model.critic.train(not gen_mode)

    def on_train_begin(self, pbar: Any = None, **kwargs: Any) -> dict[str, bool] | None:
        """Freeze the side that is not on turn; only metrics ask for a validation."""
        if pbar is None:  # a validation alone
            return None
        model = self.gan_model
        free = {True: trainable_params(model.generator), False: trainable_params(model.critic)}
        for side, parameters in free.items():
            if not parameters:
                name = "generator" if side else "critic"
                raise TrainingError(f"GAN: the {name} has no weight that may learn. Call learn.unfreeze() first.")
        self._free = free
        self.imgs, self.titles = [], []
        self.learn.recorder.add_metric_names(_COLUMNS)
        self._hand_over(self._turn)
        return {"skip_validate": not self.learn.metrics}

    def on_epoch_begin(self, epoch: int = 0, **kwargs: Any) -> None:
        """Take the turn, also after a validation."""
        if self._free:
            self._hand_over(self._turn)
            self._clip()

    def on_batch_begin(
        self, last_input: Any, last_target: Any, train: bool = True, **kwargs: Any
    ) -> dict[str, Any] | None:
        """In the critic's turn hand the real pictures to the model, and the inputs to the loss."""
        model = self.gan_model
        if self._free and not train:  # a validation between epochs is about the pictures
            model.switch(True)
        if model.gen_mode:
            return None
        return {"last_input": last_target, "last_target": [last_input, last_target]}

    def on_loss_begin(self, **kwargs: Any) -> None:
        """Let what the loss asks of both sides be in the precision of the forward pass."""
        if isinstance(self.learn.loss_func, GANLoss):
            self.learn.loss_func.autocast = _half_precision(self.gan_model)

    def on_backward_begin(self, last_loss: Tensor, last_output: Any, **kwargs: Any) -> None:
        """Follow the loss of the side on turn; keep what was made."""
        self._followed[self._turn].add_value(last_loss)
        if self._turn and isinstance(last_output, Tensor):
            self.last_gen = last_output.detach()

    def on_batch_end(self, train: bool = True, **kwargs: Any) -> None:
        """Count the step, and clip the critic where it made it."""
        if not train or not self._free:
            return
        self.turn_steps += 1
        if not self._turn:
            self._clip()

    def _clip(self) -> None:
        if self.clip is None:
            return
        with torch.no_grad():
            weights = list(self.gan_model.critic.parameters())
            torch._foreach_clamp_min_(weights, -self.clip)
            torch._foreach_clamp_max_(weights, self.clip)

    def on_epoch_end(
        self, pbar: Any = None, epoch: int = 0, last_metrics: Any = None, num_batch: int = 0, **kwargs: Any
    ) -> dict[str, Any] | None:
        """Write both losses into the table; tell of a turn that does not end."""
        if not self._free:
            return None
        self._tell_of_long_turn(num_batch)
        self._keep_picture(epoch, pbar)
        losses = [None if loss is None else float(loss) for loss in (self.gen_loss, self.disc_loss)]
        return self.learn.recorder.with_values(last_metrics, dict(zip(_COLUMNS, losses)))

    def _tell_of_long_turn(self, num_batch: int) -> None:
        if self.turn_steps < max(num_batch, _LONG_TURN):
            return
        side, other = ("generator", "critic") if self._turn else ("critic", "generator")
        loss = self._followed[self._turn].smooth
        warnings.warn(
            f"GAN: the {side} has been on turn for {self.turn_steps} steps, more than an epoch, while the {other} "
            f"learns nothing; its loss is {float(loss):.4g}. Give the switcher a threshold that the loss can come "
            f"below, or smaller n_crit and n_gen.",
            UserWarning,
            stacklevel=2,
        )

    def _keep_picture(self, epoch: int, pbar: Any) -> None:
        picture = picture_of(self.learn.data, self.last_gen) if self.show_img else None
        if picture is None:
            return
        self.imgs.append(picture)
        self.titles.append(f"Epoch {epoch}")
        if getattr(pbar, "shown", False):
            show_now(picture, self.titles[-1])

    def on_train_end(self, **kwargs: Any) -> None:
        """Let both sides go, and put the generator on turn for looking at pictures."""
        if not self._free:
            return
        for parameters in self._free.values():
            for parameter in parameters:
                parameter.requires_grad_(True)
        self._free = {}
        self.gan_model.switch(True)

    def state_dict(self) -> dict[str, Any]:
        """Return what a run that is taken up again needs: the turn, and both losses so far."""
        followed = {str(side): as_state(value) for side, value in self._followed.items()}
        return {"gen_mode": self._turn, "turn_steps": self.turn_steps, "losses": followed}

    run_state = state_dict

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        self._turn, self.turn_steps = bool(state["gen_mode"]), int(state["turn_steps"])
        for side, value in self._followed.items():
            take_state(value, state["losses"][str(side)])
        if self._free:
            self._hand_over(self._turn)

    load_run_state = load_state_dict


def _half_precision(model: nn.Module) -> tuple[str, torch.dtype] | None:
    """Return type of device and half precision in which a model runs now, None where in single."""
    device = next(model.parameters()).device.type
    return (device, torch.get_autocast_dtype(device)) if torch.is_autocast_enabled(device) else None
