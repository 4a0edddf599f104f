"""Frames, series and indexes as uncompressed Arrow files that give back the very same object.

Every reader of Arrow opens the files; columns are named by position, since labels may repeat or
be no text, and the labels stand in the schema's ``crossfold`` entry. Numbers are taken back
without a copy, so what is loaded is read-only. `DataFrame.attrs` is kept where it is plain.
"""

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from bench.cache.columns import frame_arrays, index_array, series_array
from bench.cache.plain import JSON, Unstorable, dumps, from_json, to_json

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ENTRY", "column_from", "frame_bytes", "frame_from", "labels_from"]

ENTRY = b"crossfold"


def frame_bytes(value: "pd.DataFrame | pd.Series[Any] | pd.Index[Any]") -> Any:
    """Return the Arrow file of a frame, series or index as a buffer.

    Raises
    ------
    Unstorable
        For a column that Arrow cannot give back exactly, named by its label.
    """
    import pandas as pd
    import pyarrow as pa

    arrays: list[Any] = []
    about: dict[str, JSON] = {}
    if isinstance(value, pd.DataFrame):
        about["kind"] = "frame"
        about["labels"] = _labels(value.columns)
        about["columns"] = [
            _column(arrays, column, label)
            for label, column in zip(value.columns.tolist(), frame_arrays(value), strict=True)
        ]
        about["index"] = _index(arrays, value.index)
    elif isinstance(value, pd.Series):
        about["kind"] = "series"
        about["name"] = _json(value.name, "the name of the series")
        about["columns"] = [_column(arrays, series_array(value), value.name)]
        about["index"] = _index(arrays, value.index)
    else:
        about["kind"] = "index"
        about["index"] = _index(arrays, value)
    about["rows"] = len(value)
    if not isinstance(value, pd.Index):
        about.update(_notes(value))
    schema = pa.schema(
        [pa.field(str(place), array.type) for place, array in enumerate(arrays)],
        metadata={ENTRY: dumps(about)},
    )
    batch = pa.RecordBatch.from_arrays(arrays, schema=schema)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, schema) as writer:
        writer.write_batch(batch)
    return sink.getvalue()


def _notes(value: "pd.DataFrame | pd.Series[Any]") -> dict[str, JSON]:
    """Return what somebody noted on a frame, and whether it refuses labels that repeat."""
    found: dict[str, JSON] = {}
    if value.attrs:
        found["attrs"] = _json(value.attrs, "`attrs`")
    if not value.flags.allows_duplicate_labels:
        found["unique"] = True
    return found


def _noted(value: Any, about: dict[str, JSON]) -> Any:
    if "attrs" in about:
        value.attrs = from_json(about["attrs"])
    return value.set_flags(allows_duplicate_labels=False) if "unique" in about else value


def frame_from(buffer: Any) -> "pd.DataFrame | pd.Series[Any] | pd.Index[Any]":
    """Return what `frame_bytes` was given, sharing the buffer's memory where it can."""
    import pandas as pd
    import pyarrow as pa

    reader = pa.ipc.open_file(pa.BufferReader(buffer))
    entry = reader.schema.metadata[ENTRY]
    about = _about(entry)
    # A schema without fields cannot carry a row count, and has no batch worth reading.
    batch = reader.get_batch(0) if len(reader.schema) else None
    arrays = iter([] if batch is None else batch.columns)
    kind = about["kind"]
    if kind == "index":
        return _index_from(about["index"], arrays, about["rows"])
    columns = [column_from(spec, arrays) for spec in about["columns"]]
    index = _index_from(about["index"], arrays, about["rows"])
    if kind == "series":
        name, dtype = from_json(about["name"]), columns[0].dtype
        series: pd.Series[Any] = pd.Series(
            columns[0], index=index, name=name, dtype=dtype, copy=False
        )
        return cast("pd.Series[Any]", _noted(series, about))
    frame = _frame_of(columns, index)
    frame.columns = _labels_of(entry)
    return cast("pd.DataFrame", _noted(frame, about))


# Frames of one kind come by the hundred; nobody changes what is shared here.
@lru_cache(maxsize=256)
def _about(entry: bytes) -> JSON:
    return json.loads(entry)


def _labels_of(entry: bytes) -> "pd.Index[Any]":
    return _known_labels(entry).view()  # so that a name given to one is not given to all


