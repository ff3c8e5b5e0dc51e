import numpy as np
import pytest
import torch

from onecycle.callbacks.gradient_clipping import GradientClipping
from onecycle.data.loaders import DatasetType
from onecycle.errors import ArgumentError, ArgumentTypeError, FileFormatError, NotRegisteredError
from onecycle.learner import load_learner
from onecycle.metrics.classification import accuracy
from onecycle.text.language_learner import language_model_learner
from onecycle.text.learner import RNNLearner, text_classifier_learner
from onecycle.text.vocab import Vocab
from onecycle.utils.files import FileMissingError
from tests.unit.text.corpora import TINY, class_data, language_data, sentences

ARCHS = list(TINY)
WIDER = {**TINY, "AWD_LSTM": {"emb_sz": 32, "n_hid": 32, "n_layers": 1}}  # learns quickly


def make(data, arch="AWD_LSTM", **settings):
    torch.manual_seed(1)
    settings = {"config": TINY[arch], "pretrained": False, "silent": True, **settings}
    return text_classifier_learner(data, arch, **settings)


@pytest.fixture
def data(tmp_path):
    return class_data(tmp_path)


@pytest.mark.parametrize("arch", ARCHS)
def test_it_learns_classes(tmp_path, arch):
    learn = make(class_data(tmp_path, texts=sentences(120), valid=20), arch, drop_mult=0, config=WIDER[arch])
    torch.manual_seed(0)
    learn.fit_one_cycle(6, {"AWD_LSTM": 3e-2, "Transformer": 2e-2, "TransformerXL": 5e-2}[arch])
    assert float(learn.validate()[1]) >= 0.95
    assert str(learn.predict("these red and old cats often run .")[0]) == "many"


def test_layer_groups_are_unfrozen_one_by_one(data):
    learn = make(data)
    assert len(learn.layer_groups) == 4  # embedding, two layers, head
    learn.freeze()
    assert _learning(learn) == [False, False, False, True]
    learn.freeze_to(-2)
    assert _learning(learn) == [False, False, True, True]
    before = [p.clone() for p in learn.model.parameters()]
    learn.fit(1, slice(1e-3, 1e-2))
    frozen = {id(p) for group in learn.layer_groups[:2] for p in group.parameters()}
    for old, new in zip(before, learn.model.parameters(), strict=True):
        assert torch.equal(old, new) or id(new) not in frozen
    learn.unfreeze()
    assert all(_learning(learn))


def _learning(learn):
    return [any(p.requires_grad for p in group.parameters()) for group in learn.layer_groups]


def test_settings_reach_their_callbacks(data):
    learn = make(data, clip=0.5, alpha=3.0, beta=0.5)
    assert (learn.rnn_trainer.alpha, learn.rnn_trainer.beta) == (3.0, 0.5)
    learn.fit(1, 1e-3)
    assert learn.gradient_clipping.clip == 0.5 and isinstance(learn.gradient_clipping, GradientClipping)
    assert learn.metrics == [accuracy] and make(data, metrics=[]).metrics == []


# Predictions


def test_predictions_come_in_the_order_of_the_set(data):
    learn = make(data)
    preds, targets = learn.get_preds()
    assert targets.tolist() == list(data.valid_ds.y.items)
    for i in range(len(targets)):
        assert torch.allclose(preds[i], learn.predict(data.valid_ds.x[i])[2], atol=0.02)  # padding moves them a little
    by_length = learn.get_preds(ordered=False)
    assert torch.equal(by_length[0][data.valid_dl.dl.sampler.inverse()], preds)
    losses = learn.get_preds(with_loss=True)[2]
    assert torch.allclose(losses, -preds[torch.arange(len(preds)), targets].log(), atol=1e-5)


@pytest.mark.parametrize("ds_type", [DatasetType.Train, DatasetType.Fix])
def test_training_texts_come_in_their_order_too(data, ds_type):
    preds, targets = make(data).get_preds(ds_type)
    assert targets.tolist() == list(data.train_ds.y.items) and len(preds) == len(data.train_ds)


def test_some_batches_come_in_the_order_of_the_loader(data):
    learn = make(data)
    some, _ = learn.get_preds(n_batch=1)
    assert torch.equal(some, learn.get_preds(ordered=False)[0][:8])


