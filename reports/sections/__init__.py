"""Chapters of the report: one file each, with a function ``section(findings)``."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from reports.document import Section
from reports.findings import Findings

__all__ = ["ORDER", "chapters"]

ORDER = (
    "summary",
    "leaderboard",
    "ranks",
    "forecasts",
    "horizons",
    "sensitivity",
    "cost",
    "checks",
    "protocol",
    "lineage",
    "environment",
    "methods",
    "references",
)


def chapters(findings: Findings, names: Sequence[str] | None = None) -> tuple[Section, ...]:
    """The sections asked for, without those that have nothing to say about this evidence."""
    asked = ORDER if names is None else tuple(names)
    for name in asked:
        if name not in ORDER:
            raise ValueError(f"no section is named {name!r}; sections are {', '.join(ORDER)}")
    built = (import_module(f"reports.sections.{name}").section(findings) for name in asked)
    return tuple(section for section in built if section is not None)
