"""Texts of figures: titles that fit above their axes, and letters that some installed font has."""

from __future__ import annotations

import functools
import re
import unicodedata
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from weakref import WeakKeyDictionary

__all__: list[str] = []

_POINTS = 72  # an inch
_NARROW, _WIDE = 0.6, 1.02  # about the width of a letter, and of a character of East Asia, in sizes of the letters
_SHARE = 0.93  # of a cell's width that a title may take
_LEAST_SIZE = 6.0  # points
_STEPS = (1.0, 0.85, 0.72, 0.6)  # sizes that are tried, in those of the title as it is
_SHARE_OF_HEIGHT = 0.35  # of a cell's height that a title may take, until the letters are as small as may be
_LINE = 1.25  # the height of a line, in sizes of its letters
_MOST_LINES = 8  # of one line of text
_BREAKS = re.compile(r"(?<=[;,/ _\-|.])")  # a line may end behind these

# Families that have the characters of East Asia, the most complete ones first; others are found by looking into them.
_FAMILIES = re.compile(
    r"noto sans.*cjk|noto sans (sc|tc|hk|jp|kr)|source han sans|wenquanyi|pingfang|microsoft yahei|hiragino|yu gothic|"
    r"meiryo|malgun gothic|apple sd gothic|nanum|simhei|heiti|droid sans fallback|arial unicode|unifont|ipa.*gothic|"
    r"takao|vl gothic|noto serif.*cjk|ar pl u|simsun",
    re.IGNORECASE,
)
_BOXES = re.compile(r"last ?resort|adobe blank|\.notdef", re.IGNORECASE)  # a box for every letter there is
_EAST_ASIAN = re.compile(  # from Hangul to full-width forms, and the later planes of ideographs
    "[\u1100-\u11ff\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]"
)
_told: set[str] = set()
_given: WeakKeyDictionary[Any, tuple[str, str, float]] = WeakKeyDictionary()  # title: text as fitted, as given, size


# ---- titles ----


def fit_titles(axes: Iterable[Any]) -> None:
    """Break the titles of axes into lines, and make their letters smaller, so that none reaches beyond its cell.

    Titles that fit stay as they are; the letters of all have one size.

    Args:
        axes: matplotlib's axes, all in one figure.
    """
    titled = [ax for ax in axes if ax.get_title()]
    if not titled:
        return
    for ax in titled:
        _put_back(ax.title)
    size = float(titled[0].title.get_fontsize())
    for step in _STEPS:
        letters = max(size * step, min(size, _LEAST_SIZE))
        texts = [_in_lines(ax.get_title(), cell_width(ax) / letters) for ax in titled]
        if all(_is_low(ax, text, letters) for ax, text in zip(titled, texts, strict=True)):
            break
    if letters == size and all(len(lines) == 1 for text in texts for lines in text):
        return
    for ax, text in zip(titled, texts, strict=True):
        fitted, given = "\n".join(line for lines in text for line in lines), ax.get_title()
        _given[ax.title] = fitted, given, float(ax.title.get_fontsize())
        ax.title.set_text(fitted)
        ax.title.set_fontsize(letters)


def _put_back(title: Any) -> None:
    """Give a title that was fitted alone its own text and size again, before it is fitted with others."""
    fitted, given, size = _given.get(title, ("", "", 0.0))
    if fitted and title.get_text() == fitted:
        title.set_text(given)
        title.set_fontsize(size)


def cell_width(ax: Any) -> float:
    """Return how many points wide the cell of axes in their figure is, as far as a title may fill it."""
    width = float(ax.figure.bbox.width / ax.figure.dpi)
    spec = ax.get_subplotspec()
    if spec is None:
        return _SHARE * width * float(ax.get_position().width) * _POINTS
    columns = spec.colspan.stop - spec.colspan.start
    return _SHARE * width * columns / spec.get_gridspec().ncols * _POINTS


def _is_low(ax: Any, text: list[list[str]], size: float) -> bool:
    """Return whether a title leaves most of its cell to what is shown."""
    height = float(ax.figure.bbox.height / ax.figure.dpi)
    spec = ax.get_subplotspec()
    rows = 1 if spec is None else spec.get_gridspec().nrows
    lines = sum(map(len, text))
    return lines == len(text) or lines * _LINE * size <= _SHARE_OF_HEIGHT * height / rows * _POINTS


def text_width(text: str) -> float:
    """Return about how wide a line is, in sizes of its letters."""
    return sum(_WIDE if unicodedata.east_asian_width(letter) in "WF" else _NARROW for letter in text)


