"""What the mean of a loss over a batch divides by, so that means over batches become the mean over a set."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Sequence
from functools import cache, partial
from math import prod
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

from onecycle.nn.loss_sums import PRODUCTS, QUOTIENTS, Part, Sums, Weight

__all__ = ["mean_over"]

NO_CLASS = -100  # the default of `ignore_index` in torch: no class is ignored in practice


def mean_over(total: Tensor, weight: Weight) -> Tensor:
    """Return `total / weight`, and let the library know the weight: a loss of yours says so what its mean divides by.

    The loss of a set, of several processes and of gathered gradients is then as if all items were in one batch. The
    losses of torch need nothing: what they divide by is known. The mean of a loss that says nothing is taken to be
    one over items. Where the weight is 0 nothing counts: the mean is 0.

    Args:
        total: The sum over the batch.
        weight: What it is divided by, at least 0: a number or a 0-d tensor without a gradient.

    Shape: `()`, `()` -> `()`

    Example:
        >>> def masked(output, target, mask):
        ...     return mean_over(((output - target).square() * mask).sum(), mask.sum())
        >>> masked(torch.zeros(3), torch.tensor([1.0, 2.0, 9.0]), torch.tensor([1.0, 1.0, 0.0]))
        tensor(2.5000)
    """
    weight = weight.detach() if isinstance(weight, Tensor) else weight
    if isinstance(weight, Tensor):
        mean = total / torch.where(weight > 0, weight, 1)
    else:
        mean = total / weight if weight > 0 else total * 0
    watch: _Watch | None = getattr(_active, "watch", None)
    if watch is not None:
        watch.note(mean, [Part(mean, weight)])
    return mean


def weighed(
    loss_func: Callable[..., Tensor], output: Any, targets: Sequence[Any], items: int
) -> tuple[Tensor, list[Part]]:
    """Return the loss of a batch, and the means that it is the sum of with what each divides by.

    The loss is watched while it is computed: what a function of `torch.nn.functional` divides by follows from what
    it is called with, however deep inside the loss. Sums of such means and their multiples are followed too.

    Args:
        loss_func: A function of (output, *targets).
        output: What the model made.
        targets: The targets.
        items: How many items the batch has: what a mean divides by of which nothing is known.
    """
    with _Watch(items, [output, *targets]) as watch:
        loss = _written(loss_func)(output, *targets)
    known = watch.parts_of(loss) if isinstance(loss, Tensor) and loss.ndim == 0 else []
    if not known and watch.is_nothing(loss):
        return loss, [Part(loss, 0)]
    return loss, known or [_unknown(loss_func, loss, items)]


def unreduced(loss_func: Callable[..., Tensor], *args: Any) -> tuple[Tensor, Tensor | None]:
    """Return the losses of a loss that reduces nothing, and what each of them counts; None where all count the same."""
    with _Watch(0, args) as watch:
        losses = loss_func(*args)
    parts = watch.parts_of(losses)
    weight = parts[0].weight if len(parts) == 1 else None
    return losses, weight if isinstance(weight, Tensor) and weight.shape == losses.shape else None


def _unknown(loss_func: Any, loss: Any, items: int) -> Part:
    if isinstance(loss, Tensor) and loss.ndim and loss.numel() != 1:
        return Part(loss.float().mean(), loss.numel())
    given = loss_func.keywords.get("reduction") if isinstance(loss_func, partial) else None
    return Part(loss, None if "sum" in (given, getattr(loss_func, "reduction", None)) else items)


def common_weight(parts: Sequence[Part], items: int) -> Weight | None:
    """Return what a loss divides by as a whole: its only mean's weight, or the items of a sum of several means."""
    return parts[0].weight if len(parts) == 1 else items


def total_of(parts: Sequence[Part]) -> Tensor:
    """Return the loss that is the sum of some parts; a part that nothing counts in is 0, with gradients of 0."""
    values = [_counted_only(part) for part in parts]
    total = values[0]
    for value in values[1:]:
        total = total + value
    return total


def nothing_counts(parts: Sequence[Part]) -> bool:
    """Say whether all targets of a batch are ignored, so that its loss is the mean of nothing."""
    return all(part.weight is not None and float(part.weight) == 0 for part in parts)


def _counted_only(part: Part) -> Tensor:
    if isinstance(part.weight, Tensor):
        return torch.where(part.weight > 0, part.value, torch.zeros_like(part.value))
    return part.value if part.weight is None or part.weight > 0 else part.value.nan_to_num() * 0


def ignores_targets(loss_func: Any) -> bool:
    """Say whether a loss was told to leave out targets of a value, so that a batch may have nothing that counts."""
    return ignored_class(loss_func) is not None


