"""Generator and critic as one model, of which one side is on turn."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from onecycle.errors import OnecycleError, TrainingError
from onecycle.nn.module import Module
from onecycle.training.mismatch import shapes_of

__all__ = ["GANModule"]


class GANModule(Module):
    """Hold a generator and a critic; calling it calls the side that is on turn.

    Args:
        generator: Makes pictures of inputs (noise, or pictures to be made better).
        critic: Tells real pictures from made ones.
        gen_mode: Whether the generator is on turn first.

    Reference: Goodfellow et al. 2014, "Generative adversarial nets", algorithm 1.
    """

    generator: Any
    critic: Any
    gen_mode: bool

    def __init__(
        self, generator: nn.Module | None = None, critic: nn.Module | None = None, gen_mode: bool = False
    ) -> None:
        self.gen_mode = gen_mode
        self.generator, self.critic = generator, critic

    def forward(self, *args: Any) -> Any:
        """Return what the side on turn makes of the arguments."""
        return generate(self.generator, args) if self.gen_mode else judge_real(self.critic, args)

    def switch(self, gen_mode: bool | None = None) -> None:
        """Put the other side on turn, or the one that is said.

        Args:
            gen_mode: True for the generator, False for the critic, None for the other one.
        """
        self.gen_mode = not self.gen_mode if gen_mode is None else gen_mode


def _run(part: nn.Module, args: Any, said: str) -> Any:
    """Run one side; where it does not take its input, say both in words."""
    try:
        return part(*args)
    except (OnecycleError, torch.OutOfMemoryError):
        raise
    except (RuntimeError, ValueError) as error:
        raise TrainingError(
            f"GAN: generator, critic and pictures must fit; {said}: {error} Build both sides for the same "
            f"size and number of channels, those of the pictures."
        ) from error


def generate(generator: nn.Module, args: Any) -> Any:
    """Return what the generator makes.

    Raises:
        TrainingError: it cannot take such inputs; names their shape.
    """
    return _run(generator, args, f"the generator gets inputs {shapes_of(list(args))} and fails")


def judge_real(critic: nn.Module, args: Any) -> Any:
    """Return what the critic says of real pictures.

    Raises:
        TrainingError: it cannot take them; names their shape.
    """
    return _run(critic, args, f"the critic gets real pictures {shapes_of(list(args))} and fails")


def judge_made(critic: nn.Module, made: Any) -> Any:
    """Return what the critic says of what the generator made.

    Raises:
        TrainingError: it cannot take it; names the shape.
    """
    return _run(critic, (made,), f"the generator makes {shapes_of(made)}, with which the critic fails")


def check_alike(made: Any, real: Any) -> None:
    """Refuse a generator whose pictures are of another form than the real ones.

    Raises:
        TrainingError: names both shapes.
    """
    if isinstance(made, torch.Tensor) and isinstance(real, torch.Tensor) and made.shape[1:] != real.shape[1:]:
        raise TrainingError(
            f"GAN: the generator must make pictures like the real ones; it makes {tuple(made.shape)} where they "
            f"are {tuple(real.shape)}. Give it their size and number of channels."
        )
