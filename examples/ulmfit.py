"""From a language model to a classifier, with hardly any labels: what ULMFiT does, on reviews made by a grammar.

Three steps: a language model reads much text of any kind; it goes on with texts of the kind in question, which need
no labels; its encoder becomes that of a classifier, which learns from a handful of labelled texts, unfrozen group by
group. Beside it the same classifier without all that, and at the end one that reads backwards too.

The grammar was made for this: with harder ones, and so few labels, the language model learnt too little to help.
It shows the steps at work, not how much pretraining helps with texts of people.

    python examples/ulmfit.py
    python examples/ulmfit.py --text reviews.csv     # with the columns label and text

Reference: Howard and Ruder, "Universal language model fine-tuning for text classification" (2018), section 3.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from example_text import arguments
from made_reviews import reviews

from onecycle.text import (
    AWD_LSTM,
    TextList,
    accuracy,
    awd_lstm_clas_config,
    awd_lstm_lm_config,
    language_model_learner,
    set_all_seed,
    text_classifier_learner,
)

MOMS = (0.8, 0.7)
GENTLE = {"drop_mult": 0.0, "alpha": 0.0, "beta": 0.0}  # sixty words in a few forms: nothing to overfit to


def language_data(frame: Any, path: Path, **how: Any) -> Any:
    """Return texts for a language model; every tenth validates."""
    texts = TextList.from_df(frame, path, cols="text", vocab=how.pop("vocab", None))
    return texts.split_by_idx(range(0, len(frame), 10)).label_for_lm().databunch(**how)


def class_data(frame: Any, labelled: int, path: Path, **how: Any) -> Any:
    """Return texts with labels: the first few to learn from, all others to validate."""
    texts = TextList.from_df(frame, path, cols="text", vocab=how.pop("vocab"))
    return texts.split_by_idx(range(labelled, len(frame))).label_from_df(cols="label").databunch(**how)


def read_much(args: Any, backwards: bool) -> tuple[str, str]:
    """Train a language model on a large corpus; return the names of its weights and of its vocabulary."""
    data = language_data(reviews(args.general, "general", args.seed), args.out, bs=args.bs, bptt=args.bptt,
                         backwards=backwards)  # fmt: skip
    learn = language_model_learner(data, AWD_LSTM, config=sizes(args, awd_lstm_lm_config), pretrained=False,
                                   **GENTLE)  # fmt: skip
    learn.fit_one_cycle(args.epochs, args.lr, moms=MOMS)
    learn.save("general")
    data.vocab.save(args.out / learn.model_dir / "general_itos.json")
    return "general.pth", "general_itos.json"


def fine_tune(args: Any, frame: Any, names: tuple[str, str], backwards: bool) -> Any:
    """Let the language model go on with the texts in question; save its encoder."""
    data = language_data(frame, args.out, bs=args.bs, bptt=args.bptt, backwards=backwards)
    learn = language_model_learner(data, AWD_LSTM, config=sizes(args, awd_lstm_lm_config), pretrained_fnames=names,
                                   **GENTLE)  # fmt: skip
    learn.fit_one_cycle(1, args.lr, moms=MOMS)
    learn.unfreeze()
    learn.fit_one_cycle(args.epochs, args.lr, moms=MOMS)
    learn.save_encoder("encoder")
    return learn


def classifier(args: Any, frame: Any, vocab: Any, backwards: bool = False) -> Any:
    """Return a classifier whose encoder knows nothing yet."""
    data = class_data(frame, args.labelled, args.out, vocab=vocab, bs=5, val_bs=128, backwards=backwards)
    return text_classifier_learner(data, AWD_LSTM, config=sizes(args, awd_lstm_clas_config), pretrained=False,
                                   metrics=accuracy, **GENTLE)  # fmt: skip


def sizes(args: Any, config: dict[str, Any]) -> dict[str, Any]:
    """Return a configuration for a corpus of a few hundred words."""
    return {**config, "emb_sz": args.emb, "n_hid": args.hidden, "n_layers": 1}


def unfreeze_by_and_by(learn: Any, lr: float, epochs: int) -> None:
    """Train the head, then one layer group more each time, lower ones with smaller rates."""
    for number in range(len(learn.layer_groups)):  # freeze(), freeze_to(-2), … unfreeze()
        learn.freeze_to(-1 - number)
        rate = lr / 2**number
        learn.fit_one_cycle(epochs, slice(rate / 2.6**2, rate) if number else rate, moms=MOMS)


def with_pretraining(args: Any, frame: Any, backwards: bool = False) -> dict[str, Any]:
    """Go all three steps."""
    print(f"\nlanguage model{', backwards' if backwards else ''}")
    language = fine_tune(args, frame, read_much(args, backwards), backwards)
    print(f"\nclassifier{', backwards' if backwards else ''}")
    learn = classifier(args, frame, language.data.vocab, backwards).load_encoder("encoder")
    unfreeze_by_and_by(learn, args.clas_lr, args.clas_epochs)
    return {"language": language, "learn": learn, "accuracy": float(learn.validate()[1])}


def main(argv: list[str] | None = None) -> dict[str, Any]:
    fast = {"films": 300, "epochs": 6}
    args = arguments(
        __doc__, argv, fast, general=1000, films=700, labelled=10, emb=64, hidden=64, bs=8, bptt=35, epochs=8,
        lr=3e-2, clas_lr=2e-2, clas_epochs=5, seed=42,
    )  # fmt: skip
    args.out = args.out.resolve()
    frame = read_frame(args.text) if args.text else reviews(args.films, "films", args.seed + 1)
    set_all_seed(args.seed)
    forwards = with_pretraining(args, frame)
    learn, vocab = forwards["learn"], forwards["language"].data.vocab

    print("\nthe same classifier, without pretraining")
    set_all_seed(args.seed)
    plain = classifier(args, frame, vocab)
    plain.fit_one_cycle(3 * args.clas_epochs, args.clas_lr / 2, moms=MOMS)

    backwards = with_pretraining(args, frame, backwards=True)
    preds, targets = learn.get_preds()
    both = accuracy((preds + backwards["learn"].get_preds()[0]) / 2, targets)

    found = {
        "forwards": forwards["accuracy"],
        "backwards": backwards["accuracy"],
        "both": float(both),
        "plain": float(plain.validate()[1]),
    }
    print(f"\nfrom {args.labelled} labelled texts; accuracy on {len(targets):,} others")
    for name, text in {
        "plain": "without pretraining",
        "forwards": "with",
        "backwards": "with, backwards",
        "both": "both directions",
    }.items():
        print(f"{text:<20} {found[name]:.3f}")
    text = "the acting was witty and warm ." if args.text is None else str(frame["text"].iloc[0])
    print(f"\n{text}\n→ {learn.predict(text)}")
    print(f"\n{forwards['language'].predict('the plot was', n_words=20, temperature=0.75)}")
    return {**found, "learn": learn, "language": forwards["language"], "vocab": vocab}


def read_frame(file: Path) -> Any:
    """Return a table of texts, in random order, the same each time."""
    import pandas as pd

    return pd.read_csv(file).sample(frac=1, random_state=0, ignore_index=True)


if __name__ == "__main__":
    main()
