"""Files that appear whole or not at all, and temporary ones swept when their writer is dead."""

# Plain strings: a path object costs as much as the system call it leads to.
# ruff: noqa: PTH103, PTH105, PTH108, PTH116, PTH120

import contextlib
import os
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = [
    "HOST",
    "entries",
    "folder",
    "link",
    "orphan",
    "partial",
    "read",
    "size_of",
    "sweep",
    "sweep_orphans",
    "unique_name",
    "unlink",
    "write",
]

STALE = 3600.0  # seconds that a temporary file of an unknown writer may live


def write(path: str, scratch: str, *parts: Any) -> None:
    """Write a file under a temporary name in the folder `scratch` and rename it.

    Folders that somebody removed meanwhile are made again.
    """
    try:
        _write(path, scratch, parts)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.makedirs(scratch, exist_ok=True)
        _write(path, scratch, parts)


def _write(path: str, scratch: str, parts: tuple[Any, ...]) -> None:
    name = f"{scratch}/{unique_name()}"
    try:
        descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o644)
        try:
            for part in parts:
                view = memoryview(part).cast("B")
                while len(view):
                    view = view[os.write(descriptor, view) :]
        finally:
            os.close(descriptor)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


@contextlib.contextmanager
def partial(path: Path) -> Iterator[Path]:
    """Give a name in the folder of `path` for what is renamed to it at the end of the block."""
    name = path.with_name(unique_name())
    try:
        yield name
        name.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            name.unlink()
        raise


HOST = socket.gethostname().replace("+", "-")
_BINARY = getattr(os, "O_BINARY", 0)


def read(path: str) -> bytes:
    """Return a file's bytes."""
    # A third of what a file object costs.
    descriptor = os.open(path, os.O_RDONLY | _BINARY)
    try:
        data = os.read(descriptor, os.fstat(descriptor).st_size + 1)
        while more := os.read(descriptor, 1 << 20):  # it grew, or is larger than one read gives
            data += more
        return data
    finally:
        os.close(descriptor)


def link(path: str, other: str, scratch: str) -> bool:
    """Give a file a second name, in place of what had it; False where that cannot be done."""
    name = f"{scratch}/{unique_name()}"
    try:
        os.link(path, name)
        os.replace(name, other)
    except OSError:  # a file system without such names, or a folder that is gone
        with contextlib.suppress(OSError):
            os.unlink(name)
        return False
    return True


def size_of(path: str) -> int | None:
    """Return a file's length, or None where there is none."""
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return None


def unlink(path: str) -> None:
    """Remove a file that may be gone already."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def entries(folder: str) -> Iterator["os.DirEntry[str]"]:
    """Return a folder's entries; none where there is no folder."""
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as found:
        yield from found


@contextlib.contextmanager
def folder(scratch: str) -> Iterator[Path]:
    """Give a temporary folder for the time of the block; `sweep` removes what a dead user left."""
    path = Path(f"{scratch}/{unique_name()}")
    path.mkdir(parents=True)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def sweep(scratch: str) -> None:
    """Remove temporary files and folders whose users are dead, and files too old to have one."""
    limit = time.time() - STALE
    for entry in entries(scratch):
        with contextlib.suppress(OSError):
            if entry.is_dir(follow_symlinks=False):
                # A folder's age says nothing: its user may be at one step for hours.
                if orphan(entry.name):
                    shutil.rmtree(entry.path, ignore_errors=True)
            elif orphan(entry.name) or entry.stat().st_mtime < limit:
                os.unlink(entry.path)


def sweep_orphans(folder: str) -> None:
    """Remove temporary files of dead users from a folder that holds other files, too."""
    for entry in entries(folder):
        if orphan(entry.name) and not entry.is_dir(follow_symlinks=False):
            with contextlib.suppress(OSError):
                os.unlink(entry.path)


def unique_name() -> str:
    """Return a name that says whose the file is: `orphan` asks whether they still live."""
    return f"{HOST}+{os.getpid()}+{os.urandom(8).hex()}"


def orphan(name: str) -> bool:
    """Return whether a file of a `unique_name` is of a process of this machine that is dead."""
    host, _, rest = name.partition("+")
    number = rest.partition("+")[0]
    if host != HOST or not number.isdigit() or os.name != "posix":
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
