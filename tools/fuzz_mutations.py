"""Ways to damage a file, each a function of a generator of random numbers."""

from __future__ import annotations

import contextlib
import copy
import gzip
import io
import json
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

Draw = np.random.Generator


# ---- bytes ----


def cut(data: bytes, draw: Draw) -> bytes:
    """Return the beginning of a file."""
    return data[: draw.integers(0, len(data) + 1)]


def flip(data: bytes, draw: Draw) -> bytes:
    """Flip one to eight bits."""
    changed = bytearray(data)
    for _ in range(draw.integers(1, 9)):
        if changed:
            changed[draw.integers(len(changed))] ^= 1 << draw.integers(8)
    return bytes(changed)


def splice(data: bytes, draw: Draw) -> bytes:
    """Put a piece of the file in another place, over what is there or between."""
    if len(data) < 4:
        return data
    start, goal = draw.integers(len(data), size=2)
    piece = data[start : start + draw.integers(1, 1 + min(4096, len(data)))]
    return data[:goal] + piece + data[goal + len(piece) * int(draw.integers(2)) :]


def drop(data: bytes, draw: Draw) -> bytes:
    """Leave a piece out."""
    start = draw.integers(len(data) + 1)
    return data[:start] + data[start + draw.integers(1, 257) :]


def overwrite(data: bytes, draw: Draw) -> bytes:
    """Write noise, zeros or ones over a piece."""
    start, size = draw.integers(len(data) + 1), int(draw.integers(1, 65))
    piece = (bytes(size), b"\xff" * size, draw.bytes(size))[draw.integers(3)]
    return data[:start] + piece + data[start + size :]


def extreme(data: bytes, draw: Draw) -> bytes:
    """Write an extreme whole number over four or eight bytes."""
    start = int(draw.integers(len(data) + 1))
    form = ("<I", ">I", "<Q", ">Q", "<H", ">H")[draw.integers(6)]
    size = struct.calcsize(form)
    most = 256**size - 1
    value = (0, 1, most, most >> 1, (most >> 1) + 1, most - 7)[draw.integers(6)]
    return data[:start] + struct.pack(form, value) + data[start + size :]


BYTES: tuple[Callable[[bytes, Draw], bytes], ...] = (cut, flip, flip, splice, drop, overwrite, extreme)


def damaged(data: bytes, draw: Draw) -> bytes:
    """Damage bytes in one to three ways."""
    for _ in range(draw.integers(1, 4)):
        data = BYTES[draw.integers(len(BYTES))](data, draw)
    return data


# ---- values ----


def _nested(depth: int, kind: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value] if kind else {"a": value}
    return value


