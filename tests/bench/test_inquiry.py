"""A run is explained, compared and verified: the cause is named, and only the cause."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from bench.cache.explain import Change, StepState
from bench.cache.store import Store
from bench.cli import main
from bench.inquiry import CellExplanation
from bench.results.recipes import output_keys, read_recipes
from bench.runner import latest
from tests.walk import write_walk

ROOT = Path(__file__).resolve().parents[2]

MODEL = '''\
"""A model with a helper."""

import pandas as pd

TASKS = ("continuous",)


def _pulled(z: pd.Series, weight: float) -> pd.Series:
    return z * weight


def shrunk(base: pd.DataFrame, weight: float = 0.5) -> pd.Series:
    return _pulled(base["z_now"], weight)


def prediction(shrunk: pd.Series, test_origins: pd.DatetimeIndex) -> pd.DataFrame:
    return pd.DataFrame({"y_pred": shrunk.loc[test_origins].to_numpy()}, index=test_origins)
'''

EXPERIMENT = """\
name = "walk"
[dataset.walk]
file = "walk.csv"
time = "day"
[matrix]
target = ["a"]
task = ["continuous"]
horizon = [1]
[protocol]
n_folds = 2
first_train = 200
test_size = 40
[models.persistence]
[models.mine]
module = "mymodel.py"
"""

MINE = "walk.a.continuous.h1.f0.mine"
RUN = ("run", "walk.toml", "--jobs", "1", "--progress", "quiet", "--no-report")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("walk")
    write_walk(folder)
    (folder / "mymodel.py").write_text(MODEL)
    (folder / "walk.toml").write_text(EXPERIMENT)
    before = Path.cwd()
    os.chdir(folder)
    try:
        assert main(list(RUN)) == 0
    finally:
        os.chdir(before)
    return folder, latest(folder / "runs").name


@pytest.fixture
def there(made: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of the run; code and data are as they were, afterwards."""
    folder = made[0]
    monkeypatch.chdir(folder)
    kept = {name: (folder / name).read_bytes() for name in ("walk.csv", "mymodel.py")}
    yield folder
    for name, text in kept.items():
        (folder / name).write_bytes(text)


@pytest.fixture
def first(made: tuple[Path, str]) -> str:
    return made[1]


