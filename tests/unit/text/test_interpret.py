import sys

import pytest
import torch

from onecycle.errors import ArgumentError, ArgumentTypeError
from onecycle.text.interpret import (
    TextClassificationInterpretation,
    piece_attn_html,
    show_piece_attn,
    value2rgba,
)
from onecycle.text.learner import text_classifier_learner
from tests.unit.text.corpora import TINY, class_data, sentences


def make(path, arch="AWD_LSTM", config=None, epochs=0, **settings):
    data = class_data(path, texts=sentences(120), valid=20)
    torch.manual_seed(1)
    config = TINY[arch] if config is None else config
    learn = text_classifier_learner(data, arch, config=config, pretrained=False, silent=True, drop_mult=0, **settings)
    if epochs:
        torch.manual_seed(0)
        learn.fit_one_cycle(epochs, 3e-2)
    return learn


@pytest.fixture(scope="module")
def interp(tmp_path_factory):
    config = {"emb_sz": 32, "n_hid": 32, "n_layers": 1}
    learn = make(tmp_path_factory.mktemp("interp"), config=config, epochs=6)
    return TextClassificationInterpretation.from_learner(learn)


def test_the_words_that_tell_matter_most(interp):
    text, sizes = interp.intrinsic_attention("these wet and old cow often run .")
    words = str(text).split()
    assert words[0] == "xxbos" and len(words) == len(sizes) and float(sizes.max()) == 1.0
    by_word = dict(zip(words, sizes.tolist(), strict=True))
    assert by_word["run"] > 1.5 * max(by_word[word] for word in ("wet", "and", "old", "cow", "often"))


@pytest.mark.parametrize("arch", list(TINY))
def test_it_is_the_gradient_of_the_probability(tmp_path, arch):
    learn = make(tmp_path, arch)
    _, sizes = TextClassificationInterpretation.from_learner(learn).intrinsic_attention("these old cats run", 1)
    weight = learn.encoder.encoder.weight
    ids = learn.data.single_batch("these old cats run")[0]
    assert len(set(ids[0].tolist())) == ids.shape[1]  # each row of the embedding stands for one word
    learn.model.eval()
    (grad,) = torch.autograd.grad(learn.model(ids)[0].softmax(-1)[0, 1], weight)
    wanted = grad[ids[0]].abs().sum(1)
    assert torch.allclose(sizes, wanted / wanted.max(), atol=1e-4)


def test_words_out_of_reach_count_nothing(tmp_path):
    learn = make(tmp_path, bptt=3, max_len=4)
    interp = TextClassificationInterpretation.from_learner(learn)
    _, sizes = interp.intrinsic_attention("these old and wet cats often run .")
    assert (sizes[:3] == 0).all() and (sizes[-4:] > 0).all()


def test_modes_and_weights_stay(interp):
    model = interp.learn.model
    model.train()
    interp.intrinsic_attention("this cat runs")
    assert model.training and all(module.training for module in model.modules())
    assert not model[0].module.encoder._forward_hooks
    assert all(p.grad is None or not p.grad.any() for p in model.parameters())


def test_html_is_coloured_and_no_markup(interp):
    html = interp.html_intrinsic_attention("these <b> run", cmap="viridis")
    assert html.count("<span title=") == len(interp._pieces("these <b> run", None)[0]) and "<b>" not in html
    assert piece_attn_html(["<b>"], [1.0]).endswith(
        '<span title="1.000" style="background-color: rgba(0, 104, 55, 0.5);">&lt;b&gt;</span></span>'
    )


def test_it_is_shown_as_lines_or_in_a_notebook(interp, capsys, monkeypatch):
    interp.show_intrinsic_attention("these old cows run")
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].startswith("xxbos  0.") and any(line.endswith("1.00  " + "#" * 20) for line in shown)
    found = []
    fake = type(sys)("IPython.display")
    fake.HTML, fake.display = str, found.append
    monkeypatch.setitem(sys.modules, "IPython.display", fake)
    monkeypatch.setattr("onecycle.text.interpret.in_notebook", lambda: True)
    interp.show_intrinsic_attention("these old cows run")
    assert "background-color: rgba(" in found[0]


def test_it_is_drawn(interp):
    figure = interp.plot_intrinsic_attention("these old and wet cows often run . " * 4, figsize=(4, 3), return_fig=True)
    places = [word.get_position() for word in figure.texts]
    assert len(places) == len(interp._pieces("these old and wet cows often run . " * 4, None)[0])
    assert len({y for _, y in places}) > 1 and all(0 < x < 1 for x, _ in places)


def test_top_losses_are_shown(interp, capsys):
    interp.show_top_losses(3, max_len=4)
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].split() == ["Text", "Prediction", "Actual", "Loss", "Probability"] and len(shown) == 4
    index = int(interp.top_losses(1)[1])
    assert shown[1].startswith(" ".join(str(interp.ds.x[index]).split()[:4]))
    with pytest.raises(ArgumentError, match="k must be at least 1"):
        interp.show_top_losses(0)


def test_colours():
    assert value2rgba(1.0, "gray", alpha_mult=0.5) == (255, 255, 255, 0.5)
    import matplotlib

    assert value2rgba(0.2, matplotlib.colormaps["viridis"]) == value2rgba(0.2, "viridis")


def test_wrong_arguments(interp):
    with pytest.raises(ArgumentTypeError, match="intrinsic_attention: text must be a text"):
        interp.intrinsic_attention(["a"])
    with pytest.raises(ArgumentError, match="class_id must be an index of the 2 classes; got 2"):
        interp.intrinsic_attention("a", 2)
    with pytest.raises(ArgumentError, match="attns must have a number for each of the 2 pieces"):
        show_piece_attn(["a", "b"], [1.0])
