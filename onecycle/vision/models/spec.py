"""What is known of an architecture beside its code: weights, statistics, cut and layer groups."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from torch import nn

from onecycle.utils.registry import register

__all__ = ["ModelSpec", "Weights", "register_model", "spec_of"]

Stats = tuple[Sequence[float], Sequence[float]]
Split = Callable[[Any], Sequence[nn.Module] | Sequence[list[nn.Module]]]

# Mean and standard deviation of ImageNet's training pictures, red, green, blue, for pixels in 0 to 1.
IMAGENET: Stats = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
_ADDRESS = "https://download.pytorch.org/models/"


@dataclass(frozen=True)
class Weights:
    """A published file of weights; its name ends in the first digits of its sha256.

    Args:
        file_name: e.g. `resnet34-333f7ec4.pth`.
        address: Folder on the web that holds it, with a slash at the end.
    """

    file_name: str
    address: str = _ADDRESS

    @property
    def url(self) -> str:
        """The whole address."""
        return self.address + self.file_name

    @property
    def sha256_prefix(self) -> str:
        """The first hexadecimal digits of the file's sha256."""
        return self.file_name.removesuffix(".pth").rpartition("-")[2]


def split_at_head(model: Any) -> tuple[nn.Module, ...]:
    """Make two layer groups: body and head."""
    return (model[1],)


@dataclass(frozen=True)
class ModelSpec:
    """How to make a picture learner of an architecture.

    Args:
        name: Its name in files and on the command line.
        weights: The published weights; None where there are none.
        cut: Children to keep for the body (`children()[:cut]`), a function of the model, or None to look for the
            last pooling layer.
        split: From `(body, head)` to the modules at which a new layer group begins.
        stats: Mean and standard deviation per channel of the pictures the weights were trained on.
        rename: From a key of the published file to the key of today.
    """

    name: str
    weights: Weights | None = None
    cut: int | Callable[[nn.Module], nn.Module] | None = None
    split: Split = split_at_head
    stats: Stats = IMAGENET
    rename: Callable[[str], str] = str


_specs: dict[int, tuple[Any, ModelSpec]] = {}  # id of the builder -> (builder, spec)


def register_model(
    weights: str | Weights | None = None,
    cut: int | Callable[[nn.Module], nn.Module] | None = None,
    split: Split = split_at_head,
    stats: Stats = IMAGENET,
    rename: Callable[[str], str] = str,
    name: str | None = None,
) -> Callable[[Any], Any]:
    """Register a function that builds a model, with what is known of it; used as a decorator.

    Args:
        weights: The published file: its name on download.pytorch.org, e.g. `resnet34-333f7ec4.pth`, or a
            `Weights` where it lies elsewhere.
        name: The name in files; the function's own when left out.

    Example:
        >>> @register_model(cut=-1)
        ... def tiny(pretrained=False): return nn.Sequential(nn.Conv2d(3, 8, 3), nn.Linear(8, 2))
        >>> spec_of("tiny").cut
        -1
    """

    def remember(builder: Any) -> Any:
        known = name or builder.__name__
        published = Weights(weights) if isinstance(weights, str) else weights
        spec = ModelSpec(known, published, cut, split, stats, rename)
        _specs[id(builder)] = (builder, spec)
        return register("arch", known)(builder)

    return remember


def spec_of(arch: Any) -> ModelSpec | None:
    """Return what is known of an architecture, given by its function or name; None for a foreign one."""
    if isinstance(arch, str):
        return next((spec for _, spec in _specs.values() if spec.name == arch), None)
    known = _specs.get(id(arch))
    return known[1] if known else None
