"""Axes and their numbers: round values, as many as their labels leave room for."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from stats.figures.marks import Label, Line, Mark
from stats.figures.space import SMALL
from stats.figures.text import text_width

__all__ = [
    "Scale",
    "aligned",
    "coarse",
    "nice",
    "number",
    "pvalue",
    "rank_axis",
    "ticks",
    "value_axis",
]

Scale = Callable[[float], float]


def coarse(span: float, pixels: float, least: float) -> float:
    """The smallest round step of at least 1 that is ``least`` pixels wide."""
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


def number(value: float, step: float) -> str:
    """A value of an axis with the decimals of its step, and a true minus.

    Examples
    --------
    >>> number(-0.2, 0.1), number(1500000.0, 500000.0), number(0.0, 0.05)
    ('−0.2', '1.5e+06', '0.00')
    """
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    if decimals > 4 or abs(value) >= 1e5:
        text = f"{value:.3g}" if value else "0"
    else:
        text = f"{value:.{decimals}f}"
    return text.replace("-", "−", 1)


def aligned(values: Sequence[float]) -> list[str]:
    """Numbers of one column with as many decimals as each other, four digits for the largest.

    Examples
    --------
    >>> aligned([0.98, 12.5, -1.0]), aligned([123456.0, 2.0])
    (['0.98', '12.50', '−1.00'], ['1.235e+05', '2'])
    """
    largest = max(abs(value) for value in values)
    if not 1e-3 <= largest < 1e5:
        return [f"{value:.4g}".replace("-", "−", 1) for value in values]
    decimals = min(6, max(0, 3 - math.floor(math.log10(largest))))
    return [f"{value:.{decimals}f}".replace("-", "−", 1) for value in values]


def pvalue(p: float) -> str:
    """A p-value for a narrow place.

    Examples
    --------
    >>> pvalue(0.0412), pvalue(3e-9), pvalue(float("nan")), pvalue(1.0)
    ('0.041', '< 0.001', '–', '1')
    """
    if math.isnan(p):
        return "–"
    if p >= 0.9995:
        return "1"
    return f"{p:.3f}" if p >= 0.001 else "< 0.001"


def ticks(low: float, high: float, pixels: float, *, gap: float = 12.0) -> list[tuple[float, str]]:
    """Round values within the bounds and their labels, which do not touch.

    Examples
    --------
    >>> ticks(-0.11, 0.32, 200.0)
    [(-0.1, '−0.1'), (0.0, '0.0'), (0.1, '0.1'), (0.2, '0.2'), (0.30000000000000004, '0.3')]
    """
    found: list[tuple[float, str]] = []
    for count in (8, 6, 4, 3, 2, 1):
        step = nice((high - low) / count)
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        found = [(i * step, number(i * step, step)) for i in range(first, last + 1)]
        widest = max((text_width(text, SMALL) for _, text in found), default=0.0)
        if step / (high - low) * pixels >= widest + gap:
            return found
    return found[:1]


def value_axis(
    low: float, high: float, x_of: Scale, y: float, *, width: float, grid: float | None = None
) -> list[Mark]:
    """Axis with its numbers below; with ``grid``, lines up to there."""
    marks: list[Mark] = [Line(((x_of(low), y), (x_of(high), y)), "axis")]
    for value, text in ticks(low, high, x_of(high) - x_of(low)):
        x = x_of(value)
        if grid is not None:
            marks.insert(0, Line(((x, grid), (x, y)), "grid"))
        marks.append(Line(((x, y), (x, y + 6.0)), "tick"))
        half = text_width(text, SMALL) / 2
        if half <= x <= width - half:
            marks.append(Label(x, y + 19.0, text, "middle", SMALL, "scale"))
    return marks


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
