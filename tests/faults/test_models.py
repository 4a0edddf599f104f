"""Each misbehaviour of a model costs its own cells, and is told with its cause."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from tests.faults.lab import ROOT, Lab

HOSTILE = ROOT / "tests" / "modules" / "hostile.py"

# how -> (status, type of error, part of the message)
WAYS = {
    "fine": ("ok", None, None),
    "noise": ("ok", None, None),
    "loud": ("ok", None, None),
    "eat input": ("ok", None, None),
    "raise": ("failed", "ValueError", "mood: the matrix is singular"),
    "unprintable": ("failed", "_Unprintable", "mood: _Unprintable"),
    "unpicklable": ("failed", "_Unpicklable", "holds a function"),
    "segfault": ("failed", "WorkerDied", "SIGSEGV"),
    "abort": ("failed", "WorkerDied", "SIGABRT"),
    "kill": ("failed", "WorkerDied", "SIGKILL"),
    "exit": ("failed", "SystemExit", "mood: 3"),
    "hard exit": ("failed", "WorkerDied", "exit code 0"),
    "interrupt": ("failed", "KeyboardInterrupt", "mood"),
    "deep": ("failed", "RecursionError", "maximum recursion depth"),
    "hang": ("timeout", "TimeLimit", "timeout"),
    "grow": ("oom", "MemoryLimit", "400.0 MB"),
    "too much": ("oom", "MemoryError", "mood"),
}
EXPERIMENT = f"""
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
n_folds = 2
first_train = 150
test_size = 40
[models.persistence]
[models.hostile]
module = "hostile.py"
timeout = 5
memory = "400MB"
grid = {{how = {list(WAYS)}}}
"""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lab, pd.DataFrame]:
    lab = Lab.made(tmp_path_factory.mktemp("hostile") / "lab", experiment=EXPERIMENT)
    shutil.copy(HOSTILE, lab.folder / "hostile.py")
    done = lab.run(jobs=2)
    assert done.code == 3, done.said
    assert "Traceback" not in done.said
    for words in ("SIGSEGV", "5 s of its timeout", "400.0 MB of its memory limit", "/failures/"):
        assert words in done.said
    runs = pd.read_parquet(lab.latest / "runs.parquet")
    return lab, runs.assign(how=runs["parameters"].str.extract(r'"how": "(.*?)"')[0])


@pytest.mark.parametrize("how", WAYS)
def test_a_misbehaviour_is_a_row_with_its_cause(hostile: tuple[Lab, pd.DataFrame], how: str):
    lab, runs = hostile
    status, kind, message = WAYS[how]
    (row,) = runs[(runs["how"] == how) & (runs["fold"] == 0)].itertuples()
    assert row.status == status, row
    if status == "ok":
        return
    assert row.error_type == kind
    assert message in row.error_message
    assert row.error_message.startswith("mood: ")
    assert row.fit_seconds > 0
    assert row.peak_mb > 10
    told = (lab.latest / "failures" / f"{row.slug}.txt").read_text()
    assert f"about to be {how}" in told
    assert kind in told or message in told


def test_every_other_cell_is_finished(hostile: tuple[Lab, pd.DataFrame]):
    lab, runs = hostile
    others = runs[(runs["fold"] == 1) | runs["how"].isna()]
    assert len(others) == len(WAYS) + 2
    assert (others["status"] == "ok").all()
    scores = pd.read_parquet(lab.latest / "scores.parquet")
    assert set(scores["cell_id"]) == set(runs.loc[runs["status"] == "ok", "cell_id"])
    assert not lab.left_behind()


def test_only_what_failed_is_run_again(hostile: tuple[Lab, pd.DataFrame]):
    lab, runs = hostile
    first = {n: (lab.latest / n).read_bytes() for n in ("predictions.parquet", "scores.parquet")}
    n_failed = int((runs["status"] != "ok").sum())
    done = lab.command("retry", "--failed", "--no-report", "--jobs", "2", "--progress", "json")
    assert done.code == 3, done.said
    assert f'"failed": {n_failed}' in done.said
    assert done.said.count('"event": "advanced"') == n_failed
    assert first == {n: (lab.latest / n).read_bytes() for n in first}
    assert not lab.left_behind()


def test_a_mended_model_completes_the_run(hostile: tuple[Lab, pd.DataFrame], tmp_path: Path):
    lab, *_ = hostile
    copy = Lab(tmp_path / "lab")
    shutil.copytree(lab.folder, copy.folder, symlinks=True)
    source = (copy.folder / "hostile.py").read_text()
    (copy.folder / "hostile.py").write_text(source.replace("if fold or how", "if fold >= 0 or how"))
    done = copy.run()
    assert done.code == 0, done.said
    assert (pd.read_parquet(copy.latest / "runs.parquet")["status"] == "ok").all()
