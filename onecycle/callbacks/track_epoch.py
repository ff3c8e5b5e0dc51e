"""The number of the epoch in a file, so that a run can be taken up again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from onecycle.errors import FileFormatError
from onecycle.training.callback import LearnerCallback
from onecycle.utils.files import atomic_write

__all__ = ["TrackEpochCallback"]


class TrackEpochCallback(LearnerCallback):
    """Write down the last finished epoch, and begin after it when a file is there.

    Args:
        learn: The learner.
        name: Name of the file, below the learner's `model_dir`.
        epoch_offset: Epoch to begin with; the one after the file's where None, 0 if there is no file.

    Raises:
        FileFormatError: the file holds no number.
    """

    _order = -20  # before the schedules ask for the epoch

    def __init__(self, learn: Any, name: str = "epoch", epoch_offset: int | None = None) -> None:
        super().__init__(learn)
        self.path = Path(learn.path) / learn.model_dir / name
        self.start_epoch = self._after_file() if epoch_offset is None else epoch_offset

    def _after_file(self) -> int:
        if not self.path.is_file():
            return 0
        text = self.path.read_text().strip()
        if not text.isdecimal():
            raise FileFormatError(
                f"TrackEpochCallback: {self.path} must hold the number of an epoch; it holds {text[:20]!r}. "
                f"Delete it to begin at epoch 0, or pass epoch_offset."
            )
        return int(text) + 1

    def on_train_begin(self, n_epochs: int, **kwargs: Any) -> dict[str, Any]:
        """Begin where the file says; not at all where all epochs are done."""
        return {"epoch": self.start_epoch, "stop_training": self.start_epoch >= n_epochs}

    def on_epoch_end(self, epoch: int, n_epochs: int, **kwargs: Any) -> dict[str, bool] | None:
        """Write the epoch down; stop after the last."""
        with atomic_write(self.path, "w") as file:
            file.write(f"{epoch}\n")
        return {"stop_training": True} if epoch + 1 >= n_epochs else None

    def restart(self) -> None:
        """Forget the file: the next run begins at epoch 0."""
        self.path.unlink(missing_ok=True)
        self.start_epoch = 0
