"""A figure as a file: SVG, PDF, PNG, TikZ, or its numbers as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path

from stats.errors import OptionError
from stats.figures import svg, tikz
from stats.figures.marks import Figure
from stats.figures.style import PALETTES

__all__ = ["FORMATS", "content", "separated", "write"]


def write(figure: Figure, path: str | Path, *, theme: str = "light") -> Path:
    """Write the figure in the format that the name ends with, and give the path.

    Raises
    ------
    OptionError : an unknown ending or theme
    """
    target = Path(path)
    data = content(figure, target.suffix.lower().lstrip("."), theme=theme)
    target.parent.mkdir(parents=True, exist_ok=True)
    # A reader never sees half a figure.
    partial = target.with_name(f".{target.name}.partial")
    partial.write_bytes(data)
    partial.replace(target)
    return target


def content(figure: Figure, ending: str, *, theme: str = "light") -> bytes:
    """The bytes of one of `FORMATS`; equal figures give equal bytes."""
    if theme not in PALETTES:
        raise OptionError(f"no theme {theme!r}; there are {', '.join(PALETTES)}")
    if ending not in FORMATS:
        allowed = ", ".join(f".{name}" for name in FORMATS)
        raise OptionError(f"a figure is saved as one of {allowed}; got {ending!r}")
    return FORMATS[ending](figure, theme)


def separated(titles: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Rows as CSV; what a spreadsheet would run as a formula begins with an apostrophe.

    Examples
    --------
    >>> print(separated(["model", "rank"], [["=1+1", -0.25]]), end="")
    model,rank
    '=1+1,-0.25
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for row in (titles, *rows):
        writer.writerow(
            [f"'{v}" if isinstance(v, str) and v.startswith(_FORMULAS) else v for v in row]
        )
    return text.getvalue()


_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def _painted(ending: str) -> Callable[[Figure, str], bytes]:
    def bytes_of(figure: Figure, theme: str) -> bytes:
        from stats.figures import axes

        return axes.painted(figure, ending, theme=theme)

    return bytes_of


FORMATS: dict[str, Callable[[Figure, str], bytes]] = {
    "svg": lambda figure, theme: svg.document(figure, theme=theme).encode(),
    "pdf": _painted("pdf"),
    "png": _painted("png"),
    "tex": lambda figure, theme: tikz.document(figure, theme=theme).encode(),
    "csv": lambda figure, _: separated(figure.columns, figure.rows).encode(),
}
