"""Numbers of tokens, made from counts, read from files that run nothing."""

import json
import pickle

import numpy as np
import pytest
import torch

from onecycle.errors import ArgumentError, ArgumentTypeError, DataError, FileFormatError
from onecycle.text.lists import TextList
from onecycle.text.processors import NumericalizeProcessor
from onecycle.text.vocab import Vocab
from onecycle.utils.defaults import defaults
from onecycle.utils.registry import decode, encode

SPECIAL = defaults.text_spec_tok


def test_numbers_and_back():
    vocab = Vocab(["xxunk", "a", "b"])
    numbers = vocab.numericalize(["b", "nothing", "a"])
    assert numbers.dtype == np.int64 and numbers.tolist() == [2, 0, 1] and vocab.numericalize([]).shape == (0,)
    assert vocab.textify(numbers) == "b xxunk a" and vocab.textify([1, 2], sep=None) == ["a", "b"]
    assert vocab.textify([1, 2], sep="") == "ab" and vocab.stoi["nothing"] == 0 and len(vocab.stoi) == 3
    assert len(vocab) == 3 and repr(vocab) == "Vocab (3 tokens)"
    assert vocab == Vocab(iter(["xxunk", "a", "b"])) != Vocab(["a"]) and pickle.loads(pickle.dumps(vocab)) == vocab


def test_create_orders_by_count_then_alphabet():
    texts = [["b", "a", "xxbos"], ["c", "b", "a", "xxbos", "d"]]
    assert Vocab.create(texts, 60000, 1).itos == [*SPECIAL, "a", "b", "c", "d", "xxfake", "xxfake", "xxfake"]
    assert Vocab.create(iter(texts), 60000, 2).itos == [*SPECIAL, "a", "b", *["xxfake"] * 5]
    assert Vocab.create(texts, 10, 1).itos == [*SPECIAL, "a"]
    assert Vocab.create(texts, 15, 1).itos == [*SPECIAL, "a", "b", "c", "d", "xxfake", "xxfake"]
    assert Vocab.create([], 9, 1).itos == SPECIAL


def test_bad_arguments():
    with pytest.raises(ArgumentError, match="Vocab.create: max_vocab must be at least 9, the number of special"):
        Vocab.create([["a"]], 5, 1)
    with pytest.raises(DataError, match=r"Vocab: itos\[1\] must be a string; got 3 \(int\)"):
        Vocab(["a", 3])
    with pytest.raises(ArgumentError, match=r"Vocab: nums must be at least 0 and below 2, the tokens.*; got 7"):
        Vocab(["a", "b"]).textify([0, 7])


def test_save_and_load(tmp_path):
    vocab = Vocab(["xxunk", "\n", "é", '"'])
    vocab.save(tmp_path / "vocab.json")
    assert json.loads((tmp_path / "vocab.json").read_text("utf-8")) == vocab.itos
    assert Vocab.load(tmp_path / "vocab.json") == vocab
    (tmp_path / "lines.txt").write_text("xxunk\na\nb\n")
    assert Vocab.load(tmp_path / "lines.txt").itos == ["xxunk", "a", "b"]
    assert decode(json.loads(json.dumps(encode(vocab)))) == vocab


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_pickle_of_strings_is_read(tmp_path, protocol):
    (tmp_path / "itos.pkl").write_bytes(pickle.dumps(["xxunk", "a"], protocol=protocol))
    assert Vocab.load(tmp_path / "itos.pkl").itos == ["xxunk", "a"]


class Evil:
    def __reduce__(self):
        return print, ("run",)


@pytest.mark.parametrize("value, message", [
    (Evil(), r"could not be read without running code: it asks for builtins.print\. Write it again"),
    ({"a": 1}, "it holds dict where a list of strings should be"),
    (["a", 3], "it holds int where a list of strings should be"),
    (np.array(["a"]), "without running code: it asks for numpy"),
])
def test_any_other_pickle_is_refused(tmp_path, capsys, value, message):
    (tmp_path / "itos.pkl").write_bytes(pickle.dumps(value))
    with pytest.raises(FileFormatError, match=message):
        Vocab.load(tmp_path / "itos.pkl")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("data, message", [
    (b"\x80\x04broken", "could not be read without running code"),
    (b"caf\xe9\n", "byte 3 is no UTF-8"),
    (b'["a", 3]', "it holds int where"),
])
def test_damaged_files_are_refused(tmp_path, data, message):
    (tmp_path / "itos").write_bytes(data)
    with pytest.raises(FileFormatError, match=r"Vocab.load: '.*itos' must be a list of tokens.*" + message):
        Vocab.load(tmp_path / "itos")


def test_numbers_that_are_no_tokens():
    vocab = Vocab(["xxunk", "a"])
    for odd in ([-1], torch.tensor([1, 7])):
        with pytest.raises(ArgumentError, match=r"must be at least 0 and below 2.*got (-1|7) \(int\)"):
            vocab.textify(odd)
    assert vocab.textify(torch.tensor([1, 0])) == "a xxunk"


def test_frequencies_are_numbers():
    for odd in ("2", -1, None):
        with pytest.raises(ArgumentError, match="Vocab.create: min_freq must be at least 0; got"):
            Vocab.create([["a"]], 100, odd)


def test_a_list_of_tokens_is_no_vocabulary():
    for make in (lambda it: TextList(["a"], vocab=it), lambda it: NumericalizeProcessor(vocab=it)):
        with pytest.raises(ArgumentTypeError, match=r"vocab must be a Vocab; got \['xxunk', .*Pass Vocab\(tokens\)"):
            make(["xxunk", "a"])
        with pytest.raises(ArgumentError, match="vocab must have at least one token"):
            make(Vocab([]))


def test_a_byte_order_mark_is_no_part_of_the_first_token(tmp_path):
    (tmp_path / "itos.txt").write_bytes("xxunk\nä\n".encode("utf-8-sig"))
    assert Vocab.load(tmp_path / "itos.txt").itos == ["xxunk", "ä"]


@pytest.mark.parametrize("text", [b"a\r\nb c\r\n", b"a\r\nb c"])
def test_lines_of_windows_end_no_token(tmp_path, text):
    (tmp_path / "itos.txt").write_bytes(text)
    assert Vocab.load(tmp_path / "itos.txt").itos == ["a", "b c"]


def test_a_token_may_end_with_a_carriage_return(tmp_path):
    (tmp_path / "itos.txt").write_bytes(b"a\r\nb\nc\n")
    assert Vocab.load(tmp_path / "itos.txt").itos == ["a\r", "b", "c"]


def test_numbers_by_token_are_no_list_of_tokens(tmp_path):
    (tmp_path / "vocab.json").write_text('{"a": 0, "b": 1}')
    with pytest.raises(FileFormatError, match="it holds dict where a list of strings should be"):
        Vocab.load(tmp_path / "vocab.json")
