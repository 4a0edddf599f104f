"""The place of each model in each fold: whether a ranking lasts."""

from __future__ import annotations

import math
from collections.abc import Sequence

from stats.figures.columns import rows
from stats.figures.marks import Box, Figure, Label, Line, Mark
from stats.figures.ranking import checked_names
from stats.figures.space import MARGIN, ROWS, SMALL, captioned, checked_width, feet, key
from stats.figures.text import clean, shorten, text_width

__all__ = ["fold_strips"]

_SHADES = "abcde"
_INK = 11.0


def fold_strips(
    names: Sequence[str],
    folds: Sequence[str],
    ranks: Sequence[Sequence[float]],
    *,
    width: float = 860.0,
    title: str = "Ranks by fold",
    caption: str = "",
) -> Figure:
    """Layout of one row per model and one tile per fold: dark where the model ranks high.

    Rows go by the mean over the folds a model has; one whose shade changes along its row owes its
    place to some of the folds. Beyond 40 models the best 40 are drawn.

    Parameters
    ----------
    folds : in time order
    ranks : [i][f] is the average rank of model i in fold f, 1 = best; nan where it has no result

    Examples
    --------
    >>> figure = fold_strips(["a", "b"], ["1", "2", "3"], [[2, 2, 1.5], [1, 1, 1.5]])
    >>> [row[0] for row in figure.rows]
    ['b', 'a']
    """
    width = checked_width(width)
    checked_names(names)
    if not folds or len(ranks) != len(names) or any(len(row) != len(folds) for row in ranks):
        raise ValueError(
            f"one row per model and one rank per fold; got {len(names)} models, {len(folds)} "
            f"folds and {len(ranks)} rows of {sorted({len(row) for row in ranks})} ranks"
        )
    known = [[rank for rank in row if not math.isnan(rank)] for row in ranks]
    for name, row in zip(names, known, strict=True):
        if not row:
            raise ValueError(f"{name!r} has no rank in any fold; leave it out")
        if not all(1 - 1e-9 <= rank < math.inf for rank in row):
            raise ValueError(f"an average rank is a number from 1 on, got {row} for {name!r}")
    mean = [sum(row) / len(row) for row in known]
    order = sorted(range(len(names)), key=lambda i: mean[i])
    shown = order[:ROWS]
    entries = [(f"shade-{c}", text) for c, text in zip(_SHADES, _words(), strict=True) if text]
    if any(len(known[i]) < len(folds) for i in shown):
        entries.append(("tile-hole", "no result"))
    marks, top = key(entries, MARGIN, width)
    frame = rows(
        [names[i] for i in shown],
        values=[f"{mean[i]:.2f}" for i in shown],
        after=[f"{min(known[i]):.3g}–{max(known[i]):.3g}" for i in shown],
        heads=("mean", "range"),
        width=width,
        top=top + 4.0,
        least=110.0,
    )
    marks += frame.marks
    high = float(max(2, len(names)))
    tile = min((frame.right - frame.left) / len(folds), 90.0)
    texts = [f"{rank:.3g}" for i in shown for rank in known[i]]
    written = max(text_width(text, _INK) for text in texts) + 4.0 <= tile
    for place, i in enumerate(shown):
        y = frame.top + place * frame.pitch
        for at, rank in enumerate(ranks[i]):
            x = frame.left + at * tile
            hole = math.isnan(rank)
            shade = 4 if hole else min(4, int(5 * (rank - 1) / (high - 1)))
            role = "tile-hole" if hole else f"shade-{_SHADES[shade]}"
            marks.append(Box(x, y + 1.0, tile - 1.0, frame.pitch - 2.0, role, (names[i],)))
            middle = frame.y(place)
            if hole:
                marks.append(Line(((x + 2, middle), (x + tile - 3, middle)), "strike"))
            elif written:
                ink = "on-dark" if shade < 2 else "scale"
                label = f"{rank:.3g}"
                marks.append(Label(x + (tile - 1) / 2, middle + 4.0, label, "middle", _INK, ink))
    marks += _fold_names(folds, tile, frame.left, frame.bottom + 14.0)
    left = "folds in time order"
    right = f"the best {len(shown)} of {len(names)} models" if len(shown) < len(names) else ""
    notes, y = feet(left, right, MARGIN, width - MARGIN, frame.bottom + 34.0)
    said, height = captioned(caption, y + 4.0, width)
    best = names[order[0]]
    first = sum(ranks[order[0]][f] == min(_at(ranks, f)) for f in range(len(folds)))
    return Figure(
        "fold-strips",
        width,
        height + 6.0,
        (*marks, *notes, *said),
        title,
        f"Ranks of {len(names)} models in {len(folds)} folds; {clean(best)} has the best mean and "
        f"is first in {first} of them.",
        columns=("model", "mean rank", *folds),
        rows=tuple((names[i], mean[i], *ranks[i]) for i in order),
    )


def _fold_names(folds: Sequence[str], tile: float, left: float, y: float) -> list[Mark]:
    """Under every tile where they fit, else under the first and the last."""
    texts = [clean(fold) for fold in folds]
    if all(text_width(text, SMALL) + 4.0 <= tile for text in texts):
        places = [(left + (at + 0.5) * tile, text) for at, text in enumerate(texts)]
        return [Label(x, y, text, "middle", SMALL, "scale") for x, text in places]
    room = len(folds) * tile
    first = shorten(texts[0], SMALL, room)
    marks: list[Mark] = [Label(left, y, first, "start", SMALL, "scale")]
    if text_width(first, SMALL) + 8.0 + text_width(texts[-1], SMALL) <= room and len(folds) > 1:
        marks.append(Label(left + room, y, texts[-1], "end", SMALL, "scale"))
    return marks


def _words() -> tuple[str, ...]:
    return ("best fifth of the places", "", "middle", "", "last fifth")


def _at(ranks: Sequence[Sequence[float]], fold: int) -> list[float]:
    return [row[fold] for row in ranks if not math.isnan(row[fold])]
