"""Where each number comes from: the cells behind every score, with their identifiers."""

from __future__ import annotations

from reports.document import Block, Code, Column, Details, Entry, Paragraph, Row, Section, Table
from reports.findings import Cell, Findings, Panel
from reports.format import blank, score, word
from reports.sections.leaderboard import place_of

__all__ = ["section"]


def section(findings: Findings) -> Section | None:
    """One folded table per panel: a row per model, a column per target, a line per fold."""
    if findings.evidence is None:
        return None
    length = _length(findings)
    blocks: list[Block] = [
        Paragraph(
            (
                "Every score is the mean over folds of the cells below, named by the beginning of "
                "their identifier. ",
                Code("python -m bench explain CELL"),
                " tells how a cell was computed, ",
                Code("python -m bench lineage CELL"),
                " walks to the raw data.",
            )
        )
    ]
    blocks += [
        Details(f"Cells: {panel.title}", (_table(panel, findings, length),))
        for panel in findings.panels
    ]
    return Section("lineage", "Lineage", tuple(blocks))


def _table(panel: Panel, findings: Findings, length: int) -> Table:
    columns = [Column("Model", "text")]
    columns += [Column(target, "text", target=target) for target in panel.targets]
    rows = []
    for model in panel.order:
        entries = [word(model, model=model)]
        for target in panel.targets:
            cells = panel.cells.get((target, model), ())
            if not cells:
                entries.append(blank("not part of the run"))
                continue
            entries.append(
                Entry(
                    "\n".join(_line(cell, length) for cell in cells),
                    tone="code",
                    identifier=place_of(panel, findings, target, model),
                    note="; ".join(cell.error for cell in cells if cell.error),
                )
            )
        rows.append(Row(tuple(entries), model=model))
    caption = f"{panel.metric} and cell, one line per fold; {panel.title}."
    return Table(f"cells-{panel.key}", (caption,), tuple(columns), tuple(rows), sortable=False)


def _line(cell: Cell, length: int) -> str:
    value = score(cell.value) if cell.status == "ok" else cell.status
    return f"{value}\u00a0{cell.cell_id[:length]}"


def _length(findings: Findings) -> int:
    """Shortest beginning, of at least 8 characters, that still tells all cells apart."""
    cells = {
        cell.cell_id
        for panel in findings.panels
        for group in panel.cells.values()
        for cell in group
    }
    longest = max(map(len, cells), default=8)
    for length in range(8, longest):
        if len({cell[:length] for cell in cells}) == len(cells):
            return length
    return longest