@lru_cache(maxsize=256)
def _known_labels(entry: bytes) -> "pd.Index[Any]":
    return labels_from(_about(entry)["labels"])


def _frame_of(columns: list[Any], index: "pd.Index[Any]") -> "pd.DataFrame":
    import pandas as pd

    dtypes = {column.dtype for column in columns}
    if len(columns) >= _WIDE and len(dtypes) == 1 and isinstance(columns[0], np.ndarray):
        (dtype,) = dtypes
        if dtype.kind in "biuf":
            # pandas handles a hundred columns in one piece a hundred times faster than one by one.
            block = np.empty((len(columns), len(index)), dtype)
            for row, column in zip(block, columns, strict=True):
                row[:] = column
            block.flags.writeable = False
            return pd.DataFrame(block.T, index=index, copy=False)
    held = {
        # Without its dtype told, pandas makes text of objects that are text.
        place: pd.Series(column, index=index, dtype=object) if column.dtype == object else column
        for place, column in enumerate(columns)
    }
    return pd.DataFrame(held, index=index, copy=False)


_WIDE = 8  # columns from which on a copy costs less than the pieces


# -- labels ---------------------------------------------------------------------------------


def _json(value: object, what: str) -> JSON:
    try:
        return to_json(value)
    except Unstorable as error:
        raise Unstorable(f"{what} cannot be stored: {error}") from error


def _labels(labels: "pd.Index[Any]") -> JSON:
    import pandas as pd

    if type(labels) is pd.RangeIndex:
        return {"range": [labels.start, labels.stop, labels.step], "names": _names(labels)}
    if isinstance(labels, pd.MultiIndex):
        levels = [_labels(labels.get_level_values(place)) for place in range(labels.nlevels)]
        return {"levels": levels, "names": _names(labels)}
    if labels.dtype == object or isinstance(labels.dtype, pd.StringDtype):
        texts = [_json(label, "a column label") for label in labels]
        spec: JSON = {"labels": texts, "dtype": _dtype_name(labels.dtype), "names": _names(labels)}
    else:
        # Labels that are numbers or times take the road of the values, as their own file.
        spec = {"arrow": _hex(labels), "names": _names(labels)}
    return spec


def _hex(labels: "pd.Index[Any]") -> str:
    return cast("str", frame_bytes(labels).to_pybytes().hex())


def _names(index: "pd.Index[Any]") -> JSON:
    return [_json(name, "the name of an index") for name in index.names]


def labels_from(spec: JSON) -> "pd.Index[Any]":
    """Return the labels of a frame's columns from what its file tells of them."""
    import pandas as pd
    import pyarrow as pa

    names = [from_json(name) for name in spec["names"]]
    if "range" in spec:
        return _range(spec)
    if "levels" in spec:
        return pd.MultiIndex.from_arrays(
            [labels_from(level) for level in spec["levels"]], names=names
        )
    if "arrow" in spec:
        return cast("pd.Index[Any]", frame_from(pa.py_buffer(bytes.fromhex(spec["arrow"]))))
    labels = [from_json(label) for label in spec["labels"]]
    index = pd.Index(_objects(labels), dtype=_dtype_from(spec["dtype"]), tupleize_cols=False)
    index.name = names[0]
    return cast("pd.Index[Any]", index)


def _objects(values: list[Any]) -> "np.ndarray[Any, Any]":
    # By hand: `np.array` would make two dimensions of a list of tuples.
    holder = np.empty(len(values), dtype=object)
    for place, value in enumerate(values):
        holder[place] = value
    return holder


def _range(spec: JSON) -> "pd.RangeIndex":
    import pandas as pd

    start, stop, step = spec["range"]
    return pd.RangeIndex(start, stop, step, name=from_json(spec["names"][0]))


def _dtype_name(dtype: Any) -> str:
    import pandas as pd

    if isinstance(dtype, pd.StringDtype):
        missing = "nan" if dtype.na_value is not pd.NA else "na"
        return f"string:{dtype.storage}:{missing}"
    return str(dtype)


def _dtype_from(name: str) -> Any:
    import pandas as pd

    if name.startswith("string:"):
        _, storage, missing = name.split(":")
        return pd.StringDtype(storage, na_value=np.nan if missing == "nan" else pd.NA)
    return pd.api.types.pandas_dtype(name)


