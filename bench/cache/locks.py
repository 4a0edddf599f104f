"""Claims on keys between processes, which the system drops when their holder dies."""

import contextlib
import os
import struct
from collections.abc import Iterator
from pathlib import Path

__all__ = ["claimed"]

try:
    import fcntl
except ImportError:  # Windows
    _SET: int | None = None
else:
    _SET = getattr(fcntl, "F_OFD_SETLK", None)  # Linux has it, macOS has not

BUSY = (BlockingIOError, PermissionError)


@contextlib.contextmanager
def claimed(path: Path, key: str) -> Iterator[bool]:
    """Hold the lock of a hex key for the time of the block; False when another holds it.

    Parameters
    ----------
    path : Path
        The lock file; each key is one byte of it, far beyond its end.
    key : str
        At least 15 hex characters.
    """
    if _SET is None:
        with _claimed_by_file(path, key) as held:
            yield held
        return
    # An own descriptor for each claim: two threads of one process exclude each other too.
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        span = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, int(key[:15], 16), 1, 0)
        try:
            fcntl.fcntl(descriptor, _SET, span)
        except BUSY:
            held = False
        else:
            held = True
        yield held
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _claimed_by_file(path: Path, key: str) -> Iterator[bool]:
    import filelock

    folder = path.with_name("claims")
    folder.mkdir(exist_ok=True)
    lock = filelock.FileLock(folder / f"{key}.lock")
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()
