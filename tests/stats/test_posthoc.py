"""Pairs, controls and the best: references, peers on random tables, what others get wrong."""

import itertools
import json
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

import stats
from stats.signed import _fourier_tails, _table_tails
from tests.strategies import permutations, seeds, tables

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "ranks"
ADJUSTED = {
    "bonferroni": "bonferroni",
    "sidak": "sidak",
    "holm": "holm",
    "holland": "holm-sidak",
    "hochberg": "simes-hochberg",
    "hommel": "hommel",
    "bh": "fdr_bh",
    "by": "fdr_by",
}
PAIRWISE = [
    stats.nemenyi,
    stats.conover,
    stats.wilcoxon,
    stats.sign_test,
    stats.mean_rank_z,
    stats.miller,
]


def cases(name):
    return json.loads((GOLDEN / name).read_text())["cases"]


RANDOM = cases("friedman_posthoc_random.json")
LARGE = cases("friedman_posthoc_k240.json")


def numbers(values):
    return np.array([np.nan if v is None else v for v in values])


def close(got, expected, case):
    rtol, atol = (1e-7, 1e-9) if case["name"].startswith("k240") else (1e-8, 1e-10)
    np.testing.assert_allclose(got, numbers(expected), rtol=rtol, atol=atol)


@pytest.mark.parametrize("case", [*RANDOM, *LARGE], ids=lambda c: c["name"])
def test_mean_rank_references(case):  # scikit-posthocs 0.17.1, scipy, quadrature
    table, expected = np.array(case["inputs"]["X"]), case["expected"]
    i, j = np.array(expected["pairs"]).T
    nemenyi = stats.nemenyi(table, blocks="rows")
    close(nemenyi.pvalue[i, j], expected["nemenyi_p"], case)
    z = stats.mean_rank_z(table, blocks="rows")
    close(np.abs(z.statistic[i, j]), expected["z"], case)
    close(z.pvalue[i, j], expected["z_p_raw"], case)
    close(z.pvalue[i, j], expected["siegel_p"], case)
    close(stats.miller(table, blocks="rows").pvalue[i, j], expected["miller_p"], case)
    close(stats.conover(table, blocks="rows").pvalue[i, j], expected["conover_p"], case)
    for alpha, cd in expected["cd"].items():
        assert nemenyi.critical_difference(float(alpha)) == pytest.approx(cd, rel=1e-8)
    if case["name"].startswith("k240"):
        upper = nemenyi.pvalue[np.triu_indices(240, 1)]
        assert upper.sum() == pytest.approx(expected["nemenyi_p_sum_all_pairs"], rel=1e-7)
        assert (upper < 0.05).sum() == expected["nemenyi_n_below_0.05"]


@pytest.mark.parametrize("case", RANDOM, ids=lambda c: c["name"])
def test_signed_rank_and_sign_references(case):  # scipy 1.17.1, statsmodels 0.15.0
    table, expected = np.array(case["inputs"]["X"]), case["expected"]
    i, j = np.array(expected["pairs"]).T
    raw = {}
    for zeros in ("wilcox", "pratt", "zsplit"):
        raw[zeros] = stats.wilcoxon(table, zeros=zeros, method="normal", blocks="rows")
        close(raw[zeros].pvalue[i, j], expected[f"wilcoxon_asymp_{zeros}_p"], case)
    exact = numbers(expected["wilcoxon_exact_p"])
    kept = ~np.isnan(exact)
    if kept.any() and len(table) <= 100:
        got = stats.wilcoxon(table, method="exact", blocks="rows").pvalue[i, j]
        np.testing.assert_allclose(got[kept], exact[kept], rtol=1e-8)
    close(
        stats.sign_test(table, blocks="rows").pvalue[i, j],
        expected["sign_test_p_ties_dropped"],
        case,
    )
    z = stats.mean_rank_z(table, blocks="rows")
    for ours, theirs in ADJUSTED.items():
        close(
            raw["pratt"].adjusted(ours).pvalue[i, j],
            expected["wilcoxon_pratt_adjusted"][theirs],
            case,
        )
        close(z.adjusted(ours).pvalue[i, j], expected["z_p_adjusted"][theirs], case)
    # For complete blocks Durbin's test is Conover's.
    close(stats.conover(table, blocks="rows").pvalue[i, j], expected["durbin_p"], case)


