"""A figure in one call: of a result, or of a table by its kind."""

import numpy as np
import pytest

import reports
import stats
from reports.pictures import KINDS

RNG = np.random.default_rng(0)
SCORES = stats.Scores(
    values=RNG.normal(size=(20, 4)) + np.array([0, 0.5, 1, 2]),
    models=("a", "b", "c", "naive"),
    blocks=tuple(range(20)),
    declared=True,
)
OPTIONS = {
    "against-control": {"control": "naive"},
    "paired-differences": {"control": "naive", "score": "MASE"},
    "confidence-set": {"rng": np.random.default_rng(1), "n_draws": 100},
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_drawn_from_a_table(kind):
    table = SCORES.values if kind in ("confidence-set", "forecast-matrices") else SCORES
    figure = reports.figure(kind, table, width=400, **OPTIONS.get(kind, {}))
    # Losses at one horizon are one square.
    wanted = "significance-matrix" if kind == "forecast-matrices" else kind
    assert (figure.kind, figure.width) == (wanted, 400.0)
    assert figure.rows


def test_a_result_brings_its_own_numbers():
    result = stats.nemenyi(SCORES)
    assert reports.figure(result, alpha=0.1) == result.figure(alpha=0.1)
    with pytest.raises(stats.OptionError, match="brings its own numbers"):
        reports.figure(result, SCORES)


def test_differences_are_those_of_the_blocks():
    figure = reports.figure("paired-differences", SCORES, control="naive")
    gap = SCORES.values[:, 0] - SCORES.values[:, 3]
    told = {row[0]: row for row in figure.rows}
    assert told["a"][1] == pytest.approx(np.median(gap))
    assert told["a"][2] == (gap < 0).sum()
    assert figure.rows[0][0] == "a"
    filled = {dot.who[0] for dot in figure.marks_of("dot-better")}
    p = stats.wilcoxon(SCORES).pvalue[3, :3]
    assert filled == {
        n for n, p in zip("abc", stats.adjusted(p, method="holm"), strict=True) if p <= 0.05
    }


def test_rows_of_a_table_are_folds():
    figure = reports.figure("fold-strips", SCORES)
    assert figure.columns == ("model", "mean rank", *map(str, range(20)))
    np.testing.assert_allclose(figure.rows[0][2:], SCORES.ranks()[:, 0])


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (("pie",), {}, "no figure of kind 'pie'; there are critical-difference"),
        (("intervals",), {}, "needs a table of scores or losses"),
        (("paired-differences", SCORES), {"control": "x"}, "no model is named 'x'"),
        (("critical-difference", SCORES), {"width": 10}, "at least 300 pixels wide, got 10"),
        (("critical-difference", SCORES), {"alpha": 2}, "alpha must lie inside"),
    ],
)
def test_what_cannot_be_drawn_is_told(arguments, options, message):
    with pytest.raises(stats.OptionError, match=message):
        reports.figure(*arguments, **options)
