"""What an engine adds to a task: the same trivial steps on this machine, on Dask and on Ray.

Run as ``python benchmarks/engines.py [BACKEND ...] --tasks 500 --jobs 2``. Each step reads one
value, adds a number and stores the sum, so that nearly all of the time is what the road costs: the
engine's message, the child that runs the step, three small files in the store. Starting the
engine and looking at its workers is told apart.
"""

import argparse
import contextlib
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("HAMILTON_AUTOLOAD_EXTENSIONS", "0")
ROOT = Path(__file__).resolve().parents[1]
# A script's own folder comes first, and a neighbour called `stats` would hide the package.
sys.path[0] = str(ROOT)

from bench.cache.store import Store  # noqa: E402 - the path comes first
from bench.engine.cluster import BACKENDS, connected  # noqa: E402
from bench.engine.execute import Outcome, execute  # noqa: E402
from bench.engine.graph import FlowSpec  # noqa: E402
from bench.engine.plan import Request, keep_code, merged, schedule  # noqa: E402
from bench.engine.visit import crew  # noqa: E402
from bench.environment import environment  # noqa: E402

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
        packages=(),
        environment="",
        begun=lambda wave, waves, chunks: None,
        watch=lambda chunk, answer: came.append(time.perf_counter()),
        crew=found,
    )
    return came


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("backends", nargs="*", default=BACKENDS)
    words.add_argument("--tasks", type=int, default=500)
    words.add_argument("--jobs", type=int, default=2)
    asked = words.parse_args()
    print("backend   start s   first answer s   ms a task")
    for backend in asked.backends:
        with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
            store, graph = Store(Path(folder) / "store"), graph_of(asked.tasks)
            keep_code(graph, store)
            begin = time.perf_counter()
            found = None
            if backend != "local":
                cluster = stack.enter_context(connected(backend, None, jobs=asked.jobs))
                chunks = [c for wave in schedule(graph, store).waves for c in wave]
                packages = environment()["packages"]
                found = stack.enter_context(crew(cluster, store, graph, chunks, packages=packages))
            started = time.perf_counter()
            came = ran(graph, store, asked.jobs, found)
            # The first answers wait for the children to start; the last half is the pace.
            half = len(came) // 2
            pace = (came[-1] - came[half]) / (len(came) - 1 - half) * 1000
            print(
                f"{backend:8} {started - begin:8.1f} {came[0] - started:16.1f} {pace:11.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
