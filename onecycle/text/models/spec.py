"""What is known of an encoder of text beside its code: configurations, layer groups, width."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import nn

from onecycle.errors import ArgumentTypeError, explain
from onecycle.utils.registry import lookup, register

__all__ = ["TextSpec", "find_text_arch", "register_text_model", "text_spec"]

Split = Callable[[Any], list[list[nn.Module]]]


@dataclass(frozen=True)
class TextSpec:
    """How to make a language model and a classifier of an encoder.

    Args:
        name: Its name in files.
        width: The key of the configurations that is the length of the encoder's vectors.
        lm_config: The configuration of a language model.
        clas_config: The configuration of a classifier.
        lm_split: From a language model to its layer groups.
        clas_split: From a classifier to its layer groups.
        weights: Name in `URLs` of published weights; None where there are none.
        weights_backwards: The same, of a model that reads from the end.
    """

    name: str
    width: str
    lm_config: dict[str, Any]
    clas_config: dict[str, Any]
    lm_split: Split
    clas_split: Split
    weights: str | None = None
    weights_backwards: str | None = None


_specs: dict[str, TextSpec] = {}


def register_text_model(spec: TextSpec) -> Callable[[Any], Any]:
    """Register an encoder with what is known of it; used as a decorator or a call.

    The encoder is called with the size of the vocabulary and its configuration. It returns `(raw_outputs,
    outputs)`, one tensor `(N, T, C)` a layer, and has `encoder`, the embedding, and `reset()`. In a classifier the
    padding stands behind the words; one that does not read from left to right has `looks_ahead = True` and takes
    `padding`, as `MultiBatchEncoder` says.

    Args:
        spec: What is known of it.
    """

    def remember(arch: Any) -> Any:
        _specs[spec.name] = spec
        return register("text_arch", spec.name)(arch)

    return remember


def find_text_arch(arch: Any) -> Any:
    """Return an encoder's class, given itself or its registered name.

    Raises:
        NotRegisteredError: nothing has this name.
        ArgumentTypeError: arch is neither.
    """
    if isinstance(arch, str):
        return lookup("text_arch", arch)
    if not callable(arch) or isinstance(arch, nn.Module):
        cure = "Pass AWD_LSTM, Transformer, TransformerXL, or one of these names."
        rule = "must be a class of an encoder or a name"
        raise ArgumentTypeError(explain("find_text_arch", "arch", rule, arch, cure))
    return arch


def text_spec(arch: Any) -> TextSpec:
    """Return what is known of an encoder, given by its class or its name.

    Raises:
        NotRegisteredError: it was not registered; says the nearest name.
    """
    found = find_text_arch(arch)
    for name, spec in _specs.items():
        if lookup("text_arch", name) is found:
            return spec
    return _of_unknown(found)


def _of_unknown(arch: Any) -> TextSpec:
    name = getattr(arch, "__name__", repr(arch))
    lookup("text_arch", name)  # raises, unless it is another one of that name
    cure = "Register it with register_text_model."
    raise ArgumentTypeError(explain("text_spec", "arch", "must be a registered encoder", arch, cure))
