"""Randomness with an address: every random choice is a pure function of numbers that can be stored.

A run has one seed. The order of an epoch is a function of (seed, epoch); the augmentation of an item of
(seed, epoch, item); the dropout of a step of (seed, epoch, step). Nothing else is drawn, so any number of
workers gives the same batches and a run can be resumed at any step from three integers.

The hash is splitmix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
"""

from __future__ import annotations

import math
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor

__all__ = ["log_uniform", "rand_bool", "set_all_seed", "uniform", "uniform_int"]

_MASK = (1 << 64) - 1
_GAMMA = 0x9E3779B97F4A7C15  # splitmix64's increment: 2^64 / golden ratio
_MIX_1, _MIX_2 = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB  # splitmix64's multipliers
_TO_UNIT = 2.0**-53

# Kinds of address: they keep an item's stream apart from the order of an epoch and the dropout of a step.
_ITEM, _ORDER, _STEP = 1, 2, 3


def _scramble(z: int) -> int:
    """Return splitmix64's output function of one 64-bit state."""
    z = ((z ^ (z >> 30)) * _MIX_1) & _MASK
    z = ((z ^ (z >> 27)) * _MIX_2) & _MASK
    return z ^ (z >> 31)


def mix(*numbers: int) -> int:
    """Hash integers to one 64-bit integer; the order of the numbers matters.

    Example:
        >>> mix(1, 2) == mix(1, 2), mix(1, 2) == mix(2, 1)
        (True, False)
    """
    state = 0
    for number in numbers:
        state = extend(state, number)
    return state


def extend(state: int, number: int) -> int:
    """Hash one more number: `extend(mix(a, b), c)` is `mix(a, b, c)`."""
    return _scramble((state + _GAMMA + (number & _MASK)) & _MASK)


class Stream:
    """Draw random numbers that depend on nothing but a seed.

    Args:
        seed: Any integer; most often `mix(seed, epoch, item)`.

    Example:
        >>> Stream(7).random() == Stream(7).random()
        True
    """

    __slots__ = ("state",)

    def __init__(self, seed: int) -> None:
        self.state = seed & _MASK

    def bits(self) -> int:
        """Return the next 64 random bits as an integer."""
        self.state = (self.state + _GAMMA) & _MASK
        return _scramble(self.state)

    def random(self) -> float:
        """Return the next number in [0, 1)."""
        return (self.bits() >> 11) * _TO_UNIT

    def uniform(self, low: float, high: float) -> float:
        """Return the next number in [low, high)."""
        return low + (high - low) * self.random()

    def integer(self, low: int, high: int) -> int:
        """Return the next integer in [low, high)."""
        return low + (self.bits() * (high - low) >> 64)

    def normal(self) -> float:
        """Return the next draw from the standard normal distribution (Box and Muller, 1958)."""
        radius = math.sqrt(-2.0 * math.log(1.0 - self.random()))
        return radius * math.cos(2.0 * math.pi * self.random())

    def choice(self, options: Sequence[Any]) -> Any:
        """Return one of the options."""
        return options[self.integer(0, len(options))]

    def generator(self) -> np.random.Generator:
        """Return a NumPy generator for draws of many numbers at once."""
        return np.random.Generator(np.random.PCG64(self.bits()))

    def permutation(self, n: int) -> np.ndarray:
        """Return the numbers 0 … n-1 in random order."""
        return self.generator().permutation(n)


class _Current(threading.local):
    stream: Stream | None = None


_current = _Current()


def current_stream() -> Stream | None:
    """Return the stream of the item being made in this thread, if there is one."""
    return _current.stream


@contextmanager
def use_stream(stream: Stream | None) -> Iterator[Stream | None]:
    """Draw from `stream` inside the block."""
    before, _current.stream = _current.stream, stream
    try:
        yield stream
    finally:
        _current.stream = before


class item_stream:  # noqa: N801 - reads as a function; a class enters in half the time of a generator
    """Draw from the address (seed, epoch, index) inside the block.

    Example:
        >>> with item_stream(1, 0, 5): a = uniform(0, 1)
        >>> with item_stream(1, 0, 5): b = uniform(0, 1)
        >>> a == b
        True
    """

    __slots__ = ("_before", "stream")

    def __init__(self, seed: int, epoch: int, index: int) -> None:
        self.stream = Stream(mix(seed, _ITEM, epoch, index))

    def __enter__(self) -> Stream:
        self._before, _current.stream = _current.stream, self.stream
        return self.stream

    def __exit__(self, *exc_info: object) -> None:
        _current.stream = self._before


class item_streams:  # noqa: N801 - as item_stream, for many items of one epoch
    """Draw from the addresses (seed, epoch, index) of one item after the other inside the block.

    Example:
        >>> with item_streams(1, 0) as at:
        ...     at(5); a = uniform(0, 1)
        >>> with item_stream(1, 0, 5): b = uniform(0, 1)
        >>> a == b
        True
    """

    __slots__ = ("_before", "_epoch", "stream")

    def __init__(self, seed: int, epoch: int) -> None:
        self._epoch, self.stream = mix(seed, _ITEM, epoch), Stream(0)

    def __enter__(self) -> Callable[[int], None]:
        self._before, _current.stream = _current.stream, self.stream
        return self.at

    def __exit__(self, *exc_info: object) -> None:
        _current.stream = self._before

    def at(self, index: int) -> None:
        """Put the stream at the address of an item."""
        self.stream.state = extend(self._epoch, index)


