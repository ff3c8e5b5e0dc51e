"""Reviews made by a small grammar: of places to stay and of books, and of films, praising or panning."""

from __future__ import annotations

from typing import Any

import numpy as np

THINGS = {"general": "room book staff chapter price bed".split(), "films": "plot acting music camera cast hero".split()}
GOOD = "brilliant charming clever exciting fresh funny graceful joyful warm witty"
BAD = "awful boring careless clumsy confused dull empty hollow messy wooden"
FORMS = (
    "the {thing} was {word} and {word} .",
    "a {word} , {word} {thing} , and a {word} {thing} too .",
    "{thing} : {word} . {thing} : {word} !",
    "so {word} , so {word} , and so {word} .",
    "what a {word} , {word} {thing} !",
)


def review(draw: np.random.Generator, things: list[str], good: bool, sentences: int) -> str:
    """Return one review of so many sentences."""
    words, said = (GOOD if good else BAD).split(), []
    for _ in range(sentences):
        form = str(draw.choice(FORMS))
        while "{" in form:
            form = form.replace("{thing}", str(draw.choice(things)), 1).replace("{word}", str(draw.choice(words)), 1)
        said.append(form)
    return " ".join(said)


def reviews(count: int, kind: str, seed: int, sentences: int = 3) -> Any:
    """Return a frame of reviews, half of them good: columns label ('good' or 'bad') and text.

    Args:
        count: How many.
        kind: 'general', of places and books, or 'films'.
        seed: Where the draws begin.
        sentences: How many a review has.
    """
    import pandas as pd

    draw = np.random.default_rng(seed)
    good = draw.permutation(count) % 2 == 0
    texts = [review(draw, THINGS[kind], bool(each), sentences) for each in good]
    return pd.DataFrame({"label": np.where(good, "good", "bad"), "text": texts})
