"""Every mistake that can be made is told in one line, with exit code 2, before work starts."""

import math
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from bench.cli import main


@dataclass(frozen=True)
class Mistake:
    """What is bent in the experiment file, what lies beside it, what is typed, what is said."""

    said: str
    bent: tuple[str, str] = ("", "")
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    argv: tuple[str, ...] = ("plan", "small.toml")


def _say(said: str, *argv: str, old: str = "", new: str = "", **files: str | bytes) -> Mistake:
    named = {name.replace("__", "."): content for name, content in files.items()}
    return Mistake(said, (old, new), named, argv or ("plan", "small.toml"))


_MODEL = """\
from pathlib import Path
import pandas as pd
def prediction(base: pd.DataFrame, test_origins: pd.DatetimeIndex{inputs}) -> pd.DataFrame:
    return base.loc[test_origins, ["z_now"]].rename(columns={{"z_now": "y_pred"}})
"""

COMMAND_LINE = {
    "unknown command": _say('no command "rnu"; did you mean "run"', "rnu"),
    "no such word in a group": _say('no command "modles"; did you mean "models"', "list", "modles"),
    "unknown option": _say(r"No such option.*--jbos.*--jobs", "run", "--jbos", "2"),
    "no workers": _say("--jobs.*0 is not in the range", "run", "--jobs", "0"),
    "jobs no number": _say("--jobs.*'many' is not a valid integer", "run", "--jobs", "many"),
    "option without value": _say("'--mode' requires an argument", "run", "--mode"),
    "unknown progress": _say("'loud' is not one of", "run", "--progress", "loud"),
    "unknown mode": _say(
        '--mode: unknown mode "evalution"; did you mean "evaluation"',
        *("plan", "small.toml", "--mode", "evalution"),
    ),
    "no such file": _say(
        r'smal\.toml: no such experiment file; did you mean "small', "plan", "smal.toml"
    ),
    "file in no folder": _say(r"no such experiment file", "plan", "no/such/folder/x.toml"),
    "a folder": _say("is a folder", "plan", "."),
    "second word": _say(
        "neither an experiment file nor an override", "plan", "small.toml", "b.toml"
    ),
    "override without value": _say("is no TOML value", "plan", "small.toml", "seed="),
    "override of nothing known": _say(
        'unknown key "sede"; did you mean "seed"', "plan", "small.toml", "sede=3"
    ),
    "override deep in nothing": _say(
        'models.persistence: unknown parameter "lokback"; did you mean "lookback"',
        *("plan", "small.toml", "models.persistence.lokback=3"),
    ),
    "override through a value": _say(
        "seed: expected int, got table", "plan", "small.toml", "seed.x=3"
    ),
    "filter key": _say('unknown key "modl"; did you mean', "plan", "small.toml", "-k", "modl=x"),
    "filter value": _say("keeps none of 56 cells", "plan", "small.toml", "-k", "model=x"),
    "filter grammar": _say("ends where a value", "plan", "small.toml", "-k", "model="),
    "no runs": _say("no run in runs yet", "status"),
    "no such run": _say('no finished run "x" in runs', "status", "x"),
    "report of no run": _say('no finished run "x"', "report", "x"),
    "retry of no run": _say('no finished run "x"', "retry", "--failed", "x"),
    "retry without what": _say("Missing option '--failed'", "retry", "x"),
    "no store": _say("no store there", "cache", "info", "--store", "nothing"),
    "store is no store": _say("store", "cache", "info", "--store", "."),
    "limit": _say('--store-limit: "lots" is no size', "run", "--store-limit", "lots"),
    "size": _say('--max-size: "lots" is no size', "cache", "prune", "--max-size", "lots"),
    "section file without a section": _say(
        r"own\.py has no function section\(findings\)",
        *("run", "small.toml", 'report.sections=["own.py"]'),
        own__py="x = 1",
    ),
    "section file that breaks": _say(
        r"own\.py cannot be run: ModuleNotFoundError",
        *("run", "small.toml", 'report.sections=["own.py"]'),
        own__py="import no_such_module",
    ),
    "config of nothing": _say("no such experiment file", "config", "show", "x.toml"),
    "cells of nothing": _say("no such experiment file", "list", "cells", "x.toml"),
    "check of nothing": _say("no such experiment file", "check", "x.toml"),
    "store is a file": _say(
        "small.toml: is a file; a folder", "plan", "small.toml", "--store", "small.toml"
    ),
    "store inside a file": _say(
        "a part of this path is a file", "plan", "small.toml", "--store", "small.toml/store"
    ),
    "runs is a file": _say(
        "small.toml: is a file; a folder", "run", "small.toml", "--runs", "small.toml"
    ),
    "runs not writable": _say(
        "cannot be written to", "run", "small.toml", "--runs", "/proc/nothing/runs"
    ),
}