def bench(*words: str) -> str:
    """What a command prints in a process of its own, which sees the code as it is now."""
    answer = subprocess.run(
        [sys.executable, "-m", "bench", *words],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def test_what_has_not_changed_is_served(there, first, capsys):
    assert main(["explain", MINE, "--run", first]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert f"{MINE} against {first}" in lines[0]
    assert "0 to compute" in lines[0]
    assert all("same recipe" in line for line in lines[1:])
    assert any(line.startswith("served      dataflows.evaluation.predictions") for line in lines)


def test_an_edited_helper_is_named_with_its_diff(there, first):
    text = MODEL.replace("return z * weight", "return z * weight * 0.9")
    (there / "mymodel.py").write_text(text)
    lines = bench("explain", MINE, "--run", first).splitlines()
    head = lines.index("because")
    (shrunk,) = [line for line in lines[:head] if ".shrunk: " in line]
    assert shrunk.startswith("to compute")
    assert "_pulled changed" in shrunk
    told = [line for line in lines[1:head] if "changed" in line and line != shrunk]
    assert all("made from" in line for line in told)
    assert {line.partition(":")[0].rpartition(".")[2] for line in told} >= {
        "prediction",
        "predictions",
        "performance_metrics",
    }
    assert "    -    return z * weight" in lines[head:]
    assert "    +    return z * weight * 0.9" in lines[head:]
    assert sum("_pulled changed" in line for line in lines[head:]) == 1
    # The run is told as it was, not as the code is now.
    assert "not stored" not in bench("lineage", MINE, "--run", first)


def test_another_value_is_named_with_both(there, first, capsys):
    assert main(["explain", MINE, "models.mine.weight=0.25", "--run", first]) == 0
    out = capsys.readouterr().out
    assert "input weight of" in out
    assert ": 0.5 -> 0.25" in out


def test_a_changed_file_is_named_by_its_input(there, first, capsys):
    table = pd.read_csv("walk.csv")
    table.loc[300, "a"] += 1
    table.to_csv("walk.csv", index=False)
    assert main(["explain", MINE, "--run", first]) == 0
    lines = capsys.readouterr().out.splitlines()
    because = lines[lines.index("because") + 1 :]
    assert len(because) == 1
    assert "data_file" in because[0]
    assert "content" in because[0]


def test_results_come_out_again_byte_for_byte(there, first, capsys):
    assert main(["verify", first, "--sample", "2"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("2 cells computed again: ")
    assert told.endswith("stored values compared, 0 differ\n")


def test_a_stored_value_that_does_not_come_out_again_is_named(there, first, capsys):
    store = Store(there / ".crossfold" / "store")
    made = read_recipes(there / "runs" / first)
    key = made.outputs[made.cell(MINE)]["predictions"]
    record = store.record(key)
    assert record is not None
    value = store.load(record).copy()
    value["y_pred"] += 1e-9
    store.put(key, value, meta=record.meta)
    try:
        assert main(["verify", first, "--sample", "99"]) == 1
    finally:
        store.link(key, record)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith(f"{MINE}: dataflows.evaluation.predictions ({key[:12]}) came out")
    assert lines[1].endswith(", 1 differ")


def _assert_only_needed(store: Store) -> None:
    """Nothing is left but what runs need, under its recipe and its content."""
    needed = set().union(*(output_keys(p.parent) for p in Path("runs").glob("*/outputs.*")))
    left = set(store.keys())
    assert needed <= left
    assert all(store.peek(key).also in needed for key in left - needed)
    assert len({Path(store.path("ac", key)).stat().st_ino for key in left}) == len(needed)


def test_pruning_keeps_what_runs_need_until_they_are_removed(there, first, capsys, tmp_path):
    store = Store(there / ".crossfold" / "store")
    needed = output_keys(there / "runs" / first)
    assert main(["cache", "prune", "--max-size", "0"]) == 0
    said = f"what 1 run in {there / 'runs'} needs stays; remove the folders of runs that may go"
    assert said in capsys.readouterr().out
    left = set(store.keys())
    assert needed <= left
    _assert_only_needed(store)
    assert main(["lineage", MINE, "--run", first]) == 0
    assert "not stored" not in capsys.readouterr().out
    assert main(["explain", MINE, "--run", first]) == 0
    assert "not needed" in capsys.readouterr().out
    assert main(["verify", first, "--sample", "1"]) == 0
    assert main(["cache", "prune", "--max-size", "0", "--runs", str(tmp_path)]) == 0
    assert set(store.keys()) == left  # the store knows where its runs are
    assert main(["cache", "prune", "--max-size", "1GB"]) == 0
    assert "it fits: " in capsys.readouterr().out


def test_a_run_holds_the_store_to_its_limit(there, first, capsys, monkeypatch):
    store = Store(there / ".crossfold" / "store")
    assert main([*RUN, "--store-limit", "1GB"]) == 0
    assert "store" not in capsys.readouterr().err
    intermediate = set(store.keys()) - output_keys(there / "runs" / first)
    assert intermediate
    monkeypatch.setenv("CROSSFOLD_STORE_LIMIT", "0")
    assert main(list(RUN)) == 0
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("store over")]
    assert len(said) == 1
    assert "results forgotten" in said[0]
    _assert_only_needed(store)
    monkeypatch.setenv("CROSSFOLD_STORE_LIMIT", "much")
    assert main(list(RUN)) == 2
    assert 'CROSSFOLD_STORE_LIMIT: "much" is no size' in capsys.readouterr().err


def test_a_cell_whose_results_are_lost_can_be_computed_again(there, first, capsys):
    store = Store(there / ".crossfold" / "store")
    for key in store.keys():  # noqa: SIM118
        (store.root / "ac" / key[:2] / key).unlink()
    assert main(["verify", first]) == 2
    assert "can be computed again" in capsys.readouterr().err
    assert main(list(RUN)) == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["explain", "nothing"], 'no cell "nothing" in this run'),
        (["explain", "walk"], '4 cells have "walk" in their names'),
        (["explain", MINE, "--run", "other"], 'no finished run "other"'),
        (["explain", MINE, "matrix.target=[b]"], "b"),
        (["explain", MINE, "matrix.horizon=[2]"], f"walk has no cell {MINE} any more"),
        (["explain", MINE, "other.toml"], "other.toml"),
        (["verify", "one"], 'no finished run "one"'),
        (["verify", "--sample", "0"], "--sample"),
        (["verify", "--store", "none"], "no store there"),
    ],
)
def test_bad_questions_are_told_in_one_line(there, capsys, words, said):
    assert main(words) == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1


def test_many_causes_of_one_name_are_counted():
    seeds = tuple(Change("input", "m.fit", "seed", str(n), str(n + 50)) for n in range(5))
    steps = (StepState("m.fit", "to compute", "seeds", seeds),)
    assert list(CellExplanation("cell", "run", steps).lines())[2:] == [
        "because",
        "  input seed of m.fit: 0 -> 50",
        "  input seed of m.fit: 1 -> 51",
        "  input seed of m.fit: 2 -> 52",
        "  and 2 more of input seed",
    ]
