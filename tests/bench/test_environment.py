"""The environment: what is recorded of it, and what never is."""

import getpass
import json
import socket
import subprocess
from pathlib import Path

from bench.environment import environment


def _git(folder: Path, *words: str) -> str:
    settings = ["-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "commit.gpgsign=false"]
    return subprocess.run(
        ["git", *settings, *words], cwd=folder, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_it_is_json_with_versions_and_an_id():
    facts = json.loads(json.dumps(environment()))
    assert facts["packages"]["numpy"]
    assert facts["python"].startswith("CPython 3.")
    assert len(facts["id"]) == 16
    assert facts["cores"] >= 1
    assert facts["cpu"]
    assert facts == environment()


def test_no_secret_and_nothing_personal_is_in_it(monkeypatch):
    monkeypatch.setenv("API_TOKEN", "hunter2-xyzzy")
    text = json.dumps(environment())
    assert "hunter2" not in text
    assert str(Path.home()) not in text
    assert str(Path.cwd()) not in text
    assert f'"{socket.gethostname()}"' not in text
    assert f'"{getpass.getuser()}"' not in text


def test_the_state_of_a_checkout_is_told(tmp_path):
    assert environment(tmp_path)["git_commit"] == ""
    _git(tmp_path, "init", "-q")
    assert environment(tmp_path)["git_commit"] == ""  # no commit yet
    (tmp_path / "a.txt").write_text("1")
    _git(tmp_path, "add", "a.txt")
    _git(tmp_path, "commit", "-q", "-m", "first")
    clean = environment(tmp_path)
    assert clean["git_commit"] == _git(tmp_path, "rev-parse", "HEAD")
    assert clean["git_dirty"] is False
    (tmp_path / "new.txt").write_text("not tracked")
    assert environment(tmp_path)["git_dirty"] is False
    (tmp_path / "a.txt").write_text("2")
    dirty = environment(tmp_path)
    assert dirty["git_dirty"] is True
    assert dirty["id"] == clean["id"]  # where it was computed did not change


def test_without_git_there_is_no_commit(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert environment(tmp_path)["git_commit"] == ""
