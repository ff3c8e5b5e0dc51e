"""Reading members of tar files at their offsets, from an index beside each tar that is made once."""

from __future__ import annotations

import math
import os
import tarfile
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np

from onecycle.errors import ArgumentError, DataError, OutOfMemoryError, explain
from onecycle.types import PathOrStr
from onecycle.utils.checks import check_numbers
from onecycle.utils.files import FileReadError, FileWriteError, atomic_write
from onecycle.utils.seeding import Stream, epoch_permutation, mix
from onecycle.utils.unpack import bounded

__all__ = ["ShardOrder", "TarShards"]

_BLOCK = 512  # bytes of a header of a tar; members are filled up to whole blocks (POSIX.1-1988, ustar)
_PLAIN = (b"0", b"\0", b"5")  # kinds of entries that need no look at other entries: files and folders
_OPEN_AT_ONCE = 64
_SHARD_ORDER = 7  # keeps these orders apart from the other kinds of address
_ENDING = ".tar"
INDEX_ENDING = ".index.npz"


class ShardIndex:
    """Know where the members of one tar file lie.

    Args:
        names: Their names, UTF-8 bytes, in the order of the file.
        offsets: Where each begins, in bytes from the beginning of the tar.
        sizes: How many bytes each has.
    """

    def __init__(self, names: np.ndarray, offsets: np.ndarray, sizes: np.ndarray) -> None:
        self.names, self.offsets, self.sizes = names, offsets, sizes
        self._by_name = np.argsort(names, kind="stable")
        self._sorted = names[self._by_name]

    def find(self, name: bytes) -> tuple[int, int] | None:
        """Return offset and size of a member, of the last one of that name; None where there is none."""
        place = int(np.searchsorted(self._sorted, name, side="right")) - 1
        if place < 0 or self._sorted[place] != name:
            return None
        member = self._by_name[place]
        return int(self.offsets[member]), int(self.sizes[member])


def index_of(tar: Path) -> ShardIndex:
    """Return the index of a tar file: the one beside it where it is of this file, else a new one, kept there.

    Raises:
        DataError: the file is no plain tar, or it ends too early.
    """
    stamp = _stamp(tar)
    beside = tar.with_name(tar.name + INDEX_ENDING)
    known = _read_index(beside, stamp, tar)
    if known is None:
        known = _scanned(tar)
        try:
            with atomic_write(beside) as file:
                np.savez(file, stamp=stamp, names=known.names, offsets=known.offsets, sizes=known.sizes)
        except FileWriteError:
            pass  # a folder that can only be read: the index is made anew each time
    return known


def _stamp(tar: Path) -> np.ndarray:
    """Return what tells that a tar is another one: its size and the time of its last change."""
    try:
        found = tar.stat()
    except OSError as error:
        raise DataError(f"tar shards: {str(tar)!r} cannot be opened ({error.strerror}). Check the path.") from error
    return np.array([found.st_size, found.st_mtime_ns], dtype=np.int64)


def _read_index(file: Path, stamp: np.ndarray, tar: Path) -> ShardIndex | None:
    """Return an index that is kept, or None where it is not there, of another tar, damaged, or not of this tar."""
    if not file.is_file():
        return None
    try:
        if not _has_room(file):
            return None
        with np.load(file, allow_pickle=False) as kept:
            if not np.array_equal(kept["stamp"], stamp):
                return None
            parts = kept["names"], kept["offsets"], kept["sizes"]
    except Exception:  # it is made again: a damaged zip or array raises whatever it likes
        return None
    return ShardIndex(*parts) if _fits(*parts, int(stamp[0])) else None


def _has_room(file: Path) -> bool:
    """Say whether each array of an index has the bytes that its header declares, none of them packed."""
    with zipfile.ZipFile(file) as archive:
        for part in archive.infolist():
            if part.compress_type != zipfile.ZIP_STORED or part.file_size != part.compress_size:
                return False
            with archive.open(part) as member:
                version = np.lib.format.read_magic(member)
                read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
                shape, _, dtype = read(member)
                if dtype.hasobject or math.prod(shape) * dtype.itemsize != part.file_size - member.tell():
                    return False
    return True