def _in_lines(text: str, room: float) -> list[list[str]]:
    """Return the lines that each line of a text is broken into."""
    return [_cut(_broken(line, room)) for line in text.split("\n")]


def _cut(lines: list[str]) -> list[str]:
    return lines if len(lines) <= _MOST_LINES else [*lines[: _MOST_LINES - 1], lines[_MOST_LINES - 1] + " …"]


def _broken(line: str, room: float) -> list[str]:
    lines, width = [""], 0.0
    for part in _parts(line, room):
        wide = text_width(part.rstrip())
        if lines[-1] and width + wide > room:
            lines.append("")
            width = 0.0
        lines[-1] += part
        width += text_width(part)
    return [one.strip() for one in lines]


def _parts(line: str, room: float) -> Iterator[str]:
    """Yield the parts between which a line may be broken; one that is too long for a line is cut."""
    for part in _BREAKS.split(line):
        letters = max(1, int(room / max(text_width(part) / max(len(part), 1), _NARROW)))
        yield from (part[i : i + letters] for i in range(0, len(part), letters))


# ---- letters ----


def make_readable(shown: Any) -> None:
    """Give texts with Chinese, Japanese or Korean letters a font that has them, where one is installed.

    Where none is, a warning says once what to install.

    Args:
        shown: A figure or axes of matplotlib, or anything else with `findobj`.
    """
    from matplotlib.text import Text

    for text in shown.findobj(Text):
        needed = frozenset(_EAST_ASIAN.findall(text.get_text()))
        if needed:
            families, missing = fonts_for(needed)
            own = list(text.get_fontfamily())
            text.set_fontfamily([*own, *(name for name in families if name not in own)])
            if missing:
                _tell_missing()


def _tell_missing() -> None:
    """Say once what to install; matplotlib would say it of each letter, each time a figure is drawn."""
    if "fonts" not in _told:
        _told.add("fonts")
        warnings.warn(
            "plots: no installed font has the Chinese, Japanese or Korean letters of a label. Install one, e.g. Noto "
            "Sans CJK (Debian, Ubuntu: apt install fonts-noto-cjk; Fedora: dnf install google-noto-sans-cjk-fonts; "
            "Colab: !apt install fonts-noto-cjk), and start Python again.",
            UserWarning,
            stacklevel=4,
        )
    warnings.filterwarnings("ignore", message=r"Glyph \d+ .*missing from", category=UserWarning)


@functools.lru_cache(maxsize=4096)
def fonts_for(letters: frozenset[str]) -> tuple[tuple[str, ...], frozenset[str]]:
    """Return the families that together have letters, and the letters that none has."""
    families: list[str] = []
    missing = {ord(letter) for letter in letters}
    for name, file in _candidates():
        if not missing:
            break
        found = missing & _letters_of(file)
        if found:
            families.append(name)
            missing -= found
    return tuple(families), frozenset(map(chr, missing))


@functools.cache
def _candidates() -> Sequence[tuple[str, str]]:
    """Return family and file of each installed font, those of East Asia first, upright and regular ones only."""
    from matplotlib import font_manager

    manager = font_manager.fontManager
    known = {entry.fname for entry in manager.ttflist}
    for file in font_manager.findSystemFonts():  # matplotlib's own list may be older than a font
        if file not in known:
            try:
                manager.addfont(file)
            except Exception:  # a broken font of the system is no fault of a plot
                continue
    upright = [entry for entry in manager.ttflist if entry.style == "normal" and entry.fname.endswith(_FORMATS)]
    entries = [entry for entry in upright if not _BOXES.match(entry.name)]
    entries.sort(key=lambda entry: (_FAMILIES.search(entry.name) is None, abs(_weight(entry) - 400), entry.name))
    return list({entry.name: entry.fname for entry in reversed(entries)}.items())[::-1]


_FORMATS = (".ttf", ".otf", ".ttc", ".TTF", ".OTF", ".TTC")


def _weight(entry: Any) -> int:
    named = {"regular": 400, "normal": 400}
    return int(entry.weight) if isinstance(entry.weight, int) else named.get(entry.weight, 700)


@functools.lru_cache(maxsize=64)
def _letters_of(file: str) -> frozenset[int]:
    from matplotlib.font_manager import get_font

    try:
        return frozenset(get_font(file).get_charmap())
    except Exception:  # as above
        return frozenset()
