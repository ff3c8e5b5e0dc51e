"""Reading windows: what is kept, and that no text feels the padding of its batch."""

import pytest
import torch
from torch import nn

from onecycle.callbacks.rnn import RNNTrainer
from onecycle.errors import ArgumentError
from onecycle.text.heads import get_text_classifier
from onecycle.text.models.awd_lstm import AWD_LSTM
from onecycle.text.models.spec import TextSpec, register_text_model
from onecycle.text.windows import MultiBatchEncoder, last_words, words_first

PAD = 1
LSTM = {"emb_sz": 6, "n_hid": 8, "n_layers": 2}
LOOKING = {"ctx_len": 8, "n_layers": 3, "n_heads": 2, "d_model": 6, "d_head": 3, "d_inner": 10}


class GRU(nn.Module):
    """An encoder of somebody else: it knows nothing of padding, and its batch must not change within a text."""

    def __init__(self, vocab_sz, width):
        super().__init__()
        self.encoder, self.rnn = nn.Embedding(vocab_sz, width), nn.GRU(width, width, batch_first=True)
        self.hidden = None

    def reset(self):
        self.hidden = None

    def forward(self, x):
        out, hidden = self.rnn(self.encoder(x), self.hidden)
        self.hidden = hidden.detach()
        return [out], [out]


@pytest.fixture(autouse=True, scope="module")
def somebody_elses_encoder():
    splits = (lambda model: [list(model)],) * 2
    register_text_model(TextSpec("GRU", "width", {"width": 6}, {"width": 6}, *splits))(GRU)


KINDS = {
    "LSTM": ("AWD_LSTM", LSTM),
    "QRNN": ("AWD_LSTM", {**LSTM, "qrnn": True}),
    "LSTM, both directions": ("AWD_LSTM", {**LSTM, "bidir": True}),
    "QRNN, both directions": ("AWD_LSTM", {**LSTM, "qrnn": True, "bidir": True}),
    "GRU": ("GRU", {"width": 6}),
    "Transformer": ("Transformer", LOOKING),
    "Transformer, masked": ("Transformer", {**LOOKING, "mask": True}),
    "TransformerXL": ("TransformerXL", {**LOOKING, "mem_len": 5}),
    "TransformerXL, masked": ("TransformerXL", {**LOOKING, "mem_len": 5, "mask": True}),
    "TransformerXL that forgets": ("TransformerXL", {**LOOKING, "mem_len": 0}),
}
SIZES = {"all is kept": (4, 100), "windows and more": (4, 9), "less than a window": (8, 3), "one window": (8, 8)}


def classifier(kind, bptt, max_len):
    torch.manual_seed(0)
    arch, config = KINDS[kind]
    model = get_text_classifier(arch, 20, 3, bptt, max_len, config, drop_mult=0.0, ps=[0.0], pad_idx=PAD)
    for weight in model.parameters():
        nn.init.normal_(weight, std=0.5)  # padding has a vector too: files may bring one
    return model.eval()


def batch(texts, first=True, more=0):
    width = max(1, max(map(len, texts))) + more
    rows = [[PAD] * (width - len(text)) + text if first else text + [PAD] * (width - len(text)) for text in texts]
    return torch.tensor(rows)


def texts_of(*lengths):
    return [torch.randint(2, 20, (length,), generator=torch.Generator().manual_seed(n)).tolist()
            for n, length in enumerate(lengths)]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
class TestAsIfAlone:
    @pytest.mark.parametrize("size", SIZES)
    @torch.no_grad()
    def test_predictions(self, kind, size):
        model = classifier(kind, *SIZES[size])
        texts = texts_of(11, 3, 0, 1, 8, 55, 18, 26)
        alone = torch.cat([model(batch([text]))[0] for text in texts])
        for first in (True, False):
            torch.testing.assert_close(model(batch(texts, first))[0], alone, atol=1e-5, rtol=1e-5)
            torch.testing.assert_close(model(batch(texts[:5], first, more=9))[0], alone[:5], atol=1e-5, rtol=1e-5)

    @pytest.mark.parametrize("size", ["windows and more", "less than a window"])
    def test_gradients(self, kind, size):
        model = classifier(kind, *SIZES[size])
        texts = texts_of(11, 3, 0, 8, 27)
        found = []
        for rows in ([batch(texts)], [batch([text]) for text in texts]):
            model.zero_grad()
            torch.cat([model(x)[0] for x in rows]).pow(2).sum().backward()
            found.append([torch.zeros_like(p) if p.grad is None else p.grad for p in model.parameters()])
        for one, other in zip(*found, strict=True):
            torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)

    def test_gradients_of_the_regularisation(self, kind):
        model, texts = classifier(kind, 4, 9), texts_of(11, 3, 8, 2)
        trainer, found = RNNTrainer(model, 2.0, 1.0), []
        for more in (0, 20):
            model.zero_grad()
            scores = trainer.on_loss_begin(model(batch(texts, more=more)))["last_output"]
            trainer.on_backward_begin(scores.pow(2).sum(), None)["last_loss"].backward()
            found.append([torch.zeros_like(p) if p.grad is None else p.grad for p in model.parameters()])
        for one, other in zip(*found, strict=True):
            torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)

    def test_what_is_returned_has_words_first_and_zeros_behind(self, kind):
        _, raw, out = classifier(kind, 4, 9)(batch(texts_of(11, 3, 0)))
        for layer in (*raw, *out):
            assert layer.any(2).sum(1).tolist() == [9, 3, 0] and layer.shape[1] == 9


