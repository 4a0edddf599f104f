"""The formats of the store: which one a value takes, its bytes, and the value back from them.

None of them runs code when it is read: JSON, npy without objects, Arrow files, XGBoost's UBJSON
and safetensors.
"""

import collections.abc
import io
import json
import types
import typing
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.cache.frames import frame_bytes, frame_from
from bench.cache.plain import JSON, Unstorable, dumps, from_json, to_json

__all__ = ["SUFFIXES", "Encoded", "Unstorable", "can_store", "decode", "encode"]

SUFFIXES = {"json", "npy", "frame", "table", "ubj", "tensors", "arrays", "file"}


@dataclass(frozen=True, slots=True)
class Encoded:
    """A value as bytes of a named codec; a JSON value carries its data, to be inlined."""

    codec: str
    data: Any  # bytes or a buffer
    plain: JSON = None


def encode(value: object) -> Encoded:
    """Return the bytes of a value in the format that gives it back exactly.

    Raises
    ------
    Unstorable
        When no format does.
    """
    kind = type(value)
    family = kind.__module__.partition(".")[0]
    if kind is np.ndarray:
        return Encoded("npy", _npy(value))  # type: ignore[arg-type]
    if family == "pandas":
        import pandas as pd

        if kind is pd.DataFrame or kind is pd.Series or isinstance(value, pd.Index):
            return Encoded("frame", frame_bytes(typing.cast("Any", value)))
    elif family == "pyarrow":
        import pyarrow as pa

        if kind is pa.Table:
            return Encoded("table", _table(value))
    elif family == "xgboost":
        import xgboost

        if kind is xgboost.Booster:
            return Encoded("ubj", bytes(typing.cast("Any", value).save_raw("ubj")))
    elif kind in (dict, OrderedDict) and value:
        held = {type(item) for item in typing.cast("Any", value).values()}
        if any(found.__module__.partition(".")[0] == "torch" for found in held):
            return Encoded("tensors", _tensors(value))
        if held == {np.ndarray}:
            return Encoded("arrays", _arrays(value))
    plain = to_json(value)
    return Encoded("json", dumps(plain), plain)


def decode(codec: str, data: Any) -> object:
    """Return the value of verified bytes; frames and arrays share their memory."""
    match codec:
        case "json":
            return from_json(json.loads(bytes(data)))
        case "npy":
            return _from_npy(data)
        case "frame":
            import pyarrow as pa

            return frame_from(data if isinstance(data, pa.Buffer) else pa.py_buffer(data))
        case "table":
            import pyarrow as pa

            return pa.ipc.open_file(pa.BufferReader(data)).read_all()
        case "ubj":
            import xgboost

            booster = xgboost.Booster()
            booster.load_model(bytearray(data))
            return booster
        case "tensors":
            import safetensors.torch

            raw = bytes(data)
            return _ordered(raw, safetensors.torch.load(raw))
        case "arrays":
            import safetensors.numpy

            raw = bytes(data)
            return _ordered(raw, safetensors.numpy.load(raw))
    raise ValueError(f"unknown codec {codec!r}")


# -- arrays ---------------------------------------------------------------------------------


def _npy(value: "np.ndarray[Any, Any]") -> bytes:
    if value.dtype.hasobject:
        raise Unstorable(f"an array of dtype {value.dtype} cannot be stored; give it one dtype")
    sink = io.BytesIO()
    np.lib.format.write_array(sink, value, allow_pickle=False)
    return sink.getvalue()


def _from_npy(data: Any) -> "np.ndarray[Any, Any]":
    view = memoryview(data)
    head = io.BytesIO(bytes(view[:65536]))
    version = np.lib.format.read_magic(head)
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if read is None:
        loaded: np.ndarray[Any, Any] = np.load(io.BytesIO(bytes(view)), allow_pickle=False)
        return loaded
    shape, fortran, dtype = read(head)
    count = int(np.prod(shape, dtype=np.int64))
    if count == 0 or dtype.itemsize == 0:
        return np.empty(shape, dtype, order="F" if fortran else "C")
    flat = np.frombuffer(view, dtype, count=count, offset=head.tell())
    return flat.reshape(shape, order="F" if fortran else "C")


def _table(value: Any) -> Any:
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, value.schema) as writer:
        writer.write_table(value)
    return sink.getvalue()


# -- named tensors --------------------------------------------------------------------------


def _order(value: Any) -> dict[str, str]:
    # safetensors sorts by dtype and size; parameters are walked in the order of the mapping.
    odd = [name for name in value if type(name) is not str]
    if odd:
        raise Unstorable(f"tensors are stored by names that are text, got {odd[0]!r}")
    return {
        "order": json.dumps(list(value)),
        "container": "ordereddict" if type(value) is OrderedDict else "dict",
    }


