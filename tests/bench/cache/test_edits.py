"""Every edit of the table is seen, and none that does not matter: in two fresh processes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.cache.edits import EDITS, Edit

ROOT = Path(__file__).resolve().parents[3]


def _rows(root: Path, *, edited: bool, seed: str) -> dict[str, tuple[str, str]]:
    for number, edit in enumerate(EDITS):
        for name, text in edit.files(edited=edited).items():
            path = root / f"{number:03d}" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    graphs = ",".join(f"{number:03d}" for number, edit in enumerate(EDITS) if edit.graph)
    # Another seed of Python's own hash in each: the order of sets may not matter.
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PYTHONHASHSEED": seed,
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    child = Path(__file__).with_name("edit_child.py")
    done = subprocess.run(
        [sys.executable, str(child), str(root), graphs],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(json.loads(done.stdout))


@pytest.fixture(scope="module")
def versions(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[dict[str, tuple[str, str]], dict[str, tuple[str, str]]]:
    first = _rows(tmp_path_factory.mktemp("first"), edited=False, seed="1")
    second = _rows(tmp_path_factory.mktemp("second"), edited=True, seed="7")
    return first, second


def test_the_table_is_long_enough() -> None:
    assert len(EDITS) >= 60
    assert len({edit.name for edit in EDITS}) == len(EDITS)


@pytest.mark.parametrize(
    ("number", "edit"), list(enumerate(EDITS)), ids=[edit.name for edit in EDITS]
)
def test_an_edit_counts_exactly_when_the_result_changes(
    number: int,
    edit: Edit,
    versions: tuple[dict[str, tuple[str, str]], dict[str, tuple[str, str]]],
) -> None:
    (before, old_result), (after, new_result) = (rows[f"{number:03d}"] for rows in versions)
    assert (old_result != new_result) == edit.counts, "the row itself is wrong"
    assert (before != after) == edit.counts


def test_the_hashes_are_the_same_in_another_process_and_folder(
    versions: tuple[dict[str, tuple[str, str]], dict[str, tuple[str, str]]],
    tmp_path: Path,
) -> None:
    again = _rows(tmp_path / "elsewhere", edited=False, seed="99")
    moved = [EDITS[int(name)].name for name in again if again[name][0] != versions[0][name][0]]
    assert moved == []
