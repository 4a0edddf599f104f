"""Bayesian comparisons: baycomp's probabilities, symmetry, decisions, bad input."""

import json
from pathlib import Path

import numpy as np
import pytest

import stats

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "two_models"
CASES = json.loads((GOLDEN / "bayes_baycomp.json").read_text())["cases"]
ATOL = 0.012  # stated with the reference: both sides are Monte Carlo


def probabilities(result, rope):
    three = (result.first_better, result.equivalent, result.second_better)
    return three if rope > 0 else (three[0], three[2])


@pytest.mark.parametrize("case", CASES[:3], ids=lambda c: c["name"])
@pytest.mark.parametrize(
    ("test", "key"), [(stats.bayes_signed_rank, "signed_rank"), (stats.bayes_sign, "sign")]
)
def test_agrees_with_baycomp(case, test, key):  # baycomp 1.0.3; higher is better there
    pair, rope = np.column_stack([case["inputs"]["x"], case["inputs"]["y"]]), case["inputs"]["rope"]
    result = test(pair, rope=rope, rng=0, higher_is_better=True)
    np.testing.assert_allclose(
        probabilities(result, rope), case["expected"][key]["probs"], atol=ATOL
    )


@pytest.mark.parametrize("case", CASES[3:], ids=lambda c: c["name"])
def test_correlated_t_is_exact(case):  # baycomp 1.0.3
    pair, rope = np.column_stack([case["inputs"]["x"], case["inputs"]["y"]]), case["inputs"]["rope"]
    result = stats.bayes_correlated_t(
        pair, rope=rope, test_share=1 / case["inputs"]["folds"], higher_is_better=True
    )
    np.testing.assert_allclose(probabilities(result, rope), case["expected"]["probs"], rtol=1e-9)


@pytest.mark.parametrize("rope", [0.0, 0.2])
def test_probabilities_sum_to_one_and_turn_with_the_models(rope):
    pair = np.random.default_rng(1).normal(size=(12, 2)) + np.array([0.0, 0.4])
    for test in (stats.bayes_signed_rank, stats.bayes_sign):
        one = test(pair, rope=rope, rng=0)
        other = test(pair[:, ::-1], rope=rope, rng=0)
        assert one.first_better + one.equivalent + one.second_better == pytest.approx(1)
        assert other.second_better == pytest.approx(one.first_better, abs=0.01)
    one = stats.bayes_correlated_t(pair, rope=rope, test_share=0.1)
    other = stats.bayes_correlated_t(pair[:, ::-1], rope=rope, test_share=0.1)
    assert one.first_better + one.equivalent + one.second_better == pytest.approx(1)
    assert other.second_better == pytest.approx(one.first_better, rel=1e-12)


def test_decisions_name_the_better_model():
    errors = {"naive": np.linspace(1.0, 2.0, 15), "lstm": np.linspace(0.5, 1.4, 15)}
    for result in (
        stats.bayes_signed_rank(errors, rope=0.1, rng=0),
        stats.bayes_sign(errors, rope=0.1, rng=0),
    ):
        assert result.decides(0.95) == "lstm better"
    same = stats.bayes_signed_rank(errors, rope=5.0, rng=0)
    assert same.decides(0.95) == "equivalent"
    close = {"a": [1.0, 2.0, 1.5, 1.2], "b": [1.1, 1.9, 1.6, 1.1]}
    assert stats.bayes_sign(close, rope=0.0, rng=0).decides(0.95) == "undecided"


def test_a_side_without_a_block_has_no_chance_without_a_rope():
    result = stats.bayes_sign([[0.0, 1.0], [0.0, 2.0], [1.0, 1.0]], rope=0.0, rng=0)
    assert (result.first_better, result.second_better) == (1.0, 0.0)
    even = stats.bayes_sign([[1.0, 1.0], [2.0, 2.0]], rope=0.0, rng=0)
    assert (even.first_better, even.second_better) == (0.5, 0.5)


def test_the_same_seed_gives_the_same_result():
    pair = np.random.default_rng(1).normal(size=(12, 2))
    one = stats.bayes_signed_rank(pair, rope=0.1, rng=3, n_draws=1000)
    assert one == stats.bayes_signed_rank(pair, rope=0.1, rng=3, n_draws=1000)
    assert one != stats.bayes_signed_rank(pair, rope=0.1, rng=4, n_draws=1000)


def test_bad_input_is_refused():
    pair = np.random.default_rng(1).normal(size=(12, 2))
    with pytest.raises(ValueError, match="rope is half the width"):
        stats.bayes_sign(pair, rope=-1, rng=0)
    with pytest.raises(ValueError, match="exactly 2 models"):
        stats.bayes_signed_rank(np.ones((4, 3)), rope=0, rng=0)
    with pytest.raises(ValueError, match="prior must be a positive weight"):
        stats.bayes_signed_rank(pair, rope=0, rng=0, prior=0)
    with pytest.raises(ValueError, match=r"test_share must lie inside \(0, 1\)"):
        stats.bayes_correlated_t(pair, rope=0, test_share=10)
    with pytest.raises(ValueError, match="variance is 0"):
        stats.bayes_correlated_t(np.zeros((4, 2)), rope=0, test_share=0.1)
    with pytest.raises(ValueError, match="rng must be"):
        stats.bayes_sign(pair, rope=0.1, rng="seed")
    with pytest.raises(ValueError, match=r"threshold must lie in \[0.5, 1\)"):
        stats.bayes_correlated_t(pair, rope=0, test_share=0.1).decides(0.2)
