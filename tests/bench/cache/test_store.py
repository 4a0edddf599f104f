"""The store keeps what it is given, exactly, and never gives back anything else."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.cache import care
from bench.cache.codecs import Unstorable, can_store
from bench.cache.datahash import data_hash
from bench.cache.layout import StoreFormat
from bench.cache.plain import to_json
from bench.cache.records import Record, seal
from bench.cache.store import DamagedObject, Store
from tests.bench.cache.zoo import distinct, storable

ROOT = Path(__file__).resolve().parents[3]
KEY = "0123456789abcdef" * 2


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """One store for the tests that only add to it."""
    return Store(tmp_path_factory.mktemp("shared") / "store")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def _key(number: int) -> str:
    return f"{number:032x}"


def _loaded(store: Store, key: str) -> Any:
    record = store.record(key)
    assert record is not None
    return store.load(record)


# -- round trips ----------------------------------------------------------------------------


def _assert_identical(value: Any, back: Any) -> None:
    assert type(back) is type(value)
    if isinstance(value, pd.DataFrame):
        pd.testing.assert_frame_equal(back, value, check_freq=True, check_column_type="exact")
        assert type(back.index) is type(value.index)
        assert type(back.columns) is type(value.columns)
        assert list(back.dtypes) == list(value.dtypes)
    elif isinstance(value, pd.Series):
        pd.testing.assert_series_equal(back, value, check_freq=True)
    elif isinstance(value, pd.Index):
        pd.testing.assert_index_equal(back, value, exact=True)
        assert getattr(back, "freq", None) == getattr(value, "freq", None)
    elif isinstance(value, np.ndarray):
        assert back.dtype == value.dtype
        assert back.shape == value.shape
        assert back.tobytes() == value.tobytes()
        assert back.flags.f_contiguous == value.flags.f_contiguous
    elif isinstance(value, pa.Table):
        assert back.equals(value, check_metadata=True)
    elif isinstance(value, np.generic):
        assert back.dtype == value.dtype
        assert back.tobytes() == value.tobytes()
    else:
        assert repr(back) == repr(value)


@pytest.mark.parametrize("name", list(storable()))
def test_a_value_comes_back_as_it_was(name: str, shared: Store) -> None:
    value = storable()[name]
    key = data_hash(name)
    record = shared.put(key, value, meta={"node": name})
    assert shared.record(key) == record
    back = shared.load(record)
    _assert_identical(value, back)
    assert data_hash(back) == record.data_hash == data_hash(value)


@pytest.mark.parametrize("name", sorted(set(distinct()) - set(storable())))
def test_what_no_format_gives_back_is_refused(name: str, shared: Store) -> None:
    key = data_hash(f"refused {name}")
    with pytest.raises(Unstorable, match=r"has no JSON form|cannot be stored"):
        shared.put(key, distinct()[name])
    assert shared.record(key) is None


@pytest.mark.parametrize(
    "column",
    [[1, "a"], [b"x"], [None, None], [pd.Timestamp("2013-01-01"), "a"], [(1, 2)], ["a", None]],
)
def test_an_object_column_of_anything_but_text_is_refused_by_name(
    column: list[object], shared: Store
) -> None:
    frame = pd.DataFrame({"odd": pd.Series(column, dtype=object)})
    with pytest.raises(Unstorable, match="column 'odd': an object column of"):
        shared.put(KEY, frame)


def test_a_table_keeps_its_notes(shared: Store) -> None:
    table = pa.table({"a": [1]}).replace_schema_metadata({"by": "hand"})
    shared.put(KEY, table)
    assert _loaded(shared, KEY).schema.metadata == {b"by": b"hand"}


def test_a_booster_comes_back_bit_by_bit(shared: Store) -> None:
    xgboost = pytest.importorskip("xgboost")
    X = np.random.default_rng(1).normal(size=(50, 3))
    data = xgboost.DMatrix(X, X[:, 0], feature_names=["a", "b", "c"])
    booster = xgboost.train({"nthread": 1}, data, num_boost_round=3)
    booster.set_attr(note="kept")
    record = shared.put(KEY, booster)
    back = shared.load(record)
    assert back.save_raw("ubj") == booster.save_raw("ubj")
    assert back.feature_names == ["a", "b", "c"]
    assert back.predict(data).tobytes() == booster.predict(data).tobytes()
    assert data_hash(back) == record.data_hash


def test_a_state_dict_comes_back_in_order(shared: Store) -> None:
    torch = pytest.importorskip("torch")
    state = torch.nn.LSTM(3, 4).state_dict()
    state["half"] = torch.tensor([1.5, float("nan")], dtype=torch.bfloat16)
    state["count"] = torch.tensor(3)
    state["empty"] = torch.empty((0, 2))
    state["across"] = torch.arange(6).reshape(2, 3).T
    record = shared.put(KEY, state)
    back = shared.load(record)
    assert type(back) is OrderedDict
    assert list(back) == list(state)
    for name, tensor in state.items():
        assert back[name].dtype == tensor.dtype
        assert torch.equal(back[name].nan_to_num(), tensor.nan_to_num())
    assert record.codec == "tensors"
    assert type(shared.load(shared.put(KEY, dict(state)))) is dict


def test_arrays_by_name_come_back_in_order(shared: Store) -> None:
    arrays = {"z": np.arange(3), "a": np.ones((2, 2), "f4"), "m": np.array(True)}
    record = shared.put(KEY, arrays)
    back = shared.load(record)
    assert list(back) == ["z", "a", "m"]
    for name, array in arrays.items():
        assert back[name].dtype == array.dtype
        assert np.array_equal(back[name], array)
    with pytest.raises(Unstorable, match="'a' of dtype <U1 cannot be stored in a dict"):
        shared.put(KEY, {"a": np.array(["x"])})


def test_what_is_loaded_is_read_only_and_shares_its_file(shared: Store) -> None:
    frame = pd.DataFrame({"a": np.arange(300_000.0), "b": np.arange(300_000)})
    back = shared.load(shared.put(KEY, frame))
    column = back["a"].to_numpy()
    assert not column.flags.writeable
    assert not column.flags.owndata
    array = shared.load(shared.put(KEY, np.arange(300_000)))
    assert not array.flags.writeable


def test_a_long_json_value_goes_to_a_file(shared: Store) -> None:
    value = {"trials": [{"score": number / 7} for number in range(1000)]}
    record = shared.put(KEY, value)
    assert record.blob is not None
    assert record.inline is None
    assert shared.load(record) == value


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=3) | st.integers() | st.just("$kind"), inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
    ),
    max_leaves=10,
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(value=values)
def test_any_plain_value_comes_back(value: Any, shared: Store) -> None:
    record = shared.put(KEY, value)
    back = shared.load(record)
    assert data_hash(back) == record.data_hash
    assert repr(back) == repr(value)


DTYPES = ["f8", "f4", "i8", "i1", "u2", "bool", "M8[ns]", "M8[s]", "m8[ms]", "Int32", "Float64"]
DTYPES += ["boolean", "str", "string", "category", "Berlin", "double[pyarrow]"]


@st.composite
def frames(draw: st.DrawFn) -> pd.DataFrame:
    rows = draw(st.integers(0, 5))
    columns: list[pd.Series[Any]] = []
    for place in range(draw(st.integers(0, 4))):
        dtype = draw(st.sampled_from(DTYPES))
        numbers = pd.Series(draw(st.lists(st.integers(0, 100), min_size=rows, max_size=rows)))
        numbers = numbers.astype("i8")
        if dtype == "Berlin":
            column = pd.to_datetime(numbers, unit="s").dt.tz_localize("UTC")
            column = column.astype("datetime64[us, Europe/Berlin]")
        elif dtype == "boolean":
            column = (numbers % 2 == 0).astype(dtype)
        elif dtype in {"str", "string", "category"}:
            column = numbers.astype("str").astype(dtype)
        else:
            column = numbers.astype(dtype)
        holes = draw(st.lists(st.booleans(), min_size=rows, max_size=rows))
        if dtype not in {"i8", "i1", "u2", "bool"} and any(holes):
            column = column.mask(np.array(holes, bool))
        columns.append(column.rename(draw(st.sampled_from(["a", "b", 1, None, f"c{place}"]))))
    labels = [column.name for column in columns]
    frame = pd.concat(columns, axis=1) if columns else pd.DataFrame(index=range(rows))
    if columns and len({type(label) for label in labels}) == 1:
        frame.columns = pd.Index(labels)
    index = draw(st.sampled_from(["range", "numbers", "times", "zone", "pairs"]))
    if index == "numbers":
        frame.index = pd.Index(
            draw(st.lists(st.integers(), min_size=rows, max_size=rows)), name="i"
        )
    elif index == "times":
        frame.index = pd.date_range("2013-01-01", periods=rows, freq="h", name="time")
    elif index == "zone":
        frame.index = pd.date_range("2013-10-27", periods=rows, freq="h", tz="Europe/Berlin")
    elif index == "pairs" and rows:
        frame.index = pd.MultiIndex.from_tuples([(n % 2, str(n)) for n in range(rows)])
    return frame


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(frame=frames())
def test_any_frame_comes_back(frame: pd.DataFrame, shared: Store) -> None:
    # An index of numbers beyond 64 bits is of objects, the only thing here that is refused.
    if frame.index.dtype == object and not isinstance(frame.index, pd.MultiIndex) and len(frame):
        with pytest.raises(Unstorable, match="column 'index'"):
            shared.put(KEY, frame)
        return
    record = shared.put(KEY, frame)
    back = shared.load(record)
    assert data_hash(back) == record.data_hash
    pd.testing.assert_frame_equal(back, frame, check_freq=True, check_column_type="exact")


# -- records --------------------------------------------------------------------------------


def test_a_key_nobody_wrote_is_unknown(store: Store) -> None:
    assert store.record(KEY) is None
    assert store.records([KEY]) == {}


def test_the_notes_come_back(store: Store) -> None:
    meta = {"node": "X", "deps": {"a": KEY}, "seconds": 0.25, "values": [1, None, "ü"]}
    store.put(KEY, 1, meta=meta)
    record = store.record(KEY)
    assert record is not None
    assert record.meta == meta


def test_a_key_must_be_a_digest(store: Store) -> None:
    for key in ("../../etc/passwd", "ABCDEF0123456789", "abc", "", "a" * 65):
        with pytest.raises(ValueError, match="a key is 16 to 64 hex characters"):
            store.record(key)
        with pytest.raises(ValueError, match="a key is 16 to 64 hex characters"):
            store.put(key, 1)


def test_equal_values_are_kept_once(store: Store) -> None:
    first = store.put(_key(1), np.arange(2000))
    second = store.put(_key(2), np.arange(2000))
    assert first.blob == second.blob
    assert store.info()["objects"] == 1
    other = store.link(_key(3), first, meta={"node": "linked"})
    assert other.data_hash == first.data_hash
    assert np.array_equal(_loaded(store, _key(3)), np.arange(2000))


def test_what_is_short_stands_in_its_record(store: Store) -> None:
    short, long = pd.DataFrame({"a": [1.5, np.nan]}), pd.DataFrame({"a": np.arange(1000.0)})
    for number, frame in enumerate((short, long)):
        record = store.put(_key(number), frame)
        assert (record.blob is None) == (frame is short)
        assert (record.inline is None) == (frame is long)
        pd.testing.assert_frame_equal(_loaded(store, _key(number)), frame)
    assert store.info()["objects"] == 1
    (both,) = store.stacked(store.records(map(_key, (0, 1))))
    assert both.rows == (2, 1000)


@pytest.mark.parametrize("links", [True, False], ids=["links", "no links"])
def test_a_value_stands_under_two_keys(
    store: Store, links: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not links:  # such as FAT, and some file systems of networks

        def link(*_: object) -> None:
            raise PermissionError(errno.EPERM, "Operation not permitted")

        monkeypatch.setattr(os, "link", link)
    store.put(_key(1), np.arange(1000), meta={"node": "made"}, also=_key(2))
    assert len({Path(store.path("ac", _key(n))).stat().st_ino for n in (1, 2)}) == (
        1 if links else 2
    )
    for number in (1, 2):
        record = store.record(_key(number))
        assert record is not None
        assert (record.key, record.meta["node"]) == (_key(number), "made")
        assert np.array_equal(store.load(record), np.arange(1000))
    assert list(_files(store, "tmp")) == []
    # A record under a name that it does not tell is no record of that name.
    shutil.copy(store.path("ac", _key(1)), store.path("ac", _key(3)))
    assert store.record(_key(3)) is None
    # Made anew under another second name, it takes the place of what stood there.
    store.put(_key(4), np.arange(5), also=_key(2))
    assert np.array_equal(_loaded(store, _key(2)), np.arange(5))
    assert np.array_equal(_loaded(store, _key(1)), np.arange(1000))


def test_what_is_lost_under_one_of_two_keys_is_not_lost_under_the_other(store: Store) -> None:
    store.put(_key(1), 7, also=_key(2))
    Path(store.path("ac", _key(1))).unlink()
    assert store.record(_key(1)) is None
    assert _loaded(store, _key(2)) == 7


def test_a_whole_file_is_kept(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "runs.parquet"
    path.write_bytes(b"PAR1" * 100)
    record = store.put_file(KEY, path, {"node": "runs"})
    assert store.file(record).read_bytes() == path.read_bytes()
    assert store.file(record) != path


def test_sources_are_kept_once_under_their_digest(store: Store) -> None:
    from bench.cache.codehash import code_units

    units = code_units(_key)
    store.put_source(units)
    store.put_source(units)
    assert (
        store.source(units[0].digest)
        == 'def _key(number: int) -> str:\n    return f"{number:032x}"\n'
    )
    assert store.source("0" * 32) is None
    assert store.source("2.4.6") is None
    path = store.root / "src" / units[0].digest
    path.write_bytes(path.read_bytes()[:-3])
    assert store.source(units[0].digest) is None
    assert "is set aside" in store.warnings[0]


def test_the_units_of_a_code_hash_are_kept_with_their_sources(store: Store) -> None:
    from bench.cache.codehash import code_hash, code_units

    units, code = code_units(_key), code_hash(_key)
    assert not store.has_units(code)
    assert store.units(code) == {}
    store.put_units(code, units)
    assert store.has_units(code)
    assert store.units(code) == {unit.name: unit.digest for unit in units}
    assert store.source(units[0].digest) == units[0].source
    assert store.source(code) is None
    assert store.units(units[0].digest) == store.units("x") == {}
    assert store.verify() == []
    path = store.root / "src" / code
    path.write_bytes(path.read_bytes()[:-3])
    assert store.units(code) == {}
    assert "is set aside" in store.warnings[0]
    assert not store.has_units(code)


# -- damage ---------------------------------------------------------------------------------


def _files(store: Store, folder: str) -> Iterator[Path]:
    yield from (Path(entry.path) for entry in store.entries(folder))


@pytest.mark.parametrize("kind", ["flip", "cut", "empty", "longer", "gone", "swapped"])
@pytest.mark.parametrize("folder", ["ac", "cas"])
def test_damage_is_found_set_aside_and_mended_by_writing_again(
    folder: str, kind: str, store: Store
) -> None:
    values = {_key(1): np.arange(1000.0), _key(2): np.arange(1000.0) + 1}
    for key, value in values.items():
        store.put(key, value)
    if kind == "swapped":
        first, second = _files(store, folder)
        first.write_bytes(second.read_bytes())
        damaged = first
    else:
        damaged = next(_files(store, folder))
        data = bytearray(damaged.read_bytes())
        if kind == "flip":
            data[len(data) // 2] ^= 4
            damaged.write_bytes(data)
        elif kind == "gone":
            damaged.unlink()
        else:
            damaged.write_bytes({"cut": data[:-1], "empty": b"", "longer": data + b"x"}[kind])
    served = 0
    for key, value in values.items():
        record = store.record(key)
        if record is None:
            continue
        try:
            back = store.load(record)
        except DamagedObject as error:
            assert "computed again" in str(error)  # noqa: PT017 - both outcomes are right
            assert store.record(key) is None
            continue
        served += 1
        assert np.array_equal(back, value)
    assert served == 1
    if not (folder == "ac" and kind == "gone"):  # that is no damage, only absence
        assert len(store.warnings) in (1, 2)
        assert all(str(store.root) in warning for warning in store.warnings)
    for key, value in values.items():
        store.put(key, value)
        assert np.array_equal(_loaded(store, key), value)


def test_no_flipped_bit_goes_unseen(store: Store) -> None:
    """200 flips and cuts over all files: a value is right, or it is not there."""
    rng = np.random.default_rng(5)
    values: dict[str, Any] = {
        _key(1): pd.DataFrame({"a": np.arange(40.0), "b": [f"{n}" for n in range(40)]}),
        _key(2): {"rounds": 7, "score": 0.5},
        _key(3): np.arange(30),
        _key(4): {"trials": ["x" * 10] * 600},
    }
    digests = {key: data_hash(value) for key, value in values.items()}
    lost, gone = 0, list(values)
    for number in range(200):
        for key in gone:
            store.put(key, values[key])
        files = sorted([*_files(store, "ac"), *_files(store, "cas")])
        path = files[number % len(files)]
        data = bytearray(path.read_bytes())
        if rng.random() < 0.7:
            data[rng.integers(len(data))] ^= 1 << rng.integers(8)
        else:
            data = data[: rng.integers(len(data))]
        path.write_bytes(data)
        gone = []
        for key, digest in digests.items():
            record = store.record(key)
            try:
                back = None if record is None else store.load(record)
            except DamagedObject:
                back = None
            if back is None:
                gone.append(key)
                lost += 1
            else:
                assert data_hash(back) == digest
    assert lost >= 200


def test_verify_reads_everything(store: Store) -> None:
    for number in range(4):
        store.put(_key(number), np.arange(1000) + number)
    assert store.verify() == []
    damaged = next(_files(store, "cas"))
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"\xff")
    damaged_size = damaged.stat().st_size
    told = store.verify()
    assert len(told) == 2  # the object, and the record that named it
    assert damaged.name in told[0]
    assert store.info()["objects"] == 3
    assert store.info()["quarantined"] == 1
    assert store.verify() == []
    assert care.prune(store, 10**9)["freed"] == damaged_size
    assert store.info()["quarantined"] == 0


# -- killed and crowded ---------------------------------------------------------------------

WRITER = """
import sys
from pathlib import Path
import numpy as np
import pandas as pd
from bench.cache.store import Store

