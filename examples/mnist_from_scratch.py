"""Handwritten digits with networks built by hand: a plain one, then one with residual blocks.

    python examples/mnist_from_scratch.py [--data FOLDER]

Without --data MNIST is downloaded (15 MB). The folder holds training/<digit>/*.png and testing/<digit>/*.png.
"""

import argparse
from pathlib import Path

from torch import nn

from onecycle.data.bunch import DataBunch
from onecycle.data.download import URLs, untar_data
from onecycle.learner import Learner
from onecycle.metrics.classification import accuracy
from onecycle.nn.blocks import conv_layer, res_block
from onecycle.nn.layers import Flatten
from onecycle.vision.data import ImageList
from onecycle.vision.transform import rand_pad


def make_data(folder: Path, bs: int) -> DataBunch:
    """Read grey pictures, padded by 3 pixels and cropped at random back to 28; the test digits validate."""
    items = ImageList.from_folder(folder, convert_mode="L")
    labelled = items.split_by_folder(train="training", valid="testing").label_from_folder()
    tfms = ([*rand_pad(padding=3, size=28, mode="zeros")], [])
    return labelled.transform(tfms).databunch(bs=bs).normalize()


def conv(n_in: int, n_out: int) -> nn.Module:
    """Halve height and width with a 3x3 convolution."""
    return nn.Conv2d(n_in, n_out, kernel_size=3, stride=2, padding=1)


def plain_net() -> nn.Module:
    """Build five convolutions with batch norm: (N, 1, 28, 28) -> (N, 10), 12,126 parameters."""
    return nn.Sequential(
        conv(1, 8), nn.BatchNorm2d(8), nn.ReLU(),  # (N, 8, 14, 14)
        conv(8, 16), nn.BatchNorm2d(16), nn.ReLU(),  # (N, 16, 7, 7)
        conv(16, 32), nn.BatchNorm2d(32), nn.ReLU(),  # (N, 32, 4, 4)
        conv(32, 16), nn.BatchNorm2d(16), nn.ReLU(),  # (N, 16, 2, 2)
        conv(16, 10), nn.BatchNorm2d(10), Flatten(),  # (N, 10)
    )


def conv_and_res(n_in: int, n_out: int) -> nn.Module:
    """Halve height and width, then add a residual block."""
    return nn.Sequential(conv_layer(n_in, n_out, stride=2), res_block(n_out))


def residual_net() -> nn.Module:
    """Build the same with a residual block at each size: 41,132 parameters."""
    return nn.Sequential(
        conv_and_res(1, 8), conv_and_res(8, 16), conv_and_res(16, 32), conv_and_res(32, 16),
        conv_layer(16, 10, stride=2), Flatten(),
    )


def train(data: DataBunch, model: nn.Module, epochs: int, max_lr: float, path: Path) -> Learner:
    """Look for a learning rate, train, and tell the accuracy."""
    learner = Learner(data, model, loss_func=nn.CrossEntropyLoss(), metrics=accuracy, path=path)
    print(learner.summary())
    learner.lr_find(end_lr=100)
    learner.recorder.plot(return_fig=True).savefig(path / f"lr_find_{epochs}.png")
    learner.fit_one_cycle(epochs, max_lr=max_lr)
    print(f"accuracy: {100 * float(learner.validate()[1]):.2f} %\n")
    return learner


def main(words: list[str] | None = None) -> list[Learner]:
    """Train both networks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder with training/ and testing/")
    parser.add_argument("--bs", type=int, default=128)
    parser.add_argument("--epochs", type=int, nargs=2, default=(3, 12), help="plain, residual")
    parser.add_argument("--out", type=Path, default=Path("out/mnist"))
    options = parser.parse_args(words)
    options.out.mkdir(parents=True, exist_ok=True)

    data = make_data(options.data or untar_data(URLs.MNIST), options.bs)
    print(data)
    return [
        train(data, plain_net(), options.epochs[0], 0.1, options.out),
        train(data, residual_net(), options.epochs[1], 0.05, options.out),
    ]


if __name__ == "__main__":
    main()
