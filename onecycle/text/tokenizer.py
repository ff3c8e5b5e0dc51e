"""From texts to tokens: rules before, a tokenizer, rules after, many texts in several processes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from itertools import accumulate, chain
from typing import Any

from onecycle.errors import ArgumentTypeError, DataError, describe, explain
from onecycle.text.rules import WORD_BY_WORD, PostRule, PreRule
from onecycle.text.segmenters import has_segmenters, installed_segmenter
from onecycle.text.word_tokenizer import (
    BaseTokenizer,
    CharTokenizer,
    EncodingTokenizer,
    FunctionTokenizer,
    WordTokenizer,
    is_tokenizers_tokenizer,
    is_transformers_tokenizer,
    language_of,
    tokens_in,
)
from onecycle.types import JsonDict
from onecycle.utils.defaults import defaults
from onecycle.utils.parallel import in_order
from onecycle.utils.progress import progress_bar
from onecycle.utils.registry import register

__all__ = ["Tokenizer"]

_LARGE = 5_000_000  # characters from which on starting several processes pays
_GROUP = 250_000  # characters that a process is given at a time; a longer text is a group of its own
_LONGEST_REMEMBERED, _MOST_REMEMBERED = 40, 1 << 18  # characters of a piece; pieces


class _Pieces(dict[str, tuple[str, ...]]):
    """Remember the finished tokens of each piece of text between two spaces: words come again and again."""

    def __init__(self, tok: BaseTokenizer, rules: Sequence[PostRule]) -> None:
        super().__init__()
        self.tok, self.rules = tok, list(rules)

    def __missing__(self, piece: str) -> tuple[str, ...]:
        tokens = tuple(_through(self.tok.tokenizer(piece), self.rules))
        if len(piece) <= _LONGEST_REMEMBERED and len(self) < _MOST_REMEMBERED:
            self[piece] = tokens
        return tokens

    def tokens(self, text: str) -> list[str]:
        """Return the tokens of a text."""
        return list(chain.from_iterable(map(self.__getitem__, text.split(" "))))


def _through(tokens: Collection[str], rules: Iterable[PostRule]) -> Collection[str]:
    for rule in rules:
        tokens = rule(tokens)
    return tokens


@register("text")
class Tokenizer:
    """Turn texts into lists of tokens.

    Args:
        tok_func: Makes tokens of a text: a class that is called with the language and gives what cuts one text
            (`WordTokenizer`, `CharTokenizer` or just `list`, `SpacyTokenizer`, a subclass of `BaseTokenizer`), any
            function that returns a list of tokens (`jieba.lcut`), a tokenizer of `tokenizers` or transformers.
        lang: Language of the texts, two letters.
        pre_rules: Functions of the text before it is cut; `defaults.text_pre_rules` when None.
        post_rules: Functions of the list of tokens; `defaults.text_post_rules` when None.
        special_cases: Strings that stay whole; `defaults.text_spec_tok` when None.
        n_cpus: How many processes; `defaults.cpus` when None.

    Raises:
        ArgumentTypeError: rules are no list of functions.

    Example:
        >>> Tokenizer().process_all(["Hello WORLD, isn't it soooo good?"])
        [['xxmaj', 'hello', 'xxup', 'world', ',', 'is', "n't", 'it', 's', 'xxrep', '4', 'o', 'good', '?']]
    """

    def __init__(
        self,
        tok_func: Callable[[str], Any] = WordTokenizer,
        lang: str = "en",
        pre_rules: Sequence[PreRule] | None = None,
        post_rules: Sequence[PostRule] | None = None,
        special_cases: Collection[str] | None = None,
        n_cpus: int | None = None,
    ) -> None:
        self.tok_func: Any = _known_cutter(tok_func, lang)
        self.lang = lang
        self.pre_rules = _rules("pre_rules", defaults.text_pre_rules if pre_rules is None else pre_rules)
        self.post_rules = _rules("post_rules", defaults.text_post_rules if post_rules is None else post_rules)
        self.special_cases = list(defaults.text_spec_tok if special_cases is None else special_cases)
        self.n_cpus = n_cpus
        self._pieces: _Pieces | None = None

    def __repr__(self) -> str:
        rules = "".join(f"\n - {getattr(rule, '__name__', rule)}" for rule in [*self.pre_rules, *self.post_rules])
        return f"Tokenizer {getattr(self.tok_func, '__name__', self.tok_func)} in {self.lang} with rules:{rules}"

    def make_tok(self) -> Any:
        """Return what cuts one text, with the special cases.

        Raises:
            ArgumentTypeError: `tok_func` does not give a tokenizer.
        """
        tok = _cutter(self.tok_func, self.lang)
        if tok is None:
            cure = "Pass a function that returns a list of tokens, or a subclass of BaseTokenizer."
            rule = "must give tokens, or an object with the methods tokenizer and add_special_cases"
            raise ArgumentTypeError(explain("Tokenizer", "tok_func", rule, self.tok_func, cure))
        tok.add_special_cases(self.special_cases)
        return tok

    def process_text(self, t: str, tok: Any) -> list[str]:
        """Return the tokens of one text.

        Args:
            t: The text.
            tok: What cuts it, from `make_tok`.
        """
        for rule in self.pre_rules:
            t = rule(t)
        by_word, others = self._post_rules()
        if getattr(tok, "cuts_at_spaces", False):
            tokens: Collection[str] = self._pieces_of(tok, by_word).tokens(t)
        else:
            tokens = _through(tok.tokenizer(t), by_word)
        return list(_through(tokens, others)) if others else list(tokens)

    def _post_rules(self) -> tuple[list[PostRule], list[PostRule]]:
        """Return the post-rules up to the last that looks at single tokens only, and those from there on."""
        count = next((i for i, rule in enumerate(self.post_rules) if rule not in WORD_BY_WORD), len(self.post_rules))
        return self.post_rules[:count], self.post_rules[count:]

    def _pieces_of(self, tok: Any, rules: list[PostRule]) -> _Pieces:
        pieces = self._pieces
        if pieces is None or pieces.tok is not tok or pieces.rules != rules:
            pieces = self._pieces = _Pieces(tok, rules)
        return pieces

    def process_all(self, texts: Iterable[str]) -> list[list[str]]:
        """Return the tokens of every text, in order; large sets in several processes.

        Args:
            texts: The texts.

        Raises:
            DataError: one is no text; names it.
        """
        return list(self.stream(texts))

    def stream(self, texts: Iterable[str]) -> Iterator[list[str]]:
        """Yield the tokens of each text, in order, a few groups of texts ahead of the reader at most.

        Args:
            texts: The texts.

        Raises:
            DataError: one is no text; names it.
        """
        if isinstance(texts, str):
            raise ArgumentTypeError(explain("Tokenizer", "texts", "must be several texts", texts, "Pass [text]."))
        rows = texts if isinstance(texts, (list, tuple)) else list(texts)
        lengths = [_length(text, row) for row, text in enumerate(rows)]
        tok = self.make_tok()
        workers = defaults.cpus if self.n_cpus is None else self.n_cpus
        groups = _groups(lengths)
        if sum(lengths) < _LARGE or workers < 2 or len(groups) < 2:
            yield from (self.process_text(text, tok) for text in rows)
        else:
            work = partial(_tokens_of_group, self, tok, rows)
            done = in_order(work, groups, min(workers, len(groups)))
            yield from chain.from_iterable(progress_bar(done, total=len(groups), leave=False))

    def __getstate__(self) -> JsonDict:
        return {**vars(self), "_pieces": None}

    def get_state(self) -> JsonDict:
        """Return the settings; the number of processes is the machine's."""
        names = ("tok_func", "lang", "pre_rules", "post_rules", "special_cases")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_state(cls, state: JsonDict) -> Tokenizer:
        """Rebuild the tokenizer from `get_state`."""
        return cls(**state)


