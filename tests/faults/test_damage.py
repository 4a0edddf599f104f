"""Damage of any file of a store, and a disk that fills up at any write: told, and made good."""

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.lab import Lab, ended, family, finished, long_form, wait_for

Same = Callable[[Lab], None]


def damaged(path: Path, draw: random.Random) -> str:
    """Damage a file as disks and interrupted copies do; return how."""
    data = bytearray(path.read_bytes())
    how = draw.choice(["flip", "flip", "flip", "cut", "empty", "zeros", "grown", "gone"])
    if how == "flip" and data:
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    elif how == "cut":
        data = data[: draw.randrange(len(data) + 1)]
    elif how == "empty":
        data = bytearray()
    elif how == "zeros":
        data = bytearray(len(data))
    elif how == "grown":
        data += b"\0\n{}"
    path.chmod(0o644)
    if how == "gone":
        path.unlink()
    else:
        path.write_bytes(bytes(data))
    return f"{how} {path}"


def test_a_damaged_store_gives_the_same_tables_and_says_what_was_damaged(
    reference: Lab, same: Same, rounds: int, tmp_path: Path
):
    """Each round damages a tenth of the files of a full store, of every kind, and runs again."""
    draw = random.Random(rounds)
    total = 0
    lab = Lab(tmp_path / "lab")
    shutil.copytree(reference.folder, lab.folder, symlinks=True)
    while total < 10 * rounds:
        files = sorted(
            p
            for p in lab.store.rglob("*")
            if p.is_file() and "quarantine" not in p.parts and p.name not in ("locks", "format")
        )
        chosen = draw.sample(files, max(1, len(files) // 10))
        # The tables themselves are stored as well; without these they are made from the results.
        told = [damaged(path, draw) for path in chosen]
        total += len(told)
        print(f"{total} damaged", flush=True)
        done = lab.run()
        assert done.code == 0, (told, done.said)
        assert "Traceback" not in done.said
        same(lab)
        assert not lab.left_behind()
    found = lab.command("cache", "verify")
    assert found.code in (0, 1), found.said
    assert lab.command("cache", "verify").said.strip().endswith("0 damaged")


def test_damage_is_told_once_with_the_name_of_the_object(
    reference: Lab, same: Same, tmp_path: Path
):
    lab = Lab(tmp_path / "lab")
    shutil.copytree(reference.folder, lab.folder, symlinks=True)
    objects = [p for p in (lab.store / "cas").rglob("*") if p.is_file()]
    for path in objects:
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 0x10
        path.write_bytes(bytes(data))
    done = lab.run()
    assert done.code == 0, done.said
    same(lab)
    told = [line for line in done.said.splitlines() if "damaged" in line]
    assert told
    assert len(told) == len(set(told))
    assert all(any(p.name in line for p in objects) for line in told)


def test_a_store_of_a_newer_format_is_refused(lab: Lab):
    assert lab.run("-k", "model=persistence").code == 0
    (lab.store / "format").write_text("crossfold store 99\n")
    done = lab.run()
    assert done.code == 2
    assert "has format 99" in done.said
    assert "upgrade crossfold" in done.said


def test_a_torn_manifest_is_told_in_one_line(reference: Lab, tmp_path: Path):
    lab = Lab(tmp_path / "lab")
    shutil.copytree(reference.folder, lab.folder, symlinks=True)
    manifest = lab.latest / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()))[:200])
    done = lab.command("status")
    assert done.code == 2, done.said
    assert "manifest.json" in done.said
    assert "Traceback" not in done.said


def test_a_store_removed_under_a_run_does_not_stop_the_next(lab: Lab, same: Same):
    with ended(lab.start_run()) as process:
        wait_for(lambda: process.poll() is not None or len(family(process)) >= 5, seconds=120)
        shutil.rmtree(lab.store, ignore_errors=True)
        done = finished(process)
    assert done.code in (0, 1, 2, 3), done.said
    assert "Traceback" not in done.said
    assert lab.run().code == 0
    same(lab)
    assert not lab.left_behind()


@pytest.mark.parametrize("folder", ["ac", "cas", "src", "tmp", "quarantine"])
def test_a_folder_of_the_store_that_is_gone_is_made_again(
    reference: Lab, same: Same, tmp_path: Path, folder: str
):
    long_form(folder != "cas")
    lab = Lab(tmp_path / "lab")
    shutil.copytree(reference.folder, lab.folder, symlinks=True)
    shutil.rmtree(lab.store / folder)
    done = lab.run()
    assert done.code == 0, done.said
    same(lab)
