"""Superior predictive ability and stepwise tests: references, meaning, bad input."""

import json
from pathlib import Path

import numpy as np
import pytest

import stats

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "confidence_set"
CASE = json.loads((GOLDEN / "spa_stepm_arch.json").read_text())["cases"][0]


def table() -> np.ndarray:
    return np.column_stack([CASE["inputs"]["benchmark"], CASE["inputs"]["models"]])


def options(seed: int) -> dict:
    given = CASE["inputs"]
    return {
        "benchmark": "m0",
        "n_draws": given["reps"],
        "block_length": given["block_size"],
        "bootstrap": given["bootstrap"],
        "rng": np.random.default_rng(seed),
    }


@pytest.mark.parametrize("seed", range(3))
def test_agrees_with_arch(seed):  # arch 8.0.0, whose means are not studentised
    result = stats.spa(table(), studentised=False, **options(seed))
    told = [result.estimate("pvalue_lower"), result.pvalue, result.estimate("pvalue_upper")]
    assert told == pytest.approx(CASE["expected"]["p_lower_consistent_upper"], abs=0.03)
    steps = stats.stepm(table(), **options(seed))
    better = [steps.names.index(name) - 1 for name in steps.better(0.1)]
    assert better == CASE["expected"]["stepm_superior_size10"][0]


def test_bounds_enclose_the_consistent_p_value():
    rng = np.random.default_rng(1)
    losses = rng.chisquare(1, size=(150, 8)) * np.linspace(1, 3, 8)
    for benchmark in ("m0", "m3", "m7"):
        result = stats.spa(losses, benchmark=benchmark, rng=rng)
        low, high = result.estimate("pvalue_lower"), result.estimate("pvalue_upper")
        assert low <= result.pvalue <= high


def test_studentising_keeps_a_noisy_bad_model_from_hiding_a_good_one():
    rng = np.random.default_rng(2)
    naive = rng.chisquare(1, size=300)
    good = naive - 0.15 + 0.3 * rng.normal(size=300)
    noisy = naive + 8 * rng.normal(size=300) + 1.0
    losses = {"naive": naive, "good": good, "noisy": noisy}
    assert stats.spa(losses, benchmark="naive", rng=rng).pvalue < 0.01
    assert stats.spa(losses, benchmark="naive", studentised=False, rng=rng).pvalue > 0.1


def test_the_best_model_as_benchmark_is_not_beaten():
    losses = np.random.default_rng(3).chisquare(1, size=(100, 3)) * [1.0, 2.0, 3.0]
    result = stats.spa(losses, benchmark="m0", rng=np.random.default_rng(1))
    assert result.statistic == 0
    assert result.pvalue == 1
    assert stats.stepm(losses, benchmark="m0", rng=np.random.default_rng(1)).better(0.5) == ()


def test_stepwise_p_values_pay_for_the_pool():
    rng = np.random.default_rng(4)
    losses = rng.chisquare(1, size=(200, 2)) * [1.5, 1.0]
    noise = rng.chisquare(1, size=(200, 30)) * 1.5
    draws = stats.bootstrap_indices(200, block_length=5, n_draws=2000, rng=rng)
    alone = stats.stepm(losses, benchmark="m0", indices=draws)
    pool = stats.stepm(np.column_stack([losses, noise]), benchmark="m0", indices=draws)
    assert pool.pvalue[1] >= alone.pvalue[1]
    assert "m1" in pool.better(0.1)
    order = np.argsort(pool.statistic[1:])  # most convincing first: statistics below 0 are better
    assert (np.diff(pool.pvalue[1:][order]) >= 0).all()


def test_stepping_down_rejects_at_least_what_one_step_rejects():
    rng = np.random.default_rng(5)
    losses = rng.chisquare(1, size=(200, 6)) * [1.6, 1.0, 1.1, 1.2, 1.6, 1.6]
    draws = stats.bootstrap_indices(200, block_length=5, n_draws=999, rng=rng)
    result = stats.stepm(losses, benchmark="m0", indices=draws)
    advantage = losses[:, [0]] - losses[:, 1:]
    assert result.difference[1:] == pytest.approx(-advantage.mean(axis=0))
    # one step: the largest of the whole pool for every model
    t = -result.statistic[1:]
    scale = np.sqrt(200) * advantage.mean(axis=0) / t
    star = np.sqrt(200) * (advantage[draws].mean(axis=1) - advantage.mean(axis=0)) / scale
    one_step = (1 + (star.max(axis=1)[:, None] >= t).sum(axis=0)) / 1000
    assert (result.pvalue[1:] <= one_step + 1e-12).all()
    assert result.pvalue[1:].min() == pytest.approx(one_step.min())


def test_a_copy_of_the_benchmark_is_said_and_not_tested():
    base = np.random.default_rng(6).chisquare(1, size=(80, 2)) * [2.0, 1.0]
    losses = np.column_stack([base, base[:, 0]])
    with pytest.warns(stats.DegenerateWarning, match="m2: differs from m0 by a constant"):
        result = stats.stepm(losses, benchmark="m0", rng=np.random.default_rng(1))
    assert np.isnan(result.pvalue[2])
    whole = stats.spa(losses, benchmark="m0", rng=np.random.default_rng(1))
    assert any("differ from m0 by a constant" in note for note in whole.notes)
    alone = stats.spa(base, benchmark="m0", rng=np.random.default_rng(1))
    assert whole.pvalue == alone.pvalue


@pytest.mark.parametrize("test", [stats.spa, stats.stepm])
def test_bad_input_is_named(test):
    losses = np.random.default_rng(7).chisquare(1, size=(30, 3))
    rng = np.random.default_rng(1)
    with pytest.raises(ValueError, match="no model is named 'naive'; models are m0, m1, m2"):
        test(losses, benchmark="naive", rng=rng)
    with pytest.raises(ValueError, match="needs rng="):
        test(losses, benchmark="m0")
    with pytest.raises(ValueError, match="at least 2 models"):
        test(losses[:, :1], benchmark="m0", rng=rng)
    with pytest.raises(ValueError, match="missing"):
        test(np.where(losses > 3, np.nan, losses), benchmark="m0", rng=rng)
