"""The lessons of texts: models of characters, counting in words, from a language model to a classifier. Small."""

import importlib
import sys
from pathlib import Path

import pytest
import torch

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def among_examples(monkeypatch, one_thread):
    """Examples import one another by name, and take the texts beside the checkout unless told not to."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    monkeypatch.delenv("ONECYCLE_DATA", raising=False)
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if Path(getattr(sys.modules[name], "__file__", None) or "/").parent == EXAMPLES:
            del sys.modules[name]


def example(name):
    return importlib.import_module(name)


def test_models_of_characters(tmp_path, capsys):
    models = example("char_models")
    text = tmp_path / "text.txt"
    text.write_text("the quick brown fox jumps over the lazy dog, and for those who ask: it did. " * 150)
    found = models.main(["--fast", "--text", str(text), "--out", str(tmp_path), "--epochs", "2"])
    names = [*models.WINDOW_MODELS, *models.stream_models(8)]
    assert list(found) == [*names, "sample"]
    losses = {name: found[name]["loss"] for name in names}
    assert max(losses.values()) < 3.1  # 27 characters by chance: 3.3
    assert losses["rnn cell"] == pytest.approx(losses["rnn"], abs=1e-4)  # the same network, its loop in Python
    assert found["sample"].startswith("for thos") and len(found["sample"]) == 8 + 40
    assert "xx" not in found["sample"]
    said = capsys.readouterr().out
    assert "parameters  loss  accuracy  minutes" in said


def test_a_gru_by_hand_computes_what_torchs_does():
    models = example("char_models")
    torch.manual_seed(0)
    ours, theirs = models.GruCell(3, 5), torch.nn.GRUCell(3, 5)
    theirs.weight_ih.data, theirs.bias_ih.data = ours.of_input.weight.data, ours.of_input.bias.data
    theirs.weight_hh.data, theirs.bias_hh.data = ours.of_state.weight.data, ours.of_state.bias.data
    x, h = torch.randn(4, 3), torch.randn(4, 5)
    torch.testing.assert_close(ours(x, h), theirs(x, h))


def test_what_a_stateful_model_remembers():
    models = example("char_models")
    torch.manual_seed(0)
    model = models.Stateful(9, torch.nn.LSTM(6, 5, 2, batch_first=True)).eval()
    x = torch.randint(9, (3, 8))
    whole = model(x)
    model.reset()
    torch.testing.assert_close(torch.cat([model(x[:, :5]), model(x[:, 5:])], dim=1), whole)
    assert not any(part.requires_grad for part in model.hidden)  # the values are kept, how they came about is not
    torch.testing.assert_close(model(x[:2]), whole[:2])  # another batch size begins with nothing


def test_the_text_of_every_python(tmp_path, monkeypatch):
    texts = example("example_text")
    assert len(texts.python_text()) > 100_000
    (tmp_path / "some.txt").write_text("ours")
    monkeypatch.setenv("ONECYCLE_DATA", str(tmp_path))
    assert texts.some_text(None, "some.txt") == "ours"


def test_human_numbers(tmp_path):
    numbers = example("human_numbers")
    assert [numbers.in_words(n) for n in (7, 13, 20, 300, 4217, 9999)] == [
        "seven", "thirteen", "twenty", "three hundred", "four thousand two hundred seventeen",
        "nine thousand nine hundred ninety nine",
    ]  # fmt: skip
    found = numbers.main(["--fast", "--out", str(tmp_path)])
    assert list(found)[:-1] == list(numbers.models(8, 4))
    assert found["three words"]["accuracy"] > 0.1  # of 30 words
    tied = found["gru, tied"]["learn"].model
    assert tied.out.weight is tied.embedding.weight
    assert len(found["counted"].split()) == 14


def assert_predicts_as_validated(learn, count):
    """Texts predicted one by one get the classes that they get in validation."""
    texts = learn.data.valid_ds.x.inner_df["text"].tolist()[:count]
    classes = learn.get_preds()[0][:count].argmax(dim=1)
    assert [int(learn.predict(text)[1]) for text in texts] == classes.tolist()


def test_from_a_language_model_to_a_classifier(tmp_path, capsys):
    found = example("ulmfit").main(["--fast", "--out", str(tmp_path)])
    assert found["forwards"] > 0.85 > 0.7 > found["plain"]  # from ten labelled texts
    assert found["both"] > 0.85
    assert_predicts_as_validated(found["learn"], 8)
    assert found["language"].predict("the plot was", n_words=5).startswith("the plot was ")
    names = {file.name for file in (tmp_path / "models").iterdir()}
    assert {"general.pth", "general_itos.json", "encoder.pth"} <= names
    assert "without pretraining  0." in capsys.readouterr().out


@pytest.mark.parametrize(("name", "argv"), [
    ("char_models", ["--text", "nowhere.txt"]),
    ("ulmfit", ["--text", "nowhere.csv"]),
    ("human_numbers", ["--text", "nowhere.txt"]),
])  # fmt: skip
def test_a_text_that_is_not_read_is_said(tmp_path, capsys, name, argv):
    with pytest.raises(SystemExit):
        example(name).main([*argv, "--fast", "--out", str(tmp_path)])
    assert "nowhere" in capsys.readouterr().err


def test_a_model_that_there_is_not_is_said():
    chosen = example("example_text").chosen
    assert chosen("", ["a", "b"]) == ["a", "b"] and chosen("b", ["a", "b"]) == ["b"]
    with pytest.raises(SystemExit, match="--only: there is no 'c'; there are: a, b"):
        chosen("c", ["a", "b"])
