"""A store brought down to a size, without what the runs that are kept need."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bench.cache import care
from bench.cache.store import DAY, Store
from bench.cache.usage import folders, pruning, running_since
from bench.errors import UserError, listed
from bench.results.recipes import OUTPUTS, output_keys
from bench.spec.size import size_text

__all__ = ["Pruned", "prune"]


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was forgotten, and why it was not more.

    Parameters
    ----------
    removed : int
        Results that were forgotten.
    freed, left : int
        Bytes.
    reason : str
        Why the store is larger than was asked for; empty where it is not.
    """

    removed: int
    freed: int
    left: int
    reason: str

    def __str__(self) -> str:
        said = (
            f"{self.removed:,} results forgotten, {size_text(self.freed)} freed, "
            f"{size_text(self.left)} left"
        )
        return f"{said}; {self.reason}" if self.reason else said


def prune(store: Store, max_bytes: int, *, runs: Iterable[Path] = ()) -> Pruned | None:
    """Forget what was used longest ago until a store fits a size.

    What stays whatever its age: the results of runs in the folders that the store was used for,
    as long as they are there, and what a run that goes on now may have found.

    Parameters
    ----------
    store : Store
    max_bytes : int
        What records and objects may take.
    runs : iterable of Path
        More folders of runs.

    Returns
    -------
    Pruned or None
        None where the store is not larger.
    """
    size = care.size(store)
    if size <= max_bytes:
        return None
    with pruning(store) as mine:
        if not mine:
            return Pruned(0, 0, size, "another process is pruning it")
        known = folders(store)
        if known.unseen:
            gone = "; remove its note in the store's folder `users` if it is gone"
            return Pruned(
                0, 0, size, f"what {listed(known.unseen, most=2)} needs is not known{gone}"
            )
        tables = {
            table.resolve()
            for folder in {*known.here, *(path.resolve() for path in runs)}
            for table in folder.glob(f"*/{OUTPUTS}")
            if not table.parent.is_symlink()
        }
        try:
            keep: set[str] = set().union(*(output_keys(table.parent) for table in tables))
        except UserError as cause:
            return Pruned(0, 0, size, str(cause))
        since = running_since(store)
        # A record's time of last use is kept to the day.
        facts = care.prune(
            store, max_bytes, keep=keep, since=math.inf if since is None else since - DAY
        )
    removed, freed, left = (int(facts[name]) for name in ("removed", "freed", "bytes"))
    reason = ""
    if left > max_bytes:
        homes = listed(sorted({str(table.parents[1]) for table in tables}), most=2)
        runs_need = (
            f"{len(tables):,} run{'s'[: len(tables) != 1]} in {homes} need{'s'[: len(tables) == 1]}"
        )
        reason = f"more than {size_text(max_bytes)}, because " + (
            f"what {runs_need} stays; remove the folders of runs that may go"
            if since is None
            else "other runs are using it"
        )
    return Pruned(removed, freed, left, reason)
