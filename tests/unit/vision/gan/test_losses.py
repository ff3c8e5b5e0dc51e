"""Losses of both sides, the gradient penalty, the accuracy of a critic."""

import pytest
import torch
from torch import nn

from onecycle.errors import ArgumentError, TrainingError
from onecycle.nn.losses import MSELossFlat, NoopLoss, WassersteinLoss
from onecycle.utils.registry import decode, encode
from onecycle.vision.gan.losses import AdaptiveLoss, GANLoss, accuracy_thresh_expand, gan_loss_from_func
from onecycle.vision.gan.module import GANModule
from onecycle.vision.gan.penalty import gradient_penalty


def a_gan(**how):
    torch.manual_seed(0)
    return GANModule(nn.Linear(4, 2), nn.Linear(2, 1), **how)


def test_each_side_has_its_loss_and_only_the_critic_learns_in_its_turn():
    model = a_gan()
    loss = GANLoss(NoopLoss(), WassersteinLoss(), model)
    noise, real = torch.randn(3, 4), torch.randn(3, 2)
    critic_loss = loss(model(real), noise, real)
    critic_loss.backward()
    of_real, of_made = model.critic(real).mean(), model.critic(model.generator(noise)).mean()
    assert critic_loss.item() == pytest.approx((of_real - of_made).item())
    assert model.critic.weight.grad is not None and model.generator.weight.grad is None
    loss.switch(gen_mode=True)
    assert loss.gen_mode and model.gen_mode
    assert loss(model(noise), real).item() == pytest.approx(model.critic(model.generator(noise)).mean().item())


def test_the_generators_loss_is_of_opinion_made_and_target():
    model = a_gan(gen_mode=True)
    seen = []
    loss = GANLoss(lambda *args: seen.append(args) or args[0].mean(), None, model)
    noise, real = torch.randn(3, 4), torch.randn(3, 2)
    made = model(noise)
    loss(made, real)
    opinion, output, target = seen[0]
    assert output is made and target is real and opinion.shape == (3, 1)


def test_pictures_of_another_form_are_refused_with_both_shapes():
    model = a_gan()
    loss = GANLoss(NoopLoss(), WassersteinLoss(), model)
    with pytest.raises(TrainingError, match=r"it makes \(3, 2\) where they are \(3, 5\)"):
        loss(torch.zeros(3, 1), torch.zeros(3, 4), torch.zeros(3, 5))
    loss.switch()
    with pytest.raises(TrainingError, match=r"it makes \(3, 2\) where they are \(3, 6\)"):
        loss(torch.zeros(3, 2), torch.zeros(3, 6))


def test_a_critic_that_cannot_take_what_is_made_is_named():
    model = GANModule(nn.Linear(4, 3), nn.Linear(2, 1))
    with pytest.raises(TrainingError, match=r"the generator makes \(5, 3\), with which the critic fails"):
        GANLoss(NoopLoss(), WassersteinLoss(), model)(torch.zeros(5, 1), torch.zeros(5, 4))


def test_a_generator_of_several_inputs():
    class Both(nn.Module):
        def forward(self, a, b):
            return a + b

    model = GANModule(Both(), nn.Linear(2, 1))
    parts = [torch.ones(3, 2), torch.ones(3, 2)]
    assert torch.isfinite(GANLoss(NoopLoss(), WassersteinLoss(), model)(torch.zeros(3, 1), parts, torch.zeros(3, 2)))


def test_the_penalty_is_that_of_the_slope():
    model = a_gan()
    real, noise = torch.randn(8, 2), torch.randn(8, 4)
    losses = (GANLoss(NoopLoss(), WassersteinLoss(), model, gp=gp) for gp in (None, 10.0))
    plain, with_it = (loss(model(real), noise, real) for loss in losses)
    slope = model.critic.weight.norm()
    assert (with_it - plain).item() == pytest.approx((10 * (slope - 1) ** 2).item(), rel=1e-4)
    with_it.backward()
    assert model.generator.weight.grad is None
    with torch.no_grad():  # in a validation there is none
        assert torch.isfinite(GANLoss(NoopLoss(), WassersteinLoss(), model, gp=10.0)(model(real), noise, real))


