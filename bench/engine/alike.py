"""Whether another host imports the code that a plan was made from, found before work starts."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from bench.cache.codehash import CodeHasher, code_units
from bench.cache.store import Store
from bench.engine.graph import FlowSpec, Step, flow
from bench.engine.plan import Chunk, Graph
from bench.errors import BenchError, listed, one_line

__all__ = ["alike", "differences", "write_steps"]

STEPS = "steps.json"  # in the folder of a run, inside the store

_SECONDS = 600.0  # a cold start on a busy host reads a gigabyte of packages
_MARK = "differs: "
_MAIN = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from bench.engine.alike import differences; from pathlib import Path; "
    f"print('\\n{_MARK}' + json.dumps(differences(Path(sys.argv[2]))))"
)


def write_steps(folder: Path, graph: Graph, chunks: Iterable[Chunk]) -> None:
    """Write down which steps workers will run, each once, with the digest of its code."""
    found: dict[tuple[str, str], FlowSpec] = {}
    for chunk in chunks:
        for key in chunk.members:
            instance = graph.instances[key]
            found.setdefault((instance.name, instance.code), graph.requests[chunk.request].flow)
    rows = [[s.modules, s.config, s.model, name, code] for (name, code), s in found.items()]
    (folder / STEPS).write_text(json.dumps(rows), encoding="utf-8")


def alike(folder: str) -> str:
    """Compare in a fresh interpreter, and return what differs in one line, or nothing.

    A worker that lives for days may hold an older version of a module than the file has, and must
    not be brought down by one that crashes while it is imported.
    """
    command = [sys.executable, "-c", _MAIN, json.dumps(sys.path), folder]
    try:
        done = subprocess.run(  # noqa: S603 - this interpreter, and words of ours
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"needs more than {_SECONDS:.0f} s to import what the run computes"
    except OSError as cause:
        return f"cannot start an interpreter ({one_line(cause, most=200)})"
    for line in reversed(done.stdout.splitlines()):
        if line.startswith(_MARK):
            return str(json.loads(line.removeprefix(_MARK)))
    last = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
    return f"cannot import what the run computes: {one_line(last[0], most=300)}"


def differences(folder: Path) -> str:
    """Return in what the code of this host differs from the plan's, in one line, or nothing."""
    store = Store(folder.parents[1], create=False)
    hasher = CodeHasher()
    for modules, config, model, name, code in json.loads((folder / STEPS).read_text("utf-8")):
        spec = FlowSpec(tuple(modules), tuple((k, v) for k, v in config), model)
        try:
            step = flow(spec).steps[name]
            if hasher(step.callable, declared=step.hidden) == code:
                continue
        except BenchError as cause:
            return one_line(cause, most=300)
        except KeyError:
            return f"has a {model} without the step {name!r}"
        return _named(step, store.units(code))
    return ""


def _named(step: Step, planned: dict[str, str]) -> str:
    here = {unit.name: unit.digest for unit in code_units(step.callable)}
    changed = sorted(n for n in {*here, *planned} if here.get(n) != planned.get(n))
    # A step's own digest changes with nothing but itself; what it uses has its own name.
    shown = [
        f"{name} {here.get(name, 'missing')[:8]} there, {planned.get(name, 'missing')[:8]} here"
        for name in changed
    ]
    return f"has another version of what step {step.name!r} runs: {listed(shown, most=3)}"
