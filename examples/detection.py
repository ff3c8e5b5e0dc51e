"""Where things are in a picture and what they are: boxes by a RetinaNet, measured as COCO does, exported and loaded.

python examples/detection.py [--data FOLDER] [--fast]

FOLDER holds images/*.jpg and bboxes.csv (columns image_name, species, xmin, ymin, xmax, ymax in pixels). Without it
the pets sample beside the checkout is taken (environment variable ONECYCLE_DATA), or scenes of shapes are drawn.
"""

from __future__ import annotations

import csv
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import numpy as np
import torch
from example_data import arguments, saved
from PIL import Image, ImageDraw
from torch import nn

from onecycle.vision import (
    DownloadError,
    LossMetrics,
    MeanAveragePrecision,
    ObjectDetectionInterpretation,
    ObjectItemList,
    bb_pad_collate,
    detection_learner,
    get_transforms,
    imagenet_stats,
    load_learner,
    open_image,
)
from onecycle.vision.models import register_model

SMALL = {"arch": "body_of_five_layers", "size": 64, "bs": 8, "epochs": 12, "later_epochs": 0, "lr": 3e-3}
FAST = {"arch": "body_of_five_layers", "size": 64, "bs": 8, "epochs": 5, "later_epochs": 0, "lr": 3e-3, "scenes": 120}
COLOURS = {"block": (60, 90, 220), "disc": (220, 80, 60)}


@register_model(cut=-1)
def body_of_five_layers(pretrained=False):
    """A body small enough for a laptop; registered, so that an exported learner can name it."""

    def layer(channels, out, stride):
        conv = nn.Conv2d(channels, out, 3, stride, 1, bias=False)
        return nn.Sequential(conv, nn.BatchNorm2d(out), nn.ReLU(inplace=True))

    widths = [(3, 16, 2), (16, 32, 2), (32, 64, 2), (64, 64, 1), (64, 96, 2)]
    return nn.Sequential(*[layer(*width) for width in widths], nn.AdaptiveAvgPool2d(1))


def drawn_scenes(folder, count, size=64):
    """Draw pictures of up to three blocks and discs; return for each file its boxes and their names."""
    folder.mkdir(parents=True, exist_ok=True)
    labels = {}
    for number in range(count):
        rng = np.random.default_rng(number)
        picture = Image.fromarray(rng.integers(0, 70, (size, size, 3), dtype=np.uint8))
        boxes, names = [], []
        for _ in range(rng.integers(1, 4)):
            (height, width), name = rng.integers(size // 5, size // 2, 2), str(rng.choice(list(COLOURS)))
            top, left = rng.integers(0, size - height), rng.integers(0, size - width)
            box = [int(edge) for edge in (top, left, top + height, left + width)]
            if any(max(box[0], b[0]) < min(box[2], b[2]) and max(box[1], b[1]) < min(box[3], b[3]) for b in boxes):
                continue  # they do not hide each other
            draw = ImageDraw.Draw(picture)
            shape = draw.ellipse if name == "disc" else draw.rectangle
            shape((box[1], box[0], box[3] - 1, box[2] - 1), fill=COLOURS[name])
            boxes.append(box)
            names.append(name)
        picture.save(folder / f"{number:04}.png")
        labels[f"{number:04}.png"] = [boxes, names]
    return labels


def pet_boxes(file):
    """Read a table of one box a picture: a label is [boxes, names], a box being top, left, bottom, right."""
    with open(file, newline="") as table:
        rows = list(csv.DictReader(table))
    edges = ("ymin", "xmin", "ymax", "xmax")
    return {f"{row['image_name']}.jpg": [[[float(row[e]) for e in edges]], [row["species"]]] for row in rows}


def get_data(folder, labels, size, bs):
    """Pair each picture with its boxes; both move alike."""
    return (
        ObjectItemList([folder / name for name in sorted(labels)], path=folder)
        .split_by_rand_pct(0.2, seed=0)
        .label_from_func(lambda file: labels[Path(file).name])
        .transform(get_transforms(max_rotate=0, max_warp=0), size=(size, size), tfm_y=True)
        .databunch(bs=bs, collate_fn=bb_pad_collate)
        .normalize(imagenet_stats)
    )


def make_learner(args, data):
    how = {"metrics": [MeanAveragePrecision(), MeanAveragePrecision(iou=0.5)], "callback_fns": LossMetrics}
    how["model_dir"] = args.out / "models"
    if args.arch == "body_of_five_layers":  # small things in small pictures
        how.update(levels=2, channels=48, scales=(2.0, 3.0))
        return detection_learner(data, body_of_five_layers, pretrained=False, **how)
    try:
        return detection_learner(data, args.arch, pretrained=not args.from_scratch, **how)
    except DownloadError as error:
        print(f"{error}\nGoing on without: pretrained=False. Expect to need many more pictures and epochs.")
        return detection_learner(data, args.arch, pretrained=False, **how)


def main(argv=None):
    defaults = {"arch": "resnet34", "size": 224, "bs": 16, "epochs": 10, "later_epochs": 5, "lr": 1e-3, "scenes": 300}
    args = arguments(__doc__, argv, "pets_sample", SMALL, FAST, **defaults)
    torch.manual_seed(0)

    # The pictures and their boxes
    if args.data:
        path = args.data / "pets_sample" if (args.data / "pets_sample").is_dir() else args.data
        folder, labels = path / "images", pet_boxes(path / "bboxes.csv")
    else:
        folder = args.out / "scenes"
        labels = drawn_scenes(folder, args.scenes)
    data = get_data(folder, labels, args.size, args.bs)
    print(data.classes, len(data.train_ds), len(data.valid_ds))
    data.show_batch(rows=2, figsize=(7, 7))
    saved(args, "detection_batch.png")

    # Learn
    learn = make_learner(args, data)
    learn.fit_one_cycle(args.epochs, args.lr)
    if args.later_epochs:  # the body came with weights of its own: carefully
        learn.unfreeze()
        learn.fit_one_cycle(args.later_epochs, slice(args.lr / 20, args.lr / 4))
    _, coco, half = learn.validate()
    learn.show_results(rows=3, thresh=0.4)
    saved(args, "detection_results.png")

    # What was found, missed, made up
    counts = ObjectDetectionInterpretation.from_learner(learn, thresh=0.4).counts()
    for name, (found, missed, made_up) in counts.items():
        print(f"{name}: {found} found, {missed} missed, {made_up} made up")

    # One picture of any size, by the exported file
    learn.export(args.out / "detector.safetensors")
    picture = open_image(data.valid_ds.x.items[0])
    boxes, _, _ = load_learner(args.out, "detector.safetensors").predict(picture, thresh=0.4)
    print(boxes, boxes.labels, boxes.scores)
    picture.show(y=boxes)
    saved(args, "detection_predict.png")
    return {"learn": learn, "coco": float(coco), "half": float(half), "counts": counts, "boxes": boxes}


if __name__ == "__main__":
    main()