TARGETS = 'target = ["temp_JFK", "humid_LGA"]'

TOML = {
    "dataset a number": _say(
        "dataset.weather: expected a table, found 3", "plan", "small.toml", "dataset.weather=3"
    ),
    "mode a number": _say(
        "mode.evaluation: expected table, got int", "plan", "small.toml", "mode.evaluation=3"
    ),
    "unknown section": _say(
        'report.sections: unknown section "sumary"; did you mean "summary"',
        *("plan", "small.toml", 'report.sections=["sumary"]'),
    ),
    "no section file": _say(
        r"report\.sections: no file .*nowhere\.py; a section is a name or a Python file",
        *("plan", "small.toml", 'report.sections=["nowhere.py"]'),
    ),
    "section twice": _say(
        "report.sections: 'cost' is named twice",
        *("plan", "small.toml", 'report.sections=["cost", "cost"]'),
    ),
    "sections no list": _say(
        "report.sections: expected list", "plan", "small.toml", "report.sections=3"
    ),
    "unknown report key": _say(
        'report: unknown key "section"; did you mean "sections"',
        *("plan", "small.toml", "report.section=[]"),
    ),
    "not TOML": _say(
        r"small\.toml: not valid TOML.*line 1", old='name = "small"', new="name = small"
    ),
    "empty file": _say("is missing; an experiment needs it", *("plan", "e.toml"), e__toml=""),
    "not text": _say("not UTF-8 text", *("plan", "b.toml"), b__toml=b"\xff\xfe\x00"),
    "huge": _say("larger than 1000 kB", *("plan", "b.toml"), b__toml=b"#" * 1_000_001),
    "deeply nested": _say("not valid TOML|nested", *("plan", "b.toml"), b__toml="x=" + "[" * 5000),
    "key twice": _say("not valid TOML", old="seed = 7", new="seed = 7\nseed = 8"),
    "no name": _say("name is missing", old='name = "small"', new=""),
    "bad name": _say("name: expected str matching regex", old='"small"', new='"../small"'),
    "unknown top key": _say('unknown key "models2"', old="[models.wide]", new="[models2.wide]"),
    "unknown matrix key": _say(
        'matrix: unknown key "horizons"; did you mean "horizon"', old="horizon", new="horizons"
    ),
    "no target": _say("matrix: target is missing", old=TARGETS, new=""),
    "empty targets": _say("matrix.target: is empty", old='["temp_JFK", "humid_LGA"]', new="[]"),
    "target twice": _say("'temp_JFK' is named twice", old="humid_LGA", new="temp_JFK"),
    "target is a number": _say("matrix.target: expected", old='["temp_JFK", "humid_LGA"]', new="3"),
    "target of no dataset": _say(
        'matrix.target: unknown dataset "wether"; did you mean "weather"',
        old='["temp_JFK", "humid_LGA"]',
        new='{wether = "x"}',
    ),
    "unknown target": _say("temp_jfk", old="temp_JFK", new="temp_jfk"),
    "unknown task": _say(
        'unknown task "binry"; did you mean "binary"', old='"binary"', new='"binry"'
    ),
    "horizon zero": _say("found 0; a horizon is a number of steps", old="[1, 6]", new="[0, 6]"),
    "horizon negative": _say("found -1; a horizon", old="[1, 6]", new="-1"),
    "horizon no number": _say(r"horizon\[0\]: expected int", old="[1, 6]", new='["1"]'),
    "horizon half": _say("expected int", old="[1, 6]", new="[1.5]"),
    "horizon true": _say("expected int", old="[1, 6]", new="[true]"),
    "no horizons": _say("matrix.horizon: is empty", old="[1, 6]", new="[]"),
    "horizon huge": _say("found 99999999", old="[1, 6]", new="99999999"),
    "no folds": _say("n_folds: expected int >= 1, found 0", old="n_folds = 2", new="n_folds = 0"),
    "folds missing": _say("protocol: n_folds is missing", old="n_folds = 2", new=""),
    "unknown protocol key": _say('unknown key "n_fold"', old="n_folds = 2", new="n_fold = 2"),
    "unknown metric": _say(
        'protocol.primary.binary: unknown metric "aucc"; did you mean "auc"',
        old="n_folds = 2",
        new='n_folds = 2\nprimary = {binary = "aucc"}',
    ),
    "metric of another task": _say(
        'unknown metric "rmse"', old="n_folds = 2", new='n_folds = 2\nprimary = {binary = "rmse"}'
    ),
    "unknown reference": _say(
        'protocol.reference: unknown model "naive"',
        old="n_folds = 2",
        new='n_folds = 2\nreference = "naive"',
    ),
    "seed negative": _say("seed: expected int >= 0", old="seed = 7", new="seed = -7"),
    "seed text": _say("seed: expected int", old="seed = 7", new='seed = "7"'),
    "unknown dataset": _say(
        'unknown dataset "wether"; did you mean "weather"',
        old="dataset.weather",
        new="dataset.wether",
    ),
    "unknown input": _say(
        'dataset.weather: unknown input "fil"',
        old="[dataset.weather]",
        new="[dataset.weather]\nfil = 3",
    ),
    "no datasets": _say("dataset", old="[dataset.weather]", new="[dataset]"),
    "unknown model": _say(
        'unknown model "persistance"; did you mean "persistence"',
        old="models.persistence",
        new="models.persistance",
    ),
    "bad model name": _say("a name has at most 60", old="models.wide", new='models."a/b"'),
    "model is a number": _say(
        "expected a table of parameters",
        old="[models.persistence]",
        new="[models]\npersistence = 3",
    ),
    "unknown base": _say('unknown model "persist"', old='"persistence"', new='"persist"'),
    "module and base": _say("both module and base", old="base =", new='module = "x.py"\nbase ='),
    "model for no task": _say(
        'tasks: unknown task "x"', old='tasks = ["binary"]', new='tasks = "x"'
    ),
    "models not a table": _say("models: expected table", *("plan", "small.toml", "models=3")),
    "unknown parameter": _say(
        'models.wide.grid: unknown parameter "lookbak"; did you mean "lookback"',
        old="lookback = [",
        new="lookbak = [",
    ),
    "parameter of the axes": _say(
        "models.wide.grid: horizon is given by the experiment's axes",
        old="lookback = [12, 24]",
        new="horizon = [1, 2]",
    ),
    "parameter of the question": _say(
        'unknown parameter "level_seasons"', old="lookback = [12, 24]", new="level_seasons = [1, 2]"
    ),
    "parameter of a wrong type": _say(
        "models.wide.grid.lookback: expected int, got str, found 'x'", old="[12, 24]", new='["x"]'
    ),
    "parameter not finite": _say(
        "lookback: nan is not a finite number", old="[12, 24]", new="[nan]"
    ),
    "parameter a date": _say("found a date; write it as text", old="[12, 24]", new="[2013-01-01]"),
    "empty grid": _say("grid.lookback: is empty", old="[12, 24]", new="[]"),
    "grid twice": _say("lookback: 12 is named twice", old="[12, 24]", new="[12, 12]"),
    "grid of one": _say(
        "grid.lookback: expected a list of values, found 12", old="[12, 24]", new="12"
    ),
    "grid and value": _say(
        "lookback is set and in the grid",
        old='base = "persistence"',
        new='base = "persistence"\nlookback = 3',
    ),
    "too many variants": _say(
        "models.wide.grid: more than 1,000,000 variants",
        old="[12, 24]",
        new=f"{list(range(1, 1002))}\nfeature_set = {list(range(1000))}",
    ),
    "too many cells": _say(
        "1,008,056 cells; at most 1,000,000", "plan", "small.toml", "protocol.n_folds=36002"
    ),
    "unknown mode table": _say(
        'unknown mode "evalution"; did you mean', old="mode.evaluation", new="mode.evalution"
    ),
    "unknown key in a mode": _say(
        'mode.evaluation: unknown key "protocoll"', old="protocol = {", new="protocoll = {"
    ),
    "unknown protocol key in a mode": _say(
        'mode.evaluation.protocol: unknown key "n_fold"', old="{n_folds = 3}", new="{n_fold = 3}"
    ),
    "unknown model in a mode": _say(
        'mode.evaluation.models: unknown model "climat',
        old="models.climatology = {",
        new="models.climatolgy = {",
    ),
    "default mode": _say('unknown mode "x"', old="seed = 7", new='default_mode = "x"'),
    "filter in the file": _say('unknown key "modl"', old="seed = 7", new='where = "modl=x"'),
    "file without time": _say(
        "has a file but no time", old="[dataset.weather]", new='[dataset.m]\nfile = "m.csv"'
    ),
    "time without file": _say(
        "time column but no file", old="[dataset.weather]", new='[dataset.m]\ntime = "t"'
    ),
    "file and module": _say(
        "both file and module",
        old="[dataset.weather]",
        new='[dataset.m]\nfile = "m.csv"\ntime = "t"\nmodule = "m.py"',
    ),
}

