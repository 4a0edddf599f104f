"""Whether the rows of a table can be taken for independent blocks."""

from __future__ import annotations

import math
import warnings
from collections.abc import Hashable, Iterable

import numpy as np

from stats.errors import DependentBlocksWarning
from stats.scores import FloatArray, Scores, ScoresLike, label_text

__all__ = ["equal_runs", "prepared", "serial_dependence", "shared_levels"]

SURE = 3.5
"""Standard errors from which results carry a note: 1 in 5,000 tables of independent rows."""

SURE_RUNS = 5.0
"""Standard errors from which runs of rows draw a warning: beyond 10,000 independent tables."""

LONGEST_RUN = 12
"""Folds, or months, of one unit."""

FEWEST = 12
"""Rows below which dependence is not looked at."""


def shared_levels(scores: Scores) -> str:
    """Why the labels of the rows say that blocks share a source, or "".

    Examples
    --------
    >>> rows = [("wind", 1), ("wind", 2), ("temp", 1), ("temp", 2)]
    >>> shared_levels(Scores(np.eye(4), ("a", "b", "c", "d"), rows))
    'rows share a value in every level of their labels, for example wind / 1 and wind / 2'
    """
    labels = scores.blocks
    if len(set(labels)) < len(labels):
        for at, label in enumerate(labels):
            if label in labels[:at]:
                return f"several rows are labelled {label!r}"
    if not labels or not all(isinstance(label, tuple) and label for label in labels):
        return ""
    levels = list(zip(*labels, strict=True))
    if any(len(set(level)) == len(labels) for level in levels):
        return ""
    first: dict[Hashable, int] = {}
    for row, value in enumerate(levels[0]):
        if value in first:
            one, other = labels[first[value]], labels[row]
            told = [label_text(each) for each in (one, other)]
            return (
                "rows share a value in every level of their labels, for example "
                f"{told[0]} and {told[1]}"
            )
        first[value] = row
    return ""


def _centred_ranks(scores: Scores) -> FloatArray | None:
    """Ranks without models' and blocks' means, or None where nothing can be said."""
    if scores.n_blocks < FEWEST or scores.n_models < 2 or np.isnan(scores.values).any():
        return None
    ranks = scores.ranks()
    centred = ranks - ranks.mean(axis=0)
    result: FloatArray = centred - centred.mean(axis=1, keepdims=True)
    return result


def _standardized(observed: float, centred: FloatArray, edges: float, joined: float) -> float:
    """A sum of inner products over pairs of rows, against all orders of the rows.

    `edges` pairs of rows are summed; `joined` ordered pairs of them share a row. Mean and
    variance over all n! orders come from the Gram matrix G of the rows, without its diagonal.
    """
    n = len(centred)
    own = (centred * centred).sum(axis=1)
    small = centred.T @ centred if centred.shape[1] < n else centred @ centred.T
    squares = float((small * small).sum() - (own * own).sum())
    row_sums = centred @ centred.sum(axis=0) - own
    once = float(row_sums.sum())
    chained = float((row_sums * row_sums).sum()) - squares
    apart = once * once - 2.0 * squares - 4.0 * chained
    pairs = n * (n - 1.0)
    mean = edges * once / pairs
    second = (
        edges * squares / pairs
        + joined * chained / (pairs * (n - 2.0))
        + (edges * edges - edges - joined) * apart / (pairs * (n - 2.0) * (n - 3.0))
    )
    variance = second - mean * mean
    if variance <= 1e-12 * max(second, 1e-300):
        return math.nan
    return (observed - mean) / math.sqrt(variance)


def serial_dependence(scores: Scores) -> float:
    """How far neighbouring rows agree beyond chance, in standard errors.

    The sum of inner products of neighbouring rows' centred ranks, against its mean and variance
    over all orders of the rows: independent rows do not care who stands beside them. nan below 12
    rows, with missing cells, or where all orders give the same sum.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> own = np.repeat(rng.normal(size=(10, 9)), 5, axis=0)  # 10 data sets x 5 folds
    >>> serial_dependence(Scores.of(own + rng.normal(size=(50, 9)))) > 3.5
    True
    """
    centred = _centred_ranks(scores)
    if centred is None:
        return math.nan
    n = len(centred)
    observed = float((centred[:-1] * centred[1:]).sum())
    return _standardized(observed, centred, n - 1.0, 2.0 * (n - 2.0))


