"""The size of a store: counted, and brought down to a limit by forgetting what is old."""

# Plain strings: a path object costs as much as the system call it leads to.
# ruff: noqa: PTH104, PTH108, PTH116

import contextlib
import math
import os
import time
from collections.abc import Collection
from typing import TYPE_CHECKING

from blake3 import blake3

from bench.cache import files
from bench.cache.layout import FORMAT, SCRATCH
from bench.cache.plain import JSON
from bench.cache.records import Record, is_key

if TYPE_CHECKING:
    from bench.cache.store import Store

__all__ = ["digest_of", "info", "prune", "size"]

GRACE = 3600.0  # seconds in which an object without a record may be about to get one
COARSE = 0.02  # seconds by which the clock of a file system may be behind


def digest_of(path: str) -> str:
    """Return the full digest of a file's bytes."""
    state = blake3(max_threads=1)
    state.update_mmap(path)
    return state.hexdigest()


def info(store: "Store") -> dict[str, JSON]:
    """Return how many records, objects and sources a store has, and how big they are."""
    counts: dict[str, JSON] = {"root": str(store.root), "format": FORMAT}
    size = 0
    for name, folder in (("records", "ac"), ("objects", "cas"), ("sources", "src")):
        sizes = [entry.stat().st_size for entry in store.entries(folder)]
        counts[name] = len(sizes)
        size += sum(sizes)
    counts["bytes"] = size
    counts["quarantined"] = sum(1 for _ in files.entries(str(store.root / "quarantine")))
    return counts


def size(store: "Store") -> int:
    """Return the bytes of records and objects, which is what pruning goes by."""
    found = 0
    for folder in ("ac", "cas"):
        for entry in store.entries(folder):
            with contextlib.suppress(FileNotFoundError):  # another process prunes
                found += entry.stat().st_size
    return found


def prune(
    store: "Store", max_bytes: int, *, keep: Collection[str] = (), since: float = math.inf
) -> dict[str, JSON]:
    """Forget records, longest unused first, until they and their objects fit.

    Damaged files that were set aside are removed as well. An object that is written, or given to
    another record, while this goes on stays.

    Parameters
    ----------
    store : Store
        The store.
    max_bytes : int
        What records and objects may take.
    keep : collection of str
        Keys that stay whatever their age, such as those that a kept run's report needs.
    since : float
        Records that were used since this time stay.

    Returns
    -------
    dict
        ``removed`` records, ``freed`` bytes, ``bytes`` left.
    """
    begin = time.time()
    kept = set(keep)
    ages: list[tuple[float, str, int, Record]] = []
    for entry in store.entries("ac"):
        record = store.peek(entry.name) if is_key(entry.name) else None
        if record is not None:
            with contextlib.suppress(FileNotFoundError):
                found = entry.stat()
                ages.append((found.st_mtime, entry.name, found.st_size, record))
    ages.sort(key=lambda row: row[:2])
    objects = {record.blob: record.nbytes for *_, record in ages if record.blob is not None}
    users = dict.fromkeys(objects, 0)
    for *_, record in ages:
        if record.blob is not None:
            users[record.blob] += 1
    total = sum(objects.values()) + sum(row[2] for row in ages)
    removed, freed = 0, 0
    wanted = total  # what is left when no object is put back
    for used, key, length, record in ages:
        if wanted <= max_bytes or used >= since:
            break
        if key in kept:
            continue
        files.unlink(store.path("ac", key))
        removed += 1
        wanted -= length
        total -= length
        freed += length
        if record.blob is not None:
            users[record.blob] -= 1
            if users[record.blob] == 0:
                wanted -= objects[record.blob]
    named, strange = _collect(store, users, begin)
    return {
        "removed": removed,
        "freed": freed + named + strange + _discard(store),
        "bytes": total - named,
    }


def _discard(store: "Store") -> int:
    """Remove what was set aside; return its bytes."""
    freed = 0
    for entry in files.entries(str(store.root / "quarantine")):
        freed += entry.stat().st_size
        files.unlink(entry.path)
    return freed


def _collect(store: "Store", users: dict[str, int], begin: float) -> tuple[int, int]:
    """Remove the objects no record names; return their bytes, and of those that never had one."""
    named = strange = 0
    for entry in store.entries("cas"):
        count = users.get(entry.name)
        if count is not None and count > 0:
            continue
        limit = begin - (COARSE if count == 0 else GRACE)
        length = _removed(entry.path, f"{store.root}/{SCRATCH}/{files.unique_name()}", limit)
        if count is None:
            strange += length
        else:
            named += length
    return named, strange


def _removed(path: str, aside: str, limit: float) -> int:
    """Remove an object that nobody wrote or touched since a time; return its bytes."""
    # Those who give it to another record touch it first. Under another name nobody does, so that
    # it is looked at when it is safe from them, and put back where they came before.
    try:
        if os.stat(path).st_mtime >= limit:
            return 0
        os.rename(path, aside)
    except FileNotFoundError:
        return 0
    found = os.stat(aside)
    if found.st_mtime >= limit:
        os.rename(aside, path)
        return 0
    os.unlink(aside)
    return found.st_size
