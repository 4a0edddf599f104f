"""Giacomini-White: reference, regression identity, invariances, bad input."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import stats
from tests.strategies import seeds

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "forecast_evaluation"
CASES = {c["name"]: c for c in json.loads((GOLDEN / "misc_tests.json").read_text())["cases"]}


def table(seed: int, n: int = 100, k: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, k)) + 3


def test_agrees_with_the_formula():  # Giacomini and White 2006, written out in numpy
    case = CASES["giacomini_white_h1"]
    d = np.array(case["inputs"]["d"])
    result = stats.giacomini_white(np.column_stack([d, np.zeros_like(d)]))
    assert result.statistic[0, 1] == pytest.approx(case["expected"]["wald"], rel=1e-8)
    assert result.pvalue[0, 1] == pytest.approx(case["expected"]["p"], rel=1e-8)
    assert result.n_used[0, 1] == case["expected"]["n"]


def test_one_step_is_n_r2_of_regressing_one_on_the_moments():
    losses = table(1)
    z = np.random.default_rng(9).normal(size=(100, 2))
    d = losses[:, 0] - losses[:, 1]
    moments = np.column_stack([np.ones(100), z]) * d[:, None]
    fit = moments @ np.linalg.lstsq(moments, np.ones(100), rcond=None)[0]
    result = stats.giacomini_white(losses, instruments=z)
    assert result.statistic[0, 1] == pytest.approx(100 * (1 - np.mean((1 - fit) ** 2)))


def test_longer_horizons_by_hand():
    losses, h = table(2, n=80), 3
    d = losses[:, 0] - losses[:, 2]
    z = np.column_stack([d[h:], d[h:] * d[:-h]])
    n = len(z)
    omega = z.T @ z / n
    for lag in range(1, h):
        cross = z[lag:].T @ z[:-lag] / n
        omega += (1 - lag / h) * (cross + cross.T)
    mean = z.mean(axis=0)
    result = stats.giacomini_white(losses, horizon=h)
    assert result.statistic[0, 2] == pytest.approx(n * mean @ np.linalg.solve(omega, mean))


@settings(max_examples=25)
@given(seeds, st.permutations(range(3)), st.floats(1e-3, 1e3), st.integers(1, 4))
def test_models_permute_units_cancel_and_sides_do_not_matter(seed, order, scale, horizon):
    losses = table(seed)
    level = np.random.default_rng(seed).normal(size=(100, 1))
    base = stats.giacomini_white(losses, horizon=horizon)
    moved = stats.giacomini_white(scale * losses[:, order] + level, horizon=horizon)
    at = np.ix_(order, order)
    assert moved.statistic == pytest.approx(base.statistic[at], rel=1e-6, nan_ok=True)
    assert base.pvalue == pytest.approx(base.pvalue.T, nan_ok=True)


def test_equal_models_and_constant_differences_are_flagged():
    losses = table(3)
    losses = np.column_stack([losses, losses[:, 0], losses[:, 1] + 0.5])
    with pytest.warns(stats.DegenerateWarning, match="2 pair"):
        result = stats.giacomini_white(losses)
    assert np.isnan(result.pvalue[0, 3])
    assert np.isnan(result.pvalue[1, 4])
    assert not np.isnan(result.pvalue[0, 1])


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: stats.giacomini_white(np.ones((50, 1))), r"at least 2 models.*\(50, 1\)"),
        (lambda: stats.giacomini_white(np.ones((50, 2, 2))), "one horizon"),
        (lambda: stats.giacomini_white(np.full((50, 2), np.nan)), "100 losses are missing"),
        (lambda: stats.giacomini_white(table(0, n=8)), "usable times, got 7"),
        (lambda: stats.giacomini_white(table(0), horizon=0), "at least 1, got 0"),
        (lambda: stats.giacomini_white(table(0), instruments=np.ones(100)), "is constant"),
        (lambda: stats.giacomini_white(table(0), instruments=np.arange(9.0)), "9 rows"),
    ],
)
def test_bad_input_is_named(call, match):
    with pytest.raises(ValueError, match=match):
        call()
