"""A forward pass in half precision."""

import pytest
import torch
from torch import nn

from onecycle.callbacks.autocast import Autocast, device_of
from onecycle.errors import ArgumentError


def test_the_forward_pass_is_half_and_the_rest_single(make_learner, watch):
    learn, seen = make_learner(), []
    learn.model[4].register_forward_hook(lambda module, args, output: seen.append(output.dtype))
    grads = []

    def on_loss_begin(last_output, **kwargs):
        seen.append(last_output.dtype)
        assert not torch.is_autocast_enabled("cpu")

    def on_step_end(**kwargs):
        grads.extend(p.grad.dtype for p in learn.model.parameters())

    learn.fit(2, 1e-2, callbacks=[Autocast(learn), watch(on_loss_begin=on_loss_begin, on_step_end=on_step_end)])
    assert seen[:4] == [torch.bfloat16, torch.float32] * 2 and set(grads) == {torch.float32}
    assert learn.recorder.losses[-1] < learn.recorder.losses[0]


def test_the_loss_in_half_precision(make_learner, watch):
    learn, seen = make_learner(), []
    seeing = watch(on_loss_begin=lambda last_output, **kwargs: seen.append(last_output.dtype))
    learn.fit(1, callbacks=[Autocast(learn, loss_fp32=False), seeing])
    assert set(seen) == {torch.bfloat16}


def test_several_outputs_become_single(make_learner, watch):
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Linear(6, 3)

        def forward(self, x):
            return self.inner(x), torch.ones(len(x), dtype=torch.long)

    learn, seen = make_learner(model=Two(), loss_func=lambda out, y: nn.functional.cross_entropy(out[0], y)), []
    seeing = watch(on_loss_begin=lambda last_output, **kwargs: seen.append([o.dtype for o in last_output]))
    learn.fit(1, callbacks=[Autocast(learn), seeing])
    assert seen[0] == [torch.float32, torch.long]


def test_losses_are_near_those_of_single_precision(make_learner):
    runs = []
    for make in (lambda learn: [], lambda learn: [Autocast(learn)]):
        learn = make_learner()
        torch.manual_seed(0)
        learn.fit(2, 1e-2, callbacks=make(learn))
        runs.append(torch.tensor(learn.recorder.losses))
    torch.testing.assert_close(*runs, atol=0.03, rtol=0.03)
    assert not torch.equal(*runs)


def test_it_ends_with_a_forward_pass_that_breaks(make_learner):
    learn = make_learner(model=nn.Linear(5, 3))
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied|size mismatch|mat1"):
        learn.fit(1, callbacks=[Autocast(learn)])
    assert not torch.is_autocast_enabled("cpu")


def test_predictions_outside_training_are_single(make_learner):
    learn = make_learner()
    learn.callbacks.append(Autocast(learn))
    seen = []
    learn.model.register_forward_hook(lambda module, args, output: seen.append(output.dtype))
    learn.get_preds()
    assert set(seen) == {torch.float32}


def test_no_half_precision(make_learner):
    with pytest.raises(ArgumentError, match="dtype must be torch.bfloat16 or torch.float16; got"):
        Autocast(make_learner(), torch.float64)


def test_a_model_without_parameters_is_where_the_data_is(make_learner):
    learn = make_learner()
    learn.model = nn.Identity()
    assert device_of(learn) == torch.device("cpu")
