"""300 models of which 8 are bad, each in its own way: 292 results and 8 named, on every engine."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench import load_run
from bench.cli import main

pytest.importorskip("ray", reason="long, as all of tests/cluster: nox -s cluster runs it")

GOOD = """
import pandas as pd

TASKS = ("continuous",)

def prediction(
    base: pd.DataFrame, test_origins: pd.DatetimeIndex, weight: float = 0.5
) -> pd.DataFrame:
    return pd.DataFrame(
        {"y_pred": base.loc[test_origins, "z_now"] * weight}, index=test_origins
    )
"""
BAD = {
    "raises": ("", "raise ZeroDivisionError('of its own')", "ZeroDivisionError"),
    "segfaults": ("import ctypes", "ctypes.string_at(0)", "WorkerDied"),
    "kills_itself": ("import signal", "signal.raise_signal(signal.SIGKILL)", "WorkerDied"),
    "hangs": ("import time", "time.sleep(3600)", "TimeLimit"),
    "grows": (
        "import time",
        "held = []\n    while True:\n        held.append(bytearray(b'x' * (1 << 24)))\n"
        "        time.sleep(0.01)",
        "MemoryLimit",
    ),
    "exits": ("import sys", "sys.exit(3)", "SystemExit"),
    "floods": ("", "while True:\n        print('water ' * 1000)", "TimeLimit"),
    "leaks_threads": (
        "import threading, time",
        "threads = [threading.Thread(target=time.sleep, args=(3600,)) for _ in range(200)]\n"
        "    for thread in threads:\n        thread.start()\n"
        "    for thread in threads:\n        thread.join()",
        "TimeLimit",
    ),
}
EXPERIMENT = """
name = "many"
seed = 7
[dataset.walk]
file = "walk.csv"
time = "day"
[matrix]
target = "a"
task = "continuous"
horizon = 1
[protocol]
n_folds = 1
first_train = 200
test_size = 40
[models.good]
module = "good.py"
[models.good.grid]
weight = [{weights}]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("many")
    rng = np.random.default_rng(3)
    days = pd.date_range("2020-01-01", periods=320, freq="D", name="day")
    pd.DataFrame({"a": np.cumsum(rng.normal(size=320)).round(4)}, index=days).to_csv(
        where / "walk.csv"
    )
    (where / "good.py").write_text(GOOD)
    text = EXPERIMENT.format(weights=", ".join(f"{n / 1000}" for n in range(300 - len(BAD))))
    for name, (imports, body, _) in BAD.items():
        (where / f"{name}.py").write_text(
            f'import pandas as pd\n{imports}\n\nTASKS = ("continuous",)\n\n'
            f"def prediction(base: pd.DataFrame, test_origins: pd.DatetimeIndex) -> pd.DataFrame:\n"
            f"    {body}\n    return base\n"
        )
        text += f'[models.{name}]\nmodule = "{name}.py"\ntimeout = 10\nmemory = "1GB"\n'
    (where / "many.toml").write_text(text)
    return where


@pytest.mark.parametrize("backend", ["local", "dask", "ray"])
def test_eight_bad_models_cost_eight_cells(
    backend: str, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(folder)
    words = ["run", "many.toml", "--no-report", "--progress", "plain", "--jobs", "2"]
    places = ["--store", f"store-{backend}", "--runs", backend]
    assert main([*words, *places, "--backend", backend]) == 3
    found = load_run(folder / backend / "latest")
    failed = found.runs[found.runs["status"] != "ok"]
    assert len(found.runs) == 300
    assert dict(zip(failed["variant"], failed["error_type"], strict=True)) == {
        name: kind for name, (_, _, kind) in BAD.items()
    }
    if backend != "local" and (folder / "local").exists():
        for table in ("predictions.parquet", "scores.parquet"):
            one, other = (folder / b / "latest" / table for b in ("local", backend))
            assert one.read_bytes() == other.read_bytes()
