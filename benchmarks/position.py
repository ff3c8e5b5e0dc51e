"""What it costs to begin in the middle of an epoch of tar shards: the time to the first batch, at several positions."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import torch
from torch.utils.data import Dataset

from benchmarks.common import SEED, Row, show
from onecycle.data.loaders import DeviceDataLoader
from onecycle.data.tar_shards import ShardOrder, TarShards

COMMAND = "python -m benchmarks.position"
SHARDS, EACH = 20, 5050
STEPS = (10, 1_000, 100_000)
ROUNDS = 15


def ustar(name: str, data: bytes) -> bytes:
    """Return a member of a tar, header and content, without the time that `tarfile` takes."""
    fields = [name.encode().ljust(100, b"\0"), b"0000644\0", b"0000000\0" * 2, b"%011o\0" % len(data)]
    head = b"".join(fields) + b"0" * 11 + b"\0" + b" " * 8 + b"0" + b"\0" * 100 + b"ustar\x0000" + b"\0" * 247
    head = head[:148] + b"%06o\0 " % sum(head) + head[156:]
    return head + data + b"\0" * (-len(data) % 512)


def make_shards(folder: Path, shards: int = SHARDS, each: int = EACH) -> None:
    """Write tars of tiny members that say their number."""
    for shard in range(shards):
        members = (ustar(f"{i % 7}/{i:06}.bin", b"%09d" % (shard * each + i)) for i in range(each))
        (folder / f"{shard:03}.tar").write_bytes(b"".join(members) + b"\0" * 1024)


class Members(Dataset[torch.Tensor]):
    """Give the number that each member says.

    Args:
        folder: Of the tars.
    """

    def __init__(self, folder: Path) -> None:
        self.shards = TarShards(folder)
        self.names = self.shards.names()

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> torch.Tensor:
        return torch.tensor(int(self.shards.read(self.names[index])))


def first_batch(members: Members, order: ShardOrder, step: int) -> tuple[float, float]:
    """Return the seconds to the first batch: with the epoch's order to be drawn, and without."""
    loader = DeviceDataLoader.create(members, 1, sampler=order, num_workers=0)
    times = []
    for _ in range(2):
        start = time.perf_counter()
        loader.set_epoch(SEED, 1, step)
        next(iter(loader))
        times.append(time.perf_counter() - start)
    return times[0], times[1]


def run() -> list[Row]:
    """Measure the positions in turn."""
    with tempfile.TemporaryDirectory() as folder:
        make_shards(Path(folder))
        members = Members(Path(folder))
        order = ShardOrder(members.names)
        found: dict[int, list[tuple[float, float]]] = {step: [] for step in STEPS}
        for _ in range(ROUNDS):
            for step in STEPS:
                found[step].append(first_batch(members, order, step))
    return [*_rows(found), _growth(found)]


def _rows(found: dict[int, list[tuple[float, float]]]) -> list[Row]:
    rows = []
    for step, times in found.items():
        drawn, known = (1e6 * statistics.median(time[place] for time in times) for place in (0, 1))
        note = f"the order of {SHARDS * EACH:,} items known; {drawn:,.0f} us with the order drawn first"
        rows.append(Row(f"Tar shards: first batch from step {step:,}", known, "us", "", COMMAND, note))
    return rows


def _growth(found: dict[int, list[tuple[float, float]]]) -> Row:
    first, last = (min(known for _, known in found[step]) for step in (STEPS[0], STEPS[-1]))
    figure = f"Tar shards: first batch from step {STEPS[-1]:,} in units of that from step {STEPS[0]}"
    note = f"best of {ROUNDS} rounds; a replay would be {STEPS[-1] // STEPS[0]:,} x"
    return Row(figure, last / first, "x", "<= 2", COMMAND, note)


if __name__ == "__main__":
    show(run())
