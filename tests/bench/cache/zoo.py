"""Values of every kind the cache takes, all different from one another."""

import datetime
import decimal
import enum
import fractions
import uuid
from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

__all__ = ["distinct", "storable"]


class Side(enum.Enum):
    LEFT = 1
    RIGHT = 2


@dataclass(frozen=True)
class Setting:
    rate: float = 0.1


@dataclass(frozen=True)
class Other:
    rate: float = 0.1


class Pair(NamedTuple):
    a: int
    b: int


def _plain() -> dict[str, Any]:
    return {
        "none": None,
        "1": 1,
        "text 1": "1",
        "true": True,
        "1.0": 1.0,
        "1j": 1j,
        "2**64": 2**64,
        "-1": -1,
        "255": 255,
        "0": 0,
        "false": False,
        "0.0": 0.0,
        "-0.0": -0.0,
        "nan": float("nan"),
        "inf": float("inf"),
        "empty text": "",
        "bytes": b"1",
        "bytearray": bytearray(b"1"),
        "[]": [],
        "{}": {},
        "()": (),
        "set": set(),
        "frozenset": frozenset(),
        "[1]": [1],
        "(1,)": (1,),
        "[[1]]": [[1]],
        "['1']": ["1"],
        "[1, 2]": [1, 2],
        "[2, 1]": [2, 1],
        "['ab']": ["ab"],
        "['a', 'b']": ["a", "b"],
        "[[1], 2]": [[1], 2],
        "[[1, 2]]": [[1, 2]],
        "[[], 1]": [[], 1],
        "[[1], []]": [[1], []],
        "{a: 1}": {"a": 1},
        "{a: 1, b: 2}": {"a": 1, "b": 2},
        "{b: 2, a: 1}": {"b": 2, "a": 1},
        "{1: a}": {1: "a"},
        "{'1': a}": {"1": "a"},
        "ordered": OrderedDict(a=1),
        "{1}": {1},
        "{1, 2}": {1, 2},
        "frozen {1}": frozenset({1}),
        "deque": deque([1]),
        "deque of 3": deque([1], maxlen=3),
        "range": range(3),
        "slice": slice(1, 3),
        "slice open": slice(1, None),
        "[slice]": [slice(0, 3)],
        "decimal": decimal.Decimal("1.0"),
        "decimal longer": decimal.Decimal("1.00"),
        "fraction": fractions.Fraction(1, 2),
        "date": datetime.date(2013, 1, 1),
        "datetime": datetime.datetime(2013, 1, 1),
        "datetime utc": datetime.datetime(2013, 1, 1, tzinfo=datetime.UTC),
        "datetime fold": datetime.datetime(2013, 1, 1, fold=1),
        "timedelta": datetime.timedelta(seconds=1),
        "time": datetime.time(1),
        "uuid": uuid.UUID(int=1),
        "enum": Side.LEFT,
        "enum right": Side.RIGHT,
        "dataclass": Setting(),
        "dataclass 0.2": Setting(0.2),
        "other dataclass": Other(),
        "namedtuple": Pair(1, 2),
        "tuple": (1, 2),
        "ellipsis": ...,
        "lone surrogate": "\ud800",
        "nul": "a\0b",
    }


def _numpy() -> dict[str, Any]:
    return {
        "int64 0-d": np.array(1),
        "int64 scalar": np.int64(1),
        "int32 scalar": np.int32(1),
        "float32 scalar": np.float32(1),
        "float32 scalar 2": np.float32(2),
        "float64 scalar": np.float64(1),
        "int64": np.array([1, 2]),
        "int32": np.array([1, 2], "i4"),
        "uint32": np.array([1, 2], "u4"),
        "float64": np.array([1.0, 2.0]),
        "float32": np.array([1, 2], "f4"),
        "float16": np.array([1, 2], "f2"),
        "big endian": np.array([1, 2], ">i8"),
        "complex": np.array([1 + 0j, 2]),
        "bool": np.array([True, False]),
        "column": np.array([[1], [2]]),
        "row": np.array([[1, 2]]),
        "empty": np.array([]),
        "empty 0x2": np.empty((0, 2)),
        "empty 2x0": np.empty((2, 0)),
        "nan": np.array([np.nan, 1]),
        "minus zero": np.array([-0.0, 1]),
        "zero": np.array([0.0, 1]),
        "datetime ns": np.array(["2013-01-01"], "M8[ns]"),
        "datetime s": np.array(["2013-01-01"], "M8[s]"),
        "NaT": np.array(["NaT"], "M8[s]"),
        "timedelta": np.array([1], "m8[s]"),
        "text": np.array(["a", "b"]),
        "bytes": np.array([b"a", b"b"]),
        "records": np.array([(1, 2.0)], [("a", "i8"), ("b", "f8")]),
        "records renamed": np.array([(1, 2.0)], [("a", "i8"), ("c", "f8")]),
        "masked": np.ma.array([1, 2], mask=[False, True]),
        "dtype": np.dtype("f8"),
    }


