"""From an experiment to the files of a run: plan, compute what is missing, write what came out."""

from __future__ import annotations

import contextlib
import itertools
import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blake3 import blake3

from bench.cache import files
from bench.cache.codehash import code_hash, code_units
from bench.cache.stack import Stack
from bench.cache.store import DamagedObject, Record, Store
from bench.cache.usage import used
from bench.engine import execute as engine
from bench.engine.cluster import Backend, connected
from bench.engine.graph import FlowSpec, flow
from bench.engine.keeper import Keepers
from bench.engine.plan import Chunk, Graph, Schedule, keep_code, merged, schedule
from bench.engine.task import BAD, Answer, told
from bench.engine.visit import Crew, crew
from bench.environment import environment
from bench.errors import UserError, listed, one_line
from bench.preparation import OPTIONAL, WANTED, dataset_facts, request
from bench.results.checks import ForecastFacts, checks, forecast_facts
from bench.results.recipes import write_recipes
from bench.results.report import write_report
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
from bench.spec.cell import Cell
from bench.spec.experiment import Experiment

if TYPE_CHECKING:
    import pandas as pd

    from bench.console import Progress

__all__ = ["Plan", "Run", "RunResult", "latest", "load_run", "plan", "run"]


@dataclass(frozen=True)
class Plan:
    """What an experiment comes to: its cells, their merged graph, what is left to compute."""

    experiment: Experiment
    cells: tuple[Cell, ...]
    graph: Graph
    schedule: Schedule
    datasets: Mapping[str, Mapping[str, Any]]

    @property
    def counts(self) -> dict[str, int]:
        """Cells, node calls without sharing, distinct nodes, those left out, those to compute."""
        distinct = len(self.graph.instances)
        return {
            "cells": len(self.cells),
            "node_calls": self.graph.calls,
            "distinct": distinct,
            "cached": distinct - self.schedule.to_compute,
            "to_compute": self.schedule.to_compute,
        }


@dataclass(frozen=True)
class RunResult:
    """Where a run's files are, and how it went.

    Parameters
    ----------
    unreported : str
        Why the report was asked for and is not whole; empty otherwise.
    """

    run_id: str
    path: Path
    counts: Mapping[str, int]
    n_failed: int
    seconds: float
    unreported: str = ""


@dataclass(frozen=True)
class Run:
    """The tables of a finished run.

    Attributes
    ----------
    predictions : DataFrame
        One row for each forecast; read when first asked for, since it is by far the largest.
    """

    path: Path
    manifest: Mapping[str, Any]
    runs: pd.DataFrame
    scores: pd.DataFrame

    @cached_property
    def predictions(self) -> pd.DataFrame:
        return _table(self.path / "predictions.parquet")


def plan(experiment: Experiment, *, store: Path) -> Plan:
    """Merge all cells of an experiment into one graph and find what the store lacks.

    The data are read and checked here, before any model is trained.

    Raises
    ------
    UserError
        The experiment, its data or one of its modules cannot work; one line says why.
    """
    with contextlib.closing(Keepers()) as keepers:
        return _planned(experiment, Store(store), keepers)


def _planned(experiment: Experiment, opened: Store, keepers: Keepers) -> Plan:
    cells = experiment.cells()
    if not cells:
        raise UserError(
            "no cell is left to run; the filter or the tasks of the models leave nothing over"
        )
    datasets = {d.name: dataset_facts(experiment, d, opened, keepers) for d in experiment.datasets}
    graph = merged([request(experiment, cell) for cell in cells])
    todo = schedule(graph, opened, seconds=_seconds(opened))
    return Plan(experiment, cells, graph, todo, datasets)


