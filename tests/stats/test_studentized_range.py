"""The range of normals: references in the far tail, where others lose all digits."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from stats.studentized_range import (
    critical_range,
    critical_value_control,
    many_to_one_sf,
    range_sf,
)

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "ranks"


def cases(name):
    return json.loads((GOLDEN / name).read_text())["cases"]


def test_tail_agrees_with_thirty_digits():  # mpmath
    for case in cases("studentized_range_sf_inf.json"):
        got = float(range_sf(case["inputs"]["q"], case["inputs"]["k"]))
        assert got == pytest.approx(case["expected"]["sf"], rel=1e-10), case["inputs"]


def test_critical_values_agree_with_thirty_digits():  # mpmath
    for case in cases("nemenyi_critical_values.json"):
        k, alpha = case["inputs"]["k"], case["inputs"]["alpha"]
        q = critical_range(alpha, k)
        assert q == pytest.approx(case["expected"]["q_studentized_range_inf"], rel=1e-9)
        assert q / 2**0.5 == pytest.approx(case["expected"]["q_nemenyi"], rel=1e-9)
        assert critical_value_control(alpha, k) == pytest.approx(
            case["expected"]["q_bonferroni_dunn"], rel=1e-9
        )


def test_two_normals_have_a_closed_form_down_to_the_smallest_double():
    q = np.linspace(0, 53, 400)
    exact = 2 * scipy_stats.norm.sf(q / np.sqrt(2))
    np.testing.assert_allclose(range_sf(q, 2), exact, rtol=3e-11, atol=1e-300)


def test_interpolation_agrees_with_scipy_where_scipy_has_digits():
    for k in (3, 8, 30):
        q = np.array([0.7, 2.3, 4.1, 5.9])
        expected = scipy_stats.studentized_range.sf(q, k, np.inf)
        np.testing.assert_allclose(range_sf(q, k), expected, rtol=1e-8)


@given(q=st.floats(0, 60), step=st.floats(1e-6, 3), k=st.integers(2, 400))
def test_tail_falls_with_the_distance_and_grows_with_the_pool(q, step, k):
    # Up to the error of the interpolation, which is 1e-12.
    assert 0 <= range_sf(q + step, k) <= range_sf(q, k) * (1 + 1e-11) + 1e-305
    assert range_sf(q, k) <= 1
    assert range_sf(q, k) <= range_sf(q, k + 1) * (1 + 1e-11) + 1e-305


@given(alpha=st.floats(1e-12, 0.999), k=st.integers(2, 300))
def test_critical_value_inverts_the_tail(alpha, k):
    assert float(range_sf(critical_range(alpha, k), k)) == pytest.approx(alpha, rel=1e-9)


def test_no_distance_is_certain_and_an_infinite_one_impossible():
    got = range_sf(np.array([0.0, np.inf, np.nan]), 5)
    np.testing.assert_array_equal(got, [1.0, 0.0, np.nan])


def test_many_to_one_matches_the_normal_and_the_multivariate_normal():
    t = np.array([-1.0, 0.0, 1.7, 3.0])
    np.testing.assert_allclose(many_to_one_sf(t, 2), scipy_stats.norm.sf(t), rtol=1e-12)
    cov = 0.5 * (np.eye(3) + 1)
    inside = scipy_stats.multivariate_normal(cov=cov).cdf([1.7] * 3)
    assert float(many_to_one_sf(1.7, 4)) == pytest.approx(1 - inside, abs=1e-4)
    # Dunnett (1955): one-sided 5 % value for 3 comparisons, infinite degrees of freedom: 2.06.
    assert float(many_to_one_sf(2.06, 4)) == pytest.approx(0.05, abs=5e-4)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="at least 2 variables, got k = 1"):
        range_sf(1.0, 1)
    with pytest.raises(ValueError, match="never negative"):
        range_sf(-1.0, 3)
    with pytest.raises(ValueError, match="at least 2 models"):
        critical_value_control(0.05, 1)
    with pytest.raises(ValueError, match=r"inside \(0, 1\)"):
        critical_range(1.0, 3)
