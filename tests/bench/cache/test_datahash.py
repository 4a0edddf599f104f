"""Equal values get equal names and different ones different names, in every process."""

import datetime
import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.cache.datahash import UnhashableData, data_hash
from tests.bench.cache.zoo import distinct

ROOT = Path(__file__).resolve().parents[3]


def test_no_two_values_of_the_zoo_collide() -> None:
    names: dict[str, str] = {}
    for name, value in distinct().items():
        digest = data_hash(value)
        assert digest not in names, f"{name} has the hash of {names[digest]}"
        names[digest] = name
    assert len(names) > 150


def test_the_hashes_are_the_same_in_another_process() -> None:
    program = (
        "import json; from bench.cache.datahash import data_hash\n"
        "from tests.bench.cache.zoo import distinct\n"
        "print(json.dumps({name: data_hash(value) for name, value in distinct().items()}))"
    )
    here = {name: data_hash(value) for name, value in distinct().items()}
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed},
        )
        assert json.loads(done.stdout) == here


# -- equal values ---------------------------------------------------------------------------


def _frame() -> pd.DataFrame:
    return pd.DataFrame({"a": [1.0, 2.0, np.nan], "b": ["x", None, "z"]})


EQUAL = {
    "layout": (np.arange(6).reshape(2, 3), np.asfortranarray(np.arange(6).reshape(2, 3))),
    "strides": (np.arange(0, 20, 2), np.arange(20)[::2]),
    "three strided dimensions": (
        np.arange(60).reshape(3, 4, 5).transpose(2, 0, 1).copy(),
        np.arange(60).reshape(3, 4, 5).transpose(2, 0, 1),
    ),
    "sign of NaN": (np.array([np.nan, 1]), -np.array([np.nan, -1])),
    "payload of NaN": (
        np.array([np.nan]),
        np.array([0x7FF8000000000001], "u8").view("f8"),
    ),
    "NaN of Python": (float("nan"), -float("nan")),
    "blocks": (_frame(), pd.concat([_frame()[["a"]], _frame()[["b"]]], axis=1)),
    "storage of text": (
        pd.Series(["x", None]),
        pd.Series(["x", None], dtype=pd.StringDtype("python", na_value=np.nan)),
    ),
    "range and numbers": (pd.RangeIndex(3), pd.Index([0, 1, 2])),
    "slice of a frame": (_frame().iloc[1:].reset_index(drop=True), _frame()[1:].set_axis([0, 1])),
    "chunks": (
        pa.table({"a": [1, 2, None], "b": ["x", "yy", "z"]}),
        pa.concat_tables(
            [
                pa.table({"a": pa.array([1], pa.int64()), "b": ["x"]}),
                pa.table({"a": pa.array([2, None], pa.int64()), "b": ["yy", "z"]}),
            ]
        ),
    ),
    "offset": (pa.table({"b": ["yy", "z"]}), pa.table({"b": ["x", "yy", "z"]}).slice(1)),
    "bool offset": (pa.table({"b": [None, True]}), pa.table({"b": [True, None, True]}).slice(1)),
    "note of a writer": (
        pa.table({"a": [1]}),
        pa.table({"a": [1]}).replace_schema_metadata({"creator": "x 1.0"}),
    ),
    "order of a set": ({"a", "b", "c"}, {"c", "b", "a"}),
    "codes of levels": (
        pd.MultiIndex.from_tuples([("b", 1)]),
        pd.MultiIndex.from_tuples([("a", 0), ("b", 1)])[1:],
    ),
}


@pytest.mark.parametrize("name", list(EQUAL))
def test_equal_values_are_equal(name: str) -> None:
    first, second = EQUAL[name]
    assert data_hash(first) == data_hash(second)


def test_two_boosters_differ() -> None:
    xgboost = pytest.importorskip("xgboost")
    X = np.arange(20.0).reshape(10, 2)
    made = [
        xgboost.train(
            {"nthread": 1, "max_depth": depth}, xgboost.DMatrix(X, X[:, 0] ** 2), num_boost_round=2
        )
        for depth in (1, 2, 2)
    ]
    first, second, third = map(data_hash, made)
    assert first != second == third


def test_tensors_and_state_dicts_differ_by_content() -> None:
    torch = pytest.importorskip("torch")
    layers = [torch.nn.Linear(2, 1) for _ in range(2)]
    with torch.no_grad():
        layers[0].weight.fill_(1)
        layers[1].weight.fill_(2)
        for layer in layers:
            layer.bias.zero_()
    states = [layer.state_dict() for layer in layers]
    assert data_hash(states[0]) != data_hash(states[1])
    tensor = torch.tensor([1.0, 2.0])
    distinct_tensors = [
        tensor,
        tensor.to(torch.bfloat16),
        tensor.half(),
        tensor.int(),
        tensor[None],
    ]
    assert len({data_hash(one) for one in distinct_tensors}) == 5
    assert data_hash(tensor) == data_hash(torch.tensor([1.0, 9.0, 2.0])[::2])


