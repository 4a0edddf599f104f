"""The size of a store: counted, and brought down to a limit by forgetting what is old."""

# Plain strings: a path object costs as much as the system call it leads to.
# ruff: noqa: PTH104, PTH108, PTH116

import contextlib
import math
import os
import time
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
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
        counts[name] = sum(1 for _ in store.entries(folder))
        size += _bytes(store, folder)
    counts["bytes"] = size
    counts["quarantined"] = sum(1 for _ in files.entries(str(store.root / "quarantine")))
    return counts


def size(store: "Store") -> int:
    """Return the bytes of records and objects, which is what pruning goes by."""
    return _bytes(store, "ac") + _bytes(store, "cas")


def _bytes(store: "Store", folder: str) -> int:
    """Return the bytes of a folder's files, each counted once whatever its names."""
    found: dict[int | str, int] = {}
    for entry in store.entries(folder):
        with contextlib.suppress(FileNotFoundError):  # another process prunes
            facts = entry.stat()
            found[_file(entry.name, facts)] = facts.st_size
    return sum(found.values())


def _file(name: str, facts: os.stat_result) -> int | str:
    """Return what tells a file from others: its name, or its number where it may have two."""
    return facts.st_ino if facts.st_nlink > 1 else name


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
    held = sorted(_held(store), key=lambda one: (one.used, one.names))
    blobs = [one.record.blob for one in held if one.record.blob is not None]
    objects = {one.record.blob: one.record.nbytes for one in held if one.record.blob is not None}
    users = dict(Counter(blobs))
    total = sum(objects.values()) + sum(one.length for one in held)
    removed, freed = 0, 0
    wanted = total  # what is left when no object is put back
    for one in held:
        if wanted <= max_bytes or one.used >= since:
            break
        if not kept.isdisjoint(one.names):
            continue
        for key in one.names:
            files.unlink(store.path("ac", key))
        removed += 1
        wanted -= one.length
        total -= one.length
        freed += one.length
        blob = one.record.blob
        if blob is not None:
            users[blob] -= 1
            if users[blob] == 0:
                wanted -= objects[blob]
    named, strange = _collect(store, users, begin)
    return {
        "removed": removed,
        "freed": freed + named + strange + _discard(store),
        "bytes": total - named,
    }


@dataclass(slots=True)
class _Held:
    """A record's file: when it was used, its names, its bytes."""

    used: float
    names: list[str]
    length: int
    record: Record


def _held(store: "Store") -> Collection[_Held]:
    """Return the files of records, each once whatever its names."""
    found: dict[int | str, _Held] = {}
    for entry in store.entries("ac"):
        record = store.peek(entry.name) if is_key(entry.name) else None
        if record is None:
            continue
        with contextlib.suppress(FileNotFoundError):
            facts = entry.stat()
            fresh = _Held(facts.st_mtime, [], facts.st_size, record)
            one = found.setdefault(_file(entry.name, facts), fresh)
            one.names.append(entry.name)
    return found.values()


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
