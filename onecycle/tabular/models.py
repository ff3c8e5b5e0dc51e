"""The model of tables: embeddings of categories beside scaled numbers, then linear layers."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from onecycle.errors import ArgumentError, explain
from onecycle.nn.layers import bn_drop_lin, embedding
from onecycle.types import Floats
from onecycle.utils.checks import check_numbers
from onecycle.utils.registry import register

__all__ = ["TabularModel"]


@register("model")
class TabularModel(nn.Module):
    """Predict from codes of categories and numbers.

    Args:
        emb_szs: For each column of categories the number of categories and the width of its embedding.
        n_cont: Number of columns of numbers.
        out_sz: Number of outputs.
        layers: Widths of the hidden layers.
        ps: Dropout of each hidden layer, between 0 and 1, or one number for all.
        emb_drop: Dropout of the embeddings, between 0 and 1.
        y_range: Smallest and largest output: a sigmoid is put there; none when left out.
        use_bn: Batch norms before the hidden layers but the first, and before the last layer.
        bn_final: A batch norm of the outputs.

    Shape:
        x_cat `(N, categories)` int64 and x_cont `(N, numbers)` -> `(N, out_sz)`

    References:
        Guo and Berkhahn, "Entity Embeddings of Categorical Variables" (2016), section 3.

    Example:
        >>> model = TabularModel([(3, 2)], n_cont=1, out_sz=2, layers=[8])
        >>> model(torch.tensor([[1], [2]]), torch.zeros(2, 1)).shape
        torch.Size([2, 2])
    """

    y_range: tuple[float, float] | None

    def __init__(
        self,
        emb_szs: Collection[tuple[int, int]],
        n_cont: int,
        out_sz: int,
        layers: Collection[int],
        ps: Floats | None = None,
        emb_drop: float = 0.0,
        y_range: Any = None,
        use_bn: bool = True,
        bn_final: bool = False,
    ) -> None:
        super().__init__()
        widths = list(layers)
        self.embeds = nn.ModuleList(embedding(count, width) for count, width in emb_szs)
        self.emb_drop = nn.Dropout(_checked_drop(emb_drop))
        self.bn_cont = nn.BatchNorm1d(n_cont)
        self.n_emb = sum(width for _, width in emb_szs)
        self.n_cont, self.y_range = n_cont, checked_range("TabularModel", y_range)
        if not self.n_emb and not n_cont:
            raise ArgumentError(explain("TabularModel", "", "must have columns: emb_szs is empty and n_cont is 0"))
        sizes = self.get_sizes(widths, out_sz)
        drops = [0.0, *_one_each(ps, widths)]
        parts: list[nn.Module] = []
        for k, (inside, outside) in enumerate(zip(sizes[:-1], sizes[1:], strict=True)):
            is_last = k == len(sizes) - 2
            act = None if is_last else nn.ReLU(inplace=True)
            parts += bn_drop_lin(inside, outside, bn=use_bn and k != 0, p=drops[k], actn=act)
        if bn_final:
            parts.append(nn.BatchNorm1d(out_sz))
        self.layers = nn.Sequential(*parts)

    def get_sizes(self, layers: Collection[int], out_sz: int) -> list[int]:
        """Return the widths from the inputs to the outputs.

        Args:
            layers: Widths of the hidden layers.
            out_sz: Number of outputs.
        """
        return [self.n_emb + self.n_cont, *layers, out_sz]

    def forward(self, x_cat: Tensor, x_cont: Tensor) -> Tensor:
        """Return the outputs of a batch."""
        parts = []
        if self.n_emb:
            columns = x_cat.unbind(1)
            embedded = torch.cat([embed(column) for embed, column in zip(self.embeds, columns)], 1)
            parts.append(self.emb_drop(embedded))  # (N, n_emb)
        if self.n_cont:
            parts.append(self.bn_cont(x_cont))
        out = self.layers(torch.cat(parts, 1) if len(parts) > 1 else parts[0])
        if self.y_range is None:
            return out
        low, high = self.y_range
        return low + (high - low) * torch.sigmoid(out)


def checked_range(owner: str, y_range: Any) -> tuple[float, float] | None:
    """Return the range of the outputs as two numbers, or None.

    Raises:
        ArgumentError: it is no pair of growing, finite numbers.
    """
    if y_range is None:
        return None
    try:
        low, high = (float(end) for end in y_range)
    except (TypeError, ValueError):
        low, high = 0.0, 0.0
    if not -math.inf < low < high < math.inf:
        cure = "Pass the smallest and the largest value, a little wider than the targets: y_range=(0, 5.5)."
        rule = "must be two growing numbers, for all outputs"
        raise ArgumentError(explain(owner, "y_range", rule, y_range, cure))
    return low, high


def _checked_drop(emb_drop: Any) -> float:
    rule = "must be a number from 0 to below 1"
    check_numbers("TabularModel", "emb_drop", emb_drop, rule, lambda p: 0 <= p < 1)
    return float(emb_drop)


def _one_each(ps: Any, layers: Sequence[int]) -> list[float]:
    """Return the dropout of each hidden layer."""
    rule = f"must be numbers from 0 to below 1, one for each of the {len(layers)} hidden layers"
    check_numbers("TabularModel", "ps", 0.0 if ps is None else ps, rule, lambda p: 0 <= p < 1)
    drops = np.ravel(0.0 if ps is None else ps).tolist()
    if len(drops) == 1:
        drops *= len(layers)
    if len(drops) != len(layers):
        raise ArgumentError(explain("TabularModel", "ps", rule, ps))
    return drops
