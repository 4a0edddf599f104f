"""Results kept as plain files under their keys, each checked whenever it is read.

``ac/<key>`` is a small record with its own checksum, written last; it holds the value itself when
that is short, else the name of ``cas/<blake3>``, the bytes. Every file is written under a
temporary name and renamed, so a killed writer leaves nothing that could be taken for a result.
Any number of processes may use one store.
"""

# Plain strings: a path object costs as much as the system call it leads to.
# ruff: noqa: PTH105, PTH119

import base64
import contextlib
import os
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec
from blake3 import blake3

from bench.cache import care, files
from bench.cache.codecs import Encoded, decode, encode
from bench.cache.codehash import CodeUnit
from bench.cache.datahash import data_hash as hash_of
from bench.cache.layout import SCRATCH, SHARDS, open_store
from bench.cache.locks import claimed
from bench.cache.plain import JSON, from_json
from bench.cache.records import Record, is_key, opened, seal, unseal
from bench.cache.stack import Stack, stacked
from bench.errors import BenchError

__all__ = ["DamagedObject", "Record", "Store"]

INLINE_BYTES = 4096  # a record is read whole at planning: longer JSON goes to a file
SHORT_BYTES = 2048  # and so do longer bytes; to make a file costs more than to write one
READ_BYTES = 1 << 20  # below this a read is quicker than a memory map
DAY = 86400.0

_NO_META: Mapping[str, JSON] = MappingProxyType({})


class DamagedObject(BenchError):
    """A stored object whose bytes are not those that were written; it was set aside."""


