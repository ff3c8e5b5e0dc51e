"""Tests of heat maps, against the computation by hand."""

import pytest
import torch
from interpret_fakes import Picture, small_model
from torch import nn

from onecycle.errors import ArgumentError
from onecycle.interpret.activation_maps import activation_map, feature_layer, grad_cam, show_heatmap
from onecycle.nn.hooks import hook_output


@pytest.fixture
def model():
    return small_model(4).eval()


@pytest.fixture
def xb():
    return torch.rand(1, 3, 8, 8)


def by_hand(model, xb, category):
    """Return the map as in the sixth lesson: hooks on the body, backward from one output."""
    with hook_output(model[0]) as hook_a, hook_output(model[0], grad=True) as hook_g:
        preds = model(xb)
        preds[0, category].backward()
    acts, grad = hook_a.stored[0], hook_g.stored[0][0]
    grad_chan = grad.mean(1).mean(1)
    return (acts * grad_chan[..., None, None]).mean(0)


@pytest.mark.parametrize("category", [0, 3])
def test_grad_cam_is_what_the_lesson_computes(model, xb, category):
    assert torch.allclose(grad_cam(model, xb, category), by_hand(model, xb, category), atol=1e-8)


def test_activation_map_is_the_mean_over_channels(model, xb):
    assert torch.allclose(activation_map(model, xb), model[0](xb)[0].mean(0))
    assert activation_map(model, xb, layer=model[0][0]).shape == (4, 4)


def test_grad_cam_leaves_nothing_behind(model, xb):
    model.train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    grad_cam(model, xb, 1)
    assert torch.equal(torch.rand(1), expected)
    assert model.training
    assert all(p.grad is None for p in model.parameters())
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert not model[0]._forward_hooks
    assert not xb.requires_grad


def test_a_frozen_model_can_be_explained(model, xb):
    expected = grad_cam(model, xb, 1)
    model.requires_grad_(False)
    with torch.no_grad():
        assert torch.equal(grad_cam(model, xb, 1), expected)


def test_a_layer_that_the_next_overwrites(model, xb):
    assert torch.allclose(grad_cam(model, xb, 1, layer=model[0][1]), grad_cam(model, xb, 1))


def test_the_body_is_found(model, xb):
    assert feature_layer(model, xb) is model[0]


def test_the_last_map_of_enough_cells_is_found():
    net = nn.Sequential(
        nn.Conv2d(1, 2, 3, 2, 1), nn.ReLU(), nn.Conv2d(2, 2, 3, 2, 1), nn.Conv2d(2, 2, 3, 2, 1), nn.Flatten()
    )
    xb = torch.rand(1, 1, 16, 16)
    assert feature_layer(net, xb) is net[2]
    assert feature_layer(net, xb, min_cells=4) is net[3]
    assert feature_layer(net, xb, min_cells=1000) is net[3]


def test_a_model_without_maps_is_refused():
    with pytest.raises(ArgumentError, match=r"model must have a part with an output of shape \(N, C, H, W\)"):
        feature_layer(nn.Sequential(nn.Linear(2, 2)), torch.ones(1, 2))


def test_an_unknown_category_is_refused(model, xb):
    with pytest.raises(ArgumentError, match="grad_cam: category must lie in 0..3; got 4"):
        grad_cam(model, xb, 4)


class _Idle(nn.Module):
    def __init__(self):
        super().__init__()
        self.idle, self.used = nn.Conv2d(3, 3, 1), nn.Linear(3, 2)

    def forward(self, x):
        self.idle(x)
        return self.used(x.mean((2, 3)))


def test_a_layer_without_influence_is_refused(xb):
    net = _Idle()
    with pytest.raises(ArgumentError, match="grad_cam: layer must be a part that the output depends on"):
        grad_cam(net, xb, 0, layer=net.idle)


def test_show_heatmap_covers_the_picture():
    import matplotlib.pyplot as plt

    ax = plt.subplots()[1]
    show_heatmap(Picture(torch.rand(3, 8, 10)), torch.rand(4, 5), ax)
    picture, heat = ax.images
    assert picture.get_extent() == list(heat.get_extent())
    assert heat.get_alpha() == 0.6
    assert heat.get_cmap().name == "magma"


def test_show_heatmap_of_a_tensor_makes_its_own_axes():
    ax = show_heatmap(torch.rand(1, 8, 8), torch.rand(2, 2), alpha=0.3, cmap="jet", interpolation="nearest")
    assert ax.images[1].get_alpha() == 0.3
