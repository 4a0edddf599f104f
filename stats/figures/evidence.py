"""One test as a picture: its p-values on a logarithmic scale, its estimates beside them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from stats.figures.columns import rows
from stats.figures.marks import Box, Dot, Figure, Label, Line, Mark
from stats.figures.ranking import checked_names
from stats.figures.scales import pvalue
from stats.figures.space import MARGIN, SMALL, captioned, checked_width, feet
from stats.figures.text import text_width

__all__ = ["pvalue_scale"]

_FLOOR = 1e-6  # smaller p-values stand at the end of the axis


def pvalue_scale(
    names: Sequence[str],
    pvalues: Sequence[float],
    *,
    estimates: Sequence[tuple[str, float]] = (),
    alpha: float = 0.05,
    null: str = "",
    width: float = 860.0,
    title: str = "Evidence of a test",
    caption: str = "",
) -> Figure:
    """Layout of p-values from 1 to a millionth, with the level as a line.

    In the band the null hypothesis is rejected, by filled dots; an undefined p-value has no dot.

    Parameters
    ----------
    names, pvalues : what each p-value is of
    estimates : numbers told in words under the axis
    null : the hypothesis

    Examples
    --------
    >>> figure = pvalue_scale(["joint"], [0.003], null="forecasts are calibrated")
    >>> [dot.role for dot in figure.marks if isinstance(dot, Dot)]
    ['dot-0']
    """
    width = checked_width(width)
    checked_names(names, least=1)
    if len(names) != len(pvalues):
        raise ValueError(f"one p-value per name: got {len(pvalues)} for {len(names)} names")
    for name, p in zip(names, pvalues, strict=True):
        if not (math.isnan(p) or 0 <= p <= 1):
            raise ValueError(f"a p-value lies between 0 and 1, got {p} for {name!r}")
    frame = rows(
        list(names),
        after=[pvalue(p) if not math.isnan(p) else "undefined" for p in pvalues],
        heads=("", "p"),
        width=width,
        inset=8.0,
        pitch=24.0,
    )

    def x_of(p: float) -> float:
        share = math.log10(max(p, _FLOOR)) / math.log10(_FLOOR)
        return frame.left + share * (frame.right - frame.left)

    axis = frame.bottom + 4.0
    band = Box(x_of(alpha), frame.top, frame.right - x_of(alpha), axis - frame.top, "band")
    marks: list[Mark] = [band, Line(((frame.left, axis), (frame.right, axis)), "axis")]
    end = -math.inf
    for power in range(7):
        x, text = x_of(10.0**-power), f"1e-{power}" if power > 4 else f"{10.0**-power:g}"
        half = text_width(text, SMALL) / 2
        marks.append(Line(((x, axis), (x, axis + 6.0)), "tick"))
        if x - half >= end + 8.0 and x + half <= width:
            marks.append(Label(x, axis + 19.0, text, "middle", SMALL, "scale"))
            end = x + half
    marks.append(Line(((x_of(alpha), frame.top), (x_of(alpha), axis)), "limit"))
    marks += frame.marks
    for row, (name, p) in enumerate(zip(names, pvalues, strict=True)):
        if math.isnan(p):
            continue
        y = frame.y(row)
        marks.append(Line(((frame.left, y), (x_of(p), y)), "stem", (name,)))
        marks.append(Dot(x_of(p), y, 4.4, "dot-0" if p <= alpha else "ring-0", (name,)))
    left = "p-value, evidence grows to the right"
    notes, y = feet(left, f"band: rejected at {alpha:g}", MARGIN, width - MARGIN, axis + 38.0)
    told = [f"{name} {value:.4g}".replace("-", "−") for name, value in estimates]
    words = [part for part in (f"Null: {null}" if null else "", "; ".join(told), caption) if part]
    height = y + 4.0
    for part in words:
        more, height = captioned(part, height, width)
        notes += more
    return Figure(
        "p-values",
        width,
        height + 6.0,
        (*marks, *notes),
        title,
        "; ".join(f"{n}: p {pvalue(p)}" for n, p in zip(names, pvalues, strict=True)) + ".",
        columns=("quantity", "value"),
        rows=(*zip(names, pvalues, strict=True), *estimates),
    )
