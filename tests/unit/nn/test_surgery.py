"""Surgery: leaves, groups, freezing, parameters without decay."""

import pytest
import torch
from torch import nn

from onecycle.errors import ArgumentError, ArgumentTypeError
from onecycle.nn import surgery as S
from onecycle.nn.blocks import conv_layer
from onecycle.nn.module import ParameterModule
from onecycle.nn.norm import NormType
from onecycle.nn.turns import eval_mode


class WithParameter(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(2, 2)
        self.scale = nn.Parameter(torch.ones(1))


def net() -> nn.Sequential:
    body = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU())
    return nn.Sequential(body, nn.Sequential(nn.Flatten(), nn.Linear(4, 2)))


def test_children():
    model = net()
    assert S.children(model) == [model[0], model[1]]
    assert S.num_children(model) == 2
    assert list(S.range_children(model)) == [0, 1]


def test_flatten_model_gives_leaves_in_order():
    assert [type(m).__name__ for m in S.flatten_model(net())] == [
        "Conv2d", "BatchNorm2d", "ReLU", "Flatten", "Linear",
    ]  # fmt: skip
    relu = nn.ReLU()
    assert S.flatten_model(relu) == [relu]


def test_lone_parameters_become_modules():
    model = WithParameter()
    found = S.children_and_parameters(model)
    assert found[0] is model.linear
    assert isinstance(found[1], ParameterModule)
    assert found[1].val is model.scale


def test_reparametrised_layer_is_one_leaf():
    assert len(S.flatten_model(conv_layer(3, 4, norm_type=NormType.Spectral))) == 2


def test_first_and_last_layer():
    model = net()
    assert S.first_layer(model) is model[0][0]
    assert S.last_layer(model) is model[1][1]


def test_pool_types_by_name():
    assert S.is_pool_type(nn.AdaptiveMaxPool2d(1))
    assert S.is_pool_type(nn.AvgPool1d(2))
    assert not S.is_pool_type(nn.ReLU())


def test_one_param():
    model = nn.Linear(1, 1)
    assert S.one_param(model) is model.weight
    with pytest.raises(ArgumentError, match="one_param: m must have at least one parameter"):
        S.one_param(nn.ReLU())


def test_get_model_unwraps():
    model = nn.Linear(1, 1)
    assert S.get_model(model) is model
    assert S.get_model(nn.DataParallel(model)) is model
    assert S.get_model(torch.compile(model, backend="eager")) is model


def test_split_model_at_modules():
    model = net()
    groups = S.split_model(model, (model[0][2], model[1]))
    assert [len(g) for g in groups] == [2, 1, 2]
    assert groups[2][1] is model[1][1]
    assert [len(g) for g in S.split_model(model, model[1])] == [3, 2]


def test_a_layer_used_in_several_places_is_in_its_first_group():
    shared = nn.Linear(2, 2)
    model = nn.Sequential(nn.Sequential(nn.Linear(2, 2), shared), nn.Sequential(shared, nn.Linear(2, 1)))
    assert [len(g) for g in S.split_model(model, model[1][1])] == [2, 1]
    assert [len(g) for g in S.split_model(model, [[model[0][0], shared], [shared, model[1][1]]])] == [2, 1]
    assert len(S.split_model(model, None)[0]) == 3


def test_split_model_by_lists_and_by_nothing():
    model = net()
    groups = S.split_model(model, [[model[0]], [model[1]]])
    assert [len(g) for g in groups] == [1, 1]
    assert [len(g) for g in S.split_model(model, None)] == [5]


def test_split_model_refuses_strangers_and_mixtures():
    with pytest.raises(ArgumentError, match="splits must be parts of the model; got ReLU"):
        S.split_model(net(), [nn.ReLU()])
    with pytest.raises(ArgumentTypeError, match="splits must be modules or lists of modules"):
        S.split_model(net(), [3])


def test_split_model_idx():
    assert [len(g) for g in S.split_model_idx(net(), [1, 4])] == [1, 3, 1]
    assert [len(g) for g in S.split_model_idx(net(), [0, 2, 5])] == [2, 3]
    with pytest.raises(ArgumentError, match=r"idxs must rise and stay within the 5 layers; got \[3, 2\]"):
        S.split_model_idx(net(), [3, 2])
    with pytest.raises(ArgumentError, match="within the 5 layers"):
        S.split_model_idx(net(), [9])


def test_parameters_and_their_flags():
    model = net()
    assert S.has_params(model) and not S.has_params(nn.ReLU())
    assert S.requires_grad(model) is True
    assert S.requires_grad(nn.ReLU()) is None
    S.requires_grad(model[0], False)
    assert S.requires_grad(model) is False
    assert S.trainable_params(model) == [model[1][1].weight, model[1][1].bias]


@pytest.mark.parametrize(("train_bn", "learning"), [(True, 2 + 2), (False, 2)])
def test_freeze_groups(train_bn, learning):
    model = net()
    groups = S.split_model(model, model[1])
    S.freeze_groups(groups, -1, train_bn)
    assert len(S.trainable_params(model)) == learning
    S.freeze_groups(groups, 0)
    assert len(S.trainable_params(model)) == 6


def test_set_bn_eval_stops_frozen_batch_norms_only():
    model = nn.Sequential(nn.BatchNorm1d(2), nn.Sequential(nn.BatchNorm1d(2)), nn.BatchNorm1d(2, affine=False))
    S.requires_grad(model[1], False)
    S.set_bn_eval(model)
    assert [model[0].training, model[1][0].training, model[2].training] == [True, False, True]


def test_get_param_groups():
    model = net()
    assert [len(g) for g in S.get_param_groups(S.split_model(model, model[1]))] == [4, 2]


def test_split_no_wd_params():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.LayerNorm(4), nn.Linear(4, 2), WithParameter())
    decayed, spared = S.split_no_wd_params([model])
    assert decayed == [model[0].weight, model[3].weight, model[4].linear.weight, model[4].scale]
    expected = [model[0].bias, *model[1].parameters(), *model[2].parameters(), model[3].bias, model[4].linear.bias]
    assert [id(p) for p in spared] == [id(p) for p in expected]


def test_split_no_wd_params_lists_shared_and_frozen_ones_rightly():
    first, second = nn.Linear(2, 2), nn.Linear(2, 2)
    second.weight = first.weight
    second.bias.requires_grad_(False)
    lists = S.split_no_wd_params([nn.Sequential(first), nn.Sequential(second)])
    assert [len(params) for params in lists] == [1, 1, 0, 0]


def test_half_precision_keeps_batch_norm():
    model = S.model2half(net())
    assert model[0][0].weight.dtype == torch.float16
    assert model[0][1].weight.dtype == torch.float32
    assert S.bn2float(model.half())[0][1].running_mean.dtype == torch.float32


def test_model_on_cpu_gives_the_model():
    model = net()
    with S.ModelOnCPU(model) as on_cpu:
        assert on_cpu is model
    assert S.one_param(model).device.type == "cpu"


def test_eval_mode_gives_each_module_its_own_mode_back():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU())
    model[1].eval()
    with eval_mode(model):
        assert not model.training
    assert [m.training for m in model.modules()] == [True, True, False, True]
