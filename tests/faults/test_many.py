"""Many runs on one store at a time, and the same bytes under any load, order and surroundings."""

import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.cache.locks import claimed
from tests.faults.lab import Lab, ended, finished, long_form

Same = Callable[[Lab], None]


def test_runs_on_one_store_share_the_work(lab: Lab, reference: Lab, rounds: int):
    """Processes that start together compute each step once between them, and all get all."""
    count = 8 if rounds > 1 else 3
    labs = [Lab(lab.folder, {"CROSSFOLD_STORE": str(lab.store)}) for _ in range(count)]
    processes = [
        one.start_run("--runs", f"runs/{number}", jobs=1) for number, one in enumerate(labs)
    ]
    done = [finished(process) for process in processes]
    assert [d.code for d in done] == [0] * count, [d.said for d in done]
    folders = [(lab.folder / "runs" / str(number) / "latest").resolve() for number in range(count)]
    counts = [json.loads((f / "manifest.json").read_text())["counts"] for f in folders]
    for folder in folders:
        for name, digest in reference.tables().items():
            assert Lab.digest(folder / name) == digest
    # Nobody repeats another's work.
    assert sum(c["computed"] for c in counts) == max(c["to_compute"] for c in counts)
    assert not lab.left_behind()


def test_a_claim_of_a_dead_process_holds_nobody_up(tmp_path: Path):
    key = "ab" * 10
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        with claimed(tmp_path / "locks", key) as held:
            os.write(writing, b"y" if held else b"n")
            os.kill(os.getpid(), 9)
    os.waitpid(child, 0)
    assert os.read(reading, 1) == b"y"
    with claimed(tmp_path / "locks", key) as held:
        assert held


SURROUNDINGS = {
    "one process": ({}, 1),
    "four processes": ({}, 4),
    "eight processes": ({}, 8),
    "another hash seed": ({"PYTHONHASHSEED": "12345"}, 2),
    "another time zone": ({"TZ": "Pacific/Kiritimati"}, 2),
    "another language": ({"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0"}, 2),
    "optimised": ({"PYTHONOPTIMIZE": "1"}, 2),
    "many threads": ({"OMP_NUM_THREADS": "8", "OPENBLAS_NUM_THREADS": "8"}, 2),
}
SHORT = ("four processes", "another hash seed")


@pytest.mark.parametrize("name", SURROUNDINGS)
def test_surroundings_do_not_change_a_byte(lab: Lab, same: Same, name: str):
    long_form(name not in SHORT)
    variables, jobs = SURROUNDINGS[name]
    lab.variables = variables
    done = lab.run(jobs=jobs)
    assert done.code == 0, done.said
    same(lab)


def test_the_order_in_which_cells_are_computed_does_not_change_a_byte(lab: Lab, same: Same):
    draw = random.Random(4)
    parts = [f"target={t} and fold={f}" for t in "ab" for f in range(3)]
    draw.shuffle(parts)
    for part in parts[:3]:
        done = lab.run("-k", part, jobs=1)
        assert done.code == 0, done.said
    assert lab.run().code == 0
    same(lab)


def test_a_moved_folder_gives_the_same_bytes_and_computes_nothing(
    reference: Lab, same: Same, tmp_path: Path
):
    lab = Lab(tmp_path / "elsewhere" / "lab")
    shutil.copytree(reference.folder, lab.folder, symlinks=True)
    with ended(lab.start_run("--progress", "json")) as process:
        done = finished(process)
    assert done.code == 0, done.said
    assert '"computed": 0' in done.said
    same(lab)
