"""The command line: reads words, makes one call, prints what it gave."""

import errno
import os
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from bench import console
from bench.console import Grid
from bench.engine.cluster import BACKENDS, Backend
from bench.errors import BenchError, UserError, did_you_mean, listed, one_line, unknown

if TYPE_CHECKING:
    import pandas as pd

    from bench.runner import Run, RunResult
    from bench.spec.experiment import Experiment
    from reports.document import Document

__all__ = ["cli", "main"]

F = TypeVar("F", bound=Callable[..., Any])

OK, INTERNAL, MISTAKE, SOME_FAILED, INTERRUPTED = 0, 1, 2, 3, 130

# What the machine may refuse when something is written.
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}
_MOST_ROWS = 12  # models a table of the leaderboard shows before it says how many more there are
_MOST_CAUSES = 10
_REFUSALS = ("DataError", "EvidenceError", "ScoresError", "SectionError")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    0 all went well, 1 an error of ours, 2 the asker's mistake, 3 some cells failed, 130
    interrupted (everything finished is kept).
    """
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        code = cli.main(args=words, prog_name="bench", standalone_mode=False)
    except click.Abort:
        return _interrupted()
    except KeyboardInterrupt:
        return _interrupted()
    except console.ReaderGoneError:
        return OK
    except click.ClickException as cause:
        console.complain(cause.format_message())
        return MISTAKE
    except Exception as cause:  # noqa: BLE001 - the outermost edge: whatever it is becomes one line
        return _told(cause, debug="--debug" in words)
    return code if isinstance(code, int) else OK


def _interrupted() -> int:
    console.complain("interrupted; what was finished is kept, the same command goes on from there")
    return INTERRUPTED


def _told(cause: Exception, *, debug: bool) -> int:
    if debug:
        console.say(traceback.format_exc(), stream=sys.stderr)
    if isinstance(cause, BenchError):
        console.complain(str(cause))
        return cause.exit_code
    # Errors with which dataflows, stats and reports refuse what the asker gave them.
    if type(cause).__name__ in _REFUSALS and isinstance(cause, ValueError):
        console.complain(str(cause))
        return MISTAKE
    if isinstance(cause, OSError) and cause.errno in _FULL:
        place = f" ({cause.filename})" if cause.filename else ""
        console.complain(
            f"{os.strerror(cause.errno)}{place}; what was finished is kept: make room, or name "
            "other folders with --store and --runs, and give the same command again"
        )
        return MISTAKE
    hint = "" if debug else "; the same command with --debug shows where"
    console.complain(f"{type(cause).__name__}: {one_line(cause) or 'no message'}{hint}")
    return INTERNAL


class _Command(click.Command):
    """A command that has ``--debug`` as all do."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.append(
            click.Option(
                ["--debug"],
                is_flag=True,
                expose_value=False,
                help="Show where an error came from.",
            )
        )


class _Group(click.Group):
    """A group that knows what a mistyped command might have meant."""

    command_class = _Command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0] if args else ""
        if name and not name.startswith("-") and self.get_command(ctx, name) is None:
            known = self.list_commands(ctx)
            hint = did_you_mean(name, known)
            raise UserError(
                f'no command "{one_line(name, most=60)}"{hint or f"; there are {listed(known)}"}'
            )
        return super().resolve_command(ctx, args)


_Group.group_class = _Group


def _tell_version(ctx: click.Context, option: click.Parameter, wanted: bool) -> None:
    if not wanted:
        return
    from importlib import metadata

    try:
        version = metadata.version("crossfold")
    except metadata.PackageNotFoundError:
        version = "in a checkout that is not installed"
    console.say(f"crossfold {version}")
    ctx.exit()


@click.group(
    cls=_Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 ok, 1 internal error, 2 mistake in what was asked, 3 some cells failed, "
    "130 interrupted.",
)
@click.option("--debug", is_flag=True, expose_value=False, help="Show where an error came from.")
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_tell_version,
    help="Show the version and exit.",
)
def cli() -> None:
    """Evaluate forecasting models on rolling origins, and compare them with statistics.

    An EXPERIMENT is a TOML file; without one, the weather experiment that comes with crossfold.
    Any value in it can be set for once: models.lstm.hidden=64 "matrix.horizon=[1,6]"
    """


# -- options that several commands share ---------------------------------------------------------


