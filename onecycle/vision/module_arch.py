"""A model of the user's own, passed as an object."""

from __future__ import annotations

import copy
from typing import Any

from torch import nn

from onecycle.vision.cutting import cut_foreign_or_run
from onecycle.vision.foreign_arch import BodyRequest, ForeignArch, pair_of
from onecycle.vision.models.spec import Stats

__all__: list[str] = []


class ModuleArch(ForeignArch):
    """A model as it is, with the weights it has; its layers are shared with the learner's model.

    Args:
        model: Any model of images.
    """

    def __init__(self, model: nn.Module) -> None:
        self.model, self.name = model, type(model).__name__

    def __call__(self, pretrained: bool = False) -> nn.Module:
        """Return the model; its weights are those it has."""
        return self.model

    def body(self, request: BodyRequest) -> nn.Module:
        """Return the model up to its feature map or vector, `(N, C, H, W)` or `(N, C)`."""
        return cut_foreign_or_run(self.model, self.name, request)


class TimmModelArch(ModuleArch):
    """A model that `timm.create_model` made."""

    @property
    def _config(self) -> dict[str, Any]:
        return self.model.pretrained_cfg  # type: ignore[return-value]

    @property
    def stats(self) -> Stats | None:
        """Mean and standard deviation of each channel that its weights were trained with."""
        mean, std = self._config.get("mean"), self._config.get("std")
        return (list(mean), list(std)) if mean and std else None

    @property
    def size(self) -> tuple[int, int] | None:
        """Height and width in pixels that its weights were trained at."""
        return pair_of(self._config.get("input_size"))

    def body(self, request: BodyRequest) -> nn.Module:
        """Return a copy of the model without its classifier."""
        body: Any = copy.deepcopy(self.model)
        body.reset_classifier(0)
        return body


def module_arch(model: nn.Module) -> ModuleArch:
    """Return the architecture of a model that exists already."""
    is_timm = isinstance(getattr(model, "pretrained_cfg", None), dict) and hasattr(model, "reset_classifier")
    return TimmModelArch(model) if is_timm else ModuleArch(model)
