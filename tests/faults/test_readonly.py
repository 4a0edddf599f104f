"""A store that may not be written to, as a user who is bound by that: told, and nothing harmed."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.lab import ROOT, Lab, long_form

# Nobody in particular, and, where they cannot run this interpreter, root without its privilege to
# write anywhere.
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
BOUND = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
# As a run does, it starts another interpreter.
ASKED = "import subprocess, sys, bench; subprocess.run([sys.executable, '-c', ''], check=True)"


def user() -> tuple[str, ...]:
    """Return words before a command that let it be given by somebody who is not almighty."""
    if os.geteuid() != 0:
        return ()
    if shutil.which("setpriv") is None:
        pytest.skip("root may write anywhere, and there is no setpriv to become another")
    for before in (NOBODY, BOUND):
        asked = [*before, sys.executable, "-c", ASKED]
        seen = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
        if seen.returncode == 0:
            return before
    pytest.skip(f"privileges cannot be given up here: {seen.stderr.strip()[-200:]}")


@pytest.fixture
def bound(reference: Lab) -> Iterator[Lab]:
    """A laboratory with a finished run, whose commands are given by somebody who is not root."""
    before = user()
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        lab = Lab(Path(place) / "lab", before=before)
        shutil.copytree(reference.folder, lab.folder, symlinks=True)
        for path in [lab.folder, *lab.folder.rglob("*")]:
            if before == NOBODY and not path.is_symlink():
                os.chown(path, 65534, 65534)
        yield lab
        allow(lab.store)


def allow(folder: Path, *, writing: bool = True) -> None:
    """Let everything in a folder be written to, or not."""
    for path in [folder, *folder.rglob("*")]:
        mode = path.stat().st_mode
        path.chmod(mode | 0o200 if writing else mode & ~0o222)


@pytest.mark.parametrize("part", ["", "ac", "cas", "tmp"])
def test_a_store_that_may_not_be_written_to_is_told_and_stays_as_it_is(
    bound: Lab, same: Callable[[Lab], None], part: str
):
    long_form(part in ("ac", "tmp"))
    held = {p: Lab.digest(p) for p in bound.store.rglob("*") if p.is_file()}
    # How long steps took is written down beside them, and short results are kept without `cas`.
    del held[bound.store / "seconds.json"]
    shutil.rmtree(bound.folder / "runs" / bound.latest.name)
    allow(bound.store / part, writing=False)
    # Something is left to compute, so that something has to be written.
    done = bound.run("models.mine.grid.weight=[0.25,0.9]")
    assert done.code == 2, done.said
    assert "Permission denied" in done.said
    assert "Traceback" not in done.said
    assert {p: Lab.digest(p) for p in held} == held
    allow(bound.store / part)
    done = bound.run()
    assert done.code == 0, done.said
    same(bound)
    assert not bound.left_behind()
