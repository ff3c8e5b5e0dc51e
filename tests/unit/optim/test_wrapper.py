from copy import deepcopy
from functools import partial

import pytest
import torch
from torch import nn

from onecycle.errors import ArgumentError, ArgumentTypeError
from onecycle.optim.wrapper import OptimWrapper, check_opt_func

ADAM = partial(torch.optim.Adam, betas=(0.9, 0.99))
SGD = partial(torch.optim.SGD, momentum=0.9)


def groups():
    torch.manual_seed(0)
    return [nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)), nn.Linear(4, 2)]


def one_step(layer_groups, opt):
    model = nn.Sequential(*layer_groups)
    loss = model(torch.arange(15.0).reshape(5, 3) / 15).square().sum()
    loss.backward()
    opt.step()
    opt.zero_grad()


def test_each_layer_group_has_its_own_rate():
    opt = OptimWrapper.create(ADAM, [0.1, 0.2], groups())
    assert opt.read_val("lr") == [0.1, 0.2] and opt.lr == 0.2
    assert [g["lr"] for g in opt.opt.param_groups] == [0.1, 0.2]


def test_one_rate_for_all():
    opt = OptimWrapper.create(ADAM, 0.1, groups())
    opt.lr = 0.3
    assert opt.read_val("lr") == [0.3, 0.3]


@pytest.mark.parametrize(("opt_func", "key"), [(ADAM, "betas"), (SGD, "momentum")])
def test_momentum_whatever_it_is_called(opt_func, key):
    opt = OptimWrapper.create(opt_func, 0.1, groups())
    assert opt.mom == 0.9
    opt.mom = 0.8
    value = opt.opt.param_groups[0][key]
    assert (value[0] if isinstance(value, tuple) else value) == 0.8


def test_beta_is_the_second_beta_or_alpha():
    opt = OptimWrapper.create(ADAM, 0.1, groups())
    opt.beta = 0.95
    assert opt.read_val("betas") == ([0.9, 0.9], [0.95, 0.95])
    rms = OptimWrapper.create(torch.optim.RMSprop, 0.1, groups())
    rms.beta = 0.7
    assert rms.opt.param_groups[0]["alpha"] == 0.7


def test_an_optimiser_without_momentum_ignores_it():
    opt = OptimWrapper.create(torch.optim.Adagrad, 0.1, groups())
    opt.mom = 0.5
    opt.beta = 0.5
    assert opt.mom is None and opt.beta is None


def test_known_optimisers_step_in_one_kernel():
    assert OptimWrapper.create(ADAM, 0.1, groups()).opt.param_groups[0]["fused"]
    assert not OptimWrapper.create(partial(ADAM, fused=False), 0.1, groups()).opt.param_groups[0]["fused"]


@pytest.mark.parametrize("opt_func", [ADAM, SGD, torch.optim.RMSprop])
def test_norms_and_biases_are_spared_without_bn_wd(opt_func):
    layer_groups = groups()
    opt = OptimWrapper.create(opt_func, 0.1, layer_groups, wd=0.5, true_wd=True, bn_wd=False)
    plain = deepcopy(layer_groups)
    same = OptimWrapper.create(opt_func, 0.1, plain, wd=0.0, true_wd=True)
    one_step(layer_groups, opt)
    one_step(plain, same)
    torch.testing.assert_close(layer_groups[1].bias, plain[1].bias, rtol=0, atol=0)
    torch.testing.assert_close(layer_groups[0][1].weight, plain[0][1].weight, rtol=0, atol=0)
    assert not torch.equal(layer_groups[1].weight, plain[1].weight)


def test_without_true_wd_the_decay_goes_into_the_gradient():
    opt = OptimWrapper.create(SGD, 0.1, groups(), wd=0.3, true_wd=False)
    assert [g["weight_decay"] for g in opt.opt.param_groups] == [0.3] * 2


def test_true_wd_of_sgd_is_not_given_to_the_kernel():
    opt = OptimWrapper.create(SGD, 0.1, groups(), wd=0.3, true_wd=True)
    assert [g["weight_decay"] for g in opt.opt.param_groups] == [0.0] * 2 and opt.wd == 0.3


def test_new_keeps_the_settings():
    opt = OptimWrapper.create(ADAM, [0.1, 0.2], groups(), wd=0.3, true_wd=True, bn_wd=False)
    opt.mom, opt.beta = 0.7, 0.8
    for fresh in (opt.new(groups()), opt.new(groups(), split_no_wd=False)):
        assert fresh.read_val("lr") == [0.1, 0.2]
        assert (fresh.mom, fresh.beta, fresh.wd, fresh.true_wd, fresh.bn_wd) == (0.7, 0.8, 0.3, True, False)


def test_new_with_params_takes_lists_of_parameters():
    opt = OptimWrapper.create(ADAM, 0.1, groups())
    fresh = opt.new_with_params([list(group.parameters()) for group in groups()])
    assert fresh.n_params == 6 and fresh.lr == 0.1


def test_nothing_trainable_is_refused():
    frozen = nn.Linear(2, 2).requires_grad_(False)
    with pytest.raises(ArgumentError, match=r"layer_groups must hold a trainable parameter.*unfreeze"):
        OptimWrapper.create(ADAM, 0.1, [frozen])