@pytest.mark.parametrize("case", cases("wilcoxon_exact_ties.json"), ids=lambda c: c["name"])
def test_signed_rank_is_exact_with_ties_and_zeros(case):  # all 2^n signs enumerated
    d = np.array(case["inputs"]["d"])
    pair = np.column_stack([d, np.zeros_like(d)])
    for zeros, expected in case["expected"].items():
        exact = stats.wilcoxon(pair, zeros=zeros, method="exact")
        assert exact.statistic[0, 1] == expected["W_plus"]
        assert exact.pvalue[0, 1] == pytest.approx(
            expected["p_exact_conditional_two_sided"], rel=1e-9
        )
        normal = stats.wilcoxon(pair, zeros=zeros, method="normal")
        assert normal.pvalue[0, 1] == pytest.approx(expected["p_asymptotic"], rel=1e-9)
        corrected = stats.wilcoxon(pair, zeros=zeros, method="normal", continuity=True)
        assert corrected.pvalue[0, 1] == pytest.approx(expected["p_asymptotic_cc"], rel=1e-9)


def test_demsar_worked_example():  # Demsar (2006), section 3.2.2 and Table 5
    worked, critical = cases("demsar2006.json")
    table = np.array(worked["inputs"]["X"])
    tied = np.flatnonzero((table[:, 2] == table[:, 3]) & (table[:, 2] == 0.975))
    table[tied, 2] += 1e-5  # as the paper ranks them
    scores = stats.Scores(
        table, tuple(worked["inputs"]["columns"]), tuple(worked["inputs"]["rows"]), True
    )
    published, expected = worked["expected"]["published"], worked["expected"]
    cd = stats.critical_difference
    assert cd(14, 4, alpha=0.05) == pytest.approx(published["CD_nemenyi_05"], abs=6e-3)
    assert cd(14, 4, alpha=0.10) == pytest.approx(published["CD_nemenyi_10"], abs=6e-3)
    assert cd(14, 4, alpha=0.05, test="bonferroni_dunn") == pytest.approx(
        expected["cd"]["bonferroni_dunn_05"], rel=1e-9
    )
    assert cd(14, 4, alpha=0.1, test="bonferroni_dunn") == pytest.approx(
        published["bd10_CD"], abs=6e-3
    )
    # Table 5: critical values q; k = 9 of Bonferroni-Dunn is misprinted as 2.724.
    for k, at_05, at_10, bd_05, bd_10 in zip(
        *(
            critical["expected"][name]
            for name in (
                "k",
                "computed_nemenyi_05",
                "computed_nemenyi_10",
                "computed_bd_05",
                "computed_bd_10",
            )
        ),
        strict=True,
    ):
        unit = np.sqrt(k * (k + 1) / 6)
        assert cd(1, k, alpha=0.05) / unit == pytest.approx(at_05, rel=1e-9)
        assert cd(1, k, alpha=0.10) / unit == pytest.approx(at_10, rel=1e-9)
        assert cd(1, k, alpha=0.05, test="bonferroni_dunn") / unit == pytest.approx(bd_05, rel=1e-9)
        assert cd(1, k, alpha=0.10, test="bonferroni_dunn") / unit == pytest.approx(bd_10, rel=1e-9)
    i, j = np.triu_indices(4, 1)
    np.testing.assert_allclose(stats.nemenyi(scores).pvalue[i, j], expected["nemenyi_p"], rtol=1e-9)
    against = stats.versus_control(scores, control="C4.5")
    order = [scores.column(name) for name in expected["z_vs_C45"]["order"]]
    np.testing.assert_allclose(
        np.abs(against.statistic[order]), expected["z_vs_C45"]["z"], rtol=1e-9
    )
    for method in ("holm", "hochberg", "bonferroni"):
        np.testing.assert_allclose(
            against.adjusted(method).pvalue[order], expected["z_vs_C45"][method], rtol=1e-9
        )
    np.testing.assert_allclose(against.pvalue[order], published["holm_vs_C45"]["p"], atol=6e-3)
    dunn = stats.bonferroni_dunn(scores, control="C4.5")
    assert dunn == against.adjusted("bonferroni")
    assert set(dunn.better(0.1)) == {"C4.5+m", "C4.5+m+cf"}
    assert dunn.worse(0.1) == ()


