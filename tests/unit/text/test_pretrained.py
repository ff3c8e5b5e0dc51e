"""Classifiers on models of transformers, by stand-ins of their interfaces."""

import pickle
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from onecycle.data.saving import load_data
from onecycle.errors import ArgumentError, ArgumentTypeError, DataError, FileFormatError, NotRegisteredError
from onecycle.learner import load_learner
from onecycle.text.bunch import TextClasDataBunch
from onecycle.text.interpret import TextClassificationInterpretation
from onecycle.text.learner import text_classifier_learner
from onecycle.text.lists import TextList
from onecycle.text.models.pretrained import get_pretrained_classifier, longest_text
from onecycle.text.pretrained import PretrainedTokenizerProcessor
from onecycle.text.processors import TokenizeProcessor
from onecycle.text.tokenizer import Tokenizer as RulesTokenizer
from onecycle.text.vocab import Vocab
from onecycle.utils.bundle import peek_manifest
from tests.unit.text import stand_ins
from tests.unit.text.corpora import sentences
from tests.unit.text.stand_ins import (
    Config,
    FastTokenizer,
    OtherConfig,
    PythonTokenizer,
    TinyForMaskedLM,
    TinyForSequenceClassification,
    TinyModel,
    Tokenizer,
    TwoHalves,
    UnmaskedModel,
)


@pytest.fixture(autouse=True)
def packages(monkeypatch):
    stand_ins.install(monkeypatch)


def table(count=80):
    texts = sentences(count)
    return pd.DataFrame({"label": ["many" if "these" in text else "one" for text in texts], "text": texts})


def data_of(path, tokenizer=None, **how):
    frame = table()
    tokenizer = FastTokenizer() if tokenizer is None else tokenizer
    settings = {"text_cols": "text", "label_cols": "label", "bs": 8, "device": "cpu", "num_workers": 0, **how}
    return TextClasDataBunch.from_df(path, frame[10:], frame[:10], tokenizer=tokenizer, **settings)


def made(path, body=None, pretrained=False, **how):
    torch.manual_seed(0)
    body = TinyModel() if body is None else body
    return text_classifier_learner(data_of(path), body, pretrained=pretrained, silent=True, **how)


BODIES = [TinyModel, UnmaskedModel, TinyForMaskedLM, TinyForSequenceClassification, TwoHalves]


# --- texts


def test_texts_have_the_numbers_special_tokens_and_padding_of_the_tokenizer(tmp_path):
    data = data_of(tmp_path)
    assert data.vocab.itos == stand_ins.WORDS and data.train_ds.x.pad_idx == 0
    x, _ = data.one_batch()
    assert (x[:, -1] == 3).all() and ((x == 2).sum(1) == 1).all() and (x[x[:, 0] == 0] >= 0).all()
    assert str(data.train_ds.x[0]).startswith("[CLS] th") and str(data.train_ds.x[0]).endswith(". [SEP]")
    assert data.train_ds.x.process_one("These red Zebras run").tolist() == [2, 4, 6, 1, 12, 3]


def test_texts_are_cut_and_fields_joined(tmp_path):
    short = PretrainedTokenizerProcessor(FastTokenizer(), max_len=5)
    data = data_of(tmp_path, short)
    assert {len(text) for text in data.train_ds.x.items} == {5} and (data.one_batch()[0][:, -1] == 3).all()
    frame = table().assign(title="wet fish")
    processor = PretrainedTokenizerProcessor("tiny-model")
    both = (TextList.from_df(frame, tmp_path, cols=["title", "text"], processor=processor)
            .split_by_idx(range(10)).label_from_df("label").databunch(bs=8, device="cpu"))  # fmt: skip
    assert str(both.train_ds.x[0]).startswith("[CLS] wet fish [SEP] th")
    assert PretrainedTokenizerProcessor(FastTokenizer()).max_len == 512
    with_limit = FastTokenizer()
    with_limit.model_max_length = 7
    assert PretrainedTokenizerProcessor(with_limit).max_len == 7


def test_the_users_tokenizer_keeps_its_settings(tmp_path):
    tokenizer = FastTokenizer()
    data_of(tmp_path, PretrainedTokenizerProcessor(tokenizer, max_len=5))
    assert tokenizer.inner.longest is None


def test_tokenizers_in_python_and_of_tokenizers(tmp_path):
    one, other = data_of(tmp_path, PythonTokenizer()), data_of(tmp_path, PretrainedTokenizerProcessor(Tokenizer()))
    assert all(np.array_equal(a, b) for a, b in zip(one.train_ds.x.items, other.train_ds.x.items, strict=True))
    padded = Tokenizer()
    padded.padding = {"pad_id": 1}
    assert PretrainedTokenizerProcessor(padded).pad_idx == 1
    assert PretrainedTokenizerProcessor(Tokenizer(), pad_token="[SEP]").pad_idx == 3
    assert PretrainedTokenizerProcessor(Tokenizer())._joined(np.array(["a", "b"], dtype=object), 0) == "a b"


