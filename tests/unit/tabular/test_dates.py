from datetime import date, datetime

import numpy as np
import pandas as pd
import pytest

from onecycle.errors import ArgumentTypeError, DataError
from onecycle.tabular.dates import (
    add_cyclic_datepart,
    add_datepart,
    add_elapsed_times,
    cyclic_dt_feat_names,
    cyclic_dt_features,
    make_date,
)


def test_make_date_leaves_dates_alone():
    df = pd.DataFrame({"day": pd.to_datetime(["2020-02-29 10:00"]).tz_localize("UTC")})
    make_date(df, "day")
    assert str(df["day"].dt.tz) == "UTC"


def test_what_is_no_date():
    with pytest.raises(DataError, match=r"column 'day' must hold dates; row 1 does not; got 'soon' \(str\)"):
        make_date(pd.DataFrame({"day": ["2020-01-01", "soon"]}), "day")
    with pytest.raises(DataError, match="column 'day' must hold dates of one form"):
        make_date(pd.DataFrame({"day": ["2020-01-01", "Jan 2 2020"]}), "day")
    with pytest.raises(DataError, match="make_date: there is no column 'dya'. Did you mean 'day'"):
        make_date(pd.DataFrame({"day": []}), "dya")


def test_parts():
    df = add_datepart(pd.DataFrame({"SaleDate": ["2020-12-31 23:59:58"]}), "SaleDate", time=True)
    row = df.iloc[0].to_dict()
    assert row == {
        "SaleYear": 2020, "SaleMonth": 12, "SaleWeek": 53, "SaleDay": 31, "SaleDayofweek": 3, "SaleDayofyear": 366,
        "SaleIs_month_end": True, "SaleIs_month_start": False, "SaleIs_quarter_end": True,
        "SaleIs_quarter_start": False, "SaleIs_year_end": True, "SaleIs_year_start": False, "SaleHour": 23,
        "SaleMinute": 59, "SaleSecond": 58, "SaleElapsed": 1609459198,
    }  # fmt: skip


def test_parts_with_missing_dates_prefix_and_zone():
    df = add_datepart(pd.DataFrame({"day": ["2020-01-01", None]}), "day", prefix="d_", drop=False)
    assert df["d_Year"].tolist()[0] == 2020 and np.isnan(df["d_Week"][1]) and np.isnan(df["d_Elapsed"][1])
    assert "day" in df
    zoned = pd.DataFrame({"day": pd.to_datetime(["1970-01-01 01:00"]).tz_localize("Europe/Paris")})
    assert add_datepart(zoned, "day")["dayElapsed"].tolist() == [0]


def test_places_on_circles():
    names = cyclic_dt_feat_names(add_linear=True)
    assert len(names) == 17 and names[8] == "hour_cos" and names[-1] == "year_lin"
    when = dict(zip(names, cyclic_dt_features(datetime(2019, 7, 2, 12, 30), add_linear=True), strict=True))
    assert when["hour_cos"] == pytest.approx(np.cos(np.pi)) and when["clock_cos"] == pytest.approx(1)
    assert when["min_cos"] == pytest.approx(-1) and when["sec_sin"] == 0
    assert when["weekday_sin"] == pytest.approx(np.sin(2 * np.pi / 7))
    assert when["year_lin"] == pytest.approx(2019 + (182 + 12.5 / 24) / 365)
    plain = cyclic_dt_features(date(2020, 1, 16), time=False)
    assert plain[2:4] == pytest.approx([np.cos(2 * np.pi * 15 / 31), np.sin(2 * np.pi * 15 / 31)])
    assert len(cyclic_dt_features(date(2020, 1, 1), add_linear=True)) == 9
    assert np.allclose(np.square(plain).reshape(-1, 2).sum(1), 1)


def test_columns_of_circles():
    df = add_cyclic_datepart(pd.DataFrame({"date": ["2020-02-03", "2020-02-04"]}), "date", time=True, add_linear=True)
    assert list(df.columns) == cyclic_dt_feat_names(True, True)
    assert df["weekday_cos"].tolist() == pytest.approx([1, np.cos(2 * np.pi / 7)])
    kept = add_cyclic_datepart(pd.DataFrame({"date": ["2020-02-03"]}), "date", prefix="p_", drop=False)
    assert "date" in kept and "p_day_year_sin" in kept
    with pytest.raises(DataError, match="column 'date' has no date in row 1, so no place on a circle"):
        add_cyclic_datepart(pd.DataFrame({"date": ["2020-02-03", None]}), "date")


