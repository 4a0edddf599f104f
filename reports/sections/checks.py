"""Findings of the automatic checks, and every cell that has no result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.document import Block, Column, Details, Paragraph, Row, Section, Table
from reports.findings import Findings
from reports.format import number, plural, word

__all__ = ["section"]

_SHOWN = 200
_ORDER = {"error": 0, "warning": 1, "info": 2}
_MARKS = {"error": "✕ error", "warning": "! warning", "info": "info"}


def section(findings: Findings) -> Section | None:
    """Checks by severity, then failures with their message."""
    if findings.evidence is None:
        return None
    blocks: list[Block] = []
    checks = sorted(findings.checks, key=lambda c: _ORDER.get(str(c.get("severity")), 3))
    if checks:
        blocks.append(_checks(checks))
    else:
        blocks.append(Paragraph(("The automatic checks found nothing to say.",)))
    runs = findings.evidence.runs
    failed = runs[runs["status"] != "ok"]
    if len(failed):
        blocks.append(_failures(failed))
    else:
        blocks.append(Paragraph((f"All {plural(len(runs), 'cell')} have a result.",)))
    return Section("checks", "Checks and failures", tuple(blocks))


def _checks(checks: list[Mapping[str, Any]]) -> Block:
    columns = (
        Column("Severity", "text"),
        Column("Check", "text"),
        Column("Subject", "text"),
        Column("Detail", "text"),
    )
    rows = tuple(
        Row(
            (
                word(
                    _MARKS.get(str(check.get("severity")), str(check.get("severity"))),
                    tone=str(check.get("severity")) if check.get("severity") in _MARKS else "",
                ),
                *(word(str(check.get(key, ""))) for key in ("check", "subject", "detail")),
            )
        )
        for check in checks
    )
    table = Table("checks", (_told(checks),), columns, rows[:_SHOWN])
    if len(rows) <= _SHOWN:
        return table
    rest = Table("checks-more", ("The rest.",), columns, rows[_SHOWN : 10 * _SHOWN])
    return Details(f"{len(rows)} findings", (table, rest))


def _told(checks: list[Mapping[str, Any]]) -> str:
    counts = [
        plural(sum(check.get("severity") == kind for check in checks), *words)
        for kind, words in {
            "error": ("error",),
            "warning": ("warning",),
            "info": ("remark",),
        }.items()
    ]
    return f"Automatic checks: {', '.join(counts)}."


def _failures(failed: Any) -> Block:
    columns = (
        Column("Status", "text"),
        Column("Model", "text"),
        Column("Target", "text"),
        Column("Task", "text"),
        Column("Horizon"),
        Column("Fold"),
        Column("Error", "text"),
        Column("Cell", "text"),
    )
    rows = tuple(
        Row(
            (
                word(str(run.status), tone="error"),
                word(str(run.variant), model=str(run.variant)),
                word(str(run.target)),
                word(str(run.task)),
                number(run.horizon, str(run.horizon)),
                number(run.fold, str(run.fold)),
                word(f"{run.error_type}: {run.error_message}"[:300]),
                word(str(run.cell_id)),
            ),
            model=str(run.variant),
            task=str(run.task),
            horizon=int(run.horizon),
        )
        for run in failed.head(_SHOWN).itertuples()
    )
    more = f" The first {_SHOWN} are shown." if len(failed) > _SHOWN else ""
    return Table(
        "failures", (f"{plural(len(failed), 'cell')} without a result.{more}",), columns, rows
    )
