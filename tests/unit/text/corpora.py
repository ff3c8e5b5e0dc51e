"""Small corpora with a grammar, and data made of them."""

import random

from onecycle.text.lists import TextList

NOUNS = ("cat", "dog", "bird", "cow", "fish", "horse")
SEEN = ("red", "old", "small", "wet")


def sentence(draw):
    """A sentence whose last word agrees with its first: five words lie between."""
    noun, plural = draw.choice(NOUNS), draw.random() < 0.5
    first, last = ("these", "run") if plural else ("this", "runs")
    adjectives = " and ".join(draw.choice(SEEN) for _ in range(2))
    return f"{first} {adjectives} {noun}{'s' if plural else ''} often {last} ."


def sentences(count, seed=0):
    draw = random.Random(seed)
    return [sentence(draw) for _ in range(count)]


def language_data(path, texts=None, bs=8, bptt=10, **settings):
    items = TextList(sentences(80) if texts is None else texts, path=path)
    return items.split_by_idx(range(10)).label_for_lm().databunch(bs=bs, bptt=bptt, device="cpu", **settings)


def class_data(path, vocab=None, texts=None, labels=None, valid=10, **settings):
    import pandas as pd

    texts = sentences(80) if texts is None else texts
    labels = ["many" if "these" in text else "one" for text in texts] if labels is None else labels
    items = TextList.from_df(pd.DataFrame({"text": texts, "label": labels}), path, cols="text", vocab=vocab)
    split = items.split_by_idx(range(valid)).label_from_df("label")
    return split.databunch(**{"bs": 8, "device": "cpu", **settings})


TINY = {
    "AWD_LSTM": {"emb_sz": 12, "n_hid": 16, "n_layers": 2},
    "Transformer": {"n_layers": 3, "n_heads": 2, "d_model": 12, "d_head": 6, "d_inner": 16, "ctx_len": 64},
    "TransformerXL": {"n_layers": 3, "n_heads": 2, "d_model": 12, "d_head": 6, "d_inner": 16, "mem_len": 8},
}
