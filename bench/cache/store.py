"""Results kept as plain files under their keys, each checked whenever it is read.

``ac/<key>`` is a small record with its own checksum, written last; it holds the value itself when
that is short JSON, else the name of ``cas/<blake3>``, the bytes. Every file is written under a
temporary name and renamed, so a killed writer leaves nothing that could be taken for a result.
Any number of processes may use one store.
"""

import contextlib
import os
import re
import socket
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec
from blake3 import blake3

from bench.cache.codecs import Encoded, decode, encode
from bench.cache.datahash import data_hash as hash_of
from bench.cache.locks import claimed
from bench.cache.plain import JSON, from_json
from bench.errors import BenchError, UserError

__all__ = ["DamagedObject", "Record", "Store", "StoreFormat"]

FORMAT = 1
FORMAT_LINE = "crossfold store "
INLINE_BYTES = 4096  # a record is read whole at planning: longer JSON goes to a file
READ_BYTES = 1 << 20  # below this a read is quicker than a memory map
DAY = 86400.0
STALE = 3600.0  # temporary files of dead writers, and objects without a record, live this long
CHECK = 32  # hex characters of a record's own checksum

_KEY = re.compile(r"[0-9a-f]{16,64}")
_NO_META: Mapping[str, JSON] = MappingProxyType({})


class DamagedObject(BenchError):
    """A stored object whose bytes are not those that were written; it was set aside."""


class StoreFormat(UserError):
    """A folder that is no store, or one written by a newer version."""


@dataclass(frozen=True, slots=True)
class Record:
    """What the store knows under one key.

    Parameters
    ----------
    key : str
        The recipe or content key it was stored under.
    codec : str
        The format of the object.
    blob : str or None
        The blake3 digest of the object's bytes; None when the value is `inline`.
    inline : JSON
        The value's JSON data when it is short.
    nbytes : int
        The size of the object.
    data_hash : str
        The content hash of the value.
    meta : Mapping
        What the writer said about its origin.
    """

    key: str
    codec: str
    blob: str | None
    inline: JSON
    nbytes: int
    data_hash: str
    meta: Mapping[str, JSON]