def _tensors(value: Any) -> bytes:
    import safetensors.torch
    import torch

    for name, item in value.items():
        if not isinstance(item, torch.Tensor):
            raise Unstorable(f"a state dict holds tensors only; {name!r} is {type(item).__name__}")
        if type(item) is not torch.Tensor or item.requires_grad or vars(item):
            raise Unstorable(
                f"tensor {name!r} is a {type(item).__name__} with more to it than its numbers, "
                "which would be lost; give a module's state_dict(), or detach it"
            )
    order = _order(value)
    plain = {name: item.detach().cpu().contiguous().clone() for name, item in value.items()}
    return bytes(safetensors.torch.save(plain, metadata=order))


def _arrays(value: Any) -> bytes:
    import safetensors
    import safetensors.numpy

    order = _order(value)
    for name, item in value.items():
        if item.dtype.kind not in "biuf" or item.dtype.byteorder == ">" or item.itemsize > 8:
            raise Unstorable(f"array {name!r} of dtype {item.dtype} cannot be stored in a dict")
    try:
        raw = safetensors.numpy.save(
            {name: np.asarray(item, order="C") for name, item in value.items()}, metadata=order
        )
    except safetensors.SafetensorError as error:
        raise Unstorable(f"a dict of arrays cannot be stored: {error}") from error
    return bytes(raw)


def _ordered(raw: bytes, found: dict[str, Any]) -> dict[str, Any]:
    length = int.from_bytes(raw[:8], "little")
    notes = json.loads(raw[8 : 8 + length])["__metadata__"]
    pairs = [(name, found[name]) for name in json.loads(notes["order"])]
    return OrderedDict(pairs) if notes["container"] == "ordereddict" else dict(pairs)


# -- plan time ------------------------------------------------------------------------------


_SCALARS = (int, float, bool, str, bytes, complex, type(None))
_CLASSES = {
    "pandas": {"DataFrame", "Series", "Index", "DatetimeIndex", "MultiIndex", "RangeIndex"}
    | {"TimedeltaIndex", "PeriodIndex", "CategoricalIndex", "Timestamp", "Timedelta"},
    "numpy": {"ndarray"},
    "pyarrow": {"Table"},
    "xgboost": {"Booster"},
    "datetime": {"datetime", "date", "timedelta"},
}


def can_store(annotation: object) -> bool:
    """Return whether values of a declared return type can be kept, before one exists.

    Examples
    --------
    >>> can_store(dict[str, list[float]]), can_store(object)
    (True, False)
    """
    if isinstance(annotation, str):
        return False
    if annotation is None or annotation in _SCALARS:
        return annotation is not complex
    if annotation in (list, dict, tuple, OrderedDict):
        # What they hold is seen when it is there; `put` refuses what it cannot keep.
        return True
    origin = typing.get_origin(annotation)
    inner = typing.get_args(annotation)
    if origin is typing.Annotated:
        return can_store(inner[0])
    if origin in (typing.Union, types.UnionType):
        return all(can_store(part) for part in inner)
    if origin is typing.Literal:
        return all(type(part) in _SCALARS for part in inner)
    if origin in (list, tuple):
        return all(part is ... or (can_store(part) and not _big(part)) for part in inner)
    if origin in (dict, OrderedDict, collections.abc.Mapping):
        if len(inner) != 2 or not can_store(inner[0]) or _big(inner[0]):
            return False
        if inner[1] is Any:
            return True  # like a bare dict
        return _is_array(inner[1]) or (can_store(inner[1]) and not _big(inner[1]))
    kind = origin if isinstance(origin, type) else annotation
    if not isinstance(kind, type):
        return False
    family = kind.__module__.partition(".")[0]
    if family == "numpy" and issubclass(kind, np.generic):
        return kind.__name__ not in {"object_", "void"}
    return kind.__name__ in _CLASSES.get(family, ())


def _is_array(annotation: object) -> bool:
    """Return whether a type is that of arrays or tensors, which a dict may hold by name."""
    kind = typing.get_origin(annotation) or annotation
    family = getattr(kind, "__module__", "").partition(".")[0]
    return (family, getattr(kind, "__name__", "")) in {("numpy", "ndarray"), ("torch", "Tensor")}


def _big(annotation: object) -> bool:
    """Return whether a type is kept as a file of its own, so never inside a list."""
    kind = typing.get_origin(annotation) or annotation
    family = getattr(kind, "__module__", "").partition(".")[0]
    return family in {"pandas", "pyarrow", "xgboost", "torch", "numpy"} and getattr(
        kind, "__name__", ""
    ) not in {"Timestamp", "Timedelta"}
