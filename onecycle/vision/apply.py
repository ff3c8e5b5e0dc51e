"""The order of events when a list of transforms meets a picture: scale, transform, cut."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from onecycle.errors import ArgumentTypeError, explain
from onecycle.utils.checks import check_member
from onecycle.vision.pixel_transforms import crop_pad
from onecycle.vision.resize import ResizeMethod, crop_target, scaled_size
from onecycle.vision.transform_base import RandTransform, TfmCrop, Transform

__all__: list[str] = []

_CUT = (ResizeMethod.CROP, ResizeMethod.PAD)


def apply_tfms(
    image: Any,
    tfms: Any,
    do_resolve: bool,
    xtra: dict[Any, dict[str, Any]] | None,
    size: int | Sequence[int] | None,
    resize_method: ResizeMethod | None,
    mult: int | None,
    sample: dict[str, Any],
) -> Any:
    """Return a transformed picture; see `Image.apply_tfms`."""
    calls = as_calls(tfms)
    if not (calls or xtra) and size is None:
        return image
    method, target = _method(resize_method, size), None if size is None else crop_target(size, mult)
    if target is not None and method in _CUT and not any(isinstance(call.tfm, TfmCrop) for call in calls):
        calls.append(crop_pad())
    calls.sort(key=_order)
    if do_resolve:
        for call in calls:
            call.resolve()
    calls = sorted([one for call in calls for one in call.expanded()], key=_order)
    result = image.clone().set_sample(**sample)
    if target is not None:
        _scale(result, target, method)
    for call in calls:
        result = _apply(call, result, xtra or {}, target if method in _CUT else None, sample["padding_mode"])
    return result.refresh()


def as_calls(tfms: Any) -> list[RandTransform]:
    """Return transforms as a list of calls.

    Raises:
        ArgumentTypeError: one of them is no call of a transform.
    """
    single = isinstance(tfms, (RandTransform, Transform))
    calls: list[Any] = [] if tfms is None else [tfms] if single else list(tfms)
    for call in calls:
        if not isinstance(call, RandTransform):
            cure = f"Write {call.name}() with its arguments." if isinstance(call, Transform) else _CURE
            raise ArgumentTypeError(
                explain("apply_tfms", "tfms", "must hold calls of transforms", call, cure)
            )
    return calls


_CURE = "Pass e.g. [rotate(degrees=(-10, 10)), flip_lr(p=0.5)] or get_transforms()[0]."


def _order(call: RandTransform) -> int:
    return call.tfm.order


def _method(method: ResizeMethod | None, size: Any) -> ResizeMethod:
    """Return how to bring a picture to size: CROP for one number, SQUISH for two, unless it is said."""
    if method is not None:
        return check_member("apply_tfms", "resize_method", method, ResizeMethod)
    return ResizeMethod.SQUISH if hasattr(size, "__len__") else ResizeMethod.CROP


def _scale(image: Any, target: tuple[int, int], method: ResizeMethod) -> None:
    if method in _CUT:
        image.resize(scaled_size(image._frame_size(), target, cover=method is ResizeMethod.CROP))
    elif method is ResizeMethod.SQUISH:
        image.resize(target)


def _apply(call: RandTransform, image: Any, xtra: dict[Any, Any], target: Any, padding_mode: str) -> Any:
    """Apply one call; a final crop gets its size here."""
    if call.tfm in xtra:
        return call.tfm(image, **xtra[call.tfm])
    if not isinstance(call.tfm, TfmCrop):
        return call(image)
    if target is None:
        return call(image) if call.resolved.get("size") else image
    if not call.do_run:
        return crop_pad(image, size=target, padding_mode=padding_mode)
    return call(image, size=target, padding_mode=padding_mode)