def _store_option(function: F) -> F:
    return click.option(
        "--store",
        type=click.Path(path_type=Path, file_okay=True),
        default=Path(".crossfold/store"),
        envvar="CROSSFOLD_STORE",
        show_default=True,
        show_envvar=True,
        help="Folder of results that are kept.",
    )(function)


def _runs_option(function: F) -> F:
    return click.option(
        "--runs",
        type=click.Path(path_type=Path),
        default=Path("runs"),
        show_default=True,
        help="Folder that holds a folder for each run.",
    )(function)


def _note_outside(ctx: click.Context, option: click.Parameter, wanted: bool) -> None:
    ctx.meta[_OUTSIDE] = wanted


_OUTSIDE = "bench.outside"

_outside_option = click.option(
    "--outside",
    is_flag=True,
    expose_value=False,
    callback=_note_outside,
    help="Let the experiment name files outside its folder.",
)


def _asked_options(function: F) -> F:
    for option in (
        _outside_option,
        click.option(
            "-k",
            "where",
            default="",
            metavar="FILTER",
            help="Only some cells: -k 'model=lstm and horizon=24'.",
        ),
        click.option(
            "--mode",
            metavar="MODE",
            help="development (small budgets) or evaluation (full).",
        ),
        click.argument("words", nargs=-1, metavar="[EXPERIMENT] [KEY=VALUE]..."),
    ):
        function = option(function)
    return function


def _work_options(function: F) -> F:
    for option in (
        click.option(
            "--progress",
            "style",
            type=click.Choice(["auto", "bars", "plain", "json", "quiet"]),
            default="auto",
            show_default=True,
            help="How to tell what goes on.",
        ),
        click.option("--no-report", is_flag=True, help="Write no report."),
        click.option(
            "--address",
            metavar="ADDRESS",
            envvar="CROSSFOLD_ADDRESS",
            show_envvar=True,
            help="Where the cluster is: Dask's scheduler or Ray's head; without it one is started "
            "on this machine.",
        ),
        click.option(
            "--backend",
            type=click.Choice(BACKENDS),
            default="local",
            envvar="CROSSFOLD_BACKEND",
            show_default=True,
            show_envvar=True,
            help="Who runs the work: processes of this machine, or a cluster's workers.",
        ),
        click.option(
            "--jobs",
            "-j",
            type=click.IntRange(1, 4096),
            default=None,
            help="Worker processes; by default one for each core.",
        ),
    ):
        function = option(function)
    return function


def _format_options(function: F) -> F:
    for option in (
        click.option(
            "--latex",
            metavar="DIR",
            type=click.Path(path_type=Path),
            help="Write tables and figures for papers, and their numbers as CSV, to a folder.",
        ),
        click.option(
            "--pdf", is_flag=False, flag_value="", metavar="[FILE]", help="Write a PDF for print."
        ),
        click.option(
            "--html", is_flag=False, flag_value="", metavar="[FILE]", help="Write a page."
        ),
    ):
        function = option(function)
    return function


# -- commands ------------------------------------------------------------------------------------


@cli.command()
@_asked_options
@_work_options
@_store_option
@_runs_option
def run(
    words: tuple[str, ...],
    mode: str | None,
    where: str,
    jobs: int | None,
    backend: Backend,
    address: str | None,
    no_report: bool,
    style: console.Style,
    store: Path,
    runs: Path,
) -> int:
    """Evaluate an experiment.

    What the store already holds is not computed again.
    """
    return _run(
        _experiment(words, mode, where),
        jobs=jobs,
        backend=backend,
        address=address,
        report=not no_report,
        style=style,
        store=store,
        runs=runs,
    )


@cli.command()
@_asked_options
@_store_option
def plan(words: tuple[str, ...], mode: str | None, where: str, store: Path) -> int:
    """Say what a run would compute, and compute nothing."""
    experiment = _experiment(words, mode, where)
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


@cli.command()
@_asked_options
@_store_option
def check(words: tuple[str, ...], mode: str | None, where: str, store: Path) -> int:
    """Say whether an experiment can work.

    Reads the file, its modules and its data, in every mode.
    """
    from bench import preflight
    from bench.runner import plan as planned
    from bench.spec.experiment import MODES

    preflight.check_folders(store)
    for chosen in MODES if mode is None else (mode,):
        experiment = _experiment(words, chosen, where)
        made = planned(experiment, store=store)
        console.say(f"{chosen}: ok, {made.counts['cells']:,} cells")
    return OK


