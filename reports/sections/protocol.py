"""How the forecasts were made and judged, as the run recorded it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.document import Block, Code, Column, Items, Paragraph, Row, Section, Table
from reports.findings import Findings
from reports.format import count, number, word
from reports.losses import loss_name

__all__ = ["section"]


def section(findings: Findings) -> Section | None:
    """Folds, embargo, targets, primary metrics and data."""
    if findings.evidence is None:
        return None
    manifest = findings.manifest
    protocol = manifest.get("protocol", {})
    horizons = ", ".join(str(h) for h in findings.horizons)
    facts = [
        f"{protocol.get('n_folds', '?')} expanding folds; the first training block has "
        f"{protocol.get('first_train', '?')} rows, each test block "
        f"{protocol.get('test_size', '?')} origins.",
        f"Horizons: {horizons} steps. A training row t counts only if t + h lies before the fold's "
        f"cut, with the largest horizon ({protocol.get('max_horizon', '?')}) for all, so that "
        "every model and horizon of a fold has the same origins and losses pair.",
        "Nothing is learned from the test block or the embargo before it: scalers, thresholds, "
        "tuning and early stopping use training rows alone.",
        f"Targets: {', '.join(findings.targets)}.",
    ]
    blocks: list[Block] = [
        Items(tuple((fact,) for fact in facts)),
        _metrics(findings),
    ]
    datasets = manifest.get("datasets", {})
    if datasets:
        blocks.append(_datasets(datasets))
        blocks += [
            Paragraph((f"{name}: {card['note']}",))
            for name, card in sorted(datasets.items())
            if card.get("note")
        ]
    reference = manifest.get("reference")
    if reference:
        blocks.append(Paragraph(("Reference model: ", Code(str(reference)), ".")))
    return Section("protocol", "Protocol", tuple(blocks))


def _metrics(findings: Findings) -> Table:
    rows = []
    for task in findings.tasks:
        panel = next(panel for panel in findings.panels if panel.task == task)
        rows.append(
            Row(
                (
                    word(task),
                    word(panel.metric),
                    word("higher" if panel.higher_is_better else "lower"),
                    word(loss_name(task, panel.metric)),
                ),
                task=task,
            )
        )
    columns = (
        Column("Task", "text"),
        Column("Primary metric", "text"),
        Column("Better is", "text"),
        Column("Loss at each origin", "text"),
    )
    caption = "Primary metric of each task, fixed before the run."
    return Table("primary-metrics", (caption,), columns, tuple(rows), sortable=False)


def _datasets(datasets: Mapping[str, Mapping[str, Any]]) -> Table:
    columns = (
        Column("Data set", "text"),
        Column("Source", "text"),
        Column("Licence", "text"),
        Column("Rows"),
        Column("From", "text"),
        Column("To", "text"),
        Column("SHA-256", "text"),
    )
    rows = []
    for name, card in sorted(datasets.items()):
        n_rows = card.get("n_rows")
        rows.append(
            Row(
                (
                    word(str(name)),
                    word(str(card.get("source", ""))),
                    word(str(card.get("licence", ""))),
                    number(float(n_rows), count(n_rows)) if n_rows is not None else word("–"),
                    word(str(card.get("start", ""))),
                    word(str(card.get("end", ""))),
                    word(str(card.get("sha256", "")), tone="code"),
                )
            )
        )
    return Table("data", ("Data.",), columns, tuple(rows), sortable=False)
