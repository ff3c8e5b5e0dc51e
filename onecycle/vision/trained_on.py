"""What a body was trained on, as its own configuration says: statistics and size of the images."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

from onecycle.data.looks import first_input
from onecycle.vision.archs import find_arch
from onecycle.vision.foreign_arch import ForeignArch
from onecycle.vision.models.spec import Stats, spec_of

__all__ = ["BodyConfig", "body_config"]

_CLOSE = 0.02  # statistics that are published with two or three digits are the same ones


class BodyConfig(NamedTuple):
    """What is known of the images that a body was trained on.

    Args:
        name: Of the architecture.
        stats: Mean and standard deviation of each channel, for pixels in 0 to 1; None where they are not known.
        size: Height and width in pixels; None where they are not known.
    """

    name: str
    stats: Stats | None
    size: tuple[int, int] | None


def body_config(arch: Any) -> BodyConfig:
    """Return the statistics and the size of the images that an architecture was trained on.

    Args:
        arch: As `base_arch` of `cnn_learner`: a function, a name or a model.

    Raises:
        NotRegisteredError: nothing has this name.

    Example:
        >>> body_config("resnet18").stats[0]
        [0.485, 0.456, 0.406]
    """
    builder = find_arch(arch)
    if isinstance(builder, ForeignArch):
        return BodyConfig(builder.name, builder.stats, builder.size)
    spec = spec_of(builder)
    name = getattr(builder, "__name__", type(builder).__name__)
    return BodyConfig(name, None if spec is None else spec.stats, None)


def normalize_as_trained(caller: str, data: Any, arch: Any) -> None:
    """Normalize data that is not yet, with the statistics that a body of another library was trained with.

    Data that is normalized otherwise stays as it is, with a warning. Nothing happens where the statistics are not
    known, nor for the architectures of this library, which leave it to the user. Images with another number of
    channels than there are statistics are normalized by the means of these.

    Args:
        caller: Who asks, for the warning.
    """
    builder = find_arch(arch)
    stats = builder.stats if isinstance(builder, ForeignArch) else None
    if stats is None or not hasattr(data, "normalize"):
        return
    shape: tuple[int, ...] = getattr(first_input(data.train_ds), "shape", ())
    if len(shape) == 3 and len(stats[0]) != shape[0]:
        stats = [_mean(stats[0])], [_mean(stats[1])]
    norm = getattr(data, "norm", None)
    if norm is None:
        data.normalize(stats)
    elif not _is_close(norm, stats):
        name = getattr(builder, "__name__", "the body")
        warnings.warn(
            f"{caller}: data is normalized by other statistics than {name} was trained with; it has {norm!r}, the "
            f"body mean={list(stats[0])}, std={list(stats[1])}. Leave .normalize() away: the learner does it.",
            UserWarning,
            stacklevel=4,
        )


def _mean(values: Any) -> float:
    return sum(values) / len(values)


def _is_close(norm: Any, stats: Stats) -> bool:
    pairs = ((getattr(norm, "mean", None), stats[0]), (getattr(norm, "std", None), stats[1]))
    return all(_are_close(own, wanted) for own, wanted in pairs)


def _are_close(own: Any, wanted: Any) -> bool:
    if own is None or len(own) != len(wanted):
        return False
    return all(abs(a - b) < _CLOSE for a, b in zip(own, wanted, strict=True))
