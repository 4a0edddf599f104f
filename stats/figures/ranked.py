"""Ranked intervals: multiple comparisons with the best, for up to a thousand models."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from stats.figures.marks import Box, Dot, Figure, Label, Line, Mark
from stats.figures.ranking import families_of, ordered
from stats.figures.space import (
    MARGIN,
    ROWS,
    SIZE,
    SMALL,
    Scale,
    coarse,
    legend,
    rank_axis,
    wrapped,
)
from stats.figures.text import clean, shorten, text_width

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
    models = ordered(names, ranks)
    family = families_of([name for name, _ in models], families)
    near = {name: rank - models[0][1] <= difference for name, rank in models}
    build = _interval_rows if len(models) <= ROWS else _interval_columns
    marks, height = build(models, difference, near, family, width)
    key, height = legend(family, height, width)
    marks.extend(key)
    if caption:
        for text in wrapped(clean(caption), SMALL, width - 2 * MARGIN):
            height += 17.0
            marks.append(Label(MARGIN, height - 3.0, text, "start", SMALL, "caption"))
    count = sum(near.values())
    return Figure(
        "intervals",
        width,
        height + MARGIN,
        tuple(marks),
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


def _interval_rows(
    models: Sequence[tuple[str, float]],
    difference: float,
    near: Mapping[str, bool],
    family: Mapping[str, tuple[str, int]],
    width: float,
) -> tuple[list[Mark], float]:
    column = max(text_width(f"{rank:.2f}", SIZE) for _, rank in models)
    limit = (width - 2 * MARGIN) * 0.42
    shown = {name: shorten(clean(name), SIZE, limit) for name, _ in models}
    x0 = MARGIN + max(text_width(text, SIZE) for text in shown.values()) + column + 28.0
    x1 = width - MARGIN - 6.0
    half = difference / 2
    low, high = models[0][1] - half, models[-1][1] + half
    pad = (high - low) * 0.02 + 1e-9
    low, high = low - pad, high + pad

    def x_of(rank: float) -> float:
        return x0 + (rank - low) / (high - low) * (x1 - x0)

    top = MARGIN + 4.0
    axis = top + len(models) * 20.0 + 6.0
    best = models[0][1]
    left = x_of(best - half)
    marks: list[Mark] = [Box(left, top, x_of(best + half) - left, axis - top, "band")]
    for row, (name, rank) in enumerate(models):
        y = top + row * 20.0 + 12.0
        colour = family[name][1]
        value = f"{rank:.2f}"
        marks.append(
            Line(((x_of(rank - half), y), (x_of(rank + half), y)), f"span-{colour}", (name,))
        )
        kind = "dot" if near[name] else "ring"
        marks.append(Dot(x_of(rank), y, 4.0, f"{kind}-{colour}", (name,)))
        marks.append(Label(x0 - 12.0, y + 4.5, value, "end", SIZE, "value", (name,)))
        marks.append(
            Label(
                x0 - 12.0 - column - 10.0,
                y + 4.5,
                shown[name],
                "end",
                SIZE,
                "name",
                (name,),
                full=clean(name),
            )
        )
    # Ticks only where ranks exist; intervals may reach beyond 1 and k.
    first = max(1.0, math.ceil(low))
    last = max(first + 1.0, min(float(len(models)), math.floor(high)))
    if x_of(last) > x1:
        last = first
    if last > first:
        marks.extend(rank_axis(first, last, x_of, axis, above=False))
    else:
        marks.append(Line(((x0, axis), (x1, axis)), "axis"))
    return marks, axis + 28.0


def _interval_columns(
    models: Sequence[tuple[str, float]],
    difference: float,
    near: Mapping[str, bool],
    family: Mapping[str, tuple[str, int]],
    width: float,
) -> tuple[list[Mark], float]:
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
    for index, (name, rank) in enumerate(models):
        x, colour = x_of(index), family[name][1]
        marks.append(
            Line(((x, y_of(rank - half)), (x, y_of(rank + half))), f"thin-{colour}", (name,))
        )
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
    marks.append(Label(x0, axis + 38.0, "place in the ranking", "start", SMALL, "note"))
    marks.append(Label(MARGIN, top - 9.0, "average rank", "start", SMALL, "note"))
    message = f"{inseparable - 1} models are not separable from the best"
    marks.append(Label(x1, axis + 38.0, message, "end", SMALL, "note"))
    marks.extend(_named_best(models, family, x_of, y_of, (x0 + 4.0, top, x1, axis - 4.0)))
    return marks, axis + 46.0


def _named_best(
    models: Sequence[tuple[str, float]],
    family: Mapping[str, tuple[str, int]],
    x_of: Scale,
    y_of: Scale,
    frame: tuple[float, float, float, float],
) -> list[Mark]:
    """Names of the best model of each family, where they cover neither each other nor a point."""
    left, top, right, bottom = frame
    places: dict[str, tuple[str, float, float]] = {}
    for index, (name, rank) in enumerate(models):
        places.setdefault(family[name][0], (name, x_of(index), y_of(rank)))
    curve = [(x_of(index), y_of(rank)) for index, (_, rank) in enumerate(models)]
    taken: list[tuple[float, float, float, float]] = []
    marks: list[Mark] = []
    for name, x, y in places.values():
        full = clean(name)
        text = shorten(full, SMALL, 0.4 * (right - left))
        for dx, dy in _OFFSETS:
            mark = Label(
                x + dx, y - dy, text, "start", SMALL, f"label-{family[name][1]}", (name,), full
            )
            a, b, c, d = mark.extent()
            if a < left or b < top or c > right or d > bottom:
                continue
            if any(a < q[2] + 4 and c > q[0] - 4 and b < q[3] and d > q[1] for q in taken):
                continue
            if any(a - 4 < px < c + 4 and b - 4 < py < d + 4 for px, py in curve):
                continue
            taken.append((a, b, c, d))
            marks.append(Line(((x, y), (a - 3.0, mark.y - 4.0)), "leader", (name,)))
            marks.append(Dot(x, y, 4.0, f"ring-{family[name][1]}", (name,), full))
            marks.append(mark)
            break
    return marks


_OFFSETS = sorted(
    ((dx, dy) for dx in range(16, 420, 24) for dy in range(-60, 180, 12)),
    key=lambda step: (step[0] ** 2 + (2 * step[1] - 40) ** 2, step),
)
