"""An experiment file that works, for the tests of the runner to bend."""

from collections.abc import Callable
from pathlib import Path

import pytest

SMALL = """\
name = "small"
seed = 7

[dataset.weather]

[matrix]
target = ["temp_JFK", "humid_LGA"]
task = ["binary", "continuous"]
horizon = [1, 6]

[protocol]
n_folds = 2
first_train = 1440
test_size = 336

[models.persistence]
[models.climatology]
tasks = ["binary"]
[models.wide]
base = "persistence"
[models.wide.grid]
lookback = [12, 24]

[mode.evaluation]
protocol = {n_folds = 3}
models.climatology = {tasks = ["binary", "continuous"]}
"""


@pytest.fixture(scope="session")
def small_text() -> str:
    """An experiment with every kind of table in it."""
    return SMALL


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """The path of an experiment file with every kind of table in it."""
    path = tmp_path / "small.toml"
    path.write_text(SMALL, encoding="utf-8")
    return path


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


Bend = Callable[[str, str], Path]


@pytest.fixture
def bend(small: Path) -> Bend:
    """Replace a piece of the experiment file by another, and return its path."""

    def bent(old: str, new: str) -> Path:
        text = small.read_text(encoding="utf-8")
        assert old in text
        small.write_text(text.replace(old, new), encoding="utf-8")
        return small

    return bent
