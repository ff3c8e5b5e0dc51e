"""float16 with a scaled loss; computed on the CPU, where it is slow but the same."""

import pytest
import torch

from onecycle.callbacks.accumulate import AccumulateScheduler
from onecycle.callbacks.fp16 import MixedPrecision
from onecycle.callbacks.gradient_clipping import GradientClipping
from onecycle.errors import ArgumentError, TrainingError


def test_on_the_cpu_it_says_bf16(make_learner):
    with pytest.raises(ArgumentError, match=r"float16 needs a GPU; the learner is on the cpu. Call learn.to_bf16\(\)"):
        MixedPrecision(make_learner())


def test_a_model_that_came_to_the_cpu_is_told_at_fit(make_learner, monkeypatch):
    from onecycle.callbacks import fp16

    learn = make_learner()
    monkeypatch.setattr(fp16, "_WITHOUT_FLOAT16", ())
    half = MixedPrecision(learn)
    monkeypatch.undo()
    with pytest.raises(ArgumentError, match="float16 needs a GPU"):
        learn.fit(1, callbacks=[half])


@pytest.mark.usefixtures("float16_here")
class TestOnADevice:
    def test_it_trains_near_single_precision(self, make_learner, watch):
        runs, seen = [], []
        for half in (False, True):
            learn = make_learner()
            learn.model.register_forward_hook(lambda module, args, output: seen.append(output.dtype))
            torch.manual_seed(0)
            learn.fit(2, 1e-2, callbacks=[MixedPrecision(learn)] if half else [])
            runs.append(torch.tensor(learn.recorder.losses))
        assert {torch.float32, torch.float16} == set(seen)
        torch.testing.assert_close(*runs, atol=1e-2, rtol=1e-2)

    def test_gradients_are_scaled_back_and_the_loss_is_told_as_it_is(self, make_learner, watch):
        learn, plain, grads, losses = make_learner(), make_learner(), [], []
        seeing = watch(
            on_step_end=lambda **kwargs: grads.append(learn.model[4].weight.grad.clone()),
            on_batch_end=lambda last_loss, **kwargs: losses.append(float(last_loss)),
        )
        learn.fit(1, 0.0, callbacks=[MixedPrecision(learn), seeing])
        x, y = plain.data.train_dl.dl[0]
        plain.model.train()
        loss = torch.nn.functional.cross_entropy(plain.model(x), y)
        loss.backward()
        torch.testing.assert_close(grads[0], plain.model[4].weight.grad, atol=2e-3, rtol=2e-2)
        assert losses[0] == pytest.approx(loss.item(), abs=1e-2)

    def test_an_overflow_leaves_the_step_out(self, make_learner, watch):
        learn, scales = make_learner(), []
        half = MixedPrecision(learn, loss_scale=2.0**30)
        before = learn.model[4].weight.detach().clone()
        moved = []

        def on_batch_end(train, **kwargs):
            scales.append(half.loss_scale)
            moved.append(not torch.equal(before, learn.model[4].weight))

        learn.fit(1, callbacks=[half, watch(on_batch_end=on_batch_end)])
        assert scales[:2] == [2.0**29, 2.0**28] and not moved[0]
        assert all(torch.isfinite(p).all() for p in learn.model.parameters())

    def test_the_scale_grows_after_many_good_steps(self, make_learner):
        learn = make_learner()
        half = MixedPrecision(learn, loss_scale=4.0, max_noskip=3, max_scale=8)
        learn.fit(1, callbacks=[half])
        assert half.loss_scale == 8.0 and half.noskip == 1  # 4 steps
        learn.fit(2, callbacks=[half])
        assert half.loss_scale == 8.0 and half.noskip == 0  # 12 steps in all: the fits are one run

    def test_a_fixed_scale_stays(self, make_learner):
        learn = make_learner()
        half = MixedPrecision(learn, dynamic=False, max_noskip=1)
        learn.fit(1, callbacks=[half])
        assert half.loss_scale == 512

    def test_gradients_that_never_become_numbers_end_training(self, make_learner):
        learn = make_learner(loss_func=lambda output, target: output.sum() * float("nan"))
        with pytest.raises(TrainingError, match=r"not, even with a loss scale of 1, in epoch 0, batch 2"):
            learn.fit(1, callbacks=[MixedPrecision(learn, loss_scale=4.0)])
        assert all(torch.isfinite(p).all() for p in learn.model.parameters())

    def test_a_fixed_scale_is_watched_like_any_loss(self, make_learner):
        learn = make_learner(loss_func=lambda output, target: output.sum() * float("nan"))
        with pytest.raises(TrainingError, match="the loss must be a number"):
            learn.fit(1, callbacks=[MixedPrecision(learn, dynamic=False)])

    @pytest.mark.parametrize("own", [True, False])
    def test_clipping_looks_at_gradients_that_are_scaled_back(self, make_learner, watch, own):
        learn, norms = make_learner(), []

        def on_step_end(**kwargs):
            norms.append(float(torch.stack([p.grad.norm() for p in learn.model.parameters()]).norm()))

        clipping = [] if own else [GradientClipping(learn, clip=1e-2)]
        half = MixedPrecision(learn, clip=1e-2 if own else None)
        learn.fit(1, callbacks=[*clipping, half, watch(on_step_end=on_step_end)])
        assert norms == pytest.approx([1e-2] * 4, rel=1e-3)

    def test_it_goes_with_accumulation(self, make_learner, watch):
        grads = []
        for scale in (1.0, 1024.0):
            learn = make_learner()

            def on_step_end(skip_step, learn=learn, **kwargs):
                if not skip_step:
                    grads.append(learn.model[4].weight.grad.clone())

            half = MixedPrecision(learn, loss_scale=scale)
            learn.fit(1, 0.0, callbacks=[half, AccumulateScheduler(learn, 2), watch(on_step_end=on_step_end)])
        assert len(grads) == 4
        torch.testing.assert_close(grads[:2], grads[2:], atol=1e-3, rtol=1e-2)

    def test_the_scale_is_saved_and_found_again(self, make_learner):
        learn = make_learner().to_fp16(loss_scale=64.0, max_noskip=3)
        learn.fit(1)
        learn.save("half")
        again = make_learner().to_fp16()
        again.load("half")
        assert (again.mixed_precision.loss_scale, again.mixed_precision.noskip) == (128.0, 1)
        single = make_learner()
        single.load("half")
        other = make_learner().to_fp16()
        other.load("half", with_opt=False)
        assert other.mixed_precision.loss_scale == 2.0**16

    def test_the_rate_finder_leaves_the_scale_alone(self, make_learner):
        learn = make_learner().to_fp16(loss_scale=2.0**30)
        learn.lr_find(num_it=4)
        assert learn.mixed_precision.loss_scale == 2.0**30

    @pytest.mark.parametrize("name", ["loss_scale", "clip", "max_scale"])
    def test_numbers_out_of_range(self, make_learner, name):
        with pytest.raises(ArgumentError, match=f"MixedPrecision: {name} must be above 0; got 0"):
            MixedPrecision(make_learner(), **{name: 0})

    def test_no_number_of_steps(self, make_learner):
        with pytest.raises(ArgumentError, match="MixedPrecision: max_noskip must be at least 1; got 0"):
            MixedPrecision(make_learner(), max_noskip=0)
