"""Two models on one data set: references, order of arguments, bad input."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats as scipy_stats
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar

import stats
from tests.strategies import seeds

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "two_models"
METHODS = ("exact", "midp", "chi2", "chi2_corrected")


def cases(name, start):
    found = json.loads((GOLDEN / name).read_text())["cases"]
    return [case for case in found if case["name"].startswith(start)]


@pytest.mark.parametrize("case", cases("resampled_tests.json", "5x2cv"), ids=lambda c: c["name"])
def test_five_by_two(case):  # Dietterich (1998), Alpaydin (1999)
    a, b, expected = case["inputs"]["score_a"], case["inputs"]["score_b"], case["expected"]
    t, f = stats.five_by_two_cv_t(a, b), stats.five_by_two_cv_f(a, b)
    assert (t.statistic, t.pvalue) == pytest.approx((expected["t"], expected["t_p"]), rel=1e-10)
    assert (f.statistic, f.pvalue) == pytest.approx((expected["F"], expected["F_p"]), rel=1e-10)
    assert stats.five_by_two_cv_f(b, a).pvalue == pytest.approx(f.pvalue)
    assert stats.five_by_two_cv_t(b, a).statistic == pytest.approx(-t.statistic)


@pytest.mark.parametrize("case", cases("resampled_tests.json", "nadeau"), ids=lambda c: c["name"])
def test_corrected_resampled_t(case):  # Nadeau and Bengio (2003)
    d = np.array(case["inputs"]["diff"])
    sizes = {name: case["inputs"][name] for name in ("n_train", "n_test")}
    result = stats.corrected_resampled_t(np.column_stack([d, 0 * d]), **sizes)
    expected = case["expected"]
    assert result.statistic == pytest.approx(expected["t"], rel=1e-10)
    assert result.pvalue == pytest.approx(expected["p"], rel=1e-10)
    assert result.df == (expected["df"],)
    # The interval at 1 - p ends at 0.
    bounds = result.confidence_interval(1 - result.pvalue)
    assert min(abs(b) for b in bounds) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("case", cases("bayes_baycomp.json", "correlated"), ids=lambda c: c["name"])
def test_corrected_resampled_t_of_repeated_folds(case):  # baycomp 1.0.3
    pair = np.column_stack([case["inputs"]["x"], case["inputs"]["y"]])
    folds = case["inputs"]["folds"]
    result = stats.corrected_resampled_t(pair, n_train=folds - 1, n_test=1)
    assert result.statistic == pytest.approx(case["expected"]["nadeau_bengio_t"], rel=1e-10)
    assert result.pvalue == pytest.approx(case["expected"]["nadeau_bengio_p"], rel=1e-10)


@given(seed=seeds, n=st.integers(3, 30))
def test_without_shared_training_data_the_corrected_t_is_the_paired_t(seed, n):
    pair = np.random.default_rng(seed).normal(size=(n, 2))
    result = stats.corrected_resampled_t(pair, n_train=1e15, n_test=1)
    expected = scipy_stats.ttest_rel(pair[:, 0], pair[:, 1])
    assert result.statistic == pytest.approx(expected.statistic, rel=1e-9)
    assert result.pvalue == pytest.approx(expected.pvalue, rel=1e-9)


@pytest.mark.parametrize("case", cases("misc_tests.json", "mcnemar"), ids=lambda c: c["name"])
def test_mcnemar_references(case):  # statsmodels 0.15.0
    table, expected = case["inputs"]["table"], case["expected"]
    got = {method: stats.mcnemar(table, method=method) for method in METHODS}
    assert got["exact"].pvalue == pytest.approx(expected["exact_p"], rel=1e-8)
    assert got["midp"].pvalue == pytest.approx(expected["midp"], rel=1e-8)
    assert got["chi2"].statistic == pytest.approx(expected["chi2"], rel=1e-8)
    assert got["chi2"].pvalue == pytest.approx(expected["chi2_p"], rel=1e-8)
    assert got["chi2_corrected"].statistic == pytest.approx(expected["chi2_cc"], rel=1e-8)
    assert got["chi2_corrected"].pvalue == pytest.approx(expected["chi2_cc_p"], rel=1e-8)


@given(b=st.integers(0, 60), c=st.integers(0, 60))
def test_mcnemar_agrees_with_statsmodels(b, c):
    assume(b + c > 0)
    table = [[7, b], [c, 9]]
    exact = statsmodels_mcnemar(np.array(table), exact=True)
    assert stats.mcnemar(table).pvalue == pytest.approx(min(1.0, exact.pvalue), rel=1e-9)
    chi2 = statsmodels_mcnemar(np.array(table), exact=False, correction=False)
    assert stats.mcnemar(table, method="chi2").pvalue == pytest.approx(chi2.pvalue, rel=1e-9)
    turned = [[7, c], [b, 9]]
    for method in METHODS:
        one, other = stats.mcnemar(table, method=method), stats.mcnemar(turned, method=method)
        assert other.pvalue == pytest.approx(one.pvalue, rel=1e-12)
        assert other.estimate == pytest.approx(-one.estimate)


def test_contingency_counts_cases():
    outcomes = {"a": [1, 1, 1, 0, 0, 1], "b": [1, 0, 0, 1, 0, 1]}
    table = stats.contingency(outcomes)
    np.testing.assert_array_equal(table, [[2, 2], [1, 1]])
    result = stats.mcnemar(table, names=("a", "b"))
    assert result.names == ("a", "b")
    assert result.estimate == pytest.approx(1 / 6)


def test_bad_input_is_refused():
    pair = np.arange(6.0).reshape(3, 2) ** 2
    with pytest.raises(ValueError, match=r"exactly 2 models .*got 3"):
        stats.corrected_resampled_t(np.ones((3, 3)), n_train=9, n_test=1)
    with pytest.raises(ValueError, match="n_train must be a positive number"):
        stats.corrected_resampled_t(pair, n_train=0, n_test=1)
    with pytest.raises(ValueError, match=r"all 3 differences are -1.0, so their variance is 0"):
        stats.corrected_resampled_t(np.arange(6.0).reshape(3, 2), n_train=9, n_test=1)
    with pytest.raises(ValueError, match=r"shape \(5, 2\).*got \(2, 5\)"):
        stats.five_by_two_cv_f(np.ones((2, 5)), np.ones((2, 5)))
    with pytest.raises(ValueError, match="variance is 0"):
        stats.five_by_two_cv_t(np.ones((5, 2)), np.zeros((5, 2)))
    with pytest.raises(TypeError, match="numbers are needed"):
        stats.five_by_two_cv_f([["a", "b"]] * 5, np.ones((5, 2)))
    with pytest.raises(ValueError, match="not finite"):
        stats.five_by_two_cv_f(np.full((5, 2), np.nan), np.ones((5, 2)))
    with pytest.raises(ValueError, match=r"shape \(2, 2\).*stats.contingency"):
        stats.mcnemar([[1, 2, 3]])
    with pytest.raises(ValueError, match="agree on every case"):
        stats.mcnemar([[5, 0], [0, 5]])
    with pytest.raises(ValueError, match="counts of cases"):
        stats.mcnemar([[5, 0.5], [1, 5]])
    with pytest.raises(ValueError, match="method must be one of"):
        stats.mcnemar([[5, 1], [1, 5]], method="yates")
    with pytest.raises(ValueError, match=r"row 0, column 1 is 2.0"):
        stats.contingency([[1, 2], [0, 1]])
    with pytest.raises(ValueError, match="has no interval"):
        stats.mcnemar([[5, 1], [4, 5]]).confidence_interval()