_pack = msgspec.json.Encoder().encode
_unpack = msgspec.json.Decoder(Record).decode


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
    warnings : list of str
        One line for each damaged file that was met and set aside.
    """

    def __init__(self, root: Path, *, create: bool = True) -> None:
        self.root = Path(root).absolute()
        self.warnings: list[str] = []
        self._base = str(self.root)
        self._count = 0
        self._owner = f"{socket.gethostname()}-{os.getpid()}"
        self._open(create)

    # -- layout -----------------------------------------------------------------------------

    def _open(self, create: bool) -> None:
        mark = self.root / "format"
        try:
            line = mark.read_text("utf-8", "replace")
        except (FileNotFoundError, NotADirectoryError):
            self._make(mark, create)
            return
        number = line.removeprefix(FORMAT_LINE).strip()
        if not line.startswith(FORMAT_LINE) or not number.isdigit():
            raise StoreFormat(f"{self.root} is not a store: its file `format` says {line[:40]!r}")
        if int(number) > FORMAT:
            raise StoreFormat(
                f"the store {self.root} has format {number} and this version reads up to "
                f"{FORMAT}; upgrade crossfold or name another store"
            )
        self._sweep()

    def _make(self, mark: Path, create: bool) -> None:
        if not create:
            raise StoreFormat(f"there is no store at {self.root}; a run makes one")
        if self.root.exists() and not self.root.is_dir():
            raise StoreFormat(f"{self.root} is a file; a store is a folder")
        strange = [entry.name for entry in self.root.iterdir()] if self.root.exists() else []
        if any(name not in _FOLDERS and name not in {"locks", "format"} for name in strange):
            raise StoreFormat(
                f"{self.root} holds other files ({strange[0]}); name a new folder for the store"
            )
        for folder in _FOLDERS:
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        for shard in _SHARDS:
            for folder in ("ac", "cas", "src"):
                (self.root / folder / shard).mkdir(exist_ok=True)
        (self.root / "locks").touch()
        # Last, and by rename: a folder with this file is complete.
        self._write(mark, f"{FORMAT_LINE}{FORMAT}\n".encode())

    def _sweep(self) -> None:
        """Remove temporary files that writers left when they were killed."""
        limit = time.time() - STALE
        with contextlib.suppress(FileNotFoundError), os.scandir(f"{self._base}/tmp") as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    if entry.stat().st_mtime < limit or self._orphan(entry.name):
                        os.unlink(entry.path)

    def _orphan(self, name: str) -> bool:
        host, _, rest = name.rpartition("-")[0].rpartition("-")
        if host != socket.gethostname() or not rest.isdigit():
            return False
        try:
            os.kill(int(rest), 0)
        except ProcessLookupError:
            return True
        except OSError:
            return False
        return False

    def _ac(self, key: str) -> str:
        if _KEY.fullmatch(key) is None:
            raise ValueError(f"a key is 16 to 64 hex characters, got {key!r}")
        return f"{self._base}/ac/{key[:2]}/{key}"

    def _cas(self, blob: str) -> str:
        if _KEY.fullmatch(blob) is None:
            raise ValueError(f"an object is named by hex characters, got {blob!r}")
        return f"{self._base}/cas/{blob[:2]}/{blob}"

    def _temporary(self) -> str:
        self._count += 1
        nonce = os.urandom(6).hex()
        return f"{self._base}/tmp/{self._owner}-{self._count}.{nonce}"

    def _write(self, path: str | Path, *parts: Any) -> None:
        """Write a file that appears whole or not at all."""
        temporary = self._temporary()
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
            try:
                for part in parts:
                    view = memoryview(part)
                    while len(view):
                        view = view[os.write(descriptor, view) :]
            finally:
                os.close(descriptor)
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise

    # -- records ----------------------------------------------------------------------------

    def record(self, key: str) -> Record | None:
        """Return what is known under a key, or None; a damaged record is set aside."""
        path = self._ac(key)
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            return None
        try:
            found = os.fstat(descriptor)
            raw = os.read(descriptor, found.st_size + 1)
            if found.st_mtime < time.time() - DAY:
                # The age that pruning goes by; once a day is enough and costs reads nothing.
                with contextlib.suppress(OSError):
                    os.utime(descriptor)
        finally:
            os.close(descriptor)
        record = self._parsed(key, raw)
        if record is None:
            self._set_aside(path, f"record {key}")
            return None
        if record.blob is not None:
            try:
                size = os.stat(self._cas(record.blob)).st_size
            except FileNotFoundError:
                size = -1
            if size != record.nbytes:
                self._lose(record, "is missing" if size < 0 else "has another length")
                return None
        return record

    def _parsed(self, key: str, raw: bytes) -> Record | None:
        text = memoryview(raw)[CHECK + 1 :]
        if raw[:CHECK] != blake3(text).hexdigest(length=CHECK // 2).encode():
            return None
        try:
            record = _unpack(text)
        except msgspec.MsgspecError:
            return None
        # A record copied to another name is as wrong as a damaged one.
        return record if record.key == key else None

    def records(self, keys: Iterable[str]) -> dict[str, Record]:
        """Return the records that exist among many keys."""
        found = {}
        for key in keys:
            record = self.record(key)
            if record is not None:
                found[key] = record
        return found

    def _put_record(self, record: Record) -> Record:
        text = _pack(record)
        check = blake3(text).hexdigest(length=CHECK // 2).encode()
        self._write(self._ac(record.key), check + b"\n" + text)
        return record

    def _set_aside(self, path: str, what: str) -> None:
        name = f"{Path(path).name}.{time.time_ns()}"
        with contextlib.suppress(FileNotFoundError):
            os.replace(path, f"{self._base}/quarantine/{name}")
        self.warnings.append(
            f"{what} in {self.root} was damaged and is set aside as quarantine/{name}; "
            "it will be computed again"
        )

    def _lose(self, record: Record, why: str) -> None:
        """Forget a record whose object is not there to be had."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._cas(record.blob or ""))
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._ac(record.key))
        self.warnings.append(
            f"object {record.blob} in {self.root} {why}; what needs it will be computed again"
        )

    # -- values -----------------------------------------------------------------------------

    def put(
        self,
        key: str,
        value: object,
        *,
        meta: Mapping[str, JSON] = _NO_META,
        data_hash: str | None = None,
    ) -> Record:
        """Keep a value under a key and return its record.

        Raises
        ------
        Unstorable
            When no format without code execution gives the value back exactly.
        """
        encoded = encode(value)
        digest = hash_of(value) if data_hash is None else data_hash
        return self._keep(key, encoded, digest, meta)

    def _keep(self, key: str, encoded: Encoded, digest: str, meta: Mapping[str, JSON]) -> Record:
        data = encoded.data
        size = len(memoryview(data))
        if encoded.codec == "json" and size <= INLINE_BYTES:
            record = Record(key, "json", None, encoded.plain, size, digest, dict(meta))
            return self._put_record(record)
        blob = blake3(data).hexdigest()
        path = self._cas(blob)
        if not _has_size(path, size):
            self._write(path, data)
        return self._put_record(Record(key, encoded.codec, blob, None, size, digest, dict(meta)))

    def link(self, key: str, record: Record, *, meta: Mapping[str, JSON] | None = None) -> Record:
        """Keep the object of a record under another key as well."""
        notes = dict(record.meta if meta is None else meta)
        return self._put_record(
            Record(
                key,
                record.codec,
                record.blob,
                record.inline,
                record.nbytes,
                record.data_hash,
                notes,
            )
        )

    def load(self, record: Record) -> object:
        """Return the value of a record, its bytes checked; frames and arrays are read-only.

        Raises
        ------
        DamagedObject
            When the bytes are not those that were written. The object was set aside and the
            record forgotten, so that the key counts as not computed.
        """
        if record.blob is None:
            return from_json(record.inline)
        return decode(record.codec, self._checked(record))

    def _checked(self, record: Record) -> Any:
        path = self._cas(record.blob or "")
        try:
            if record.nbytes <= READ_BYTES:
                with open(path, "rb", buffering=0) as file:
                    data: Any = file.read()
            else:
                import pyarrow as pa

                with pa.memory_map(path) as mapped:
                    data = mapped.read_buffer()
        except FileNotFoundError:
            self._lose(record, "is missing")
            raise DamagedObject(self.warnings[-1]) from None
        if blake3(data).hexdigest() != record.blob:
            del data
            self._set_aside(path, f"object {record.blob}")
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._ac(record.key))
            raise DamagedObject(self.warnings[-1])
        return data

    def put_file(self, key: str, path: Path, meta: Mapping[str, JSON] = _NO_META) -> Record:
        """Keep a copy of a file's bytes under a key."""
        data = Path(path).read_bytes()
        digest = blake3(data).hexdigest(length=16)
        return self._keep(key, Encoded("file", data), digest, meta)

    def file(self, record: Record) -> Path:
        """Return the path of a record's object, its bytes checked; do not write to it."""
        if record.blob is None:
            raise ValueError(f"the value of {record.key} stands in its record, not in a file")
        self._checked(record)
        return Path(self._cas(record.blob))

    # -- sources ----------------------------------------------------------------------------

    def put_source(self, units: Iterable[Any]) -> None:
        """Keep the source text of code units, each once under its digest."""
        for unit in units:
            if unit.source is None:
                continue
            path = self._source(unit.digest)
            if not os.path.exists(path):
                text = _pack({"name": unit.name, "kind": unit.kind, "source": unit.source})
                check = blake3(text).hexdigest(length=CHECK // 2).encode()
                self._write(path, check + b"\n" + text)

    def source(self, digest: str) -> str | None:
        """Return the source text kept under a unit's digest, or None."""
        path = self._source(digest)
        try:
            raw = Path(path).read_bytes()
        except FileNotFoundError:
            return None
        text = raw[CHECK + 1 :]
        if raw[:CHECK] != blake3(text).hexdigest(length=CHECK // 2).encode():
            self._set_aside(path, f"source {digest}")
            return None
        return str(msgspec.json.decode(text)["source"])

    def _source(self, digest: str) -> str:
        if _KEY.fullmatch(digest) is None:
            raise ValueError(f"a source is named by hex characters, got {digest!r}")
        return f"{self._base}/src/{digest[:2]}/{digest}"

    # -- across processes -------------------------------------------------------------------

    @contextlib.contextmanager
    def claim(self, key: str) -> Iterator[bool]:
        """Hold a key for the time of the block, or learn (False) that another process does.

        Never waits. The system lets go of a dead process's claims.
        """
        self._ac(key)
        with claimed(self.root / "locks", key) as held:
            yield held

    # -- care -------------------------------------------------------------------------------

    def info(self) -> dict[str, JSON]:
        """Return counts and sizes."""
        records = list(self._all("ac"))
        objects = list(self._all("cas"))
        return {
            "root": str(self.root),
            "format": FORMAT,
            "records": len(records),
            "objects": len(objects),
            "sources": sum(1 for _ in self._all("src")),
            "bytes": sum(found.stat().st_size for found in (*records, *objects)),
            "quarantined": sum(1 for _ in (self.root / "quarantine").iterdir()),
        }

    def _all(self, folder: str) -> Iterator["os.DirEntry[str]"]:
        for shard in _SHARDS:
            with (
                contextlib.suppress(FileNotFoundError),
                os.scandir(f"{self._base}/{folder}/{shard}") as entries,
            ):
                yield from entries

    def keys(self) -> list[str]:
        """Return every key that has a record, sorted."""
        return sorted(entry.name for entry in self._all("ac") if _KEY.fullmatch(entry.name))

    def prune(self, max_bytes: int, *, keep: Collection[str] = ()) -> dict[str, JSON]:
        """Forget what was used longest ago until the objects fit, and remove what none names.

        Parameters
        ----------
        max_bytes : int
            How much the objects and records may take.
        keep : collection of str
            Keys that stay whatever their age, such as those of kept runs.
        """
        kept = set(keep)
        ages = sorted(
            (entry.stat().st_mtime, entry.name) for entry in self._all("ac") if entry.is_file()
        )
        holders: dict[str, set[str]] = {}
        size = 0
        sizes: dict[str, int] = {}
        found: dict[str, Record] = {}
        for _, key in ages:
            record = self._peek(key)
            if record is None:
                continue
            found[key] = record
            size += os.stat(self._ac(key)).st_size
            if record.blob is not None:
                if record.blob not in holders:
                    size += record.nbytes
                    sizes[record.blob] = record.nbytes
                holders.setdefault(record.blob, set()).add(key)
        removed = 0
        for _, key in ages:
            if size <= max_bytes:
                break
            old = found.get(key)
            if old is None or key in kept:
                continue
            size -= os.stat(self._ac(key)).st_size
            os.unlink(self._ac(key))
            removed += 1
            if old.blob is not None:
                holders[old.blob].discard(key)
                if not holders[old.blob]:
                    size -= sizes[old.blob]
        freed = 0
        limit = time.time() - STALE
        for entry in self._all("cas"):
            # A young object without a record may be about to get one.
            unnamed = entry.name not in holders and entry.stat().st_mtime < limit
            if unnamed or (entry.name in holders and not holders[entry.name]):
                freed += entry.stat().st_size
                os.unlink(entry.path)
        return {"removed": removed, "freed": freed, "bytes": size}

    def _peek(self, key: str) -> Record | None:
        """Read a record without making it younger."""
        if _KEY.fullmatch(key) is None:
            return None
        try:
            return self._parsed(key, Path(self._ac(key)).read_bytes())
        except FileNotFoundError:
            return None

    def verify(self) -> list[str]:
        """Read everything, set damaged files aside and return one line for each."""
        before = len(self.warnings)
        for entry in self._all("cas"):
            state = blake3(max_threads=1)
            state.update_mmap(entry.path)
            if state.hexdigest() != entry.name:
                self._set_aside(entry.path, f"object {entry.name}")
        for key in self.keys():
            self.record(key)
        for entry in self._all("src"):
            if _KEY.fullmatch(entry.name):
                self.source(entry.name)
        return self.warnings[before:]


_FOLDERS = ("ac", "cas", "src", "tmp", "quarantine")
_SHARDS = tuple(f"{number:02x}" for number in range(256))


def _has_size(path: str, size: int) -> bool:
    try:
        return os.stat(path).st_size == size
    except FileNotFoundError:
        return False
