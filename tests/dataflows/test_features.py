"""Features: worked by hand on short series."""

import numpy as np
import pandas as pd
import pytest

from dataflows.errors import DataError
from dataflows.features.assembly import X, X_test
from dataflows.features.calendar import calendar_features
from dataflows.features.lags import lag_features
from dataflows.features.own import own_features
from dataflows.features.rolling import rolling_features


def frame(values: list[float], freq: str = "h") -> pd.DataFrame:
    index = pd.date_range("2024-01-01", periods=len(values), freq=freq, name="time")
    return pd.DataFrame({"y": np.array(values, dtype=float)}, index=index)


def base_frame(values: list[float], level: float = 0.0, scale: float = 2.0) -> pd.DataFrame:
    y = frame(values)["y"]
    return pd.DataFrame({"y_now": y, "level": level, "scale": scale, "z_now": (y - level) / scale})


def test_changes_are_counted_in_the_present_scale() -> None:
    known = frame([1.0, 2.0, 4.0, 9.0])
    scales = frame([1.0, 1.0, 2.0, 5.0])
    found = lag_features(known, scales, known, lookback=3)
    assert list(found.columns) == ["y_z", "y_change_1", "y_change_3"]
    np.testing.assert_allclose(found["y_change_1"].to_numpy()[1:], [1.0, 1.0, 1.0])
    assert found["y_change_3"].iloc[3] == pytest.approx(8 / 5)
    assert found["y_change_3"].isna().tolist() == [True, True, True, False]


def test_a_longer_look_back_only_adds() -> None:
    known = frame(list(range(100)))
    short = lag_features(known, known + 1, known, lookback=6)
    long = lag_features(known, known + 1, known, lookback=24)
    assert long[short.columns].equals(short)
    assert len(long.columns) > len(short.columns)


def test_rolling_windows_end_at_the_present() -> None:
    known = frame([0.0, 0.0, 0.0, 0.0, 0.0, 6.0])
    ones = frame([1.0] * 6)
    found = rolling_features(known, ones, lookback=6)
    assert found["y_over_mean_6"].iloc[-1] == pytest.approx(5.0)
    assert found["y_over_mean_6"].iloc[-2] == pytest.approx(0.0)


def test_own_path_by_hand() -> None:
    base = base_frame([float(v) for v in range(10)], level=1.0)
    found = own_features(base, season_length=4, horizon=3, lookback=2)
    last = found.iloc[-1]
    assert last["own_z_0"] == pytest.approx((9 - 1) / 2)
    assert last["own_z_2"] == pytest.approx((7 - 1) / 2)
    # Three ahead is phase 0 of a season of four, last seen one row ago: the value 8.
    assert last["own_season_last"] == pytest.approx((8 - 1) / 2)
    assert "own_z_3" not in found.columns


def test_a_horizon_of_whole_seasons_looks_at_the_present() -> None:
    base = base_frame([float(v) for v in range(60)])
    found = own_features(base, season_length=4, horizon=8, lookback=1)
    np.testing.assert_allclose(found["own_season_last"], found["own_z_0"])


def test_the_calendar_knows_season_and_week() -> None:
    found = calendar_features(frame([0.0] * 48), season_length=24)
    assert list(found.columns) == [
        "season_sin", "season_cos", "half_season_sin", "half_season_cos", "week_sin", "week_cos",
    ]  # fmt: skip
    assert found["season_sin"].iloc[6] == pytest.approx(1.0)
    # 2024-01-01 is a Monday, the start of the week.
    assert found["week_cos"].iloc[0] == pytest.approx(1.0)
    np.testing.assert_allclose(found["season_cos"][:24], found["season_cos"][24:], atol=1e-6)


def test_a_year_needs_two_to_be_told_from_a_trend() -> None:
    years = calendar_features(frame([0.0] * 40, freq="MS"), season_length=12)
    assert "year_sin" in years.columns
    assert "week_sin" not in years.columns
    assert "year_sin" not in calendar_features(frame([0.0] * 20, freq="MS"), 12).columns


def test_blocks_are_chosen_by_name() -> None:
    one, two = frame([1.0, 2.0]), frame([3.0, 4.0]).rename(columns={"y": "w"})
    both = X(one, two, one, one, feature_set="own+calendar")
    assert list(both.columns) == ["y", "w"]
    assert both.dtypes.eq(np.float32).all()
    assert X_test(both, pd.DatetimeIndex(both.index[1:])).to_numpy().tolist() == [[2.0, 4.0]]
    with pytest.raises(DataError, match="no feature block 'weather' in feature_set"):
        X(one, two, one, one, feature_set="own+weather")
