"""Architectures of the timm library, by name."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from onecycle.errors import ArgumentError, NotRegisteredError, did_you_mean
from onecycle.nn.turns import eval_mode
from onecycle.types import JsonDict
from onecycle.utils.registry import names
from onecycle.vision.foreign_arch import BodyRequest, ForeignArch, loading_weights, pair_of
from onecycle.vision.layouts import ChannelsFirst, channels_first
from onecycle.vision.models.spec import Stats

__all__ = ["TimmArch"]

_NAME = re.compile(r"[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)?$")  # a model and a tag of its weights; no address, no path
_KEPT_IN = "the folder models--timm--… below ~/.cache/huggingface/hub"


class TimmArch(ForeignArch):
    """An architecture of timm, built without its own head.

    A model that ends in a feature map gives that map; any other one (tokens, several streams) gives the vector that
    timm itself puts before its classifier: class token, mean of the tokens or attention pooling, as its configuration
    says. A model of fixed size is built for the size of the images, where it knows how to.

    Args:
        name: As in `timm.list_models()`, with or without the tag of its weights, e.g. `resnet50.a1_in1k`.

    Raises:
        NotRegisteredError: timm is not installed, or does not know the name.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        timm = import_timm(name)
        if _NAME.match(name) is None or not timm.is_model(name):
            raise NotRegisteredError(_unknown(name, timm))

    @property
    def reference(self) -> str:
        """The name, as `find_arch` takes it."""
        return self.name

    @property
    def config(self) -> Any:
        """What timm knows of the weights, its `PretrainedCfg`; None for a model without any."""
        return getattr(import_timm(self.name), "get_pretrained_cfg", lambda name: None)(self.name)

    @property
    def stats(self) -> Stats | None:
        """Mean and standard deviation of each channel that its weights were trained with."""
        config = self.config
        mean, std = getattr(config, "mean", None), getattr(config, "std", None)
        return (list(mean), list(std)) if mean and std else None

    @property
    def size(self) -> tuple[int, int] | None:
        """Height and width in pixels that its weights were trained at."""
        return pair_of(getattr(self.config, "input_size", None))

    def __call__(self, pretrained: bool = False, **options: Any) -> nn.Module:
        """Return timm's model, with options of `timm.create_model`."""
        timm = import_timm(self.name)
        if not pretrained:
            return timm.create_model(self.name, pretrained=False, **options)
        with loading_weights(self.name, _KEPT_IN):
            return timm.create_model(self.name, pretrained=True, **options)

    def body(self, request: BodyRequest) -> nn.Module:
        """Return the model up to its feature map or vector, `(N, C, H, W)` or `(N, C)`.

        Raises:
            ArgumentError: it gives no feature maps (where they are asked for), or refuses the size.
        """
        channels = {} if request.n_in == 3 else {"in_chans": request.n_in}
        sized = self._options_of_size(request)
        if request.maps:
            return MapList(self._with_maps(request.pretrained, {**channels, **sized}))
        for pool in ({"global_pool": ""}, {}):  # some know no other end than their vector
            options = {"num_classes": 0, **pool, **channels, **sized}
            try:
                body = self._checked(options, request.size)
            except (AssertionError, TypeError, ValueError, KeyError, AttributeError, RuntimeError):
                continue
            if body is not None:
                return body(self(request.pretrained, **options))
        return self(request.pretrained, num_classes=0, **channels, **sized)

    def _checked(self, options: JsonDict, size: tuple[int, int] | None) -> Callable[[nn.Module], nn.Module] | None:
        """Return how a model made with these options becomes a body, None where it gives neither map nor vector."""
        made, model = self._try_out(options, size)
        if not isinstance(made, Tensor) or made.dim() not in (2, 4):
            return None
        if getattr(model, "output_fmt", None) == "NHWC" and made.dim() == 4:
            return ChannelsFirst
        return lambda body: body

    def _try_out(self, options: JsonDict, size: tuple[int, int] | None) -> tuple[Any, nn.Module]:
        """Return what a model without values (on the meta device) makes of an image, and the model."""
        try:
            return self._try_on("meta", options, size)
        except TypeError:
            raise
        except Exception:  # some ask for a value, which no tensor on the meta device has
            return self._try_on("cpu", options, size)

    def _try_on(self, device: str, options: JsonDict, size: tuple[int, int] | None) -> tuple[Any, nn.Module]:
        with torch.device(device):
            model = self(**options)
            channels = options.get("in_chans", 3)
            with eval_mode(model), torch.no_grad():
                return model(torch.zeros(1, channels, *(size or self.size or (224, 224)))), model

    def _options_of_size(self, request: BodyRequest) -> JsonDict:
        """Return the options that make a model of fixed size take images of this one."""
        if request.size is None or not getattr(self.config, "fixed_input_size", False):
            return {}
        for options in self._ways_to_size(request.size):
            try:
                self._try_out({"num_classes": 0, **options}, request.size)
            except TypeError:  # does not know the option
                continue
            except Exception as error:  # knows it, and refuses this size
                raise ArgumentError(self._refused(request.size, error)) from error
            return options
        return {}

    def _ways_to_size(self, size: tuple[int, int]) -> Iterator[JsonDict]:
        if size != self.size:
            yield {"img_size": size, "dynamic_img_size": True}
        yield {"dynamic_img_size": True}
        yield {"img_size": size}
        yield {}

    def _refused(self, size: tuple[int, int], error: Exception) -> str:
        return refused_size(self.name, size, self.size, " ".join(str(error).split()))

    def _with_maps(self, pretrained: bool, options: JsonDict) -> nn.Module:
        try:
            return self(pretrained, features_only=True, **options)
        except (RuntimeError, AttributeError, AssertionError, TypeError, NotImplementedError) as error:
            raise ArgumentError(
                f"create_body: {self.name} gives no feature maps on the way ({error}). Take a body that does, e.g. "
                f"'convnext_tiny' or 'resnet50'."
            ) from error


