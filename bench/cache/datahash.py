"""Values named by their content: equal values get equal digests, in every process and order.

What counts: kind, dtype with byte order, shape, names, order, index, time zone, categories and
missingness. What does not: memory layout, the storage behind a dtype, chunking, the payload of a
NaN and the versions that writers leave in Arrow schemas. ``-0.0`` differs from ``0.0`` as it does
for a node that divides by it.
"""

import datetime
import decimal
import enum
import fractions
import struct
import uuid
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from pathlib import Path, PurePath
from typing import Any

from blake3 import blake3

from bench.cache.arrayhash import feed_numpy, feed_sparse
from bench.cache.arrowhash import feed_arrow
from bench.cache.filehash import file_hash
from bench.cache.framehash import feed_pandas
from bench.cache.modelhash import feed_part, feed_xgboost, is_model
from bench.cache.objecthash import feed_class, feed_object
from bench.cache.torchhash import feed_torch
from bench.cache.writer import UnhashableData, Where, Writer, deeper, unhashable

__all__ = ["UnhashableData", "data_hash"]

DIGEST_BYTES = 16


def data_hash(value: object) -> str:
    """Return the hex digest of a value's content; a `pathlib.Path` counts by its name and content.

    Parameters
    ----------
    value : object
        A scalar, a container of such, an array, a frame, an Arrow table, a tensor, an XGBoost
        booster, a module of torch, an estimator of scikit-learn's kind, or a path to a file or
        folder that exists.

    Raises
    ------
    UnhashableData
        For a kind of value that has no canonical content, naming where in the value it sits.

    Examples
    --------
    >>> data_hash([1, 2]) == data_hash([1, 2]), data_hash([1]) == data_hash(["1"])
    (True, False)
    """
    state = blake3()
    Writer(state.update, _feed).value(value)
    return state.hexdigest(length=DIGEST_BYTES)


def _feed(out: Writer, value: object, where: Where) -> None:
    if _known(out, value, where):
        return
    if not is_model(type(value)):
        raise unhashable(value, where, "return frames, arrays, tensors or JSON kinds instead")
    _inside(Writer(out.raw, _inside), value, where)


def _inside(out: Writer, value: object, where: Where) -> None:
    """Write a model or a part of one, which may be of any class whose content can be seen."""
    if not feed_part(out, value, where) and not _known(out, value, where):
        feed_object(out, value, where)


def _known(out: Writer, value: object, where: Where) -> bool:
    """Write a value of a kind that has content by itself; False for others."""
    kind = type(value)
    exact = _EXACT.get(kind)
    if exact is not None:
        exact(out, value, where)
        return True
    family = kind.__module__.partition(".")[0]
    feed = _FAMILIES.get(family)
    if feed is not None and feed(out, value):
        return True
    if isinstance(value, enum.Enum):
        out.text(b"enum", value.name)
        feed_class(out, kind, where)
        out.value(value.value, (*where, "value"))
    elif isinstance(value, PurePath):
        if not isinstance(value, Path):
            raise unhashable(value, where, "a pure path has no content; give a pathlib.Path")
        _path(out, value, where)
    elif isinstance(value, tuple) and hasattr(kind, "_fields"):
        out.part(b"namedtuple")
        feed_class(out, kind, where)
        _sequence(b"tuple")(out, value, where)
    elif is_dataclass(value) and not isinstance(value, type):
        out.part(b"dataclass")
        feed_class(out, kind, where)
        names = [field.name for field in fields(value)]
        out.part(b"fields", len(names))
        for name in names:
            out.text(b"field", name)
            out.value(getattr(value, name), (*where, name))
    else:
        return False
    return True


def _float(value: float) -> bytes:
    return struct.pack("<d", value) if value == value else _NAN


_NAN = struct.pack("<d", float("nan"))


def _none(out: Writer, value: Any, where: Where) -> None:
    out.part(b"none")


def _ellipsis(out: Writer, value: Any, where: Where) -> None:
    out.part(b"ellipsis")


def _bool(out: Writer, value: Any, where: Where) -> None:
    out.part(b"bool", int(value))


def _int(out: Writer, value: Any, where: Where) -> None:
    out.blob(b"int", value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True))


def _real(out: Writer, value: Any, where: Where) -> None:
    out.part(b"float")
    out.raw(_float(value))


def _complex(out: Writer, value: Any, where: Where) -> None:
    out.part(b"complex")
    out.raw(_float(value.real) + _float(value.imag))


def _str(out: Writer, value: Any, where: Where) -> None:
    out.text(b"str", value)