OWN = '[models]\nmine = "mine.py"\n[models.persistence]'
GOOD = (
    "import pandas as pd\n\n\n"
    "def prediction(base: pd.DataFrame) -> pd.DataFrame:\n    return base\n"
)


def _module(said: str, text: str | None, new: str = OWN) -> Mistake:
    return Mistake(said, ("[models.persistence]", new), {} if text is None else {"mine.py": text})


MODULES = {
    "no such module": _module(r"no such file: .*mine\.py", None),
    "module no Python file": _module("is not a Python file", GOOD, OWN.replace(".py", "/x.txt")),
    "module is a folder": _module("is not a Python file", GOOD, OWN.replace("mine.py", "./")),
    "module does not import": _module(
        r"does not import: ModuleNotFoundError.*line 1", "import nope\n"
    ),
    "module is no Python": _module(r"does not import: SyntaxError.*line 1", "def f(:\n"),
    "module raises": _module("ZeroDivisionError", "1 / 0\n"),
    "module leaves": _module("calls sys.exit", "raise SystemExit(0)\n"),
    "module is binary": _module("does not import", b"\x00\xff"),
    "module without prediction": _module(
        r"mine\.py has no node prediction.*it has predict\b", GOOD.replace("prediction", "predict")
    ),
    "module without functions": _module("has no node prediction", "x = 1\n"),
    "prediction for one task only": _module(
        "prediction",
        GOOD.replace("pd\n", "pd\nfrom hamilton.function_modifiers import config\n", 1).replace(
            "def prediction", "@config.when(task='binary')\ndef prediction__binary"
        ),
    ),
    "module in a circle": _module(
        "circle|cycle",
        "import pandas as pd\n\n\ndef prediction(a: int) -> pd.DataFrame: ...\n\n\n"
        "def a(b: int) -> int: ...\n\n\ndef b(a: int) -> int: ...\n",
    ),
    "module asks for what nobody gives": _module("bsae", GOOD.replace("base:", "bsae:")),
    "module without types": _module("prediction|type", "def prediction(base): ...\n"),
    "module takes another type": _module(
        "base|type", GOOD.replace("base: pd.DataFrame", "base: int")
    ),
    "unknown parameter of one's own": _module(
        'models.mine: unknown parameter "sise"',
        GOOD.replace("base: pd.DataFrame", "base: pd.DataFrame, size: int = 3"),
        '[models.mine]\nmodule = "mine.py"\nsise = 4\n[models.persistence]',
    ),
    "dotted module": _module(
        "no.such.module: does not import", None, OWN.replace("mine.py", "no.such.module")
    ),
    "wrong tasks": _module("TASKS", GOOD + "\nTASKS = 'binary regression'\n"),
    "dataset without series": Mistake(
        r"has no node series",
        ("[dataset.weather]", '[dataset.m]\nmodule = "mine.py"'),
        {"mine.py": GOOD},
    ),
}


