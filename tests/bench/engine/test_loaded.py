"""Values that several chunks of a process read are read once, and stay what they are."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.cache.datahash import data_hash
from bench.cache.store import Record, Store
from bench.engine import worker
from bench.engine.execute import task
from bench.engine.graph import FlowSpec
from bench.engine.handed import handed
from bench.engine.loaded import Loaded
from bench.engine.plan import Request, merged, schedule


def kept(store: Store, value: object) -> Record:
    return store.put(data_hash(value), value)


def test_a_frame_is_read_once_and_no_reader_changes_it_for_another(tmp_path: Path):
    store, loaded = Store(tmp_path), Loaded(most=1 << 20)
    frame = pd.DataFrame(np.arange(3000.0).reshape(100, 30))
    record = kept(store, frame)
    first = handed(loaded.load(store, record))
    first.iloc[0, 0] = -1.0
    first["more"] = 1
    with pytest.raises(ValueError, match="read-only"):
        first.iloc[:, 1].to_numpy()[0] = -1.0
    store.file(record).unlink()
    pd.testing.assert_frame_equal(handed(loaded.load(store, record)), frame)


def test_what_was_used_longest_ago_is_forgotten_first(tmp_path: Path):
    store = Store(tmp_path)
    records = [kept(store, np.full(1000, float(n))) for n in range(3)]
    loaded = Loaded(most=records[0].nbytes * 2)
    values = [loaded.load(store, record) for record in records[:2]]
    assert loaded.load(store, records[0]) is values[0]
    loaded.load(store, records[2])
    assert loaded.load(store, records[0]) is values[0]
    assert loaded.load(store, records[1]) is not values[1]
    loaded.forget()
    assert loaded.load(store, records[0]) is not values[0]


def test_what_a_step_could_change_is_read_anew(tmp_path: Path):
    store, loaded = Store(tmp_path), Loaded(most=1 << 20)
    record = kept(store, {"rates": list(range(5000))})
    assert record.blob is not None
    assert loaded.load(store, record) is not loaded.load(store, record)


def test_a_chunk_with_a_memory_limit_begins_with_nothing_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "flow.py").write_text(
        "import numpy as np\n"
        "def rows(n: int) -> np.ndarray:\n    return np.arange(1000.0) * n\n"
        "def total(rows: np.ndarray, k: int) -> float:\n    return float(rows.sum() * k)\n"
    )
    spec, store = FlowSpec((str(tmp_path / "flow.py"),), (), "flow"), Store(tmp_path / "store")
    asked = [Request(f"{n}{k}", spec, {"n": n, "k": k}, ("total",)) for n in (1, 2) for k in (1, 2)]
    graph = merged(asked)
    first, second = schedule(graph, store).waves
    held = Loaded(most=1 << 20)
    monkeypatch.setattr(worker, "_LOADED", held)
    for chunk in (*first, *second[:3]):
        assert worker.work(task(chunk, graph, store, "")).status == "computed"
    assert len(held) == 2
    limited = task(second[3], graph, store, "", limit=(None, 1 << 40))
    assert worker.work(limited).status == "computed"
    assert len(held) == 1