def _pandas() -> dict[str, Any]:
    base = pd.DataFrame({"a": [1, 2], "b": [1.5, np.nan]})
    hours = pd.date_range("2013-01-01", periods=2, freq="h")
    made = {
        "frame": base,
        "frame renamed": base.rename(columns={"a": "c"}),
        "frame reordered": base[["b", "a"]],
        "frame int32": base.astype({"a": "i4"}),
        "frame Int64": base.astype({"a": "Int64"}),
        "frame as text": base.astype({"a": "str"}),
        "frame as objects": base.astype({"a": "str"}).astype({"a": object}),
        "frame of NA": base.astype({"b": "Float64"}),
        "frame indexed": base.set_index(pd.Index([5, 6])),
        "frame indexed by name": base.rename_axis("i"),
        "frame columns named": base.rename_axis(columns="v"),
        "frame of duplicates": base.set_index(pd.Index([5, 5])),
        "frame index swapped": base.set_index(pd.Index([6, 5])),
        "frame float index": base.set_index(pd.Index([5.0, 6.0])),
        "frame empty": base.iloc[:0],
        "frame no columns": base[[]],
        "frame nothing": pd.DataFrame(),
        "frame of hours": base.set_index(hours),
        "frame of hours irregular": base.set_index(hours._with_freq(None)),
        "frame of hours UTC": base.set_index(hours.tz_localize("UTC")),
        "frame of hours Berlin": base.set_index(
            hours.tz_localize("UTC").tz_convert("Europe/Berlin")
        ),
        "frame of hours ns": base.set_index(hours.as_unit("ns")),
        "frame twice the column": base[["a", "a"]],
        "frame of two levels": base.set_axis(
            pd.MultiIndex.from_tuples([("x", "a"), ("x", "b")], names=["u", None]), axis=1
        ),
        "frame of two row levels": base.set_axis(
            pd.MultiIndex.from_tuples([("x", 1), ("y", 2)], names=["u", None])
        ),
        "frame of numbered columns": base.set_axis([0, 1], axis=1),
        "frame of float columns": base.set_axis([0.0, 1.0], axis=1),
        "frame of timed columns": base.set_axis(hours, axis=1),
        "frame of mixed columns": base.set_axis(pd.Index(["a", 1], dtype=object), axis=1),
        "category": pd.DataFrame({"a": pd.Categorical(["x", "y"])}),
        "category with more": pd.DataFrame({"a": pd.Categorical(["x", "y"], ["x", "y", "z"])}),
        "category reordered": pd.DataFrame({"a": pd.Categorical(["x", "y"], ["y", "x"])}),
        "category ordered": pd.DataFrame({"a": pd.Categorical(["x", "y"], ordered=True)}),
        "category of numbers": pd.DataFrame({"a": pd.Categorical([1, 2])}),
        "category missing": pd.DataFrame({"a": pd.Categorical(["x", None])}),
        "category of bins": pd.DataFrame({"a": pd.cut([0.5, 1.5], [0, 1, 2])}),
        "interval": pd.DataFrame({"a": pd.arrays.IntervalArray.from_breaks([0, 1, 2])}),
        "period": pd.DataFrame({"a": pd.period_range("2013-01", periods=2, freq="M")}),
        "text": pd.DataFrame({"a": ["x", "y"]}),
        "text shifted": pd.DataFrame({"a": ["xy", ""]}),
        "text missing": pd.DataFrame({"a": ["x", None]}),
        "text NA": pd.DataFrame({"a": pd.array(["x", None], "string")}),
        "NaT": pd.DataFrame({"a": [pd.Timestamp("2013-01-01"), pd.NaT]}),
        "NaT UTC": pd.DataFrame({"a": [pd.Timestamp("2013-01-01", tz="UTC"), pd.NaT]}),
        "timedelta": pd.DataFrame({"a": pd.to_timedelta([1, 2], unit="s")}),
        "boolean": pd.DataFrame({"a": pd.array([True, None], "boolean")}),
        "bool": pd.DataFrame({"a": [True, False]}),
        "arrow": pd.DataFrame({"a": pd.array([1, None], "int64[pyarrow]")}),
        "complex": pd.DataFrame({"a": [1j, 2.0]}),
        "series": base["a"],
        "series unnamed": base["a"].rename(None),
        "series of frame": base[["a"]],
        "series of objects": pd.Series(["x", "y"], dtype=object),
        "index": pd.Index([1, 2]),
        "index of objects": pd.Index(["x", "y"], dtype=object),
        "index of text": pd.Index(["x", "y"]),
        "index named": pd.Index([1, 2], name="a"),
        "range index": pd.RangeIndex(5, 9, 2),
        "hours": hours,
        "hours irregular": hours._with_freq(None),
        "hours by two": pd.date_range("2013-01-01", periods=1, freq="2h"),
        "multi index": pd.MultiIndex.from_product([["a", "b"], [1, 2]], names=["x", "y"]),
        "multi index other names": pd.MultiIndex.from_product([["a", "b"], [1, 2]]),
        "timestamp": pd.Timestamp("2013-01-01"),
        "timestamp ns": pd.Timestamp("2013-01-01").as_unit("ns"),
        "timestamp UTC": pd.Timestamp("2013-01-01", tz="UTC"),
        "timedelta scalar": pd.Timedelta(seconds=1),
        "not a time": pd.NaT,
        "not available": pd.NA,
        "list of timestamps": [pd.Timestamp("2013-01-01")],
        "list of other timestamps": [pd.Timestamp("2013-01-02")],
        "interval scalar": pd.Interval(0, 1),
        "period scalar": pd.Period("2013-01"),
    }
    return made


