"""Tokenising with all rules, against Hugging Face's BertNormalizer and BertPreTokenizer on one thread.

Text: nietzsche.txt of the shared data, in pieces of 1500 characters, again and again up to 12 MB; once more with
every word made new, so that no word is remembered from an earlier copy.
"""

from __future__ import annotations

import os
import sys

from benchmarks.common import Row, alternate, data_folder, ratio, show
from onecycle.text.tokenizer import Tokenizer

COMMAND = "python -m benchmarks.tokenize"
CHARACTERS, COPIES, YARDSTICK_COPIES = 1500, 20, 3
VOWELS = "aeiouy"


def pieces() -> list[str]:
    """The text in pieces; none where the shared data is not here."""
    folder = data_folder()
    if folder is None or not (folder / "nietzsche.txt").exists():
        print("benchmarks: nietzsche.txt is not here; set ONECYCLE_DATA to the folder that holds it. Left out.")
        return []
    text = (folder / "nietzsche.txt").read_text("utf-8")
    return [text[start : start + CHARACTERS] for start in range(0, len(text), CHARACTERS)]


def with_new_words(texts: list[str], copy: int) -> list[str]:
    """Texts in which some vowels are others in each copy, so that most longer words are new."""
    to = {vowel: VOWELS[copy // len(VOWELS) ** place % len(VOWELS)] for place, vowel in enumerate("eao")}
    return [text.translate(str.maketrans(to)) for text in texts]


def computing() -> float:
    """Seconds of computing of this process and of those that it started and that have ended."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def run() -> list[Row]:
    texts = pieces()
    if not texts:
        return []
    try:
        from tokenizers.normalizers import BertNormalizer
        from tokenizers.pre_tokenizers import BertPreTokenizer
    except ImportError:
        print("benchmarks: the package tokenizers is not here: pip install tokenizers. Left out.")
        return []
    normalizer, cutter = BertNormalizer(), BertPreTokenizer()
    yardstick = texts * YARDSTICK_COPIES
    many = texts * COPIES
    fresh = [text for copy in range(COPIES) for text in with_new_words(texts, copy)]
    two, one = Tokenizer(n_cpus=2), Tokenizer(n_cpus=1)
    trials = {
        "yardstick": lambda: [cutter.pre_tokenize_str(normalizer.normalize_str(text)) for text in yardstick],
        "two": lambda: two.process_all(many),
        "one": lambda: one.process_all(many),
        "new words": lambda: two.process_all(fresh),
    }
    walls = alternate(trials, rounds=5)
    computed = alternate(trials, rounds=2, warm_up=0, clock=computing)
    size = sum(map(len, texts)) / 1e6

    def row(figure: str, name: str, bound: str = "", times: dict[str, list[float]] = walls, cores: int = 1) -> Row:
        value = cores * COPIES / YARDSTICK_COPIES / ratio(times, name, "yardstick", by=min)
        rate, other = size * COPIES * cores / min(times[name]), size * YARDSTICK_COPIES / min(times["yardstick"])
        note = f"{rate:.1f} MB/s against {other:.1f} MB/s, best of the rounds"
        return Row(figure, value, "x", bound, COMMAND, note, seed="none")

    return [
        row("tokenising with all rules, 2 processes, to BertNormalizer + BertPreTokenizer", "two", ">= 3"),
        row("tokenising in 2 processes, most words new in each copy, to the same", "new words"),
        row("tokenising in one process, to the same", "one"),
        row("tokenising, computing halved for 2 cores, to the same", "two", times=computed, cores=2),
        row("tokenising, computing halved, most words new, to the same", "new words", times=computed, cores=2),
    ]


if __name__ == "__main__":
    show(run())
    sys.exit(0)
