"""A layout painted with matplotlib: into an Axes, or as the bytes of a PDF or PNG."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

from stats.errors import StatsWarning
from stats.figures.marks import Box, Cells, Dot, Figure, Label, Line
from stats.figures.space import LEAST
from stats.figures.style import FONTS, PALETTES, style_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw", "painted", "room"]

_WIDTH = 860.0
_PIXEL = 0.72  # points in a pixel of the layout: 860 pixels become 8.6 inches
_ALIGN = {"start": "left", "middle": "center", "end": "right"}
# Text stays text, as publishers ask; no date, so equal figures are equal bytes.
_FILES: dict[str, dict[str, Any]] = {
    "pdf": {"metadata": {"CreationDate": None, "Producer": None, "Creator": None}},
    "png": {"metadata": {"Software": None}, "dpi": 200},
}


def painted(figure: Figure, ending: str, *, theme: str = "light") -> bytes:
    """The bytes of a picture of the layout's own size; equal layouts give equal bytes."""
    import matplotlib as mpl
    from matplotlib.figure import Figure as Canvas

    canvas = draw(figure, theme=theme).figure
    assert isinstance(canvas, Canvas)
    out = io.BytesIO()
    with mpl.rc_context({"pdf.fonttype": 42, "savefig.bbox": None, "path.sketch": None}):
        canvas.savefig(out, format=ending, facecolor=PALETTES[theme]["paper"], **_FILES[ending])
    return out.getvalue()


def room(ax: Axes | None) -> float:
    """Width to lay a figure out for: that of the Axes, within what can be read."""
    if ax is None:
        return _WIDTH
    return min(max(LEAST, float(ax.get_window_extent().width / ax.figure.dpi * 100)), 1200.0)


def draw(figure: Figure, ax: Axes | None = None, *, theme: str = "light") -> Axes:
    """Paint a layout; without ``ax`` a new figure of the layout's own size is made.

    In an ``ax`` of another size the whole picture grows or shrinks, text and lines with it.

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
    point = _PIXEL * _scale(figure, ax)
    fonts = _faces()
    _tell_holes(figure, fonts)
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
                linewidth=style.width * point,
                alpha=style.opacity,
                linestyle=(0, (4 / style.width, 3 / style.width)) if style.dashed else "-",
                solid_capstyle="butt",
                scalex=False,
                scaley=False,
                **options,
            )
        elif isinstance(mark, Box):
            ax.add_artist(
                Rectangle((mark.x, mark.y), mark.width, mark.height, color=fill, lw=0, **options)
            )
        elif isinstance(mark, Cells):
            _fill(ax, mark, palette, options)
        elif isinstance(mark, Dot):
            ax.add_artist(
                Circle(
                    (mark.x, mark.y),
                    mark.radius,
                    facecolor=fill,
                    edgecolor=stroke,
                    linewidth=style.width * point,
                    **options,
                )
            )
        else:
            _write(ax, mark, fill, palette["paper"], fonts, point, options)
    return ax


def _scale(figure: Figure, ax: Axes) -> float:
    """How many hundredths of an inch one pixel of the layout gets in this Axes."""
    box = ax.get_window_extent()
    return float(min(box.width / figure.width, box.height / figure.height) / ax.figure.dpi * 100)


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


def _write(
    ax: Axes,
    mark: Label,
    colour: str,
    paper: str,
    fonts: tuple[str, ...],
    point: float,
    options: dict[str, Any],
) -> None:
    from matplotlib.patheffects import withStroke

    style = style_of(mark.role)
    if style.halo:
        options = options | {"path_effects": [withStroke(linewidth=3 * point, foreground=paper)]}
    ax.text(
        mark.x,
        mark.y,
        "".join(c if ord(c) in _known(fonts) else "□" for c in mark.text),
        fontsize=mark.size * point,
        color=colour,
        ha=_ALIGN[mark.anchor],
        va="baseline",
        fontfamily=[_BOLD if style.bold else fonts[0], *fonts[1:]],
        fontstyle="italic" if style.italic else "normal",
        # A name may hold dollar signs; it is text and never a formula.
        parse_math=False,
        usetex=False,
        **options,
    )


_BOLD = "Source Sans 3 SemiBold"


@cache
def _shipped() -> str:
    from matplotlib import font_manager

    for path in sorted(FONTS.glob("*.ttf")):
        font_manager.fontManager.addfont(path)
    return "Source Sans 3"


def _faces() -> tuple[str, ...]:
    """The shipped face, then matplotlib's own, then what the user asked matplotlib for."""
    import matplotlib as mpl
    from matplotlib import font_manager

    first = _shipped()
    asked = [*map(str, mpl.rcParams["font.family"]), *map(str, mpl.rcParams["font.sans-serif"])]
    there = {entry.name for entry in font_manager.fontManager.ttflist}
    return tuple(dict.fromkeys([first, "DejaVu Sans", *(n for n in asked if n in there)]))


@cache
def _known(fonts: tuple[str, ...]) -> frozenset[int]:
    """Code points that one of the fonts has a glyph for."""
    from matplotlib import font_manager

    found: set[int] = set()
    for name in fonts:
        path = font_manager.findfont(name, fallback_to_default=False)
        found.update(font_manager.get_font(path).get_charmap())
    return frozenset(found)


def _tell_holes(figure: Figure, fonts: tuple[str, ...]) -> None:
    texts: Iterable[str] = (mark.text for mark in figure.marks if isinstance(mark, Label))
    holes = sorted({c for text in texts for c in text if ord(c) not in _known(fonts)})
    if holes:
        warnings.warn(
            f"{len(holes)} characters are drawn as boxes, no font here has them (the first is "
            f"U+{ord(holes[0]):04X}): save the figure as SVG, or put a font that has them into "
            "matplotlib.rcParams['font.family']",
            StatsWarning,
            stacklevel=3,
        )