def _bytes(out: Writer, value: Any, where: Where) -> None:
    out.blob(type(value).__name__.encode(), bytes(value))


def _sequence(tag: bytes) -> Callable[[Writer, Any, Where], None]:
    def feed(out: Writer, value: Any, where: Where) -> None:
        deeper(value, where)
        out.part(tag, len(value))
        for place, item in enumerate(value):
            out.value(item, (*where, place))

    return feed


def _deque(out: Writer, value: Any, where: Where) -> None:
    out.part(b"deque", -1 if value.maxlen is None else value.maxlen)
    _sequence(b"items")(out, list(value), where)


def _mapping(tag: bytes) -> Callable[[Writer, Any, Where], None]:
    # Order counts: a node may walk a mapping, and frames made from one follow it.
    def feed(out: Writer, value: Any, where: Where) -> None:
        deeper(value, where)
        out.part(tag, len(value))
        for key, item in value.items():
            out.value(key, (*where, "key"))
            out.value(item, (*where, key))

    return feed


def _set(tag: bytes) -> Callable[[Writer, Any, Where], None]:
    def feed(out: Writer, value: Any, where: Where) -> None:
        out.part(tag, len(value))
        for digest in sorted(data_hash(item) for item in value):
            out.raw(digest.encode())

    return feed


def _by_parts(
    tag: bytes, parts: Callable[[Any], tuple[object, ...]]
) -> Callable[[Writer, Any, Where], None]:
    def feed(out: Writer, value: Any, where: Where) -> None:
        out.part(tag)
        _sequence(b"parts")(out, parts(value), where)

    return feed


def _moment(value: datetime.datetime) -> tuple[object, ...]:
    zone = value.tzinfo
    offset = value.utcoffset()
    return (
        *value.replace(tzinfo=None).timetuple()[:6],
        value.microsecond,
        value.fold,
        None if zone is None else str(zone),
        None if offset is None else offset.total_seconds(),
    )


def _clock(value: datetime.time) -> tuple[object, ...]:
    zone = None if value.tzinfo is None else str(value.tzinfo)
    return (value.hour, value.minute, value.second, value.microsecond, value.fold, zone)


def _path(out: Writer, value: Any, where: Where) -> None:
    if value.is_dir():
        # A folder is its files by relative name: a node may open any of them.
        inside = sorted(found for found in value.rglob("*") if found.is_file())
        out.part(b"folder", len(inside))
        out.text(b"folder name", value.name)
        for found in inside:
            out.text(b"name", found.relative_to(value).as_posix())
            out.text(b"file", file_hash(found))
        return
    try:
        digest = file_hash(value)
    except OSError as error:
        reason = f"a path counts by the content of its file, and {value} cannot be read"
        raise unhashable(value, where, f"{reason} ({error.strerror or error})") from error
    out.text(b"file name", value.name)
    out.text(b"file", digest)


_FAMILIES: dict[str, Callable[[Writer, Any], bool]] = {
    "numpy": feed_numpy,
    "pandas": feed_pandas,
    "pyarrow": feed_arrow,
    "scipy": feed_sparse,
    "torch": feed_torch,
    "xgboost": feed_xgboost,
}

_EXACT: dict[type, Callable[[Writer, Any, Where], None]] = {
    type(None): _none,
    type(...): _ellipsis,
    bool: _bool,
    int: _int,
    float: _real,
    complex: _complex,
    str: _str,
    bytes: _bytes,
    bytearray: _bytes,
    list: _sequence(b"list"),
    tuple: _sequence(b"tuple"),
    deque: _deque,
    dict: _mapping(b"dict"),
    OrderedDict: _mapping(b"ordereddict"),
    defaultdict: _mapping(b"defaultdict"),
    set: _set(b"set"),
    frozenset: _set(b"frozenset"),
    range: _by_parts(b"range", lambda value: (value.start, value.stop, value.step)),
    slice: _by_parts(b"slice", lambda value: (value.start, value.stop, value.step)),
    decimal.Decimal: _by_parts(b"decimal", lambda value: (str(value),)),
    fractions.Fraction: _by_parts(b"fraction", lambda value: (value.numerator, value.denominator)),
    datetime.datetime: _by_parts(b"datetime", _moment),
    datetime.date: _by_parts(b"date", lambda value: (value.isoformat(),)),
    datetime.time: _by_parts(b"time", _clock),
    datetime.timedelta: _by_parts(
        b"timedelta", lambda value: (value.days, value.seconds, value.microseconds)
    ),
    uuid.UUID: _by_parts(b"uuid", lambda value: (value.bytes,)),
}
