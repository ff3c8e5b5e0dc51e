"""Training in several processes, each with a share of every batch and a copy of the model."""

from __future__ import annotations

import inspect
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from onecycle.callbacks.shares import training_share, validation_share
from onecycle.errors import ArgumentError, StepError, explain
from onecycle.nn.loss_weight import Part
from onecycle.nn.synced_norm import Replaced, put_norms_back, sync_norms
from onecycle.training.callback import LearnerCallback
from onecycle.utils.distributed import added_up, distrib_barrier, num_distrib, process_count, rank_distrib
from onecycle.utils.files import read_json, write_json
from onecycle.utils.tensors import to_np

__all__ = ["DistributedRecorder", "DistributedTrainer", "ParallelTrainer", "read_metrics", "setup_distrib"]

# What tells the engine to leave buffers alone at a forward pass: processes may have unequal numbers of these.
_ENGINE = inspect.signature(nn.parallel.DistributedDataParallel).parameters
_NOT_EACH_STEP = "forward_sync_buffers" if "forward_sync_buffers" in _ENGINE else "broadcast_buffers"


def setup_distrib(gpu: int | None = None) -> int | None:
    """Connect this process with its siblings, which `torchrun` has started; call it before data is made.

    Outside such a run nothing is connected, so that the same script also runs alone.

    Args:
        gpu: The GPU of this process; `torchrun`'s LOCAL_RANK when None.

    Returns:
        The GPU (NCCL connects), or None where the processes compute on the CPU (gloo connects).

    Example:
        gpu = setup_distrib()  # torchrun --nproc-per-node 2 script.py
        learn = Learner(data, model, loss_func=nn.CrossEntropyLoss())
        if num_distrib():
            learn.to_distributed(gpu)
    """
    from torch import distributed

    on_gpu = torch.cuda.is_available()
    if on_gpu:
        gpu = int(os.environ.get("LOCAL_RANK", 0)) if gpu is None else int(gpu)
        torch.cuda.set_device(gpu)
    if num_distrib() and not distributed.is_initialized():
        distributed.init_process_group("nccl" if on_gpu else "gloo", **_meeting())
    return gpu if on_gpu else None


def _meeting() -> dict[str, Any]:
    """Return where the processes meet, if not where the environment says.

    After a restart `torchrun` hands out the store of the attempt before, in which the addresses of dead processes still
    stand. On one machine the number of the attempt keeps them apart; machines may count differently.
    """
    from torch import distributed

    attempt = int(os.environ.get("TORCHELASTIC_RESTART_COUNT", 0))
    if not attempt or os.environ.get("LOCAL_WORLD_SIZE") != os.environ.get("WORLD_SIZE"):
        return {}
    store, rank, count = next(iter(distributed.rendezvous("env://")))
    return {"store": distributed.PrefixStore(f"attempt {attempt}", store), "rank": rank, "world_size": count}


def check_connected(owner: str) -> None:
    """Refuse where this process has no siblings to train with.

    Raises:
        StepError: says how to start several and how to connect them.
    """
    from torch import distributed

    if not (distributed.is_available() and distributed.is_initialized()):
        raise StepError(
            f"{owner}: the processes must be connected; torch.distributed is not initialised. Start the script "
            f"with `torchrun --nproc-per-node 2 script.py` and call setup_distrib() in it before making data."
        )


