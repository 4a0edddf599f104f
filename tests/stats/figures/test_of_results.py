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
    assert ((codes == 1) == better[square]).all()
    assert ((codes == 4) == better.T[square]).all()
    assert (codes == 5).sum() == 2  # the copied model
    assert not np.isin(codes, (2, 3)).any()
    assert [row[0] for row in figure.rows] == [told.names[i] for i in order]
    for name, won, lost, alike in figure.rows:
        undefined = 1 if name in told.names[:2] else 0
        assert won + lost + alike + undefined == k - 1


def test_the_legend_names_what_is_there():
    with_twins = {mark.text for mark in result(5).figure().marks_of("caption")}
    assert {"row better", "row worse", "undefined"} <= with_twins
    rng = np.random.default_rng(0)
    without = stats.diebold_mariano(rng.chisquare(1, size=(200, 3))).figure()
    assert "undefined" not in {mark.text for mark in without.marks_of("caption")}


def test_a_result_of_many_horizons_asks_for_one():
    cube = np.random.default_rng(1).chisquare(1, size=(100, 3, 2))
    told = stats.diebold_mariano(cube, horizon=[1, 2])
    with pytest.raises(stats.OptionError, match="figures are of one horizon"):
        told.figure()
    assert told.at(2).figure().kind == "significance-matrix"


def test_it_is_drawn():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    ax = result(4).plot()
    assert {text.get_text() for text in ax.texts} >= {"row better", "row worse", "undefined"}
    assert ax.collections
