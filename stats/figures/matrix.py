"""All pairs of models as coloured squares."""

from __future__ import annotations

from collections.abc import Sequence

from stats.figures.marks import Figure
from stats.figures.space import MARGIN, captioned, checked_width, feet, key
from stats.figures.squares import legend_of, panel, verdicts

__all__ = ["significance_matrix"]


def significance_matrix(
    names: Sequence[str],
    net: Sequence[Sequence[float]],
    *,
    undefined: Sequence[Sequence[bool]] = (),
    texts: Sequence[Sequence[str]] = (),
    blocks: str = "targets",
    levels: Sequence[str] = (),
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
    texts : [i][j] is written into the square where squares are large enough
    blocks : what a block is called, in the plural; empty where one test decides: ``net`` is then
        1 or -1 where the verdict is strong, 0.5 or -0.5 where it is weak, 0 where there is none
    levels : with ``blocks=""``, words for strong and for weak verdicts, such as
        ``("p ≤ 0.001", "p ≤ 0.05")``
    caption : text under the matrix

    Examples
    --------
    >>> from stats.figures.marks import Cells
    >>> figure = significance_matrix(["a", "b"], [[0.0, 0.8], [-0.8, 0.0]])
    >>> next(mark.codes for mark in figure.marks if isinstance(mark, Cells))
    ((0, 1), (4, 0))
    """
    width = checked_width(width)
    told = verdicts(names, net, undefined)
    entries = legend_of([told], blocks, levels)
    marks, top = key(entries, MARGIN, width)
    square = panel(names, told, texts, x0=MARGIN, top=top, width=width - 2 * MARGIN)
    note = "rows and columns in one order, best first; unpainted: not separated"
    notes, y = feet(note, "", MARGIN, width - MARGIN, square.bottom + 18.0)
    said, height = captioned(caption, y + 4.0, width)
    k = len(names)
    separated = sum(told.better)
    return Figure(
        "significance-matrix",
        width,
        height + 6.0,
        (*marks, *square.marks, *notes, *said),
        title,
        f"{separated} of {k * (k - 1) // 2} pairs of {k} models are separated; best first.",
        columns=("model", "better than", "worse than", "not separated from"),
        rows=tuple(zip(names, told.better, told.worse, told.alike, strict=True)),
    )
