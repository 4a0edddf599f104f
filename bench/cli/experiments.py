"""Commands on an experiment: evaluate it, or say what evaluating it would take."""

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from bench import console
from bench.cli.codes import INTERNAL, OK, SOME_FAILED
from bench.cli.group import Command, Group
from bench.cli.named import asked_experiment, found_run
from bench.cli.options import (
    asked_options,
    cores,
    limit_option,
    runs_option,
    store_option,
    work_options,
)
from bench.cli.outcome import show_run
from bench.console import Grid
from bench.engine.cluster import Backend
from bench.errors import UserError, one_line

if TYPE_CHECKING:
    from bench.runner import RunResult
    from bench.spec.experiment import Experiment

__all__ = ["check", "config", "plan", "retry", "run"]


class _Work(TypedDict):
    """What the commands that run an experiment are told beside it."""

    jobs: int | None
    backend: Backend
    address: str | None
    no_report: bool
    style: console.Style
    store: Path
    limit: int | None
    runs: Path


@click.command(cls=Command)
@asked_options
@work_options
@store_option
@limit_option
@runs_option
def run(
    words: tuple[str, ...],
    mode: str | None,
    where: str,
    **work: Unpack[_Work],
) -> int:
    """Evaluate an experiment.

    What the store already holds is not computed again.
    """
    return _run(asked_experiment(words, mode, where), **work)


@click.command(cls=Command)
@asked_options
@store_option
def plan(words: tuple[str, ...], mode: str | None, where: str, store: Path) -> int:
    """Say what a run would compute, and compute nothing."""
    experiment = asked_experiment(words, mode, where)
    from bench import preflight
    from bench.runner import plan as planned

    preflight.check_folders(store)
    made = planned(experiment, store=store)
    console.say(
        f"{experiment.name}, {experiment.mode} mode",
        console.planned_sentence(made.counts),
    )
    tally = Counter((cell.model, cell.task) for cell in experiment.cells())
    tasks = [task for task in experiment.tasks if any(t == task for _, t in tally)]
    models = list(dict.fromkeys(cell.model for cell in experiment.cells()))
    rows = [(m, *(f"{tally[m, t]:,}" if tally[m, t] else "·" for t in tasks)) for m in models]
    console.show([Grid("", ("cells of", *tasks), tuple(rows))])
    return OK


@click.command(cls=Command)
@asked_options
@store_option
def check(words: tuple[str, ...], mode: str | None, where: str, store: Path) -> int:
    """Say whether an experiment can work.

    Reads the file, its modules and its data, in every mode.
    """
    from bench import preflight
    from bench.runner import plan as planned
    from bench.spec.experiment import MODES

    preflight.check_folders(store)
    for chosen in MODES if mode is None else (mode,):
        experiment = asked_experiment(words, chosen, where)
        made = planned(experiment, store=store)
        console.say(f"{chosen}: ok, {made.counts['cells']:,} cells")
    return OK


@click.command(cls=Command)
@click.argument("run_name", metavar="[RUN]", required=False)
@click.option(
    "--failed", is_flag=True, required=True, help="Run the failed cells (the only choice)."
)
@work_options
@store_option
@limit_option
@runs_option
def retry(
    run_name: str | None,
    failed: bool,
    **work: Unpack[_Work],
) -> int:
    """Run once more what failed.

    RUN is a folder or the name of one, by default the newest; a new run with all its cells is
    written.
    """
    from bench.runner import load_run
    from bench.spec.experiment import Experiment

    path = found_run(run_name, work["runs"])
    n_failed = int((load_run(path).runs["status"] != "ok").sum())
    if failed and n_failed == 0:
        console.say(f"{path.name}: nothing failed")
        return OK
    # What went well is in the store and only looked up; a failure is never stored.
    return _run(Experiment.load(path / "experiment.toml", outside=True), **work)


@click.group(cls=Group)
def config() -> None:
    """Look at an experiment as it is understood."""


@config.command(name="show")
@asked_options
def config_show(words: tuple[str, ...], mode: str | None, where: str) -> int:
    """Print an experiment with nothing left to defaults, as TOML that reads back the same."""
    console.say(asked_experiment(words, mode, where).to_toml().rstrip("\n"))
    return OK


def _run(
    experiment: "Experiment",
    *,
    jobs: int | None,
    backend: Backend,
    address: str | None,
    no_report: bool,
    style: console.Style,
    store: Path,
    limit: int | None,
    runs: Path,
) -> int:
    from bench import preflight
    from bench.runner import load_run
    from bench.runner import run as evaluated

    preflight.check_folders(store, runs)
    preflight.check_sections(() if no_report else experiment.sections)
    address = address or None
    _check_engine(backend, address, jobs)
    jobs = jobs or cores()
    if style not in ("json", "quiet"):
        workers = f"{jobs} worker{'s'[: jobs != 1]}"
        if backend != "local":
            workers = f"{backend} at {address}" if address else f"{workers} of {backend}"
        console.say(
            f"{experiment.path}: {experiment.mode} mode, {workers}, store {store}",
            stream=sys.stderr,
        )
    with console.progress(style) as progress:
        result: RunResult = evaluated(
            experiment,
            jobs=jobs,
            backend=backend,
            address=address,
            store=store,
            runs=runs,
            progress=progress,
            command=f"python -m bench {' '.join(sys.argv[1:])}",
            report=not no_report,
        )
    if style not in ("json", "quiet"):
        show_run(load_run(result.path), n_failed=result.n_failed, seconds=result.seconds)
    if limit is not None:
        _hold_to(limit, store)
    if result.unreported:
        console.complain(
            f"the run is done and kept, its report is not: {result.unreported}; write it again "
            f"with: python -m bench report {result.run_id}"
        )
    if result.n_failed:
        return SOME_FAILED
    return INTERNAL if result.unreported else OK


def _hold_to(limit: int, store: Path) -> None:
    """Bring the store down to its limit and tell what was forgotten, on standard error."""
    from bench.cache.store import Store
    from bench.results.keeping import prune

    told = prune(Store(store), limit)
    if told is not None:
        console.say(f"store over its limit: {told}", stream=sys.stderr)


def _check_engine(backend: Backend, address: str | None, jobs: int | None) -> None:
    if address and backend == "local":
        raise UserError(
            f"--address {one_line(address, most=80)}: which cluster is it? Say --backend dask or "
            "--backend ray"
        )
    if address and jobs:
        raise UserError(
            f"--jobs {jobs}: a cluster at an --address has workers of its own; leave --jobs out"
        )
