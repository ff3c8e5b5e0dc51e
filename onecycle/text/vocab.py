"""The vocabulary: which number stands for which token."""

from __future__ import annotations

import codecs
import io
import pickle
import pickletools
from collections import Counter
from collections.abc import Collection, Iterable
from itertools import chain
from operator import index
from typing import Any

import numpy as np

from onecycle.errors import ArgumentError, ArgumentTypeError, DataError, FileFormatError, explain
from onecycle.types import JsonDict, PathOrStr
from onecycle.utils.checks import check_numbers
from onecycle.utils.defaults import defaults
from onecycle.utils.files import existing_file, read_bytes, read_json, write_json
from onecycle.utils.registry import register

__all__ = ["Vocab"]

FILLER = "xxfake"  # fills a vocabulary up to a multiple of eight
_MULTIPLE = 8  # matrix units like sizes that eight divides


def check_vocab(owner: str, vocab: Any) -> Any:
    """Return a vocabulary, or None; refuse what is none, such as its list of tokens.

    Raises:
        ArgumentTypeError: it is no vocabulary.
        ArgumentError: it has no token.
    """
    if vocab is None or isinstance(vocab, Vocab):
        if vocab is not None and not len(vocab):
            raise ArgumentError(explain(owner, "vocab", "must have at least one token", vocab))
        return vocab
    if not (hasattr(vocab, "numericalize") and hasattr(vocab, "textify")):
        cure = "Pass Vocab(tokens) for a list of tokens, Vocab.load(file) for a file."
        raise ArgumentTypeError(explain(owner, "vocab", "must be a Vocab", vocab, cure))
    return vocab


class _Numbers(dict[str, int]):
    """Give 0, the unknown token's number, for a token that is not there."""

    def __missing__(self, token: str) -> int:
        return 0


@register("text")
class Vocab:
    """Number tokens by their place in a list.

    Args:
        itos: The tokens, the one for unknown tokens first.

    Attributes:
        itos: Number -> token.
        stoi: Token -> number; 0 for a token that is not there.

    Raises:
        DataError: a token is no string.

    Example:
        >>> vocab = Vocab(["xxunk", "a", "b"])
        >>> vocab.numericalize(["b", "?", "a"]).tolist(), vocab.textify([1, 2])
        ([2, 0, 1], 'a b')
    """

    def __init__(self, itos: Iterable[str]) -> None:
        self.itos = list(itos)
        for at, token in enumerate(self.itos):
            if not isinstance(token, str):
                raise DataError(explain("Vocab", f"itos[{at}]", "must be a string", token))
        self.stoi = _Numbers(zip(reversed(self.itos), range(len(self.itos) - 1, -1, -1)))

    def __len__(self) -> int:
        return len(self.itos)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vocab) and self.itos == other.itos

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"Vocab ({len(self)} tokens)"

    def numericalize(self, t: Collection[str]) -> np.ndarray:
        """Return the numbers of tokens, `(number of tokens,)`, int64."""
        return np.fromiter(map(self.stoi.__getitem__, t), np.int64, len(t) if hasattr(t, "__len__") else -1)

    def textify(self, nums: Iterable[int], sep: str | None = " ") -> Any:
        """Return the tokens of numbers, joined by `sep`; a list where it is None.

        Raises:
            ArgumentError: a number is beyond the vocabulary, or below 0.
        """
        numbers = [index(number) for number in nums]
        odd = next((number for number in numbers if not 0 <= number < len(self)), None)
        if odd is not None:
            cure = "The numbers were made with another vocabulary."
            rule = f"must be at least 0 and below {len(self)}, the tokens that there are"
            raise ArgumentError(explain("Vocab", "nums", rule, odd, cure))
        tokens = [self.itos[number] for number in numbers]
        return tokens if sep is None else sep.join(tokens)

    @classmethod
    def create(cls, tokens: Iterable[Collection[str]], max_vocab: int, min_freq: int) -> Vocab:
        """Make the vocabulary of texts: the special tokens, then the others by how often they come.

        Tokens that come equally often are in alphabetical order. Where `max_vocab` leaves room, fillers make
        the number of tokens a multiple of eight.

        Args:
            tokens: The tokens of each text; gone through once.
            max_vocab: Tokens at most, special ones included.
            min_freq: How often a token must come to be in it.

        Raises:
            ArgumentError: `max_vocab` leaves no room for the special tokens, or `min_freq` is below 0.

        Example:
            >>> Vocab.create([["b", "a", "b", "c"]], max_vocab=60000, min_freq=1).itos[9:]
            ['b', 'a', 'c', 'xxfake', 'xxfake', 'xxfake', 'xxfake']
        """
        special: list[str] = list(defaults.text_spec_tok)
        rule = f"must be at least {len(special)}, the number of special tokens"
        check_numbers("Vocab.create", "max_vocab", max_vocab, rule, lambda number: number >= len(special))
        check_numbers("Vocab.create", "min_freq", min_freq, "must be at least 0", lambda number: number >= 0)
        counts = Counter(chain.from_iterable(tokens))
        often = [(-count, token) for token, count in counts.items() if count >= min_freq and token not in special]
        itos = special + [token for _, token in sorted(often)][: max_vocab - len(special)]
        fillers = -len(itos) % _MULTIPLE
        return cls(itos + [FILLER] * min(fillers, max_vocab - len(itos)))

    def save(self, path: PathOrStr) -> None:
        """Write the tokens as a JSON list."""
        write_json(path, self.itos)

    @classmethod
    def load(cls, path: PathOrStr) -> Vocab:
        """Read a vocabulary: a JSON list, a text with one token a line, or an `itos.pkl` of v1.

        A pickle is read without running anything in it: it may hold a list of strings, and nothing else.

        Raises:
            FileFormatError: the file holds something else.
        """
        file = existing_file("Vocab.load", path)
        head = read_bytes("Vocab.load", file).removeprefix(codecs.BOM_UTF8)
        if head[:1] == b"\x80":
            return cls(_strings_of_pickle(head, path))
        if head.lstrip()[:1] == b"[" or (head.lstrip()[:1] == b"{" and file.suffix == ".json"):
            return cls(_checked(read_json(file), path))
        return cls(_lines(head, path))

    def get_state(self) -> JsonDict:
        """Return the tokens."""
        return {"itos": self.itos}

    @classmethod
    def from_state(cls, state: JsonDict) -> Vocab:
        """Rebuild the vocabulary from `get_state`."""
        return cls(state["itos"])


