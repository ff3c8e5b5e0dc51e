from functools import partial

import pytest
import torch
from torch import nn

from onecycle.errors import ArgumentError, ArgumentTypeError, TrainingError
from onecycle.optim.lamb import LAMB
from onecycle.optim.lookahead import Lookahead, Ranger
from onecycle.optim.wrapper import OptimWrapper
from onecycle.utils.registry import HOMES, decode, encode

OPTIMIZERS = [
    LAMB,
    Ranger,
    Lookahead,
    partial(Lookahead, base=partial(torch.optim.SGD, momentum=0.9)),
    partial(Lookahead, base=torch.optim.RMSprop, k=2),
    partial(Lookahead, base=LAMB),
]


def parameter():
    return nn.Parameter(torch.ones(2))


@pytest.mark.parametrize("opt_func", OPTIMIZERS)
def test_each_has_a_name_for_files(opt_func):
    back = decode(encode(opt_func))
    assert getattr(back, "func", back) is getattr(opt_func, "func", opt_func)


def test_they_have_homes():
    for name, leaf in {"LAMB": "lamb", "Lookahead": "lookahead", "Ranger": "lookahead"}.items():
        assert HOMES["optimizer"][name] == f"onecycle.optim.{leaf}"


@pytest.mark.parametrize("bn_wd", [True, False])
@pytest.mark.parametrize("opt_func", OPTIMIZERS)
def test_a_learner_learns_with_it(opt_func, bn_wd, make_learner):
    learn = make_learner(opt_func=opt_func, bn_wd=bn_wd)
    learn.fit(10, 0.1 if opt_func is Ranger else 0.03)
    assert learn.recorder.val_losses[-1] < 0.75 * learn.recorder.losses[0]


@pytest.mark.parametrize("opt_func", OPTIMIZERS)
def test_what_is_saved_goes_on_bit_for_bit(opt_func, make_learner):
    whole = make_learner(opt_func=opt_func)
    whole.fit(1, 0.01)
    whole.save("half")
    torch.manual_seed(5)
    whole.fit(2, 0.01)
    later = make_learner(opt_func=opt_func, seed=9)
    later.load("half", with_opt=True)
    torch.manual_seed(5)
    later.fit(2, 0.01)
    assert all(torch.equal(a, b) for a, b in zip(whole.model.parameters(), later.model.parameters(), strict=True))


@pytest.mark.parametrize("opt_func", OPTIMIZERS)
def test_its_state_is_tensors_and_settings(opt_func):
    p = parameter()
    opt = opt_func([p], lr=0.1)
    p.grad = torch.ones(2)
    opt.step()
    assert all(isinstance(value, torch.Tensor) for value in opt.state_dict()["state"][0].values())


def test_rate_decay_and_momentum_are_set_a_group_at_a_time():
    groups = [nn.Linear(2, 2), nn.Linear(2, 2)]
    wrapper = OptimWrapper.create(partial(Lookahead, base=LAMB, k=3), [0.1, 0.2], groups, wd=[0.0, 0.3], true_wd=True)
    wrapper.mom = [0.5, 0.6]
    made = wrapper.opt.param_groups
    assert [(g["lr"], g["weight_decay"], g["betas"][0], g["k"]) for g in made] == [(0.1, 0, 0.5, 3), (0.2, 0.3, 0.6, 3)]
    assert made[0]["decoupled_weight_decay"] is True


def test_what_has_no_gradient_stays():
    still, moved = parameter(), parameter()
    for make in OPTIMIZERS:
        opt = make([still, moved], lr=0.1)
        for _ in range(7):
            moved.grad = torch.ones(2)
            opt.step()
        assert torch.equal(still, torch.ones(2))
    assert not torch.equal(moved, torch.ones(2))


@pytest.mark.parametrize("opt_func", [LAMB, Ranger])
def test_a_closure_gives_the_loss(opt_func):
    p = parameter()
    opt = opt_func([p], lr=0.1)

    def closure():
        opt.zero_grad()
        loss = (p**2).sum()
        loss.backward()
        return loss

    assert float(opt.step(closure).detach()) == 2.0 and float((p**2).sum().detach()) < 2.0


def test_lookahead_tells_what_it_is_around():
    assert repr(Ranger([parameter()])).startswith("Lookahead over RAdam (")


def test_sparse_gradients():
    table = nn.Embedding(4, 2, sparse=True)
    opt = LAMB(table.parameters())
    table(torch.tensor([1])).sum().backward()
    with pytest.raises(TrainingError, match="LAMB: gradients must be dense; one is sparse. Pass sparse=False"):
        opt.step()


@pytest.mark.parametrize(("make", "how", "said"), [
    (LAMB, {"lr": -1}, "LAMB: lr must be at least 0; got -1"),
    (LAMB, {"betas": (0.9,)}, "LAMB: betas must be two numbers"),
    (LAMB, {"betas": (0.9, 1.0)}, "LAMB: betas must be two numbers, each from 0 to 1"),
    (Ranger, {"eps": -1}, "Ranger: eps must be at least 0; got -1"),
    (Ranger, {"betas": 0.9}, "Ranger: betas must be two numbers"),
    (Lookahead, {"k": 0}, "Lookahead: k must be a whole number of at least 1; got 0"),
    (Lookahead, {"alpha": 0}, "Lookahead: alpha must be above 0 and at most 1; got 0"),
])  # fmt: skip
def test_limits(make, how, said):
    with pytest.raises(ArgumentError, match=said):
        make([parameter()], **how)


def test_lookahead_wants_a_function():
    with pytest.raises(ArgumentTypeError, match="base must be a function that makes an optimiser"):
        Lookahead([parameter()], torch.optim.SGD([parameter()], lr=0.1))
