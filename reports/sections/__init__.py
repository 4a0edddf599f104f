"""Chapters of the report: one file each, with a function ``section(findings)``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path

from reports.document import Code, Note, Section
from reports.findings import Findings
from reports.own import SectionError, is_file, own_section

__all__ = ["ALL", "ORDER", "chapters"]

ORDER = (
    "summary",
    "leaderboard",
    "ranks",
    "forecasts",
    "horizons",
    "sensitivity",
    "cells",
    "cost",
    "checks",
    "protocol",
    "lineage",
    "environment",
    "methods",
    "references",
)

ALL = "all"
"""Stands for every section of ORDER, so that own ones can be added to them."""


def chapters(findings: Findings, names: Sequence[str | Path] | None = None) -> tuple[Section, ...]:
    """The sections asked for, without those that have nothing to say about this evidence.

    Without names they are those that the run's experiment asks for. Its own files are not run
    then: a run folder is data, and whoever opens it has not asked for code.
    """
    asked = names if names is not None else findings.manifest.get("sections") or (ALL,)
    found: list[Section] = []
    left_out: list[str] = []
    for name in _expanded(asked):
        if is_file(name) and names is None:
            left_out.append(str(name))
            continue
        section = (
            own_section(name, findings)
            if is_file(name)
            else import_module(f"reports.sections.{name}").section(findings)
        )
        if section is None:
            continue
        if any(section.identifier == other.identifier for other in found):
            raise SectionError(f"two sections are named {section.identifier!r}")
        found.append(section)
    if left_out:
        found.append(_not_run(left_out))
    return tuple(found)


def _expanded(asked: Sequence[str | Path]) -> Iterator[str | Path]:
    for name in asked:
        if name == ALL:
            yield from ORDER
        elif is_file(name) or name in ORDER:
            yield name
        else:
            raise SectionError(
                f"no section is named {name!r}; sections are {', '.join(ORDER)}, {ALL!r} for all "
                "of them, or the path of a Python file"
            )


def _not_run(files: Sequence[str]) -> Section:
    notes = tuple(
        Note(
            (
                "The experiment has a section of its own in ",
                Code(file),
                ". It is code, and only run when asked for: ",
                Code("python -m bench report --section all --section FILE"),
                ".",
            )
        )
        for file in files
    )
    return Section("own-sections", "Sections not run", notes)
