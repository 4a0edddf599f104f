"""Plain Python values as JSON text that gives back the same value, kind by kind."""

import base64
import datetime
import json
import math
from collections import OrderedDict
from typing import Any

import numpy as np

from bench.errors import BenchError

__all__ = ["JSON", "Unstorable", "dumps", "from_json", "to_json"]

JSON = Any  # what `json.dumps` takes; a recursive alias slows mypy and says no more

# A mapping with this key is one of ours, and a user's mapping that has it is written as pairs.
TAG = "$kind"
DEEPEST = 100


class Unstorable(BenchError, TypeError):
    """A value that no format without code execution holds exactly; the message says which."""


def to_json(value: Any, *, depth: int = 0) -> JSON:
    """Return JSON data for a plain value.

    Raises
    ------
    Unstorable
        For a kind that JSON cannot give back exactly.

    Examples
    --------
    >>> from_json(to_json({"a": (1, 2.5), 3: None}))
    {'a': (1, 2.5), 3: None}
    """
    kind = type(value)
    if kind is str:
        return value if _is_text(value) else _tagged("text", json.dumps(value))
    if value is None or kind is bool or kind is int:
        return value
    if kind is float:
        return value if math.isfinite(value) else _tagged("float", repr(value))
    if depth > DEEPEST:
        raise Unstorable(f"a value nested deeper than {DEEPEST} levels, or one that holds itself")
    deeper = depth + 1
    if kind is list:
        return [to_json(item, depth=deeper) for item in value]
    if kind is tuple:
        return _tagged("tuple", [to_json(item, depth=deeper) for item in value])
    if kind is dict or kind is OrderedDict:
        return _mapping(value, deeper)
    if isinstance(value, np.generic) and value.dtype.kind in "biufcMm":
        return _tagged("numpy", [value.dtype.str, base64.b64encode(value.tobytes()).decode()])
    if kind is bytes:
        return _tagged("bytes", base64.b64encode(value).decode())
    if kind is datetime.date:
        return _tagged("date", value.isoformat())
    if kind is datetime.timedelta:
        return _tagged("timedelta", [value.days, value.seconds, value.microseconds])
    if kind is datetime.datetime and value.tzinfo in (None, datetime.UTC):
        return _tagged("datetime", [value.isoformat(), value.fold])
    if kind.__module__.partition(".")[0] == "pandas":
        return _pandas(value)
    raise Unstorable(f"a value of type {kind.__module__}.{kind.__qualname__} has no JSON form")


def _is_text(value: str) -> bool:
    """Return whether a string is valid Unicode: a lone surrogate has no UTF-8 form."""
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _tagged(kind: str, content: JSON) -> JSON:
    return {TAG: kind, "of": content}


def _mapping(value: Any, depth: int) -> JSON:
    if (
        type(value) is dict
        and all(type(key) is str and _is_text(key) for key in value)
        and TAG not in value
    ):
        return {key: to_json(item, depth=depth) for key, item in value.items()}
    pairs = [[to_json(key, depth=depth), to_json(item, depth=depth)] for key, item in value.items()]
    return _tagged("dict" if type(value) is dict else "ordereddict", pairs)


def _ticks(value: Any) -> int:
    """Return a pandas time in its own unit; `.value` counts nanoseconds and may overflow."""
    return int(value._value)


def _pandas(value: object) -> JSON:
    import pandas as pd

    if value is pd.NaT:
        return _tagged("nat", None)
    if value is pd.NA:
        return _tagged("na", None)
    if isinstance(value, pd.Timestamp):
        if value.tzinfo is None:
            return _tagged("timestamp", [_ticks(value), value.unit, None])
        dtype = pd.DatetimeTZDtype(value.unit, value.tzinfo)
        if pd.DatetimeTZDtype(value.unit, str(value.tzinfo)) == dtype:
            return _tagged("timestamp", [_ticks(value), value.unit, str(value.tzinfo)])
    if isinstance(value, pd.Timedelta):
        return _tagged("pdtimedelta", [_ticks(value), value.unit])
    raise Unstorable(f"{type(value).__name__} {value!r} has no JSON form")


def from_json(data: JSON) -> Any:
    """Return the value that `to_json` was given."""
    if type(data) is list:
        return [from_json(item) for item in data]
    if type(data) is not dict:
        return data
    if TAG not in data:
        return {key: from_json(item) for key, item in data.items()}
    kind, content = data[TAG], data["of"]
    match kind:
        case "text":
            return json.loads(content)
        case "float":
            return float(content)
        case "tuple":
            return tuple(from_json(item) for item in content)
        case "dict" | "ordereddict":
            pairs = [(from_json(key), from_json(item)) for key, item in content]
            return dict(pairs) if kind == "dict" else OrderedDict(pairs)
        case "numpy":
            return np.frombuffer(base64.b64decode(content[1]), np.dtype(content[0]))[0]
        case "bytes":
            return base64.b64decode(content)
        case "date":
            return datetime.date.fromisoformat(content)
        case "timedelta":
            return datetime.timedelta(*content)
        case "datetime":
            return datetime.datetime.fromisoformat(content[0]).replace(fold=content[1])
        case "nat" | "na" | "timestamp" | "pdtimedelta":
            return _from_pandas(kind, content)
    raise ValueError(f"unknown kind {kind!r} in stored JSON")


def _from_pandas(kind: str, content: JSON) -> Any:
    import pandas as pd

    match kind:
        case "nat":
            return pd.NaT
        case "na":
            return pd.NA
        case "timestamp":
            moment = pd.Timestamp(np.datetime64(content[0], content[1])).as_unit(content[1])
            if content[2] is None:
                return moment
            return moment.tz_localize("UTC").tz_convert(content[2])
    return pd.Timedelta(np.timedelta64(content[0], content[1])).as_unit(content[1])


def dumps(data: JSON) -> bytes:
    """Return compact JSON bytes; a lone surrogate is escaped, so every string survives."""
    return json.dumps(data, separators=(",", ":"), allow_nan=False).encode("ascii")
