"""Omnibus tests: references, scipy and statsmodels on random tables, invariances, bad input."""

import json
import math
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats
from statsmodels.stats.contingency_tables import cochrans_q

import stats
from tests.strategies import permutations, tables

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
RANDOM = [
    *json.loads((GOLDEN / "ranks" / "friedman_posthoc_random.json").read_text())["cases"],
    *json.loads((GOLDEN / "ranks" / "friedman_posthoc_k240.json").read_text())["cases"],
]
BLOCKED = [stats.friedman, stats.iman_davenport, stats.quade, stats.aligned_ranks]


def close(got, expected, case):
    big = case["name"].startswith("k240")
    assert got == pytest.approx(expected, rel=1e-7 if big else 1e-8, abs=1e-9 if big else 1e-10)


@pytest.mark.parametrize("case", RANDOM, ids=lambda c: c["name"])
def test_reference_tables(case):  # scipy, R friedman.test and quade.test, scmamp
    table, expected = np.array(case["inputs"]["X"]), case["expected"]
    for ties, suffix in (("correct", ""), ("ignore", "_uncorrected")):
        chi2 = stats.friedman(table, ties=ties, blocks="rows")
        close(chi2.statistic, expected[f"chi2{suffix}"], case)
        close(chi2.pvalue, expected[f"chi2{suffix}_p" if suffix else "chi2_p"], case)
        f = stats.iman_davenport(table, ties=ties, blocks="rows")
        close(f.statistic, expected[f"iman_davenport_F{suffix}"], case)
        close(f.pvalue, expected[f"iman_davenport_p{suffix}"], case)
    np.testing.assert_allclose(chi2.locations, expected["avg_ranks"], rtol=1e-12)
    close(stats.kendall_w(table, blocks="rows").statistic, expected["kendall_W"], case)
    quade = stats.quade(table, blocks="rows")
    close(quade.statistic, expected["quade_F_R"], case)
    close(quade.pvalue, expected["quade_p_R"], case)
    aligned = stats.aligned_ranks(table, blocks="rows")
    close(aligned.statistic, expected["aligned_ranks_T_scmamp"], case)
    close(aligned.pvalue, expected["aligned_ranks_p"], case)


def test_far_tails_survive():
    case = next(c for c in RANDOM if c["name"] == "k4_N200_extreme_p")
    result = stats.iman_davenport(np.array(case["inputs"]["X"]), blocks="rows")
    # sf, not 1 - cdf: a peer prints 0 here
    assert result.pvalue == pytest.approx(case["expected"]["iman_davenport_p"], rel=1e-8)
    assert 0 < result.pvalue < 1e-190


def test_demsar_worked_example():  # Demsar (2006), section 3.2.2
    case = json.loads((GOLDEN / "ranks" / "demsar2006.json").read_text())["cases"][0]
    table = np.array(case["inputs"]["X"])
    # The paper ranks two printed ties as if they differed: see PROVENANCE.md.
    tied = np.flatnonzero((table[:, 2] == table[:, 3]) & (table[:, 2] == 0.975))
    table[tied, 2] += 1e-5
    scores = stats.Scores(
        table, tuple(case["inputs"]["columns"]), tuple(case["inputs"]["rows"]), True
    )
    published, computed = case["expected"]["published"], case["expected"]["computed"]
    printed = stats.friedman(scores, ties="ignore")
    assert printed.statistic == pytest.approx(published["chi2_F"], abs=6e-3)  # not tie-corrected
    np.testing.assert_allclose(printed.locations, published["avg_ranks"], atol=6e-3)
    assert stats.iman_davenport(scores, ties="ignore").statistic == pytest.approx(
        published["F_F"], abs=6e-3
    )
    assert stats.friedman(scores).statistic == pytest.approx(computed["chi2"], rel=1e-9)
    assert stats.friedman(scores).pvalue == pytest.approx(computed["chi2_p"], rel=1e-9)
    assert stats.iman_davenport(scores).pvalue == pytest.approx(
        computed["iman_davenport_p"], rel=1e-9
    )
    assert stats.kendall_w(scores).statistic == pytest.approx(computed["kendall_W"], rel=1e-9)


