"""Architectures of torchvision: its functions, or their names after `torchvision/`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

from torch import nn

from onecycle.errors import NotRegisteredError, did_you_mean
from onecycle.vision.cutting import cut_foreign_or_run
from onecycle.vision.foreign_arch import BodyRequest, ForeignArch, import_library, loading_weights, pair_of
from onecycle.vision.models.spec import Stats

__all__: list[str] = []

PREFIX = "torchvision/"
_KEPT_IN = "~/.cache/torch/hub/checkpoints"


class TorchvisionArch(ForeignArch):
    """A classifier of torchvision, whose body ends before its last pooling layer or its classifier.

    Args:
        builder: A function of `torchvision.models`, e.g. `swin_t`.
    """

    def __init__(self, builder: Callable[..., nn.Module]) -> None:
        self.builder, self.name = builder, builder.__name__

    @property
    def reference(self) -> str:
        """The name, as `find_arch` takes it."""
        return PREFIX + self.name

    @property
    def _weights(self) -> Any:
        """The published weights that are the default, None where there are none."""
        try:
            return _models(self.name).get_model_weights(self.builder).DEFAULT
        except (ValueError, AttributeError):
            return None

    @property
    def stats(self) -> Stats | None:
        """Mean and standard deviation of each channel that its weights were trained with."""
        how = self._how_prepared()
        return None if how is None or not hasattr(how, "mean") else (list(how.mean), list(how.std))

    @property
    def size(self) -> tuple[int, int] | None:
        """Height and width in pixels that its weights are measured at."""
        crop = getattr(self._how_prepared(), "crop_size", None)
        return pair_of(crop[0] if isinstance(crop, (list, tuple)) and len(crop) == 1 else crop)

    def _how_prepared(self) -> Any:
        weights = self._weights
        return None if weights is None else weights.transforms()

    def __call__(self, pretrained: bool = False) -> nn.Module:
        """Return torchvision's model, without the classifiers that some have beside the last one."""
        options: dict[str, Any] = {"aux_logits": False, "init_weights": not pretrained} if self._has_auxiliary() else {}
        if not pretrained:
            return self.builder(weights=None, **options)
        with loading_weights(self.reference, _KEPT_IN):
            return self.builder(weights="DEFAULT", **options)

    def _has_auxiliary(self) -> bool:
        return self.name in ("googlenet", "inception_v3")

    def body(self, request: BodyRequest) -> nn.Module:
        """Return the model up to its feature map or vector, `(N, C, H, W)` or `(N, C)`.

        Raises:
            ArgumentError: it gives no feature maps, where they are asked for.
        """
        return cut_foreign_or_run(self(request.pretrained), self.name, request)


def torchvision_arch(name: str) -> TorchvisionArch:
    """Return an architecture of torchvision by its name.

    Raises:
        NotRegisteredError: torchvision is not installed, or has no classifier of this name.
    """
    models = _models(name)
    known = models.list_models(module=models)
    if name not in known:
        raise NotRegisteredError(
            f"arch: torchvision has no architecture named {name!r}.{did_you_mean(name, known)}"
        )
    return TorchvisionArch(models.get_model_builder(name))


def is_of_torchvision(function: object) -> bool:
    """Return whether an object is one of torchvision's functions that make a classifier."""
    module, name = str(getattr(function, "__module__", "")), getattr(function, "__name__", None)
    if not inspect.isfunction(function) or not module.startswith("torchvision.models.") or name is None:
        return False
    models = _models(name)
    return name in models.list_models(module=models) and models.get_model_builder(name) is function


def _models(name: str) -> ModuleType:
    return import_library("torchvision.models", f"the architecture {name!r}")
