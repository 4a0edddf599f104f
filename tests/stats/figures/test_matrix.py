"""The significance matrix: one cell a pair, the order of mean losses, hundreds of models."""

import warnings

import numpy as np
import pytest

import stats
from stats.figures.layout import Box
from stats.figures.matrix import significance


def result(k: int) -> stats.ForecastPairsResult:
    rng = np.random.default_rng(k)
    losses = rng.chisquare(1, size=(200, k)) * np.linspace(2, 1, k)
    losses[:, 1] = losses[:, 0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", stats.DegenerateWarning)
        return stats.diebold_mariano(losses)


@pytest.mark.parametrize("k", [2, 5, 40])
def test_each_pair_has_one_cell_of_its_kind(k):
    told = result(k)
    figure = told.figure(alpha=0.1)
    cells = [mark for mark in figure.marks if isinstance(mark, Box) and mark.who]
    assert len(cells) == k * (k - 1)
    better = (told.rejects(0.1) & (told.difference < 0)).sum()
    assert sum(cell.role == "seed-0" for cell in cells) == better
    assert sum(cell.role == "seed-6" for cell in cells) == better
    assert sum(cell.role == "seed-7" for cell in cells) == 2  # the copied model
    assert figure.rows[0][0] == told.names[int(np.argmin(told.locations))]
    for name, _, won, lost, alike in figure.rows:
        undefined = 1 if name in told.names[:2] else 0
        assert won + lost + alike + undefined == k - 1


@pytest.mark.parametrize("k", [2, 12, 100])
def test_nothing_lies_outside_of_the_canvas(k):
    figure = result(k).figure()
    for mark in figure.marks:
        if isinstance(mark, Box):
            assert mark.x >= 0
            assert mark.x + mark.width <= figure.width
            assert mark.y + mark.height <= figure.height


def test_hundreds_of_models_share_boxes():
    k = 240
    locations = np.arange(k, dtype=float)
    difference = locations[:, None] - locations
    far = np.abs(difference) > 100
    none = np.zeros((k, k), dtype=bool)
    figure = significance([f"m{i}" for i in range(k)], locations, far, difference, none)
    assert len(figure.marks) < 5 * k
    area = sum(m.width * m.height for m in figure.marks if isinstance(m, Box) and m.who)
    side = (figure.width - 12.0) / k
    assert area == pytest.approx(k * (k - 1) * side**2)


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
    assert len(ax.patches) > 12
