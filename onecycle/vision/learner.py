"""Learners of pictures: a body that was trained on many pictures, and a new head or decoder for yours."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from functools import cache
from numbers import Integral
from typing import Any

from torch import nn

from onecycle.data.items import Category, FloatItem, MultiCategory
from onecycle.data.looks import first_input, first_sample
from onecycle.errors import ArgumentError, check_keywords, explain
from onecycle.learner import Learner
from onecycle.learning.checks import check_data
from onecycle.nn.init import apply_init
from onecycle.nn.norm import NormType
from onecycle.types import Floats, JsonDict
from onecycle.utils.registry import name_of
from onecycle.vision.archs import find_arch, reference_of
from onecycle.vision.backbones import calm_head, cnn_config, create_cnn_model
from onecycle.vision.models.spec import spec_of, split_at_head
from onecycle.vision.picture import Image
from onecycle.vision.points import ImagePoints
from onecycle.vision.segment import ImageSegment
from onecycle.vision.trained_on import normalize_as_trained
from onecycle.vision.unet_model import create_unet_model

__all__ = ["cnn_learner", "create_cnn", "unet_learner"]

_DRY_SIDE = 256  # more pixels tell the dry run of a U-Net nothing new


def cnn_learner(
    data: Any,
    base_arch: Any,
    cut: int | Callable[[nn.Module], nn.Module] | None = None,
    pretrained: bool = True,
    lin_ftrs: list[int] | None = None,
    ps: Floats = 0.5,
    custom_head: nn.Module | None = None,
    split_on: Any = None,
    bn_final: bool = False,
    init: Callable[..., Any] | None = nn.init.kaiming_normal_,
    concat_pool: bool = True,
    n_in: int | None = None,
    **kwargs: Any,
) -> Learner:
    """Make a learner of a body that was trained on ImageNet and a new head for the classes of `data`.

    With `pretrained` the body is frozen (scale and shift of its batch norms still learn, their statistics stay); train
    the head, then `unfreeze()`.

    Args:
        data: What is learnt; `data.c` is the number of outputs.
        base_arch: A function that makes the model, e.g. `models.resnet34`; a name, of one of them, of timm's or of
            torchvision's after `torchvision/`; or a model, e.g. of transformers, with the weights it has.
        cut: Where the body ends: an index of the model's children, or a function of the model.
        pretrained: Whether the body starts from downloaded weights.
        lin_ftrs: Widths of the head's hidden layers; `[512]` when left out.
        ps: Dropout of the head, one number or one a layer, between 0 and 1.
        custom_head: A head of your own. `export` then cannot name it: see `load_learner(..., model=)`.
        split_on: How the layers are grouped: a function of the model or a list of layers.
        bn_final: Whether the head ends in a batch norm.
        init: How the head's weights start; None leaves them as their layers made them. With the default, on a trained
            body, the scale of the first batch norm and the last layer's weights start at a tenth.
        concat_pool: Whether the head sees both the average and the maximum of each channel.
        n_in: Channels of the pictures; those of the first training picture when left out. Where the body takes
            another number, its first convolution is adapted, its pretrained weights kept.
        **kwargs: What `Learner` takes: metrics, loss_func, wd, callback_fns, model_dir …

    Raises:
        ArgumentTypeError: a keyword is unknown.
        ArgumentError: `data` does not tell the number of outputs, its targets are pictures, or the body cannot be made
            to take the pictures' channels.
        DownloadError: the weights cannot be downloaded; says which file to put where.

    References:
        Howard and Gugger, "fastai: A Layered API for Deep Learning" (2020), section 2.1.

    Example:
        learn = cnn_learner(data, models.resnet34, metrics=error_rate)
        learn.fit_one_cycle(5)
    """
    check_keywords("cnn_learner", kwargs, keywords_of_learner(cnn_learner))
    check_data("cnn_learner", data)
    if custom_head is None:
        _check_values(data)
    _check_enough(data)
    outputs = _checked_outputs("cnn_learner", getattr(data, "c", None))
    args = {
        "nc": outputs, "cut": cut, "lin_ftrs": lin_ftrs, "ps": ps, "custom_head": custom_head,
        "bn_final": bn_final, "concat_pool": concat_pool, "n_in": n_in or input_channels(data),
    }  # fmt: skip
    if spec_of(find_arch(base_arch)) is None:
        args["img_size"] = image_size(data)
    model = create_cnn_model(base_arch, pretrained=pretrained, **args)
    normalize_as_trained("cnn_learner", data, base_arch)
    learn = Learner(data, model, **kwargs)
    learn.split(split_on or split_of(base_arch, cut))
    if pretrained:
        learn.freeze()
    if init:
        apply_init(model[1], init)
        if pretrained and custom_head is None and init is nn.init.kaiming_normal_:
            calm_head(model[1])
    learn.model_spec = model_spec_of("create_cnn_model", base_arch, args)
    return learn


def unet_learner(
    data: Any,
    arch: Any,
    pretrained: bool = True,
    blur_final: bool = True,
    norm_type: NormType | None = None,
    split_on: Any = None,
    blur: bool = False,
    self_attention: bool = False,
    y_range: tuple[float, float] | None = None,
    last_cross: bool = True,
    bottle: bool = False,
    cut: int | Callable[[nn.Module], nn.Module] | None = None,
    **learn_kwargs: Any,
) -> Learner:
    """Make a learner of a U-Net, for targets that are masks or pictures themselves.

    With `pretrained` the body is frozen (its batch norm still learns); train the decoder, then `unfreeze()`. The
    layer groups are those of `cnn_learner`, with the decoder in the place of the head; with `cut`, body and decoder.

    Args:
        data: What is learnt. The number of outputs is `data.c`, e.g. the classes of the masks; where that is not
            known and the targets are pictures, it is the number of their channels.
        arch: As `base_arch` of `cnn_learner`. The body has to give feature maps of several sizes.
        pretrained: Whether the body starts from downloaded weights.
        blur_final: With `blur`, smooth in the decoder's last block too.
        norm_type: Normalisation of the decoder's convolutions, e.g. `NormType.Weight`; None for none.
        split_on: How the layers are grouped: a function of the model or a list of layers.
        blur: Smooth after each upsampling, against checkerboards.
        self_attention: With a `SelfAttention` in the decoder.
        y_range: Lower and upper bound of the output; none when left out.
        last_cross: Put the picture itself beside the last map.
        bottle: Halve the channels inside the last residual block.
        cut: Where the body ends: an index of the model's children, or a function of the model.
        **learn_kwargs: What `Learner` takes: metrics, loss_func, wd, callback_fns, model_dir …

    Raises:
        ArgumentTypeError: a keyword is unknown.
        ArgumentError: `data` does not tell the number of outputs, its targets are no pictures, or are not moved as
            their pictures are, or the body has no usable feature maps.
        DownloadError: the weights cannot be downloaded; says which file to put where.

    References:
        Ronneberger et al. 2015, "U-Net: Convolutional networks for biomedical image segmentation".

    Example:
        learn = unet_learner(data, models.resnet34, metrics=MeanIoU())
        learn.fit_one_cycle(10)
    """
    check_keywords("unet_learner", learn_kwargs, keywords_of_learner(unet_learner))
    check_data("unet_learner", data)
    _check_planes(data)
    outputs = _checked_outputs("unet_learner", _outputs_of_targets(data))
    args = {
        "n_out": outputs, "img_size": dry_size(data, arch), "cut": cut,
        "n_in": input_channels(data), "norm_type": norm_type, "blur": blur, "blur_final": blur_final,
        "self_attention": self_attention, "y_range": y_range, "last_cross": last_cross, "bottle": bottle,
    }  # fmt: skip
    model = create_unet_model(arch, pretrained=pretrained, **args)
    normalize_as_trained("unet_learner", data, arch)
    learn = Learner(data, model, **learn_kwargs)
    learn.split(split_on or split_of(arch, cut))
    if pretrained:
        learn.freeze()
    learn.model_spec = model_spec_of("create_unet_model", arch, args)
    return learn


def split_of(arch: Any, cut: Any) -> Callable[[nn.Module], Any]:
    """Return how the layers are grouped: as registered, which assumes the body is cut where the registry says."""
    known = cnn_config(arch)
    return known["split"] if cut is None or cut == known["cut"] else split_at_head


@cache
def keywords_of_learner(maker: Callable[..., Any]) -> tuple[str, ...]:
    known = _named(maker) | _named(Learner.__init__)
    return tuple(sorted(known - {"self", "model"}))


def _named(function: Callable[..., Any]) -> set[str]:
    parameters = inspect.signature(function).parameters.values()
    return {p.name for p in parameters if p.kind is not p.VAR_KEYWORD}


def _checked_outputs(owner: str, found: Any) -> int:
    if not isinstance(found, Integral) or int(found) < 1:
        cure = "Label the pictures before .databunch(), or set data.c to the number of outputs."
        raise ArgumentError(explain(owner, "data.c", "must be a number of outputs of at least 1", found, cure))
    return int(found)


def _outputs_of_targets(data: Any) -> Any:
    """Return `data.c`, or where it is not known the channels of the first target that is a picture."""
    known, target = getattr(data, "c", None), first_sample(data.train_ds)[1]
    if isinstance(target, ImageSegment) and known is None:
        cure = "Name them where the masks are: label_from_func(mask_of, classes=codes)."
        raise ArgumentError(explain("unet_learner", "data.classes", "must be the classes of the masks", None, cure))
    shape: tuple[int, ...] = getattr(target, "shape", ())
    return shape[0] if known is None and len(shape) == 3 else known


def _is_picture(target: Any) -> bool:
    """Return whether a target has a value for each pixel: a mask, or a picture."""
    return isinstance(target, Image) and not isinstance(target, ImagePoints)


def _check_values(data: Any) -> None:
    """Refuse targets that a head of linear layers cannot give."""
    target = first_sample(data.train_ds)[1]
    if _is_picture(target):
        cure = "Use unet_learner(data, arch), or pass custom_head=."
        raise ArgumentError(explain("cnn_learner", "data", "must have classes or numbers as targets", target, cure))


def _check_enough(data: Any) -> None:
    """Refuse fewer items than classes: some class would have none to learn from."""
    classes, items = getattr(data, "classes", None), data.train_ds
    if classes is None or items is None or len(items) >= len(classes):
        return
    if isinstance(first_sample(items)[1], Category):
        hint = "Add images, or leave out the classes that have none."
        rule = f"must have at least one training image per class, {len(classes)}"
        raise ArgumentError(explain("cnn_learner", "data", rule, f"{len(items)} images", hint))


def _check_planes(data: Any) -> None:
    """Refuse targets that a U-Net cannot give: classes of whole pictures, masks of another size than their picture."""
    picture, target = first_sample(data.train_ds)
    if isinstance(target, (Category, MultiCategory, FloatItem)):
        cure = "Use cnn_learner(data, arch) for classes or numbers of whole pictures."
        raise ArgumentError(explain("unet_learner", "data", "must have masks or pictures as targets", target, cure))
    if not _is_picture(target) or not isinstance(picture, Image) or getattr(data.train_ds, "tfm_y", True):
        return
    if tuple(picture.size) != tuple(target.size):
        raise ArgumentError(
            f"unet_learner: data must have targets of the size of their pictures; the first picture has "
            f"{tuple(picture.size)} pixels after its transforms, its target {tuple(target.size)}. Move both together: "
            f".transform(tfms, size=…, tfm_y=True)."
        )


def dry_size(data: Any, arch: Any) -> tuple[int, int]:
    """Return height and width for the dry run: those of the first training image, of a body of ours at most 256."""
    if spec_of(find_arch(arch)) is None:
        return image_size(data) or (_DRY_SIDE, _DRY_SIDE)
    shape: tuple[int, ...] = getattr(_first_picture(data), "shape", ())
    height, width = shape[1:] if len(shape) == 3 else (_DRY_SIDE, _DRY_SIDE)
    return min(height, _DRY_SIDE), min(width, _DRY_SIDE)


def image_size(data: Any) -> tuple[int, int] | None:
    """Return height and width of the first training image; None where there is none."""
    shape: tuple[int, ...] = getattr(_first_picture(data), "shape", ())
    return (int(shape[1]), int(shape[2])) if len(shape) == 3 else None


def input_channels(data: Any) -> int:
    """Return the channels of the first training picture; 3 where there is none to look at."""
    shape: tuple[int, ...] = getattr(_first_picture(data), "shape", ())
    return shape[0] if len(shape) == 3 else 3


def _first_picture(data: Any) -> Any:
    if data.train_ds is None:  # ready batches
        return data.one_batch()[0][0]
    return first_input(data.train_ds)


def model_spec_of(builder: str, base_arch: Any, args: JsonDict) -> JsonDict | None:
    """Return what rebuilds the model by names, or None where a part of it has no name."""
    arch = reference_of(base_arch)
    nameless_cut = callable(args["cut"]) and name_of("function", args["cut"]) is None
    if arch is None or nameless_cut or args.get("custom_head") is not None:
        return None
    return {"builder": builder, "args": {"base_arch": arch, "pretrained": False, **args}}


def create_cnn(data: Any, base_arch: Any, **kwargs: Any) -> Learner:
    """Make what `cnn_learner` makes, under its name of before 2019; warns.

    Args:
        data: See `cnn_learner`.
        base_arch: See `cnn_learner`.
        **kwargs: See `cnn_learner`.
    """
    warnings.warn("create_cnn is the old name of cnn_learner; use that one.", FutureWarning, stacklevel=2)
    return cnn_learner(data, base_arch, **kwargs)