def _csv(said: str, content: str | bytes | None, time: str = "t", extra: str = "") -> Mistake:
    return Mistake(
        said,
        ("[dataset.weather]", f'[dataset.m]\nfile = "m.csv"\ntime = "{time}"\n{extra}'),
        {} if content is None else {"m.csv": content},
    )


HEAD = "t,temp_JFK,humid_LGA\n"


def _wave(i: int) -> object:
    return round(math.sin(i), 4)


def _hours(n: int = 3000, *, y: Callable[[int], object] = _wave) -> list[str]:
    start = datetime(2024, 1, 1)
    return [f"{(start + timedelta(hours=i)).isoformat()},{y(i)},{i % 7}" for i in range(n)]


def _table(rows: list[str]) -> str:
    return HEAD + "\n".join(rows) + "\n"


def _swapped(rows: list[str]) -> list[str]:
    return [*rows[:10], rows[11], rows[10], *rows[12:]]


LIMITS = {
    f"limit {text}": _say(said, old="[models.persistence]", new=f"[models.persistence]\n{text}")
    for text, said in {
        "timeout = 0": r"models\.persistence\.timeout: expected float > 0",
        "timeout = -1.5": r"timeout: expected float > 0",
        "timeout = nan": "timeout|persistence",
        "timeout = inf": "timeout",
        'timeout = "1 h"': r"timeout: expected float.*found '1 h'",
        "timeout = true": "timeout: expected float",
        "timeout = [3]": "timeout: expected float",
        "memory = 500": "memory: expected str",
        'memory = "lots"': r'memory: "lots" is no size; write 500MB or 2GB',
        'memory = ""': "memory: expected str of length >= 1",
        'memory = "1MB"': "1MB is less than an interpreter.*at least 100.0 MB",
        'memory = "-2GB"': "is no size",
        'memory = "inf GB"': "is no size",
        'memory = "1e400GB"': "is no size",
        "grid = {timeout = [1, 2]}": 'unknown parameter "timeout"',
        'memmory = "2GB"': 'unknown parameter "memmory"',
    }.items()
} | {
    "limit is an input too": Mistake(
        "has an input timeout, and timeout here is the limit",
        ("[models.persistence]", '[models.persistence]\n[models.m]\nmodule="m.py"\ntimeout=3'),
        {"m.py": _MODEL.format(inputs=", timeout: int = 3")},
    ),
}

