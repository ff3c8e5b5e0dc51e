"""Ways to compute faster, as functions of a learner: half precision, memory layout, compilation."""

from __future__ import annotations

import os
import shutil
from typing import Any

import torch
from torch import nn

from onecycle.callbacks.autocast import Autocast, device_of
from onecycle.callbacks.channels_last import ChannelsLast
from onecycle.callbacks.fp16 import MixedPrecision
from onecycle.errors import ArgumentError, known_keywords_only

__all__ = ["to_bf16", "to_channels_last", "to_fp16", "to_fp32"]

_COMPILERS = ("g++", "clang++", "c++", "cl")


@known_keywords_only
def to_fp16(
    learn: Any,
    loss_scale: float | None = None,
    max_noskip: int = 1000,
    dynamic: bool = True,
    clip: float | None = None,
    flat_master: bool = False,
    max_scale: float = 2**24,
    loss_fp32: bool = True,
) -> Any:
    """Train in float16 with a scaled loss, on a GPU; see `MixedPrecision`.

    Returns:
        The learner.

    Raises:
        ArgumentError: the learner is on the CPU; call `to_bf16`.
    """
    half = MixedPrecision(
        learn,
        loss_scale=loss_scale,
        max_noskip=max_noskip,
        dynamic=dynamic,
        clip=clip,
        flat_master=flat_master,
        max_scale=max_scale,
        loss_fp32=loss_fp32,
    )
    return _with(learn, half)


@known_keywords_only
def to_bf16(learn: Any, loss_fp32: bool = True) -> Any:
    """Train in bfloat16, on a GPU or the CPU; see `Autocast`.

    Args:
        learn: The learner.
        loss_fp32: Compute the loss in single precision.

    Returns:
        The learner.
    """
    return _with(learn, Autocast(learn, torch.bfloat16, loss_fp32))


def _with(learn: Any, half: Autocast) -> Any:
    """Give a learner a precision in place of the one it has."""
    to_fp32(learn).callbacks.append(half)
    return learn


def to_fp32(learn: Any) -> Any:
    """Train in single precision again; returns the learner."""
    learn.callbacks = [callback for callback in learn.callbacks if not isinstance(callback, Autocast)]
    return learn


def to_channels_last(learn: Any) -> Any:
    """Lay the weights and the pictures out with the channels last in memory; shapes and files stay as they are.

    Returns:
        The learner.
    """
    learn.model.to(memory_format=torch.channels_last)
    if not any(isinstance(callback, ChannelsLast) for callback in learn.callbacks):
        learn.callbacks.append(ChannelsLast())
    return learn


@known_keywords_only
def compile_model(
    learn: Any,
    backend: Any = "inductor",
    mode: str | None = None,
    dynamic: bool | None = None,
    fullgraph: bool = False,
    options: dict[str, Any] | None = None,
) -> Any:
    """Compile the model in place with `torch.compile`; the names of its weights, and so files, stay as they are.

    Compilation takes place at the first batch, and again where shapes, hooks, freezing or the model's mode change.

    Args:
        learn: The learner.
        backend: Who compiles: `inductor`, `aot_eager`, `eager` or a function, as for `torch.compile`.
        mode: What to tune for: `default`, `reduce-overhead`, `max-autotune`.
        dynamic: Expect shapes that change; None finds out.
        fullgraph: Refuse a model that has to be compiled in parts.
        options: Settings of the backend.

    Returns:
        The learner.

    Raises:
        ArgumentError: the CPU's backend needs a C++ compiler and there is none.
    """
    if backend == "inductor" and device_of(learn).type == "cpu":
        _check_compiler()
    settings = {"backend": backend, "mode": mode, "dynamic": dynamic, "fullgraph": fullgraph, "options": options}
    _compile_in_place(learn.model, settings)
    return learn


def _compile_in_place(model: nn.Module, settings: dict[str, Any]) -> None:
    """Do what `model.compile()` does, also for a model whose outermost module is torch's own.

    torch 2.13 leaves the frame of `nn.Sequential` as it is there; called from a function of ours it is compiled.
    """
    import torch._dynamo

    torch._dynamo.config.skip_nnmodule_hook_guards = False  # else hooks attached later are not seen
    call_plainly = model._call_impl

    def call(*args: Any, **kwargs: Any) -> Any:
        return call_plainly(*args, **kwargs)

    model._compiled_call_impl = torch.compile(call, **settings)


def _check_compiler() -> None:
    named = [os.environ["CXX"]] if os.environ.get("CXX") else []
    if not any(shutil.which(name) for name in (*named, *_COMPILERS)):
        raise ArgumentError(
            "compile: the backend 'inductor' needs a C++ compiler on the CPU; none is found. "
            "Install g++, or pass backend='aot_eager'."
        )
