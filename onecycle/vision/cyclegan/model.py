"""Two generators and two critics between two kinds of pictures, and the loss of the generators."""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F
from torch import Tensor

from onecycle.errors import StepError
from onecycle.nn.module import Module
from onecycle.utils.checks import check_numbers
from onecycle.vision.cyclegan.networks import Norm, critic, resnet_generator
from onecycle.vision.gan.losses import AdaptiveLoss

__all__ = ["CycleGAN", "CycleGanLoss"]


class CycleGAN(Module):
    """Turn pictures of kind A into kind B and back, learnt without pairs.

    Args:
        ch_in: Channels of the pictures A.
        ch_out: Channels of the pictures B; as many, since each generator is also given pictures of its own kind.
        n_features: Channels of the first maps.
        disc_layers: How often a critic halves a picture.
        gen_blocks: Residual blocks of a generator.
        lsgan: Critics for a least-squares loss; else they give probabilities.
        drop: Dropout in the residual blocks, 0 to 1.
        norm_layer: Makes a norm of a number of channels; instance norm when None.

    Attributes:
        G_A, G_B: Generators of A (from B) and of B (from A).
        D_A, D_B: Critics of A and of B.

    Shape: `(N, C, H, W), (N, C, H, W) -> [fake A, fake B]`, in training mode also `A of A, B of B`

    Reference: Zhu et al. 2017, "Unpaired image-to-image translation using cycle-consistent adversarial networks".
    """

    def __init__(
        self,
        ch_in: int,
        ch_out: int,
        n_features: int = 64,
        disc_layers: int = 3,
        gen_blocks: int = 6,
        lsgan: bool = True,
        drop: float = 0.0,
        norm_layer: Norm | None = None,
    ) -> None:
        self.D_A = critic(ch_in, n_features, disc_layers, norm_layer, sigmoid=not lsgan)
        self.D_B = critic(ch_out, n_features, disc_layers, norm_layer, sigmoid=not lsgan)
        self.G_A = resnet_generator(ch_out, ch_in, n_features, norm_layer, drop, gen_blocks)
        self.G_B = resnet_generator(ch_in, ch_out, n_features, norm_layer, drop, gen_blocks)

    def forward(self, real_A: Tensor, real_B: Tensor) -> list[Tensor]:
        """Return each kind made of the other, and in training mode each made of itself."""
        made = [self.G_A(real_B), self.G_B(real_A)]
        return [*made, self.G_A(real_A), self.G_B(real_B)] if self.training else made


class CycleGanLoss(Module):
    """Be the loss of the generators of a `CycleGAN`.

    It has three parts: made pictures are to pass as real; there and back again is to give the picture itself; a picture
    of the wanted kind is to stay as it is.

    Args:
        cgan: The model.
        lambda_A: Weight of what happens to pictures A.
        lambda_B: Weight of what happens to pictures B.
        lambda_idt: Weight of the last part, on top of these.
        lsgan: Least squares; else a binary cross-entropy.

    Attributes:
        metrics: The last values of the three parts: staying, passing, there and back.

    Raises:
        ArgumentError: a weight is below 0.
    """

    cgan: Any

    def __init__(
        self, cgan: CycleGAN, lambda_A: float = 10.0, lambda_B: float = 10, lambda_idt: float = 0.5, lsgan: bool = True
    ) -> None:
        weights = {"lambda_A": lambda_A, "lambda_B": lambda_B, "lambda_idt": lambda_idt}
        for name, weight in weights.items():
            check_numbers("CycleGanLoss", name, weight, "must be at least 0", lambda number: number >= 0)
        vars(self)["cgan"] = cgan  # not as a part: its weights are the learner's model's
        self.l_A, self.l_B, self.l_idt = lambda_A, lambda_B, lambda_idt
        self.crit = AdaptiveLoss(F.mse_loss if lsgan else F.binary_cross_entropy)
        self.metrics: list[Tensor] = []
        self.real_A: Any = None
        self.real_B: Any = None

    def set_input(self, input: Any) -> None:
        """Take the real pictures (A, B) of the batch to come."""
        self.real_A, self.real_B = input

    def forward(self, output: list[Tensor], target: Any) -> Tensor:
        """Return the loss; the target has no part in it.

        Raises:
            StepError: nobody called `set_input`.
        """
        if self.real_A is None:
            raise StepError("CycleGanLoss: has no pictures yet. Train with callback_fns=[CycleGANTrainer].")
        fake_A, fake_B, *same = output
        staying = self.l_idt * self._near(*same) if same else fake_A.new_zeros(())
        passing = self.crit(self.cgan.D_A(fake_A), True) + self.crit(self.cgan.D_B(fake_B), True)
        back = self._near(self.cgan.G_A(fake_B), self.cgan.G_B(fake_A))
        self.metrics = [part.detach() for part in (staying, passing, back)]
        return staying + passing + back

    def _near(self, A: Tensor, B: Tensor) -> Tensor:
        """Return how far pictures are from the real ones."""
        return self.l_A * F.l1_loss(A, self.real_A) + self.l_B * F.l1_loss(B, self.real_B)
