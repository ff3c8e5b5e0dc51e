"""One small learner of each kind, on data made here, for runs that are killed and taken up again."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from onecycle.learner import Learner

_SIDE, _PICTURES = 32, 48


def _draw(path: Path, mask: bool) -> None:
    """Draw bright squares on dark noise, and their masks."""
    from PIL import Image

    draw = np.random.RandomState(0)
    for number in range(_PICTURES):
        name = "left" if number % 2 else "right"
        pixels = draw.randint(0, 80, (_SIDE, _SIDE, 3), dtype=np.uint8)
        covered = np.zeros((_SIDE, _SIDE), dtype=np.uint8)
        x, y = draw.randint(2, 6) + (0 if number % 2 else _SIDE // 2), draw.randint(4, 20)
        covered[y : y + 8, x : x + 8] = 1
        pixels[covered == 1] = 220
        (path / name).mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path / name / f"{number}.png")
        if mask:
            (path / "masks").mkdir(exist_ok=True)
            Image.fromarray(covered).save(path / "masks" / f"{number}.png")


def _drawn(path: Path, mask: bool = False) -> Path:
    folder = path / ("masked" if mask else "plain")
    if not folder.exists():
        _draw(folder, mask)
    return folder


def _small_body() -> nn.Sequential:
    def block(inside: int, outside: int) -> nn.Sequential:
        return nn.Sequential(nn.Conv2d(inside, outside, 3, 2, 1), nn.BatchNorm2d(outside), nn.ReLU())

    return nn.Sequential(block(3, 8), block(8, 16), block(16, 16))


def classification(path: Path, workers: int = 0) -> Learner:
    """Pictures of two classes, augmented, with a network of dropout and batch norms."""
    from onecycle.metrics.classification import accuracy
    from onecycle.vision.image_list import ImageList
    from onecycle.vision.recipes import get_transforms

    source = ImageList.from_folder(_drawn(path)).split_by_rand_pct(0.25, seed=1).label_from_folder()
    data = source.transform(get_transforms(), size=24).databunch(bs=6, num_workers=workers, device="cpu", path=path)
    torch.manual_seed(1)
    head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(16, 2))
    return Learner(data.normalize(), nn.Sequential(_small_body(), head), metrics=accuracy, silent=True)


def segmentation(path: Path, workers: int = 0) -> Learner:
    """Masks of squares, with a U-Net."""
    from onecycle.vision.learner import unet_learner
    from onecycle.vision.recipes import get_transforms
    from onecycle.vision.segmentation_list import SegmentationItemList

    folder = _drawn(path, mask=True)
    items = SegmentationItemList.from_folder(folder, include=["left", "right"])
    source = items.split_by_rand_pct(0.25, seed=1).label_from_func(_mask_of, classes=["dark", "square"])
    tfms = get_transforms()
    data = source.transform(tfms, size=32, tfm_y=True).databunch(bs=6, num_workers=workers, device="cpu", path=path)
    torch.manual_seed(1)
    return unet_learner(data, _unet_arch, pretrained=False, silent=True)


def _unet_arch(pretrained: bool = False) -> nn.Sequential:
    return nn.Sequential(*_small_body(), nn.AdaptiveAvgPool2d(1), nn.Flatten())


def _mask_of(file: Path) -> Path:
    return file.parent.parent / "masks" / file.name


def detection(path: Path, workers: int = 0) -> Learner:
    """Boxes around squares, with a detector."""
    from onecycle.vision.detector import detection_learner
    from onecycle.vision.object_list import ObjectItemList, bb_pad_collate

    items = ObjectItemList.from_folder(_drawn(path, mask=True), include=["left", "right"])
    source = items.split_by_rand_pct(0.25, seed=1).label_from_func(_box_of)
    data = source.transform(size=32, tfm_y=True).databunch(
        bs=6, num_workers=workers, device="cpu", path=path, collate_fn=bb_pad_collate
    )
    torch.manual_seed(1)
    return detection_learner(data, _unet_arch, pretrained=False, silent=True)


def _box_of(file: Path) -> list[Any]:
    from PIL import Image

    rows, columns = np.nonzero(np.asarray(Image.open(_mask_of(file))))
    return [[[int(rows.min()), int(columns.min()), int(rows.max()) + 1, int(columns.max()) + 1]], ["square"]]


def gan(path: Path, workers: int = 0) -> Learner:
    """Pictures out of noise, two sides in turns."""
    from onecycle.vision.gan.items import GANItemList
    from onecycle.vision.gan.learner import GANLearner
    from onecycle.vision.gan.networks import basic_critic, basic_generator

    items = GANItemList.from_folder(_drawn(path), noise_sz=8).split_none().label_from_func(_itself)
    data = items.transform(size=16, tfm_y=True).databunch(bs=6, num_workers=workers, device="cpu", path=path)
    data = data.normalize(stats=[torch.tensor([0.5] * 3)] * 2, do_x=False, do_y=True)
    torch.manual_seed(1)
    sides = basic_generator(16, 3, noise_sz=8, n_features=8), basic_critic(16, 3, n_features=8)
    adam = partial(torch.optim.Adam, betas=(0.0, 0.99))
    return GANLearner.wgan(data, *sides, switch_eval=False, silent=True, opt_func=adam)


def _itself(file: Any) -> Any:
    return file


def tabular(path: Path, workers: int = 0) -> Learner:
    """Rows of a table, with embeddings and dropout."""
    import pandas as pd

    from onecycle.tabular.learner import tabular_learner
    from onecycle.tabular.lists import TabularList
    from onecycle.tabular.procs import Categorify, FillMissing, Normalize

    draw = np.random.RandomState(0)
    frame = pd.DataFrame({"kind": draw.choice(list("abcd"), 64), "size": draw.rand(64), "age": draw.rand(64)})
    frame["tall"] = np.where(frame["size"] + (frame["kind"] == "a") > 0.8, "yes", "no")
    source = TabularList.from_df(frame, ["kind"], ["size", "age"], [FillMissing, Categorify, Normalize], path=path)
    labelled = source.split_by_rand_pct(0.25, seed=1).label_from_df("tall")
    data = labelled.databunch(bs=6, num_workers=workers, device="cpu")
    torch.manual_seed(1)
    return tabular_learner(data, [16, 8], ps=[0.1, 0.2], emb_drop=0.1, silent=True)


def _texts() -> list[str]:
    draw = np.random.RandomState(0)
    words = ("cat", "dog", "saw", "the", "a", "red", "ran", "to", "and")
    return [" ".join(draw.choice(words, draw.randint(4, 12))) for _ in range(_PICTURES)]


_SMALL_ENCODER = {"emb_sz": 8, "n_hid": 12, "n_layers": 2}


def language_model(path: Path, workers: int = 0) -> Learner:
    """The next word of random texts, with an AWD-LSTM that remembers and all its dropouts."""
    from onecycle.text.language_learner import language_model_learner
    from onecycle.text.lists import TextList

    source = TextList(_texts(), path=path).split_by_rand_pct(0.25, seed=1).label_for_lm()
    data = source.databunch(bs=6, bptt=5, jitter=False, num_workers=workers, device="cpu")
    torch.manual_seed(1)
    return language_model_learner(data, "AWD_LSTM", _SMALL_ENCODER, pretrained=False, clip=0.3, silent=True)


def text_classifier(path: Path, workers: int = 0) -> Learner:
    """Texts of two classes, read in windows, with a frozen embedding."""
    from onecycle.text.learner import text_classifier_learner
    from onecycle.text.lists import TextList

    source = TextList(_texts(), path=path).split_by_rand_pct(0.25, seed=1)
    data = source.label_from_func(_has_a_cat).databunch(bs=6, num_workers=workers, device="cpu")
    torch.manual_seed(1)
    settings = {"bptt": 5, "config": _SMALL_ENCODER, "pretrained": False}
    learn = text_classifier_learner(data, "AWD_LSTM", **settings, silent=True)
    learn.freeze_to(1)
    return learn


def _has_a_cat(text: str) -> str:
    return "cat" if "cat" in text else "none"


def collab(path: Path, workers: int = 0) -> Learner:
    """Ratings, with a vector and a bias for each user and item."""
    import pandas as pd

    from onecycle.collab.data import CollabDataBunch
    from onecycle.collab.learner import collab_learner

    draw = np.random.RandomState(0)
    ratings = pd.DataFrame({"user": draw.randint(0, 12, 64), "item": draw.randint(0, 8, 64), "rating": draw.rand(64)})
    data = CollabDataBunch.from_df(ratings, seed=1, bs=6, num_workers=workers, device="cpu", path=path)
    torch.manual_seed(1)
    return collab_learner(data, n_factors=4, y_range=(0, 1.1), wd=0.1, silent=True)


KINDS: dict[str, Callable[..., Learner]] = {
    "classification": classification,
    "segmentation": segmentation,
    "detection": detection,
    "gan": gan,
    "language_model": language_model,
    "text_classifier": text_classifier,
    "tabular": tabular,
    "collab": collab,
}