def run(
    experiment: Experiment,
    *,
    jobs: int,
    store: Path,
    runs: Path,
    progress: Progress,
    command: str = "",
    report: bool = True,
    backend: Backend = "local",
    address: str | None = None,
) -> RunResult:
    """Evaluate an experiment: compute what the store lacks, then write tables, checks and report.

    Parameters
    ----------
    experiment : Experiment
    jobs : int
        Worker processes.
    store : Path
        Folder of the store; made if missing.
    runs : Path
        Folder in which the run gets a folder of its own.
    progress : Progress
        Is told what happens.
    command : str
        The command line, for the manifest.
    report : bool
        Whether to write `report.html` and `report.pdf`.
    backend : {"local", "dask", "ray"}
        Who runs the work: `jobs` processes of this machine, or the workers of a cluster.
    address : str, optional
        Where the cluster is; without it one of `jobs` workers is started on this machine.

    Returns
    -------
    RunResult

    Raises
    ------
    UserError
        Found before any work starts.
    """
    begin, started = time.perf_counter(), datetime.now(UTC)
    opened = Store(store)
    with contextlib.ExitStack() as stack:
        stack.enter_context(used(opened, runs))
        keepers = stack.enter_context(contextlib.closing(Keepers()))
        made = _planned(experiment, opened, keepers)
        setting = environment()
        progress.planned(made.counts)
        keep_code(made.graph, opened)
        crew = stack.enter_context(_crew(backend, address, jobs, made, opened, setting, progress))
        path = _run_folder(runs, experiment, started)
        progress.attach(path / "log.jsonl")
        (path / "experiment.toml").write_text(experiment.to_toml(), encoding="utf-8")
        # Before any work: what a run that is stopped has stored is known to be needed, too.
        write_recipes(
            path,
            ((c.id, c.slug, k) for c, k in zip(made.cells, made.graph.wanted, strict=True)),
            map(made.graph.recipe, made.graph.instances),
        )
        if crew is not None:
            keepers.close()
        outcome = engine.Outcome()
        to_do = made.schedule.to_compute > 0
        for again in reversed(range(engine.MOST_REPAIRS)):
            if to_do:
                engine.execute(
                    made.graph,
                    opened,
                    outcome,
                    jobs=jobs,
                    packages=_packages(made),
                    environment=setting["id"],
                    begun=progress.wave,
                    watch=_watcher(progress, made),
                    seconds=_seconds(opened),
                    warn=progress.warned,
                    crew=crew,
                    keepers=keepers,
                )
                _remember_seconds(opened, outcome.seconds)
            seen = {} if to_do else made.schedule.found
            results = _results(made, opened, outcome, setting["id"], started, seen)
            try:
                _write_tables(path, results, made, opened)
                break
            except DamagedObject:  # it was set aside, and is made again
                if not again:
                    raise
                to_do = True
    _write_failures(path, results, made, outcome)
    n_failed = sum(r.status != "ok" for r in results)
    counts = {
        **made.counts,
        "computed": len(outcome.computed),
        "ok": len(results) - n_failed,
        "failed": n_failed,
    }
    manifest = {
        "run_id": path.name,
        "experiment": experiment.name,
        "mode": experiment.mode,
        "seed": experiment.seed,
        "started": started.isoformat(timespec="seconds"),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(time.perf_counter() - begin, 3),
        "command": command,
        "counts": counts,
        "protocol": {
            **asdict(experiment.protocol),
            "horizons": list(experiment.horizons),
            "max_horizon": experiment.max_horizon,
        },
        "primary": dict(experiment.primary),
        "reference": experiment.reference,
        "sections": list(experiment.sections),
        "datasets": {name: dict(facts) for name, facts in made.datasets.items()},
        "environment": setting,
    }
    # By rename: a folder with this file in it is a finished run.
    files.write(str(path / "manifest.json"), str(path), json.dumps(manifest, indent=1).encode())
    for warning in dict.fromkeys([*opened.warnings, *outcome.warnings]):
        progress.warned(warning)
    unreported = ""
    if report:
        try:
            write_report(
                path,
                opened,
                sections=experiment.sections,
                setting=setting,
                is_new=bool(outcome.computed or n_failed),
            )
        except Exception as cause:  # noqa: BLE001 - the run itself is done and kept
            unreported = f"{type(cause).__name__}: {one_line(cause)}"
            progress.warned(f"the report is not whole: {unreported}")
    in_the_way = _point_latest(runs, path)
    if in_the_way:
        progress.warned(f"{runs / 'latest'} does not lead to this run: {in_the_way}")
    seconds = time.perf_counter() - begin
    result = RunResult(path.name, path, counts, n_failed, seconds, unreported)
    progress.finished(result)
    return result


def latest(runs: Path) -> Path:
    """Return the folder of the newest run.

    Raises
    ------
    UserError
        There is none.
    """
    link = runs / "latest"
    found = link.resolve() if link.is_symlink() else None
    if found is None and link.is_file():
        found = runs / link.read_text().strip()
    if found is None or not (found / "manifest.json").is_file():
        raise UserError(f"no run in {runs} yet; make one with: python -m bench run")
    return found


def load_run(path: Path) -> Run:
    """Read the tables of a run.

    Raises
    ------
    UserError
        `path` is not the folder of a finished run, or one of its files is missing or damaged;
        that of the forecasts when they are asked for.
    """
    file = path / "manifest.json"
    if not file.is_file():
        raise UserError(f"{path} is not the folder of a finished run: it has no manifest.json")
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(manifest, dict):
            raise ValueError(f"it holds a {type(manifest).__name__}, not a table of facts")
    except (OSError, ValueError) as cause:
        raise UserError(f"{file} is missing or damaged: {one_line(cause)}") from cause
    return Run(path, manifest, _table(path / "runs.parquet"), _table(path / "scores.parquet"))


