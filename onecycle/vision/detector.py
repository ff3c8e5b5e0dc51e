"""A learner that finds things in pictures: boxes with classes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import nn

from onecycle.errors import ArgumentError, ArgumentTypeError, check_keywords, explain
from onecycle.learner import Learner
from onecycle.learning.checks import check_data
from onecycle.nn.detection_loss import RetinaNetFocalLoss
from onecycle.vision.detection_model import create_detection_model
from onecycle.vision.learner import dry_size, input_channels, keywords_of_learner, model_spec_of, split_of
from onecycle.vision.object_list import ObjectCategoryList
from onecycle.vision.trained_on import normalize_as_trained

__all__ = ["detection_learner"]


def detection_learner(
    data: Any,
    arch: Any,
    pretrained: bool = True,
    cut: int | Callable[[nn.Module], nn.Module] | None = None,
    split_on: Any = None,
    levels: int = 3,
    extra: int = 1,
    scales: Sequence[float] = (4.0, 5.04, 6.35),
    ratios: Sequence[float] = (0.5, 1.0, 2.0),
    channels: int = 128,
    depth: int = 2,
    score_thresh: float = 0.05,
    nms_thresh: float = 0.5,
    max_boxes: int = 100,
    **learn_kwargs: Any,
) -> Learner:
    """Make a learner of a RetinaNet: a body, a feature pyramid, and a head that rates anchors.

    With `pretrained` the body is frozen (its batch norm still learns); train pyramid and head, then `unfreeze()`. The
    layer groups are those of `cnn_learner`. `get_preds` and `predict` give boxes (4 edges, class, score).

    Args:
        data: Pictures with boxes, an `ObjectItemList` with `collate_fn=bb_pad_collate`.
        arch: As `base_arch` of `cnn_learner`. The body has to give feature maps of several sizes.
        pretrained: Whether the body starts from downloaded weights.
        cut: Where the body ends: an index of the model's children, or a function of the model.
        split_on: How the layers are grouped: a function of the model or a list of layers.
        levels: How many of the body's feature maps are used, the smallest.
        extra: How many smaller maps are added: for things as large as the picture.
        scales: Sides of the square anchors, in cells of their map: at a map of an eighth of the picture's size,
            4 cells are 32 pixels. Take smaller ones for small things.
        ratios: Height by width of the anchors.
        channels: Channels of the pyramid and head, a multiple of 8.
        depth: Convolutions before the last layer of the head.
        score_thresh: Boxes of a lower score are not given, 0 to 1.
        nms_thresh: Of boxes of one class that overlap more (intersection over union), the surest is given, 0 to 1.
        max_boxes: Boxes a picture, at most.
        **learn_kwargs: What `Learner` takes: metrics, loss_func, wd, callback_fns, model_dir …

    Raises:
        ArgumentTypeError: a keyword is unknown, or the data holds no pictures with boxes.
        ArgumentError: there is no class but the background, the body has no usable feature maps (lists what was
            found), or a setting is out of range.
        DownloadError: the weights cannot be downloaded; says which file to put where.

    References:
        Lin et al. 2017, "Focal loss for dense object detection".

    Example:
        learn = detection_learner(data, models.resnet34, metrics=MeanAveragePrecision())
        learn.fit_one_cycle(10, 1e-3)
        boxes, rows, raw = learn.predict(open_image("street.jpg"))
    """
    check_keywords("detection_learner", learn_kwargs, keywords_of_learner(detection_learner))
    check_data("detection_learner", data)
    pad_idx, num_classes = _classes_of(data)
    loss = RetinaNetFocalLoss(
        pad_idx=pad_idx, score_thresh=score_thresh, nms_thresh=nms_thresh, max_boxes=max_boxes
    )
    args = {
        "num_classes": num_classes, "img_size": dry_size(data, arch), "cut": cut, "n_in": input_channels(data),
        "levels": levels, "extra": extra, "scales": scales, "ratios": ratios, "channels": channels, "depth": depth,
    }  # fmt: skip
    model = create_detection_model(arch, pretrained=pretrained, **args)  # type: ignore[arg-type]
    normalize_as_trained("detection_learner", data, arch)
    learn = Learner(data, model, **{"loss_func": loss, **learn_kwargs})
    learn.split(split_on or split_of(arch, cut))
    if pretrained:
        learn.freeze()
    learn.model_spec = model_spec_of("create_detection_model", arch, args)
    return learn


def _classes_of(data: Any) -> tuple[int, int]:
    """Return the index of the background and the number of the other classes."""
    labels = getattr(data.train_ds, "y", None)
    if not isinstance(labels, ObjectCategoryList):
        what = type(data if labels is None else labels).__name__
        raise ArgumentTypeError(
            f"detection_learner: data must be pictures labelled by boxes; its labels are {what}. Make it by "
            f"ObjectItemList….label_from_func(boxes_of)….databunch(collate_fn=bb_pad_collate)."
        )
    if data.c < 2:
        rule = "must have a class beside the background"
        cure = "Label at least one box."
        raise ArgumentError(explain("detection_learner", "data.classes", rule, data.classes, cure))
    return labels.pad_idx, data.c - 1
