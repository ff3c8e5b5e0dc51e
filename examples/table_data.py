"""Tables for the examples of ratings and sales, made where yours are not at hand: the truth in them is known."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

_FIRST = "Silent Golden Lost Broken Hidden Endless Frozen Crimson Little Second Northern Paper".split()
_SECOND = "River Winter Garden Empire Letter Station Harbour Summer Mirror Orchard Voyage Signal".split()


def arguments(purpose: str, argv: list[str] | None, fast: dict[str, Any], **defaults: Any) -> argparse.Namespace:
    """Read the command line: --data, --out, --fast and one option for each default.

    Args:
        purpose: What the help says.
        argv: The words; those of the process when None.
        fast: Other defaults for --fast, which shows in seconds that everything runs.
        **defaults: Options with their values.
    """
    parser = argparse.ArgumentParser(description=purpose, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of your tables")
    parser.add_argument("--out", type=Path, default=Path("out"), help="where figures and models go")
    parser.add_argument("--fast", action="store_true", help="a few seconds, to see that it runs")
    for name, value in defaults.items():
        parser.add_argument(f"--{name}", type=type(value), help=f"default {value}")
    args = parser.parse_args(argv)
    for name, value in {**defaults, **(fast if args.fast else {})}.items():
        if getattr(args, name) is None:
            setattr(args, name, value)
    args.out.mkdir(parents=True, exist_ok=True)
    args.out = args.out.resolve()
    return args


def saved(args: argparse.Namespace, name: str) -> None:
    """Save the current matplotlib figure where the example's results go."""
    import matplotlib.pyplot as plt

    plt.savefig(args.out / name, bbox_inches="tight", dpi=80)
    plt.close("all")
    print(f"→ {args.out / name}")


# Ratings


def made_ratings(
    users: int = 300, items: int = 200, share: float = 0.5, rank: int = 3, noise: float = 0.5, seed: int = 0
) -> pd.DataFrame:
    """Draw ratings from a low-rank model: taste of the user · kind of the film, a bias of both, and noise.

    The sum is squashed into the range from 0.5 to 5.5, as `y_range` does; the noise comes on top.

    Args:
        users: How many people.
        items: How many films.
        share: Part of all pairs that is rated; some films and people have more ratings than others.
        rank: Numbers in a taste.
        noise: Standard deviation of what no model can know.
        seed: Of the draws.

    Returns:
        Columns `user`, `title`, `rating`, and `truth`: the rating without its noise.
    """
    draw = np.random.default_rng(seed)
    tastes, kinds = draw.normal(0, 0.8, (users, rank)), draw.normal(0, 0.8, (items, rank))
    sums = 0.4 + draw.normal(0, 0.4, (users, 1)) + draw.normal(0, 0.6, items) + tastes @ kinds.T
    truth = 0.5 + 5 / (1 + np.exp(-sums))
    keen, known = draw.uniform(0.5, 1.5, (users, 1)), draw.uniform(0.5, 1.5, items)
    user, item = np.nonzero(draw.random((users, items)) < share * keen * known)
    means = truth[user, item]
    rated = means + draw.normal(0, noise, len(user))
    titles = np.array([film_title(number) for number in range(items)])
    names = np.array([f"u{number:04}" for number in range(users)])
    return pd.DataFrame({"user": names[user], "title": titles[item], "rating": rated, "truth": means})


def film_title(number: int) -> str:
    """Return a title; each number has its own.

    Example:
        >>> film_title(0), film_title(145)
        ('Silent River', 'Lost River II')
    """
    pair, part = number % 144, number // 144
    first, second = (pair + part) % 12, pair // 12
    return f"{_FIRST[first]} {_SECOND[second]}" + (f" {'I' * (part + 1)}" if part else "")


# Shops: the tables of a competition of 2015, with sales of which the law is known

STATES = ("BE", "BY", "HE", "HH", "NW", "SN")
EVENTS = ("Fog", "Rain", "Rain-Snow", "Snow", "Sun")
_WEEKDAYS = (0.22, 0.02, -0.05, -0.04, 0.05, 0.12)  # Monday is the day for promotions, Saturday for families


def made_shops(stores: int = 60, days: int = 500, noise: float = 0.07, seed: int = 0) -> dict[str, pd.DataFrame]:
    """Draw the tables of a chain of shops: train, store, store_states, weather, googletrend.

    The logarithm of the sales is a sum: the store, its kind, the day of the week, the promotion, the weeks before
    Christmas, how near a competitor is once it has opened, the weather, school holidays, and noise.

    Args:
        stores: How many shops.
        days: How many days from 1 January 2013 on. Only shops of type b are open on Sundays and on holidays.
        noise: Standard deviation of the logarithm of the sales that nothing explains.
        seed: Of the draws.
    """
    draw = np.random.default_rng(seed)
    dates = pd.date_range("2013-01-01", periods=days)
    store, states = _stores(draw, stores)
    weather, trend = _weather(draw, dates), _trend(draw, dates)
    train = _days_of_shops(draw, dates, store)
    train["Sales"] = _sales(draw, train, store, states, weather, noise)
    train.loc[train.Open == 0, "Sales"] = 0
    train["Customers"] = (train.Sales / draw.normal(9.5, 0.5, len(train))).astype(int)
    columns = "Store DayOfWeek Date Sales Customers Open Promo StateHoliday SchoolHoliday".split()
    tables = {"train": train[columns], "store": store, "store_states": states}
    return {**tables, "weather": weather, "googletrend": trend}


