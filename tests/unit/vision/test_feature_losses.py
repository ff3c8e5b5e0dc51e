"""Which layers a feature loss chooses, and whose body it sees by."""

import pytest
import torch
from torch import nn

from onecycle.data.bunch import DataBunch
from onecycle.errors import ArgumentError
from onecycle.learner import Learner
from onecycle.nn.feature_loss import FeatureLoss
from onecycle.vision.backbones import create_cnn_model
from onecycle.vision.feature_losses import feature_loss


def small_body():
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 5, 3, padding=1), nn.ReLU(),
        nn.MaxPool2d(2), nn.Conv2d(5, 6, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 7, 1),
    )  # fmt: skip


def learner_of(model):
    xb, yb = torch.rand(2, 3, 32, 32), torch.tensor([0, 1])
    return Learner(DataBunch([(xb, yb)], [(xb, yb)], device="cpu"), model, loss_func=nn.CrossEntropyLoss(), silent=True)


def test_the_relus_before_the_pools_of_vgg():
    loss = feature_loss("vgg16_bn", weights=[5, 15, 2], pretrained=False)
    assert [type(loss.body.get_submodule(name)) for name in loss.layers] == [nn.ReLU] * 3
    features = loss.body[0]
    assert loss.layers == [f"0.{i - 1}" for i, m in enumerate(features) if isinstance(m, nn.MaxPool2d)][2:]
    assert loss(torch.rand(1, 3, 32, 32), torch.rand(1, 3, 32, 32)) > 0


def test_the_stages_of_a_resnet_and_nothing_behind_them():
    loss = feature_loss("resnet18", pretrained=False)
    assert loss.layers == ["4.1", "5.1", "6.1"] and len(loss.body) == 7
    assert loss.weights == [1, 1, 1]


def test_how_many_layers_can_be_said():
    loss = feature_loss(small_body(), 2)
    assert loss.layers == ["4", "7"] and len(loss.body) == 8
    assert len(feature_loss(small_body(), ["1"]).body) == 2
    assert len(feature_loss(small_body(), [1, 4]).body) == 5
    assert len(feature_loss(small_body(), [-1]).body) == 10


def test_more_layers_than_there_are_is_told():
    with pytest.raises(ArgumentError, match=r"feature_loss: layers must be 1 to 3.*Found: 1 ReLU \(1, 4, 128, 128\)"):
        feature_loss(small_body(), 4)


def test_a_body_of_any_form():
    class Wrapped(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = small_body()

        def forward(self, x):
            return self.net(x)

    loss = feature_loss(Wrapped())
    assert loss.layers == ["net.1", "net.4", "net.7"]


def test_a_learner_lends_a_copy_of_its_body():
    learn = learner_of(create_cnn_model("resnet18", 2, pretrained=False))
    learn.model_spec = {"builder": "create_cnn_model"}
    learn.model.train()
    loss = feature_loss(learn)
    assert isinstance(loss, FeatureLoss) and loss.layers == ["4.1", "5.1", "6.1"]
    assert torch.equal(loss.body[0].weight, learn.model[0][0].weight)
    assert loss.body[0] is not learn.model[0][0]
    assert learn.model[0].training and learn.model[0][0].weight.requires_grad


def test_a_learner_with_a_model_of_ones_own_is_cut():
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(7, 2)]
    loss = feature_loss(learner_of(nn.Sequential(*small_body(), *head)))
    assert loss.layers == ["1", "4", "7"]