def _arrow() -> dict[str, Any]:
    return {
        "table": pa.table({"a": [1, 2]}),
        "table renamed": pa.table({"b": [1, 2]}),
        "table int32": pa.table({"a": pa.array([1, 2], pa.int32())}),
        "table missing": pa.table({"a": [1, None]}),
        "table of zero": pa.table({"a": [1, 0]}),
        "table of text": pa.table({"a": ["x", "y"]}),
        "table of text shifted": pa.table({"a": ["xy", ""]}),
        "table of lists": pa.table({"a": [[1], [2, 3]]}),
        "table of other lists": pa.table({"a": [[1, 2], [3]]}),
        "table of records": pa.table({"a": [{"b": 1}, {"b": 2}]}),
        "table of times": pa.table({"a": pa.array([1, 2], pa.timestamp("ns"))}),
        "table of times UTC": pa.table({"a": pa.array([1, 2], pa.timestamp("ns", "UTC"))}),
        "table of bools": pa.table({"a": [True, None]}),
        "tuple of a table": (pa.table({"a": [1, 2]}),),
        "tuple of another table": (pa.table({"a": [1, 3]}),),
    }


def distinct() -> dict[str, Any]:
    """Return values of which no two are the same."""
    return {
        f"{family}: {name}": value
        for family, values in (
            ("plain", _plain()),
            ("numpy", _numpy()),
            ("pandas", _pandas()),
            ("arrow", _arrow()),
        )
        for name, value in values.items()
    }


# Hashed, but no format without code execution gives them back as the same kind.
_UNSTORABLE = {
    "plain: 1j", "plain: set", "plain: frozenset", "plain: {1}", "plain: {1, 2}",
    "plain: frozen {1}", "plain: deque", "plain: deque of 3", "plain: range", "plain: slice",
    "plain: slice open", "plain: [slice]", "plain: decimal", "plain: decimal longer",
    "plain: fraction", "plain: time", "plain: uuid", "plain: enum", "plain: enum right",
    "plain: dataclass", "plain: dataclass 0.2", "plain: other dataclass", "plain: namedtuple",
    "plain: ellipsis", "plain: bytearray", "numpy: masked", "numpy: dtype",
    "pandas: interval scalar", "pandas: period scalar", "arrow: tuple of a table",
    "arrow: tuple of another table",
}  # fmt: skip


def storable() -> dict[str, Any]:
    """Return the values that the store keeps."""
    return {name: value for name, value in distinct().items() if name not in _UNSTORABLE}
