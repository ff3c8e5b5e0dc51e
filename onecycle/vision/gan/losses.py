"""What each side of a GAN is to make small, and how a critic is measured."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from onecycle.errors import ArgumentError, explain
from onecycle.nn.module import Module
from onecycle.utils.checks import check_numbers
from onecycle.utils.registry import register
from onecycle.utils.tensors import to_float
from onecycle.vision.gan.module import GANModule, check_alike, generate, judge_made
from onecycle.vision.gan.penalty import gradient_penalty

__all__ = ["AdaptiveLoss", "GANLoss", "accuracy_thresh_expand"]


class GANLoss(GANModule):
    """Be the loss of the side that is on turn in a `GANModule`.

    The critic is judged on real pictures and on those that the generator makes, without a gradient, of the inputs of
    the same batch; the generator on what the critic says of its pictures, and on how near they are to the targets.

    Args:
        loss_funcG: The generator's: a function of (what the critic says of what was made, what was made, target).
        loss_funcC: The critic's: a function of (what it says of real pictures, of made ones).
        gan_model: The two sides.
        gp: Weight of the gradient penalty in the critic's loss, at least 0; none when None.

    Attributes:
        autocast: Type of device and half precision of the forward pass, in which the sides run here too; None where
            it is in single precision. `GANTrainer` sets it.

    Raises:
        ArgumentError: `gp` is below 0.
    """

    gan_model: GANModule
    autocast: tuple[str, torch.dtype] | None

    def __init__(
        self,
        loss_funcG: Callable[..., Tensor],
        loss_funcC: Callable[..., Tensor],
        gan_model: GANModule,
        gp: float | None = None,
    ) -> None:
        if gp is not None:
            check_numbers("GANLoss", "gp", gp, "must be at least 0, or None", lambda weight: weight >= 0)
        vars(self)["gan_model"] = gan_model  # not as a part: its weights are the learner's model's
        self.loss_funcG, self.loss_funcC, self.gp = loss_funcG, loss_funcC, gp
        self.autocast = None

    @property
    def gen_mode(self) -> bool:  # type: ignore[override]
        """Whether the generator is on turn."""
        return self.gan_model.gen_mode

    @property
    def name_of_loss(self) -> str:
        """What a loss is called now, for messages."""
        return "the generator's loss" if self.gen_mode else "the critic's loss"

    def switch(self, gen_mode: bool | None = None) -> None:
        """Put the other side on turn, or the one that is said."""
        self.gan_model.switch(gen_mode)

    def forward(self, *args: Any) -> Tensor:
        """Return the loss of the side on turn."""
        return self.generator(*args) if self.gan_model.gen_mode else self.critic(*args)

    def generator(self, output: Any, target: Any) -> Tensor:
        """Return the generator's loss.

        Args:
            output: What it made.
            target: The real pictures.

        Raises:
            TrainingError: the critic cannot take it, or it is not like the real pictures; names the shapes.
        """
        check_alike(output, target)
        return self.loss_funcG(self._judge(output), output, target)

    def critic(self, real_pred: Any, input: Any, real: Any = None) -> Tensor:
        """Return the critic's loss.

        Args:
            real_pred: What it says of real pictures.
            input: Inputs of the generator.
            real: The real pictures; needed for the gradient penalty.

        Raises:
            TrainingError: the two sides do not fit; names the shapes.
            ArgumentError: there is a gradient penalty and no real pictures are given.
        """
        inputs = tuple(input) if isinstance(input, (list, tuple)) else (input,)
        with torch.no_grad():
            fake = self._as_forward(partial(generate, self.gan_model.generator), inputs)
        check_alike(fake, real)
        loss = self.loss_funcC(real_pred, self._judge(fake))
        return loss + self._penalty(real, fake) if self.gp and torch.is_grad_enabled() else loss

    def _penalty(self, real: Any, fake: Any) -> Tensor:
        if not isinstance(real, Tensor):
            raise ArgumentError(explain("GANLoss.critic", "real", "must be the real pictures with gp=", real))
        assert self.gp is not None
        return self.gp * gradient_penalty(self._judge, real, fake)

    def _judge(self, made: Any) -> Any:
        return self._as_forward(partial(judge_made, self.gan_model.critic), made)

    def _as_forward(self, run: Callable[[Any], Any], inputs: Any) -> Any:
        """Run a side in the precision of the forward pass; what comes out is in single."""
        if self.autocast is None:
            return run(inputs)
        with torch.autocast(*self.autocast):
            return to_float(run(inputs))


def gan_loss_from_func(
    loss_gen: Callable[..., Tensor],
    loss_crit: Callable[..., Tensor],
    weights_gen: tuple[float, float] | None = None,
) -> tuple[Callable[..., Tensor], Callable[..., Tensor]]:
    """Return the two losses of a GAN, made of a loss of pictures and a loss of real (1) or made (0).

    Args:
        loss_gen: How far what was made is from the target.
        loss_crit: How wrong the critic is, e.g. `AdaptiveLoss(nn.BCEWithLogitsLoss())`.
        weights_gen: Weights of the critic's opinion and of `loss_gen` in the generator's loss; (1, 1) when None.

    Returns:
        The generator's loss, of (critic on made, made, target), and the critic's, of (critic on real, on made).

    Raises:
        ArgumentError: `weights_gen` are not two numbers.
    """
    opinion, likeness = _two_weights(weights_gen)

    def of_generator(fake_pred: Tensor, output: Any, target: Any) -> Tensor:
        real = fake_pred.new_ones(len(fake_pred))
        return opinion * loss_crit(fake_pred, real) + likeness * loss_gen(output, target)

    def of_critic(real_pred: Tensor, fake_pred: Tensor) -> Tensor:
        real, made = real_pred.new_ones(len(real_pred)), fake_pred.new_zeros(len(fake_pred))
        return (loss_crit(real_pred, real) + loss_crit(fake_pred, made)) / 2

    return of_generator, of_critic


def _two_weights(weights: Any) -> tuple[float, float]:
    weights = (1.0, 1.0) if weights is None else weights
    if not isinstance(weights, (list, tuple)) or len(weights) != 2:
        rule = "must be two numbers: of the critic's opinion, of the generator's own loss"
        raise ArgumentError(explain("gan_loss_from_func", "weights_gen", rule, weights))
    check_numbers("gan_loss_from_func", "weights_gen", weights, "must be numbers")
    return weights[0], weights[1]


def _spread(target: Any, output: Tensor) -> Tensor:
    """Return one target for every value that the critic gives an item: `(N,) -> (N, …)`."""
    if isinstance(target, (bool, int, float)):
        return torch.full_like(output, float(target))
    return target.reshape(-1, *[1] * (output.ndim - 1)).expand_as(output).to(output.dtype)


@register("loss")
class AdaptiveLoss(Module):
    """Compare a critic that gives several values a picture with one target a picture.

    Args:
        crit: The loss, e.g. `nn.BCEWithLogitsLoss()`.

    Shape: output `(N, …)`, target `(N,)`, or True or False for all

    Example:
        >>> AdaptiveLoss(torch.nn.MSELoss())(torch.zeros(2, 3), torch.tensor([1, 0]))
        tensor(0.5000)
    """

    def __init__(self, crit: Callable[[Tensor, Tensor], Tensor]) -> None:
        self.crit = crit

    def forward(self, output: Tensor, target: Tensor | bool) -> Tensor:
        return self.crit(output, _spread(target, output))

    def get_state(self) -> dict[str, Any]:
        """Return what rebuilds the loss, for files."""
        return {"crit": self.crit}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> AdaptiveLoss:
        """Rebuild a loss from `get_state`."""
        return cls(state["crit"])


@register("metric")
def accuracy_thresh_expand(
    y_pred: Tensor, y_true: Tensor, thresh: float = 0.5, sigmoid: bool = True
) -> Tensor:
    """Return the share of a critic's values that are on the right side of `thresh`.

    Args:
        y_pred: Values of the critic, one or several a picture.
        y_true: 1 for real pictures, 0 for made ones.
        thresh: Above it a value says real.
        sigmoid: Turn logits into probabilities first.

    Shape: `(N, …), (N,) -> ()`

    Example:
        >>> accuracy_thresh_expand(torch.tensor([[2.0, -1.0], [-3.0, -1.0]]), torch.tensor([1, 0]))
        tensor(0.7500)
    """
    values = torch.sigmoid(y_pred) if sigmoid else y_pred
    return ((values > thresh) == _spread(y_true, y_pred).bool()).float().mean()
