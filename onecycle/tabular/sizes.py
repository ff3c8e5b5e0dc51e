"""How wide an embedding of categories is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from onecycle.errors import ArgumentError, ArgumentTypeError, did_you_mean, explain
from onecycle.utils.checks import check_whole

__all__: list[str] = []

_WIDEST = 600


def emb_sz_rule(n_cat: int) -> int:
    """Return the width of an embedding of so many categories: 1.6 · n^0.56, at most 600.

    Args:
        n_cat: Number of categories, `#na#` among them.

    Example:
        >>> emb_sz_rule(10), emb_sz_rule(1000)
        (6, 77)
    """
    return min(_WIDEST, round(1.6 * n_cat**0.56))


def def_emb_sz(
    classes: Mapping[Any, Sequence[Any]], n: Any, sz_dict: Mapping[Any, int] | None = None
) -> tuple[int, int]:
    """Return number of categories and width of the embedding of a column.

    Args:
        classes: For each column its classes.
        n: The column.
        sz_dict: Widths that were given: column -> width.

    Example:
        >>> def_emb_sz({"sex": ["#na#", "f", "m"]}, "sex")
        (3, 3)
    """
    n_cat = len(classes[n])
    return n_cat, int((sz_dict or {}).get(n, emb_sz_rule(n_cat)))


def embedding_sizes(
    classes: Mapping[Any, Sequence[Any]], names: Sequence[Any], sz_dict: Any = None
) -> list[tuple[int, int]]:
    """Return number of categories and width of the embedding of each column.

    Args:
        classes: For each column its classes.
        names: The columns.
        sz_dict: Widths that were given: column -> width.

    Raises:
        ArgumentTypeError: `sz_dict` is no dictionary.
        ArgumentError: it names a column that is not there, or a width is below 1.
    """
    if sz_dict is not None and not isinstance(sz_dict, Mapping):
        cure = "Pass e.g. emb_szs={'native-country': 10}."
        rule = "must be a dictionary: column -> width"
        raise ArgumentTypeError(explain("get_emb_szs", "sz_dict", rule, sz_dict, cure))
    for name, width in (sz_dict or {}).items():
        if name not in names:
            near = did_you_mean(str(name), map(str, names))
            raise ArgumentError(f"get_emb_szs: {name!r} is no column of categories.{near}")
        check_whole("get_emb_szs", f"width of {name!r}", width)
    return [def_emb_sz(classes, name, sz_dict) for name in names]
