"""A step's value is the same whether it ran beside its reader or came from the store."""

from collections import OrderedDict, defaultdict, deque
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.cache.codecs import Unstorable
from bench.engine.handed import handed, refuse_unstorable


@pytest.mark.parametrize(
    "value",
    [
        [1, [2]],
        {"a": {"b": 1}},
        OrderedDict(a=[1]),
        defaultdict(list, a=[1]),
        deque([1, 2], maxlen=2),
        {1, 2},
        (1, [2]),
        bytearray(b"ab"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_container_is_copied_as_it_is(value: object) -> None:
    copy = handed(value)
    assert copy == value
    assert type(copy) is type(value)
    assert copy is not value


def test_a_change_in_place_is_seen_by_nobody_else() -> None:
    made = {"rates": [1, 2], "frame": pd.DataFrame({"a": [1, 2]})}
    mine, other = handed(made), handed(made)
    mine["rates"].append(3)
    mine["frame"].loc[0, "a"] = 9
    mine["frame"]["b"] = 1
    mine["frame"].attrs["unit"] = "K"
    for untouched in (made, other):
        assert untouched["rates"] == [1, 2]
        pd.testing.assert_frame_equal(untouched["frame"], pd.DataFrame({"a": [1, 2]}))
        assert untouched["frame"].attrs == {}


def test_an_array_is_read_only_as_it_is_from_the_store() -> None:
    made = np.arange(3)
    with pytest.raises(ValueError, match="read-only"):
        handed(made)[0] = 5
    made[0] = 7
    assert made.tolist() == [7, 1, 2]


@pytest.mark.parametrize(
    "value",
    [{"a": object()}, [Path("x")], pd.DataFrame({"a": [1, "x"]}), np.array([object()])],
    ids=["dict", "list", "frame", "array"],
)
def test_what_no_format_holds_is_refused_wherever_it_runs(value: object) -> None:
    with pytest.raises(Unstorable, match=r"flow\.node gives what cannot be kept: .*`object`"):
        refuse_unstorable(value, name="flow.node")


def test_what_can_be_kept_passes() -> None:
    frame = pd.DataFrame({"a": [1.0], "b": ["x"], "c": pd.to_datetime(["2020-01-01"], utc=True)})
    for value in (None, 1, "a", [1], {"a": (1, 2)}, np.arange(3), frame, frame["b"]):
        refuse_unstorable(value, name="flow.node")
