"""The size of a store: counted, and brought down to a limit by forgetting what is old."""

# Plain strings: a path object costs as much as the system call it leads to.
# ruff: noqa: PTH108

import os
import time
from collections.abc import Collection
from typing import TYPE_CHECKING

from blake3 import blake3

from bench.cache import files
from bench.cache.layout import FORMAT
from bench.cache.plain import JSON
from bench.cache.records import Record, is_key

if TYPE_CHECKING:
    from bench.cache.store import Store

__all__ = ["digest_of", "info", "prune"]

GRACE = 3600.0  # seconds in which an object without a record may be about to get one


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


def prune(store: "Store", max_bytes: int, *, keep: Collection[str] = ()) -> dict[str, JSON]:
    """Forget records, longest unused first, until they and their objects fit.

    Damaged files that were set aside are removed as well.

    Parameters
    ----------
    store : Store
        The store.
    max_bytes : int
        What records and objects may take.
    keep : collection of str
        Keys that stay whatever their age, such as those that a kept run's report needs.

    Returns
    -------
    dict
        ``removed`` records, ``freed`` bytes, ``bytes`` left.
    """
    kept = set(keep)
    ages: list[tuple[float, str, int, Record]] = []
    for entry in store.entries("ac"):
        record = store.peek(entry.name) if is_key(entry.name) else None
        if record is not None:
            found = entry.stat()
            ages.append((found.st_mtime, entry.name, found.st_size, record))
    ages.sort(key=lambda row: row[:2])
    objects = {record.blob: record.nbytes for *_, record in ages if record.blob is not None}
    users = dict.fromkeys(objects, 0)
    for *_, record in ages:
        if record.blob is not None:
            users[record.blob] += 1
    size = sum(objects.values()) + sum(row[2] for row in ages)
    before = size
    removed = 0
    for _, key, length, record in ages:
        if size <= max_bytes:
            break
        if key in kept:
            continue
        files.unlink(store.path("ac", key))
        removed += 1
        size -= length
        if record.blob is not None:
            users[record.blob] -= 1
            if users[record.blob] == 0:
                size -= objects[record.blob]
    return {
        "removed": removed,
        "freed": before - size + _collect(store, users) + _discard(store),
        "bytes": size,
    }


def _discard(store: "Store") -> int:
    """Remove what was set aside; return its bytes."""
    freed = 0
    for entry in files.entries(str(store.root / "quarantine")):
        freed += entry.stat().st_size
        files.unlink(entry.path)
    return freed


def _collect(store: "Store", users: dict[str, int]) -> int:
    """Remove the objects no record names; return the bytes of those that never had one."""
    freed = 0
    limit = time.time() - GRACE
    for entry in store.entries("cas"):
        count = users.get(entry.name)
        if count == 0:
            files.unlink(entry.path)
        elif count is None and entry.stat().st_mtime < limit:
            freed += entry.stat().st_size
            os.unlink(entry.path)
    return freed