def _stores(draw: np.random.Generator, count: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    near = draw.lognormal(7.5, 1.2, count).round(-1)
    near[draw.random(count) < 0.05] = np.nan  # no competitor known
    kinds = draw.choice(list("abcd"), count, p=[0.55, 0.05, 0.15, 0.25])
    kinds[0] = "b"  # at a railway station: open every day
    promo2 = draw.random(count) < 0.5
    intervals = np.array(["Jan,Apr,Jul,Oct", "Feb,May,Aug,Nov", "Mar,Jun,Sept,Dec"])
    store = pd.DataFrame(
        {
            "Store": np.arange(1, count + 1),
            "StoreType": kinds,
            "Assortment": draw.choice(list("abc"), count, p=[0.5, 0.05, 0.45]),
            "CompetitionDistance": near,
            "CompetitionOpenSinceMonth": draw.integers(1, 13, count).astype(float),
            "CompetitionOpenSinceYear": draw.integers(2008, 2015, count).astype(float),
            "Promo2": promo2.astype(int),
            "Promo2SinceWeek": np.where(promo2, draw.integers(1, 50, count), np.nan),
            "Promo2SinceYear": np.where(promo2, draw.integers(2010, 2014, count), np.nan),
            "PromoInterval": np.where(promo2, draw.choice(intervals, count), None),
        }
    )
    return store, pd.DataFrame({"Store": store.Store, "State": draw.choice(STATES, count)})


def _weather(draw: np.random.Generator, dates: pd.DatetimeIndex) -> pd.DataFrame:
    tables = []
    for number, state in enumerate(STATES):
        season = 10 - 11 * np.cos(2 * np.pi * (dates.day_of_year - 20) / 365)
        mean = season + number - 3 + draw.normal(0, 3, len(dates))
        humid = np.clip(draw.normal(75, 10, len(dates)), 30, 100)
        wet = draw.random(len(dates)) < 0.4
        events = np.where(wet, np.where(mean < 0, "Snow", np.where(mean < 3, "Rain-Snow", "Rain")), None)
        wind = draw.gamma(4, 3, len(dates))
        columns = {
            "Max_TemperatureC": mean + 4, "Mean_TemperatureC": mean, "Min_TemperatureC": mean - 4,
            "Max_Humidity": np.clip(humid + 15, 0, 100), "Mean_Humidity": humid, "Min_Humidity": humid - 20,
            "Max_Wind_SpeedKm_h": wind + 8, "Mean_Wind_SpeedKm_h": wind,
            "CloudCover": np.where(wet, 7.0, draw.integers(0, 7, len(dates))), "Events": events,
        }  # fmt: skip
        rounded = pd.DataFrame(columns).round(1)
        rounded.insert(0, "State", state)
        rounded.insert(0, "Date", dates)
        tables.append(rounded)
    return pd.concat(tables, ignore_index=True)


def _trend(draw: np.random.Generator, dates: pd.DatetimeIndex) -> pd.DataFrame:
    weeks = pd.date_range(dates[0] - pd.Timedelta(days=7), dates[-1], freq="W")
    kept = {"Date": weeks, "trend": draw.integers(50, 95, len(weeks))}
    whole = pd.DataFrame({**kept, "State": "DE"})
    each = [pd.DataFrame({**kept, "State": s, "trend": draw.integers(40, 99, len(weeks))}) for s in STATES]
    return pd.concat([whole, *each], ignore_index=True)


def _days_of_shops(draw: np.random.Generator, dates: pd.DatetimeIndex, store: pd.DataFrame) -> pd.DataFrame:
    days = pd.DataFrame({"Date": dates, "DayOfWeek": dates.day_of_week + 1})
    month_and_day = dates.strftime("%m-%d")
    days["StateHoliday"] = np.where(
        month_and_day.isin(["12-25", "12-26"]), "c", np.where(month_and_day.isin(["01-01", "05-01", "10-03"]), "a", "0")
    )
    fortnights = (np.arange(len(dates)) + dates[0].day_of_week) // 7 % 2 == 0
    days["Promo"] = (fortnights & (dates.day_of_week < 5)).astype(int)
    days["SchoolHoliday"] = ((dates.month == 8) | ((dates.month == 12) & (dates.day > 20))).astype(int)
    every = store[["Store", "StoreType"]].merge(days, how="cross")
    workday = (every.DayOfWeek < 7) & (every.StateHoliday == "0")
    every["Open"] = (workday | (every.StoreType == "b")).astype(int)
    return every.drop(columns="StoreType")


def _sales(
    draw: np.random.Generator,
    train: pd.DataFrame,
    store: pd.DataFrame,
    states: pd.DataFrame,
    weather: pd.DataFrame,
    noise: float,
) -> pd.Series:
    known = train.merge(store, how="left").merge(states, how="left").merge(weather, how="left")
    own = draw.normal(8.6, 0.35, len(store))[known.Store.to_numpy() - 1]
    weekday = np.array([*_WEEKDAYS, 0.0])[known.DayOfWeek.to_numpy() - 1]
    weekday = weekday + 0.15 * ((known.StoreType == "b") & (known.DayOfWeek == 6))
    opened = pd.to_datetime(
        {"year": known.CompetitionOpenSinceYear, "month": known.CompetitionOpenSinceMonth, "day": 15}
    )
    competition = np.where(known.Date > opened, -0.3 * np.exp(-known.CompetitionDistance.fillna(1e5) / 1500), 0.0)
    christmas = 0.35 * ((known.Date.dt.month == 12) & (known.Date.dt.day < 25))
    promo = known.Promo * np.where(known.Assortment == "c", 0.38, 0.25)
    outside = 0.05 * known.Events.isin(["Snow", "Rain-Snow"]) * -1 + 0.04 * known.SchoolHoliday
    log_sales = own + weekday + competition + christmas + promo + outside + draw.normal(0, noise, len(known))
    return np.exp(log_sales).round().astype(int)
