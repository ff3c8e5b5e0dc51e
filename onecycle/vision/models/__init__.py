"""Front door: the architectures. Made by tools/make_front_doors.py; do not edit."""

# ruff: noqa

from __future__ import annotations

from typing import TYPE_CHECKING

from onecycle.prelude import open_door

if TYPE_CHECKING:
    from onecycle.vision.models.alex import (
        AlexNet, alexnet,
    )
    from onecycle.vision.models.anchors import (
        anchor_shapes, make_anchors,
    )
    from onecycle.vision.models.darknet import (
        Darknet, ResLayer,
    )
    from onecycle.vision.models.densenet import (
        DenseNet, densenet121, densenet161, densenet169, densenet201,
    )
    from onecycle.vision.models.feature_maps import (
        BodyMaps, FeatureMap,
    )
    from onecycle.vision.models.fpn import (
        FeaturePyramid,
    )
    from onecycle.vision.models.mobilenet import (
        InvertedResidual, MobileNetV2, mobilenet_v2,
    )
    from onecycle.vision.models.resnet import (
        ResNet, resnet101, resnet152, resnet18, resnet34, resnet50,
    )
    from onecycle.vision.models.retinanet import (
        RetinaHead, RetinaNet,
    )
    from onecycle.vision.models.spec import (
        ModelSpec, Weights, register_model, spec_of,
    )
    from onecycle.vision.models.squeezenet import (
        FireBlock, SqueezeNet, squeezenet1_0, squeezenet1_1,
    )
    from onecycle.vision.models.unet import (
        DynamicUnet, UnetBlock,
    )
    from onecycle.vision.models.vgg import (
        VGG, vgg11_bn, vgg13_bn, vgg16_bn, vgg19_bn,
    )
    from onecycle.vision.models.weights import (
        with_weights,
    )
    from onecycle.vision.models.wrn import (
        BasicBlock, WideResNet, wrn_22,
    )
    from onecycle.vision.models.xceptions import (
        SeparableBlock, Xception, xception,
    )
    from onecycle.vision.models.xresnet import (
        XResNet, xresnet101, xresnet152, xresnet18, xresnet18_deep, xresnet34, xresnet34_deep, xresnet50,
        xresnet50_deep,
    )

__all__ = [
    "AlexNet", "BasicBlock", "BodyMaps", "Darknet", "DenseNet", "DynamicUnet", "FeatureMap", "FeaturePyramid",
    "FireBlock", "InvertedResidual", "MobileNetV2", "ModelSpec", "ResLayer", "ResNet", "RetinaHead",
    "RetinaNet", "SeparableBlock", "SqueezeNet", "UnetBlock", "VGG", "Weights", "WideResNet", "XResNet",
    "Xception", "alexnet", "anchor_shapes", "densenet121", "densenet161", "densenet169", "densenet201",
    "make_anchors", "mobilenet_v2", "register_model", "resnet101", "resnet152", "resnet18", "resnet34",
    "resnet50", "spec_of", "squeezenet1_0", "squeezenet1_1", "vgg11_bn", "vgg13_bn", "vgg16_bn", "vgg19_bn",
    "with_weights", "wrn_22", "xception", "xresnet101", "xresnet152", "xresnet18", "xresnet18_deep",
    "xresnet34", "xresnet34_deep", "xresnet50", "xresnet50_deep",
]

_LEAVES = {
    "onecycle.vision.models.alex": (
        "AlexNet", "alexnet",
    ),
    "onecycle.vision.models.anchors": (
        "anchor_shapes", "make_anchors",
    ),
    "onecycle.vision.models.darknet": (
        "Darknet", "ResLayer",
    ),
    "onecycle.vision.models.densenet": (
        "DenseNet", "densenet121", "densenet161", "densenet169", "densenet201",
    ),
    "onecycle.vision.models.feature_maps": (
        "BodyMaps", "FeatureMap",
    ),
    "onecycle.vision.models.fpn": (
        "FeaturePyramid",
    ),
    "onecycle.vision.models.mobilenet": (
        "InvertedResidual", "MobileNetV2", "mobilenet_v2",
    ),
    "onecycle.vision.models.resnet": (
        "ResNet", "resnet101", "resnet152", "resnet18", "resnet34", "resnet50",
    ),
    "onecycle.vision.models.retinanet": (
        "RetinaHead", "RetinaNet",
    ),
    "onecycle.vision.models.spec": (
        "ModelSpec", "Weights", "register_model", "spec_of",
    ),
    "onecycle.vision.models.squeezenet": (
        "FireBlock", "SqueezeNet", "squeezenet1_0", "squeezenet1_1",
    ),
    "onecycle.vision.models.unet": (
        "DynamicUnet", "UnetBlock",
    ),
    "onecycle.vision.models.vgg": (
        "VGG", "vgg11_bn", "vgg13_bn", "vgg16_bn", "vgg19_bn",
    ),
    "onecycle.vision.models.weights": (
        "with_weights",
    ),
    "onecycle.vision.models.wrn": (
        "BasicBlock", "WideResNet", "wrn_22",
    ),
    "onecycle.vision.models.xceptions": (
        "SeparableBlock", "Xception", "xception",
    ),
    "onecycle.vision.models.xresnet": (
        "XResNet", "xresnet101", "xresnet152", "xresnet18", "xresnet18_deep", "xresnet34", "xresnet34_deep",
        "xresnet50", "xresnet50_deep",
    ),
}

__getattr__, __dir__ = open_door(__name__, _LEAVES)
