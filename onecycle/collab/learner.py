"""A learner of ratings, with looks at what it learnt of each user and item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from onecycle.collab.data import CollabList
from onecycle.collab.models import EmbeddingDotBias
from onecycle.collab.network import EmbeddingNN
from onecycle.errors import ArgumentError, ArgumentTypeError, StepError, check_keywords, explain
from onecycle.learner import Learner
from onecycle.learning.checks import check_data
from onecycle.nn.surgery import get_model
from onecycle.tabular.learner import keywords_of, warn_of_range
from onecycle.tabular.models import checked_range
from onecycle.types import Floats
from onecycle.utils.checks import check_numbers
from onecycle.utils.components import pca
from onecycle.utils.registry import register
from onecycle.utils.values import nearest, to_list

__all__ = ["CollabLearner", "FactorTensor", "collab_learner"]


class FactorTensor(Tensor):
    """Be a tensor of factors `(N, n_factors)` that knows its principal components."""

    def pca(self, k: int = 2) -> Tensor:
        """Return the rows in the `k` directions in which they differ most, `(N, k)`; see `pca`."""
        return pca(self.as_subclass(Tensor), k)


@register("learner")
class CollabLearner(Learner):
    """Train a model of ratings and look at its users and items. It takes what `Learner` takes.

    Example:
        learn = collab_learner(data, n_factors=40, y_range=(0, 5.5), wd=1e-1)
        learn.fit_one_cycle(5, 5e-3)
        learn.bias(top_movies)                # how good each is, whoever watches
        learn.weight(top_movies).pca(3)       # what kind each is
    """

    def _fit(self, epochs: int, lr: Any, wd: Any, callbacks: Any, table: bool = True) -> None:
        """Train, then make the unknown user and item the mean of all others."""
        try:
            super()._fit(epochs, lr, wd, callbacks, table)
        finally:
            model: Any = get_model(self.model)
            if table and hasattr(model, "average_unknown"):
                model.average_unknown()

    def get_idx(self, arr: Sequence[Any], is_item: bool = True) -> Tensor:
        """Return the indices of items, or of users.

        Args:
            arr: Their names, as in the table.
            is_item: Whether they are items.

        Raises:
            ArgumentError: one of them is not among the training ratings; names the nearest.
        """
        known = self._numbers(is_item)
        names = _names("get_idx", arr)
        unknown = [name for name in names if name not in known]
        if unknown:
            kind = "item" if is_item else "user"
            hint = nearest(unknown[0], known)
            other = unknown[0] in self._numbers(not is_item)
            cure = f" It is {'a user' if is_item else 'an item'}: pass is_item={not is_item}." if other else ""
            many = f" ({len(unknown)} of {len(names)} are unknown)" if len(unknown) > 1 else ""
            raise ArgumentError(
                f"get_idx: {unknown[0]!r} is no {kind} of the training ratings{many}.{hint or cure}"
            )
        return torch.tensor([known[name] for name in names], dtype=torch.int64)

    def names(self, is_item: bool = True) -> list[Any]:
        """Return the names of all items, or users, in the order of their indices, `#na#` first."""
        processor = self.data.train_ds.x.processor[0]
        return processor.classes[processor.cat_names[int(is_item)]]

    def _numbers(self, is_item: bool) -> Mapping[Any, int]:
        return {name: i for i, name in enumerate(self.names(is_item)) if i}

    def bias(self, arr: Sequence[Any], is_item: bool = True) -> Tensor:
        """Return how much higher than others items are rated (or users rate), before `y_range` squashes it.

        Args:
            arr: Names, as in the table.
            is_item: Whether they are items.

        Shape:
            `(N,)`, on the CPU.

        Raises:
            ArgumentError: a name is unknown.
            StepError: the model has no biases: it is a network (`use_nn=True`).
        """
        model = get_model(self.model)
        if not isinstance(model, EmbeddingDotBias):
            raise StepError(
                f"bias: the model must be an EmbeddingDotBias; it is {type(model).__name__}, which has no biases. "
                f"Make it with collab_learner(data, use_nn=False)."
            )
        layer = model.i_bias if is_item else model.u_bias
        return _rows(layer, self.get_idx(arr, is_item)).squeeze(1)

    def weight(self, arr: Sequence[Any], is_item: bool = True) -> FactorTensor:
        """Return the factors of items or users: what the model knows of their kind.

        Args:
            arr: Names, as in the table.
            is_item: Whether they are items.

        Shape:
            `(N, n_factors)`, on the CPU; it has a method `pca(k)`.

        Raises:
            ArgumentError: a name is unknown.
        """
        return _rows(self._factors(is_item), self.get_idx(arr, is_item)).as_subclass(FactorTensor)

    def _factors(self, is_item: bool) -> Any:
        model = get_model(self.model)
        if isinstance(model, EmbeddingDotBias):
            return model.i_weight if is_item else model.u_weight
        if isinstance(model, EmbeddingNN):
            return model.embeds[int(is_item)]
        raise StepError(f"weight: the model must be one of collab_learner; it is {type(model).__name__}.")

    def nearest(self, name: Any, k: int = 5, is_item: bool = True) -> list[tuple[Any, float]]:
        """Return the items, or users, whose factors point in the most similar direction.

        Args:
            name: Of one item or user, as in the table.
            k: How many, at least 1.
            is_item: Whether it is an item.

        Returns:
            Pairs of a name and the cosine of the angle, 1 at most, the nearest first.

        Raises:
            ArgumentError: the name is unknown.
        """
        check_numbers("nearest", "k", k, "must be at least 1", lambda count: count >= 1)
        own = int(self.get_idx([name], is_item)[0])
        vectors = self._factors(is_item).weight.detach().cpu()
        cosines = torch.nn.functional.cosine_similarity(vectors, vectors[own : own + 1])
        cosines[[0, own]] = -torch.inf  # neither the unknown one nor itself
        names = self.names(is_item)
        best = cosines.topk(min(int(k), len(names) - 2)) if len(names) > 2 else cosines.topk(0)
        return [(names[i], value) for i, value in zip(best.indices.tolist(), best.values.tolist(), strict=True)]


def _names(owner: str, given: Any) -> list[Any]:
    if isinstance(given, (str, bytes)) or not hasattr(given, "__iter__"):
        raise ArgumentTypeError(explain(owner, "arr", "must be a list of names", given, f"Pass [{given!r}]."))
    return to_list(given)


def _rows(layer: nn.Embedding, indices: Tensor) -> Tensor:
    return layer.weight.detach().cpu()[indices]


def collab_learner(
    data: Any,
    n_factors: int | None = None,
    use_nn: bool = False,
    emb_szs: Mapping[Any, int] | None = None,
    layers: Sequence[int] | None = None,
    ps: Floats | None = None,
    emb_drop: float = 0.0,
    y_range: tuple[float, float] | None = None,
    use_bn: bool = True,
    bn_final: bool = False,
    **learn_kwargs: Any,
) -> CollabLearner:
    """Make a learner of ratings: the dot product of a user's and an item's factors, or a network on them.

    Weight decay is what keeps the factors of rarely rated items small; `wd=0.1` is a good start.

    Args:
        data: The ratings: `CollabDataBunch.from_df(…)`.
        n_factors: Factors of a user and of an item; needed unless `use_nn`.
        use_nn: Put a network on the factors in the place of their product.
        emb_szs: For the network: number of factors for a column, `{column: size}`; by the number of its categories
            where it is not named.
        layers: For the network: widths of its hidden layers; `[200, 100]` when left out.
        ps: For the network: dropout of the hidden layers, one number or one a layer, 0 to 1.
        emb_drop: For the network: dropout of the factors, 0 to 1.
        y_range: Lowest and highest rating, a little wider than the real ones: `(0, 5.5)` for 0.5 to 5 stars.
        use_bn: For the network: batch norm.
        bn_final: For the network: batch norm behind the last layer.
        **learn_kwargs: What `Learner` takes: wd, metrics, path …

    Raises:
        ArgumentTypeError: a keyword is unknown, or the data are no ratings.
        ArgumentError: `n_factors` is missing, or the range is no pair of growing numbers.

    References:
        Koren, Bell and Volinsky, "Matrix factorization techniques for recommender systems" (2009).

    Example:
        data = CollabDataBunch.from_df(ratings, seed=42)
        learn = collab_learner(data, n_factors=50, y_range=(0, 5.5), wd=1e-1)
        learn.fit_one_cycle(3, 5e-3)
    """
    check_keywords("collab_learner", learn_kwargs, keywords_of(collab_learner))
    check_data("collab_learner", data)
    pairs = _ratings(data)
    y_range = checked_range("collab_learner", y_range)
    warn_of_range("collab_learner", data, y_range)
    if use_nn:
        args: dict[str, Any] = {
            "emb_szs": pairs.get_emb_szs(dict(emb_szs or {})), "layers": _plain(layers), "ps": _plain(ps),
            "emb_drop": emb_drop, "y_range": y_range, "use_bn": use_bn, "bn_final": bn_final,
        }  # fmt: skip
        model: nn.Module = EmbeddingNN(**args)
    else:
        if n_factors is None:
            cure = "Pass e.g. n_factors=50, or use_nn=True."
            raise ArgumentError(explain("collab_learner", "n_factors", "must be given", n_factors, cure))
        processor = pairs.processor[0]
        users, items = (len(processor.classes[name]) for name in processor.cat_names)
        args = {"n_factors": n_factors, "n_users": users, "n_items": items, "y_range": y_range}
        model = EmbeddingDotBias(**args)
    learn = CollabLearner(data, model, **learn_kwargs)
    learn.model_spec = {"builder": type(model).__name__, "args": args}
    return learn


def _plain(values: Any) -> Any:
    return list(values) if hasattr(values, "__iter__") else values


def _ratings(data: Any) -> Any:
    """Return the list of users and items.

    Raises:
        ArgumentTypeError: the data are something else.
    """
    pairs: Any = getattr(data.train_ds, "x", None)
    if not isinstance(pairs, CollabList):
        cure = "Make them with CollabDataBunch.from_df."
        raise ArgumentTypeError(explain("collab_learner", "data", "must be ratings", type(data).__name__, cure))
    return pairs
