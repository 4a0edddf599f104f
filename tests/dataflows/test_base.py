"""What is known at each time: carried values, trailing level and scale."""

import numpy as np
import pandas as pd
import pytest

from dataflows import base
from dataflows.errors import DataError


def frame(values: list[float]) -> pd.DataFrame:
    index = pd.date_range("2024-01-01", periods=len(values), freq="h", name="time")
    return pd.DataFrame({"y": values}, index=index)


def test_a_value_is_carried_for_as_long_as_the_gap_and_no_longer() -> None:
    nan = np.nan
    known = base.known(frame([1.0, nan, nan, nan, 5.0]), max_gap=2)
    assert known["y"].tolist()[:3] == [1.0, 1.0, 1.0]
    assert np.isnan(known["y"].iloc[3])
    assert base.known(frame([1.0, nan]), max_gap=0)["y"].isna().tolist() == [False, True]


def test_level_and_scale_by_hand() -> None:
    known = frame([1.0, 2.0, 9.0, 4.0])
    # Medians of 1 2 9 and of 2 9 4; deviations from the means 4 and 5.
    assert base.levels(known, 3)["y"].tolist()[2:] == [2.0, 4.0]
    expected = [np.sqrt(38 / 3), np.sqrt(26 / 3)]
    np.testing.assert_allclose(base.scales(known, 3)["y"].to_numpy()[2:], expected)


def test_what_does_not_move_has_no_scale() -> None:
    # Large values before a flat stretch leave rounding dust in a running sum of squares.
    values = [1e6, -1e6, 3e5, *[0.1] * 40]
    scales = base.scales(frame(values), 10)
    assert scales["y"].iloc[-1] != scales["y"].iloc[-1]  # nan
    assert scales["y"].iloc[8] > 0


def test_z_is_the_place_between_level_and_scale() -> None:
    known, level, scale = frame([7.0]), frame([4.0]), frame([2.0])
    found = base.base(known, level, scale, "y")
    assert found.iloc[0].to_dict() == {"y_now": 7.0, "level": 4.0, "scale": 2.0, "z_now": 1.5}
    assert base.standardised(known, level, scale)["y"].tolist() == [1.5]


def test_the_window_is_seven_seasons_or_thirty_rows() -> None:
    assert base.level_window(24) == 168
    assert base.level_window(1) == 30


def test_an_unknown_target_names_the_columns() -> None:
    known = frame([1.0])
    with pytest.raises(DataError, match="no column 'x' in the data; choose from y"):
        base.base(known, known, known, "x")
