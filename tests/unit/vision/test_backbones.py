"""Body, head and the two together: counts to the digit, cuts of foreign models, errors."""

import pytest
import torch
from torch import nn

from onecycle.errors import ArgumentError, ArgumentTypeError
from onecycle.nn.layers import AdaptiveConcatPool2d, Flatten
from onecycle.nn.summary import summary_table
from onecycle.nn.surgery import freeze_groups, split_model, trainable_params
from onecycle.utils.registry import lookup
from onecycle.vision.backbones import cnn_config, create_body, create_cnn_model, create_head
from onecycle.vision.models.resnet import resnet18, resnet34


def total(parameters) -> int:
    return sum(p.numel() for p in parameters)


def groups_of(model, arch):
    return split_model(model, cnn_config(arch)["split"](model))


def test_resnet34_with_37_classes_and_bn_final():
    model = create_cnn_model(resnet34, 37, pretrained=False, bn_final=True)
    freeze_groups(groups_of(model, resnet34), -1)
    assert total(model.parameters()) == 21_831_599
    assert total(trainable_params(model)) == 563_951


def test_resnet18_with_12_classes():
    model = create_cnn_model(resnet18, 12, pretrained=False)
    groups = groups_of(model, resnet18)
    assert [len(group) for group in groups] == [26, 24, 10]
    assert [sum(hasattr(layer, "weight") for layer in group) for group in groups] == [20, 20, 4]
    counts = []
    for n in (-1, 1, 0):
        freeze_groups(groups, n)
        counts.append(total(trainable_params(model)))
    assert counts == [543_628, 11_029_388, 11_710_540]


def test_the_head_in_the_order_of_the_documents():
    head = create_head(1024, 37, bn_final=True)
    assert [repr(layer) for layer in head][1:] == [
        "Flatten()",
        repr(nn.BatchNorm1d(1024)),
        "Dropout(p=0.25, inplace=False)",
        "Linear(in_features=1024, out_features=512, bias=True)",
        "ReLU(inplace=True)",
        repr(nn.BatchNorm1d(512)),
        "Dropout(p=0.5, inplace=False)",
        "Linear(in_features=512, out_features=37, bias=True)",
        repr(nn.BatchNorm1d(37, momentum=0.01)),
    ]
    assert isinstance(head[0], AdaptiveConcatPool2d)


def test_the_summary_of_the_documents():
    model = create_cnn_model(resnet34, 37, pretrained=False, bn_final=True)
    freeze_groups(groups_of(model, resnet34), -1)
    table = summary_table(model, torch.zeros(1, 3, 224, 224))
    assert "Conv2d               [1, 64, 112, 112]    9,408      False     \n" + "_" * 70 in table
    assert "AdaptiveMaxPool2d    [1, 512, 1, 1]       0          False     \n" in table
    assert table.endswith(
        "\n\nTotal params: 21,831,599\nTotal trainable params: 563,951\nTotal non-trainable params: 21,267,648\n"
    )


PART = ["BatchNorm1d", "Dropout", "Linear"]


@pytest.mark.parametrize(
    ("options", "kinds"),
    [
        ({"lin_ftrs": []}, PART),
        ({"ps": 0.0}, ["BatchNorm1d", "Linear", "ReLU", "BatchNorm1d", "Linear"]),
        ({"lin_ftrs": [9], "ps": [0.1, 0.2]}, [*PART, "ReLU", *PART]),
    ],
)  # fmt: skip
def test_head_options(options, kinds):
    head = create_head(8, 3, **options)
    assert [type(layer).__name__ for layer in head][2:] == kinds
    assert head(torch.randn(2, 4, 5, 5)).shape == (2, 3)


def test_head_dropouts_and_plain_pool():
    head = create_head(8, 3, lin_ftrs=[6, 5], ps=0.4, concat_pool=False)
    assert [layer.p for layer in head if isinstance(layer, nn.Dropout)] == [0.2, 0.2, 0.4]
    assert isinstance(head[0], nn.AdaptiveAvgPool2d)
    assert head(torch.randn(2, 8, 5, 5)).shape == (2, 3)


def test_head_refuses_odd_dropouts():
    with pytest.raises(ArgumentError, match="ps must be one number or one for each of the 2 linear layers; got"):
        create_head(8, 3, ps=[0.1, 0.2, 0.3])
    with pytest.raises(ArgumentError, match=r"ps must lie between 0 and 1; got 1\.5"):
        create_head(8, 3, ps=1.5)


