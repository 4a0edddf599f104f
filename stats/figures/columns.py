"""One row for each model: names, a column of numbers, room to draw, and words behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stats.figures.marks import Label, Mark
from stats.figures.space import MARGIN, SIZE, SMALL
from stats.figures.text import clean, shortened, text_width

__all__ = ["Rows", "rows"]

_GAP = 10.0


@dataclass(frozen=True, slots=True)
class Rows:
    """The room between the columns, and the marks of the columns."""

    left: float
    right: float
    top: float
    bottom: float
    pitch: float
    marks: tuple[Mark, ...]

    def y(self, row: int) -> float:
        """Middle of a row."""
        return self.top + (row + 0.5) * self.pitch


def rows(
    names: Sequence[str],
    *,
    width: float,
    top: float = MARGIN,
    values: Sequence[str] = (),
    after: Sequence[str] = (),
    heads: tuple[str, str] = ("", ""),
    least: float = 90.0,
    pitch: float = 20.0,
    inset: float = 0.0,
    plain: Mapping[str, str] | None = None,
) -> Rows:
    """Lay out the columns; names that leave less than ``least`` pixels to draw are shortened.

    Parameters
    ----------
    values, after : texts beside the names, and behind the room; one for each name, or none
    heads : words over these two columns
    inset : pixels kept free at both ends of the room
    plain : what is written for a name, where that is not the name itself
    """
    said = [clean((plain or {}).get(name, name)) for name in names]
    column = max((text_width(v, SIZE) for v in values), default=-_GAP)
    behind = max((text_width(v, SIZE) for v in after), default=-_GAP)
    fixed = 2 * MARGIN + column + behind + 3 * _GAP + 2 * inset
    limit = max(50.0, min(0.42 * width, width - fixed - least))
    shown = shortened(said, SIZE, limit)
    widest = max(text_width(text, SIZE) for text in shown)
    # The head of the numbers may reach over the names, but not beyond them.
    widest = max(widest, text_width(heads[0], SMALL) - column - _GAP)
    name_x = MARGIN + widest
    value_x = name_x + _GAP + column
    left = value_x + _GAP + inset
    right = width - MARGIN - behind - _GAP - inset
    if any(heads):
        top += 18.0
    marks: list[Mark] = []
    if heads[0]:
        marks.append(Label(value_x, top - 5.0, heads[0], "end", SMALL, "note"))
    if heads[1]:
        marks.append(Label(width - MARGIN, top - 5.0, heads[1], "end", SMALL, "note"))
    for row, (name, text) in enumerate(zip(names, shown, strict=True)):
        y = top + (row + 0.5) * pitch + 4.5
        marks.append(Label(name_x, y, text, "end", SIZE, "name", (name,), said[row]))
        if values:
            marks.append(Label(value_x, y, values[row], "end", SIZE, "value", (name,)))
        if after:
            marks.append(Label(width - MARGIN, y, after[row], "end", SIZE, "value", (name,)))
    return Rows(left, right, top, top + len(names) * pitch, pitch, tuple(marks))
