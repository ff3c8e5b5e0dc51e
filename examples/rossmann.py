"""Sales of shops, day by day: tables joined, dates taken apart, categories embedded, the logarithm predicted.

python examples/rossmann.py [--data FOLDER] [--fast]

FOLDER holds train.csv, store.csv, store_states.csv, weather.csv and googletrend.csv of the competition of 2015. Without
it a chain of shops is made up, with the same columns, of which the law is known.
"""

from __future__ import annotations

import matplotlib

matplotlib.use("Agg")

import numpy as np
import pandas as pd
import torch
from table_data import arguments, made_shops, saved

from onecycle.tabular import (
    Categorify,
    DatasetType,
    FillMissing,
    FloatList,
    Normalize,
    TabularList,
    add_datepart,
    add_elapsed_times,
    embedding_pca,
    exp_rmspe,
    feature_importance,
    load_learner,
    partial_dependence,
    tabular_learner,
)

CATEGORIES = """Store DayOfWeek Year Month Day StateHoliday CompetitionMonthsOpen Promo2Weeks StoreType Assortment
    PromoInterval CompetitionOpenSinceYear Promo2SinceYear State Week Events Promo_fw Promo_bw StateHoliday_fw
    StateHoliday_bw SchoolHoliday_fw SchoolHoliday_bw""".split()
NUMBERS = """CompetitionDistance Max_TemperatureC Mean_TemperatureC Min_TemperatureC Max_Humidity Mean_Humidity
    Min_Humidity Max_Wind_SpeedKm_h Mean_Wind_SpeedKm_h CloudCover trend trend_DE AfterStateHoliday BeforeStateHoliday
    Promo SchoolHoliday""".split()
PROCS = [FillMissing, Categorify, Normalize]
EVENTS = ["Promo", "StateHoliday", "SchoolHoliday"]
FAST = {"shops": 40, "days": 420, "epochs": 6, "bs": 128, "lr": 1e-2}


def read_tables(args):
    """Return the tables of the competition: yours, or those of shops that are made up."""
    if args.data is None:
        return made_shops(args.shops, args.days)
    names = ("train", "store", "store_states", "weather", "googletrend")
    return {name: pd.read_csv(args.data / f"{name}.csv", low_memory=False) for name in names}


def joined(tables):
    """Return one row a shop and day, with all that is known of both."""
    days = tables["train"].assign(Date=pd.to_datetime(tables["train"]["Date"]))
    days["StateHoliday"] = (days["StateHoliday"].astype(str) != "0").astype(int)
    days = days.sort_values(["Store", "Date"], ignore_index=True)
    days = add_elapsed_times(days, EVENTS, "Date", "Store")  # days since and until, and how many in a week
    for name in ("store", "store_states"):
        days = days.merge(tables[name], on="Store", how="left")
    weather = tables["weather"].assign(Date=pd.to_datetime(tables["weather"]["Date"]))
    days = days.merge(weather, on=["State", "Date"], how="left")
    days = with_trend(days, tables["googletrend"])
    days = with_ages(days)
    return add_datepart(days, "Date", drop=False)  # Year, Month, Week, Day …


def with_trend(days, trend):
    """Add how often people searched that week, in the state and in the country."""
    week = days["Date"] - pd.to_timedelta((days["Date"].dt.day_of_week + 1) % 7, unit="D")  # trends begin on Sundays
    trend = trend.assign(Date=pd.to_datetime(trend["Date"])).rename(columns={"Date": "_week"})
    whole = trend[trend["State"] == "DE"][["_week", "trend"]].rename(columns={"trend": "trend_DE"})
    days = days.assign(_week=week).merge(trend, on=["_week", "State"], how="left").merge(whole, on="_week", how="left")
    return days.drop(columns="_week")


def with_ages(days):
    """Add how long a competitor has been open and a campaign has run, up to two years and half a year."""
    opened = pd.to_datetime(
        {
            "year": days["CompetitionOpenSinceYear"].fillna(1900),
            "month": days["CompetitionOpenSinceMonth"].fillna(1),
            "day": 15,
        }
    )
    days["CompetitionMonthsOpen"] = ((days["Date"] - opened).dt.days // 30).clip(0, 24)
    years, weeks = days["Promo2SinceYear"].fillna(2100), days["Promo2SinceWeek"].fillna(1)
    begun = pd.to_datetime(years.astype(int).astype(str) + "-01-01") + pd.to_timedelta(7 * weeks, unit="D")
    days["Promo2Weeks"] = ((days["Date"] - begun).dt.days // 7).clip(0, 25)
    return days


def main(argv=None):
    args = arguments(__doc__, argv, FAST, shops=60, days=700, epochs=8, lr=5e-3, bs=256)
    days = joined(read_tables(args))
    days = days[days["Sales"] > 0].sort_values("Date", ignore_index=True)
    print(days.head().T)

    # The last six weeks validate: the future is what is asked for
    valid_idx = np.flatnonzero(days["Date"] > days["Date"].max() - pd.Timedelta(days=42))
    data = (
        TabularList.from_df(days, path=args.out, cat_names=CATEGORIES, cont_names=NUMBERS, procs=PROCS)
        .split_by_idx(valid_idx)
        .label_from_df(cols="Sales", label_cls=FloatList, log=True)
        .databunch(bs=args.bs)
    )
    data.show_batch(rows=3)

    # Nothing sells for more than a fifth above the best day so far
    most = float(np.log(days["Sales"].max() * 1.2))
    torch.manual_seed(0)
    learn = tabular_learner(
        data, layers=[200, 100], ps=[0.001, 0.01], emb_drop=0.04, y_range=(0, most), metrics=exp_rmspe
    )
    learn.lr_find(num_it=50)
    learn.recorder.plot()
    saved(args, "rossmann_lr_find.png")
    learn.fit_one_cycle(args.epochs, args.lr, wd=0.2)
    error = float(learn.validate()[1])
    targets = torch.from_numpy(np.log(days["Sales"].to_numpy(dtype=np.float32)))
    train_mean = targets[np.setdiff1d(np.arange(len(days)), valid_idx)].mean()
    constant = float(exp_rmspe(train_mean.expand(len(valid_idx)), targets[valid_idx]))
    print(f"exp_rmspe {error:.3f}; always the mean: {constant:.3f}")

    # What it looks at, what it makes of days of the week and of nearby competitors
    importance = feature_importance(learn, k=12)
    saved(args, "rossmann_importance.png")
    embedding_pca(learn, "DayOfWeek")
    saved(args, "rossmann_weekdays.png")
    promo = partial_dependence(learn, "Promo", values=[0, 1])
    saved(args, "rossmann_promo.png")
    print(importance.head(8))

    # Predictions of a table without sales: a file, loaded without the data
    learn.export("rossmann.safetensors")
    later = days.iloc[valid_idx].drop(columns=["Sales", "Customers"])
    loaded = load_learner(args.out, "rossmann.safetensors", test=later)
    preds, _ = loaded.get_preds(DatasetType.Test)
    sales = preds.squeeze(1).exp()
    submission = pd.DataFrame({"Store": later["Store"], "Date": later["Date"], "Sales": sales.round().int()})
    submission.to_csv(args.out / "rossmann_submission.csv", index=False)
    print(submission.head())
    return {
        "data": data, "learn": learn, "error": error, "constant": constant, "importance": importance, "promo": promo,
        "submission": submission, "days": days, "valid_idx": valid_idx,
    }  # fmt: skip


if __name__ == "__main__":
    main()
