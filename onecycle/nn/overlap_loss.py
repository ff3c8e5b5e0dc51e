"""Losses of masks that measure overlap, so that a thin object counts as much as the background around it."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from onecycle.errors import ArgumentError, ArgumentTypeError, did_you_mean, explain
from onecycle.nn.loss_weight import mean_over
from onecycle.nn.module import Module
from onecycle.utils.checks import check_numbers
from onecycle.utils.registry import register

__all__ = ["DiceLoss", "TverskyLoss"]

_REDUCTIONS = ("mean", "sum", "none")


@register("loss")
class TverskyLoss(Module):
    """Measure how far each class of a mask is from overlapping its prediction, one minus the Tversky index.

    The index of a class is TP / (TP + alpha · FP + beta · FN), where TP, FP and FN add up probabilities over the pixels
    of an image. With beta above alpha what is missed costs more than what is too much, as suits thin and rare objects.
    The loss of an image is the mean over its classes, that of a batch the mean over its images. An output of one
    channel is the logit of a mask of 0 and 1; with several, each is the logit of a class.

    Args:
        alpha: Cost of a false positive, at least 0.
        beta: Cost of a false negative, at least 0.
        gamma: Power of each class's loss, above 0; below 1 (the paper's 3/4) classes that are hard weigh more.
        ignore_index: Pixels of this value count nowhere.
        background: Whether class 0 counts too, where there are several.
        weight: Weight of each class, one number per class; all the same if None.
        ce_weight: Weight of a cross-entropy over the same pixels that is added, at least 0.
        smooth: Pixels added above and below the fraction, above 0: a class that is neither there nor predicted costs 0.
        axis: Axis of the predictions that holds the classes.
        reduction: 'mean' over the images, 'sum', or 'none' for one loss per image.

    Shape: `(N, C, H, W)`, `(N, H, W)` or `(N, 1, H, W)` -> `()`

    Raises:
        ArgumentError: a setting is out of its range, or the shapes do not fit.

    References:
        Salehi et al. 2017, "Tversky loss function for image segmentation using 3D fully convolutional deep networks",
        equation 3. Abraham and Khan 2019, "A novel focal Tversky loss function with improved attention U-Net for lesion
        segmentation", equation 4 (gamma).

    Example:
        >>> sure = torch.tensor([[[[9.0, -9.0]], [[-9.0, 9.0]]]])
        >>> TverskyLoss()(sure, torch.tensor([[[0, 1]]])).round(decimals=3)
        tensor(0.)
    """

    weight: Tensor | None

    def __init__(
        self,
        alpha: float = 0.3,
        beta: float = 0.7,
        gamma: float = 1.0,
        ignore_index: int | None = None,
        background: bool = False,
        weight: Tensor | None = None,
        ce_weight: float = 0.0,
        smooth: float = 1.0,
        axis: int = 1,
        reduction: str = "mean",
    ) -> None:
        owner = type(self).__name__
        for name, number in (("alpha", alpha), ("beta", beta), ("ce_weight", ce_weight)):
            check_numbers(owner, name, number, "must be a number of at least 0", lambda cost: cost >= 0)
        for name, number in (("gamma", gamma), ("smooth", smooth)):
            check_numbers(owner, name, number, "must be above 0", lambda positive: positive > 0)
        if ignore_index is not None and (isinstance(ignore_index, bool) or not isinstance(ignore_index, Integral)):
            raise ArgumentTypeError(explain(owner, "ignore_index", "must be a whole number or None", ignore_index))
        if reduction not in _REDUCTIONS:
            rule, hint = f"must be one of {', '.join(_REDUCTIONS)}", did_you_mean(reduction, _REDUCTIONS).strip()
            raise ArgumentError(explain(owner, "reduction", rule, reduction, hint))
        self.alpha, self.beta, self.gamma = alpha, beta, gamma
        self.ignore_index = None if ignore_index is None else int(ignore_index)
        self.background, self.ce_weight = background, ce_weight
        self.smooth, self.axis, self.reduction = smooth, axis, reduction
        self.register_buffer("weight", None if weight is None else _checked_weight(owner, weight), persistent=False)

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        if output.ndim < 3:
            rule = "must have pixels, of shape (N, C, H, W)"
            raise ArgumentError(explain(type(self).__name__, "output", rule, tuple(output.shape)))
        output = output.movedim(self.axis, 1).float()  # (N, C, …)
        target = self._target(output, target)
        counted = torch.ones_like(target, dtype=torch.bool)
        if self.ignore_index is not None:
            counted = target != self.ignore_index
            target = torch.where(counted, target, 0)
        losses = self._overlap_losses(output, target, counted)  # (N,)
        if self.ce_weight:
            losses = losses + self.ce_weight * self._cross_entropies(output, target, counted)
        if self.reduction == "mean":
            return mean_over(losses.sum(), len(losses))
        return losses.sum() if self.reduction == "sum" else losses

    def _target(self, output: Tensor, target: Tensor) -> Tensor:
        """Return class indices (N, …), whatever axis of length one the masks have."""
        shape = (output.shape[0], *output.shape[2:])
        if target.numel() != torch.Size(shape).numel():
            rule = f"must be one class per pixel, of shape {shape} or {(shape[0], 1, *shape[1:])}"
            raise ArgumentError(explain(type(self).__name__, "target", rule, tuple(target.shape)))
        return target.reshape(shape).long()

    def _overlap_losses(self, output: Tensor, target: Tensor, counted: Tensor) -> Tensor:
        n_classes, mask = output.shape[1], counted.unsqueeze(1).flatten(2)  # (N, 1, P)
        if n_classes == 1:
            probs, truth = torch.sigmoid(output), target.unsqueeze(1).float()
        else:
            probs, truth = torch.softmax(output, 1), self._one_hot(target, n_classes)
        probs, truth = probs.flatten(2) * mask, truth.flatten(2) * mask  # (N, C, P)
        both = (probs * truth).sum(2)
        too_much, missed = probs.sum(2) - both, truth.sum(2) - both
        index = (both + self.smooth) / (both + self.alpha * too_much + self.beta * missed + self.smooth)
        losses = (1 - index).clamp(min=torch.finfo(index.dtype).tiny) ** self.gamma  # (N, C)
        weight = self._class_weights(n_classes, losses)
        return (losses * weight).sum(1) / weight.sum()

    def _one_hot(self, target: Tensor, n_classes: int) -> Tensor:
        """Return class indices (N, …) as zeros and ones (N, C, …)."""
        try:
            return F.one_hot(target, n_classes).movedim(-1, 1).float()
        except RuntimeError as error:
            rule = f"must hold classes from 0 to {n_classes - 1}, or ignore_index"
            found = [int(target.min()), int(target.max())]
            raise ArgumentError(explain(type(self).__name__, "target", rule, found)) from error

    def _class_weights(self, n_classes: int, like: Tensor) -> Tensor:
        if self.weight is not None and len(self.weight) != n_classes:
            rule = f"must be one number per class, {n_classes}"
            raise ArgumentError(explain(type(self).__name__, "weight", rule, self.weight.tolist()))
        weight = torch.ones(n_classes, device=like.device) if self.weight is None else self.weight.to(like.device)
        if not self.background and n_classes > 1:
            weight = torch.cat([torch.zeros_like(weight[:1]), weight[1:]])
        return weight

    def _cross_entropies(self, output: Tensor, target: Tensor, counted: Tensor) -> Tensor:
        """Return the mean cross-entropy of each image over the pixels that count."""
        if output.shape[1] == 1:
            losses = F.binary_cross_entropy_with_logits(output[:, 0], target.float(), reduction="none")
        else:
            losses = F.cross_entropy(output, target, reduction="none")
        return (losses * counted).flatten(1).sum(1) / counted.flatten(1).sum(1).clamp(min=1)

    def activation(self, output: Tensor) -> Tensor:
        """Return the probabilities that the loss reads an output as."""
        return torch.sigmoid(output) if output.shape[self.axis] == 1 else torch.softmax(output, self.axis)

    def inverse_activation(self, probabilities: Tensor) -> Tensor:
        """Return an output of which `activation` makes these probabilities."""
        if probabilities.shape[self.axis] == 1:
            return torch.logit(probabilities)
        return probabilities.clamp_min(torch.finfo(probabilities.dtype).tiny).log()

    def extra_repr(self) -> str:
        settings = self.get_state()
        return ", ".join(f"{name}={value!r}" for name, value in settings.items() if name != "weight")

    def get_state(self) -> dict[str, Any]:
        """Return the arguments that rebuild the loss."""
        names = ("alpha", "beta", "gamma", "ignore_index", "background", "weight", "ce_weight", "smooth", "axis")
        return {**{name: getattr(self, name) for name in names}, "reduction": self.reduction}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Any:
        """Rebuild a loss from `get_state`."""
        return cls(**state)


@register("loss")
class DiceLoss(TverskyLoss):
    """Measure how far each class of a mask is from overlapping its prediction, one minus the soft Dice coefficient.

    The coefficient of a class is 2 |A and B| / (|A| + |B|): the Tversky index with both costs at 1/2.

    Args:
        ignore_index: Pixels of this value count nowhere.
        background: Whether class 0 counts too, where there are several.
        weight: Weight of each class, one number per class; all the same if None.
        ce_weight: Weight of a cross-entropy over the same pixels that is added; 1 is nnU-Net's.
        smooth: Pixels added above and below the fraction, above 0: a class that is neither there nor predicted costs 0.
        axis: Axis of the predictions that holds the classes.
        reduction: 'mean' over the images, 'sum', or 'none' for one loss per image.

    Shape: `(N, C, H, W)`, `(N, H, W)` or `(N, 1, H, W)` -> `()`

    Raises:
        ArgumentError: a setting is out of its range, or the shapes do not fit.

    References:
        Milletari et al. 2016, "V-Net: Fully convolutional neural networks for volumetric medical image segmentation",
        section 3. Isensee et al. 2021, "nnU-Net: a self-configuring method for deep learning-based biomedical image
        segmentation" (Dice and cross-entropy together).

    Example:
        learn = unet_learner(data, models.resnet34, loss_func=DiceLoss(ce_weight=1.0), metrics=MeanIoU())
    """

    def __init__(
        self,
        ignore_index: int | None = None,
        background: bool = False,
        weight: Tensor | None = None,
        ce_weight: float = 0.0,
        smooth: float = 1.0,
        axis: int = 1,
        reduction: str = "mean",
    ) -> None:
        super().__init__(
            0.5, 0.5, 1.0, ignore_index, background, weight, ce_weight, smooth, axis, reduction
        )  # fmt: skip

    def get_state(self) -> dict[str, Any]:
        state = super().get_state()
        return {name: value for name, value in state.items() if name not in ("alpha", "beta", "gamma")}


def _checked_weight(owner: str, weight: Any) -> Tensor:
    rule = "must be one number of at least 0 per class, not all 0"
    check_numbers(owner, "weight", weight, rule, lambda number: number >= 0)
    weights = torch.as_tensor(weight, dtype=torch.float32).detach().clone()
    if weights.ndim != 1 or not weights.any():
        raise ArgumentError(explain(owner, "weight", rule, weight))
    return weights