class Store:
    """A folder of results.

    Parameters
    ----------
    root : Path
        The folder; made when missing, unless `create` is false.
    create : bool
        Whether a missing store is made.

    Attributes
    ----------
    root : Path
        The folder.
    warnings : list of str
        One line for each damaged file that was met and set aside.
    """

    def __init__(self, root: Path, *, create: bool = True) -> None:
        self.root = Path(root).absolute()
        self.warnings: list[str] = []
        self._base = str(self.root)
        self._scratch = f"{self._base}/{SCRATCH}"
        open_store(self.root, create=create)
        files.sweep(self._scratch)

    def path(self, folder: str, name: str) -> str:
        """Return the path of a file: of folder ``"ac"``, ``"cas"`` or ``"src"``."""
        if not is_key(name):
            raise ValueError(f"a key is 16 to 64 hex characters, got {name!r}")
        if folder == "src":
            return f"{self._base}/src/{name}"  # as many as a project has functions: one folder
        return f"{self._base}/{folder}/{name[:2]}/{name}"

    # -- records ----------------------------------------------------------------------------

    def record(self, key: str) -> Record | None:
        """Return what is known under a key, or None; a damaged record is set aside."""
        path = self.path("ac", key)
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            return None
        try:
            found = os.fstat(descriptor)
            raw = os.read(descriptor, found.st_size + 1)
        finally:
            os.close(descriptor)
        record = unseal(key, raw)
        if record is None:
            self._set_aside(path, f"record {key}")
            return None
        if record.blob is not None:
            size = files.size_of(self.path("cas", record.blob))
            if size != record.nbytes:
                self._lose(record, "is missing" if size is None else "has another length")
                return None
        if found.st_mtime < time.time() - DAY:
            # The age that pruning goes by; once a day is enough and costs reads nothing.
            with contextlib.suppress(OSError):
                try:
                    os.utime(path)
                except PermissionError:  # another user's
                    files.write(path, self._scratch, raw)
        return record

    def records(self, keys: Iterable[str]) -> dict[str, Record]:
        """Return the records that exist among many keys."""
        found = {}
        for key in keys:
            record = self.record(key)
            if record is not None:
                found[key] = record
        return found

    def keys(self) -> list[str]:
        """Return every key that has a record, sorted."""
        return sorted(entry.name for entry in self.entries("ac") if is_key(entry.name))

    def entries(self, folder: str) -> Iterator["os.DirEntry[str]"]:
        """Return the files of one folder of the store."""
        if folder == "src":
            yield from files.entries(f"{self._base}/src")
            return
        for shard in SHARDS:
            yield from files.entries(f"{self._base}/{folder}/{shard}")

    def peek(self, key: str) -> Record | None:
        """Return a record without making it younger, or judging it."""
        try:
            return unseal(key, files.read(self.path("ac", key)))
        except FileNotFoundError:
            return None

    def _put_record(self, record: Record) -> Record:
        files.write(self.path("ac", record.key), self._scratch, seal(record))
        return record

    # -- damage -----------------------------------------------------------------------------

    def _set_aside(self, path: str, what: str) -> None:
        name = f"{os.path.basename(path)}.{time.time_ns()}"
        with contextlib.suppress(FileNotFoundError):
            os.replace(path, f"{self._base}/quarantine/{name}")
        self.warnings.append(
            f"{what} in {self.root} was damaged and is set aside as quarantine/{name}; "
            "what needs it will be computed again"
        )

    def _lose(self, record: Record, why: str) -> None:
        """Forget a record whose object cannot be had."""
        if record.blob is not None:
            path = self.path("cas", record.blob)
            if files.size_of(path) not in {None, record.nbytes}:
                self._set_aside(path, f"object {record.blob}")
        files.unlink(self.path("ac", record.key))
        self.warnings.append(
            f"object {record.blob} of {record.key} in {self.root} {why}; "
            "what needs it will be computed again"
        )

    # -- values -----------------------------------------------------------------------------

    def put(
        self,
        key: str,
        value: object,
        *,
        meta: Mapping[str, JSON] = _NO_META,
        data_hash: str | None = None,
        also: str | None = None,
    ) -> Record:
        """Keep a value under a key and return its record.

        Parameters
        ----------
        key : str
        value : object
        meta : Mapping
            What is to be known of the value's origin.
        data_hash : str, optional
            The content hash of the value, where it is known.
        also : str, optional
            Another key under which the value is to be found.

        Raises
        ------
        Unstorable
            When no format without code execution gives the value back exactly.
        """
        encoded = encode(value)
        digest = hash_of(value) if data_hash is None else data_hash
        record = self._keep(key, encoded, digest, meta, also)
        if also is not None and not files.link(
            self.path("ac", key), self.path("ac", also), self._scratch
        ):
            self._put_record(replace(record, key=also, also=None))
        return record

    def _keep(
        self,
        key: str,
        encoded: Encoded,
        digest: str,
        meta: Mapping[str, JSON],
        also: str | None = None,
    ) -> Record:
        codec, data = encoded.codec, encoded.data
        size = memoryview(data).nbytes
        blob, inline = None, encoded.plain
        if codec != "json" and codec != "file" and size <= SHORT_BYTES:
            inline = base64.b64encode(data).decode()
        elif codec != "json" or size > INLINE_BYTES:
            blob, inline = blake3(data).hexdigest(), None
            path = self.path("cas", blob)
            self._touch(path)
            if files.size_of(path) != size:
                files.write(path, self._scratch, data)
        return self._put_record(Record(key, codec, blob, inline, size, digest, dict(meta), also))

    def _touch(self, path: str) -> None:
        """Make an object younger than any pruning that goes on beside us."""
        with contextlib.suppress(FileNotFoundError, PermissionError):
            now = time.time_ns()
            os.utime(path, ns=(now, now))

    def link(self, key: str, record: Record, *, meta: Mapping[str, JSON] | None = None) -> Record:
        """Keep the object of a record under another key as well."""
        notes = record.meta if meta is None else dict(meta)
        if record.blob is not None:
            self._touch(self.path("cas", record.blob))
        return self._put_record(replace(record, key=key, meta=notes, also=None))

    def load(self, record: Record) -> Any:
        """Return the value of a record, its bytes checked; frames and arrays are read-only.

        Raises
        ------
        DamagedObject
            When the bytes are not those that were written. The object was set aside and the
            record forgotten, so that the key counts as not computed.
        """
        if record.codec == "json" and record.blob is None:
            return from_json(record.inline)
        return decode(record.codec, self._checked(record))

    def stacked(self, records: Mapping[str, Record]) -> list[Stack]:
        """Return the frames of many cells, read at once; see `bench.cache.stack`.

        Raises
        ------
        DamagedObject
            Some bytes are not those that were written: all such objects were set aside.
        BenchError
            A value is no frame.
        """
        found: dict[str, Any] = {}
        damage: DamagedObject | None = None
        for name, record in records.items():
            if record.codec != "frame":
                kind = type(self.load(record)).__name__
                raise BenchError(f"cell {name} gives a {kind} where a DataFrame belongs")
            try:
                found[name] = self._checked(record)
            except DamagedObject as cause:
                damage = cause
        if damage is not None:
            raise damage
        return stacked(found)

    def _checked(self, record: Record) -> Any:
        blob = record.blob
        if blob is None:
            return base64.b64decode(record.inline)  # the record's own checksum stands for it
        path = self.path("cas", blob)
        try:
            data = files.read(path) if record.nbytes <= READ_BYTES else _mapped(path)
        except FileNotFoundError:
            self._lose(record, "is missing")
            raise DamagedObject(self.warnings[-1]) from None
        if blake3(data).hexdigest() != blob:
            del data
            self._set_aside(path, f"object {blob}")
            files.unlink(self.path("ac", record.key))
            raise DamagedObject(self.warnings[-1])
        return data

    def put_file(self, key: str, path: Path, meta: Mapping[str, JSON] = _NO_META) -> Record:
        """Keep a copy of a file's bytes under a key."""
        data = files.read(str(path))
        return self._keep(key, Encoded("file", data), blake3(data).hexdigest(length=16), meta)

    def file(self, record: Record) -> Path:
        """Return the path of a record's object, its bytes checked; it is not to be written to."""
        if record.blob is None:
            raise ValueError(f"the value of {record.key} stands in its record, not in a file")
        self._checked(record)
        return Path(self.path("cas", record.blob))

    # -- sources ----------------------------------------------------------------------------

    def put_source(self, units: Iterable[CodeUnit]) -> None:
        """Keep the source text of code units, each once under its digest."""
        for unit in units:
            if unit.source is None or not is_key(unit.digest):
                continue
            path = self.path("src", unit.digest)
            if files.size_of(path) is None:
                text = {"name": unit.name, "kind": unit.kind, "source": unit.source}
                files.write(path, self._scratch, seal(text))

    def source(self, digest: str) -> str | None:
        """Return the source text kept under a unit's digest, or None."""
        if not is_key(digest):
            return None
        held = self._noted(digest)
        return None if held is None or "source" not in held else str(held["source"])

    def put_units(self, code: str, units: Collection[CodeUnit]) -> None:
        """Keep what a code hash was made of, by name and digest, with all sources."""
        self.put_source(units)
        listed = {"units": {unit.name: unit.digest for unit in units}}
        files.write(self.path("src", code), self._scratch, seal(listed))

    def has_units(self, code: str) -> bool:
        """Return whether it is known what a code hash was made of."""
        return files.size_of(self.path("src", code)) is not None

    def units(self, code: str) -> dict[str, str]:
        """Return the units a code hash was made of, by name and digest; empty when unknown."""
        held = self._noted(code) if is_key(code) else None
        return {} if held is None else dict(held.get("units", {}))

    def _noted(self, digest: str) -> dict[str, Any] | None:
        path = self.path("src", digest)
        try:
            text = opened(files.read(path))
        except FileNotFoundError:
            return None
        if text is None:
            self._set_aside(path, f"source {digest}")
            return None
        held: dict[str, Any] = msgspec.json.decode(text)
        return held

    # -- across processes -------------------------------------------------------------------

    @contextlib.contextmanager
    def claim(self, key: str) -> Iterator[bool]:
        """Hold a key for the time of the block, or learn (False) that another holds it.

        Never waits. The system lets go of a dead process's claims.
        """
        if not is_key(key):
            raise ValueError(f"a key is 16 to 64 hex characters, got {key!r}")
        with claimed(self.root / "locks", key) as held:
            yield held

    # -- care -------------------------------------------------------------------------------

    def info(self) -> dict[str, JSON]:
        """Return counts and sizes."""
        return care.info(self)

    def verify(self) -> list[str]:
        """Read everything, set damaged files aside and return one line for each."""
        before = len(self.warnings)
        for entry in self.entries("cas"):
            if not is_key(entry.name) or care.digest_of(entry.path) != entry.name:
                self._set_aside(entry.path, f"object {entry.name}")
        for key in self.keys():
            self.record(key)
        for entry in self.entries("src"):
            self.source(entry.name)
        return self.warnings[before:]


def _mapped(path: str) -> Any:
    import pyarrow as pa

    with pa.memory_map(path) as mapped:
        return mapped.read_buffer()