def test_a_test_set_comes_in_its_order(data):
    learn = make(data)
    data.add_test(["this cat runs", "these red and very old and wet cows often run .", "cats"])
    preds, _ = learn.get_preds(DatasetType.Test)
    assert torch.allclose(preds[0], learn.predict("this cat runs")[2], atol=0.02) and len(preds) == 3


def test_long_documents_are_read_window_by_window(tmp_path):
    texts = [" ".join([word] + ["old", "red"] * 100 + [end]) for word, end in [("this", "runs"), ("these", "run")] * 12]
    data = class_data(tmp_path, texts=texts, valid=4, bs=4)
    learn = make(data, bptt=16, max_len=40, drop_mult=0, config=WIDER["AWD_LSTM"])
    torch.manual_seed(0)
    learn.fit_one_cycle(12, 3e-2)
    assert float(learn.validate()[1]) == 1.0
    assert learn.model[0].max_len == 40


@pytest.mark.parametrize("how", [{}, {"backwards": True}, {"pad_first": False}], ids=str)
@pytest.mark.parametrize("arch", ARCHS)
def test_a_text_has_one_prediction_whatever_its_batch(tmp_path, arch, how):
    texts = [" ".join(sentences(n % 7 + 1, seed=n)) for n in range(40)]
    small, large = (class_data(tmp_path, texts=texts, valid=30, val_bs=size, **how) for size in (1, 30))
    learn = make(small, arch, bptt=10, max_len=25)
    learn.fit(1, 1e-2)
    alone, figures = learn.get_preds()[0], learn.validate()
    learn.data = large
    together = learn.get_preds()[0]
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-5)
    assert [float(x) for x in learn.validate()] == pytest.approx([float(x) for x in figures], abs=1e-5)
    torch.testing.assert_close(learn.predict(texts[3])[2], together[3], atol=1e-5, rtol=1e-5)


def test_both_directions_together(tmp_path):
    learners = []
    for backwards in (False, True):
        data = class_data(tmp_path, texts=sentences(120), valid=20, backwards=backwards)
        assert data.backwards == backwards
        learn = make(data, drop_mult=0, config=WIDER["AWD_LSTM"])
        torch.manual_seed(0)
        learn.fit_one_cycle(5, 4e-2)
        learners.append(learn)
    (forwards, targets), (back, same) = (learn.get_preds() for learn in learners)
    assert torch.equal(targets, same)
    together = (forwards + back) / 2
    assert float(accuracy(together, targets)) >= 0.9


# Files


@pytest.mark.parametrize("arch", ARCHS)
def test_an_encoder_goes_from_one_learner_to_the_other(tmp_path, arch):
    data_lm = language_data(tmp_path)
    config = {name: value for name, value in TINY[arch].items()}
    lm = language_model_learner(data_lm, arch, config, pretrained=False, silent=True)
    lm.fit(1, 1e-2)
    lm.save_encoder("encoder")
    learn = make(class_data(tmp_path, vocab=data_lm.vocab), arch)
    assert learn.load_encoder("encoder") is learn
    assert torch.equal(learn.model[0].module.encoder.weight, lm.model[0].encoder.weight)
    assert _learning(learn) == [False] * (len(learn.layer_groups) - 1) + [True]
    learn.save_encoder("again")
    assert lm.load_encoder("again") is lm
    assert lm.model[1].decoder.weight is lm.model[0].encoder.weight or arch == "Transformer"


def test_a_plain_encoder_of_v1_is_read(tmp_path, data):
    learn = make(data)
    wanted = {name: torch.full_like(value, 0.5) for name, value in learn.encoder.state_dict().items()}
    (tmp_path / "models").mkdir(exist_ok=True)
    torch.save(wanted, tmp_path / "models" / "old.pth")
    learn.load_encoder("old")
    assert float(learn.model[0].module.encoder.weight.mean()) == 0.5
    torch.save({**wanted, "encoder.weight": torch.zeros(7, 12)}, tmp_path / "models" / "old.pth")
    count = len(data.vocab)
    with pytest.raises(FileFormatError, match=f"another vocabulary: it has 7 tokens, the data has {count}. Make"):
        learn.load_encoder("old")


