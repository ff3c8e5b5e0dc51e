"""Sums and means that a loss writes out by itself: of losses one by one, of what a mask lets count."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from torch import Tensor

__all__: list[str] = []

Weight = int | float | Tensor


class Part(NamedTuple):
    """A term of a loss: a mean and what it divides by; None where it is a sum."""

    value: Tensor
    weight: Weight | None


class _Each(NamedTuple):
    """Losses one by one, and whether each is a loss by itself: not a loss times a weight that is not known."""

    tensor: Tensor
    is_plain: bool


class _Sum(NamedTuple):
    """A sum that nothing has divided yet, and whether losses one by one are what was summed."""

    tensor: Tensor
    of_losses: bool


class _Count(NamedTuple):
    """A number of entries as the loss divides by it, and as it was before it was kept away from 0."""

    tensor: Tensor
    true: Tensor


_RESHAPES = {"float", "double", "half", "to", "type", "type_as", "clone", "detach", "contiguous", "reshape", "view"}
_RESHAPES |= {"view_as", "flatten", "squeeze", "unsqueeze", "expand", "expand_as", "permute", "transpose"}
PRODUCTS = {"mul", "multiply", "rmul", "imul"}
QUOTIENTS = {"div", "divide", "true_divide", "truediv", "itruediv"}
_LIMITS = {"clamp", "clamp_min", "clip", "maximum", "max", "add", "radd", "iadd"}
_READS = {"item", "int", "float", "len", "numel", "nelement", "size"}
_LEAVES = {"item", "int", "float", "numpy", "array", "tolist", "cpu", "bool"}
_SAME = {"float", "double", "to", "clone", "neg", "negative"}


class Sums:
    """Follow what a loss computes from losses one by one and from masks, up to the mean that it divides itself.

    `(losses * mask).sum() / mask.sum()`, `losses[mask].mean()` and their like are means over what counts.

    Args:
        batch: What the loss is called with.
    """

    def __init__(self, batch: Iterable[Any]) -> None:
        self._each: dict[int, _Each] = {}  # by the id of a tensor, which is kept alive, like the rest
        self._sums: dict[int, _Sum] = {}
        self._masks: dict[int, Tensor] = {}
        self._picked: dict[int, Tensor] = {}  # rows chosen by an index, so that their number may vary
        self._counts: dict[int, _Count] = {}
        self._of_batch = {id(tensor): tensor for tensor in tensors_of(batch)}
        self._numbers: set[float] = set()  # counts that were read as numbers of Python
        self.was_read = False  # whether values of the batch left the tensors: what follows from them is not seen

    def note_each(self, losses: Tensor) -> None:
        """Remember losses that were not reduced."""
        self._each[id(losses)] = _Each(losses, is_plain=True)

    def read(self, name: str, args: Sequence[Any], number: Any) -> None:
        """Remember a number that was read from a tensor, if it is a count."""
        if args and self.is_of_batch(args[0]) and name.strip("_") in _LEAVES and args[0].is_floating_point():
            self.was_read = True
        if name.strip("_") in _READS and isinstance(number, (int, float)) and args:
            if name.strip("_") not in ("item", "int", "float") or self._count_of(args[0]) is not None:
                self._numbers.add(number)

    def is_count(self, number: float) -> bool:
        """Say whether a number is a count that was read from a tensor."""
        return number in self._numbers or (number == 1 and 0 in self._numbers)

    def is_of_batch(self, value: Any) -> bool:
        """Say whether a tensor is, or follows from, what the loss was called with."""
        return id(value) in self._of_batch

    def is_sum_of_batch(self, value: Any) -> bool:
        """Say whether a number is a sum over what the loss was called with."""
        return id(value) in self._sums and id(value) in self._of_batch

    def weight_of(self, by: Any) -> Weight:
        """Return what is counted by what a loss divides by, which may be kept away from 0."""
        if not isinstance(by, Tensor):
            return by if by in self._numbers or not self.is_count(by) else 0
        count = self._counts.get(id(by))
        return by.detach() if count is None else count.true

    def follow(self, name: str, args: Sequence[Any], result: Tensor) -> list[Part]:
        """Remember what the result of a call is; return the part that it is, or nothing where it is none yet."""
        name, found = name.strip("_"), list(tensors_of(args))
        if any(id(tensor) in self._of_batch for tensor in found):
            self._of_batch[id(result)] = result
        if not found:
            return []
        if result.ndim:
            self._follow_rows(name, found, args, result)
            return []
        first = found[0]
        return self._reduced(name, found, result) if first.ndim else self._followed_number(name, args, result)

    def _follow_rows(self, name: str, found: list[Tensor], args: Sequence[Any], result: Tensor) -> None:
        each = [self._each[id(tensor)] for tensor in found if id(tensor) in self._each]
        self._masks.pop(id(result), None)  # it may have been changed in place
        if each:
            others = [tensor for tensor in found if id(tensor) not in self._each and not self._is_mask(tensor)]
            self._each[id(result)] = _Each(result, all(entry.is_plain for entry in each) and not others)
        elif _chooses(name, args) or any(id(tensor) in self._picked for tensor in found):
            self._picked[id(result)] = result
        elif name in _RESHAPES | PRODUCTS and all(self._is_mask(tensor) for tensor in found):
            self._masks[id(result)] = result

    def _is_mask(self, tensor: Tensor) -> bool:
        return not tensor.is_floating_point() or id(tensor) in self._masks

    def _reduced(self, name: str, found: list[Tensor], result: Tensor) -> list[Part]:
        """Follow a call that makes one number of rows."""
        each = [self._each[id(tensor)] for tensor in found if id(tensor) in self._each]
        if name in ("mean", "nanmean") and (each or id(found[0]) in self._picked):
            rows = found[0]
            return [Part(result, rows.numel() if name == "mean" else (~rows.isnan()).sum())]
        if name not in ("sum", "nansum", "dot", "inner", "vdot", "einsum"):
            return []
        if all(self._is_mask(tensor) for tensor in found):
            self._counts[id(result)] = _Count(result, result)
        elif name == "sum" and each and each[0].is_plain:
            return [Part(result, None)]
        elif result.is_floating_point():
            self._sums[id(result)] = _Sum(result, bool(each))
        return []

    def _count_of(self, value: Any) -> _Count | None:
        if isinstance(value, Tensor) and value.ndim == 0 and not value.is_floating_point():
            return self._counts.get(id(value)) or _Count(value, value)
        return self._counts.get(id(value))

    def _followed_number(self, name: str, args: Sequence[Any], result: Tensor) -> list[Part]:
        """Follow a call that makes one number of others."""
        first, *others = args
        count = self._count_of(first)
        if count is not None and name in _LIMITS | _SAME:
            self._counts[id(result)] = _Count(result, count.true)
            return []
        if name in PRODUCTS and any(type(arg) in (int, float) and arg == 0 for arg in args):
            return [Part(result, 0)]  # how a batch is passed over in which nothing counts
        known = self._sums.get(id(first))
        if known is None and name in PRODUCTS and others:
            known, others = self._sums.get(id(others[0])), [first]
        if known is None:
            return []
        if name in _SAME or (name in PRODUCTS and _is_constant(others[0])):
            self._sums[id(result)] = _Sum(result, known.of_losses)
        elif name in QUOTIENTS and others:
            return self._quotient(known, others[0], result)
        return []

    def _quotient(self, known: _Sum, by: Any, result: Tensor) -> list[Part]:
        is_number = isinstance(by, (int, float))
        divides = self.is_count(by) if is_number else known.of_losses or self._count_of(by) is not None
        if divides:
            return [Part(result, self.weight_of(by))]
        if is_number:
            self._sums[id(result)] = _Sum(result, known.of_losses)
        return []


def _chooses(name: str, args: Sequence[Any]) -> bool:
    """Say whether a call chooses rows by an index that it computes."""
    if name == "getitem":
        return any(True for _ in tensors_of(args[1:]))
    return name in ("masked_select", "index_select", "take")


def _is_constant(value: Any) -> bool:
    return type(value) in (int, float)


def tensors_of(values: Any) -> Iterator[Tensor]:
    """Yield the tensors among values, those in lists, tuples and dicts too."""
    if isinstance(values, Tensor):
        yield values
    elif isinstance(values, dict):
        yield from tensors_of(list(values.values()))
    elif isinstance(values, (list, tuple)):
        for value in values:
            yield from tensors_of(value)