def test_state_goes_there_and_back():
    layer_groups = groups()
    opt = OptimWrapper.create(ADAM, [0.1, 0.2], layer_groups, wd=0.3, true_wd=True)
    one_step(layer_groups, opt)
    twin_groups = deepcopy(layer_groups)
    twin = OptimWrapper.load_with_state_and_layer_group(opt.get_state(), twin_groups)
    assert twin.read_val("lr") == [0.1, 0.2] and twin.wd == 0.3
    one_step(layer_groups, opt)
    one_step(twin_groups, twin)
    for mine, theirs in zip(layer_groups, twin_groups, strict=True):
        for a, b in zip(mine.parameters(), theirs.parameters(), strict=True):
            torch.testing.assert_close(a, b, rtol=0, atol=0)


def test_loading_a_state_keeps_decay_and_kernels():
    layer_groups = groups()
    parameters = [{"params": list(group.parameters())[:2]} for group in layer_groups]
    theirs = torch.optim.Adam([dict(group) for group in parameters], lr=0.5, fused=False)
    own = OptimWrapper(torch.optim.Adam(parameters, fused=True), 0.3, True)
    own.load_state_dict(theirs.state_dict())
    assert own.opt.param_groups[0]["fused"] and own.opt.param_groups[0]["weight_decay"] == 0.3
    assert own.lr == 0.5


def test_clear_forgets_the_moments_only():
    layer_groups = groups()
    opt = OptimWrapper.create(ADAM, 0.1, layer_groups, wd=0.3, true_wd=True)
    one_step(layer_groups, opt)
    opt.clear()
    assert not opt.opt.state and opt.lr == 0.1 and opt.wd == 0.3


def test_an_optimiser_that_is_built_already_can_be_wrapped():
    model = nn.Linear(2, 2)
    opt = OptimWrapper(torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.1), wd=0.2, true_wd=True)
    assert (opt.lr, opt.mom, opt.wd) == (0.5, 0.1, 0.2)
    model(torch.ones(1, 2)).sum().backward()
    before = model.weight.detach().clone()
    opt.step()
    torch.testing.assert_close(model.weight.detach(), before * (1 - 0.5 * 0.2) - 0.5 * model.weight.grad)


def test_stats_by_name():
    opt = OptimWrapper.create(ADAM, 0.1, groups())
    opt.set_stat("lr", 0.4)
    opt.set_stat("eps", 1e-6)
    assert opt.get_stat("lr") == 0.4 and opt.get_stat("eps") == 1e-6
    assert [g["eps"] for g in opt.opt.param_groups] == [1e-6] * 2


def test_set_val_can_leave_norms_alone():
    opt = OptimWrapper.create(ADAM, 0.1, groups())
    opt.set_val("eps", 1e-5, bn_groups=False)
    assert [g["eps"] for g in opt.opt.param_groups] == [1e-5, 1e-8, 1e-5, 1e-8]


def test_an_unknown_setting_is_named():
    opt = OptimWrapper.create(ADAM, 0.1, groups())
    with pytest.raises(ArgumentError, match="must be a setting of Adam; got 'bettas'. Did you mean 'betas'"):
        opt.set_val("bettas", 1)


def test_the_repr_says_true_wd():
    assert "True weight decay: True" in repr(OptimWrapper.create(ADAM, 0.1, groups(), true_wd=True))


@pytest.mark.parametrize("wrong", [3, torch.optim.SGD(nn.Linear(1, 1).parameters(), lr=0.1)])
def test_a_built_optimiser_is_refused(wrong):
    with pytest.raises(ArgumentTypeError, match="opt_func must be a function that makes an optimiser"):
        check_opt_func("Learner", wrong)


def test_norms_get_groups_of_their_own_only_when_needed():
    opt = OptimWrapper.create(ADAM, [0.1, 0.2], groups(), wd=0.3, true_wd=True)
    assert len(opt.opt.param_groups) == 2
    opt.bn_wd = False
    assert [g["weight_decay"] for g in opt.opt.param_groups] == [0.3, 0.0, 0.3, 0.0]
    assert [len(g["params"]) for g in opt.opt.param_groups] == [1, 3, 1, 1]
    opt.lr = [0.5, 0.6]
    assert [g["lr"] for g in opt.opt.param_groups] == [0.5, 0.5, 0.6, 0.6]
    opt.bn_wd = True
    assert [g["weight_decay"] for g in opt.opt.param_groups] == [0.3] * 4


@pytest.mark.parametrize(("saved", "own"), [(True, False), (False, True)])
def test_a_state_of_one_group_fits_two_and_the_reverse(saved, own):
    mine, theirs = groups(), groups()
    first = OptimWrapper.create(ADAM, [0.1, 0.2], theirs, bn_wd=saved)
    one_step(theirs, first)
    second = OptimWrapper.create(ADAM, 0.9, mine, bn_wd=own)
    second.load_state_dict(deepcopy(first.state_dict()))
    assert second.read_val("lr") == [0.1, 0.2]
    for a, b in zip(mine, theirs, strict=True):
        for p, q in zip(a.parameters(), b.parameters(), strict=True):
            assert torch.equal(second.opt.state[p]["exp_avg"], first.opt.state[q]["exp_avg"])


def test_a_state_with_other_parameters_is_refused():
    state = OptimWrapper.create(ADAM, 0.1, groups()[:1]).state_dict()
    with pytest.raises(ValueError, match="parameter group|different number"):
        OptimWrapper.create(ADAM, 0.1, groups()).load_state_dict(state)