class _OnlyPlainValues(pickle.Unpickler):
    """Read a pickle of lists and strings; whatever would need a class or a function is refused."""

    def find_class(self, module: str, name: str) -> Any:
        raise FileFormatError(f"it asks for {module}.{name}")


def _strings_of_pickle(data: bytes, path: PathOrStr) -> list[str]:
    try:
        _check_memo(data)
        found = _OnlyPlainValues(io.BytesIO(data)).load()
    except Exception as error:  # a damaged pickle raises whatever it likes
        reason = (str(error) or type(error).__name__).rstrip(".")
        raise FileFormatError(_refusal(path, f"this pickle could not be read without running code: {reason}")) from None
    return _checked(found, path)


def _check_memo(data: bytes) -> None:
    """Refuse numbers of the memo beyond the file's length: memory is taken for all below them."""
    for code, argument, _ in pickletools.genops(data):
        if code.name in ("PUT", "BINPUT", "LONG_BINPUT") and (argument or 0) > len(data):
            raise FileFormatError("it numbers more values than it has bytes")


def _checked(found: Any, path: PathOrStr) -> list[str]:
    if isinstance(found, list) and all(isinstance(token, str) for token in found):
        return found
    odd = next((token for token in found if not isinstance(token, str)), found) if isinstance(found, list) else found
    raise FileFormatError(_refusal(path, f"it holds {type(odd).__name__} where a list of strings should be"))


def _lines(data: bytes, path: PathOrStr) -> list[str]:
    try:
        lines = data.decode("utf-8").removesuffix("\n").split("\n")
    except UnicodeDecodeError as error:
        raise FileFormatError(_refusal(path, f"byte {error.start} is no UTF-8")) from None
    of_windows = data.count(b"\r\n") and all(line.endswith("\r") for line in lines[:-1])
    return [line.removesuffix("\r") for line in lines] if of_windows else lines


def _refusal(path: PathOrStr, found: str) -> str:
    return (f"Vocab.load: {str(path)!r} must be a list of tokens as JSON, as lines of text or as v1's itos.pkl; "
            f"{found}. Write it again where it was made: json.dump(itos, open('itos.json', 'w')).")
