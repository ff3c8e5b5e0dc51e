"""Training in several processes, each with a share of every batch and a part of every weight."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import nn

from onecycle.callbacks.distributed import DistributedTrainer
from onecycle.callbacks.shares import validation_share
from onecycle.data.item_loader import ItemLoader
from onecycle.data.loaders import DeviceDataLoader
from onecycle.errors import DataError, StepError
from onecycle.utils.distributed import greatest

__all__ = ["ShardedTrainer"]


class ShardedTrainer(DistributedTrainer):
    """Train in several processes, the weights, gradients and moments shared out between them (`learn.to_fsdp`).

    As `DistributedTrainer`, with the model parted by PyTorch's `fully_shard`: a block's weights are together only while
    it computes.

    Args:
        learn: The learner; its model is parted already.
        cuda_id: GPU of this process.
        sync_bn: Take the statistics of batch norms over the batches of all processes.

    Raises:
        StepError: torch.distributed is not initialised, or the model is not parted; at the beginning of training.
        DataError: the validation set gives the processes unequal numbers of batches.

    Reference: Zhao et al., "PyTorch FSDP: experiences on scaling fully sharded data parallel" (2023).
    """

    def wrapped(self, model: nn.Module) -> nn.Module:
        """Return the model itself: it is parted for good."""
        if not all(map(is_parted, model.parameters())):
            raise StepError("ShardedTrainer: the model must be parted. Call learn.to_fsdp() in place of attaching it.")
        return model

    def validation(self, loader: DeviceDataLoader, rank: int, processes: int) -> DeviceDataLoader:
        """Return a share with as many batches as all others have: each forward pass needs all processes."""
        share = _even_share(loader, rank, processes)
        counts = greatest([len(share), -len(share)])
        if counts[0] != -counts[1]:
            raise DataError(
                f"ShardedTrainer: the validation set must give each of {processes} processes as many batches; they "
                f"have {-counts[1]} to {counts[0]}. Leave out a few items, or pass val_bs of at least 2."
            )
        return share


def _even_share(loader: DeviceDataLoader, rank: int, processes: int) -> DeviceDataLoader:
    if hasattr(loader.dataset, "share") or not isinstance(loader.dl, ItemLoader):
        few = isinstance(loader.dl, Sequence) and len(loader.dl) < processes
        return loader if few else validation_share(loader, rank, processes)
    items = np.asarray(loader.dl.order.order(0, 0))
    most = math.ceil(len(items) / processes)
    batches = math.ceil(most / loader.dl.batch_size)
    own = [part.tolist() for part in np.array_split(items[rank::processes], batches) if len(part)]
    return loader.new(batch_sampler=own)


def shard(model: nn.Module, is_block: Callable[[nn.Module], bool] | None = None) -> None:
    """Part a model's weights between the connected processes, those of rank 0.

    Args:
        model: The model; changed in place.
        is_block: Says whether a module's weights are brought together at once; by default each module that has
            children and stands in an `nn.Sequential` or `nn.ModuleList`. What is in no block comes with the whole.
    """
    from torch import distributed
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    for tensor in [*model.parameters(), *model.buffers()]:
        distributed.broadcast(tensor.detach(), 0)
    device = next((parameter.device.type for parameter in model.parameters()), "cpu")
    mesh = init_device_mesh(device, (distributed.get_world_size(),))
    listed = _listed(model)
    chosen = (lambda module: module in listed) if is_block is None else is_block
    for module in reversed(list(model.modules())[1:]):  # inner ones first
        if chosen(module) and any(True for _ in module.parameters()):
            fully_shard(module, mesh=mesh, reshard_after_forward=True)
    fully_shard(model, mesh=mesh, reshard_after_forward=True)  # else its weights would stay whole after a validation


def _listed(model: nn.Module) -> set[nn.Module]:
    """Return the blocks that stand in lists of modules."""
    holders = [module for module in model.modules() if isinstance(module, (nn.Sequential, nn.ModuleList))]
    found = {child for holder in holders for child in holder.children() if any(True for _ in child.children())}
    return {module for module in found if type(module) is not nn.ModuleList}


def is_parted(parameter: torch.Tensor) -> bool:
    """Tell whether each process holds a part of a parameter."""
    return hasattr(parameter, "full_tensor")
