"""Language models and classifiers: building, files, bad input."""

import json

import pytest
import torch
from torch import nn

from onecycle.errors import ArgumentError, ArgumentTypeError, NotRegisteredError
from onecycle.text.heads import (
    PoolingLinearClassifier,
    get_language_model,
    get_text_classifier,
)
from onecycle.text.models.awd_lstm import AWD_LSTM, awd_lstm_clas_config, awd_lstm_lm_config
from onecycle.text.models.spec import TextSpec, find_text_arch, register_text_model, text_spec
from onecycle.text.models.transformer import Transformer, tfmer_clas_config, tfmer_lm_config
from onecycle.text.models.transformer_xl import TransformerXL, tfmerXL_clas_config, tfmerXL_lm_config
from onecycle.utils.registry import decode, encode, lookup

SMALL_LSTM = {"emb_sz": 6, "n_hid": 8, "n_layers": 2}
SMALL = {"ctx_len": 8, "n_layers": 3, "n_heads": 2, "d_model": 6, "d_head": 3, "d_inner": 10}
ARCHS = [(AWD_LSTM, SMALL_LSTM), (Transformer, SMALL), (TransformerXL, {**SMALL, "mem_len": 4})]
CONFIGS = [
    (AWD_LSTM, awd_lstm_lm_config, awd_lstm_clas_config),
    (Transformer, tfmer_lm_config, tfmer_clas_config),
    (TransformerXL, tfmerXL_lm_config, tfmerXL_clas_config),
]


def words(rows=3, length=7):
    return torch.randint(2, 20, (rows, length))


@pytest.mark.parametrize(("arch", "config"), ARCHS)
def test_a_language_model_scores_words_with_one_matrix(arch, config):
    model = get_language_model(arch, 20, config)
    scores, raw, out = model(words())
    assert scores.shape == (3, 7, 20) and raw[-1].shape == out[-1].shape == (3, 7, 6)
    assert model[1].decoder.weight is model[0].encoder.weight
    scores.sum().backward()
    model.reset()
    apart = get_language_model(arch, 20, {**config, "tie_weights": False, "out_bias": False})
    assert apart[1].decoder.weight is not apart[0].encoder.weight and apart[1].decoder.bias is None


@pytest.mark.parametrize(("arch", "config"), ARCHS)
def test_a_classifier_scores_classes(arch, config):
    model = get_text_classifier(arch, 20, 4, bptt=3, max_len=5, config=config)
    x = words()
    x[0, :6] = 1
    scores, raw, out = model(x)
    assert scores.shape == (3, 4) and raw[-1].shape == out[-1].shape == (3, 5, 6)
    scores.sum().backward()
    kinds = [type(layer) for layer in model[1].layers if not isinstance(layer, nn.Dropout)]
    assert kinds == [nn.BatchNorm1d, nn.Linear, nn.ReLU, nn.BatchNorm1d, nn.Linear]


@pytest.mark.parametrize(("arch", "config"), ARCHS)
def test_a_classifier_does_not_remember(arch, config):
    model = get_text_classifier(arch, 20, 2, bptt=3, config=config).eval()
    x = words()
    torch.testing.assert_close(model(x)[0], model(x)[0])


@pytest.mark.parametrize(("arch", "lm", "clas"), CONFIGS)
def test_configurations_fit_files_and_encoders(arch, lm, clas):
    for config in (lm, clas):
        assert decode(json.loads(json.dumps(encode(config)))) == config
    assert text_spec(arch) is text_spec(arch.__name__) and text_spec(arch).lm_config is lm
    assert find_text_arch(arch.__name__) is arch and text_spec(arch).clas_config is clas


def test_models_are_built_from_names():
    args = {"arch": "AWD_LSTM", "vocab_sz": 20, "config": SMALL_LSTM}
    built = lookup("model", "get_language_model")(**json.loads(json.dumps(args)))
    built.load_state_dict(get_language_model(AWD_LSTM, 20, SMALL_LSTM).state_dict())
    assert lookup("model", "get_text_classifier") is get_text_classifier


def test_dropouts_are_multiplied():
    model = get_language_model(AWD_LSTM, 20, SMALL_LSTM, drop_mult=0.5)
    assert model[0].input_dp.p == 0.125 and model[0].rnns[0].weight_p == 0.1 and model[1].output_dp.p == 0.05
    assert awd_lstm_lm_config["input_p"] == 0.25
    still = get_language_model(AWD_LSTM, 20, SMALL_LSTM, drop_mult=0)
    x = words()
    still(x)
    still.reset()
    first = still(x)[0]
    still.reset()
    torch.testing.assert_close(still(x)[0], first)


