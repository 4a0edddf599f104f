"""The critical difference diagram turned on its side, for narrow pages: one row for each model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stats.figures.columns import Rows, rows
from stats.figures.marks import Dot, Label, Line, Mark
from stats.figures.scales import rank_axis
from stats.figures.space import MARGIN, SIZE, pack
from stats.figures.text import text_width

__all__ = ["listed"]

_LANE = 12.0


def listed(
    models: Sequence[tuple[str, float]],
    bars: Sequence[tuple[str, ...]],
    bounds: tuple[float, float],
    difference: float | None,
    width: float,
) -> tuple[list[Mark], float]:
    """Rows of models in their order, their ranks on an axis, groups as bars at the right."""
    low, high = bounds
    place = {name: row for row, (name, _) in enumerate(models)}
    spans = [_span(bar, place) for bar in bars]
    lanes = pack([(float(a), float(b)) for a, b in spans], gap=0.9)
    count = max(lanes, default=-1) + 1
    pitch = min(_LANE, 0.4 * width / max(count, 1))
    beside = count * pitch + (8.0 if count else 0.0)
    top = MARGIN + 34.0
    text = "" if difference is None else f"CD = {difference:.2f}"
    if text and low + float(difference or 0.0) > high + 1e-9:
        text += " (longer than the axis)"

    def framed(top: float) -> Rows:
        return rows(
            [name for name, _ in models],
            values=[f"{rank:.2f}" for _, rank in models],
            width=width - beside,
            top=top,
            inset=4.0,
        )

    ruler = MARGIN + 8.0
    frame = framed(top + (20.0 if text else 0.0))
    if MARGIN + text_width(text, SIZE) > frame.left - 12.0:
        # The words need a line of their own over the ruler.
        ruler += 18.0
        frame = framed(top + 38.0)

    def x_of(rank: float) -> float:
        return frame.left + (rank - low) / (high - low) * (frame.right - frame.left)

    marks: list[Mark] = []
    if difference is not None:
        y, end = ruler, min(low + difference, high)
        marks.append(Line(((x_of(low), y), (x_of(end), y)), "ruler"))
        marks.append(Line(((x_of(low), y - 5), (x_of(low), y + 5)), "ruler"))
        if low + difference <= high + 1e-9:
            marks.append(Line(((x_of(end), y - 5), (x_of(end), y + 5)), "ruler"))
        words = y + 4.5 if ruler < MARGIN + 20.0 else y - 13.5
        marks.append(Label(MARGIN, words, text, "start", SIZE, "scale"))
    axis = frame.top - 4.0
    marks.extend(rank_axis(low, high, x_of, axis, above=True))
    marks.extend(frame.marks)
    for row, (name, rank) in enumerate(models):
        y = frame.y(row)
        marks.append(Line(((frame.left, y), (x_of(rank), y)), "stem", (name,)))
        marks.append(Dot(x_of(rank), y, 3.6, "point", (name,)))
    radius = min(3.6, pitch / 2 - 0.4)
    for lane, bar, (first, last) in zip(lanes, bars, spans, strict=True):
        x = width - MARGIN - beside + 8.0 + (lane + 0.5) * pitch
        marks.append(Line(((x, frame.y(first)), (x, frame.y(last))), "bar", bar))
        members = set(bar)
        for row in range(first, last + 1):
            name = models[row][0]
            role = "member" if name in members else "spanned"
            marks.append(Dot(x, frame.y(row), radius, role, (name,)))
    return marks, frame.bottom + 4.0


def _span(bar: tuple[str, ...], place: Mapping[str, int]) -> tuple[int, int]:
    at = [place[name] for name in bar]
    return min(at), max(at)