@pytest.mark.parametrize("critic", [
    lambda x: 3 * x[:, :1],
    lambda x: (3 * x[:, :1]).mean(0),
    lambda x: 3 * x[:, :1].expand(-1, 7),
])
def test_the_penalty_of_one_value_a_picture_a_batch_or_a_part_is_the_same(critic):
    assert gradient_penalty(critic, torch.randn(5, 4), torch.randn(5, 4)).item() == pytest.approx(4.0, rel=1e-5)


def test_the_penalty_agrees_with_finite_differences():
    torch.manual_seed(0)
    critic = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1)).double()
    at = torch.randn(4, 2, dtype=torch.float64)
    step = 1e-6 * torch.eye(2, dtype=torch.float64)
    slopes = torch.stack([(critic(at + d) - critic(at - d)).squeeze(1) / 2e-6 for d in step], 1).norm(dim=1)
    expected = (slopes - 1).square().mean().item()
    assert gradient_penalty(critic, at, at).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("gp", [-1.0, "ten"])
def test_a_penalty_that_is_none_is_refused(gp):
    with pytest.raises(ArgumentError, match="gp must be at least 0"):
        GANLoss(NoopLoss(), WassersteinLoss(), a_gan(), gp=gp)


def test_the_penalty_needs_the_real_pictures():
    with pytest.raises(ArgumentError, match="real must be the real pictures with gp="):
        GANLoss(NoopLoss(), WassersteinLoss(), a_gan(), gp=1.0)(torch.zeros(3, 1), torch.zeros(3, 4))


def test_losses_made_of_two_weigh_the_opinion_and_the_likeness():
    crit = AdaptiveLoss(nn.BCEWithLogitsLoss())
    of_generator, of_critic = gan_loss_from_func(MSELossFlat(), crit, weights_gen=(2.0, 50.0))
    opinion, made, real = torch.zeros(3, 5), torch.zeros(3, 2), torch.ones(3, 2)
    half = torch.log(torch.tensor(2.0)).item()
    assert of_generator(opinion, made, real).item() == pytest.approx(2 * half + 50)
    assert of_critic(torch.full((3, 5), 100.0), torch.zeros(3, 5)).item() == pytest.approx(half / 2)


@pytest.mark.parametrize("weights", [(1.0,), 5, (1, 2, 3)])
def test_weights_must_be_two(weights):
    with pytest.raises(ArgumentError, match="weights_gen must be two numbers"):
        gan_loss_from_func(None, None, weights)


def test_weights_must_be_numbers():
    with pytest.raises(ArgumentError, match="weights_gen must be numbers"):
        gan_loss_from_func(None, None, ("a", 1))


def test_a_target_a_picture_is_spread_over_its_parts():
    loss = AdaptiveLoss(nn.MSELoss())
    assert loss(torch.zeros(2, 3, 4), torch.tensor([1, 0])) == 0.5
    assert loss(torch.zeros(2, 3), True) == 1 and loss(torch.zeros(2, 3), False) == 0


def test_it_goes_into_files():
    again = decode(encode(AdaptiveLoss(nn.BCEWithLogitsLoss())))
    assert isinstance(again, AdaptiveLoss) and isinstance(again.crit, nn.BCEWithLogitsLoss)
    assert decode(encode(accuracy_thresh_expand)) is accuracy_thresh_expand


def test_accuracy_counts_parts_on_the_right_side():
    parts, real = torch.tensor([[0.6, 0.4], [0.2, 0.7]]), torch.tensor([1, 0])
    assert accuracy_thresh_expand(parts, real, sigmoid=False) == 0.5
    assert accuracy_thresh_expand(parts, real, thresh=0.5) == 0.5 and accuracy_thresh_expand(-parts, real) == 0.5
    assert accuracy_thresh_expand(parts, real, thresh=0.3, sigmoid=False) == 0.75
