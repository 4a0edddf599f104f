"""Who uses a store: the folders of runs that were made with it, and the runs that go on now."""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from blake3 import blake3

from bench.cache import files
from bench.cache.layout import SCRATCH
from bench.cache.records import opened, seal

if TYPE_CHECKING:
    from bench.cache.store import Store

__all__ = ["Folders", "folders", "pruning", "running_since", "used"]

# A run on another machine that has lasted longer was ended by force.
LONGEST = 7 * 86400.0
_PRUNING = blake3(b"crossfold pruning").hexdigest(length=16)


class Folders(msgspec.Struct, frozen=True):
    """The folders that hold runs.

    Parameters
    ----------
    here : list of Path
        Those that can be looked into.
    unseen : list of str
        Those that cannot be looked into from here, though they may be there.
    """

    here: list[Path]
    unseen: list[str]


@contextlib.contextmanager
def used(store: "Store", runs: Path) -> Iterator[None]:
    """Say, for the time of the block, that a run uses a store, and for ever where its folder is.

    While another process prunes the store, this waits for its end.
    """
    folder = os.path.realpath(runs)
    name = blake3(f"{files.HOST}:{folder}".encode()).hexdigest(length=16)
    known = f"{store.root}/users/{name}"
    if files.size_of(known) is None:
        files.write(known, f"{store.root}/{SCRATCH}", seal({"host": files.HOST, "folder": folder}))
    mark = f"{store.root}/active/{files.unique_name()}"
    files.write(mark, f"{store.root}/{SCRATCH}", b"")
    try:
        # Marked first: whoever begins to prune now sees it.
        while not _unlocked(store):
            time.sleep(0.05)
        yield
    finally:
        files.unlink(mark)


def _unlocked(store: "Store") -> bool:
    with store.claim(_PRUNING) as free:
        return free


@contextlib.contextmanager
def pruning(store: "Store") -> Iterator[bool]:
    """Keep runs from beginning for the time of the block; False where another process does so."""
    # A run that begins holds the claim for a moment.
    until = time.monotonic() + 1
    while not _unlocked(store) and time.monotonic() < until:
        time.sleep(0.02)
    with store.claim(_PRUNING) as mine:
        yield mine


def running_since(store: "Store") -> float | None:
    """Return when the oldest of the runs that go on began, or None where there is none."""
    begun = []
    for entry in files.entries(f"{store.root}/active"):
        with contextlib.suppress(FileNotFoundError):
            since = entry.stat().st_mtime
            own = entry.name.startswith(f"{files.HOST}+")
            gone = files.orphan(entry.name) if own else since < time.time() - LONGEST
            if gone:
                files.unlink(entry.path)
            else:
                begun.append(since)
    return min(begun, default=None)


def folders(store: "Store") -> Folders:
    """Return the folders of runs that a store was used for, forgetting those that are gone."""
    here, unseen = [], []
    for entry in files.entries(f"{store.root}/users"):
        text = opened(files.read(entry.path))
        told = {} if text is None else msgspec.json.decode(text)
        folder = Path(told.get("folder", ""))
        if text is None:
            unseen.append(f"a folder whose note {entry.path} is damaged")
        elif os.access(folder, os.R_OK | os.X_OK):
            here.append(folder)
        elif told["host"] == files.HOST and not folder.exists() and folder.parent.is_dir():
            files.unlink(entry.path)
        else:
            unseen.append(f"{folder} of {told['host']}")
    return Folders(sorted(here), sorted(unseen))
