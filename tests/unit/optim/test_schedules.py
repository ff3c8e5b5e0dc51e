import math

import pytest
import torch

from onecycle.errors import ArgumentError
from onecycle.optim.schedules import (
    Scheduler,
    SmoothenValue,
    annealing_cos,
    annealing_exp,
    annealing_linear,
    annealing_no,
    annealing_poly,
    do_annealing_poly,
)


@pytest.mark.parametrize("curve", [annealing_linear, annealing_cos, annealing_exp, annealing_poly(2)])
def test_curves_begin_and_end_where_they_should(curve):
    assert curve(2.0, 8.0, 0.0) == pytest.approx(2.0)
    assert curve(2.0, 8.0, 1.0) == pytest.approx(8.0)


def test_curves_in_the_middle():
    assert annealing_no(2.0, 8.0, 0.5) == 2.0
    assert annealing_linear(2.0, 8.0, 0.5) == 5.0
    assert annealing_cos(2.0, 8.0, 0.25) == pytest.approx(8 - 3 * (1 + math.cos(math.pi / 4)))
    assert annealing_exp(2.0, 8.0, 0.5) == pytest.approx(4.0)
    assert do_annealing_poly(1.0, 0.0, 0.5, 3) == 0.125


def test_a_scheduler_steps_from_start_to_end_and_can_restart():
    ramp = Scheduler((0.0, 1.0), 4)
    assert [ramp.step() for _ in range(4)] == [0.25, 0.5, 0.75, 1.0]
    assert ramp.is_done
    ramp.restart()
    assert not ramp.is_done and ramp.step() == 0.25


def test_a_scheduler_of_one_value_stays():
    assert Scheduler(0.9, 3).step() == 0.9


def test_a_scheduler_refuses_no_steps():
    with pytest.raises(ArgumentError, match="Scheduler: n_iter must be at least 1; got 0"):
        Scheduler((0, 1), 0)


def test_a_scheduler_refuses_three_values():
    with pytest.raises(ArgumentError, match=r"vals must be one value or \(start, end\)"):
        Scheduler((0, 1, 2), 5)


def test_the_mean_of_numbers_and_of_tensors_agree():
    numbers, tensors = SmoothenValue(0.98), SmoothenValue(0.98)
    for value in (3.0, 1.0, 2.5, 0.1):
        numbers.add_value(value)
        tensors.add_value(torch.tensor(value))
    assert float(tensors.smooth) == pytest.approx(numbers.smooth, abs=1e-6)


def test_the_first_mean_is_the_first_value():
    smooth = SmoothenValue(0.9)
    smooth.add_value(torch.tensor(4.0))
    assert float(smooth.smooth) == pytest.approx(4.0)


def test_the_mean_never_keeps_a_graph():
    smooth = SmoothenValue(0.9)
    for _ in range(2):
        smooth.add_value(torch.ones((), requires_grad=True) * 2)
    assert not smooth.smooth.requires_grad
