"""A network on the factors of a user and an item, for ratings that are more than a product."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from onecycle.collab.models import put_mean_first
from onecycle.tabular.models import TabularModel
from onecycle.types import Floats
from onecycle.utils.registry import register

__all__ = ["EmbeddingNN"]

_LAYERS = (200, 100)


@register("model")
class EmbeddingNN(TabularModel):
    """Predict a rating by a network of fully connected layers on the factors of a user and an item.

    Args:
        emb_szs: For the users and for the items: how many there are (the unknown one too), and the number of factors.
        layers: Widths of the hidden layers; 200 and 100 when left out.
        ps: Dropout of each hidden layer, one number for all or one a layer.
        emb_drop: Dropout of the factors.
        y_range: Lowest and highest rating.
        use_bn: Batch norm.
        bn_final: Batch norm behind the last layer.

    Shape:
        `(N,), (N,) -> (N, 1)`
    """

    def __init__(
        self,
        emb_szs: Sequence[tuple[int, int]],
        layers: Sequence[int] | None = None,
        ps: Floats | None = None,
        emb_drop: float = 0.0,
        y_range: tuple[float, float] | None = None,
        use_bn: bool = True,
        bn_final: bool = False,
    ) -> None:
        widths = list(_LAYERS if layers is None else layers)
        super().__init__(
            emb_szs, 0, 1, widths, ps=ps, emb_drop=emb_drop, y_range=y_range, use_bn=use_bn, bn_final=bn_final
        )

    def forward(self, users: Tensor, items: Tensor) -> Tensor:
        """Return the rating that each user gives each item."""
        codes = torch.stack([users, items], 1)  # (N, 2)
        return super().forward(codes, codes.new_zeros((len(codes), 0), dtype=torch.float32))

    def average_unknown(self) -> None:
        """Make the unknown user, and the unknown item, the mean of all others: no rating teaches it anything."""
        put_mean_first(*self.embeds)
