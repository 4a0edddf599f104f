"""Baselines: worked by hand."""

import numpy as np
import pandas as pd
import pytest

from dataflows import start
from dataflows.models import climatology, drift, frequencies, linear, persistence, seasonal_naive

INDEX = pd.date_range("2024-01-01", periods=12, freq="h", name="time")


def base_frame(values: list[float]) -> pd.DataFrame:
    y = pd.Series(values, index=INDEX[: len(values)], dtype=float)
    return pd.DataFrame({"y_now": y, "level": 1.0, "scale": 2.0, "z_now": (y - 1) / 2})


def test_shares_leave_nothing_impossible() -> None:
    assert frequencies.shares(np.array([0, 0, 2]), 3).tolist() == [2.5 / 4.5, 0.5 / 4.5, 1.5 / 4.5]
    by = frequencies.shares_by(np.array([0, 1]), np.array([0, 1]), 2, 3, prior_rows=2.0)
    # A group without rows has the shares of all.
    np.testing.assert_allclose(by, [[2 / 3, 1 / 3], [1 / 3, 2 / 3], [0.5, 0.5]])


def test_a_held_class_is_as_sure_as_it_was_right() -> None:
    y_train = pd.Series([0, 1] * 4, index=INDEX[:8])
    past = pd.Series([0, 1, 0, 1, 0, 1, 1, 0, 1, np.nan, 0, 1], index=INDEX, dtype=float)
    p = frequencies.mixed(past, y_train, INDEX[8:10], 2)
    # Right in 6 of 8 where chance is a half: (.75 - .5) / .5 = .5 on the class, the rest shared.
    np.testing.assert_allclose(p.to_numpy(), [[0.25, 0.75], [0.5, 0.5]])


def test_a_class_that_never_helps_is_not_believed() -> None:
    y_train = pd.Series([0, 1] * 4, index=INDEX[:8])
    past = pd.Series([1.0, 0.0] * 6, index=INDEX)
    p = frequencies.mixed(past, y_train, INDEX[8:9], 2)
    np.testing.assert_allclose(p.to_numpy(), [[0.5, 0.5]])


def test_persistence_says_the_present_value() -> None:
    base = base_frame([1.0, 3.0, 5.0])
    found = persistence.prediction__continuous(base, np.array([-1.0, 0.0, 1.0]), INDEX[1:3])
    assert found["y_pred"].tolist() == [1.0, 2.0]
    np.testing.assert_allclose(found["q_0.9"], [1.8, 2.8])
    np.testing.assert_allclose(found["q_0.1"], [0.2, 1.2])


def test_persistence_errors_by_hand() -> None:
    base = base_frame([1.0, 3.0, 2.0, 6.0])
    found = start.persistence_errors(base, INDEX[:2], horizon=2)
    assert found.tolist() == [0.5, 1.5]


def test_ordinal_persistence_spreads_the_present_by_its_errors() -> None:
    base = base_frame([1.0])  # z = 0
    errors = np.array([-1.0, 0.0, 1.0])
    found = persistence.prediction__ordinal(base, errors, np.array([-0.5, 0.5]), INDEX[:1])
    np.testing.assert_allclose(found.to_numpy()[0], [1.5 / 4, 1 / 4, 1.5 / 4])


def test_multiclass_persistence_knows_what_is_out_of_reach() -> None:
    base = base_frame([2.0, 0.0])  # z = +.5 and -.5
    errors = np.array([-1.0, -0.2, 0.2, 1.0])
    y_train = pd.Series([0, 1, 2, 3], index=INDEX[:4])
    p = np.exp(start.start__multiclass(base, errors, y_train, 4).to_numpy())
    # From above, low means falling: 1 of 4 errors goes below, 2 of 4 fall at all.
    expected = np.array([[1.5, 0, 1, 2.5], [2.5, 1, 0, 1.5]]) / 5
    np.testing.assert_allclose(p, 0.999 * expected + 0.001 / 4, rtol=1e-12)


def test_the_season_before_is_the_last_that_is_known() -> None:
    base = base_frame([float(v) for v in range(12)])
    found = seasonal_naive.prediction__continuous(base, INDEX[10:], season_length=4, horizon=1)
    # One ahead of rows 10, 11 is phase 3, 0: last seen at rows 7, 8.
    assert found["y_pred"].tolist() == [3.0, 3.5]
    found = seasonal_naive.prediction__continuous(base, INDEX[10:], season_length=1, horizon=5)
    assert found["y_pred"].tolist() == base["z_now"].iloc[10:].tolist()