@pytest.mark.parametrize("name", [None, "", 3])
def test_an_encoder_has_a_name(data, name):
    for owner, use in (("load", make(data).load_encoder), ("save", make(data).save_encoder)):
        with pytest.raises(ArgumentTypeError, match=f"{owner}_encoder: name must be a name or a path; got"):
            use(name)


def test_an_encoder_of_another_vocabulary_is_refused(tmp_path, data):
    make(data).save_encoder("encoder")
    other = class_data(tmp_path, vocab=Vocab([*data.vocab.itos[:-1], "zebra"]))
    count = len(data.vocab)
    with pytest.raises(FileFormatError, match=f"{count} tokens, the data has {count}, and {count - 1} tokens have "):
        make(other).load_encoder("encoder")
    with pytest.raises(FileMissingError, match="encodr"):
        make(data).load_encoder("encodr")


def test_a_classifier_takes_the_encoder_of_a_language_model(tmp_path, data, capsys):
    lm = language_model_learner(language_data(tmp_path), "AWD_LSTM", TINY["AWD_LSTM"], pretrained=False, silent=True)
    lm.save("lm", with_opt=False)
    lm.data.vocab.save(tmp_path / "models" / "itos.json")
    learn = make(data, silent=None)
    learn.load_pretrained(tmp_path / "models" / "lm.pth", tmp_path / "models" / "itos.json")
    assert "tokens are in the vocabulary of the weights" in capsys.readouterr().out
    row, there = data.vocab.stoi["these"], lm.data.vocab.stoi["these"]
    assert torch.equal(learn.model[0].module.encoder.weight[row], lm.model[0].encoder.weight[there])
    assert torch.equal(learn.encoder.rnns[0].weight_hh_l0_raw, lm.encoder.rnns[0].weight_hh_l0_raw)


@pytest.mark.parametrize("arch", ARCHS)
def test_an_exported_classifier_predicts_from_raw_text(tmp_path, arch):
    learn = make(class_data(tmp_path), arch, bptt=7, lin_ftrs=[9], ps=[0.2])
    learn.freeze_to(-2)
    learn.fit(1, 1e-2)
    learn.export()
    again = load_learner(tmp_path)
    assert type(again) is RNNLearner and again.model[0].bptt == 7
    text = "these unheard-of and old cats often run ."
    assert torch.equal(again.predict(text)[2], learn.predict(text)[2])
    assert _learning(again) == _learning(learn)
    assert again.data.vocab.itos == learn.data.vocab.itos


def test_a_backwards_classifier_reads_backwards_after_export(tmp_path):
    learn = make(class_data(tmp_path, backwards=True))
    learn.export()
    again = load_learner(tmp_path)
    assert again.data.backwards
    assert np.allclose(again.predict("this cat runs")[2], learn.predict("this cat runs")[2])


# Wrong arguments


def test_wrong_arguments(data, tmp_path):
    with pytest.raises(NotRegisteredError, match="Transfomer.*Did you mean 'Transformer'"):
        text_classifier_learner(data, "Transfomer", pretrained=False)
    with pytest.raises(ArgumentTypeError, match="max_lenn.*max_len"):
        make(data, max_lenn=3)
    with pytest.raises(ArgumentError, match="text_classifier_learner: data must have classes"):
        make(language_data(tmp_path))
    with pytest.raises(ArgumentTypeError, match="text_classifier_learner: data"):
        make("reviews.csv")


def test_a_model_without_parts_has_no_encoder(data):
    learn = RNNLearner(data, torch.nn.Linear(2, 2), silent=True)
    with pytest.raises(ArgumentTypeError, match="RNNLearner: model must begin with an encoder"):
        learn.save_encoder("encoder")


def test_empty_texts_are_classified(tmp_path):
    data = class_data(tmp_path, texts=["", "good good", "bad", ""] * 6, labels=["a", "b", "b", "a"] * 6, valid=4)
    learn = make(data)
    learn.fit(1, 1e-2)
    assert torch.isfinite(learn.get_preds()[0]).all() and torch.isfinite(learn.predict("")[2]).all()
