"""The multi-comparison matrix: mean difference, wins and p-value of every pair."""

from __future__ import annotations

import math
from collections.abc import Sequence

from stats.figures.marks import Box, Figure, Label, Line
from stats.figures.ranking import checked_matrix, checked_names
from stats.figures.scales import aligned, pvalue
from stats.figures.space import MARGIN, SIZE, SMALL, captioned, checked_width, feet, key
from stats.figures.text import clean, shorten, shortened, text_width

__all__ = ["MOST_COMPARED", "comparison_matrix"]

MOST_COMPARED = 12  # most models of which all pairs can be read as numbers
_INK = 11.0  # size of the numbers in a cell
_LINE = 14.0


def comparison_matrix(
    names: Sequence[str],
    scores: Sequence[float],
    wins: Sequence[Sequence[int]],
    ties: Sequence[Sequence[int]],
    pvalues: Sequence[Sequence[float]],
    *,
    net: Sequence[Sequence[float]] = (),
    alpha: float = 0.05,
    score: str = "mean score",
    width: float = 860.0,
    title: str = "Multi-comparison matrix",
    caption: str = "",
) -> Figure:
    """Layout of all pairs in numbers, up to 12 models, in the order given: best first.

    A cell compares the model of its row with the model of its column: difference of the mean
    scores, wins/ties/losses of the row, p-value. It is tinted where the pair is separated, blue
    where the row is better. On a narrow page only the best models are columns.

    Parameters
    ----------
    scores : mean score of each model
    wins, ties : [i][j] counts the blocks on which i is better than j, and those where they tie
    pvalues : [i][j], nan where a test is undefined; the diagonals are not looked at
    net : [i][j] is above 0 where the test finds i better, below 0 where worse; by the counts of
        wins where left out
    score : what the numbers beside the names are

    References
    ----------
    .. [1] Ismail-Fawaz et al. (2023), An approach to multiple comparison benchmark evaluations
       that is stable under manipulation of the comparate set, arXiv:2305.11921.

    Examples
    --------
    >>> figure = comparison_matrix(
    ...     ["a", "b"], [0.2, 0.5], [[0, 9], [1, 0]], [[0, 2], [2, 0]], [[1, 0.01], [0.01, 1]])
    >>> [mark.text for mark in figure.marks_of("best")]
    ['−0.300', '9/2/1', '.010', '0.300', '1/2/9', '.010']
    """
    width = checked_width(width)
    k = len(names)
    if k > MOST_COMPARED:
        raise ValueError(
            f"a comparison matrix holds at most {MOST_COMPARED} models, got {k}; for more use "
            "significance_matrix or intervals"
        )
    checked_names(names)
    for values, what in ((wins, "wins"), (ties, "ties")):
        checked_matrix(names, values, what)
    if len(scores) != k or len(pvalues) != k:
        raise ValueError(f"one score and one row of p-values per model; {k} models were given")
    gaps = [[one - other for other in scores] for one in scores]
    sides = net or [[wins[i][j] - wins[j][i] for j in range(k)] for i in range(k)]
    checked_matrix(names, sides, "verdict")
    told_gaps = _told(gaps)
    cells = [
        [
            (
                told_gaps[i][j],
                f"{wins[i][j]}/{ties[i][j]}/{wins[j][i]}",
                pvalue(pvalues[i][j]).replace("0.", "."),
            )
            for j in range(k)
        ]
        for i in range(k)
    ]
    means = aligned(scores)
    need = 10.0 + max(
        text_width(text, _INK, bold=True)
        for i, row in enumerate(cells)
        for j, cell in enumerate(row)
        if i != j
        for text in cell
    )
    figures = text_width(str(k), SMALL) + 16.0
    # All columns are worth more than whole names; on a narrow page there is no room for either.
    limit = min(0.34 * width, max(110.0, width - 2 * MARGIN - figures - k * need))
    shown = shortened([clean(name) for name in names], SIZE, limit)
    wide = max(text_width(text, SIZE) for text in (*shown, *means))
    wide = max(wide, text_width(score, SMALL) - 8.0)
    left = MARGIN + wide + figures
    columns = max(1, min(k, int((width - MARGIN - left) / need)))
    cell = min((width - MARGIN - left) / columns, 96.0)
    high = 3 * _LINE + 8.0
    better, worse = "tile-better", "tile-worse"
    marks, top = key([(better, "row better"), (worse, "row worse")], MARGIN, width)
    top += 20.0
    marks.append(Label(left - 10.0, top - 6.0, score, "end", SMALL, "note"))
    for j in range(columns):
        middle = left + (j + 0.5) * cell
        head = shorten(clean(names[j]), _INK, cell - 6.0)
        own = head if len(head) >= 0.6 * len(clean(names[j])) else str(j + 1)
        marks.append(Label(middle, top - 6.0, own, "middle", _INK, "value", (names[j],)))
    for i, name in enumerate(names):
        y = top + i * high
        marks.append(Line(((MARGIN, y), (left + columns * cell, y)), "grid"))
        middle = y + high / 2
        number_x = left - 8.0
        name_x = number_x - text_width(str(k), SMALL) - 6.0
        marks.append(Label(number_x, middle + 4.5, str(i + 1), "end", SMALL, "value", (name,)))
        full = clean(name)
        marks.append(Label(name_x, middle - 3.5, shown[i], "end", SIZE, "name", (name,), full))
        marks.append(Label(name_x, middle + 12.5, means[i], "end", SIZE, "value", (name,)))
        for j in range(columns):
            if i == j:
                continue
            told = pvalues[i][j] <= alpha
            x = left + j * cell
            if told:
                tint = better if sides[i][j] > 0 else worse
                marks.append(Box(x + 1, y + 1, cell - 2, high - 2, tint, (name, names[j])))
            for line, text in enumerate(cells[i][j]):
                baseline = y + 4.0 + (line + 0.78) * _LINE
                role = "best" if told else "value"
                marks.append(Label(x + cell / 2, baseline, text, "middle", _INK, role))
    bottom = top + k * high
    marks.append(Line(((MARGIN, bottom), (left + columns * cell, bottom)), "grid"))
    note = f"difference of {score}s, wins/ties/losses of the row, p; bold: p ≤ {alpha:g}"
    if columns < k:
        note += f"; columns: the first {columns} of {k}"
    notes, y = feet(note, "", MARGIN, width - MARGIN, bottom + 18.0)
    said, height = captioned(caption, y + 4.0, width)
    pairs = [(i, j) for i in range(k) for j in range(i + 1, k)]
    separated = sum(pvalues[i][j] <= alpha for i, j in pairs)
    return Figure(
        "comparison-matrix",
        width,
        height + 6.0,
        (*marks, *notes, *said),
        title,
        f"{separated} of {len(pairs)} pairs of {k} models are separated at {alpha:g}.",
        columns=("first", "second", "difference", "wins", "ties", "losses", "p"),
        rows=tuple(
            (names[i], names[j], gaps[i][j], wins[i][j], ties[i][j], wins[j][i], pvalues[i][j])
            for i, j in pairs
        ),
    )


def _told(gaps: Sequence[Sequence[float]]) -> list[list[str]]:
    """Differences with as many decimals as each other, three digits for the largest."""
    largest = max(abs(gap) for row in gaps for gap in row)
    if largest and not 1e-4 <= largest < 1e5:
        return [[f"{gap:.1e}".replace("-", "−") for gap in row] for row in gaps]
    decimals = max(0, 2 - math.floor(math.log10(largest))) if largest else 0
    return [[f"{gap:.{decimals}f}".replace("-", "−", 1) for gap in row] for row in gaps]
