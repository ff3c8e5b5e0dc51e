"""The batches of a language model: the same as a plain construction makes, in any order, width and direction."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from onecycle.data.addresses import BatchAddress
from onecycle.data.loaders import DeviceDataLoader
from onecycle.errors import ArgumentError, DataError
from onecycle.text.lm_corpus import window_ends
from onecycle.text.lm_loader import LanguageModelPreLoader
from onecycle.utils.seeding import epoch_permutation

BS, BPTT = 3, 5


def make_texts(count: int = 23, seed: int = 0) -> list[list[int]]:
    """Texts of 0 to 11 tokens; no token occurs twice, so that a place is known by its token."""
    draw = np.random.default_rng(seed)
    lengths = draw.integers(0, 12, count)
    ends = np.cumsum(lengths)
    return [list(range(end - n, end)) for end, n in zip(ends, lengths, strict=True)]


def plainly(texts, bs, bptt, backwards=False):
    """Lay the batches out as a reader of the definition would: join, cut into rows, cut into columns."""
    corpus = [token for text in texts for token in text]
    corpus = corpus[::-1] if backwards else corpus
    length = (len(corpus) - 1) // bs
    for start in range(0, length, bptt):
        width = min(bptt, length - start)
        firsts = [row * length + start for row in range(bs)]
        x = [corpus[first : first + width] for first in firsts]
        y = [corpus[first + 1 : first + width + 1] for first in firsts]
        yield torch.tensor(x), torch.tensor(y)


def batches_of(source, seed=7, epoch=2, start=0, workers=0):
    loader = DeviceDataLoader.create(source, source.bs, num_workers=workers)
    loader.set_epoch(seed, epoch, start)
    return list(loader)


def same(some, others):
    some, others = list(some), list(others)
    return len(some) == len(others) and all(
        torch.equal(x, x2) and torch.equal(y, y2) for (x, y), (x2, y2) in zip(some, others, strict=True)
    )


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize(("bs", "bptt"), [(1, 1), (3, 5), (4, 30), (10, 2)])
def test_batches_are_those_of_the_plain_construction(bs, bptt, shuffle, backwards):
    texts = make_texts()
    order = epoch_permutation(7, 2, len(texts)) if shuffle else range(len(texts))
    source = LanguageModelPreLoader(texts, bs=bs, bptt=bptt, shuffle=shuffle, backwards=backwards)
    wanted = list(plainly([texts[i] for i in order], bs, bptt, backwards))
    assert same(batches_of(source), wanted)
    assert source.steps == len(wanted) and len(source) == len(wanted) * bs


@pytest.mark.parametrize("jitter", [False, True])
def test_rows_go_on_where_they_ended(jitter):
    """Wrinkles 1 and 2 of the lesson: a state that is kept belongs to the text that comes next in its row."""
    source = LanguageModelPreLoader(make_texts(60), bs=BS, bptt=8, shuffle=True, jitter=jitter)
    batches = batches_of(source)
    assert len(batches) > 5
    for (x, y), (later, _) in zip(batches[:-1], batches[1:], strict=True):
        assert torch.equal(y[:, -1], later[:, 0])
        assert torch.equal(x[:, 1:], y[:, :-1])


def test_only_the_last_window_is_narrower():
    """Wrinkle 3: every batch has all rows; the last one has fewer columns."""
    batches = batches_of(LanguageModelPreLoader(make_texts(), bs=BS, bptt=BPTT))
    assert {x.shape[0] for x, _ in batches} == {BS}
    widths = [x.shape[1] for x, _ in batches]
    assert widths[:-1] == [BPTT] * (len(widths) - 1) and 1 <= widths[-1] < BPTT


def test_targets_have_the_shape_of_the_inputs():
    """Wrinkle 4: the loss flattens both, so nobody has to."""
    x, y = batches_of(LanguageModelPreLoader(make_texts(), bs=BS, bptt=BPTT))[0]
    assert x.shape == y.shape == (BS, BPTT) and x.dtype == y.dtype == torch.int64


def test_another_batch_size_cuts_the_streams_anew():
    loader = DeviceDataLoader.create(LanguageModelPreLoader(make_texts(), bs=BS, bptt=BPTT), BS, num_workers=0)
    assert same(loader.new(batch_size=2), plainly(make_texts(), 2, BPTT))
    assert loader.new(bs=2).dataset.bs == 2 and loader.dataset.bs == BS


def test_an_epoch_begins_at_any_step():
    source = LanguageModelPreLoader(make_texts(60), bs=BS, bptt=8, shuffle=True, jitter=True)
    whole = batches_of(source)
    assert same(batches_of(source.like(), start=4), whole[4:])


def test_any_number_of_workers_makes_the_same_batches():
    source = LanguageModelPreLoader(make_texts(60), bs=BS, bptt=8, shuffle=True, jitter=True)
    assert same(batches_of(source.like(), workers=2), batches_of(source))


def test_epochs_and_runs_have_orders_of_their_own():
    source = LanguageModelPreLoader(make_texts(), bs=BS, bptt=BPTT, shuffle=True)
    first = batches_of(source)
    assert not same(first, batches_of(source, epoch=3))
    assert not same(first, batches_of(source, seed=8))
    assert same(first, batches_of(source))


def test_jitter_draws_widths_and_keeps_their_number():
    source = LanguageModelPreLoader([list(range(20_001))], bs=2, bptt=70, jitter=True)
    widths = [np.diff(window_ends(source.stream_length, 70, True, 1, epoch), prepend=0) for epoch in range(3)]
    assert {len(each) for each in widths} == {source.steps}
    assert {int(each.sum()) for each in widths} == {source.stream_length}
    assert not np.array_equal(widths[0], widths[1])
    middle = widths[0][np.abs(widths[0] - 70) < 25]
    assert len(middle) / len(widths[0]) > 0.85 and 2 < middle.std() < 9
    assert min(each.min() for each in widths) > 0
    assert sum((each < 50).sum() for each in widths) > 5  # the halved ones


def test_rows_by_number_are_those_of_the_batches():
    source = LanguageModelPreLoader(make_texts(), bs=BS, bptt=BPTT, shuffle=True)
    source.on_epoch_begin(epoch=2, seed=7)
    batches = batches_of(source.like())
    for k in range(len(source)):
        x, y = source[k]
        assert list(x) == batches[k // BS][0][k % BS].tolist()
        assert list(y) == batches[k // BS][1][k % BS].tolist()
    with pytest.raises(IndexError, match=f"row {len(source)} of {len(source)}"):
        source[len(source)]
    source.on_epoch_end()
    assert list(source[0][0]) != batches[0][0][0].tolist()
    source.on_epoch_begin()
    assert source.epoch == 3


def test_processes_together_read_what_one_would_with_larger_batches():
    source = LanguageModelPreLoader(make_texts(), bs=2, bptt=4, shuffle=True)
    shares = [batches_of(source.share(rank, 3)) for rank in range(3)]
    whole = batches_of(source.like(bs=6))
    together = [
        (torch.cat([x for x, _ in parts]), torch.cat([y for _, y in parts])) for parts in zip(*shares, strict=True)
    ]
    assert same(together, whole)


def test_fill_row_goes_round_and_says_where_to_go_on():
    items, lengths = [[1, 2, 3], [], [4, 5]], [3, 0, 2]
    source = LanguageModelPreLoader(items, lengths, bs=1, bptt=3)
    row = source.allocate_buffers()[0]
    assert row.shape == (4,)
    assert source.fill_row(True, items, [0, 1, 2], row, 0, 0, 1, lengths) == (1, 0)
    assert row.tolist() == [1, 2, 3, 4]
    assert source.fill_row(True, items, [0, 1, 2], row, 2, 0, 1, lengths) == (0, 1)
    assert row.tolist() == [4, 5, 1, 2]
    assert source.fill_row(False, items, [2, 0, 1], row, 0, 1, 0, lengths) == (2, 0)
    assert row.tolist() == [3, 2, 1, 5]


def test_texts_without_tokens_are_passed_over():
    source = LanguageModelPreLoader([[], [1, 2, 3], [], [], [4, 5, 6], []], bs=1, bptt=9)
    x, y = source.batch_at(BatchAddress(0, 0, 0, [0]))
    assert x.tolist() == [[1, 2, 3, 4, 5]] and y.tolist() == [[2, 3, 4, 5, 6]]


def test_an_empty_corpus_has_no_batch():
    assert len(LanguageModelPreLoader([], bs=4)) == 0


def test_too_few_tokens_are_refused_with_numbers():
    with pytest.raises(DataError, match=r"has 4 tokens in 2 texts, for bs 8 and bptt 70\. Pass a bs of at most 2"):
        LanguageModelPreLoader([[1, 2], [3, 4]], bs=8)
    with pytest.raises(DataError, match="it has 9 tokens in 1 texts, for bs 12"):
        LanguageModelPreLoader([list(range(9))], bs=6).share(0, 2)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"bs": 0}, r"bs must be a whole number of at least 1; got 0 \(int\)"),
        ({"bs": True}, "bs must be a whole number"),
        ({"bptt": 2.5}, "bptt must be a whole number of at least 1; got 2.5"),
        ({"bptt": 4, "jitter": True}, "bptt must be at least 8 with jitter; got 4"),
        ({"lengths": [2]}, "lengths must be the lengths of the 1 texts"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(how, said):
    with pytest.raises(ArgumentError, match=said):
        LanguageModelPreLoader([list(range(50))], **{"bs": 2, **how})