class MapList(nn.Module):
    """Run a model of timm's that gives all its feature maps; the last is the output.

    Shape: `(N, C, H, W) -> (N, channels, h, w)`
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def feature_maps(self, x: Tensor) -> list[Tensor]:
        """Return all maps `(N, C, H, W)`, the first of the model first."""
        last = str(getattr(self.model, "output_fmt", "NCHW")).endswith("NHWC")
        return [channels_first(m) if last else m for m in self.model(x)]

    def forward(self, x: Tensor) -> Tensor:
        return self.feature_maps(x)[-1]


def import_timm(name: str) -> ModuleType:
    """Import timm for an architecture of this name.

    Raises:
        NotRegisteredError: it cannot be imported; names what is known without it.
    """
    try:
        import timm
    except (ImportError, RuntimeError, OSError) as error:
        known = names("arch")
        raise NotRegisteredError(
            f"arch: no architecture is named {name!r}.{did_you_mean(name, known)} Known: {', '.join(known)}. "
            f"One of your own is known once the module that registers it (models.register_model) is imported. Names "
            f"of timm work where timm is installed (pip install timm; here it cannot be imported: {error})."
        ) from error
    return timm


def _unknown(name: str, timm: ModuleType) -> str:
    known = [*names("arch"), *timm.list_models()]
    hint = did_you_mean(name, known)
    if "/" in name and not hint:
        hint = " A model of Hugging Face is passed as an object: transformers.AutoModel.from_pretrained(…)."
    return f"arch: no architecture is named {name!r}.{hint}"


def timm_name_of(function: object) -> str | None:
    """Return the name of one of timm's own functions that make a model, None for any other object."""
    module, name = getattr(function, "__module__", None), getattr(function, "__name__", None)
    if not inspect.isfunction(function) or not str(module).startswith("timm.models") or not isinstance(name, str):
        return None
    return name if import_timm(name).is_model(name) else None


def refused_size(name: str, size: tuple[int, int], trained: tuple[int, int] | None, said: str) -> str:
    """Return the sentence on images of a size that a body does not take."""
    found = f"{size[0]}x{size[1]}"
    takes = "" if trained is None else f" Its weights were trained at {trained[0]}x{trained[1]}."
    way = f"size={trained[0] if trained and trained[0] == trained[1] else trained}" if trained else "another size="
    return (
        f"create_body: {name} does not take images of {found} pixels: {said.rstrip('.')}.{takes} "
        f"Pass {way} where the data are transformed, or another multiple of its patches."
    )
