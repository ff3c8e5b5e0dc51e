"""How much a file may unfold to in memory or on a disk, counted while it does."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from onecycle.errors import ArgumentError, FileFormatError, explain

__all__: list[str] = []

FLOOR = 256 << 20  # bytes that any file may unfold to
RATIO = 100  # and how many times its own size, where that is more: texts and tables seldom pack better than 20 : 1
_TIMES_OF_MODEL = 8  # a model has its file's tensors, a wider type than the file's, and what its making tries out
_MOST_TENSORS = 100_000  # that making a model may begin


class UnfoldsTooFarError(FileFormatError):
    """A file unfolds to more than is allowed; it need not be damaged."""


class Budget:
    """Count what a file unfolds to, and refuse more than is allowed.

    Args:
        owner: Who reads, for the message.
        path: The file.
        size: Its length in bytes.
        allowed: Bytes that the caller allows; by the length of the file when None.
        ratio: How many times its own size a file may unfold to.
        keyword: The caller's keyword that allows more.

    Raises:
        ArgumentError: `allowed` is no number of bytes.
    """

    def __init__(
        self,
        owner: str,
        path: Any,
        size: int,
        allowed: int | None = None,
        ratio: int = RATIO,
        keyword: str = "max_bytes",
    ) -> None:
        if allowed is not None and (isinstance(allowed, bool) or not isinstance(allowed, int) or allowed < 1):
            rule = "must be a whole number of bytes of at least 1, or None"
            raise ArgumentError(explain(owner, keyword, rule, allowed))
        self.owner, self.path, self.size, self.keyword = owner, path, size, keyword
        self.allowed = max(FLOOR, ratio * size) if allowed is None else allowed
        self.taken = 0

    def take(self, count: int, what: str) -> None:
        """Count bytes before they are there.

        Raises:
            FileFormatError: they are more than what is left.
        """
        self.taken += int(count)
        if count < 0 or self.taken > self.allowed:
            raise self.refusal(what)

    def refusal(self, what: str) -> FileFormatError:
        """Return the error that says what unfolds too far, and how to allow it."""
        return UnfoldsTooFarError(
            f"{self.owner}: {str(self.path)!r} of {self.size:,} bytes unfolds to more than {self.allowed:,} bytes "
            f"({what}). It is damaged or hostile; if you trust it, pass {self.keyword}= with the bytes that you allow."
        )


_current: ContextVar[Budget | None] = ContextVar("budget of the file that is being read", default=None)


@contextmanager
def spending(budget: Budget) -> Iterator[Budget]:
    """Let what is unfolded within the block count against a budget."""
    token = _current.set(budget)
    try:
        yield budget
    finally:
        _current.reset(token)


def take(count: int, what: str) -> None:
    """Count bytes against the budget of the file that is being read; outside of one nothing is counted."""
    budget = _current.get()
    if budget is not None:
        budget.take(count, what)


_PIECE = 1 << 24  # bytes that are unfolded at a time


def inflate(packed: bytes, what: str, expected: int | None = None) -> bytes:
    """Return what zlib packed, counting it before it is there.

    Args:
        packed: The packed bytes.
        what: What they are, for the message.
        expected: How many bytes they must be, where that is known.

    Raises:
        FileFormatError: they are of another number, or more than the budget of the file allows.
        zlib.error: they are damaged.

    Example:
        >>> inflate(zlib.compress(bytes(100)), "zeros", 100) == bytes(100)
        True
    """
    unpacker, pieces, length = zlib.decompressobj(), [], 0
    rest = packed
    while not unpacker.eof and (expected is None or length <= expected):
        piece = unpacker.decompress(rest, _PIECE)
        if not piece and not unpacker.eof:
            break
        take(len(piece), what)
        pieces.append(piece)
        length, rest = length + len(piece), unpacker.unconsumed_tail
    if not unpacker.eof or (expected is not None and length != expected):
        raise FileFormatError(f"read: {what} are damaged: they do not unfold to the bytes that they should have.")
    return b"".join(pieces)


# ---- models ----

_FACTORIES = frozenset((
    torch.arange, torch.empty, torch.empty_strided, torch.eye, torch.full, torch.linspace, torch.logspace, torch.ones,
    torch.rand, torch.randint, torch.randn, torch.randperm, torch.zeros, torch.tril_indices, torch.triu_indices,
))  # fmt: skip
_OF_TENSORS = frozenset((
    torch.Tensor.new_empty, torch.Tensor.new_full, torch.Tensor.new_ones, torch.Tensor.new_zeros, torch.Tensor.repeat,
    torch.Tensor.tile, torch.Tensor.new, torch.Tensor.resize_,
))  # fmt: skip


class model_budget(TorchFunctionMode):
    """Refuse a model, while it is made, that asks for far more memory than its file has.

    Args:
        budget: What its file allows.
    """

    def __init__(self, budget: Budget) -> None:
        super().__init__()
        self.budget, self.made = budget, 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func in _FACTORIES:
            self._charge(lambda: func(*args, **{**kwargs, "device": "meta"}))
        elif func in _OF_TENSORS and args:
            self._charge(lambda: func(args[0].to("meta"), *args[1:], **kwargs))
        return func(*args, **kwargs)

    def _charge(self, plan: Any) -> None:
        """Count what a call is going to take, seen on tensors without memory."""
        self.made += 1
        if self.made > _MOST_TENSORS:
            raise self.budget.refusal(f"more than {_MOST_TENSORS:,} tensors of a model")
        try:
            planned = plan()
        except (RuntimeError, OverflowError) as error:  # a size beyond any memory
            raise self.budget.refusal(f"a tensor that no memory holds: {str(error).splitlines()[0]}") from error
        except (TypeError, ValueError):
            return  # a call that fails by itself, or cannot be planned
        self.budget.take(planned.numel() * planned.element_size(), f"a tensor {tuple(planned.shape)} of the model")


def budget_of_model(owner: str, path: Any, size: int, allowed: int | None) -> Budget:
    """Return how much making the model of a file may take."""
    return Budget(owner, path, size, allowed, ratio=_TIMES_OF_MODEL)
