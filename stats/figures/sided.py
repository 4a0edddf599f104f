"""The critical difference diagram with its names at both sides of the axis."""

from __future__ import annotations

import math
from collections.abc import Sequence

from stats.figures.marks import Dot, Label, Line, Mark
from stats.figures.scales import rank_axis
from stats.figures.space import MARGIN, SIZE, SMALL, pack
from stats.figures.text import clean, shortened, text_width

__all__ = ["fits", "two_sided"]

ROW = 22.0  # height of one label row
LANE = 11.0  # height of one lane of bars
_GAP, _ELBOW = 10.0, 12.0  # between columns, and from the end of the axis to a name's line
_AXIS = 220.0  # least width of the axis between two columns of names
_READABLE = 150.0  # a name shortened to so many pixels can still be told from others


def _fixed(models: Sequence[tuple[str, float]]) -> float:
    """Pixels that both sides need beside the names."""
    column = max(text_width(f"{rank:.2f}", SIZE) for _, rank in models)
    return 2 * (MARGIN + 2 * _GAP + column + _ELBOW)


def fits(models: Sequence[tuple[str, float]], width: float) -> bool:
    """Whether two columns of readable names leave a readable axis between them."""
    widest = max(text_width(clean(name), SIZE) for name, _ in models)
    return _fixed(models) + 2 * min(widest, _READABLE) + _AXIS <= width


def two_sided(
    models: Sequence[tuple[str, float]],
    bars: Sequence[tuple[str, ...]],
    bounds: tuple[float, float],
    difference: float | None,
    width: float,
) -> tuple[list[Mark], float]:
    """The better half at the left, the other at the right, the axis and the bars between."""
    low, high = bounds
    position = dict(models)
    values = {name: f"{rank:.2f}" for name, rank in models}
    half = math.ceil(len(models) / 2)
    left, right = models[:half], models[half:]
    column = max(text_width(value, SIZE) for value in values.values())
    limit = max(60.0, (width - _fixed(models) - _AXIS) / 2)
    shown = dict(zip(position, shortened([*map(clean, position)], SIZE, limit), strict=True))
    notes = ("← better", "average rank")
    side_left, side_right = (
        max(
            max((text_width(shown[name], SIZE) for name, _ in side), default=0.0)
            + 2 * _GAP
            + column
            + _ELBOW,
            text_width(note, SMALL) + _GAP,
        )
        for side, note in zip((left, right), notes, strict=True)
    )
    x0, x1 = MARGIN + side_left, width - MARGIN - side_right

    def x_of(rank: float) -> float:
        return x0 + (rank - low) / (high - low) * (x1 - x0)

    marks: list[Mark] = []
    top = MARGIN
    if difference is not None:
        reach = low + difference
        text = f"CD = {difference:.2f}"
        if reach > high:
            text += " (longer than the axis)"
        end = x_of(min(reach, high))
        y = top + 10.0
        marks.append(Line(((x0, y), (end, y)), "ruler"))
        marks.append(Line(((x0, y - 5), (x0, y + 5)), "ruler"))
        if reach <= high:
            marks.append(Line(((end, y - 5), (end, y + 5)), "ruler"))
        if end + 8 + text_width(text, SIZE) <= width - MARGIN:
            marks.append(Label(end + 8, y + 4.5, text, "start", SIZE, "scale"))
        else:
            y += 16
            marks.append(Label(width - MARGIN, y + 4.5, text, "end", SIZE, "scale"))
        top = y + 12.0

    axis = top + 24.0
    marks.extend(rank_axis(low, high, x_of, axis, above=True))
    marks.append(Label(x0 - _GAP, axis + 4.0, notes[0], "end", SMALL, "note"))
    marks.append(Label(x1 + _GAP, axis + 4.0, notes[1], "start", SMALL, "note"))

    lanes = pack([(x_of(position[bar[0]]), x_of(position[bar[-1]])) for bar in bars], gap=12.0)
    first = axis + 18.0
    bottom = first + (max(lanes) * LANE if lanes else -LANE)
    rows = bottom + 26.0

    # Stems lie under the bars, bars under their dots.
    for side, edge, direction in ((left, x0, -1), (right[::-1], x1, 1)):
        for row, (name, rank) in enumerate(side):
            y = rows + row * ROW
            tip = edge + direction * _ELBOW
            marks.append(Line(((x_of(rank), axis), (x_of(rank), y), (tip, y)), "stem", who=(name,)))
            inner = tip + direction * _GAP
            anchor = "end" if direction < 0 else "start"
            value_x = inner if direction < 0 else inner + column
            marks.append(Label(value_x, y + 4.5, values[name], "end", SIZE, "value", (name,)))
            outer = inner + direction * (column + _GAP)
            marks.append(
                Label(outer, y + 4.5, shown[name], anchor, SIZE, "name", (name,), full=clean(name))
            )
    for lane, bar in zip(lanes, bars, strict=True):
        y = first + lane * LANE
        start, end = position[bar[0]], position[bar[-1]]
        marks.append(Line(((x_of(start), y), (x_of(end), y)), "bar", who=bar))
        members = set(bar)
        inside = [(name, rank) for name, rank in models if start <= rank <= end]
        own = {rank for name, rank in inside if name in members}
        # Open dots first, and wider where a member has the same rank: both must be seen.
        for name, rank in sorted(inside, key=lambda model: model[0] in members):
            if name in members:
                marks.append(Dot(x_of(rank), y, 3.6, "member", (name,)))
            else:
                radius = 5.4 if rank in own else 3.6
                marks.append(Dot(x_of(rank), y, radius, "spanned", (name,)))
    marks.extend(Dot(x_of(rank), axis, 3.2, "point", (name,)) for name, rank in models)

    return marks, rows + (half - 1) * ROW + 12.0
