"""Archives that are damaged or hostile."""

from __future__ import annotations

import errno
import gzip
import io
import os
import stat
import tarfile
import zipfile

import pytest

from onecycle.errors import FileFormatError, OutOfMemoryError
from onecycle.utils import budget, unpack
from onecycle.utils.files import FileMissingError, FileWriteError
from onecycle.utils.unpack import safe_unpack


def tar_of(path, *members, mode="w:gz"):
    """Write a tar of (name, content or a changed TarInfo)."""
    with tarfile.open(path, mode) as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            if isinstance(content, bytes):
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
            else:
                content(info)
                tar.addfile(info)
    return path


def folder(info):
    info.type = tarfile.DIRTYPE


def link(target, kind=tarfile.SYMTYPE):
    def change(info):
        info.type, info.linkname = kind, target

    return change


def assert_nothing_left(tmp_path, archive):
    assert [p.name for p in tmp_path.iterdir()] == [archive.name]


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_tar_with_one_folder(tmp_path, mode):
    archive = tar_of(
        tmp_path / "a.tgz", ("data", folder), ("data/x/1.txt", b"one"), ("data/2.txt", b"two"), mode=mode
    )
    dest = safe_unpack(archive, tmp_path / "deep" / "mine")
    assert (dest / "x" / "1.txt").read_bytes() == b"one"
    assert sorted(p.name for p in dest.iterdir()) == ["2.txt", "x"]
    assert [p.name for p in dest.parent.iterdir()] == ["mine"]


def test_tar_with_several_entries(tmp_path):
    dest = safe_unpack(tar_of(tmp_path / "a.tgz", ("./1", b"one"), ("2", b"two")), tmp_path / "mine")
    assert sorted(p.name for p in dest.iterdir()) == ["1", "2"]
    assert stat.S_IMODE(dest.stat().st_mode) & 0o500 == 0o500


def test_zip(tmp_path):
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.mkdir("top")
        packed.writestr("top/sub/1.txt", b"one")
    assert (safe_unpack(archive, tmp_path / "mine") / "sub" / "1.txt").read_bytes() == b"one"


def test_replaces_what_is_there(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "old").touch()
    dest = safe_unpack(tar_of(tmp_path / "a.tgz", ("1", b"one"), ("2", b"")), tmp_path / "mine")
    assert sorted(p.name for p in dest.iterdir()) == ["1", "2"]


def test_links_inside_become_copies(tmp_path):
    def runnable(info):
        info.mode, info.size = 0o755, 0

    archive = tar_of(
        tmp_path / "a.tgz",
        ("d/1", b"one"),
        ("d/soft", link("1")),
        ("d/hard", link("d/1", tarfile.LNKTYPE)),
        ("d/run", runnable),
    )
    dest = safe_unpack(archive, tmp_path / "mine")
    assert (dest / "soft").read_bytes() == (dest / "hard").read_bytes() == b"one"
    assert not (dest / "soft").is_symlink()
    assert (dest / "run").stat().st_mode & stat.S_IXUSR


@pytest.mark.parametrize(
    "name", ["/etc/evil", "../evil", "a/../../evil", "C:\\evil", "C:/evil", "a\\..\\..\\evil"]
)
def test_names_that_leave(tmp_path, name):
    archive = tar_of(tmp_path / "a.tgz", ("good", b"1"), (name, b"evil"))
    with pytest.raises(FileFormatError, match="which would be written outside of its folder"):
        safe_unpack(archive, tmp_path / "mine")
    assert_nothing_left(tmp_path, archive)


def test_zip_names_that_leave(tmp_path):
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("../evil", b"evil")
    with pytest.raises(FileFormatError, match=r"holds '../evil', which would be written outside"):
        safe_unpack(archive, tmp_path / "mine")
    assert_nothing_left(tmp_path, archive)


@pytest.mark.parametrize("target", ["/etc/passwd", "../../secret", "nowhere"])
@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_links_that_leave(tmp_path, target, kind):
    archive = tar_of(tmp_path / "a.tgz", ("good", b"1"), ("evil", link(target, kind)))
    with pytest.raises(FileFormatError, match=f"a link to '{target}', which is no file of the archive"):
        safe_unpack(archive, tmp_path / "mine")
    assert_nothing_left(tmp_path, archive)


def test_link_to_itself(tmp_path):
    archive = tar_of(tmp_path / "a.tgz", ("evil", link("evil")))
    with pytest.raises(FileFormatError, match="a link to 'evil'"):
        safe_unpack(archive, tmp_path / "mine")


def test_zip_link(tmp_path):
    archive = tmp_path / "a.zip"
    info = zipfile.ZipInfo("evil")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr(info, "/etc/passwd")
    with pytest.raises(FileFormatError, match="holds 'evil', a link"):
        safe_unpack(archive, tmp_path / "mine")


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_devices(tmp_path, kind):
    archive = tar_of(tmp_path / "a.tgz", ("evil", lambda info: setattr(info, "type", kind)))
    with pytest.raises(FileFormatError, match="holds 'evil', a device or pipe"):
        safe_unpack(archive, tmp_path / "mine")
    assert_nothing_left(tmp_path, archive)


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_cut_short(tmp_path, mode):
    whole = tar_of(tmp_path / "a.tgz", ("1", os.urandom(50_000)), ("2", os.urandom(50_000)), mode=mode)
    archive = tmp_path / "cut.tgz"
    archive.write_bytes(whole.read_bytes()[:60_000])
    whole.unlink()
    with pytest.raises(
        FileFormatError, match=r"cut\.tgz' is damaged \(.+\)\. Delete it and download it again"
    ):
        safe_unpack(archive, tmp_path / "mine")
    assert_nothing_left(tmp_path, archive)