@cli.group(name="list")
def list_() -> None:
    """List what there is.

    Models, datasets, tasks and metrics of crossfold, or the cells of an experiment.
    """


@list_.command(name="models")
def list_models() -> int:
    """List the models that come with crossfold."""
    return _list_modules("models")


@list_.command(name="datasets")
def list_datasets() -> int:
    """List the datasets that come with crossfold."""
    return _list_modules("datasets")


@list_.command(name="tasks")
def list_tasks() -> int:
    """List the tasks, each with the metric that decides unless an experiment says otherwise."""
    from bench.spec import catalogue

    rows = tuple((task, catalogue.PRIMARY[task]) for task in catalogue.TASKS)
    console.show([Grid("", ("task", "primary metric"), rows, left=2)])
    return OK


@list_.command(name="metrics")
def list_metrics() -> int:
    """List the metrics of each task."""
    from bench.spec import catalogue

    rows = tuple((task, ", ".join(names)) for task, names in catalogue.METRICS.items())
    console.show([Grid("", ("task", "metrics"), rows, left=2)])
    return OK


@list_.command(name="cells")
@_asked_options
def list_cells(words: tuple[str, ...], mode: str | None, where: str) -> int:
    """List the cells of an experiment, one id and slug a line."""
    cells = _experiment(words, mode, where).cells()
    console.say(*(f"{cell.id}  {cell.slug}" for cell in cells))
    return OK


@cli.command()
@click.argument("source", metavar="[RUN | SCORES]", required=False)
@_format_options
@click.option(
    "--higher-is-better",
    is_flag=True,
    help="For a table of scores; a run knows it of its metrics.",
)
@click.option(
    "--section",
    "sections",
    metavar="NAME|FILE",
    multiple=True,
    help="A section, all of them (all), or a Python file with section(findings); repeat it.",
)
@click.option(
    "--cell",
    "cells",
    metavar="ID",
    multiple=True,
    help="A cell to show from near, by the beginning of its identifier; repeat it.",
)
@_runs_option
def report(
    source: str | None,
    html: str | None,
    pdf: str | None,
    latex: Path | None,
    higher_is_better: bool,
    sections: tuple[str, ...],
    cells: tuple[str, ...],
    runs: Path,
) -> int:
    """Write the report of a run again, or of a table of scores.

    RUN is a folder or the name of one, by default the newest. SCORES is a CSV, TSV or Parquet
    file: a row for each data set, its name first, and a column for each model. Without a format it
    is HTML and PDF.
    """
    import reports
    from reports.scores import ENDINGS

    if html is None and pdf is None and latex is None:
        html = pdf = ""
    # A folder with such a name is a run.
    table = source is not None and source.lower().endswith(ENDINGS) and not Path(source).is_dir()
    if source is not None and table:
        if cells:
            raise UserError("--cell is for a run; a table of scores has none")
        home = Path(source).with_suffix("")
        targets = _targets(home, html, pdf)
        document = reports.build(
            reports.read_scores(source),
            higher_is_better=higher_is_better,
            sections=sections or None,
        )
    else:
        if higher_is_better:
            raise UserError("--higher-is-better is for a table of scores; a run knows it already")
        path = _found_run(source, runs)
        targets = _targets(path / "report", html, pdf)
        document = reports.build(path, sections=sections or None, cells=cells)
    _write(document, targets, latex)
    return OK


@cli.command()
@click.argument("run_name", metavar="[RUN]", required=False)
@_runs_option
def status(run_name: str | None, runs: Path) -> int:
    """Tell how a run went, or how far it is.

    RUN is a folder or the name of one, by default the newest.
    """
    going_on = _unfinished(runs, run_name)
    if going_on is not None:
        console.say(*_log_summary(going_on))
        return OK
    from bench.runner import load_run

    found = load_run(_found_run(run_name, runs))
    manifest = found.manifest
    console.say(
        f"{manifest['run_id']}: {manifest['experiment']}, {manifest['mode']} mode, "
        f"started {manifest['started']}",
    )
    _show_run(found, n_failed=int(manifest["counts"]["failed"]), seconds=manifest["seconds"])
    return OK


