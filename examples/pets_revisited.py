"""Lesson 6, pets revisited: heavier augmentation, progressive resizing, and what the network looks at.

    python examples/pets_revisited.py [--data FOLDER_OF_PICTURES]

Without --data the Oxford-IIIT Pet pictures are downloaded (800 MB). File names tell the breed: `Birman_12.jpg`.
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import Tensor

from onecycle.data.bunch import DataBunch
from onecycle.data.download import URLs, untar_data
from onecycle.data.lists import ItemLists
from onecycle.learner import Learner
from onecycle.metrics.classification import error_rate
from onecycle.nn.hooks import hook_output
from onecycle.vision.data import ImageList, imagenet_stats
from onecycle.vision.image import Image
from onecycle.vision.learner import cnn_learner
from onecycle.vision.models import resnet34
from onecycle.vision.transform import get_transforms

TFMS = get_transforms(max_rotate=20, max_zoom=1.3, max_lighting=0.4, max_warp=0.4, p_affine=1.0, p_lighting=1.0)
EDGES = torch.tensor([[0.0, -5 / 3, 1], [-5 / 3, -5 / 3, 1], [1.0, 1, 1]]).expand(1, 3, 3, 3) / 6


def make_data(source: ItemLists, size: int, bs: int, padding_mode: str = "reflection") -> DataBunch:
    """Label, transform and batch one split: the same pictures at any size."""
    labelled = source.label_from_re(r"([^/]+)_\d+.jpg$")
    return labelled.transform(TFMS, size=size, padding_mode=padding_mode).databunch(bs=bs).normalize(imagenet_stats)


def heat_map(learner: Learner, picture: Image, category: int) -> tuple[Image, Tensor]:
    """Weigh the last activations by how much each channel moves the score of one class (Grad-CAM).

    Returns:
        The picture as the network saw it, and a map `(h, w)` that is high where it looked.

    Reference:
        Selvaraju et al., Grad-CAM, ICCV 2017, section 3.
    """
    model = learner.model.eval()
    batch, _ = learner.data.one_item(picture)  # (1, 3, H, W)
    with hook_output(model[0]) as activations, hook_output(model[0], grad=True) as gradients:
        model(batch)[0, category].backward()
    weight = gradients.stored[0][0].mean((1, 2))[:, None, None]  # (C, 1, 1)
    seen = Image(learner.data.denorm(batch)[0])
    return seen, (activations.stored[0] * weight).mean(0).cpu()


def draw_heat_map(seen: Image, heat: Tensor, file: Path) -> None:
    """Draw the picture, the map, and one over the other."""
    height, width = seen.size
    _, axes = plt.subplots(1, 3, figsize=(9, 3))
    seen.show(axes[0])
    seen.show(axes[2])
    for axis in axes[1:]:
        axis.imshow(heat, alpha=0.6, extent=(0, width, height, 0), interpolation="bilinear", cmap="magma")
    plt.savefig(file)


def draw_edges(picture: Image, file: Path) -> None:
    """Convolve a picture by hand with a kernel that answers to edges at the lower right."""
    edges = F.conv2d(picture.data[None], EDGES)  # (1, 1, H - 2, W - 2)
    plt.imsave(file, edges[0, 0].numpy(), cmap="binary")


def main(words: list[str] | None = None) -> Learner:
    """Train frozen, then whole, then whole at a larger size; then ask where it looks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of pictures")
    parser.add_argument("--sizes", type=int, nargs=2, default=(224, 352))
    parser.add_argument("--bs", type=int, default=16)
    parser.add_argument("--epochs", type=int, nargs=3, default=(3, 2, 2), help="frozen, whole, whole and larger")
    parser.add_argument("--from-scratch", action="store_true", help="do without ImageNet weights")
    parser.add_argument("--out", type=Path, default=Path("out/pets_revisited"))
    options = parser.parse_args(words)
    options.out.mkdir(parents=True, exist_ok=True)

    pictures = options.data or untar_data(URLs.PETS) / "images"
    source = ImageList.from_folder(pictures).split_by_rand_pct(0.2, seed=2)
    print(source)
    data = make_data(source, options.sizes[0], options.bs)
    learner = cnn_learner(data, resnet34, metrics=error_rate, bn_final=True, path=options.out,
                          pretrained=not options.from_scratch)
    print(learner.summary())
    learner.fit_one_cycle(options.epochs[0], slice(1e-2), pct_start=0.8)
    learner.save("frozen")

    learner.load("frozen").unfreeze()
    learner.fit_one_cycle(options.epochs[1], max_lr=slice(1e-6, 1e-3), pct_start=0.8)
    learner.data = make_data(source, options.sizes[1], options.bs)
    learner.fit_one_cycle(options.epochs[2], max_lr=slice(1e-6, 1e-4))
    learner.save("whole")

    picture, category = learner.data.valid_ds[0]
    draw_edges(picture, options.out / "edges.png")
    draw_heat_map(*heat_map(learner, picture, int(category)), options.out / "heat_map.png")
    print(f"{category}: see {options.out / 'heat_map.png'}")
    return learner


if __name__ == "__main__":
    main()
