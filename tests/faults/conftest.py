"""A laboratory: a small experiment that runs in seconds, and ways to watch it being hurt."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.lab import ROUNDS, Lab


@pytest.fixture
def rounds() -> int:
    """How often a fault is made to happen: a few times, or as often as FAULT_ROUNDS says."""
    return ROUNDS


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """A laboratory with an undisturbed run in it."""
    lab = Lab.made(tmp_path_factory.mktemp("reference"))
    done = lab.run()
    assert done.code == 0, done.said
    return lab


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """A laboratory in which nothing has run."""
    return Lab.made(tmp_path / "lab")


@pytest.fixture
def same(reference: Lab) -> Callable[[Lab], None]:
    """Assert that the newest run of a laboratory gave what the undisturbed one gave."""

    def check(lab: Lab) -> None:
        assert lab.tables() == reference.tables()

    return check
