"""A document as one HTML file that asks nobody for anything."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from markupsafe import Markup

from reports.document import (
    Anchor,
    Code,
    Details,
    Document,
    Entry,
    Facts,
    Group,
    Items,
    Model,
    Note,
    Paragraph,
    Picture,
    Strong,
    Table,
)
from stats.figures import svg
from stats.figures.files import separated
from stats.figures.style import PALETTES
from stats.figures.text import clean

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["page"]

# What the page's own script reads as a number.
_READABLE = re.compile(r"[▲▼ +]*−?\d+(\.\d+)?( s| %)?")

# Characters of a figure's numbers; the CSV files of `to_latex` hold those of larger ones.
_MOST_NUMBERS = 8_000

_BARE = re.compile(r"[A-Za-z0-9_-]+")

# Longer tables scroll inside a frame with their head in sight.
_FRAMED = 30


def page(document: Document) -> str:
    """The whole page as text; equal documents give equal bytes."""
    style, script = _asset("page.css").replace("/*roles*/", _colours()), _asset("page.js")
    policy = "; ".join(
        [
            "default-src 'none'",
            f"style-src '{_digest(style)}'",
            f"script-src '{_digest(script)}'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )
    template = _environment().get_template("page.html")
    return template.render(
        document=document,
        policy=policy,
        style=Markup(style),  # noqa: S704 - our own file, no part of it comes from the evidence
        script=Markup(script),  # noqa: S704 - our own file as well
        key=document.keys,
        # What nothing can be filtered by is not written into every row.
        task_key={task: str(i) for i, task in enumerate(document.tasks) if document.tasks[1:]},
        many_horizons=document.horizons if document.horizons[1:] else (),
        target_key={target: str(i) for i, target in enumerate(document.targets)},
    )


@cache
def _asset(name: str) -> str:
    return files("reports").joinpath("templates", name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@cache
def _colours() -> str:
    light, dark = (
        "".join(f"--{name}:{value};" for name, value in PALETTES[theme].items())
        for theme in ("light", "dark")
    )
    return (
        f":root{{color-scheme:light;{light}}}"
        f"@media(prefers-color-scheme:dark){{:root:not([data-theme=light])"
        f"{{color-scheme:dark;{dark}}}}}"
        f":root[data-theme=dark]{{color-scheme:dark;{dark}}}"
        f"@media print{{:root,:root[data-theme=dark]{{color-scheme:light;{light}}}}}"
        f"{svg.stylesheet()}"
    )


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["clean"] = clean
    environment.filters["bare"] = _bare
    environment.filters["lines"] = _lines
    environment.filters["breakable"] = _breakable
    environment.filters["kind"] = _kind
    environment.filters["sortable"] = _sort_key
    environment.globals["draw"] = _draw
    environment.globals["numbers"] = _numbers
    environment.globals["framed"] = _FRAMED
    environment.globals["fonts"] = svg.FACES
    return environment


_KINDS: dict[type, str] = {
    Anchor: "anchor",
    Code: "code",
    Details: "details",
    Facts: "facts",
    Group: "group",
    Items: "items",
    Model: "model",
    Note: "note",
    Paragraph: "paragraph",
    Picture: "picture",
    Strong: "strong",
    Table: "table",
    str: "text",
}


def _kind(value: object) -> str:
    return _KINDS[type(value)]


def _draw(picture: Picture, document: Document, *, narrow: bool = False) -> Markup:
    figure = picture.narrow if narrow else picture.figure
    assert figure is not None
    identifier = f"{picture.name}-n" if narrow else picture.name
    text = svg.inline(figure, identifier=identifier, keys=document.keys)
    return Markup(text)  # noqa: S704 - the backend escapes every name it writes


def _numbers(picture: Picture) -> str:
    """What the figure shows as CSV; "" where it would make the page heavy."""
    figure = picture.figure
    if not figure.columns or len(figure.rows) > _MOST_NUMBERS:
        return ""
    rows = [[f"{v:.6g}" if isinstance(v, float) else v for v in row] for row in figure.rows]
    text = separated(figure.columns, rows)
    return text if len(text) <= _MOST_NUMBERS else ""


def _bare(text: str) -> str:
    """An attribute value that needs no quotation marks; anything else is a mistake of ours."""
    if not _BARE.fullmatch(text):
        raise ValueError(f"not an identifier: {text!r}")
    return text


def _lines(text: str) -> str:
    return "\n".join(map(clean, text.split("\n")))


def _breakable(text: str) -> Markup:
    """Names of columns may break after an underscore, so that tables stay narrow."""
    return Markup("_<wbr>").join(text.split("_"))


def _sort_key(entry: Entry) -> str:
    """What to sort by where the text does not begin with its number."""
    if entry.value is None or _READABLE.fullmatch(entry.text):
        return ""
    return f"{entry.value:.6g}"
