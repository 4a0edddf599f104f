"""A layout as SVG text."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from stats.figures.marks import Box, Cells, Dot, Figure, Label, Line, Mark
from stats.figures.style import PALETTES, STYLES
from stats.figures.text import clean

__all__ = ["FACES", "document", "inline", "stylesheet"]

# Fonts the reader's system has; nothing is fetched.
FACES = (
    '"Source Sans 3", "Source Sans Pro", "Segoe UI", Roboto, "Helvetica Neue", Arial, '
    '"Noto Sans", "Liberation Sans", sans-serif'
)


def inline(figure: Figure, *, identifier: str, keys: Mapping[str, str] | None = None) -> str:
    """SVG to stand inside an HTML page whose style sheet holds :func:`stylesheet`.

    Parameters
    ----------
    identifier : prefix of the ids inside, unique in the page
    keys : short key of each model, written as ``data-m`` so that a page can find its marks;
        names themselves are only ever written as escaped text
    """
    label = f'role="group" aria-labelledby="{identifier}-t {identifier}-d"'
    return _svg(figure, f'class="cf" {label}', keys or {}, identifier, "")


def document(figure: Figure, *, theme: str = "light") -> str:
    """A file of its own, with its style inside."""
    style = f"<style>{stylesheet(theme, scope='')}</style>"
    paper = f'<rect width="100%" height="100%" fill="{PALETTES[theme]["paper"]}"/>'
    attributes = (
        'xmlns="http://www.w3.org/2000/svg" class="cf" role="img" '
        'aria-labelledby="figure-t figure-d"'
    )
    return _svg(figure, attributes, {}, "figure", style + paper) + "\n"


def stylesheet(theme: str | None = None, *, scope: str = ".cf ") -> str:
    """Rules for all roles; without a theme colours are CSS variables named like the palette's."""

    def paint(colour: str) -> str:
        return PALETTES[theme][colour] if theme else f"var(--{colour})"

    rules = [f"{scope}text{{font-family:{FACES};font-variant-numeric:tabular-nums}}"]
    grouped: dict[str, list[str]] = {}
    for role, style in STYLES.items():
        parts = [f"fill:{paint(style.fill)}" if style.fill else "fill:none"]
        if style.stroke:
            parts.append(f"stroke:{paint(style.stroke)};stroke-width:{_number(style.width)}")
        if style.bold:
            parts.append("font-weight:600")
        if style.italic:
            parts.append("font-style:italic")
        if style.opacity < 1:
            parts.append(f"stroke-opacity:{_number(style.opacity)}")
        if style.halo:
            parts.append(f"stroke:{paint('paper')};stroke-width:3;paint-order:stroke")
        if style.dashed:
            parts.append("stroke-dasharray:4 3")
        grouped.setdefault(";".join(parts), []).append(f"{scope}.{role}")
    rules += [f"{','.join(selectors)}{{{body}}}" for body, selectors in grouped.items()]
    return "".join(rules)


def _svg(
    figure: Figure, attributes: str, keys: Mapping[str, str], identifier: str, before: str
) -> str:
    width, height = _number(figure.width), _number(figure.height)
    body = "".join(_mark(mark, keys) for mark in figure.marks)
    return (
        f'<svg {attributes} viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f'<title id="{identifier}-t">{escape(clean(figure.title))}</title>'
        f'<desc id="{identifier}-d">{escape(clean(figure.description))}</desc>'
        f"{before}{body}</svg>"
    )


def _mark(mark: Mark, keys: Mapping[str, str]) -> str:
    who = " ".join(keys[name] for name in mark.who if name in keys)
    data = f' data-m="{who}"' if who else ""
    start = f'class="{mark.role}"{data}'
    if isinstance(mark, Line):
        if len(mark.points) == 2:
            (x1, y1), (x2, y2) = mark.points
            return (
                f'<line {start} x1="{_number(x1)}" y1="{_number(y1)}" '
                f'x2="{_number(x2)}" y2="{_number(y2)}"/>'
            )
        points = " ".join(f"{_number(x)},{_number(y)}" for x, y in mark.points)
        return f'<polyline {start} points="{points}"/>'
    if isinstance(mark, Box):
        return (
            f'<rect {start} x="{_number(mark.x)}" y="{_number(mark.y)}" '
            f'width="{_number(mark.width)}" height="{_number(mark.height)}"/>'
        )
    if isinstance(mark, Cells):
        return _cells(mark)
    if isinstance(mark, Dot):
        place = f'cx="{_number(mark.x)}" cy="{_number(mark.y)}" r="{_number(mark.radius)}"'
        if mark.note:
            return f"<circle {start} {place}><title>{escape(mark.note)}</title></circle>"
        return f"<circle {start} {place}/>"
    return _text(mark, start)


def _cells(mark: Cells) -> str:
    # One path for each role, strokes one cell high: ten bytes for a run of equal cells.
    place = f"translate({_number(mark.x)} {_number(mark.y + mark.size / 2)})"
    paths = [
        f'<path class="{role}" d="{"".join(f"M{x} {y}h{n}" for y, x, n in runs)}"/>'
        for code, role in enumerate(mark.roles)
        if role and (runs := mark.runs(code))
    ]
    return (
        f'<g transform="{place} scale({mark.size:.4f})" shape-rendering="crispEdges">'
        f"{''.join(paths)}</g>"
    )


def _text(mark: Label, start: str) -> str:
    anchor = "" if mark.anchor == "start" else f' text-anchor="{mark.anchor}"'
    title = f"<title>{escape(mark.full)}</title>" if mark.full and mark.full != mark.text else ""
    return (
        f'<text {start} x="{_number(mark.x)}" y="{_number(mark.y)}"{anchor} '
        f'font-size="{_number(mark.size)}">{title}{escape(mark.text)}</text>'
    )


def _number(value: float) -> str:
    # A hundredth of a pixel is finer than any screen; equal input gives equal bytes.
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
