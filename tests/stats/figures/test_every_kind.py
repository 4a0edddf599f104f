"""Every kind of figure, at every width and number of models, with any names: sound and saved."""

import csv
import io
import math
import shutil
import subprocess
import warnings
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats import figures
from stats.figures.files import content

from .geometry import HOSTILE, NAMES, QUICK, assert_sound

WIDTHS = (300.0, 340.0, 480.0, 860.0, 1200.0)
CAPTION = "Nemenyi, α = 0.05, k = 12, N = 18 data sets; a longer line that has to be broken"


def ranks_of(k, rng):
    """Average ranks of k models over a few blocks: ties happen."""
    return [float(v) for v in 1 + np.round(rng.random(k) * (k - 1) * 4) / 4]


def square(k, values):
    return [[values(i, j) for j in range(k)] for i in range(k)]


def classic(names, rng, width):
    k = len(names)
    cut = sorted(int(i) for i in rng.integers(0, k, size=6))
    groups = [names[cut[i] : cut[i + 1] + 1] for i in range(5)]
    groups += [[names[int(i)] for i in rng.choice(k, size=min(k, 4), replace=False)]]
    return figures.critical_difference(
        names, ranks_of(k, rng), groups=groups, difference=k / 3, width=width, caption=CAPTION
    )


def intervals(names, rng, width):
    families = {name: f"family {i % 5}" for i, name in enumerate(names)}
    return figures.intervals(
        names,
        ranks_of(len(names), rng),
        difference=len(names) / 4,
        families=families,
        width=width,
        caption=CAPTION,
    )


def strips(names, rng, width):
    families = {name: f"family {i % 7}" for i, name in enumerate(names)}
    ranks = ranks_of(len(names), rng)
    return figures.strips(names, ranks, difference=2.0, families=families, width=width)


def matrix(names, rng, width):
    k = len(names)
    net = rng.choice([-1.0, -0.5, 0.0, 0.5, 1.0], size=(k, k)).tolist()
    holes = (rng.random((k, k)) < 0.1).tolist()
    texts = square(k, lambda i, j: f"−{i / 7:.2f}") if k <= 12 else ()
    return figures.significance_matrix(
        names, net, undefined=holes, texts=texts, width=width, caption=CAPTION
    )


def forecasts(names, rng, width):
    k, h = len(names), int(rng.integers(1, 6))
    net = rng.choice([-1.0, -0.5, 0.0, 0.5, 1.0], size=(h, k, k)).tolist()
    levels = ("p ≤ 0.001", "p ≤ 0.05")
    horizons = [1, 6, 24, 48, 168][:h]
    return figures.forecast_matrices(names, horizons, net, levels=levels, width=width)


def multiple(names, rng, width):
    names = names[: figures.MOST_COMPARED]
    k = len(names)
    wins = np.triu(rng.integers(0, 1500, size=(k, k)), 1)
    wins = wins + np.triu(1500 - wins, 1).T
    p = rng.random((k, k)) ** 6
    return figures.comparison_matrix(
        names,
        (rng.normal(size=k) * 10 ** float(rng.integers(-3, 5))).tolist(),
        wins.tolist(),
        square(k, lambda i, j: 3),
        np.where(rng.random((k, k)) < 0.1, np.nan, p).tolist(),
        width=width,
        caption=CAPTION,
    )


def folds(names, rng, width):
    many = int(rng.integers(1, 14))
    ranks = [[float(v) for v in row] for row in 1 + rng.random((len(names), many)) * len(names)]
    ranks[0] = [math.nan if i else 1.0 for i in range(many)]
    labels = [f"2013-{m + 1:02d}" for m in range(many)]
    return figures.fold_strips(names, labels, ranks, width=width, caption=CAPTION)


def differences(names, rng, width):
    n = int(rng.choice([1, 3, 18, 300]))
    scale = 10.0 ** float(rng.integers(-4, 6))
    values = {name: (rng.standard_t(2, size=n) * scale).tolist() for name in names}
    told = {name: bool(i % 2) for i, name in enumerate(names)}
    return figures.paired_differences(
        names, values, control=names[0], separated=told, width=width, caption=CAPTION
    )


def survivors(names, rng, width):
    p = rng.random(len(names)) ** 3
    losses = rng.random(len(names)) * 10 ** float(rng.integers(-5, 7))
    return figures.confidence_set(names, p.tolist(), losses.tolist(), width=width, caption=CAPTION)


