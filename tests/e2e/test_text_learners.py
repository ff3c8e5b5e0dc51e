"""Learners of texts as a whole: what recurrent training must get right, and what pretraining brings."""

import random

import pytest
import torch
from torch import nn

from onecycle.callbacks.rnn import memory_of
from onecycle.text.generation import beginning
from onecycle.text.language_learner import language_model_learner
from onecycle.text.learner import text_classifier_learner
from onecycle.training.callback import Callback
from tests.unit.text.corpora import TINY, class_data, language_data, sentences


def make(data, arch="AWD_LSTM", **settings):
    torch.manual_seed(1)
    settings = {"config": TINY[arch], "pretrained": False, "silent": True, "drop_mult": 0, **settings}
    return language_model_learner(data, arch, **settings)


@pytest.fixture
def data(tmp_path):
    return language_data(tmp_path, texts=sentences(40), bs=4, bptt=7)


def flat(memory):
    if isinstance(memory, torch.Tensor):
        return [memory]
    return [tensor for part in (memory.values() if isinstance(memory, dict) else memory) for tensor in flat(part)]


def graph_size(loss):
    seen, waiting = set(), [loss.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is not None and node not in seen:
            seen.add(node)
            waiting += [before for before, _ in node.next_functions]
    return len(seen)


class Watch(Callback):
    """Keep sizes of graphs, and what the model remembers before each batch."""

    def __init__(self):
        self.graphs, self.before, self.widths = [], [], []

    def on_batch_begin(self, train, last_input, **kwargs):
        self.before.append((train, flat(memory_of(self.learn.model))))
        self.widths.append((train, tuple(last_input.shape)))

    def on_backward_begin(self, last_loss, **kwargs):
        self.graphs.append(graph_size(last_loss))


def watched(learn, epochs=2):
    watch = Watch()
    watch.learn = learn
    learn.fit(epochs, 1e-3, callbacks=[watch])
    return watch


# The wrinkles of training a recurrent network on one long text


@pytest.mark.parametrize("arch", ["AWD_LSTM", "TransformerXL"])
def test_1_history_is_dropped_between_batches(data, arch):
    watch = watched(make(data, arch))
    of_an_epoch = watch.graphs[: len(watch.graphs) // 2]
    assert len(of_an_epoch) > 5 and max(of_an_epoch[2:]) == min(of_an_epoch[2:-1])  # it does not grow
    assert all(state.grad_fn is None for _, states in watch.before for state in states)


@pytest.mark.parametrize("config", [TINY["AWD_LSTM"], {**TINY["AWD_LSTM"], "qrnn": True}])
def test_2_streams_go_on_where_they_ended(data, config):
    learn = make(data, config=config)
    loader = data.valid_dl.dataset
    batches = [batch for batch, _ in data.valid_dl]
    whole = torch.cat(batches, dim=1)  # (N, all tokens of a stream)
    assert whole.shape == (4, loader.stream_length) and len(batches) > 2
    with beginning(learn.model):
        at_once = learn.model(whole)[0]
    preds = learn.get_preds(activ=lambda output: output)[0]
    assert torch.allclose(preds, at_once, atol=1e-5)


def test_3_the_last_batch_is_narrow_and_sizes_change(tmp_path):
    data = language_data(tmp_path, texts=sentences(40), bs=8, bptt=7, val_bs=3)
    learn = make(data)
    watch = watched(learn)
    shapes = {train: [shape for was, shape in watch.widths if was == train] for train in (True, False)}
    assert {rows for rows, _ in shapes[True]} == {8} and {rows for rows, _ in shapes[False]} == {3}
    assert shapes[True][-1][1] < 7 and shapes[False][-1][1] < 7
    losses = learn.get_preds(with_loss=True)[2]
    assert float(learn.validate()[0]) == pytest.approx(float(losses.mean()), rel=1e-5)  # each token counts the same


def test_3_the_last_short_batch_of_a_classifier(tmp_path):
    data = class_data(tmp_path, texts=sentences(43), valid=11)
    learn = text_classifier_learner(data, "AWD_LSTM", config=TINY["AWD_LSTM"], pretrained=False, silent=True)
    learn.fit(1, 1e-3)
    assert len(learn.get_preds()[0]) == 11


def test_4_outputs_of_rank_3_are_flattened(data):
    learn = make(data)
    xb, yb = data.one_batch()
    learn.model.reset()
    output = learn.model(xb)[0]
    assert output.ndim == 3
    wanted = nn.functional.cross_entropy(output.flatten(0, 1), yb.flatten())
    assert torch.equal(learn.loss_func(output, yb), wanted)


def test_training_and_validation_begin_without_memory(data):
    watch = watched(make(data), epochs=2)
    begins = [i for i, (train, _) in enumerate(watch.before) if i == 0 or train != watch.before[i - 1][0]]
    assert len(begins) == 4
    for i, (_, states) in enumerate(watch.before):
        assert (states == []) == (i in begins)


def test_validation_is_the_same_whatever_was_read_before(data):
    learn = make(data)
    first = learn.validate()
    learn.predict("these", 5)
    learn.model(torch.ones(9, 3, dtype=torch.long))
    assert learn.validate() == first


# What pretraining brings

SYLLABLES = [one + other for one in "bdfgklmnprstvz" for other in "aeiou"]


def invented_words():
    draw = random.Random(0)
    words = list(dict.fromkeys("".join(draw.sample(SYLLABLES, 2)) for _ in range(80)))
    return words[:20], words[20:40], words[40:60]


def reviews(count, seed):
    """Texts of two classes: each has its own 20 words between 20 that both have; a text shows few of them."""
    warm, cold, plain = invented_words()
    draw, texts = random.Random(seed), []
    for i in range(count):
        own = warm if i % 2 else cold
        texts.append(" ".join(f"{draw.choice(plain)} {draw.choice(own)}" for _ in range(draw.randint(4, 7))))
    return texts, ["warm" if i % 2 else "cold" for i in range(count)]


CONFIG = {"emb_sz": 32, "n_hid": 48, "n_layers": 1}


def classifier(path, vocab, encoder):
    """A classifier trained on 16 texts, with gradual unfreezing; its loss and accuracy on 100 others."""
    texts, labels = reviews(116, seed=2)
    data = class_data(path, vocab=vocab, texts=texts, labels=labels, valid=100, bs=4)
    torch.manual_seed(1)
    learn = text_classifier_learner(data, "AWD_LSTM", config=CONFIG, pretrained=False, drop_mult=0.3, silent=True)
    if encoder:
        learn.load_encoder(encoder)
    else:
        learn.unfreeze()
    torch.manual_seed(2)
    learn.fit_one_cycle(4, 2e-2)
    learn.freeze_to(-2)
    learn.fit_one_cycle(2, slice(5e-3, 1e-2))
    learn.unfreeze()
    learn.fit_one_cycle(2, slice(1e-3, 5e-3))
    return [float(value) for value in learn.validate()]


def test_a_pretrained_encoder_beats_none_at_the_same_budget(tmp_path):
    data = language_data(tmp_path, texts=reviews(600, seed=1)[0], bs=8, bptt=16)
    learn = make(data, config=CONFIG, drop_mult=0.1)
    torch.manual_seed(0)
    learn.fit_one_cycle(8, 3e-2, moms=(0.8, 0.7))
    learn.save_encoder("encoder")
    loss, accuracy = classifier(tmp_path, data.vocab, "encoder")
    loss_without, accuracy_without = classifier(tmp_path, data.vocab, None)
    assert accuracy >= 0.97 and accuracy >= accuracy_without
    assert loss < loss_without / 2