class Unknown:
    pass


def _unknown() -> dict[str, object]:
    return {
        "object": Unknown(),
        "function": _unknown,
        "generator": (number for number in range(2)),
        "sparse": pd.DataFrame({"a": pd.arrays.SparseArray([0, 1])}),
    }


@pytest.mark.parametrize("name", list(_unknown()))
def test_what_has_no_canonical_content_is_refused(name: str) -> None:
    with pytest.raises(UnhashableData, match="no content hash for"):
        data_hash(_unknown()[name])


def test_the_place_of_what_is_refused_is_named() -> None:
    with pytest.raises(
        UnhashableData, match=r"no content hash for builtins\.object at \['a'\]\[1\]"
    ):
        data_hash({"a": [1, object()]})


def test_a_list_that_holds_itself_is_refused() -> None:
    loop: list[object] = []
    loop.append(loop)
    with pytest.raises(UnhashableData, match="holds itself"):
        data_hash(loop)


# -- files ----------------------------------------------------------------------------------


def test_a_path_counts_by_its_name_and_content(tmp_path: Path) -> None:
    one, other = tmp_path / "here" / "one.csv", tmp_path / "there" / "one.csv"
    for path in (one, other):
        path.parent.mkdir()
        path.write_text("a")
    assert data_hash(one) == data_hash(other) != data_hash("a")
    # A node may name what it makes by the file.
    assert data_hash(one) != data_hash(other.rename(tmp_path / "two.csv"))
    other.write_text("b")
    assert data_hash(one) != data_hash(other)


def test_a_folder_counts_by_its_files(tmp_path: Path) -> None:
    one, two = tmp_path / "here" / "data", tmp_path / "there" / "data"
    for folder in (one, two):
        (folder / "in").mkdir(parents=True)
        (folder / "in" / "a.csv").write_text("a")
    assert data_hash(one) == data_hash(two)
    (two / "in" / "a.csv").rename(two / "in" / "b.csv")
    assert data_hash(one) != data_hash(two)


def test_a_path_to_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnhashableData, match="cannot be read"):
        data_hash(tmp_path / "missing.csv")


# -- properties -----------------------------------------------------------------------------

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
    ),
    max_leaves=12,
)


def _same(first: object, second: object) -> bool:
    """Return whether two plain values are equal kind by kind, order and sign of zero included."""
    if type(first) is not type(second):
        return False
    if isinstance(first, (list, tuple)):
        assert isinstance(second, (list, tuple))
        return len(first) == len(second) and all(map(_same, first, second))
    if isinstance(first, dict):
        assert isinstance(second, dict)
        return _same(list(first.items()), list(second.items()))
    return repr(first) == repr(second)


@settings(max_examples=300, deadline=None)
@given(plain, plain)
def test_plain_values_have_equal_hashes_exactly_when_they_are_equal(
    first: object, second: object
) -> None:
    assert (data_hash(first) == data_hash(second)) == _same(first, second)


def test_plain_values_have_the_same_hashes_in_another_process() -> None:
    drawn: list[object] = []

    @settings(max_examples=150, deadline=None, derandomize=True, database=None)
    @given(plain)
    def draw(value: object) -> None:
        drawn.append(value)

    draw()
    program = (
        "import ast, json, sys; from bench.cache.datahash import data_hash\n"
        "print(json.dumps([data_hash(v) for v in eval(sys.stdin.read(), {'inf': float('inf')})]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=repr(drawn),
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "11"},
    )
    assert json.loads(done.stdout) == [data_hash(value) for value in drawn]
    assert len(drawn) > 100


# Kinds whose text or pickle other caches confuse, alone and in containers.
timestamps = st.datetimes(
    min_value=datetime.datetime(1900, 1, 1), max_value=datetime.datetime(2200, 1, 1)
).map(pd.Timestamp)
oddities = (
    timestamps
    | timestamps.map(lambda moment: moment.tz_localize("UTC"))
    | st.decimals(allow_nan=False)
    | st.builds(slice, st.none() | st.integers(), st.integers(), st.none() | st.integers())
    | st.sampled_from([np.int32, np.int64, np.float32, np.bool_]).map(lambda kind: kind(1))
    | st.lists(st.integers(0, 3), min_size=1, max_size=3).map(lambda row: pa.table({"a": row}))
)


@settings(max_examples=300, deadline=None)
@given(st.lists(oddities, max_size=3), st.lists(oddities, max_size=3))
def test_odd_kinds_in_containers_differ_when_they_do(
    first: list[object], second: list[object]
) -> None:
    def told(values: list[object]) -> list[str]:
        return [f"{type(value)} {value!r}" for value in values]

    assert (data_hash(first) == data_hash(second)) == (told(first) == told(second))
    assert data_hash(first) != data_hash(tuple(first))
    assert (data_hash(tuple(first)) == data_hash(tuple(second))) == (told(first) == told(second))


