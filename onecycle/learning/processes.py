"""Ways to train on several devices, as functions of a learner; the learner has them as methods."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from torch import nn

from onecycle.callbacks.distributed import (
    DistributedRecorder,
    DistributedTrainer,
    ParallelTrainer,
    check_connected,
)
from onecycle.callbacks.fsdp import ShardedTrainer, is_parted, shard
from onecycle.errors import ArgumentError, known_keywords_only
from onecycle.nn.surgery import flatten_model

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


@known_keywords_only
def to_fsdp(
    learn: Any,
    cuda_id: int | None = 0,
    cache_dir: str = "tmp",
    sync_bn: bool = False,
    is_block: Callable[[nn.Module], bool] | None = None,
) -> Any:
    """Train in the processes that `torchrun` started, each with a part of the weights: for models that do not fit.

    The model is parted here and stays so; the optimiser is made anew. Files hold the whole weights, as without. All
    processes must call what runs the model or writes it: `fit`, `validate`, `get_preds`, `predict`, `save`, `export`.

    Args:
        learn: The learner.
        cuda_id: GPU of this process, as `setup_distrib` returned it; not looked at on the CPU.
        cache_dir: Folder below `learn.path` for the records of the processes; see `read_metrics`.
        sync_bn: Take the statistics of batch norms over the batches of all processes.
        is_block: Says whether the weights of a module are brought together at once; by default modules with
            children that stand in an `nn.Sequential` or `nn.ModuleList`.

    Returns:
        The learner.

    Raises:
        StepError: torch.distributed is not initialised; call `setup_distrib`.
        ArgumentError: a layer group holds parameters of their own; split after this.
    """
    check_connected("to_fsdp")
    shard(learn.model, is_block)
    _regroup(learn)
    learn.opt = None
    learn.callback_fns += [
        partial(ShardedTrainer, cuda_id=cuda_id, sync_bn=sync_bn),
        partial(DistributedRecorder, cuda_id=cuda_id, cache_dir=cache_dir),
    ]
    return learn


def _regroup(learn: Any) -> None:
    """Let the layer groups hold the parted parameters."""
    if len(learn.layer_groups) == 1:
        learn.layer_groups = [nn.Sequential(*flatten_model(learn.model))]
    if not all(is_parted(parameter) for group in learn.layer_groups for parameter in group.parameters()):
        raise ArgumentError(
            "to_fsdp: layer_groups must be made of modules; some hold single parameters of the model, which are others "
            "now. Call learn.split(…) after to_fsdp."
        )


def to_parallel(learn: Any) -> Any:
    """Train on all GPUs of this process (`torch.nn.DataParallel`); returns the learner."""
    learn.callback_fns.append(ParallelTrainer)
    return learn
