"""A layout painted into a matplotlib Axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stats.figures.layout import Box, Cells, Dot, Figure, Label, Line
from stats.figures.style import PALETTES, style_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw"]

_PIXEL = 0.72  # points in a pixel of the layout: 860 pixels become 8.6 inches
_ALIGN = {"start": "left", "middle": "center", "end": "right"}


def draw(figure: Figure, ax: Axes | None = None, *, theme: str = "light") -> Axes:
    """Paint a layout; without ``ax`` a new figure of the layout's own size is made.

    Text keeps its size in points, so an ``ax`` much smaller than the layout makes labels overlap:
    ask for a layout of fitting ``width`` instead.

    Examples
    --------
    >>> from stats.figures import critical_difference
    >>> import matplotlib; matplotlib.use("Agg")
    >>> ax = draw(critical_difference(["a", "b", "c"], [1.2, 2.1, 2.7], difference=1.0))
    >>> ax.figure.get_size_inches()[0].item()
    8.6
    """
    from matplotlib.patches import Circle, Rectangle

    if ax is None:
        from matplotlib.figure import Figure as Canvas

        canvas = Canvas(figsize=(figure.width / 100, figure.height / 100))
        ax = canvas.add_axes((0.0, 0.0, 1.0, 1.0))
    palette = PALETTES[theme]
    ax.set_xlim(0.0, figure.width)
    ax.set_ylim(figure.height, 0.0)
    ax.set_aspect("equal")
    ax.set_axis_off()
    ax.set_title("")
    for order, mark in enumerate(figure.marks):
        style = style_of(mark.role)
        stroke = palette[style.stroke] if style.stroke else "none"
        fill = palette[style.fill] if style.fill else "none"
        options: dict[str, Any] = {"zorder": 2 + order / 10_000, "clip_on": False}
        if isinstance(mark, Line):
            xs, ys = zip(*mark.points, strict=True)
            ax.plot(
                xs,
                ys,
                color=stroke,
                linewidth=style.width * _PIXEL,
                alpha=style.opacity,
                linestyle=(0, (4, 3)) if style.dashed else "-",
                solid_capstyle="butt",
                scalex=False,
                scaley=False,
                **options,
            )
        elif isinstance(mark, Box):
            ax.add_patch(
                Rectangle((mark.x, mark.y), mark.width, mark.height, color=fill, lw=0, **options)
            )
        elif isinstance(mark, Cells):
            _fill(ax, mark, palette, options)
        elif isinstance(mark, Dot):
            ax.add_patch(
                Circle(
                    (mark.x, mark.y),
                    mark.radius,
                    facecolor=fill,
                    edgecolor=stroke,
                    linewidth=style.width * _PIXEL,
                    **options,
                )
            )
        else:
            _write(ax, mark, fill, palette["paper"], options)
    return ax


def _fill(ax: Axes, mark: Cells, palette: dict[str, str], options: dict[str, Any]) -> None:
    from matplotlib.collections import PolyCollection

    for code, role in enumerate(mark.roles):
        if not role:
            continue
        squares = []
        for row, column, length in mark.runs(code):
            left, top = mark.x + column * mark.size, mark.y + row * mark.size
            right, bottom = left + length * mark.size, top + mark.size
            squares.append([(left, top), (right, top), (right, bottom), (left, bottom)])
        if not squares:
            continue
        colour = palette[str(style_of(role).fill)]
        ax.add_collection(
            PolyCollection(squares, facecolors=colour, edgecolors="none", **options),
            autolim=False,
        )


def _write(ax: Axes, mark: Label, colour: str, paper: str, options: dict[str, Any]) -> None:
    from matplotlib.patheffects import withStroke

    style = style_of(mark.role)
    if style.halo:
        options = options | {"path_effects": [withStroke(linewidth=3 * _PIXEL, foreground=paper)]}
    ax.text(
        mark.x,
        mark.y,
        mark.text,
        fontsize=mark.size * _PIXEL,
        color=colour,
        ha=_ALIGN[mark.anchor],
        va="baseline",
        fontweight="bold" if style.bold else "normal",
        fontstyle="italic" if style.italic else "normal",
        # A name may hold dollar signs; it is text and never a formula.
        parse_math=False,
        **options,
    )
