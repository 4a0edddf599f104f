"""Cells of steps that cost next to nothing, and a run of them as the runner would do it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from bench.cache.store import Store
from bench.engine import execute as engine
from bench.engine.graph import FlowSpec
from bench.engine.plan import Graph, Request, keep_code, merged
from bench.results.recipes import write_recipes
from bench.results.tables import joined, write_parquet
from benchmarks.tools import measure

__all__ = ["TinyRun", "computed", "requests"]

MODULE = str(measure.ROOT / "benchmarks" / "flows" / "tiny.py")
WANTED = ("predictions", "performance_metrics")


def requests(cells: int, *, seconds: float = 0.0) -> list[Request]:
    """Return what `cells` cells ask for: ten targets, each with as many models as it takes."""
    spec = FlowSpec((MODULE,), (), MODULE)
    return [
        Request(
            name=f"cell{number}",
            flow=spec,
            inputs={
                "rows": 24,
                "target": f"t{number % 10}",
                "parameter": number // 10,
                "seconds": seconds,
            },
            wanted=WANTED,
        )
        for number in range(cells)
    ]


@dataclass(frozen=True)
class TinyRun:
    """What a run of tiny cells took: all of it, that of the engine, that within tasks."""

    whole: measure.Spent
    engine: measure.Spent
    in_tasks: float
    in_steps: float
    graph: Graph
    store: Store


def computed(cells: int, folder: Path, *, seconds: float = 0.0) -> TinyRun:
    """Plan, compute and write the tables of tiny cells into an empty folder."""
    store, outcome = Store(folder / "store"), engine.Outcome()
    taken = [0.0]
    with measure.spent() as whole:
        graph = merged(requests(cells, seconds=seconds))
        keep_code(graph, store)
        names = [f"{number:016x}" for number in range(cells)]
        outputs = zip(names, names, graph.wanted, strict=True)
        write_recipes(folder, outputs, map(graph.recipe, graph.instances))
        with measure.spent() as executing:
            engine.execute(
                graph,
                store,
                outcome,
                jobs=os.cpu_count() or 1,
                packages=lambda chunk: ("pandas", "pyarrow"),
                environment="",
                begun=lambda *_: None,
                watch=lambda chunk, answer: taken.append(answer.seconds),
            )
        assert not outcome.failures
        assert len(outcome.computed) == len(graph.instances)
        for wanted in WANTED:
            found = store.records(keys[wanted] for keys in graph.wanted)
            records = {n: found[k[wanted]] for n, k in zip(names, graph.wanted, strict=True)}
            table = joined(store.stacked(records), names, empty={})
            write_parquet(table, folder / f"{wanted}.parquet")
        # Each chunk tells the seconds of its steps once, with the last of its outputs.
        steps = sum(sum(record.meta["timings"].values()) for record in records.values())
    return TinyRun(whole, executing, sum(taken), steps, graph, store)
