import warnings

import pytest
import torch
from torch import nn

from onecycle.callbacks.rnn import memory_of
from onecycle.errors import (
    ArgumentError,
    ArgumentTypeError,
    DownloadError,
    FileFormatError,
    NotRegisteredError,
)
from onecycle.learner import load_learner
from onecycle.text import learner as learner_file
from onecycle.text.generation import beginning
from onecycle.text.language_learner import LanguageLearner, language_model_learner
from onecycle.text.lists import TextList
from onecycle.text.tokenizer import Tokenizer
from onecycle.text.vocab import Vocab
from onecycle.training.callback import Callback
from tests.unit.text.corpora import TINY, class_data, language_data, sentences

ARCHS = list(TINY)


def make(path, arch="AWD_LSTM", data=None, **settings):
    data = language_data(path) if data is None else data
    torch.manual_seed(1)
    settings = {"config": TINY[arch], "pretrained": False, "silent": True, **settings}
    return language_model_learner(data, arch, **settings)


def ids_of(learn, text):
    """The numbers of tokens as they are written, `(1, T)`."""
    return torch.from_numpy(learn.data.vocab.numericalize(["xxbos", *text.split()])).unsqueeze(0)


SIZES = {"emb_sz": 32, "n_hid": 32, "n_layers": 1}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    data = language_data(tmp_path_factory.mktemp("trained"), texts=sentences(300), bptt=18)
    learn = make(data.path, data=data, config=SIZES, drop_mult=0, alpha=0, beta=0)
    torch.manual_seed(0)
    learn.fit_one_cycle(15, 3e-2, moms=(0.8, 0.7))
    return learn


def test_it_learns_a_grammar_that_reaches_over_words(trained):
    new = [text.split() for text in sentences(40, seed=1)]
    begun = [" ".join(["xxbos", *words[:-2]]) for words in new]
    said = [trained.predict(text, 1, temperature=0).split()[-1] for text in begun]
    assert sum(word == words[-2] for word, words in zip(said, new, strict=True)) >= 36  # run or runs: chance says 20


def test_a_draw_repeats_and_leaves_one_number_drawn(trained):
    torch.manual_seed(3)
    first = trained.predict("these", 12)
    after = torch.rand(1)
    torch.manual_seed(3)
    assert trained.predict("these", 12) == first and torch.equal(torch.rand(1), after)
    assert len({trained.predict("these", 12) for _ in range(5)}) > 1


@pytest.mark.parametrize("arch", ARCHS)
def test_each_word_costs_one_step_and_says_what_the_whole_text_says(tmp_path, arch):
    learn, read = make(tmp_path, arch), []
    learn.model[0].register_forward_hook(lambda module, args, output: read.append(args[0].shape[1]))
    text = learn.predict("these wet cats", 6, temperature=0, no_unk=False, decoder=list)
    assert read[0] == 4 and (read[1:] == [1] * 5 or arch == "Transformer")
    if arch == "TransformerXL":
        return  # remembers the last words only
    ids = ids_of(learn, text)
    with beginning(learn.model):
        wanted = learn.model(ids)[0].argmax(-1)[0, 3:-1]
    assert wanted.tolist() == ids[0, 4:].tolist()


@pytest.mark.parametrize("arch", ARCHS)
def test_beams_find_what_is_likelier_than_the_greedy_way(tmp_path, arch):
    learn = make(tmp_path, arch)
    learn.fit(1, 1e-2)

    def log_prob(text):
        ids = ids_of(learn, text)
        with beginning(learn.model):
            scores = learn.model(ids)[0].log_softmax(-1)[0, :-1]
        return float(scores.gather(1, ids[0, 1:, None]).sum())

    found = learn.beam_search("these", 4, temperature=0, decoder=list, beam_sz=20)
    greedy = learn.predict("these", 4, temperature=0, decoder=list)
    assert log_prob(found) >= log_prob(greedy) - 1e-5
    assert learn.beam_search("these", 4, temperature=0, decoder=list, beam_sz=1, top_k=1) == greedy


def test_a_prompt_of_unknown_words_is_read(trained):
    assert trained.predict("Zyzzyva qqq", 3).startswith("Zyzzyva qqq ")


