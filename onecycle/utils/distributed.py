"""What this process knows of its siblings in a distributed run."""

from __future__ import annotations

import os

__all__ = ["distrib_barrier", "num_distrib", "rank_distrib"]


def num_distrib() -> int:
    """Return how many processes take part, from the environment's WORLD_SIZE; 0 outside a distributed run."""
    return int(os.environ.get("WORLD_SIZE", 0))


def rank_distrib() -> int:
    """Return which of them this is, from the environment's RANK; 0 outside a distributed run."""
    return int(os.environ.get("RANK", 0))


def distrib_barrier() -> None:
    """Wait until every process is here; outside a distributed run at once."""
    if num_distrib() > 1:
        from torch import distributed

        if distributed.is_available() and distributed.is_initialized():
            distributed.barrier()
