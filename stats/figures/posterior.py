"""Three probabilities as one bar: first better, practically alike, second better."""

from __future__ import annotations

import math

from stats.figures.marks import Box, Figure, Label, Line, Mark
from stats.figures.ranking import checked_names
from stats.figures.space import MARGIN, SIZE, SMALL, captioned, checked_width, feet
from stats.figures.text import clean, shorten

__all__ = ["posterior_bar"]

_TALL = 26.0


def posterior_bar(
    first: str,
    second: str,
    probabilities: tuple[float, float, float],
    *,
    threshold: float = 0.95,
    width: float = 860.0,
    title: str = "Posterior of a comparison",
    caption: str = "",
) -> Figure:
    """Layout of the posterior of a Bayesian comparison of two models.

    Parameters
    ----------
    probabilities : that the first is better, that both are practically alike, that the second is
        better; they sum to 1
    threshold : drawn as a mark from either end: a part that passes it is decided

    Examples
    --------
    >>> figure = posterior_bar("a", "b", (0.97, 0.02, 0.01))
    >>> [row[2] for row in figure.rows]
    ['yes', 'no', 'no']
    """
    width = checked_width(width)
    checked_names([first, second])
    if not all(0 <= p <= 1 for p in probabilities) or not math.isclose(
        sum(probabilities), 1.0, abs_tol=1e-6
    ):
        raise ValueError(f"three probabilities that sum to 1 are needed, got {probabilities}")
    x0, x1, top = MARGIN, width - MARGIN, MARGIN + 40.0
    span = x1 - x0
    limit = span / 2 - 8.0
    names = [clean(first), clean(second)]
    heads = [shorten(f"{name} better", SIZE, limit) for name in names]
    marks: list[Mark] = [
        Label(x0, MARGIN + 12.0, heads[0], "start", SIZE, "name", (first,), names[0]),
        Label(x1, MARGIN + 12.0, heads[1], "end", SIZE, "name", (second,), names[1]),
        Label(x0, MARGIN + 30.0, f"{probabilities[0]:.3f}", "start", SIZE, "value", (first,)),
        Label(x1, MARGIN + 30.0, f"{probabilities[2]:.3f}", "end", SIZE, "value", (second,)),
    ]
    middle = f"practically alike {probabilities[1]:.3f}"
    marks.append(Label(width / 2, MARGIN + 30.0, middle, "middle", SMALL, "value"))
    at = x0
    for p, role in zip(probabilities, ("shade-a", "tile-hole", "worse-most"), strict=True):
        if p > 0:
            marks.append(Box(at, top, p * span, _TALL, role))
        at += p * span
    for share in (threshold, 1 - threshold):
        x = x0 + share * span
        marks.append(Line(((x, top - 4.0), (x, top + _TALL + 4.0)), "limit"))
    note = f"dashed: {threshold:g} from either end; a part that reaches it is decided"
    notes, y = feet(note, "", x0, x1, top + _TALL + 20.0)
    said, height = captioned(caption, y + 4.0, width)
    labels = (f"{names[0]} better", "practically alike", f"{names[1]} better")
    return Figure(
        "posterior",
        width,
        height + 6.0,
        (*marks, *notes, *said),
        title,
        "; ".join(f"{text} {p:.3f}" for text, p in zip(labels, probabilities, strict=True)) + ".",
        columns=("statement", "probability", "decided"),
        rows=tuple(
            (text, p, "yes" if p > threshold else "no")
            for text, p in zip(labels, probabilities, strict=True)
        ),
    )
