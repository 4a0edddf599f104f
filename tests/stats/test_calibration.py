"""Calibration: references, edge cases of the likelihood ratios, bad input."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stats
import tests.strategies  # noqa: F401 (loads the settings of the house)

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "forecast_evaluation"
CASES = {c["name"]: c for c in json.loads((GOLDEN / "misc_tests.json").read_text())["cases"]}


@pytest.mark.parametrize(
    ("name", "covariance"),
    [("mincer_zarnowitz_L0", "classical"), ("mincer_zarnowitz_L3", "robust")],
)
def test_mincer_zarnowitz_agrees_with_statsmodels(name, covariance):  # statsmodels 0.15.0
    given_, expected = CASES[name]["inputs"], CASES[name]["expected"]
    result = stats.mincer_zarnowitz(
        given_["y"], given_["f"], horizon=given_["maxlags"] + 1, covariance=covariance
    )
    assert result.statistic == pytest.approx(expected["wald_F"], rel=1e-8)
    assert result.pvalue == pytest.approx(expected["wald_F_p"], rel=1e-8)
    assert result.estimate("chi2") == pytest.approx(expected["wald_chi2"], rel=1e-8)
    assert result.estimate("chi2 p-value") == pytest.approx(expected["wald_chi2_p"], rel=1e-8)
    told = [result.estimate("intercept"), result.estimate("slope")]
    assert told == pytest.approx(expected["params"], rel=1e-8)
    errors = [result.estimate(f"standard error of {p}") for p in ("intercept", "slope")]
    assert errors == pytest.approx(np.sqrt(np.diag(expected["cov"])), rel=1e-8)


@pytest.mark.parametrize("horizon", [1, 3])
def test_mincer_zarnowitz_agrees_with_statsmodels_on_random_data(horizon):
    sm = pytest.importorskip("statsmodels.api")
    rng = np.random.default_rng(horizon)
    f = rng.normal(size=90) + 1e4  # a level far from zero
    y = f + rng.normal(size=90) * (1 + np.abs(f - 1e4))
    fit = sm.OLS(y - f, sm.add_constant(f - 1e4)).fit(
        cov_type="HAC", cov_kwds={"maxlags": horizon - 1}
    )
    told = fit.wald_test(np.eye(2), use_f=True, scalar=True)
    result = stats.mincer_zarnowitz(y, f, horizon=horizon)
    assert result.statistic == pytest.approx(float(told.statistic), rel=1e-7)


def test_coverage_agrees_with_the_formulas():  # Kupiec 1995, Christoffersen 1998
    case = CASES["coverage_kupiec_christoffersen"]
    hits, expected = case["inputs"]["hits"], case["expected"]
    kupiec = stats.kupiec(hits, nominal=0.05)
    assert kupiec.statistic == pytest.approx(expected["LR_uc"], rel=1e-8)
    assert kupiec.pvalue == pytest.approx(expected["LR_uc_p"], rel=1e-8)
    both = stats.christoffersen(hits, nominal=0.05)
    assert both.statistic == pytest.approx(expected["LR_cc_sum"], rel=1e-8)
    assert both.pvalue == pytest.approx(expected["LR_cc_p"], rel=1e-8)
    assert both.estimate("LR_ind") == pytest.approx(expected["LR_ind"], rel=1e-8)
    assert both.estimate("LR_ind p-value") == pytest.approx(expected["LR_ind_p"], rel=1e-8)


@given(st.lists(st.integers(0, 1), min_size=2, max_size=60), st.floats(0.01, 0.99))
def test_likelihood_ratios_exist_for_every_sequence(hits, nominal):
    kupiec = stats.kupiec(hits, nominal=nominal)
    both = stats.christoffersen(hits, nominal=nominal)
    assert 0 <= kupiec.pvalue <= 1
    assert 0 <= both.pvalue <= 1
    assert both.statistic >= kupiec.statistic >= 0
    # counting what is inside instead of outside is the same test
    inside = stats.kupiec([1 - h for h in hits], nominal=1 - nominal)
    assert inside.statistic == pytest.approx(kupiec.statistic, abs=1e-9)


def test_no_violation_at_all_is_judged_too():
    result = stats.kupiec(np.zeros(100), nominal=0.05)
    assert result.statistic == pytest.approx(-2 * 100 * np.log(0.95))
    assert stats.christoffersen(np.zeros(100), nominal=0.05).estimate("LR_ind") == 0


def test_pit_agrees_with_scipy():  # scipy 1.17.1 chisquare
    case = CASES["pit_uniformity"]
    result = stats.pit_uniformity(case["inputs"]["pit"])
    assert result.statistic == pytest.approx(case["expected"]["chi2_10bins"], rel=1e-8)
    assert result.pvalue == pytest.approx(case["expected"]["chi2_p"], rel=1e-8)
    assert stats.pit_uniformity((np.arange(100) + 0.5) / 100).pvalue == pytest.approx(1)
    exact = stats.pit_uniformity(case["inputs"]["pit"], method="ks")
    assert exact.statistic == pytest.approx(case["expected"]["ks"], rel=1e-8)
    assert exact.pvalue == pytest.approx(case["expected"]["ks_p_exact"], rel=1e-8)


def test_results_say_what_was_tested():
    result = stats.kupiec(np.arange(100) < 20, nominal=0.1)
    assert "violations occur at the rate 0.1" in result.methods()
    assert "rate" in result.summary()
    assert "\\toprule" in result.to_latex()
    with pytest.raises(ValueError, match="no estimate is named 'rates'; there are rate"):
        result.estimate("rates")


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: stats.kupiec([0, 2], nominal=0.1), ValueError, r"0 \(inside.*got 2"),
        (lambda: stats.kupiec([0, 0.5], nominal=0.1), ValueError, "class codes"),
        (lambda: stats.kupiec([0], nominal=0.1), ValueError, "at least 2 values"),
        (lambda: stats.kupiec([0, 1], nominal=5), ValueError, "nominal must lie inside"),
        (lambda: stats.christoffersen([0, 2], nominal=0.1), ValueError, "got 2"),
        (lambda: stats.kupiec(["a", "b"], nominal=0.1), TypeError, "numbers"),
        (lambda: stats.pit_uniformity([0.5, 1.5] * 50), ValueError, r"lie in \[0, 1\]"),
        (lambda: stats.pit_uniformity([0.5] * 20), ValueError, "n_bins=10 for 20"),
        (
            lambda: stats.mincer_zarnowitz([1.0, 2, 3, 4], [0.1] * 4),
            stats.UndefinedError,
            "forecast that varies",
        ),
        (
            lambda: stats.mincer_zarnowitz([1.0, 2, 3, 4], [1.0, 2, 3, 4]),
            stats.UndefinedError,
            "no error is left",
        ),
        (lambda: stats.mincer_zarnowitz([1.0, 2, 3], [1.0, 2, 4]), ValueError, "at least 4"),
        (
            lambda: stats.mincer_zarnowitz(np.arange(9.0), np.arange(9.0) ** 2, horizon=9),
            ValueError,
            "at least 10 values",
        ),
        (
            lambda: stats.mincer_zarnowitz(
                np.arange(9.0), np.arange(9.0) ** 2, horizon=2, covariance="classical"
            ),
            ValueError,
            "one step ahead",
        ),
    ],
)
def test_bad_input_is_named(call, error, match):
    with pytest.raises(error, match=match):
        call()
