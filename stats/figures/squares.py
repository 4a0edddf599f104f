"""One square of verdicts about all pairs, with its names and numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from stats.figures.marks import Cells, Label, Line, Mark
from stats.figures.ranking import checked_matrix
from stats.figures.scales import coarse
from stats.figures.space import ROWS, SMALL
from stats.figures.text import clean, shortened, text_width

__all__ = ["Square", "Verdicts", "legend_of", "panel", "verdicts"]

_TINY = 11.0  # size of numbers inside a square
_LARGEST = 24.0  # side of a cell that holds no number
_ROLES = ("", "better-most", "better-some", "worse-some", "worse-most", "undefined")


@dataclass(frozen=True, slots=True)
class Verdicts:
    """The colour of each pair, and how often each model is better, worse and alike."""

    codes: tuple[tuple[int, ...], ...]
    better: tuple[int, ...]
    worse: tuple[int, ...]
    alike: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Square:
    """The marks of one matrix and where it ends."""

    marks: tuple[Mark, ...]
    left: float
    right: float
    bottom: float
    named: bool


def verdicts(
    names: Sequence[str],
    net: Sequence[Sequence[float]],
    undefined: Sequence[Sequence[bool]] = (),
) -> Verdicts:
    """Codes of all pairs: 1 and 2 where the row is better, 3 and 4 where worse, 5 undefined."""
    checked_matrix(names, net, "verdict")
    if undefined:
        checked_matrix(names, undefined, "flag")
    codes = tuple(
        tuple(
            0 if i == j else 5 if undefined and undefined[i][j] else _class(value)
            for j, value in enumerate(row)
        )
        for i, row in enumerate(net)
    )
    return Verdicts(
        codes,
        tuple(sum(code in (1, 2) for code in row) for row in codes),
        tuple(sum(code in (3, 4) for code in row) for row in codes),
        tuple(sum(c == 0 for j, c in enumerate(row) if j != i) for i, row in enumerate(codes)),
    )


def legend_of(
    told: Sequence[Verdicts], blocks: str, levels: Sequence[str]
) -> list[tuple[str, str]]:
    """Roles with their words, those that can occur."""
    if blocks:
        words = [
            f"row better on most {blocks}",
            "better on some",
            "worse on some",
            f"worse on most {blocks}",
        ]
    elif levels:
        strong, weak = levels
        words = [
            f"row better, {strong}",
            f"row better, {weak}",
            f"row worse, {weak}",
            f"row worse, {strong}",
        ]
    else:
        words = ["row better", "", "", "row worse"]
    entries = [(role, text) for role, text in zip(_ROLES[1:5], words, strict=True) if text]
    if any(5 in row for one in told for row in one.codes):
        entries.append(("undefined", "undefined"))
    return entries


def panel(
    names: Sequence[str],
    told: Verdicts,
    texts: Sequence[Sequence[str]] = (),
    *,
    x0: float,
    top: float,
    width: float,
    labels: bool = True,
) -> Square:
    """Column numbers, row names with their numbers, and the squares.

    Names are left out where a row is too low for them; every row then has its number alone.

    Parameters
    ----------
    labels : whether the rows are named; they are numbered in any case
    """
    k = len(names)
    figures = text_width(str(k), SMALL) + 8.0
    width -= 0.5 * figures  # the last number of the columns reaches beyond its column
    limit = min(0.34 * width, 240.0)
    shown = shortened([clean(name) for name in names], SMALL, limit) if k <= ROWS else []
    wide = max((text_width(text, SMALL) for text in shown), default=0.0) + 10.0
    inside = max((text_width(text, _TINY) for row in texts for text in row), default=0.0) + 8.0
    largest = max(_LARGEST, inside if texts else 0.0)
    size = min((width - figures - wide) / k, largest)
    named = labels and bool(shown) and size >= 7.5
    if not named:
        wide = 0.0
        size = min((width - figures) / k, largest)
    left, first = x0 + figures + wide, top + 18.0
    edge = k * size
    corners = ((left, first), (left + edge, first), (left + edge, first + edge))
    frame = (*corners, (left, first + edge), (left, first))
    marks: list[Mark] = [
        Cells(left, first, size, told.codes, _ROLES),
        *_strikes(told, left, first, size),
        Line(frame, "grid"),
        Line(((left, first), (left + edge, first + edge)), "leader"),
    ]
    every = math.ceil(15.0 / size)
    step = max(every, int(coarse(k, edge, 18.0 if k < 100 else 40.0)))
    numbers = [1, *range(step, k + 1, step)] if step > 1 else list(range(1, k + 1))
    if step > 1 and step * size < 1.5 * text_width(str(step), SMALL) + size:
        numbers = numbers[1:]
    for i in numbers:
        x = left + (i - 0.5) * size
        marks.append(Label(x, first - 6.0, f"{i}", "middle", SMALL, "value"))
    for i in range(0, k, every) if named else [i - 1 for i in numbers]:
        y = first + (i + 0.5) * size + 4.3
        marks.append(Label(left - 6.0, y, f"{i + 1}", "end", SMALL, "value", (names[i],)))
        if named:
            x = left - figures - 4.0
            full = clean(names[i])
            marks.append(Label(x, y, shown[i], "end", SMALL, "name", (names[i],), full))
    if texts and size >= inside - 0.01:
        marks += _written(told, texts, left, first, size)
    return Square(tuple(marks), left, left + edge, first + edge, named)


def _strikes(told: Verdicts, left: float, top: float, size: float) -> list[Mark]:
    """A line through what is undefined: grey alone would be one more shade on paper."""
    if size < 5.0:
        return []
    cells = Cells(left, top, size, told.codes, _ROLES)
    marks: list[Mark] = []
    for row, column, length in cells.runs(5):
        y = top + (row + 0.5) * size
        a, b = left + column * size, left + (column + length) * size
        marks.append(Line(((a + 1.0, y), (b - 1.0, y)), "strike"))
    return marks


def _written(
    told: Verdicts, texts: Sequence[Sequence[str]], left: float, top: float, size: float
) -> list[Mark]:
    marks: list[Mark] = []
    for i, row in enumerate(texts):
        for j, text in enumerate(row):
            if i == j or not text or told.codes[i][j] == 5:
                continue
            role = {1: "on-dark", 0: "value"}.get(told.codes[i][j], "scale")
            x, y = left + (j + 0.5) * size, top + (i + 0.5) * size + 4.0
            marks.append(Label(x, y, text, "middle", _TINY, role))
    return marks


def _class(net: float) -> int:
    if not net:
        return 0
    if net > 0:
        return 1 if net > 0.5 else 2
    return 4 if net < -0.5 else 3
