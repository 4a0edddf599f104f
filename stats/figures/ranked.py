"""Ranked intervals: multiple comparisons with the best, for up to a thousand models."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from stats.figures.columns import rows
from stats.figures.marks import Box, Dot, Figure, Line, Mark
from stats.figures.ranking import families_of, ordered
from stats.figures.scales import rank_axis
from stats.figures.space import MARGIN, ROWS, captioned, checked_width, feet, legend
from stats.figures.text import clean
from stats.figures.upright import side_by_side

__all__ = [
    "intervals",
]


def intervals(
    names: Sequence[str],
    ranks: Sequence[float],
    *,
    difference: float,
    families: Mapping[str, str] | None = None,
    width: float = 860.0,
    title: str = "Average ranks with comparison intervals",
    caption: str = "",
) -> Figure:
    """Layout of multiple comparisons with the best: average rank ± half the critical difference.

    Two models whose intervals do not touch differ. The band is the interval of the best model: a
    filled dot is not separable from it, an open dot is. Up to 40 models stand in rows with their
    names; more stand side by side, and the best of each family is named.

    Examples
    --------
    >>> figure = intervals(["a", "b", "c"], [1.2, 1.9, 2.9], difference=1.0)
    >>> [dot.role for dot in figure.marks if isinstance(dot, Dot)]
    ['dot-0', 'dot-0', 'ring-0']
    """
    width = checked_width(width)
    models = ordered(names, ranks)
    if not 0 < difference < math.inf:
        raise ValueError(f"a critical difference is a number above 0, got {difference}")
    family = families_of([name for name, _ in models], families)
    near = {name: rank - models[0][1] <= difference for name, rank in models}
    build = _in_rows if len(models) <= ROWS else side_by_side
    marks, height = build(models, difference, near, family, width)
    colours, height = legend(family, height, width)
    told, height = captioned(caption, height, width)
    count = sum(near.values())
    return Figure(
        "intervals",
        width,
        height + MARGIN,
        (*marks, *colours, *told),
        title,
        f"Average ranks of {len(models)} models; best is {clean(models[0][0])} with "
        f"{models[0][1]:.2f}; {count - 1} others are not separable from it "
        f"(critical difference {difference:.2f}).",
        columns=("model", "family", "average rank", "lower", "upper", "separable from best"),
        rows=tuple(
            (
                name,
                family[name][0],
                rank,
                rank - difference / 2,
                rank + difference / 2,
                "no" if near[name] else "yes",
            )
            for name, rank in models
        ),
    )


def _in_rows(
    models: Sequence[tuple[str, float]],
    difference: float,
    near: Mapping[str, bool],
    family: Mapping[str, tuple[str, int]],
    width: float,
) -> tuple[list[Mark], float]:
    frame = rows(
        [name for name, _ in models],
        values=[f"{rank:.2f}" for _, rank in models],
        width=width,
        top=MARGIN + 4.0,
        least=120.0,
        inset=6.0,
    )
    x0, x1 = frame.left, frame.right
    half = difference / 2
    low, high = models[0][1] - half, models[-1][1] + half
    pad = (high - low) * 0.02 + 1e-9
    low, high = low - pad, high + pad

    def x_of(rank: float) -> float:
        return x0 + (rank - low) / (high - low) * (x1 - x0)

    best, axis = models[0][1], frame.bottom + 6.0
    left = x_of(best - half)
    marks: list[Mark] = [
        Box(left, frame.top, x_of(best + half) - left, axis - frame.top, "band"),
        *frame.marks,
    ]
    for row, (name, rank) in enumerate(models):
        y, colour = frame.y(row), family[name][1]
        span = ((x_of(rank - half), y), (x_of(rank + half), y))
        marks.append(Line(span, f"span-{colour}", (name,)))
        kind = "dot" if near[name] else "ring"
        marks.append(Dot(x_of(rank), y, 4.0, f"{kind}-{colour}", (name,)))
    # Ticks only where ranks exist; intervals may reach beyond 1 and k.
    first = max(1.0, math.ceil(low))
    last = min(float(len(models)), math.floor(high))
    marks.append(Line(((x0, axis), (x1, axis)), "axis"))
    if last > first:
        marks.extend(rank_axis(first, last, x_of, axis, above=False))
    notes, y = feet(
        "average rank, better is left",
        f"CD = {difference:.2f}; band: not separable from the best",
        MARGIN,
        width - MARGIN,
        axis + 40.0,
    )
    return [*marks, *notes], y + 6.0
