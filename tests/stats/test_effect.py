"""Effect sizes: references, brute force, known effects of changes, bad input."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

import stats
from tests.strategies import seeds, tables

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "two_models"
EFFECTS = [
    case
    for case in json.loads((GOLDEN / "misc_tests.json").read_text())["cases"]
    if case["name"].startswith("effects")
]
values = st.lists(st.integers(-8, 8), min_size=1, max_size=12)


@pytest.mark.parametrize("case", EFFECTS, ids=lambda c: c["name"])
def test_agrees_with_autorank(case):  # autorank 1.3.0
    x, y = case["inputs"]["x"], case["inputs"]["y"]
    expected = case["expected"]
    assert stats.cohen_d(x, y) == pytest.approx(expected["cohen_d"], rel=1e-8)
    assert stats.cliffs_delta(x, y) == pytest.approx(expected["cliffs_delta"], rel=1e-8)
    assert stats.vargha_delaney(x, y) == pytest.approx(expected["vargha_delaney_A"], rel=1e-8)
    assert stats.akinshin_gamma(x, y, median="sample") == pytest.approx(
        expected["akinshin_gamma_sample_median"], rel=1e-8
    )


@given(x=values, y=values)
def test_cliffs_delta_counts_all_pairs(x, y):
    signs = [np.sign(a - b) for a, b in itertools.product(x, y)]
    assert stats.cliffs_delta(x, y) == pytest.approx(np.mean(signs), abs=1e-12)
    assert stats.cliffs_delta(y, x) == pytest.approx(-stats.cliffs_delta(x, y), abs=1e-12)


def test_harrell_davis_weighs_order_statistics():
    x, y = np.arange(21.0), np.arange(21.0) + 5
    # Symmetric data: both medians agree, so only the deviations differ between the two.
    robust, plain = stats.akinshin_gamma(y, x), stats.akinshin_gamma(y, x, median="sample")
    assert robust == pytest.approx(plain, rel=0.05)
    assert robust != plain
    assert stats.akinshin_gamma(3 * y, 3 * x) == pytest.approx(robust, rel=1e-12)


def test_paired_cohen_d_is_t_over_root_n():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=30), rng.normal(size=30)
    t = scipy_stats.ttest_rel(x, y).statistic
    assert stats.cohen_d(x, y, paired=True) == pytest.approx(t / np.sqrt(30), rel=1e-12)


@given(seed=seeds, n=st.integers(6, 40), shift=st.integers(-5, 5))
def test_hodges_lehmann_interval_holds_the_shifts_wilcoxon_accepts(seed, n, shift):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n) + shift
    interval = stats.hodges_lehmann(x, np.zeros(n), confidence=0.95)
    width = 1e-9

    def p(at):
        return stats.wilcoxon(
            np.column_stack([x - at, np.zeros(n)]), method="exact", blocks="rows"
        ).pvalue[0, 1]

    assert p(interval.low + width) > 0.05 >= p(interval.low - width)
    assert p(interval.high - width) > 0.05 >= p(interval.high + width)
    assert interval.low <= interval.estimate <= interval.high
    moved = stats.hodges_lehmann(x + 1, np.zeros(n))
    assert moved.estimate == pytest.approx(interval.estimate + 1)


def test_hodges_lehmann_of_few_blocks_is_unbounded():
    interval = stats.hodges_lehmann([1.0, 2.0, 3.0], [0.0, 0.0, 0.0])
    assert (interval.low, interval.high) == (-np.inf, np.inf)
    assert "3 blocks cannot give 95%" in interval.notes[0]


def test_hodges_lehmann_of_many_blocks_uses_the_normal_approximation():
    x = np.random.default_rng(1).normal(size=200)
    interval = stats.hodges_lehmann(x, np.zeros(200))
    averages = np.add.outer(x, x)[np.triu_indices(200)] / 2
    assert interval.estimate == pytest.approx(np.median(averages))
    # half a standard error of the mean on either side of what the mean's interval gives
    assert interval.high - interval.low == pytest.approx(2 * 1.96 / np.sqrt(200), rel=0.15)


@given(table=tables(models=(2, 4)))
def test_wins_ties_and_losses_add_up(table):
    result = stats.win_tie_loss(table, blocks="rows")
    off = ~np.eye(table.shape[1], dtype=bool)
    total = result.wins + result.ties + result.losses
    np.testing.assert_array_equal(total[off], len(table))
    np.testing.assert_allclose((result.superiority + result.superiority.T)[off], 1)
    turned = stats.win_tie_loss(table, higher_is_better=True, blocks="rows")
    np.testing.assert_array_equal(turned.wins, result.losses)


def test_bad_samples_are_refused():
    with pytest.raises(ValueError, match=r"x\[1\] is nan"):
        stats.cliffs_delta([1.0, np.nan], [1.0])
    with pytest.raises(TypeError, match="numbers are needed"):
        stats.vargha_delaney(["a"], [1.0])
    with pytest.raises(ValueError, match="needs at least 2 values, got 1"):
        stats.cohen_d([1.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="undefined without spread"):
        stats.cohen_d([1.0, 1.0], [1.0, 1.0])
    with pytest.raises(ValueError, match="both median absolute deviations are 0"):
        stats.akinshin_gamma([1.0, 1.0], [2.0, 2.0])
    with pytest.raises(ValueError, match="paired values need one of each"):
        stats.hodges_lehmann([1.0, 2.0], [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="one-dimensional"):
        stats.cliffs_delta([[1.0]], [1.0])
    with pytest.raises(ValueError, match="median must be one of"):
        stats.akinshin_gamma([1.0, 2.0], [1.0, 2.0], median="mean")
