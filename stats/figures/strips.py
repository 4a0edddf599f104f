"""One row of dots for each family of models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stats.figures.marks import Box, Dot, Figure, Label, Mark
from stats.figures.ranking import families_of, ordered
from stats.figures.scales import rank_axis
from stats.figures.space import MARGIN, SIZE, SMALL, checked_width, feet, pack
from stats.figures.text import clean, shortened, text_width

__all__ = [
    "strips",
]


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
    width = checked_width(width)
    models = ordered(names, ranks)
    family = families_of([name for name, _ in models], families)
    order = list(dict.fromkeys(family[name][0] for name, _ in models))
    limit = (width - 2 * MARGIN) * 0.28
    shown = dict(zip(order, shortened([*map(clean, order)], SIZE, limit), strict=True))
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
    scale = rank_axis(low, high, x_of, axis, above=False)
    notes, foot = feet(
        "average rank among all models, better is left",
        "band: not separable from the best",
        MARGIN,
        width - MARGIN,
        axis + 38.0,
    )
    return Figure(
        "strips",
        width,
        foot + 10.0,
        (band, *scale, *notes, *marks),
        title,
        f"Average ranks of {len(models)} models in {len(order)} families on one axis.",
        columns=("model", "family", "average rank"),
        rows=tuple((name, family[name][0], rank) for name, rank in models),
    )
