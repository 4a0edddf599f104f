"""Where each number comes from: the cells behind every score, with their identifiers."""

from __future__ import annotations

import math

from reports.document import Block, Code, Column, Details, Entry, Paragraph, Row, Section, Table
from reports.findings import Findings, Panel
from reports.format import blank, number, score, word
from reports.sections.leaderboard import place_of

__all__ = ["section"]


def section(findings: Findings) -> Section | None:
    """One folded table per panel: a row per model and target, a pair of columns per fold."""
    if findings.evidence is None:
        return None
    blocks: list[Block] = [
        Paragraph(
            (
                "Every score is the mean over folds of the cells below. ",
                Code("python -m bench explain CELL"),
                " tells how a cell was computed, ",
                Code("python -m bench lineage CELL"),
                " walks to the raw data.",
            )
        )
    ]
    blocks += [
        Details(f"Cells: {panel.title}", (_table(panel, findings),)) for panel in findings.panels
    ]
    return Section("lineage", "Lineage", tuple(blocks))


def _table(panel: Panel, findings: Findings) -> Table:
    folds = sorted({cell.fold for cells in panel.cells.values() for cell in cells})
    columns = [Column("Target", "text"), Column("Model", "text")]
    for fold in folds:
        columns += [Column(f"Fold {fold}"), Column(f"Cell {fold}", "text")]
    rows = []
    for target in panel.targets:
        for model in panel.order:
            cells = panel.cells.get((target, model), ())
            entries = [word(target), word(model, model=model)]
            for fold in folds:
                mine = [cell for cell in cells if cell.fold == fold]
                if not mine:
                    entries += [blank("not part of the run"), blank()]
                    continue
                value = sum(cell.value for cell in mine) / len(mine)
                bad = [cell for cell in mine if cell.status != "ok"]
                entries.append(
                    Entry(bad[0].status, tone="hole", note=bad[0].error)
                    if bad
                    else number(value, score(value))
                    if math.isfinite(value)
                    else blank("undefined")
                )
                entries.append(word(" ".join(cell.cell_id for cell in mine), tone="code"))
            rows.append(
                Row(
                    tuple(entries),
                    model=model,
                    identifier=place_of(panel, findings, target, model),
                )
            )
    caption = f"{panel.metric} of each cell, {panel.title}."
    return Table(f"cells-{panel.key}", (caption,), tuple(columns), tuple(rows), sortable=False)
