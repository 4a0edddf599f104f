"""A schedule for 10^5 cells on 10^3 cores, simulated from the measured times of a finished run.

Run as ``python benchmarks/scale.py RUN --store STORE`` with any run of `experiments/weather.toml`;
``--cells`` and ``--cores`` choose the size. The plan is a real one: the experiment with as many
variants of the two trained models as give that many cells, merged into one graph and cut into
chunks and waves by the code that runs do it with. The seconds and bytes of each step are those
that the run measured for the same model, task and step. What is simulated is the clock: a
scheduler that hands out one task after the other, cores that take the next one, and a wave that
begins when the one before is done. What the store must give for that is told beside it.
"""

import argparse
import heapq
import json
import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

os.environ.setdefault("HAMILTON_AUTOLOAD_EXTENSIONS", "0")
ROOT = Path(__file__).resolve().parents[1]
# A script's own folder comes first, and a neighbour called `stats` would hide the package.
sys.path[0] = str(ROOT)

from bench.cache.store import Store  # noqa: E402 - the path comes first
from bench.engine.plan import merged, schedule  # noqa: E402
from bench.preparation import request  # noqa: E402
from bench.results.recipes import read_recipes  # noqa: E402
from bench.spec.experiment import Experiment  # noqa: E402

FILES_A_PUT = 3  # an object, and a record under each of its two names


class Measured:
    """Seconds and bytes of steps, by model, task and step; by step alone where that is unknown."""

    def __init__(self, run: Path, store: Store) -> None:
        self._seconds: dict[tuple[str, ...], list[float]] = defaultdict(list)
        self._bytes: dict[str, list[int]] = defaultdict(list)
        held = read_recipes(run)
        of_cell = {}
        for cell, outputs in held.outputs.items():
            parts = held.slugs[cell].split(".")
            for key in outputs.values():
                of_cell[key] = (parts[4], parts[1])
        for key in held.recipes:
            record = store.peek(key)
            if record is None:
                continue
            name = held.recipes[key].node
            self._bytes[name].append(record.nbytes)
            timings = record.meta.get("timings") or {name: record.meta.get("seconds", 0.0)}
            for step, seconds in timings.items():
                self._seconds[(step,)].append(seconds)
                if key in of_cell:
                    self._seconds[(*of_cell[key], step)].append(seconds)

    def seconds(self, model: str, task: str, step: str) -> float:
        found = self._seconds.get((model, task, step)) or self._seconds.get((step,)) or [0.0]
        return statistics.fmean(found)

    def bytes(self, step: str) -> float:
        return statistics.fmean(self._bytes.get(step) or [0.0])


