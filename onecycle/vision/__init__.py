"""Front door: pictures, and all of onecycle.basics. Made by tools/make_front_doors.py; do not edit."""

# ruff: noqa

from __future__ import annotations

from typing import TYPE_CHECKING

from onecycle import basics
from onecycle.prelude import open_door

if TYPE_CHECKING:
    from onecycle.basics import *
    from onecycle.vision import models
    from onecycle import vision
    from onecycle.vision.backbones import (
        build_arch, cnn_config, create_body, create_cnn_model, create_head, find_arch, has_pool_type,
        has_weights,
    )
    from onecycle.vision.digits import (
        write_digits,
    )
    from onecycle.vision.download_images import (
        download_image, download_images,
    )
    from onecycle.vision.flow import (
        CoordFunc, FlowField, scale_flow,
    )
    from onecycle.vision.grids import (
        show_grid, show_pairs,
    )
    from onecycle.vision.image_bunch import (
        ImageDataBunch,
    )
    from onecycle.vision.image_files import (
        get_annotations, get_image_files, image_extensions,
    )
    from onecycle.vision.image_list import (
        ImageImageList, ImageList,
    )
    from onecycle.vision.models.spec import (
        register_model,
    )
    from onecycle.vision.normalize import (
        Denormalize, Normalize, channel_view, cifar_stats, denormalize, imagenet_stats, mnist_stats,
        normalize, normalize_funcs,
    )
    from onecycle.vision.picture_faults import (
        PictureFacts, examine_picture,
    )
    from onecycle.vision.verify import (
        resize_to, verify_image, verify_images,
    )

__all__ = [
    "CoordFunc", "Denormalize", "FlowField", "ImageDataBunch", "ImageImageList", "ImageList", "Normalize",
    "PictureFacts", "build_arch", "channel_view", "cifar_stats", "cnn_config", "create_body",
    "create_cnn_model", "create_head", "denormalize", "download_image", "download_images", "examine_picture",
    "find_arch", "get_annotations", "get_image_files", "has_pool_type", "has_weights", "image_extensions",
    "imagenet_stats", "mnist_stats", "models", "normalize", "normalize_funcs", "register_model", "resize_to",
    "scale_flow", "show_grid", "show_pairs", "verify_image", "verify_images", "vision", "write_digits",
]
__all__ += basics.__all__

_LEAVES = {
    "onecycle.vision.backbones": (
        "build_arch", "cnn_config", "create_body", "create_cnn_model", "create_head", "find_arch",
        "has_pool_type", "has_weights",
    ),
    "onecycle.vision.digits": (
        "write_digits",
    ),
    "onecycle.vision.download_images": (
        "download_image", "download_images",
    ),
    "onecycle.vision.flow": (
        "CoordFunc", "FlowField", "scale_flow",
    ),
    "onecycle.vision.grids": (
        "show_grid", "show_pairs",
    ),
    "onecycle.vision.image_bunch": (
        "ImageDataBunch",
    ),
    "onecycle.vision.image_files": (
        "get_annotations", "get_image_files", "image_extensions",
    ),
    "onecycle.vision.image_list": (
        "ImageImageList", "ImageList",
    ),
    "onecycle.vision.models.spec": (
        "register_model",
    ),
    "onecycle.vision.normalize": (
        "Denormalize", "Normalize", "channel_view", "cifar_stats", "denormalize", "imagenet_stats",
        "mnist_stats", "normalize", "normalize_funcs",
    ),
    "onecycle.vision.picture_faults": (
        "PictureFacts", "examine_picture",
    ),
    "onecycle.vision.verify": (
        "resize_to", "verify_image", "verify_images",
    ),
    **basics._LEAVES,
}

__getattr__, __dir__ = open_door(__name__, _LEAVES, {"models": "onecycle.vision.models", "vision": "onecycle.vision"})
