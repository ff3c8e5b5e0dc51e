"""Members of tars at their offsets, and orders that read from few tars at a time."""

import gzip
import io
import pickle
import tarfile
import zipfile

import numpy as np
import pytest
import torch

from benchmarks.position import Members, make_shards
from onecycle.callbacks.shares import training_share
from onecycle.data import tar_shards
from onecycle.data.loaders import DeviceDataLoader
from onecycle.data.tar_shards import ShardOrder, TarShards, index_of, parted
from onecycle.errors import ArgumentError, DataError


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """Return 10^5 members in 20 tars."""
    folder = tmp_path_factory.mktemp("tars")
    make_shards(folder, shards=20, each=5000)
    return Members(folder)


def seen(loader, epoch, start=0, batches=None):
    loader.set_epoch(3, epoch, start)
    return [batch.tolist() for _, batch in zip(range(batches or len(loader)), loader)]


def test_a_hundred_thousand_items_come_once_each(many):
    assert len(many) == 100_000
    loader = DeviceDataLoader.create(many, 500, sampler=ShardOrder(many.names, at_once=4), num_workers=0)
    whole = seen(loader, epoch=0)
    assert sorted(i for batch in whole for i in batch) == list(range(100_000))
    assert seen(loader, epoch=0, start=123, batches=2) == whole[123:125] != seen(loader, 1, 123, 2)


@pytest.mark.filterwarnings("ignore:This DataLoader will create")
def test_workers_and_processes_share_without_duplicates(many):
    few = torch.utils.data.Subset(many, range(4_000))
    order = ShardOrder(many.names[:4_000])
    whole = DeviceDataLoader.create(few, 100, sampler=order, num_workers=2)
    shares = [seen(training_share(whole, rank, 2), epoch=1) for rank in (0, 1)]
    assert sorted(i for share in shares for batch in share for i in batch) == list(range(4_000))
    whole.num_workers = 0
    assert seen(whole, epoch=1)[::2] == shares[0]


def test_only_a_few_tars_are_read_at_a_time(many):
    order = ShardOrder(many.names, at_once=2)
    assert len(order) == 100_000
    for start in range(0, 100_000, 10_000):
        assert len(np.unique(order.order(1, 0)[start : start + 10_000] // 5_000)) == 2
    assert not np.array_equal(order.order(1, 0), order.order(1, 1))
    assert np.array_equal(order.order(1, 0), ShardOrder(many.names, at_once=2).order(1, 0))


def test_the_index_is_made_once_and_anew_for_another_tar(tmp_path, monkeypatch):
    make_shards(tmp_path, shards=1, each=3)
    tar = tmp_path / "000.tar"
    first = index_of(tar)
    with monkeypatch.context() as patch:
        patch.setattr(tar_shards, "_scanned", None)  # not asked again
        assert index_of(tar).offsets.tolist() == first.offsets.tolist() == [512, 1536, 2560]
    make_shards(tmp_path, shards=1, each=4)
    assert len(index_of(tar).names) == 4
    (tmp_path / "000.tar.index.npz").write_bytes(b"damaged")
    assert len(index_of(tar).names) == 4


def test_a_folder_that_can_only_be_read(tmp_path, monkeypatch):
    def full(path):
        raise tar_shards.FileWriteError("read-only")

    make_shards(tmp_path, shards=1, each=3)
    monkeypatch.setattr(tar_shards, "atomic_write", full)
    assert len(TarShards(tmp_path).names()) == 3


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT])
def test_every_kind_of_tar_is_read(tmp_path, form):
    names = ["short.txt", "folder/" + "n" * 80 + "/" + "m" * 60 + ".txt", "Grüße/ß.txt"]
    (tmp_path / "in").mkdir()
    with tarfile.open(tmp_path / "a.tar", "w", format=form) as tar:
        for number, name in enumerate(names):
            file = tmp_path / "in" / str(number)
            file.write_text(f"content {number}")
            tar.add(file, arcname=name)
    shards = TarShards(tmp_path)
    assert sorted(shards.names()) == sorted(f"a.tar/{name}" for name in names)
    assert [shards.read(f"a.tar/{name}") for name in names] == [b"content 0", b"content 1", b"content 2"]
    assert shards.names([".jpg"]) == []