@cli.command()
@click.argument("run_name", metavar="[RUN]", required=False)
@click.option(
    "--failed", is_flag=True, required=True, help="Run the failed cells (the only choice)."
)
@_work_options
@_store_option
@_runs_option
def retry(
    run_name: str | None,
    failed: bool,
    jobs: int | None,
    backend: Backend,
    address: str | None,
    no_report: bool,
    style: console.Style,
    store: Path,
    runs: Path,
) -> int:
    """Run once more what failed.

    RUN is a folder or the name of one, by default the newest; a new run with all its cells is
    written.
    """
    from bench.runner import load_run
    from bench.spec.experiment import Experiment

    path = _found_run(run_name, runs)
    n_failed = int((load_run(path).runs["status"] != "ok").sum())
    if failed and n_failed == 0:
        console.say(f"{path.name}: nothing failed")
        return OK
    # What went well is in the store and only looked up; a failure is never stored.
    return _run(
        Experiment.load(path / "experiment.toml", outside=True),
        jobs=jobs,
        backend=backend,
        address=address,
        report=not no_report,
        style=style,
        store=store,
        runs=runs,
    )


@cli.command()
@click.argument("cell_name", metavar="CELL")
@click.option("--run", "run_name", metavar="RUN", help="A run, by default the newest.")
@click.option("--node", default="predictions", show_default=True, help="Which result of the cell.")
@click.option(
    "--as",
    "form",
    type=click.Choice(["text", "json", "dot", "svg", "prov"]),
    default="text",
    show_default=True,
    help="A tree to read, the graph as JSON, for Graphviz, as a picture, or as PROV-JSON.",
)
@_store_option
@_runs_option
def lineage(
    cell_name: str, run_name: str | None, node: str, form: str, store: Path, runs: Path
) -> int:
    """Tell what a result was made of, down to the raw data.

    CELL is the id or the slug of a cell, as `bench list cells` gives them, or a part that only
    one cell has.
    """
    import json

    from bench.cache.lineage import lineage as traced
    from bench.cache.picture import to_svg
    from bench.cache.provenance import prov_json
    from bench.results.recipes import read_recipes

    opened = _opened(store)
    made = read_recipes(_found_run(run_name, runs))
    keys = made.outputs[made.cell(cell_name)]
    if node not in keys:
        raise unknown("node", node, keys, where="--node")
    found = traced(opened, keys[node], planned=made.recipes)
    if form == "text":
        console.say(*found.lines())
    elif form == "dot":
        console.say(found.to_dot())
    elif form == "svg":
        console.say(to_svg(found).rstrip("\n"))
    else:
        console.say(json.dumps(prov_json(found) if form == "prov" else found.to_dict(), indent=1))
    return OK


@cli.command()
@click.argument("cell_name", metavar="CELL")
@click.argument("words", nargs=-1, metavar="[EXPERIMENT] [KEY=VALUE]...")
@_outside_option
@click.option("--run", "run_name", metavar="RUN", help="A run, by default the newest.")
@_store_option
@_runs_option
def explain(
    cell_name: str, words: tuple[str, ...], run_name: str | None, store: Path, runs: Path
) -> int:
    """Say why each step of a cell would be served or computed now.

    Compares the code, values and files as they are with those of a run. Without an EXPERIMENT it
    is the run's own. CELL is the id or the slug of a cell, or a part that only one has.
    """
    from bench import inquiry
    from bench.spec.experiment import Experiment

    _opened(store)
    path = _found_run(run_name, runs)
    if words and "=" not in words[0]:
        experiment = _experiment(words, _mode_of(path), "")
    else:
        experiment = Experiment.load(path / "experiment.toml", overrides=words, outside=True)
    console.say(*inquiry.explain(path, cell_name, store=store, experiment=experiment).lines())
    return OK


@cli.command()
@click.argument("before", metavar="RUN_A")
@click.argument("after", metavar="RUN_B")
@_format_options
@click.option("--json", "as_json", is_flag=True, help="Print all of it as JSON.")
@_store_option
@_runs_option
def compare(
    before: str,
    after: str,
    html: str | None,
    pdf: str | None,
    latex: Path | None,
    as_json: bool,
    store: Path,
    runs: Path,
) -> int:
    """Say what was changed between two runs, and what came of it.

    Settings, data, code, packages and environment; scores, verdicts of the tests that flip, and
    cells that went another way.
    """
    import json

    from bench.comparison import compare as compared

    paths = (_found_run(before, runs), _found_run(after, runs))
    home = Path(f"{paths[0].resolve().name}-{paths[1].resolve().name}")
    targets = _targets(home, html, pdf)
    found = compared(*paths, store=store)
    if targets or latex is not None:
        _write(found.document(), targets, latex)
    if as_json:
        console.say(json.dumps(found.to_dict(), indent=1, allow_nan=False))
    elif not targets and latex is None:
        console.say(*found.lines())
    return OK


