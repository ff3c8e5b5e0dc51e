"""Dropout for recurrent networks: the same units at every step, whole words, recurrent weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from onecycle.errors import ArgumentError, ArgumentTypeError, did_you_mean, explain
from onecycle.nn.module import Module
from onecycle.text.models.state import forget
from onecycle.utils.checks import check_numbers

__all__ = ["EmbeddingDropout", "RNNDropout", "WeightDropout", "dropout_mask"]

_LEVELS = 1 << 16  # a draw of 16 bits decides one element
_NUMPY_TYPES: dict[torch.dtype, Any] = {torch.float32: np.float32, torch.float64: np.float64}


def dropout_mask(x: Tensor, sz: Sequence[int], p: float) -> Tensor:
    """Return a mask of zeros, each with probability `p`, and of `1 / (1 - p)`, so that its mean is 1.

    On the CPU an element costs 16 random bits, a tenth of the time of a Bernoulli draw; `p` is rounded to 1/65536
    and the scale goes with the rounded one.

    Args:
        x: Gives the device and the dtype.
        sz: Shape of the mask.
        p: Share of zeros, 0 to 1.

    Example:
        >>> dropout_mask(torch.ones(1), (2, 3), 0.0)
        tensor([[1., 1., 1.],
                [1., 1., 1.]])
    """
    dropped = round(p * _LEVELS)
    if dropped >= _LEVELS:
        return x.new_zeros(tuple(sz))
    if x.device.type != "cpu":
        return x.new_empty(tuple(sz)).bernoulli_(1 - p).div_(1 - p)
    kept = _bits(sz) >= dropped - _LEVELS // 2
    dtype = _NUMPY_TYPES.get(x.dtype, np.float32)
    return torch.from_numpy(np.multiply(kept, _LEVELS / (_LEVELS - dropped), dtype=dtype)).to(x.dtype)


def _bits(sz: Sequence[int]) -> np.ndarray:
    """Draw evenly from all 16-bit integers, four at a time, from a seed that torch's generator gives."""
    count = math.prod(sz)
    draw = np.random.Generator(np.random.SFC64(int(torch.randint(2**62, ()))))
    words = draw.integers(2**64, size=-(-count // 4), dtype=np.uint64).view(np.int16)
    return words[:count].reshape(tuple(sz))


class _Product(torch.autograd.Function):
    """Weight times mask, into memory that NumPy asks for: in large pages, so at half the time."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, mask: Tensor) -> Tensor:
        ctx.save_for_backward(mask)
        room = np.empty(weight.shape, _NUMPY_TYPES[weight.dtype])
        return torch.mul(weight, mask, out=torch.from_numpy(room))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:  # type: ignore[override]
        return _Product.apply(grad, *ctx.saved_tensors), None


def _masked(weight: Tensor, mask: Tensor) -> Tensor:
    if weight.device.type == "cpu" and weight.dtype in _NUMPY_TYPES:
        return _Product.apply(weight, mask)
    return weight * mask


def check_p(owner: str, parameter: str, p: float) -> float:
    """Return a dropout probability, and refuse what is none.

    Raises:
        ArgumentError: it is not a number from 0 to 1.
    """
    check_numbers(owner, parameter, p, "must be a share from 0 to 1", lambda share: 0 <= share <= 1)
    return p


class RNNDropout(Module):
    """Drop the same units at every step of a sequence.

    Args:
        p: Share of units dropped, 0 to 1.

    Shape: `(N, T, C) -> (N, T, C)`

    Reference:
        Gal and Ghahramani 2016, "A theoretically grounded application of dropout in recurrent neural networks".
    """

    def __init__(self, p: float = 0.5) -> None:
        self.p = check_p("RNNDropout", "p", p)

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0:
            return x
        return x * dropout_mask(x, (x.shape[0], 1, x.shape[2]), self.p)

    def extra_repr(self) -> str:
        return f"p={self.p}"


class EmbeddingDropout(Module):
    """Drop whole words: a word that is dropped is zero wherever it stands in the batch.

    Args:
        emb: The embedding; it is shared, not copied.
        embed_p: Share of words dropped, 0 to 1.

    Shape: `(N, T) -> (N, T, emb.embedding_dim)`

    Reference:
        Merity et al. 2017, "Regularizing and optimizing LSTM language models", section 4.3.
    """

    def __init__(self, emb: nn.Embedding, embed_p: float) -> None:
        self.emb, self.embed_p = emb, check_p("EmbeddingDropout", "embed_p", embed_p)

    def forward(self, words: Tensor, scale: float | None = None) -> Tensor:
        """Embed words.

        Args:
            words: Indices.
            scale: Factor of every vector; none when left out.
        """
        embedded = self.emb(words)  # (N, T, C)
        if self.training and self.embed_p > 0:
            of_words = dropout_mask(embedded, (self.emb.num_embeddings,), self.embed_p)  # (V,)
            embedded = embedded * of_words[words].unsqueeze(-1)
        return embedded if scale is None else embedded * scale

    def extra_repr(self) -> str:
        return f"embed_p={self.embed_p}"


_FUSED: dict[str, Callable[..., Any]] = {
    "LSTM": torch.lstm,
    "GRU": torch.gru,
    "RNN_TANH": torch.rnn_tanh,
    "RNN_RELU": torch.rnn_relu,
}


class WeightDropout(Module):
    """Call a module with some of its weights dropped, each of them anew at every call.

    The weights live here, as `<name>_raw`; the module runs on what was left of them. torch's LSTM, GRU and RNN
    stay fused. In evaluation the weights are whole.

    Args:
        module: The module to wrap; the named weights move out of it.
        weight_p: Share of weights dropped, 0 to 1.
        layer_names: Names of the weights.

    Raises:
        ArgumentError: the module has no weight of that name, or weight_p is no share.

    Example:
        >>> rnn = WeightDropout(nn.LSTM(4, 3, batch_first=True), 0.5)
        >>> rnn(torch.zeros(2, 5, 4))[0].shape, sorted(rnn.state_dict())[-1]
        (torch.Size([2, 5, 3]), 'weight_hh_l0_raw')

    Reference:
        Merity et al. 2017, "Regularizing and optimizing LSTM language models", section 2.
    """

    def __init__(
        self, module: nn.Module, weight_p: float, layer_names: Sequence[str] = ("weight_hh_l0",)
    ) -> None:
        self.weight_p = check_p("WeightDropout", "weight_p", weight_p)
        self.layer_names = [layer_names] if isinstance(layer_names, str) else list(layer_names)
        self.module = module
        own = dict(module.named_parameters(recurse=False))
        for name in self.layer_names:
            _check_name(module, name, own)
            self.register_parameter(f"{name}_raw", nn.Parameter(own[name].detach().clone()))
            setattr(module, name, None)

    def weights(self) -> dict[str, Tensor]:
        """Return the weights of a call by name: thinned out in training, whole in evaluation."""
        return {name: self._thinned(getattr(self, f"{name}_raw")) for name in self.layer_names}

    def _thinned(self, weight: Tensor) -> Tensor:
        if not self.training or self.weight_p == 0:
            return weight
        return _masked(weight, dropout_mask(weight, weight.shape, self.weight_p))

    def forward(self, *args: Any) -> Any:
        """Call the module.

        Args:
            *args: What the module takes.
        """
        if isinstance(self.module, nn.RNNBase):
            return _run_fused(self.module, self.weights(), *args)
        return torch.func.functional_call(self.module, self.weights(), args)

    def reset(self) -> None:
        """Let the module forget what it keeps between calls, where it keeps anything."""
        forget(self.module)

    def _load_from_state_dict(self, state_dict: Any, prefix: str, *args: Any) -> None:
        """Take files in which a weight also, or only, stands below `module`, as older ones have it."""
        for name in self.layer_names:
            inner = state_dict.pop(f"{prefix}module.{name}", None)
            if inner is not None:
                state_dict.setdefault(f"{prefix}{name}_raw", inner)
        super()._load_from_state_dict(state_dict, prefix, *args)

    def extra_repr(self) -> str:
        return f"weight_p={self.weight_p}, layer_names={self.layer_names}"


def _check_name(module: nn.Module, name: str, own: dict[str, nn.Parameter]) -> None:
    if name not in own:
        cure = f"Weights of {type(module).__name__}: {', '.join(own)}.{did_you_mean(name, own)}"
        raise ArgumentError(explain("WeightDropout", "layer_names", "must name weights of the module", name, cure))


def _run_fused(module: nn.RNNBase, given: dict[str, Tensor], x: Tensor, hidden: Any = None) -> Any:
    """Run torch's recurrent kernel on weights of which some are given."""
    if not isinstance(x, Tensor):
        cure = "Wrap the module itself without WeightDropout for packed sequences."
        raise ArgumentTypeError(explain("WeightDropout", "input", "must be a tensor", x, cure))
    names = module._flat_weights_names
    weights = [given[name] if name in given else getattr(module, name) for name in names]
    if x.is_cuda:
        weights = _in_one_chunk(weights)
    if hidden is None:
        hidden = _start(module, x)
    settings = (module.bias, module.num_layers, float(module.dropout), module.training)
    result = _FUSED[module.mode](x, hidden, weights, *settings, module.bidirectional, module.batch_first)
    return result[0], (tuple(result[1:]) if module.mode == "LSTM" else result[1])


def _start(module: nn.RNNBase, x: Tensor) -> Any:
    rows = x.shape[0 if module.batch_first else 1]
    zeros = x.new_zeros(module.num_layers * (1 + module.bidirectional), rows, module.hidden_size)
    return (zeros, zeros) if module.mode == "LSTM" else zeros


def _in_one_chunk(weights: list[Tensor]) -> list[Tensor]:
    """Return the weights as views of one tensor, matrices first, as cuDNN wants them."""
    order = sorted(range(len(weights)), key=lambda i: weights[i].dim() == 1)
    chunk = torch.cat([weights[i].flatten() for i in order])
    views = dict(zip(order, chunk.split([weights[i].numel() for i in order]), strict=True))
    return [views[i].view(weights[i].shape) for i in range(len(weights))]
