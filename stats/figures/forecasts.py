"""Forecast tests of all pairs, one square for each horizon."""

from __future__ import annotations

from collections.abc import Sequence

from stats.figures.marks import Figure, Label
from stats.figures.ranking import checked_names
from stats.figures.space import MARGIN, SIZE, captioned, checked_width, feet, key
from stats.figures.squares import legend_of, panel, verdicts
from stats.figures.text import text_width

__all__ = ["forecast_matrices"]


def forecast_matrices(
    names: Sequence[str],
    horizons: Sequence[int],
    net: Sequence[Sequence[Sequence[float]]],
    *,
    undefined: Sequence[Sequence[Sequence[bool]]] = (),
    texts: Sequence[Sequence[Sequence[str]]] = (),
    blocks: str = "",
    levels: Sequence[str] = (),
    width: float = 860.0,
    title: str = "Forecast tests of all pairs by horizon",
    caption: str = "",
) -> Figure:
    """Layout of one matrix of verdicts for each horizon, models in the same order in all.

    Parameters
    ----------
    names : models, in the order of rows and columns
    horizons : steps ahead, one matrix each
    net, undefined, texts : for each horizon what `significance_matrix` takes
    blocks, levels : as in `significance_matrix`

    Examples
    --------
    >>> figure = forecast_matrices(["a", "b"], [1, 6], [[[0, 1], [-1, 0]], [[0, 0], [0, 0]]])
    >>> [row[2:] for row in figure.rows]
    [(1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 0, 1)]
    """
    width = checked_width(width)
    checked_names(names)
    if not horizons or len(horizons) != len(net):
        raise ValueError(f"one matrix per horizon: got {len(net)} for {len(horizons)} horizons")
    told = [verdicts(names, one, undefined[at] if undefined else ()) for at, one in enumerate(net)]
    marks, top = key(legend_of(told, blocks, levels), MARGIN, width)
    k, count = len(names), len(horizons)
    across = _across(k, count, width)
    gap = 18.0
    part = (width - 2 * MARGIN - (across - 1) * gap) / across
    for start in range(0, count, across):
        bottom = top
        for column, at in enumerate(range(start, min(start + across, count))):
            x0 = MARGIN + column * (part + gap)
            square = panel(
                names,
                told[at],
                texts[at] if texts else (),
                x0=x0,
                top=top + 18.0,
                width=part,
            )
            head = f"{horizons[at]} step{'' if horizons[at] == 1 else 's'} ahead"
            x = min(square.left, x0 + part - text_width(head, SIZE, bold=True))
            marks.append(Label(max(x, x0), top + 12.0, head, "start", SIZE, "heading"))
            marks += square.marks
            bottom = max(bottom, square.bottom)
        top = bottom + 18.0
    note = "rows and columns in one order; unpainted: not separated"
    notes, y = feet(note, "", MARGIN, width - MARGIN, top)
    said, height = captioned(caption, y + 4.0, width)
    separated = sum(sum(one.better) for one in told)
    return Figure(
        "forecast-matrices",
        width,
        height + 6.0,
        (*marks, *notes, *said),
        title,
        f"{separated} of {count * k * (k - 1) // 2} pairs of {k} models at "
        f"{count} horizons are separated.",
        columns=("horizon", "model", "better than", "worse than", "not separated from"),
        rows=tuple(
            (horizon, *row)
            for horizon, one in zip(horizons, told, strict=True)
            for row in zip(names, one.better, one.worse, one.alike, strict=True)
        ),
    )


def _across(k: int, count: int, width: float) -> int:
    """Matrices in one line: as many as leave each room for its names."""
    need = max(200.0, 12.0 * k + 130.0)
    return max(1, min(count, int((width - 2 * MARGIN + 18.0) / (need + 18.0))))
