"""From the name of an architecture, or any function that makes a model, to the model."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from torch import nn

from onecycle.errors import ArgumentTypeError, explain
from onecycle.utils.registry import lookup, name_of, names
from onecycle.vision.foreign_arch import ForeignArch
from onecycle.vision.models.spec import spec_of
from onecycle.vision.module_arch import module_arch
from onecycle.vision.timm_arch import TimmArch, timm_name_of
from onecycle.vision.torchvision_arch import PREFIX, TorchvisionArch, is_of_torchvision, torchvision_arch
from onecycle.vision.transformers_arch import TransformersArch, is_of_transformers, transformers_arch

__all__ = ["build_arch", "find_arch", "has_weights"]


def find_arch(arch: Any) -> Callable[..., nn.Module]:
    """Return the function that builds an architecture.

    Args:
        arch: A callable (returned as it is, unless it is one of timm's or torchvision's), a registered name such as
            'resnet34', a name of timm's, one of torchvision's after `torchvision/`, or a model that exists already:
            of transformers, of timm or your own.

    Raises:
        ArgumentTypeError: arch is none of these.
        NotRegisteredError: nothing has this name, or its library is not installed.
    """
    if isinstance(arch, ForeignArch):
        return arch
    if isinstance(arch, nn.Module):
        return TransformersArch(arch) if is_of_transformers(arch) else module_arch(arch)
    if isinstance(arch, Mapping):
        return transformers_arch(arch)
    if callable(arch):
        return _known_function(arch)
    if not isinstance(arch, str):
        hint = "Pass models.resnet34, 'resnet34', a model, or a function that makes your model."
        raise ArgumentTypeError(explain("find_arch", "arch", "must be a callable, a model or a name", arch, hint))
    return _by_name(arch)


def _known_function(function: Callable[..., Any]) -> Callable[..., nn.Module]:
    """Return what is known of a function of timm or torchvision; any other function as it is."""
    if is_of_torchvision(function):
        return TorchvisionArch(function)
    name = timm_name_of(function)
    return function if name is None else TimmArch(name)


def _by_name(name: str) -> Callable[..., nn.Module]:
    if name in names("arch"):
        return lookup("arch", name)
    if name.startswith(PREFIX):
        return torchvision_arch(name.removeprefix(PREFIX))
    return TimmArch(name)


def reference_of(arch: Any) -> Any:
    """Return what a file says of an architecture, so that `find_arch` finds it again; None where it has no name."""
    if isinstance(arch, str):
        return arch
    known = name_of("arch", arch)
    if known is not None:
        return known
    builder = find_arch(arch)
    return builder.reference if isinstance(builder, ForeignArch) else None


def has_weights(arch: Any) -> bool:
    """Return whether `pretrained=True` can mean anything for an architecture (unknown ones are trusted)."""
    spec = spec_of(arch)
    return spec is None or spec.weights is not None


def build_arch(arch: Any, pretrained: bool = True) -> nn.Module:
    """Build the model of an architecture.

    A callable gets `pretrained` by that name where it has such a parameter, torchvision's `weights` where it has
    that one, and as its first argument where it requires one; else it is called with nothing.

    Raises:
        ArgumentTypeError: it did not return an `nn.Module`.
    """
    builder = find_arch(arch)
    if isinstance(builder, ForeignArch):
        return builder(pretrained)
    args, kwargs = _call_with(builder, pretrained)
    model = builder(*args, **kwargs)
    if not isinstance(model, nn.Module):
        raise ArgumentTypeError(explain("build_arch", "arch", "must return an nn.Module", model))
    return model


def _call_with(builder: Callable[..., Any], pretrained: bool) -> tuple[list[Any], dict[str, Any]]:
    try:
        parameters = inspect.signature(builder).parameters
    except (TypeError, ValueError):
        return [], {}
    if "pretrained" in parameters:
        return [], {"pretrained": pretrained}
    if "weights" in parameters:
        return [], {"weights": "DEFAULT" if pretrained else None}
    asks = any(_must_be_given(p) for p in parameters.values())
    return ([pretrained] if asks else []), {}


def _must_be_given(p: inspect.Parameter) -> bool:
    if p.kind is p.VAR_POSITIONAL:
        return True
    return p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) and p.default is p.empty
