import pytest
import torch

from onecycle.collab.models import EmbeddingDotBias
from onecycle.collab.network import EmbeddingNN
from onecycle.errors import ArgumentError


def test_dot_bias_is_product_and_biases():
    model = EmbeddingDotBias(3, 4, 5)
    users, items = torch.tensor([1, 3]), torch.tensor([4, 0])
    for k, (user, item) in enumerate(zip(users, items)):
        wanted = model.u_weight.weight[user] @ model.i_weight.weight[item]
        wanted = wanted + model.u_bias.weight[user, 0] + model.i_bias.weight[item, 0]
        assert torch.allclose(model(users, items)[k], wanted)


def test_range():
    model = EmbeddingDotBias(3, 4, 5, y_range=(1, 5))
    users = torch.tensor([0, 1])
    assert torch.allclose(model(users, users), torch.full((2,), 3.0), atol=0.01)  # begins in the middle
    model.u_bias.weight.data.fill_(50.0)
    assert model(users, users).max() <= 5


def test_names_of_the_weights():
    assert set(EmbeddingDotBias(3, 4, 5).state_dict()) == {
        f"{side}_{part}.weight" for side in "ui" for part in ("weight", "bias")
    }


def test_gradients_are_right():
    model = EmbeddingDotBias(2, 3, 3, y_range=(0, 5)).double()
    users, items = torch.tensor([0, 1, 1]), torch.tensor([2, 2, 0])
    weights = tuple(weight.detach().clone().requires_grad_() for weight in model.parameters())
    names = [name for name, _ in model.named_parameters()]

    def output(*values):
        return torch.func.functional_call(model, dict(zip(names, values)), (users, items))

    assert torch.autograd.gradcheck(output, weights)


def test_network():
    model = EmbeddingNN([(4, 3), (5, 2)], layers=[8], y_range=(1, 5)).eval()
    out = model(torch.tensor([1, 3]), torch.tensor([4, 0]))
    assert out.shape == (2, 1) and out.min() > 1 and out.max() < 5
    assert [layer.out_features for layer in EmbeddingNN([(4, 3), (5, 2)]).layers if hasattr(layer, "out_features")] == [
        200, 100, 1,
    ]  # fmt: skip


@pytest.mark.parametrize("numbers", [(0, 4, 5), (3, 0, 5), (3, 4, -1), (2.5, 4, 5), (True, 4, 5)])
def test_bad_numbers(numbers):
    with pytest.raises(ArgumentError, match="must be a whole number of at least 1"):
        EmbeddingDotBias(*numbers)


@pytest.mark.parametrize("y_range", [(5, 0), (1,), 3, ("a", "b")])
def test_bad_ranges(y_range):
    with pytest.raises(ArgumentError, match="y_range must be two growing numbers"):
        EmbeddingDotBias(3, 4, 5, y_range=y_range)


@pytest.mark.parametrize("model", [EmbeddingDotBias(3, 4, 5), EmbeddingNN([(4, 3), (5, 2)], layers=[8])])
def test_the_unknown_is_the_mean_of_all(model):
    model.average_unknown()
    layers = [layer for layer in model.modules() if isinstance(layer, torch.nn.Embedding)]
    assert len(layers) >= 2
    for layer in layers:
        assert torch.allclose(layer.weight[0], layer.weight[1:].mean(0)) and layer.weight.requires_grad