def ignored_class(loss_func: Any) -> int | None:
    """Return the class index that a loss was told to leave out; None where there is none but torch's own, -100."""
    index = _ignore_index(loss_func)
    return index if isinstance(index, int) and index != NO_CLASS else None


def has_ignore_index(loss_func: Any) -> bool:
    """Say whether a loss leaves out targets of a value, be it the one that torch chooses."""
    return _ignore_index(loss_func) is not None


def _ignore_index(loss_func: Any) -> Any:
    while isinstance(loss_func, partial):
        if "ignore_index" in loss_func.keywords:
            return loss_func.keywords["ignore_index"]
        loss_func = loss_func.func
    inner = getattr(loss_func, "func", getattr(loss_func, "crit", None))
    return getattr(loss_func, "ignore_index", getattr(inner, "ignore_index", None))


# --- what the functions of torch divide by


def _elements(*tensors: Any) -> int:
    """Return how many elements tensors have that are brought to one shape."""
    return prod(torch.broadcast_shapes(*(t.shape for t in tensors if isinstance(t, Tensor))))


def _rows(rows: Tensor) -> int:
    """Return how many rows (…, D) a tensor has."""
    return prod(rows.shape[:-1])


def of_classes(target: Tensor, weight: Tensor | None, ignore_index: int | None) -> Tensor:
    """Return what each class index counts: the weight of its class, or 1; 0 where it is ignored."""
    counts = torch.ones_like(target, dtype=torch.bool) if ignore_index is None else target != ignore_index
    if weight is None:
        return counts
    return weight.float()[torch.where(counts, target, 0)] * counts


def _of_class_loss(call: dict[str, Any]) -> Weight:
    """Return what a cross-entropy divides by: its rows for probabilities, else what its class indices count."""
    source, target = call["input"], call["target"]
    if target.is_floating_point():
        return source.numel() // max(1, source.shape[min(1, source.ndim - 1)])
    return of_classes(target, call["weight"], call["ignore_index"])


def _of_weighted_squares(call: dict[str, Any]) -> Weight:
    return _elements(call["input"], call["target"]) if call["weight"] is None else call["weight"].detach()


def _of_pairs(call: dict[str, Any]) -> int:
    return _elements(call["input"], call["target"])


def _of_ranking(call: dict[str, Any]) -> int:
    return _elements(call["input1"], call["input2"], call["target"])


def _of_gaussian(call: dict[str, Any]) -> int:
    return _elements(call["input"], call["target"])


def _of_divergence(call: dict[str, Any]) -> int:
    return len(call["input"]) if call["reduction"] == "batchmean" and call["input"].ndim else _of_pairs(call)


def _of_rows(call: dict[str, Any]) -> int:
    return _rows(call["input"])


def _of_cosine(call: dict[str, Any]) -> int:
    return _elements(call["input1"], call["input2"]) // call["input1"].shape[-1]


def _of_triplets(call: dict[str, Any]) -> int:
    width = call["anchor"].shape[-1]
    return _elements(call["anchor"], call["positive"], call["negative"]) // max(1, width)


def _of_sequences(call: dict[str, Any]) -> int:
    lengths = call["target_lengths"]
    return lengths.numel() if isinstance(lengths, Tensor) else len(lengths)


_DIVISORS: dict[Callable[..., Any], Callable[[dict[str, Any]], Weight]] = {
    F.binary_cross_entropy: _of_pairs,
    F.binary_cross_entropy_with_logits: _of_pairs,
    F.cosine_embedding_loss: _of_cosine,
    F.cross_entropy: _of_class_loss,
    F.ctc_loss: _of_sequences,
    F.gaussian_nll_loss: _of_gaussian,
    F.hinge_embedding_loss: _of_pairs,
    F.huber_loss: _of_pairs,
    F.kl_div: _of_divergence,
    F.l1_loss: _of_pairs,
    F.margin_ranking_loss: _of_ranking,
    F.mse_loss: _of_weighted_squares,
    F.multi_margin_loss: _of_rows,
    F.multilabel_margin_loss: _of_rows,
    F.multilabel_soft_margin_loss: _of_rows,
    F.nll_loss: _of_class_loss,
    F.poisson_nll_loss: _of_pairs,
    F.smooth_l1_loss: _of_pairs,
    F.soft_margin_loss: _of_pairs,
    F.triplet_margin_loss: _of_triplets,
    F.triplet_margin_with_distance_loss: _of_triplets,
}
if hasattr(F, "linear_cross_entropy"):  # torch 2.12
    _DIVISORS[F.linear_cross_entropy] = _of_class_loss


