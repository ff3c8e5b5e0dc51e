"""What recurrent models remember, fitted to the next batch."""

import torch

from onecycle.text.models.state import fit_rows, select_rows, without_history

STATE = [(torch.arange(6.0).view(1, 3, 2), torch.ones(1, 3, 2)), torch.zeros(1, 3, 2)]


def test_history_is_cut_off():
    grown = [(torch.ones(1, requires_grad=True) * 2,)]
    assert without_history(grown)[0][0].requires_grad is False


def test_rows_go_on_drop_out_and_begin_at_zero():
    like = torch.zeros(1, dtype=torch.float64)
    fewer, more = fit_rows(STATE, 2, 1, like), fit_rows(STATE, 4, 1, like)
    assert torch.equal(fewer[0][0], STATE[0][0][:, :2].double()) and fewer[1].shape == (1, 2, 2)
    assert torch.equal(more[0][1], torch.tensor([[[1.0, 1]] * 3 + [[0, 0]]]).double())


def test_rows_are_chosen_also_twice():
    assert select_rows(STATE, [2, 0, 0], 1)[0][0].tolist() == [[[4, 5], [0, 1], [0, 1]]]


def test_what_was_made_in_inference_mode_can_be_learnt_from():
    with torch.inference_mode():
        state = torch.ones(2, 2)
    weight = torch.ones(2, 2, requires_grad=True)
    (weight * fit_rows(state, 2, 0, weight)).sum().backward()
    assert weight.grad.eq(1).all()