def as_tokenizer(tokenizer: Any) -> Any:
    """Return what cuts many texts, given itself or what cuts one; a function makes the tokens alone, without rules.

    Raises:
        ArgumentTypeError: it is neither.
    """
    if tokenizer is None or tokenizer is Tokenizer:
        return Tokenizer()
    if hasattr(tokenizer, "process_all") and not isinstance(tokenizer, type):
        return tokenizer
    if isinstance(tokenizer, type) and (tokenizer is list or issubclass(tokenizer, BaseTokenizer)):
        return Tokenizer(tokenizer)
    if callable(tokenizer) or is_tokenizers_tokenizer(tokenizer) or _cuts(tokenizer):
        return Tokenizer(tokenizer, pre_rules=[], post_rules=[])
    hint = "Pass Tokenizer(…), or a function that returns a list of tokens."
    raise ArgumentTypeError(explain("TokenizeProcessor", "tokenizer", "must make tokens of a text", tokenizer, hint))


def _known_cutter(tok_func: Any, lang: str) -> Any:
    """Return a cutter in the form in which files can name it, with the segmenter that words are cut by here."""
    if tok_func is list:
        return CharTokenizer
    if is_transformers_tokenizer(tok_func) and hasattr(tok_func, "backend_tokenizer"):
        tok_func = tok_func.backend_tokenizer
    if is_tokenizers_tokenizer(tok_func):
        return EncodingTokenizer(tok_func)
    if tok_func is WordTokenizer and isinstance(lang, str) and has_segmenters(language_of(lang)):
        return partial(WordTokenizer, segmenter=installed_segmenter(language_of(lang)))
    return tok_func


