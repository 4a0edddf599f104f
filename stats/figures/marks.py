"""What a figure is made of: marks with a role on a canvas in pixels, y pointing down.

A layout function takes names and statistics and gives a :class:`Figure`; a backend only paints
roles: ``stats.figures.axes`` for matplotlib, ``stats.figures.svg``, ``stats.figures.tikz``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from stats.figures.text import text_width

__all__ = [
    "Box",
    "Cell",
    "Cells",
    "Dot",
    "Figure",
    "Label",
    "Line",
    "Mark",
    "Point",
    "moved",
    "stack",
]

Point = tuple[float, float]
Cell = str | float | int | None


@dataclass(frozen=True, slots=True)
class Line:
    """A polyline; ``who`` names the models it belongs to."""

    points: tuple[Point, ...]
    role: str
    who: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Box:
    """A filled rectangle, its corner at the upper left."""

    x: float
    y: float
    width: float
    height: float
    role: str
    who: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cells:
    """A grid of equal squares; ``codes`` index ``roles``, and an empty role is not painted."""

    x: float
    y: float
    size: float
    codes: tuple[tuple[int, ...], ...]
    roles: tuple[str, ...]
    role: str = "grid"
    who: tuple[str, ...] = ()

    def runs(self, code: int) -> list[tuple[int, int, int]]:
        """Row, first column and length of each unbroken run of one code."""
        found = []
        for row, values in enumerate(self.codes):
            start = None
            for column, value in enumerate((*values, -1)):
                if value == code and start is None:
                    start = column
                elif value != code and start is not None:
                    found.append((row, start, column - start))
                    start = None
        return found


@dataclass(frozen=True, slots=True)
class Dot:
    """A circle."""

    x: float
    y: float
    radius: float
    role: str
    who: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """One line of text; ``y`` is its baseline, ``full`` the text before it was shortened."""

    x: float
    y: float
    text: str
    anchor: str
    size: float
    role: str
    who: tuple[str, ...] = ()
    full: str = ""

    def extent(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of the ink, by the table of advance widths."""
        width = text_width(self.text, self.size, bold=self.role == "heading")
        left = self.x - {"start": 0.0, "middle": width / 2, "end": width}[self.anchor]
        return left, self.y - 0.76 * self.size, left + width, self.y + 0.24 * self.size


Mark = Line | Box | Dot | Label | Cells


@dataclass(frozen=True, slots=True)
class Figure:
    """A finished layout: canvas, marks, the words that stand for it, and its numbers."""

    kind: str
    width: float
    height: float
    marks: tuple[Mark, ...]
    title: str
    description: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()

    def marks_of(self, role: str) -> list[Mark]:
        """All marks of one role, in drawing order."""
        return [mark for mark in self.marks if mark.role == role]

    def _repr_svg_(self) -> str:
        from stats.figures.svg import document

        return document(self)

    def save(self, path: str | Path, *, theme: str = "light") -> Path:
        """Write the figure in the format that the name ends with, and give the path.

        ``.svg`` and ``.tex`` (TikZ, a document of its own) need nothing but this package;
        ``.pdf`` and ``.png`` are painted by matplotlib; ``.csv`` holds the numbers that are shown.
        Equal figures give equal bytes.

        Parameters
        ----------
        theme : "light" or "dark"

        Raises
        ------
        OptionError : an unknown ending or theme
        """
        from stats.figures.files import write

        return write(self, path, theme=theme)


def moved(mark: Mark, dy: float) -> Mark:
    if isinstance(mark, Line):
        return replace(mark, points=tuple((x, y + dy) for x, y in mark.points))
    return replace(mark, y=mark.y + dy)


def stack(upper: Figure, lower: Figure, *, gap: float = 18.0, title: str) -> Figure:
    """Two figures of the same width as one, the second under the first."""
    if upper.width != lower.width:
        raise ValueError(f"figures to stack need one width, got {upper.width} and {lower.width}")
    shift = upper.height + gap
    return Figure(
        f"{upper.kind}+{lower.kind}",
        upper.width,
        shift + lower.height,
        (*upper.marks, *(moved(mark, shift) for mark in lower.marks)),
        title,
        f"{upper.description} {lower.description}",
        columns=lower.columns,
        rows=lower.rows,
    )