def test_padding_between_words_stays_and_counts_for_nothing():
    encoder, x = MultiBatchEncoder(3, 9, AWD_LSTM(20, 6, 8, 2)).eval(), torch.tensor([[PAD, 5, PAD, 6], [7, 8, 9, 10]])
    raw, _, mask = encoder(x)
    assert mask.tolist() == [[False, True, False, True], [False] * 4] and not raw[-1][mask].any()
    torch.testing.assert_close(raw[-1][0, :3:2], encoder(x[:1, 1:])[0][-1][0, ::2])


def test_words_come_first():
    x = torch.tensor([[1, 1, 5], [6, 1, 7], [8, 9, 1], [1, 1, 1], [3, 4, 5], [1, 2, 1]])
    words, lengths = words_first(x, PAD)
    assert words.tolist() == [[5, 1, 1], [6, 1, 7], [8, 9, 1], [1, 1, 1], [3, 4, 5], [2, 1, 1]]
    assert lengths.tolist() == [1, 3, 2, 0, 3, 1]
    assert last_words(words, lengths, 2).tolist() == [[5, 1], [1, 7], [8, 9], [1, 1], [4, 5], [2, 1]]


def test_what_is_kept_for_the_way_back_is_bounded():
    rows = []

    class Watched(GRU):
        def forward(self, x):
            rows.append((len(x), x.shape[1], torch.is_grad_enabled()))
            return super().forward(x)

    MultiBatchEncoder(3, 6, Watched(20, 4))(batch(texts_of(*range(2, 80, 4), 79)))
    assert sum(n * width for n, width, learnt in rows if learnt) <= 20 * (2 * 6 + 3)
    assert sum(n * width for n, width, _ in rows) < 20 * 79


def test_where_nothing_is_padded_nothing_is_masked():
    seen = []

    class LooksAhead(GRU):
        looks_ahead = True

        def forward(self, x, padding=None):
            seen.append(padding if padding is None else padding.tolist())
            return super().forward(x)

    encoder = MultiBatchEncoder(2, 9, LooksAhead(20, 4))
    encoder(batch(texts_of(3, 3)))
    assert seen == [None, None]
    encoder(batch(texts_of(5, 3)))
    assert seen[2:] == [None, [[False, False], [False, True]], [[False], [True]]]


def test_windows_of_which_nothing_is_kept_have_no_gradient():
    encoder = AWD_LSTM(20, 6, 8, 2)
    MultiBatchEncoder(3, 4, encoder)(torch.arange(2, 12)[None])[0][-1].sum().backward()
    learnt = encoder.encoder.weight.grad.abs().sum(1) > 0
    assert not learnt[:8].any() and learnt[8:12].any()


def test_windows_of_a_module_that_does_not_remember():
    class Once(nn.Module):
        def forward(self, x):
            return [x.float()[..., None]], [x.float()[..., None]]

    raw, _, mask = MultiBatchEncoder(2, 9, Once(), pad_idx=0)(torch.tensor([[0, 1, 2]]))
    assert raw[0].flatten().tolist() == [1, 2, 0] and mask.tolist() == [[False, False, True]]


@pytest.mark.parametrize("name", ["bptt", "max_len"])
def test_windows_of_nothing(name):
    with pytest.raises(ArgumentError, match=f"MultiBatchEncoder: {name} must be a whole number of at least 1; got 0"):
        MultiBatchEncoder(**{"bptt": 3, "max_len": 4, name: 0}, module=nn.Identity())
