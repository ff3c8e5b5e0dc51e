"""How many of the digits that a Wasserstein GAN draws a classifier is sure of, and how varied they are."""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn, optim

from benchmarks.common import SEED, Row, seconds, show, unpacked
from benchmarks.mnist import plain_net
from onecycle.data.bunch import DataBunch
from onecycle.learner import Learner
from onecycle.metrics.classification import accuracy
from onecycle.nn.norm import NormType
from onecycle.utils.functions import noop
from onecycle.vision.gan.items import GANItemList
from onecycle.vision.gan.learner import GANLearner
from onecycle.vision.gan.networks import basic_critic, basic_generator
from onecycle.vision.gan.switchers import FixedGANSwitcher
from onecycle.vision.image_list import ImageList

COMMAND = "python -m benchmarks.wgan"
SIDE, NOISE, FEATURES, BATCH = 32, 8, 32, 32
JUDGED = 2000
SURE = 0.9
HALF = ([0.5], [0.5])  # pixels from -1 to 1, as a tanh gives them out


@dataclass(frozen=True)
class Way:
    """One way to bound the critic, and how it is trained."""

    bound: dict[str, Any]
    norm: dict[str, Any]  # of the critic
    lr: float | slice  # of both sides, or of generator and critic
    epochs: int


WAYS = {
    "weight clipping": Way({"clip": 0.1}, {"norm_type": NormType.Instance}, 2e-3, 15),
    "gradient penalty": Way({"gp": 10.0}, {"norm_type": None}, 2e-3, 15),
}


@dataclass(frozen=True)
class Verdict:
    """What the classifier says of pictures."""

    sure: float  # share of which it is sure
    entropy: float  # of the classes that it sees, in nats; ln 10 = 2.303 where all ten are as frequent
    score: float  # exp(mean divergence of a picture's classes from those of all): 1 … 10, Salimans et al. 2016

    def __str__(self) -> str:
        return f"{self.sure:.1%} sure, entropy {self.entropy:.2f}, score {self.score:.2f}"


def real_digits(folder: Path) -> DataBunch:
    """Read the 60,000 digits to train on and the 10,000 to test with."""
    items = ImageList.from_folder(folder, convert_mode="L").split_by_folder("training", "testing")
    return items.label_from_folder().transform(size=SIDE).databunch(bs=128).normalize(HALF)


def judge_of(data: DataBunch) -> Learner:
    """Train a classifier of real digits."""
    torch.manual_seed(SEED)
    learn = Learner(data, plain_net(), loss_func=nn.CrossEntropyLoss(), metrics=accuracy)
    learn.fit_one_cycle(5, max_lr=0.1)
    return learn


@torch.no_grad()
def verdict(judge: nn.Module, pictures: Tensor) -> Verdict:
    """Let the classifier look at pictures `(N, 1, 32, 32)`."""
    chances = judge(pictures).softmax(1)  # (N, 10)
    surest, classes = chances.max(1)
    seen = torch.bincount(classes, minlength=10) / len(classes)
    score = (chances * (chances.clamp_min(1e-12) / chances.mean(0)).log()).sum(1).mean().exp()
    return Verdict(float((surest > SURE).float().mean()), float(torch.special.entr(seen).sum()), float(score))


@torch.no_grad()
def drawn(generator: nn.Module) -> Tensor:
    """Return what a generator makes of noise of a fixed seed, in evaluation mode."""
    noise = torch.randn(JUDGED, NOISE, 1, 1, generator=torch.Generator().manual_seed(SEED))
    was = generator.training
    made: Tensor = generator.eval()(noise)
    generator.train(was)
    return made


def make_gan(folder: Path, way: Way) -> GANLearner:
    """Make a small Wasserstein GAN of digits of which the sides take turns step by step."""
    items = GANItemList.from_folder(folder / "training", noise_sz=NOISE)
    labelled = items.split_none().label_from_func(noop, convert_mode="L").transform(size=SIDE, tfm_y=True)
    data = labelled.databunch(bs=BATCH, num_workers=0).normalize(HALF, do_x=False, do_y=True)
    torch.manual_seed(SEED)
    sizes: dict[str, Any] = {"in_size": SIDE, "n_channels": 1, "n_features": FEATURES}
    sides = basic_generator(noise_sz=NOISE, **sizes), basic_critic(**sizes, **way.norm)
    adam = partial(optim.Adam, betas=(0.0, 0.99))
    how: dict[str, Any] = {"opt_func": adam, "wd": 0.0, "switch_eval": False, "show_img": False, **way.bound}
    return GANLearner.wgan(data, *sides, switcher=FixedGANSwitcher, **how).to_bf16().to_channels_last()


def write(pictures: Tensor, file: Path) -> None:
    """Write the first 100 pictures as one, ten in a row."""
    from PIL import Image

    grid = pictures[:100].reshape(10, 10, SIDE, SIDE).permute(0, 2, 1, 3).reshape(10 * SIDE, 10 * SIDE)
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(((grid + 1) * 127.5).round().byte().numpy()).save(file)


def measure(folder: Path, name: str, judge: nn.Module, about: str, out: Path | None = None) -> list[Row]:
    """Train one GAN and judge what it draws, before and after."""
    way = WAYS[name]
    learn = make_gan(folder, way)
    generator: Any = learn.model.generator
    before = verdict(judge, drawn(generator))
    took = seconds(lambda: learn.fit_one_cycle(way.epochs, way.lr, moms=(0.0, 0.0), pct_start=0.1))
    made = drawn(generator)
    after = verdict(judge, made)
    if out is not None:
        write(made, out / f"{name}.png")
    steps = way.epochs * len(learn.data.train_dl) // 2
    note = f"{steps} steps of each side in {took / 60:.1f} min; {after}; untrained generator: {before}; {about}"
    command = f"{COMMAND} --only '{name}'"
    return [
        Row(f"WGAN digits, {name}: judged as a digit with p > {SURE}", 100 * after.sure, "%", ">= 80", command, note),
        Row(f"WGAN digits, {name}: entropy of the ten classes", after.entropy, "nats", ">= 2", command,
            f"{math.log(10):.3f} where all are as frequent; {before.entropy:.3f} untrained"),
    ]  # fmt: skip


def run(only: str = "", out: Path | None = None) -> list[Row]:
    """Train the GANs whose name begins with `only`; pictures of what they draw go into the folder `out`."""
    folder = unpacked("mnist_png.tgz")
    if folder is None:
        return []
    learn = judge_of(real_digits(folder))
    exact = float(learn.validate()[1])
    judge = learn.model.eval()
    real = verdict(judge, torch.cat([xb for xb, _ in learn.data.valid_dl]))
    about = f"real digits: {real}; the classifier is right on {exact:.2%} of test digits"
    return [row for name in WAYS if name.startswith(only) for row in measure(folder, name, judge, about, out)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="beginning of a name: " + ", ".join(WAYS))
    parser.add_argument("--out", type=Path, help="folder for pictures of the digits that are drawn")
    args = parser.parse_args()
    show(run(args.only, args.out))
