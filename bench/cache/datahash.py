"""Values named by their content: equal values get equal digests, in every process and order.

What counts: kind, dtype with byte order, shape, names, order, index, time zone, categories and
missingness. What does not: memory layout, the storage behind a dtype, chunking, the payload of a
NaN, `DataFrame.attrs` and the versions that writers leave in Arrow schemas. ``-0.0`` differs from
``0.0`` as it does for a node that divides by it.
"""

import datetime
import decimal
import enum
import fractions
import struct
import threading
import uuid
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import numpy as np
from blake3 import blake3

from bench.cache.columns import frame_arrays, index_array, series_array
from bench.errors import BenchError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["UnhashableData", "data_hash", "file_hash"]

DIGEST_BYTES = 16
# Big enough to amortise the call, small enough that mask, copy and bytes stay in the cache.
BLOCK_BYTES = 1 << 18

Sink = Callable[[bytes | memoryview], object]


class UnhashableData(BenchError, TypeError):
    """A value whose content cannot be named; the message says which and what to do."""


def data_hash(value: object) -> str:
    """Return the hex digest of a value's content; a `pathlib.Path` counts by what it holds.

    Parameters
    ----------
    value : object
        A scalar, a container of such, an array, a frame, an Arrow table, a tensor, an XGBoost
        booster, or a path to a file or folder that exists.

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
    _feed(state.update, value, ())
    return state.hexdigest(length=DIGEST_BYTES)


def file_hash(path: Path) -> str:
    """Return the hex digest of a file's bytes, remembered while its size and times stay."""
    found = path.stat()
    stamp = (str(path), found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
    with _FILES_LOCK:
        known = _FILES.get(stamp)
    if known is None:
        state = blake3(max_threads=1)
        state.update_mmap(path)
        known = state.hexdigest(length=DIGEST_BYTES)
        with _FILES_LOCK:
            _FILES[stamp] = known
    return known


_FILES: dict[tuple[str, int, int, int, int], str] = {}
_FILES_LOCK = threading.Lock()


def _frame(sink: Sink, tag: bytes, *lengths: int) -> None:
    """Open a part: its kind and its lengths, so that neighbours can never run together."""
    sink(struct.pack(f"<B{len(tag)}sB{len(lengths)}q", len(tag), tag, len(lengths), *lengths))


def _ticks(value: Any) -> int:
    """Return a pandas time in its own unit; `.value` counts nanoseconds and may overflow."""
    return int(value._value)


def _text(sink: Sink, tag: bytes, text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    _frame(sink, tag, len(data))
    sink(data)


def _blob(sink: Sink, tag: bytes, data: bytes | memoryview) -> None:
    _frame(sink, tag, len(data))
    sink(data)


def _float(value: float) -> bytes:
    return struct.pack("<d", value) if value == value else _NAN


_NAN = struct.pack("<d", float("nan"))


def _feed(sink: Sink, value: object, where: tuple[object, ...]) -> None:
    kind = type(value)
    exact = _EXACT.get(kind)
    if exact is not None:
        exact(sink, value, where)
        return
    family = kind.__module__.partition(".")[0]
    if family == "numpy" and _numpy(sink, value):
        return
    if family == "pandas" and _pandas(sink, value):
        return
    if family == "pyarrow" and _pyarrow(sink, value):
        return
    if family == "torch" and _torch(sink, value):
        return
    if family == "xgboost" and _xgboost(sink, value):
        return
    if isinstance(value, enum.Enum):
        _text(sink, b"enum", f"{kind.__module__}.{kind.__qualname__}.{value.name}")
        _feed(sink, value.value, (*where, "value"))
        return
    if isinstance(value, PurePath):
        if not isinstance(value, Path):
            raise _unhashable(value, where, "a pure path has no content; give a pathlib.Path")
        _path(sink, value, where)
        return
    if isinstance(value, tuple) and hasattr(kind, "_fields"):
        _text(sink, b"namedtuple", f"{kind.__module__}.{kind.__qualname__}")
        _sequence(b"tuple")(sink, value, where)
        return
    if is_dataclass(value) and not isinstance(value, type):
        _text(sink, b"dataclass", f"{kind.__module__}.{kind.__qualname__}")
        names = [field.name for field in fields(value)]
        _frame(sink, b"fields", len(names))
        for name in names:
            _text(sink, b"field", name)
            _feed(sink, getattr(value, name), (*where, name))
        return
    raise _unhashable(value, where, "return frames, arrays, tensors or JSON kinds instead")


def _unhashable(value: object, where: tuple[object, ...], advice: str) -> UnhashableData:
    place = "".join(f"[{step!r}]" for step in where)
    kind = type(value)
    at = f" at {place}" if place else ""
    return UnhashableData(
        f"no content hash for {kind.__module__}.{kind.__qualname__}{at}: {advice}"
    )


# -- plain Python ---------------------------------------------------------------------------


def _none(sink: Sink, value: Any, where: tuple[object, ...]) -> None:
    _frame(sink, b"none")


def _ellipsis(sink: Sink, value: Any, where: tuple[object, ...]) -> None:
    _frame(sink, b"ellipsis")


def _bool(sink: Sink, value: Any, where: tuple[object, ...]) -> None:
    _frame(sink, b"bool", int(value))


def _int(sink: Sink, value: Any, where: tuple[object, ...]) -> None:
    _blob(sink, b"int", value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True))


def _real(sink: Sink, value: Any, where: tuple[object, ...]) -> None:
    _frame(sink, b"float")
    sink(_float(value))


def _complex(sink: Sink, value: Any, where: tuple[object, ...]) -> None:
    _frame(sink, b"complex")
    sink(_float(value.real) + _float(value.imag))


def _str(sink: Sink, value: Any, where: tuple[object, ...]) -> None:
    _text(sink, b"str", value)


def _bytes(sink: Sink, value: Any, where: tuple[object, ...]) -> None:
    _blob(sink, type(value).__name__.encode(), bytes(value))


def _sequence(tag: bytes) -> Callable[[Sink, Any, tuple[object, ...]], None]:
    def feed(sink: Sink, value: Any, where: tuple[object, ...]) -> None:
        _deeper(value, where)
        _frame(sink, tag, len(value))
        for place, item in enumerate(value):
            _feed(sink, item, (*where, place))

    return feed


def _deque(sink: Sink, value: Any, where: tuple[object, ...]) -> None:
    _frame(sink, b"deque", -1 if value.maxlen is None else value.maxlen)
    _sequence(b"items")(sink, list(value), where)


def _mapping(tag: bytes) -> Callable[[Sink, Any, tuple[object, ...]], None]:
    # Order counts: a node may walk a mapping, and frames made from one follow it.
    def feed(sink: Sink, value: Any, where: tuple[object, ...]) -> None:
        _deeper(value, where)
        _frame(sink, tag, len(value))
        for key, item in value.items():
            _feed(sink, key, (*where, "key"))
            _feed(sink, item, (*where, key))

    return feed


def _set(tag: bytes) -> Callable[[Sink, Any, tuple[object, ...]], None]:
    def feed(sink: Sink, value: Any, where: tuple[object, ...]) -> None:
        _frame(sink, tag, len(value))
        for digest in sorted(data_hash(item) for item in value):
            sink(digest.encode())

    return feed


def _deeper(value: object, where: tuple[object, ...]) -> None:
    if len(where) > 100:
        raise _unhashable(value, where[:3], "nested deeper than 100 levels, or holds itself")


def _by_parts(
    tag: bytes, parts: Callable[[Any], tuple[object, ...]]
) -> Callable[[Sink, Any, tuple[object, ...]], None]:
    def feed(sink: Sink, value: Any, where: tuple[object, ...]) -> None:
        _frame(sink, tag)
        _sequence(b"parts")(sink, parts(value), where)

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


def _path(sink: Sink, value: Any, where: tuple[object, ...]) -> None:
    if value.is_dir():
        # A folder is its files by relative name: a node may open any of them.
        inside = sorted(found for found in value.rglob("*") if found.is_file())
        _frame(sink, b"folder", len(inside))
        for found in inside:
            _text(sink, b"name", found.relative_to(value).as_posix())
            _text(sink, b"file", file_hash(found))
        return
    try:
        digest = file_hash(value)
    except OSError as error:
        reason = f"a path counts by the content of its file, and {value} cannot be read"
        raise _unhashable(value, where, f"{reason} ({error.strerror or error})") from error
    _text(sink, b"file", digest)


_EXACT: dict[type, Callable[[Sink, Any, tuple[object, ...]], None]] = {
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


# -- numpy ----------------------------------------------------------------------------------


def _numpy(sink: Sink, value: object) -> bool:
    if type(value) is np.ndarray:
        _array(sink, value)
    elif isinstance(value, np.generic):
        _frame(sink, b"npscalar")
        _array(sink, np.asarray(value))
    elif isinstance(value, np.dtype):
        _text(sink, b"dtype", _dtype_text(value))
    elif isinstance(value, np.ma.MaskedArray):
        _frame(sink, b"masked")
        mask = np.ma.getmaskarray(value)
        _array(sink, mask)
        _array(sink, np.where(mask, np.zeros((), value.dtype), value.data))
        _array(sink, np.asarray(value.fill_value))
    elif isinstance(value, np.memmap):
        _array(sink, value.view(np.ndarray))
    else:
        return False
    return True


def _dtype_text(dtype: np.dtype[Any]) -> str:
    return repr(dtype.descr) if dtype.names else dtype.str


def _array(sink: Sink, array: "np.ndarray[Any, Any]") -> None:
    dtype = array.dtype
    _text(sink, b"array", _dtype_text(dtype))
    _frame(sink, b"shape", *array.shape)
    _values(sink, array)


def _values(sink: Sink, array: "np.ndarray[Any, Any]") -> None:
    """Feed the elements in C order, whatever the layout in memory."""
    kind = array.dtype.kind
    if array.dtype.names:
        # Field by field: padding between fields holds whatever was there before.
        for name in array.dtype.names:
            _array(sink, array[name])
    elif kind == "O":
        for place, item in enumerate(array.ravel().tolist()):
            _feed(sink, item, (place,))
    elif kind == "V" and array.dtype.subdtype is not None:
        raise _unhashable(array, (), "no canonical bytes for a sub-array dtype")
    elif kind == "T":
        for item in array.ravel().tolist():
            _feed(sink, item, ())
    elif array.flags.c_contiguous or array.ndim == 1:
        _run(sink, array.reshape(-1))
    else:
        # Rows of a strided array, copied a block at a time: never the whole.
        rows = array if array.ndim == 2 else array.reshape(len(array), -1)
        step = max(1, BLOCK_BYTES // max(1, rows.shape[1] * rows.itemsize))
        for start in range(0, len(rows), step):
            _run(sink, np.ascontiguousarray(rows[start : start + step]).reshape(-1))


def _run(sink: Sink, flat: "np.ndarray[Any, Any]") -> None:
    """Feed one dimension; every NaN as the same bits, since arithmetic leaves either sign."""
    if flat.size == 0:
        return
    kind = flat.dtype.kind
    if kind not in "fc" or flat.dtype.itemsize == 1:
        sink(_view(flat))
        return
    step = max(1, BLOCK_BYTES // flat.itemsize)
    for start in range(0, flat.size, step):
        block = flat[start : start + step]
        missing = np.isnan(block)
        if missing.any():
            block = block.copy()
            if kind == "c":
                parts = block.view(block.real.dtype)
                parts[np.isnan(parts)] = np.nan
            else:
                block[missing] = np.nan
        if block.dtype.itemsize == 16 and kind == "f":
            # Extended precision keeps six bytes of padding that hold anything.
            mantissa, exponent = np.frexp(block)
            high = mantissa.astype(np.float64)
            low = (mantissa - high).astype(np.float64)
            sink(_view(high))
            sink(_view(low))
            sink(_view(exponent))
        else:
            sink(_view(block))


def _view(flat: "np.ndarray[Any, Any]") -> memoryview:
    return np.ascontiguousarray(flat).view(np.uint8).data


# -- pandas ---------------------------------------------------------------------------------


def _pandas(sink: Sink, value: object) -> bool:
    import pandas as pd

    if type(value) is pd.DataFrame:
        _frame(sink, b"frame", *value.shape)
        _index(sink, value.columns)
        _index(sink, value.index)
        for column in frame_arrays(value):
            _column(sink, column)
    elif type(value) is pd.Series:
        _frame(sink, b"series", len(value))
        _feed(sink, value.name, ("name",))
        _index(sink, value.index)
        _column(sink, series_array(value))
    elif isinstance(value, pd.Index):
        _index(sink, value)
    elif isinstance(value, pd.Timestamp):
        zone = None if value.tzinfo is None else str(value.tzinfo)
        _frame(sink, b"timestamp", _ticks(value), value.fold)
        _feed(sink, (value.unit, zone), ())
    elif isinstance(value, pd.Timedelta):
        _frame(sink, b"pdtimedelta", _ticks(value))
        _feed(sink, value.unit, ())
    elif value is pd.NaT:
        _frame(sink, b"nat")
    elif value is pd.NA:
        _frame(sink, b"na")
    elif isinstance(value, pd.Interval):
        _frame(sink, b"interval")
        _feed(sink, (value.left, value.right, value.closed), ())
    elif isinstance(value, pd.Period):
        _frame(sink, b"period", value.ordinal)
        _feed(sink, value.freqstr, ())
    elif isinstance(value, pd.DateOffset):
        _text(sink, b"offset", repr(value.freqstr))
    elif isinstance(value, pd.api.extensions.ExtensionDtype):
        _text(sink, b"pddtype", repr(value))
    elif isinstance(value, pd.api.extensions.ExtensionArray):
        _column(sink, value)
    else:
        return False
    return True


def _index(sink: Sink, index: "pd.Index[Any]") -> None:
    import pandas as pd

    _frame(sink, b"index", len(index), index.nlevels)
    _feed(sink, list(index.names), ("index names",))
    if isinstance(index, pd.MultiIndex):
        for level in range(index.nlevels):
            _column(sink, index_array(index.get_level_values(level)))
        return
    # A frame remembers that its rows are regular, and `shift` asks: the frequency is content.
    _feed(sink, getattr(index, "freqstr", None), ("index freq",))
    _column(sink, index_array(index))


def _column(sink: Sink, column: Any) -> None:
    dtype = column.dtype
    if isinstance(dtype, np.dtype):
        _array(sink, np.asarray(column))
        return
    import pandas as pd

    _text(sink, b"extension", _extension_text(dtype))
    if isinstance(dtype, pd.CategoricalDtype):
        _index(sink, dtype.categories)
        # The width of the codes follows from the number of categories.
        _array(sink, column.codes)
    elif isinstance(dtype, (pd.DatetimeTZDtype, pd.PeriodDtype)):
        _array(sink, np.asarray(column.view("i8")))
    elif isinstance(dtype, pd.IntervalDtype):
        _index(sink, column.left)
        _index(sink, column.right)
    elif isinstance(dtype, pd.SparseDtype):
        raise _unhashable(column, (), "make a sparse column dense first")
    elif hasattr(column, "__arrow_array__"):
        import pyarrow as pa

        _arrow_values(sink, pa.array(column))
    else:
        raise _unhashable(column, (), f"no canonical bytes for dtype {dtype}")


def _extension_text(dtype: Any) -> str:
    import pandas as pd

    if isinstance(dtype, pd.CategoricalDtype):
        return f"category ordered={bool(dtype.ordered)}"
    if isinstance(dtype, pd.StringDtype):
        # The storage (arrow or python) is no content; the missing marker is.
        return f"string na={dtype.na_value!r}"
    return str(dtype)


# -- arrow ----------------------------------------------------------------------------------


def _pyarrow(sink: Sink, value: Any) -> bool:
    import pyarrow as pa

    if isinstance(value, (pa.Table, pa.RecordBatch)):
        tag = b"table" if isinstance(value, pa.Table) else b"batch"
        _frame(sink, tag, value.num_rows, value.num_columns)
        _schema(sink, value.schema)
        for column in value.columns:
            _arrow_values(sink, column)
    elif isinstance(value, (pa.Array, pa.ChunkedArray)):
        _text(sink, b"arrow", str(value.type))
        _arrow_values(sink, value)
    elif isinstance(value, pa.Schema):
        _schema(sink, value)
    elif isinstance(value, pa.DataType):
        _text(sink, b"arrowtype", str(value))
    elif isinstance(value, pa.Scalar):
        _text(sink, b"arrowscalar", str(value.type))
        _arrow_values(sink, pa.array([value.as_py()], value.type))
    else:
        return False
    return True


def _schema(sink: Sink, schema: Any) -> None:
    # Metadata are notes of the writer, with its version in them; names and types are content.
    for field in schema:
        _text(sink, b"name", field.name)
        _text(sink, b"type", f"{field.type} {'null' if field.nullable else 'not null'}")


def _arrow_values(sink: Sink, values: Any) -> None:
    """Feed Arrow values as if they were one fresh chunk: no offset, zeros under the nulls."""
    import pyarrow as pa

    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks() if values.num_chunks != 1 else values.chunk(0)
        if isinstance(values, pa.ChunkedArray):
            values = pa.concat_arrays(values.chunks)
    kind = values.type
    _frame(sink, b"values", len(values), values.null_count)
    if values.null_count:
        _values(sink, np.asarray(values.is_valid().to_numpy(zero_copy_only=False)))
    if pa.types.is_dictionary(kind):
        _arrow_values(sink, values.dictionary_decode())
    elif pa.types.is_null(kind):
        pass
    elif pa.types.is_boolean(kind):
        _values(sink, values.fill_null(False).to_numpy(zero_copy_only=False))
    elif _is_text(pa, kind):
        _arrow_text(sink, values)
    elif pa.types.is_struct(kind):
        for place, inner in enumerate(values.flatten()):
            _text(sink, b"name", kind.field(place).name)
            _arrow_values(sink, inner)
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
        lengths = values.value_lengths().fill_null(0).cast(pa.int64())
        _values(sink, lengths.to_numpy(zero_copy_only=False))
        _arrow_values(sink, values.drop_null().flatten())
    elif pa.types.is_fixed_size_list(kind):
        _arrow_values(sink, values.drop_null().flatten())
    elif isinstance(kind, pa.BaseExtensionType):
        _arrow_values(sink, values.storage)
    else:
        _arrow_fixed(sink, values)


def _is_text(pa: Any, kind: Any) -> bool:
    types = pa.types
    return bool(
        types.is_string(kind)
        or types.is_large_string(kind)
        or types.is_binary(kind)
        or types.is_large_binary(kind)
        or types.is_string_view(kind)
        or types.is_binary_view(kind)
    )


def _arrow_text(sink: Sink, values: Any) -> None:
    import pyarrow as pa

    text = values.drop_null() if values.null_count else values
    if pa.types.is_string(text.type) or pa.types.is_string_view(text.type):
        text = text.cast(pa.large_string())
    elif not pa.types.is_large_string(text.type):
        text = text.cast(pa.large_binary())
    if len(text) == 0:
        return
    _, offset_buffer, data = text.buffers()
    offsets = np.frombuffer(offset_buffer, np.int64)[text.offset : text.offset + len(text) + 1]
    _values(sink, np.diff(offsets))
    if data is not None:
        _blob(sink, b"text", memoryview(data)[int(offsets[0]) : int(offsets[-1])])


def _arrow_fixed(sink: Sink, values: Any) -> None:
    import pyarrow as pa

    kind = values.type
    try:
        width = kind.bit_width
    except ValueError:
        width = 0
    if width == 0 or width % 8:
        raise _unhashable(values, (), f"no canonical bytes for Arrow type {kind}")
    full = values.drop_null() if values.null_count else values
    if len(full) == 0:
        return
    raw = np.frombuffer(full.buffers()[1], np.uint8)
    size = width // 8
    raw = raw[full.offset * size : (full.offset + len(full)) * size]
    _values(sink, raw.view(f"<f{size}") if pa.types.is_floating(kind) else raw)


# -- models ---------------------------------------------------------------------------------


def _torch(sink: Sink, value: Any) -> bool:
    import torch

    if isinstance(value, torch.Tensor):
        if value.is_sparse or value.is_quantized or value.device.type == "meta":
            return False
        _text(sink, b"tensor", str(value.dtype))
        _frame(sink, b"shape", *value.shape)
        flat = value.detach().cpu().contiguous().reshape(-1)
        if value.dtype in (torch.float16, torch.float32, torch.float64):
            _values(sink, flat.numpy())
        else:
            _values(sink, flat.view(torch.uint8).numpy())
    elif isinstance(value, (torch.dtype, torch.device, torch.Size)):
        _text(sink, b"torch", repr(value))
    else:
        return False
    return True


def _xgboost(sink: Sink, value: Any) -> bool:
    import xgboost

    if type(value) is not xgboost.Booster:
        return False
    _blob(sink, b"booster", bytes(value.save_raw("ubj")))
    return True