def test_it_survives_files_and_processes(tmp_path):
    data = data_of(tmp_path)
    data.save("texts.json")
    again = load_data(tmp_path, "texts.json", device="cpu", bs=8)
    assert again.vocab == data.vocab and again.train_ds.x.pad_idx == 0
    processor = pickle.loads(pickle.dumps(data.train_ds.x.processor[0]))
    assert processor.process_one("this fish").tolist() == again.train_ds.x.process_one("this fish").tolist()


def test_tokenizers_that_cannot_be_used():
    with pytest.raises(ArgumentTypeError, match="tokenizer must be one of transformers; got 3"):
        PretrainedTokenizerProcessor(3)
    with pytest.raises(ArgumentError, match="tokenizer must have a token for padding; got 'Tokenizer'.*Pass pad_token"):
        PretrainedTokenizerProcessor(Tokenizer(["a", "[UNK]"]))
    with pytest.raises(ArgumentError, match="tokenizer must have the token '<p>'"):
        PretrainedTokenizerProcessor(Tokenizer(), pad_token="<p>")
    with pytest.raises(ArgumentError, match="max_len must be a whole number of at least 1"):
        PretrainedTokenizerProcessor(Tokenizer(), max_len=0)
    with pytest.raises(ArgumentError, match=r"'none' cannot be loaded by transformers \(none is not a local folder\)"):
        PretrainedTokenizerProcessor("none")
    with pytest.raises(ArgumentError, match="tokenizer must be a fast one to be written to a file; got 'PythonTok"):
        PretrainedTokenizerProcessor(PythonTokenizer()).get_state()
    empty = Tokenizer()
    empty.get_vocab = dict
    with pytest.raises(DataError, match="tokenizer must number its tokens from 0"):
        PretrainedTokenizerProcessor(empty)


def test_damaged_tokenizers_in_files():
    state = PretrainedTokenizerProcessor(FastTokenizer()).get_state()
    with pytest.raises(FileFormatError, match="the tokenizer of the file cannot be read"):
        PretrainedTokenizerProcessor.from_state({**state, "tokenizer": "{"})
    with pytest.raises(FileFormatError, match="the file's padding 99 is no token"):
        PretrainedTokenizerProcessor.from_state({**state, "pad_idx": 99})


def test_a_vocabulary_of_ones_own_is_refused(tmp_path):
    with pytest.raises(ArgumentError, match="vocab must be that of the tokenizer; got Vocab"):
        data_of(tmp_path, vocab=Vocab(["a"]))


def test_tokens_for_a_vocabulary_of_the_texts():
    for tokenizer in (Tokenizer(), FastTokenizer(), PythonTokenizer()):
        assert TokenizeProcessor(tokenizer=tokenizer).process_one("These cats") == ["xxbos", "these", "cats"]
        assert RulesTokenizer(tokenizer).process_all(["cats"]) == [["cats"]]
    again = RulesTokenizer.from_state(RulesTokenizer(Tokenizer(), pre_rules=[], post_rules=[]).get_state())
    assert pickle.loads(pickle.dumps(again)).process_all(["These cats"]) == [["these", "cats"]]


# --- models


@pytest.mark.parametrize("body", BODIES)
def test_padding_changes_no_prediction(tmp_path, body):
    learn = made(tmp_path, body())
    learn.model.eval()
    texts = [torch.tensor([2, 4, 12, 3]), torch.tensor([2, 5, 6, 7, 8, 9, 13, 3]), torch.tensor([2, 4, 0, 12, 3])]
    with torch.no_grad():
        alone = torch.cat([learn.model(text[None]) for text in texts])
        front, behind = torch.zeros(2, 3, 11, dtype=torch.long)
        for i, text in enumerate(texts):
            front[i, 11 - len(text) :] = behind[i, : len(text)] = text
        for batch in (front, behind):
            torch.testing.assert_close(learn.model(batch), alone, atol=1e-6, rtol=0)
        assert torch.isfinite(learn.model(torch.zeros(2, 3, dtype=torch.long))).all()  # texts without a token


