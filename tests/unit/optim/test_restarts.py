import math

import pytest
import torch
from torch import nn

from onecycle.errors import ArgumentError, TrainingError
from onecycle.optim.restarts import CosineRestarts, cycle_lengths, layer_optimizer, place_in_cycle


def small_optimizer(lr=0.1):
    return torch.optim.SGD([nn.Parameter(torch.zeros(2))], lr=lr)


def test_lengths_of_cycles():
    assert cycle_lengths(3, 1, 2) == [1, 2, 4] and cycle_lengths(2, 4) == [4, 4]


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "2"])
def test_lengths_are_whole_numbers(value):
    with pytest.raises(ArgumentError, match="cycle_lengths: cycle_len must be a whole number of at least 1"):
        cycle_lengths(1, cycle_len=value)


def test_places():
    assert [place_in_cycle(step, 2, 2) for step in (0, 1, 2, 5, 6)] == [(0, 0), (0, 0.5), (1, 0), (1, 0.75), (2, 0)]


def test_rates_are_those_of_the_paper():
    opt = small_optimizer(0.1)
    restarts = CosineRestarts(opt, batches=4, cycle_mult=2, lr_min=0.01)
    seen = []
    for _ in range(12):
        seen.append(opt.param_groups[0]["lr"])
        restarts.step()
    wanted = [0.01 + 0.09 * (1 + math.cos(math.pi * t / length)) / 2 for length in (4, 8) for t in range(length)]
    assert seen == pytest.approx(wanted)
    assert [row[0] for row in restarts.lrs[:-1]] == seen and restarts.cycle == 2


def test_they_agree_with_torchs_own_schedule():
    mine, theirs = small_optimizer(), small_optimizer()
    restarts = CosineRestarts(mine, batches=3, cycle_mult=2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(theirs, T_0=3, T_mult=2)
    for _ in range(10):
        assert mine.param_groups[0]["lr"] == pytest.approx(theirs.param_groups[0]["lr"])
        restarts.step()
        theirs.step()
        schedule.step()


def test_a_cycles_end_is_told():
    told = []
    restarts = CosineRestarts(small_optimizer(), batches=2, cycle_len=1, cycle_mult=2, on_cycle_end=told.append)
    for _ in range(13):
        restarts.step()
    assert told == [0, 1]


def test_groups_keep_their_own_rates_and_a_plain_loop_learns():
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    opt = layer_optimizer(torch.optim.SGD, [model[0], model[2]], [0.05, 0.5], [0.0, 1e-5], momentum=0.9)
    assert [(g["lr"], g["weight_decay"], g["momentum"]) for g in opt.param_groups] == [(0.05, 0, 0.9), (0.5, 1e-5, 0.9)]
    x = torch.randn(64, 4)
    y = (x[:, 0] > 0).long()
    restarts = CosineRestarts(opt, batches=4, cycle_mult=2, lr_min=[0.0, 0.01])
    losses = []
    for _ in range(7):
        for xb, yb in zip(x.split(16), y.split(16), strict=True):
            loss = nn.functional.cross_entropy(model(xb), yb)
            loss.backward()
            opt.step()
            opt.zero_grad()
            restarts.step()
            losses.append(float(loss.detach()))
    assert sum(losses[-4:]) < 0.5 * sum(losses[:4])
    low, high = restarts.lrs[2]
    assert low == pytest.approx(0.025) and high == pytest.approx(0.255)


def test_it_goes_on_where_it_was():
    first = CosineRestarts(small_optimizer(), batches=5)
    for _ in range(3):
        first.step()
    opt = small_optimizer(0.7)
    later = CosineRestarts(opt, batches=5)
    later.load_state_dict(first.state_dict())
    assert opt.param_groups[0]["lr"] == first.optimizer.param_groups[0]["lr"]
    later.step()
    first.step()
    assert later.lrs[-1] == first.lrs[-1]


def test_a_state_of_another_optimiser():
    with pytest.raises(ArgumentError, match="CosineRestarts: lr_max must be one number or 1, one a layer group"):
        CosineRestarts(small_optimizer(), 2).load_state_dict({"steps": 1, "lr_max": [1.0, 2.0]})


@pytest.mark.parametrize(("how", "said"), [
    ({"batches": 0}, "batches must be a whole number of at least 1; got 0"),
    ({"batches": 2, "cycle_mult": 1.5}, "cycle_mult must be a whole number of at least 1; got 1.5"),
    ({"batches": 2, "lr_min": -1}, "lr_min must be at least 0; got -1"),
    ({"batches": 2, "lr_min": [0.1, 0.2]}, "lr_min must be one number or 1, one a layer group"),
])  # fmt: skip
def test_limits(how, said):
    with pytest.raises(ArgumentError, match=f"CosineRestarts: {said}"):
        CosineRestarts(small_optimizer(), **how)


def test_as_many_values_as_groups():
    with pytest.raises(ArgumentError, match="layer_optimizer: wds must be one number or 1, one a layer group"):
        layer_optimizer(torch.optim.SGD, [nn.Linear(2, 2)], 0.1, [0.1, 0.2])


def test_the_rates_are_drawn():
    restarts = CosineRestarts(small_optimizer(), batches=3)
    with pytest.raises(TrainingError, match=r"CosineRestarts.plot_lr: no step was taken yet. Train first."):
        restarts.plot_lr()
    for _ in range(6):
        restarts.step()
    line = restarts.plot_lr(return_fig=True).axes[0].lines[0]
    assert len(line.get_ydata()) == 6
