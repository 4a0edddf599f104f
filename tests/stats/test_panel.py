"""Panel Diebold-Mariano: averages over series, dependence, bad input."""

import numpy as np
import pytest

import stats


def series(seed: int, n: int = 200) -> np.ndarray:
    return np.random.default_rng(seed).chisquare(1, size=(n, 3))


def test_the_average_over_series_is_tested():
    panel = {name: series(at) for at, name in enumerate("abc")}
    result = stats.panel_diebold_mariano(panel, horizon=2)
    mean = np.mean(list(panel.values()), axis=0)
    plain = stats.diebold_mariano(mean, horizon=2)
    assert result.statistic == pytest.approx(plain.statistic, nan_ok=True)
    assert "averaged over 3 series" in result.notes[0]
    assert "panel Diebold-Mariano" in result.summary()


def test_a_copied_series_adds_no_evidence():
    # treated as independent, 50 copies would multiply the statistic by 7
    one = series(1)
    alone = stats.panel_diebold_mariano({"a": one})
    copies = stats.panel_diebold_mariano({f"a{i}": one for i in range(50)})
    assert copies.pvalue == pytest.approx(alone.pvalue, nan_ok=True)


def test_weights_choose_series():
    panel = {"a": series(1), "b": series(2)}
    first = stats.panel_diebold_mariano(panel, weights={"a": 3, "b": 0})
    assert first.statistic == pytest.approx(
        stats.diebold_mariano(panel["a"]).statistic, nan_ok=True
    )
    assert stats.panel_diebold_mariano(panel, weights=[1, 1]).statistic == pytest.approx(
        stats.panel_diebold_mariano(panel).statistic, nan_ok=True
    )


def test_a_hole_in_one_series_is_a_hole_in_the_average():
    panel = {"a": series(1), "b": series(2)}
    panel["b"][5, 1] = np.nan
    with pytest.raises(ValueError, match="missing"):
        stats.panel_diebold_mariano(panel)
    result = stats.panel_diebold_mariano(panel, missing="drop_times")
    assert result.n_used[0, 1] == 199


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: stats.panel_diebold_mariano({}), "no series"),
        (lambda: stats.panel_diebold_mariano([series(1)]), "maps the name of each series"),
        (
            lambda: stats.panel_diebold_mariano({"a": series(1), "b": series(2)[:, :2]}),
            "series 'b' has models m0, m1",
        ),
        (
            lambda: stats.panel_diebold_mariano({"a": series(1), "b": series(2)[:100]}),
            "'b' has other times than 'a'",
        ),
        (lambda: stats.panel_diebold_mariano({"a": series(1)[:, :, None]}), "give one horizon"),
        (lambda: stats.panel_diebold_mariano({"a": series(1)}, weights={"b": 1}), "one for each"),
        (lambda: stats.panel_diebold_mariano({"a": series(1)}, weights=[1, 2]), "1 numbers"),
        (lambda: stats.panel_diebold_mariano({"a": series(1)}, weights=[-1]), "at least 0"),
        (
            lambda: stats.panel_diebold_mariano({"a": series(1)}, missing="pairwise"),
            "missing must be one of",
        ),
    ],
)
def test_bad_input_is_named(call, match):
    with pytest.raises(ValueError, match=match):
        call()
