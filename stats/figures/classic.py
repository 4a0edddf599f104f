"""The classic critical difference diagram, for up to 15 models."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

from stats.figures.marks import Dot, Figure, Label, Line, Mark
from stats.figures.ranking import ordered
from stats.figures.space import (
    MARGIN,
    SIZE,
    SMALL,
    pack,
    rank_axis,
    wrapped,
)
from stats.figures.text import clean, shorten, text_width

__all__ = [
    "CLASSIC",
    "critical_difference",
]

ROW = 22.0  # height of one label row
LANE = 11.0  # height of one lane of bars
CLASSIC = 15  # most models of which the classic diagram is still read at a glance


def critical_difference(
    names: Sequence[str],
    ranks: Sequence[float],
    *,
    groups: Sequence[Collection[str]] = (),
    difference: float | None = None,
    width: float = 860.0,
    title: str = "Critical difference diagram",
    caption: str = "",
) -> Figure:
    """Layout of the classic critical difference diagram.

    The better half of the models stands on the left. A bar joins each group of models that the
    test does not separate; a filled dot on it is a member, an open dot a model that lies between
    members without being one. Groups of one model have no bar. Points on the axis are never
    moved: models with equal ranks share one point.

    Parameters
    ----------
    names, ranks : sequences of the same length, one entry per model, 1 = best
    groups : sets of names that are not separated
    difference : length of the ruler, in ranks; None draws no ruler
    width : width of the canvas in pixels; names that do not fit are shortened in the middle
    caption : one line under the diagram

    References
    ----------
    .. [1] Demsar (2006), Statistical comparisons of classifiers over multiple data sets,
       JMLR 7, 1-30, Figure 1.

    Examples
    --------
    >>> figure = critical_difference(
    ...     ["C4.5", "C4.5+m", "C4.5+cf", "C4.5+m+cf"], [3.143, 2.0, 2.893, 1.964],
    ...     groups=[["C4.5+m+cf", "C4.5+m", "C4.5+cf"], ["C4.5+m", "C4.5+cf", "C4.5"]],
    ...     difference=1.25)
    >>> [len(bar.who) for bar in figure.marks_of("bar")]
    [3, 3]
    """
    models = ordered(names, ranks)
    position = dict(models)
    bars = _bars(groups, position)
    values = {name: f"{rank:.2f}" for name, rank in models}
    half = math.ceil(len(models) / 2)
    left, right = models[:half], models[half:]

    column = max(text_width(value, SIZE) for value in values.values())
    elbow, gap = 12.0, 10.0
    fixed = 2 * (MARGIN + gap + column + gap + elbow)
    limit = max(60.0, (width - fixed - 220.0) / 2)
    shown = {name: shorten(clean(name), SIZE, limit) for name in position}
    notes = ("← better", "average rank")
    side_left, side_right = (
        max(
            max((text_width(shown[name], SIZE) for name, _ in side), default=0.0)
            + gap
            + column
            + gap
            + elbow,
            text_width(note, SMALL) + gap,
        )
        for side, note in zip((left, right), notes, strict=True)
    )
    x0, x1 = MARGIN + side_left, width - MARGIN - side_right

    low = float(math.floor(models[0][1]))
    high = float(max(math.ceil(models[-1][1]), low + 1))
    if difference is not None and difference > high - low:
        # A ruler longer than the axis is read only when the axis is as long as ranks can be.
        high = min(float(len(models)), low + math.ceil(difference))
        high = max(high, low + 1)

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
    marks.append(Label(x0 - gap, axis + 4.0, notes[0], "end", SMALL, "note"))
    marks.append(Label(x1 + gap, axis + 4.0, notes[1], "start", SMALL, "note"))

    lanes = pack([(x_of(position[bar[0]]), x_of(position[bar[-1]])) for bar in bars], gap=12.0)
    first = axis + 18.0
    bottom = first + (max(lanes) * LANE if lanes else -LANE)
    rows = bottom + 26.0

    # Stems lie under the bars, bars under their dots.
    for side, edge, direction in ((left, x0, -1), (right[::-1], x1, 1)):
        for row, (name, rank) in enumerate(side):
            y = rows + row * ROW
            tip = edge + direction * elbow
            marks.append(Line(((x_of(rank), axis), (x_of(rank), y), (tip, y)), "stem", who=(name,)))
            inner = tip + direction * gap
            anchor = "end" if direction < 0 else "start"
            value_x = inner if direction < 0 else inner + column
            marks.append(Label(value_x, y + 4.5, values[name], "end", SIZE, "value", (name,)))
            outer = inner + direction * (column + gap)
            marks.append(
                Label(outer, y + 4.5, shown[name], anchor, SIZE, "name", (name,), full=clean(name))
            )
    for lane, bar in zip(lanes, bars, strict=True):
        y = first + lane * LANE
        start, end = position[bar[0]], position[bar[-1]]
        marks.append(Line(((x_of(start), y), (x_of(end), y)), "bar", who=bar))
        members = set(bar)
        inside = [(name, rank) for name, rank in models if start <= rank <= end]
        # Open dots first: where a member and a stranger tie, the member must be seen.
        for name, rank in sorted(inside, key=lambda model: model[0] in members):
            role = "member" if name in members else "spanned"
            marks.append(Dot(x_of(rank), y, 3.6, role, (name,)))
    marks.extend(Dot(x_of(rank), axis, 3.2, "point", (name,)) for name, rank in models)

    height = rows + (half - 1) * ROW + 12.0
    if caption:
        for text in wrapped(clean(caption), SMALL, width - 2 * MARGIN):
            height += 17.0
            marks.append(Label(width / 2, height - 3.0, text, "middle", SMALL, "caption"))
    best = clean(models[0][0])
    sentence = (
        f"Average ranks of {len(models)} models from {values[models[0][0]]} ({best}) to "
        f"{values[models[-1][0]]} ({clean(models[-1][0])}); {len(bars)} groups of models "
        "are not separated."
    )
    return Figure(
        "critical-difference",
        width,
        height + MARGIN,
        tuple(marks),
        title,
        sentence + (f" {clean(caption)}" if caption else ""),
        columns=("model", "average rank", "groups"),
        rows=tuple(
            (name, rank, " ".join(str(g + 1) for g, bar in enumerate(bars) if name in bar))
            for name, rank in models
        ),
    )


def _bars(
    groups: Sequence[Collection[str]], position: Mapping[str, float]
) -> list[tuple[str, ...]]:
    bars = []
    for group in groups:
        unknown = [name for name in group if name not in position]
        if unknown:
            raise ValueError(f"group names a model without a rank: {unknown[0]!r}")
        if len(group) > 1:
            bars.append(tuple(sorted(group, key=lambda name: position[name])))
    return sorted(bars, key=lambda bar: (position[bar[0]], position[bar[-1]]))
