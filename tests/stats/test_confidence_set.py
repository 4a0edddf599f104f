"""Model confidence sets: exact references, the slow way as witness, ties, bad input."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import stats
from tests.strategies import seeds

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "confidence_set"
CASES = json.loads((GOLDEN / "mcs_arch.json").read_text())["cases"]
EXACT = [c for c in CASES if "bootstrap_indices" in c["inputs"]]
DRAWN = [c for c in CASES if "bootstrap_indices" not in c["inputs"]]


def procedure(case) -> str:
    return "range" if "_R" in case["name"] else "max"


@pytest.mark.parametrize("case", EXACT, ids=lambda c: c["name"])
def test_agrees_with_arch_on_the_same_draws(case):  # arch 8.0.0
    given_, expected = case["inputs"], case["expected"]
    result = stats.model_confidence_set(
        np.array(given_["losses"]), procedure=procedure(case), indices=given_["bootstrap_indices"]
    )
    order = [result.names.index(name) for name in result.eliminated]
    assert order == expected["elimination_order"]
    assert result.step_pvalue == pytest.approx(np.array(expected["step_p"]), rel=1e-10)
    assert result.pvalue[order] == pytest.approx(np.array(expected["mcs_p"]), rel=1e-10)
    kept = sorted(result.names.index(name) for name in result.included(given_["size"]))
    assert kept == sorted(expected["included"])


@pytest.mark.parametrize("case", DRAWN, ids=lambda c: c["name"])
def test_agrees_with_arch_on_average(case):  # arch 8.0.0, mean of 3 seeds whose range is to .07
    given_ = case["inputs"]
    pvalues = [
        stats.model_confidence_set(
            np.array(given_["losses"]),
            procedure=procedure(case),
            n_draws=given_["reps"],
            block_length=given_["block_size"],
            bootstrap=given_["bootstrap"],
            rng=np.random.default_rng(seed),
        ).pvalue
        for seed in range(6)
    ]
    expected = np.array(case["expected"]["mcs_p_by_model_mean_of_3_seeds"])
    assert np.mean(pvalues, axis=0) == pytest.approx(expected, abs=0.03)


def slowly(losses: np.ndarray, draws: np.ndarray) -> tuple[list[int], list[float]]:
    """The range procedure as the paper writes it: everything again at each step."""
    mean = losses.mean(axis=0)
    drawn = losses[draws].mean(axis=1)
    gap = drawn[:, :, None] - drawn[:, None, :] - (mean[:, None] - mean)
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = np.sqrt((gap**2).mean(axis=0))
        t, star = (mean[:, None] - mean) / scale, np.abs(gap) / scale
    left, order, steps = list(range(losses.shape[1])), [], []
    while len(left) > 1:
        at = np.ix_(left, left)
        worst = np.unravel_index(np.nanargmax(t[at]), (len(left),) * 2)[0]
        largest = np.nanmax(star[(slice(None), *at)], axis=(1, 2))
        steps.append(float(np.mean(np.nanmax(t[at]) < largest)))
        order.append(left.pop(int(worst)))
    return [*order, left[0]], [*steps, 1.0]


@settings(max_examples=15)
@given(seeds, st.integers(2, 9))
def test_the_fast_way_is_the_slow_way(seed, k):
    rng = np.random.default_rng(seed)
    losses = rng.chisquare(1, size=(40, k)) * np.linspace(1, 1.5, k)
    draws = stats.bootstrap_indices(40, block_length=4, n_draws=60, rng=rng)
    order, steps = slowly(losses, draws)
    result = stats.model_confidence_set(losses, indices=draws)
    assert [result.names.index(name) for name in result.eliminated] == order
    assert result.step_pvalue == pytest.approx(np.array(steps))


@pytest.mark.parametrize("form", ["range", "max"])
@settings(max_examples=10)
@given(seeds, st.permutations(range(5)), st.floats(0.01, 100))
def test_permuting_models_shifting_times_and_scaling_change_nothing(form, seed, order, scale):
    rng = np.random.default_rng(seed)
    losses = rng.chisquare(1, size=(60, 5)) * np.linspace(1, 2, 5)
    draws = stats.bootstrap_indices(60, block_length=4, n_draws=99, rng=rng)
    base = stats.model_confidence_set(losses, procedure=form, indices=draws)
    level = rng.normal(size=(60, 1)) * 10
    moved = stats.model_confidence_set(
        scale * losses[:, order] + level, procedure=form, indices=draws
    )
    assert moved.pvalue == pytest.approx(base.pvalue[list(order)], abs=1 / 99 + 1e-12)


@pytest.mark.parametrize("form", ["range", "max"])
def test_p_values_rise_along_the_elimination(form):
    rng = np.random.default_rng(4)
    losses = rng.chisquare(1, size=(80, 12)) * np.linspace(1, 2, 12)
    result = stats.model_confidence_set(losses, procedure=form, rng=rng)
    order = [result.names.index(name) for name in result.eliminated]
    assert (np.diff(result.pvalue[order]) >= 0).all()
    assert result.pvalue[order[-1]] == 1
    assert set(result.included(0.25)) <= set(result.included(0.1)) <= set(result.included(0.01))


@pytest.mark.parametrize("form", ["range", "max"])
def test_duplicated_models_share_their_fate(form):  # arch's MCS("R") crashes here
    rng = np.random.default_rng(5)
    base = rng.chisquare(1, size=(100, 4)) * [1.0, 1.0, 1.0, 3.0]
    losses = np.column_stack([base, base[:, 3], base[:, 0]])
    draws = stats.bootstrap_indices(100, block_length=5, n_draws=500, rng=rng)
    result = stats.model_confidence_set(losses, procedure=form, indices=draws)
    assert result.pvalue[3] == result.pvalue[4] < 0.05
    assert {"m0", "m5"} <= set(result.included(0.05))
    if form == "range":  # the mean of the set, and with it "max", does change with a copy
        alone = stats.model_confidence_set(base, procedure=form, indices=draws)
        assert result.pvalue[:4] == pytest.approx(alone.pvalue)


@pytest.mark.parametrize("form", ["range", "max"])
def test_models_that_are_all_the_same_all_stay(form):
    losses = np.repeat(np.random.default_rng(6).chisquare(1, size=(50, 1)), 4, axis=1)
    result = stats.model_confidence_set(losses, procedure=form, rng=np.random.default_rng(1))
    assert len(result.included(0.5)) == 4 or result.pvalue.max() == 1
    assert set(result.pvalue) <= {0.0, 1.0}


def test_a_model_that_is_always_worse_by_the_same_amount_leaves_for_sure():
    base = np.random.default_rng(7).chisquare(1, size=(50, 2))
    losses = np.column_stack([base, base[:, 0] + 0.01])
    result = stats.model_confidence_set(losses, rng=np.random.default_rng(1))
    assert result.eliminated[0] == "m2"
    assert result.pvalue[2] == 0


def test_the_words_of_a_result():
    result = stats.model_confidence_set(
        {"a": [1.0, 2, 3, 4, 5], "b": [2.0, 2, 1, 5, 4]}, n_draws=50, rng=np.random.default_rng(1)
    )
    assert "Hansen, Lunde and Nason" in result.methods()
    assert "stationary block bootstrap with mean block length 2" in result.summary()
    assert list(result.to_frame()["model"]) == list(reversed(result.eliminated))


RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: stats.model_confidence_set(np.ones((9, 2))), "needs rng="),
        (lambda: stats.model_confidence_set(np.ones((9, 1)), rng=RNG), "at least 2 models"),
        (lambda: stats.model_confidence_set(np.ones((2, 2)), rng=RNG), "at least 3 times"),
        (lambda: stats.model_confidence_set(np.ones((9, 2, 2)), rng=RNG), "one slice"),
        (
            lambda: stats.model_confidence_set([[1.0, np.nan]] * 5, rng=RNG),
            r"5 losses are missing.*frame\.dropna",
        ),
        (
            lambda: stats.model_confidence_set(np.ones((9, 2)), procedure="R", rng=RNG),
            "procedure must be one of 'max', 'range'",
        ),
    ],
)
def test_bad_input_is_named(call, match):
    with pytest.raises(ValueError, match=match):
        call()


def test_draws_that_are_shared_give_what_their_indices_give():
    rng = np.random.default_rng(4)
    losses = rng.chisquare(1, size=(60, 4)) * [1.0, 1.1, 1.5, 2.0]
    rows = stats.bootstrap_indices(60, block_length=5, n_draws=200, rng=rng)
    shared = stats.Draws(rows)
    for table in (losses, losses[:, ::-1]):
        one = stats.model_confidence_set(table, indices=rows)
        other = stats.model_confidence_set(table, indices=shared)
        np.testing.assert_array_equal(one.pvalue, other.pvalue)
    with pytest.raises(ValueError, match=r"shape \(n_draws, 59\)"):
        stats.model_confidence_set(losses[1:], indices=shared)
