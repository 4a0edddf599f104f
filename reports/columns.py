"""How the columns of a table share the width of a page, known before anything is set."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reports.document import Row, Table
from stats.figures.text import text_width

__all__ = ["Face", "Fit", "Part", "fitted", "loosened", "wrapped"]

_WRAPPED = 15.0  # words wrap beyond this many sizes, where others need the room
_WIDEST = 50.0  # no column is wider, whatever is in it
_LONGEST = 18  # characters that stay together

_PIECES = re.compile(r"_*[^\s_]+_*|_+")
_UNBROKEN = re.compile(rf"\S{{{_LONGEST + 1},}}")
_JOINTS = re.compile(r"[^/_=.,:;|+-]*[/_=.,:;|+-]+|[^/_=.,:;|+-]+")


@dataclass(frozen=True, slots=True)
class Face:
    """A typeface against the wide one that text is measured with.

    Parameters
    ----------
    regular, bold : width of its letters, 1 where they are as wide
    mono : advance of its typewriter face, in sizes of the table
    inset : points left and right of a cell together
    shown : what is printed for a text
    """

    regular: float
    bold: float
    mono: float
    inset: float
    shown: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Part:
    """Columns that stand beside each other; widths are points, what is around a cell included."""

    columns: tuple[int, ...]
    widths: tuple[float, ...]
    wraps: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Fit:
    """A table on a page: size of its text, its parts one below the other, its lines in all."""

    size: float
    parts: tuple[Part, ...]
    lines: int


def fitted(table: Table, face: Face, *, width: float, sizes: Sequence[float], split: float) -> Fit:
    """The largest size at which all columns fit, or parts that repeat the leading columns.

    Parameters
    ----------
    width : of the page, in points
    sizes : of the text, the largest first
    split : size where no size fits
    """
    wanted = [_wanted(table, at, face) for at in range(len(table.columns))]
    least = [min(most, _WRAPPED) if wraps else most for most, wraps in wanted]

    def total(columns: Sequence[int], size: float) -> float:
        return sum(least[at] * size + face.inset for at in columns)

    every = list(range(len(least)))
    size = next((s for s in sizes if total(every, s) <= width), split)
    shares = [every]
    if total(every, size) > width:
        named = (at for at in every[:4] if any(row.entries[at].model for row in table.rows))
        shares = _shares(every, next(named, 0) + 1, lambda columns: total(columns, size), width)
    parts = tuple(_part(columns, wanted, least, size, face, width) for columns in shares)
    lines = sum(3 + sum(_height(row, part, size, face) for row in table.rows) for part in parts)
    return Fit(size, parts, lines)


def wrapped(title: str, width: float, size: float, face: Face) -> list[str]:
    """A head in lines of a width in points, broken behind spaces and underscores."""

    def fits(text: str) -> bool:
        return text_width(face.shown(text.rstrip()), size) * face.bold <= width + 0.5

    lines = [""]
    for piece in re.findall(r"_*[^\s_]+_*\s*|_+\s*", title):
        # A word wider than the column breaks anywhere.
        for part in [piece] if fits(piece) else piece:
            if lines[-1] and not fits(lines[-1] + part):
                lines.append(part)
            else:
                lines[-1] += part
    return [line.rstrip() for line in lines if line.strip()] or [""]


def loosened(text: str, joint: str) -> str:
    """The text with a joint wherever a long word may break.

    Examples
    --------
    >>> loosened("a short text", "|"), loosened("weather_JFK_temperature", "|")
    ('a short text', 'weather_|JFK_|temperature')
    """

    def broken(found: re.Match[str]) -> str:
        pieces = _JOINTS.findall(found.group())
        return joint.join(
            piece[at : at + _LONGEST] for piece in pieces for at in range(0, len(piece), _LONGEST)
        )

    return _UNBROKEN.sub(broken, text)


def _wanted(table: Table, at: int, face: Face) -> tuple[float, bool]:
    """Width in sizes of its text that a column wants, and whether its words may wrap."""
    title = table.columns[at].title
    # Heads wrap at spaces and underscores, to two lines or little more.
    pieces = _PIECES.findall(title)
    head = [text_width(face.shown(piece), 1.0) * face.bold for piece in pieces]
    if len(pieces) > 2 and " " in title:
        head.append(text_width(face.shown(title), 1.0) * face.bold * 0.58)
    head = [min(width, _WRAPPED) for width in head]
    entries = [row.entries[at] for row in table.rows]
    body = [
        min(max(map(len, entry.text.split("\n"))) * face.mono, _WIDEST)
        if entry.tone == "code"
        else text_width(face.shown(entry.text), 1.0)
        * (face.bold if entry.tone == "best" else face.regular)
        for entry in entries
    ]
    wraps = any(len(entry.text) > _LONGEST for entry in entries if entry.tone != "code")
    return max([*head, *body], default=0.0), wraps


def _shares(
    every: list[int], n_kept: int, total: Callable[[Sequence[int]], float], width: float
) -> list[list[int]]:
    """Columns of each part; the first ones are repeated, the others spread evenly."""
    kept, others = every[:n_kept], every[n_kept:]

    def within(limit: float) -> list[list[int]]:
        shares: list[list[int]] = []
        share: list[int] = []
        for at in others:
            if share and total([*kept, *share, at]) > limit:
                shares.append([*kept, *share])
                share = []
            share.append(at)
        return [*shares, [*kept, *share]]

    fewest = len(within(width))
    even = total(kept) + total(others) / fewest
    tried = [within(even + step / 20 * (width - even)) for step in range(20)]
    return next((shares for shares in tried if len(shares) == fewest), within(width))


def _part(
    shown: Sequence[int],
    wanted: Sequence[tuple[float, bool]],
    least: Sequence[float],
    size: float,
    face: Face,
    width: float,
) -> Part:
    """Widths of one part; what the page has left goes to words that wrap."""
    points = [least[at] * size + face.inset for at in shown]
    left = width - sum(points)
    lacking = [max(0.0, wanted[at][0] - least[at]) * size for at in shown]
    if left > 0 and sum(lacking) > 0:
        share = min(1.0, left / sum(lacking))
        points = [point + lack * share for point, lack in zip(points, lacking, strict=True)]
    full = [
        wanted[at][1] and point < wanted[at][0] * size + face.inset
        for at, point in zip(shown, points, strict=True)
    ]
    return Part(tuple(shown), tuple(round(point, 2) for point in points), tuple(full))


def _height(row: Row, part: Part, size: float, face: Face) -> int:
    """Lines of a row, counted rather too high."""
    lines = 1
    for at, point in zip(part.columns, part.widths, strict=True):
        text = row.entries[at].text
        wide = text_width(face.shown(text), size) / max(point - face.inset, size)
        lines = max(lines, text.count("\n") + 1, math.ceil(wide))
    return lines
