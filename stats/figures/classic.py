"""The classic critical difference diagram, for up to 15 models."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

from stats.figures.listed import listed
from stats.figures.marks import Figure
from stats.figures.ranking import ordered
from stats.figures.sided import fits, two_sided
from stats.figures.space import MARGIN, captioned, checked_width
from stats.figures.text import clean

__all__ = [
    "CLASSIC",
    "critical_difference",
]

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
    width : width of the canvas in pixels; names that do not fit are shortened in the middle.
        Where two columns of names leave no readable axis, models stand in rows instead.
    caption : text under the diagram

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
    width = checked_width(width)
    models = ordered(names, ranks)
    position = dict(models)
    bars = _bars(groups, position)
    low = float(math.floor(models[0][1]))
    high = float(max(math.ceil(models[-1][1]), low + 1))
    if difference is not None and difference > high - low:
        # A ruler longer than the axis is read only when the axis is as long as ranks can be.
        high = min(float(len(models)), low + math.ceil(difference))
        high = max(high, low + 1)
    wide = fits(models, width)
    build = two_sided if wide else listed
    marks, height = build(models, bars, (low, high), difference, width)
    if any(mark.role == "spanned" for mark in marks):
        caption = f"{caption}; {_OPEN}" if caption else _OPEN
    told, height = captioned(caption, height, width, anchor="middle" if wide else "start")
    sentence = (
        f"Average ranks of {len(models)} models from {models[0][1]:.2f} ({clean(models[0][0])}) to "
        f"{models[-1][1]:.2f} ({clean(models[-1][0])}); {len(bars)} groups of models "
        "are not separated."
    )
    return Figure(
        "critical-difference",
        width,
        height + MARGIN,
        (*marks, *told),
        title,
        sentence + (f" {clean(caption)}" if caption else ""),
        columns=("model", "average rank", "groups"),
        rows=tuple(
            (name, rank, " ".join(str(g + 1) for g, bar in enumerate(bars) if name in bar))
            for name, rank in models
        ),
    )


_OPEN = "filled dot: member of the group, open dot: not a member"


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
