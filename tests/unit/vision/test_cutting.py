"""Where the body of an unknown model ends."""

import pytest
import torch
from torch import nn

from onecycle.errors import ArgumentError
from onecycle.vision.cutting import cut_foreign, has_pool_type


def conv(n_in: int = 3, n_out: int = 4) -> nn.Module:
    return nn.Conv2d(n_in, n_out, 3, padding=1)


class Wrapped(nn.Module):
    def __init__(self, *layers) -> None:
        super().__init__()
        self.all = nn.Sequential(*layers)

    def forward(self, x):
        return self.all(x)


def pool_head() -> nn.Module:
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))


def excite() -> nn.Module:
    """A convolution with a squeeze-and-excite branch: pooling in the middle of a body."""
    return nn.Sequential(conv(4), nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(4, 4, 1)))


def test_has_pool_type():
    assert has_pool_type(nn.Sequential(nn.Sequential(nn.AdaptiveAvgPool2d(1))))
    assert not has_pool_type(nn.Linear(1, 1))


@pytest.mark.parametrize(
    ("model", "kinds"),
    [
        # the last pooling layer
        (nn.Sequential(conv(), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()), ["Conv2d", "ReLU"]),
        (nn.Sequential(conv(), nn.MaxPool2d(2), conv(4), nn.AvgPool2d(8)), ["Conv2d", "MaxPool2d", "Conv2d"]),
        # ... within a head, or within a wrapper
        (nn.Sequential(conv(), pool_head()), ["Conv2d"]),
        (Wrapped(conv(), nn.ReLU(), pool_head()), ["Conv2d", "ReLU"]),
        (nn.Sequential(conv(), nn.Sequential(nn.Conv2d(4, 9, 1), nn.AdaptiveAvgPool2d(1))), ["Conv2d"]),
        (nn.Sequential(nn.Sequential(conv(), nn.ReLU(), nn.MaxPool2d(2)), nn.Linear(4, 2)), ["Conv2d", "ReLU"]),
        # pooling that convolutions follow belongs to the body
        (nn.Sequential(conv(), nn.MaxPool2d(2), conv(4), nn.ReLU(), nn.Linear(4, 2)),
         ["Conv2d", "MaxPool2d", "Conv2d", "ReLU"]),
        (nn.Sequential(conv(), excite(), nn.Flatten(), nn.Linear(4, 2)), ["Conv2d", "Sequential"]),
        (nn.Sequential(conv(), excite(), nn.AdaptiveAvgPool2d(1), nn.Linear(4, 2)), ["Conv2d", "Sequential"]),
        # nothing pools, or nothing is a head
        (nn.Sequential(conv(), nn.ReLU(), nn.Flatten(), nn.Linear(4, 2)), ["Conv2d", "ReLU"]),
        (nn.Sequential(conv(), nn.BatchNorm2d(4)), ["Conv2d", "BatchNorm2d"]),
    ],
)  # fmt: skip
def test_the_cut(model, kinds):
    assert [type(layer).__name__ for layer in cut_foreign(model, "mine")] == kinds


@pytest.mark.parametrize(
    "model",
    [
        nn.Sequential(nn.Linear(3, 4), nn.ReLU()),
        nn.ReLU(),
        pool_head(),
        nn.Sequential(conv(), nn.TransformerEncoderLayer(4, 1), nn.Linear(4, 2)),
    ],
)
def test_no_place_is_found(model):
    with pytest.raises(ArgumentError, match=r"no place to cut was found in mine; its parts are: .* Pass cut="):
        cut_foreign(model, "mine")


class Chain(nn.Module):
    """Three layers and a head; what is between the layers, and their order, is said."""

    def __init__(self, between=nn.functional.relu_, stem_first=True):
        super().__init__()
        layers = [("stem", nn.Conv2d(3, 3, 3, padding=1)), ("block", nn.Conv2d(3, 3, 3, padding=1))]
        for name, layer in layers if stem_first else layers[::-1]:
            setattr(self, name, layer)
        self.pool, self.head, self.between = nn.AdaptiveAvgPool2d(1), nn.Linear(3, 2), between

    def forward(self, x):
        return self.head(self.pool(self.block(self.between(self.stem(x)))).flatten(1))


def test_layers_that_run_one_after_another_are_the_body():
    model = Chain(between=lambda x: x)
    assert list(cut_foreign(model, "chain")) == [model.stem, model.block]


@pytest.mark.parametrize("model", [Chain(), Chain(between=torch.sigmoid), Chain(lambda x: x, stem_first=False)])
def test_what_lies_between_layers_is_not_lost_silently(model):
    with pytest.raises(ArgumentError, match="chain does more than run its layers one after another.*Pass cut="):
        cut_foreign(model, "chain")


def test_a_model_that_takes_no_made_up_picture_is_cut_all_the_same():
    def refuse(x):
        raise RuntimeError("no")

    assert len(cut_foreign(Chain(refuse), "chain")) == 2
