"""Who earns more than 50,000 a year: a table of categories and numbers, learnt, shown, used, explained.

python examples/adult.py [--data FOLDER] [--epochs N] [--lr RATE] [--fast]

FOLDER holds adult.csv, the census table of the lesson. Without it a table of the same columns is made, of which the law
is known. Prints the accuracy, beside that of saying the more common answer always.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from table_data import arguments

from onecycle.tabular import (
    Categorify,
    DatasetType,
    FillMissing,
    Normalize,
    TabularList,
    TabularProcessor,
    accuracy,
    load_learner,
    tabular_learner,
)
from onecycle.utils.home import home_path
from onecycle.utils.unpack import safe_unpack

DEP_VAR = "salary"
CAT_NAMES = ["workclass", "education", "marital-status", "occupation", "relationship", "race"]
CONT_NAMES = ["age", "fnlwgt", "education-num"]
PROCS = [FillMissing, Categorify, Normalize]
EDUCATION = {"HS-grad": 9.0, "Some-college": 10.0, "Bachelors": 13.0, "Masters": 14.0, "11th": 7.0}


def made_adult(rows: int = 4000, seed: int = 0) -> pd.DataFrame:
    """Draw a table like the census: schooling, marriage and age decide, work a little, the rest nothing."""
    draw = np.random.default_rng(seed)
    education = draw.choice(list(EDUCATION), rows, p=[0.35, 0.25, 0.2, 0.1, 0.1])
    marital = draw.choice(["Married", "Never-married", "Divorced"], rows, p=[0.5, 0.3, 0.2])
    age = draw.integers(17, 75, rows)
    work = draw.choice(["Private", "State-gov", "Self-emp"], rows, p=[0.7, 0.15, 0.15])
    years = np.array([EDUCATION[name] for name in education])
    score = 0.6 * (years - 11) + 3.0 * (marital == "Married") - 0.004 * (age - 48.0) ** 2 + 0.5 * (work == "Self-emp")
    rich = score + draw.logistic(0, 0.5, rows) > 1.5
    frame = pd.DataFrame({
        "age": age, "workclass": work, "fnlwgt": draw.integers(20_000, 400_000, rows), "education": education,
        "education-num": years, "marital-status": marital,
        "occupation": draw.choice(["Sales", "Craft-repair", "Tech-support"], rows),
        "relationship": np.where(marital == "Married", "Spouse", "Not-in-family"),
        "race": draw.choice(["White", "Black", "Other"], rows), DEP_VAR: np.where(rich, ">=50k", "<50k"),
    })  # fmt: skip
    frame.loc[draw.random(rows) < 0.02, "education-num"] = np.nan
    frame.loc[draw.random(rows) < 0.02, "occupation"] = None
    return frame


def read_table(folder: Path | None, rows: int) -> pd.DataFrame:
    """Read adult.csv of a folder, or of the data set beside the checkout, or make a table."""
    where = os.environ.get("ONECYCLE_DATA")
    if folder is None and where and (Path(where) / "adult_sample.tgz").exists():
        folder = home_path("data_path") / "adult_sample"
        if not folder.exists():
            safe_unpack(Path(where) / "adult_sample.tgz", folder)
    return made_adult(rows) if folder is None else pd.read_csv(folder / "adult.csv")


def main(argv=None):
    args = arguments(__doc__, argv, {"rows": 1500, "epochs": 2}, rows=4000, epochs=3, lr=1e-2, bs=64)
    df = read_table(args.data, args.rows)
    torch.manual_seed(42)
    held = range(800, 1000)
    test = TabularList.from_df(df.iloc[800:1000], CAT_NAMES, CONT_NAMES, path=args.out)
    data = (
        TabularList.from_df(df, path=args.out, cat_names=CAT_NAMES, cont_names=CONT_NAMES, procs=PROCS)
        .split_by_idx(held)
        .label_from_df(cols=DEP_VAR)
        .add_test(test)
        .databunch(bs=args.bs)
    )
    data.show_batch(rows=5)
    learn = tabular_learner(data, layers=[200, 100], metrics=accuracy)
    print(learn.model)
    learn.fit_one_cycle(args.epochs, args.lr)
    learn.show_results(rows=5)

    row = df.iloc[0]
    said = learn.predict(row)
    print("the first row:", said)
    preds, _ = learn.get_preds(DatasetType.Test)

    # The learner in one file, and its preprocessing alone
    learn.export("adult.safetensors")
    again = load_learner(args.out, "adult.safetensors", test=df.iloc[800:1000])
    data.train_ds.x.processor[0].save(args.out / "adult_preprocessing.json")
    codes, numbers = TabularProcessor.load(args.out / "adult_preprocessing.json").arrays(df.iloc[:3])
    print("codes of the first rows:", codes.tolist(), "\nnumbers:", numbers.round(3).tolist())

    found = float(learn.validate()[1])
    common = float((df[DEP_VAR].iloc[800:1000] == df[DEP_VAR].mode()[0]).mean())
    print(f"accuracy {found:.4f}; the more common answer always: {common:.4f}")
    return {
        "accuracy": found, "common": common, "data": data, "said": said, "preds": preds,
        "again": again.get_preds(DatasetType.Test)[0],
    }  # fmt: skip


if __name__ == "__main__":
    main()