_ELSEWHERE = "lies outside the folder of the experiment; if that is meant, allow it with --outside"
_MINE = '[models.persistence]\n[models.m]\nmodule = "m.py"\n'
OUTSIDE = {
    "data above": Mistake(
        f"dataset.m.data_file: /etc/hostname {_ELSEWHERE}",
        ("[dataset.weather]", f'[dataset.m]\nfile="{"../" * 30}etc/hostname"\ntime="t"'),
    ),
    "data at a root": Mistake(
        f"dataset.m.data_file: /etc/hostname {_ELSEWHERE}",
        ("[dataset.weather]", '[dataset.m]\nfile="/etc/hostname"\ntime="t"'),
    ),
    "data of one's home": Mistake(
        "no such file|is not a file|outside the folder",
        ("[dataset.weather]", '[dataset.m]\nfile="~/.bashrc"\ntime="t"'),
    ),
    "parameter above": Mistake(
        f"models.m.weights: /etc/hostname {_ELSEWHERE}",
        ("[models.persistence]", _MINE + 'weights="/etc/hostname"'),
        {"m.py": _MODEL.format(inputs=", weights: Path")},
    ),
    "grid of parameters above": Mistake(
        _ELSEWHERE,
        ("[models.persistence]", _MINE + 'grid = {weights = ["m.py", "/etc/hostname"]}'),
        {"m.py": _MODEL.format(inputs=", weights: Path")},
    ),
    "section of the report outside": Mistake(
        rf"report\.sections: /.*hosts\.py {_ELSEWHERE}",
        ("[dataset.weather]", '[report]\nsections = ["link.py"]\n[dataset.weather]'),
    ),
    "override that leads outside": Mistake(
        f"/etc/hostname {_ELSEWHERE}",
        ("[dataset.weather]", '[dataset.m]\nfile="m.csv"\ntime="t"'),
        {"m.csv": _table(_hours())},
        ("plan", "small.toml", 'dataset.m.file="/etc/hostname"'),
    ),
}