def test_climatology_is_the_mean_of_the_phase() -> None:
    frame = pd.DataFrame({"y": np.arange(12.0)}, index=INDEX)
    phase = climatology.season_phase(frame, season_length=3, horizon=1)
    assert phase.tolist()[:4] == [1, 2, 0, 1]
    y_train = pd.Series([1.0, 5.0, 3.0], index=INDEX[:3]).iloc[[0, 1, 2]]
    found = climatology.prediction__continuous(phase, 3, y_train, INDEX[3:6])
    assert found["y_pred"].tolist() == [1.0, 5.0, 3.0]
    # A phase that training has not seen gets the mean of all.
    found = climatology.prediction__continuous(phase, 3, y_train.iloc[:2], INDEX[5:6])
    assert found["y_pred"].tolist() == [3.0]


def test_drift_goes_on_along_the_line_from_the_first_value() -> None:
    base = base_frame([1.0, 1.0, 5.0])
    found = drift.prediction__continuous(base, INDEX[2:3], horizon=3)
    # Two a step: 5 + 3 * 2 = 11, z = (11 - 1) / 2.
    assert found["y_pred"].tolist() == [5.0]


def test_the_transition_matrix_counts_what_followed() -> None:
    now = pd.Series([0, 0, 1, 1, 0, np.nan], index=INDEX[:6], dtype=float)
    y_train = pd.Series([0, 1, 1, 1], index=INDEX[:4])
    found = drift.prediction__classes(now, y_train, INDEX[4:6], 2)
    prior = np.array([1.5, 3.5]) / 5
    np.testing.assert_allclose(found.to_numpy()[0], (np.array([1, 1]) + 10 * prior) / 12)
    np.testing.assert_allclose(found.to_numpy()[1], prior)


def features(n: int, seed: int = 0) -> pd.DataFrame:
    index = pd.date_range("2024-01-01", periods=n, freq="h", name="time")
    x = np.random.default_rng(seed).normal(size=(n, 3)).astype(np.float32)
    return pd.DataFrame(x, index=index, columns=["one", "two", "still"]).assign(still=7.0)


def test_ridge_finds_a_line() -> None:
    X = features(400)
    base = pd.DataFrame({"z_now": np.linspace(-1, 1, 400)}, index=X.index)
    z = base["z_now"] + 0.5 + 2 * X["one"] - X["two"]
    model = linear.best_model__ridge(X.iloc[:300], z.iloc[:300], base, ridge=1e-6)
    found = linear.prediction__continuous(model, X.iloc[300:], base)
    # Features far out are clipped, so the line is exact only within four deviations.
    np.testing.assert_allclose(found["y_pred"], z.iloc[300:], atol=1e-3)


def test_discriminants_tell_two_clouds_apart() -> None:
    X = features(600)
    codes = pd.Series((np.arange(600) % 2), index=X.index)
    X["one"] += 3 * codes
    model = linear.best_model__discriminant(X.iloc[:400], codes.iloc[:400], 2, ridge=0.01)
    p = linear.prediction__discriminant(model, X.iloc[400:]).to_numpy()
    assert ((p[:, 1] > 0.5) == (codes.iloc[400:] == 1)).mean() > 0.9
    np.testing.assert_allclose(p.sum(axis=1), 1.0)


def test_a_class_that_training_lacks_is_improbable_and_possible() -> None:
    X = features(60)
    codes = pd.Series(np.arange(60) % 2, index=X.index)
    model = linear.best_model__discriminant(X, codes, 4)
    p = linear.prediction__discriminant(model, X).to_numpy()
    assert (p[:, 2:] > 0).all()
    assert (p[:, 2:] < 0.05).all()


def test_class_middles_of_the_open_ends() -> None:
    y_train = pd.Series([0, 1, 2, 4], index=INDEX[:4])
    found = linear.regressand__ordinal(y_train, np.array([-1.0, 0.0, 1.0, 3.0]))
    assert found.tolist() == [-1.5, -0.5, 0.5, 4.0]
    assert found.tolist()[0] == pytest.approx(-1.5)
