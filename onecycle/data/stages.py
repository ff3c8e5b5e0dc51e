"""What to say when a word of the data sentence comes too early or too late."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from onecycle.errors import StepError

__all__: list[str] = []

ITEMS, SPLIT, LABELLED, LOADED = range(4)

_BEGINNINGS = (("split_by_", ITEMS), ("label_from_", SPLIT))
_WORDS = {
    "no_split": ITEMS,
    "random_split_by_pct": ITEMS,
    "split_none": ITEMS,
    "split_subsets": ITEMS,
    "split_from_df": ITEMS,
    "use_partial_data": ITEMS,
    "label_const": SPLIT,
    "label_empty": SPLIT,
    "label_for_lm": SPLIT,
    "transform": LABELLED,
    "transform_y": LABELLED,
    "add_test_folder": LABELLED,
    "databunch": LABELLED,
    "normalize": LOADED,
    "show_batch": LOADED,
    "one_batch": LOADED,
}
# What is still to be said before the word can stand: by the stage that is reached.
_MISSING = {
    ITEMS: "a split_… method (split_none() where no validation set is wanted)",
    SPLIT: "a label_… method (label_empty() where there are no labels)",
    LABELLED: "databunch()",
}
_ALREADY = {SPLIT: "split", LABELLED: "labelled", LOADED: "loaded"}
_RIGHT_PLACE = {
    ITEMS: "Split once, right after the from_… method",
    SPLIT: "Label once, right after the split",
    LABELLED: "Its place is before databunch(), on what the label_… method returned",
}


class Stage:
    """Have a place in the data sentence; a word that does not stand there is answered with the cure."""

    _stage: int
    _words: tuple[str, ...] = ()  # where only some of the words of a stage are known

    def _not_here(self, name: str) -> str:
        """Return why a word of this stage is not known here, or ''."""
        if not self._words or _place_of(name) != self._stage:
            return ""
        return f"{name}: {type(self).__name__} does not know this word. It knows {', '.join(self._words)}."

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            said = wrong_stage(self._stage, name) or self._not_here(name)
            if said:
                raise StepError(said)
            return object.__getattribute__(self, name)  # raises what Python says of an unknown attribute


def wrong_stage(stage: int, word: str) -> str:
    """Return why a word cannot stand at a stage and what to do, or '' where it is no word of the sentence.

    Example:
        >>> wrong_stage(ITEMS, "normalize")[:52]
        'normalize: comes too early. Call a split_… method (s'
    """
    place = _place_of(word)
    if place is None or (place == stage and place != LABELLED):
        return ""
    if place > stage:
        steps = ", then ".join(_MISSING[each] for each in range(stage, place))
        return f"{word}: comes too early. Call {steps}, then {word}()."
    if place == stage:  # one list with labels, where there should be two or three
        return f"{word}: the items are not split. Call {_MISSING[ITEMS]} before the label_… method, then {word}()."
    return f"{word}: comes too late, the items are {_ALREADY[stage]} already. {_RIGHT_PLACE[place]}."


@cache  # attributes that are looked for and not there are few, and asked for again and again
def _place_of(word: str) -> int | None:
    begun = (place for beginning, place in _BEGINNINGS if word.startswith(beginning))
    return _WORDS.get(word, next(begun, None))
