"""The decoder of language models."""

import pytest
import torch
from torch import nn

from onecycle.errors import ArgumentError
from onecycle.text.models.decoder import LinearDecoder, SequentialRNN


def test_tied_weights_are_one_matrix():
    emb = nn.Embedding(7, 4)
    decoder = LinearDecoder(7, 4, 0.0, tie_encoder=emb)
    assert decoder.decoder.weight is emb.weight and decoder.decoder.bias.eq(0).all()
    assert LinearDecoder(7, 4, 0.0, bias=False).decoder.bias is None


def test_it_gives_scores_and_passes_the_layers_on():
    decoder, layers = LinearDecoder(7, 4, 0.5), [torch.randn(2, 3, 5), torch.randn(2, 3, 4)]
    scores, raw, outputs = decoder((layers, layers))
    assert scores.shape == (2, 3, 7) and raw is layers and outputs[0] is layers[0]
    assert outputs[1].eq(0).any()  # after dropout
    torch.testing.assert_close(scores, decoder.decoder(outputs[1]))


def test_sizes_that_do_not_fit():
    with pytest.raises(ArgumentError, match="tie_encoder must be an embedding of 7 words in 5 dim"):
        LinearDecoder(7, 5, 0.0, tie_encoder=nn.Embedding(7, 4))


def test_reset_goes_to_those_that_remember():
    class Remembers(nn.Identity):
        seen = True

        def reset(self):
            self.seen = False

    model = SequentialRNN(Remembers(), nn.Identity())
    model.reset()
    assert model[0].seen is False
