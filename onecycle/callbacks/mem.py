"""Memory as columns of the epoch table."""

from __future__ import annotations

from typing import Any

import torch

from onecycle.training.callback import LearnerCallback
from onecycle.utils.memory import PeakWatch, b2mb, preload_pytorch, reserved_bytes, resident_bytes

__all__ = ["PeakMemMetric"]


class PeakMemMetric(LearnerCallback):
    """Show for each epoch the memory taken since its beginning, and the highest beyond that, in MB.

    Of this process (`cpu used`, `cpu peak`); with a GPU also of what PyTorch holds there (`gpu used`,
    `gpu peak`). A thread looks every millisecond.

    Args:
        learn: The learner.
    """

    _order = -20  # before the recorder
    _kinds: tuple[str, ...] = ("cpu", "gpu")

    def __init__(self, learn: Any) -> None:
        super().__init__(learn)
        self._watches: dict[str, PeakWatch] = {}

    def on_train_begin(self, **kwargs: Any) -> None:
        """Add the columns."""
        preload_pytorch()
        readers = {"cpu": resident_bytes, "gpu": reserved_bytes}
        kinds = [kind for kind in self._kinds if kind == "cpu" or torch.cuda.is_available()]
        self._watches = {kind: PeakWatch(readers[kind]) for kind in kinds}
        self.learn.recorder.add_metric_names([f"{kind} {word}" for kind in kinds for word in ("used", "peak")])

    def on_epoch_begin(self, **kwargs: Any) -> None:
        """Begin to look."""
        self.peak_monitor_start()
        self._begin = {kind: watch.peak for kind, watch in self._watches.items()}

    def on_epoch_end(self, last_metrics: Any, **kwargs: Any) -> dict[str, Any]:
        """Put the figures into the table."""
        self.peak_monitor_stop()
        values = {}
        for kind, watch in self._watches.items():
            used = watch.read() - self._begin[kind]
            beyond = watch.peak - self._begin[kind] - max(used, 0)
            values[f"{kind} used"], values[f"{kind} peak"] = b2mb(used), b2mb(max(0, beyond))
        return self.learn.recorder.with_values(last_metrics, values)

    def on_train_end(self, **kwargs: Any) -> None:
        """Stop looking, where an epoch was broken off."""
        self.peak_monitor_stop()

    def peak_monitor_start(self) -> None:
        """Begin to watch for peaks."""
        for watch in self._watches.values():
            watch.start()

    def peak_monitor_stop(self) -> None:
        """End watching for peaks."""
        for watch in self._watches.values():
            watch.stop()

    def peak_monitor_func(self) -> None:
        """Look once."""
        for watch in self._watches.values():
            watch.look()
