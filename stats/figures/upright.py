"""Ranked intervals of many models: upright, side by side, the best of each family named."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from stats.figures.marks import Box, Dot, Label, Line, Mark
from stats.figures.naming import named_best
from stats.figures.scales import Scale, coarse
from stats.figures.space import MARGIN, SIZE, SMALL, feet
from stats.figures.text import clean, text_width

__all__ = ["side_by_side"]


def side_by_side(
    models: Sequence[tuple[str, float]],
    difference: float,
    near: Mapping[str, bool],
    family: Mapping[str, tuple[str, int]],
    width: float,
) -> tuple[list[Mark], float]:
    """Intervals upright, in the order of ranks, with the band of the best model."""
    count = len(models)
    x0 = MARGIN + text_width("0000", SIZE) + 26.0
    x1 = width - MARGIN - text_width(str(count), SIZE) / 2
    top, tall = MARGIN + 24.0, 380.0
    half = difference / 2
    low, high = models[0][1] - half, models[-1][1] + half

    def y_of(rank: float) -> float:
        return top + (rank - low) / (high - low) * tall

    def x_of(index: float) -> float:
        return x0 + (index + 0.5) / count * (x1 - x0)

    best = models[0][1]
    band = Box(x0, y_of(best - half), x1 - x0, y_of(best + half) - y_of(best - half), "band")
    marks: list[Mark] = [band]
    step = coarse(high - low, tall, 34.0)
    first = math.ceil(max(low, 1.0) / step) * step
    ticks = [first + i * step for i in range(int((min(high, count) - first) / step + 1e-9) + 1)]
    if low <= 1.0 and y_of(ticks[0]) - y_of(1.0) > 18.0:
        ticks.insert(0, 1.0)
    for tick in ticks:
        marks.append(Line(((x0, y_of(tick)), (x1, y_of(tick))), "grid"))
        marks.append(Label(x0 - 8.0, y_of(tick) + 4.5, f"{tick:.0f}", "end", SIZE, "scale"))
    radius = min(3.0, max(1.5, 0.5 * (x1 - x0) / count))
    marks.extend(_reaches(models, half, family, x_of, y_of, (x1 - x0) / count))
    for index, (name, rank) in enumerate(models):
        note = f"{clean(name)}: {rank:.2f}"
        marks.append(Dot(x_of(index), y_of(rank), radius, f"seed-{family[name][1]}", (name,), note))
    inseparable = sum(near.values())
    if inseparable < count:
        x = (x_of(inseparable - 1) + x_of(inseparable)) / 2
        marks.append(Line(((x, top), (x, top + tall)), "limit"))
    axis = top + tall
    marks.append(Line(((x0, top), (x0, axis), (x1, axis)), "axis"))
    step = coarse(count, x1 - x0, 70.0)
    tick = step
    while tick <= count:
        marks.append(Line(((x_of(tick - 1), axis), (x_of(tick - 1), axis + 6.0)), "tick"))
        marks.append(Label(x_of(tick - 1), axis + 20.0, f"{tick:.0f}", "middle", SIZE, "scale"))
        tick += step
    marks.append(Label(MARGIN, top - 9.0, "average rank", "start", SMALL, "note"))
    others = "1 model is" if inseparable == 2 else f"{inseparable - 1} models are"
    message = f"{others} not separable from the best (CD = {difference:.1f})"
    notes, y = feet("place in the ranking", message, MARGIN, width - MARGIN, axis + 38.0)
    marks.extend(notes)
    reach = [(y_of(rank - half), y_of(rank + half)) for _, rank in models]
    marks.extend(named_best(models, family, x_of, y_of, reach, (x0 + 4.0, top, x1, axis - 4.0)))
    return marks, y + 8.0


def _reaches(
    models: Sequence[tuple[str, float]],
    half: float,
    family: Mapping[str, tuple[str, int]],
    x_of: Scale,
    y_of: Scale,
    apart: float,
) -> list[Mark]:
    """A line for each interval, or two along their ends where they would run into one slab."""
    if apart < _DENSE:
        ends = (
            tuple((x_of(i), y_of(rank + side * half)) for i, (_, rank) in enumerate(models))
            for side in (-1, 1)
        )
        return [Line(end, "reach") for end in ends]
    return [
        Line(
            ((x_of(i), y_of(rank - half)), (x_of(i), y_of(rank + half))),
            f"thin-{family[name][1]}",
            (name,),
        )
        for i, (name, rank) in enumerate(models)
    ]


_DENSE = 2.0  # pixels from one interval to the next
