"""Models in the order of their average ranks, and the family each belongs to."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from stats.figures.style import FAMILIES

__all__ = ["checked_matrix", "checked_names", "families_of", "ordered"]


def checked_names(names: Sequence[str], *, least: int = 2) -> None:
    """Stop where there are too few models, or two of one name."""
    if len(names) < least:
        raise ValueError(f"a comparison needs at least {least} models, got {len(names)}")
    if len(set(names)) < len(names):
        twice = next(name for name in names if list(names).count(name) > 1)
        raise ValueError(f"names of models must differ, got {twice!r} twice")


def checked_matrix(names: Sequence[str], values: Sequence[Sequence[float]], what: str) -> None:
    """Stop where a square of pairs does not fit its names, or where a pair has no number."""
    checked_names(names)
    k = len(names)
    if len(values) != k or any(len(row) != k for row in values):
        raise ValueError(f"a matrix has one row and one column per model; {k} models were given")
    for i, row in enumerate(values):
        for j, value in enumerate(row):
            if i != j and math.isnan(value):
                raise ValueError(
                    f"the {what} of {names[i]!r} and {names[j]!r} is nan; mark pairs without a "
                    "statistic as undefined"
                )


def ordered(names: Sequence[str], ranks: Sequence[float]) -> list[tuple[str, float]]:
    """Models and their average ranks, best first; equal ranks keep the order given."""
    if len(names) != len(ranks):
        raise ValueError(f"one rank per model: got {len(names)} names and {len(ranks)} ranks")
    checked_names(names)
    values = [float(rank) for rank in ranks]
    for name, value in zip(names, values, strict=True):
        if not math.isfinite(value) or value < 1 - 1e-9:
            raise ValueError(f"an average rank is a number from 1 on, got {value} for {name!r}")
    return sorted(zip(names, values, strict=True), key=lambda model: model[1])


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
