"""Time, processor time and peak memory of a piece of work, children included."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["ROOT", "Spent", "in_a_process", "median", "peak_megabytes", "spent"]

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Spent:
    """Seconds that passed, and seconds of processors: of this process, and of its children.

    Children count once they have ended and were waited for.
    """

    wall: float = 0.0
    own: float = 0.0
    children: float = 0.0

    @property
    def cpu(self) -> float:
        """Processor seconds altogether."""
        return self.own + self.children


@contextmanager
def spent() -> Iterator[Spent]:
    """Measure a block."""
    found = Spent()
    wall, own, children = time.perf_counter(), *_cpu()
    yield found
    found.wall = time.perf_counter() - wall
    now_own, now_children = _cpu()
    found.own, found.children = now_own - own, now_children - children


def _cpu() -> tuple[float, float]:
    mine = resource.getrusage(resource.RUSAGE_SELF)
    theirs = resource.getrusage(resource.RUSAGE_CHILDREN)
    return mine.ru_utime + mine.ru_stime, theirs.ru_utime + theirs.ru_stime


def peak_megabytes() -> float:
    """Return the most memory this process held; not `ru_maxrss`, which begins with the parent's."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return float(status["VmHWM"].split()[0]) / 1024


def in_a_process(
    script: Path,
    *arguments: object,
    python: str | Path = sys.executable,
    env: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
    timeout: float | None = None,
) -> Any:
    """Run a script of ours in a fresh interpreter; its last line is JSON and is returned.

    Raises
    ------
    RuntimeError
        It failed; the message ends with what it wrote.
    """
    done = subprocess.run(
        [str(python), str(script), *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, **(env or {})},
        timeout=timeout,
        check=False,
    )
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise RuntimeError(f"exit code {done.returncode}: {' | '.join(lines[-3:])}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def median(values: Sequence[float] | Callable[[], float], repeat: int = 1) -> float:
    """Return the median of values, or of repeated calls."""
    if callable(values):
        values = [values() for _ in range(repeat)]
    return statistics.median(values)