objects = st.one_of(
    st.none(),
    st.text(alphabet="ab\0\ud800\udc00\U00010000", max_size=3),
    st.floats(allow_nan=False),
    st.integers(-(2**70), 2**70) | st.integers(-2, 2),
    st.booleans(),
    st.dates(),
    st.datetimes(),
    st.binary(max_size=2),
)


@settings(max_examples=500, deadline=None)
@given(st.lists(objects, max_size=4), st.lists(objects, max_size=4))
def test_arrays_of_objects_have_equal_hashes_exactly_when_they_are_equal(
    first: list[object], second: list[object]
) -> None:
    one, other = (np.empty(len(row), object) for row in (first, second))
    one[:], other[:] = first, second
    assert (data_hash(one) == data_hash(other)) == _same(first, second)
    frames = [pd.DataFrame({"a": pd.Series(row, dtype=object)}) for row in (one, other)]
    assert (data_hash(frames[0]) == data_hash(frames[1])) == _same(first, second)


columns = st.sampled_from(
    [
        lambda row: pd.Series(row, dtype="int64"),
        lambda row: pd.Series(row, dtype="int32"),
        lambda row: pd.Series(row, dtype="float64"),
        lambda row: pd.Series(row, dtype="Int64"),
        lambda row: pd.Series([str(item) for item in row], dtype="str"),
        lambda row: pd.Series([str(item) for item in row], dtype="category"),
        lambda row: pd.to_datetime(pd.Series(row), unit="s"),
        lambda row: pd.to_datetime(pd.Series(row), unit="s", utc=True),
    ]
)


@st.composite
def frames(draw: st.DrawFn) -> tuple[object, pd.DataFrame]:
    """Return a small frame, with a text that two frames share exactly when they are equal."""
    rows = draw(st.integers(1, 3))
    row = st.lists(st.integers(0, 2), min_size=rows, max_size=rows)
    held = draw(st.lists(st.tuples(st.sampled_from("ab"), columns, row), min_size=1, max_size=2))
    index = draw(row)
    frame = pd.concat([make(values) for _, make, values in held], axis=1)
    frame.columns = pd.Index([name for name, *_ in held])
    frame.index = pd.Index(index, name=draw(st.sampled_from([None, "i"])))
    told = ([*frame.columns], [str(kind) for kind in frame.dtypes], index, frame.index.name)
    return (*told, [values for *_, values in held], _categories(frame)), frame


def _categories(frame: pd.DataFrame) -> list[object]:
    kinds = [kind for kind in frame.dtypes if isinstance(kind, pd.CategoricalDtype)]
    return [list(kind.categories) for kind in kinds]


@settings(max_examples=300, deadline=None)
@given(frames(), frames())
def test_frames_have_equal_hashes_exactly_when_they_are_equal(
    first: tuple[object, pd.DataFrame], second: tuple[object, pd.DataFrame]
) -> None:
    assert (data_hash(first[1]) == data_hash(second[1])) == (first[0] == second[0])
    assert data_hash(first[1]) == data_hash(first[1].copy())


def test_what_is_noted_on_a_frame_counts() -> None:
    kelvin, celsius = _frame(), _frame()
    kelvin.attrs["unit"], celsius.attrs["unit"] = "K", "C"
    strict = _frame().set_flags(allows_duplicate_labels=False)
    assert len({data_hash(one) for one in (_frame(), kelvin, celsius, strict)}) == 4


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(alphabet="ab\0", max_size=3), max_size=5))
def test_neighbours_never_run_together(parts: list[str]) -> None:
    joined = ["".join(parts)]
    if joined != parts:
        assert data_hash(parts) != data_hash(joined)
        assert data_hash(pd.Series(parts, dtype="str")) != data_hash(pd.Series(joined, dtype="str"))


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_one_changed_cell_changes_the_hash(data: st.DataObject) -> None:
    rows, columns = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 4))
    dtype = data.draw(st.sampled_from(["f8", "f4", "i8", "i2", "u1"]))
    values = np.arange(rows * columns).reshape(rows, columns).astype(dtype)
    frame = pd.DataFrame(values, columns=[f"c{place}" for place in range(columns)])
    before = data_hash(frame)
    row, column = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, columns - 1))
    edited = values.copy()
    edited[row, column] += 1
    assert data_hash(pd.DataFrame(edited, columns=frame.columns)) != before
    assert data_hash(pd.DataFrame(values.copy(), columns=frame.columns)) == before


def test_every_byte_of_an_array_counts() -> None:
    # Longer than a block, so that its borders are crossed.
    array = np.zeros(70_000)
    digests = {data_hash(array)}
    places = (0, 32_767, 32_768, 65_535, 65_536, 69_999)
    for place in places:
        changed = array.copy()
        changed[place] = 1
        digests.add(data_hash(changed))
    assert len(digests) == len(places) + 1
    assert all(a < b for a, b in pairwise(places))
