"""Forecasts against what happened, around one moment."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from stats.figures.marks import Figure, Label, Line, Mark, Point
from stats.figures.scales import Scale, nice
from stats.figures.space import MARGIN, SMALL, checked_width, spread
from stats.figures.style import FAMILIES
from stats.figures.text import clean, shortened, text_width

__all__ = ["course"]


def course(
    times: Sequence[str],
    forecasts: Mapping[str, Sequence[float]],
    *,
    observed: Sequence[float] | None = None,
    marked: int,
    level: float | None = None,
    unit: str = "",
    told: str = "observed",
    colours: Mapping[str, int] | None = None,
    width: float = 760.0,
    height: float = 150.0,
    title: str = "Forecasts against what happened",
) -> Figure:
    """Layout of a few curves over neighbouring times, one of which is marked.

    Parameters
    ----------
    times : labels of the times, evenly apart
    forecasts : one number per time for each model; nan leaves a gap
    observed : what happened, where it is a number
    marked : index of the time that the figure is about
    level : a value drawn as a dashed line, such as that of a guess
    unit : of the numbers, above the axis
    told : name of the curve of what happened
    colours : colour number of each model; in their order by default

    Examples
    --------
    >>> figure = course(["1", "2", "3"], {"a": [1.0, 2.0, 2.5]}, observed=[1.0, 1.5, 3.0], marked=2)
    >>> [label.text for label in figure.marks_of("label-0")], len(figure.rows)
    (['a'], 3)
    """
    width = checked_width(width)
    curves = {**({told: observed} if observed is not None else {}), **forecasts}
    known = [v for values in curves.values() for v in values if math.isfinite(v)]
    known += [] if level is None else [level]
    low, high = min(known, default=0.0), max(known, default=1.0)
    if high - low < 1e-9 * max(abs(high), 1.0):
        low, high = low - 0.5, high + 0.5
    step = nice((high - low) / 4)
    ticks = range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    scale = [f"{i * step:.{digits}f}".replace("-", "−") for i in ticks]
    texts = shortened([clean(name) for name in curves], SMALL, 0.26 * width)
    shown = dict(zip(curves, texts, strict=True))
    x0 = MARGIN + max((text_width(text, SMALL) for text in scale), default=0.0) + 10.0
    x1 = width - MARGIN - max(text_width(text, SMALL) for text in shown.values()) - 26.0
    top = MARGIN + (20.0 if unit else 6.0)

    def x_of(index: float) -> float:
        return x0 + 4.0 + index / max(len(times) - 1, 1) * (x1 - x0 - 8.0)

    def y_of(value: float) -> float:
        return top + (high - value) / (high - low) * height

    marks: list[Mark] = []
    if unit:
        marks.append(Label(MARGIN, MARGIN + 10.0, clean(unit), "start", SMALL, "note"))
    for i, text in zip(ticks, scale, strict=True):
        y = y_of(i * step)
        marks.append(Line(((x0, y), (x1, y)), "grid"))
        marks.append(Label(x0 - 6.0, y + 4.3, text, "end", SMALL, "scale"))
    if level is not None:
        marks.append(Line(((x0, y_of(level)), (x1, y_of(level))), "limit"))
    x = x_of(marked)
    marks.append(Line(((x, top), (x, top + height)), "limit"))
    ends: list[tuple[float, str, str]] = []
    for order, (name, values) in enumerate(curves.items()):
        mine = name in forecasts
        at = list(forecasts).index(name) if mine else order
        colour = (at if colours is None else colours[name]) % FAMILIES if mine else 0
        who = (name,) if mine else ()
        run: list[Point] = []
        for index, value in enumerate([*values, math.nan]):
            if math.isfinite(value):
                run.append((x_of(index), y_of(value)))
            elif run:
                marks.append(Line(tuple(run), f"curve-{colour}" if mine else "truth", who))
                run = []
        last = next((v for v in reversed(values) if math.isfinite(v)), None)
        if last is not None:
            ends.append((y_of(last), name, f"label-{colour}" if mine else "scale"))
    ends.sort()
    for y, (at_y, name, role) in zip(
        spread([end[0] for end in ends], 15.0, top, top + height), ends, strict=True
    ):
        who = (name,) if name in forecasts else ()
        marks.append(Line(((x1 + 2.0, at_y), (x1 + 12.0, y)), "leader", who))
        text = shown[name]
        marks.append(Label(x1 + 16.0, y + 4.3, text, "start", SMALL, role, who, full=clean(name)))
    bottom = top + height + 16.0
    marks += _moments(times, marked, x_of, bottom, x0, x1)
    return Figure(
        "course",
        width,
        bottom + 8.0,
        tuple(marks),
        title,
        f"{', '.join(map(clean, curves))} from {times[0]} to {times[-1]}; "
        f"marked is {times[marked]}.",
        columns=("time", *curves),
        rows=tuple(
            (time, *(values[i] for values in curves.values())) for i, time in enumerate(times)
        ),
    )


def _moments(
    times: Sequence[str], marked: int, x_of: Scale, y: float, x0: float, x1: float
) -> list[Mark]:
    """The marked time under its line; first and last where they have room beside it."""
    middle = text_width(times[marked], SMALL)
    at = min(max(x_of(marked), x0 + middle / 2), x1 - middle / 2)
    marks: list[Mark] = [Label(at, y, times[marked], "middle", SMALL, "scale")]
    if x0 + text_width(times[0], SMALL) + 10.0 < at - middle / 2:
        marks.append(Label(x0, y, times[0], "start", SMALL, "note"))
    if x1 - text_width(times[-1], SMALL) - 10.0 > at + middle / 2:
        marks.append(Label(x1, y, times[-1], "end", SMALL, "note"))
    return marks