DATA = {
    "file missing": _csv(r"dataset\.m\.file: no such file: .*m\.csv", None),
    "file empty": _csv(r"m\.csv is empty", ""),
    "file a folder": Mistake(
        "is not a file", ("[dataset.weather]", '[dataset.m]\nfile = "."\ntime = "t"')
    ),
    "file not CSV": _csv(r"m\.csv|\bt\b", b"\x89PNG\r\n\x1a\n\x00\x00\xff\xfe"),
    "only a header": _csv("m", HEAD),
    "time column missing": _csv("when", _table(_hours()), time="when"),
    "time unsorted": _csv("sort|order|before", _table(_swapped(_hours()))),
    "time twice": _csv("more than once", _table([*_hours()[:11], *_hours()[10:]])),
    "time irregular": _csv(
        "regular|step|missing|gap", _table([r for i, r in enumerate(_hours()) if i % 97 % 3])
    ),
    "time no time": _csv("time|date", _table([r.replace("2024", "long ago") for r in _hours()])),
    "target text": _csv("temp_JFK.*|numeric", _table(_hours(y=lambda i: "wet"))),
    "target all missing": _csv("temp_JFK", _table(_hours(y=lambda i: ""))),
    "target constant": _csv("temp_JFK.*constant", _table(_hours(y=lambda i: 1.5))),
    "target missing": _csv("temp_JFK", _table(_hours()).replace("temp_JFK", "temp")),
    "too few rows": _csv("rows", _table(_hours(300))),
    "too few rows for the horizon": Mistake(
        "rows",
        ("[1, 6]", "[1, 5000]"),
    ),
    "first train too short": Mistake("first_train", ("first_train = 1440", "first_train = 10")),
    "unknown input of a file": _csv("unknown input", _table(_hours()), extra="sheet = 3\n"),
}

TABLE = COMMAND_LINE | TOML | MODULES | LIMITS | OUTSIDE | DATA


@pytest.mark.parametrize("mistake", TABLE.values(), ids=TABLE.keys())
def test_a_mistake_is_one_line_and_exit_2(mistake, small, here, capsys):
    text = small.read_text()
    old, new = mistake.bent
    assert old in text
    small.write_text(text.replace(old, new, 1))
    if "link.py" in new:
        (here.parent / "hosts.py").write_text("section = None\n")
        (here / "link.py").symlink_to(here.parent / "hosts.py")
    for name, content in mistake.files.items():
        (here / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    code = main(list(mistake.argv))
    said = capsys.readouterr()
    assert code == 2, said
    lines = said.err.splitlines()
    assert len(lines) == 1, said.err
    assert re.search(mistake.said, lines[0]), lines[0]
    assert lines[0].startswith("error: ")
    assert lines[0].isprintable()
    assert "Traceback" not in said.err
    assert not list(here.glob("runs/*/"))  # no run was begun


def test_the_table_is_not_thinned_out():
    assert len(TABLE) >= 160


def test_no_disk_space_is_told_before_work_starts(small, here, capsys, monkeypatch):
    usage = shutil.disk_usage(here)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=5_000_000))
    assert main(["run", "small.toml"]) == 2
    assert "5 MB of disk space left, at least 200 MB are needed" in capsys.readouterr().err
    assert not list(here.glob("runs/*/"))


def test_a_file_that_hides_a_package_is_named(small, here, capsys, monkeypatch):
    (here / "reports.py").write_text("x = 1\n")
    monkeypatch.syspath_prepend(here)
    monkeypatch.delitem(sys.modules, "reports", raising=False)
    assert main(["plan", "small.toml"]) == 2
    assert (
        f'{here}/reports.py stands where crossfold\'s package "reports"' in capsys.readouterr().err
    )


def test_files_outside_are_read_when_that_is_asked_for(small, here, capsys):
    text = small.read_text().replace("[models.persistence]", OWN)
    folder = here / "in"
    folder.mkdir()
    (folder / "small.toml").write_text(text.replace("mine.py", "../mine.py"))
    (here / "mine.py").write_text(GOOD)
    assert main(["plan", "in/small.toml"]) == 2
    assert re.search(rf"models.mine.module: /.*mine.py {_ELSEWHERE}", capsys.readouterr().err)
    assert main(["plan", "in/small.toml", "--outside"]) == 0
    # A link does not lead around it.
    (folder / "small.toml").write_text(text)
    (folder / "mine.py").symlink_to(here / "mine.py")
    assert main(["plan", "in/small.toml"]) == 2
    assert re.search(_ELSEWHERE, capsys.readouterr().err)


def test_input_data_are_never_written_to(small, here, capsys):
    path = here / "m.csv"
    path.write_text(_table(_swapped(_hours())))
    before = path.read_bytes()
    text = small.read_text().replace("[dataset.weather]", '[dataset.m]\nfile="m.csv"\ntime="t"')
    small.write_text(text)
    main(["plan", "small.toml"])
    assert path.read_bytes() == before
    assert capsys.readouterr().err.startswith("error: ")
