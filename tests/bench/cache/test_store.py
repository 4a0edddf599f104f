"""The store keeps what it is given, exactly, and never gives back anything else."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.cache.layout import StoreFormat
from bench.cache.store import DamagedObject, Record, Store

KEY = "0123456789abcdef" * 2


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def test_a_frame_comes_back(store: Store) -> None:
    index = pd.date_range("2013-01-01", periods=48, freq="h", tz="UTC", name="time")
    frame = pd.DataFrame({"a": np.arange(48.0), "b": np.arange(48)}, index=index)
    record = store.put(KEY, frame, meta={"node": "X"})
    assert store.record(KEY) == record
    pd.testing.assert_frame_equal(store.load(record), frame)


def test_a_key_nobody_wrote_is_unknown(store: Store) -> None:
    assert store.record(KEY) is None
    assert store.records([KEY]) == {}


def test_short_json_stands_in_the_record(store: Store) -> None:
    record = store.put(KEY, {"rounds": 3, "scores": (1.5, None)})
    assert record.blob is None
    assert store.load(store.record(KEY) or record) == {"rounds": 3, "scores": (1.5, None)}


def test_a_damaged_object_is_set_aside_and_forgotten(store: Store) -> None:
    record = store.put(KEY, np.arange(100))
    path = store.file(record)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(DamagedObject, match="set aside"):
        store.load(record)
    assert store.record(KEY) is None
    assert len(store.warnings) == 1


def test_a_damaged_record_is_set_aside(store: Store) -> None:
    store.put(KEY, 1)
    path = store.root / "ac" / KEY[:2] / KEY
    path.write_bytes(path.read_bytes()[:-1])
    assert store.record(KEY) is None
    assert "set aside" in store.warnings[0]


def test_a_newer_format_is_refused(store: Store) -> None:
    (store.root / "format").write_text("crossfold store 2\n")
    with pytest.raises(StoreFormat, match="has format 2 and this version reads up to 1"):
        Store(store.root)


def test_a_claim_excludes_another(store: Store) -> None:
    with store.claim(KEY) as first, store.claim(KEY) as second:
        assert (first, second) == (True, False)
    with store.claim(KEY) as third:
        assert third


def test_another_key_may_name_the_same_object(store: Store) -> None:
    record = store.put(KEY, np.arange(5))
    other: Record = store.link("f" * 32, record)
    assert other.blob == record.blob
    assert np.array_equal(store.load(other), np.arange(5))
