"""Resampling: joint sign flips, step-down p-values, bootstrap over blocks and clusters."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from scipy import stats as scipy_stats

import stats
from tests.strategies import tables


def test_all_sign_patterns_of_one_pair_are_the_permutation_test():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(10, 2)) + np.array([0.0, 0.6])
    result = stats.sign_flip_max_t(x, rng=0, n_draws=999)
    expected = scipy_stats.permutation_test(
        (x[:, 0], x[:, 1]), lambda a, b: np.mean(a - b), permutation_type="samples"
    )
    assert "all 512 sign patterns" in result.test
    assert result.pvalue[0, 1] == pytest.approx(expected.pvalue, rel=1e-12)
    t = scipy_stats.ttest_rel(x[:, 0], x[:, 1]).statistic
    assert result.statistic[0, 1] == pytest.approx(t, rel=1e-12)


def test_step_down_over_pairs_matches_a_plain_enumeration():
    table = np.random.default_rng(3).normal(size=(7, 3)) + np.array([0.0, 0.5, 1.5])
    pairs = list(itertools.combinations(range(3), 2))
    d = np.column_stack([table[:, i] - table[:, j] for i, j in pairs])

    def t(values):
        return np.abs(values.mean(0)) / (values.std(0, ddof=1) / np.sqrt(len(values)))

    observed = t(d)
    drawn = np.array([t(d * np.array(s)[:, None]) for s in itertools.product([1, -1], repeat=7)])
    order = np.argsort(-observed)
    p = np.array(
        [(drawn[:, order[a:]].max(1) >= observed[order[a]] - 1e-9).mean() for a in range(3)]
    )
    expected = np.empty(3)
    expected[order] = np.maximum.accumulate(p)
    result = stats.sign_flip_max_t(table, rng=0, n_draws=999)
    got = np.array([result.pvalue[pair] for pair in pairs])
    np.testing.assert_allclose(got, expected, rtol=1e-12)


@given(table=tables(models=(2, 4), blocks=(2, 9)))
def test_sign_flips_are_symmetric_and_do_not_care_about_the_direction(table):
    result = stats.sign_flip_max_t(table, rng=1, n_draws=255, blocks="rows")
    np.testing.assert_array_equal(result.pvalue, result.pvalue.T)
    turned = stats.sign_flip_max_t(-table, rng=1, n_draws=255, blocks="rows")
    np.testing.assert_allclose(turned.pvalue, result.pvalue)
    scaled = stats.sign_flip_max_t(table * 4.0, rng=1, n_draws=255, blocks="rows")
    np.testing.assert_allclose(scaled.pvalue, result.pvalue)


def test_random_signs_repeat_with_the_seed_and_only_then():
    table = np.random.default_rng(0).normal(size=(30, 4)) + np.arange(4) / 3
    one = stats.sign_flip_max_t(table, rng=5, n_draws=499)
    assert one == stats.sign_flip_max_t(table, rng=5, n_draws=499)
    assert one == stats.sign_flip_max_t(table, rng=np.random.default_rng(5), n_draws=499)
    assert one != stats.sign_flip_max_t(table, rng=6, n_draws=499)


def test_step_down_is_at_least_as_powerful_as_the_single_step():
    rng = np.random.default_rng(2)
    null = np.abs(rng.multivariate_normal(np.zeros(4), 0.5 * (np.eye(4) + 1), size=1999))
    observed = np.array([4.0, 2.4, 0.3, np.nan])
    stepped = stats.romano_wolf(observed, null)
    single = (1 + (null[:, :3].max(1)[:, None] >= observed[:3]).sum(0)) / 2000
    assert (stepped[:3] <= single).all()
    assert stepped[0] == single[0]
    assert np.isnan(stepped[3])


def test_bootstrap_covers_the_difference():
    covered = 0
    rng = np.random.default_rng(0)
    for _ in range(60):
        pair = rng.normal(size=(40, 2)) + np.array([0.0, 0.5])
        interval = stats.bootstrap_interval(
            pair, lambda x: (x[:, 1] - x[:, 0]).mean(), rng=rng, n_draws=400, confidence=0.9
        )
        covered += 0.5 in interval
    # Binomial(60, .9): fewer than 45 has probability .0004.
    assert covered >= 45


@pytest.mark.parametrize("method", ["bca", "percentile"])
def test_clusters_widen_the_interval_of_dependent_rows(method):
    rng = np.random.default_rng(4)
    own = np.repeat(rng.normal(size=(12, 2)), 10, axis=0)
    table = own + 0.1 * rng.normal(size=(120, 2))
    labels = np.repeat(np.arange(12), 10)

    def mean(x):
        return float((x[:, 0] - x[:, 1]).mean())

    plain = stats.bootstrap_interval(table, mean, rng=0, n_draws=500, method=method)
    whole = stats.bootstrap_interval(
        table, mean, rng=0, n_draws=500, method=method, clusters=labels
    )
    assert whole.high - whole.low > 2 * (plain.high - plain.low)
    assert "12 clusters" in whole.test


def test_bca_agrees_with_scipy():
    x = np.random.default_rng(7).lognormal(size=50)
    ours = stats.bootstrap_interval(x[:, None], lambda v: float(v.mean()), rng=1, n_draws=20_000)
    theirs = scipy_stats.bootstrap((x,), np.mean, n_resamples=20_000, method="BCa", rng=2)
    assert ours.low == pytest.approx(theirs.confidence_interval.low, rel=0.02)
    assert ours.high == pytest.approx(theirs.confidence_interval.high, rel=0.02)


def test_a_statistic_that_never_varies_has_a_point_interval():
    interval = stats.bootstrap_interval(np.ones((5, 1)), lambda v: float(v.mean()), rng=0)
    assert (interval.low, interval.estimate, interval.high) == (1.0, 1.0, 1.0)


def test_cluster_indices_keep_clusters_together():
    for rows in stats.cluster_bootstrap_indices(["a", "b", "a", "c"], 20, rng=0):
        counts = np.bincount(rows, minlength=4)
        assert counts[0] == counts[2]
        assert counts[[0, 1, 3]].sum() == 3


def test_bad_input_is_refused():
    good = np.arange(8.0).reshape(4, 2)
    with pytest.raises(ValueError, match=r"Generator or an integer seed.*got NoneType"):
        stats.sign_flip_max_t(good, rng=None)
    with pytest.raises(ValueError, match="n_draws must be an integer of at least 99, got 10"):
        stats.sign_flip_max_t(good, rng=0, n_draws=10)
    with pytest.raises(ValueError, match="statistics need shape"):
        stats.romano_wolf(np.ones(3), np.ones((5, 2)))
    with pytest.raises(ValueError, match="clusters has 3 labels for 4 rows"):
        stats.bootstrap_interval(good, np.mean, rng=0, clusters=[1, 2, 3])
    with pytest.raises(ValueError, match="at least 2 clusters, got 1"):
        stats.bootstrap_interval(good, np.mean, rng=0, clusters=[1, 1, 1, 1])
    with pytest.raises(ValueError, match="not finite"):
        stats.bootstrap_interval(good, lambda x: np.nan, rng=0)
    with pytest.raises(ValueError, match=r"confidence must lie inside \(0, 1\)"):
        stats.bootstrap_interval(good, np.mean, rng=0, confidence=95)
    with pytest.raises(ValueError, match="method must be one of"):
        stats.bootstrap_interval(good, np.mean, rng=0, method="basic")
