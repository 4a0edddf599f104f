"""The command line: exit codes, what is printed where, and that it starts at once."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import bench.runner
from bench.cli import cli, main
from bench.spec.experiment import Experiment

ROOT = Path(__file__).resolve().parents[2]

BROKEN = '''\
"""A model that fails at longer horizons."""

import pandas as pd


def prediction(base: pd.DataFrame, test_origins: pd.DatetimeIndex, horizon: int) -> pd.DataFrame:
    """The present value, or an error."""
    if horizon > 1:
        raise ArithmeticError("the horizon is\\nbeyond me")
    return base.loc[test_origins, ["z_now"]].rename(columns={"z_now": "y_pred"})


TASKS = ("continuous",)
'''


@pytest.fixture(scope="module")
def finished(tmp_path_factory, small_text):
    """A folder with a finished run, of which some cells failed."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / "broken.py").write_text(BROKEN)
    own = '[models]\nbroken = "broken.py"\n[models.persistence]'
    text = small_text.replace("[models.persistence]", own)
    (folder / "small.toml").write_text(text)
    before = Path.cwd()
    os.chdir(folder)
    try:
        code = main(["run", "small.toml", "--jobs", "1", "--progress", "quiet", "--no-report"])
    finally:
        os.chdir(before)
    return folder, code, bench.runner.latest(folder / "runs").name


@pytest.fixture
def there(finished, monkeypatch):
    """The folder of the finished run as the working directory."""
    monkeypatch.chdir(finished[0])
    return finished[0]


@pytest.fixture
def first(finished):
    """The name of the finished run; tests add others."""
    return finished[2]


def test_a_run_with_failures_exits_3_and_has_every_cell(finished):
    folder, code, name = finished
    assert code == 3
    run = bench.runner.load_run(folder / "runs" / name)
    experiment = Experiment.load(folder / "small.toml")
    assert set(run.runs["cell_id"]) == {cell.id for cell in experiment.cells()}
    bad = run.runs[run.runs["status"] != "ok"]
    assert len(bad) == 4  # 2 targets x 2 folds at horizon 6
    assert set(bad["error_type"]) == {"ArithmeticError"}
    assert set(run.scores["cell_id"]) == set(run.runs["cell_id"]) - set(bad["cell_id"])


def test_the_resolved_experiment_of_a_run_is_the_one_that_was_asked_for(there, first):
    copy = Experiment.load(there / "runs" / first / "experiment.toml", outside=True)
    assert copy == Experiment.load(there / "small.toml")


def test_the_second_run_computes_only_what_failed(there, capsys):
    assert main(["run", "small.toml", "--jobs", "1", "--no-report"]) == 3
    out, err = capsys.readouterr()
    assert "64 cells" in err
    assert "60 ok, 4 failed, 0 of" in out
    assert main(["run", "small.toml", "-k", "not broken", "--no-report"]) == 0
    out, err = capsys.readouterr()
    assert "0 to compute" in err
    assert "failed, 0 of" in out


def test_status_shows_leaderboard_failures_and_files(there, first, capsys):
    main(["run", "small.toml", "--jobs", "1", "--progress", "quiet", "--no-report"])
    assert capsys.readouterr() == ("", "")
    assert main(["status"]) == 0
    out = capsys.readouterr().out
    assert "continuous: rmse, lower is better, mean over 2 targets (mean rank)" in out
    assert "no rank: a target or fold is missing" in out
    assert "✗ broken, 4 cells: ArithmeticError" in out
    assert "the horizon is beyond me" in out
    assert "weather.temp_JFK.continuous.h6.f0.broken" in out
    assert "tables: runs/small-development-" in out
    assert all(len(line) <= 80 for line in out.splitlines()[1:] if not line.startswith("✗"))
    assert main(["status", first]) == 0
    assert first in capsys.readouterr().out
    assert main(["status", f"runs/{first}"]) == 0


def test_retry_runs_what_failed_once_more(there, first, capsys):
    assert main(["retry", "--failed", first, "--jobs", "1", "--no-report"]) == 3
    assert "60 ok, 4 failed" in capsys.readouterr().out
    text = (there / "broken.py").read_text()
    (there / "broken.py").write_text(text.replace("horizon > 1", "horizon > 99"))
    words = ["retry", "--failed", first, "--jobs", "1", "--no-report"]
    answer = _python([sys.executable, "-m", "bench", *words], there)
    assert answer.returncode == 0, answer.stderr
    assert "64 ok, 0 failed" in answer.stdout
    assert main(["retry", "--failed"]) == 0
    assert "nothing failed" in capsys.readouterr().out
    (there / "broken.py").write_text(text)