def test_zip_cut_short(tmp_path):
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("1", os.urandom(1000))
    archive.write_bytes(archive.read_bytes()[:500])
    with pytest.raises(FileFormatError, match="is damaged"):
        safe_unpack(archive, tmp_path / "mine")


def test_not_an_archive(tmp_path):
    page = tmp_path / "a.tgz"
    page.write_text("<!DOCTYPE html><title>Log in</title>")
    with pytest.raises(FileFormatError, match="must be a tar or zip archive; it is a web page"):
        safe_unpack(page, tmp_path / "mine")
    page.write_bytes(b"")
    with pytest.raises(FileFormatError, match="it is empty"):
        safe_unpack(page, tmp_path / "mine")
    with pytest.raises(FileMissingError, match="there is no file"):
        safe_unpack(tmp_path / "none.tgz", tmp_path / "mine")


def test_full_disk_is_not_called_damage(tmp_path, monkeypatch):
    def full(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    archive = tar_of(tmp_path / "a.tgz", ("1", b"one"))
    monkeypatch.setattr(unpack.Room, "take", full)
    with pytest.raises(FileWriteError, match="write: '.*mine' could not be written .No space left on device"):
        safe_unpack(archive, tmp_path / "mine")
    assert_nothing_left(tmp_path, archive)


# ---- archives that unfold ----


def checked_header(name, kind, fields):
    """Return the header of a tar's member with these fields and the right check sum."""
    header = bytearray(512)
    for start, value in {0: name, 100: b"0000644\0", 156: kind, 257: b"ustar  \0", **fields}.items():
        header[start : start + len(value)] = value
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)


def large(number):
    """Return a number as GNU tar writes those that are too large for octal digits."""
    return b"\x80" + number.to_bytes(11, "big")


TERABYTE = 10**12
UNFOLDING = {
    "sparse": checked_header(b"s.bin", b"S", {124: b"00000000000", 386: large(TERABYTE), 398: b"00000000000\0",
                                              483: large(TERABYTE)}),
    "declares a terabyte": checked_header(b"a.bin", b"0", {124: large(TERABYTE)}),
    "long name of a terabyte": checked_header(b"././@LongLink", b"L", {124: large(TERABYTE)}),
    "extended header of a terabyte": checked_header(b"x", b"x", {124: large(TERABYTE)}),
    "negative": checked_header(b"a.bin", b"0", {124: b"\xff" * 12}),
}  # fmt: skip


@pytest.mark.parametrize("kind", UNFOLDING)
@pytest.mark.parametrize("packed", [False, True])
def test_a_small_tar_does_not_fill_the_disk_or_the_memory(kind, packed, tmp_path):
    archive = tmp_path / "a.tgz"
    data = UNFOLDING[kind] + bytes(1024)
    archive.write_bytes(gzip.compress(data) if packed else data)
    with pytest.raises(FileFormatError):
        safe_unpack(archive, tmp_path / "mine")
    assert_nothing_left(tmp_path, archive)


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_what_unfolds_too_far_is_refused_and_the_keyword_allows_it(kind, tmp_path, monkeypatch):
    monkeypatch.setattr(budget, "FLOOR", 1 << 16)
    archive = tmp_path / "a"
    if kind == "tar":
        tar_of(archive, ("zeros.bin", bytes(1 << 20)))
    else:
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("zeros.bin", bytes(1 << 20))
    with pytest.raises(FileFormatError, match=r"unfolds .* bytes \('zeros.bin' declares 1,048,576\).*max_bytes="):
        safe_unpack(archive, tmp_path / "mine")
    assert_nothing_left(tmp_path, archive)
    assert (safe_unpack(archive, tmp_path / "mine", max_bytes=1 << 20) / "zeros.bin").stat().st_size == 1 << 20


def test_so_many_files_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(unpack, "_FEW_FILES", 5)
    archive = tar_of(tmp_path / "a.tgz", *((f"{number}", b"") for number in range(200)))
    with pytest.raises(FileFormatError, match="more than .* files"):
        safe_unpack(archive, tmp_path / "mine")
    assert_nothing_left(tmp_path, archive)


NO_NAMES = [["a" * 300], ["a/" * 3000 + "b"], ["d", "d/f"], ["d/f", "d"], ["."], ["d/f", "d/f/g"]]


@pytest.mark.parametrize("names", NO_NAMES)
def test_names_that_no_folder_takes_are_the_archives_fault(names, tmp_path):
    archive = tar_of(tmp_path / "a.tgz", *((name, b"x") for name in names))
    with pytest.raises(FileFormatError, match="is damaged"):
        safe_unpack(archive, tmp_path / "mine")
    assert_nothing_left(tmp_path, archive)


def test_too_little_memory_is_told_as_such(tmp_path, monkeypatch):
    def fail(*args):
        raise MemoryError

    archive = tar_of(tmp_path / "a.tgz", ("1", b"one"))
    monkeypatch.setattr(unpack.Room, "take", fail)
    with pytest.raises(OutOfMemoryError, match="not enough memory"):
        safe_unpack(archive, tmp_path / "mine")
