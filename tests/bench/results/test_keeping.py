"""A store is held to a size, and what kept runs and running ones need stays in it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from bench.cache import files, usage
from bench.cache.store import DAY, Store
from bench.cache.usage import used
from bench.results.keeping import prune
from bench.results.recipes import write_recipes

ROOT = Path(__file__).resolve().parents[3]


def _key(number: int) -> str:
    return f"{number:032x}"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store of ten arrays, the first of which were used longest ago."""
    made = Store(tmp_path / "store")
    for number in range(10):
        made.put(_key(number), np.arange(1000) + number)
        _aged(made, number, days=20 - number)
    return made


def _aged(store: Store, number: int, days: float) -> None:
    then = time.time() - days * DAY
    record = store.peek(_key(number))
    assert record is not None
    assert record.blob is not None
    os.utime(store.path("ac", _key(number)), (then, then))
    os.utime(store.path("cas", record.blob), (then, then))


def _left(store: Store) -> list[int]:
    return [number for number in range(10) if store.peek(_key(number)) is not None]


def _run_in(folder: Path, *numbers: int) -> None:
    """Write what a run leaves behind that needs some results."""
    folder.mkdir(parents=True)
    write_recipes(folder, [("c", "cell", {f"n{n}": _key(n) for n in numbers})], [])


def test_a_store_that_fits_is_left_alone(store: Store) -> None:
    assert prune(store, 10**6) is None
    assert _left(store) == list(range(10))


def test_what_was_used_longest_ago_goes(store: Store) -> None:
    told = prune(store, 45_000)
    assert _left(store) == [5, 6, 7, 8, 9]
    assert str(told).startswith("5 results forgotten, 41")
    assert str(told).endswith(" left")
    assert store.info()["bytes"] <= 45_000


def test_what_the_runs_need_stays_wherever_they_are(store: Store, tmp_path: Path) -> None:
    for name, number in (("mine", 0), ("yours", 3)):
        with used(store, tmp_path / name):
            _run_in(tmp_path / name / "first", number)
    _run_in(tmp_path / "named" / "first", 4)
    told = prune(store, 0, runs=[tmp_path / "named"])
    assert _left(store) == [0, 3, 4]
    assert "because what 3 runs in" in str(told)
    assert "remove the folders of runs that may go" in str(told)
    # A run's results may go with its folder, and a folder of runs is forgotten with it.
    (tmp_path / "mine" / "first" / "outputs.parquet").unlink()
    prune(store, 0)
    assert _left(store) == [3]
    for path in sorted((tmp_path / "yours").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (tmp_path / "yours").rmdir()
    prune(store, 0)
    assert _left(store) == []
    assert len(list((store.root / "users").iterdir())) == 1


def test_nothing_goes_when_a_folder_of_runs_cannot_be_seen(store: Store, tmp_path: Path) -> None:
    gone = tmp_path / "mounted" / "runs"  # a disk that is not there now: nor is what it hangs in
    with used(store, gone):
        pass
    told = prune(store, 0)
    assert _left(store) == list(range(10))
    assert f"what {gone} of {files.HOST} needs is not known" in str(told)


def test_a_damaged_note_of_a_run_is_no_reason_to_forget_it(store: Store, tmp_path: Path) -> None:
    with used(store, tmp_path / "runs"):
        _run_in(tmp_path / "runs" / "first", 0)
    (tmp_path / "runs" / "first" / "outputs.parquet").write_bytes(b"cut")
    assert "damaged" in str(prune(store, 0))
    (note,) = (store.root / "users").iterdir()
    note.write_bytes(b"cut")
    assert "is damaged" in str(prune(store, 0))
    assert _left(store) == list(range(10))


def test_what_a_run_that_goes_on_may_have_found_stays(store: Store, tmp_path: Path) -> None:
    _aged(store, 7, days=0.5)
    store.record(_key(2))  # found by the run: now it was used today
    with used(store, tmp_path):
        told = prune(store, 0)
        assert _left(store) == [2, 7]
        assert "because other runs are using it" in str(told)
    prune(store, 0)
    assert _left(store) == []


def test_a_run_that_was_killed_is_no_run_that_goes_on(store: Store, tmp_path: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path\n"
        "from bench.cache.store import Store; from bench.cache.usage import used\n"
        "with used(Store(Path(sys.argv[1])), Path(sys.argv[2])): os._exit(9)"
    )
    words = [sys.executable, "-c", program, str(store.root), str(tmp_path)]
    assert subprocess.run(words, cwd=ROOT, check=False).returncode == 9
    assert len(list((store.root / "active").iterdir())) == 1
    _aged(store, 7, days=0)
    prune(store, 0)
    assert _left(store) == []
    assert list((store.root / "active").iterdir()) == []


def test_a_run_of_another_machine_goes_on_until_it_cannot(store: Store) -> None:
    mark = store.root / "active" / "elsewhere+1+00"
    mark.touch()
    assert usage.running_since(store) is not None
    then = time.time() - usage.LONGEST - 1
    os.utime(mark, (then, then))
    assert usage.running_since(store) is None
    assert not mark.exists()


def test_a_run_begins_when_pruning_is_over(store: Store, tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path\n"
        "from bench.cache.store import Store; from bench.cache.usage import used\n"
        "with used(Store(Path(sys.argv[1])), Path(sys.argv[2])): print(time.time())"
    )
    words = [sys.executable, "-c", program, str(store.root), str(tmp_path)]
    with usage.pruning(store) as mine:
        assert mine
        # Two at once do not prune.
        assert "another process is pruning" in str(prune(store, 0))
        run = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        while usage.running_since(store) is None:
            time.sleep(0.01)
        time.sleep(0.2)
        over = time.time()
    assert float(run.communicate()[0]) > over


WRITER = """\
import sys, time
from pathlib import Path
import numpy as np
from bench.cache.store import DamagedObject, Store
store = Store(Path(sys.argv[1]))
until = time.monotonic() + float(sys.argv[3])
print("ready", flush=True)
turn = 0
while time.monotonic() < until:
    turn += 1
    number = turn % 7
    key = f"{number + 16 * (turn % 5) + 4096 * int(sys.argv[2]):032x}"
    record = store.put(key, np.full(1000, number))
    store.link(key.replace("0", "a", 1), record)
    try:
        value = store.load(record)
    except DamagedObject as error:
        assert "is missing" in str(error), error
        continue
    assert (value == number).all()
print(turn, sum("is set aside" in line for line in store.warnings))
"""


def test_writers_beside_pruning_leave_no_record_without_its_object(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    seconds = 4.0
    words = [sys.executable, "-c", WRITER, str(store.root)]
    writers = [
        subprocess.Popen(
            [*words, str(n), str(seconds)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        for n in range(2)
    ]
    for one in writers:
        assert one.stdout is not None
        one.stdout.readline()
    turns = 0
    while any(one.poll() is None for one in writers):
        prune(store, 0)
        turns += 1
    for one in writers:
        done, set_aside = map(int, one.communicate()[0].split())
        assert one.returncode == 0
        assert done > 100
        assert set_aside == 0
    assert turns > 5
    keys = store.keys()
    assert set(store.records(keys)) == set(keys)
    assert store.verify() == []
