"""The class activation map, against the 2018 lesson by hand and Zhou et al.'s formula."""

import numpy as np
import pytest
import torch
from interpret_fakes import small_model
from torch import nn

from onecycle.errors import ArgumentError
from onecycle.interpret.class_maps import class_activation_map
from onecycle.nn.hooks import SaveFeatures
from onecycle.nn.layers import AdaptiveConcatPool2d
from onecycle.utils.tensors import to_np


@pytest.fixture
def xb():
    return torch.rand(2, 3, 8, 8)


def lesson_model():
    """Return a network as in the lesson: a convolution with two outputs, an average, a softmax."""
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1, stride=2), nn.ReLU(), nn.Conv2d(6, 2, 3, padding=1), nn.AdaptiveAvgPool2d(1),
        nn.Flatten(), nn.LogSoftmax(dim=1),
    )  # fmt: skip


def by_hand(m, x):
    """Compute the map as the lesson does, for the class the model is sure of."""
    sf = SaveFeatures(m[-4])
    py = m(x)
    sf.remove()
    py = np.exp(to_np(py)[0])
    py = np.eye(2, dtype=np.float32)[py.argmax()]  # the lesson's model is 100 % sure
    feat = np.maximum(0, sf.features[0])
    f2 = np.dot(np.rollaxis(feat, 0, 3), py)
    f2 -= f2.min()
    f2 /= f2.max()
    return f2


def test_it_is_what_the_lesson_computes(xb):
    model = lesson_model().eval()
    sure = int(model(xb)[0].argmax())
    with torch.no_grad():
        model[2].bias += 0.5  # so that the ReLU leaves something
    heat = class_activation_map(model, xb, sure).clamp(min=0)
    ours = (heat - heat.min()) / (heat - heat.min()).max()
    np.testing.assert_allclose(ours, by_hand(model, xb), atol=1e-6)


@pytest.mark.parametrize("category", [0, 2])
def test_places_weigh_as_much_as_their_channels(xb, category):
    model = small_model(3).eval()
    heat = class_activation_map(model, xb, category)
    linear, features = model[1][3], model[0](xb)[0]
    expected = sum(weight * channel for weight, channel in zip(linear.weight[category], features, strict=True))
    torch.testing.assert_close(heat, expected.detach())
    torch.testing.assert_close(heat.mean() + linear.bias[category], model(xb)[0, category])


def test_nothing_is_left_behind(xb):
    model = small_model(3).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    class_activation_map(model, xb, 1)
    assert model.training and not any(part._forward_hooks for part in model.modules())
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_a_layer_and_a_linear_of_ones_choice(xb):
    model = small_model(3)
    given = class_activation_map(model, xb, 1, layer=model[0], linear=model[1][3])
    assert torch.equal(given, class_activation_map(model, xb, 1))


def test_without_a_bias(xb):
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2, bias=False))
    torch.testing.assert_close(class_activation_map(model, xb, 0).mean(), model(xb)[0, 0].detach())


@pytest.mark.parametrize(
    "head",
    [
        [AdaptiveConcatPool2d(), nn.Flatten(), nn.Linear(8, 2)],
        [nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(4, 2)],
        [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2)],
        [nn.AdaptiveAvgPool2d(1), nn.Flatten()],
        [nn.Conv2d(4, 2, 1), nn.AdaptiveMaxPool2d(1), nn.Flatten()],
    ],
    ids=["both pools", "maximum", "two linear layers", "a channel more", "maximum of channels"],
)
def test_networks_that_end_otherwise_are_refused(xb, head):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), *head)
    if len(head) == 2:
        model.append(nn.Unflatten(1, (2, 2))).append(nn.Flatten(2)).append(nn.AdaptiveAvgPool1d(1)).append(nn.Flatten())
    rule = "class_activation_map: model must end in an average over places and one linear layer.*Use grad_cam"
    with pytest.raises(ArgumentError, match=rule):
        class_activation_map(model, xb, 1)


def test_an_unknown_category_is_refused(xb):
    with pytest.raises(ArgumentError, match=r"class_activation_map: category must lie in 0..1; got 2"):
        class_activation_map(lesson_model(), xb, 2)
