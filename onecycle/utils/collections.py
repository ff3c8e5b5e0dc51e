"""Small helpers for lists, tuples, dicts and arrays."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence, Sized
from types import GeneratorType
from typing import Any, TypeVar

import numpy as np

from onecycle.errors import ArgumentError, explain
from onecycle.utils.checks import check_share

__all__ = [
    "arange_of",
    "array",
    "arrays_split",
    "chunks",
    "even_mults",
    "first_el",
    "float_or_x",
    "idx_dict",
    "index_row",
    "is1d",
    "is_dict",
    "is_listy",
    "is_tuple",
    "listify",
    "one_hot",
    "partition",
    "partition_by_cores",
    "random_split",
    "range_of",
    "recurse",
    "recurse_eq",
    "to_int",
    "uniqueify",
]

T = TypeVar("T")


# ---- asking what a thing is ----


def is_listy(x: Any) -> bool:
    """Say whether `x` is a list or a tuple."""
    return isinstance(x, (tuple, list))


def is_tuple(x: Any) -> bool:
    """Say whether `x` is a tuple."""
    return isinstance(x, tuple)


def is_dict(x: Any) -> bool:
    """Say whether `x` is a dict."""
    return isinstance(x, dict)


def is1d(a: Any) -> bool:
    """Say whether an array or a list is one-dimensional."""
    return np.ndim(a) == 1 if not hasattr(a, "shape") else len(a.shape) == 1


# ---- walking nested things ----


class NamedParts(dict[str, Any]):
    """Be the inputs of a batch whose parts have names: a model gets them by these names, not as one dict."""


def recurse(func: Callable[..., Any], x: Any, *args: Any, **kwargs: Any) -> Any:
    """Apply `func(leaf, *args, **kwargs)` to every leaf of nested lists, tuples and dicts.

    Example:
        >>> recurse(lambda v, k: v * k, {"a": [1, 2]}, 3)
        {'a': [3, 6]}
    """
    if is_listy(x):
        return [recurse(func, entry, *args, **kwargs) for entry in x]
    if is_dict(x):
        made = {key: recurse(func, entry, *args, **kwargs) for key, entry in x.items()}
        return NamedParts(made) if isinstance(x, NamedParts) else made
    return func(x, *args, **kwargs)


def recurse_eq(arr1: Any, arr2: Any) -> bool:
    """Say whether two nested lists of numbers or arrays are equal in form and content."""
    if is_listy(arr1):
        return is_listy(arr2) and len(arr1) == len(arr2) and all(map(recurse_eq, arr1, arr2))
    if hasattr(arr1, "shape") or hasattr(arr2, "shape"):
        return np.array_equal(np.asarray(arr1), np.asarray(arr2))
    return bool(arr1 == arr2)


def first_el(x: Any) -> Any:
    """Return the innermost first element of nested lists, tuples and dicts."""
    while is_listy(x) or is_dict(x):
        x = x[0] if is_listy(x) else next(iter(x.values()))
    return x


def to_int(b: Any) -> Any:
    """Turn every leaf of nested lists into an int."""
    return [to_int(entry) for entry in b] if is_listy(b) else int(b)


# ---- lists ----


def listify(p: Any = None, q: Any = None) -> list[Any]:
    """Make a list of `p`, as long as `q`.

    Args:
        p: None (an empty list), one thing, or several.
        q: The length wanted, or something of that length; one thing is repeated to it.

    Returns:
        The list.

    Raises:
        ArgumentError: `p` has several elements and not as many as `q` asks for.

    Example:
        >>> listify(None), listify("ab"), listify((1, 2)), listify(0.1, 3)
        ([], ['ab'], [1, 2], [0.1, 0.1, 0.1])
    """
    values = _as_list(p)
    if q is None:
        return values
    wanted = q if isinstance(q, int) else len(q)
    if len(values) == 1:
        return values * wanted
    if len(values) != wanted:
        cure = f"Pass one value, or {wanted}."
        raise ArgumentError(explain("listify", "p", f"must have 1 or {wanted} elements", p, cure))
    return values


def _as_list(p: Any) -> list[Any]:
    if p is None:
        return []
    if isinstance(p, str) or not isinstance(p, Iterable) or getattr(p, "shape", None) == ():
        return [p]
    return list(p)


def uniqueify(x: Iterable[T], sort: bool = False) -> list[T]:
    """Return the distinct elements in order of first appearance, or sorted."""
    distinct = list(dict.fromkeys(x))
    return sorted(distinct) if sort else distinct  # type: ignore[type-var]


def idx_dict(a: Iterable[T]) -> dict[T, int]:
    """Return a dict from each element to its position.

    Example:
        >>> idx_dict(["cat", "dog"])
        {'cat': 0, 'dog': 1}
    """
    return {element: i for i, element in enumerate(a)}


def chunks(l: Sequence[T], n: int) -> Iterator[Sequence[T]]:
    """Yield successive pieces of `n` elements; the last may be shorter."""
    for start in range(0, len(l), n):
        yield l[start : start + n]


def partition(a: Sequence[T], sz: int) -> list[Sequence[T]]:
    """Cut a sequence into pieces of `sz` elements; the last may be shorter."""
    return list(chunks(a, sz))


def partition_by_cores(a: Sequence[T], n_cpus: int) -> list[Sequence[T]]:
    """Cut a sequence into at most `n_cpus` pieces of equal length, but for the last."""
    return partition(a, len(a) // n_cpus + 1)


def range_of(x: Sized) -> list[int]:
    """Return the list of the positions in `x`."""
    return list(range(len(x)))


def float_or_x(x: Any) -> Any:
    """Return `x` as a float where that can be done, else `x` itself."""
    try:
        return float(x)
    except (TypeError, ValueError):
        return x


# ---- arrays ----


def array(a: Any, dtype: Any = None, **kwargs: Any) -> np.ndarray:
    """Make a NumPy array of anything, generators included.

    Args:
        a: What to turn into an array.
        dtype: Its type; integers are int64 on every system when nothing is given.
        kwargs: As for `np.array`.
    """
    if not isinstance(a, Collection) and isinstance(a, (GeneratorType, Iterator)):
        a = list(a)
    if dtype is None and is_listy(a) and a and isinstance(a[0], int) and not isinstance(a[0], bool):
        made = np.array(a, **kwargs)
        return made.astype(np.int64) if made.dtype.kind == "i" else made
    return np.array(a, dtype=dtype, **kwargs)


def arange_of(x: Sized) -> np.ndarray:
    """Return the positions in `x` as an array."""
    return np.arange(len(x))


def one_hot(x: Collection[int], c: int) -> np.ndarray:
    """Return a vector of `c` float32 zeros with ones at the positions `x`.

    Example:
        >>> one_hot([0, 2], 4).tolist()
        [1.0, 0.0, 1.0, 0.0]
    """
    vector = np.zeros((c,), np.float32)
    vector[listify(x)] = 1.0
    return vector


def index_row(a: Any, idxs: Any) -> Any:
    """Index by position: rows of a data frame or series, entries of an array or list.

    Args:
        a: A pandas object, array, tensor or list.
        idxs: One position, a slice or many positions.
    """
    if hasattr(a, "iloc"):
        row = a.iloc[idxs]
        return row.copy() if hasattr(row, "iloc") else row
    return a[idxs]


def even_mults(start: float, stop: float, n: int) -> np.ndarray:
    """Return `n` numbers from `start` to `stop`, each the same multiple of the one before.

    Args:
        start: First number, above 0.
        stop: Last number, above 0; the only one where `n` is 1.
        n: How many.

    Example:
        >>> even_mults(1e-4, 1e-2, 3).round(6).tolist()
        [0.0001, 0.001, 0.01]
    """
    if n == 1:
        return np.array([stop])
    step = (stop / start) ** (1 / (n - 1))
    return np.array([*(start * step**i for i in range(n - 1)), stop], dtype=float)


def arrays_split(mask: Any, *arrs: Any) -> list[tuple[np.ndarray, ...]]:
    """Split arrays in two by a mask.

    Args:
        mask: A boolean for every row, or the positions of the rows of the first part.
        arrs: Arrays of the same length.

    Returns:
        `[(first part of each array), (second part of each array)]`

    Raises:
        ArgumentError: the arrays differ in length.
    """
    lengths = {len(a) for a in arrs}
    if len(lengths) != 1:
        raise ArgumentError(explain("arrays_split", "arrs", "must have one length", sorted(lengths)))
    chosen = np.asarray(mask)
    if chosen.dtype != bool:
        chosen = np.isin(np.arange(lengths.pop()), chosen)
    parts = [np.asarray(a) for a in arrs]
    return [tuple(a[chosen] for a in parts), tuple(a[~chosen] for a in parts)]


def random_split(valid_pct: float, *arrs: Any) -> list[tuple[np.ndarray, ...]]:
    """Split arrays at random, each row into the second part with probability `valid_pct`.

    Args:
        valid_pct: Between 0 and 1.
        arrs: Arrays of the same length.

    Returns:
        `[(training part of each array), (validation part of each array)]`

    Raises:
        ArgumentError: `valid_pct` is not between 0 and 1.
    """
    check_share("random_split", "valid_pct", valid_pct)
    is_train = np.random.uniform(size=(len(arrs[0]),)) > valid_pct
    return arrays_split(is_train, *arrs)
