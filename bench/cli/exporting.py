"""Commands that write a run for others, and run again what others wrote."""

import sys
from pathlib import Path

import click

from bench import console
from bench.cli.codes import INTERNAL, OK
from bench.cli.group import Command, Group
from bench.cli.named import found_run, opened_store
from bench.cli.options import cores, runs_option, store_option
from bench.errors import UserError

__all__ = ["export", "reproduce"]


@click.group(cls=Group)
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
@store_option
@runs_option
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

    opened_store(store)
    path = found_run(run_name, runs)
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
@runs_option
def export_mlflow(run_name: str | None, uri: str, runs: Path) -> int:
    """Log a run in MLflow: a parent, and a child for each model, task and horizon."""
    from bench.export.mlflow import to_mlflow
    from bench.runner import load_run

    count = to_mlflow(load_run(found_run(run_name, runs)), uri)
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
@runs_option
def export_wandb(run_name: str | None, folder: Path, runs: Path) -> int:
    """Write a run for Weights & Biases, offline: `wandb sync` sends it."""
    from bench.export.wandb import to_wandb
    from bench.runner import load_run

    count = to_wandb(load_run(found_run(run_name, runs)), folder)
    console.say(f"{count:,} offline runs; send them with: wandb sync --sync-all {folder / 'wandb'}")
    return OK


@click.command(cls=Command)
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
                jobs=jobs or cores(),
                progress=progress,
                where=where,
            )
        console.say(*result.lines())
    return OK if result.is_equal else INTERNAL
