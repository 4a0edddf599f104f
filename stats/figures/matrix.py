"""All pairs of models as coloured squares."""

from __future__ import annotations

from collections.abc import Sequence

from stats.figures.marks import Box, Cells, Figure, Label, Line, Mark
from stats.figures.space import (
    MARGIN,
    ROWS,
    SMALL,
    coarse,
    wrapped,
)
from stats.figures.text import clean, shorten, text_width

__all__ = [
    "significance_matrix",
]


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
    named = k <= ROWS
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
    step = coarse(k, edge, 18.0 if k < 100 else 40.0)  # two or three digits
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
        for told in wrapped(line[:1].upper() + line[1:], SMALL, width - x0 - MARGIN):
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