@cli.command()
@click.argument("run_name", metavar="[RUN]", required=False)
@click.option(
    "--sample",
    type=click.IntRange(1),
    default=3,
    show_default=True,
    help="How many cells are computed again.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Chooses the sample.")
@click.option(
    "--jobs", "-j", type=click.IntRange(1, 4096), default=1, help="Worker processes; by default 1."
)
@_store_option
@_runs_option
def verify(run_name: str | None, sample: int, seed: int, jobs: int, store: Path, runs: Path) -> int:
    """Compute some cells of a run again, from the raw data, and compare bytes.

    Exits with 1 when a value differs from the stored one.
    """
    from bench import inquiry

    _opened(store)
    found = inquiry.verify(
        _found_run(run_name, runs), store=store, sample=sample, seed=seed, jobs=jobs
    )
    console.say(
        *found.differing,
        f"{len(found.cells)} cells computed again: {found.n_steps} stored values compared, "
        f"{len(found.differing)} differ",
    )
    return INTERNAL if found.differing else OK


@cli.group()
def export() -> None:
    """Write a run for other programs and people."""


@export.command(name="ro-crate")
@click.argument("run_name", metavar="[RUN]", required=False)
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path),
    help="A new folder or .zip; by default RUN.zip.",
)
@click.option("--no-data", is_flag=True, help="Leave the data files of your own out.")
@click.option("--licence", default="", help="How others may use it: a name or an address.")
@click.option("--author", default="", help="Who made the run: a name.")
@_store_option
@_runs_option
def export_crate(
    run_name: str | None,
    target: Path | None,
    no_data: bool,
    licence: str,
    author: str,
    store: Path,
    runs: Path,
) -> int:
    """Write a run as an RO-Crate: experiment, results, code and data, for `bench reproduce`.

    RUN is a folder or the name of one, by default the newest.
    """
    from bench.export.rocrate import write_crate

    _opened(store)
    path = _found_run(run_name, runs)
    made = write_crate(
        path,
        target or Path(f"{path.name}.zip"),
        store=store,
        with_data=not no_data,
        licence=licence,
        author=author,
    )
    console.say(f"crate: {made}")
    return OK


@export.command(name="mlflow")
@click.argument("run_name", metavar="[RUN]", required=False)
@click.option(
    "--to",
    "uri",
    default="http://127.0.0.1:5000",
    envvar="MLFLOW_TRACKING_URI",
    show_default=True,
    show_envvar=True,
    help="The tracking server.",
)
@_runs_option
def export_mlflow(run_name: str | None, uri: str, runs: Path) -> int:
    """Log a run in MLflow: a parent, and a child for each model, task and horizon."""
    from bench.export.mlflow import to_mlflow
    from bench.runner import load_run

    count = to_mlflow(load_run(_found_run(run_name, runs)), uri)
    console.say(f"{count:,} runs below one parent in {uri}")
    return OK


@export.command(name="wandb")
@click.argument("run_name", metavar="[RUN]", required=False)
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="The folder that gets a folder wandb; by default here.",
)
@_runs_option
def export_wandb(run_name: str | None, folder: Path, runs: Path) -> int:
    """Write a run for Weights & Biases, offline: `wandb sync` sends it."""
    from bench.export.wandb import to_wandb
    from bench.runner import load_run

    count = to_wandb(load_run(_found_run(run_name, runs)), folder)
    console.say(f"{count:,} offline runs; send them with: wandb sync --sync-all {folder / 'wandb'}")
    return OK


@cli.command()
@click.argument("crate", metavar="CRATE", type=click.Path(path_type=Path, exists=True))
@click.option("-k", "where", default="", metavar="FILTER", help="Only some cells.")
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder that keeps the new run and its store; by default neither is kept.",
)
@click.option("--yes", is_flag=True, help="Run the code that the crate brings without asking.")
@click.option("--jobs", "-j", type=click.IntRange(1, 4096), help="Worker processes.")
def reproduce(crate: Path, where: str, into: Path | None, yes: bool, jobs: int | None) -> int:
    """Run a crate again and say what differs.

    Says first what will run. Code that the crate brings runs only when you agree: it can do
    whatever you can. Exits with 1 when something differs.
    """
    import tempfile

    from bench.export.archive import opened
    from bench.export.reproduce import inspected
    from bench.export.reproduce import reproduce as reproduced

    with opened(crate) as folder, tempfile.TemporaryDirectory(prefix="bench-again-") as scratch:
        found = inspected(folder)
        console.say(*found.lines())
        if found.brings_code and not yes:
            if not sys.stdin.isatty():
                raise UserError("the crate brings code; read it, and say --yes to run it")
            click.confirm("Run this code?", abort=True)
        place = into or Path(scratch)
        with console.progress("plain") as progress:
            result = reproduced(
                found,
                store=place / "store",
                runs=place / "runs",
                jobs=jobs or _cores(),
                progress=progress,
                where=where,
            )
        console.say(*result.lines())
    return OK if result.is_equal else INTERNAL