def _cutter(tok_func: Any, lang: str) -> Any:
    """Return what cuts one text: what a function gives for a language, or the function itself; None for neither."""
    if is_transformers_tokenizer(tok_func):
        return FunctionTokenizer(tok_func.tokenize, lang)
    if _cuts(tok_func) and not isinstance(tok_func, type):
        return tok_func
    if not callable(tok_func):
        return None
    answer = tok_func(lang)  # of a language a class gives a tokenizer, of a text a function gives tokens
    if _cuts(answer):
        return answer
    return None if tokens_in(answer) is None else FunctionTokenizer(tok_func, lang)


def _cuts(value: Any) -> bool:
    return hasattr(value, "tokenizer") and hasattr(value, "add_special_cases")


def _rules(parameter: str, rules: Any) -> list[Any]:
    """Return rules as a list; refuse one alone, and what is no function."""
    found = list(rules) if isinstance(rules, Iterable) and not isinstance(rules, str) else [None]
    if not all(callable(rule) for rule in found):
        cure = "Pass a list, also for one; [] for none."
        raise ArgumentTypeError(explain("Tokenizer", parameter, "must be a list of functions", rules, cure))
    return found


def _tokens_of_group(tokenizer: Tokenizer, tok: Any, texts: Sequence[str], group: range) -> list[list[str]]:
    return [tokenizer.process_text(texts[row], tok) for row in group]


def _length(text: Any, row: int) -> int:
    if isinstance(text, str):
        return len(text)
    missing = text is None or text != text
    cure = "Fill it or leave it out first." if missing else "Read or decode it first."
    raise DataError(f"Tokenizer: the text of row {row} {'is missing' if missing else 'must be a string'}; "
                    f"got {describe(text)}. {cure}")


def _groups(lengths: Sequence[int]) -> list[range]:
    """Return which texts go together: about as many characters in each group."""
    number = [end // _GROUP for end in accumulate(lengths)]
    firsts = [i for i in range(len(number)) if i == 0 or number[i] != number[i - 1]]
    return [range(first, end) for first, end in zip(firsts, [*firsts[1:], len(number)])]
