"""From an architecture to a picture classifier: cut the body off, put a head on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from onecycle.errors import ArgumentError, ArgumentTypeError, explain
from onecycle.nn.adapt import with_input_channels
from onecycle.nn.dry_run import dummy_eval, dummy_output
from onecycle.nn.entrance import find_entrance
from onecycle.nn.layers import AdaptiveConcatPool2d, Flatten, bn_drop_lin
from onecycle.utils.checks import check_numbers
from onecycle.utils.registry import register
from onecycle.utils.values import to_list, to_numbers
from onecycle.vision.archs import build_arch, find_arch
from onecycle.vision.body_groups import split_at_blocks, split_halves
from onecycle.vision.cutting import cut_foreign_or_run
from onecycle.vision.foreign_arch import BodyRequest, ForeignArch, pair_of
from onecycle.vision.models.spec import IMAGENET, ModelSpec, spec_of
from onecycle.vision.module_arch import ModuleArch
from onecycle.vision.timm_arch import refused_size
from onecycle.vision.trained_on import body_config

__all__ = [
    "cnn_config",
    "create_body",
    "create_cnn_model",
    "create_head",
]

_HIDDEN = 512  # width of the head's hidden layer
_CALM = 0.1  # first scale and last weights of a head on a trained body, against those of their layers
_FINAL_MOMENTUM = 0.01  # of the batch norm behind the last layer: its statistics move slowly


def cnn_config(arch: Any) -> dict[str, Any]:
    """Return what is known of an architecture: its cut, split, stats, weights and name.

    For a foreign one the cut is None (it is looked for) and the split gives two groups, body and head: more for a
    Transformer, one for each block, and three for architectures of timm, torchvision and transformers.

    Example:
        >>> cnn_config("resnet18")["cut"]
        -2
    """
    builder = find_arch(arch)
    spec = spec_of(builder) or _foreign_spec(builder)
    return {"cut": spec.cut, "split": spec.split, "stats": spec.stats, "weights": spec.weights, "name": spec.name}


def _foreign_spec(builder: Any) -> ModelSpec:
    name = getattr(builder, "__name__", type(builder).__name__)
    if isinstance(builder, ForeignArch) and not isinstance(builder, ModuleArch):
        return ModelSpec(name, split=split_halves, stats=builder.stats or IMAGENET)
    return ModelSpec(name, split=split_at_blocks)


# --- the body


def create_body(
    arch: Any,
    pretrained: bool = True,
    cut: int | Callable[[nn.Module], nn.Module] | None = None,
    n_in: int = 3,
    img_size: tuple[int, int] | None = None,
    maps: bool = False,
) -> nn.Module:
    """Return the part of an architecture that turns images into feature maps or, of most Transformers, vectors.

    Args:
        arch: A callable that makes a model, a registered name, a name of timm's, `torchvision/` and a name of
            torchvision's, or a model that exists already (of transformers, of timm or your own).
        pretrained: Load the published weights.
        cut: How many of the model's children to keep (negative counts from the end), or a function from the model
            to its body. Default: what is registered or its library says, else everything before the last pooling
            layer, else before the last linear layer.
        n_in: Channels of the pictures; where the model takes another number, its first convolution is adapted.
        img_size: Height and width of the images in pixels, for models that are made for one size.
        maps: For a decoder: give a feature map and those on the way to it, never a vector.

    Shape: `(N, n_in, H, W) -> (N, C, h, w)` or `(N, C)`

    Raises:
        ArgumentError: no place to cut is found (lists the parts of the model), the model refuses the size, or it takes
            another number of channels and does not begin with a plain convolution.
        DownloadError: the weights are neither here nor can they be downloaded.
    """
    builder = find_arch(arch)
    request = BodyRequest(pretrained, n_in, pair_of(img_size), maps)
    if isinstance(builder, ForeignArch) and cut is None:
        body = builder.body(request)
    else:
        body = _cut_off(build_arch(builder, pretrained), builder, cut, request)
    unknown = n_in == 3 and find_entrance(body, n_in) is None  # its dry run will say why no picture goes in
    return body if unknown else with_input_channels(body, n_in)


def _cut_off(model: nn.Module, builder: Any, cut: Any, request: BodyRequest) -> nn.Module:
    config = cnn_config(builder)
    cut = config["cut"] if cut is None else cut
    if cut is None:
        return cut_foreign_or_run(model, config["name"], request)
    if callable(cut):
        return cut(model)
    if not isinstance(cut, int):
        raise ArgumentTypeError(explain("create_body", "cut", "must be an integer or a function", cut))
    return nn.Sequential(*list(model.children())[:cut])


# --- the head


def create_head(
    nf: int,
    nc: int,
    lin_ftrs: Sequence[int] | None = None,
    ps: float | Sequence[float] = 0.5,
    concat_pool: bool = True,
    bn_final: bool = False,
    pool: bool = True,
) -> nn.Sequential:
    """Return pooling and linear layers on top of a body.

    Args:
        nf: Features after pooling: twice the body's channels with `concat_pool`.
        nc: Length of the output, e.g. number of classes.
        lin_ftrs: Widths of the hidden layers, one of 512 when left out.
        ps: Dropout before each linear layer, 0 to 1; one number is that of the last, the others have half of it.
        concat_pool: Pool by maximum and average instead of average alone.
        bn_final: Batch norm behind the last layer.
        pool: False for a body that gives vectors: nothing is pooled.

    Shape: `(N, C, H, W) -> (N, nc)`, without `pool` `(N, nf) -> (N, nc)`

    Raises:
        ArgumentError: ps has another length than there are linear layers, or a width is no whole number.
    """
    hidden = [_HIDDEN] if lin_ftrs is None else to_numbers(lin_ftrs)
    _check_widths(hidden)
    widths = [nf, *hidden, nc]
    rates = _dropouts(ps, len(widths) - 1)
    pooled = [AdaptiveConcatPool2d() if concat_pool else nn.AdaptiveAvgPool2d(1)] if pool else []
    layers: list[nn.Module] = [*pooled, Flatten()]
    for i, p in enumerate(rates):
        is_last = i == len(rates) - 1
        actn = None if is_last else nn.ReLU(inplace=True)
        layers += bn_drop_lin(widths[i], widths[i + 1], bn=True, p=p, actn=actn)
    if bn_final:
        layers.append(nn.BatchNorm1d(nc, momentum=_FINAL_MOMENTUM))
    return nn.Sequential(*layers)


def _check_widths(lin_ftrs: Any) -> None:
    if not isinstance(lin_ftrs, list) or not all(isinstance(width, int) and width > 0 for width in lin_ftrs):
        rule = "must be a list of whole numbers, the widths of the hidden layers"
        raise ArgumentError(explain("create_head", "lin_ftrs", rule, lin_ftrs, "Pass e.g. [512]."))


def _dropouts(ps: float | Sequence[float], count: int) -> list[float]:
    check_numbers("create_head", "ps", ps, "must be numbers between 0 and 1")
    given = [float(p) for p in to_list(ps)]
    rates = [given[0] / 2] * (count - 1) + given if len(given) == 1 else given
    if len(rates) != count:
        rule = f"must be one number or one for each of the {count} linear layers"
        raise ArgumentError(explain("create_head", "ps", rule, ps))
    if not all(0 <= p <= 1 for p in rates):
        raise ArgumentError(explain("create_head", "ps", "must lie between 0 and 1", ps))
    return rates


def calm_head(head: nn.Module) -> None:
    """Let a new head on a trained body begin with small steps and small outputs.

    Adam moves each weight by about the rate whatever its gradient, so a step moves an output by the rate times the
    number of inputs, here thousands. The scale of the first batch norm and the weights of the last linear layer begin
    at a tenth; both learn. docs/design/0002-transfer-learning.md says what that is worth.
    """
    layers = [m for m in head.modules() if isinstance(m, (nn.BatchNorm1d, nn.Linear))]
    with torch.no_grad():
        for norm in [m for m in layers[:1] if isinstance(m, nn.BatchNorm1d)]:
            norm.weight.mul_(_CALM)
        for linear in [m for m in layers[-1:] if isinstance(m, nn.Linear)]:
            linear.weight.mul_(_CALM)


# --- both


@register("model")
def create_cnn_model(
    base_arch: Any,
    nc: int,
    cut: int | Callable[[nn.Module], nn.Module] | None = None,
    pretrained: bool = True,
    lin_ftrs: Sequence[int] | None = None,
    ps: float | Sequence[float] = 0.5,
    custom_head: nn.Module | None = None,
    bn_final: bool = False,
    concat_pool: bool = True,
    n_in: int = 3,
    img_size: tuple[int, int] | None = None,
) -> nn.Sequential:
    """Return body and head as an `nn.Sequential` of two.

    Args:
        base_arch: As `arch` of `create_body`.
        nc: Length of the output, e.g. number of classes.
        cut: As in `create_body`.
        pretrained: Load the published weights of the body.
        lin_ftrs: As in `create_head`, like ps, bn_final and concat_pool.
        custom_head: A head of your own; it receives what the body gives: feature maps or vectors.
        n_in: Channels of the pictures.
        img_size: As in `create_body`.

    Shape: `(N, n_in, H, W) -> (N, nc)`

    Example:
        >>> model = create_cnn_model("resnet18", 12, pretrained=False)
        >>> sum(p.numel() for p in model.parameters())
        11710540
    """
    body = create_body(base_arch, pretrained, cut, n_in, img_size)
    if custom_head is not None:
        return nn.Sequential(body, custom_head)
    if not isinstance(nc, int) or nc < 1:
        raise ArgumentError(explain("create_cnn_model", "nc", "must be an integer of at least 1", nc))
    shape = _output_shape(body, base_arch, pair_of(img_size))
    is_map = len(shape) == 4
    features = shape[1] * (2 if concat_pool and is_map else 1)
    return nn.Sequential(body, create_head(features, nc, lin_ftrs, ps, concat_pool, bn_final, pool=is_map))


def _output_shape(body: nn.Module, arch: Any, size: tuple[int, int] | None) -> tuple[int, ...]:
    """Return the shape of what the body makes of one image, `(1, C, h, w)` or `(1, C)`, found by a dry run."""
    hint = "Pass cut=, a function from the model to its body, or custom_head=."
    made = _made_at(body, arch, size)
    if made is None:
        try:
            made = dummy_output(body)
        except ArgumentError as error:
            raise ArgumentError(f"create_cnn_model: the body does not run on its own ({error}) {hint}") from error
    if isinstance(made, Tensor) and made.dim() in (2, 4):
        return tuple(made.shape)
    ending = ", ".join(type(layer).__name__ for layer in list(body.children())[-3:])
    shape = tuple(made.shape) if isinstance(made, Tensor) else type(made).__name__
    raise ArgumentError(
        f"create_cnn_model: the body must make feature maps (N, C, H, W) or vectors (N, C); it ends in {ending} and "
        f"makes {shape}. {hint}"
    )


def _made_at(body: nn.Module, arch: Any, size: tuple[int, int] | None) -> Any:
    """Return what the body makes of an image of this size, None where none is given or no size is known to go in.

    Raises:
        ArgumentError: it takes images of another size, and not of this one.
    """
    if size is None:
        return None
    try:
        return dummy_eval(body, size)
    except Exception as error:  # of a model of which nothing is known
        try:
            dummy_output(body)
        except ArgumentError:
            return None
        config = body_config(arch)
        raise ArgumentError(refused_size(config.name, size, config.size, " ".join(str(error).split()))) from error
