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
    from onecycle.vision.affine_transforms import (
        dihedral_affine, flip_affine, rotate, shear, squish, translate, zoom, zoom_squish,
    )
    from onecycle.vision.archs import (
        build_arch, find_arch, has_weights,
    )
    from onecycle.vision.augment import (
        rand_augment, trivial_augment,
    )
    from onecycle.vision.backbones import (
        cnn_config, create_body, create_cnn_model, create_head,
    )
    from onecycle.vision.body_groups import (
        split_at_blocks, split_halves,
    )
    from onecycle.vision.boxes import (
        ImageBBox,
    )
    from onecycle.vision.check import (
        Finding, Report, check_folder,
    )
    from onecycle.vision.cutting import (
        cut_foreign, has_pool_type,
    )
    from onecycle.vision.detection_model import (
        create_detection_model,
    )
    from onecycle.vision.detector import (
        detection_learner,
    )
    from onecycle.vision.digits import (
        write_digits,
    )
    from onecycle.vision.feature_losses import (
        feature_loss,
    )
    from onecycle.vision.file_predictions import (
        FilePrediction, predict_files, write_predictions,
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
    from onecycle.vision.image_downloads import (
        download_image, download_images,
    )
    from onecycle.vision.image_files import (
        get_annotations, get_image_files, image_extensions,
    )
    from onecycle.vision.image_list import (
        ImageImageList, ImageItemList, ImageList,
    )
    from onecycle.vision.interpret import (
        ObjectDetectionInterpretation, SegmentationInterpretation,
    )
    from onecycle.vision.learner import (
        cnn_learner, create_cnn, unet_learner,
    )
    from onecycle.vision.normalization import (
        Denormalize, Normalize, channel_view, cifar_stats, denormalize, imagenet_stats, mnist_stats,
        normalize, normalize_funcs,
    )
    from onecycle.vision.object_list import (
        ObjectCategoryList, ObjectCategoryProcessor, ObjectItemList, bb_pad_collate,
    )
    from onecycle.vision.opening import (
        open_image, open_mask, open_mask_rle, pil2tensor,
    )
    from onecycle.vision.picture import (
        Image,
    )
    from onecycle.vision.picture_faults import (
        PictureFacts, examine_picture,
    )
    from onecycle.vision.pillow import (
        allow_image_format, image_formats,
    )
    from onecycle.vision.pixel_batch import (
        PixelBatch,
    )
    from onecycle.vision.pixel_transforms import (
        brightness, contrast, crop, crop_pad, cutout, dihedral, flip_lr, pad, random_erasing, rgb_randomize,
    )
    from onecycle.vision.points import (
        ImagePoints,
    )
    from onecycle.vision.points_list import (
        PointsItemList, PointsLabelList, PointsProcessor,
    )
    from onecycle.vision.random_choice import (
        RandChoice,
    )
    from onecycle.vision.recipes import (
        get_transforms, rand_crop, rand_pad, rand_resize_crop, rand_zoom, zoom_crop,
    )
    from onecycle.vision.resize import (
        ResizeMethod, bb2hw, tis2hw,
    )
    from onecycle.vision.rle import (
        rle_decode, rle_encode,
    )
    from onecycle.vision.segment import (
        ImageSegment,
    )
    from onecycle.vision.segmentation_list import (
        SegmentationItemList, SegmentationLabelList, SegmentationProcessor,
    )
    from onecycle.vision.show import (
        image2np, plot_flat, plot_multi, show_all, show_image, show_multi,
    )
    from onecycle.vision.tar_list import (
        TarImageList,
    )
    from onecycle.vision.timm_arch import (
        TimmArch,
    )
    from onecycle.vision.tone_transforms import (
        autocontrast, equalize, posterize, saturation, sharpness, solarize,
    )
    from onecycle.vision.trained_on import (
        BodyConfig, body_config,
    )
    from onecycle.vision.transform_base import (
        RandTransform, TfmAffine, TfmCoord, TfmCrop, TfmLighting, TfmList, TfmPixel, Transform,
    )
    from onecycle.vision.tta import (
        tta_transforms,
    )
    from onecycle.vision.unet_model import (
        create_unet_model,
    )
    from onecycle.vision.verify import (
        resize_to, verify_image, verify_images,
    )
    from onecycle.vision.warp_transforms import (
        jitter, perspective_warp, skew, symmetric_warp, tilt,
    )

__all__ = [
    "BodyConfig", "CoordFunc", "Denormalize", "FilePrediction", "Finding", "FlowField", "Image", "ImageBBox",
    "ImageDataBunch", "ImageImageList", "ImageItemList", "ImageList", "ImagePoints", "ImageSegment",
    "Normalize", "ObjectCategoryList", "ObjectCategoryProcessor", "ObjectDetectionInterpretation",
    "ObjectItemList", "PictureFacts", "PixelBatch", "PointsItemList", "PointsLabelList", "PointsProcessor",
    "RandChoice", "RandTransform", "Report", "ResizeMethod", "SegmentationInterpretation",
    "SegmentationItemList", "SegmentationLabelList", "SegmentationProcessor", "TarImageList", "TfmAffine",
    "TfmCoord", "TfmCrop", "TfmLighting", "TfmList", "TfmPixel", "TimmArch", "Transform",
    "allow_image_format", "autocontrast", "bb2hw", "bb_pad_collate", "body_config", "brightness",
    "build_arch", "channel_view", "check_folder", "cifar_stats", "cnn_config", "cnn_learner", "contrast",
    "create_body", "create_cnn", "create_cnn_model", "create_detection_model", "create_head",
    "create_unet_model", "crop", "crop_pad", "cut_foreign", "cutout", "denormalize", "detection_learner",
    "dihedral", "dihedral_affine", "download_image", "download_images", "equalize", "examine_picture",
    "feature_loss", "find_arch", "flip_affine", "flip_lr", "get_annotations", "get_image_files",
    "get_transforms", "has_pool_type", "has_weights", "image2np", "image_extensions", "image_formats",
    "imagenet_stats", "jitter", "mnist_stats", "models", "normalize", "normalize_funcs", "open_image",
    "open_mask", "open_mask_rle", "pad", "perspective_warp", "pil2tensor", "plot_flat", "plot_multi",
    "posterize", "predict_files", "rand_augment", "rand_crop", "rand_pad", "rand_resize_crop", "rand_zoom",
    "random_erasing", "resize_to", "rgb_randomize", "rle_decode", "rle_encode", "rotate", "saturation",
    "scale_flow", "sharpness", "shear", "show_all", "show_grid", "show_image", "show_multi", "show_pairs",
    "skew", "solarize", "split_at_blocks", "split_halves", "squish", "symmetric_warp", "tilt", "tis2hw",
    "translate", "trivial_augment", "tta_transforms", "unet_learner", "verify_image", "verify_images",
    "vision", "write_digits", "write_predictions", "zoom", "zoom_crop", "zoom_squish",
]
__all__ += basics.__all__

_LEAVES = {
    "onecycle.vision.affine_transforms": (
        "dihedral_affine", "flip_affine", "rotate", "shear", "squish", "translate", "zoom", "zoom_squish",
    ),
    "onecycle.vision.archs": (
        "build_arch", "find_arch", "has_weights",
    ),
    "onecycle.vision.augment": (
        "rand_augment", "trivial_augment",
    ),
    "onecycle.vision.backbones": (
        "cnn_config", "create_body", "create_cnn_model", "create_head",
    ),
    "onecycle.vision.body_groups": (
        "split_at_blocks", "split_halves",
    ),
    "onecycle.vision.boxes": (
        "ImageBBox",
    ),
    "onecycle.vision.check": (
        "Finding", "Report", "check_folder",
    ),
    "onecycle.vision.cutting": (
        "cut_foreign", "has_pool_type",
    ),
    "onecycle.vision.detection_model": (
        "create_detection_model",
    ),
    "onecycle.vision.detector": (
        "detection_learner",
    ),
    "onecycle.vision.digits": (
        "write_digits",
    ),
    "onecycle.vision.feature_losses": (
        "feature_loss",
    ),
    "onecycle.vision.file_predictions": (
        "FilePrediction", "predict_files", "write_predictions",
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
    "onecycle.vision.image_downloads": (
        "download_image", "download_images",
    ),
    "onecycle.vision.image_files": (
        "get_annotations", "get_image_files", "image_extensions",
    ),
    "onecycle.vision.image_list": (
        "ImageImageList", "ImageItemList", "ImageList",
    ),
    "onecycle.vision.interpret": (
        "ObjectDetectionInterpretation", "SegmentationInterpretation",
    ),
    "onecycle.vision.learner": (
        "cnn_learner", "create_cnn", "unet_learner",
    ),
    "onecycle.vision.normalization": (
        "Denormalize", "Normalize", "channel_view", "cifar_stats", "denormalize", "imagenet_stats",
        "mnist_stats", "normalize", "normalize_funcs",
    ),
    "onecycle.vision.object_list": (
        "ObjectCategoryList", "ObjectCategoryProcessor", "ObjectItemList", "bb_pad_collate",
    ),
    "onecycle.vision.opening": (
        "open_image", "open_mask", "open_mask_rle", "pil2tensor",
    ),
    "onecycle.vision.picture": (
        "Image",
    ),
    "onecycle.vision.picture_faults": (
        "PictureFacts", "examine_picture",
    ),
    "onecycle.vision.pillow": (
        "allow_image_format", "image_formats",
    ),
    "onecycle.vision.pixel_batch": (
        "PixelBatch",
    ),
    "onecycle.vision.pixel_transforms": (
        "brightness", "contrast", "crop", "crop_pad", "cutout", "dihedral", "flip_lr", "pad",
        "random_erasing", "rgb_randomize",
    ),
    "onecycle.vision.points": (
        "ImagePoints",
    ),
    "onecycle.vision.points_list": (
        "PointsItemList", "PointsLabelList", "PointsProcessor",
    ),
    "onecycle.vision.random_choice": (
        "RandChoice",
    ),
    "onecycle.vision.recipes": (
        "get_transforms", "rand_crop", "rand_pad", "rand_resize_crop", "rand_zoom", "zoom_crop",
    ),
    "onecycle.vision.resize": (
        "ResizeMethod", "bb2hw", "tis2hw",
    ),
    "onecycle.vision.rle": (
        "rle_decode", "rle_encode",
    ),
    "onecycle.vision.segment": (
        "ImageSegment",
    ),
    "onecycle.vision.segmentation_list": (
        "SegmentationItemList", "SegmentationLabelList", "SegmentationProcessor",
    ),
    "onecycle.vision.show": (
        "image2np", "plot_flat", "plot_multi", "show_all", "show_image", "show_multi",
    ),
    "onecycle.vision.tar_list": (
        "TarImageList",
    ),
    "onecycle.vision.timm_arch": (
        "TimmArch",
    ),
    "onecycle.vision.tone_transforms": (
        "autocontrast", "equalize", "posterize", "saturation", "sharpness", "solarize",
    ),
    "onecycle.vision.trained_on": (
        "BodyConfig", "body_config",
    ),
    "onecycle.vision.transform_base": (
        "RandTransform", "TfmAffine", "TfmCoord", "TfmCrop", "TfmLighting", "TfmList", "TfmPixel",
        "Transform",
    ),
    "onecycle.vision.tta": (
        "tta_transforms",
    ),
    "onecycle.vision.unet_model": (
        "create_unet_model",
    ),
    "onecycle.vision.verify": (
        "resize_to", "verify_image", "verify_images",
    ),
    "onecycle.vision.warp_transforms": (
        "jitter", "perspective_warp", "skew", "symmetric_warp", "tilt",
    ),
    **basics._LEAVES,
}

__getattr__, __dir__ = open_door(__name__, _LEAVES, {"models": "onecycle.vision.models", "vision": "onecycle.vision"})
