"""The dot product of a person's and a thing's vector, with a bias for each: the plain model of ratings."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from onecycle.nn.layers import embedding, sigmoid_range
from onecycle.nn.module import Module
from onecycle.tabular.models import checked_range
from onecycle.utils.checks import check_whole
from onecycle.utils.registry import register

__all__ = ["EmbeddingDotBias"]


@register("model")
class EmbeddingDotBias(Module):
    """Predict a rating as the dot product of two learnt vectors, plus a bias of the user and one of the item.

    Args:
        n_factors: Length of the vectors, at least 1.
        n_users: Number of users, with the unknown one at index 0.
        n_items: Number of items, with the unknown one at index 0.
        y_range: Lowest and highest rating; the output is squashed into that range. None leaves it free.

    Shape:
        `(N,), (N,) -> (N,)`

    Raises:
        ArgumentError: a number is below 1, or the range is no pair of growing numbers.

    References:
        Koren, Bell and Volinsky, "Matrix factorization techniques for recommender systems" (2009), equation 4.

    Example:
        >>> import torch
        >>> model = EmbeddingDotBias(5, 10, 20, y_range=(0, 5))
        >>> model(torch.tensor([1, 2, 3]), torch.tensor([4, 5, 6])).shape
        torch.Size([3])
    """

    def __init__(
        self, n_factors: int, n_users: int, n_items: int, y_range: tuple[float, float] | None = None
    ) -> None:
        n_factors, n_users, n_items = (
            check_whole("EmbeddingDotBias", name, count)
            for name, count in (("n_factors", n_factors), ("n_users", n_users), ("n_items", n_items))
        )
        self.y_range = checked_range("EmbeddingDotBias", y_range)
        self.u_weight, self.i_weight = embedding(n_users, n_factors), embedding(n_items, n_factors)
        self.u_bias, self.i_bias = embedding(n_users, 1), embedding(n_items, 1)

    def forward(self, users: Tensor, items: Tensor) -> Tensor:
        """Return the rating that each user gives each item."""
        match = (self.u_weight(users) * self.i_weight(items)).sum(-1)  # (N,)
        rating = match + self.u_bias(users).squeeze(-1) + self.i_bias(items).squeeze(-1)
        return rating if self.y_range is None else sigmoid_range(rating, *self.y_range)

    def average_unknown(self) -> None:
        """Make the unknown user, and the unknown item, the mean of all others: no rating teaches it anything."""
        put_mean_first(self.u_weight, self.i_weight, self.u_bias, self.i_bias)


@torch.no_grad()
def put_mean_first(*layers: nn.Embedding) -> None:
    """Put the mean of the other rows into row 0 of embeddings."""
    for layer in layers:
        if len(layer.weight) > 1:
            layer.weight[0] = layer.weight[1:].mean(0)