def epoch_permutation(seed: int, epoch: int, n: int) -> np.ndarray:
    """Return the order of the `n` items in an epoch."""
    return Stream(mix(seed, _ORDER, epoch)).permutation(n)


def run_seed() -> int:
    """Draw the seed of a run from torch's global generator, so that `torch.manual_seed` fixes the run."""
    return int(torch.randint(0, 2**62, (1,), dtype=torch.int64).item())


def seed_step(seed: int, epoch: int, step: int) -> None:
    """Put torch's generators at the address of a step: dropout, noise and the like follow from it."""
    address = mix(seed, _STEP, epoch, step)
    torch.default_generator.manual_seed(address)
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        torch.cuda.manual_seed_all(address)
    if torch.backends.mps.is_available():
        torch.mps.manual_seed(address & 0xFFFFFFFF)


@contextmanager
def global_rng_kept() -> Iterator[None]:
    """Leave the global generators of torch, NumPy and Python as they were before the block."""
    cuda = torch.cuda.is_available() and torch.cuda.is_initialized()
    kept_torch = torch.get_rng_state()
    kept_cuda = torch.cuda.get_rng_state_all() if cuda else None
    kept_mps = torch.mps.get_rng_state() if torch.backends.mps.is_available() else None
    kept_numpy, kept_python = np.random.get_state(), random.getstate()
    try:
        yield
    finally:
        torch.set_rng_state(kept_torch)
        if kept_cuda is not None:
            torch.cuda.set_rng_state_all(kept_cuda)
        if kept_mps is not None:
            torch.mps.set_rng_state(kept_mps)
        np.random.set_state(kept_numpy)
        random.setstate(kept_python)


@contextmanager
def plain_look() -> Iterator[None]:
    """Let what is drawn from torch's global generator follow from NumPy's, and leave torch's as it was.

    The seed of a run comes from torch's: so a look at an item, whose transform may draw from it, changes no later run.
    """
    kept, numpy_state = torch.get_rng_state(), np.random.get_state(legacy=False)["state"]
    address = mix(*(int(np.ravel(numpy_state[name])[0]) for name in ("key", "pos") if name in numpy_state))
    torch.default_generator.manual_seed(address >> 1)
    begun = torch.get_rng_state()
    try:
        yield
    finally:
        if not torch.equal(torch.get_rng_state(), begun):
            np.random.random_sample()  # the next look draws other numbers
        torch.set_rng_state(kept)


def set_all_seed(seed: int) -> None:
    """Seed the global generators of Python, NumPy and torch (CPU, CUDA, MPS)."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


Size = int | Sequence[int] | None


def _numbers(draw_one: Any, size: Size) -> Any:
    """Return one draw, or a tensor of draws of the given size."""
    if size is None:
        return draw_one()
    shape = (size,) if isinstance(size, int) else tuple(size)
    count = math.prod(shape)
    return torch.tensor([draw_one() for _ in range(count)]).reshape(shape)


def _source() -> Stream | random.Random:
    """Return the stream of the current item, or Python's global generator, both with `.random()`."""
    return _current.stream or _NUMPY


class _NumpyGlobal:
    """NumPy's global generator in the dress of a stream: what a plain look at an item draws from."""

    def random(self) -> float:
        return float(np.random.random_sample())


_NUMPY: Any = _NumpyGlobal()


def uniform(low: float, high: float | None = None, size: Size = None) -> float | Tensor:
    """Draw from [low, high); one argument `a` means that number itself.

    Inside an item's address the draw is the address's; elsewhere it is NumPy's global generator's, so a
    plain look at an item varies and `np.random.seed` makes it repeatable.

    Args:
        low: Lower end.
        high: Upper end; `low` when left out.
        size: `None` for one float, else the shape of a tensor.
    """
    end = low if high is None else high
    source = _source()
    return _numbers(lambda: low + (end - low) * source.random(), size)


def log_uniform(low: float, high: float, size: Size = None) -> float | Tensor:
    """Draw so that the logarithm is uniform between log(low) and log(high); both above 0."""
    start, span, source = math.log(low), math.log(high) - math.log(low), _source()
    return _numbers(lambda: math.exp(start + span * source.random()), size)


def rand_bool(p: float, size: Size = None) -> bool | Tensor:
    """Draw True with probability `p` in [0, 1]."""
    source = _source()
    return _numbers(lambda: source.random() < p, size)


def uniform_int(low: int, high: int, size: Size = None) -> int | Tensor:
    """Draw an integer from low … high, both included."""
    span, source = high - low + 1, _source()
    return _numbers(lambda: low + int(source.random() * span), size)
