"""Handwritten digits: a plain convolutional net with batch norm, then the same with residual blocks.

python examples/mnist_cnn.py [--data FOLDER]

FOLDER holds training/<digit>/*.png and testing/<digit>/*.png, as MNIST does. Without it MNIST beside the checkout is
taken (environment variable ONECYCLE_DATA), or scikit-learn's 1,797 digits are written out that way.
"""

from __future__ import annotations

import matplotlib

matplotlib.use("Agg")

from example_data import arguments, digits_as_mnist, saved
from torch import nn

from onecycle.vision import (
    Flatten,
    ImageList,
    Learner,
    accuracy,
    conv_layer,
    defaults,
    plot_multi,
    rand_pad,
    res_block,
)


def folder_of_digits(args):
    return args.data or digits_as_mnist(args.out / "digits")


def digits(args):
    """Build the data one stage at a time, looking at each."""
    path = folder_of_digits(args)
    il = ImageList.from_folder(path, convert_mode="L")
    print(il.items[0])
    defaults.cmap = "binary"
    print(il)
    il[0].show()
    saved(args, "digit.png")

    sd = il.split_by_folder(train="training", valid="testing")
    print(sd)
    print(sorted((path / "training").iterdir()))
    ll = sd.label_from_folder()
    print(ll)
    x, y = ll.train[0]
    print(y, x.shape)

    tfms = ([*rand_pad(padding=3, size=28, mode="zeros")], [])
    ll = ll.transform(tfms)
    data = ll.databunch(bs=args.bs).normalize()
    data.path = args.out

    def _plot(i, j, ax):
        data.train_ds[0][0].show(ax, cmap="gray")

    plot_multi(_plot, 3, 3, figsize=(8, 8))
    saved(args, "one_digit_nine_times.png")
    data.show_batch(rows=3, figsize=(5, 5))
    saved(args, "batch.png")
    return data


def conv(ni, nf):
    return nn.Conv2d(ni, nf, kernel_size=3, stride=2, padding=1)


def plain_net():
    """Five convolutions that halve the picture until one place is left."""
    return nn.Sequential(
        conv(1, 8),  # 14
        nn.BatchNorm2d(8),
        nn.ReLU(),
        conv(8, 16),  # 7
        nn.BatchNorm2d(16),
        nn.ReLU(),
        conv(16, 32),  # 4
        nn.BatchNorm2d(32),
        nn.ReLU(),
        conv(32, 16),  # 2
        nn.BatchNorm2d(16),
        nn.ReLU(),
        conv(16, 10),  # 1
        nn.BatchNorm2d(10),
        Flatten(),  # (N, 10, 1, 1) -> (N, 10)
    )


def conv2(ni, nf):
    return conv_layer(ni, nf, stride=2)


def short_net():
    """The same, with convolution, activation and batch norm in one word."""
    return nn.Sequential(conv2(1, 8), conv2(8, 16), conv2(16, 32), conv2(32, 16), conv2(16, 10), Flatten())


class ResBlock(nn.Module):
    """Two convolutions that add to what they are given: `res_block` by hand."""

    def __init__(self, nf):
        super().__init__()
        self.conv1, self.conv2 = conv_layer(nf, nf), conv_layer(nf, nf)

    def forward(self, x):
        return x + self.conv2(self.conv1(x))


def conv_and_res(ni, nf, block=res_block):
    return nn.Sequential(conv2(ni, nf), block(nf))


def residual_net(block=res_block):
    """Each halving is followed by a block that adds to what it is given."""
    widths = [1, 8, 16, 32, 16]
    blocks = [conv_and_res(ni, nf, block) for ni, nf in zip(widths, widths[1:])]
    return nn.Sequential(*blocks, conv2(16, 10), Flatten())


def main(argv=None):
    small = {"bs": 32}  # for 1,797 digits
    args = arguments(__doc__, argv, "mnist_png", small, bs=128, epochs=3, long_epochs=10, residual_epochs=12)
    data = digits(args)
    xb, yb = data.one_batch()
    print(xb.shape, yb.shape)

    learn = Learner(data, plain_net(), loss_func=nn.CrossEntropyLoss(), metrics=accuracy)
    print(learn.summary())
    print(learn.model(xb.to(data.device)).shape)
    learn.lr_find(end_lr=100)
    learn.recorder.plot()
    saved(args, "lr_find.png")
    learn.fit_one_cycle(args.epochs, max_lr=0.1)
    plain = float(learn.validate()[1])

    learn = Learner(data, short_net(), loss_func=nn.CrossEntropyLoss(), metrics=accuracy)
    learn.fit_one_cycle(args.long_epochs, max_lr=0.1)
    longer = float(learn.validate()[1])

    learn = Learner(data, residual_net(ResBlock), loss_func=nn.CrossEntropyLoss(), metrics=accuracy)
    learn.fit_one_cycle(1, max_lr=0.05)
    by_hand = float(learn.validate()[1])

    learn = Learner(data, residual_net(), loss_func=nn.CrossEntropyLoss(), metrics=accuracy)
    learn.lr_find(end_lr=100)
    learn.recorder.plot()
    saved(args, "lr_find_residual.png")
    learn.fit_one_cycle(args.residual_epochs, max_lr=0.05)
    print(learn.summary())
    residual = float(learn.validate()[1])
    print(f"accuracy: {plain:.4f} plain, {longer:.4f} after more epochs, {residual:.4f} residual")
    return {"data": data, "learn": learn, "plain": plain, "longer": longer, "by_hand": by_hand, "residual": residual}


if __name__ == "__main__":
    main()
