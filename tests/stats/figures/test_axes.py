"""Matplotlib paints what the layout says."""

import pytest

from stats.figures import critical_difference, intervals, significance_matrix
from stats.figures.marks import Box, Dot, Label, Line

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

from stats.figures.axes import draw  # noqa: E402


def test_every_mark_becomes_an_artist():
    figure = critical_difference(
        ["a", "b", "c"], [1.2, 2.1, 2.7], groups=[["a", "b"], ["b", "c"]], difference=1.0
    )
    ax = draw(figure)
    count = {
        kind: sum(isinstance(m, kind) for m in figure.marks) for kind in (Line, Dot, Label, Box)
    }
    assert len(ax.lines) == count[Line]
    assert len(ax.patches) == count[Dot] + count[Box]
    assert [text.get_text() for text in ax.texts] == [
        m.text for m in figure.marks if isinstance(m, Label)
    ]


def test_names_are_text_and_never_formulas(tmp_path):
    ax = draw(critical_difference([r"$\frac{1}{0}$", "a_b^c"], [1.0, 2.0]))
    ax.figure.savefig(tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 1000


def test_labels_fit_the_canvas_as_matplotlib_measures_them():
    names = ["temperature/lstm-hidden=64", "wind speed/xgboost-depth=6", "WWWWWWWW", "climatology"]
    figure = critical_difference(names, [1.0, 2.0, 3.0, 4.0], difference=2.0)
    ax = draw(figure)
    canvas = ax.figure
    canvas.draw_without_rendering()
    for text in ax.texts:
        box = text.get_window_extent()
        assert box.x0 >= 0
        assert box.x1 <= canvas.bbox.width + 0.5


def test_an_axes_that_is_given_is_used():
    from matplotlib.figure import Figure

    ax = Figure().add_subplot()
    figure = intervals(["a", "b", "c"], [1.0, 2.0, 3.0], difference=1.5)
    assert draw(figure, ax, theme="dark") is ax
    assert ax.get_ylim() == (figure.height, 0.0)


def test_a_matrix_is_painted_square_by_square():
    figure = significance_matrix(["a", "b", "c"], [[0, 1, 1], [-1, 0, 0.2], [-1, -0.2, 0]])
    ax = draw(figure)
    squares = [len(collection.get_paths()) for collection in ax.collections]
    assert squares == [1, 1, 1, 2]
