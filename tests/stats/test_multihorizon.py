"""Tests over horizons: reference statistics, what p-values must be, invariances, bad input."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

import stats
from tests.strategies import seeds

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "multihorizon"
HORIZONS = json.loads((GOLDEN / "multi_horizon_spa.json").read_text())["cases"]
MULTIVARIATE = json.loads((GOLDEN / "multivariate_dm.json").read_text())["cases"]


def pair(case) -> np.ndarray:
    d = np.array(case["inputs"]["loss_diff"])
    return np.stack([d, np.zeros_like(d)], axis=1)


def cube(seed: int, n: int = 120, k: int = 3, n_horizons: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).chisquare(1, size=(n, k, n_horizons))


@pytest.mark.parametrize("case", HORIZONS, ids=lambda c: c["name"])
def test_t_statistics_agree_with_r(case):  # R MultiHorizonSPA 1.0.1
    table, expected = pair(case), case["expected"]
    rng = np.random.default_rng(1)
    uniform = stats.uspa(table, n_draws=99, rng=rng)
    average = stats.aspa(table, weights=case["inputs"]["weights"], n_draws=99, rng=rng)
    assert uniform.statistic[0, 1] == pytest.approx(expected["t_uSPA"], rel=1e-8)
    assert average.statistic[0, 1] == pytest.approx(expected["t_aSPA"], rel=1e-8)
    for at, told in enumerate(expected["qs_lrv"]):
        assert stats.long_run_variance(table[:, 0, at], variance="qs") == pytest.approx(
            told, rel=1e-8
        )


@pytest.mark.parametrize("case", HORIZONS, ids=lambda c: c["name"])
def test_average_p_values_are_those_of_their_t_statistics(case):
    # R's draws are divided by the variance of the wrong block sums: p = .05 for t = 0.99.
    result = stats.aspa(pair(case), n_draws=1999, rng=np.random.default_rng(2))
    expected = special.ndtr(-result.statistic[0, 1])
    assert result.pvalue[0, 1] == pytest.approx(expected, abs=0.04)
    assert abs(case["expected"]["p_aSPA"] - expected) > 0.04


def test_uniform_superiority_is_harder_than_average_superiority():
    rng = np.random.default_rng(3)
    table = cube(3, n=300, k=2, n_horizons=4)
    table[:, 0, :3] *= 2  # the first is worse at three horizons and better at the last
    table[:, 1, 3] *= 1.5
    uniform = stats.uspa(table, rng=rng)
    average = stats.aspa(table, rng=rng)
    assert average.rejects(0.05)[0, 1]
    assert not uniform.rejects(0.05)[0, 1]
    assert not uniform.rejects(0.05)[1, 0]


@pytest.mark.parametrize("test", [stats.uspa, stats.aspa])
def test_one_horizon_is_a_one_sided_diebold_mariano_test(test):
    table = cube(4, n=400, k=3, n_horizons=1)
    table[:, 0] *= 1.3
    result = test(table, n_draws=1999, rng=np.random.default_rng(4))
    plain = stats.diebold_mariano(table[:, :, 0], variance="qs", alternative="greater")
    assert result.statistic == pytest.approx(plain.statistic, nan_ok=True)
    off = ~np.eye(3, dtype=bool)
    assert result.pvalue[off] == pytest.approx(plain.pvalue[off], abs=0.05)


def test_the_safe_p_value_is_the_largest_of_the_horizons():
    table = cube(12, n=100, k=2, n_horizons=3)
    table[:, 0, 1:] *= 2
    safe = stats.uspa(table, null="any", rng=np.random.default_rng(1))
    plain = stats.uspa(table, rng=np.random.default_rng(1))
    assert (safe.pvalue >= plain.pvalue)[0, 1]
    single = stats.uspa(table[:, :, :1], null="any", rng=np.random.default_rng(1))
    assert safe.pvalue[0, 1] >= single.pvalue[0, 1]
    assert safe.statistic == pytest.approx(plain.statistic, nan_ok=True)
    assert any("intersection-union" in note for note in safe.notes)
    with pytest.raises(ValueError, match="null must be one of 'any', 'equal'"):
        stats.uspa(table, null="centre", rng=np.random.default_rng(1))


@settings(max_examples=10)
@given(seeds, st.permutations(range(3)), st.floats(0.01, 100))
def test_models_permute_and_scale_cancels(seed, order, scale):
    table = cube(seed)
    base = stats.uspa(table, n_draws=49, rng=np.random.default_rng(seed))
    level = np.random.default_rng(seed + 1).normal(size=(120, 1, 3))
    moved = stats.uspa(scale * table[:, order] + level, n_draws=49, rng=np.random.default_rng(seed))
    at = np.ix_(order, order)
    assert moved.statistic == pytest.approx(base.statistic[at], rel=1e-7, nan_ok=True)
    assert moved.pvalue == pytest.approx(base.pvalue[at], abs=1 / 49, nan_ok=True)


def test_the_same_seed_gives_the_same_p_values():
    table = cube(5)
    one, two = (stats.uspa(table, rng=np.random.default_rng(7)) for _ in range(2))
    assert one == two
    assert one.pvalue[0, 1] > 0


def test_equal_models_are_flagged():
    table = cube(6)
    table[:, 2] = table[:, 0]
    with pytest.warns(stats.DegenerateWarning, match="1 pair"):
        result = stats.uspa(table, n_draws=49, rng=np.random.default_rng(1))
    assert np.isnan(result.pvalue[0, 2])
    assert result.undefined[2, 0]
    assert not np.isnan(result.pvalue[0, 1])


def test_weights_choose_horizons():
    table = cube(7, n_horizons=2)
    rng = np.random.default_rng
    first = stats.aspa(table, weights=[2, 0], rng=rng(1))
    alone = stats.aspa(table[:, :, :1], rng=rng(1))
    assert first.statistic == pytest.approx(alone.statistic, nan_ok=True)
    assert first.pvalue == pytest.approx(alone.pvalue, nan_ok=True)
    assert any("weights of the horizons: 1, 0" in note for note in first.notes)


@pytest.mark.parametrize("case", MULTIVARIATE, ids=lambda c: c["name"])
def test_multivariate_dm_agrees_with_r(case):  # R multDM 1.1.5
    given_, expected = case["inputs"], case["expected"]
    errors = np.array(given_["y"])[:, None] - np.array(given_["forecasts"])
    table = errors**2 if given_["loss"] == "SE" else np.abs(errors)
    result = stats.multivariate_dm(table, horizon=given_["q"] + 1)
    assert result.estimate("uncorrected") == pytest.approx(expected["S"], rel=1e-7)
    assert result.statistic == pytest.approx(expected["Sc"], rel=1e-7)
    assert result.pvalue == pytest.approx(expected["Sc_p"], rel=1e-7)
    assert result.df == (expected["df"],)
    plain = stats.multivariate_dm(table, horizon=given_["q"] + 1, corrected=False)
    assert plain.pvalue == pytest.approx(expected["S_p"], rel=1e-7)


@settings(max_examples=20)
@given(seeds, st.permutations(range(4)), st.floats(1e-3, 1e3))
def test_multivariate_dm_does_not_depend_on_order_or_units(seed, order, scale):
    table = cube(seed, k=4, n_horizons=1)[:, :, 0]
    level = np.random.default_rng(seed).normal(size=(120, 1))
    base = stats.multivariate_dm(table)
    moved = stats.multivariate_dm(scale * table[:, order] + level)
    assert moved.statistic == pytest.approx(base.statistic, rel=1e-6)


def test_multivariate_dm_of_two_models_is_the_square_of_diebold_mariano():
    table = cube(8, k=2, n_horizons=1)[:, :, 0]
    joint = stats.multivariate_dm(table, corrected=False)
    plain = stats.diebold_mariano(table, variance="rect", hln=False)
    assert joint.statistic == pytest.approx(plain.statistic[0, 1] ** 2)
    assert joint.pvalue == pytest.approx(plain.pvalue[0, 1])


def test_multivariate_dm_over_horizons_counts_each_difference():
    result = stats.multivariate_dm(cube(9, k=2, n_horizons=3), horizon=[1, 2, 3])
    assert result.df == (3.0,)
    result = stats.multivariate_dm(cube(9, k=3, n_horizons=3), horizon=[1, 2, 3])
    assert result.df == (6.0,)


def test_multivariate_dm_of_a_duplicated_model_is_undefined():
    table = cube(10, n_horizons=1)[:, :, 0]
    table[:, 2] = table[:, 1]
    with pytest.warns(stats.DegenerateWarning, match="not positive definite"):
        result = stats.multivariate_dm(table)
    assert np.isnan(result.pvalue)
    assert not result.rejects(0.99)


RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: stats.uspa(np.ones((9, 2)), rng=RNG), "use stats.diebold_mariano"),
        (lambda: stats.uspa(np.ones((9, 1, 2)), rng=RNG), "at least 2 models.*got 1"),
        (lambda: stats.aspa(np.full((9, 2, 2), np.nan), rng=RNG), "36 losses are missing"),
        (lambda: stats.uspa(cube(0), rng=3), "rng=.*got int"),
        (lambda: stats.uspa(cube(0), rng=RNG, block_length=61), "from 1 to 60 for 120 times"),
        (lambda: stats.uspa(cube(0), rng=RNG, block_length=0), "from 1 to 60"),
        (lambda: stats.uspa(cube(0), rng=RNG, n_draws=0), "n_draws must be at least 1"),
        (lambda: stats.aspa(cube(0), rng=RNG, weights=[1, 1]), "weights must be 3 numbers"),
        (lambda: stats.aspa(cube(0), rng=RNG, weights=[1, 1, -1]), "at least 0"),
        (lambda: stats.aspa(cube(0), rng=RNG, weights=[0, 0, 0]), "positive sum"),
        (lambda: stats.multivariate_dm(np.ones((9, 1))), "at least 2 models, got 1"),
        (lambda: stats.multivariate_dm(cube(0)), "need horizon="),
        (lambda: stats.multivariate_dm(np.full((9, 2), np.nan)), "18 losses are missing"),
        (lambda: stats.multivariate_dm(cube(0, n=5, n_horizons=1)[:, :, 0], horizon=3), "too few"),
    ],
)
def test_bad_input_is_named(call, match):
    with pytest.raises(ValueError, match=match):
        call()
