"""Tables and figures of a document for papers: booktabs, TikZ and their numbers as CSV."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from reports.columns import Face, Part, fitted, loosened, wrapped
from reports.document import (
    Block,
    Column,
    Details,
    Document,
    Entry,
    Group,
    Inline,
    Picture,
    Strong,
    Table,
)
from reports.document import Code as Typed
from reports.document import Model as Named
from stats.figures import tikz
from stats.figures.files import separated

__all__ = ["PREAMBLE", "booktabs", "pages"]

# What a paper needs to take tables and figures in.
PREAMBLE = (
    f"{tikz.PREAMBLE}\\usepackage{{array}}\n\\usepackage{{booktabs}}\n\\usepackage{{longtable}}\n"
)

# Points of an A4 page inside margins of 20 mm; tables leave what widths may be wrong by.
_LINE, _HEIGHT = 482.0, 640.0
_WIDTH = 472.0
_SIZES = {9.0: "small", 8.0: "footnotesize", 7.0: "scriptsize"}
_SPLIT = 7.0  # size where no size fits, and the columns are shared out over parts
_LINES = 44  # a table of more lines breaks over pages


def pages(document: Document) -> dict[str, str]:
    """Text of every file by its name: ``tables/*``, ``figures/*`` and ``report.tex`` with all."""
    found: dict[str, str] = {}
    body: list[str] = []
    for section in document.sections:
        body.append(f"\\room\\section{{{tikz.escape(section.title)}}}")
        for block in _shown(section.blocks):
            if isinstance(block, Group):
                body.append(f"{_room(body)}\\subsection{{{tikz.escape(block.title)}}}")
                continue
            name = _file(block.name)
            if isinstance(block, Table):
                found[f"tables/{name}.tex"] = booktabs(block)
                titles = [column.title for column in block.columns]
                rows = [[_value(entry) for entry in row.entries] for row in block.rows]
                found[f"tables/{name}.csv"] = separated(titles, rows)
                body.append(f"{_room(body)}\\input{{tables/{name}}}")
                continue
            found[f"figures/{name}.tex"] = tikz.document(block.figure)
            if block.figure.columns:
                found[f"figures/{name}.csv"] = separated(block.figure.columns, block.figure.rows)
            body.append(_figure(block, name))
    found["report.tex"] = _whole(document, body)
    return found


def _room(body: Sequence[str]) -> str:
    """A good place for the end of a page, unless a heading stands before."""
    return "" if "section{" in body[-1] else "\\room"


def booktabs(table: Table) -> str:
    """One table; a long one as a ``longtable`` that repeats its head, a wide one in parts.

    Needs the packages of :data:`PREAMBLE`.
    """
    name = _file(table.name)
    fit = fitted(table, _FACE, width=_WIDTH, sizes=tuple(_SIZES), split=_SPLIT)
    caption = f"\\caption{{{_inline(table.caption)}}}\\label{{tab:{name}}}"
    setting = f"\\{_SIZES[fit.size]}\\setlength{{\\tabcolsep}}{{3pt}}%"
    lines: list[str] = []
    for number, part in enumerate(fit.parts):
        layout = "".join(
            _alignment(table.columns[at], part, i) for i, at in enumerate(part.columns)
        )
        top = ["\\toprule", _head(table, part, fit.size), "\\midrule"]
        rows: list[str] = []
        for at, row in enumerate(table.rows):
            if row.apart and at:
                rows.append("\\midrule")
            rows.append(_line([_cell(row.entries[column]) for column in part.columns]))
        if fit.lines > _LINES:
            # Without a caption a longtable takes a number all the same.
            again = ["\\addtocounter{table}{-1}"] if number else []
            lines += [*again, f"\\begin{{longtable}}{{@{{}}{layout}@{{}}}}"]
            lines += [f"{caption}\\\\"] * (not number) + [*top, "\\endfirsthead"]
            lines += [*top, "\\endhead", "\\bottomrule", "\\endfoot", *rows, "\\end{longtable}"]
            continue
        lines += ["\\par\\medskip"] if number else []
        lines.append(f"\\begin{{tabular}}{{@{{}}{layout}@{{}}}}")
        lines += [*top, *rows, "\\bottomrule", "\\end{tabular}"]
    if fit.lines > _LINES:
        lines = [
            "\\begingroup",
            setting,
            "\\setlength{\\LTcapwidth}{\\linewidth}%",
            *lines,
            "\\endgroup",
        ]
    else:
        lines = ["\\begin{table}", "\\centering", caption, setting, *lines, "\\end{table}"]
    return _with_letters("\n".join(lines) + "\n")


def _shown(blocks: Sequence[Block]) -> Iterator[Table | Picture | Group]:
    """Tables and figures, each behind the subsection it stands in."""
    for block in blocks:
        if isinstance(block, Table | Picture):
            yield block
        elif isinstance(block, Group | Details):
            inner = list(_shown(block.blocks))
            if isinstance(block, Group) and inner:
                yield block
            yield from inner


def _value(entry: Entry) -> object:
    return entry.text if entry.value is None else entry.value


def _figure(block: Picture, name: str) -> str:
    wide, high = block.figure.width * tikz.PIXEL, block.figure.height * tikz.PIXEL
    drawn = f"\\input{{figures/{name}}}"
    if high * min(1.0, _LINE / wide) > _HEIGHT:
        drawn = f"\\resizebox{{!}}{{0.85\\textheight}}{{{drawn}}}"
    elif wide > _LINE:
        drawn = f"\\resizebox{{\\linewidth}}{{!}}{{{drawn}}}"
    caption = f"\\caption{{{_inline(block.caption)}}}\n\\label{{fig:{name}}}"
    return f"\\begin{{figure}}\n\\centering\n{drawn}\n{caption}\n\\end{{figure}}"


def _head(table: Table, part: Part, size: float) -> str:
    cells = []
    for at, width in zip(part.columns, part.widths, strict=True):
        column = table.columns[at]
        lines = wrapped(column.title, width - _FACE.inset, size, _FACE)
        said = [f"\\textbf{{{tikz.escape(line)}}}" for line in lines]
        side = "r" if column.kind == "number" else "l"
        cells.append(_stacked(said, "b", side))
    return _line(cells)


def _cell(entry: Entry) -> str:
    if entry.tone == "code":
        typed = [f"\\texttt{{{tikz.escape(line)}}}" for line in entry.text.split("\n")]
        return _stacked(typed, "t", "l")
    text = _breakable(entry.text)
    return f"\\textbf{{{text}}}" if entry.tone == "best" else text


def _stacked(lines: Sequence[str], place: str, side: str) -> str:
    """Lines of one cell."""
    if len(lines) == 1:
        return lines[0]
    return (
        f"\\begin{{tabular}}[{place}]{{@{{}}{side}@{{}}}}" + " \\\\ ".join(lines) + "\\end{tabular}"
    )


def _breakable(text: str) -> str:
    return "\\allowbreak{}".join(map(tikz.escape, loosened(text, "\u200b").split("\u200b")))


def _line(cells: Sequence[str]) -> str:
    return " & ".join(cells) + " \\\\"


def _alignment(column: Column, part: Part, at: int) -> str:
    if part.wraps[at]:
        share = (part.widths[at] - _FACE.inset) / _LINE
        return f">{{\\raggedright\\arraybackslash}}p{{{share:.3f}\\linewidth}}"
    return "r" if column.kind == "number" else "l"


def _inline(parts: Sequence[Inline]) -> str:
    said = []
    for part in parts:
        if isinstance(part, str):
            said.append(_breakable(part))
        elif isinstance(part, Strong):
            said.append(f"\\textbf{{{_breakable(part.text)}}}")
        elif isinstance(part, Typed):
            said.append(f"\\texttt{{{_breakable(part.text)}}}")
        else:
            said.append(_breakable(part.name if isinstance(part, Named) else part.text))
    return "".join(said)


def _file(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9-]+", "-", name)


def _with_letters(text: str) -> str:
    return f"{tikz.LETTER}\n{text}" if "\\cfletter" in text else text


def _whole(document: Document, body: Sequence[str]) -> str:
    said = "\n".join(
        [
            f"\\title{{{_breakable(document.title)}}}",
            "\\author{}",
            f"\\date{{{_breakable(document.subtitle)}}}",
            "\\begin{document}",
            "\\maketitle",
            *body,
            "\\end{document}",
        ]
    )
    return (
        "\\documentclass[a4paper]{article}\n"
        "\\usepackage[margin=20mm]{geometry}\n"
        "\\usepackage{standalone}\n"
        f"{PREAMBLE}"
        # Nothing but tables and figures: each stays where it is.
        "\\usepackage{float}\n\\floatplacement{table}{H}\n\\floatplacement{figure}{H}\n"
        # What begins needs a quarter of the page: no heading alone, no table of two lines.
        "\\def\\room{\\par\\vskip 0pt plus .25\\textheight\\penalty-100"
        "\\vskip 0pt plus -.25\\textheight\\vskip .25\\textheight\\penalty9999"
        "\\vskip -.25\\textheight\\vskip 0pt}\n"
        "\\emergencystretch=3em\n"
        f"{_with_letters(said)}\n"
    )


def _measured(text: str) -> str:
    # The underscore of Latin Modern is as wide as an m.
    return tikz.named(text).replace("_", "m")


# Latin Modern at small sizes against the wide face that text is measured with.
_FACE = Face(regular=0.93, bold=1.15, mono=0.54, inset=6.0, shown=_measured)
