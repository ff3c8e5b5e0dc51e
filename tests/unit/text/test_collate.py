"""Padding: on either side, in either direction."""

from __future__ import annotations

import json
from functools import partial

import numpy as np
import pytest
import torch

from onecycle.data.items import Category, MultiCategory
from onecycle.text.collate import pad_collate
from onecycle.text.items import Text
from onecycle.utils.registry import decode, encode

SAMPLES = [(Text(np.array([5, 6, 7]), "a b c"), Category(1, "pos")), (Text(np.array([8]), "d"), Category(0, "neg"))]


@pytest.mark.parametrize(
    ("how", "wanted"),
    [
        ({}, [[5, 6, 7], [1, 1, 8]]),
        ({"pad_first": False}, [[5, 6, 7], [8, 1, 1]]),
        ({"backwards": True}, [[7, 6, 5], [1, 1, 8]]),
        ({"backwards": True, "pad_first": False, "pad_idx": 0}, [[7, 6, 5], [8, 0, 0]]),
    ],
)
def test_texts_are_padded_to_the_longest(how, wanted):
    x, y = pad_collate(SAMPLES, **how)
    assert x.tolist() == wanted and x.dtype == torch.int64
    assert y.tolist() == [1, 0]


def test_several_labels_are_stacked():
    labels = [MultiCategory(torch.tensor([1.0, 0.0]), ["a"], [0]), MultiCategory(torch.tensor([1.0, 1.0]), [], [])]
    _, y = pad_collate([(text, label) for (text, _), label in zip(SAMPLES, labels, strict=True)])
    assert y.tolist() == [[1, 0], [1, 1]]


def test_texts_without_tokens_are_one_wide():
    x, _ = pad_collate([([], 0), (np.zeros(0), 1)])
    assert x.tolist() == [[1], [1]]


def test_it_goes_into_files_by_name():
    again = decode(json.loads(json.dumps(encode(partial(pad_collate, pad_idx=3)))))
    assert again(SAMPLES)[0].tolist() == [[5, 6, 7], [3, 3, 8]]