@cache
def _defaults(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the parameters of a function in their order, with their defaults."""
    return {name: parameter.default for name, parameter in inspect.signature(function).parameters.items()}


def _reduction(call: dict[str, Any]) -> str:
    """Return how a call puts its losses together; `size_average` and `reduce` are torch's older words for it."""
    average, reduce = call.get("size_average"), call.get("reduce")
    if average is None and reduce is None:
        return call["reduction"]
    return "none" if reduce is False else "sum" if average is False else "mean"


def _parts_of_call(function: Callable[..., Any], args: Any, kwargs: Any, result: Tensor) -> list[Part]:
    defaults = _defaults(function)
    call = {**defaults, **dict(zip(defaults, args, strict=False)), **kwargs}
    reduction = _reduction(call)
    if reduction == "sum":
        return [Part(result, None)]
    weight = _DIVISORS[function](call)
    if reduction == "none" or not isinstance(weight, Tensor):
        return [Part(result, weight)]
    return [Part(result, weight.sum())]


# --- following them to the loss


_KEEPS = {"clone", "detach", "double", "float", "mean", "neg", "negative", "sum", "to"}  # multiples of one number
_active = threading.local()


def _written(loss_func: Any) -> Any:
    """Return a compiled loss as it is written, which can be watched; any other loss as it is."""
    written = getattr(loss_func, "_torchdynamo_orig_callable", None)
    return written or getattr(loss_func, "_orig_mod", loss_func)


class _Watch(TorchFunctionMode):
    """Note the means among the results of torch's functions, and what is added up from them.

    Args:
        items: What a mean divides by of which nothing is known.
        batch: What the loss is called with.
    """

    def __init__(self, items: int, batch: Sequence[Any]) -> None:
        super().__init__()
        self.items, self._batch = items, batch
        self._parts: dict[int, tuple[Tensor, list[Part]]] = {}  # by the id of a tensor, which is kept alive
        self._stacks: dict[int, tuple[Tensor, list[list[Part]]]] = {}
        self._sums = Sums(batch)
        self._made: dict[int, Tensor] = {}  # numbers that were made here

    def __enter__(self) -> _Watch:
        self._outer, _active.watch = getattr(_active, "watch", None), self
        return super().__enter__()

    def __exit__(self, *exc: Any) -> None:
        super().__exit__(*exc)
        _active.watch = self._outer

    def note(self, tensor: Tensor, parts: list[Part]) -> None:
        """Remember what a tensor is the sum of."""
        self._parts[id(tensor)] = (tensor, parts)

    def parts_of(self, value: Any) -> list[Part]:
        """Return what a tensor is the sum of; nothing where it is not known."""
        return self._parts.get(id(value), (None, []))[1]

    def is_nothing(self, loss: Any) -> bool:
        """Say whether a loss is a 0 that was not computed: how a loss passes over a batch in which nothing counts."""
        if not isinstance(loss, Tensor) or loss.ndim or self._sums.is_of_batch(loss) or self._sums.was_read:
            return False
        return bool(id(loss) in self._made and loss.device.type == "cpu" and loss == 0)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if torch.compiler.is_compiling():
            return func(*args, **kwargs)
        if func in _DIVISORS:
            result = func(*args, **kwargs)
            self.note(result, _parts_of_call(func, args, kwargs, result))
            if result.ndim:
                self._sums.note_each(result)
            return result
        name = getattr(func, "__name__", "")
        before = self._before(name, args) if self._parts else None
        result = func(*args, **kwargs)
        if isinstance(result, Tensor):
            written_out = self._sums.follow(name, args, result)
            if before is not None:
                self._follow(name, before, kwargs, result, func)
            if written_out and not self.parts_of(result):
                self.note(result, written_out)
            if result.ndim == 0:
                self._made[id(result)] = result
        else:
            self._sums.read(name, args, result)
        return result

    def _before(self, name: str, args: Any) -> list[Any] | None:
        """Return the arguments as they were before a call that changes the first of them; None where none is known."""
        if name in ("stack", "cat") and args and isinstance(args[0], (list, tuple)):
            return list(args) if any(self.parts_of(entry) for entry in args[0]) else None
        if not any(self.parts_of(arg) or id(arg) in self._stacks for arg in args):
            return None
        if not name.endswith("_") or name.startswith("__"):
            return list(args)
        copy = args[0].clone()
        parts = [part._replace(value=copy) if part.value is args[0] else part for part in self.parts_of(args[0])]
        self._parts.pop(id(args[0]), None)
        if parts:
            self.note(copy, parts)
        elif id(args[0]) in self._made:
            self._made[id(copy)] = copy
        return [copy, *args[1:]]

    def _follow(self, name: str, args: list[Any], kwargs: Any, result: Tensor, func: Any) -> None:
        """Note what the result of a call is the sum of, if it is a sum of what is known."""
        if self.parts_of(args[0]) and args[0].ndim:
            parts = self._reduced(name, args, kwargs, result)
        else:
            parts = self._stacked(name, args, kwargs, result) or self._combined(name.strip("_"), args, kwargs, func)
        if parts:
            self.note(result, parts)

    def _reduced(self, name: str, args: list[Any], kwargs: Any, result: Tensor) -> list[Part]:
        """Return the part that the mean, or the sum, of losses which were not reduced is."""
        if name not in ("mean", "sum") or len(args) > 1 or kwargs:
            return []
        return [Part(result, args[0].numel() if name == "mean" else None)]

    def _stacked(self, name: str, args: list[Any], kwargs: Any, result: Tensor) -> list[Part]:
        """Return the parts of a sum, or a mean, of means that were put beside one another."""
        first = args[0]
        if name == "stack" and len(args) == 1 and not kwargs and all(entry.ndim == 0 for entry in first):
            self._stacks[id(result)] = (result, [self._terms(entry) for entry in first])
        terms = self._stacks.get(id(first), (None, []))[1]
        if not terms or name not in ("sum", "mean") or len(args) > 1 or kwargs:
            return []
        factor = 1 / len(terms) if name == "mean" else 1
        return [Part(part.value * factor, part.weight) for term in terms for part in term]

    def _terms(self, value: Any) -> list[Part]:
        """Return the parts of a term of a sum; of one that is not known, a mean over items."""
        if not isinstance(value, Tensor) and value == 0:  # where Python's `sum` begins
            return []
        known = self.parts_of(value)
        if not known:
            return [Part(torch.as_tensor(value), self.items)]
        return [part for part in known if not _is_nothing(part)]

    def _combined(self, name: str, args: list[Any], kwargs: Any, func: Any) -> list[Part]:
        known = self.parts_of(args[0])
        if name in _KEEPS and known:
            return [Part(func(part.value, *args[1:], **kwargs), part.weight) for part in known]
        if name == "lerp" and len(args) == 3 and not kwargs and _is_factor(args[2]):
            first, second, share = args
            if not known or not self.parts_of(second):
                return []
            return [*self._scaled(first, 1 - share, torch.mul), *self._scaled(second, share, torch.mul)]
        alpha = kwargs.pop("alpha", 1) if name in ("add", "sub", "subtract") else 1
        if len(args) != 2 or kwargs or not all(_is_number(arg) for arg in args):
            return []
        first, second = args
        if alpha != 1:
            return self._summed(first, second, alpha if name == "add" else -alpha)
        if name in ("add", "radd", "iadd"):
            return self._summed(first, second, 1)
        if name in ("sub", "subtract", "isub"):
            return self._summed(first, second, -1)
        if name in ("rsub",):
            return self._summed(second, first, -1)
        if name in PRODUCTS:
            first, second = (first, second) if known else (second, first)
            return self._scaled(first, second, torch.mul)
        return self._divided(first, second) if name in QUOTIENTS else []

    def _summed(self, first: Any, second: Any, sign: float) -> list[Part]:
        both = [self._terms(first), self._terms(second)]
        for terms, value, other in ((both[0], first, both[1]), (both[1], second, both[0])):
            if self._sums.is_sum_of_batch(value) and other and all(part.weight is None for part in other):
                terms[:] = [Part(value, None)]  # a sum beside sums
        return [*both[0], *[Part(part.value * sign, part.weight) for part in both[1]]]

    def _scaled(self, known: Any, factor: Any, operation: Callable[..., Tensor]) -> list[Part]:
        if self.parts_of(factor) or self._sums.is_of_batch(factor):
            return []  # no multiple: the factor depends on the batch
        return [Part(operation(part.value, factor), part.weight) for part in self.parts_of(known)]

    def _divided(self, known: Any, by: Any) -> list[Part]:
        """Return the parts of a quotient: a sum that is divided by a count of the batch is a mean over that."""
        parts = self.parts_of(known)
        if any(part.weight is not None for part in parts) or not (isinstance(by, Tensor) or self._is_count(by)):
            return self._scaled(known, by, torch.div)
        return [Part(part.value / by, self._sums.weight_of(by)) for part in parts]

    def _is_count(self, number: float) -> bool:
        """Say whether a number is one of items or elements of this batch."""
        tensors = [value for value in self._batch if isinstance(value, Tensor)]
        sizes = (self.items, *[t.numel() for t in tensors], *[len(t) for t in tensors if t.ndim])
        return number in sizes or self._sums.is_count(number)


def _is_nothing(part: Part) -> bool:
    """Say whether a part stands for a batch in which nothing counts."""
    return isinstance(part.weight, int) and part.weight == 0


def _is_factor(value: Any) -> bool:
    return isinstance(value, (int, float))


def _is_number(value: Any) -> bool:
    return value.ndim == 0 if isinstance(value, Tensor) else isinstance(value, (int, float))
