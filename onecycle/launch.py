"""Run a script in several processes: `python -m onecycle.launch train.py`, on the engine of torchrun."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

__all__ = ["launch"]


def launch(script: str, *args: str, gpus: str = "all", processes: int | None = None, restarts: int = 0) -> None:
    """Run a script in several processes of this machine, which `setup_distrib` connects.

    Args:
        script: Path of the script.
        *args: Its arguments.
        gpus: Numbers of the GPUs, one process each: `'all'` or e.g. `'0,2'`; of no effect without GPUs.
        processes: How many processes; one a GPU, or two on a machine without any, when None.
        restarts: How often all are started again after one has failed.

    Raises:
        torch.distributed.elastic.multiprocessing.errors.ChildFailedError: a process failed.

    Example:
        launch("train.py", "--epochs", "3", processes=2, restarts=3)
    """
    from torch.distributed import run

    if gpus != "all":
        os.environ["CUDA_VISIBLE_DEVICES"] = gpus
    count = processes or _devices(gpus) or 2
    run.main(["--standalone", f"--nproc-per-node={count}", f"--max-restarts={restarts}", script, *args])


def _devices(gpus: str) -> int:
    """Return how many GPUs are meant."""
    import torch

    there = torch.cuda.device_count()
    return there if gpus == "all" else min(there, len(gpus.split(",")))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m onecycle.launch", description=__doc__)
    parser.add_argument("--gpus", default="all", help="numbers of the GPUs, e.g. 0,2; all of them when left out")
    parser.add_argument("--processes", type=int, help="how many; one a GPU, or two without GPUs, when left out")
    parser.add_argument("--restarts", type=int, default=0, help="how often to start again after a failure")
    parser.add_argument("script", help="the script")
    parser.add_argument("args", nargs=argparse.REMAINDER, help="its arguments")
    given = parser.parse_args(arguments)
    launch(given.script, *given.args, gpus=given.gpus, processes=given.processes, restarts=given.restarts)


if __name__ == "__main__":
    main(sys.argv[1:])