store = Store(Path(sys.argv[1]))
start = int(sys.argv[2])
print("ready", flush=True)
for number in range(start, start + int(sys.argv[3])):
    frame = pd.DataFrame({"a": np.arange(2000.0) + number % 50})
    store.put(f"{number % 50:032x}", frame)
print("done", flush=True)
"""


def _writer(store: Store, start: int, count: int) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(store.root), str(start), str(count)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def _assert_whole(store: Store) -> int:
    found = 0
    for number in range(50):
        record = store.record(_key(number))
        if record is not None:
            found += 1
            assert store.load(record)["a"].iloc[0] == number
    assert store.warnings == []
    return found


def test_killed_writers_leave_no_wrong_value_and_no_litter(store: Store) -> None:
    rng = np.random.default_rng(3)
    for start in range(4):
        writer = _writer(store, start * 7, 10_000_000)
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
        # In the midst of writing, however slow the machine is.
        while store.record(_key(start * 7 + 4)) is None:
            time.sleep(0.002)
        time.sleep(rng.uniform(0.0, 0.05))
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        _assert_whole(store)
    again = Store(store.root)
    assert list((again.root / "tmp").iterdir()) == []
    assert _assert_whole(again) > 10


def test_several_writers_of_the_same_keys_do_no_harm(store: Store) -> None:
    writers = [_writer(store, start, 60) for start in (0, 13, 29)]
    while any(writer.poll() is None for writer in writers):
        _assert_whole(store)
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.read() == "ready\ndone\n"
        writer.stdout.close()
    assert _assert_whole(store) == 50
    assert store.info()["objects"] == 50


@pytest.mark.parametrize("failing", [0, 1])
def test_a_full_disk_leaves_nothing_behind(
    failing: int, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full at the object, then at the record."""
    write, calls = os.write, 0

    def full(descriptor: int, data: object) -> int:
        nonlocal calls
        calls += 1
        if calls > failing:
            raise OSError(28, "No space left on device")
        return write(descriptor, data)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr("os.write", full)
        with pytest.raises(OSError, match="No space left"):
            store.put(KEY, np.arange(1000))
    assert store.record(KEY) is None
    assert list((store.root / "tmp").iterdir()) == []
    assert store.info()["objects"] == failing
    store.put(KEY, np.arange(1000))
    assert np.array_equal(_loaded(store, KEY), np.arange(1000))


