"""Options that several commands share."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from bench.engine.cluster import BACKENDS

__all__ = [
    "OUTSIDE",
    "asked_options",
    "cores",
    "format_options",
    "limit_option",
    "outside_option",
    "runs_option",
    "store_option",
    "work_options",
]

F = TypeVar("F", bound=Callable[..., Any])

OUTSIDE = "bench.outside"  # where click keeps whether --outside was said


def store_option(function: F) -> F:
    """Let a command say where the store is."""
    return click.option(
        "--store",
        type=click.Path(path_type=Path, file_okay=True),
        default=Path(".crossfold/store"),
        envvar="CROSSFOLD_STORE",
        show_default=True,
        show_envvar=True,
        help="Folder of results that are kept.",
    )(function)


def _limit(ctx: click.Context, option: click.Parameter, text: str | None) -> int | None:
    from bench.spec.size import read_size

    named = ctx.get_parameter_source(str(option.name))
    where = "--store-limit" if named is ParameterSource.COMMANDLINE else "CROSSFOLD_STORE_LIMIT"
    return read_size(text, where=where) if text else None


def limit_option(function: F) -> F:
    """Let a command say how large the store may become."""
    return click.option(
        "--store-limit",
        "limit",
        metavar="SIZE",
        envvar="CROSSFOLD_STORE_LIMIT",
        show_envvar=True,
        callback=_limit,
        help="What the store may take, such as 20GB: at the end, what was used longest ago is "
        "forgotten, but nothing that a run needs.",
    )(function)


def runs_option(function: F) -> F:
    """Let a command say where the runs are."""
    return click.option(
        "--runs",
        type=click.Path(path_type=Path),
        default=Path("runs"),
        show_default=True,
        help="Folder that holds a folder for each run.",
    )(function)


def _note_outside(ctx: click.Context, option: click.Parameter, wanted: bool) -> None:
    ctx.meta[OUTSIDE] = wanted


outside_option = click.option(
    "--outside",
    is_flag=True,
    expose_value=False,
    callback=_note_outside,
    help="Let the experiment name files outside its folder.",
)


def asked_options(function: F) -> F:
    """Let a command name an experiment, its mode and some of its cells."""
    for option in (
        outside_option,
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


def work_options(function: F) -> F:
    """Let a command say who computes, and what is shown meanwhile."""
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


def format_options(function: F) -> F:
    """Let a command choose the formats of a document."""
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


def cores() -> int:
    """Return how many processes work when ``--jobs`` is not given."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
