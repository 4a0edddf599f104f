"""Figures that results give: all pairs of forecasts, in the order of mean losses."""

import warnings

import numpy as np
import pytest

import stats
from stats.figures.marks import Cells


def result(k: int) -> stats.ForecastPairsResult:
    rng = np.random.default_rng(k)
    losses = rng.chisquare(1, size=(200, k)) * np.linspace(2, 1, k)
    losses[:, 1] = losses[:, 0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stats.DegenerateWarning)
        return stats.diebold_mariano(losses)


@pytest.mark.parametrize("k", [2, 5, 40, 100])
def test_each_pair_has_the_cell_of_its_verdict(k):
    told = result(k)
    figure = told.figure(alpha=0.1)
    codes = np.array(next(mark for mark in figure.marks if isinstance(mark, Cells)).codes)
    order = np.argsort(told.locations, kind="stable")
    square = np.ix_(order, order)
    rejected = told.rejects(0.1)
    better = rejected & (told.difference < 0)
    strong = told.rejects(0.001)
    assert ((codes == 1) == (better & strong)[square]).all()
    assert ((codes == 2) == (better & ~strong)[square]).all()
    assert ((codes == 3) == (better & ~strong).T[square]).all()
    assert ((codes == 4) == (better & strong).T[square]).all()
    assert (codes == 5).sum() == 2  # the copied model
    assert [row[0] for row in figure.rows] == [told.names[i] for i in order]
    for name, won, lost, alike in figure.rows:
        undefined = 1 if name in told.names[:2] else 0
        assert won + lost + alike + undefined == k - 1


def test_the_legend_names_what_is_there():
    with_twins = {mark.text for mark in result(5).figure().marks_of("caption")}
    assert {"row better, p ≤ 0.05", "row worse, p ≤ 0.001", "undefined"} <= with_twins
    rng = np.random.default_rng(0)
    without = stats.diebold_mariano(rng.chisquare(1, size=(200, 3))).figure()
    assert "undefined" not in {mark.text for mark in without.marks_of("caption")}


def test_a_result_of_many_horizons_has_a_square_for_each():
    cube = np.random.default_rng(1).chisquare(1, size=(100, 3, 2))
    told = stats.diebold_mariano(cube, horizon=[1, 2])
    figure = told.figure()
    assert [m.text for m in figure.marks_of("heading")] == ["1 step ahead", "2 steps ahead"]
    assert sum(isinstance(mark, Cells) for mark in figure.marks) == 2
    assert told.at(2).figure().kind == "significance-matrix"


def test_every_result_but_a_count_has_a_picture_of_its_numbers():
    rng = np.random.default_rng(2)
    table = rng.normal(size=(20, 4)) + np.array([0, 0, 1, 2])
    losses = rng.chisquare(1, size=(60, 4)) * [1, 1, 2, 3]
    two = table[:, :2]
    pictures = {
        "critical-difference": [
            stats.friedman(table),
            stats.nemenyi(table),
            stats.wilcoxon(table).adjusted("holm"),
            stats.compare(table),
        ],
        "intervals": [stats.mcb(table)],
        "against-control": [
            stats.versus_control(table, control="m0"),
            stats.diebold_mariano(losses).versus("m1").adjusted("holm"),
        ],
        "confidence-set": [stats.model_confidence_set(losses, rng=rng, n_draws=100)],
        "p-values": [
            stats.christoffersen(rng.random(100) < 0.2, nominal=0.1),
            stats.spa(losses, benchmark="m3", rng=rng, n_draws=100),
            stats.corrected_resampled_t(two, n_train=90, n_test=10),
        ],
        "posterior": [stats.bayes_signed_rank(two, rope=0.1, rng=np.random.default_rng(1))],
    }
    for kind, results in pictures.items():
        for result in results:
            assert result.figure().kind == kind
            assert result.figure(alpha=0.01, width=340).width == 340


def test_a_set_is_told_at_its_own_level():
    losses = np.random.default_rng(4).chisquare(1, size=(200, 4)) * [1, 1, 1.3, 2]
    result = stats.model_confidence_set(losses, rng=np.random.default_rng(5), n_draws=200)
    for alpha in (0.1, 0.3):
        inside = {row[0] for row in result.figure(alpha=alpha).rows if row[3] == "yes"}
        assert inside == set(result.included(alpha))
    assert result.figure() == result.figure(alpha=0.1)


def test_a_matrix_holds_the_numbers_of_the_comparison():
    table = np.random.default_rng(6).normal(size=(30, 5)) + np.array([2, 0, 1, 0, 1])
    told = stats.compare(table, pairs="wilcoxon")
    for first, second, gap, wins, ties, losses, p in told.figure(kind="matrix").rows:
        i, j = told.names.index(first), told.names.index(second)
        assert gap == pytest.approx(told.mean_scores[i] - told.mean_scores[j])
        assert (wins, ties, losses) == (
            told.effects.wins[i, j],
            told.effects.ties[i, j],
            told.effects.wins[j, i],
        )
        assert p == told.pairs.pvalue[i, j]


def test_higher_scores_are_better_where_they_are_said_to_be():
    table = np.random.default_rng(7).normal(size=(40, 2)) + np.array([0, 3])
    table = np.column_stack([table, table.mean(axis=1)])
    told = stats.compare(table, pairs="wilcoxon", higher_is_better=True)
    figure = told.figure(kind="matrix")
    assert figure.rows[0][0] == told.winner == "m1"
    tinted = {mark.who for mark in figure.marks_of("tile-better") if mark.who}
    assert ("m1", "m0") in tinted
    assert ("m0", "m1") not in tinted


def test_it_is_drawn():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    ax = result(4).plot()
    assert {text.get_text() for text in ax.texts} >= {"row better, p ≤ 0.05", "undefined"}
    assert ax.collections
