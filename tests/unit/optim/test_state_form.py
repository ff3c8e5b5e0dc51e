"""The form of an optimizer's state in a file."""

import copy

import pytest
import torch
from torch import nn

from onecycle.errors import ArgumentError, FileFormatError
from onecycle.optim.state_form import OPT_FORM, check_flags, check_moments
from onecycle.utils.schema import check_form


@pytest.fixture
def opt():
    model = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 2))
    made = torch.optim.Adam(model.parameters())
    model(torch.ones(1, 3)).sum().backward()
    made.step()
    return made


@pytest.mark.parametrize("kind", [torch.optim.Adam, torch.optim.SGD, torch.optim.Adafactor, torch.optim.RMSprop])
def test_states_of_torch_fit(kind):
    model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2), nn.Linear(2, 2))
    made = kind(model.parameters(), lr=0.1)
    model(torch.randn(4, 3)).sum().backward()
    made.step()
    state = made.state_dict()
    check_form("load", "a", state, OPT_FORM)
    check_moments(made, state)
    check_flags(made, state)


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (("state",), [], "state must be entries by the number of their parameter"),
        (("state",), {"a": {}}, "state must be entries by the number"),
        (("state", 0, "exp_avg"), "x", r"state\[0\].exp_avg must be a tensor or a number"),
        (("state", 0, "exp_avg"), torch.zeros(1).expand(9, 9), "no larger than its memory"),
        (("param_groups",), 3, "param_groups must be a list"),
        (("param_groups", 0, "params"), ["a"], r"params\[0\] must be a whole number"),
        (("param_groups", 0, "lr"), "fast", "lr must be numbers"),
    ],
)
def test_another_form_is_named_by_its_place(place, value, said, opt):
    state = holder = copy.deepcopy(opt.state_dict())
    for name in place[:-1]:
        holder = holder[name]
    holder[place[-1]] = value
    with pytest.raises(FileFormatError, match=said):
        check_form("load", "a", state, OPT_FORM)


def test_moments_that_are_left_out_or_of_another_kind_are_named(opt):
    for change in (lambda entry: entry.pop("exp_avg_sq"), lambda entry: entry.__setitem__("exp_avg_sq", 3)):
        state = copy.deepcopy(opt.state_dict())
        change(state["state"][2])
        with pytest.raises(ArgumentError, match="same entries for all parameters; 'exp_avg_sq' differs"):
            check_moments(opt, state)


def test_flags_are_those_of_the_optimizer(opt):
    state = opt.state_dict()
    state["param_groups"][0].update(amsgrad=True, fused=True)
    with pytest.raises(ArgumentError, match="amsgrad of the state must be False, as it is here; got True"):
        check_flags(opt, state)
