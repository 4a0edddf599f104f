"""Long-run variances: references, identities between estimators, exact bandwidth rules."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats import longrun
from stats.errors import LossesError, OptionError
from stats.longrun import FixedB, Normal, StudentT, long_run_variance, smoothing
from tests.strategies import seeds

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "diebold_mariano"
LONG_RUN = json.loads((GOLDEN / "long_run_variance.json").read_text())["cases"]


def series(seed: int, n: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.convolve(rng.normal(size=n + 4), [1, 0.8, 0.5, 0.2, 0.1], mode="valid")[:n]


@pytest.mark.parametrize("case", LONG_RUN, ids=lambda c: c["name"])
def test_agrees_with_statsmodels(case):  # statsmodels 0.15.0, HAC on a constant
    x, expected = case["inputs"]["x"], case["expected"]
    for lags, told in expected["newey_west_bartlett"].items():
        estimate = long_run_variance(x, variance="bartlett", bandwidth=int(lags) + 1)
        assert estimate == pytest.approx(told["lrv"], rel=1e-8)
        assert math.sqrt(estimate / len(x)) == pytest.approx(told["bartlett_se"], rel=1e-8)
    for lags, told in expected["uniform"].items():
        estimate = long_run_variance(x, variance="rect", bandwidth=int(lags) + 1)
        assert math.sqrt(estimate / len(x)) == pytest.approx(told["se"], rel=1e-8)
    for m, told in expected["wpe_daniell_lrv"].items():
        assert long_run_variance(x, variance="wpe", bandwidth=int(m)) == pytest.approx(
            told, rel=1e-8
        )


def test_bandwidth_rules_use_exact_roots():
    # floor(64 ** (1/3)) is 3 and floor(1000 ** (1/3)) is 9 in floating point
    assert [smoothing("wpe", n=n).bandwidth for n in (8, 63, 64, 125, 1000)] == [2, 3, 4, 5, 10]
    # 0.4 * 1000 ** (2/3) is 39.99... in floating point
    assert [smoothing("ewc", n=n).bandwidth for n in (55, 84, 1000, 8000)] == [5, 7, 40, 160]
    # Newey and West (1994): floor(4 (n/100)^(2/9)) lags, one more as bandwidth
    assert [smoothing("hac", n=n).bandwidth for n in (55, 84, 100, 1000)] == [4, 4, 5, 7]
    assert smoothing("fixed_b", n=84).bandwidth == 9


@pytest.mark.parametrize("variance", longrun.VARIANCES)
def test_every_rule_works_from_three_observations_on(variance):
    x = series(1, 40)
    for n in range(3, 40):
        settled = smoothing(variance, n=n, horizon=2)
        estimate = long_run_variance(x[:n], variance=variance, horizon=2)
        assert np.isfinite(estimate)
        assert 0 < settled.reference.quantile(0.025) < 100
        assert settled.factor > 0


@pytest.mark.parametrize("seed", range(3))
def test_all_frequencies_give_the_plain_variance(seed):
    # Parseval: the mean of all periodogram ordinates, or of all cosines, is the variance
    x = series(seed, 51)
    plain = x.var()
    assert long_run_variance(x, variance="wpe", bandwidth=25) == pytest.approx(plain * 51 / 50)
    assert long_run_variance(x, variance="ewc", bandwidth=50) == pytest.approx(plain * 51 / 50)
    for variance in ("rect", "bartlett", "fixed_b", "hac"):
        assert long_run_variance(x, variance=variance, bandwidth=1) == pytest.approx(plain)


def test_each_estimator_finds_the_long_run_variance_of_a_moving_average():
    # x_t = e_t + 0.5 e_{t-1}: (1 + 0.5)^2 = 2.25
    rng = np.random.default_rng(11)
    e = rng.normal(size=20_001)
    x = e[1:] + 0.5 * e[:-1]
    for variance in longrun.VARIANCES:
        estimate = long_run_variance(x, variance=variance, horizon=2)
        if variance == "bartlett":  # h - 1 lags: 1.25 + 2 * 0.5 * 0.5, short of it by design
            assert estimate == pytest.approx(1.75, rel=0.03)
        else:
            assert estimate == pytest.approx(2.25, rel=0.3)


@settings(max_examples=40)
@given(
    seeds,
    st.sampled_from(longrun.VARIANCES),
    st.floats(-50, 50),
    st.floats(0.01, 100),
)
def test_shift_does_nothing_and_scale_squares(seed, variance, shift, scale):
    x = series(seed, 40)
    base = long_run_variance(x, variance=variance, horizon=3)
    moved = long_run_variance(scale * x + shift, variance=variance, horizon=3)
    assert moved == pytest.approx(scale**2 * base, rel=1e-6, abs=1e-9 * scale**2)


@settings(max_examples=30)
@given(seeds, st.sampled_from(longrun.VARIANCES))
def test_time_reversal_changes_nothing(seed, variance):
    x = series(seed, 36)  # groups of equal length
    assert long_run_variance(x[::-1], variance=variance, horizon=4) == pytest.approx(
        long_run_variance(x, variance=variance, horizon=4), rel=1e-9, abs=1e-12
    )


@settings(max_examples=30)
@given(
    seeds,
    st.sampled_from(longrun.VARIANCES),
    st.sampled_from([30, 255, 256, 257, 600]),
)
def test_the_gram_matrix_holds_the_variances_of_all_differences(seed, variance, n):
    # blocks of 256 rows: the edges of the banded product are where it could go wrong
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3)).cumsum(axis=0) / 5
    x -= x.mean(axis=0)
    form = smoothing(variance, n=n, horizon=5).form
    gram = form.gram(x, n)
    assert gram == pytest.approx(gram.T)
    assert np.diag(gram) == pytest.approx(form.variances(x, n), rel=1e-8, abs=1e-10)
    difference = x[:, [0]] - x[:, [2]]
    assert gram[0, 0] + gram[2, 2] - 2 * gram[0, 2] == pytest.approx(
        form.variances(difference, n)[0], rel=1e-7, abs=1e-9
    )


def test_long_windows_take_the_fourier_road_and_agree():
    x = series(5, 3000)[:, None]
    x = x - x.mean()
    form = smoothing("fixed_b", n=3000, bandwidth=1500).form
    by_hand = x[:, 0] @ x[:, 0] + 2 * sum(
        (1 - l / 1500) * (x[l:, 0] @ x[:-l, 0]) for l in range(1, 1500)
    )
    assert form.variances(x, 3000)[0] == pytest.approx(by_hand / 3000, rel=1e-9)


@pytest.mark.parametrize("b", [0.02, 0.1, 0.3, 1.0])
@pytest.mark.parametrize("alpha", [0.2, 0.1, 0.05, 0.02])
def test_fixed_b_decides_as_the_published_cubics(b, alpha):  # Kiefer, Vogelsang 2005
    critical = longrun.fixed_b_critical_value(b, alpha=alpha)
    assert 2 * FixedB(b).upper(np.array(critical)) == pytest.approx(alpha, rel=1e-5)
    assert FixedB(b).quantile(alpha / 2) == pytest.approx(critical, rel=1e-5)


@pytest.mark.parametrize("b", [0.05, 0.5])
def test_fixed_b_tail_agrees_with_simulation(b):
    rng = np.random.default_rng(8)
    n, draws = 200, 20_000
    lag = np.abs(np.arange(n)[:, None] - np.arange(n))
    kernel = np.clip(1 - lag / (b * n), 0, None)
    x = rng.normal(size=(draws, n))
    mean = x.mean(axis=1)
    centred = x - mean[:, None]
    t = mean * math.sqrt(n) / np.sqrt(np.einsum("dt,dt->d", centred @ kernel, centred) / n)
    for c in (1.0, 2.0, 4.0):
        share = (np.abs(t) > c).mean()
        margin = 4 * math.sqrt(share * (1 - share) / draws) + 0.004  # 0.004: finite n
        assert 2 * FixedB(b).upper(np.array(c)) == pytest.approx(share, abs=margin)


def test_fixed_b_is_normal_as_b_vanishes_and_falls_for_ever():
    assert FixedB(1e-3).quantile(0.025) == pytest.approx(1.96, abs=0.005)
    far = FixedB(0.2).upper(np.array([1.0, 10.0, 30.0, 100.0]))
    assert (np.diff(np.log(far)) < 0).all()
    assert far[-1] > 0
    grid = np.linspace(0, 30, 2000)
    for b in (0.01, 0.1, 0.5, 1.0):
        assert (np.diff(FixedB(b).upper(grid)) < 0).all()
    assert FixedB(0.2).upper(np.array(-2.0)) == pytest.approx(1 - FixedB(0.2).upper(np.array(2.0)))


@pytest.mark.parametrize("reference", [Normal(), StudentT(7), FixedB(0.1)])
def test_quantiles_invert_tails(reference):
    for upper in (0.4, 0.05, 0.001, 0.7):
        assert float(reference.upper(np.array(reference.quantile(upper)))) == pytest.approx(
            upper, rel=1e-6
        )


def test_tails_survive_beyond_sixteen_digits():
    assert 0 < float(Normal().upper(np.array(20.0))) < 1e-80
    assert 0 < float(StudentT(200).upper(np.array(20.0))) < 1e-40


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: long_run_variance([1.0, 2.0]), LossesError, "at least 3 observations, got 2"),
        (
            lambda: long_run_variance([1.0, 2.0, 3.0], variance="rect", horizon=3),
            LossesError,
            r"horizon \(3\) must be smaller",
        ),
        (
            lambda: long_run_variance([1.0, 2.0, 3.0], variance="parzen"),
            OptionError,
            "variance must be one of 'bartlett'",
        ),
        (
            lambda: long_run_variance([1.0, 2.0, 3.0], horizon=1.5),
            OptionError,
            "whole number of at least 1, got 1.5",
        ),
        (lambda: long_run_variance([1.0, 2.0, 3.0], horizon=0), OptionError, "whole number"),
        (
            lambda: long_run_variance([1.0, 2.0, 3.0], bandwidth=2),
            OptionError,
            "from 1 to 1 for 3 observations, got 2",
        ),
        (
            lambda: long_run_variance([1.0] * 9, variance="ewc", bandwidth=2.5),
            OptionError,
            "whole number",
        ),
        (
            lambda: long_run_variance([1.0] * 9, variance="qs", bandwidth=-1),
            OptionError,
            "positive",
        ),
        (lambda: long_run_variance([1.0, np.nan, 3.0]), ValueError, "missing or infinite"),
        (lambda: longrun.fixed_b_critical_value(0.1, alpha=0.01), OptionError, "tabulated"),
        (lambda: longrun.fixed_b_critical_value(1.5), OptionError, r"b must lie in \(0, 1\]"),
    ],
)
def test_bad_input_is_named(call, error, match):
    with pytest.raises(error, match=match):
        call()
