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


def test_it_is_drawn():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    ax = result(4).plot()
    assert {text.get_text() for text in ax.texts} >= {"row better, p ≤ 0.05", "undefined"}
    assert ax.collections
