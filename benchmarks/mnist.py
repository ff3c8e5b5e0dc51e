"""How accurate the two small MNIST networks get, trained as in the lesson they come from, over several seeds."""

from __future__ import annotations

import argparse
import statistics

import torch
from torch import nn

from benchmarks.common import Row, show, unpacked
from onecycle.data.bunch import DataBunch
from onecycle.learner import Learner
from onecycle.metrics.classification import accuracy
from onecycle.nn.blocks import conv_layer, res_block
from onecycle.nn.layers import Flatten
from onecycle.vision.image_list import ImageList
from onecycle.vision.transform import rand_pad

COMMAND = "python -m benchmarks.mnist"
CHANNELS = (8, 16, 32, 16)
SEEDS = (1, 2, 3)


def make_data(folder: object) -> DataBunch:
    """Read MNIST as single-channel pictures, padded by 3 and cropped at random to 28."""
    items = ImageList.from_folder(folder, convert_mode="L")
    labelled = items.split_by_folder(train="training", valid="testing").label_from_folder()
    return labelled.transform(([*rand_pad(padding=3, size=28, mode="zeros")], [])).databunch(bs=128).normalize()


def plain_net() -> nn.Module:
    """Build five strided convolutions with batch norm: 12,126 parameters."""
    def conv(n_in: int, n_out: int) -> nn.Module:
        return nn.Conv2d(n_in, n_out, kernel_size=3, stride=2, padding=1)

    sizes = [1, *CHANNELS]
    blocks = [(conv(a, b), nn.BatchNorm2d(b), nn.ReLU()) for a, b in zip(sizes[:-1], sizes[1:], strict=True)]
    layers = [layer for block in blocks for layer in block]
    return nn.Sequential(*layers, conv(sizes[-1], 10), nn.BatchNorm2d(10), Flatten())


def residual_net() -> nn.Module:
    """Build a residual block after each strided convolution but the last: 41,132 parameters."""
    sizes = [1, *CHANNELS]
    layers: list[nn.Module] = []
    for n_in, n_out in zip(sizes[:-1], sizes[1:], strict=True):
        layers += [conv_layer(n_in, n_out, stride=2), res_block(n_out)]
    return nn.Sequential(*layers, conv_layer(sizes[-1], 10, stride=2), Flatten())


RUNS = {  # name: network, epochs, max_lr, bound on the accuracy in per cent
    "plain, 3 epochs": (plain_net, 3, 0.1, 98.5),
    "plain, 10 epochs": (plain_net, 10, 0.1, 99.1),
    "residual, 12 epochs": (residual_net, 12, 0.05, 99.45),
}


def train(data: DataBunch, name: str, seed: int) -> float:
    """Train one network and return its accuracy on the 10,000 test digits, in per cent."""
    build, epochs, max_lr, _ = RUNS[name]
    torch.manual_seed(seed)
    learner = Learner(data, build(), loss_func=nn.CrossEntropyLoss(), metrics=accuracy)
    learner.fit_one_cycle(epochs, max_lr=max_lr)
    return 100 * float(learner.validate()[1])


def over_seeds(data: DataBunch, name: str) -> Row:
    """Train one network with each seed; the figure is the median."""
    found = [train(data, name, seed) for seed in SEEDS]
    build, _, _, bound = RUNS[name]
    parameters = sum(p.numel() for p in build().parameters())
    each = ", ".join(f"seed {seed}: {percent:.2f}" for seed, percent in zip(SEEDS, found, strict=True))
    return Row(f"MNIST {name}: accuracy", statistics.median(found), "%", f">= {bound}",
               f"{COMMAND} --only '{name}'", f"{parameters:,} parameters; {each}",
               seed=", ".join(map(str, SEEDS)))


def run(only: str = "") -> list[Row]:
    """Train the networks whose name begins with `only`."""
    folder = unpacked("mnist_png.tgz")
    if folder is None:
        return []
    data = make_data(folder)
    return [over_seeds(data, name) for name in RUNS if name.startswith(only)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="beginning of a name: " + ", ".join(RUNS))
    show(run(parser.parse_args().only))