@cli.group()
def config() -> None:
    """Look at an experiment as it is understood."""


@config.command(name="show")
@_asked_options
def config_show(words: tuple[str, ...], mode: str | None, where: str) -> int:
    """Print an experiment with nothing left to defaults, as TOML that reads back the same."""
    console.say(_experiment(words, mode, where).to_toml().rstrip("\n"))
    return OK


@cli.group()
def cache() -> None:
    """Look after the store of results."""


@cache.command(name="info")
@_store_option
def cache_info(store: Path) -> int:
    """Tell what the store holds."""
    from bench.spec.size import size_text

    facts = _opened(store).info()
    rows = tuple(
        (key, size_text(value) if key == "bytes" and isinstance(value, int) else str(value))
        for key, value in facts.items()
    )
    console.show([Grid("", ("store", ""), rows, left=2)])
    return OK


@cache.command(name="prune")
@click.option(
    "--max-size", required=True, metavar="SIZE", help="What may stay, such as 500MB or 2GB."
)
@_store_option
@_runs_option
def cache_prune(max_size: str, store: Path, runs: Path) -> int:
    """Forget what was used longest ago until the store fits a size.

    The results of the runs in --runs stay, whatever their age; remove a run's folder to let them
    go.
    """
    from bench.results.recipes import OUTPUTS, output_keys
    from bench.spec.size import read_size, size_text

    limit = read_size(max_size, where="--max-size")
    opened = _opened(store)
    kept = [table.parent for table in runs.glob(f"*/{OUTPUTS}") if not table.parent.is_symlink()]
    facts = opened.prune(limit, keep=set().union(*map(output_keys, kept)))
    removed, freed, left = (int(facts[name]) for name in ("removed", "freed", "bytes"))
    console.say(f"{removed:,} results forgotten, {size_text(freed)} freed, {size_text(left)} left")
    if left > limit:
        several = f"{len(kept)} run{'s'[: len(kept) != 1]}"
        console.say(
            f"more than {max_size}, because what the {several} in {runs} need stays; "
            "remove the folders of runs that may go"
        )
    return OK


@cache.command(name="verify")
@_store_option
def cache_verify(store: Path) -> int:
    """Read every byte of the store.

    Damaged objects are set aside, and computed again when needed.
    """
    damaged = _opened(store).verify()
    console.say(*damaged, f"{len(damaged)} damaged")
    return INTERNAL if damaged else OK


# -- what commands share -------------------------------------------------------------------------


def _run(
    experiment: "Experiment",
    *,
    jobs: int | None,
    backend: Backend,
    address: str | None,
    report: bool,
    style: console.Style,
    store: Path,
    runs: Path,
) -> int:
    from bench import preflight
    from bench.runner import load_run
    from bench.runner import run as evaluated

    preflight.check_folders(store, runs)
    preflight.check_sections(experiment.sections if report else ())
    address = address or None
    _check_engine(backend, address, jobs)
    jobs = jobs or _cores()
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
            report=report,
        )
    if style not in ("json", "quiet"):
        _show_run(load_run(result.path), n_failed=result.n_failed, seconds=result.seconds)
    if result.unreported:
        console.complain(
            f"the run is done and kept, its report is not: {result.unreported}; write it again "
            f"with: python -m bench report {result.run_id}"
        )
    if result.n_failed:
        return SOME_FAILED
    return INTERNAL if result.unreported else OK


