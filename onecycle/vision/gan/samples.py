"""Made pictures as items: looked at while training runs, judged by the critic, saved by name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from onecycle.errors import DataError
from onecycle.nn.surgery import get_model
from onecycle.nn.turns import eval_mode
from onecycle.types import PathOrStr
from onecycle.utils.epoch_table import place
from onecycle.vision.grids import show_grid
from onecycle.vision.picture import Image

__all__ = ["save_generated"]


def _as_shown(data: Any, batch: Tensor) -> Tensor:
    """Return targets, or what is to be like them, before their normalisation, on the CPU."""
    denorm = getattr(data, "denorm", None)
    batch = batch.detach().float().cpu()
    return denorm(batch, do_x=True) if denorm is not None and getattr(denorm, "do_y", False) else batch


def _is_picture_batch(batch: Any) -> bool:
    return isinstance(batch, Tensor) and batch.ndim == 4 and batch.shape[1] in (1, 3)


def picture_of(data: Any, batch: Any) -> Any:
    """Return the first picture of a batch of made ones; None where they are no pictures."""
    if not _is_picture_batch(batch):
        return None
    return Image(_as_shown(data, batch[:1])[0].clamp(0, 1))


def show_now(picture: Any, title: str) -> None:
    """Show a picture in a notebook; elsewhere nothing."""
    if place() != "notebook":
        return
    from IPython.display import display
    from matplotlib.figure import Figure

    figure = Figure(figsize=(2, 2))
    picture.show(ax=figure.subplots(), title=title)
    display(figure)


def show_judged(learn: Any, ds_type: Any, rows: int, **kwargs: Any) -> None:
    """Show real and made pictures, one row of each after the other, with what the critic says of them."""
    xb, real = learn.data.one_batch(ds_type, detach=False, denorm=False, cpu=False)
    real, made, of_real, of_made = (part[: rows * rows] for part in _judged(get_model(learn.model), xb, real))
    pictures: list[Any] = []
    titles: list[str] = []
    for start in range(0, len(real), rows):
        row = slice(start, start + rows)
        for name, batch, scores in (("real", real, of_real), ("made", made, of_made)):
            pictures += [Image(picture.clamp(0, 1)) for picture in _as_shown(learn.data, batch[row])]
            titles += [f"{name}: {score:.3f}" for score in scores[row].tolist()]
    for ax, title in zip(show_grid(pictures, [None] * len(pictures), **kwargs).flat, titles, strict=False):
        ax.set_title(title, size=9)


@torch.no_grad()
def _judged(model: Any, xb: Any, real: Tensor) -> tuple[Tensor, ...]:
    """Return real and made pictures, and one value of the critic for each."""
    with eval_mode(model, "show_results"):
        made = model.generator(*xb) if isinstance(xb, (list, tuple)) else model.generator(xb)
        scores = [_one_each(model.critic(batch), len(batch)) for batch in (real, made)]
    return real, made, *scores


def _one_each(scores: Tensor, count: int) -> Tensor:
    """Return the mean of the critic's values for each of `count` pictures."""
    return scores.reshape(len(scores), -1).mean(1).expand(count)


def save_generated(learn: Any, dl: Any, path: PathOrStr, names: Sequence[Any] | None = None) -> list[Path]:
    """Save what a learner makes of each item of a loader, under the item's own file name.

    Args:
        learn: A learner whose predictions are pictures.
        dl: The loader, in order: `data.fix_dl` for the training set, `data.valid_dl`.
        path: The folder; made where it is missing.
        names: A file name an item; those of the loader's items when left out.

    Returns:
        The files.

    Raises:
        DataError: two items would have the same name, or there are fewer names than pictures.

    Example:
        save_generated(learn_gen, data_gen.fix_dl, path / "image_gen")
    """
    files = [Path(path) / Path(str(name)).name for name in (dl.dataset.items if names is None else names)]
    if len(set(files)) != len(files):
        raise DataError(
            f"save_generated: each picture must have a name of its own; {len(files)} items share {len(set(files))} "
            f"names. Pass names=, one an item."
        )
    Path(path).mkdir(parents=True, exist_ok=True)
    saved: list[Path] = []
    for batch in dl:
        for picture in learn.pred_batch(batch=batch, reconstruct=True):
            if len(saved) == len(files):
                raise DataError(f"save_generated: there are more pictures than names ({len(files)}). Pass more names=.")
            picture.save(files[len(saved)])
            saved.append(files[len(saved)])
    return saved
