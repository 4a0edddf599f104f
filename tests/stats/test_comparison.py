"""One comparison: its parts agree with the single tests, holes stay holes, options fit."""

import numpy as np
import pandas as pd
import pytest

import stats

TABLE = np.random.default_rng(0).normal(size=(24, 5)) + np.arange(5) / 2
FRAME = pd.DataFrame(TABLE, columns=["ridge", "naive", "lstm", "tree", "drift"])
HOLES = FRAME.mask(np.arange(120).reshape(24, 5) % 17 == 3)


def test_parts_are_the_single_tests():
    result = stats.compare(FRAME)
    assert result.omnibus == stats.friedman(FRAME)
    assert result.pairs == stats.nemenyi(FRAME)
    assert result.effects == stats.win_tie_loss(FRAME)
    assert (result.statistic, result.pvalue) == (result.omnibus.statistic, result.omnibus.pvalue)
    np.testing.assert_allclose(result.mean_ranks, result.omnibus.locations)
    assert list(result.ranks.values()) == sorted(result.mean_ranks)
    assert result.groups(0.05) == result.pairs.groups(0.05)
    assert result.letters(0.05) == result.pairs.letters(0.05)
    assert result.winner == next(iter(result.ranks))


@pytest.mark.parametrize("omnibus", ["friedman", "iman_davenport", "aligned_ranks", "quade"])
@pytest.mark.parametrize("pairs", ["wilcoxon", "sign_test", "conover", "mean_rank_z"])
def test_every_choice_is_the_single_test(omnibus, pairs):
    result = stats.compare(FRAME, omnibus=omnibus, pairs=pairs, adjust="hochberg")
    assert result.omnibus == getattr(stats, omnibus)(FRAME)
    assert result.pairs == getattr(stats, pairs)(FRAME).adjusted("hochberg")
    assert "Hochberg" in result.methods()


def test_sign_flips_take_a_generator():
    result = stats.compare(FRAME, pairs="sign_flip_max_t", rng=3)
    assert result.pairs == stats.sign_flip_max_t(FRAME, rng=3)


def test_accuracy_and_error_tell_the_same_story():
    errors, accuracy = stats.compare(FRAME), stats.compare(1 - FRAME, higher_is_better=True)
    assert errors.ranks == pytest.approx(accuracy.ranks)
    assert errors.groups(0.05) == accuracy.groups(0.05)


def test_methods_paragraph_names_everything():
    told = stats.compare(FRAME, omnibus="iman_davenport", pairs="wilcoxon").methods()
    for part in (
        "Iman-Davenport",
        "5 models",
        "24 blocks",
        "Wilcoxon",
        "10 pairs",
        "Holm",
        "numpy",
    ):
        assert part in told


def test_summary_lists_groups_of_few_and_the_best_of_many():
    few = stats.compare(FRAME).summary(alpha=0.05)
    assert "Not separated at alpha = 0.05" in few
    rng = np.random.default_rng(1)
    many = stats.compare(rng.normal(size=(30, 20)) + np.arange(20) / 4).summary()
    assert "models not separated from the best" in many


def test_holes_are_compared_where_both_ran():
    result = stats.compare(HOLES, missing="skillings_mack", pairs="wilcoxon")
    assert result.omnibus.statistic == stats.skillings_mack(HOLES).statistic
    both = HOLES[["ridge", "lstm"]].dropna()
    single = stats.wilcoxon(both)
    assert (
        result.pairs.n_used[0, 2]
        == len(both)
        == result.effects.wins[0, 2] + (result.effects.ties[0, 2] + result.effects.wins[2, 0])
    )
    raw = [
        stats.wilcoxon(HOLES[[a, b]].dropna()).pvalue[0, 1]
        for i, a in enumerate(HOLES)
        for b in list(HOLES)[i + 1 :]
    ]
    np.testing.assert_allclose(
        result.pairs.pvalue[np.triu_indices(5, 1)], stats.holm(raw), rtol=1e-12
    )
    assert single.pvalue[0, 1] == raw[1]
    assert "cells were missing" in result.methods()


def test_the_other_policies_leave_a_note():
    dropped = stats.compare(HOLES, missing="drop_blocks")
    assert "blocks left out" in dropped.methods()
    filled = stats.compare(
        HOLES.assign(naive=FRAME["naive"]), missing="impute_baseline", baseline="naive"
    )
    assert "took the score of naive" in filled.summary()
    assert filled.n_blocks == 24


def test_winner_is_named_per_policy():
    # "good" is best where it runs, and fails in every hard block: who wins hangs on that.
    hard = [9.0] * 6
    scores = {
        "good": [1.0] * 4 + [np.nan] * 6,
        "steady": [2.0] * 4 + [3.0] * 6,
        "naive": [3.0] * 4 + hard,
    }
    told = stats.winners(scores, baseline="naive")
    assert told["drop_blocks"] == "good"
    assert told["impute_baseline"] == "steady"
    assert set(told) == {"drop_blocks", "impute_baseline", "skillings_mack"}


def test_bad_options_are_refused():
    with pytest.raises(ValueError, match=r"for 2 use stats.wilcoxon"):
        stats.compare(FRAME[["naive", "lstm"]])
    with pytest.raises(ValueError, match="omnibus must be one of"):
        stats.compare(FRAME, omnibus="anova")
    with pytest.raises(ValueError, match="pairs must be one of"):
        stats.compare(FRAME, pairs="tukey")
    with pytest.raises(ValueError, match="method must be one of"):
        stats.compare(FRAME, pairs="wilcoxon", adjust="none")
    with pytest.raises(ValueError, match="rng= goes with pairs='sign_flip_max_t'"):
        stats.compare(FRAME, rng=0)
    with pytest.raises(ValueError, match="rng= goes with pairs='sign_flip_max_t'"):
        stats.compare(FRAME, pairs="sign_flip_max_t")
    with pytest.raises(ValueError, match="use pairs='wilcoxon' or 'sign_test'"):
        stats.compare(HOLES, missing="skillings_mack")
    with pytest.raises(ValueError, match="baseline= goes with"):
        stats.compare(HOLES, missing="skillings_mack", pairs="wilcoxon", baseline="naive")
    with pytest.raises(ValueError, match="missing must be one of"):
        stats.compare(HOLES, missing="mean")
    with pytest.raises(ValueError, match="cells are missing"):
        stats.compare(HOLES)
