"""What a step of a GAN costs beside a hand-written loop: ready batches, the DCGAN pair at 32x32."""

from __future__ import annotations

import argparse
import contextlib
import io
import statistics
from copy import deepcopy
from functools import partial

import torch
from torch import nn

from benchmarks.common import SEED, Row, alternate, show
from onecycle.data.bunch import DataBunch
from onecycle.vision.gan.learner import GANLearner
from onecycle.vision.gan.networks import basic_critic, basic_generator

COMMAND = "python -m benchmarks.gan"
BATCH, BATCHES, SIZE, NOISE, FEATURES = 32, 60, 32, 50, 16
CRITIC_STEPS, CLIP, RATE, BETAS, BETA = 5, 0.01, 2e-4, (0.0, 0.99), 0.98

Batches = list[tuple[torch.Tensor, torch.Tensor]]
Pair = tuple[nn.Module, nn.Module]


def make_pair() -> Pair:
    """Build generator and critic."""
    return basic_generator(SIZE, 1, NOISE, n_features=FEATURES), basic_critic(SIZE, 1, n_features=FEATURES)


def make_batches() -> Batches:
    """Draw noise, and pictures of noise."""
    draw = torch.Generator().manual_seed(SEED)
    noise = torch.randn(BATCHES, BATCH, NOISE, 1, 1, generator=draw)
    return list(zip(noise, torch.rand(BATCHES, BATCH, 1, SIZE, SIZE, generator=draw) * 2 - 1, strict=True))


def free(side: nn.Module, may: bool) -> None:
    """Let a side learn, or not."""
    for parameter in side.parameters():
        parameter.requires_grad_(may)


def by_hand(pair: Pair, batches: Batches) -> list[torch.Tensor]:
    """Train as a careful person writes it; returns each loss."""
    generator, critic = pair
    generator.train()
    critic.train()
    make = partial(torch.optim.Adam, lr=RATE, betas=BETAS, fused=True)
    opt_generator, opt_critic = make(generator.parameters()), make(critic.parameters())
    weights = list(critic.parameters())
    smoothed = {True: torch.zeros(()), False: torch.zeros(())}
    losses = []
    clip(weights)
    free(generator, False)
    for step, (noise, real) in enumerate(batches):
        gen_mode = step % (CRITIC_STEPS + 1) == CRITIC_STEPS
        if gen_mode:
            free(critic, False)
            free(generator, True)
            loss = critic(generator(noise)).mean()
            loss.backward()
            opt_generator.step()
            opt_generator.zero_grad()
            free(generator, False)
            free(critic, True)
        else:
            loss = distance(generator, critic, noise, real)
            loss.backward()
            opt_critic.step()
            opt_critic.zero_grad()
            clip(weights)
        smoothed[gen_mode].lerp_(loss.detach(), 1 - BETA)
        losses.append(loss.detach())
    print(f"{smoothed[True]:.6f} {smoothed[False]:.6f}")
    return losses


def distance(generator: nn.Module, critic: nn.Module, noise: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
    """Return the critic's loss; no gradient goes through the generator."""
    said = critic(real).mean()
    with torch.no_grad():
        fake = generator(noise)
    return said - critic(fake).mean()


@torch.no_grad()
def clip(weights: list[nn.Parameter]) -> None:
    """Bound the critic's weights."""
    torch._foreach_clamp_min_(weights, -CLIP)
    torch._foreach_clamp_max_(weights, CLIP)


def ours(pair: Pair, batches: Batches) -> None:
    """Train the same with a learner."""
    data = DataBunch(batches, None, device="cpu", no_check=True)
    learn = GANLearner.wgan(
        data, *pair, clip=CLIP, switch_eval=False, show_img=False, wd=0.0,
        opt_func=partial(torch.optim.Adam, betas=BETAS),
    )  # fmt: skip
    learn.fit(1, RATE)


def check_same(pair: Pair, batches: Batches) -> float:
    """Return the largest difference of the weights after training in both ways."""
    mine, yardstick = deepcopy(pair), deepcopy(pair)
    ours(mine, batches)
    by_hand(yardstick, batches)
    sides = zip(mine, yardstick, strict=True)
    return max((a - b).abs().max().item() for x, y in sides for a, b in zip(x.parameters(), y.parameters()))


def run(rounds: int = 21) -> list[Row]:
    """Time both in turn; the figure is the median of the ratios of neighbouring runs."""
    torch.manual_seed(SEED)
    pair, batches = make_pair(), make_batches()
    trials = {"ours": lambda: ours(deepcopy(pair), batches), "hand": lambda: by_hand(deepcopy(pair), batches)}
    with contextlib.redirect_stdout(io.StringIO()):
        apart = check_same(pair, batches)
        times = alternate(trials, rounds, warm_up=2)
    middle = statistics.median(a / b for a, b in zip(times["ours"], times["hand"], strict=True))
    low = min(times["ours"]) / min(times["hand"])
    by_hand_ms = 1e3 * min(times["hand"]) / BATCHES
    note = f"{by_hand_ms:.2f} ms a step by hand; by minimum {low:.3f}; weights differ by {apart:.1e}"
    return [Row("a step of a GAN, onecycle / hand-written loop", middle, "times", "<= 1.08", COMMAND, note)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--threads", type=int, default=0, help="torch threads; as they are when left out")
    given = parser.parse_args()
    if given.threads:
        torch.set_num_threads(given.threads)
    show(run(given.rounds))
