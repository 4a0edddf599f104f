"""Commands that look after the store of results."""

from pathlib import Path

import click

from bench import console
from bench.cli.codes import INTERNAL, OK
from bench.cli.group import Group
from bench.cli.named import opened_store
from bench.cli.options import runs_option, store_option
from bench.console import Grid

__all__ = ["cache"]


@click.group(cls=Group)
def cache() -> None:
    """Look after the store of results."""


@cache.command(name="info")
@store_option
def cache_info(store: Path) -> int:
    """Tell what the store holds."""
    from bench.spec.size import size_text

    facts = opened_store(store).info()
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
@store_option
@runs_option
def cache_prune(max_size: str, store: Path, runs: Path) -> int:
    """Forget what was used longest ago until the store fits a size.

    The results of runs stay, whatever their age, in --runs and wherever else runs used the store;
    remove a run's folder to let them go.
    """
    from bench.cache.care import size
    from bench.results.keeping import prune
    from bench.spec.size import read_size, size_text

    limit = read_size(max_size, where="--max-size")
    opened = opened_store(store)
    told = prune(opened, limit, runs=[runs])
    console.say(f"it fits: {size_text(size(opened))}" if told is None else str(told))
    return OK


@cache.command(name="verify")
@store_option
def cache_verify(store: Path) -> int:
    """Read every byte of the store.

    Damaged objects are set aside, and computed again when needed.
    """
    damaged = opened_store(store).verify()
    console.say(*damaged, f"{len(damaged)} damaged")
    return INTERNAL if damaged else OK
