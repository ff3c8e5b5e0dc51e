"""Say in words what does not fit together when a model or a loss fails on a batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from onecycle.errors import ArgumentTypeError, CallbackError, TrainingError, add_context, describe

__all__: list[str] = []

# What torch says of inputs that do not suit a layer, and what the reader can do.
_CURES = (
    ("too small", "The pictures are too small for this model: give them more pixels, e.g. transform(size=64)."),
    ("channels", "Open the pictures with the channels that the model takes: convert_mode='RGB' (3) or 'L' (1)."),
    ("mat1 and mat2", "A linear layer gets other than its in_features: flatten or pool before it."),
)  # fmt: skip


_WANTS_INDICES = ("to be Long", "scalar type Long", "scalar type Byte", "not implemented for 'Int'")
# Torch's words where a norm has no variance to take, with what must be and what can be passed.
_OF_ONE_VALUE = {
    "more than 1 value per channel": (
        "a batch norm must have two values or more of each channel",
        "a bs of at least 2 with drop_last=True, more items, or a model without it (of a group norm: fewer groups)",
    ),
    "more than 1 spatial element": (
        "an instance norm must have two pixels or more of each channel",
        "larger images, e.g. transform(size=64), or a model without it",
    ),
}
_AS_MANY_OUTPUTS = "Give the model's last layer as many outputs as an item has targets: data.c."


def shapes_of(value: Any) -> str:
    """Return the shape of a tensor, or of each in a list or dict.

    Example:
        >>> shapes_of([torch.zeros(4, 2), torch.zeros(4)])
        '[(4, 2), (4,)]'
    """
    if isinstance(value, Tensor):
        return str(tuple(value.shape))
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(shapes_of(part) for part in value)}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{name}: {shapes_of(part)}' for name, part in value.items())}}}"
    return type(value).__name__


def explain_model(error: BaseException, model: nn.Module, inputs: Any) -> None:
    """Add to an error of the model what it was given, and a cure where one is known.

    Raises:
        TrainingError: a norm was given one value, of which it cannot take a variance.
    """
    for said, (what, hint) in _OF_ONE_VALUE.items():
        if said in str(error):
            raise TrainingError(
                f"fit: {what}; got one, of a batch of shape {shapes_of(inputs)}. Pass {hint}."
            ) from error
    cure = next((cure for said, cure in _CURES if said in str(error)), "")
    note = {"model": type(model).__name__, "input": shapes_of(inputs)}
    add_context(error, **note, **({"cure": cure} if cure else {}))


def explain_loss(error: BaseException, loss_func: Any, output: Any, targets: Any) -> None:
    """Add to an error of the loss what it was given.

    Raises:
        TrainingError: a target is a class for which the model has no output, or no class index; says which.
    """
    first = targets[0] if isinstance(targets, (list, tuple)) else targets
    if _is_no_index(error, first):
        raise TrainingError(
            f"loss: targets must be class indices, whole numbers of dtype int64; got {str(first.dtype)[6:]}. Label the "
            f"items with classes (label_cls=CategoryList), convert with y.long(), or pass a loss of numbers such as "
            f"MSELossFlat()."
        ) from error
    lowest = _class_below(output, first)
    if lowest is not None and lowest != getattr(getattr(loss_func, "func", loss_func), "ignore_index", None):
        raise TrainingError(
            f"loss: a target is {lowest}, and class indices begin at 0. Number the classes from 0; where {lowest} "
            f"stands for no class, pass loss_func=CrossEntropyFlat(ignore_index={lowest})."
        ) from error
    highest = _class_beyond(output, first)
    if highest is not None:
        raise TrainingError(
            f"loss: a target is class {highest} and the model has {output.shape[1]} outputs, one a class (output "
            f"{shapes_of(output)}). Give its last layer data.c outputs, at least {highest + 1}."
        ) from error
    note = {"loss": getattr(loss_func, "__name__", type(loss_func).__name__), "output": shapes_of(output)}
    cure = {"cure": _AS_MANY_OUTPUTS} if _differ_in_outputs(output, first) else {}
    add_context(error, **note, target=shapes_of(first), **cure)


def _differ_in_outputs(output: Any, target: Any) -> bool:
    """Say whether an item has another number of outputs than of target values, which are no class indices."""
    if not isinstance(output, Tensor) or not isinstance(target, Tensor) or not target.is_floating_point():
        return False
    return len(output) == len(target) and output.numel() != target.numel()


def _is_no_index(error: BaseException, target: Any) -> bool:
    """Return whether a loss asked for class indices and got numbers of another kind."""
    asked = any(said in str(error) for said in _WANTS_INDICES)
    return asked and isinstance(target, Tensor) and target.dtype not in (torch.int64, torch.uint8)


def _class_below(output: Any, target: Any) -> int | None:
    """Return the lowest target where it is a whole number below 0."""
    tensors = isinstance(output, Tensor) and isinstance(target, Tensor)
    if not tensors or output.device.type != "cpu" or output.ndim < 2 or target.is_floating_point():
        return None
    lowest = int(target.min()) if target.numel() else 0
    return lowest if lowest < 0 else None


def _class_beyond(output: Any, target: Any) -> int | None:
    """Return the highest target where it is the index of an output that there is not."""
    tensors = isinstance(output, Tensor) and isinstance(target, Tensor)
    if not tensors or output.device.type != "cpu" or output.ndim < 2 or target.dtype != torch.int64:
        return None
    highest = int(target.max()) if target.numel() else -1
    return highest if highest >= output.shape[1] else None


def check_loss(loss: Any) -> None:
    """Refuse what cannot be learnt from.

    Raises:
        ArgumentTypeError: it is not one number in a tensor.
    """
    if not isinstance(loss, Tensor) or (loss.ndim and loss.numel() != 1):
        raise ArgumentTypeError(
            f"fit: loss_func must return one number for a batch, a tensor; got {describe(loss)}. "
            f"Reduce it, e.g. with .mean()."
        )


def check_goes_back(loss: Any) -> None:
    """Refuse a loss from which there is no way back to the weights.

    Raises:
        CallbackError: a callback made of it something that is no tensor.
        TrainingError: it does not follow from the output by differentiable steps.
    """
    if not isinstance(loss, Tensor):
        raise CallbackError(f"on_backward_begin: last_loss must stay a tensor; a callback made it {describe(loss)}.")
    if not loss.requires_grad:
        raise TrainingError(
            "fit: the loss must follow from the model's output by steps that have a gradient; it has none. Leave out "
            ".detach(), .item(), argmax, comparisons and torch.no_grad() in the loss and in the model."
        )