def _fits(names: np.ndarray, offsets: np.ndarray, sizes: np.ndarray, length: int) -> bool:
    """Say whether an index can be of a tar of this length."""
    if not (names.ndim == offsets.ndim == sizes.ndim == 1 and len(names) == len(offsets) == len(sizes)):
        return False
    if names.dtype.kind != "S" or offsets.dtype != np.int64 or sizes.dtype != np.int64:
        return False
    return not len(names) or bool((offsets >= 0).all() and (sizes >= 0).all() and (offsets <= length - sizes).all())


def _scanned(tar: Path) -> ShardIndex:
    try:
        members = _plain_members(tar)
    except (ValueError, OSError):  # a size that is no number
        members = None
    members = _all_members(tar) if members is None else members
    try:
        offsets, sizes = (np.array([member[place] for member in members], dtype=np.int64) for place in (1, 2))
    except OverflowError:
        raise _no_tar(tar, "a member declares more bytes than any file has") from None
    if len(members) and not _fits(np.array([b""] * len(members)), offsets, sizes, tar.stat().st_size):
        raise _no_tar(tar, "it ends in the middle of a member")
    return ShardIndex(np.array([member[0] for member in members], dtype=np.bytes_), offsets, sizes)


def _plain_members(tar: Path) -> list[tuple[bytes, int, int]] | None:
    """Return name, offset and size of each file; None where an entry is of a kind that `tarfile` must read."""
    found: list[tuple[bytes, int, int]] = []
    with open(tar, "rb") as file:
        while (header := file.read(_BLOCK)) and header[0]:
            kind = header[156:157]
            if header[257:262] != b"ustar" or kind not in _PLAIN or header[124] & 0x80:
                return None
            size = _octal(header[124:136])
            prefix, name = header[345:500].rstrip(b"\0"), header[:100].rstrip(b"\0")
            if header[257:265] == b"ustar  \0":  # GNU's form has other fields in the place of the prefix
                prefix = b""
            if kind != b"5":
                found.append((prefix + b"/" + name if prefix else name, file.tell(), size))
            file.seek(-(-size // _BLOCK) * _BLOCK, os.SEEK_CUR)
    return found


def _octal(field: bytes) -> int:
    return int(field.strip(b" \0") or b"0", 8)


def _all_members(tar: Path) -> list[tuple[bytes, int, int]]:
    try:
        with open(tar, "rb") as opened, tarfile.open(fileobj=bounded(opened, tar), mode="r:") as file:
            return [_member(entry) for entry in file if entry.isreg()]
    except (FileReadError, OutOfMemoryError):
        raise
    except Exception as error:  # damaged headers raise whatever they like
        raise _no_tar(tar, str(error) or type(error).__name__) from error


def _member(entry: tarfile.TarInfo) -> tuple[bytes, int, int]:
    if entry.issparse():
        raise ValueError(f"{entry.name!r} is a sparse file, of which a tar has only parts")
    return entry.name.encode("utf-8", "surrogateescape"), entry.offset_data, entry.size


def _no_tar(tar: Path, why: str) -> DataError:
    return DataError(
        f"tar shards: {str(tar)!r} must be a whole, uncompressed tar file; {why}. Make it anew with tar -cf."
    )


class TarShards:
    """Read members of the tar files of a folder, each by its name `shard.tar/name`.

    A member is found by a binary search in the index of its tar and read at its offset: it costs the same wherever it
    lies, in any process. The index is made once and kept beside the tar.

    Args:
        path: The folder.

    Example:
        >>> import io, tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> with tarfile.open(folder / "a.tar", "w") as tar:
        ...     entry = tarfile.TarInfo("cat/1.txt"); entry.size = 4
        ...     tar.addfile(entry, io.BytesIO(b"meow"))
        >>> shards = TarShards(folder)
        >>> shards.names(), shards.read("a.tar/cat/1.txt")
        (['a.tar/cat/1.txt'], b'meow')
    """

    def __init__(self, path: PathOrStr) -> None:
        self.path = Path(path)
        self._indices: dict[str, ShardIndex] = {}
        self._open: dict[str, int] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path, "_indices": {}, "_open": {}}  # another process opens its own

    def __del__(self) -> None:
        for handle in self._open.values():
            os.close(handle)

    def names(self, extensions: Collection[str] | None = None) -> list[str]:
        """Return the names of all members: tars sorted by name, members in the order in which they lie.

        Args:
            extensions: Endings that are wanted, with dots, in lower case; all when left out.

        Raises:
            DataError: the folder holds no tar, or one of them is damaged.
        """
        tars = sorted(self.path.rglob("*" + _ENDING))
        if not tars:
            raise DataError(
                f"tar shards: {str(self.path)!r} must be a folder of tar files (*.tar, not compressed); there are none."
            )
        return [f"{shard}/{name}" for shard in map(self._name, tars) for name in self._members(shard, extensions)]

    def _name(self, tar: Path) -> str:
        return tar.relative_to(self.path).as_posix()

    def _members(self, shard: str, extensions: Collection[str] | None) -> list[str]:
        names = [name.decode("utf-8", "surrogateescape") for name in self.index(shard).names.tolist()]
        if extensions is None:
            return names
        return [name for name in names if os.path.splitext(name)[1].lower() in extensions]

    def index(self, shard: str) -> ShardIndex:
        """Return the index of a tar."""
        if shard not in self._indices:
            self._indices[shard] = index_of(self.path / shard)
        return self._indices[shard]

    def read(self, name: str) -> bytes:
        """Return the bytes of a member.

        Args:
            name: `shard.tar/name`.

        Raises:
            DataError: there is no such member, or the tar has become shorter.
        """
        shard, member = parted(name)
        place = self.index(shard).find(member.encode("utf-8", "surrogateescape"))
        if place is None:
            raise DataError(f"tar shards: {str(self.path / shard)!r} has no member {member!r}.")
        data = self._at(shard, *place)
        if len(data) < place[1]:
            raise _no_tar(self.path / shard, f"it ends in the middle of {member!r}")
        return data

    def _at(self, shard: str, offset: int, size: int) -> bytes:
        if hasattr(os, "pread"):  # leaves the position alone, which forked workers share
            return os.pread(self._handle(shard), size, offset)
        with open(self.path / shard, "rb") as file:
            file.seek(offset)
            return file.read(size)

    def _handle(self, shard: str) -> int:
        if shard not in self._open:
            if len(self._open) >= _OPEN_AT_ONCE:
                os.close(self._open.pop(next(iter(self._open))))
            self._open[shard] = os.open(self.path / shard, os.O_RDONLY)
        return self._open[shard]


def parted(name: str) -> tuple[str, str]:
    """Return the tar and the member that a name means.

    Raises:
        ArgumentError: it names no member of a tar.

    Example:
        >>> parted("train/0.tar/cat/1.jpg")
        ('train/0.tar', 'cat/1.jpg')
    """
    shard, found, member = name.partition(_ENDING + "/")
    if not found:
        raise ArgumentError(explain("tar shards", "name", "must be of the form shard.tar/name", name))
    return shard + _ENDING, member


class ShardOrder:
    """Order items so that only a few tars are read from at a time: a sampler, a function of (seed of the run, epoch).

    The tars come in a new order each epoch; the items of `at_once` neighbouring tars are shuffled together. On a disk
    that reads anywhere at once leave it out: the order of all items is then drawn.

    Args:
        names: The items of the training set: `data.train.x.items`, or the list itself.
        at_once: From how many tars the items are mixed, at least 1.

    Example:
        >>> order = ShardOrder(["a.tar/1", "a.tar/2", "b.tar/1", "b.tar/2"], at_once=1).order(seed=1, epoch=0)
        >>> sorted(order[:2].tolist()) in ([0, 1], [2, 3])
        True
    """

    def __init__(self, names: Any, at_once: int = 8) -> None:
        check_numbers("ShardOrder", "at_once", at_once, "must be a whole number of at least 1", _is_count)
        shards = np.array([parted(str(name))[0] for name in getattr(names, "items", names)], dtype=np.str_)
        _, of_item = np.unique(shards, return_inverse=True)
        by_shard = np.argsort(of_item, kind="stable")
        self.groups = np.split(by_shard, np.flatnonzero(np.diff(of_item[by_shard])) + 1)
        self.at_once, self._count = at_once, len(shards)

    def __len__(self) -> int:
        return self._count

    def order(self, seed: int, epoch: int) -> np.ndarray:
        """Return the items of an epoch, in order."""
        shards = epoch_permutation(mix(seed, _SHARD_ORDER), epoch, len(self.groups))
        together = [shards[start : start + self.at_once] for start in range(0, len(shards), self.at_once)]
        draw = Stream(mix(seed, _SHARD_ORDER, epoch)).generator()
        return np.concatenate([draw.permutation(np.concatenate([self.groups[i] for i in few])) for few in together])


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and value >= 1
