"""Words of the data sentence that come too early or too late."""

from __future__ import annotations

import copy

import pytest

from onecycle.data.item_list import ItemList
from onecycle.data.stages import ITEMS, LABELLED, LOADED, SPLIT, wrong_stage
from onecycle.errors import StepError

NUMBERS = ItemList(list(range(8)))


@pytest.mark.parametrize(
    ("stage", "word", "said"),
    [
        (ITEMS, "transform", "comes too early. Call a split_… method .*, then a label_… method .*, then transform"),
        (ITEMS, "normalize", "then databunch\\(\\), then normalize\\(\\)"),
        (SPLIT, "split_none", "comes too late, the items are split already. Split once"),
        (SPLIT, "show_batch", "Call a label_… method"),
        (LABELLED, "split_by_rand_pct", "the items are labelled already"),
        (LABELLED, "label_from_folder", "Label once, right after the split"),
        (LABELLED, "normalize", r"Call databunch\(\), then normalize\(\)"),
        (LOADED, "databunch", "the items are loaded already. Its place is before databunch"),
        (LOADED, "label_const", "Label once"),
    ],
)
def test_the_cure_is_the_step_that_is_missing_or_done(stage, word, said):
    with pytest.raises(StepError, match=f"{word}: .*{said}"):
        raise StepError(wrong_stage(stage, word))


@pytest.mark.parametrize("word", ["items", "label_cls", "split_rand", "__deepcopy__", "anything"])
def test_other_words_are_left_to_python(word):
    assert wrong_stage(SPLIT, word) == ""


def test_every_stage_answers():
    split = NUMBERS.split_none()
    labelled = split.label_from_func(float)
    data = labelled.databunch(bs=4, num_workers=0, device="cpu")
    for thing, word in (
        (NUMBERS, "transform"),
        (split, "split_none"),
        (labelled, "normalize"),
        (labelled.train, "add_test_folder"),
        (data, "databunch"),
    ):
        with pytest.raises(StepError, match=f"^{word}: "):
            getattr(thing, word)


def test_unknown_attributes_are_what_python_says_of_them():
    assert not hasattr(NUMBERS, "get_batches")
    with pytest.raises(AttributeError, match="'ItemList' object has no attribute 'itms'"):
        _ = NUMBERS.itms
    assert len(copy.deepcopy(NUMBERS)) == 8


def test_an_error_in_a_property_keeps_its_message():
    class Broken(ItemList):
        @property
        def weight(self):
            return self.items.no_such_thing

    with pytest.raises(AttributeError, match="no_such_thing"):
        _ = Broken([1]).weight
