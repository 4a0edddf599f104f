"""Dependent blocks: what draws the warning, what turns it off, what it costs to ignore it."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stats
from stats.blocks import (
    _centred_ranks,
    _within_runs,
    equal_runs,
    serial_dependence,
    shared_levels,
)


def folds(n_sets=10, n_folds=5, k=4, seed=0, within=0.5):
    rng = np.random.default_rng(seed)
    own = np.repeat(rng.normal(size=(n_sets, k)), n_folds, axis=0)
    noise = rng.normal(size=(n_sets * n_folds, k))
    index = pd.MultiIndex.from_product([range(n_sets), range(n_folds)], names=["series", "fold"])
    return pd.DataFrame(np.sqrt(within) * own + np.sqrt(1 - within) * noise, index=index)


def test_folds_of_a_series_draw_a_warning_with_reason_remedy_and_switch():
    with pytest.warns(stats.DependentBlocksWarning) as caught:
        stats.friedman(folds())
    text = str(caught[0].message)
    assert "rows share a value in every level" in text
    assert "blocks=labels" in text
    assert "blocks='rows' says so and turns this warning off" in text
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    "test",
    [
        stats.iman_davenport,
        stats.quade,
        stats.aligned_ranks,
        stats.nemenyi,
        stats.conover,
        stats.wilcoxon,
        stats.sign_test,
        stats.mean_rank_z,
        stats.mcb,
        stats.compare,
        stats.win_tie_loss,
        stats.pool_dependence,
    ],
)
def test_every_blocked_test_warns_once_and_can_be_told(test):
    with pytest.warns(stats.DependentBlocksWarning) as caught:
        test(folds())
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        test(folds(), blocks="rows")
        averaged = test(folds(), blocks="series")
    assert any("averaged to 10 blocks" in note for note in averaged.notes)


def test_labels_that_name_each_row_are_not_suspicious():
    frame = folds()
    frame.index = pd.MultiIndex.from_arrays([["uci"] * 50, range(50)])
    assert shared_levels(stats.Scores.of(frame)) == ""
    frame.index = ["a"] * 50
    assert "several rows are labelled 'a'" in shared_levels(stats.Scores.of(frame))


def test_rows_without_labels_that_come_in_runs_draw_the_warning():
    table = folds(k=9).to_numpy()
    with pytest.warns(stats.DependentBlocksWarning, match=r"runs of 5 that agree within"):
        stats.friedman(table)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        stats.friedman(table, blocks="rows")
        stats.friedman(table, blocks=np.repeat(range(10), 5))
        shuffled = stats.friedman(np.random.default_rng(1).permutation(table))
    assert shuffled.notes == ()


def test_tables_sorted_by_domain_carry_a_note_only():
    rng = np.random.default_rng(0)
    drift = np.cumsum(rng.normal(size=(240, 6)), axis=0) / 2
    result = stats.friedman(drift + rng.normal(size=(240, 6)))
    assert "neighbouring rows agree" in result.notes[0]
    assert "blocks=" in result.summary()


def test_independent_rows_are_left_in_peace():
    rng = np.random.default_rng(2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for k, n in [(3, 20), (5, 60), (10, 48), (40, 50)]:
            for _ in range(100):
                stats.friedman(rng.normal(size=(n, k)) + rng.normal(size=(1, k)))


@pytest.mark.parametrize("length", [2, 3, 6])
def test_runs_are_standardized_over_all_orders(length):
    table = np.random.default_rng(3).normal(size=(18, 4))
    centred = _centred_ranks(stats.Scores.of(table))
    rng = np.random.default_rng(0)

    def within(rows):
        runs = rows.reshape(-1, length, 4).sum(axis=1)
        return (runs * runs).sum()

    sums = np.array([within(centred[rng.permutation(18)]) for _ in range(20_000)])
    expected = (within(centred) - sums.mean()) / sums.std()
    assert _within_runs(centred, length, 0) == pytest.approx(expected, abs=0.05)


def test_serial_dependence_is_standardized_over_all_orders():
    table = np.random.default_rng(3).normal(size=(14, 4))
    rng = np.random.default_rng(0)
    ranks = stats.Scores.of(table).ranks()
    centred = ranks - ranks.mean(0)
    orders = [rng.permutation(14) for _ in range(20_000)]
    sums = np.array([(centred[o][:-1] * centred[o][1:]).sum() for o in orders])
    observed = (centred[:-1] * centred[1:]).sum()
    expected = (observed - sums.mean()) / sums.std()
    assert serial_dependence(stats.Scores.of(table)) == pytest.approx(expected, abs=0.05)


@given(seed=st.integers(0, 500), k=st.integers(2, 12), n=st.integers(12, 40))
def test_serial_dependence_does_not_care_about_the_models_order_or_scale(seed, k, n):
    table = np.random.default_rng(seed).normal(size=(n, k))
    base = serial_dependence(stats.Scores.of(table))
    assert serial_dependence(stats.Scores.of(np.exp(table[:, ::-1]))) == pytest.approx(
        base, abs=1e-8
    )


def test_serial_dependence_says_nothing_where_nothing_can_be_said():
    for table in (np.ones((20, 3)), np.arange(22.0).reshape(11, 2), np.tile([1.0, 2.0], (20, 1))):
        assert np.isnan(serial_dependence(stats.Scores.of(table)))
        assert equal_runs(stats.Scores.of(table))[0] == 0