def _targets(home: Path, html: str | None, pdf: str | None) -> dict[str, Path]:
    """Return the file of each format; one without a name goes beside the other, or to `home`."""
    from bench import preflight

    if html or pdf:
        home = Path(html or pdf or "").with_suffix("")
    found: dict[str, Path] = {}
    for form, name in (("html", html), ("pdf", pdf)):
        if name is None:
            continue
        if name and not name.lower().endswith(f".{form}"):
            raise UserError(
                f'--{form}: "{one_line(name, most=80)}" does not end in .{form}; what is reported '
                f"on comes before the options"
            )
        found[form] = Path(name) if name else home.with_name(f"{home.name}.{form}")
        if found[form].is_dir():
            raise UserError(f"--{form}: {found[form]} is a folder")
        preflight.check_folders(found[form].absolute().parent)
    return found


def _write(document: "Document", targets: Mapping[str, Path], latex: Path | None) -> None:
    """Write a document in each format, and say where it is."""
    from bench import preflight

    if latex is not None:
        preflight.check_folders(latex.absolute())
    writers = {"html": document.to_html, "pdf": document.to_pdf}
    try:
        for form, target in targets.items():
            console.say(f"report: {writers[form](target)}")
        if latex is not None:
            console.say(f"report: {document.to_latex(latex)}")
    except (OSError, ImportError) as cause:
        raise UserError(f"the report cannot be written: {one_line(cause)}") from cause


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


def _experiment(words: Sequence[str], mode: str | None, where: str) -> "Experiment":
    """Return the experiment that words on the command line name: a file first, then overrides."""
    from bench import preflight

    preflight.check_packages()
    from bench.spec.experiment import MODES, Experiment

    if mode is not None and mode not in MODES:
        raise unknown("mode", mode, MODES, where="--mode")
    first = [] if not words or "=" in words[0] else [words[0]]
    overrides = words[len(first) :]
    path = _relative(Path(first[0]) if first else _default_experiment())
    outside = bool(click.get_current_context().meta.get(_OUTSIDE))
    return Experiment.load(path, mode=mode, overrides=overrides, where=where, outside=outside)


def _default_experiment() -> Path:
    """Return weather.toml of the checkout, else the copy that was installed."""
    checkout = Path(__file__).resolve().parents[1] / "experiments" / "weather.toml"
    if checkout.is_file():
        return checkout
    from importlib import metadata

    try:
        files = metadata.files("crossfold") or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.match("crossfold/experiments/weather.toml"):
            return Path(str(file.locate())).resolve()
    raise UserError("no default experiment is installed; name an experiment file")


