"""How the differences of each model to one other are spread over blocks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from stats.figures.columns import rows
from stats.figures.marks import Dot, Figure, Line, Mark
from stats.figures.ranking import checked_names
from stats.figures.scales import value_axis
from stats.figures.space import MARGIN, ROWS, captioned, checked_width, feet
from stats.figures.text import clean

__all__ = ["paired_differences"]

_RUG = 250  # most blocks drawn as strokes of their own


def paired_differences(
    names: Sequence[str],
    values: Mapping[str, Sequence[float]],
    *,
    control: str,
    separated: Mapping[str, bool] | None = None,
    higher_is_better: bool = False,
    score: str = "score",
    width: float = 860.0,
    title: str = "Paired differences",
    caption: str = "",
) -> Figure:
    """Layout of the paired differences of each model to one other, a stroke for each block.

    The thick line holds the middle half of the differences, the thin one from 5 % to 95 %, the
    dot is their median; filled where a test separates the pair. Where few differences would
    squeeze all others, the axis leaves them out and says how many.

    Parameters
    ----------
    names : models in the order of the rows
    values : for each name its score less that of the control, one for each block
    separated : whether a test tells the model from the control; open dots where left out
    score : what is subtracted

    Examples
    --------
    >>> figure = paired_differences(["a"], {"a": [-0.2, -0.1, 0.3]}, control="naive")
    >>> figure.rows[0][1:4]
    (-0.1, 2, 0)
    """
    width = checked_width(width)
    checked_names(names, least=1)
    for name in names:
        if len(values[name]) == 0:
            raise ValueError(f"{name!r} has no block in common with {control!r}")
        if not all(math.isfinite(value) for value in values[name]):
            raise ValueError(
                f"a difference of {name!r} to {control!r} is not a number; compare the blocks "
                "that both have"
            )
    told = {name: sorted(float(v) for v in values[name]) for name in names}
    sign = 1.0 if higher_is_better else -1.0
    wins = {name: sum(sign * v > 0 for v in told[name]) for name in names}
    ties = {name: sum(v == 0 for v in told[name]) for name in names}
    shown = list(names[:ROWS])
    low, high = _bounds([told[name] for name in shown])
    frame = rows(
        shown,
        after=[f"{wins[name]} of {len(told[name])}" for name in shown],
        heads=("", "better on"),
        width=width,
        least=140.0,
        pitch=24.0,
        inset=8.0,
    )

    def x_of(value: float) -> float:
        inside = min(max(value, low), high)
        return frame.left + (inside - low) / (high - low) * (frame.right - frame.left)

    axis = frame.bottom + 4.0
    marks: list[Mark] = value_axis(low, high, x_of, axis, width=width, grid=frame.top)
    marks.append(Line(((x_of(0.0), frame.top), (x_of(0.0), axis)), "limit"))
    marks += frame.marks
    beyond = 0
    for row, name in enumerate(shown):
        y, own = frame.y(row), told[name]
        inside = [v for v in own if low <= v <= high]
        beyond += len(own) - len(inside)
        if len(own) <= _RUG:
            marks += [Line(((x_of(v), y - 8), (x_of(v), y + 8)), "rug", (name,)) for v in inside]
        reach = ((x_of(_quantile(own, 0.05)), y), (x_of(_quantile(own, 0.95)), y))
        core = ((x_of(_quantile(own, 0.25)), y), (x_of(_quantile(own, 0.75)), y))
        marks += [Line(reach, "reach", (name,)), Line(core, "core", (name,))]
        middle = _quantile(own, 0.5)
        side = "better" if sign * middle > 0 else "worse"
        kind = f"dot-{side}" if separated and separated.get(name) else "ring-none"
        note = f"{clean(name)}: median {middle:.4g}"
        marks.append(Dot(x_of(middle), y, 4.4, kind, (name,), note))
    left = f"{score} less that of {clean(control)}, better is {'right' if sign > 0 else 'left'}"
    right = "filled: separated by the test" if separated else ""
    notes, y = feet(left, right, MARGIN, width - MARGIN, axis + 38.0)
    extra = [f"{beyond} differences lie beyond the axis"] if beyond else []
    if len(shown) < len(names):
        extra.append(f"{len(shown)} of {len(names)} models are drawn")
    more, y = feet("; ".join(extra), "", MARGIN, width - MARGIN, y + 16.0) if extra else ([], y)
    said, height = captioned(caption, y + 4.0, width)
    return Figure(
        "paired-differences",
        width,
        height + 6.0,
        (*marks, *notes, *more, *said),
        title,
        f"Differences of {len(names)} models to {clean(control)} over blocks.",
        columns=("model", "median difference", "better", "ties", "blocks", "5 %", "95 %"),
        rows=tuple(
            (
                name,
                _quantile(told[name], 0.5),
                wins[name],
                ties[name],
                len(told[name]),
                _quantile(told[name], 0.05),
                _quantile(told[name], 0.95),
            )
            for name in names
        ),
    )


def _quantile(ordered: Sequence[float], share: float) -> float:
    """Linear between the values, as numpy's default.

    Examples
    --------
    >>> _quantile([0.0, 1.0, 4.0], 0.75)
    2.5
    """
    at = share * (len(ordered) - 1)
    low = math.floor(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (at - low) * (ordered[high] - ordered[low])


def _bounds(samples: Sequence[Sequence[float]]) -> tuple[float, float]:
    """From the smallest to the largest difference; of 90 % of each where outliers reach far."""
    low, high = min(0.0, *(s[0] for s in samples)), max(0.0, *(s[-1] for s in samples))
    inner = (
        min(0.0, *(_quantile(s, 0.05) for s in samples)),
        max(0.0, *(_quantile(s, 0.95) for s in samples)),
    )
    core = inner[1] - inner[0]
    if core > 0:
        low, high = max(low, inner[0] - core), min(high, inner[1] + core)
    return (low, high) if high - low > 1e-300 else (-1.0, 1.0)
