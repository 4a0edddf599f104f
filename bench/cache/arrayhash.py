"""The content of numpy arrays and scalars: dtype, shape and elements in C order."""

import datetime
import itertools
from typing import Any

import numpy as np

from bench.cache.writer import Writer, unhashable

__all__ = ["feed_array", "feed_numpy", "feed_sparse", "feed_values"]

# Big enough to amortise the call, small enough that mask, copy and bytes stay in the cache.
BLOCK_BYTES = 1 << 18


def feed_numpy(out: Writer, value: object) -> bool:
    """Write a value of numpy; False for a kind that is not known."""
    if type(value) is np.ndarray:
        feed_array(out, value)
    elif isinstance(value, np.generic):
        out.part(b"npscalar")
        feed_array(out, np.asarray(value))
    elif isinstance(value, np.dtype):
        out.text(b"dtype", _dtype_text(value))
    elif isinstance(value, np.ma.MaskedArray):
        out.part(b"masked")
        mask = np.ma.getmaskarray(value)
        feed_array(out, mask)
        feed_array(out, np.where(mask, np.zeros((), value.dtype), value.data))
        feed_array(out, np.asarray(value.fill_value))
    elif isinstance(value, np.memmap):
        feed_array(out, value.view(np.ndarray))
    else:
        return False
    return True


def feed_sparse(out: Writer, value: Any) -> bool:
    """Write a sparse array or matrix of scipy; False for a kind that is not known."""
    from scipy import sparse

    if not sparse.issparse(value):
        return False
    out.text(b"sparse", f"{type(value).__name__}")
    out.part(b"shape", *value.shape)
    # What it notes of itself while it is used, such as that its indices are sorted, is no content.
    names = {"csr": "data indices indptr", "csc": "data indices indptr", "dia": "data offsets"}
    if value.format in names:
        parts = [getattr(value, name) for name in names[value.format].split()]
    else:
        entries = value.tocoo()
        parts = [entries.data, *entries.coords]
    for part in parts:
        feed_array(out, part)
    return True


def _dtype_text(dtype: np.dtype[Any]) -> str:
    return repr(dtype.descr) if dtype.names else dtype.str


def feed_array(out: Writer, array: "np.ndarray[Any, Any]") -> None:
    """Write an array with its dtype and shape."""
    dtype = array.dtype
    out.text(b"array", _dtype_text(dtype))
    out.part(b"shape", *array.shape)
    feed_values(out, array)


def feed_values(out: Writer, array: "np.ndarray[Any, Any]") -> None:
    """Feed the elements in C order, whatever the layout in memory."""
    kind = array.dtype.kind
    if array.dtype.names:
        # Field by field: padding between fields holds whatever was there before.
        for name in array.dtype.names:
            feed_array(out, array[name])
    elif kind in "OT":
        items = array.ravel().tolist()
        if not _feed_plain(out, items):
            for place, item in enumerate(items):
                out.value(item, (place,))
    elif kind == "V" and array.dtype.subdtype is not None:
        raise unhashable(array, (), "no canonical bytes for a sub-array dtype")
    elif array.flags.c_contiguous or array.ndim == 1:
        _run(out, array.reshape(-1))
    else:
        # Rows of a strided array, copied a block at a time: never the whole.
        rows = array if array.ndim == 2 else array.reshape(len(array), -1)
        step = max(1, BLOCK_BYTES // max(1, rows.shape[1] * rows.itemsize))
        for start in range(0, len(rows), step):
            _run(out, np.ascontiguousarray(rows[start : start + step]).reshape(-1))


def _feed_plain(out: Writer, items: list[Any]) -> bool:
    """Write objects of a few plain kinds, kind by kind; False where there are others."""
    try:
        kinds = np.fromiter(map(_PLAIN.__getitem__, map(type, items)), np.uint8, len(items))
        held = {kind: items for kind in _PLAIN.values() if (kinds == kind).all()}
        if not held:
            held = {
                kind: list(itertools.compress(items, (kinds == kind).tolist()))
                for kind in np.unique(kinds).tolist()
            }
        numbers = np.array(held.get(_PLAIN[int], ()), np.int64)
    except (KeyError, OverflowError):
        return False
    out.part(b"plain", len(items))
    out.raw(_view(kinds))
    texts = held.get(_PLAIN[str], ())
    _run(out, np.fromiter(map(len, texts), np.int64, len(texts)))
    out.text(b"text", "".join(texts))
    _run(out, np.array(held.get(_PLAIN[float], ()), np.float64))
    _run(out, numbers)
    _run(out, np.array(held.get(_PLAIN[bool], ()), np.bool_))
    days = held.get(_PLAIN[datetime.date], ())
    _run(out, np.fromiter((day.toordinal() for day in days), np.int64, len(days)))
    return True


_PLAIN: dict[type, int] = {type(None): 0, str: 1, float: 2, int: 3, bool: 4, datetime.date: 5}


def _run(out: Writer, flat: "np.ndarray[Any, Any]") -> None:
    """Feed one dimension; every NaN as the same bits, since arithmetic leaves either sign."""
    if flat.size == 0:
        return
    kind = flat.dtype.kind
    if kind not in "fc" or flat.dtype.itemsize == 1:
        out.raw(_view(flat))
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
            out.raw(_view(high))
            out.raw(_view(low))
            out.raw(_view(exponent))
        else:
            out.raw(_view(block))


def _view(flat: "np.ndarray[Any, Any]") -> memoryview:
    return np.ascontiguousarray(flat).view(np.uint8).data
