"""What an engine adds: the same work on this machine, on Dask over TCP and on Ray.

Run as ``python benchmarks/engines.py [BACKEND ...] --jobs 2``. The part ``steps`` runs trivial
steps (``--tasks 500``): each reads one value, adds a number and stores the sum, so that nearly all
of the time is what the road costs: the engine's message, the child that runs the step, three small
files in the store. Starting the engine and looking at its workers is told apart. ``--part full``
gives the default command, with an empty store each, and compares the bytes of the tables.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import psutil

os.environ.setdefault("HAMILTON_AUTOLOAD_EXTENSIONS", "0")
# As a script this folder comes first on the path, where stats.py would shadow the package.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.cache.store import Store
from bench.engine.cluster import BACKENDS, connected
from bench.engine.execute import Outcome, execute
from bench.engine.graph import FlowSpec
from bench.engine.plan import Request, keep_code, merged, schedule
from bench.engine.visit import crew
from bench.environment import environment
from benchmarks.tools import tables
from benchmarks.tools.measure import ROOT

MODULE = str(ROOT / "tests" / "modules" / "arithmetic.py")


def graph_of(tasks: int):
    """Return steps that all read one stored value."""
    spec = FlowSpec((MODULE,), (), MODULE)
    return merged(
        [Request(f"s{s}", spec, {"a": 1.0, "seed": s}, ("seeded",)) for s in range(tasks)]
    )


def ran(graph, store, jobs, found) -> list[float]:
    """Execute, and return when each answer came."""
    came: list[float] = []
    execute(
        graph,
        store,
        Outcome(),
        jobs=jobs,
        packages=lambda chunk: (),
        environment="",
        begun=lambda wave, waves, chunks: None,
        watch=lambda chunk, answer: came.append(time.perf_counter()),
        crew=found,
    )
    return came


def steps(backend: str, tasks: int, jobs: int) -> dict[str, object]:
    """Run trivial steps; the first answers wait for children, so the last half is the pace."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        store, graph = Store(Path(folder) / "store"), graph_of(tasks)
        keep_code(graph, store)
        begin = time.perf_counter()
        found = None
        if backend != "local":
            cluster = stack.enter_context(connected(backend, None, jobs=jobs))
            chunks = [c for wave in schedule(graph, store).waves for c in wave]
            packages = environment()["packages"]
            found = stack.enter_context(crew(cluster, store, graph, chunks, packages=packages))
        started = time.perf_counter()
        came = ran(graph, store, jobs, found)
    half = len(came) // 2
    return {
        "backend": backend,
        "start, s": started - begin,
        "first answer, s": came[0] - started,
        "a step, ms": (came[-1] - came[half]) / (len(came) - 1 - half) * 1000,
    }


def whole(backend: str, jobs: int, where: str) -> dict[str, object]:
    """Give the default command and return what its log and its processes tell."""
    with tempfile.TemporaryDirectory() as folder:
        places = ("--store", f"{folder}/store", "--runs", f"{folder}/runs")
        words = ("run", "--no-report", "--progress", "quiet", "--backend", backend, "-k", where)
        begin = time.time()
        command = psutil.Popen(
            [sys.executable, "-m", "bench", *words, "--jobs", str(jobs), *places],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
        )
        processors = _processor_seconds(command)
        elapsed = time.time() - begin
        if command.returncode != 0:
            raise SystemExit(f"{backend}: exit code {command.returncode}")
        run = Path(folder) / "runs" / "latest"
        log = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
        answers = [event for event in log if event["event"] == "advanced"]
        first = next(_when(event) for event in log if event["event"] == "wave")
        at_work = _when(answers[-1]) - first
        inside = sum(event["seconds"] for event in answers)
        digests = {
            f"{name}": sha256((run / f"{name}.parquet").read_bytes()).hexdigest()[:16]
            for name in ("predictions", "scores")
        }
    return {
        "backend": backend,
        "elapsed, s": elapsed,
        "processors, s": processors,
        "until work starts, s": first - begin,
        "first to last answer, s": at_work,
        "inside chunks, s": inside,
        "chunks": len(answers),
        "beside its steps, ms a chunk": (jobs * at_work - inside) / len(answers) * 1000,
        **digests,
    }


def _processor_seconds(command: psutil.Popen) -> float:
    """Wait for a command, and return the processor time of all its processes as last seen."""
    seen: dict[tuple[int, float], float] = {}
    while command.poll() is None:
        with contextlib.suppress(psutil.NoSuchProcess):
            for process in (command, *command.children(recursive=True)):
                with contextlib.suppress(psutil.NoSuchProcess):
                    times = process.cpu_times()
                    seen[process.pid, process.create_time()] = times.user + times.system
        time.sleep(0.2)
    return sum(seen.values())


def _when(event: dict[str, str]) -> float:
    return datetime.fromisoformat(event["time"]).timestamp()


def main(words: Sequence[str] | None = None) -> None:
    """Measure and print one row for each engine."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("backends", nargs="*", default=BACKENDS)
    asked.add_argument("--part", choices=["steps", "full"], default="steps")
    asked.add_argument("-k", default="", help="only some cells of the full run")
    asked.add_argument("--tasks", type=int, default=500)
    asked.add_argument("--jobs", type=int, default=2)
    given = asked.parse_args(words)
    rows = []
    for backend in given.backends:
        print(tables.machine("distributed", "ray"), flush=True)
        if given.part == "full":
            rows.append(whole(backend, given.jobs, given.k))
        else:
            rows.append(steps(backend, given.tasks, given.jobs))
        print(rows[-1], flush=True)
    print(f"\n{tables.markdown(rows)}")
    if given.part == "full" and len({(row["predictions"], row["scores"]) for row in rows}) > 1:
        raise SystemExit("the tables differ")


if __name__ == "__main__":
    main()
