"""Where every line, dot and label of a figure lies: pure numbers, no drawing.

A layout function takes names and statistics and gives a :class:`Figure`: a canvas in pixels
(y points down), marks with a role, and the numbers that are shown. A backend only paints roles:
``stats.figures.axes`` for matplotlib, ``reports.draw.svg`` for SVG.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from stats.figures.style import FAMILIES
from stats.figures.text import clean, shorten, text_width

__all__ = [
    "Box",
    "Cells",
    "Dot",
    "Figure",
    "Label",
    "Line",
    "Mark",
    "critical_difference",
    "families_of",
    "horizon_lines",
    "intervals",
    "pack",
    "significance_matrix",
    "stack",
    "strips",
    "trade_off",
]

Point = tuple[float, float]
Cell = str | float | int | None
_Scale = Callable[[float], float]

SIZE = 13.0  # font size of names, in pixels
SMALL = 12.0
MARGIN = 6.0
ROW = 22.0  # height of one label row
LANE = 11.0  # height of one lane of bars
CLASSIC = 15  # most models of which the classic diagram is still read at a glance
_ROWS = 40  # most models drawn one to a row


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
    models = _ordered(names, ranks)
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
    marks.extend(_rank_axis(low, high, x_of, axis, above=True))
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
        for text in _wrapped(clean(caption), SMALL, width - 2 * MARGIN):
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


def intervals(
    names: Sequence[str],
    ranks: Sequence[float],
    *,
    difference: float,
    families: Mapping[str, str] | None = None,
    width: float = 860.0,
    title: str = "Average ranks with comparison intervals",
    caption: str = "",
) -> Figure:
    """Layout of multiple comparisons with the best: average rank ± half the critical difference.

    Two models whose intervals do not touch differ. The band is the interval of the best model: a
    filled dot is not separable from it, an open dot is. Up to 40 models stand in rows with their
    names; more stand side by side, and the best of each family is named.

    Examples
    --------
    >>> figure = intervals(["a", "b", "c"], [1.2, 1.9, 2.9], difference=1.0)
    >>> [dot.role for dot in figure.marks if isinstance(dot, Dot)]
    ['dot-0', 'dot-0', 'ring-0']
    """
    models = _ordered(names, ranks)
    family = families_of([name for name, _ in models], families)
    near = {name: rank - models[0][1] <= difference for name, rank in models}
    build = _interval_rows if len(models) <= _ROWS else _interval_columns
    marks, height = build(models, difference, near, family, width)
    legend, height = _legend(family, height, width)
    marks.extend(legend)
    if caption:
        for text in _wrapped(clean(caption), SMALL, width - 2 * MARGIN):
            height += 17.0
            marks.append(Label(MARGIN, height - 3.0, text, "start", SMALL, "caption"))
    count = sum(near.values())
    return Figure(
        "intervals",
        width,
        height + MARGIN,
        tuple(marks),
        title,
        f"Average ranks of {len(models)} models; best is {clean(models[0][0])} with "
        f"{models[0][1]:.2f}; {count - 1} others are not separable from it "
        f"(critical difference {difference:.2f}).",
        columns=("model", "family", "average rank", "lower", "upper", "separable from best"),
        rows=tuple(
            (
                name,
                family[name][0],
                rank,
                rank - difference / 2,
                rank + difference / 2,
                "no" if near[name] else "yes",
            )
            for name, rank in models
        ),
    )


def strips(
    names: Sequence[str],
    ranks: Sequence[float],
    *,
    difference: float,
    families: Mapping[str, str],
    width: float = 860.0,
    title: str = "Average ranks by family",
) -> Figure:
    """Layout of one row per family with a dot for each of its models: a two-level figure's floor.

    Dots that would hide each other are set under each other, so every model is seen.

    Examples
    --------
    >>> figure = strips(["a1", "a2", "b1"], [1.0, 2.0, 3.0], difference=1.5,
    ...                 families={"a1": "a", "a2": "a", "b1": "b"})
    >>> [mark.text for mark in figure.marks_of("name")]
    ['a', 'b']
    """
    models = _ordered(names, ranks)
    family = families_of([name for name, _ in models], families)
    order = list(dict.fromkeys(family[name][0] for name, _ in models))
    limit = (width - 2 * MARGIN) * 0.28
    shown = {label: shorten(clean(label), SIZE, limit) for label in order}
    count_column = text_width("000 of 000", SMALL)
    x0 = MARGIN + max(text_width(text, SIZE) for text in shown.values()) + 18.0
    x1 = width - MARGIN - count_column - 14.0
    low, high = 1.0, float(max(2, len(models)))

    def x_of(rank: float) -> float:
        return x0 + (rank - low) / (high - low) * (x1 - x0)

    radius, step = 3.0, 6.6
    best = models[0][1]
    marks: list[Mark] = []
    y = MARGIN + 14.0
    start = y - 8.0
    for label in order:
        mine = [(name, rank) for name, rank in models if family[name][0] == label]
        lanes = pack([(x_of(rank), x_of(rank)) for _, rank in mine], gap=2 * radius - 0.4)
        depth = max(lanes) * step
        middle = y + depth / 2
        near = sum(rank - best <= difference for _, rank in mine)
        marks.append(
            Label(x0 - 14.0, middle + 4.5, shown[label], "end", SIZE, "name", full=clean(label))
        )
        for (name, rank), lane in zip(mine, lanes, strict=True):
            kind = "dot" if rank - best <= difference else "ring"
            marks.append(
                Dot(
                    x_of(rank),
                    y + lane * step,
                    radius if kind == "dot" else radius - 0.4,
                    f"{kind}-{family[name][1]}",
                    (name,),
                    f"{clean(name)}: {rank:.2f}",
                )
            )
        marks.append(
            Label(width - MARGIN, middle + 4.5, f"{near} of {len(mine)}", "end", SMALL, "value")
        )
        y += depth + 16.0
    axis = y + 2.0
    right = min(x_of(best + difference), x1)
    band = Box(x_of(best), start, max(right - x_of(best), 1.0), axis - start, "band")
    scale = _rank_axis(low, high, x_of, axis, above=False)
    note = Label(
        x0, axis + 38.0, "average rank among all models (better is left)", "start", SMALL, "note"
    )
    tail = Label(width - MARGIN, axis + 38.0, "not separable from the best", "end", SMALL, "note")
    return Figure(
        "strips",
        width,
        axis + 48.0,
        (band, *scale, note, tail, *marks),
        title,
        f"Average ranks of {len(models)} models in {len(order)} families on one axis.",
        columns=("model", "family", "average rank"),
        rows=tuple((name, family[name][0], rank) for name, rank in models),
    )


def significance_matrix(
    names: Sequence[str],
    net: Sequence[Sequence[float]],
    *,
    undefined: Sequence[Sequence[bool]] = (),
    blocks: str = "targets",
    width: float = 860.0,
    title: str = "Significance of all pairs",
    caption: str = "",
) -> Figure:
    """Layout of all pairs as coloured squares, in the order given: best first.

    A pair-wise test of hundreds of models has tens of thousands of groups that no diagram of bars
    can hold; squares show where the order is settled and where it is not.

    Parameters
    ----------
    net : [i][j] is the share of blocks on which i is significantly better than j less the share on
        which it is worse; the diagonal is not looked at
    undefined : [i][j] says that no statistic exists for the pair; none by default
    blocks : what a block is called, in the plural; empty where one test decides, and ``net`` is
        1, 0 or -1
    caption : one line under the matrix

    Examples
    --------
    >>> figure = significance_matrix(["a", "b"], [[0.0, 0.8], [-0.8, 0.0]])
    >>> next(mark.codes for mark in figure.marks if isinstance(mark, Cells))
    ((0, 1), (4, 0))
    """
    k = len(names)
    for rows in (net, undefined or net):
        if len(rows) != k or any(len(row) != k for row in rows):
            raise ValueError(
                f"a matrix has one row and one column per model; {k} models were given"
            )
    named = k <= _ROWS
    shown = [shorten(clean(name), SMALL, 0.3 * width) for name in names] if named else []
    x0 = MARGIN + (max(text_width(text, SMALL) for text in shown) if named else 34.0) + 12.0
    legend = [
        ("better-most", f"row better on most {blocks}" if blocks else "row better"),
        ("better-some", "row better on some"),
        ("worse-some", "row worse on some"),
        ("worse-most", f"row worse on most {blocks}" if blocks else "row worse"),
        ("undefined", "undefined"),
    ]
    roles = ("", *(role for role, _ in legend))
    if not blocks:
        del legend[1:3]
    if not any(map(any, undefined)):
        legend.pop()
    side = width - MARGIN - max(text_width(text, SMALL) for _, text in legend) - 30.0
    size = min((side - x0) / k, 20.0)
    top = MARGIN + 26.0
    codes = tuple(
        tuple(
            0 if i == j else 5 if undefined and undefined[i][j] else _class(value)
            for j, value in enumerate(row)
        )
        for i, row in enumerate(net)
    )
    edge = k * size
    frame = (
        (x0, top),
        (x0 + edge, top),
        (x0 + edge, top + edge),
        (x0, top + edge),
        (x0, top),
    )
    marks: list[Mark] = [
        Cells(x0, top, size, codes, roles),
        Line(frame, "grid"),
        Line(((x0, top), (x0 + edge, top + edge)), "leader"),
    ]
    if named:
        marks += [
            Label(x0 - 8.0, top + (i + 0.5) * size + 4.3, text, "end", SMALL, "name", (name,))
            for i, (name, text) in enumerate(zip(names, shown, strict=True))
            if size >= 14.0 or i % 2 == 0
        ]
    step = _step(k, edge, 18.0 if k < 100 else 40.0)  # two or three digits
    for i in [1, *range(int(step), k + 1, int(step))] if step > 1 else range(1, k + 1):
        x = x0 + (i - 0.5) * size
        marks.append(Label(x, top - 6.0, f"{i}", "middle", SMALL, "scale"))
        if not named:
            y = top + (i - 0.5) * size
            marks.append(Label(x0 - 8.0, y + 4.3, f"{i}", "end", SMALL, "scale"))
    for at, (role, text) in enumerate(legend):
        y = top + 12.0 + at * 20.0
        marks.append(Box(x0 + edge + 14.0, y - 10.0, 12.0, 12.0, role))
        marks.append(Label(x0 + edge + 32.0, y, text, "start", SMALL, "caption"))
    note = "place in the ranking: rows and columns alike, best first; unpainted: not separated"
    height = max(top + edge, top + 10.0 + 20.0 * len(legend)) + 18.0
    marks.append(Label(x0, height, note, "start", SMALL, "note"))
    if caption:
        line = clean(caption)
        for told in _wrapped(line[:1].upper() + line[1:], SMALL, width - x0 - MARGIN):
            height += 16.0
            marks.append(Label(x0, height, told, "start", SMALL, "caption"))
    better = [sum(code in (1, 2) for code in row) for row in codes]
    worse = [sum(code in (3, 4) for code in row) for row in codes]
    alike = [sum(code == 0 for j, code in enumerate(row) if j != i) for i, row in enumerate(codes)]
    return Figure(
        "significance-matrix",
        width,
        height + 8.0,
        tuple(marks),
        title,
        f"{sum(better)} of {k * (k - 1) // 2} pairs of {k} models are separated; best first.",
        columns=("model", "better than", "worse than", "not separated from"),
        rows=tuple(zip(names, better, worse, alike, strict=True)),
    )


def _class(net: float) -> int:
    if not net:
        return 0
    if net > 0:
        return 1 if net > 0.5 else 2
    return 4 if net < -0.5 else 3


def stack(upper: Figure, lower: Figure, *, gap: float = 18.0, title: str) -> Figure:
    """Two figures of the same width as one, the second under the first."""
    if upper.width != lower.width:
        raise ValueError(f"figures to stack need one width, got {upper.width} and {lower.width}")
    shift = upper.height + gap
    moved = tuple(_moved(mark, shift) for mark in lower.marks)
    return Figure(
        f"{upper.kind}+{lower.kind}",
        upper.width,
        shift + lower.height,
        upper.marks + moved,
        title,
        f"{upper.description} {lower.description}",
        columns=lower.columns,
        rows=lower.rows,
    )


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


def families_of(
    names: Sequence[str], families: Mapping[str, str] | None
) -> dict[str, tuple[str, int]]:
    """Family and colour number of each model; colours go by the order of first appearance.

    Examples
    --------
    >>> families_of(["x1", "y1", "x2"], {"x1": "x", "x2": "x", "y1": "y"})
    {'x1': ('x', 0), 'y1': ('y', 1), 'x2': ('x', 0)}
    """
    if families is None:
        return dict.fromkeys(names, ("", 0))
    # The last colour stands for all families that come after the first seven.
    order = {label: i for i, label in enumerate(dict.fromkeys(families[name] for name in names))}
    return {name: (families[name], min(order[families[name]], FAMILIES - 1)) for name in names}


def _ordered(names: Sequence[str], ranks: Sequence[float]) -> list[tuple[str, float]]:
    if len(names) != len(ranks):
        raise ValueError(f"one rank per model: got {len(names)} names and {len(ranks)} ranks")
    if len(names) < 2:
        raise ValueError(f"a comparison needs at least 2 models, got {len(names)}")
    if len(set(names)) < len(names):
        twice = next(name for name in names if list(names).count(name) > 1)
        raise ValueError(f"names of models must differ, got {twice!r} twice")
    values = [float(rank) for rank in ranks]
    for name, value in zip(names, values, strict=True):
        if not math.isfinite(value) or value < 1 - 1e-9:
            raise ValueError(f"an average rank is a number from 1 on, got {value} for {name!r}")
    return sorted(zip(names, values, strict=True), key=lambda model: model[1])


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


def _step(span: float, pixels: float, least: float) -> float:
    for power in range(6):
        for base in (1.0, 2.0, 5.0):
            step = base * 10.0**power
            if step / span * pixels >= least:
                return step
    return span


def _rank_axis(low: float, high: float, x_of: _Scale, y: float, *, above: bool) -> list[Mark]:
    """Axis with integer ticks, half ticks where there is room, and numbers on one side."""
    pixels = x_of(high) - x_of(low)
    widest = text_width(f"{high:.0f}", SMALL)
    step = _step(high - low, pixels, widest + 6.0)
    side = -1.0 if above else 1.0
    marks: list[Mark] = [Line(((x_of(low), y), (x_of(high), y)), "axis")]
    first = math.ceil(low / step) * step
    ticks = [first + i * step for i in range(int((high - first) / step + 1e-9) + 1)]
    if step > 1 and low not in ticks and x_of(ticks[0]) - x_of(low) > widest + 10.0:
        ticks.insert(0, low)
    for tick in ticks:
        x = x_of(tick)
        marks.append(Line(((x, y), (x, y + side * 8.0)), "tick"))
        baseline = y - 13.0 if above else y + 21.0
        marks.append(Label(x, baseline, f"{tick:.0f}", "middle", SMALL, "scale"))
    if step == 1 and pixels / (high - low) >= 20:
        for tick in ticks[:-1]:
            x = x_of(tick + 0.5)
            if x < x_of(high):
                marks.append(Line(((x, y), (x, y + side * 5.0)), "minor"))
    return marks


def _interval_rows(
    models: Sequence[tuple[str, float]],
    difference: float,
    near: Mapping[str, bool],
    family: Mapping[str, tuple[str, int]],
    width: float,
) -> tuple[list[Mark], float]:
    column = max(text_width(f"{rank:.2f}", SIZE) for _, rank in models)
    limit = (width - 2 * MARGIN) * 0.42
    shown = {name: shorten(clean(name), SIZE, limit) for name, _ in models}
    x0 = MARGIN + max(text_width(text, SIZE) for text in shown.values()) + column + 28.0
    x1 = width - MARGIN - 6.0
    half = difference / 2
    low, high = models[0][1] - half, models[-1][1] + half
    pad = (high - low) * 0.02 + 1e-9
    low, high = low - pad, high + pad

    def x_of(rank: float) -> float:
        return x0 + (rank - low) / (high - low) * (x1 - x0)

    top = MARGIN + 4.0
    axis = top + len(models) * 20.0 + 6.0
    best = models[0][1]
    left = x_of(best - half)
    marks: list[Mark] = [Box(left, top, x_of(best + half) - left, axis - top, "band")]
    for row, (name, rank) in enumerate(models):
        y = top + row * 20.0 + 12.0
        colour = family[name][1]
        value = f"{rank:.2f}"
        marks.append(
            Line(((x_of(rank - half), y), (x_of(rank + half), y)), f"span-{colour}", (name,))
        )
        kind = "dot" if near[name] else "ring"
        marks.append(Dot(x_of(rank), y, 4.0, f"{kind}-{colour}", (name,)))
        marks.append(Label(x0 - 12.0, y + 4.5, value, "end", SIZE, "value", (name,)))
        marks.append(
            Label(
                x0 - 12.0 - column - 10.0,
                y + 4.5,
                shown[name],
                "end",
                SIZE,
                "name",
                (name,),
                full=clean(name),
            )
        )
    # Ticks only where ranks exist; intervals may reach beyond 1 and k.
    first = max(1.0, math.ceil(low))
    last = max(first + 1.0, min(float(len(models)), math.floor(high)))
    if x_of(last) > x1:
        last = first
    if last > first:
        marks.extend(_rank_axis(first, last, x_of, axis, above=False))
    else:
        marks.append(Line(((x0, axis), (x1, axis)), "axis"))
    return marks, axis + 28.0


def _interval_columns(
    models: Sequence[tuple[str, float]],
    difference: float,
    near: Mapping[str, bool],
    family: Mapping[str, tuple[str, int]],
    width: float,
) -> tuple[list[Mark], float]:
    count = len(models)
    x0 = MARGIN + text_width("0000", SIZE) + 26.0
    x1 = width - MARGIN - text_width(str(count), SIZE) / 2
    top, tall = MARGIN + 24.0, 380.0
    half = difference / 2
    low, high = models[0][1] - half, models[-1][1] + half

    def y_of(rank: float) -> float:
        return top + (rank - low) / (high - low) * tall

    def x_of(index: float) -> float:
        return x0 + (index + 0.5) / count * (x1 - x0)

    best = models[0][1]
    band = Box(x0, y_of(best - half), x1 - x0, y_of(best + half) - y_of(best - half), "band")
    marks: list[Mark] = [band]
    step = _step(high - low, tall, 34.0)
    first = math.ceil(max(low, 1.0) / step) * step
    ticks = [first + i * step for i in range(int((min(high, count) - first) / step + 1e-9) + 1)]
    if low <= 1.0 and y_of(ticks[0]) - y_of(1.0) > 18.0:
        ticks.insert(0, 1.0)
    for tick in ticks:
        marks.append(Line(((x0, y_of(tick)), (x1, y_of(tick))), "grid"))
        marks.append(Label(x0 - 8.0, y_of(tick) + 4.5, f"{tick:.0f}", "end", SIZE, "scale"))
    radius = min(3.0, max(1.5, 0.5 * (x1 - x0) / count))
    for index, (name, rank) in enumerate(models):
        x, colour = x_of(index), family[name][1]
        marks.append(
            Line(((x, y_of(rank - half)), (x, y_of(rank + half))), f"thin-{colour}", (name,))
        )
    for index, (name, rank) in enumerate(models):
        note = f"{clean(name)}: {rank:.2f}"
        marks.append(Dot(x_of(index), y_of(rank), radius, f"seed-{family[name][1]}", (name,), note))
    inseparable = sum(near.values())
    if inseparable < count:
        x = (x_of(inseparable - 1) + x_of(inseparable)) / 2
        marks.append(Line(((x, top), (x, top + tall)), "limit"))
    axis = top + tall
    marks.append(Line(((x0, top), (x0, axis), (x1, axis)), "axis"))
    step = _step(count, x1 - x0, 70.0)
    tick = step
    while tick <= count:
        marks.append(Line(((x_of(tick - 1), axis), (x_of(tick - 1), axis + 6.0)), "tick"))
        marks.append(Label(x_of(tick - 1), axis + 20.0, f"{tick:.0f}", "middle", SIZE, "scale"))
        tick += step
    marks.append(Label(x0, axis + 38.0, "place in the ranking", "start", SMALL, "note"))
    marks.append(Label(MARGIN, top - 9.0, "average rank", "start", SMALL, "note"))
    message = f"{inseparable - 1} models are not separable from the best"
    marks.append(Label(x1, axis + 38.0, message, "end", SMALL, "note"))
    marks.extend(_named_best(models, family, x_of, y_of, (x0 + 4.0, top, x1, axis - 4.0)))
    return marks, axis + 46.0


def _named_best(
    models: Sequence[tuple[str, float]],
    family: Mapping[str, tuple[str, int]],
    x_of: _Scale,
    y_of: _Scale,
    frame: tuple[float, float, float, float],
) -> list[Mark]:
    """Names of the best model of each family, where they cover neither each other nor a point."""
    left, top, right, bottom = frame
    places: dict[str, tuple[str, float, float]] = {}
    for index, (name, rank) in enumerate(models):
        places.setdefault(family[name][0], (name, x_of(index), y_of(rank)))
    curve = [(x_of(index), y_of(rank)) for index, (_, rank) in enumerate(models)]
    taken: list[tuple[float, float, float, float]] = []
    marks: list[Mark] = []
    for name, x, y in places.values():
        full = clean(name)
        text = shorten(full, SMALL, 0.4 * (right - left))
        for dx, dy in _OFFSETS:
            mark = Label(
                x + dx, y - dy, text, "start", SMALL, f"label-{family[name][1]}", (name,), full
            )
            a, b, c, d = mark.extent()
            if a < left or b < top or c > right or d > bottom:
                continue
            if any(a < q[2] + 4 and c > q[0] - 4 and b < q[3] and d > q[1] for q in taken):
                continue
            if any(a - 4 < px < c + 4 and b - 4 < py < d + 4 for px, py in curve):
                continue
            taken.append((a, b, c, d))
            marks.append(Line(((x, y), (a - 3.0, mark.y - 4.0)), "leader", (name,)))
            marks.append(Dot(x, y, 4.0, f"ring-{family[name][1]}", (name,), full))
            marks.append(mark)
            break
    return marks


_OFFSETS = sorted(
    ((dx, dy) for dx in range(16, 420, 24) for dy in range(-60, 180, 12)),
    key=lambda step: (step[0] ** 2 + (2 * step[1] - 40) ** 2, step),
)


def _legend(
    family: Mapping[str, tuple[str, int]], height: float, width: float
) -> tuple[list[Mark], float]:
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


def _wrapped(text: str, size: float, limit: float) -> list[str]:
    lines: list[str] = []
    for word in text.split(" "):
        if lines and text_width(f"{lines[-1]} {word}", size) <= limit:
            lines[-1] = f"{lines[-1]} {word}"
        else:
            lines.append(shorten(word, size, limit))
    return lines


def _moved(mark: Mark, dy: float) -> Mark:
    if isinstance(mark, Line):
        return replace(mark, points=tuple((x, y + dy) for x, y in mark.points))
    return replace(mark, y=mark.y + dy)


def horizon_lines(
    names: Sequence[str],
    horizons: Sequence[int],
    values: Mapping[str, Sequence[float]],
    *,
    baseline: str = "",
    colours: Mapping[str, int] | None = None,
    width: float = 860.0,
    title: str = "Skill by horizon",
) -> Figure:
    """Layout of one line per model over horizons, labelled at its end.

    Parameters
    ----------
    names : models to draw, the first in the strongest colour
    horizons : steps ahead, increasing; they stand evenly apart, whatever their distance
    values : one number per horizon for each name; nan leaves a gap
    baseline : what zero stands for
    colours : colour number of each name, where several figures shall agree

    Examples
    --------
    >>> figure = horizon_lines(["a", "b"], [1, 6], {"a": [0.1, 0.3], "b": [0.0, 0.2]})
    >>> [label.text for label in figure.marks_of("label-0")]
    ['a']
    """
    shown = {name: shorten(clean(name), SMALL, 0.28 * width) for name in names}
    known = [v for name in names for v in values[name] if math.isfinite(v)]
    low, high = min([0.0, *known]), max([0.0, *known])
    if high - low < 1e-9:
        high = low + 1.0
    x0 = MARGIN + text_width("−100 %", SMALL) + 14.0
    x1 = width - MARGIN - max((text_width(t, SMALL) for t in shown.values()), default=0.0) - 24.0
    top, tall = MARGIN + 24.0, max(180.0, 17.0 * len(names))

    def x_of(index: float) -> float:
        return x0 + 24.0 + index / max(len(horizons) - 1, 1) * (x1 - x0 - 36.0)

    def y_of(value: float) -> float:
        return top + (high - value) / (high - low) * tall

    marks: list[Mark] = []
    step = _nice((high - low) / 4)
    for i in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1):
        y = y_of(i * step)
        marks.append(Line(((x0, y), (x1, y)), "limit" if i == 0 else "grid"))
        digits = 0 if step >= 0.01 else 1
        text = f"{100 * i * step:.{digits}f} %".replace("-", "−")
        marks.append(Label(x0 - 8.0, y + 4.3, text, "end", SMALL, "scale"))
    ends: list[tuple[float, str, int]] = []
    for order, name in enumerate(names):
        colour = min(order if colours is None else colours[name], FAMILIES - 1)
        run: list[Point] = []
        for index, value in enumerate(values[name]):
            if math.isfinite(value):
                run.append((x_of(index), y_of(value)))
            elif run:
                marks.append(Line(tuple(run), f"curve-{colour}", (name,)))
                run = []
        if run:
            marks.append(Line(tuple(run), f"curve-{colour}", (name,)))
        points = [(x_of(i), y_of(v)) for i, v in enumerate(values[name]) if math.isfinite(v)]
        marks.extend(Dot(x, y, 3.4, f"dot-{colour}", (name,)) for x, y in points)
        if points:
            ends.append((points[-1][1], name, colour))
    ends.sort()
    for y, (at, name, colour) in zip(
        _spread([end[0] for end in ends], 16.0, top, top + tall), ends, strict=True
    ):
        last = max(i for i, v in enumerate(values[name]) if math.isfinite(v))
        marks.append(Line(((x_of(last) + 5.0, at), (x1 + 8.0, y)), "leader", (name,)))
        marks.append(
            Label(
                x1 + 12.0,
                y + 4.3,
                shown[name],
                "start",
                SMALL,
                f"label-{colour}",
                (name,),
                full=clean(name),
            )
        )
    bottom = top + tall + 14.0
    for index, horizon in enumerate(horizons):
        marks.append(Label(x_of(index), bottom + 10.0, f"{horizon}", "middle", SMALL, "scale"))
    marks.append(Label(x0, bottom + 28.0, "steps ahead", "start", SMALL, "note"))
    if baseline:
        text = shorten(f"0 = {clean(baseline)}", SMALL, 0.4 * width)
        marks.append(Label(x1, bottom + 28.0, text, "end", SMALL, "note"))
    return Figure(
        "horizon-lines",
        width,
        bottom + 36.0,
        tuple(marks),
        title,
        f"Lines of {len(names)} models over horizons {', '.join(map(str, horizons))}.",
        columns=("model", *(f"h={h}" for h in horizons)),
        rows=tuple((name, *values[name]) for name in names),
    )


def trade_off(
    names: Sequence[str],
    seconds: Sequence[float],
    ranks: Sequence[float],
    *,
    families: Mapping[str, str] | None = None,
    width: float = 860.0,
    title: str = "Cost and accuracy",
) -> Figure:
    """Layout of seconds (log scale) against average rank, with the models nobody dominates.

    The line joins models for which no other is both faster and better.

    Examples
    --------
    >>> figure = trade_off(["a", "b", "c"], [0.1, 1.0, 2.0], [2.0, 1.0, 3.0])
    >>> figure.marks_of("stem")[0].who
    ('a', 'b')
    """
    models = [
        (name, max(cost, 1e-3), rank)
        for name, cost, rank in sorted(
            zip(names, seconds, ranks, strict=True), key=lambda model: (model[1], model[2])
        )
        if math.isfinite(cost) and math.isfinite(rank)
    ]
    if not models:
        raise ValueError("no model has both a time and a rank")
    family = families_of([model[0] for model in models], families)
    low = math.floor(math.log10(min(cost for _, cost, _ in models)))
    high = max(math.ceil(math.log10(max(cost for _, cost, _ in models))), low + 1)
    best = min(rank for _, _, rank in models)
    worst = max(max(rank for _, _, rank in models), best + 1.0)
    x0, x1 = MARGIN + text_width("000", SMALL) + 16.0, width - MARGIN - 12.0
    top, tall = MARGIN + 30.0, 300.0

    def x_of(cost: float) -> float:
        return x0 + 10.0 + (math.log10(cost) - low) / (high - low) * (x1 - x0 - 20.0)

    def y_of(rank: float) -> float:
        return top + (rank - best) / (worst - best) * tall

    marks: list[Mark] = [Label(MARGIN, top - 18.0, "average rank", "start", SMALL, "note")]
    step = _step(worst - best, tall, 34.0)
    for i in range(math.ceil(best / step), math.floor(worst / step) + 1):
        y = y_of(i * step)
        marks.append(Line(((x0, y), (x1, y)), "grid"))
        marks.append(Label(x0 - 8.0, y + 4.3, f"{i * step:.0f}", "end", SMALL, "scale"))
    axis = top + tall + 10.0
    marks.append(Line(((x0, axis), (x1, axis)), "axis"))
    for power in range(low, high + 1):
        x = x_of(10.0**power)
        marks.append(Line(((x, axis), (x, axis + 6.0)), "tick"))
        text = f"{10.0**power:g}" if -4 < power < 5 else f"1e{power}"
        marks.append(Label(x, axis + 20.0, text, "middle", SMALL, "scale"))
    marks.append(Label(x0, axis + 38.0, "seconds (better is left)", "start", SMALL, "note"))
    front: list[tuple[str, float, float]] = []
    for name, cost, rank in models:
        if not front or rank < front[-1][2]:
            front.append((name, cost, rank))
    note = Label(x1, axis + 38.0, "line: nothing is faster and better", "end", SMALL, "note")
    marks.append(note)
    if len(front) > 1:
        path = [(x_of(front[0][1]), y_of(front[0][2]))]
        for _, cost, rank in front[1:]:
            path += [(x_of(cost), path[-1][1]), (x_of(cost), y_of(rank))]
        marks.append(Line(tuple(path), "stem", tuple(name for name, _, _ in front)))
    places = {name: (x_of(cost), y_of(rank)) for name, cost, rank in models}
    undominated = {name for name, _, _ in front}
    for name, (x, y) in places.items():
        kind = "dot" if name in undominated else "ring"
        marks.append(Dot(x, y, 4.0, f"{kind}-{family[name][1]}", (name,), clean(name)))
    told = [*reversed(front), *(model for model in models if model[0] not in undominated)]
    if len(models) > _ROWS:
        told = front[::-1]
    marks.extend(_beside(told, places, family, (x0, top - 10.0, x1, axis - 2.0)))
    legend, height = _legend(family, axis + 42.0, width)
    marks.extend(legend)
    return Figure(
        "trade-off",
        width,
        height + MARGIN,
        tuple(marks),
        title,
        f"Seconds and average rank of {len(models)} models; {len(front)} are not dominated.",
        columns=("model", "seconds", "average rank", "dominated"),
        rows=tuple((n, c, r, "no" if n in undominated else "yes") for n, c, r in models),
    )


def _beside(
    models: Sequence[tuple[str, float, float]],
    places: Mapping[str, Point],
    family: Mapping[str, tuple[str, int]],
    frame: tuple[float, float, float, float],
) -> list[Mark]:
    """Names next to their points, left out where no side is free."""
    left, top, right, bottom = frame
    taken: list[tuple[float, float, float, float]] = []
    marks: list[Mark] = []
    for name, _, _ in models:
        x, y = places[name]
        full = clean(name)
        text = shorten(full, SMALL, 200.0)
        for dx, dy, anchor in _SIDES:
            mark = Label(
                x + dx, y + dy, text, anchor, SMALL, f"label-{family[name][1]}", (name,), full
            )
            a, b, c, d = mark.extent()
            if a < left or b < top or c > right or d > bottom:
                continue
            if any(a < q[2] + 3 and c > q[0] - 3 and b < q[3] and d > q[1] for q in taken):
                continue
            if any(a - 4 < px < c + 4 and b - 4 < py < d + 4 for px, py in places.values()):
                continue
            taken.append((a, b, c, d))
            marks.append(mark)
            break
    return marks


_SIDES = ((9.0, 4.3, "start"), (-9.0, 4.3, "end"), (0.0, -9.0, "middle"), (0.0, 17.0, "middle"))


def _nice(least: float) -> float:
    """The smallest of 1, 2 and 5 times a power of ten that is not below ``least``."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(base * power for base in (1.0, 2.0, 5.0, 10.0) if base * power >= least * 0.999)


def _spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Increasing positions at least a gap apart, near those wanted and inside the bounds.

    Examples
    --------
    >>> _spread([10.0, 11.0, 50.0], 10.0, 0.0, 60.0)
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
