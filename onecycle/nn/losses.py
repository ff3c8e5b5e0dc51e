"""Loss functions that take targets of any shape, and the activation that belongs to each loss."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from onecycle.errors import ArgumentError, explain
from onecycle.nn import torch_losses  # noqa: F401 - gives torch's losses their names
from onecycle.nn.module import Module
from onecycle.utils.registry import register
from onecycle.utils.values import to_list

__all__ = [
    "BCEFlat",
    "BCEWithLogitsFlat",
    "CrossEntropyFlat",
    "FlattenedLoss",
    "LabelSmoothingCrossEntropy",
    "MSELossFlat",
    "NoneReduceOnCPU",
    "NoopLoss",
    "WassersteinLoss",
    "activation_for",
]


def _identity(x: Any) -> Any:
    """Return the input."""
    return x


_SHORT_INDICES = (torch.bool, torch.int8, torch.int16, torch.int32)  # class indices that torch's losses do not take


def _as_weights(name: str, value: Any) -> Any:
    """Return the weights of classes as the tensor that torch's losses take, whatever holds them."""
    if name not in ("weight", "pos_weight") or value is None or isinstance(value, Tensor):
        return value
    return torch.tensor(to_list(value), dtype=torch.get_default_dtype())


@register("loss")
class FlattenedLoss:
    """Flatten predictions and targets, then call a loss of torch.

    Args:
        func: Class of the loss, e.g. `nn.CrossEntropyLoss`.
        args: Its arguments.
        axis: Axis of the predictions that holds the classes; it is moved to the end.
        floatify: Turn targets into floats.
        is_2d: Keep the class axis: predictions become `(items, classes)` rather than one vector.
        kwargs: Its keywords.

    Example:
        >>> FlattenedLoss(nn.CrossEntropyLoss)
        FlattenedLoss of CrossEntropyLoss()
    """

    def __init__(
        self,
        func: Callable[..., Any],
        *args: Any,
        axis: int = -1,
        floatify: bool = False,
        is_2d: bool = True,
        **kwargs: Any,
    ) -> None:
        self.func = func(*args, **{name: _as_weights(name, value) for name, value in kwargs.items()})
        self.axis, self.floatify, self.is_2d = axis, floatify, is_2d
        self._plain = axis == -1 and is_2d and not floatify
        self._by_index = isinstance(self.func, (nn.CrossEntropyLoss, nn.NLLLoss))

    def __repr__(self) -> str:
        return f"FlattenedLoss of {self.func}"

    def __call__(self, output: Tensor, target: Tensor, **kwargs: Any) -> Tensor:
        """Return the loss of predictions `(N, *, K)` and targets `(N, *)`."""
        if self._by_index and target.dtype in _SHORT_INDICES:
            target = target.long()
        if self._plain and output.dim() == 2 and target.dim() == 1:
            return self.func(output, target, **kwargs)
        return self.func(*self._flat(output, target), **kwargs)

    def _flat(self, output: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        as_wide = target.shape == output.shape and target.is_floating_point()  # a probability for each class
        output, target = self._class_last(output), self._class_last(target)
        if self.floatify:
            target = target.float()
        if not self.is_2d:
            shape = (-1, output.shape[-1]) if self._weighs_classes(output.shape[-1]) else (-1,)
            return output.reshape(shape), target.reshape(shape)
        output = output.reshape(-1, output.shape[-1])  # (items, K)
        return output, target.reshape(output.shape if as_wide else (-1,))

    def _weighs_classes(self, count: int) -> bool:
        """Return whether the loss has a number for each of the classes, so that their axis must be kept.

        Raises:
            ArgumentError: it has another number of them.
        """
        positive, weight = (_length_of(self.func, name) for name in ("pos_weight", "weight"))
        if positive not in (1, count):
            rule = f"must be one number, or one per class, {count}"
            raise ArgumentError(explain(type(self.func).__name__, "pos_weight", rule, self.func.pos_weight.tolist()))
        return count > 1 and count in (positive, weight)

    def _class_last(self, t: Tensor) -> Tensor:
        needs_move = self.axis != -1 and -t.dim() <= self.axis < t.dim()
        return t.transpose(self.axis, -1) if needs_move else t

    @property
    def reduction(self) -> str:
        """How the losses of the items are put together: 'mean', 'sum' or 'none'."""
        return self.func.reduction

    @reduction.setter
    def reduction(self, value: str) -> None:
        self.func.reduction = value

    @property
    def weight(self) -> Tensor | None:
        """The weight of each class, None where all count the same."""
        return self.func.weight

    @weight.setter
    def weight(self, value: Tensor | None) -> None:
        self.func.weight = value

    def to(self, device: Any) -> FlattenedLoss:
        """Move the weights of the loss to a device; returns itself."""
        if isinstance(self.func, nn.Module):
            self.func.to(device)
        return self

    def get_state(self) -> dict[str, Any]:
        """Return what rebuilds the loss, for files."""
        return {"loss": self.func, "axis": self.axis, "floatify": self.floatify, "is_2d": self.is_2d}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> FlattenedLoss:
        """Rebuild a loss from `get_state`."""
        flags = {key: value for key, value in state.items() if key != "loss"}
        return cls(_identity, state["loss"], **flags)


def _length_of(loss: Any, name: str) -> int:
    """Return how many numbers an attribute of a loss has; 1 where it is none or no tensor of one axis."""
    value = getattr(loss, name, None)
    return len(value) if isinstance(value, Tensor) and value.ndim == 1 else 1


@register("loss")
def CrossEntropyFlat(*args: Any, axis: int = -1, **kwargs: Any) -> FlattenedLoss:
    """Return a cross-entropy over flattened predictions; `axis` holds the classes.

    Example:
        >>> CrossEntropyFlat(axis=1)(torch.zeros(2, 3, 4, 4), torch.zeros(2, 1, 4, 4, dtype=torch.long))
        tensor(1.0986)
    """
    return FlattenedLoss(nn.CrossEntropyLoss, *args, axis=axis, **kwargs)


@register("loss")
def BCEWithLogitsFlat(*args: Any, axis: int = -1, floatify: bool = True, **kwargs: Any) -> FlattenedLoss:
    """Return a binary cross-entropy on logits over flattened predictions and targets.

    `weight` and `pos_weight` may have one number per class: `axis` of the predictions holds the classes.

    Example:
        >>> loss = BCEWithLogitsFlat(pos_weight=torch.tensor([1.0, 3.0]))
        >>> loss(torch.zeros(4, 2), torch.tensor([[0, 1], [0, 0], [1, 0], [0, 0]]))
        tensor(0.8664)
    """
    return FlattenedLoss(nn.BCEWithLogitsLoss, *args, axis=axis, floatify=floatify, is_2d=False, **kwargs)


@register("loss")
def BCEFlat(*args: Any, axis: int = -1, floatify: bool = True, **kwargs: Any) -> FlattenedLoss:
    """Return a binary cross-entropy on probabilities over flattened predictions and targets."""
    return FlattenedLoss(nn.BCELoss, *args, axis=axis, floatify=floatify, is_2d=False, **kwargs)


@register("loss")
def MSELossFlat(*args: Any, axis: int = -1, floatify: bool = True, **kwargs: Any) -> FlattenedLoss:
    """Return a mean squared error over flattened predictions and targets."""
    return FlattenedLoss(nn.MSELoss, *args, axis=axis, floatify=floatify, is_2d=False, **kwargs)


class _PlainLoss(Module):
    """A loss without arguments, which a file can hold by its name."""

    def get_state(self) -> dict[str, Any]:
        """Return the arguments that rebuild the loss."""
        return {}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Any:
        """Rebuild a loss from `get_state`."""
        return cls(**state)


@register("loss")
class NoopLoss(_PlainLoss):
    """Return the mean of the output, whatever the targets."""

    def forward(self, output: Tensor, *args: Any) -> Tensor:
        return output.mean()


@register("loss")
class WassersteinLoss(_PlainLoss):
    """Return how much higher a critic rates real things than fakes.

    Reference:
        Arjovsky et al. 2017, "Wasserstein GAN", section 3.
    """

    def forward(self, real: Tensor, fake: Tensor) -> Tensor:
        return real.mean() - fake.mean()


@register("loss")
class LabelSmoothingCrossEntropy(_PlainLoss):
    """Cross-entropy against targets of which a part is spread over all classes.

    Args:
        eps: The part that is spread evenly, 0 to 1.
        reduction: 'mean', 'sum' or 'none'.

    Reference:
        Szegedy et al. 2015, "Rethinking the Inception architecture", section 7.
    """

    def __init__(self, eps: float = 0.1, reduction: str = "mean") -> None:
        if not 0 <= eps <= 1:
            raise ArgumentError(explain("LabelSmoothingCrossEntropy", "eps", "must be between 0 and 1", eps))
        self.eps, self.reduction = eps, reduction

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        return F.cross_entropy(output, target, label_smoothing=self.eps, reduction=self.reduction)

    def extra_repr(self) -> str:
        return f"eps={self.eps}"

    def get_state(self) -> dict[str, Any]:
        return {"eps": self.eps, "reduction": self.reduction}


class NoneReduceOnCPU:
    """Get one loss an item, on the CPU, inside a `with`.

    Args:
        loss_func: A loss with an attribute `reduction`, or a function with such a keyword.

    Example:
        >>> with NoneReduceOnCPU(nn.MSELoss()) as loss:
        ...     loss(torch.zeros(2), torch.tensor([1.0, 2.0]))
        tensor([1., 4.])
    """

    def __init__(self, loss_func: Any) -> None:
        self.loss_func = loss_func

    def __enter__(self) -> Callable[..., Tensor]:
        if not hasattr(self.loss_func, "reduction"):
            return partial(self.loss_func, reduction="none")
        self.reduction, self.loss_func.reduction = self.loss_func.reduction, "none"
        self.weight = getattr(self.loss_func, "weight", None)
        if isinstance(self.weight, Tensor):
            self.loss_func.weight = self.weight.cpu()
        return self.loss_func

    def __exit__(self, *exc: Any) -> None:
        if hasattr(self.loss_func, "reduction"):
            self.loss_func.reduction = self.reduction
            if isinstance(self.weight, Tensor):
                self.loss_func.weight = self.weight


# --- from a loss to its activation


_SOFTMAX = (nn.CrossEntropyLoss, LabelSmoothingCrossEntropy, F.cross_entropy)
_SIGMOID = (nn.BCEWithLogitsLoss, F.binary_cross_entropy_with_logits)
_EXP = (nn.NLLLoss, F.nll_loss)


def thins_out(activation: Any) -> Any:
    """Mark an activation whose result is far smaller than the output, such as boxes of a detector's anchors.

    `get_preds` then applies it to each batch: the outputs of a whole set need not be in memory together. The results of
    the batches `(n, length, …)` are filled up behind with zeros to the greatest length.
    """
    activation.thins_out = True
    return activation


def activation_for(loss: Any) -> Callable[[Tensor], Tensor]:
    """Return the function that turns a model's output into what the loss reads it as.

    Args:
        loss: A loss object, class or function. A `partial` is looked through, and so is a loss that wraps
            another as `crit` or `func`. A loss may also bring its own method `activation`, with
            `inverse_activation` beside it; with an attribute `thins_out` (see `thins_out`) `get_preds` applies it batch
            by batch.

    Returns:
        Softmax over the class axis for a cross-entropy, sigmoid for a binary cross-entropy on logits, exp for
        a negative log-likelihood, and the identity for everything else.

    Example:
        >>> activation_for(nn.CrossEntropyLoss())(torch.zeros(1, 2))
        tensor([[0.5000, 0.5000]])
    """
    own = getattr(loss, "activation", None)
    if callable(own):
        return own
    inner = getattr(loss, "crit", None) or getattr(loss, "func", None)
    if isinstance(loss, FlattenedLoss):
        return _activation_of(loss.func, loss.axis)
    return activation_for(inner) if inner is not None else _activation_of(loss, 1)


def inverse_of(activation: Any) -> Callable[[Tensor], Tensor] | None:
    """Return the function that undoes what `activation_for` returned, or None for anything else.

    Example:
        >>> back = inverse_of(activation_for(nn.CrossEntropyLoss()))
        >>> torch.softmax(back(torch.tensor([[0.25, 0.75]])), 1)
        tensor([[0.2500, 0.7500]])
    """
    own = getattr(getattr(activation, "__self__", None), "inverse_activation", None)
    if own is not None:
        return own
    if getattr(activation, "func", None) is _softmax or activation is torch.exp:
        return _log
    if activation is torch.sigmoid:
        return torch.logit
    return _identity if activation is _identity else None


def _log(probabilities: Tensor) -> Tensor:
    return probabilities.clamp_min(torch.finfo(probabilities.dtype).tiny).log()


def _activation_of(loss: Any, axis: int) -> Callable[[Tensor], Tensor]:
    if _is_one_of(loss, _SOFTMAX):
        return partial(_softmax, axis=axis)
    if _is_one_of(loss, _SIGMOID):
        return torch.sigmoid
    return torch.exp if _is_one_of(loss, _EXP) else _identity


def _softmax(x: Tensor, axis: int) -> Tensor:
    return torch.softmax(x, axis if x.dim() > 1 else 0)


def _is_one_of(loss: Any, known: tuple[Any, ...]) -> bool:
    """Return whether a loss is one of these functions, classes, or an instance of one."""
    classes = tuple(k for k in known if isinstance(k, type))
    return any(loss is k for k in known) or isinstance(loss, classes)