def _table(file: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        return pd.read_parquet(file)
    except (OSError, ValueError) as cause:
        raise UserError(f"{file} is missing or damaged: {one_line(cause)}") from cause


@contextlib.contextmanager
def _crew(
    backend: Backend,
    address: str | None,
    jobs: int,
    made: Plan,
    store: Store,
    setting: Mapping[str, Any],
    progress: Progress,
) -> Iterator[Crew | None]:
    """Give a cluster's workers, looked at; None where this machine does the work, or there is none.

    Raises
    ------
    UserError
        There is no such cluster, or one of its workers may not take part.
    """
    if backend == "local" or not made.schedule.to_compute:
        yield None
        return
    chunks = itertools.chain.from_iterable(made.schedule.waves)
    with (
        connected(backend, address, jobs=jobs) as cluster,
        crew(cluster, store, made.graph, chunks, packages=setting["packages"]) as found,
    ):
        if found.apart:
            progress.warned(
                f"locks in the store do not reach {listed(found.apart, most=3)}: a step may be "
                "computed twice there; results are the same"
            )
        yield found


def _packages(made: Plan) -> list[str]:
    """Heavy packages that the chunks to come import, found in the code they will run, and ours."""
    heavy = {"pandas", "pyarrow", "xgboost", "torch", "sklearn", "scipy", "statsmodels"}
    found = {"pandas", "pyarrow"}
    specs = {made.graph.requests[c.request].flow for wave in made.schedule.waves for c in wave}
    keys = {k for wave in made.schedule.waves for c in wave for k in c.members}
    names = {made.graph.instances[k].name for k in keys}
    for spec in specs:
        found.update(name for name in spec.modules if name.startswith("dataflows."))
        for step in flow(spec).steps.values():
            if step.name in names:
                for unit in code_units(step.callable):
                    found |= heavy & {unit.name.partition(".")[0]}
    return sorted(found)


def _watcher(progress: Progress, made: Plan) -> engine.Watcher:
    def watch(chunk: Chunk, answer: Answer) -> None:
        if answer.status in BAD:
            progress.failed(chunk.label, answer.error_type, answer.error_message)
        progress.advanced(chunk.label, answer.seconds, answer.stage)

    return watch


def _results(
    made: Plan,
    store: Store,
    outcome: engine.Outcome,
    setting: str,
    started: datetime,
    seen: Mapping[str, Record],
) -> list[CellResult]:
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


def _write_failures(
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


def _write_tables(path: Path, results: Sequence[CellResult], made: Plan, store: Store) -> None:
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


def _run_folder(runs: Path, experiment: Experiment, started: datetime) -> Path:
    _sweep(runs)
    stem = f"{experiment.name}-{experiment.mode}-{started:%Y%m%d-%H%M%S}"
    for suffix in ("", *(f"-{n}" for n in range(2, 1000))):
        path = runs / (stem + suffix)
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as cause:
            raise UserError(
                f"cannot make the folder {path}: {cause.strerror}; choose another with --runs"
            ) from cause
        return path
    raise UserError(f"{runs} has 1000 runs named {stem}; remove some")


def _sweep(runs: Path) -> None:
    """Remove what runs that were killed left half written."""
    files.sweep_orphans(str(runs))
    for entry in files.entries(str(runs)):
        if entry.is_dir(follow_symlinks=False) and not Path(entry, "manifest.json").exists():
            files.sweep_orphans(entry.path)


def _point_latest(runs: Path, path: Path) -> str:
    """Let `latest` lead to a run; return why it does not, such as another file of that name."""
    try:
        with files.partial(runs / "latest") as link:
            try:
                link.symlink_to(path.name)
            except OSError:  # a file system without links
                link.write_text(path.name)
    except OSError as cause:
        return str(cause.strerror)
    return ""


def _seconds(store: Store) -> dict[str, float]:
    """Seconds that code took before, by its digest: only the order of work depends on it."""
    try:
        found = json.loads((store.root / "seconds.json").read_text())
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {k: float(v) for k, v in found.items() if isinstance(v, int | float)}


def _remember_seconds(store: Store, seconds: Mapping[str, float]) -> None:
    text = json.dumps({**_seconds(store), **seconds}, sort_keys=True)
    files.write(str(store.root / "seconds.json"), str(store.root / "tmp"), text.encode())
