"""Small helpers for tensors, alone and in nested batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sized
from functools import wraps
from typing import Any

import numpy as np
import torch
from torch import Tensor

from onecycle.utils.collections import is_listy, recurse
from onecycle.utils.defaults import defaults

__all__ = [
    "add_metrics",
    "batch_to_half",
    "grab_idx",
    "logit",
    "logit_",
    "model_type",
    "np2model_tensor",
    "np_func",
    "remove_module_load",
    "tensor",
    "to_cpu",
    "to_data",
    "to_detach",
    "to_device",
    "to_float",
    "to_half",
    "to_np",
    "trange_of",
    "try_int",
]


def tensor(x: Any, *rest: Any) -> Tensor:
    """Make a tensor of a number, list, array or of several numbers.

    Args:
        x: A number, (nested) list, array, tensor or generator.
        rest: More elements, as in `tensor(1, 2, 3)`.

    Returns:
        A tensor; int32 input becomes int64, which indexing and losses want.

    Example:
        >>> tensor(1, 2, 3)
        tensor([1, 2, 3])
    """
    if rest:
        x = (x, *rest)
    made = _as_tensor(x)
    return made.long() if made.dtype == torch.int32 else made


def _as_tensor(x: Any) -> Tensor:
    if isinstance(x, (Tensor, np.ndarray)):
        return torch.as_tensor(x)
    if is_listy(x) and len(x) and isinstance(x[0], Tensor):
        return torch.stack(list(x))
    if is_listy(x) and len(x) and isinstance(x[0], np.ndarray):
        return torch.as_tensor(np.array(x))
    if isinstance(x, Iterable) and not isinstance(x, Sized):
        x = list(x)
    return torch.tensor(x)


# ---- nested batches ----


def _on_tensors(change: Callable[[Tensor], Any], b: Any) -> Any:
    """Apply a change to every tensor in nested lists, tuples and dicts; leave the rest."""
    return recurse(lambda x: change(x) if isinstance(x, Tensor) else x, b)


def to_detach(b: Any, cpu: bool = True) -> Any:
    """Detach every tensor of a nested batch from its graph, and bring it to the CPU unless `cpu=False`."""
    return _on_tensors(lambda t: t.detach().cpu() if cpu else t.detach(), b)


def to_data(b: Any) -> Any:
    """Replace every item of nested lists by its `.data`; tensors and the rest stay."""
    if is_listy(b):
        return [to_data(entry) for entry in b]
    return b.data if hasattr(b, "apply_tfms") else b


def to_cpu(b: Any) -> Any:
    """Bring every tensor of a nested batch to the CPU."""
    return _on_tensors(Tensor.cpu, b)


def to_half(b: Any) -> Any:
    """Turn every floating-point tensor of a nested batch to half precision."""
    return _on_tensors(lambda t: t.half() if t.is_floating_point() else t, b)


def to_float(b: Any) -> Any:
    """Turn every floating-point tensor of a nested batch to single precision."""
    return _on_tensors(lambda t: t.float() if t.is_floating_point() else t, b)


def batch_to_half(b: Any) -> Any:
    """Turn the inputs of a batch `(x, y)` to half precision, not the targets."""
    return [to_half(b[0]), *b[1:]]


def to_device(b: Any, device: torch.device | str | int | None = None) -> Any:
    """Move every tensor of a nested batch to a device; `defaults.device` when None."""
    target = torch.device(defaults.device if device is None else device)
    return _on_tensors(lambda t: _move(t, target), b)


def _move(t: Tensor, device: torch.device) -> Tensor:
    # a copy to the CPU that does not block could be read before it is there
    return t.to(device, non_blocking=device.type != "cpu")


def to_np(x: Any) -> Any:
    """Turn every tensor of nested lists into a NumPy array."""
    return recurse(lambda v: v.detach().cpu().numpy() if isinstance(v, Tensor) else np.asarray(v), x)


def grab_idx(x: Any, i: int, batch_first: bool = True) -> Any:
    """Take sample `i` out of a nested batch, on the CPU.

    Args:
        x: A tensor (N, …), or lists and dicts of such.
        i: Which sample.
        batch_first: False where the batch axis is the second one.
    """
    return _on_tensors(lambda t: (t[i] if batch_first else t[:, i]).detach().cpu(), x)


# ---- types and values ----


def model_type(dtype: Any) -> torch.dtype | None:
    """Return the torch type a model works in for a NumPy type: float32, int64, or None for others."""
    kind = np.dtype(dtype).kind
    return torch.float32 if kind == "f" else torch.int64 if kind in "iu" else None


def np2model_tensor(a: np.ndarray) -> Tensor:
    """Turn an array into a tensor of the type a model works in (float32 or int64)."""
    made = torch.as_tensor(a)
    wanted = model_type(a.dtype)
    return made if wanted is None else made.to(wanted)


def trange_of(x: Sized) -> Tensor:
    """Return the positions in `x` as a tensor."""
    return torch.arange(len(x))


def logit(x: Tensor) -> Tensor:
    """Return log(x / (1 - x)), the inverse of the sigmoid; x in (0, 1)."""
    return torch.logit(x)


def logit_(x: Tensor) -> Tensor:
    """Replace `x` by its logit, in place."""
    return torch.logit_(x)


def try_int(o: Any) -> Any:
    """Return `o` as an int where it is a single number, else `o` itself.

    Arrays and tensors with axes stay as they are, one-element ones too.
    """
    if getattr(o, "ndim", 0):
        return o
    try:
        return int(o)
    except (TypeError, ValueError):
        return o


def np_func(f: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function of NumPy arrays into one of tensors, for use as a metric.

    Example:
        >>> @np_func
        ... def largest(input, target): return np.max(input)
        >>> largest(tensor(1.0, 3.0), tensor(0.0, 0.0))
        tensor(3.)
    """

    @wraps(f)
    def on_tensors(*args: Any, **kwargs: Any) -> Any:
        result = f(*[to_np(a) if isinstance(a, Tensor) else a for a in args], **kwargs)
        return tensor(result) if isinstance(result, (np.ndarray, np.generic, float, int)) else result

    return on_tensors


def remove_module_load(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Take the `module.` that DataParallel puts before every key off again."""
    return {key.removeprefix("module."): value for key, value in state_dict.items()}


def add_metrics(last_metrics: Any, mets: Any) -> dict[str, Any]:
    """Return the change a metric callback makes at the end of an epoch.

    Args:
        last_metrics: The values so far.
        mets: One value or a list of values to append.

    Returns:
        `{'last_metrics': all of them}`
    """
    more = list(mets) if is_listy(mets) else [mets]
    return {"last_metrics": [*(last_metrics or []), *more]}
