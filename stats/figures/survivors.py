"""The model confidence set: who leaves, and at which p-value."""

from __future__ import annotations

import math
from collections.abc import Sequence

from stats.figures.columns import rows
from stats.figures.marks import Box, Dot, Figure, Line, Mark
from stats.figures.ranking import checked_names
from stats.figures.scales import aligned, pvalue, value_axis
from stats.figures.space import MARGIN, ROWS, captioned, checked_width, feet
from stats.figures.text import clean

__all__ = ["confidence_set"]


def confidence_set(
    names: Sequence[str],
    pvalues: Sequence[float],
    losses: Sequence[float],
    *,
    alpha: float = 0.1,
    width: float = 860.0,
    title: str = "Model confidence set",
    caption: str = "",
) -> Figure:
    """Layout of the p-value at which each model leaves the set, largest first.

    The band holds the set at ``alpha``: filled dots are members, open dots have left. Beyond 40
    models the first 40 are drawn.

    Parameters
    ----------
    pvalues : MCS p-value of each model
    losses : mean loss of each model

    References
    ----------
    .. [1] Hansen, Lunde, Nason (2011), Econometrica 79, 453-497. doi:10.3982/ECTA5771

    Examples
    --------
    >>> figure = confidence_set(["a", "b", "c"], [1.0, 0.3, 0.01], [1.0, 1.1, 1.4])
    >>> [row[3] for row in figure.rows]
    ['yes', 'yes', 'no']
    """
    width = checked_width(width)
    checked_names(names)
    if not len(names) == len(pvalues) == len(losses):
        raise ValueError(
            f"one p-value and one loss per model: got {len(names)} models, {len(pvalues)} "
            f"p-values and {len(losses)} losses"
        )
    for name, p, loss in zip(names, pvalues, losses, strict=True):
        if not 0 <= p <= 1:
            raise ValueError(f"a p-value lies between 0 and 1, got {p} for {name!r}")
        if not math.isfinite(loss):
            raise ValueError(f"a mean loss is a number, got {loss} for {name!r}")
    order = sorted(range(len(names)), key=lambda i: (-pvalues[i], losses[i]))
    kept = sum(p > alpha for p in pvalues)
    shown = order[:ROWS]
    frame = rows(
        [names[i] for i in shown],
        values=aligned([losses[i] for i in shown]),
        after=[pvalue(pvalues[i]) for i in shown],
        heads=("mean loss", "p"),
        width=width,
        inset=6.0,
    )

    def x_of(p: float) -> float:
        return frame.left + p * (frame.right - frame.left)

    axis = frame.bottom + 4.0
    band = Box(x_of(alpha), frame.top, x_of(1.0) - x_of(alpha), axis - frame.top, "band")
    marks: list[Mark] = [band, *value_axis(0.0, 1.0, x_of, axis, width=width)]
    marks.append(Line(((x_of(alpha), frame.top), (x_of(alpha), axis)), "limit"))
    marks += frame.marks
    for row, i in enumerate(shown):
        y, inside = frame.y(row), pvalues[i] > alpha
        marks.append(Line(((frame.left, y), (x_of(pvalues[i]), y)), "stem", (names[i],)))
        kind = "dot-0" if inside else "ring-0"
        note = f"{clean(names[i])}: p {pvalue(pvalues[i])}"
        marks.append(Dot(x_of(pvalues[i]), y, 4.0, kind, (names[i],), note))
    right = f"band: the set at level {100 * (1 - alpha):g} %, {kept} of {len(names)} models"
    if len(shown) < len(names):
        right += f"; {len(shown)} are drawn"
    notes, y = feet("p-value of the set", right, MARGIN, width - MARGIN, axis + 38.0)
    said, height = captioned(caption, y + 4.0, width)
    return Figure(
        "confidence-set",
        width,
        height + 6.0,
        (*marks, *notes, *said),
        title,
        f"{kept} of {len(names)} models are in the confidence set of level {1 - alpha:g}; the "
        f"last to leave would be {clean(names[order[0]])}.",
        columns=("model", "mean loss", "p", "in the set"),
        rows=tuple(
            (names[i], losses[i], pvalues[i], "yes" if pvalues[i] > alpha else "no") for i in order
        ),
    )
