"""One figure at two widths: for a desk, and for a phone."""

from __future__ import annotations

from collections.abc import Callable

from reports.document import Inline, Picture
from stats.figures import Figure

__all__ = ["NARROW", "WIDE", "picture"]

WIDE, NARROW = 860.0, 340.0

# Larger figures stand in the page once, and are scrolled on a phone.
_MOST_MARKS, _MOST_ROWS = 250, 60


def picture(
    name: str,
    layout: Callable[[float], Figure],
    caption: tuple[Inline, ...],
    *,
    narrow_only: bool = False,
) -> Picture:
    """The figure that a layout gives for a width, with one for narrow screens where it is small.

    Parameters
    ----------
    narrow_only : the narrow figure serves wide screens as well
    """
    if narrow_only:
        figure = layout(NARROW)
        return Picture(name, figure, caption, figure)
    wide = layout(WIDE)
    small = len(wide.marks) <= _MOST_MARKS and len(wide.rows) <= _MOST_ROWS
    narrow = layout(NARROW) if small else None
    return Picture(name, wide, caption, narrow)