@pytest.mark.parametrize(
    "case",
    json.loads((GOLDEN / "ranks" / "skillings_mack.json").read_text())["cases"],
    ids=lambda c: c["name"],
)
def test_skillings_mack_agrees_with_pmcmrplus(case):  # R PMCMRplus 1.9.10
    table = np.array([[np.nan if v is None else v for v in row] for row in case["inputs"]["X"]])
    result = stats.skillings_mack(table)
    assert result.statistic == pytest.approx(case["expected"]["statistic"], rel=1e-8)
    assert result.pvalue == pytest.approx(case["expected"]["p"], rel=1e-8)
    assert result.df == (case["expected"]["df"],)


def test_cochran_q_reference():  # statsmodels 0.15.0
    cases = json.loads((GOLDEN / "two_models" / "misc_tests.json").read_text())["cases"]
    case = next(c for c in cases if c["name"] == "cochran_q")
    result = stats.cochran_q(case["inputs"]["X"])
    assert result.statistic == pytest.approx(case["expected"]["Q"], rel=1e-8)
    assert result.pvalue == pytest.approx(case["expected"]["p"], rel=1e-8)


@given(table=tables())
def test_friedman_agrees_with_scipy(table):
    expected = scipy_stats.friedmanchisquare(*table.T)
    result = stats.friedman(table, blocks="rows")
    assert result.statistic == pytest.approx(expected.statistic, rel=1e-9, abs=1e-12)
    assert result.pvalue == pytest.approx(expected.pvalue, rel=1e-8)


@given(data=st.data())
def test_cochran_q_agrees_with_statsmodels(data):
    table = data.draw(tables(models=(3, 5), blocks=(3, 20))) > 0
    if (table.all(axis=1) | ~table.any(axis=1)).all():
        with pytest.raises(ValueError, match="succeed or all fail"):
            stats.cochran_q(table, blocks="rows")
        return
    expected = cochrans_q(table.astype(int))
    result = stats.cochran_q(table, blocks="rows")
    assert result.statistic == pytest.approx(expected.statistic, rel=1e-9, abs=1e-12)
    assert result.pvalue == pytest.approx(expected.pvalue, rel=1e-8)


@given(table=tables(ties=False))
def test_skillings_mack_without_holes_is_friedman(table):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        full = stats.skillings_mack(table, blocks="rows")
    assert full.statistic == pytest.approx(stats.friedman(table, blocks="rows").statistic, rel=1e-8)


@pytest.mark.parametrize("test", BLOCKED, ids=lambda t: t.__name__)
@given(data=st.data(), table=tables())
def test_order_of_blocks_and_models_does_not_matter(test, data, table):
    base = test(table, blocks="rows")
    rows = data.draw(permutations(len(table)))
    columns = data.draw(permutations(table.shape[1]))
    other = test(table[rows][:, columns], blocks="rows")
    assert other.statistic == pytest.approx(base.statistic, rel=1e-8, abs=1e-10)
    np.testing.assert_allclose(other.locations, base.locations[columns], rtol=1e-9)


@pytest.mark.parametrize("test", BLOCKED, ids=lambda t: t.__name__)
@given(table=tables())
def test_turning_scores_round_turns_ranks_round(test, table):
    one = test(table, blocks="rows")
    other = test(-table, higher_is_better=True, blocks="rows")
    assert other.statistic == pytest.approx(one.statistic, rel=1e-9, abs=1e-12)
    np.testing.assert_allclose(other.locations, one.locations, rtol=1e-12)