def experiment(cells: int, mode: str) -> Experiment:
    """Return the weather experiment with as many variants as give that many cells."""
    base = Experiment.load(ROOT / "experiments" / "weather.toml", mode=mode)
    folds = base.protocol.n_folds
    a_variant = len(base.targets) * len(base.tasks) * len(base.horizons) * folds
    variants = -(-cells // a_variant)
    half = variants // 2
    grids = [
        f"models.xgboost.grid={{l2={[1 + n / 10 for n in range(half)]}}}",
        f"models.lstm.grid={{hidden={list(range(8, 8 + variants - half))}}}",
    ]
    return Experiment.load(ROOT / "experiments" / "weather.toml", mode=mode, overrides=grids)


def simulated(waves, seconds, cores: int, dispatch: float, *, barriers: bool = True):
    """Return when all is done and when each wave was, for a scheduler and cores as described.

    Parameters
    ----------
    waves : list of list of Chunk
    seconds : mapping of chunk number to float
    cores : int
    dispatch : float
        Seconds that the scheduler needs for each task.
    barriers : bool
        Whether a wave waits for the one before; else a chunk waits for what it reads only.
    """
    maker = {key: c.number for wave in waves for c in wave for key in c.outputs}
    done: dict[int, float] = {}
    free = [0.0] * cores
    clock, ends = 0.0, []
    for wave in waves:
        start = ends[-1] if barriers and ends else 0.0
        clock = max(clock, start)
        last = start
        for chunk in sorted(wave, key=lambda c: -seconds[c.number]):
            clock += dispatch
            ready = max((done[maker[k]] for k in chunk.loads if k in maker), default=0.0)
            begin = max(heapq.heappop(free), clock, ready)
            end = begin + seconds[chunk.number]
            heapq.heappush(free, end)
            done[chunk.number] = end
            last = max(last, end)
        ends.append(last)
    return max(ends), ends


def critical_path(waves, seconds) -> float:
    """Return the seconds of the longest chain of chunks: no number of cores makes it shorter."""
    maker = {key: c.number for wave in waves for c in wave for key in c.outputs}
    done: dict[int, float] = {}
    for wave in waves:
        for chunk in wave:
            before = max((done[maker[k]] for k in chunk.loads if k in maker), default=0.0)
            done[chunk.number] = before + seconds[chunk.number]
    return max(done.values())


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("run", type=Path)
    words.add_argument("--store", type=Path, required=True)
    words.add_argument("--cells", type=int, default=100_000)
    words.add_argument("--cores", type=int, default=1_000)
    words.add_argument("--mode", default="evaluation")
    words.add_argument("--dispatch", type=float, nargs="+", default=[0.001, 0.005])
    words.add_argument("--ms-a-file", type=float, nargs="+", default=[0.1, 2.0])
    asked = words.parse_args()

    measured = Measured(asked.run, Store(asked.store, create=False))
    begin = time.perf_counter()
    asked_for = experiment(asked.cells, asked.mode)
    cells = asked_for.cells()
    graph = merged([request(asked_for, cell) for cell in cells])
    planned = time.perf_counter() - begin
    with tempfile.TemporaryDirectory() as empty:
        begin = time.perf_counter()
        plan = schedule(graph, Store(Path(empty) / "store"))
        scheduled = time.perf_counter() - begin

    of_request = [(c.model, c.task) for c in cells]
    compute, read, written, files = {}, {}, {}, {}
    for wave in plan.waves:
        for c in wave:
            model, task = of_request[c.request]
            names = [graph.instances[k].name for k in c.members]
            compute[c.number] = sum(measured.seconds(model, task, n) for n in names)
            read[c.number] = sum(measured.bytes(graph.instances[k].name) for k in c.loads)
            written[c.number] = sum(measured.bytes(graph.instances[k].name) for k in c.outputs)
            files[c.number] = len(c.loads) * 2 + len(c.outputs) * FILES_A_PUT
    distinct = {
        k: measured.bytes(graph.instances[k].name) for w in plan.waves for c in w for k in c.loads
    }
    chunks = sum(len(w) for w in plan.waves)
    work, path = sum(compute.values()), critical_path(plan.waves, compute)
    told = {
        "cells": len(cells),
        "node calls": graph.calls,
        "distinct steps": len(graph.instances),
        "chunks": chunks,
        "waves": len(plan.waves),
        "plan, s": round(planned, 1),
        "schedule, s": round(scheduled, 1),
        "work, core hours": round(work / 3600, 1),
        "longest chain, s": round(path, 1),
        "longest chunk, s": round(max(compute.values()), 1),
        f"work / {asked.cores} cores, s": round(work / asked.cores, 1),
        "read, GB": round(sum(read.values()) / 1e9, 1),
        "distinct of it, GB": round(sum(distinct.values()) / 1e9, 1),
        "written, GB": round(sum(written.values()) / 1e9, 1),
        "files opened": sum(files.values()),
        "tasks sent, MB": round(chunks * _task_bytes(graph, plan) / 1e6),
    }
    for name, value in told.items():
        print(f"{name:28} {value:>12,}")
    print("\nwave   chunks   work s   longest s")
    for number, wave in enumerate(plan.waves):
        took = [compute[c.number] for c in wave]
        print(f"{number:4} {len(wave):8,} {sum(took):8,.0f} {max(took):11.2f}")
    print(
        "\ndispatch ms  ms a file  barriers   ends after s   of the cores used   files a second"
        "   GB a second read"
    )
    for dispatch in asked.dispatch:
        for ms in asked.ms_a_file:
            seconds = {n: s + files[n] * ms / 1000 for n, s in compute.items()}
            for barriers in (True, False):
                end, _ = simulated(plan.waves, seconds, asked.cores, dispatch, barriers=barriers)
                print(
                    f"{dispatch * 1000:11g} {ms:10g}  {'yes' if barriers else 'no':8} {end:13,.0f}"
                    f" {work / end / asked.cores:18.0%} {sum(files.values()) / end:16,.0f}"
                    f" {sum(read.values()) / 1e9 / end:18.2f}"
                )


def _task_bytes(graph, plan) -> float:
    """Return the mean length of the text of a task, from some of them."""
    from bench.engine.execute import task

    store = type("Named", (), {"root": Path("/shared/store")})()
    chunks = [c for wave in plan.waves for c in wave]
    some = chunks[:: max(1, len(chunks) // 200)]
    return statistics.fmean(len(json.dumps(task(c, graph, store, "").text())) for c in some)


if __name__ == "__main__":
    main()
