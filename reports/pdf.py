"""A document as a PDF for print, tagged for screen readers."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import replace
from importlib.resources import files
from typing import Any, TypeAlias

from reports.columns import Face, Part, fitted, loosened
from reports.document import (
    Anchor,
    Block,
    Code,
    Column,
    Details,
    Document,
    Entry,
    Facts,
    Group,
    Inline,
    Items,
    Model,
    Note,
    Paragraph,
    Picture,
    Section,
    Strong,
    Table,
)
from reports.typeface import families, fonts, foreign, isolated, printable
from stats.figures import svg
from stats.figures.marks import Label
from stats.figures.style import PALETTES, STYLES
from stats.figures.text import clean

__all__ = ["printed"]

_Json: TypeAlias = dict[str, Any]

# Points of the A4 page inside its margins, as the template sets them.
_WIDTH, _HEIGHT = 482.0, 640.0
_LARGEST = 0.72  # points to a pixel: the names in a small figure are as large as the text
_SIZES = (8.5, 8.0, 7.5, 7.0, 6.5)  # of the text of tables
_SPLIT = 7.0  # size where no size fits, and the columns are shared out over parts
_LINES = 40  # a table of fewer lines stays on one page
_NOTES = 8  # more remarks on columns than this are no caption


def printed(document: Document) -> bytes:
    """The bytes of the PDF; equal documents give equal bytes.

    Whatever comes from the evidence reaches the compiler as JSON values, never as its markup.

    Raises
    ------
    ImportError : the ``typst`` wheel is not installed
    """
    try:
        import typst
    except ImportError as cause:
        raise ImportError("a PDF needs typst: pip install 'crossfold[reports]'") from cause
    report = json.dumps(_encoded(document), ensure_ascii=False)
    faces = fonts(every=foreign(report))
    pdf = typst.compile(
        files("reports").joinpath("templates", "page.typ").read_bytes(),
        font_paths=faces,
        format="pdf",
        pdf_standards="ua-1",
        sys_inputs={"report": report, "fonts": json.dumps(families(faces))},
    )
    assert isinstance(pdf, bytes)
    return pdf


def _encoded(document: Document) -> _Json:
    places = frozenset(_places(document.sections))
    sections = [_section(section, places) for section in document.sections]
    return {
        "title": _head(document.title),
        "subtitle": _words(document.subtitle),
        "sections": sections,
    }


def _section(section: Section, places: Collection[str]) -> _Json:
    blocks = [_block(block, places) for block in section.blocks]
    return {"id": section.identifier, "title": _head(section.title), "blocks": blocks}


def _places(parts: tuple[Section | Block, ...]) -> Iterator[str]:
    """Identifiers that links can lead to."""
    for part in parts:
        if isinstance(part, Section | Group):
            yield part.identifier
        if isinstance(part, Table):
            yield from (e.identifier for row in part.rows for e in row.entries if e.identifier)
        if isinstance(part, Section | Group | Details):
            yield from _places(part.blocks)


def _block(block: Block, places: Collection[str]) -> _Json:
    match block:
        case Paragraph():
            return {"kind": "paragraph", "parts": _parts(block.parts, places)}
        case Note():
            return {"kind": "note", "tone": block.tone, "parts": _parts(block.parts, places)}
        case Items():
            return {"kind": "items", "items": [_parts(item, places) for item in block.items]}
        case Facts():
            return {"kind": "facts", "items": [[_words(v), _words(t)] for v, t in block.items]}
        case Table():
            return _table(block, places)
        case Picture():
            return _picture(block, places)
        case Details():
            inner = [_block(part, places) for part in block.blocks]
            return {"kind": "details", "title": _head(block.summary), "blocks": inner}
        case Group():
            inner = [_block(part, places) for part in block.blocks]
            title = _head(block.title)
            return {"kind": "group", "id": block.identifier, "title": title, "blocks": inner}


def _parts(parts: tuple[Inline, ...], places: Collection[str]) -> list[_Json]:
    found: list[_Json] = []
    for part in parts:
        match part:
            case str():
                found.append({"kind": "text", "text": _words(part)})
            case Strong() | Code():
                kind = "strong" if isinstance(part, Strong) else "code"
                found.append({"kind": kind, "text": _words(part.text)})
            case Model():
                found.append({"kind": "text", "text": isolated(_words(part.name))})
            case Anchor():
                to = part.to if part.to in places else ""
                found.append({"kind": "anchor", "text": _words(part.text), "to": to})
    return found


def _picture(block: Picture, places: Collection[str]) -> _Json:
    figure = block.figure
    width = min(_WIDTH, _HEIGHT * figure.width / figure.height, _LARGEST * figure.width)
    scale = width / figure.width
    # What draws the SVG sets no right-to-left text: the page sets such labels over it.
    apart = [mark for mark in figure.marks if isinstance(mark, Label) and foreign(mark.text)]
    drawn = replace(figure, marks=tuple(mark for mark in figure.marks if mark not in apart))
    return {
        "kind": "picture",
        "svg": printable(svg.document(drawn if apart else figure), single=True),
        "labels": [_label(mark, scale) for mark in apart],
        "alt": printable(clean(f"{figure.title}. {figure.description}")),
        "width": width,
        "height": figure.height * scale,
        "caption": _parts(block.caption, places),
    }


def _label(mark: Label, scale: float) -> _Json:
    style = STYLES[mark.role]
    return {
        "text": isolated(printable(clean(mark.text), boxed=True)),
        "x": mark.x * scale,
        "y": mark.y * scale,
        "size": mark.size * scale,
        "anchor": {"start": 0.0, "middle": 0.5, "end": 1.0}[mark.anchor],
        "fill": PALETTES["light"][style.fill or "ink"],
        "bold": style.bold,
    }


def _table(block: Table, places: Collection[str]) -> _Json:
    fit = fitted(block, _FACE, width=_WIDTH, sizes=_SIZES, split=_SPLIT)
    told = [column.note for column in block.columns]
    # What a note says of many columns alike is said by the caption.
    notes = [f"{c.title}: {c.note}" for c in block.columns if c.note and told.count(c.note) == 1]
    if len(notes) > _NOTES:
        notes = []
    return {
        "kind": "table",
        "caption": _parts(block.caption, places),
        "notes": [_words(note) for note in notes],
        "size": fit.size,
        "long": fit.lines > _LINES,
        "parts": [_part(block, part, places) for part in fit.parts],
    }


def _part(table: Table, part: Part, places: Collection[str]) -> _Json:
    return {
        "widths": part.widths,
        "columns": [_column(table.columns[at]) for at in part.columns],
        "rows": [
            {
                "apart": row.apart,
                "entries": [_entry(row.entries[at], places) for at in part.columns],
            }
            for row in table.rows
        ],
    }


def _column(column: Column) -> _Json:
    # A head without words would leave its cells unnamed to who hears them.
    title = _words(column.title).replace("_", "_\u200b") or "–"
    return {"title": title, "number": column.kind == "number"}


def _entry(entry: Entry, places: Collection[str]) -> _Json:
    code = entry.tone == "code"
    text = "\n".join(_words(line) for line in entry.text.split("\n")) if code else entry.text
    found: _Json = {"text": text if code else _words(text)}
    if entry.tone:
        found["tone"] = entry.tone
    if entry.to in places:
        found["to"] = entry.to
    if entry.identifier:
        found["id"] = entry.identifier
    return found


def _words(text: str) -> str:
    """Text on one line that the font can show, and that breaks before it leaves its column."""
    return loosened(printable(clean(text)), "\u200b")


def _head(text: str) -> str:
    """The same for a heading, which may not be empty."""
    return _words(text).strip() or "–"


def _shown(text: str) -> str:
    return printable(clean(text))


# Source Sans 3 against the wide face that text is measured with; cells have 3 points on each side.
_FACE = Face(regular=0.88, bold=0.94, mono=0.56, inset=6.0, shown=_shown)
