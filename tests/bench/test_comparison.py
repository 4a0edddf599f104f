"""Two runs side by side: what was changed is named, and what came of it is counted right."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bench
from bench.cli import main
from bench.comparison import Comparison, Difference
from bench.runner import latest

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
target = ["a", "b", "c", "d", "e", "f"]
task = ["continuous"]
horizon = [1]
[protocol]
n_folds = 2
first_train = 200
test_size = 40
reference = "persistence"
[models.persistence]
[models.climatology]
[models.mine]
module = "mymodel.py"
"""


def run(*words: str) -> str:
    """Run the experiment in a process that sees the code as it is now; the name of the run."""
    asked = ("run", "walk.toml", "--jobs", "1", "--progress", "quiet", "--no-report", *words)
    answer = subprocess.run(
        [sys.executable, "-m", "bench", *asked],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode in (0, 3), answer.stderr
    return latest(Path("runs")).name


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with a run and others that differ in one thing each, by what that is."""
    folder = tmp_path_factory.mktemp("walk")
    steps = np.random.default_rng(3).normal(size=(320, 6))
    days = pd.date_range("2020-01-01", periods=320, freq="D", name="day")
    table = pd.DataFrame(np.cumsum(steps, axis=0).round(4), columns=list("abcdef"), index=days)
    before = Path.cwd()
    os.chdir(folder)
    try:
        table.to_csv("walk.csv")
        Path("mymodel.py").write_text(MODEL)
        Path("walk.toml").write_text(EXPERIMENT)
        names = {"first": run(), "again": run()}
        names["setting"] = run("models.mine.weight=0.9")
        names["fewer"] = run("-k", "model!=climatology and target!=f")
        Path("mymodel.py").write_text(MODEL.replace("return z * weight", "return z * 0.9"))
        names["code"] = run()
        Path("mymodel.py").write_text(MODEL.replace("return z * weight", 'raise ValueError("no")'))
        names["failed"] = run()
        Path("mymodel.py").write_text(MODEL)
        table.iloc[300, 0] += 1
        table.to_csv("walk.csv")
        names["data"] = run()
    finally:
        os.chdir(before)
    return folder, names


@pytest.fixture
def there(made, monkeypatch):
    monkeypatch.chdir(made[0])
    return made[0]


@pytest.fixture
def against(there, made):
    """Compares the first run with another, named by what differs."""

    def compared(other: str, **options) -> Comparison:
        runs = there / "runs"
        store = options.pop("store", there / ".crossfold" / "store")
        return bench.compare(runs / made[1]["first"], runs / made[1][other], store=store)

    return compared


def test_runs_of_the_same_differ_in_nothing(against):
    found = against("again")
    assert found.equal
    assert not found.changed
    lines = list(found.lines())
    assert lines[-1].startswith("nothing differs: ")
    assert len(lines) == 4


def test_an_edited_helper_is_named_with_its_text_and_what_it_moved(against):
    found = against("code")
    assert [change.name.rpartition(".")[2] for change in found.code] == ["_pulled"]
    assert "-    return z * weight" in found.code[0].diff
    assert [found.settings, found.data, found.packages, found.environment] == [()] * 4
    assert {score.cell.rpartition(".")[2] for score in found.scores} == {"mine"}
    (shift,) = found.contrast.shifts
    assert shift.model == "mine"
    assert shift.improved
    assert (shift.better, shift.worse, shift.n_targets) == (6, 0, 6)
    text = "\n".join(found.lines())
    assert "code        mymodel.py: _pulled\n" in text
    assert "1 better, 0 worse" in text


def test_means_and_verdicts_are_those_of_the_runs(against, made):
    found = against("code")
    (shift,) = found.contrast.shifts
    for value, name in ((shift.before, "first"), (shift.after, "code")):
        loaded = bench.load_run(made[0] / "runs" / made[1][name])
        cells = loaded.runs[loaded.runs["variant"] == "mine"]
        scores = loaded.scores[loaded.scores["metric"] == shift.metric].set_index("cell_id")
        by_cell = cells.assign(value=scores.loc[cells["cell_id"], "value"].to_numpy())
        assert value == pytest.approx(by_cell.groupby("target")["value"].mean().mean())
    # One panel of 3 models: the best, all alike, 3 pairs, and 2 models on 6 targets.
    assert found.contrast.n_verdicts == 1 + 1 + 3 + 12
    assert found.contrast.flips
    for flip in found.contrast.flips:
        assert flip.before.partition(" (")[0] != flip.after.partition(" (")[0]
    subjects = {flip.subject for flip in found.contrast.flips if flip.kind == "forecast"}
    assert all(s.startswith("mine on ") and s.endswith(" against persistence") for s in subjects)


def test_a_setting_is_named_once_with_both_values(against):
    found = against("setting")
    assert found.settings == (Difference("models.mine.weight", "", "0.9"),)
    assert not found.code
    assert "settings    models.mine.weight is new (0.9)" in "\n".join(found.lines())


def test_another_file_is_a_change_of_the_data(against):
    found = against("data")
    assert "walk.data_hash" in {difference.name for difference in found.data}
    assert not [change for change in found.code if change.kind == "code"]
    assert not found.settings
    assert {score.cell.split(".")[1] for score in found.scores} <= {"a"}


def test_cells_that_failed_are_listed_with_their_reason(against):
    found = against("failed")
    assert len(found.statuses) == 12
    assert {(s.before, s.after) for s in found.statuses} == {("ok", "failed")}
    assert all("no" in status.reason for status in found.statuses)
    assert "statuses    12 ok -> failed" in "\n".join(found.lines())
    assert not found.equal


def test_cells_of_one_run_alone_are_counted_and_verdicts_among_others_noted(against):
    found = against("fewer")
    # A model on 6 targets, and one target of the two others; 2 folds each.
    assert len(found.results.only_before) == 2 * (6 + 2)
    assert not found.results.only_after
    assert not found.scores
    assert any("ranked models are others" in note for note in found.notes)
    assert any("other targets" in note for note in found.notes)


def test_without_the_store_changed_steps_are_still_named(against, tmp_path):
    found = against("code", store=tmp_path / "none")
    assert any(change.name.endswith(".shrunk") for change in found.code)
    assert not any(change.diff for change in found.code)
    assert any("no store at" in note for note in found.notes)


@pytest.mark.parametrize("other", ["again", "code", "setting", "failed", "fewer", "data"])
def test_every_comparison_is_a_document_and_json(against, tmp_path, other):
    found = against(other)
    text = json.dumps(found.to_dict(), allow_nan=False)
    assert json.loads(text)["names"] == list(found.names)
    page = found.document().to_html(tmp_path / "c.html").read_text("utf-8")
    assert found.names[1] in page
    assert (other == "again") == ("Nothing differs." in page)
    assert found.document().to_pdf(tmp_path / "c.pdf").read_bytes().startswith(b"%PDF")


def test_the_command_writes_what_is_asked_for(there, made, capsys, tmp_path):
    names = made[1]
    assert main(["compare", names["first"], names["code"]]) == 0
    assert "verdicts that flip" in capsys.readouterr().out
    assert main(["compare", names["first"], names["code"], "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["settings"] == []
    target = tmp_path / "two.html"
    assert main(["compare", names["first"], names["code"], "--html", str(target), "--pdf"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said == [f"report: {target}", f"report: {target.with_suffix('.pdf')}"]
    assert target.is_file()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["one", "two"], 'no finished run "one"'),
        (["latest"], "RUN_B"),
        (["latest", "latest", "--pdf", "x.html"], "does not end in .pdf"),
        (["latest", "latest", "--html", "walk.csv/x.html"], "walk.csv"),
        (["latest", "latest", "--latex", "walk.csv"], "walk.csv"),
    ],
)
def test_bad_questions_are_told_in_one_line(there, capsys, words, said):
    assert main(["compare", *words]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1


def test_a_damaged_run_is_told_in_one_line(there, made, capsys, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(there / "runs" / made[1]["first"], copy)
    for name in ("scores.parquet", "manifest.json", "outputs.parquet", "experiment.toml"):
        kept = (copy / name).read_bytes()
        (copy / name).write_bytes(b"PAR1")
        assert main(["compare", made[1]["first"], str(copy)]) == 2, name
        (copy / name).write_bytes(kept)
        told = capsys.readouterr().err
        assert name in told
        assert told.count("\n") == 1