def test_a_short_write_is_continued(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    with monkeypatch.context() as patch:
        patch.setattr("os.write", lambda descriptor, data: write(descriptor, bytes(data)[:7]))
        store.put(KEY, np.arange(100))
    assert np.array_equal(_loaded(store, KEY), np.arange(100))


# -- claims ---------------------------------------------------------------------------------


def test_a_claim_excludes_another(store: Store) -> None:
    with store.claim(KEY) as first, store.claim(KEY) as second, store.claim(_key(1)) as other:
        assert (first, second, other) == (True, False, True)
    with store.claim(KEY) as third:
        assert third


def test_a_claim_excludes_other_processes_until_its_holder_dies(store: Store) -> None:
    program = (
        "import sys; from pathlib import Path; from bench.cache.store import Store\n"
        f"with Store(Path(sys.argv[1])).claim('{KEY}') as held:\n"
        "    print(held, flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program, str(store.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert holder.stdout is not None
    assert holder.stdin is not None
    assert holder.stdout.readline() == "True\n"
    with store.claim(KEY) as held:
        assert not held
    holder.kill()
    holder.wait()
    holder.stdout.close()
    holder.stdin.close()
    with store.claim(KEY) as held:
        assert held


def test_claims_work_without_locks_of_the_system(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.cache.locks._SET", None)
    with store.claim(KEY) as first, store.claim(KEY) as second:
        assert (first, second) == (True, False)
    with store.claim(KEY) as third:
        assert third


# -- folders --------------------------------------------------------------------------------


def test_a_newer_format_is_refused(store: Store) -> None:
    (store.root / "format").write_text("crossfold store 3\n")
    with pytest.raises(StoreFormat, match="has format 3 and this version reads up to 2"):
        Store(store.root)


def test_a_store_of_an_older_format_is_read_and_then_says_so(store: Store) -> None:
    """Format 1 kept all bytes in files, and each key had a record of its own."""
    record = store.put(KEY, np.arange(1000))
    path = Path(store.path("ac", KEY))
    older = {name: getattr(record, name) for name in Record.__slots__ if name != "also"}
    path.write_bytes(seal(older))
    (store.root / "format").write_text("crossfold store 1\n")
    assert np.array_equal(_loaded(Store(store.root), KEY), np.arange(1000))
    assert (store.root / "format").read_text() == "crossfold store 2\n"


def test_what_is_no_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreFormat, match="there is no store at"):
        Store(tmp_path / "missing", create=False)
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreFormat, match="is a file"):
        Store(tmp_path / "file")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.tex").write_text("")
    with pytest.raises(StoreFormat, match=r"holds other files \(thesis\.tex\)"):
        Store(tmp_path / "home")
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "format").write_text("zip")
    with pytest.raises(StoreFormat, match="is not a store"):
        Store(tmp_path / "odd")


