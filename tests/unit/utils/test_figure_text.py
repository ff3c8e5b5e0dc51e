"""Titles that fit above their axes, and letters that an installed font has."""

from __future__ import annotations

import warnings
from types import SimpleNamespace

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import pytest
from matplotlib import font_manager

from onecycle.utils import figure_text
from onecycle.utils.figure_text import fit_titles, fonts_for, make_readable, text_width

LONG = "agriculture;clear;conventional_mine;partly_cloudy;water;selective_logging;blow_down"


def drawn(titles, columns=3, inches=9.0):
    """Return the axes of a grid with these titles after fitting and drawing."""
    rows = -(-len(titles) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(inches, inches), squeeze=False, layout="constrained")
    for ax, title in zip(axes.flat, titles, strict=False):
        ax.set_title(title)
    fit_titles(axes.flat)
    figure.draw_without_rendering()
    plt.close(figure)
    return list(axes.flat)


def overlaps(axes):
    boxes = [ax.title.get_window_extent() for ax in axes if ax.get_title()]
    return any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


@pytest.mark.parametrize("title", [LONG, f"{LONG}\n{LONG}", "x" * 200, "one two three " * 9])
def test_long_titles_neither_overlap_nor_leave_the_figure(title):
    axes = drawn([title] * 9)
    assert not overlaps(axes)
    width = axes[0].figure.get_size_inches()[0] * axes[0].figure.dpi
    for ax in axes:
        box = ax.title.get_window_extent()
        assert box.x0 >= 0 and box.x1 <= width
    words = axes[0].get_title().replace("\n", "")
    assert words.replace(" ", "") == title.replace("\n", "").replace(" ", "")  # all of it, in lines


def test_titles_that_fit_stay_as_they_are():
    axes = drawn(["cat", "dog\ncat", ""])
    assert [ax.get_title() for ax in axes] == ["cat", "dog\ncat", ""]
    assert axes[0].title.get_fontsize() == plt.subplots()[1].title.get_fontsize()
    plt.close("all")


def test_all_titles_have_letters_of_one_size_and_small_cells_smaller_ones():
    large, small = drawn([LONG, "cat", ""], inches=12.0), drawn([LONG, "cat", ""] * 3, inches=5.0)
    sizes = [ax.title.get_fontsize() for ax in large[:2] + small[:2]]
    assert sizes[0] == sizes[1] > sizes[2] == sizes[3] >= 6


def test_titles_that_were_fitted_alone_are_fitted_together():
    figure, axes = plt.subplots(1, 3, figsize=(6, 3), layout="constrained")
    for ax, title in zip(axes, ["cat", LONG, LONG + ";clear"], strict=True):
        ax.set_title(title)
        fit_titles([ax])
    fit_titles(axes)
    once = [(ax.get_title(), ax.title.get_fontsize()) for ax in axes]
    fit_titles(axes)
    assert [(ax.get_title(), ax.title.get_fontsize()) for ax in axes] == once
    assert len({size for _, size in once}) == 1 and once[0][0] == "cat"
    expected = drawn(["cat", LONG, LONG + ";clear"], inches=6.0)
    assert once[1][0].replace("\n", "") == expected[1].get_title().replace("\n", "") == LONG
    axes[1].set_title("dog")  # another title is not taken for the old one
    fit_titles(axes[1:2])
    assert axes[1].get_title() == "dog"
    plt.close(figure)


def test_axes_of_a_part_of_a_figure():
    figure = plt.figure(figsize=(8, 4))
    part = figure.subfigures(1, 2)[0]
    ax = part.subplots()
    ax.set_title(LONG)
    fit_titles([ax])
    assert "\n" in ax.get_title()
    plt.close(figure)


def test_an_endless_title_ends():
    (ax,) = drawn(["word " * 400], columns=1, inches=2.0)
    assert ax.get_title().count("\n") == 7 and ax.get_title().endswith(" …")


def test_axes_that_were_placed_by_hand():
    figure = plt.figure(figsize=(6, 6))
    ax = figure.add_axes((0.1, 0.1, 0.3, 0.3))
    ax.set_title(LONG)
    fit_titles([ax])
    figure.draw_without_rendering()
    assert ax.title.get_window_extent().width <= 0.3 * 600
    fit_titles([])
    plt.close(figure)


