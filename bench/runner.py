"""From an experiment to the files of a run: plan, compute what is missing, write what came out."""

from __future__ import annotations

import contextlib
import itertools
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.cache import files
from bench.cache.store import DamagedObject, Store
from bench.cache.usage import used
from bench.engine import execute as engine
from bench.engine.cluster import Backend, connected
from bench.engine.keepers import Keepers
from bench.engine.needs import Needs
from bench.engine.plan import Chunk, Schedule, keep_code, merged, schedule
from bench.engine.task import BAD, Answer
from bench.engine.visit import Crew, crew
from bench.environment import environment
from bench.errors import UserError, listed, one_line
from bench.gathering import results_of, write_failures, write_tables
from bench.preparation import Plan, dataset_facts, request
from bench.results.recipes import write_recipes
from bench.results.report import write_report
from bench.spec.experiment import Experiment

if TYPE_CHECKING:
    import pandas as pd

    from bench.console import Progress

__all__ = ["Plan", "Run", "RunResult", "latest", "load_run", "plan", "run"]


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
        needs = Needs(made.graph, itertools.chain.from_iterable(made.schedule.waves))
        if backend == "local":
            for packages in needs.sets:  # while the rest is made ready
                keepers.prepare(packages)
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
        known: Schedule | None = made.schedule  # until it is found that the store was damaged
        to_do = made.schedule.to_compute > 0
        for again in reversed(range(engine.MOST_REPAIRS)):
            if to_do:
                engine.execute(
                    made.graph,
                    opened,
                    outcome,
                    jobs=jobs,
                    packages=needs,
                    environment=setting["id"],
                    begun=progress.wave,
                    watch=_watcher(progress, made),
                    seconds=_seconds(opened),
                    first=known,
                    warn=progress.warned,
                    crew=crew,
                    keepers=keepers,
                )
                _remember_seconds(opened, outcome.seconds)
            found = known.found if known is not None else {}
            seen = {key: held for key, held in found.items() if key not in outcome.computed}
            results = results_of(made, opened, outcome, setting["id"], started, seen)
            try:
                write_tables(path, results, made, opened)
                break
            except DamagedObject:  # it was set aside, and is made again
                if not again:
                    raise
                to_do, known = True, None
    write_failures(path, results, made, outcome)
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
    import pyarrow as pa

    try:
        return pd.read_parquet(file)
    except (OSError, ValueError, pa.ArrowException) as cause:
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


def _watcher(progress: Progress, made: Plan) -> engine.Watcher:
    def watch(chunk: Chunk, answer: Answer) -> None:
        if answer.status in BAD:
            progress.failed(chunk.label, answer.error_type, answer.error_message)
        progress.advanced(chunk.label, answer.seconds, answer.stage)

    return watch


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
