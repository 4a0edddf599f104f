"""The machine and the versions behind numbers, and rows as a Markdown table."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path

__all__ = ["exponent", "machine", "markdown"]


def exponent(sizes: Sequence[int], values: Sequence[float]) -> float:
    """Return the power of the size with which values grow, from the last two: 1 is linear."""
    if len(values) < 2 or min(values[-2:]) <= 0:
        return math.nan
    return math.log(values[-1] / values[-2]) / math.log(sizes[-1] / sizes[-2])


def machine(*packages: str) -> str:
    """Return one line: processor, cores, load, Python and the versions of packages."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((ln.partition(":")[2].strip() for ln in lines if ln.startswith("model name")), "")
    versions = []
    for name in packages:
        try:
            versions.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            versions.append(f"{name} (not installed)")
    cores = os.cpu_count() or 1
    load = os.getloadavg()[0]
    busy = f"; BUSY: load {load:.1f} on {cores} cores" if load > cores / 2 else ""
    facts = [f"{model or platform.machine()}, {cores} cores", f"Python {platform.python_version()}"]
    return ", ".join([*facts, *versions]) + busy


def markdown(rows: Sequence[Mapping[str, object]]) -> str:
    """Return rows as a table whose columns are padded, so that it reads as text too."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    texts = [[_text(row.get(name, "")) for name in names] for row in rows]
    widths = [max(len(r[place]) for r in [names, *texts]) for place in range(len(names))]
    lines = [
        " | ".join(cell.ljust(w) if place == 0 else cell.rjust(w) for place, (cell, w) in group)
        for group in (enumerate(zip(r, widths, strict=True)) for r in [names, *texts])
    ]
    rule = " | ".join(
        "-" * w if place == 0 else "-" * (w - 1) + ":" for place, w in enumerate(widths)
    )
    return "\n".join(f"| {line} |" for line in [lines[0], rule, *lines[1:]])


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
