"""What a module does to its process while a plan is made is told in one line, before any work."""

import shutil
from pathlib import Path

import pytest

from bench.cli import main
from tests.faults.lab import EXPERIMENT, ROOT, Lab

DATA = ROOT / "tests" / "modules" / "hostile_data.py"
TABLE = '[dataset.walk]\nfile = "walk.csv"\ntime = "day"'
OURS = '[dataset.walk]\nmodule = "hostile_data.py"\nhow = "{how}"'
LIMITS = '[models.persistence]\ntimeout = 2\nmemory = "400MB"'
WAYS = {
    "raise": "KeyError: series: 'a'",
    "segfault": "WorkerDied: series: the process was ended by SIGSEGV",
    "exit": "SystemExit: series: 3",
    "hard exit": "WorkerDied: series: the process ended itself with exit code 0",
    "interrupt": "KeyboardInterrupt: series: KeyboardInterrupt",
    "hang": "TimeLimit: series: it took longer than the 2 s of its timeout",
    "grow": "MemoryLimit: series: it needed more than the 400.0 MB of its memory limit",
    "no card": "dataset_card gives a list, not a dictionary",
}


def prepared(folder: Path, how: str) -> Lab:
    text = EXPERIMENT.replace(TABLE, OURS.format(how=how))
    text = text.replace("[models.persistence]", LIMITS)
    lab = Lab.made(folder, experiment=text[: text.index("[models.mine]")])
    shutil.copy(DATA, lab.folder)
    return lab


@pytest.mark.parametrize("how", WAYS)
def test_a_dataset_that_misbehaves_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], how: str
):
    lab = prepared(tmp_path / "lab", how)
    monkeypatch.chdir(lab.folder)
    assert main(["plan", "lab.toml"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"dataset 'walk': {WAYS[how]}" in line
    assert not lab.left_behind()


def test_what_the_dataset_had_printed_is_told_when_that_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(prepared(tmp_path / "lab", "segfault").folder)
    assert main(["plan", "lab.toml", "--debug"]) == 2
    said = capsys.readouterr().err
    assert "about to be segfault" in said
    assert "in series" in said  # where it was, from the fault handler


def test_a_run_after_a_dataset_that_misbehaved_goes_on_as_ever(tmp_path: Path):
    lab = prepared(tmp_path / "lab", "hard exit")
    assert lab.run().code == 2
    assert not list((lab.folder / "runs").iterdir())
    done = lab.run("dataset.walk.how=fine")
    assert done.code == 0, done.said
    assert not lab.left_behind()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("import ctypes; ctypes.string_at(0)", 'mymodel.py", line 1 in <module>'),
        ("raise ValueError('no key')", "mymodel.py: does not import: ValueError: no key (line 1)"),
        ("import sys; sys.exit(0)", "mymodel.py: does not import: it calls sys.exit(0)"),
    ],
)
def test_a_module_that_cannot_be_imported_is_named_with_the_line(lab: Lab, line: str, said: str):
    model = lab.folder / "mymodel.py"
    model.write_text(f"{line}\n{model.read_text()}")
    done = lab.command("plan", "lab.toml")
    assert done.code == (-11 if "ctypes" in line else 2)
    assert said in done.said
