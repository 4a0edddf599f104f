"""Where things find room: lanes, lines of text, ticks, and names beside their points."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from stats.figures.marks import Dot, Label, Line, Mark, Point
from stats.figures.text import clean, shorten, text_width

__all__ = [
    "MARGIN",
    "ROWS",
    "SIZE",
    "SMALL",
    "Scale",
    "beside",
    "coarse",
    "legend",
    "nice",
    "pack",
    "rank_axis",
    "spread",
    "wrapped",
]

Scale = Callable[[float], float]

SIZE = 13.0  # font size of names, in pixels
SMALL = 12.0
MARGIN = 6.0
ROWS = 40  # most models drawn one to a row


def pack(spans: Sequence[tuple[float, float]], *, gap: float) -> list[int]:
    """The lowest free lane for each span, so that spans of one lane keep a gap.

    Examples
    --------
    >>> pack([(0, 4), (3, 9), (6, 8)], gap=1)
    [0, 1, 0]
    """
    lanes = [0] * len(spans)
    ends: list[float] = []
    for i in sorted(range(len(spans)), key=lambda i: spans[i]):
        start, end = spans[i]
        lane = next((k for k, last in enumerate(ends) if start - last >= gap), len(ends))
        if lane == len(ends):
            ends.append(end)
        else:
            ends[lane] = end
        lanes[i] = lane
    return lanes


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Increasing positions at least a gap apart, near those wanted and inside the bounds.

    Examples
    --------
    >>> spread([10.0, 11.0, 50.0], 10.0, 0.0, 60.0)
    [10.0, 20.0, 50.0]
    """
    placed: list[float] = []
    for value in wanted:
        placed.append(max(value, placed[-1] + gap) if placed else max(value, low))
    limit = high
    for i in range(len(placed) - 1, -1, -1):
        placed[i] = min(placed[i], limit)
        limit = placed[i] - gap
    return placed


def wrapped(text: str, size: float, limit: float) -> list[str]:
    lines: list[str] = []
    for word in text.split(" "):
        if lines and text_width(f"{lines[-1]} {word}", size) <= limit:
            lines[-1] = f"{lines[-1]} {word}"
        else:
            lines.append(shorten(word, size, limit))
    return lines


def coarse(span: float, pixels: float, least: float) -> float:
    for power in range(6):
        for base in (1.0, 2.0, 5.0):
            step = base * 10.0**power
            if step / span * pixels >= least:
                return step
    return span


def nice(least: float) -> float:
    """The smallest of 1, 2 and 5 times a power of ten that is not below ``least``."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(base * power for base in (1.0, 2.0, 5.0, 10.0) if base * power >= least * 0.999)


def rank_axis(low: float, high: float, x_of: Scale, y: float, *, above: bool) -> list[Mark]:
    """Axis with integer ticks, half ticks where there is room, and numbers on one side."""
    pixels = x_of(high) - x_of(low)
    widest = text_width(f"{high:.0f}", SMALL)
    step = coarse(high - low, pixels, widest + 6.0)
    side = -1.0 if above else 1.0
    marks: list[Mark] = [Line(((x_of(low), y), (x_of(high), y)), "axis")]
    first = math.ceil(low / step) * step
    ticks = [first + i * step for i in range(int((high - first) / step + 1e-9) + 1)]
    if step > 1 and low not in ticks and x_of(ticks[0]) - x_of(low) > widest + 10.0:
        ticks.insert(0, low)
    for tick in ticks:
        x = x_of(tick)
        marks.append(Line(((x, y), (x, y + side * 8.0)), "tick"))
        baseline = y - 13.0 if above else y + 21.0
        marks.append(Label(x, baseline, f"{tick:.0f}", "middle", SMALL, "scale"))
    if step == 1 and pixels / (high - low) >= 20:
        for tick in ticks[:-1]:
            x = x_of(tick + 0.5)
            if x < x_of(high):
                marks.append(Line(((x, y), (x, y + side * 5.0)), "minor"))
    return marks


def legend(
    family: Mapping[str, tuple[str, int]], height: float, width: float
) -> tuple[list[Mark], float]:
    labels = {label: colour for label, colour in family.values() if label}
    if len(labels) < 2:
        return [], height
    marks: list[Mark] = []
    x, y = MARGIN + 6.0, height + 14.0
    for label, colour in labels.items():
        text = shorten(clean(label), SMALL, width / 3)
        room = 14.0 + text_width(text, SMALL) + 18.0
        if x + room > width - MARGIN and x > MARGIN + 6.0:
            x, y = MARGIN + 6.0, y + 18.0
        marks.append(Dot(x, y - 4.0, 4.0, f"dot-{colour}"))
        marks.append(Label(x + 10.0, y, text, "start", SMALL, "caption", full=clean(label)))
        x += room
    return marks, y + 8.0


def beside(
    models: Sequence[tuple[str, float, float]],
    places: Mapping[str, Point],
    family: Mapping[str, tuple[str, int]],
    frame: tuple[float, float, float, float],
) -> list[Mark]:
    """Names next to their points, left out where no side is free."""
    left, top, right, bottom = frame
    taken: list[tuple[float, float, float, float]] = []
    marks: list[Mark] = []
    for name, _, _ in models:
        x, y = places[name]
        full = clean(name)
        text = shorten(full, SMALL, 200.0)
        for dx, dy, anchor in _SIDES:
            mark = Label(
                x + dx, y + dy, text, anchor, SMALL, f"label-{family[name][1]}", (name,), full
            )
            a, b, c, d = mark.extent()
            if a < left or b < top or c > right or d > bottom:
                continue
            if any(a < q[2] + 3 and c > q[0] - 3 and b < q[3] and d > q[1] for q in taken):
                continue
            if any(a - 4 < px < c + 4 and b - 4 < py < d + 4 for px, py in places.values()):
                continue
            taken.append((a, b, c, d))
            marks.append(mark)
            break
    return marks


_SIDES = ((9.0, 4.3, "start"), (-9.0, 4.3, "end"), (0.0, -9.0, "middle"), (0.0, 17.0, "middle"))