def test_the_report_can_be_written_again(there, first, capsys):
    words = ["report", first, "--html", "again.html", "--pdf", "--latex", "paper"]
    assert main(words) == 0
    assert "<html" in (there / "again.html").read_text(encoding="utf-8")
    assert (there / "again.pdf").read_bytes().startswith(b"%PDF")
    said = capsys.readouterr().out
    assert "report: again.html" in said
    assert "report: again.pdf" in said
    assert "\\toprule" in (there / "paper" / "tables" / "leaderboard.tex").read_text("utf-8")


OWN = """\
from reports.document import Paragraph, Section


def section(findings):
    return Section("mine", "My own", (Paragraph((f"{len(findings.models)} models.",)),))
"""


def test_a_section_of_ones_own_is_named_in_the_experiment_and_run_when_asked(
    here, small_text, capsys
):
    (here / "mine.py").write_text(OWN)
    (here / "small.toml").write_text(small_text + '\n[report]\nsections = ["summary", "mine.py"]\n')
    words = [
        "run",
        "small.toml",
        "-k",
        "horizon=1 and fold=0",
        "--jobs",
        "1",
        "--progress",
        "quiet",
    ]
    assert main(words) == 0
    page = (here / "runs" / "latest" / "report.html").read_text(encoding="utf-8")
    assert 'id="mine"' in page
    assert 'id="leaderboard"' not in page
    # Whoever opens the folder later has not asked for code.
    assert main(["report"]) == 0
    page = (here / "runs" / "latest" / "report.html").read_text(encoding="utf-8")
    assert 'id="mine"' not in page
    assert "only run when asked for" in page
    assert main(["report", "--section", "summary", "--section", "mine.py"]) == 0
    page = (here / "runs" / "latest" / "report.html").read_text(encoding="utf-8")
    assert 'id="mine"' in page
    (here / "mine.py").write_text("def section(findings):\n    return findings.nothing\n")
    capsys.readouterr()
    assert main(["report", "--section", "mine.py"]) == 2
    assert "mine.py failed: AttributeError" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "written"),
    [
        ((), {"report.html", "report.pdf"}),
        (("--pdf",), {"report.pdf"}),
        (("--pdf", "out/own.pdf", "--html"), {"out/own.pdf", "out/own.html"}),
        (("--html", "--latex", "paper"), {"report.html", "paper/report.tex"}),
    ],
)
def test_the_formats_that_are_asked_for_are_written(there, first, tmp_path, words, written):
    copy = tmp_path / "run"
    shutil.copytree(there / "runs" / first, copy)
    placed = [w if w.startswith("--") else str(copy / w) for w in words]
    assert main(["report", str(copy), *placed]) == 0
    made = {p.relative_to(copy).as_posix() for p in copy.rglob("*") if p.suffix in KINDS}
    assert {name for name in made if not re.match("paper/(tables|figures)/", name)} == written


KINDS = (".html", ".pdf", ".tex")