# -- index ----------------------------------------------------------------------------------


def _index(arrays: list[Any], index: "pd.Index[Any]") -> JSON:
    import pandas as pd

    names = _names(index)
    if type(index) is pd.RangeIndex:
        return {"range": [index.start, index.stop, index.step], "names": names}
    if isinstance(index, pd.MultiIndex):
        levels = [
            _column(arrays, index_array(index.get_level_values(place)), f"index level {place}")
            for place in range(index.nlevels)
        ]
        return {"levels": levels, "names": names}
    spec: dict[str, JSON] = {"column": _column(arrays, index_array(index), "index"), "names": names}
    freq = getattr(index, "freqstr", None)
    if freq is not None and not isinstance(index, pd.PeriodIndex):
        spec["freq"] = freq
    return spec


def _index_from(spec: JSON, arrays: Any, rows: int) -> "pd.Index[Any]":
    import pandas as pd

    names = [from_json(name) for name in spec["names"]]
    if "range" in spec:
        return _range(spec)
    if "levels" in spec:
        columns = [column_from(level, arrays) for level in spec["levels"]]
        return pd.MultiIndex.from_arrays(columns, names=names)
    column = column_from(spec["column"], arrays)
    index = pd.Index(column, dtype=column.dtype, copy=False, tupleize_cols=False)
    if "freq" in spec:
        cast("Any", index).freq = pd.tseries.frequencies.to_offset(spec["freq"])
    index.name = names[0]
    return cast("pd.Index[Any]", index)


# -- columns --------------------------------------------------------------------------------


def _column(arrays: list[Any], values: Any, label: object) -> JSON:
    """Append the Arrow form of an array and return what is needed to take it back."""
    import pandas as pd
    import pyarrow as pa

    dtype = values.dtype
    if isinstance(dtype, np.dtype):
        return _numpy_column(arrays, np.asarray(values), label)
    if isinstance(dtype, pd.DatetimeTZDtype):
        zone = str(dtype.tz)
        if not _zone_returns(dtype, zone):
            raise Unstorable(f"column {label!r}: time zone {dtype.tz!r} has no name to store it by")
        stamps = np.ascontiguousarray(values.view("i8"))
        arrays.append(_stamps(stamps, pa.timestamp(dtype.unit, zone)))
        return {"zone": zone, "unit": dtype.unit}
    if isinstance(dtype, pd.CategoricalDtype):
        categories = dtype.categories
        inner: list[Any] = []
        spec = _index(inner, categories)
        codes = np.ascontiguousarray(values.codes)
        missing = codes < 0
        if len(inner) == 1:
            indices = pa.array(codes, mask=missing if missing.any() else None)
            arrays.append(
                pa.DictionaryArray.from_arrays(indices, inner[0], ordered=bool(dtype.ordered))
            )
        else:
            arrays.append(pa.array(codes))
            arrays.extend(inner)
        ordered = bool(dtype.ordered)
        return {"categories": spec, "count": len(categories), "ordered": ordered, "n": len(inner)}
    if isinstance(dtype, pd.PeriodDtype):
        arrays.append(pa.array(np.ascontiguousarray(values.view("i8"))))
        return {"period": str(dtype)}
    if isinstance(dtype, pd.IntervalDtype):
        pair = [_column(arrays, index_array(side), label) for side in (values.left, values.right)]
        return {"interval": pair, "closed": dtype.closed}
    if isinstance(dtype, pd.SparseDtype) or not hasattr(values, "__arrow_array__"):
        raise Unstorable(
            f"column {label!r}: dtype {dtype} cannot be stored; make it dense numpy or Arrow"
        )
    array = pa.array(values)
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
    arrays.append(array)
    return {"pandas": _dtype_name(dtype)}


def _zone_returns(dtype: "pd.DatetimeTZDtype", zone: str) -> bool:
    import pandas as pd

    try:
        return bool(pd.DatetimeTZDtype(dtype.unit, zone) == dtype)
    except (TypeError, ValueError, KeyError, AttributeError):
        return False