def test_a_text_begins_anew(trained):
    assert trained.predict("xxbos", 1, temperature=0) in ("xxbos these", "xxbos this")


def test_unknown_words_are_written_on_demand_only(trained):
    model = trained.model
    kept = model[1].decoder.bias.detach().clone()
    with torch.no_grad():
        model[1].decoder.bias[0] = 100.0
    assert "xxunk" not in trained.predict("these", 5)
    assert trained.predict("these", 3, no_unk=False, decoder=list) == "these xxunk xxunk xxunk"
    with torch.no_grad():
        model[1].decoder.bias.copy_(kept)


def test_min_p_keeps_what_is_likely(trained):
    torch.manual_seed(0)
    written = [trained.predict("xxbos", 1, min_p=0.2) for _ in range(20)]
    assert {*written} == {"xxbos these", "xxbos this"}
    with pytest.warns(UserWarning, match="no token is as likely as min_p=1.0"):
        trained.predict("xxbos", 1, min_p=1.0)


@pytest.mark.parametrize("prompt", ["", "   "])
def test_an_empty_prompt_says_so(trained, prompt):
    for write in (trained.predict, trained.beam_search):
        with pytest.raises(ArgumentError, match="text must hold at least one word.*xxbos"):
            write(prompt, 2)


def test_wrong_settings_of_writing(trained):
    with pytest.raises(ArgumentTypeError, match="predict: text must be a text; got"):
        trained.predict(3)
    for odd in (0, 2.5, [1, 2], "3"):
        with pytest.raises(ArgumentError, match="n_words must be a whole number of at least 1"):
            trained.predict("these", odd)
    with pytest.raises(ArgumentError, match="temperature must be at least 0"):
        trained.predict("these", temperature=-1)
    with pytest.raises(ArgumentError, match="min_p must be from 0 to 1"):
        trained.predict("these", min_p=2)
    for name in ("top_k", "beam_sz"):
        for odd in (0, 2.5):
            with pytest.raises(ArgumentError, match=f"{name} must be a whole number of at least 1"):
                trained.beam_search("these", 2, **{name: odd})
    for write in (trained.predict, trained.beam_search):
        with pytest.raises(ArgumentTypeError, match='sep must be a text; got None.*Pass "" for nothing between'):
            write("these", 2, sep=None)
        with pytest.raises(ArgumentTypeError, match="decoder must be a function of a list of tokens; got None"):
            write("these", 2, decoder=None)


def test_labelled_texts_are_no_data_of_a_language_model(tmp_path):
    with pytest.raises(ArgumentError, match="data must be of a language model; its texts have labels, a CategoryList"):
        language_model_learner(class_data(tmp_path), "AWD_LSTM", pretrained=False)


def test_writing_disturbs_no_training(tmp_path):
    class Write(Callback):
        def on_batch_end(self, train, **kwargs):
            if train:
                learn.predict("these", 2)

    weights = []
    for callbacks in ([], [Write()]):
        learn = make(tmp_path)
        torch.manual_seed(2)
        learn.fit(1, 1e-2, callbacks=callbacks)
        weights.append([p.clone() for p in learn.model.parameters()])
    assert all(torch.equal(a, b) for a, b in zip(*weights, strict=True))


def test_memory_and_modes_come_back(trained):
    trained.model.train()
    trained.model(torch.ones(3, 4, dtype=torch.long))
    before = memory_of(trained.model)
    trained.predict("these", 2)
    after = memory_of(trained.model)
    assert trained.model.training and trained.model[0].rnns[0].training
    assert torch.equal(before["0.hidden"][0][0], after["0.hidden"][0][0])


def test_predictions_of_a_set_are_streams(trained):
    preds, targets, losses = trained.get_preds(with_loss=True)
    corpus = trained.data.valid_dl.dataset
    assert preds.shape == (8, corpus.stream_length, len(trained.data.vocab)) and targets.shape == losses.shape
    assert torch.allclose(preds.sum(-1), torch.ones(preds.shape[:2]), atol=1e-4)
    assert float((preds.argmax(-1) == targets).float().mean()) == pytest.approx(float(trained.validate()[1]), abs=1e-5)
    assert torch.allclose(losses, -preds.gather(-1, targets.unsqueeze(-1)).squeeze(-1).log(), atol=1e-4)
    assert trained.get_preds(n_batch=1)[0].shape[1] == 11


