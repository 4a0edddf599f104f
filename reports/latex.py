"""Tables and figures of a document for papers: booktabs, TikZ and their numbers as CSV."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from reports.document import (
    Block,
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

__all__ = ["booktabs", "pages"]

_LONG = 40  # rows; more of them break over pages
_WIDE = 40  # characters; longer entries wrap


def pages(document: Document) -> dict[str, str]:
    """Text of every file by its name: ``tables/*``, ``figures/*`` and ``report.tex`` with all."""
    found: dict[str, str] = {}
    body: list[str] = []
    for section in document.sections:
        body.append(f"\\section{{{tikz.escape(section.title)}}}")
        for block in _shown(section.blocks):
            name = _file(block.name)
            if isinstance(block, Table):
                found[f"tables/{name}.tex"] = booktabs(block)
                titles = [column.title for column in block.columns]
                rows = [[_value(entry) for entry in row.entries] for row in block.rows]
                found[f"tables/{name}.csv"] = separated(titles, rows)
                body.append(f"\\input{{tables/{name}}}")
                continue
            found[f"figures/{name}.tex"] = tikz.document(block.figure)
            if block.figure.columns:
                found[f"figures/{name}.csv"] = separated(block.figure.columns, block.figure.rows)
            body.append(
                "\\begin{figure}[htbp]\\centering\n"
                f"\\resizebox{{\\linewidth}}{{!}}{{\\input{{figures/{name}}}}}\n"
                f"\\caption{{{_inline(block.caption)}}}\n\\label{{fig:{name}}}\n"
                "\\end{figure}"
            )
    found["report.tex"] = _whole(document, body)
    return found


def booktabs(table: Table) -> str:
    """One table; longer ones as a ``longtable`` that repeats its head.

    Needs the packages ``booktabs`` and ``longtable`` and what figures need.
    """
    name = _file(table.name)
    layout = "".join(_alignment(table, at) for at in range(len(table.columns)))
    head = _line([f"\\textbf{{{tikz.escape(column.title)}}}" for column in table.columns])
    rows: list[str] = []
    for at, row in enumerate(table.rows):
        if row.apart and at:
            rows.append("\\midrule")
        rows.append(_line([_cell(entry) for entry in row.entries]))
    caption = f"\\caption{{{_inline(table.caption)}}}\\label{{tab:{name}}}"
    if len(table.rows) > _LONG:
        top = ["\\toprule", head, "\\midrule"]
        lines = [f"\\begin{{longtable}}{{{layout}}}", caption + "\\\\", *top, "\\endfirsthead"]
        lines += [*top, "\\endhead", "\\bottomrule", "\\endfoot", *rows, "\\end{longtable}"]
    else:
        lines = ["\\begin{table}[htbp]\\centering", caption, f"\\begin{{tabular}}{{{layout}}}"]
        lines += ["\\toprule", head, "\\midrule", *rows, "\\bottomrule", "\\end{tabular}"]
        lines.append("\\end{table}")
    return "\n".join(lines) + "\n"


def _shown(blocks: Sequence[Block]) -> Iterator[Table | Picture]:
    for block in blocks:
        if isinstance(block, Table | Picture):
            yield block
        elif isinstance(block, Group | Details):
            yield from _shown(block.blocks)


def _value(entry: Entry) -> object:
    return entry.text if entry.value is None else entry.value


def _cell(entry: Entry) -> str:
    if entry.tone == "code":
        typed = [f"\\texttt{{{tikz.escape(line)}}}" for line in entry.text.split("\n")]
        return "\\shortstack[l]{" + " \\\\ ".join(typed) + "}" if typed[1:] else typed[0]
    text = tikz.escape(entry.text)
    return f"\\textbf{{{text}}}" if entry.tone == "best" else text


def _line(cells: Sequence[str]) -> str:
    return " & ".join(cells) + " \\\\"


def _alignment(table: Table, at: int) -> str:
    if table.columns[at].kind == "number":
        return "r"
    long = any(
        len(row.entries[at].text) > _WIDE for row in table.rows if row.entries[at].tone != "code"
    )
    return "p{0.4\\linewidth}" if long else "l"


def _inline(parts: Sequence[Inline]) -> str:
    said = []
    for part in parts:
        if isinstance(part, str):
            said.append(tikz.escape(part))
        elif isinstance(part, Strong):
            said.append(f"\\textbf{{{tikz.escape(part.text)}}}")
        elif isinstance(part, Typed):
            said.append(f"\\texttt{{{tikz.escape(part.text)}}}")
        else:
            said.append(tikz.escape(part.name if isinstance(part, Named) else part.text))
    return "".join(said)


def _file(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9-]+", "-", name)


def _whole(document: Document, body: Sequence[str]) -> str:
    return (
        "\\documentclass[a4paper]{article}\n"
        "\\usepackage{standalone}\n"
        f"{tikz.PREAMBLE}"
        "\\usepackage{booktabs}\n\\usepackage{longtable}\n"
        f"\\title{{{tikz.escape(document.title)}}}\n"
        f"\\date{{{tikz.escape(document.subtitle)}}}\n"
        "\\begin{document}\n\\maketitle\n" + "\n".join(body) + "\n\\end{document}\n"
    )