class DistributedTrainer(LearnerCallback):
    """Train in several processes at once: each takes its share of every batch, the gradients are averaged.

    N processes with batches of n items train as one with batches of N x n, also where the loss weighs or ignores
    targets, or sums: the order of items is one for all,
    from the seed of rank 0. Every process has equally many batches of equal sizes; for that at most N - 1 items
    are left out of an epoch. Validation is shared out item by item, none twice, and loss and metrics are those of
    the whole set. Statistics of batch norms are taken over each process's part and averaged at the end of an epoch, or,
    with `sync_bn`, over the parts of all. Rank 0 shows the table and writes the files.

    For the time of a fit the model is inside `DistributedDataParallel`; afterwards model and data are as they were.

    Args:
        learn: The learner.
        cuda_id: GPU of this process, as `setup_distrib` returned it; not looked at on the CPU.
        sync_bn: Take the statistics of batch norms over the batches of all processes.

    Raises:
        StepError: torch.distributed is not initialised; at the beginning of training.
        ArgumentError: the model is on another GPU.
        DataError: the training set does not fill a batch for each process.

    Reference: Li et al., "PyTorch Distributed: experiences on accelerating data parallel training" (2020).
    """

    _order = -55  # after the samplers, before the schedules count the batches
    needs_loss_parts = True
    not_in_run = ("_model", "_whole", "_shares", "_norms")

    def __init__(self, learn: Any, cuda_id: int | None = 0, sync_bn: bool = False) -> None:
        super().__init__(learn)
        self.cuda_id, self.sync_bn = cuda_id, sync_bn
        self._norms: Replaced = []
        self._model: nn.Module | None = None
        self._whole: dict[str, Any] = {}
        self._shares: dict[str, Any] = {}

    def on_train_begin(self, **kwargs: Any) -> None:
        """Share out the data and wrap the model."""
        check_connected(type(self).__name__)
        from torch import distributed

        learn, share = self.learn, (distributed.get_rank(), distributed.get_world_size())
        whole = {"train_dl": learn.data.train_dl, "valid_dl": learn.data.valid_dl}
        shares = {"train_dl": training_share(whole["train_dl"], *share), "valid_dl": whole["valid_dl"]}
        if whole["valid_dl"] is not None:
            shares["valid_dl"] = self.validation(whole["valid_dl"], *share)
        if self.sync_bn:
            self._norms = sync_norms(learn.model)
        wrapped = self.wrapped(learn.model)
        self._model, learn.model = learn.model, wrapped
        self._whole, self._shares = whole, shares
        self._put(shares)

    def wrapped(self, model: nn.Module) -> nn.Module:
        """Return the model inside PyTorch's engine."""
        return _wrapped(model, self.cuda_id)

    def validation(self, loader: Any, rank: int, processes: int) -> Any:
        """Return this process's share of the validation set."""
        return validation_share(loader, rank, processes)

    def _put(self, loaders: dict[str, Any]) -> None:
        for name, loader in loaders.items():
            setattr(self.learn.data, name, loader)

    def on_epoch_begin(self, epoch: int, **kwargs: Any) -> None:
        """Wait until every process begins the epoch."""
        distrib_barrier()

    def share_loss(self, parts: Sequence[Part]) -> list[Part]:
        """Weigh the parts of the loss, so that the mean of the gradients is the gradient of one large batch.

        A mean over what this process counts gets its share of what all of them count, times their number; a sum gets
        their number.
        """
        count, device = process_count(), parts[0].value.device
        own = [torch.as_tensor(0 if part.weight is None else part.weight, device=device).double() for part in parts]
        whole = added_up(torch.stack(own))
        return [_shared(part, weight, total, count) for part, weight, total in zip(parts, own, whole, strict=True)]

    def on_backward_begin(self, smooth_loss: Any, **kwargs: Any) -> dict[str, Any]:
        """Show everyone the mean of all processes' losses, so that all decide alike."""
        return {"smooth_loss": added_up(smooth_loss) / process_count()}

    def on_batch_end(self, train: bool, num_batch: int, stop_epoch: bool, **kwargs: Any) -> None:
        """Average the statistics of batch norms after the last batch, before validation."""
        if train and (stop_epoch or num_batch + 1 == len(self.learn.data.train_dl)):
            average_buffers(self.learn.model)

    def on_epoch_end(self, **kwargs: Any) -> None:
        """Average them also where another callback ended the epoch."""
        average_buffers(self.learn.model)

    def on_train_end(self, **kwargs: Any) -> None:
        """Take the model out again and give the data its own loaders back."""
        learn = self.learn
        put_norms_back(self._norms)
        self._norms = []
        if self._model is None:
            return
        learn.model, self._model = self._model, None
        self._put({name: dl for name, dl in self._whole.items() if getattr(learn.data, name) is self._shares[name]})
        self._whole, self._shares = {}, {}


def _shared(part: Part, own: Tensor, whole: Tensor, processes: int) -> Part:
    if part.weight is None:
        return Part(part.value * processes, None)
    factor = torch.where(whole > 0, processes * own / whole, 0).to(part.value.dtype)
    return Part(torch.where(own > 0, part.value, torch.zeros_like(part.value)) * factor, whole.float())


