"""What this process knows of its siblings in a distributed run."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence

import torch
from torch import Tensor

from onecycle.utils.seeding import mix

__all__ = [
    "added_up", "distrib_barrier", "from_first", "gather_tensors", "greatest", "is_first_process", "num_distrib",
    "own_seed", "print_once", "process_count", "process_rank", "processes_connected", "rank_distrib", "seed_of_all",
]  # fmt: skip

_OWN = 11  # keeps the seeds of the processes apart from the other kinds of address
_LENGTH_BYTES = 8  # the first bytes of a packet say how long its header is


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


def processes_connected() -> bool:
    """Tell whether torch.distributed is initialised and more than one process takes part."""
    from torch import distributed

    return distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1


def process_count() -> int:
    """Return how many processes are connected; 1 alone."""
    return torch.distributed.get_world_size() if processes_connected() else 1


def process_rank() -> int:
    """Return which of the connected processes this is; 0 alone."""
    return torch.distributed.get_rank() if processes_connected() else 0


def is_first_process() -> bool:
    """Tell whether this process prints and writes files: the one of rank 0, or the only one."""
    from torch import distributed

    return not processes_connected() or distributed.get_rank() == 0


def print_once(line: str) -> None:
    """Print a line, on the first process only."""
    if is_first_process():
        print(line)


def seed_of_all(seed: int) -> int:
    """Return the seed of rank 0, which every process must ask for; alone, one's own."""
    return int(gather_tensors({"seed": torch.tensor(seed)})[0]["seed"])


def own_seed(seed: int) -> int:
    """Return a seed for what is drawn a step, such as dropout: rank 0's is the run's, the others have their own."""
    if is_first_process():
        return seed
    from torch import distributed

    return mix(seed, _OWN, distributed.get_rank()) >> 1


def added_up(numbers: Tensor) -> Tensor:
    """Return the sum of the tensors of all processes, on the device of one's own; alone, the tensor itself.

    Every process must call it.
    """
    if not processes_connected():
        return numbers
    from torch import distributed

    total = numbers.detach().to(_meeting_place(), copy=True)
    distributed.all_reduce(total)
    return total.to(numbers.device)


def greatest(numbers: Sequence[int]) -> list[int]:
    """Return, place by place, the greatest of the numbers of all processes; alone, one's own.

    Every process must call it.
    """
    if not processes_connected():
        return list(numbers)
    from torch import distributed

    found = torch.tensor(numbers, device=_meeting_place())
    distributed.all_reduce(found, distributed.ReduceOp.MAX)
    return [int(number) for number in found.tolist()]


def from_first(content: bytes | None) -> bytes | None:
    """Return the bytes, or None, of the first process to every process; all of them must call it."""
    if not processes_connected():
        return content
    from torch import distributed

    first, place = is_first_process(), _meeting_place()
    size = torch.tensor([-1 if content is None or not first else len(content)], device=place)
    distributed.broadcast(size, 0)
    length = int(size)
    if length <= 0:
        return None if length < 0 else b""
    held = torch.frombuffer(bytearray(content or b""), dtype=torch.uint8).to(place) if first else None
    packet = torch.empty(length, dtype=torch.uint8, device=place) if held is None else held
    distributed.broadcast(packet, 0)
    return packet.cpu().numpy().tobytes()


def gather_tensors(tensors: dict[str, Tensor]) -> list[dict[str, Tensor]]:
    """Return the named tensors of every process, in the order of their ranks; alone, one's own.

    Every process must call it. Names, shapes and dtypes may differ between processes, and a process may have none.

    Returns:
        A dict a process; tensors are on the CPU.
    """
    if not processes_connected():
        return [{name: tensor.detach().cpu() for name, tensor in tensors.items()}]
    packets = _exchange(_packed(tensors))
    return [_unpacked(packet) for packet in packets]


def _exchange(packet: Tensor) -> list[Tensor]:
    """Return the packets of bytes of all processes, on the CPU."""
    from torch import distributed

    place, count = _meeting_place(), distributed.get_world_size()
    own_size = torch.tensor([len(packet)], device=place)
    sizes = [torch.empty_like(own_size) for _ in range(count)]
    distributed.all_gather(sizes, own_size)
    lengths = [int(size) for size in sizes]
    padded = torch.zeros(max(lengths), dtype=torch.uint8, device=place)
    padded[: len(packet)] = packet.to(place)
    parts = [torch.empty_like(padded) for _ in range(count)]
    distributed.all_gather(parts, padded)
    return [part[:length].cpu() for part, length in zip(parts, lengths, strict=True)]


def _meeting_place() -> torch.device:
    """Return where the backend moves tensors: NCCL knows CUDA only."""
    from torch import distributed

    return torch.device("cuda" if distributed.get_backend() == "nccl" else "cpu")


def _packed(tensors: dict[str, Tensor]) -> Tensor:
    """Return tensors as bytes: length of the header, the header (JSON: name, dtype, shape), the values."""
    layout = [[name, str(t.dtype).removeprefix("torch."), list(t.shape)] for name, t in tensors.items()]
    header = json.dumps(layout).encode()
    start = torch.frombuffer(bytearray(len(header).to_bytes(_LENGTH_BYTES, "little") + header), dtype=torch.uint8)
    values = [t.detach().cpu().contiguous().reshape(-1).view(torch.uint8) for t in tensors.values()]
    return torch.cat([start, *values])


def _unpacked(packet: Tensor) -> dict[str, Tensor]:
    length = int.from_bytes(bytes(packet[:_LENGTH_BYTES].tolist()), "little")
    at = _LENGTH_BYTES + length
    tensors: dict[str, Tensor] = {}
    for name, kind, shape in json.loads(bytes(packet[_LENGTH_BYTES:at].tolist())):
        dtype = getattr(torch, kind)
        size = math.prod(shape) * dtype.itemsize
        tensors[name] = packet[at : at + size].clone().view(dtype).reshape(shape)  # the copy begins on a boundary
        at += size
    return tensors