def control(names, rng, width):
    p = np.where(rng.random(len(names)) < 0.1, np.nan, rng.random(len(names)) ** 4)
    return figures.against_control(
        names, ranks_of(len(names), rng), p.tolist(), control=names[-1], width=width
    )


def lines(names, rng, width):
    names = names[:12]
    values = {name: (rng.normal(size=4) * 0.4).tolist() for name in names}
    return figures.horizon_lines(names, [1, 6, 24, 48], values, baseline=names[0], width=width)


def cost(names, rng, width):
    seconds = (10 ** rng.uniform(-4, 4, size=len(names))).tolist()
    families = {name: f"family {i % 4}" for i, name in enumerate(names)}
    ranks = ranks_of(len(names), rng)
    return figures.trade_off(names, seconds, ranks, families=families, width=width)


def evidence(names, rng, width):
    p = np.where(rng.random(len(names)) < 0.2, np.nan, rng.random(len(names)) ** 9)
    return figures.pvalue_scale(
        names, p.tolist(), estimates=[("slope", -0.5)], null="nothing is there", width=width
    )


def posterior(names, rng, width):
    parts = tuple(float(v) for v in rng.dirichlet([2.0, 0.5, 0.5]))
    return figures.posterior_bar(names[0], names[1], parts, width=width, caption=CAPTION)


KINDS = {
    make.__name__: make
    for make in (
        classic,
        intervals,
        strips,
        matrix,
        forecasts,
        multiple,
        folds,
        differences,
        survivors,
        control,
        lines,
        cost,
        evidence,
        posterior,
    )
}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("kind", KINDS)
def test_hostile_names_are_laid_out(kind, width):
    for seed in range(3):
        assert_sound(KINDS[kind](list(HOSTILE), np.random.default_rng(seed), width))


@pytest.mark.parametrize("width", [340.0, 860.0])
@pytest.mark.parametrize("k", [2, 15, 16, 40, 41, 240])
@pytest.mark.parametrize("kind", KINDS)
def test_any_number_of_models_is_laid_out(kind, k, width):
    names = [f"{['lstm', 'xgboost', 'theta'][i % 3]}/variant={i}" for i in range(k)]
    assert_sound(KINDS[kind](names, np.random.default_rng(k), width))


@pytest.mark.parametrize(
    "kind", [k for k in KINDS if k not in ("classic", "matrix", "forecasts", "evidence")]
)
def test_a_thousand_models_are_laid_out(kind):
    names = [f"model {i}" for i in range(1000)]
    figure = KINDS[kind](names, np.random.default_rng(1), 860.0)
    assert_sound(figure)
    assert figure.height < 7000


@given(
    st.sampled_from(sorted(KINDS)),
    st.lists(NAMES, min_size=2, max_size=18, unique=True),
    st.integers(0, 2**32 - 1),
    st.sampled_from(WIDTHS),
)
@QUICK
def test_any_names_are_laid_out(kind, names, seed, width):
    assert_sound(KINDS[kind](names, np.random.default_rng(seed), width))


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_is_text_in_svg_and_never_a_formula_in_csv(kind):
    figure = KINDS[kind](list(HOSTILE), np.random.default_rng(0), 860.0)
    root = ET.fromstring(content(figure, "svg"))
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    known = {"svg", "title", "desc", "style", "rect", "line", "polyline", "path", "circle", "text"}
    assert tags <= known | {"g"}
    for row in csv.reader(io.StringIO(content(figure, "csv").decode())):
        assert not any(cell.startswith(("=", "@", "+")) for cell in row)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_painted_the_same_twice(kind):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    names = [f"model_{i}" for i in range(5)]
    for ending in ("svg", "tex", *(["pdf"] if kind in ("classic", "matrix") else [])):
        one, two = (
            content(KINDS[kind](names, np.random.default_rng(3), 340.0), ending) for _ in range(2)
        )
        assert one == two


@pytest.mark.parametrize("kind", KINDS)
def test_labels_fit_as_matplotlib_measures_them(kind):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from stats.figures.axes import draw

    names = [f"model WWW {i}" for i in range(12)]
    for width in (340.0, 860.0):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            ax = draw(KINDS[kind](names, np.random.default_rng(5), width))
        canvas = ax.get_figure()
        canvas.draw_without_rendering()
        boxes = [text.get_window_extent() for text in ax.texts]
        assert all(box.x0 >= -0.5 and box.x1 <= canvas.bbox.width + 0.5 for box in boxes)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("names", "width", "message"),
    [
        (["a", "b"], 299.0, "at least 300 pixels wide, got 299"),
        (["a", "b"], math.nan, "at least 300 pixels wide, got nan"),
        (["a", "a"], 860.0, "names of models must differ, got 'a' twice"),
    ],
)
def test_what_cannot_be_drawn_is_told(kind, names, width, message):
    with pytest.raises(ValueError, match=message):
        KINDS[kind](names, np.random.default_rng(0), width)