def _wrapped(model: nn.Module, cuda_id: int | None) -> nn.Module:
    """Return the model inside PyTorch's engine, with the weights of rank 0; itself where nothing learns."""
    from torch import distributed

    device = next((p.device for p in model.parameters()), torch.device("cpu"))
    if device.type == "cuda" and device.index != cuda_id:
        cure = "Call setup_distrib() before making data, and pass what it returns."
        raise ArgumentError(explain("DistributedTrainer", "cuda_id", f"must be that of {device}", cuda_id, cure))
    for buffer in model.buffers():
        distributed.broadcast(buffer, 0)
    if not any(p.requires_grad for p in model.parameters()):
        return model
    settings: dict[str, Any] = {_NOT_EACH_STEP: False, "device_ids": [device] if device.type == "cuda" else None}
    return nn.parallel.DistributedDataParallel(model, **settings)


def average_buffers(model: nn.Module) -> None:
    """Give a model's buffers of numbers, such as the statistics of batch norms, their mean over the processes."""
    count = process_count()
    for buffer in model.buffers() if count > 1 else ():
        if buffer.is_floating_point():
            buffer.copy_(added_up(buffer) / count)


class ParallelTrainer(LearnerCallback):
    """Train with the GPUs of one process (`torch.nn.DataParallel`); `DistributedTrainer` is faster.

    Args:
        learn: The learner.
    """

    _order = -55
    _model: nn.Module | None = None

    def on_train_begin(self, **kwargs: Any) -> None:
        """Wrap the model."""
        self._model, self.learn.model = self.learn.model, nn.DataParallel(self.learn.model)

    def on_train_end(self, **kwargs: Any) -> None:
        """Take it out again."""
        if self._model is not None:
            self.learn.model, self._model = self._model, None


class DistributedRecorder(LearnerCallback):
    """Write the losses and metrics of each process to `learn.path/cache_dir/record_<rank>.json`.

    Args:
        learn: The learner.
        cuda_id: GPU of this process; only noted.
        cache_dir: Folder below `learn.path`.
    """

    def __init__(self, learn: Any, cuda_id: int | None = 0, cache_dir: str = "tmp") -> None:
        super().__init__(learn)
        self.cuda_id, self.cache_dir = cuda_id, cache_dir

    def on_train_begin(self, **kwargs: Any) -> None:
        """Make the folder."""
        (Path(self.learn.path) / self.cache_dir).mkdir(parents=True, exist_ok=True)

    def on_epoch_end(self, **kwargs: Any) -> None:
        """Write what is recorded so far."""
        self.save_stats()

    def save_stats(self) -> None:
        """Write the smoothed training losses, and a row of validation loss and metrics an epoch."""
        record = self.learn.recorder
        rows = [[loss, *row] for loss, row in zip(record.val_losses, record.metrics)]
        numbers = [[None if value is None else float(to_np(value)) for value in row] for row in rows]
        file = Path(self.learn.path) / self.cache_dir / _record(rank_distrib())
        write_json(file, {"losses": record.losses, "metrics": numbers})

    def on_train_end(self, **kwargs: Any) -> None:
        """Wait until every process has written."""
        if kwargs.get("exception") is None:
            distrib_barrier()


def _record(rank: int) -> str:
    return f"record_{rank}.json"


def read_metrics(
    cache_path: str | os.PathLike[str], n_gpus: int, reduce: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """Read what the `DistributedRecorder` of each process wrote.

    Args:
        cache_path: The folder.
        n_gpus: How many processes there were.
        reduce: Take the mean over the processes.

    Returns:
        The smoothed losses of the training steps, and the validation loss and metrics of each epoch.

    Shape:
        (steps,) and (epochs, 1 + metrics); with a first axis of `n_gpus` where not reduced.

    Raises:
        FileMissingError: a process's file is not there.
    """
    records = [read_json(Path(cache_path) / _record(rank)) for rank in range(n_gpus)]
    losses = np.array([record["losses"] for record in records], dtype=float)
    metrics = np.array([record["metrics"] for record in records], dtype=float)
    return (losses.mean(0), metrics.mean(0)) if reduce else (losses, metrics)