def test_custom_head_and_plain_pool():
    custom = nn.Sequential(nn.AdaptiveAvgPool2d(1), Flatten(), nn.Linear(512, 3))
    model = create_cnn_model("resnet18", 3, pretrained=False, custom_head=custom)
    assert model[1] is custom
    plain = create_cnn_model("resnet18", 3, pretrained=False, concat_pool=False)
    assert plain[1][2].num_features == 512


@pytest.mark.parametrize("nc", [0, 2.5, "3"])
def test_number_of_classes_is_checked(nc):
    with pytest.raises(ArgumentError, match="create_cnn_model: nc must be an integer of at least 1; got"):
        create_cnn_model("squeezenet1_1", nc, pretrained=False)


def test_grey_pictures():
    model = create_cnn_model("squeezenet1_1", 3, pretrained=False, n_in=1).eval()
    assert model(torch.zeros(2, 1, 64, 64)).shape == (2, 3)


def test_building_the_model_leaves_its_mode_and_the_statistics():
    model = create_cnn_model("resnet18", 3, pretrained=False)
    assert all(module.training for module in model.modules())
    assert model[0][1].num_batches_tracked == 0


def test_config_of_known_and_foreign():
    assert cnn_config(resnet18)["cut"] == -2
    assert cnn_config("densenet121")["cut"] == -1
    assert cnn_config("resnet18")["weights"].sha256_prefix == "5c106cde"
    foreign = cnn_config(lambda: None)
    assert foreign["cut"] is None
    assert foreign["split"](nn.Sequential(nn.ReLU(), nn.Identity()))[0].__class__ is nn.Identity


def test_the_model_is_known_by_name():
    assert lookup("model", "create_cnn_model") is create_cnn_model


# --- foreign models


def conv(n_in: int = 3, n_out: int = 4) -> nn.Module:
    return nn.Conv2d(n_in, n_out, 3, padding=1)


def test_own_cuts():
    build = lambda: nn.Sequential(conv(), nn.ReLU(), conv(4), nn.Flatten())
    assert len(create_body(build, cut=2)) == 2
    assert len(create_body(build, cut=-1)) == 3
    assert isinstance(create_body(build, cut=lambda model: model[0]), nn.Conv2d)
    with pytest.raises(ArgumentTypeError, match=r"create_body: cut must be an integer or a function; got 1\.5"):
        create_body(build, cut=1.5)


def test_any_callable_makes_a_classifier():
    model = create_cnn_model(lambda: nn.Sequential(conv(3, 9), nn.ReLU(), nn.AdaptiveAvgPool2d(1)), 4)
    assert model[1][2].num_features == 18
    assert model(torch.zeros(2, 3, 16, 16)).shape == (2, 4)


def test_a_body_that_makes_neither_maps_nor_vectors():
    build = lambda: nn.Sequential(conv(), nn.Flatten(2), nn.Linear(64 * 64, 2))
    with pytest.raises(ArgumentError, match=r"vectors .* ends in .*Linear and makes \(1, 4, 2\)\. Pass cut="):
        create_cnn_model(build, 4, cut=3)


def test_a_body_that_does_not_run_on_its_own():
    build = lambda: nn.Sequential(conv(3, 4), conv(8, 4), nn.AdaptiveAvgPool2d(1))
    with pytest.raises(ArgumentError, match=r"does not run on its own .*Given groups=1.* Pass cut="):
        create_cnn_model(build, 4)


@pytest.mark.parametrize("widths", ["512", [0.5], 512, [0]])
def test_widths_of_a_head_are_whole_numbers(widths):
    with pytest.raises(ArgumentError, match=r"lin_ftrs must be a list of whole numbers.*; got .*\[512\]"):
        create_head(8, 2, widths)


def test_dropouts_of_a_head_are_numbers():
    with pytest.raises(ArgumentError, match="ps must be numbers between 0 and 1; got 'a'"):
        create_head(8, 2, ps="a")


def test_a_foreign_body_is_made_to_take_the_channels_of_the_pictures():
    grey = lambda: nn.Sequential(conv(1, 8), nn.ReLU(), nn.AdaptiveAvgPool2d(1), Flatten(), nn.Linear(8, 10))
    assert create_cnn_model(grey, 4, pretrained=False, n_in=3)(torch.zeros(2, 3, 8, 8)).shape == (2, 4)
    assert create_cnn_model(grey, 4, pretrained=False, n_in=1)[0][0].in_channels == 1


def test_a_body_that_cannot_be_made_to_take_them_says_why():
    normed = lambda: nn.Sequential(nn.BatchNorm2d(1), conv(1, 8), nn.AdaptiveAvgPool2d(1))
    with pytest.raises(ArgumentError, match="3 channels in place of 1; it begins with BatchNorm2d, which takes 1"):
        create_cnn_model(normed, 4, pretrained=False, n_in=3)