def test_a_store_that_was_half_made_is_completed(store: Store) -> None:
    (store.root / "format").unlink()
    (store.root / "cas" / "ff").rmdir()
    again = Store(store.root)
    again.put("f" * 32, np.arange(3))
    assert (store.root / "cas" / "ff").is_dir()


def test_a_store_that_is_deleted_under_its_user_begins_anew(store: Store) -> None:
    store.put(_key(1), np.arange(10))
    shutil.rmtree(store.root)
    assert store.record(_key(1)) is None
    store.put(_key(2), np.arange(10))
    assert np.array_equal(_loaded(store, _key(2)), np.arange(10))
    with store.claim(KEY) as held:
        assert held
    again = Store(store.root)
    assert again.keys() == [_key(2)]


# -- another user ---------------------------------------------------------------------------


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 1)() != 0, reason="root can be somebody else")
def test_a_store_is_shared_by_users_who_may_write_to_its_folders() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        before = os.umask(0)
        try:
            store = Store(Path(folder) / "store")
            record = store.put(_key(1), np.arange(1000))
            store.put(_key(2), np.arange(2000))
        finally:
            os.umask(before)
        _aged(store, _key(1), days=3)
        child = os.fork()
        if child == 0:
            status = 1
            try:
                os.setuid(65534)
                theirs = Store(store.root)
                found = theirs.record(_key(1))
                assert found == record
                assert (_loaded(theirs, _key(2)) == np.arange(2000)).all()
                theirs.put(_key(3), np.arange(1000))  # the same object
                theirs.link(_key(4), record)
                with theirs.claim(_key(1)) as mine:
                    assert mine
                status = 0
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        # What the other used is young, so that pruning keeps it as long as what we use.
        assert time.time() - Path(store.path("ac", _key(1))).stat().st_mtime < 60
        assert store.records([_key(n) for n in range(1, 5)]).keys() == {
            _key(n) for n in range(1, 5)
        }
        assert store.verify() == []