def test_the_head_of_a_classifier():
    model = get_text_classifier(AWD_LSTM, 20, 4, config=SMALL_LSTM, lin_ftrs=[30, 10], ps=[0.2, 0.3], drop_mult=0.5)
    linear = [layer for layer in model[1].layers if isinstance(layer, nn.Linear)]
    assert [layer.in_features for layer in linear] == [18, 30, 10] and linear[-1].out_features == 4
    assert [layer.p for layer in model[1].layers if isinstance(layer, nn.Dropout)] == [0.2, 0.2, 0.3]
    assert get_text_classifier(AWD_LSTM, 20, 4, config=SMALL_LSTM)[1].layers[2].out_features == 50


def test_an_encoder_of_your_own():
    class Mean(nn.Module):
        def __init__(self, vocab_sz, width):
            super().__init__()
            self.encoder = nn.Embedding(vocab_sz, width)

        def reset(self):
            pass

        def forward(self, x):
            return [self.encoder(x)], [self.encoder(x)]

    splits = (lambda model: [list(model)],) * 2
    configs = {"width": 4, "tie_weights": True}, {"width": 4}
    register_text_model(TextSpec("MeanOfWords", "width", *configs, *splits))(Mean)
    assert get_language_model("MeanOfWords", 9)(torch.zeros(2, 3, dtype=torch.long))[0].shape == (2, 3, 9)
    assert get_text_classifier(Mean, 9, 2)(torch.zeros(2, 3, dtype=torch.long))[0].shape == (2, 2)


@pytest.mark.parametrize(
    ("odd", "error", "rule"),
    [
        ({"lin_ftrs": 50}, ArgumentTypeError, r"lin_ftrs must be a list; got 50.*Pass lin_ftrs=\[50\]"),
        ({"ps": 0.1}, ArgumentTypeError, "ps must be a list; got 0.1"),
        ({"lin_ftrs": [0]}, ArgumentError, "lin_ftrs must be a whole number of at least 1; got 0"),
        ({"ps": [2.0]}, ArgumentError, "ps must be a share from 0 to 1; got 2.0"),
    ],
)
def test_odd_hidden_layers(odd, error, rule):
    with pytest.raises(error, match=rule):
        get_text_classifier(AWD_LSTM, 20, 2, config=SMALL_LSTM, **odd)


@pytest.mark.parametrize("make", [get_language_model, lambda *args, **how: get_text_classifier(*args, 2, **how)])
class TestBadInput:
    def test_keys(self, make):
        with pytest.raises(ArgumentTypeError, match="config: unknown keyword 'n_hidd'. Did you mean 'n_hid'"):
            make(AWD_LSTM, 20, config={"n_hidd": 8})

    @pytest.mark.parametrize("size", [0, -1, "many", None])
    def test_vocabulary(self, make, size):
        with pytest.raises(ArgumentError, match="vocab_sz must be at least 1; got"):
            make(AWD_LSTM, size, config=SMALL_LSTM)

    def test_drop_mult(self, make):
        with pytest.raises(ArgumentError, match="drop_mult must be at least 0; got -1"):
            make(AWD_LSTM, 20, config=SMALL_LSTM, drop_mult=-1)
        with pytest.raises(ArgumentError, match=r"config\['.*_p'\] must be a share from 0 to 1 once multiplied"):
            make(AWD_LSTM, 20, config=SMALL_LSTM, drop_mult=9)

    def test_arch(self, make):
        with pytest.raises(NotRegisteredError, match="no text_arch is named 'AWDLSTM'. Did you mean 'AWD_LSTM'"):
            make("AWDLSTM", 20)
        with pytest.raises(NotRegisteredError, match="no text_arch is named 'LSTM'"):
            make(nn.LSTM, 20)
        for thing in (3, nn.Linear(1, 1)):
            with pytest.raises(ArgumentTypeError, match="arch must be a class of an encoder or a name; got"):
                make(thing, 20)
        with pytest.raises(ArgumentTypeError, match="text_spec: arch must be a registered encoder; got"):
            make(nn.Transformer, 20)  # of the same name as ours


def test_counts_of_a_classifier():
    with pytest.raises(ArgumentError, match="n_class must be at least 1; got 0"):
        get_text_classifier(AWD_LSTM, 20, 0)
    with pytest.raises(ArgumentError, match=r"ps must have one number for each of lin_ftrs=\[50\]; got \[0.1, 0.2\]"):
        get_text_classifier(AWD_LSTM, 20, 2, config=SMALL_LSTM, ps=[0.1, 0.2])
    with pytest.raises(ArgumentError, match="drops must have one number a linear layer, 1; got"):
        PoolingLinearClassifier([3, 2], [0.1, 0.1])