@pytest.mark.parametrize("body", BODIES)
def test_every_parameter_is_in_one_layer_group(tmp_path, body):
    learn = made(tmp_path, body(), pretrained=True)
    grouped = [id(p) for group in learn.layer_groups for p in group.parameters()]
    assert sorted(grouped) == sorted(id(p) for p in learn.model.parameters())
    assert len(learn.layer_groups) == 5  # embeddings, layers in three, head
    learning = [{p.requires_grad for p in group.parameters()} for group in learn.layer_groups]
    assert learning == [{False}] * 4 + [{True}]
    learn.freeze_to(-2)
    assert {p.requires_grad for p in learn.layer_groups[-2].parameters()} == {True}
    head = {id(p) for p in learn.layer_groups[-1].parameters()}
    assert head == {id(p) for name, p in learn.model.named_parameters() if name.startswith(("1.", "0.body.classifier"))}


def test_shared_layers_are_in_one_group(tmp_path):
    body = TinyModel()
    body.stack[3] = body.stack[0]
    body.norm.weight = body.stack[1].linear.bias
    learn = made(tmp_path, body)
    grouped = [id(p) for group in learn.layer_groups for p in group.parameters()]
    assert sorted(grouped) == sorted(id(p) for p in learn.model.parameters())
    learn.fit(1, slice(1e-4, 1e-3))


def test_fewer_layers_than_groups(tmp_path):
    learn = made(tmp_path, TinyModel(Config(num_layers=1)))
    assert len(learn.layer_groups) == 3
    no_layers = made(tmp_path, TinyModel(Config(num_layers=0)))
    assert len(no_layers.layer_groups) == 2


def test_it_learns_predicts_and_explains(tmp_path, capsys):
    learn = made(tmp_path)
    learn.fit_one_cycle(6, slice(5e-3, 2e-2))
    assert float(learn.validate()[1]) == 1.0
    frame = table()
    assert str(learn.predict(frame.text[0])[0]) == frame.label[0]
    preds, targets = learn.get_preds()
    torch.testing.assert_close(preds[0], learn.predict(frame.text[0])[2])
    assert targets.tolist() == learn.data.valid_ds.y.items.tolist()
    interp = TextClassificationInterpretation.from_learner(learn)
    sizes = interp.intrinsic_attention("these old cats often run .")[1]
    assert len(sizes) == 8 and float(sizes.max()) == 1.0
    learn.data.show_batch(rows=1)
    assert "[CLS]" in capsys.readouterr().out


@pytest.mark.parametrize("body", [TinyModel, TinyForMaskedLM, TinyForSequenceClassification, TwoHalves])
def test_an_export_predicts_the_same(tmp_path, body):
    learn = made(tmp_path, body(), lin_ftrs=None)
    learn.fit(1, 1e-3)
    learn.export()
    assert "evil" not in str(peek_manifest(tmp_path / "export.safetensors"))
    assert "/home/me" not in str(peek_manifest(tmp_path / "export.safetensors"))
    again = load_learner(tmp_path)
    for text in ("these cats run .", "this zebra often runs . " * 9):
        torch.testing.assert_close(again.predict(text)[2], learn.predict(text)[2])


def test_a_body_of_ones_own_is_passed_again(tmp_path):
    learn = made(tmp_path, UnmaskedModel())
    learn.export()
    with pytest.raises(ArgumentError, match="does not name its architecture"):
        load_learner(tmp_path)
    assert load_learner(tmp_path, model=learn.model).predict("these cats")[2].shape == (2,)
    other = made(tmp_path, TinyModel(OtherConfig("other")))
    assert other.model_spec is None