_STRANGE: tuple[Callable[[Draw], Any], ...] = (
    lambda draw: None,
    lambda draw: True,
    lambda draw: int(draw.integers(-3, 4)),
    lambda draw: (10**6, 10**9, 2**31, 2**63, 10**30, -(10**12))[draw.integers(6)],
    lambda draw: (0.5, -1.5, 1e308, float("nan"), float("inf"))[draw.integers(5)],
    lambda draw: ("", "x", "a" * 70_000, "\0", "../../up", "/etc/passwd", "C:\\x", "ä\ud800")[draw.integers(8)],
    lambda draw: [],
    lambda draw: {},
    lambda draw: [1, "a", None],
    lambda draw: {"$": ("name", "object", "tuple", "path", "array", "evil")[draw.integers(6)]},
    lambda draw: {"$": "name", "kind": "learner", "name": "CollabLearner"},
    lambda draw: {"$": "name", "kind": "function", "name": "fix_html"},
    lambda draw: {"$": "array", "dtype": ("S999999999", "float64", "O", "U5")[draw.integers(4)], "items": [1, 2]},
    lambda draw: {"$": "partial", "func": {"$": "name", "kind": "loss", "name": "CrossEntropyFlat"}, "args": [9],
                  "keywords": {"x": 1}},
    lambda draw: _nested(int(draw.integers(2, 400)), int(draw.integers(2))),
    lambda draw: [0] * 100_000,
)


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Return every place of nested dicts and lists: (container, key)."""
    found, waiting = [], [value]
    while waiting:
        each = waiting.pop()
        keys = list(each) if isinstance(each, dict) else range(len(each)) if isinstance(each, list) else ()
        for key in keys:
            found.append((each, key))
            waiting.append(each[key])
    return found


def changed_values(value: Any, draw: Draw, strange: Any = _STRANGE) -> Any:
    """Change one to three places of nested dicts and lists, in place: other values, other keys, one less, one more."""
    for _ in range(draw.integers(1, 4)):
        places = _places(value)
        if not places:
            return strange[draw.integers(len(strange))](draw)
        holder, key = places[draw.integers(len(places))]
        _change(holder, key, places, draw, strange)
    return value


def _change(holder: Any, key: Any, places: Any, draw: Draw, strange: Any) -> None:
    what = draw.integers(8)
    if what < 4:
        holder[key] = strange[draw.integers(len(strange))](draw)
    elif what == 4:
        other, there = places[draw.integers(len(places))]
        holder[key] = copy.deepcopy(other[there])  # a copy, so that nothing holds itself
    elif what == 5:
        del holder[key]
    elif what == 6 and isinstance(holder, dict):
        holder[f"{key}x"] = holder.pop(key)
    elif isinstance(holder, list):
        holder.insert(int(draw.integers(len(holder) + 1)), strange[draw.integers(len(strange))](draw))


def changed_json(data: bytes, draw: Draw) -> bytes:
    """Change values of a JSON text; sometimes its bytes."""
    if draw.random() < 0.25:
        return damaged(data, draw)
    return json.dumps(changed_values(json.loads(data), draw)).encode("utf-8", "surrogatepass")


# ---- safetensors ----


def changed_safetensors(data: bytes, draw: Draw) -> bytes:
    """Change the header of a safetensors file, or the JSON of the library in it."""
    if data[8:9] != b"{" or draw.random() < 0.25:
        return damaged(data, draw)
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    own = header.get("__metadata__", {})
    if own and draw.random() < 0.8:
        name = list(own)[draw.integers(len(own))] if draw.random() < 0.2 else "onecycle"
        own[name] = json.dumps(changed_values(json.loads(own[name]), draw)) if name in own else "{"
    else:
        header = changed_values(header, draw)
    text = json.dumps(header).encode("utf-8", "surrogatepass")
    says = len(text) if draw.random() < 0.95 else int(draw.integers(0, 2**40))
    return struct.pack("<Q", says) + text + data[8 + length :]


# ---- zip and tar ----


def changed_zip(data: bytes, draw: Draw) -> bytes:
    """Write a zip again with parts changed, packed, renamed, left out or told twice."""
    if draw.random() < 0.3:
        return damaged(data, draw)
    memory = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(memory, "w") as new, _quiet():
        for part in old.infolist():
            name, content = part.filename, old.read(part)
            what = draw.integers(12)
            if what == 0:
                continue
            content = damaged(content, draw) if what in (1, 2) else content
            name = _NAMES[draw.integers(len(_NAMES))] if what == 3 else name
            packed = zipfile.ZIP_DEFLATED if what == 4 else part.compress_type
            content = bytes(1 << 24) if what == 5 and packed == zipfile.ZIP_DEFLATED else content
            new.writestr(zipfile.ZipInfo(name), content, packed)
    return memory.getvalue()


class _quiet:
    def __enter__(self) -> None:
        import warnings

        self.kept = warnings.catch_warnings()
        self.kept.__enter__()
        warnings.simplefilter("ignore")

    def __exit__(self, *error: Any) -> None:
        self.kept.__exit__(*error)


_NAMES = ("../up.txt", "/tmp/absolute.txt", "a/../../b", "C:\\x", "a" * 300, "a/" * 200 + "b", "x\\y", "nul", ".", "",
          "ä\udcff", "d", "d/f.txt", "d/f.txt/g")  # fmt: skip
_KINDS = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE,
          tarfile.CONTTYPE, tarfile.GNUTYPE_SPARSE, b"Z")  # fmt: skip


def changed_tar(data: bytes, draw: Draw) -> bytes:
    """Write a tar again with members changed, and pack it as it was; sometimes only damage its bytes."""
    if draw.random() < 0.3:
        return damaged(data, draw)
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode="w", format=tarfile.PAX_FORMAT) as new:
        for member, content in _members(data):
            _add(new, member, content, draw)
    plain = memory.getvalue()
    plain = _changed_header(plain, draw) if draw.random() < 0.4 else plain
    packed = gzip.compress(plain, 1, mtime=0) if data[:2] == b"\x1f\x8b" else plain
    return damaged(packed, draw) if draw.random() < 0.1 else packed


def _members(data: bytes) -> list[tuple[tarfile.TarInfo, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return [(member, (tar.extractfile(member) or io.BytesIO()).read() if member.isreg() else b"") for member in tar]


def _add(new: Any, member: tarfile.TarInfo, content: bytes, draw: Draw) -> None:
    what = draw.integers(10)
    if what == 0:
        return
    if what == 1:
        member.name = _NAMES[draw.integers(len(_NAMES))]
    elif what == 2:
        member.type = _KINDS[draw.integers(len(_KINDS))]
        member.linkname = ("../up", "/etc/passwd", member.name, "a.txt", "d/f.txt")[draw.integers(5)]
    elif what == 3:
        member.pax_headers = {"path": _NAMES[draw.integers(len(_NAMES))], "size": str(draw.integers(10**12))}
    with contextlib.suppress(ValueError, UnicodeError, OSError):
        new.addfile(member, io.BytesIO(content) if member.isreg() else None)


def _changed_header(data: bytes, draw: Draw) -> bytes:
    """Change a field of a header and make its check sum right (ustar: bytes 148 to 155)."""
    if len(data) < 512:
        return data
    at = 512 * int(draw.integers(max(1, len(data) // 512 - 2)))
    header = bytearray(data[at : at + 512])
    start, size = ((124, 12), (100, 8), (156, 1), (157, 100), (345, 155), (386, 96), (482, 13))[draw.integers(7)]
    values = (b"7" * (size - 1), b"\x80" + b"\xff" * (size - 1), b"\x80" + bytes(size - 2) + b"\x40", bytes(size), b"S",
              draw.bytes(size))  # fmt: skip
    header[start : start + size] = values[draw.integers(len(values))][:size].ljust(size, b"\0")
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % (sum(header) & 0o777777)
    return data[:at] + bytes(header) + data[at + 512 :]


# ---- images ----


def changed_image(data: bytes, draw: Draw) -> bytes:
    """Damage an image; a PNG keeps its check sums, so that the change is seen by the decoder."""
    if not data.startswith(b"\x89PNG") or draw.random() < 0.4:
        return damaged(data, draw)
    at, out = 8, [data[:8]]
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        body = data[at + 4 : at + 8 + length]
        if draw.random() < 0.4:
            body = body[:4] + (extreme if draw.random() < 0.5 else damaged)(body[4:], draw)
        out.append(struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body)))
        at += 12 + length
    return b"".join(out)


# ---- text ----


def changed_text(data: bytes, draw: Draw) -> bytes:
    """Change lines and cells of a text; sometimes its bytes or its encoding."""
    if draw.random() < 0.4:
        return damaged(data, draw)
    lines = data.split(b"\n")
    for _ in range(draw.integers(1, 4)):
        row = int(draw.integers(len(lines)))
        cells = lines[row].split(b",")
        cells[draw.integers(len(cells))] = _CELLS[draw.integers(len(_CELLS))]
        lines[row] = b",".join(cells) * int(draw.integers(1, 3))
    text = b"\n".join(lines)
    return text.decode("latin-1").encode("utf-16") if draw.random() < 0.05 else text


_CELLS = (b"", b'"', b"nan", b"1e999", b"\xff\xfe", b"\0", b"9" * 400, b"a" * 5000, b"&a [*a]", b"- - -",
          b"!!python/object:os.system", b"{", b"? :", b"2001-99-99", b"0x", b"<<: *x", b"../../up", b"/etc/passwd",
          "ä".encode(), b"inf")  # fmt: skip
