"""The ladder of lesson 7 (2018): seven networks for 32x32 pictures, each a small step after the last one.

python examples/cifar_ladder.py [--data FOLDER] [--only Resnet] [--lr 0.01]

FOLDER holds train/ and test/ with pictures of 32x32 pixels, in a folder a class or named <number>_<class>.png, as
CIFAR-10 comes. Without it scikit-learn's 1,797 digits are written out at that size. Each network is trained in
cycles that restart (SGDR), a snapshot at the end of each, and judged with test-time augmentation.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import numpy as np
import torch
import torch.nn.functional as F
from example_data import arguments, saved
from PIL import Image
from torch import Tensor, nn

from onecycle.vision import ImageList, Learner, accuracy, cifar_stats, flip_lr, rand_pad

SIZE = 32


class SimpleNet(nn.Module):
    """Linear layers over all pixels: a weight for each pixel and unit."""

    def __init__(self, layers: list[int]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(ni, nf) for ni, nf in zip(layers, layers[1:]))

    def forward(self, x: Tensor) -> Tensor:
        x = x.flatten(1)  # (N, 3, 32, 32) -> (N, 3072)
        for layer in self.layers[:-1]:
            x = F.relu(layer(x))
        return F.log_softmax(self.layers[-1](x), dim=-1)


class ConvNet(nn.Module):
    """Convolutions that halve the picture; the maximum of each channel is what the last layer sees."""

    def __init__(self, layers: list[int], c: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Conv2d(ni, nf, kernel_size=3, stride=2) for ni, nf in zip(layers, layers[1:])
        )
        self.pool = nn.AdaptiveMaxPool2d(1)
        self.out = nn.Linear(layers[-1], c)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = F.relu(layer(x))
        return F.log_softmax(self.out(self.pool(x).flatten(1)), dim=-1)


class ConvLayer(nn.Module):
    """A convolution that halves the picture and keeps its edge, then ReLU."""

    def __init__(self, ni: int, nf: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(ni, nf, kernel_size=3, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.conv(x))


class ConvNet2(nn.Module):
    """The same as ConvNet, with the layer as a class of its own."""

    def __init__(self, layers: list[int], c: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(*(ConvLayer(ni, nf) for ni, nf in zip(layers, layers[1:])))
        self.out = nn.Linear(layers[-1], c)

    def forward(self, x: Tensor) -> Tensor:
        x = F.adaptive_max_pool2d(self.layers(x), 1).flatten(1)  # (N, C, H, W) -> (N, C)
        return F.log_softmax(self.out(x), dim=-1)


class BnLayer(nn.Module):
    """A convolution, then a batch norm made by hand: `m` multiplies, `a` is added, for each channel."""

    means: Tensor
    stds: Tensor

    def __init__(self, ni: int, nf: int, stride: int = 2, kernel_size: int = 3) -> None:
        super().__init__()
        self.conv = nn.Conv2d(ni, nf, kernel_size, stride, padding=kernel_size // 2, bias=False)
        self.a = nn.Parameter(torch.zeros(nf, 1, 1))
        self.m = nn.Parameter(torch.ones(nf, 1, 1))
        self.register_buffer("means", torch.zeros(nf, 1, 1))
        self.register_buffer("stds", torch.ones(nf, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.conv(x))
        means, stds = self._statistics(x) if self.training else (self.means, self.stds)
        return (x - means) / (stds + 1e-5) * self.m + self.a

    def _statistics(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and deviation of each channel of the batch, and remember them for evaluation."""
        std, mean = torch.std_mean(x, dim=(0, 2, 3), keepdim=True)
        with torch.no_grad():
            self.means.lerp_(mean[0], 0.1)
            self.stds.lerp_(std[0], 0.1)
        return mean[0], std[0]


class ResnetLayer(BnLayer):
    """Add to what comes in: the layer learns what is still missing."""

    def forward(self, x: Tensor) -> Tensor:
        return x + super().forward(x)


class Ladder(nn.Module):
    """A first layer of larger windows, then for each width one layer that halves the picture and some that do not.

    Args:
        layers: Channels, from the first layer's on.
        c: Number of classes.
        more: The layers after each one that halves: their classes.
        first: The first layer.
        p: Dropout before the last layer.
    """

    def __init__(
        self, layers: list[int], c: int, more: list[type[BnLayer]], first: nn.Module | None = None, p: float = 0.0
    ) -> None:
        super().__init__()
        self.conv1 = first or nn.Conv2d(3, layers[0], kernel_size=5, stride=1, padding=2)
        self.layers = nn.ModuleList(
            nn.Sequential(BnLayer(ni, nf), *(kind(nf, nf, 1) for kind in more)) for ni, nf in zip(layers, layers[1:])
        )
        self.drop = nn.Dropout(p)
        self.out = nn.Linear(layers[-1], c)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(x)
        for layer in self.layers:
            x = layer(x)
        x = F.adaptive_max_pool2d(x, 1).flatten(1)  # (N, C, H, W) -> (N, C)
        return F.log_softmax(self.out(self.drop(x)), dim=-1)


