"""One line per model over the horizons."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from stats.figures.marks import Dot, Figure, Label, Line, Mark, Point
from stats.figures.ranking import checked_names
from stats.figures.scales import nice
from stats.figures.space import MARGIN, SMALL, checked_width, feet, spread
from stats.figures.style import FAMILIES
from stats.figures.text import clean, shorten, shortened, text_width

__all__ = [
    "horizon_lines",
]


def horizon_lines(
    names: Sequence[str],
    horizons: Sequence[int],
    values: Mapping[str, Sequence[float]],
    *,
    baseline: str = "",
    colours: Mapping[str, int] | None = None,
    width: float = 860.0,
    title: str = "Skill by horizon",
) -> Figure:
    """Layout of one line per model over horizons, labelled at its end.

    Parameters
    ----------
    names : models to draw, the first in the strongest colour
    horizons : steps ahead, increasing; they stand evenly apart, whatever their distance
    values : one number per horizon for each name; nan leaves a gap
    baseline : what zero stands for
    colours : colour number of each name, where several figures shall agree

    Examples
    --------
    >>> figure = horizon_lines(["a", "b"], [1, 6], {"a": [0.1, 0.3], "b": [0.0, 0.2]})
    >>> [label.text for label in figure.marks_of("label-0")]
    ['a']
    """
    width = checked_width(width)
    checked_names(names, least=1)
    texts = shortened([clean(name) for name in names], SMALL, 0.28 * width)
    shown = dict(zip(names, texts, strict=True))
    known = [v for name in names for v in values[name] if math.isfinite(v)]
    low, high = min([0.0, *known]), max([0.0, *known])
    if high - low < 1e-9:
        high = low + 1.0
    x0 = MARGIN + text_width("−100 %", SMALL) + 14.0
    x1 = width - MARGIN - max((text_width(t, SMALL) for t in shown.values()), default=0.0) - 24.0
    top, tall = MARGIN + 24.0, max(180.0, 17.0 * len(names))

    def x_of(index: float) -> float:
        return x0 + 24.0 + index / max(len(horizons) - 1, 1) * (x1 - x0 - 36.0)

    def y_of(value: float) -> float:
        return top + (high - value) / (high - low) * tall

    marks: list[Mark] = []
    step = nice((high - low) / 4)
    for i in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1):
        y = y_of(i * step)
        marks.append(Line(((x0, y), (x1, y)), "limit" if i == 0 else "grid"))
        digits = 0 if step >= 0.01 else 1
        text = f"{100 * i * step:.{digits}f} %".replace("-", "−")
        marks.append(Label(x0 - 8.0, y + 4.3, text, "end", SMALL, "scale"))
    ends: list[tuple[float, str, int]] = []
    for order, name in enumerate(names):
        colour = min(order if colours is None else colours[name], FAMILIES - 1)
        run: list[Point] = []
        for index, value in enumerate(values[name]):
            if math.isfinite(value):
                run.append((x_of(index), y_of(value)))
            elif run:
                marks.append(Line(tuple(run), f"curve-{colour}", (name,)))
                run = []
        if run:
            marks.append(Line(tuple(run), f"curve-{colour}", (name,)))
        points = [(x_of(i), y_of(v)) for i, v in enumerate(values[name]) if math.isfinite(v)]
        marks.extend(Dot(x, y, 3.4, f"dot-{colour}", (name,)) for x, y in points)
        if points:
            ends.append((points[-1][1], name, colour))
    ends.sort()
    for y, (at, name, colour) in zip(
        spread([end[0] for end in ends], 16.0, top, top + tall), ends, strict=True
    ):
        last = max(i for i, v in enumerate(values[name]) if math.isfinite(v))
        marks.append(Line(((x_of(last) + 5.0, at), (x1 + 8.0, y)), "leader", (name,)))
        marks.append(
            Label(
                x1 + 12.0,
                y + 4.3,
                shown[name],
                "start",
                SMALL,
                f"label-{colour}",
                (name,),
                full=clean(name),
            )
        )
    bottom = top + tall + 14.0
    for index, horizon in enumerate(horizons):
        marks.append(Label(x_of(index), bottom + 10.0, f"{horizon}", "middle", SMALL, "scale"))
    told = shorten(f"0 = {clean(baseline)}", SMALL, width - 2 * MARGIN) if baseline else ""
    notes, foot = feet("steps ahead", told, MARGIN, width - MARGIN, bottom + 28.0)
    marks.extend(notes)
    return Figure(
        "horizon-lines",
        width,
        foot + 8.0,
        tuple(marks),
        title,
        f"Lines of {len(names)} models over horizons {', '.join(map(str, horizons))}.",
        columns=("model", *(f"h={h}" for h in horizons)),
        rows=tuple((name, *values[name]) for name in names),
    )
