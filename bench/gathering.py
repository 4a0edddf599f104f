"""From what a run left in the store to its tables: cells, forecasts, scores, checks."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from blake3 import blake3

from bench.cache import files
from bench.cache.codehash import code_hash
from bench.cache.stack import Stack
from bench.cache.store import DamagedObject, Record, Store
from bench.engine import execute as engine
from bench.engine.graph import FlowSpec, flow
from bench.engine.task import told
from bench.preparation import OPTIONAL, WANTED, Plan
from bench.results.checks import ForecastFacts, checks, forecast_facts
from bench.results.tables import (
    PREDICTIONS,
    SCORES,
    CellResult,
    joined,
    runs_table,
    to_parquet,
    write_parquet,
)
from bench.spec import catalogue

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["results_of", "write_failures", "write_tables"]


def results_of(
    made: Plan,
    store: Store,
    outcome: engine.Outcome,
    setting: str,
    started: datetime,
    seen: Mapping[str, Record],
) -> list[CellResult]:
    """Return the row of each cell, in the plan's order.

    Parameters
    ----------
    made : Plan
    store : Store
    outcome : Outcome
        What was done, and why some has no value.
    setting : str
        Identity of the environment.
    started : datetime
    seen : mapping of key to Record
        Records that were read a moment ago and need not be read again.
    """
    found: list[CellResult] = []
    graph = made.graph
    model_steps: dict[FlowSpec, frozenset[str]] = {}
    for cell, asked, wanted, steps in zip(
        made.cells, graph.requests, graph.wanted, graph.steps, strict=True
    ):
        if asked.flow not in model_steps:
            model = catalogue.load_module(asked.flow.model).__name__
            model_steps[asked.flow] = frozenset(
                s.name for s in flow(asked.flow).steps.values() if s.module == model
            )
        records = {name: seen.get(key) or store.record(key) for name, key in wanted.items()}
        lost = [name for name in WANTED if records[name] is None]
        failure = _failure(wanted, outcome) if lost else None
        if lost and failure is None:
            failure = engine.Failure(
                lost[0], "Unfinished", "the step was not run; run again to go on", ""
            )
        codes = "".join(sorted(graph.instances[k].code for k in steps))
        data = made.datasets[cell.dataset]["data_hash"]
        found.append(
            CellResult(
                axes=cell.axes,
                cell_id=cell.id,
                slug=cell.slug,
                status=failure.status if failure else "ok",
                error_type=failure.error_type if failure else "",
                error_message=f"{failure.step}: {failure.error_message}" if failure else "",
                record=None if failure else records["predictions"],
                metrics=None if failure else records["performance_metrics"],
                reports=tuple(r for n, r in records.items() if n in OPTIONAL and r is not None),
                peak_mb=outcome.peak_mb.get(wanted["predictions"], 0.0),
                failed_seconds=failure.seconds if failure else 0.0,
                nodes=len(steps),
                cached_nodes=sum(
                    k not in (made.schedule.chunk_of if failure else outcome.computed)
                    for k in steps
                ),
                data_hash=str(data),
                code_hash=blake3(codes.encode()).hexdigest(length=16),
                environment=setting,
                started=started.isoformat(timespec="seconds"),
                model_steps=model_steps[asked.flow],
            )
        )
    return found


def _failure(wanted: Mapping[str, str], outcome: engine.Outcome) -> engine.Failure | None:
    """Why a cell has no result; what is only told beside it may be missing without harm."""
    return next(
        (outcome.failures[wanted[n]] for n in WANTED if wanted[n] in outcome.failures), None
    )


def write_failures(
    path: Path, results: Sequence[CellResult], made: Plan, outcome: engine.Outcome
) -> None:
    """Write what was raised, one file a failed cell."""
    for result, wanted in zip(results, made.graph.wanted, strict=True):
        failure = _failure(wanted, outcome)
        if failure is not None and (failure.trace or failure.output):
            folder = path / "failures"
            folder.mkdir(exist_ok=True)
            text = told(failure.trace, failure.output)
            (folder / f"{result.slug}.txt").write_text(text, encoding="utf-8")


def write_tables(path: Path, results: Sequence[CellResult], made: Plan, store: Store) -> None:
    """Write the tables and the checks; those made of stored results alone are stored as well."""
    runs = runs_table(results)
    write_parquet(runs, path / "runs.parquet")
    names = ("predictions.parquet", "scores.parquet", "checks.json")
    content = json.dumps(
        [
            code_hash(_tables),
            [
                (r.cell_id, r.error_type, r.error_message, r.record and r.record.data_hash)
                for r in results
            ],
            [r.metrics and r.metrics.data_hash for r in results],
            [[m.data_hash for m in r.reports] for r in results],
            dict(made.experiment.primary),
            made.experiment.reference,
        ],
        sort_keys=True,
    )
    keys = {n: blake3(f"{n}:{content}".encode()).hexdigest(length=20) for n in names}
    kept = store.records(keys.values())
    if len(kept) == len(names):
        with contextlib.suppress(DamagedObject):
            for name, key in keys.items():
                shutil.copyfile(store.file(kept[key]), path / name)
            return
    _tables(path, results, made, store, runs, files.partial)
    for name, key in keys.items():
        store.put_file(key, path / name, meta={"node": name})


def _tables(
    path: Path,
    results: Sequence[CellResult],
    made: Plan,
    store: Store,
    runs: pd.DataFrame,
    partial: Callable[[Path], contextlib.AbstractContextManager[Path]],
) -> None:
    """Write what the tables hold; under which names first, is no part of that."""
    good = [r for r in results if r.status == "ok"]
    cells = [r.cell_id for r in good]
    forecasts, metrics, told = _loaded(store, good)
    with partial(path / "predictions.parquet") as file:
        to_parquet(joined(forecasts, cells, empty=PREDICTIONS), file)
    scores = joined(metrics, cells, empty=SCORES)
    with partial(path / "scores.parquet") as file:
        to_parquet(scores, file)
    facts: dict[str, ForecastFacts] = {}
    for stack in forecasts:
        facts.update(zip(stack.names, forecast_facts(stack.frame, stack.rows), strict=True))
    found = checks(
        runs,
        scores,
        facts,
        told,
        primary=made.experiment.primary,
        reference=made.experiment.reference,
    )
    (path / "checks.json").write_text(
        json.dumps([c.as_dict() for c in found], indent=1), encoding="utf-8"
    )


def _loaded(
    store: Store, results: Sequence[CellResult]
) -> tuple[list[Stack], list[Stack], dict[str, dict[str, object]]]:
    """Forecasts, scores and what was told beside them, of cells that have results.

    Raises
    ------
    DamagedObject
        Some are damaged: all such were set aside, so that they are made again together.
    """
    damage: list[DamagedObject] = []

    def stacked(records: Mapping[str, Record | None]) -> list[Stack]:
        try:
            return store.stacked({c: r for c, r in records.items() if r is not None})
        except DamagedObject as cause:
            damage.append(cause)
            return []

    forecasts = stacked({r.cell_id: r.record for r in results})
    metrics = stacked({r.cell_id: r.metrics for r in results})
    told: dict[str, dict[str, object]] = {}
    for result in results:
        for record in result.reports:
            try:
                value = store.load(record)
            except DamagedObject as cause:
                damage.append(cause)
                continue
            if isinstance(value, dict):
                told.setdefault(result.cell_id, {}).update(value)
    if damage:
        raise damage[-1]
    return forecasts, metrics, told