def test_elapsed_times_by_hand():
    days = pd.date_range("2020-01-01", periods=6)
    df = pd.DataFrame({
        "date": list(days) * 2, "shop": ["a"] * 6 + ["b"] * 6,
        "sale": [0, 1, 0, 0, 1, 0] + [0] * 6, "fair": [0] * 6 + [0, 0, 0, 0, 0, 1],
    }).sample(frac=1, random_state=0)  # fmt: skip
    order, made = df.index.tolist(), add_elapsed_times(df, ["sale", "fair"], "date", "shop")
    assert made.index.tolist() == order
    made = made.sort_index()
    assert made["Aftersale"].tolist() == [0, 0, 1, 2, 0, 1] + [0] * 6
    assert made["Beforesale"].tolist() == [-1, 0, -2, -1, 0, 0] + [0] * 6
    assert made["Beforefair"].tolist() == [0] * 6 + [-5, -4, -3, -2, -1, 0]
    assert made["sale_bw"].tolist()[:6] == [0, 1, 1, 1, 2, 2] and made["sale_fw"].tolist()[:6] == [2, 2, 1, 1, 1, 0]
    assert made["sale"].dtype == bool


def test_elapsed_windows_have_seven_rows():
    df = pd.DataFrame({"date": pd.date_range("2020-01-01", periods=9), "shop": 1, "sale": 1})
    made = add_elapsed_times(df, "sale", "date", "shop")
    assert made["sale_bw"].tolist() == [1, 2, 3, 4, 5, 6, 7, 7, 7] == made["sale_fw"].tolist()[::-1]


def test_what_is_no_date_is_told():
    with pytest.raises(DataError, match=r"holds numbers; got 2019 \(int\). For years, .*astype\(str\)\)"):
        make_date(pd.DataFrame({"date": [2019, 2020]}), "date")
    with pytest.raises(DataError, match="one form; pandas says: Mixed timezones detected. Turn it into dates first"):
        make_date(pd.DataFrame({"date": ["2019-12-04T10:00+02:00", "2019-06-04T10:00+01:00"]}), "date")
    with pytest.raises(DataError, match=r"must hold dates of one form; pandas says: [^\n]*\. Turn it into dates first"):
        make_date(pd.DataFrame({"date": pd.period_range("2020-01", periods=3, freq="M")}), "date")
    with pytest.raises(ArgumentTypeError, match="df must be a data frame of pandas, as it is changed"):
        add_datepart({"date": ["2020-01-01"]}, "date")
    frame = pd.DataFrame({"date": [np.nan, np.nan]})
    make_date(frame, "date")
    assert frame["date"].isna().all()


def test_dates_long_ago():
    dates = np.array(["0900-01-01", "2020-01-01"], dtype="datetime64[s]")
    assert add_datepart(pd.DataFrame({"date": dates}), "date")["Elapsed"].tolist() == [-33765897600, 1577836800]


def test_elapsed_times_again_and_with_labels_of_rows_twice():
    df = pd.DataFrame({"date": pd.date_range("2020", periods=4), "shop": 1, "sale": [0, 0, 1, 0]}, index=[0, 0, 1, 1])
    made = add_elapsed_times(df, "sale", "date", "shop")
    assert made.index.tolist() == [0, 0, 1, 1] and made["Beforesale"].tolist() == [-2, -1, 0, 0]
    pd.testing.assert_frame_equal(add_elapsed_times(made, "sale", "date", "shop"), made)


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        ("sale", [0, None], "column 'sale' has no value in row 1"),
        ("sale", ["no", "no"], r"column 'sale' must hold truth values, or 1 and 0; got 'no' \(str\)"),
        ("date", ["2020-01-01", None], "column 'date' has no date in row 1"),
        ("shop", [None, "a"], "column 'shop' has no group in row 0"),
    ],
)
def test_elapsed_times_of_what_is_not_known(column, values, said):
    df = pd.DataFrame({"date": ["2020-01-01", "2020-01-02"], "shop": "a", "sale": [0, 1]})
    with pytest.raises(DataError, match=said):
        add_elapsed_times(df.assign(**{column: values}), "sale", "date", "shop")
