"""Training on small images first and on larger ones later, as a function of a learner, which has it as a method."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from onecycle.callbacks.one_cycle import OneCycleScheduler
from onecycle.data.resizing import Resizable, Size, as_size, listed
from onecycle.errors import ArgumentError, explain, known_keywords_only
from onecycle.learning.resuming import keeps_runs
from onecycle.training.callback import LearnerCallback
from onecycle.utils.checks import check_whole
from onecycle.utils.collections import listify
from onecycle.utils.defaults import defaults

__all__: list[str] = []

_CALLER = "fit_progressive"


class SizeSchedule(LearnerCallback):
    """Let the images of each epoch come at its size: a function of the epoch, so that a run can be resumed anywhere.

    Args:
        learn: The learner.
        data: Its data.
        sizes: The size of each epoch, (height, width) in pixels.
    """

    _order = -20  # before the recorder
    not_in_run = ("data", "sizes")

    def __init__(self, learn: Any, data: Resizable, sizes: Sequence[Size]) -> None:
        super().__init__(learn)
        self.data, self.sizes = data, list(sizes)

    def on_train_begin(self, **kwargs: Any) -> None:
        """Add a column to the table."""
        self.learn.recorder.add_metric_names(["size"])

    def on_epoch_begin(self, epoch: int, **kwargs: Any) -> None:
        """Bring the images to the size of the epoch."""
        self.data.use(self.sizes[epoch])

    def on_epoch_end(self, last_metrics: Any, epoch: int, **kwargs: Any) -> dict[str, Any]:
        """Show the size of the epoch."""
        return self.learn.recorder.with_values(last_metrics, {"size": float(min(self.sizes[epoch]))})

    def on_train_end(self, **kwargs: Any) -> None:
        """Give the data its own size back."""
        self.data.restore()


@keeps_runs
@known_keywords_only
def fit_progressive(
    learn: Any,
    epochs: int | Sequence[int],
    sizes: Sequence[int | tuple[int, int]],
    max_lr: Any = defaults.lr,
    moms: tuple[float, float] = (0.95, 0.85),
    div_factor: float = 25.0,
    pct_start: float = 0.3,
    final_div: float | None = None,
    wd: Any = None,
    callbacks: Any = None,
) -> None:
    """Train along one cycle while the images grow: small ones teach quickly, full ones show the details.

    Validation sees the images at the size of the epoch too, which the column `size` of the table shows. Afterwards, and
    where training breaks off, the data has its own size again, the last of `sizes`. Masks, points and targets of
    another size go along, and so do crops with a size of their own (`rand_pad`, `rand_resize_crop`).

    Args:
        learn: The learner; its data are images that were given a size by `.transform(…, size=…)`.
        epochs: Epochs to train: all together, spread evenly over the sizes, of which the last take what is left over;
            or a list of one number per size.
        sizes: Sizes in pixels, one number or (height, width), in the order of training; the last is that of the data.
        max_lr: Highest rate; see `Learner.lr_range`.
        moms: Momentum at the ends and at the highest rate.
        div_factor: Highest rate over first rate.
        pct_start: Fraction of the batches on the way up.
        final_div: Highest rate over last rate; 1e4 · div_factor if None.
        wd: Weight decay; the learner's if None.
        callbacks: More callbacks for this call.

    All ways to train also take `checkpoint`, `every`, `keep` and `resume`: see `Learner.resume`.

    Raises:
        ArgumentError: the sizes or epochs do not fit together, or the last size is not that of the data.
        DataError: the data has no size.

    Example:
        learn.fit_progressive(10, sizes=(128, 160, 224), max_lr=3e-3)

    Reference: Tan and Le, "EfficientNetV2: Smaller Models and Faster Training" (2021), section 4; after Howard's
    training of ImageNet for DAWNBench (2018).
    """
    data = Resizable(_CALLER, learn.data)
    stages = _checked_sizes(sizes, data.size)
    counts = _epochs_of_stages(epochs, len(stages))
    rates = learn.lr_range(max_lr)
    cycle = OneCycleScheduler(
        learn, rates, moms=moms, div_factor=div_factor, pct_start=pct_start, final_div=final_div
    )  # fmt: skip
    schedule = SizeSchedule(learn, data, [size for size, count in zip(stages, counts) for _ in range(count)])
    learn.fit(sum(counts), rates, wd=wd, callbacks=[*listify(callbacks), cycle, schedule])


def _checked_sizes(sizes: Any, own: Size) -> list[Size]:
    """Return the sizes as (height, width); refuse none, what is no size, and another last one than the data's."""
    checked = [as_size(size) for size in listed(sizes)]
    if not checked or None in checked:
        rule = "must be a list of sizes in pixels, each a whole number of at least 1 or (height, width)"
        raise ArgumentError(explain(_CALLER, "sizes", rule, sizes, "Pass e.g. sizes=(128, 160, 224)."))
    if checked[-1] != own:
        shown = own[0] if own[0] == own[1] else own
        hint = "Make the data at the size it is wanted at in the end."
        raise ArgumentError(explain(_CALLER, "sizes", f"must end with the size of the data, {shown}", sizes, hint))
    return checked  # type: ignore[return-value]


def _epochs_of_stages(epochs: Any, stages: int) -> list[int]:
    """Return how many epochs each size gets."""
    counts = listed(epochs)
    if counts:
        if len(counts) != stages:
            raise ArgumentError(explain(_CALLER, "epochs", f"must be one number per size, {stages}", epochs))
        return [check_whole(_CALLER, "epochs", count) for count in counts]
    total = check_whole(_CALLER, "epochs", epochs)
    if total < stages:
        hint = "Pass fewer sizes or more epochs."
        raise ArgumentError(explain(_CALLER, "epochs", f"must be at least one per size, {stages}", epochs, hint))
    each, left = divmod(total, stages)
    return [each + (stage >= stages - left) for stage in range(stages)]
