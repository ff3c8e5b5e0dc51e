"""Lists of pictures, their data and its normalisation: their names, gathered under one address."""

# ruff: noqa: F401 - nothing here is used here; the leaves say what is public

from onecycle.vision.image_bunch import ImageDataBunch
from onecycle.vision.image_downloads import download_image, download_images
from onecycle.vision.image_files import get_annotations, get_image_files, image_extensions
from onecycle.vision.image_list import ImageImageList, ImageItemList, ImageList
from onecycle.vision.normalization import (
    channel_view,
    cifar_stats,
    denormalize,
    imagenet_stats,
    mnist_stats,
    normalize,
    normalize_funcs,
)
from onecycle.vision.object_list import (
    ObjectCategoryList,
    ObjectCategoryProcessor,
    ObjectItemList,
    bb_pad_collate,
)
from onecycle.vision.points_list import PointsItemList, PointsLabelList, PointsProcessor
from onecycle.vision.segmentation_list import (
    SegmentationItemList,
    SegmentationLabelList,
    SegmentationProcessor,
)
from onecycle.vision.verify import resize_to, verify_image, verify_images
