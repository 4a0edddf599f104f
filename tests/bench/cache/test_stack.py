"""Frames read at once are what they are read one by one."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.cache.frames import frame_bytes, frame_from
from bench.cache.stack import stacked
from bench.errors import BenchError
from tests.bench.cache.zoo import storable

# pandas itself puts no frames together whose labels repeat.
FRAMES = {
    name: value
    for name, value in storable().items()
    if isinstance(value, pd.DataFrame) and value.columns.is_unique
}


def one_by_one(frames: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat([frame_from(frame_bytes(f)) for f in frames], ignore_index=True, sort=False)


def at_once(frames: list[pd.DataFrame]) -> pd.DataFrame:
    stacks = stacked({str(n): frame_bytes(f) for n, f in enumerate(frames)})
    names = [name for stack in stacks for name in stack.names]
    assert sorted(names, key=int) == [str(n) for n in range(len(frames))]
    rows = dict(zip(names, (n for s in stacks for n in s.rows), strict=True))
    assert [rows[str(n)] for n in range(len(frames))] == [len(f) for f in frames]
    table = pd.concat([s.frame for s in stacks], ignore_index=True, sort=False)
    places = np.repeat([int(n) for n in names], [rows[n] for n in names])
    return table.take(np.argsort(places, kind="stable")).reset_index(drop=True)


@pytest.mark.parametrize("name", FRAMES)
def test_any_frame_is_read_twice_as_it_is_read_once(name: str) -> None:
    frame = FRAMES[name]
    pd.testing.assert_frame_equal(
        at_once([frame, frame]), one_by_one([frame, frame]), check_exact=True, check_freq=False
    )


def test_missing_times_come_back_missing() -> None:
    times = pd.to_datetime(["2013-01-01", None]).as_unit("us")
    frame = pd.DataFrame({"plain": times, "zone": times.tz_localize("Europe/Berlin")})
    (stack,) = stacked({"a": frame_bytes(frame), "b": frame_bytes(frame[::-1])})
    expected = pd.concat([frame, frame[::-1]], ignore_index=True)
    pd.testing.assert_frame_equal(stack.frame, expected)


def test_frames_of_like_columns_are_one_stack_in_order_of_appearance() -> None:
    a, b = pd.DataFrame({"x": [1.0]}), pd.DataFrame({"y": [2, 3]})
    found = stacked({n: frame_bytes(f) for n, f in {"p": b, "q": a, "r": b}.items()})
    assert [(s.names, s.rows) for s in found] == [(("p", "r"), (2, 2)), (("q",), (1,))]


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_the_pieces_of_a_table_put_together_are_the_table(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 12))
    times = pd.date_range("2013-03-30", periods=n, freq="6h", tz="UTC", unit="us")
    words = st.text(st.characters(exclude_categories=["Cs"]), max_size=3)
    numbers = st.floats(allow_infinity=True) | st.sampled_from([-0.0, np.nan])
    table = pd.DataFrame(
        {
            "time": times,
            "value": data.draw(st.lists(numbers, min_size=n, max_size=n)),
            "word": pd.array(data.draw(st.lists(words, min_size=n, max_size=n)), dtype="str"),
            "whole": np.arange(n, dtype="i4"),
            "flag": np.arange(n) % 3 == 0,
        }
    )
    cuts = sorted(data.draw(st.lists(st.integers(0, n), max_size=4)))
    pieces = [table.iloc[i:j] for i, j in zip([0, *cuts], [*cuts, n], strict=True)]
    pd.testing.assert_frame_equal(at_once(pieces), table, check_exact=True, check_freq=False)


def test_what_is_no_frame_is_named_with_its_cell() -> None:
    with pytest.raises(BenchError, match="cell c gives a Series where a DataFrame belongs"):
        stacked({"c": frame_bytes(pd.Series([1.0]))})
