"""Generators and critics: shapes, settings, what they refuse."""

import pytest
import torch
from torch import nn

from onecycle.errors import ArgumentError
from onecycle.nn.norm import NormType
from onecycle.utils.registry import lookup
from onecycle.vision.gan.networks import AvgFlatten, basic_critic, basic_generator, gan_critic


@pytest.mark.parametrize("size", [8, 32])
@pytest.mark.parametrize("extra", [0, 2])
def test_generator_and_critic_fit(size, extra):
    generator = basic_generator(size, 3, noise_sz=10, n_features=4, n_extra_layers=extra)
    made = generator(torch.randn(2, 10, 1, 1))
    assert made.shape == (2, 3, size, size) and made.abs().max() <= 1
    assert basic_critic(size, 3, n_features=4, n_extra_layers=extra)(made).shape == (2, 1)


@pytest.mark.parametrize("build", [basic_generator, basic_critic])
@pytest.mark.parametrize("size", [4, 28, 0, 16.0, -8])
def test_sizes_that_are_no_power_of_two_are_refused(build, size):
    with pytest.raises(ArgumentError, match=f"{build.__name__}: in_size must be 8, 16, 32"):
        build(size, 1)


def test_the_norm_can_be_chosen():
    critic = basic_critic(16, 1, n_features=4, norm_type=NormType.Instance)
    assert any(isinstance(m, nn.InstanceNorm2d) for m in critic.modules())
    assert not any(isinstance(m, nn.BatchNorm2d) for m in critic.modules())


def test_a_generator_says_how_it_is_built_again():
    generator = basic_generator(16, 1, noise_sz=5, n_features=4, norm_type=NormType.Instance)
    spec = generator.model_spec
    again = lookup("model", spec["builder"])(**spec["args"])
    again.load_state_dict(generator.state_dict())
    noise = torch.randn(2, 5, 1, 1)
    assert torch.equal(again(noise), generator(noise))


def test_the_critic_has_spectral_norm_and_rates_parts():
    critic = gan_critic(nf=8, n_blocks=2)
    assert critic(torch.randn(2, 3, 32, 40)).shape == (2, 4 * 5)
    weights = [m for m in critic.modules() if isinstance(m, nn.Conv2d)]
    assert weights and all(hasattr(m, "parametrizations") for m in weights)


def test_spectral_norm_bounds_the_critic():
    torch.manual_seed(0)
    critic = gan_critic(nf=8, n_blocks=1, p=0.0)
    with torch.no_grad():
        for p in critic.parameters():
            p.mul_(100.0)
    a = torch.randn(2, 3, 16, 16)
    for _ in range(20):
        critic(a)
    near = critic.eval()(a) - critic(a + 1e-3)
    assert near.abs().max() < 0.1


def test_avg_flatten():
    x = torch.arange(4.0).reshape(4, 1, 1, 1)
    assert AvgFlatten()(x).tolist() == [1.5]
