"""Models of Hugging Face's transformers, passed as objects."""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from onecycle.errors import ArgumentError, FileFormatError, explain
from onecycle.types import JsonDict
from onecycle.utils.foreign_config import without_names_of_code
from onecycle.vision.foreign_arch import BodyRequest, ForeignArch, import_library, pair_of
from onecycle.vision.models.spec import Stats
from onecycle.vision.running_cut import has_class_token, with_part
from onecycle.vision.timm_arch import TimmArch

__all__: list[str] = []

LIBRARY = "transformers"
_CLASS = re.compile(r"[A-Z][A-Za-z0-9_]*$")


class TransformersArch(ForeignArch):
    """A model of transformers that sees images; of a classifier, the model below it.

    The vector of a Transformer is what its own pooling gives, unless that was made for another task (a dense layer,
    as in `ViTModel`); then the class token, or the mean of the tokens where there is none.

    Args:
        model: A `PreTrainedModel`, e.g. of `AutoBackbone`, `ViTModel`, `ConvNextForImageClassification`.
    """

    def __init__(self, model: nn.Module) -> None:
        self.model = _without_dense_pooler(_vision_part(_below_classifier(model)))
        self.name = type(self.model).__name__

    @property
    def _config(self) -> Any:
        return self.model.config

    @property
    def reference(self) -> JsonDict | None:
        """Its class and configuration; None for a class that is no part of transformers itself."""
        if not type(self.model).__module__.startswith(f"{LIBRARY}."):
            return None
        return {"library": LIBRARY, "class": self.name, "config": _kept(json.loads(self._config.to_json_string(False)))}

    @property
    def stats(self) -> Stats | None:
        """Mean and standard deviation of each channel, from the image processor beside its weights."""
        processor = self._processor()
        mean, std = getattr(processor, "image_mean", None), getattr(processor, "image_std", None)
        return (list(mean), list(std)) if mean and std else None

    @property
    def size(self) -> tuple[int, int] | None:
        """Height and width in pixels that its configuration names."""
        return pair_of(getattr(self._config, "image_size", None))

    def _processor(self) -> Any:
        """Return the image processor that was published with the weights, where it lies on this computer."""
        source = getattr(self._config, "_name_or_path", "")
        if not source:
            return None
        try:
            return import_library(LIBRARY, self.name).AutoImageProcessor.from_pretrained(source, local_files_only=True)
        except Exception:  # whatever it lacks: a file, pillow, torchvision; the statistics are then not known
            return None

    def __call__(self, pretrained: bool = False) -> nn.Module:
        """Return the model; its weights are those it has."""
        return self.model

    def body(self, request: BodyRequest) -> nn.Module:
        """Return the model up to its feature map or vector, `(N, C, H, W)` or `(N, C)`.

        Raises:
            ArgumentError: the images have another number of channels than the model takes.
        """
        takes = getattr(self._config, "num_channels", request.n_in)
        if takes != request.n_in:
            hint = "Open the images with convert_mode='RGB'." if takes == 3 else ""
            rule = f"must be {takes}, the channels that {self.name} takes"
            raise ArgumentError(explain("create_body", "n_in", rule, request.n_in, hint))
        return TransformersBody(self.model, self.size)


