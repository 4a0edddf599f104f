"""The folders of a store, and the file that says in which format they are."""

import contextlib
from pathlib import Path

from bench.cache import files
from bench.errors import UserError

__all__ = ["FORMAT", "SCRATCH", "SHARDS", "StoreFormat", "open_store"]

FORMAT = 2  # since 2 a record holds short bytes itself, and may stand under two keys
SCRATCH = "tmp"
SHARDS = tuple(f"{number:02x}" for number in range(256))

_LINE = "crossfold store "
_SHARDED = ("ac", "cas")
_FOLDERS = (*_SHARDED, "src", SCRATCH, "quarantine", "users", "active")
_KNOWN = {*_FOLDERS, "locks", "claims", "format", "seconds.json"}


class StoreFormat(UserError):
    """A folder that is no store, or a store written by a newer version."""


def open_store(root: Path, *, create: bool) -> None:
    """Make sure that a folder is a store this version can read, making it when asked.

    Raises
    ------
    StoreFormat
        With what the folder is instead.
    """
    mark = root / "format"
    try:
        line = mark.read_text("utf-8", "replace")
    except (FileNotFoundError, NotADirectoryError):
        _make(root, mark, create=create)
        return
    number = line.removeprefix(_LINE).strip()
    if not line.startswith(_LINE) or not number.isdigit():
        raise StoreFormat(f"{root} is not a store: its file `format` says {line[:40]!r}")
    if int(number) > FORMAT:
        raise StoreFormat(
            f"the store {root} has format {number} and this version reads up to {FORMAT}; "
            "upgrade crossfold or name another store"
        )
    if int(number) < FORMAT:
        # What it holds can be read; what is written from now on could not be by that version.
        with contextlib.suppress(OSError):  # nobody may write to it
            _say(root, mark)


def _make(root: Path, mark: Path, *, create: bool) -> None:
    if root.exists() and not root.is_dir():
        raise StoreFormat(f"{root} is a file; a store is a folder")
    if not create:
        raise StoreFormat(f"there is no store at {root}; a run makes one")
    strange = sorted(entry.name for entry in files.entries(str(root)) if entry.name not in _KNOWN)
    if strange:
        raise StoreFormat(
            f"{root} holds other files ({strange[0]}); name a new folder for the store"
        )
    for folder in _FOLDERS:
        (root / folder).mkdir(parents=True, exist_ok=True)
    for folder in _SHARDED:
        for shard in SHARDS:
            (root / folder / shard).mkdir(exist_ok=True)
    (root / "locks").touch()
    # Last, and by rename: a folder with this file is complete.
    _say(root, mark)


def _say(root: Path, mark: Path) -> None:
    files.write(str(mark), str(root / SCRATCH), f"{_LINE}{FORMAT}\n".encode())