def conv_bn_net(layers, c):
    return Ladder(layers, c, more=[])


def deep_conv_bn_net(layers, c):
    return Ladder(layers, c, more=[BnLayer])


def resnet(layers, c):
    return Ladder(layers, c, more=[ResnetLayer, ResnetLayer])


def resnet2(layers, c, p=0.5):
    first = BnLayer(3, layers[0], stride=1, kernel_size=7)
    return Ladder(layers, c, more=[ResnetLayer, ResnetLayer], first=first, p=p)


def rungs(c: int) -> dict[str, tuple[nn.Module, float, float]]:
    """Return each network with its rate and its weight decay."""
    widths = [10, 20, 40, 80, 160]
    return {
        "SimpleNet": (SimpleNet([SIZE * SIZE * 3, 40, c]), 1e-2, 0.0),
        "ConvNet": (ConvNet([3, 20, 40, 80], c), 3e-2, 0.0),  # the lesson's 1e-1 is for batches of 256
        "ConvNet2": (ConvNet2([3, 20, 40, 80], c), 3e-2, 0.0),
        "ConvBnNet": (conv_bn_net(widths[:-1], c), 3e-2, 0.0),
        "ConvBnNet2": (deep_conv_bn_net(widths, c), 1e-2, 0.0),
        "Resnet": (resnet(widths, c), 1e-2, 1e-5),
        "Resnet2": (resnet2([16, 32, 64, 128, 256], c, 0.2), 1e-2, 1e-6),
    }


def digits_as_cifar(folder: Path) -> Path:
    """Write scikit-learn's 1,797 digits as 32x32 colour pictures: train/<digit>/*.png and test."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    for number, (ink, target) in enumerate(zip(digits.images, digits.target, strict=True)):
        file = folder / ("test" if number % 5 == 0 else "train") / str(target) / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        grey = Image.fromarray((np.asarray(ink) * 255 / 16).astype(np.uint8))
        grey.resize((SIZE, SIZE), Image.Resampling.BICUBIC).convert("RGB").save(file)
    return folder


def get_data(args):
    """Mirrored at random and moved by up to an eighth of the width, as is usual for pictures of this size."""
    path = args.data or digits_as_cifar(args.out / "digits")
    split = ImageList.from_folder(path).split_by_folder(train="train", valid="test")
    in_folders = any(entry.is_dir() for entry in (path / "train").iterdir())
    labelled = split.label_from_folder() if in_folders else split.label_from_re(r"_(\w+)\.\w+$")
    tfms = ([flip_lr(p=0.5), *rand_pad(padding=SIZE // 8, size=SIZE, mode="zeros")], [])
    data = labelled.transform(tfms, size=SIZE).databunch(bs=args.bs)
    data.normalize(cifar_stats if args.data else None)
    data.path = args.out
    return data


def climb(args: Any, data: Any, name: str) -> dict[str, Any]:
    """Train one network and judge the average of its predictions."""
    torch.manual_seed(0)
    model, lr, wd = rungs(data.c)[name]
    lr = args.lr or lr  # 0: its own
    sgd = partial(torch.optim.SGD, momentum=0.9)
    learn = Learner(data, model, opt_func=sgd, loss_func=F.nll_loss, metrics=accuracy)
    sizes = [p.numel() for p in learn.model.parameters()]
    print(f"\n{name}: {sum(sizes):,} parameters")
    learn.fit_sgdr(args.cycles, lr, cycle_len=1, cycle_mult=2, save_as=name, wd=wd)
    learn.recorder.plot_lr(show_moms=True)
    saved(args, f"rates_{name}.png")
    preds, targets, losses = learn.TTA(with_loss=True)
    found = {
        "learn": learn,
        "sizes": sizes,
        "plain": float(learn.validate()[1]),
        "accuracy": float(accuracy(preds, targets)),
        "log_loss": float(losses.double().mean()),
    }
    print(f"TTA: log-loss {found['log_loss']:.4f}, accuracy {found['accuracy']:.4f} (plain {found['plain']:.4f})")
    return found


def main(argv=None):
    small = {"bs": 32}  # for 1,797 digits
    args = arguments(__doc__, argv, "cifar10", small, bs=256, cycles=3, lr=0.0, only="")
    data = get_data(args)
    print(data)
    names = [name for name in rungs(data.c) if args.only in ("", name)]
    found = {name: climb(args, data, name) for name in names}
    print(f"\n{'':<11} parameters  accuracy  with TTA  log-loss")
    for name, rung in found.items():
        print(
            f"{name:<11} {sum(rung['sizes']):>10,}  {rung['plain']:>8.4f}  {rung['accuracy']:>8.4f}  "
            f"{rung['log_loss']:>8.4f}"
        )
    return found


if __name__ == "__main__":
    main()