def _within_runs(centred: FloatArray, length: int, shift: int) -> float:
    count = (len(centred) - shift) // length
    body = centred[shift : shift + count * length]
    runs = body.reshape(count, length, -1).sum(axis=1)
    observed = float((runs * runs).sum() - (body * body).sum()) / 2.0
    edges = count * length * (length - 1.0) / 2.0
    return _standardized(observed, centred, edges, 2.0 * edges * (length - 2.0))


def equal_runs(scores: Scores) -> tuple[int, float]:
    """The length of equal runs of rows that agree within, and by how many standard errors.

    Several rows of each data set under each other, as folds are, agree within runs and not
    across their borders; in a table sorted by domain, neighbours agree across borders as well,
    and runs moved by half a length agree as much. (0, nan) where there is no such pattern.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> own = np.repeat(rng.normal(size=(10, 9)), 5, axis=0)  # 10 data sets x 5 folds
    >>> equal_runs(Scores.of(own + rng.normal(size=(50, 9))))[0]
    5
    """
    centred = _centred_ranks(scores)
    found = (0, math.nan)
    if centred is None:
        return found
    best = SURE_RUNS
    for length in range(2, LONGEST_RUN + 1):
        if len(centred) % length or len(centred) < 4 * length:
            continue
        inside = _within_runs(centred, length, 0)
        # nan where all orders give the same sum: then nothing is found.
        if not inside >= best:
            continue
        if not _within_runs(centred, length, length // 2) < 0.6 * inside:
            continue
        neighbours = (centred[:-1] * centred[1:]).sum(axis=1)
        borders = neighbours[length - 1 :: length]
        rest = (neighbours.sum() - borders.sum()) / (neighbours.size - borders.size)
        if borders.mean() < 0.5 * rest:
            best, found = inside, (length, inside)
    return found


def prepared(
    scores: ScoresLike,
    *,
    caller: str,
    higher_is_better: bool | None,
    blocks: str | Iterable[Hashable] | None,
    missing: str,
    baseline: str | None,
    models: int = 2,
    instead: str = "",
) -> Scores:
    """Complete, named scores for a test, with a warning if its blocks look dependent."""
    table = Scores.of(scores, higher_is_better=higher_is_better, blocks=blocks)
    table = table.require(caller, models=models, instead=instead)
    table = table.complete(missing, baseline=baseline)
    table = table.require(caller, models=models, instead=instead)
    if table.declared:
        return table
    reason = shared_levels(table)
    if not reason:
        length, strength = equal_runs(table)
        if length:
            reason = (
                f"rows come in runs of {length} that agree within ({strength:.1f} standard errors "
                "beyond chance), as folds of one series do"
            )
    if reason:
        warnings.warn(
            f"blocks look dependent: {reason}. {caller} takes rows for independent and rejects "
            "true nulls far too often otherwise (31 % instead of 5 % for 10 data sets x 5 folds "
            "with correlation .2). Average to one row per independent unit with blocks=labels "
            "(or the name of an index level), or resample whole units with "
            "stats.bootstrap_interval(clusters=...). If rows are independent, blocks='rows' says "
            "so and turns this warning off",
            DependentBlocksWarning,
            stacklevel=3,
        )
        return table._with(declared=True)
    serial = serial_dependence(table)
    if serial < SURE or math.isnan(serial):
        return table._with(declared=True)
    # Only a note: tables sorted by domain look like this too, and theirs is a matter of opinion.
    note = (
        f"neighbouring rows agree {serial:.1f} standard errors more than rows in random order do; "
        "if several rows come from one unit, say which with blocks=, for p-values are too small"
    )
    return table._with(declared=True, notes=(*table.notes, note))
