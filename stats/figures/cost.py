"""Seconds against accuracy, with the models that nobody dominates."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from stats.figures.marks import Dot, Figure, Label, Line, Mark, Point
from stats.figures.naming import beside
from stats.figures.ranking import checked_names, families_of
from stats.figures.scales import coarse
from stats.figures.space import MARGIN, ROWS, SMALL, checked_width, feet, legend
from stats.figures.text import clean, text_width

__all__ = [
    "trade_off",
]


def trade_off(
    names: Sequence[str],
    seconds: Sequence[float],
    ranks: Sequence[float],
    *,
    families: Mapping[str, str] | None = None,
    width: float = 860.0,
    title: str = "Cost and accuracy",
) -> Figure:
    """Layout of seconds (log scale) against average rank, with the models nobody dominates.

    The line joins models for which no other is both faster and better.

    Examples
    --------
    >>> figure = trade_off(["a", "b", "c"], [0.1, 1.0, 2.0], [2.0, 1.0, 3.0])
    >>> figure.marks_of("stem")[0].who
    ('a', 'b')
    """
    width = checked_width(width)
    checked_names(names, least=1)
    models = [
        (name, max(cost, 1e-3), rank)
        for name, cost, rank in sorted(
            zip(names, seconds, ranks, strict=True), key=lambda model: (model[1], model[2])
        )
        if math.isfinite(cost) and math.isfinite(rank)
    ]
    if not models:
        raise ValueError("no model has both a time and a rank")
    family = families_of([model[0] for model in models], families)
    low = math.floor(math.log10(min(cost for _, cost, _ in models)))
    high = max(math.ceil(math.log10(max(cost for _, cost, _ in models))), low + 1)
    best = min(rank for _, _, rank in models)
    worst = max(max(rank for _, _, rank in models), best + 1.0)
    x0, x1 = MARGIN + text_width("000", SMALL) + 16.0, width - MARGIN - 12.0
    top, tall = MARGIN + 30.0, 300.0

    def x_of(cost: float) -> float:
        return x0 + 10.0 + (math.log10(cost) - low) / (high - low) * (x1 - x0 - 20.0)

    def y_of(rank: float) -> float:
        return top + (rank - best) / (worst - best) * tall

    marks: list[Mark] = [Label(MARGIN, top - 18.0, "average rank", "start", SMALL, "note")]
    step = coarse(worst - best, tall, 34.0)
    for i in range(math.ceil(best / step), math.floor(worst / step) + 1):
        y = y_of(i * step)
        marks.append(Line(((x0, y), (x1, y)), "grid"))
        marks.append(Label(x0 - 8.0, y + 4.3, f"{i * step:.0f}", "end", SMALL, "scale"))
    axis = top + tall + 10.0
    marks.append(Line(((x0, axis), (x1, axis)), "axis"))
    end = -math.inf
    for power in range(low, high + 1):
        x = x_of(10.0**power)
        marks.append(Line(((x, axis), (x, axis + 6.0)), "tick"))
        text = f"{10.0**power:g}" if -4 < power < 5 else f"1e{power}"
        half = text_width(text, SMALL) / 2
        if x - half >= end + 8.0 and x + half <= width:
            marks.append(Label(x, axis + 20.0, text, "middle", SMALL, "scale"))
            end = x + half
    notes, foot = feet(
        "seconds, better is left",
        "line: nothing is both faster and better",
        MARGIN,
        width - MARGIN,
        axis + 38.0,
    )
    marks.extend(notes)
    front: list[tuple[str, float, float]] = []
    for name, cost, rank in models:
        if not front or rank < front[-1][2]:
            front.append((name, cost, rank))
    path: list[Point] = []
    if len(front) > 1:
        path = [(x_of(front[0][1]), y_of(front[0][2]))]
        for _, cost, rank in front[1:]:
            path += [(x_of(cost), path[-1][1]), (x_of(cost), y_of(rank))]
        marks.append(Line(tuple(path), "stem", tuple(name for name, _, _ in front)))
    places = {name: (x_of(cost), y_of(rank)) for name, cost, rank in models}
    undominated = {name for name, _, _ in front}
    for name, (x, y) in places.items():
        kind = "dot" if name in undominated else "ring"
        marks.append(Dot(x, y, 4.0, f"{kind}-{family[name][1]}", (name,), clean(name)))
    told = [*reversed(front), *(model for model in models if model[0] not in undominated)]
    if len(models) > ROWS:
        told = front[::-1]
    marks.extend(beside(told, places, family, (x0, top - 10.0, x1, axis - 2.0), path))
    key, height = legend(family, foot + 4.0, width)
    marks.extend(key)
    return Figure(
        "trade-off",
        width,
        height + MARGIN,
        tuple(marks),
        title,
        f"Seconds and average rank of {len(models)} models; {len(front)} are not dominated.",
        columns=("model", "seconds", "average rank", "dominated"),
        rows=tuple((n, c, r, "no" if n in undominated else "yes") for n, c, r in models),
    )
