"""The content of frames, series, indexes and the scalars of pandas."""

from typing import TYPE_CHECKING, Any

import numpy as np

from bench.cache.arrayhash import feed_array
from bench.cache.arrowhash import feed_arrow_values
from bench.cache.columns import frame_arrays, index_array, series_array
from bench.cache.writer import Writer, unhashable

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["feed_pandas"]


def feed_pandas(out: Writer, value: object) -> bool:
    """Write a value of pandas; False for a kind that is not known."""
    import pandas as pd

    if type(value) is pd.DataFrame:
        out.part(b"frame", *value.shape)
        _index(out, value.columns)
        _index(out, value.index)
        for column in frame_arrays(value):
            _column(out, column)
        _notes(out, value)
    elif type(value) is pd.Series:
        out.part(b"series", len(value))
        out.value(value.name, ("name",))
        _index(out, value.index)
        _column(out, series_array(value))
        _notes(out, value)
    elif isinstance(value, pd.Index):
        _index(out, value)
    elif isinstance(value, pd.Timestamp):
        zone = None if value.tzinfo is None else str(value.tzinfo)
        out.part(b"timestamp", _ticks(value), value.fold)
        out.value((value.unit, zone), ())
    elif isinstance(value, pd.Timedelta):
        out.part(b"pdtimedelta", _ticks(value))
        out.value(value.unit, ())
    elif value is pd.NaT:
        out.part(b"nat")
    elif value is pd.NA:
        out.part(b"na")
    elif isinstance(value, pd.Interval):
        out.part(b"interval")
        out.value((value.left, value.right, value.closed), ())
    elif isinstance(value, pd.Period):
        out.part(b"period", value.ordinal)
        out.value(value.freqstr, ())
    elif isinstance(value, pd.DateOffset):
        out.text(b"offset", repr(value.freqstr))
    elif isinstance(value, pd.api.extensions.ExtensionDtype):
        out.text(b"pddtype", repr(value))
    elif isinstance(value, pd.api.extensions.ExtensionArray):
        _column(out, value)
    else:
        return False
    return True


def _notes(out: Writer, value: "pd.DataFrame | pd.Series[Any]") -> None:
    """Write what somebody noted on a frame: a node may read it."""
    if value.attrs:
        out.part(b"attrs")
        out.value(value.attrs, ("attrs",))
    if not value.flags.allows_duplicate_labels:
        out.part(b"unique labels")


def _index(out: Writer, index: "pd.Index[Any]") -> None:
    import pandas as pd

    out.part(b"index", len(index), index.nlevels)
    out.value(list(index.names), ("index names",))
    if isinstance(index, pd.MultiIndex):
        for level in range(index.nlevels):
            _column(out, index_array(index.get_level_values(level)))
        return
    # A frame remembers that its rows are regular, and `shift` asks: the frequency is content.
    out.value(getattr(index, "freqstr", None), ("index freq",))
    _column(out, index_array(index))


def _column(out: Writer, column: Any) -> None:
    dtype = column.dtype
    if isinstance(dtype, np.dtype):
        feed_array(out, np.asarray(column))
        return
    import pandas as pd

    out.text(b"extension", _extension_text(dtype))
    if isinstance(dtype, pd.CategoricalDtype):
        _index(out, dtype.categories)
        # The width of the codes follows from the number of categories.
        feed_array(out, column.codes)
    elif isinstance(dtype, (pd.DatetimeTZDtype, pd.PeriodDtype)):
        feed_array(out, np.asarray(column.view("i8")))
    elif isinstance(dtype, pd.IntervalDtype):
        _index(out, column.left)
        _index(out, column.right)
    elif isinstance(dtype, pd.SparseDtype):
        raise unhashable(column, (), "make a sparse column dense first")
    elif hasattr(column, "__arrow_array__"):
        import pyarrow as pa

        feed_arrow_values(out, pa.array(column))
    else:
        raise unhashable(column, (), f"no canonical bytes for dtype {dtype}")


def _extension_text(dtype: Any) -> str:
    import pandas as pd

    if isinstance(dtype, pd.CategoricalDtype):
        return f"category ordered={bool(dtype.ordered)}"
    if isinstance(dtype, pd.StringDtype):
        # The storage (arrow or python) is no content; the missing marker is.
        return f"string na={dtype.na_value!r}"
    return str(dtype)


def _ticks(value: Any) -> int:
    """Return a pandas time in its own unit; `.value` counts nanoseconds and may overflow."""
    return int(value._value)
