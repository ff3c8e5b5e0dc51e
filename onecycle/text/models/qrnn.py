"""Quasi-recurrent networks: convolutions over time and one weighted running mean."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from onecycle.errors import ArgumentError, explain
from onecycle.nn.module import Module
from onecycle.text.models.state import fit_rows
from onecycle.utils.checks import check_share

__all__ = ["QRNN", "QRNNLayer", "forget_mult"]


def _scan(decay: Tensor, add: Tensor) -> Tensor:
    """Return h with h[t] = decay[t] * h[t-1] + add[t] along axis 1, in log2(T) passes.

    After a pass each place has the sum over twice as many steps (Hillis and Steele 1986).
    """
    reach, steps = 1, add.shape[1]
    while reach < steps:
        added = torch.addcmul(add[:, reach:], decay[:, reach:], add[:, :-reach])
        decay = torch.cat([decay[:, :reach], decay[:, reach:] * decay[:, :-reach]], dim=1)
        add = torch.cat([add[:, :reach], added], dim=1)
        reach *= 2
    return add


class _LinearRecurrence(torch.autograd.Function):
    """The scan; its gradient is a scan from the end to the beginning, so that only h is kept."""

    @staticmethod
    def forward(ctx: Any, decay: Tensor, add: Tensor) -> Tensor:
        h = _scan(decay, add)
        ctx.save_for_backward(decay, h)
        return h

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        decay, h = ctx.saved_tensors
        next_decay = torch.cat([decay[:, 1:], torch.zeros_like(decay[:, :1])], dim=1)
        summed = _LinearRecurrence.apply(next_decay.flip(1), grad.flip(1)).flip(1)  # (N, T, C)
        before = torch.cat([torch.zeros_like(h[:, :1]), h[:, :-1]], dim=1)
        return summed * before, summed


def forget_mult(
    x: Tensor, f: Tensor, hidden_init: Tensor | None = None, batch_first: bool = True, backward: bool = False
) -> Tensor:
    """Return `h[t] = f[t] * x[t] + (1 - f[t]) * h[t-1]` for all t, all steps at once.

    Args:
        x: What comes in.
        f: Its weight, 0 to 1.
        hidden_init: `h` before the first step, `(N, C)`; zeros when left out.
        batch_first: Shapes are `(N, T, C)`, else `(T, N, C)`.
        backward: Go from the last step to the first.

    Shape: `(N, T, C), (N, T, C) -> (N, T, C)`

    Reference:
        Bradbury et al. 2016, "Quasi-recurrent neural networks", section 2.1 (fo-pooling without the o).
    """
    if not batch_first:
        return forget_mult(x.transpose(0, 1), f.transpose(0, 1), hidden_init, True, backward).transpose(0, 1)
    if backward:
        return forget_mult(x.flip(1), f.flip(1), hidden_init).flip(1)
    decay, add = 1 - f, f * x
    if hidden_init is not None:
        first = add[:, :1] + decay[:, :1] * hidden_init.unsqueeze(1)
        add = torch.cat([first, add[:, 1:]], dim=1)
    return _LinearRecurrence.apply(decay, add)


def forget_mult_CPU(
    x: Tensor, f: Tensor, hidden_init: Tensor | None = None, batch_first: bool = True, backward: bool = False
) -> Tensor:
    """Return what `forget_mult` returns, one step after the other: the definition, to compare with."""
    time = 1 if batch_first else 0
    steps = list(zip(x.unbind(time), f.unbind(time), strict=True))
    h = torch.zeros_like(steps[0][0]) if hidden_init is None else hidden_init
    found = []
    for new, weight in reversed(steps) if backward else steps:
        h = weight * new + (1 - weight) * h
        found.append(h)
    return torch.stack(found[::-1] if backward else found, dim=time)


class QRNNLayer(Module):
    """A layer whose gates see one or two words, and whose memory is a weighted running mean.

    Args:
        input_size: Features in.
        hidden_size: Features out; as many as in when left out.
        save_prev_x: Keep the last word of a batch as the one before the next batch's first (window 2).
        zoneout: Share of units that keep their memory at a step, in training.
        window: 1: the gates see the word; 2: the one before it too.
        output_gate: With a gate behind the memory.
        batch_first: Shapes are `(N, T, C)`, else `(T, N, C)`.
        backward: Read from the last step to the first.
        bias: With a bias.

    Raises:
        ArgumentError: window is neither 1 nor 2.

    Reference:
        Bradbury et al. 2016, "Quasi-recurrent neural networks", sections 2 and 2.1.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int | None = None,
        save_prev_x: bool = False,
        zoneout: float = 0,
        window: int = 1,
        output_gate: bool = True,
        batch_first: bool = True,
        backward: bool = False,
        bias: bool = True,
    ) -> None:
        if window not in (1, 2):
            raise ArgumentError(explain("QRNNLayer", "window", "must be 1 or 2", window))
        self.hidden_size = hidden_size or input_size
        self.save_prev_x, self.zoneout, self.window = save_prev_x, check_share("QRNNLayer", "zoneout", zoneout), window
        self.output_gate, self.batch_first, self.backward = output_gate, batch_first, backward
        self.prev_x: Tensor | None = None
        self.linear: nn.Module = nn.Linear(window * input_size, (2 + output_gate) * self.hidden_size, bias=bias)

    def reset(self) -> None:
        """Forget the last word."""
        self.prev_x = None

    def forward(self, inp: Tensor, hid: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return the outputs, and the memory after the last step `(N, hidden_size)`.

        Args:
            inp: `(N, T, input_size)`.
            hid: Memory before the first step; zeros when left out.
        """
        x = inp if self.batch_first else inp.transpose(0, 1)
        gates = self.linear(self._with_neighbour(x)).split(self.hidden_size, dim=2)
        weight = self._zoned_out(gates[1].sigmoid())
        memory = forget_mult(gates[0].tanh(), weight, hid, backward=self.backward)  # (N, T, H)
        out = gates[2].sigmoid() * memory if self.output_gate else memory
        return (out if self.batch_first else out.transpose(0, 1)), memory[:, 0 if self.backward else -1]

    def _zoned_out(self, weight: Tensor) -> Tensor:
        if not self.training or not self.zoneout:
            return weight
        return weight * torch.empty_like(weight).bernoulli_(1 - self.zoneout)

    def _with_neighbour(self, x: Tensor) -> Tensor:
        """Put before each word the one that was read before it, where the window is 2."""
        if self.window == 1:
            return x
        first = self._prev(x)
        if self.save_prev_x:
            self.prev_x = x[:, :1].detach() if self.backward else x[:, -1:].detach()
        pair = [x[:, 1:], first] if self.backward else [first, x[:, :-1]]
        return torch.cat([torch.cat(pair, dim=1), x], dim=2)

    def _prev(self, x: Tensor) -> Tensor:
        if self.prev_x is None or not self.save_prev_x:
            return torch.zeros_like(x[:, :1])
        return fit_rows(self.prev_x, x.shape[0], 0, x)


class QRNN(Module):
    """Several QRNN layers, in one direction or both.

    Args:
        input_size: Features in.
        hidden_size: Features of a direction.
        n_layers: How many layers.
        bias: With biases.
        batch_first: Shapes are `(N, T, C)`, else `(T, N, C)`.
        dropout: Between the layers.
        bidirectional: Also read from the end; twice as many features come out.
        save_prev_x: As in `QRNNLayer`, like zoneout and output_gate.
        window: Of every layer; 2 in the first and 1 in the others when left out.

    Raises:
        ArgumentError: `save_prev_x` with both directions: the words of the next batch are not known yet.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        n_layers: int = 1,
        bias: bool = True,
        batch_first: bool = True,
        dropout: float = 0,
        bidirectional: bool = False,
        save_prev_x: bool = False,
        zoneout: float = 0,
        window: int | None = None,
        output_gate: bool = True,
    ) -> None:
        if save_prev_x and bidirectional:
            cure = "Set one of them to False."
            raise ArgumentError(explain("QRNN", "save_prev_x", "cannot go with bidirectional=True", cure=cure))
        check_share("QRNN", "dropout", dropout)
        self.n_layers, self.n_dirs, self.batch_first = n_layers, 1 + bidirectional, batch_first
        sizes = [input_size, *[hidden_size * self.n_dirs] * (n_layers - 1)]
        self.layers = nn.ModuleList(
            QRNNLayer(
                size,
                hidden_size,
                save_prev_x,
                zoneout,
                (1 if i else 2) if window is None else window,
                output_gate,
                batch_first,
                backward,
                bias,
            )
            for i, size in enumerate(sizes)
            for backward in (False, True)[: self.n_dirs]
        )
        self.dropout = nn.Dropout(dropout)

    def reset(self) -> None:
        """Forget the last words."""
        for layer in self.layers:
            layer.reset()  # type: ignore[operator]

    def forward(self, inp: Tensor, hid: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return the last layer's outputs and the memories `(n_layers * n_dirs, N, hidden_size)`.

        Args:
            inp: `(N, T, input_size)`.
            hid: Memories before the first step; zeros when left out.
        """
        memories: list[Tensor] = []
        x = inp
        for depth in range(self.n_layers):
            outs = []
            for layer in self.layers[depth * self.n_dirs : (depth + 1) * self.n_dirs]:  # type: ignore[union-attr]
                out, memory = layer(x, None if hid is None else hid[len(memories)])
                outs.append(out)
                memories.append(memory)
            x = outs[0] if len(outs) == 1 else torch.cat(outs, dim=2)
            x = self.dropout(x) if depth < self.n_layers - 1 else x
        return x, torch.stack(memories)