@pytest.mark.parametrize("test", [stats.friedman, stats.iman_davenport], ids=lambda t: t.__name__)
@given(table=tables(), seed=st.integers(0, 1000))
def test_monotone_changes_within_blocks_do_not_matter_to_ranks(test, table, seed):
    rng = np.random.default_rng(seed)
    scale, shift = rng.uniform(0.5, 2, (len(table), 1)), rng.normal(size=(len(table), 1))
    changed = np.exp(table / 70.0) * scale + shift
    one, other = test(table, blocks="rows"), test(changed, blocks="rows")
    assert other.statistic == pytest.approx(one.statistic, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("test", [stats.quade, stats.aligned_ranks], ids=lambda t: t.__name__)
@given(table=tables(), seed=st.integers(0, 1000))
def test_a_constant_per_block_does_not_matter(test, table, seed):
    shift = np.random.default_rng(seed).integers(-64, 64, (len(table), 1)) / 64.0
    one = test(table, blocks="rows", decimals=9)
    other = test(table + shift, blocks="rows", decimals=9)
    assert other.statistic == pytest.approx(one.statistic, rel=1e-9, abs=1e-12)


def test_decimals_make_equal_decimals_tie():
    table = np.array([[0.1, 0.2, 0.4], [0.2, 0.3, 0.5], [0.3, 0.4, 0.5], [0.7, 0.6, 0.9]])
    scaled = np.round(table * 10)
    assert stats.aligned_ranks(table, decimals=9).statistic == pytest.approx(
        stats.aligned_ranks(scaled, decimals=9).statistic, rel=1e-12
    )
    assert stats.quade(table, decimals=9).statistic == pytest.approx(
        stats.quade(scaled).statistic, rel=1e-12
    )


def test_complete_agreement_is_infinite_and_certain():
    table = np.tile([1.0, 2.0, 3.0], (6, 1))
    result = stats.iman_davenport(table)
    assert math.isinf(result.statistic)
    assert result.pvalue == 0
    assert stats.kendall_w(table).statistic == pytest.approx(1.0)


def test_names_and_orientation_are_kept():
    frame = pd.DataFrame(
        {"naive": [0.5, 0.6, 0.7, 0.4], "lstm": [0.9, 0.8, 0.9, 0.7], "tree": [0.6, 0.9, 0.8, 0.6]},
        index=["a", "b", "c", "d"],
    )
    result = stats.friedman(frame, higher_is_better=True)
    assert result.names == ("naive", "lstm", "tree")
    assert result.names[int(np.argmin(result.locations))] == "lstm"
    assert result.to_frame()["model"].iloc[0] == "lstm"


@pytest.mark.parametrize("test", BLOCKED, ids=lambda t: t.__name__)
def test_bad_tables_are_refused(test):
    good = np.arange(12.0).reshape(4, 3) % 5
    with pytest.raises(ValueError, match=r"at least 3 models .*got 2; for 2 use stats.wilcoxon"):
        test(good[:, :2])
    with pytest.raises(ValueError, match=r"at least 2 blocks .*got 1"):
        test(good[:1])
    with pytest.raises(ValueError, match="tie in every one of the 4 blocks"):
        test(np.ones((4, 3)))
    with pytest.raises(ValueError, match="row 1, model 'm2' is inf"):
        test(np.where(np.arange(12).reshape(4, 3) == 5, np.inf, good))
    with pytest.raises(ValueError, match="1 of 12 cells are missing, first block 2, model 'm0'"):
        test(np.where(np.arange(12).reshape(4, 3) == 6, np.nan, good))
    with pytest.raises(TypeError, match="numbers are needed"):
        test(np.array([["a", "b", "c"]] * 3))
    with pytest.raises(ValueError, match="missing must be one of"):
        test(good, missing="ignore")


def test_bad_options_are_refused():
    good = np.arange(12.0).reshape(4, 3) % 5
    with pytest.raises(ValueError, match="ties must be one of 'correct', 'ignore'; got 'average'"):
        stats.friedman(good, ties="average")
    with pytest.raises(ValueError, match=r"takes 0 and 1; row 0, model 'm2' is 2.0"):
        stats.cochran_q(good)
    with pytest.raises(ValueError, match="never share a block"):
        stats.skillings_mack(
            [
                [1, 2, np.nan, np.nan],
                [2, 1, np.nan, np.nan],
                [np.nan, np.nan, 1, 2],
                [np.nan] * 2 + [2, 1],
            ]
        )
    with pytest.raises(ValueError, match="at least 2 blocks with 2 or more scores, got 1"):
        stats.skillings_mack([[1.0, 2.0, 3.0], [1.0, np.nan, np.nan], [np.nan] * 3])
    with pytest.raises(ValueError, match=r"alpha must lie inside \(0, 1\).*got 5"):
        stats.friedman(good).rejects(alpha=5)