ALONE = ("cost", "differences", "evidence", "lines", "posterior")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ALONE])
def test_one_model_alone_is_no_comparison(kind):
    with pytest.raises(ValueError, match="a comparison needs at least 2 models, got 1"):
        KINDS[kind](["a"], np.random.default_rng(0), 860.0)


NAN = math.nan


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: figures.intervals(["a", "b"], [1, NAN], difference=1), "got nan for 'b'"),
        (lambda: figures.intervals(["a", "b"], [1, 2], difference=NAN), "above 0, got nan"),
        (
            lambda: figures.strips(["a", "b"], [1, NAN], difference=1, families={"a": "", "b": ""}),
            "got nan for 'b'",
        ),
        (lambda: figures.significance_matrix(["a", "b"], [[0, NAN], [1, 0]]), "'a' and 'b' is nan"),
        (lambda: figures.fold_strips(["a", "b"], ["1"], [[1], [NAN]]), "'b' has no rank in any"),
        (lambda: figures.fold_strips(["a", "b"], ["1"], [[1], [0.5]]), "from 1 on, got"),
        (lambda: figures.fold_strips(["a", "b"], ["1"], [[1]]), "one row per model"),
        (lambda: figures.paired_differences(["a"], {"a": [NAN]}, control="b"), "not a number"),
        (lambda: figures.paired_differences(["a"], {"a": []}, control="b"), "no block in common"),
        (lambda: figures.confidence_set(["a", "b"], [1, NAN], [1, 2]), "between 0 and 1, got nan"),
        (lambda: figures.confidence_set(["a", "b"], [1, 0.1], [1, NAN]), "got nan for 'b'"),
        (lambda: figures.against_control(["a", "b"], [1, 2], [1, 1], control="c"), "none of the"),
        (lambda: figures.against_control(["a", "b"], [1, NAN], [1, 1], control="a"), "got nan"),
        (lambda: figures.posterior_bar("a", "b", (0.5, 0.1, 0.1)), "that sum to 1 are needed"),
        (lambda: figures.posterior_bar("a", "b", (NAN, 0.5, 0.5)), "that sum to 1 are needed"),
        (lambda: figures.pvalue_scale(["a"], [1.5]), "between 0 and 1, got 1.5 for 'a'"),
        (lambda: figures.trade_off(["a", "b"], [1, 2], [NAN, NAN]), "both a time and a rank"),
        (
            lambda: figures.comparison_matrix(
                [str(i) for i in range(13)], [0] * 13, [[]], [[]], [[]]
            ),
            "at most 12 models, got 13",
        ),
        (lambda: figures.forecast_matrices(["a", "b"], [1, 2], [[[0, 0], [0, 0]]]), "one matrix"),
    ],
)
def test_numbers_that_cannot_be_drawn_are_told(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()


def test_all_ties_are_drawn_at_one_place():
    names = [f"m{i}" for i in range(12)]
    for width in WIDTHS:
        figure = figures.critical_difference(
            names, [6.5] * 12, groups=[names], difference=3.9, width=width
        )
        assert_sound(figure)
        assert len(figure.marks_of("bar")) == 1
        assert len(figure.marks_of("member")) == 12
        assert_sound(figures.intervals(names, [6.5] * 12, difference=3.9, width=width))
        same = [0.25] * 12
        assert_sound(figures.confidence_set(names, same, same, width=width))
        assert_sound(figures.against_control(names, same, same, control="m3", width=width))
        zero = {name: [0.0, 0.0] for name in names}
        assert_sound(figures.paired_differences(names, zero, control="x", width=width))


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
@pytest.mark.parametrize("kind", KINDS)
def test_plain_latex_compiles_hostile_names(kind, tmp_path):
    figure = KINDS[kind](list(HOSTILE), np.random.default_rng(2), 340.0)
    figure.save(tmp_path / "figure.tex")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "figure.tex"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Missing character" not in done.stdout
    assert "(1 page" in done.stdout
