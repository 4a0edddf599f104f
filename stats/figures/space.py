"""Where things find room: lanes, lines of text, notes under an axis, the key of colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stats.errors import OptionError
from stats.figures.marks import Box, Dot, Label, Mark
from stats.figures.text import clean, shorten, text_width

__all__ = [
    "LEAST",
    "MARGIN",
    "ROWS",
    "SIZE",
    "SMALL",
    "captioned",
    "checked_width",
    "feet",
    "key",
    "legend",
    "pack",
    "spread",
    "wrapped",
]

SIZE = 13.0  # font size of names, in pixels
SMALL = 12.0
MARGIN = 6.0
ROWS = 40  # most models drawn one to a row
LEAST = 300.0  # narrowest canvas: a small phone less its margins


def checked_width(width: float) -> float:
    """The width, or an error that says how narrow a figure may be."""
    if not LEAST <= width < 1e5:
        raise OptionError(f"a figure is at least {LEAST:.0f} pixels wide, got {width:g}")
    return float(width)


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
    """Lines of at most ``limit`` pixels; a longer word loses its middle."""
    lines: list[str] = []
    for word in text.split(" "):
        if lines and text_width(f"{lines[-1]} {word}", size) <= limit:
            lines[-1] = f"{lines[-1]} {word}"
        else:
            lines.append(shorten(word, size, limit))
    return lines


def captioned(
    caption: str, height: float, width: float, *, anchor: str = "start"
) -> tuple[list[Mark], float]:
    """Lines of a caption under the height, and the new height."""
    marks: list[Mark] = []
    if caption:
        text = clean(caption)
        x = width / 2 if anchor == "middle" else MARGIN
        if text[1:2].isalpha():  # a word, and no symbol such as k
            text = text[:1].upper() + text[1:]
        for line in wrapped(text, SMALL, width - 2 * MARGIN):
            height += 17.0
            marks.append(Label(x, height - 3.0, line, anchor, SMALL, "caption"))
    return marks, height


def feet(left: str, right: str, x0: float, x1: float, y: float) -> tuple[list[Mark], float]:
    """Two notes on one line, or under each other where it is too short; and the last baseline."""
    apart = text_width(left, SMALL) + text_width(right, SMALL) + 16.0 <= x1 - x0
    if apart or not right:
        notes: list[Mark] = [Label(x0, y, left, "start", SMALL, "note")] if left else []
        if right:
            notes.append(Label(x1, y, right, "end", SMALL, "note"))
        if not right and text_width(left, SMALL) > x1 - x0:
            notes, y = [], y - 16.0
            for line in wrapped(left, SMALL, x1 - x0):
                y += 16.0
                notes.append(Label(x0, y, line, "start", SMALL, "note"))
        return notes, y
    first, y = feet(left, "", x0, x1, y)
    rest, y = feet(right, "", x0, x1, y + 16.0)
    return first + rest, y


def key(entries: Sequence[tuple[str, str]], y: float, width: float) -> tuple[list[Mark], float]:
    """Squares of each role with its words, in lines from the left; and the next free height."""
    marks: list[Mark] = []
    x = MARGIN
    for role, text in entries:
        room = 18.0 + text_width(text, SMALL)
        if x > MARGIN and x + room > width - MARGIN:
            x, y = MARGIN, y + 18.0
        marks.append(Box(x, y, 12.0, 12.0, role))
        marks.append(Label(x + 18.0, y + 10.0, text, "start", SMALL, "caption"))
        x += room + 18.0
    return marks, y + 20.0


def legend(
    family: Mapping[str, tuple[str, int]], height: float, width: float
) -> tuple[list[Mark], float]:
    """Colours of the families under the height, where there are several; and the new height."""
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