def test_the_last_member_of_a_name_counts(tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        for text in ("old", "new"):
            (tmp_path / "x").write_text(text)
            tar.add(tmp_path / "x", arcname="x")
    assert TarShards(tmp_path).read("a.tar/x") == b"new"


def test_few_files_are_open_at_a_time_and_none_is_pickled(many, monkeypatch):
    monkeypatch.setattr(tar_shards, "_OPEN_AT_ONCE", 2)
    shards = pickle.loads(pickle.dumps(many.shards))
    for start in range(0, 100_000, 5_000):
        assert int(shards.read(many.names[start])) == start
    assert len(shards._open) == 2
    monkeypatch.delattr(tar_shards.os, "pread")
    assert int(shards.read(many.names[7])) == 7


def test_what_is_no_whole_tar_is_refused(tmp_path):
    with pytest.raises(DataError, match="must be a folder of tar files"):
        TarShards(tmp_path).names()
    make_shards(tmp_path, shards=1, each=3)
    whole = (tmp_path / "000.tar").read_bytes()
    shards = TarShards(tmp_path)
    shards.names()
    (tmp_path / "000.tar").write_bytes(whole[:515])
    with pytest.raises(DataError, match="it ends in the middle of '0/000000.bin'"):
        shards.read("000.tar/0/000000.bin")
    with pytest.raises(DataError, match="uncompressed tar file; it ends in the middle of a member"):
        TarShards(tmp_path).names()
    (tmp_path / "000.tar").write_bytes(gzip.compress(whole))
    with pytest.raises(DataError, match="must be a whole, uncompressed tar file"):
        TarShards(tmp_path).names()


def test_names_that_are_not_there(many, tmp_path):
    with pytest.raises(DataError, match="has no member '9/none'"):
        many.shards.read("000.tar/9/none")
    with pytest.raises(DataError, match="gone.tar' cannot be opened"):
        many.shards.read("gone.tar/9")
    with pytest.raises(ArgumentError, match="must be of the form shard.tar/name"):
        parted("cat/1.jpg")
    with pytest.raises(ArgumentError, match="at_once must be a whole number"):
        ShardOrder(["a.tar/1"], at_once=0)


# ---- an index that is not of its tar, and tars that are hostile ----


def make_tar(path, members):
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))


def index_with(folder, **changes):
    """Write an index beside a tar with changed arrays, of the right stamp."""
    TarShards(folder).names()
    file = next(folder.glob("*.index.npz"))
    with np.load(file) as kept:
        arrays = {**{name: kept[name] for name in kept}, **changes}
    np.savez(file, **arrays)
    return file


@pytest.mark.parametrize(
    "changes",
    [
        {"offsets": np.array([10**9, 0])},
        {"offsets": np.array([-5, 0])},
        {"offsets": np.array([0])},
        {"offsets": np.array(["a", "b"])},
        {"offsets": np.zeros((2, 2), np.int64)},
        {"sizes": np.array([2**62, 2**62])},
        {"sizes": np.array([-1, 3])},
        {"names": np.array([1, 2])},
        {"names": np.array(["ä", "b"])},
    ],
    ids=str,
)
def test_an_index_that_cannot_be_of_the_tar_is_made_again(changes, tmp_path):
    make_tar(tmp_path / "a.tar", {"1.txt": b"one", "2.txt": b"two"})
    index_with(tmp_path, **changes)
    assert TarShards(tmp_path).read("a.tar/2.txt") == b"two"


def test_an_index_that_unfolds_or_is_no_zip_is_made_again(tmp_path):
    make_tar(tmp_path / "a.tar", {"1.txt": b"one"})
    file = index_with(tmp_path)
    with np.load(file) as kept:
        np.savez_compressed(file, **{name: kept[name] for name in kept})
    assert TarShards(tmp_path).read("a.tar/1.txt") == b"one"
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("more.npy", b"\x93NUMPY\x01\x00v\x00{'descr': '<i8', 'fortran_order': False, 'shape': (9,)}")
    assert TarShards(tmp_path).read("a.tar/1.txt") == b"one"
    file.write_bytes(b"PK\x03\x04" + bytes(50))
    assert TarShards(tmp_path).read("a.tar/1.txt") == b"one"


@pytest.mark.parametrize(
    "change",
    [
        lambda head: head[:124] + b"\x80" + (10**12).to_bytes(11, "big") + head[136:],
        lambda head: head[:156] + b"S" + head[157:],
        lambda head: head[:124] + b"99999999999\0" + head[136:],
        lambda head: head[:156] + b"x" + head[157:],
    ],
    ids=["terabyte", "sparse", "digits", "extended"],
)
def test_a_hostile_tar_is_refused_in_a_sentence(change, tmp_path):
    make_tar(tmp_path / "a.tar", {"1.txt": b"one"})
    data = (tmp_path / "a.tar").read_bytes()
    head = bytearray(change(data[:512]))
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    (tmp_path / "a.tar").write_bytes(bytes(head) + data[512:])
    with pytest.raises(DataError, match="must be a whole, uncompressed tar file"):
        TarShards(tmp_path).names()