def _relative(path: Path) -> Path:
    """Return a path as short as it can be, for messages."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _opened(store: Path) -> Any:
    from bench.cache.store import Store

    if not store.is_dir():
        raise UserError(f"{store}: no store there; a run makes one")
    return Store(store, create=False)


def _found_run(name: str | None, runs: Path) -> Path:
    if name is None:
        from bench.runner import latest

        return latest(runs)
    for path in (Path(name), runs / name):
        if (path / "manifest.json").is_file():
            return path
    known = sorted(p.parent.name for p in runs.glob("*/manifest.json"))
    hint = did_you_mean(name, known)
    raise UserError(
        f'no finished run "{one_line(name, most=80)}" in {runs}'
        f"{hint or f'; there are {listed(reversed(known), most=5)}'}"
    )


def _mode_of(run: Path) -> str:
    import json

    return str(json.loads((run / "manifest.json").read_text(encoding="utf-8"))["mode"])


def _unfinished(runs: Path, name: str | None) -> Path | None:
    """Return the folder of a run that goes on or was stopped: the named one, or the newest."""
    folders = [Path(name), runs / name] if name is not None else list(runs.glob("*/"))
    logs = [folder / "log.jsonl" for folder in folders if not folder.is_symlink()]
    there = sorted((log.stat().st_mtime, log) for log in logs if log.is_file())
    if not there:
        return None
    newest = there[-1][1].parent
    return None if (newest / "manifest.json").is_file() else newest


def _log_summary(folder: Path) -> list[str]:
    """Return what the log of an unfinished run says."""
    import json
    import time

    log = folder / "log.jsonl"
    waves: list[dict[str, Any]] = []
    done, n_failed, stopped = 0, 0, ""
    for line in log.read_text(encoding="utf-8").splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue  # the last line of a killed run may be half a line
        if event["event"] == "wave":
            waves.append(event)
            done = 0
        done += event["event"] == "advanced"
        n_failed += event["event"] == "failed"
        if event["event"] == "stopped":
            stopped = f"stopped ({event['reason']})"
    ago = console.duration(max(time.time() - log.stat().st_mtime, 0.0))
    state = stopped or f"not finished; last heard of {ago} ago"
    lines = [f"{folder.name}: {state}"]
    if waves:
        last = waves[-1]
        lines.append(
            f"wave {last['index'] + 1}/{last['n_waves']}: {done:,}/{last['n_chunks']:,}, "
            f"{n_failed:,} failed"
        )
    return lines


def _show_run(found: "Run", *, n_failed: int, seconds: float) -> None:
    """Print the leaderboard of a run, what failed and where the files are."""
    from bench.results.leaderboard import standings

    manifest = found.manifest
    boards = standings(found.runs, found.scores, primary=manifest["primary"])
    several = len({board.dataset for board in boards}) > 1
    groups: dict[tuple[str, str], list[Any]] = {}
    for board in boards:
        groups.setdefault((board.dataset, board.task), []).append(board)
    for group in groups.values():
        # A score with its rank takes 16 columns: four horizons fill a line with the names.
        for start in range(0, len(group), 3):
            console.show(
                [_board(group[start : start + 3], str(manifest["reference"]), named=several)],
                width=80,
            )
            console.say("")
    counts = manifest["counts"]
    console.say(
        f"{counts['cells']:,} cells: {counts['ok']:,} ok, {n_failed:,} failed, "
        f"{counts['computed']:,} of {counts['distinct']:,} distinct nodes computed, "
        f"{console.duration(seconds)}"
    )
    if n_failed:
        console.say(*_failures(found.runs), f"why, in full: {_relative(found.path)}/failures/")
    folder = _relative(found.path)
    page = folder / "report.html"
    console.say(f"report: {page}" if page.is_file() else f"tables: {folder}")


def _board(boards: Sequence[Any], reference: str, *, named: bool) -> Grid:
    """Return the table of one task: a row for each model, a column for each horizon."""
    import pandas as pd

    first = boards[0]
    ranks = pd.concat([b.table["rank"] for b in boards], axis="columns")
    order = ranks.mean(axis="columns", skipna=False).sort_values(kind="stable", na_position="last")
    shown = list(order.index[:_MOST_ROWS])
    if reference in order.index and reference not in shown:
        shown.append(reference)
    rows = tuple((name, *(_score(b.table.loc[name]) for b in boards)) for name in shown)
    better = "higher" if first.higher_is_better else "lower"
    targets = f"{first.n_targets} target{'s'[: first.n_targets != 1]}"
    more = len(order) - len(shown)
    notes = [f"and {more} more models, in the report"] if more else []
    if ranks.isna().any(axis=None):
        notes.append("– no rank: a target or fold is missing")
    return Grid(
        f"{f'{first.dataset} · ' if named else ''}{first.task}: {first.metric}, {better} is better,"
        f" mean over {targets} (mean rank)",
        ("model", *(f"h={b.horizon}" for b in boards)),
        rows,
        note="; ".join(notes),
    )


def _score(row: "pd.Series[Any]") -> str:
    score, rank = row["score"], row["rank"]
    shown = "–" if score != score else f"{score:.4f}" if abs(score) < 1000 else f"{score:.5g}"
    return f"{shown} {'(–)' if rank != rank else f'({rank:.1f})':>6}"


def _failures(runs: "pd.DataFrame") -> list[str]:
    """Return a line for each cause, the most frequent first, with a cell that shows it."""
    bad = runs[runs["status"] != "ok"]
    causes: dict[tuple[str, str, str], list[str]] = {}
    for row in bad.itertuples():
        key = (str(row.variant), str(row.error_type), one_line(row.error_message, most=120))
        causes.setdefault(key, []).append(str(row.slug))
    ordered = sorted(causes.items(), key=lambda item: -len(item[1]))
    lines = [
        f"✗ {variant}, {len(slugs)} cell{'s'[: len(slugs) != 1]}: {kind}: {message} "
        f"(as in {slugs[0]})"
        for (variant, kind, message), slugs in ordered[:_MOST_CAUSES]
    ]
    if len(ordered) > _MOST_CAUSES:
        lines.append(f"✗ and {len(ordered) - _MOST_CAUSES} more causes, in runs.parquet")
    return lines


def _list_modules(kind: Any) -> int:
    from bench.spec import catalogue

    rows = tuple((name, catalogue.summary(kind, name)) for name in catalogue.available(kind))
    console.show([Grid("", (str(kind).removesuffix("s"), ""), rows, left=2)])
    return OK
