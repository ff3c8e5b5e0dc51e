"""Draws the picture of docs/text.md: what a small classifier looks at. `python docs/pictures/text.py`"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import matplotlib

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "examples")]
matplotlib.use("Agg")
import matplotlib.pyplot as plt
from made_reviews import reviews

from onecycle.text.interpret import TextClassificationInterpretation
from onecycle.text.learner import text_classifier_learner
from onecycle.text.lists import TextList
from onecycle.text.models.awd_lstm import AWD_LSTM, awd_lstm_clas_config
from onecycle.utils.seeding import set_all_seed

OUT = Path(__file__).with_suffix("")
TEXT = "the plot was dull and messy . what a witty , joyful hero ! camera : awful ."


def main() -> None:
    """Train a classifier on reviews of a grammar, and draw its attention on a mixed one."""
    set_all_seed(1)
    texts = TextList.from_df(reviews(400, "films", 1), tempfile.mkdtemp(), cols="text").split_by_rand_pct(0.1, seed=1)
    config = {**awd_lstm_clas_config, "emb_sz": 32, "n_hid": 48, "n_layers": 1}
    data = texts.label_from_df(cols="label").databunch(bs=16)
    learn = text_classifier_learner(data, AWD_LSTM, config=config, pretrained=False, drop_mult=0.1)
    learn.fit_one_cycle(4, 1e-2)
    look = TextClassificationInterpretation.from_learner(learn)
    OUT.mkdir(exist_ok=True)
    figure = look.plot_intrinsic_attention(TEXT, figsize=(7, 0.3), return_fig=True)
    figure.savefig(OUT / "attention.png", dpi=110, bbox_inches="tight")
    plt.close("all")


if __name__ == "__main__":
    main()
