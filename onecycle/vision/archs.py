"""From the name of an architecture, or any function that makes a model, to the model."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from torch import nn

from onecycle.errors import ArgumentTypeError, NotRegisteredError, did_you_mean, explain
from onecycle.utils.registry import lookup, names
from onecycle.vision.models.spec import spec_of

__all__ = ["TimmArch", "build_arch", "find_arch", "has_weights"]


class TimmArch:
    """An architecture of the timm library, by name, built without its own head."""

    def __init__(self, name: str) -> None:
        self.__name__ = name

    def __call__(self, pretrained: bool = False) -> nn.Module:
        """Return timm's model from pixels to feature map."""
        timm = _import_timm(self.__name__)
        return timm.create_model(self.__name__, pretrained=pretrained, num_classes=0, global_pool="")


def _import_timm(name: str) -> Any:
    try:
        import timm
    except (ImportError, RuntimeError, OSError) as error:
        known = names("arch")
        raise NotRegisteredError(
            f"arch: no architecture is named {name!r}.{did_you_mean(name, known)} Known: {', '.join(known)}. "
            f"One of your own is known once the module that registers it (models.register_model) is imported. Names "
            f"of timm work where timm is installed (here it cannot be imported: {error})."
        ) from error
    return timm


def find_arch(arch: Any) -> Callable[..., nn.Module]:
    """Return the function that builds an architecture.

    Args:
        arch: A callable (returned as it is), a registered name such as 'resnet34', or a name of timm's.

    Raises:
        ArgumentTypeError: arch is neither a callable nor a name.
        NotRegisteredError: nothing has this name.
    """
    if callable(arch) and not isinstance(arch, nn.Module):
        return arch
    if not isinstance(arch, str):
        cure = "Pass models.resnet34, 'resnet34', or a function that makes your model."
        raise ArgumentTypeError(explain("find_arch", "arch", "must be a callable or a name", arch, cure))
    if arch in names("arch"):
        return lookup("arch", arch)
    timm = _import_timm(arch)
    if not timm.is_model(arch):
        known = [*names("arch"), *timm.list_models()]
        raise NotRegisteredError(f"arch: no architecture is named {arch!r}.{did_you_mean(arch, known)}")
    return TimmArch(arch)


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
