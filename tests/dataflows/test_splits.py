"""Folds: what is trained on is due before what is tested on."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataflows import base as base_module
from dataflows import splits, suitability
from dataflows.errors import DataError

SEASON = 4


def table(n_rows: int, missing: tuple[int, ...] = ()) -> pd.DataFrame:
    index = pd.date_range("2024-01-01", periods=n_rows, freq="h", name="time")
    values = np.random.default_rng(n_rows).normal(size=n_rows)
    values[list(missing)] = np.nan
    return pd.DataFrame({"y": values}, index=index)


def base_of(series: pd.DataFrame) -> pd.DataFrame:
    known = base_module.known(series)
    window = base_module.level_window(SEASON)
    levels, scales = base_module.levels(known, window), base_module.scales(known, window)
    return base_module.base(known, levels, scales, "y")


def fold(series: pd.DataFrame, *, horizon: int, max_horizon: int, cut: int, test_size: int) -> Any:
    base = base_of(series)
    train = splits.train_origins(series, base, "y", horizon, max_horizon, cut)
    test = splits.test_origins(base, cut, test_size)
    validation = splits.validation_origins(train)
    fit = splits.fit_origins(series, train, validation, max_horizon)
    return tuple(series.index.get_indexer(origins) for origins in (train, test, fit, validation))


def test_the_first_fold_by_hand() -> None:
    # 200 rows of history: row 199 is the last one training may see and the first test origin.
    series = table(300)
    train, test, fit, validation = fold(series, horizon=2, max_horizon=5, cut=199, test_size=10)
    assert splits.fold_cut(series, 0, 2, 200, 10, 5) == 199
    assert splits.fold_cut(series, 1, 2, 200, 10, 5) == 209
    # The level needs 15 of its 30 rows, so row 14 is the first origin; 199 - 5 the last.
    assert train.tolist() == list(range(14, 195))
    assert test.tolist() == list(range(199, 209))
    # 181 origins: the last 27 validate, and what is fitted is due by the first of them, row 168.
    assert validation.tolist() == list(range(168, 195))
    assert fit.tolist() == list(range(14, 164))


def test_an_unobserved_outcome_is_no_label_and_a_carried_value_is_an_origin() -> None:
    series = table(300, missing=(100, 205))
    train, test, _, _ = fold(series, horizon=2, max_horizon=5, cut=199, test_size=10)
    assert 98 not in train  # its outcome, row 100, was not observed
    assert 100 in train  # the value of row 99 is what was known there
    assert test.tolist() == list(range(199, 209))  # no look at row 205


def test_what_is_unknown_for_longer_than_the_gap_is_no_origin() -> None:
    series = table(300, missing=tuple(range(202, 212)))
    _, test, _, _ = fold(series, horizon=1, max_horizon=1, cut=199, test_size=20)
    assert test.tolist() == [*range(199, 208), *range(212, 219)]


@settings(max_examples=60, deadline=None)
@given(
    n_rows=st.integers(60, 500),
    n_folds=st.integers(1, 4),
    first_train=st.integers(30, 300),
    test_size=st.integers(1, 60),
    horizons=st.lists(st.integers(1, 40), min_size=1, max_size=3, unique=True),
)
def test_every_fold_of_a_possible_protocol_keeps_its_embargo(
    n_rows: int, n_folds: int, first_train: int, test_size: int, horizons: list[int]
) -> None:
    series = table(n_rows)
    furthest = max(horizons)
    protocol = {"n_folds": n_folds, "first_train": first_train, "test_size": test_size}
    profile = splits.series_profile(series, SEASON)
    found = suitability.problems(profile, target="y", horizons=horizons, **protocol)
    if found:
        assert all("\n" not in line for line in found)
        return
    tested: list[int] = []
    for number in range(n_folds):
        cut = splits.fold_cut(series, number, max_horizon=furthest, **protocol)
        for horizon in horizons:
            train, test, fit, validation = fold(
                series, horizon=horizon, max_horizon=furthest, cut=cut, test_size=test_size
            )
            assert train.max() + horizon <= cut < test.min() + horizon
            assert fit.max() + furthest <= validation.min()
            assert validation.max() == train.max()
            assert test.max() + furthest < n_rows
        tested += test.tolist()
    # Test blocks follow each other without a hole and without overlap.
    assert tested == list(range(first_train - 1, first_train - 1 + n_folds * test_size))


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"target": "x"}, "no numeric column 'x'; choose from y"),
        ({"horizons": [0]}, "horizon 0 is not a number of steps ahead"),
        ({"horizons": [1, -3]}, "horizon -3 is not a number of steps ahead"),
        ({"n_folds": 0}, "n_folds is 0; use 1 or more"),
        ({"test_size": 0}, "test_size is 0; use 1 or more"),
        ({"n_folds": 9}, "but the data have 300 rows; lower n_folds"),
        ({"horizons": [60]}, "first_train 150 leaves too few rows"),
    ],
)
def test_what_stands_in_the_way_is_said_in_one_line(change: dict[str, Any], line: str) -> None:
    asked: dict[str, Any] = {
        "target": "y",
        "horizons": [1],
        "n_folds": 2,
        "first_train": 150,
        "test_size": 30,
    }
    found = suitability.problems(splits.series_profile(table(300), SEASON), **(asked | change))
    assert len(found) == 1
    assert line in found[0]


def test_the_least_first_train_that_is_named_is_enough() -> None:
    profile = splits.series_profile(table(900), SEASON)
    asked = {"target": "y", "horizons": [40], "n_folds": 1, "test_size": 10}
    (line,) = suitability.problems(profile, first_train=60, **asked)
    least = int(line.split("use ")[1].split(" or")[0])
    assert suitability.problems(profile, first_train=least, **asked) == []
    series = table(900)
    fold(series, horizon=40, max_horizon=40, cut=least - 1, test_size=10)
    with pytest.raises(DataError, match="training origins"):
        fold(series, horizon=40, max_horizon=40, cut=least - 10, test_size=10)


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ([np.nan] * 300, "target 'y' has no value in any of 300 rows"),
        ([7.0] * 300, "target 'y' is constant over 300 rows"),
    ],
)
def test_a_target_that_says_nothing_is_refused(values: list[float], line: str) -> None:
    series = table(300)
    series["y"] = values
    found = suitability.problems(
        splits.series_profile(series, SEASON),
        target="y",
        horizons=[1],
        n_folds=1,
        first_train=150,
        test_size=30,
    )
    assert len(found) == 1
    assert found[0].startswith(line)


def test_the_profile_counts_what_the_checks_ask() -> None:
    profile = splits.series_profile(table(48, missing=(3, 4)), SEASON)
    assert profile["n_rows"] == 48
    assert profile["step_seconds"] == 3600
    assert profile["start"] == "2024-01-01 00:00:00"
    assert profile["columns"] == {"y": {"n_missing": 2, "n_distinct": 46}}


def test_a_fold_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(DataError, match="fold 2 of 2"):
        splits.fold_cut(table(300), 2, 2, 100, 10, 1)
    with pytest.raises(DataError, match="fold 1 needs row 340, the data have 300"):
        splits.fold_cut(table(300), 1, 2, 300, 20, 1)
