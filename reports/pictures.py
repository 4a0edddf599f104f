"""Figures in one call: of a result, or of a table of scores or losses by the kind of figure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import stats
from stats.errors import OptionError
from stats.figures import Figure, fold_strips, paired_differences
from stats.results import Evidence

__all__ = ["KINDS", "figure"]


def figure(what: Evidence | str, table: Any = None, **options: Any) -> Figure:
    """A figure to look at, to `save`, or to put into a page.

    Parameters
    ----------
    what : a result of `stats`, or one of `KINDS`
    table : with a kind, the scores (one row per block, one column per model) or losses it is of
    options : ``alpha``, ``width`` and what the kind takes (see docs/figures.md)

    Raises
    ------
    OptionError : an unknown kind, or a kind without a table
    stats.errors.StatsError : the table cannot be compared, or the result has no picture

    See Also
    --------
    stats.figures : the layouts themselves, from names and numbers

    Examples
    --------
    >>> import numpy as np
    >>> scores = np.random.default_rng(1).normal(size=(30, 4)) + [0, 0, 1, 2]
    >>> figure("critical-difference", scores).kind
    'critical-difference'
    >>> figure(stats.mcb(scores), width=400).width
    400.0
    """
    if isinstance(what, Evidence):
        if table is not None:
            raise OptionError("a result brings its own numbers: figure(result, ...)")
        return what.figure(**options)
    if what not in KINDS:
        raise OptionError(
            f"no figure of kind {what!r}; there are {', '.join(KINDS)}, and any result of stats"
        )
    if table is None:
        raise OptionError(f"figure({what!r}, ...) needs a table of scores or losses")
    return KINDS[what](table, **options)


_VIEW = ("alpha", "width")


def _parted(options: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the test takes, and what the figure takes."""
    view = {key: options[key] for key in _VIEW if key in options}
    return {key: value for key, value in options.items() if key not in view}, view


def _by(test: Callable[..., Evidence]) -> Callable[..., Figure]:
    def of(table: Any, **options: Any) -> Figure:
        asked, view = _parted(options)
        return test(table, **asked).figure(**view)

    return of


def _comparison_matrix(table: Any, **options: Any) -> Figure:
    asked, view = _parted(options)
    result = stats.compare(table, **{"pairs": "wilcoxon", **asked})
    return result.figure(kind="matrix", **view)


def _control(table: Any, *, adjust: str = "holm", **options: Any) -> Figure:
    asked, view = _parted(options)
    return stats.versus_control(table, **asked).adjusted(adjust).figure(**view)


def _forecasts(table: Any, *, adjust: str = "holm", **options: Any) -> Figure:
    asked, view = _parted(options)
    return stats.diebold_mariano(table, **asked).adjusted(adjust).figure(**view)


def _differences(
    table: Any,
    *,
    control: str,
    adjust: str = "holm",
    alpha: float = 0.05,
    width: float = 860.0,
    score: str = "score",
    **asked: Any,
) -> Figure:
    """Differences to the control, with Wilcoxon's test of each, adjusted over the models."""
    scores = stats.Scores.of(table, **asked)
    if control not in scores.models:
        raise OptionError(f"no model is named {control!r}; models are {', '.join(scores.models)}")
    home = scores.values[:, scores.models.index(control)]
    gaps = {
        name: (scores.values[:, i] - home)
        for i, name in enumerate(scores.models)
        if name != control
    }
    raw = stats.wilcoxon(scores).pvalue[scores.models.index(control)]
    p = {name: raw[scores.models.index(name)] for name in gaps}
    known = [name for name in gaps if not np.isnan(p[name])]
    told = dict(zip(known, stats.adjusted([p[name] for name in known], method=adjust), strict=True))
    names = sorted(gaps, key=lambda name: float(np.median(gaps[name])))
    return paired_differences(
        names[::-1] if scores.higher_is_better else names,
        {name: values.tolist() for name, values in gaps.items()},
        control=control,
        separated={name: bool(told.get(name, 1.0) <= alpha) for name in gaps},
        higher_is_better=scores.higher_is_better,
        score=score,
        width=width,
        caption=f"Wilcoxon signed-rank test, adjusted by {adjust}, alpha = {alpha:g}, "
        f"k = {len(gaps)} models, N = {scores.n_blocks} blocks",
    )


def _folds(table: Any, *, width: float = 860.0, **asked: Any) -> Figure:
    """Ranks within each row: the rows are folds, in time order."""
    scores = stats.Scores.of(table, **asked)
    return fold_strips(
        scores.models,
        [str(block) for block in scores.blocks],
        scores.ranks().T.tolist(),
        width=width,
        caption=f"Ranks within each fold, k = {scores.n_models} models",
    )


KINDS: dict[str, Callable[..., Figure]] = {
    "critical-difference": _by(stats.nemenyi),
    "intervals": _by(stats.mcb),
    "comparison-matrix": _comparison_matrix,
    "against-control": _control,
    "paired-differences": _differences,
    "fold-strips": _folds,
    "forecast-matrices": _forecasts,
    "confidence-set": _by(stats.model_confidence_set),
}
