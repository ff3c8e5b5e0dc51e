"""Pictures, masks, points, boxes: the names of the leaves about images, gathered under one address."""

# ruff: noqa: F401 - nothing here is used here; the leaves say what is public

from onecycle.vision.boxes import ImageBBox
from onecycle.vision.flow import CoordFunc, FlowField, scale_flow
from onecycle.vision.opening import open_image, open_mask, open_mask_rle, pil2tensor
from onecycle.vision.picture import Image
from onecycle.vision.pixel_batch import PixelBatch
from onecycle.vision.points import ImagePoints
from onecycle.vision.resize import ResizeMethod, bb2hw, tis2hw
from onecycle.vision.rle import rle_decode, rle_encode
from onecycle.vision.segment import ImageSegment
from onecycle.vision.show import image2np, plot_flat, plot_multi, show_all, show_image, show_multi
from onecycle.vision.transform_base import (
    RandTransform,
    TfmAffine,
    TfmCoord,
    TfmCrop,
    TfmLighting,
    TfmList,
    TfmPixel,
    Transform,
)
