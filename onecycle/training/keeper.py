"""The keeper of a run: when its state is written, by whom, and where it goes on."""

from __future__ import annotations

import signal
import threading
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from onecycle.training.checkpoint import check_writable
from onecycle.training.every import Every
from onecycle.training.fingerprint import Print
from onecycle.training.handler import CallbackHandler
from onecycle.training.run_files import copy_as_best, file_of, tidy, write_run_file
from onecycle.training.run_lock import RunLock
from onecycle.training.run_parts import Fixed, capture_order, fixed_values, restore_order
from onecycle.training.run_ranks import own_parts, with_own
from onecycle.training.run_state import put_back, take
from onecycle.utils.checks import check_whole
from onecycle.utils.distributed import (
    distrib_barrier,
    from_first,
    greatest,
    is_first_process,
    process_count,
    process_rank,
)
from onecycle.utils.file_gate import file_gate
from onecycle.utils.files import FileWriteError

__all__: list[str] = []

_FOLDER = ("fit: the folder checkpoint", "Pass a folder that can be written.")
_STATE_HINT = "If a load_run_state of your own failed, the cause above says where. Else remove the newest checkpoint."
_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM") if hasattr(signal, name))


class Writer:
    """Write one checkpoint at a time beside the training; a failed one is warned of and loses nothing.

    Args:
        folder: Where to.
        keep: How many to keep.
    """

    def __init__(self, folder: Path, keep: int) -> None:
        self.folder, self.keep = folder, keep
        self._thread: threading.Thread | None = None
        self._error: Exception | None = None

    def write(self, state: dict[str, Any], step: int, best: bool) -> None:
        """Begin to write a state, once the one before is on the disk."""
        self.wait()
        self._thread = threading.Thread(target=self._work, args=(state, step, best), name="checkpoint")
        self._thread.start()

    def _work(self, state: dict[str, Any], step: int, best: bool) -> None:
        try:
            path = file_of(self.folder, step)
            write_run_file(path, state)
            if best:
                copy_as_best(self.folder, path)
            tidy(self.folder, self.keep, path)
        except Exception as error:  # said in the training's own thread
            self._error = error

    def wait(self) -> None:
        """Wait until the last state is on the disk; warn where it could not be written."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        failed, self._error = self._error, None
        if isinstance(failed, (FileWriteError, OSError)):
            warnings.warn(f"checkpoint: training goes on, but this one is missing. {failed}", stacklevel=2)
        elif failed is not None:
            try:
                raise failed
            finally:
                del failed  # an error that its own traceback holds would live until a collection


def new_run() -> str:
    """Return a name for a run, the same in all processes; no generator of random numbers is touched."""
    name = from_first(uuid.uuid4().hex.encode())
    return (name or b"").decode()


def warn_of_another_run(folder: Path, what: str) -> None:
    """Warn that a folder holds a run that did not begin as this learner does."""
    warnings.warn(
        f"resume: the run in {str(folder)!r} began with other {what} than this learner, as a run of another seed "
        f"or a script without set_seed does. It is continued as it began. For a run of its own pass another folder.",
        UserWarning,
        stacklevel=2,
    )


class RunKeeper:
    """Keep the state of one run in a folder, and bring the run back to it.

    Args:
        learn: The learner.
        folder: Where checkpoints go.
        every: How often; see `Every`.
        keep: How many checkpoints to keep, beside the best.
        call: The method that trains and its arguments, as JSON.
        point: The state to go on from; None begins.
        parts: What the run is made of.
        checks_seed: Warn where the run began with another seed than the one that is drawn now.
    """

    def __init__(
        self,
        learn: Any,
        folder: Path,
        every: Any,
        keep: int,
        call: dict[str, Any],
        point: Any,
        parts: Print,
        checks_seed: bool = False,
    ) -> None:
        self.learn, self.folder, self.every, self.every_said = learn, folder, Every(every), every
        self.keep, self.call, self.parts, self.point = check_whole("fit", "keep", keep), call, parts, point
        self.best_loss: float | None = None if point is None else point["best_loss"]
        self._trainable = [parameter.requires_grad for parameter in learn.model.parameters()]
        self._seed = 0
        self._stopped_by: int | None = None
        self._handler: CallbackHandler | None = None
        self._order: dict[str, Any] = {}
        self._fixed: Fixed = {}
        self._epochs = 0
        if is_first_process():
            check_writable(folder, _FOLDER)
        self._checks_seed = checks_seed
        self.run = new_run() if point is None else str(point.get("run", ""))
        self._lock = RunLock(folder)
        self._writer = Writer(folder, self.keep)

    def close(self) -> None:
        """Let the folder go."""
        self._lock.release()

    # Where the run begins

    def seed(self, drawn: int) -> int:
        """Return the seed of the run: the one of then, where it goes on."""
        self._seed = drawn if self.point is None else self.point["seed"]
        if self._checks_seed and self._seed != drawn:
            warn_of_another_run(self.folder, "random numbers")
        return self._seed

    @property
    def epochs_done(self) -> int:
        """How many epochs of the run are over."""
        return self._epochs if self.point is None else int(self.point["epochs_done"])

    def begin(self, handler: CallbackHandler) -> None:
        """Take up the run, once training has begun."""
        self._handler, self._fixed = handler, fixed_values(self.learn.data)
        if self.point is not None:
            self._epochs = self.epochs_done
            self._put_back(handler)
            if not self.point["mid_epoch"]:
                restore_order(self.point.get("order", {}), self.learn.data.train_dl)
                self.point = None

    def begin_epoch(self, handler: CallbackHandler) -> None:
        """Take up the epoch in which the run goes on, once it has begun and before its first batch is made."""
        loader = self.learn.data.train_dl
        if self.point is not None:
            self._put_back(handler)
            restore_order(self.point.get("order", {}), loader)
            self.point = None
        self._order = capture_order(loader, self._fixed)

    def _put_back(self, handler: CallbackHandler) -> None:
        ranks = self.point.get("ranks", [])
        with file_gate("resume", self.folder, convert_own=False, hint=_STATE_HINT):
            put_back(with_own(self.point["state"], ranks, process_rank(), process_count()), self.learn, handler)

    def start_step(self, batches: int) -> int:
        """Return the batch with which the epoch begins."""
        if self.point is None:
            return 0
        return batches if self.point["epoch_over"] else int(self.point["step"])

    # What is written

    def after_step(self, step: int, epoch_over: bool) -> None:
        """Write the state where that is due, and stop where a signal came.

        Args:
            step: Batches of this epoch so far.
            epoch_over: A callback ended the epoch here.
        """
        assert self._handler is not None
        due = self.every.after_step(self._handler.state_dict["iteration"])
        stopped_by, due = self._agreed(due)
        if stopped_by or due:
            self._write(mid_epoch=True, step=step, epoch_over=epoch_over)
        if stopped_by:
            self._stop(stopped_by)

    def _agreed(self, due: bool) -> tuple[int, bool]:
        """Return the signal that came to any process, and whether a checkpoint is due by the clock of the first."""
        stopped_by, is_due = greatest([self._stopped_by or 0, int(due and is_first_process())])
        return stopped_by, bool(is_due)

    def after_epoch(self, valid_loss: float | None, ended: bool) -> None:
        """Write the state at an epoch's end where that is due; always the last one and the best one.

        Args:
            valid_loss: Loss of the validation set.
            ended: Training ends here.
        """
        self._epochs += 1
        best = valid_loss is not None and (self.best_loss is None or valid_loss < self.best_loss)
        self.best_loss = valid_loss if best else self.best_loss
        stopped_by, due = self._agreed(self.every.after_epoch(self._epochs))
        if best or ended or stopped_by or due:
            self._write(mid_epoch=False, best=best, finished=ended)
        if stopped_by and not ended:
            self._stop(stopped_by)

    def _write(
        self, mid_epoch: bool, step: int = 0, epoch_over: bool = False, best: bool = False, finished: bool = False
    ) -> None:
        assert self._handler is not None
        state = take(self.learn, self._handler, self._fixed)
        ranks = own_parts(state)
        if not is_first_process():
            return
        whole = {
            "state": state,
            "ranks": ranks,
            "run": self.run,
            "order": self._order if mid_epoch else capture_order(self.learn.data.train_dl, self._fixed),
            "seed": self._seed,
            "epochs_done": self._epochs,
            "step": step,
            "mid_epoch": mid_epoch,
            "epoch_over": epoch_over,
            "finished": finished,
            "best_loss": self.best_loss,
            "trainable": self._trainable,
            "call": self.call,
            "parts": self.parts,
            "every": self.every_said if isinstance(self.every_said, (int, str)) else f"{self.every.seconds} seconds",
            "keep": self.keep,
        }
        self._writer.write(whole, self._handler.state_dict["iteration"], best)

    # Signals

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Let Ctrl-C and SIGTERM end the run after the step that is under way, with a checkpoint."""
        kept = {}
        if threading.current_thread() is threading.main_thread():
            kept = {number: signal.signal(number, self._note) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in kept.items():
                signal.signal(number, handler)
            self._writer.wait()

    def _note(self, number: int, frame: Any) -> None:
        if self._stopped_by == number:  # the second one does not wait; torchrun sends SIGTERM after Ctrl-C
            raise KeyboardInterrupt
        self._stopped_by = number

    def _stop(self, number: int) -> None:
        """Raise what the signal asked for, once the state is on the disk."""
        self._writer.wait()
        distrib_barrier()
        self._stopped_by = None
        if is_first_process():
            print(f"The run is kept in {str(self.folder)!r}: go on with learn.resume({str(self.folder)!r}).")
        if number == getattr(signal, "SIGTERM", None):
            raise SystemExit(128 + number)
        raise KeyboardInterrupt
