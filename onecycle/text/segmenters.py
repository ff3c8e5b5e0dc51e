"""Words of scripts that put no spaces between them, by dictionaries of packages that may be installed."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from functools import cache
from typing import Any

from onecycle.errors import ArgumentError, explain
from onecycle.utils.extras import import_extra, is_installed

__all__: list[str] = []

Segment = Callable[[str], list[str]]
_CALLER = "WordTokenizer"
_HAN = "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_KANA = "\u3041-\u3096\u309d-\u309f\u30a1-\u30ff\u31f0-\u31ff\uff66-\uff9f"
_THAI = "\u0e01-\u0e3a\u0e40-\u0e4e"
# Language -> its packages, the preferred one first, and the characters that they cut.
_OF_LANGUAGE = {
    "zh": (("jieba",), _HAN),
    "ja": (("fugashi", "janome"), _HAN + _KANA),
    "th": (("pythainlp",), _THAI),
}
_EXTRAS = {"jieba": "chinese", "fugashi": "japanese", "janome": "japanese", "pythainlp": "thai"}


def has_segmenters(language: str) -> bool:
    """Say whether words of a language can be found by a dictionary only, and packages for it are known."""
    return language in _OF_LANGUAGE


def installed_segmenter(language: str) -> str | None:
    """Return the package that cuts words of a language here; None where there is none."""
    packages, _ = _OF_LANGUAGE.get(language, ((), ""))
    return next((package for package in packages if is_installed(package) and _works(package)), None)


def _works(package: str) -> bool:
    try:
        segment_with(package)
    except ArgumentError:
        return False
    return True


def check_segmenter(name: str | None) -> str | None:
    """Return the name of a segmenter, or None.

    Raises:
        ArgumentError: there is none of this name.
    """
    if name is not None and name not in _EXTRAS:
        rule = f"must be one of {', '.join(_EXTRAS)}, or None for single characters"
        raise ArgumentError(explain(_CALLER, "segmenter", rule, name))
    return name


@cache
def runs_of(segmenter: str) -> re.Pattern[str]:
    """Return the pattern of the runs of characters that a segmenter cuts, as one group."""
    characters = next(each for packages, each in _OF_LANGUAGE.values() if segmenter in packages)
    return re.compile(f"([{characters}]+)")


@cache
def segment_with(package: str) -> Segment:
    """Return the function of a package that cuts a text into words.

    Raises:
        ArgumentError: it is not installed, or lacks its dictionary.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of old syntax in these packages
        try:
            return _MAKERS[package]()
        except (RuntimeError, OSError) as error:
            said = str(error).strip().partition("\n")[0].rstrip(".")
            hint = f"Install it with its dictionary: pip install 'onecycle[{_EXTRAS[package]}]'."
            raise ArgumentError(f"{_CALLER}: the package {package} cannot be used ({said}). {hint}") from error


def _package(module: str) -> Any:
    return import_extra(_CALLER, module, _EXTRAS[module.partition(".")[0]])


def _jieba() -> Segment:
    jieba = _package("jieba")
    jieba.setLogLevel("WARNING")
    return jieba.lcut


def _janome() -> Segment:
    tokenizer = _package("janome.tokenizer").Tokenizer(wakati=True)
    return lambda text: list(tokenizer.tokenize(text))


def _fugashi() -> Segment:
    tagger = _package("fugashi").Tagger()
    return lambda text: [word.surface for word in tagger(text)]


def _pythainlp() -> Segment:
    return _package("pythainlp.tokenize").word_tokenize


_MAKERS = {"jieba": _jieba, "janome": _janome, "fugashi": _fugashi, "pythainlp": _pythainlp}
