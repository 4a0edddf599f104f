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

    The results of the runs in --runs stay, whatever their age; remove a run's folder to let them
    go.
    """
    from bench.results.recipes import OUTPUTS, output_keys
    from bench.spec.size import read_size, size_text

    limit = read_size(max_size, where="--max-size")
    opened = opened_store(store)
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
@store_option
def cache_verify(store: Path) -> int:
    """Read every byte of the store.

    Damaged objects are set aside, and computed again when needed.
    """
    damaged = opened_store(store).verify()
    console.say(*damaged, f"{len(damaged)} damaged")
    return INTERNAL if damaged else OK
