"""Each model against one control: where it stands, and whether a test tells them apart."""

from __future__ import annotations

import math
from collections.abc import Sequence

from stats.figures.columns import rows
from stats.figures.marks import Dot, Figure, Line, Mark
from stats.figures.ranking import checked_names
from stats.figures.scales import aligned, pvalue, value_axis
from stats.figures.space import MARGIN, ROWS, captioned, checked_width, feet
from stats.figures.text import clean

__all__ = ["against_control"]


def against_control(
    names: Sequence[str],
    locations: Sequence[float],
    pvalues: Sequence[float],
    *,
    control: str,
    differences: Sequence[float] = (),
    alpha: float = 0.05,
    location: str = "average rank",
    width: float = 860.0,
    title: str = "Comparison with a control",
    caption: str = "",
) -> Figure:
    """Layout of one row per model, best first, and the control as an upright line.

    A filled dot differs from the control: dark where it is better, light where it is worse; an
    open dot is not told from it. Beyond 40 models the best 40 are drawn, with the control.

    Parameters
    ----------
    locations : average rank or mean loss of each model, the control's among them; smaller is better
    pvalues : of each model against the control; nan where undefined, and at the control
    differences : what the test looks at, below 0 where the model is better; of the locations where
        left out

    Examples
    --------
    >>> figure = against_control(["a", "b", "c"], [1.2, 2.0, 2.8], [0.01, float("nan"), 0.3],
    ...                          control="b")
    >>> [row[4] for row in figure.rows]
    ['better', 'control', '']
    """
    width = checked_width(width)
    checked_names(names)
    if control not in names:
        raise ValueError(f"the control {control!r} is none of the models")
    if not len(names) == len(locations) == len(pvalues):
        raise ValueError(
            f"one location and one p-value per model: got {len(names)} models, {len(locations)} "
            f"locations and {len(pvalues)} p-values"
        )
    for name, value in zip(names, locations, strict=True):
        if not math.isfinite(value):
            raise ValueError(f"a location is a number, got {value} for {name!r}")
    home = locations[names.index(control)]
    gaps = differences or [value - home for value in locations]
    order = sorted(range(len(names)), key=lambda i: locations[i])
    shown = order[:ROWS]
    if names.index(control) not in shown:
        shown = [*shown[:-1], names.index(control)]

    def verdict(i: int) -> str:
        if names[i] == control:
            return "control"
        if not pvalues[i] <= alpha:
            return ""
        return "better" if gaps[i] < 0 else "worse"

    frame = rows(
        [names[i] for i in shown],
        values=aligned([locations[i] for i in shown]),
        after=["" if names[i] == control else pvalue(pvalues[i]) for i in shown],
        heads=(location, "p"),
        width=width,
        inset=8.0,
    )
    low, high = min(locations[i] for i in shown), max(locations[i] for i in shown)
    if high - low < 1e-12 * max(1.0, abs(high)):
        low, high = low - 0.5, high + 0.5

    def x_of(value: float) -> float:
        return frame.left + (value - low) / (high - low) * (frame.right - frame.left)

    axis = frame.bottom + 4.0
    marks: list[Mark] = value_axis(low, high, x_of, axis, width=width)
    marks.append(Line(((x_of(home), frame.top), (x_of(home), axis)), "limit", (control,)))
    marks += frame.marks
    for row, i in enumerate(shown):
        y, x, told = frame.y(row), x_of(locations[i]), verdict(i)
        marks.append(Line(((x_of(home), y), (x, y)), "stem", (names[i],)))
        role = {"control": "point", "": "ring-none"}.get(told, f"dot-{told}")
        marks.append(Dot(x, y, 4.4, role, (names[i],), f"{clean(names[i])}: {told or 'alike'}"))
    left = f"{location}, better is left"
    right = f"filled: differs from {clean(control)} at {alpha:g}"
    notes, y = feet(left, right, MARGIN, width - MARGIN, axis + 38.0)
    extra = f"{len(shown)} of {len(names)} models are drawn" if len(shown) < len(names) else ""
    more, y = feet(extra, "", MARGIN, width - MARGIN, y + 16.0) if extra else ([], y)
    said, height = captioned(caption, y + 4.0, width)
    better = sum(verdict(i) == "better" for i in order)
    worse = sum(verdict(i) == "worse" for i in order)
    return Figure(
        "against-control",
        width,
        height + 6.0,
        (*marks, *notes, *more, *said),
        title,
        f"Of {len(names) - 1} models {better} are better and {worse} worse than {clean(control)}.",
        columns=("model", location, "difference", "p", "verdict"),
        rows=tuple((names[i], locations[i], gaps[i], pvalues[i], verdict(i)) for i in order),
    )
