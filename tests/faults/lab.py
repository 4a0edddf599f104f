"""A folder with a small experiment, commands run in it, and what they leave behind."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest
from hypothesis import HealthCheck, settings

__all__ = ["FUZZ", "ROOT", "ROUNDS", "TABLES", "Done", "Lab", "long_form"]

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = int(os.environ.get("FAULT_ROUNDS", "1"))
TABLES = ("predictions.parquet", "scores.parquet", "checks.json")

MODEL = '''
"""A model that takes a moment."""
import time

import pandas as pd
from hamilton.function_modifiers import tag

TASKS = ("continuous",)


@tag(hidden="clock")
def shrunk(base: pd.DataFrame, fold: int, weight: float = 0.5, nap: float = 0.02) -> pd.Series:
    time.sleep(nap)
    return base["z_now"] * weight


def prediction(shrunk: pd.Series, test_origins: pd.DatetimeIndex) -> pd.DataFrame:
    return pd.DataFrame({"y_pred": shrunk.loc[test_origins].to_numpy()}, index=test_origins)
'''

EXPERIMENT = """
name = "lab"
seed = 7
[dataset.walk]
file = "walk.csv"
time = "day"
[matrix]
target = ["a", "b"]
task = ["continuous"]
horizon = [1, 3]
[protocol]
n_folds = 3
first_train = 150
test_size = 40
[models.persistence]
[models.mine]
module = "mymodel.py"
grid = {weight = [0.25, 0.5, 0.75]}
"""


# A few files for each reader, or many.
FUZZ = settings(
    max_examples=50 if ROUNDS == 1 else 500,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
)


def long_form(holds: bool = True) -> None:
    """Skip the test, or this case of it, unless the long form was asked for."""
    if holds and ROUNDS == 1:
        pytest.skip("part of the long form: nox -s faults")


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    said: str


@dataclass
class Lab:
    """A folder in which commands are run."""

    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    before: tuple[str, ...] = ()  # words of the program that starts the commands, if one does

    @classmethod
    def made(cls, folder: Path, *, experiment: str = EXPERIMENT) -> Lab:
        """Make the folder with data, a model and an experiment."""
        folder.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng(3)
        table = pd.DataFrame(
            np.cumsum(rng.normal(size=(300, 2)), axis=0).round(4),
            columns=["a", "b"],
            index=pd.date_range("2020-01-01", periods=300, freq="D", name="day"),
        )
        table.to_csv(folder / "walk.csv")
        (folder / "mymodel.py").write_text(MODEL)
        (folder / "lab.toml").write_text(experiment)
        return cls(folder)

    @property
    def store(self) -> Path:
        """The store of the commands."""
        return self.folder / ".crossfold" / "store"

    def start(self, *words: str, **more: object) -> subprocess.Popen[str]:
        """Start a command, in a group of processes of its own."""
        return subprocess.Popen(
            [*self.before, sys.executable, "-m", "bench", *words],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200", **self.variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            **more,  # type: ignore[call-overload]
        )

    def start_run(self, *words: str, jobs: int = 2) -> subprocess.Popen[str]:
        """Start a run."""
        return self.start(
            "run", "lab.toml", "--no-report", "--jobs", str(jobs), "--progress", "plain", *words
        )

    def run(self, *words: str, jobs: int = 2) -> Done:
        """Run the experiment to its end."""
        return finished(self.start_run(*words, jobs=jobs))

    def command(self, *words: str) -> Done:
        """Run a command to its end."""
        return finished(self.start(*words))

    @staticmethod
    def digest(path: Path) -> str:
        """Return the digest of a file."""
        return hashlib.sha256(path.read_bytes()).hexdigest()

    def forget(self) -> None:
        """Remove the store and all runs."""
        shutil.rmtree(self.folder / ".crossfold")
        shutil.rmtree(self.folder / "runs")

    @property
    def latest(self) -> Path:
        """The folder of the newest finished run."""
        return (self.folder / "runs" / "latest").resolve()

    def tables(self) -> dict[str, str]:
        """Return digests of the tables of the newest run."""
        return {n: self.digest(self.latest / n) for n in TABLES}

    def left_behind(self) -> list[str]:
        """Return what should not be there when nothing runs: temporary files, partial ones."""
        found = [str(p) for p in (self.store / "tmp").iterdir()] if self.store.is_dir() else []
        found += [str(p) for p in self.folder.rglob("*.part")]
        found += [str(p) for p in (self.folder / "runs").rglob("*+*+*")]
        return found


def finished(process: subprocess.Popen[str], *, seconds: float = 300) -> Done:
    """Wait for the end of a command."""
    try:
        said, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        said, _ = process.communicate()
        raise AssertionError(f"the command hangs; it said:\n{said}") from None
    return Done(process.returncode, said)


def family(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """Return every process that a command has started, the nearest first."""
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.Error:
        return []


def parent_of(pid: int) -> int:
    """Return the number of a process's parent, 0 when it has ended."""
    try:
        return psutil.Process(pid).ppid()
    except psutil.Error:
        return 0


def gone(processes: list[psutil.Process], *, seconds: float = 20) -> bool:
    """Return whether all processes end within a time."""
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    return not [p for p in alive if p.status() != psutil.STATUS_ZOMBIE]


@contextlib.contextmanager
def ended(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    """End a command with its group at the end of the block, whatever happened in it."""
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def wait_for(holds: object, *, seconds: float = 60) -> None:
    """Wait until a callable gives something true."""
    limit = time.monotonic() + seconds
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < limit, "it did not come to that in time"
        time.sleep(0.01)