def test_a_table_of_scores_becomes_a_report_beside_it(here, capsys):
    rows = "".join(f"d{i},{i},{i + 1},{i + 2.5}\n" for i in range(8))
    (here / "scores.csv").write_text("data,low,mid,high\n" + rows)
    assert main(["report", "scores.csv"]) == 0
    assert capsys.readouterr().out == "report: scores.html\nreport: scores.pdf\n"
    for words, best in (((), "low"), (("--higher-is-better",), "high")):
        assert main(["report", "scores.csv", "--latex", "paper", *words]) == 0
        board = (here / "paper" / "tables" / "leaderboard.csv").read_text("utf-8").splitlines()
        assert best in board[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["none.csv"], "no file none.csv"),
        (["bad.csv"], "bad.csv, line 2, column 'b': 'x' is not a number"),
        (["two.csv"], "at least two models"),
        (["small.toml"], 'no finished run "small.toml"'),
        (["--pdf", "latest"], '"latest" does not end in .pdf'),
        (["--html", "bad.csv/report.html"], "bad.csv"),
        (["--html", "folder.html"], "folder.html is a folder"),
        (["--latex", "bad.csv"], "is a file; a folder is needed"),
        (["--higher-is-better"], "is for a table of scores"),
    ],
)
def test_a_report_that_cannot_be_is_refused_in_one_line(there, capsys, words, said):
    (there / "bad.csv").write_text("data,a,b\nd,1,x\n")
    (there / "two.csv").write_text("data,a\nd,1\n")
    (there / "folder.html").mkdir(exist_ok=True)
    assert main(["report", *words]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1


def test_a_run_whose_report_fails_says_so_last_and_exits_1(there, monkeypatch, capsys):
    def broken(*_: object) -> None:
        raise ValueError("no room left")

    monkeypatch.setattr("reports.document.Document.to_pdf", broken)
    words = ["run", "small.toml", "-k", "persistence", "--jobs", "1", "--progress", "quiet"]
    assert main(words) == 1
    told = capsys.readouterr().err.splitlines()
    assert told[-1].startswith("error: the run is done and kept, its report is not: ValueError")
    assert "python -m bench report small-development-" in told[-1]


def test_progress_as_json_is_json_alone(there):
    words = ["run", "small.toml", "-k", "persistence", "--progress", "json", "--no-report"]
    answer = _python([sys.executable, "-m", "bench", *words], there)
    assert answer.returncode == 0
    assert [json.loads(line)["event"] for line in answer.stderr.splitlines()][-1] == "finished"
    assert answer.stdout == ""


def test_status_of_a_run_that_goes_on(there, capsys):
    folder = there / "runs" / "small-development-29990101-000000"
    folder.mkdir()
    log = folder / "log.jsonl"
    events = [
        {"event": "planned", "cells": 3},
        {"event": "wave", "index": 1, "n_waves": 4, "n_chunks": 1200},
        {"event": "advanced"},
        {"event": "failed"},
    ]
    log.write_text("".join(json.dumps(e) + "\n" for e in events) + '{"event": "adv')
    try:
        assert main(["status"]) == 0
        first, second = capsys.readouterr().out.splitlines()
        assert first.startswith(f"{folder.name}: not finished; last heard of ")
        assert second == "wave 2/4: 1/1,200, 1 failed"
        log.write_text('{"event": "stopped", "reason": "KeyboardInterrupt"}\n')
        assert main(["status", folder.name]) == 0
        assert "stopped (KeyboardInterrupt)" in capsys.readouterr().out
    finally:
        log.unlink()
        folder.rmdir()


def test_the_store_can_be_looked_after(there, capsys):
    assert main(["cache", "info"]) == 0
    assert "records" in capsys.readouterr().out
    assert main(["cache", "verify"]) == 0
    assert capsys.readouterr().out == "0 damaged\n"
    assert main(["cache", "prune", "--max-size", "10 GB"]) == 0


def test_a_result_is_traced_to_the_raw_data(there, first, capsys):
    slug = "weather.temp_JFK.binary.h6.f0.climatology"
    assert main(["lineage", slug, "--run", first]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "dataflows.evaluation.predictions" in lines[0]
    assert any("dataflows.datasets.weather.observations" in line for line in lines)
    assert any("dataflows.models.climatology.prediction" in line for line in lines)
    assert main(["lineage", "JFK.binary.h6.f0.clim", "--run", first, "--as", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["recipes"][0]["key"] == found["root"]
    assert found["unknown"] == []
    assert all(recipe["units"] for recipe in found["recipes"])
    assert (
        main(["lineage", slug, "--run", first, "--as", "dot", "--node", "performance_metrics"]) == 0
    )
    assert capsys.readouterr().out.startswith("digraph lineage {")
    assert main(["lineage", slug, "--run", first, "--as", "prov"]) == 0
    assert "entity" in json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["JFK.binary"], '16 cells have "JFK.binary" in their names'),
        (["nothing"], 'no cell "nothing" in this run'),
        (["JFK.binary.h6.f0.clim", "--node", "prdictions"], 'did you mean "predictions"'),
    ],
)
def test_what_cannot_be_traced_is_told(there, first, capsys, words, said):
    assert main(["lineage", *words, "--run", first]) == 2
    assert said in capsys.readouterr().err


def test_plan_tells_counts_and_writes_no_run(small, here, capsys):
    assert main(["plan", "small.toml", "-k", "model=climatology"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "small, development mode"
    assert out[1].startswith("8 cells: ")
    assert out[-1].split() == ["climatology", "8"]
    assert not (here / "runs").exists()


def test_check_looks_at_every_mode(small, here, capsys):
    assert main(["check", "small.toml"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "development: ok, 56 cells",
        "evaluation: ok, 96 cells",
    ]
    small.write_text(small.read_text().replace("n_folds = 3", "n_folds = 300"))
    assert main(["check", "small.toml"]) == 2


@pytest.mark.parametrize("what", ["models", "datasets", "tasks", "metrics"])
def test_lists(what, capsys):
    assert main(["list", what]) == 0
    assert len(capsys.readouterr().out.splitlines()) >= 3


def test_cells_are_listed_one_a_line(small, here, capsys):
    assert main(["list", "cells", "small.toml", "-k", "fold=0", "matrix.horizon=1"]) == 0
    cells = Experiment.load(small, overrides=["matrix.horizon=1"], where="fold=0").cells()
    assert capsys.readouterr().out.splitlines() == [f"{c.id}  {c.slug}" for c in cells]


def test_config_is_shown_as_toml_that_reads_back(small, here, capsys):
    assert main(["config", "show", "small.toml", "--mode", "evaluation", "seed=9"]) == 0
    shown = tomllib.loads(capsys.readouterr().out)
    assert Experiment.parse(shown, path=small) == Experiment.load(
        small, mode="evaluation", overrides=["seed=9"]
    )


def test_without_an_experiment_it_is_the_weather(here, capsys):
    assert main(["config", "show", "seed=3"]) == 0
    shown = tomllib.loads(capsys.readouterr().out)
    assert shown["name"] == "weather"
    assert shown["seed"] == 3


def test_an_interrupt_keeps_everything_and_exits_130(small, here, capsys, monkeypatch):
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(bench.runner, "run", interrupted)
    assert main(["run", "small.toml"]) == 130
    assert capsys.readouterr().err.splitlines()[-1] == (
        "error: interrupted; what was finished is kept, the same command goes on from there"
    )


def test_an_error_of_ours_is_one_line_and_exit_1(small, here, capsys, monkeypatch):
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("division\nby zero")

    monkeypatch.setattr(bench.runner, "plan", broken)
    assert main(["plan", "small.toml"]) == 1
    said = "error: ZeroDivisionError: division by zero"
    assert capsys.readouterr().err == f"{said}; the same command with --debug shows where\n"
    assert main(["plan", "small.toml", "--debug"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("Traceback")
    assert err.endswith(f"{said}\n")
    assert main(["--debug", "plan", "small.toml"]) == 1
    assert capsys.readouterr().err.startswith("Traceback")


def test_the_version_is_told(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("crossfold ")


def test_every_command_has_help(capsys):
    def walk(group, words):
        for name, command in group.commands.items():
            yield [*words, name]
            if hasattr(command, "commands"):
                yield from walk(command, [*words, name])

    for words in walk(cli, []):
        assert main([*words, "--help"]) == 0
        out = capsys.readouterr().out
        assert out.startswith(f"Usage: bench {' '.join(words)} ")
        assert len(out.splitlines()) > 4


def test_help_imports_nothing_heavy():
    program = (
        "import sys; from bench.cli import main; main(['--help']); "
        "print(*{'pandas', 'numpy', 'hamilton', 'rich', 'msgspec'} & sys.modules.keys())"
    )
    answer = _python([sys.executable, "-c", program], ROOT)
    assert answer.stdout.splitlines()[-1] == ""


def test_a_reader_that_stops_reading_is_no_error(there):
    answer = subprocess.run(
        f"{sys.executable} -m bench list cells small.toml | head -1; echo ${{PIPESTATUS[0]}}",
        shell=True,
        executable="/bin/bash",
        cwd=there,
        env=_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stderr == ""
    assert answer.stdout.splitlines()[-1] == "0"


def test_the_package_gives_what_the_command_line_uses():
    import bench as package

    assert sorted(package.__all__) == ["Experiment", "cached", "compare", "load_run", "plan", "run"]
    assert package.Experiment is Experiment
    assert package.plan is bench.runner.plan
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        getattr(package, "nothing")  # noqa: B009 - the attribute is not there


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


def _python(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, env=_environment(), capture_output=True, text=True, check=False
    )