def test_without_transformers_a_body_still_learns(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    learn = made(tmp_path)
    learn.fit(1, 1e-3)
    assert learn.model_spec is None
    with pytest.raises(ArgumentError, match="load_learner: needs the package transformers, which is not installed"):
        get_pretrained_classifier({"kind": "BODY"}, 2, 0)
    with pytest.raises(NotRegisteredError, match="AWD_LSTM"):
        text_classifier_learner(learn.data, "AWD_LSTN", pretrained=False)


@pytest.mark.parametrize("state", [
    {}, {"kind": "BODY", "model_type": "evil", "config": {}, "parts": []},
    {"kind": "CODE", "model_type": "tiny", "config": {}, "parts": []},
    {"kind": "BODY", "model_type": "other", "config": {}, "parts": []},
    {"kind": "BODY", "model_type": "tiny", "config": {"hidden_size": "many"}, "parts": []},
    {"kind": "BODY", "model_type": 3, "config": {}, "parts": []},
])  # fmt: skip
def test_a_file_can_name_classifiers_of_transformers_only(state):
    with pytest.raises(FileFormatError, match="load_learner: the model .* of the file cannot be built by this version"):
        get_pretrained_classifier(state, 2, 0)


def test_settings_of_a_file_that_name_code_are_not_read():
    settings = {"auto_map": {"AutoModel": "evil.Model"}, "_attn_implementation": "evil/kernel", "num_layers": 2,
                "text_config": {"quantization_config": {}, "hidden_size": 8}}  # fmt: skip
    parts = ["embeddings", "places", "stack", "norm"]
    state = {"kind": "BODY", "model_type": "tiny", "config": settings, "parts": parts}
    body = get_pretrained_classifier(state, 2, 0)[0].body
    assert not hasattr(body.config, "auto_map") and not hasattr(body.config, "_attn_implementation")
    assert body.config.text_config == {"hidden_size": 8} and len(body.stack) == 2 and body.pooler is None


def test_models_by_name(tmp_path):
    learn = text_classifier_learner(data_of(tmp_path, "tiny-model"), "tiny-model", silent=True)
    assert [any(p.requires_grad for p in group.parameters()) for group in learn.layer_groups] == [False] * 4 + [True]
    small = text_classifier_learner(
        learn.data, "tiny-model", pretrained=False, config={"num_layers": 2}, drop_mult=0.5, silent=True
    )
    assert len(small.model[0].body.stack) == 2 and small.model[0].body.stack[0].drop.p == 0.05
    assert all(p.requires_grad for p in small.model.parameters())
    with pytest.raises(ArgumentError, match=r"arch 'no/such' is no encoder of onecycle, and transform.* \(no/such"):
        text_classifier_learner(learn.data, "no/such")
    with pytest.raises(ArgumentError, match=r"no encoder of onecycle \(did you mean 'AWD_LSTM'\?\), and"):
        text_classifier_learner(learn.data, "AWD_LSTN")


def test_heads(tmp_path):
    learn = made(tmp_path, lin_ftrs=[10], ps=[0.2, 0.3])
    linear = [layer for layer in learn.model[1].layers if isinstance(layer, nn.Linear)]
    assert [(layer.in_features, layer.out_features) for layer in linear] == [(16, 10), (10, 2)]
    with pytest.raises(ArgumentError, match="ps must have one number per linear layer, 2"):
        made(tmp_path, lin_ftrs=[10], ps=[0.1])
    with pytest.raises(ArgumentError, match="ps must be from 0 to 1"):
        made(tmp_path, ps=[2])
    with pytest.raises(ArgumentError, match="lin_ftrs must be None for a model with a head of its own"):
        made(tmp_path, TinyForSequenceClassification(), lin_ftrs=[3])


def test_what_does_not_go_together(tmp_path):
    with pytest.raises(ArgumentError, match="arch must have num_labels=2, the classes of the data; got 3"):
        made(tmp_path, TinyForSequenceClassification(Config(num_labels=3)))
    with pytest.raises(ArgumentError, match="the vocabulary of data must have at most 9 tokens, which the model knows"):
        made(tmp_path, TinyModel(Config(vocab_size=9)))
    with pytest.raises(ArgumentError, match="texts must have at most the 8 tokens the model reads; got 10.*max_len=8"):
        made(tmp_path, TinyModel(Config(max_position_embeddings=8)))
    with pytest.raises(ArgumentError, match="config must be None for a model that is made already"):
        made(tmp_path, config={"num_layers": 2})
    frame = table()
    own = TextClasDataBunch.from_df(tmp_path, frame, frame, text_cols="text", label_cols="label", bs=8, device="cpu")
    with pytest.raises(ArgumentError, match="data must be numbered by the tokenizer of the model"):
        text_classifier_learner(own, TinyModel())
    strange = TinyModel()
    del strange.config.hidden_size
    with pytest.raises(ArgumentError, match="arch must have a configuration with hidden_size and vocab_size"):
        made(tmp_path, strange)
    with pytest.raises(ArgumentTypeError, match="arch must be a model of transformers"):
        get_pretrained_classifier(nn.Linear(1, 1), 2, 0)


def test_a_tokenizer_of_another_model_is_reported(tmp_path):
    data, body = data_of(tmp_path), TinyModel(Config(vocab_size=99))
    data.train_ds.x.processor[0].name, body.name_or_path = "one/base", "other/base"
    with pytest.warns(UserWarning, match="numbered by the tokenizer of 'one/base', which has 27 tokens; the"):
        text_classifier_learner(data, body)
    body.name_or_path = "one/base"
    text_classifier_learner(data, body)


def test_texts_to_come_are_cut_to_what_the_model_reads(tmp_path):
    learn = made(tmp_path, TinyModel(Config(max_position_embeddings=12)))
    assert learn.data.train_ds.x.processor[0].max_len == 12
    learn.predict("this cat runs . " * 20)
    assert longest_text(TinyModel(Config("roberta", max_position_embeddings=34, pad_token_id=1))) == 32
    assert longest_text(TinyModel(Config("gpt"))) == 32
    no_limit = TinyModel()
    no_limit.config.max_position_embeddings = None
    assert longest_text(no_limit) is None
