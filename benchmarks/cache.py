"""How fast values and code are named, kept and taken back, beside joblib and Hamilton.

Run as ``python benchmarks/cache.py``; prints a table, and with ``--json`` the numbers. Ratios
say more than times: both sides ran on the same machine in the same minute, the best of several.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("HAMILTON_AUTOLOAD_EXTENSIONS", "0")
# A script's own folder comes first, and a neighbour called `stats` would hide the package.
sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np  # noqa: E402 - the path comes first
import pandas as pd  # noqa: E402

from bench.cache.codehash import CodeHasher, code_hash  # noqa: E402
from bench.cache.datahash import data_hash  # noqa: E402
from bench.cache.store import Store  # noqa: E402


def best(action: Callable[[], object], *, repeats: int = 5, seconds: float = 0.4) -> float:
    """Return the best time of one call, after a first that does not count."""
    action()
    times = []
    end = time.perf_counter() + seconds
    while len(times) < repeats or time.perf_counter() < end:
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
        if len(times) >= 2000:
            break
    return min(times)


def frames(rows: int) -> dict[str, pd.DataFrame]:
    """Return a numeric frame and one of mixed dtypes."""
    rng = np.random.default_rng(0)
    numeric = pd.DataFrame(
        rng.normal(size=(rows, 20)),
        columns=[f"x{place}" for place in range(20)],
        index=pd.date_range("2013-01-01", periods=rows, freq="h", name="time"),
    )
    mixed = pd.DataFrame(
        {
            "value": rng.normal(size=rows),
            "count": rng.integers(0, 99, rows),
            "flag": rng.random(rows) < 0.5,
            "text": pd.Series(rng.integers(0, 9999, rows).astype(str)).astype("str"),
            "kind": pd.Categorical.from_codes(rng.integers(0, 4, rows), list("abcd")),
            "time": pd.date_range("2013-01-01", periods=rows, freq="s", tz="UTC"),
            "maybe": pd.array(rng.integers(0, 9, rows), "Int64"),
        }
    )
    return {"numeric frame": numeric, "mixed frame": mixed}


def data_rows() -> list[dict[str, object]]:
    """Time the content hash against joblib's and Hamilton's."""
    import joblib
    from hamilton.caching import fingerprinting

    rows = []
    for name, frame in frames(100_000).items():
        size = int(frame.memory_usage(deep=True).sum())
        ours = best(lambda frame=frame: data_hash(frame))
        joblib_s = best(lambda frame=frame: joblib.hash(frame))
        hamilton_s = best(
            lambda frame=frame: fingerprinting.hash_value(frame), repeats=2, seconds=0
        )
        rows.append(
            {
                "what": f"hash of a {name}, {size / 1e6:.0f} MB",
                "GB/s": size / ours / 1e9,
                "ms": ours * 1e3,
                "times joblib.hash": joblib_s / ours,
                "times Hamilton": hamilton_s / ours,
            }
        )
    small = frames(100)["numeric frame"].iloc[:, :4]
    ours = best(lambda: data_hash(small))
    rows.append(
        {
            "what": "hash of a small frame, 100 x 4",
            "ms": ours * 1e3,
            "times joblib.hash": best(lambda: joblib.hash(small)) / ours,
            "times Hamilton": best(lambda: fingerprinting.hash_value(small)) / ours,
        }
    )
    return rows


def code_rows() -> list[dict[str, object]]:
    """Time the code hash on the nodes of a model's graph."""
    import hamilton.plugins.pandas_extensions  # noqa: F401
    from hamilton import driver, graph_types

    import dataflows

    modules = dataflows.modules(dataset="weather", model="xgboost")
    built = (
        driver.Builder()
        .with_modules(*modules)
        .with_config({"task": "multiclass", "mode": "development"})
        .build()
    )
    nodes = [
        (node.callable, str(node.tags.get("hidden", "")).split(","))
        for node in built.graph.nodes.values()
        if node.callable is not None
    ]
    start = time.perf_counter()
    for function, declared in nodes:
        code_hash(function, declared=declared)
    cold = time.perf_counter() - start

    def again() -> None:
        for function, declared in nodes:
            code_hash(function, declared=declared)

    warm = best(again)
    hasher = CodeHasher()

    def planned() -> None:
        for function, declared in nodes:
            hasher(function, declared=declared)

    within = best(planned)

    def theirs() -> None:
        for function, _ in nodes:
            graph_types.hash_source_code(function, strip=True)

    try:
        hamilton_s = best(theirs, repeats=2, seconds=0)
    except (TypeError, OSError):  # it reads sources, and not every node has one
        hamilton_s = float("nan")
    count = len(nodes)
    return [
        {"what": f"code hash of {count} nodes, first time", "ms": cold * 1e3},
        {
            "what": f"code hash of {count} nodes, again",
            "ms": warm * 1e3,
            "times Hamilton": hamilton_s / warm,
        },
        {"what": f"code hash of {count} nodes, within a plan", "ms": within * 1e3},
    ]


def store_rows(folder: Path) -> list[dict[str, object]]:
    """Time the store on small and big values, beside joblib's pickles."""
    import joblib

    store = Store(folder / "store")
    small = frames(100)["numeric frame"].iloc[:, :4]
    big = frames(100_000)["numeric frame"]
    meta = {
        "node": "X",
        "deps": {f"d{place}": "a" * 40 for place in range(6)},
        "units": {f"unit{place}": "b" * 32 for place in range(20)},
    }
    count = 0

    def key() -> str:
        nonlocal count
        count += 1
        return f"{count:032x}"

    def put(value: object) -> None:
        store.put(key(), value, meta=meta)

    def put_new() -> None:
        put(small + count)

    record = store.put("f" * 32, small, meta=meta)
    whole = store.put("e" * 32, big, meta=meta)
    size = whole.nbytes / 1e9
    adding = best(lambda: small + count)
    putting, again = best(put_new) - adding, best(lambda: put(small))
    loading = best(lambda: store.load(record))
    path = folder / "joblib.pkl"

    def dump() -> None:
        joblib.dump(small, path)

    joblib_put, joblib_load = best(dump), best(lambda: joblib.load(path))
    putting_big, loading_big = best(lambda: put(big)), best(lambda: store.load(whole))
    return [
        {
            "what": "put of a new small frame",
            "ms": putting * 1e3,
            "times joblib": joblib_put / putting,
        },
        {"what": "put of a small frame that is known", "ms": again * 1e3},
        {"what": "put of a short JSON value", "ms": best(lambda: put({"rounds": count})) * 1e3},
        {"what": "record", "ms": best(lambda: store.record("f" * 32)) * 1e3},
        {"what": "record that is missing", "ms": best(lambda: store.record("0" * 32)) * 1e3},
        {
            "what": "load of a small frame",
            "ms": loading * 1e3,
            "times joblib": joblib_load / loading,
        },
        {"what": "put of a known 16 MB frame", "ms": putting_big * 1e3, "GB/s": size / putting_big},
        {"what": "load of a 16 MB frame", "ms": loading_big * 1e3, "GB/s": size / loading_big},
    ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = [*data_rows(), *code_rows(), *store_rows(Path(folder))]
    if chosen.json:
        print(json.dumps(rows, indent=1))
        return
    columns = ("ms", "GB/s", "times joblib.hash", "times joblib", "times Hamilton")
    print(f"{'':42}" + "".join(f"{column:>19}" for column in columns))
    for row in rows:
        cells = (f"{row[column]:19.3g}" if column in row else " " * 19 for column in columns)
        print(f"{row['what']:42}" + "".join(cells))


if __name__ == "__main__":
    main()
