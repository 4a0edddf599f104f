"""A run goes into a crate, comes out of it somewhere else, and nothing gets out beside it."""

import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench.cli import main
from bench.errors import UserError
from bench.export.archive import opened
from bench.export.reproduce import inspected
from bench.runner import latest
from tests.walk import write_walk

ROOT = Path(__file__).resolve().parents[3]

MODEL = '''\
"""A model with a helper in a file of its own."""

import pandas as pd
from crate_pulling import pulled

TASKS = ("continuous",)


def prediction(base: pd.DataFrame, test_origins: pd.DatetimeIndex) -> pd.DataFrame:
    return pd.DataFrame({"y_pred": pulled(base.loc[test_origins, "z_now"])}, index=test_origins)
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


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run and its crate, as an archive."""
    folder = tmp_path_factory.mktemp("origin")
    write_walk(folder)
    (folder / "mymodel.py").write_text(MODEL)
    (folder / "crate_pulling.py").write_text("def pulled(z):\n    return z * 0.5\n")
    (folder / "walk.toml").write_text(EXPERIMENT)
    before = Path.cwd()
    os.chdir(folder)
    monkey = pytest.MonkeyPatch()
    monkey.syspath_prepend(folder)
    try:
        words = ("--jobs", "1", "--progress", "quiet", "--no-report")
        assert main(["run", "walk.toml", *words]) == 0
        words = ("--to", "walk.zip", "--licence", "CC0-1.0", "--author", "Ada")
        assert main(["export", "ro-crate", *words]) == 0
    finally:
        os.chdir(before)
        monkey.undo()
    return folder


@pytest.fixture
def crate(made: Path, tmp_path: Path) -> Iterator[Path]:
    """The crate as a folder, to be bent."""
    with opened(made / "walk.zip") as folder:
        yield Path(shutil.copytree(folder, tmp_path / "crate"))


def test_the_crate_has_no_path_of_where_it_was_made(made: Path, crate: Path) -> None:
    assert (crate / "code" / "mymodel.py").read_text() == MODEL
    assert (crate / "code" / "crate_pulling.py").is_file()
    assert (crate / "data" / "walk.csv").read_bytes() == (made / "walk.csv").read_bytes()
    for name in ("experiment.toml", "ro-crate-metadata.json", "sources.json", "README.md"):
        assert str(made) not in (crate / name).read_text()


def test_the_metadata_are_those_of_a_workflow_run(crate: Path) -> None:
    content = json.loads((crate / "ro-crate-metadata.json").read_text())
    graph = {entity["@id"]: entity for entity in content["@graph"]}
    assert len(graph) == len(content["@graph"])
    root = graph["./"]
    assert {"@id": "https://w3id.org/ro/wfrun/workflow/0.5"} in root["conformsTo"]
    assert root["mainEntity"] == {"@id": "experiment.toml"}
    assert "ComputationalWorkflow" in graph["experiment.toml"]["@type"]
    action = graph["#run"]
    assert action["@type"] == "CreateAction"
    assert action["instrument"] == root["mainEntity"]
    assert {"@id": "data/walk.csv"} in action["object"]
    assert {"@id": "scores.parquet"} in action["result"]

    def mentioned(value: object) -> Iterator[str]:
        if isinstance(value, dict):
            yield from [value["@id"]] if set(value) == {"@id"} else ()
            for item in value.values():
                yield from mentioned(item)
        elif isinstance(value, list):
            for item in value:
                yield from mentioned(item)

    loose = {name for name in mentioned(content["@graph"]) if name not in graph}
    assert {name for name in loose if not name.startswith("http")} == set()
    files = {path.relative_to(crate).as_posix() for path in crate.rglob("*") if path.is_file()}
    assert files == {
        *("ro-crate-metadata.json",),
        *(name for name, each in graph.items() if "sha256" in each),
    }


def test_the_same_run_gives_the_same_archive(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(made)
    words = ("--to", "again.zip", "--licence", "CC0-1.0", "--author", "Ada")
    assert main(["export", "ro-crate", latest(made / "runs").name, *words]) == 0
    assert (made / "again.zip").read_bytes() == (made / "walk.zip").read_bytes()


def test_a_crate_comes_out_the_same_elsewhere(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["reproduce", str(made / "walk.zip"), "--yes", "--jobs", "1"]) == 0
    said = capsys.readouterr().out
    assert "runs code/mymodel.py of the crate, 10 lines, sha256 " in said
    assert "4 cells run again: the forecasts of 0 differ, 0 of 24 scores differ, 0 failed" in said
    assert list(tmp_path.iterdir()) == []  # nothing is left behind unless it is asked for


def test_code_of_a_crate_does_not_run_unasked(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["reproduce", str(made / "walk.zip")]) == 2
    assert "the crate brings code; read it, and say --yes to run it" in capsys.readouterr().err


def test_what_differs_is_told_with_its_cause(crate: Path, tmp_path: Path) -> None:
    (crate / "code" / "crate_pulling.py").write_text("def pulled(z):\n    return z * 0.25\n")
    _sign(crate, "code/crate_pulling.py")
    words = ("--yes", "--jobs", "1", "--into", "kept", "-k", "model=mine and fold=0")
    # In a process of its own, which has not imported the helper before.
    done = subprocess.run(
        [sys.executable, "-m", "bench", "reproduce", str(crate), *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    said = done.stdout
    assert "1 cells run again: the forecasts of 1 differ" in said
    assert "walk.a.continuous.h1.f0.mine: 40 forecasts, by up to" in said
    assert "crate_pulling.pulled changed" in said
    assert "-    return z * 0.5" in said
    assert "+    return z * 0.25" in said
    assert (tmp_path / "kept" / "runs" / "latest").exists()


def _sign(crate: Path, name: str) -> None:
    """Enter a file's digest as it is now."""
    import hashlib

    path = crate / "ro-crate-metadata.json"
    content = json.loads(path.read_text())
    listed = {entity["@id"]: entity for entity in content["@graph"]}
    if name not in listed:
        listed[name] = {"@id": name, "@type": "File"}
        content["@graph"].append(listed[name])
    listed[name]["sha256"] = hashlib.sha256((crate / name).read_bytes()).hexdigest()
    path.write_text(json.dumps(content))


def _asks(line: str, instead: str) -> Callable[[Path], None]:
    def bend(crate: Path) -> None:
        text = (crate / "experiment.toml").read_text()
        assert line in text
        (crate / "experiment.toml").write_text(text.replace(line, instead))
        _sign(crate, "experiment.toml")

    return bend


def _edit(name: str, text: str) -> Callable[[Path], None]:
    return lambda crate: (crate / name).write_text(text) and None


MODULE = 'module = "code/mymodel.py"'
BENT = {
    "a module outside": (_asks(MODULE, 'module = "../evil.py"'), "lies outside the crate"),
    "a module by an absolute path": (_asks(MODULE, 'module = "/evil.py"'), "lies outside"),
    "a module at home": (_asks(MODULE, 'module = "~/evil.py"'), "lies outside the crate"),
    "a module that is not listed": (
        lambda crate: (
            _asks(MODULE, 'module = "code/extra.py"')(crate),
            (crate / "code" / "extra.py").write_text("print('ran')"),
        ),
        "which the crate does not list",
    ),
    "data outside": (
        _asks('file = "data/walk.csv"', 'file = "data/../../walk.csv"'),
        "lies outside the crate",
    ),
    "a table that was changed": (
        _edit("checks.json", "[]"),
        "checks.json in .* is not the file that the crate was made with",
    ),
    "a file that is gone": (lambda crate: (crate / "scores.parquet").unlink(), "lacks scores"),
    "no metadata": (lambda crate: (crate / "ro-crate-metadata.json").unlink(), "is no crate"),
    "metadata that are no JSON": (_edit("ro-crate-metadata.json", "{"), "cannot be read"),
    "metadata of another kind": (
        _edit("ro-crate-metadata.json", '{"@graph": []}'),
        "is no crate of a run",
    ),
}


@pytest.mark.parametrize("name", list(BENT))
def test_a_bent_crate_is_refused_before_anything_runs(name: str, crate: Path) -> None:
    bend, message = BENT[name]
    bend(crate)
    with pytest.raises(UserError, match=message):
        inspected(crate)


def test_a_listed_file_outside_is_refused(crate: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("s")
    content = json.loads((crate / "ro-crate-metadata.json").read_text())
    content["@graph"].append({"@id": "../secret.txt", "@type": "File", "sha256": "0"})
    (crate / "ro-crate-metadata.json").write_text(json.dumps(content))
    with pytest.raises(UserError, match="lies outside the crate"):
        inspected(crate)


def test_an_installed_module_is_code_too(crate: Path) -> None:
    _asks(MODULE, 'module = "json.tool"')(crate)
    found = inspected(crate)
    assert found.modules == ("json.tool",)
    assert found.brings_code


def test_a_crate_without_its_data_says_what_is_missing(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(made)
    target = tmp_path / "bare"
    assert main(["export", "ro-crate", "--to", str(target), "--no-data"]) == 0
    assert not (target / "data").exists()
    assert main(["reproduce", str(target), "--yes"]) == 2
    assert "the crate was made without its data; put data/walk.csv into" in capsys.readouterr().err
    (target / "data").mkdir()
    shutil.copy(made / "walk.csv", target / "data")
    assert main(["reproduce", str(target), "--yes", "--jobs", "1", "-k", "fold=0"]) == 0


def test_what_is_there_is_not_overwritten(
    made: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(made)
    assert main(["export", "ro-crate", "--to", "walk.zip"]) == 2
    assert "walk.zip is there already" in capsys.readouterr().err


# -- archives -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["../out.txt", "/tmp/out.txt", "a/../../out.txt", "C:/out", "a\\b"]
)
def test_an_archive_writes_nothing_beside_its_folder(name: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        archive.writestr(name, "x")
    with pytest.raises(UserError, match="lies outside the crate"), opened(tmp_path / "bad.zip"):
        pytest.fail("it was opened")
    assert [path.name for path in tmp_path.iterdir()] == ["bad.zip"]


def test_a_link_in_an_archive_is_refused(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(UserError, match="holds a link"), opened(tmp_path / "bad.zip"):
        pytest.fail("it was opened")


def test_a_name_that_comes_twice_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        archive.writestr("a", "1")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a", "2")
    with pytest.raises(UserError, match="cannot be unpacked"), opened(tmp_path / "bad.zip"):
        pytest.fail("it was opened")


def test_a_link_in_a_folder_that_leads_outside_is_refused(crate: Path) -> None:
    (crate / "data" / "more.csv").symlink_to("/etc/passwd")
    with pytest.raises(UserError, match="leads outside the crate"), opened(crate):
        pytest.fail("it was opened")


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "no.zip").write_text("x")
    with pytest.raises(UserError, match="is no crate"), opened(tmp_path / "no.zip"):
        pytest.fail("it was opened")


# -- by the programs of others --------------------------------------------------------------


def test_the_library_of_crates_opens_it(crate: Path) -> None:
    rocrate = pytest.importorskip("rocrate.rocrate", reason="nox -s crates installs it")
    found = rocrate.ROCrate(str(crate))
    assert found.mainEntity.id == "experiment.toml"
    assert found.root_dataset["author"]["name"] == "Ada"
    assert len(list(found.data_entities)) > 10


def test_the_validator_of_the_profile_accepts_it(crate: Path) -> None:
    services = pytest.importorskip("rocrate_validator.services", reason="nox -s crates installs it")
    try:
        socket.create_connection(("w3id.org", 443), timeout=20).close()
    except OSError as cause:
        pytest.skip(f"the validator fetches vocabularies from w3id.org: {cause}")
    settings = services.ValidationSettings(
        rocrate_uri=str(crate), profile_identifier="workflow-run-crate-0.5"
    )
    found = services.validate(settings)
    assert [f"{issue.check.identifier}: {issue.message}" for issue in found.get_issues()] == []
