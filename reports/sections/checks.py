"""Findings of the automatic checks, and every cell that has no result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.document import (
    Block,
    Code,
    Column,
    Details,
    Inline,
    Paragraph,
    Row,
    Section,
    Strong,
    Table,
)
from reports.findings import Findings
from reports.format import number, plural, word
from reports.trouble import by_weight, failures

__all__ = ["section"]

_SHOWN = 200
_MARKS = {"error": "✕ error", "warning": "! warning", "info": "info"}


def section(findings: Findings) -> Section | None:
    """Failures by cause, checks by weight, then every failed cell."""
    if findings.evidence is None:
        return None
    blocks: list[Block] = []
    runs = findings.evidence.runs
    failed = runs[runs["status"] != "ok"]
    if len(failed):
        blocks.append(_causes(findings, len(runs)))
    else:
        blocks.append(Paragraph((f"All {plural(len(runs), 'cell')} have a result.",)))
    checks, expected = by_weight(findings)
    if checks:
        blocks.append(_checks(checks))
    elif not expected:
        blocks.append(Paragraph(("The automatic checks found nothing to say.",)))
    if expected:
        names = ", ".join(sorted(findings.untrained))
        told = (
            f"{plural(len(expected), 'warning')} about models that fit nothing ({names}): they "
            "are yardsticks, and bad ones are no fault of the run"
        )
        blocks.append(Details(told, (_table("checks-expected", "Warnings about them.", expected),)))
    if len(failed):
        blocks.append(_failures(failed, several=runs["dataset"].nunique() > 1))
    return Section("checks", "Checks and failures", tuple(blocks))


def _causes(findings: Findings, n_cells: int) -> Block:
    columns = (
        Column("Cells"),
        Column("Cause", "text"),
        Column("Models", "text"),
        Column("First cell", "text"),
    )
    rows = []
    causes = failures(findings)
    for cause in causes[:_SHOWN]:
        by_count = sorted(cause.models.items(), key=lambda item: (-item[1], item[0]))
        told = ", ".join(f"{name} ({n})" for name, n in by_count[:4])
        more = f" and {len(by_count) - 4} more" if len(by_count) > 4 else ""
        rows.append(
            Row(
                (
                    number(cause.cells, str(cause.cells), tone="error"),
                    word(cause.text[:400]),
                    word(told + more),
                    word(cause.example, tone="code"),
                )
            )
        )
    total = sum(cause.cells for cause in causes)
    caption: tuple[Inline, ...] = (
        Strong(f"{total} of {plural(n_cells, 'cell')} have no result. "),
        "Causes, the most frequent first. ",
        Code("python -m bench retry --failed"),
        " computes them again; nothing else is computed.",
    )
    return Table("causes", caption, columns, tuple(rows))


def _checks(checks: list[Mapping[str, Any]]) -> Block:
    table = _table("checks", _told(checks), checks[:_SHOWN])
    if len(checks) <= _SHOWN:
        return table
    rest = _table("checks-more", "The rest.", checks[_SHOWN : 10 * _SHOWN])
    return Details(f"{len(checks)} findings", (table, rest))


def _table(name: str, caption: str, checks: list[Mapping[str, Any]]) -> Table:
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
    return Table(name, (caption,), columns, rows)


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


def _failures(failed: Any, *, several: bool) -> Block:
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
            target=f"{run.dataset}/{run.target}" if several else str(run.target),
        )
        for run in failed.head(_SHOWN).itertuples()
    )
    more = f" The first {_SHOWN} are shown." if len(failed) > _SHOWN else ""
    return Table(
        "failures", (f"{plural(len(failed), 'cell')} without a result.{more}",), columns, rows
    )
