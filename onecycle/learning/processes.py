"""Ways to train on several devices, as functions of a learner; the learner has them as methods."""

from __future__ import annotations

from functools import partial
from typing import Any

from onecycle.callbacks.distributed import (
    DistributedRecorder,
    DistributedTrainer,
    ParallelTrainer,
    check_connected,
)
from onecycle.errors import known_keywords_only

__all__: list[str] = []


@known_keywords_only
def to_distributed(learn: Any, cuda_id: int | None = 0, cache_dir: str = "tmp", sync_bn: bool = False) -> Any:
    """Train in the processes that `torchrun` started; see `DistributedTrainer`.

    Args:
        learn: The learner.
        cuda_id: GPU of this process, as `setup_distrib` returned it; not looked at on the CPU.
        cache_dir: Folder below `learn.path` for the records of the processes; see `read_metrics`.
        sync_bn: Take the statistics of batch norms over the batches of all processes.

    Returns:
        The learner.

    Raises:
        StepError: torch.distributed is not initialised; call `setup_distrib`.
    """
    check_connected("to_distributed")
    learn.callback_fns += [
        partial(DistributedTrainer, cuda_id=cuda_id, sync_bn=sync_bn),
        partial(DistributedRecorder, cuda_id=cuda_id, cache_dir=cache_dir),
    ]
    return learn


def to_parallel(learn: Any) -> Any:
    """Train on all GPUs of this process (`torch.nn.DataParallel`); returns the learner."""
    learn.callback_fns.append(ParallelTrainer)
    return learn
