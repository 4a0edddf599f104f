"""A disk that is full from any write on: told in one line, nothing lost, nothing wrong."""

import json
import mmap
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench.cache.store import Store
from tests.faults.lab import ROOT, Done, Lab, long_form

EXPERIMENT = """
name = "lab"
seed = 7
[dataset.walk]
file = "walk.csv"
time = "day"
[matrix]
target = ["a"]
task = ["continuous"]
horizon = [1]
[protocol]
n_folds = 1
first_train = 150
test_size = 40
[models.mine]
module = "mymodel.py"
nap = 0.0
"""
COMPILER = shutil.which("cc") or shutil.which("gcc")
NO_END = 1 << 40

pytestmark = pytest.mark.skipif(
    COMPILER is None or sys.platform != "linux",
    reason="what refuses writes is compiled here, for Linux",
)


class Disk:
    """The disk under one folder, which takes so many writes, and commands that use it."""

    def __init__(self, lab: Lab, place: Path) -> None:
        self.lab = lab
        library, counts = place / "full.so", place / "counts"
        source = Path(__file__).with_name("full.c")
        words = ["-O1", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"]
        subprocess.run([str(COMPILER), *words], check=True)
        counts.write_bytes(struct.pack("qq", 0, NO_END))
        self._file = counts.open("r+b")
        self._map = mmap.mmap(self._file.fileno(), 0)
        one_thread = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        self._zygote = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("zygote.py")), "lab.toml"],
            cwd=lab.folder,
            env={
                **os.environ,
                **one_thread,
                "PYTHONPATH": str(ROOT),
                "LD_PRELOAD": str(library),
                "FULL_SHARED": str(counts),
                "FULL_WHERE": str(lab.folder),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, *, room: int = NO_END) -> tuple[Done, int]:
        """Run the experiment with room for so many writes; return how it ended, and the writes."""
        self._map[:] = struct.pack("qq", 0, room)
        words = ["run", "lab.toml", "--no-report", "--jobs", "1", "--progress", "plain"]
        assert self._zygote.stdin is not None
        assert self._zygote.stdout is not None
        self._zygote.stdin.write(json.dumps(words) + "\n")
        self._zygote.stdin.flush()
        code, said = json.loads(self._zygote.stdout.readline())
        return Done(code, said), struct.unpack("qq", self._map[:])[0]

    def close(self) -> None:
        """End the process that runs commands."""
        self._zygote.communicate()
        self._map.close()
        self._file.close()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    lab = Lab.made(tmp_path / "lab", experiment=EXPERIMENT)
    with tempfile.TemporaryDirectory() as place:
        made = Disk(lab, Path(place))
        yield made
        made.close()


def hurt(disk: Disk, points: list[int], before: Callable[[], None]) -> None:
    """Run with room for each number of writes, then with room for all, each from the same start."""
    lab = disk.lab
    done, _ = disk.run()
    assert done.code == 0, done.said
    tables = lab.tables()
    for point in points:
        before()
        done, _ = disk.run(room=point)
        print(f"room for {point} writes: exit {done.code}", flush=True)
        assert done.code in (0, 2), (point, done.said)
        assert "Traceback" not in done.said, (point, done.said)
        # With exit code 0 only the link to the run, told in a warning, can be what did not fit.
        assert "No space left" in done.said, (point, done.said)
        done, _ = disk.run()
        assert done.code == 0, (point, done.said)
        assert lab.tables() == tables, point
        assert not lab.left_behind(), (point, lab.left_behind())


def drawn(points: range, rounds: int) -> list[int]:
    """All points in the long form, else two."""
    return random.Random(7).sample(points, 2) if rounds == 1 else list(points)


def test_a_disk_that_is_full_from_any_write_on_loses_nothing(
    disk: Disk, rounds: int, tmp_path: Path
):
    """Each write up to the last result is in turn the first that does not fit; nor do those after.

    The empty folders of a store and the sources of the code, of which each is written as the one
    before, are there already.
    """
    lab = disk.lab
    assert disk.run()[0].code == 0
    _, served = disk.run()
    shutil.copytree(lab.store / "src", tmp_path / "src")

    def emptied() -> None:
        lab.forget()
        Store(lab.store)
        shutil.copytree(tmp_path / "src", lab.store / "src", dirs_exist_ok=True)

    emptied()
    _, writes = disk.run()
    points = drawn(range(writes - served + 10), rounds)
    hurt(disk, points, emptied)
    print(f"{len(points)} points of {writes} writes", flush=True)


def test_a_run_of_stored_results_survives_a_full_disk_at_any_write(disk: Disk, rounds: int):
    """Its log, its recipes, its tables, its manifest and the link to it."""
    long_form()
    assert disk.run()[0].code == 0
    _, writes = disk.run()
    points = drawn(range(writes), rounds)
    hurt(disk, points, lambda: shutil.rmtree(disk.lab.folder / "runs"))
    print(f"{len(points)} points of {writes} writes", flush=True)


def test_a_store_that_does_not_fit_is_made_by_the_next_run(disk: Disk, rounds: int):
    """Its folders, and the sources of the code."""
    long_form()
    _, writes = disk.run()
    shutil.rmtree(disk.lab.store / "ac")
    _, after = disk.run()
    points = drawn(range(0, writes - after, 25), rounds)
    hurt(disk, points, disk.lab.forget)
    print(f"{len(points)} points of {writes - after} writes", flush=True)
