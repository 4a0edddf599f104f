"""What went wrong in a run, the gravest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reports.findings import Findings

__all__ = ["Cause", "by_weight", "failures", "urgent"]

_ORDER = {"error": 0, "warning": 1, "info": 2}


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason why cells have no result.

    Parameters
    ----------
    text : status, type and message of the error
    models : those it met, with the number of cells each
    example : identifier of the first cell
    """

    text: str
    cells: int
    models: dict[str, int]
    example: str


def failures(findings: Findings) -> tuple[Cause, ...]:
    """Cells without a result by their cause, the most frequent first."""
    if findings.evidence is None:
        return ()
    runs = findings.evidence.runs
    bad = runs[(runs["status"] != "ok").to_numpy()]
    found: dict[str, tuple[dict[str, int], str]] = {}
    for run in bad.itertuples():
        text = _text(str(run.status), run.error_type, run.error_message)
        models, _ = found.setdefault(text, ({}, str(run.cell_id)))
        models[str(run.variant)] = models.get(str(run.variant), 0) + 1
    causes = [
        Cause(text, sum(models.values()), models, example)
        for text, (models, example) in found.items()
    ]
    return tuple(sorted(causes, key=lambda cause: -cause.cells))


def by_weight(findings: Findings) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
    """Checks by severity, and apart from them warnings about models that fitted nothing.

    A climatology that is worse than the reference is a yardstick and no trouble; among fifty
    such lines nobody would see the one about a trained model.
    """
    checks: list[Mapping[str, Any]] = []
    expected: list[Mapping[str, Any]] = []
    for check in findings.checks:
        named = _about(check) & set(findings.models)
        quiet = check.get("severity") == "warning" and named and named <= findings.untrained
        (expected if quiet else checks).append(check)
    checks.sort(key=lambda check: _ORDER.get(str(check.get("severity")), 3))
    return checks, expected


def urgent(findings: Findings) -> list[Mapping[str, Any]]:
    """Checks that a reader must know of: errors, and warnings not about yardsticks alone."""
    checks, _ = by_weight(findings)
    return [check for check in checks if check.get("severity") in ("error", "warning")]


def _about(check: Mapping[str, Any]) -> set[str]:
    """Models that a check's subject may name: "lstm, binary, horizon 1", "naive = drift"."""
    subject = str(check.get("subject", ""))
    pieces = subject.split(", ")
    heads = {", ".join(pieces[:i]) for i in range(1, len(pieces) + 1)}
    return heads | set(subject.split(" = "))


def _text(status: str, kind: object, message: object) -> str:
    said = ": ".join(str(part) for part in (kind, message) if isinstance(part, str) and part)
    return f"{said} ({status})" if said and status != "failed" else said or status