def _numpy_column(arrays: list[Any], values: "np.ndarray[Any, Any]", label: object) -> JSON:
    import pandas as pd
    import pyarrow as pa

    dtype = values.dtype
    if dtype.kind == "O":
        seen = pd.api.types.infer_dtype(values, skipna=False)
        if len(values) and seen != "string":
            raise Unstorable(
                f"column {label!r}: an object column of {seen} values cannot be stored; "
                f"give it one dtype, for text `astype('str')`"
            )
        arrays.append(pa.array(values, pa.large_string()))
        return {"numpy": "O"}
    if dtype.byteorder == ">" or dtype.kind not in "biufcMm" or dtype.itemsize > 16:
        raise Unstorable(f"column {label!r}: dtype {dtype} cannot be stored in an Arrow file")
    flat = np.ascontiguousarray(values)
    if dtype.kind in "Mm":
        unit = np.datetime_data(dtype)[0]
        maker = pa.timestamp if dtype.kind == "M" else pa.duration
        arrays.append(_stamps(flat.view("i8"), maker(unit)))
    elif dtype.kind == "c" or (dtype.kind == "f" and dtype.itemsize == 16):
        arrays.append(_fixed(flat, pa.binary(dtype.itemsize)))
    else:
        arrays.append(pa.array(flat))
    return {"numpy": dtype.str}


def _stamps(stamps: "np.ndarray[Any, Any]", kind: Any) -> Any:
    """Times share the numbers' memory; a missing one is null and keeps pandas' own marker."""
    import pyarrow as pa

    missing = stamps == np.iinfo(np.int64).min
    valid = None
    if missing.any():
        valid = pa.py_buffer(np.packbits(~missing, bitorder="little"))
    return pa.Array.from_buffers(kind, len(stamps), [valid, pa.py_buffer(stamps)])


def _fixed(flat: "np.ndarray[Any, Any]", kind: Any) -> Any:
    import pyarrow as pa

    return pa.Array.from_buffers(kind, len(flat), [None, pa.py_buffer(flat.view(np.uint8))])


def _raw(array: Any, dtype: "np.dtype[Any]") -> "np.ndarray[Any, Any]":
    buffer = array.buffers()[1]
    if buffer is None or len(array) == 0:
        return np.empty(0, dtype)
    return np.frombuffer(buffer, dtype, count=len(array), offset=array.offset * dtype.itemsize)


def column_from(spec: JSON, arrays: Any) -> Any:
    """Return a column from what its file tells of it, and the next of the file's arrays."""
    import pandas as pd

    if "numpy" in spec:
        dtype = np.dtype(spec["numpy"])
        array = next(arrays)
        if dtype.kind in "Ob":
            return array.to_numpy(zero_copy_only=False)
        return _raw(array, dtype)
    if "zone" in spec:
        stamps = _raw(next(arrays), np.dtype(f"M8[{spec['unit']}]"))
        zone = pd.DatetimeTZDtype(spec["unit"], spec["zone"])
        return pd.DatetimeIndex(stamps).tz_localize("UTC").tz_convert(zone.tz).array
    if "categories" in spec:
        return _categories_from(spec, arrays)
    if "period" in spec:
        kind = cast("Any", pd.api.types.pandas_dtype(spec["period"]))
        return pd.arrays.PeriodArray(_raw(next(arrays), np.dtype("i8")), dtype=kind)
    if "interval" in spec:
        left, right = (column_from(side, arrays) for side in spec["interval"])
        return pd.arrays.IntervalArray.from_arrays(left, right, closed=spec["closed"])
    dtype = _dtype_from(spec["pandas"])
    return cast("Any", dtype).__from_arrow__(next(arrays))


def _categories_from(spec: JSON, arrays: Any) -> Any:
    import pandas as pd

    first = next(arrays)
    if spec["n"] == 1:
        codes = _raw(first.indices, first.indices.type.to_pandas_dtype()().dtype)
        if first.null_count:
            codes = codes.copy()
            codes[~first.is_valid().to_numpy(zero_copy_only=False)] = -1
        categories = _index_from(spec["categories"], iter([first.dictionary]), spec["count"])
    else:
        codes = first.to_numpy()
        categories = _index_from(spec["categories"], arrays, spec["count"])
    dtype = pd.CategoricalDtype(categories, ordered=spec["ordered"])
    return pd.Categorical.from_codes(codes, dtype=dtype)