def test_results_are_shown(trained, capsys):
    trained.show_results(rows=2, max_len=4)
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].split() == ["text", "target", "prediction"] and len(shown) == 3
    with pytest.raises(ArgumentError, match="rows must be a whole number of at least 1"):
        trained.show_results(rows=0)


@pytest.mark.parametrize("arch", ARCHS)
def test_an_exported_learner_writes_the_same(tmp_path, arch):
    learn = make(tmp_path, arch, clip=0.3, alpha=1.0)
    learn.fit(1, 1e-2)
    learn.export()
    again = load_learner(tmp_path)
    assert type(again) is LanguageLearner and (again.alpha, again.clip) == (1.0, 0.3)
    assert again.predict("these old", 8, temperature=0) == learn.predict("these old", 8, temperature=0)
    names = [[name for name, p in each.model.named_parameters() if any(p is q for q in group.parameters())]
             for each in (learn, again) for group in each.layer_groups]
    assert names[: len(names) // 2] == names[len(names) // 2 :]


def test_a_model_that_reads_backwards_writes_what_stands_in_front(tmp_path):
    data = language_data(tmp_path, texts=["one two three four five six"] * 60, backwards=True, bs=4)
    learn = make(tmp_path, data=data, config={"emb_sz": 24, "n_hid": 24, "n_layers": 1}, drop_mult=0)
    torch.manual_seed(0)
    learn.fit_one_cycle(20, 3e-2)
    assert learn.predict("five six", 3, temperature=0) == "two three four five six"


def test_characters_are_written_without_spaces(tmp_path):
    tokenizer = Tokenizer(list, pre_rules=[], post_rules=[])
    items = TextList(["abcabcabcabc"] * 40, path=tmp_path, processor=_char_processors(tokenizer))
    data = items.split_by_idx(range(4)).label_for_lm().databunch(bs=4, bptt=8, device="cpu")
    learn = make(tmp_path, data=data, config={"emb_sz": 16, "n_hid": 16, "n_layers": 1}, drop_mult=0)
    torch.manual_seed(0)
    learn.fit_one_cycle(15, 3e-2)
    assert learn.predict("ab", 4, temperature=0, sep="") == "abcabc"


def _char_processors(tokenizer):
    from onecycle.text.processors import NumericalizeProcessor, TokenizeProcessor

    return [TokenizeProcessor(tokenizer=tokenizer, include_bos=False), NumericalizeProcessor(min_freq=1)]


# Wrong arguments


def test_wrong_arguments(tmp_path):
    data = language_data(tmp_path)
    with pytest.raises(NotRegisteredError, match="AWD_LSTN.*Did you mean 'AWD_LSTM'"):
        language_model_learner(data, "AWD_LSTN")
    with pytest.raises(ArgumentTypeError, match="drop_mul.*drop_mult"):
        language_model_learner(data, "AWD_LSTM", drop_mul=0.5)
    with pytest.raises(ArgumentError, match="pretrained_fnames must be two names"):
        make(tmp_path, data=data, pretrained_fnames="wiki")


def test_data_without_a_vocabulary(tmp_path):
    from torch.utils.data import TensorDataset

    from onecycle.data.bunch import DataBunch

    words = torch.randint(5, (8, 4))
    data = DataBunch.create(TensorDataset(words, words), TensorDataset(words, words), bs=4, path=tmp_path)
    with pytest.raises(ArgumentError, match="data must have a vocabulary"):
        language_model_learner(data, "AWD_LSTM")


# Pretrained weights


def as_published(folder, learn, itos=None):
    import pickle

    folder.mkdir(parents=True, exist_ok=True)
    torch.save(learn.model.state_dict(), folder / "lstm.pth")
    with open(folder / "itos.pkl", "wb") as file:
        pickle.dump(learn.data.vocab.itos if itos is None else itos, file)


def test_published_weights_fit_another_vocabulary(tmp_path, trained, capsys):
    as_published(tmp_path / "models", trained)
    itos = [*trained.data.vocab.itos[:9], "zebra", *reversed(trained.data.vocab.itos[9:])]
    data = TextList(sentences(40), path=tmp_path, vocab=Vocab(itos)).split_by_idx(range(4)).label_for_lm()
    data = data.databunch(bs=4, device="cpu")
    config = SIZES
    learn = make(tmp_path, data=data, config=config, pretrained_fnames=["lstm", "itos"], silent=None)
    said = capsys.readouterr().out
    assert f"{len(itos) - 1} of {len(itos)} tokens are in the vocabulary of the weights" in said
    mean = trained.model[0].encoder.weight.mean(0)
    assert torch.allclose(learn.model[0].encoder.weight[itos.index("zebra")], mean)
    assert learn.predict("xxbos these old and red cows often", 1, temperature=0).endswith("often run")
    assert [any(p.requires_grad for p in group.parameters()) for group in learn.layer_groups] == [False, True]


def test_the_registered_files_are_looked_for(tmp_path, trained, monkeypatch):
    from onecycle.text import weights

    as_published(tmp_path / "wt103", trained)
    asked = []
    monkeypatch.setattr(weights, "untar_data", lambda url, data: asked.append(url) or tmp_path / "wt103")
    learn = make(tmp_path, data=trained.data, config=SIZES, pretrained=True)
    assert asked[0].endswith("wt103-fwd") and isinstance(learn.model, nn.Sequential)
    backwards = language_data(tmp_path, backwards=True)
    make(tmp_path, data=backwards, config=SIZES, pretrained=True)
    assert asked[1].endswith("wt103-bwd")
    (tmp_path / "wt103" / "itos.pkl").unlink()
    with pytest.raises(FileFormatError, match=r"must hold a \*.pkl; there is lstm.pth"):
        make(tmp_path, data=trained.data, pretrained=True)


def test_offline_it_says_what_to_do(tmp_path, monkeypatch):
    from onecycle.text import weights

    def offline(url, data):
        raise DownloadError("download: no network.")

    monkeypatch.setattr(weights, "untar_data", offline)
    with pytest.raises(DownloadError, match="WT103_FWD could not be fetched. download: no network. Or pass pre"):
        make(tmp_path, pretrained=True)


def test_an_encoder_without_published_weights_begins_anew(tmp_path):
    with pytest.warns(UserWarning, match="no weights were published of TransformerXL; it begins with random ones"):
        make(tmp_path, "TransformerXL", pretrained=True)
    data = language_data(tmp_path, backwards=True)
    with pytest.warns(UserWarning, match="published of Transformer that reads backwards"):
        make(tmp_path, "Transformer", data=data, pretrained=True)
    assert learner_file.text_spec("TransformerXL").weights is None


def test_vocabularies_that_do_not_fit(tmp_path, trained):
    folder = tmp_path / "models"
    learn = make(tmp_path, config=SIZES)
    as_published(folder, trained, itos=["xxunk", "xxpad"])
    with pytest.raises(FileFormatError, match="itos.pkl' does not fit the weights: it has 2 tokens, .* vectors for"):
        learn.load_pretrained(folder / "lstm.pth", folder / "itos.pkl")
    count = len(trained.data.vocab)
    as_published(folder, trained, itos=["xxunk", *(f"mot{i}" for i in range(count - 1))])
    with pytest.raises(FileFormatError, match=f"of its {count} tokens none but special ones is among the {count}"):
        learn.load_pretrained(folder / "lstm.pth", folder / "itos.pkl")
    torch.save({"encoder.weight": torch.zeros(3, 2)}, folder / "lstm.pth")
    with pytest.raises(FileFormatError, match="must hold a language model.*load_encoder"):
        learn.load_pretrained(folder / "lstm.pth", folder / "itos.pkl")


def test_weights_of_another_size_are_named(tmp_path, trained):
    as_published(tmp_path / "models", trained)
    with pytest.raises(FileFormatError, match="rnns.0.weight_hh_l0_raw is"):
        make(tmp_path, config={"emb_sz": 24, "n_hid": 36, "n_layers": 2}, pretrained_fnames=["lstm", "itos"])


def test_nothing_warns_by_itself(trained):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trained.predict("these", 2)
