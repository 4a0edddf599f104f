"""Names next to the points they belong to, where there is room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from stats.figures.marks import Dot, Label, Line, Mark, Point
from stats.figures.scales import Scale
from stats.figures.space import SMALL
from stats.figures.text import clean, shortened

__all__ = ["beside", "named_best"]

Bounds = tuple[float, float, float, float]


def beside(
    models: Sequence[tuple[str, float, float]],
    places: Mapping[str, Point],
    family: Mapping[str, tuple[str, int]],
    frame: Bounds,
    path: Sequence[Point] = (),
) -> list[Mark]:
    """Names next to their points, left out where no side is free.

    Parameters
    ----------
    path : corners of a line, upright and level by turns, that no name may cover
    """
    left, top, right, bottom = frame
    taken: list[Bounds] = []
    marks: list[Mark] = []
    whole = [clean(name) for name, _, _ in models]
    texts = shortened(whole, SMALL, min(200.0, 0.4 * (right - left)))
    for (name, _, _), full, text in zip(models, whole, texts, strict=True):
        x, y = places[name]
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
            if any(_crosses(one, two, (a, b, c, d)) for one, two in pairwise(path)):
                continue
            taken.append((a, b, c, d))
            marks.append(mark)
            break
    return marks


_SIDES = (
    (9.0, 4.3, "start"),
    (-9.0, 4.3, "end"),
    (0.0, -9.0, "middle"),
    (0.0, 17.0, "middle"),
    (7.0, -7.0, "start"),
    (7.0, 16.0, "start"),
    (-7.0, -7.0, "end"),
    (-7.0, 16.0, "end"),
)


def _crosses(one: Point, two: Point, box: Bounds) -> bool:
    left, top, right, bottom = box
    return (
        min(one[0], two[0]) < right + 2
        and max(one[0], two[0]) > left - 2
        and min(one[1], two[1]) < bottom + 1
        and max(one[1], two[1]) > top - 1
    )


def named_best(
    models: Sequence[tuple[str, float]],
    family: Mapping[str, tuple[str, int]],
    x_of: Scale,
    y_of: Scale,
    reach: Sequence[tuple[float, float]],
    frame: Bounds,
) -> list[Mark]:
    """Names of the best model of each family, or of the best few, each led to its point.

    They stand clear of the intervals where there is such a place, and of points and names always.

    Parameters
    ----------
    reach : upper and lower end of each interval
    """
    left, top, right, bottom = frame
    first: dict[str, tuple[str, float, float]] = {}
    alone = len({label for label, _ in family.values()}) == 1
    for index, (name, rank) in enumerate(models[:5] if alone else models):
        group = name if alone else family[name][0]
        first.setdefault(group, (name, x_of(index), y_of(rank)))
    curve = [(x_of(index), y_of(rank)) for index, (_, rank) in enumerate(models)]
    taken: list[Bounds] = []
    marks: list[Mark] = []

    def fits(mark: Label, clear: bool, start: Point) -> bool:
        a, b, c, d = mark.extent()
        if a < left or b < top or c > right or d > bottom:
            return False
        if any(a < q[2] + 4 and c > q[0] - 4 and b < q[3] + 6 and d > q[1] - 6 for q in taken):
            return False
        near = [i for i, (x, _) in enumerate(curve) if a - 4 < x < c + 4]
        if any(b - 4 < curve[i][1] < d + 4 for i in near):
            return False
        if any(_led_through(start, (a - 3.0, mark.y - 4.0), q) for q in taken):
            return False
        return not clear or not any(reach[i][0] < d + 2 and reach[i][1] > b - 2 for i in near)

    whole = [clean(name) for name, _, _ in first.values()]
    texts = shortened(whole, SMALL, 0.4 * (right - left))
    for (name, x, y), full, text in zip(first.values(), whole, texts, strict=True):
        tried = (
            (Label(x + dx, y - dy, text, "start", SMALL, role, (name,), full), clear)
            for role in [f"label-{family[name][1]}"]
            for clear in (True, False)
            for dx, dy in _OFFSETS
        )
        mark = next((mark for mark, clear in tried if fits(mark, clear, (x, y))), None)
        if mark is None:
            continue
        taken.append(mark.extent())
        marks.append(Line(((x, y), (mark.x - 3.0, mark.y - 4.0)), "leader", (name,)))
        marks.append(Dot(x, y, 4.0, f"ring-{family[name][1]}", (name,), full))
        marks.append(mark)
    return marks


def _led_through(start: Point, end: Point, box: Bounds) -> bool:
    steps = [(i + 0.5) / 12 for i in range(12)]
    points = [
        (start[0] + s * (end[0] - start[0]), start[1] + s * (end[1] - start[1])) for s in steps
    ]
    return any(box[0] - 2 < x < box[2] + 2 and box[1] - 1 < y < box[3] + 1 for x, y in points)


_OFFSETS = sorted(
    ((dx, dy) for dx in range(16, 620, 24) for dy in range(-60, 180, 8)),
    key=lambda step: (step[0] ** 2 + (2 * step[1] - 40) ** 2, step),
)
