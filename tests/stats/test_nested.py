"""Clark-West and encompassing: references, identities, bad input."""

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


def draw(seed: int, n: int = 80) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(3, n))


@pytest.mark.parametrize("name", ["clark_west_h1", "clark_west_h4"])
def test_clark_west_agrees_with_the_formula(name):  # Clark and West 2007, Bartlett beyond 1
    given_, expected = CASES[name]["inputs"], CASES[name]["expected"]
    result = stats.clark_west(
        given_["y"], given_["f_restricted"], given_["f_unrestricted"], horizon=given_["h"]
    )
    assert result.statistic == pytest.approx(expected["statistic"], rel=1e-8)
    assert result.pvalue == pytest.approx(expected["p_one_sided_normal"], rel=1e-8)
    assert result.alternative == "greater"


@pytest.mark.parametrize("name", ["encompassing_hln_h1", "encompassing_hln_h3"])
def test_encompassing_agrees_with_the_formula(name):  # Harvey, Leybourne, Newbold 1998
    given_, expected = CASES[name]["inputs"], CASES[name]["expected"]
    zero = np.zeros(len(given_["e1"]))
    forecasts = -np.array(given_["e1"]), -np.array(given_["e2"])
    result = stats.encompassing(zero, *forecasts, horizon=given_["h"])
    assert result.statistic == pytest.approx(expected["statistic"], rel=1e-8)
    assert result.pvalue == pytest.approx(expected["p_greater"], rel=1e-8)
    both = stats.encompassing(zero, *forecasts, horizon=given_["h"], alternative="two-sided")
    assert both.pvalue == pytest.approx(expected["p_two_sided"], rel=1e-8)
    less = stats.encompassing(zero, *forecasts, horizon=given_["h"], alternative="less")
    assert less.pvalue + result.pvalue == pytest.approx(1)


@settings(max_examples=30)
@given(seeds, st.floats(-10, 10), st.floats(0.01, 100))
def test_level_and_unit_of_the_series_do_not_matter(seed, level, unit):
    y, f, g = draw(seed)
    for test in (stats.clark_west, stats.encompassing):
        base = test(y, f, g, horizon=2, variance="bartlett")
        moved = test(
            unit * y + level, unit * f + level, unit * g + level, horizon=2, variance="bartlett"
        )
        assert moved.statistic == pytest.approx(base.statistic, rel=1e-6, abs=1e-9)


def test_clark_west_of_a_restriction_to_zero_tests_the_covariance():
    # f1 = 0: e1^2 - e2^2 + f2^2 = 2 y f2
    y, f, _ = draw(1)
    result = stats.clark_west(y, np.zeros_like(y), f)
    d = 2 * y * f
    assert result.statistic == pytest.approx(d.mean() / (d.std() / np.sqrt(80)))


def test_the_weight_minimises_the_combined_error():
    y, f, g = draw(2)
    weight = stats.encompassing(y, f, g).estimate("weight")
    grid = weight + np.array([-0.01, 0, 0.01])
    errors = [np.mean((y - (1 - w) * f - w * g) ** 2) for w in grid]
    assert np.argmin(errors) == 1


@pytest.mark.parametrize("test", [stats.clark_west, stats.encompassing])
def test_bad_input_is_named(test):
    y, f, g = draw(3)
    with pytest.raises(stats.UndefinedError, match="same errors everywhere"):
        test(y, f, f)
    with pytest.raises(ValueError, match=r"80 values and .* 79"):
        test(y, f[:-1], g)
    with pytest.raises(ValueError, match="missing or infinite"):
        test(y, f, np.where(g > 2, np.nan, g) * np.nan)
    with pytest.raises(ValueError, match="more than 80 values, got 80"):
        test(y, f, g, horizon=80)
    with pytest.raises(ValueError, match="variance must be one of 'bartlett', 'rect'"):
        test(y, f, g, variance="wpe")
    with pytest.raises(TypeError, match="numbers"):
        test(["a"] * 80, f, g)


def test_a_negative_variance_is_said():
    t = np.arange(60)
    wave = np.cos(np.pi * 0.9 * t) + 0.05
    with pytest.raises(stats.UndefinedError, match="use variance='bartlett'"):
        # d = (e1 - e2) e1 with e1 = 1 everywhere is the wave itself
        stats.encompassing(np.ones(60), np.zeros(60), wave, horizon=2, variance="rect")
