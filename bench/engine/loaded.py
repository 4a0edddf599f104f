"""Values read from the store that the next chunk of the same process will need as well."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from bench.cache.store import Record, Store

__all__ = ["Loaded"]

# What no step can change: frames are handed on as copies of which each keeps its own writes, and
# the memory of both kinds is that of a file.
_FIXED = {"frame", "npy"}


class Loaded:
    """Frames and arrays by the digest of their bytes, the ones used longest ago forgotten first.

    Models of one fold read the same features, so that most of what a chunk reads was read, checked
    and decoded for the one before it.

    Parameters
    ----------
    most : int
        Bytes of all objects together.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: OrderedDict[str, tuple[int, Any]] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._held)

    def load(self, store: Store, record: Record) -> Any:
        """Return the value of a record.

        Raises
        ------
        DamagedObject
            See `Store.load`.
        """
        digest = record.blob
        if digest is None or record.codec not in _FIXED:
            return store.load(record)
        if digest in self._held:
            self._held.move_to_end(digest)
            return self._held[digest][1]
        value = store.load(record)
        self._held[digest] = (record.nbytes, value)
        self._bytes += record.nbytes
        while self._bytes > self._most:
            _, (size, _) = self._held.popitem(last=False)
            self._bytes -= size
        return value

    def forget(self) -> None:
        """Hold nothing, so that all memory in use is that of the work to come."""
        self._held.clear()
        self._bytes = 0