def test_wide_letters_are_wide():
    assert text_width("猫犬") > 1.6 * text_width("ab")
    ax = plt.subplots(figsize=(3, 3))[1]
    ax.set_title("猫" * 60, fontsize=10)
    fit_titles([ax])
    lines = ax.get_title().split("\n")
    assert len(lines) > 1 and max(map(len, lines)) * ax.title.get_fontsize() < 3 * 72
    plt.close("all")


@pytest.fixture
def fonts(monkeypatch):
    """Pretend that these fonts are installed, and no others: family, file, letters."""
    letters: dict[str, set[str]] = {}

    def install(*families):
        entries = [
            SimpleNamespace(name=name, fname=f"{name}.ttf", style=style, weight=weight)
            for name, style, weight, _ in families
        ]
        letters.update({f"{name}.ttf": set(has) for name, _, _, has in families})
        monkeypatch.setattr(font_manager, "fontManager", SimpleNamespace(ttflist=entries, addfont=_refuse))
        monkeypatch.setattr(font_manager, "findSystemFonts", list)
        monkeypatch.setattr(figure_text, "_letters_of", lambda file: frozenset(map(ord, letters[file])))

    monkeypatch.setattr(figure_text, "_told", set())
    clear()
    yield install
    clear()


def _refuse(file):
    raise RuntimeError("broken font")


def clear():
    for cached in (figure_text._candidates, figure_text.fonts_for):
        cached.cache_clear()


def test_the_fonts_that_have_the_letters_are_found(fonts):
    fonts(
        ("Latin", "normal", 400, "ab"),
        ("Last Resort High-Efficiency", "normal", 400, "猫犬고ab"),
        ("NanumGothic", "normal", 400, "고"),
        ("Other Han", "normal", "regular", "猫犬"),
        ("Noto Sans CJK JP", "italic", 400, "猫犬고"),
    )
    assert fonts_for(frozenset("猫犬")) == (("Other Han",), frozenset())
    assert fonts_for(frozenset("고猫")) == (("NanumGothic", "Other Han"), frozenset())
    assert fonts_for(frozenset("고龍")) == (("NanumGothic",), frozenset("龍"))


def test_known_families_come_first(fonts):
    others = [("Antique Han", "normal", 400, "猫"), ("B", "normal", "bold", "猫")]
    fonts(*others, ("WenQuanYi Zen Hei", "normal", 500, "猫"))
    assert fonts_for(frozenset("猫"))[0] == ("WenQuanYi Zen Hei",)


def test_a_new_font_of_the_system_is_seen_and_a_broken_one_is_passed_over(fonts, monkeypatch):
    fonts(("Han", "normal", 400, "猫"))
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: ["broken.ttf"])
    assert fonts_for(frozenset("猫"))[0] == ("Han",)
    assert figure_text._letters_of.__name__ == "<lambda>"


def test_texts_of_east_asia_get_such_a_font_and_others_stay(fonts):
    fonts(("Han", "normal", 400, "猫犬"))
    figure, ax = plt.subplots()
    ax.set_title("猫")
    ax.set_xticks([0, 1], ["cat", "犬"])
    own = ax.xaxis.label.get_fontfamily()
    make_readable(figure)
    assert ax.title.get_fontfamily() == [*own, "Han"]
    assert [label.get_fontfamily() for label in ax.get_xticklabels()] == [own, [*own, "Han"]]
    make_readable(figure)
    assert ax.title.get_fontfamily() == [*own, "Han"]
    plt.close(figure)


def test_where_no_font_has_them_one_line_says_what_to_install(fonts):
    fonts(("Latin", "normal", 400, "ab"))
    figure, ax = plt.subplots()
    ax.set_title("猫犬")
    said = r"plots: no installed font has the Chinese.*apt install fonts-noto-cjk"
    with pytest.warns(UserWarning, match=said) as told:
        make_readable(ax)
    assert len(told) == 1
    with warnings.catch_warnings(record=True) as again:
        warnings.simplefilter("always")
        make_readable(ax)
        warnings.warn("Glyph 29483 (\\N{CJK UNIFIED IDEOGRAPH-732B}) missing from font(s) DejaVu Sans.", stacklevel=1)
    assert again == []  # once is enough, of matplotlib's own too
    plt.close(figure)


def test_a_file_that_is_no_font_has_no_letters(tmp_path):
    (tmp_path / "a.ttf").write_bytes(b"no font")
    assert figure_text._letters_of(str(tmp_path / "a.ttf")) == frozenset()
    assert ord("a") in figure_text._letters_of(font_manager.findfont("DejaVu Sans"))
