"""Layout of the rank-ordered significance matrix: who beats whom, at any number of models."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from stats.figures.layout import MARGIN, SIZE, SMALL, Box, Figure, Label, Mark
from stats.figures.text import clean, shorten, text_width

__all__ = ["significance"]

# Beyond this many models names and numbers would be smaller than they can be read.
_NAMED = 40
_LEGEND = (
    ("seed-0", "row better"),
    ("seed-6", "row worse"),
    ("band", "not separated"),
    ("seed-7", "undefined"),
)


def significance(
    names: Sequence[str],
    locations: Sequence[float],
    rejected: NDArray[np.bool_],
    difference: NDArray[np.float64],
    undefined: NDArray[np.bool_],
    *,
    width: float = 860.0,
    title: str = "Significance matrix",
    caption: str = "",
) -> Figure:
    """Layout of all pairs as a square, models in the order of their locations.

    A pair-wise test of hundreds of models has tens of thousands of groups that no diagram of bars
    can hold; a square of coloured cells shows where the order is settled and where it is not.

    Parameters
    ----------
    names : sequence of str
    locations : sequence of float
        Mean losses or mean ranks; the smallest comes first.
    rejected, undefined : ndarray of bool, shape (k, k)
    difference : ndarray, shape (k, k)
        Row minus column; below 0 the row is better.
    width : float
        Of the canvas in pixels.
    caption : str
        One line under the matrix.

    Examples
    --------
    >>> import numpy as np
    >>> difference = np.array([[0.0, -1.0], [1.0, 0.0]])
    >>> pairs = ~np.eye(2, dtype=bool)
    >>> figure = significance(["a", "b"], [1.0, 2.0], pairs, difference, ~pairs & False)
    >>> len(figure.marks_of("seed-0")), len(figure.marks_of("seed-6"))
    (2, 2)
    """
    k = len(names)
    order = [int(i) for i in np.argsort(np.asarray(locations), kind="stable")]
    named = k <= _NAMED
    limit = (width - 2 * MARGIN) * 0.28
    shown = [shorten(f"{at + 1}  {clean(names[i])}", SIZE, limit) for at, i in enumerate(order)]
    left = MARGIN + (max(text_width(text, SIZE) for text in shown) + 12.0 if named else 0.0)
    side = min((width - MARGIN - left) / k, 30.0)
    top = MARGIN + (22.0 if named else 20.0)
    marks: list[Mark] = []
    if not named:
        marks.append(
            Label(left, top - 6.0, f"best mean loss first, {k} models", "start", SMALL, "note")
        )
    counts = []
    for row, i in enumerate(order):
        y = top + row * side
        if named:
            marks.append(
                Label(
                    left - 10.0,
                    y + side / 2 + 4.5,
                    shown[row],
                    "end",
                    SIZE,
                    "name",
                    (names[i],),
                    full=clean(names[i]),
                )
            )
            marks.append(
                Label(left + (row + 0.5) * side, top - 8.0, str(row + 1), "middle", SMALL, "scale")
            )
        kinds = [_kind(i, j, rejected, difference, undefined) for j in order]
        counts.append((kinds.count("seed-0"), kinds.count("seed-6"), kinds.count("band")))
        marks.extend(_runs(kinds, left, y, side, names[i]))
    height = top + k * side
    marks.extend(_legend(left, height + 24.0))
    height += 34.0
    if caption:
        line = clean(caption)
        line = line[:1].upper() + line[1:]
        marks.append(Label(MARGIN, height + 14.0, line, "start", SMALL, "caption"))
        height += 20.0
    settled = sum(better for better, _, _ in counts)
    return Figure(
        "significance-matrix",
        width,
        height + MARGIN,
        tuple(marks),
        title,
        f"{settled} of {k * (k - 1) // 2} pairs of {k} models are separated; best mean loss: "
        f"{clean(names[order[0]])}.",
        columns=("model", "location", "better than", "worse than", "not separated from"),
        rows=tuple(
            (names[i], float(locations[i]), better, worse, alike)
            for i, (better, worse, alike) in zip(order, counts, strict=True)
        ),
    )


def _kind(
    i: int,
    j: int,
    rejected: NDArray[np.bool_],
    difference: NDArray[np.float64],
    undefined: NDArray[np.bool_],
) -> str:
    if i == j:
        return ""
    if undefined[i, j]:
        return "seed-7"
    if not rejected[i, j]:
        return "band"
    return "seed-0" if difference[i, j] < 0 else "seed-6"


def _runs(kinds: Sequence[str], left: float, y: float, side: float, name: str) -> list[Mark]:
    """Neighbouring cells of one kind as one box: 240 models make thousands, not 57,600."""
    marks: list[Mark] = []
    gap = 1.0 if side > 8 else 0.0
    start = 0
    for at in range(1, len(kinds) + 1):
        if at < len(kinds) and kinds[at] == kinds[start] and gap == 0:
            continue
        if kinds[start]:
            wide = (at - start) * side - gap
            marks.append(Box(left + start * side, y, wide, side - gap, kinds[start], (name,)))
        start = at
    return marks


def _legend(left: float, y: float) -> list[Mark]:
    marks: list[Mark] = []
    x = left
    for role, text in _LEGEND:
        marks.append(Box(x, y - 9.0, 11.0, 11.0, role))
        marks.append(Label(x + 16.0, y + 1.0, text, "start", SMALL, "note"))
        x += 34.0 + text_width(text, SMALL)
    return marks
