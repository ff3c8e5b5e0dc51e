import pytest
import torch
from torch import nn

from onecycle.text.generation import (
    Reader,
    beginning,
    decode_spec_tokens,
    draw,
    never_drawn,
    sample,
    search_beams,
)
from onecycle.text.heads import get_language_model
from onecycle.utils.seeding import Stream
from tests.unit.text.corpora import TINY


class Follows(nn.Module):
    """After token i comes i + 1 with probability 0.7, i + 2 with 0.2, i + 3 with 0.1."""

    def __init__(self, size=10):
        super().__init__()
        self.size = size
        self.heads = nn.ModuleList([nn.Identity()])

    def __getitem__(self, index):
        return self.heads[index]

    def forward(self, tokens):
        scores = torch.full((*tokens.shape, self.size), -30.0)
        for step, share in ((1, 0.7), (2, 0.2), (3, 0.1)):
            scores.scatter_(-1, ((tokens + step) % self.size).unsqueeze(-1), float(torch.tensor(share).log()))
        return scores


def written(temperature=1.0, count=3000, min_p=None, banned=()):
    reader, stream = Reader(Follows(), 8), Stream(5)
    return [int(i) for i in sample(reader, torch.tensor([0]), count, banned, temperature, min_p, stream)]


def steps_of(tokens):
    steps = [(b - a) % 10 for a, b in zip([0, *tokens[:-1]], tokens, strict=True)]
    return [steps.count(step) / len(steps) for step in (1, 2, 3)]


def test_tokens_are_drawn_with_their_probabilities():
    for found, wanted in zip(steps_of(written()), (0.7, 0.2, 0.1), strict=True):
        assert found == pytest.approx(wanted, abs=0.03)


def test_temperature_sharpens_and_flattens():
    sharp = torch.tensor([0.7, 0.2, 0.1]) ** 2
    for found, wanted in zip(steps_of(written(0.5)), (sharp / sharp.sum()).tolist(), strict=True):
        assert found == pytest.approx(wanted, abs=0.03)
    assert steps_of(written(2.0))[0] < 0.6
    assert steps_of(written(0)) == [1.0, 0.0, 0.0]


def test_what_is_unlikely_is_left_out():
    assert steps_of(written(min_p=0.15))[2] == 0 and steps_of(written(min_p=0.5))[0] == 1.0
    assert 1 not in written(banned=[1], count=50)


def test_a_draw_never_takes_what_cannot_come():
    probabilities = torch.tensor([0.0, 1.0, 0.0, 1.0, 0.0])
    assert {draw(probabilities, Stream(i)) for i in range(50)} == {1, 3}


def test_beams_are_the_best_of_all_ways():
    ways, scores = search_beams(Reader(Follows(), 8), torch.tensor([0]), 3, [], top_k=10, beam_sz=1000)
    assert ways[0].tolist() == [1, 2, 3]
    assert float(scores[0].exp()) == pytest.approx(0.7**3, abs=1e-4)
    assert torch.equal(scores, scores.sort(descending=True).values)
    ways, scores = search_beams(Reader(Follows(), 8), torch.tensor([0]), 3, [1, 3], top_k=10, beam_sz=4)
    assert not ({1, 3} & set(ways[0].tolist())) and bool(scores.isfinite().all())


@pytest.mark.parametrize("config", [{}, {"qrnn": True}])
def test_beams_go_on_with_their_own_memory(config):
    torch.manual_seed(0)
    model = get_language_model("AWD_LSTM", 12, {**TINY["AWD_LSTM"], **config})
    nn.init.normal_(model[0].encoder.weight)
    with beginning(model):
        ways, scores = search_beams(Reader(model, 8), torch.tensor([3, 4]), 4, [], top_k=3, beam_sz=5)
    for way, score in zip(ways, scores, strict=True):
        with beginning(model):
            whole = model(torch.cat([torch.tensor([3, 4]), way]).unsqueeze(0))[0].log_softmax(-1)[0, 1:-1]
        assert float(whole.gather(1, way.unsqueeze(1)).sum()) == pytest.approx(float(score), abs=1e-4)


def test_long_prompts_are_read_in_windows():
    torch.manual_seed(0)
    for arch in ("AWD_LSTM", "Transformer"):
        model = get_language_model(arch, 12, TINY[arch])
        prompt = torch.randint(12, (1, 21))
        with beginning(model):
            at_once = model(prompt)[0][:, -1].log_softmax(-1)
        with beginning(model):
            assert torch.allclose(Reader(model, 5).log_probs(prompt), at_once, atol=1e-5)


def test_a_transformer_reads_no_more_than_it_can():
    model = get_language_model("Transformer", 12, {**TINY["Transformer"], "ctx_len": 6})
    with beginning(model):
        assert len(list(sample(Reader(model, 5), torch.arange(9), 10, [], 1.0, None, Stream(0)))) == 10


def test_tokens_that_no_text_holds():
    itos = ["xxunk", "xxpad", "xxbos", "a", "xxfake"]
    assert never_drawn(itos, no_unk=True) == [0, 1, 4] and never_drawn(itos, no_unk=False) == [1, 4]


@pytest.mark.parametrize(
    ("tokens", "wanted"),
    [
        ("xxmaj the xxup end", "The END"),
        ("xxrep 4 ! xxwrep 3 no", "!!!! no no no"),
        ("xxmaj", ""),
        ("xxrep 3", ""),
        ("xxrep a b c", "a b c"),
        ("xxbos plain", "xxbos plain"),
    ],
)
def test_special_tokens_are_written_out(tokens, wanted):
    assert " ".join(decode_spec_tokens(tokens.split())) == wanted


def test_a_special_token_in_the_place_of_a_word_counts_alone():
    assert decode_spec_tokens(["xxmaj", "xxmaj", "were"]) == ["Were"]
    assert decode_spec_tokens(["xxup", "xxmaj", "were"]) == ["Were"]
    assert decode_spec_tokens(["xxrep", "3", "xxup", "a", "b"]) == ["A", "b"]
    assert decode_spec_tokens(["xxrep", "xxwrep", "2", "so"]) == ["so", "so"]
    assert decode_spec_tokens(["xxmaj", "xxmaj"]) == decode_spec_tokens(["xxmaj"]) == []
    assert decode_spec_tokens(["a", "xxmaj", "xxup", "xxrep", "2", "!", "b"]) == ["a", "!!", "b"]
