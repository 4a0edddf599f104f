"""What the run was made with: command, code, packages and machine."""

from __future__ import annotations

from reports.document import Block, Code, Column, Details, Paragraph, Row, Section, Table
from reports.findings import Findings
from reports.format import count, duration, word

__all__ = ["section"]


def section(findings: Findings) -> Section | None:
    """Provenance as a table of facts, packages below."""
    if findings.evidence is None:
        return None
    manifest = findings.manifest
    environment = manifest.get("environment", {})
    counts = manifest.get("counts", {})
    commit = str(environment.get("git_commit") or "not in a git repository")
    if environment.get("git_dirty"):
        commit += " with uncommitted changes"
    facts = {
        "Command": str(manifest.get("command", "")),
        "Run": str(manifest.get("run_id", "")),
        "Mode": str(manifest.get("mode", "")),
        "Seed": str(manifest.get("seed", "")),
        "Started": str(manifest.get("started", "")),
        "Finished": str(manifest.get("finished", "")),
        "Run time": duration(float(manifest.get("seconds", "nan"))),
        "Node calls": ", ".join(
            f"{count(counts[key])} {label}"
            for key, label in {
                "node_calls": "asked for",
                "distinct": "distinct",
                "cached": "from the cache",
                "computed": "computed",
            }.items()
            if key in counts
        ),
        "Git commit": commit,
        "Code of the cells": _hashes(findings, "code_hash"),
        "Data of the cells": _hashes(findings, "data_hash"),
        "Python": str(environment.get("python", "")),
        "Platform": str(environment.get("platform", "")),
        "Processor": str(environment.get("cpu", "")),
    }
    columns = (Column("What", "text"), Column("Value", "text"))
    rows = tuple(
        Row((word(key), word(value, tone="code"))) for key, value in facts.items() if value
    )
    blocks: list[Block] = [
        Table("provenance", ("Provenance of the run.",), columns, rows, sortable=False)
    ]
    packages = environment.get("packages", {})
    if packages:
        table = Table(
            "packages",
            ("Versions of installed packages.",),
            (Column("Package", "text"), Column("Version", "text")),
            tuple(Row((word(str(n)), word(str(v)))) for n, v in sorted(packages.items())),
            sortable=False,
        )
        blocks.append(Details(f"{len(packages)} packages", (table,)))
    blocks.append(
        Paragraph(
            (
                "The folder of the run holds the resolved ",
                Code("experiment.toml"),
                " and all tables this report was made from.",
            )
        )
    )
    return Section("environment", "Environment and provenance", tuple(blocks))


def _hashes(findings: Findings, column: str) -> str:
    """The hash when all cells share it, else how many there are."""
    assert findings.evidence is not None
    found = findings.evidence.runs[column].dropna().astype(str).unique()
    if len(found) == 0:
        return ""
    if len(found) == 1:
        return str(found[0])
    return f"{count(len(found))} different, each of all code a cell rests on (see runs.parquet)"