@given(table=tables(models=(2, 3), blocks=(4, 14)))
def test_signed_rank_agrees_with_scipy(table):
    got = stats.wilcoxon(table, zeros="wilcox", method="normal", blocks="rows")
    for i, j in itertools.combinations(range(table.shape[1]), 2):
        d = table[:, i] - table[:, j]
        if not d.any():
            assert got.pvalue[i, j] == 1
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # scipy is unsure of few differences
            expected = scipy_stats.wilcoxon(d, zero_method="wilcox", method="approx")
        assert got.pvalue[i, j] == pytest.approx(expected.pvalue, rel=1e-9)
        for alternative in ("less", "greater"):
            one_sided = stats.wilcoxon(
                table, zeros="wilcox", method="normal", alternative=alternative, blocks="rows"
            )
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                expected = scipy_stats.wilcoxon(
                    d, zero_method="wilcox", method="approx", alternative=alternative
                )
            assert one_sided.pvalue[i, j] == pytest.approx(expected.pvalue, rel=1e-9)
            assert one_sided.statistic[i, j] == expected.statistic


@given(seed=seeds, n=st.integers(2, 40))
def test_both_ways_to_count_signs_agree(seed, n):
    rng = np.random.default_rng(seed)
    ranks = np.stack([scipy_stats.rankdata(rng.integers(0, 6, n)) for _ in range(4)])
    doubled = np.sort(np.rint(2 * ranks).astype(np.int64), axis=1)
    doubled[1, : n // 3] = 0
    wanted = np.array([rng.integers(-1, row.sum() + 1) for row in doubled])
    table = [_table_tails(row, np.array([w]))[0] for row, w in zip(doubled, wanted, strict=True)]
    np.testing.assert_allclose(_fourier_tails(doubled, wanted[None, :])[0], table, rtol=1e-12)


def test_many_tied_pairs_get_what_one_pair_gets():
    table = np.random.default_rng(5).integers(0, 5, (18, 25)).astype(float)
    together = stats.wilcoxon(table, method="exact")
    for i, j in [(0, 1), (3, 20), (24, 7)]:
        alone = stats.wilcoxon(table[:, [i, j]], method="exact")
        assert together.pvalue[i, j] == pytest.approx(alone.pvalue[0, 1], rel=1e-12)


@given(table=tables(models=(2, 4)))
def test_sign_test_agrees_with_scipy(table):
    result = stats.sign_test(table, blocks="rows")
    for i, j in itertools.combinations(range(table.shape[1]), 2):
        wins, losses = (table[:, i] < table[:, j]).sum(), (table[:, i] > table[:, j]).sum()
        assert result.statistic[i, j] == losses
        if wins + losses == 0:
            assert result.pvalue[i, j] == 1
            assert result.degenerate[i, j]
        else:
            expected = scipy_stats.binomtest(int(losses), int(wins + losses)).pvalue
            assert result.pvalue[i, j] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("test", PAIRWISE, ids=lambda t: t.__name__)
@given(data=st.data(), table=tables())
def test_order_of_blocks_and_names_of_models_do_not_matter(test, data, table):
    base = test(table, blocks="rows")
    rows = data.draw(permutations(len(table)))
    columns = data.draw(permutations(table.shape[1]))
    other = test(table[rows][:, columns], blocks="rows")
    for field in ("pvalue", "statistic", "difference"):
        np.testing.assert_allclose(
            getattr(other, field),
            getattr(base, field)[np.ix_(columns, columns)],
            rtol=1e-8,
            atol=1e-12,
        )


@pytest.mark.parametrize("test", PAIRWISE, ids=lambda t: t.__name__)
@given(table=tables())
def test_pairs_are_symmetric_and_turn_with_the_orientation(test, table):
    result = test(table, blocks="rows")
    np.testing.assert_array_equal(result.pvalue, result.pvalue.T)
    np.testing.assert_allclose(result.difference, -result.difference.T, atol=1e-15)
    turned = test(-table, higher_is_better=True, blocks="rows")
    np.testing.assert_allclose(turned.pvalue, result.pvalue, rtol=1e-12)
    other_way = test(table, higher_is_better=True, blocks="rows")
    np.testing.assert_allclose(other_way.pvalue, result.pvalue, rtol=1e-9)
    np.testing.assert_allclose(other_way.difference, -result.difference, atol=1e-12)


@pytest.mark.parametrize("test", [stats.wilcoxon, stats.sign_test], ids=lambda t: t.__name__)
@given(table=tables(models=(3, 5)))
def test_verdicts_of_two_do_not_depend_on_the_pool(test, table):
    pool, alone = test(table, blocks="rows"), test(table[:, :2], blocks="rows")
    assert pool.pvalue[0, 1] == alone.pvalue[0, 1]


@given(table=tables())
def test_one_sided_pvalues_make_the_two_sided_one(table):
    for test in (stats.wilcoxon, stats.sign_test):
        less = test(table, alternative="less", blocks="rows").pvalue
        greater = test(table, alternative="greater", blocks="rows").pvalue
        both = test(table, blocks="rows").pvalue
        np.testing.assert_allclose(less, greater.T, rtol=1e-12)
        expected = np.minimum(1, 2 * np.minimum(less, greater))
        np.testing.assert_allclose(both, expected, rtol=1e-12)


def test_nemenyi_is_the_paired_test():
    # A peer offers the unpaired version: p = .89 where the paired one is sure.
    rng = np.random.default_rng(0)
    level = rng.normal(scale=50, size=(40, 1))
    table = level + rng.normal(scale=0.5, size=(40, 3)) + [0.0, 1.0, 2.0]
    assert stats.nemenyi(table).pvalue[0, 2] < 1e-6


def test_critical_difference_uses_the_range_of_k_not_of_k_plus_one():
    # A peer takes q for k + 1 (1.331 in place of 1.254) and stops at k = 56.
    assert stats.critical_difference(14, 4) == pytest.approx(1.2536, abs=1e-4)
    assert stats.critical_difference(100, 240) == pytest.approx(458.2 / 10, abs=0.02)


def test_sign_test_leaves_ties_out():
    # A peer counts ties as losses.
    table = np.array([[0.0, 1.0]] * 6 + [[1.0, 1.0]] * 10)
    assert stats.sign_test(table).pvalue[0, 1] == pytest.approx(2 / 2**6)


def test_verdict_equals_the_critical_difference():
    table = np.random.default_rng(4).normal(size=(20, 8)) + np.arange(8) / 3
    result = stats.nemenyi(table)
    for alpha in (0.01, 0.05, 0.3):
        by_distance = np.abs(result.difference) >= result.critical_difference(alpha)
        np.testing.assert_array_equal(result.rejects(alpha), by_distance)
        low, high = result.confidence_interval(1 - alpha)
        np.testing.assert_array_equal(result.rejects(alpha), (low > 0) | (high < 0))


def test_extreme_pvalues_do_not_underflow_early():
    table = np.tile([1.0, 2.0, 3.0], (100, 1))
    p = stats.nemenyi(table).pvalue[0, 2]
    # 3 equal-probable orders: 1 - cdf is 0 here, the tail is not.
    assert 0 < p < 1e-40


def test_equal_models_are_flagged_not_hidden():
    table = np.column_stack([np.arange(8.0), np.arange(8.0), np.arange(8.0)[::-1]])
    for test in (stats.wilcoxon, stats.sign_test):
        result = test(table)
        assert result.degenerate[0, 1]
        assert not result.degenerate[0, 2]
        assert result.pvalue[0, 1] == 1
        assert "1 pairs" in " ".join(result.notes)


def test_perfect_agreement_leaves_conover_without_residual():
    result = stats.conover(np.tile([1.0, 2.0, 2.0], (5, 1)))
    assert result.pvalue[0, 1] == 0
    assert result.pvalue[1, 2] == 1


def test_one_sided_comparisons_with_a_control():
    table = np.random.default_rng(2).normal(size=(30, 4)) + np.array([0, -0.8, 0.1, 0.9])
    both = stats.versus_control(table, control="m0")
    less = stats.versus_control(table, control="m0", alternative="less")
    greater = stats.versus_control(table, control="m0", alternative="greater")
    np.testing.assert_allclose(less.pvalue + greater.pvalue, [np.nan, 1, 1, 1])
    np.testing.assert_allclose(both.pvalue, 2 * np.fmin(less.pvalue, greater.pvalue))
    assert less.better(0.05) == ("m1",)
    assert greater.worse(0.05) == ("m3",)
    assert "(less)" in less.methods()


def test_mcb_names_those_that_may_be_the_best():
    table = np.random.default_rng(2).normal(size=(60, 5)) + np.array([0, 0.1, 0.9, 1.5, 3])
    for procedure in ("range", "hsu"):
        result = stats.mcb(table, procedure=procedure)
        assert result.best(0.05)[0] in ("m0", "m1")
        assert "m4" not in result.best(0.05)
        low, high = result.intervals(0.05).T
        assert (low <= high).all()
    by_range = stats.mcb(table)
    low, high = by_range.intervals(0.05).T
    top = int(np.argmin(by_range.locations))
    apart = low > high[top]
    assert {by_range.names[i] for i in np.flatnonzero(~apart)} == set(by_range.best(0.05))
    hsu = stats.mcb(table, procedure="hsu")
    assert set(hsu.best(0.05)) <= set(by_range.best(0.05))
    lower, upper = hsu.intervals(0.05).T
    assert (lower <= 0).all()
    assert (upper >= 0).all()
    assert {n for n, end in zip(hsu.names, lower, strict=True) if end < 0} == set(hsu.best(0.05))
    clear = stats.mcb(np.tile([1.0, 2.0, 3.0], (40, 1)), procedure="hsu")
    assert clear.intervals(0.05)[0, 1] == 0
    assert clear.best(0.05) == ("m0",)


@pytest.mark.parametrize("test", PAIRWISE, ids=lambda t: t.__name__)
def test_bad_tables_are_refused(test):
    good = np.arange(12.0).reshape(4, 3) % 5
    with pytest.raises(ValueError, match=r"at least \d models .*got 1"):
        test(good[:, :1])
    with pytest.raises(ValueError, match=r"at least 2 blocks .*got 1"):
        test(good[:1])
    with pytest.raises(ValueError, match="cells are missing"):
        test(np.where(good == 4, np.nan, good))
    with pytest.raises(TypeError, match="numbers are needed"):
        test(good.astype(str))


def test_bad_options_are_refused():
    good = np.arange(12.0).reshape(4, 3) % 5
    with pytest.raises(ValueError, match="zeros must be one of"):
        stats.wilcoxon(good, zeros="drop")
    with pytest.raises(ValueError, match="method must be one of"):
        stats.wilcoxon(good, method="approx")
    with pytest.raises(ValueError, match="alternative must be one of"):
        stats.sign_test(good, alternative="smaller")
    with pytest.raises(ValueError, match="at most 100 blocks, got 101"):
        stats.wilcoxon(np.random.default_rng(0).normal(size=(101, 2)), method="exact")
    with pytest.raises(ValueError, match="leave it out of 'exact'"):
        stats.wilcoxon(good, method="exact", continuity=True)
    with pytest.raises(ValueError, match="no model is named 'm9'"):
        stats.versus_control(good, control="m9")
    with pytest.raises(TypeError, match="name of a model"):
        stats.versus_control(good, control=0)
    with pytest.raises(ValueError, match="ranking must be one of"):
        stats.mean_rank_z(good, ranking="mean")
    with pytest.raises(ValueError, match="which ranking='friedman' does not take"):
        stats.mean_rank_z(good, decimals=3)
    with pytest.raises(ValueError, match="procedure must be one of"):
        stats.mcb(good, procedure="tukey")
    with pytest.raises(ValueError, match="n_models must be an integer of at least 2, got 1"):
        stats.critical_difference(10, 1)
    with pytest.raises(ValueError, match=r"alpha must lie inside \(0, 1\)"):
        stats.critical_difference(10, 3, alpha=0)
    with pytest.raises(ValueError, match="tie in every one"):
        stats.nemenyi(np.ones((4, 3)))
    with pytest.raises(ValueError, match="already adjusted"):
        stats.nemenyi(good).adjusted("holm")
    with pytest.raises(ValueError, match="is for all pairs"):
        stats.versus_control(good, control="m0").adjusted("shaffer")
