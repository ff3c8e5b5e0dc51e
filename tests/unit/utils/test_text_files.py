"""Text files in any encoding, and what is said of the wrong one."""

from __future__ import annotations

import pytest

from onecycle.errors import ArgumentError, DataError
from onecycle.utils.files import FileMissingError
from onecycle.utils.text_files import encoding_of, read_text

TEXT = "猫.png\nnaïve.png\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_states_the_encoding(tmp_path, encoding):
    (tmp_path / "names.txt").write_bytes(TEXT.encode(encoding))
    assert read_text("read", tmp_path / "names.txt") == TEXT


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16-le", "big5hkscs"])
def test_an_encoding_can_be_stated(tmp_path, encoding):
    (tmp_path / "names.txt").write_bytes("猫.png\n".encode(encoding))
    assert read_text("read", tmp_path / "names.txt", encoding) == "猫.png\n"


def test_marks_of_both_byte_orders():
    assert encoding_of(b"\xff\xfea\x00") == encoding_of(b"\xfe\xff\x00a") == "utf-16"
    assert encoding_of(b"\xff\xfe\x00\x00") == encoding_of(b"\x00\x00\xfe\xff") == "utf-32"
    assert encoding_of(b"") == "utf-8-sig"


def test_another_encoding_names_byte_line_and_way_out(tmp_path):
    file = tmp_path / "names.txt"
    file.write_bytes("a\n狗\n".encode("gbk"))
    with pytest.raises(DataError, match=r"read: file '.*names.txt' is not utf-8: byte 0xb9 at position 2 \(line 2\)"):
        read_text("read", file)
    with pytest.raises(DataError, match=r"is not ascii: byte 0xb9.*Pass its encoding, e.g. enc='gbk'"):
        read_text("read", file, "ascii", "enc")
    with pytest.raises(DataError, match="is not utf-16: byte"):
        read_text("read", file, "utf-16")
    with pytest.raises(ArgumentError, match="encoding must be an encoding that Python knows; got 'utf-9'"):
        read_text("read", file, "utf-9")
    with pytest.raises(FileMissingError, match="read: there is no file"):
        read_text("read", tmp_path / "none.txt")