# -- pruning --------------------------------------------------------------------------------


def _aged(store: Store, key: str, days: float) -> None:
    then = time.time() - days * 86400
    os.utime(store.path("ac", key), (then, then))
    record = store.peek(key)
    assert record is not None
    assert record.blob is not None
    os.utime(store.path("cas", record.blob), (then, then))


def test_what_was_not_used_for_longest_goes_first(store: Store) -> None:
    for number in range(5):
        store.put(_key(number), np.arange(1000) + number)
        _aged(store, _key(number), days=10 - number)
    store.record(_key(0))  # used today
    size = store.info()["bytes"]
    told = care.prune(store, int(size * 0.65), keep=[_key(1)])
    left = [number for number in range(5) if store.record(_key(number)) is not None]
    assert left == [0, 1, 4]
    assert told["removed"] == 2
    assert told["bytes"] == store.info()["bytes"] <= size * 0.65
    assert store.info()["objects"] == 3


def test_a_record_under_two_keys_counts_once_and_goes_as_one(store: Store) -> None:
    for number in range(4):
        store.put(_key(number), number, also=_key(10 + number))
        path = store.path("ac", _key(number))
        os.utime(path, (time.time() - (9 - number) * 86400,) * 2)
    size = store.info()["bytes"]
    assert size == care.size(store) == 4 * Path(path).stat().st_size
    # Kept under the name that a run knows, it stays under the other as well.
    told = care.prune(store, size // 2, keep=[_key(0)])
    left = [number for number in range(4) if store.record(_key(number)) is not None]
    assert left == [0, 3] == [n for n in range(4) if store.record(_key(10 + n)) is not None]
    assert (told["removed"], told["freed"], told["bytes"]) == (2, size // 2, size // 2)
    assert store.info()["bytes"] == size // 2


def test_an_object_that_was_touched_meanwhile_stays_and_is_counted(store: Store) -> None:
    store.put(KEY, np.arange(1000))
    then = time.time() + 60
    record = store.peek(KEY)
    assert record is not None
    assert record.blob is not None
    os.utime(store.path("cas", record.blob), (then, then))
    told = care.prune(store, 0)
    assert told["removed"] == 1
    assert told["bytes"] == store.info()["bytes"] == record.nbytes


def test_an_object_stays_as_long_as_one_record_names_it(store: Store) -> None:
    record = store.put(_key(1), np.arange(1000))
    store.link(_key(2), record)
    _aged(store, _key(1), days=9)
    size = store.info()["bytes"]
    care.prune(store, size - 1)
    assert store.record(_key(1)) is None
    assert np.array_equal(_loaded(store, _key(2)), np.arange(1000))


def test_an_object_nothing_names_goes_when_it_is_old(store: Store) -> None:
    record = store.put(KEY, np.arange(1000))
    (store.root / "ac" / KEY[:2] / KEY).unlink()
    assert care.prune(store, 10**9)["freed"] == 0
    assert record.blob is not None
    then = time.time() - 7200
    os.utime(store.path("cas", record.blob), (then, then))
    assert care.prune(store, 10**9)["freed"] == record.nbytes
    assert store.info()["objects"] == 0


# -- plan time ------------------------------------------------------------------------------


def test_what_can_be_kept_is_known_before_it_exists() -> None:
    import torch
    import xgboost

    good = [
        *(pd.DataFrame, pd.Series, pd.DatetimeIndex, np.ndarray, pa.Table, xgboost.Booster),
        *(int, float, str, bool, None, type(None), dict, list, tuple, bytes, np.float64),
        *(dict[str, torch.Tensor], dict[str, np.ndarray], dict[str, float], list[int]),
        *(tuple[int, ...], dict[str, dict[str, list[float]]], int | None, float | str),
    ]
    bad = [object, Any, set, complex, type, torch.Tensor, torch.nn.Module, list[pd.DataFrame]]
    bad += [dict[str, pd.DataFrame], pd.DataFrame | set, range, "DataFrame", np.object_]
    assert [kind for kind in good if not can_store(kind)] == []
    assert [kind for kind in bad if can_store(kind)] == []


def test_json_nested_too_deep_is_refused() -> None:
    value: list[Any] = []
    for _ in range(200):
        value = [value]
    with pytest.raises(Unstorable, match="nested deeper than 100 levels"):
        to_json(value)
