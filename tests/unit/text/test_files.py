"""Reading text files: encodings, and what is said of a wrong one."""

from __future__ import annotations

import pytest

from onecycle.data.item_list import ItemList
from onecycle.errors import ArgumentError, DataError
from onecycle.text.files import OpenFileProcessor, open_text
from onecycle.utils.files import FileMissingError


def test_text_is_read_in_its_encoding(tmp_path):
    file = tmp_path / "a.txt"
    file.write_bytes("café\r\n東京\n".encode())
    assert open_text(file) == "café\n東京\n"
    file.write_bytes("café".encode("latin-1"))
    assert open_text(file, enc="latin-1") == "café"
    file.write_bytes("\ufeffmark".encode())
    assert open_text(file) == "mark"


def test_a_wrong_encoding_names_the_file_and_the_byte(tmp_path):
    file = tmp_path / "latin.txt"
    file.write_bytes(b"first\nsecond caf\xe9 and more")
    with pytest.raises(DataError, match=r"latin\.txt' is not utf-8: byte 0xe9 at position 16 \(line 2\): invalid"):
        open_text(file)


def test_unknown_encodings_and_missing_files(tmp_path):
    (tmp_path / "a.txt").write_text("a")
    with pytest.raises(ArgumentError, match="enc must be an encoding that Python knows; got 'utf-9'"):
        open_text(tmp_path / "a.txt", "utf-9")
    with pytest.raises(FileMissingError, match="Did you mean 'a.txt'"):
        open_text(tmp_path / "b.txt")


def test_the_processor_reads_files_and_leaves_texts(tmp_path):
    (tmp_path / "a.txt").write_text("one")
    items = ItemList([tmp_path / "a.txt", "two"]).process([OpenFileProcessor()])
    assert items.items.tolist() == ["one", "two"]
    assert OpenFileProcessor.from_state(OpenFileProcessor(enc="latin-1").get_state()).enc == "latin-1"