class TransformersBody(nn.Module):
    """Run a model of transformers and give its map or its vector alone.

    Args:
        model: From images to an output of transformers.
        size: Height and width that the model's position embeddings were made for; None where it has none.

    Shape: `(N, C, H, W) -> (N, channels, h, w)` or `(N, channels)`
    """

    def __init__(self, model: nn.Module, size: tuple[int, int] | None) -> None:
        super().__init__()
        self.model, self.size = model, size
        self.class_token = has_class_token(model)
        self.can_resize = "interpolate_pos_encoding" in inspect.signature(model.forward).parameters

    def _run(self, x: Tensor, **options: Any) -> Any:
        if self.can_resize and tuple(x.shape[2:]) != self.size:
            options["interpolate_pos_encoding"] = True
        return self.model(x, **options)

    def forward(self, x: Tensor) -> Tensor:
        out = self._run(x)
        maps = getattr(out, "feature_maps", None)
        if maps is not None:
            return maps[-1]
        last = out.last_hidden_state
        if last.dim() == 4:
            return last
        vector = getattr(out, "pooler_output", None)
        if vector is not None and vector.dim() == 2:
            return vector
        return last[:, 0] if self.class_token else last.mean(1)  # (N, L, F) -> (N, F)

    def feature_maps(self, x: Tensor) -> list[Tensor]:
        """Return the maps `(N, C, H, W)` that the model gives, the first of the model first; none for tokens."""
        out = self._run(x, output_hidden_states=True)
        for name in ("feature_maps", "reshaped_hidden_states", "hidden_states"):
            maps = [m for m in getattr(out, name, None) or () if m.dim() == 4]
            if maps:
                return maps
        return []


def is_of_transformers(model: object) -> bool:
    """Return whether an object is a model of transformers; does not import the library."""
    loaded = sys.modules.get(LIBRARY)
    if loaded is None or not isinstance(model, nn.Module):
        return False
    return any(kind.__name__ == "PreTrainedModel" for kind in type(model).__mro__)


def transformers_arch(reference: Mapping[str, Any]) -> TransformersArch:
    """Return the architecture that a file names by class and configuration, with random weights.

    Raises:
        NotRegisteredError: transformers is not installed.
        FileFormatError: the names are not those of a model of transformers.
    """
    name, config = reference.get("class"), reference.get("config")
    if set(reference) != {"library", "class", "config"} or reference["library"] != LIBRARY:
        raise FileFormatError("arch: reference must hold library='transformers', class and config, and nothing else.")
    if not isinstance(name, str) or _CLASS.match(name) is None or not isinstance(config, Mapping):
        raise FileFormatError(explain("arch", "class", "must be the name of a model of transformers", name))
    library = import_library(LIBRARY, f"the model {name}")
    kind = _model_class(getattr(library, name, None), library.PreTrainedModel, name)
    if config.get("model_type") != kind.config_class.model_type:
        raise FileFormatError(explain("arch", "config", f"must be that of {name}", config.get("model_type")))
    return TransformersArch(kind(kind.config_class.from_dict(_kept(config))))


def _model_class(found: Any, base: type, name: str) -> Any:
    if not inspect.isclass(found) or not issubclass(found, base) or getattr(found, "config_class", None) is None:
        raise FileFormatError(explain("arch", "class", "must be the name of a model of transformers", name))
    return found


def _kept(config: Mapping[str, Any]) -> JsonDict:
    """Return a configuration without what names code, other weights or another place; parts of it likewise."""
    named = without_names_of_code(config)
    kept: JsonDict = {name: _kept(value) if isinstance(value, Mapping) else value for name, value in named.items()}
    if "use_pretrained_backbone" in kept:
        kept["use_pretrained_backbone"] = False
    backbone = kept.get("backbone")
    if isinstance(backbone, str):
        TimmArch(backbone)  # refuses what is no name of timm's
    return kept


def _below_classifier(model: nn.Module) -> nn.Module:
    """Return the model that a classifier stands on, where that one takes images itself."""
    inner = getattr(model, "base_model", None)
    if not isinstance(inner, nn.Module) or "pixel_values" not in inspect.signature(inner.forward).parameters:
        return model
    return inner


def _vision_part(model: nn.Module) -> nn.Module:
    """Return the model of images out of one of images and texts."""
    part = getattr(model, "vision_model", None)
    return part if isinstance(part, nn.Module) and hasattr(model, "text_model") else model


def _without_dense_pooler(model: nn.Module) -> nn.Module:
    """Return the model without a pooling layer that was made for another task, the other layers shared."""
    pooler = getattr(model, "pooler", None)
    return with_part(model, "pooler", None) if isinstance(getattr(pooler, "dense", None), nn.Linear) else model
