"""Planning: what cannot be shown is said before the run; how far verdicts hang on the pool."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stats
from tests.strategies import tables


def test_240_models_need_21_blocks_for_exact_pairs():
    assert stats.preflight(240, 20).blocks_all_pairs == 21
    assert not stats.preflight(240, 20).feasible
    assert stats.preflight(240, 21).feasible
    plan = stats.preflight(240, 60)
    assert plan.critical_difference == pytest.approx(59.2, abs=0.05)
    assert plan.critical_difference * 60**0.5 == pytest.approx(458.2, abs=0.05)
    assert stats.preflight(12, 18).critical_difference == pytest.approx(3.93, abs=0.05)


@given(k=st.integers(2, 60), n=st.integers(1, 60), alpha=st.sampled_from([0.01, 0.05, 0.1]))
def test_the_blocks_named_are_the_fewest_that_do(k, n, alpha):
    plan = stats.preflight(k, n, alpha=alpha)
    pairs = k * (k - 1) // 2
    for family, blocks in ((pairs, plan.blocks_all_pairs), (k - 1, plan.blocks_control)):
        assert family * 2.0 ** (1 - blocks) <= alpha
        assert blocks == 1 or family * 2.0 ** (2 - blocks) > alpha
    for distance, blocks in ((k - 1, plan.blocks_nemenyi), (0.1 * (k - 1), plan.blocks_tenth)):
        assert stats.critical_difference(blocks, k, alpha=alpha) <= distance + 1e-6
        if blocks > 1:
            assert stats.critical_difference(blocks - 1, k, alpha=alpha) > distance - 1e-6
    assert plan.feasible == (plan.smallest_adjusted_all_pairs <= alpha)
    assert plan.advice


def test_the_smallest_pvalue_is_reached_by_the_test_itself():
    table = np.column_stack([np.arange(9.0), np.arange(9.0) + 1 + np.arange(9) / 100])
    assert stats.wilcoxon(table).pvalue[0, 1] == stats.preflight(2, 9).smallest_pvalue


def test_advice_names_the_procedure_to_use_instead():
    assert "versus_control" in stats.preflight(240, 10).summary()
    assert "cannot separate anything" in stats.preflight(240, 3).summary()
    assert "wilcoxon with Holm" in stats.preflight(4, 40).summary()


def reference_flips(table, alpha):
    k = table.shape[1]
    before, means = (
        stats.nemenyi(table, blocks="rows"),
        stats.friedman(table, blocks="rows").locations,
    )
    flips, reversals = np.zeros((k, k), dtype=int), np.zeros((k, k), dtype=int)
    for out in range(k):
        kept = [m for m in range(k) if m != out]
        after = stats.nemenyi(table[:, kept], blocks="rows")
        for a, i in enumerate(kept):
            for b, j in enumerate(kept):
                if i != j:
                    flips[i, j] += after.rejects(alpha)[a, b] != before.rejects(alpha)[i, j]
                    turned = after.difference[a, b] * (means[i] - means[j])
                    reversals[i, j] += turned < -1e-12
    return flips, reversals


def test_pool_audit_equals_dropping_each_model_in_turn():
    for seed in range(3):
        rng = np.random.default_rng(seed)
        table = np.round(rng.normal(size=(25, 7)) + np.arange(7) / 4, 1)
        flips, reversals = reference_flips(table, 0.1)
        audit = stats.pool_dependence(table, alpha=0.1)
        np.testing.assert_array_equal(audit.flips, flips)
        np.testing.assert_array_equal(audit.reversals, reversals)
        assert audit.culprits.sum() * 2 == flips.sum()


def test_a_third_model_can_turn_two_round():
    # m0 wins narrowly against m1 in most blocks; m2 stands between them only where m1 wins.
    table = np.array([[1.0, 2.0, 9.0]] * 5 + [[3.0, 1.0, 2.0]] * 4)
    audit = stats.pool_dependence(table)
    assert audit.reversals[0, 1] == 1
    assert audit.reversed_pairs >= 1
    assert "m0" in audit.to_frame()["first"].to_list()


@given(table=tables(models=(3, 5)))
def test_pool_audit_is_symmetric(table):
    audit = stats.pool_dependence(table, verdict="z", blocks="rows")
    np.testing.assert_array_equal(audit.flips, audit.flips.T)
    np.testing.assert_array_equal(audit.reversals, audit.reversals.T)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="k must be an integer of at least 2, got 1"):
        stats.preflight(1, 10)
    with pytest.raises(ValueError, match="n must be an integer of at least 1, got 0"):
        stats.preflight(3, 0)
    with pytest.raises(ValueError, match=r"alpha must lie inside \(0, 1\)"):
        stats.preflight(3, 10, alpha=2)
    with pytest.raises(ValueError, match=r"at least 3 models .*with 2 there is no pool"):
        stats.pool_dependence(np.ones((4, 2)))
    with pytest.raises(ValueError, match="verdict must be one of"):
        stats.pool_dependence(np.ones((4, 3)), verdict="wilcoxon")
