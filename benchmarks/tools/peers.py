"""Environments of peers, each of its own, so that none decides the versions of another or of us."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

from benchmarks.tools.measure import ROOT

__all__ = ["NotInstalled", "environment"]

PLACE = ROOT / ".nox" / "peers"


class NotInstalled(RuntimeError):
    """A peer that does not install here; the message says why."""


def environment(name: str, *requirements: str, beside_ours: bool = False) -> Path:
    """Return the interpreter of a peer's environment, made at the first call.

    Parameters
    ----------
    beside_ours : bool
        Whether it also sees the packages that are installed for us.

    Raises
    ------
    NotInstalled
    """
    folder = PLACE / name
    python, done = folder / "bin" / "python", folder / "installed"
    if not done.exists():
        _run([sys.executable, "-m", "venv", str(folder)])
        if beside_ours:
            (site,) = folder.glob("lib/python*/site-packages")
            (site / "ours.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
        _run([str(python), "-m", "pip", "install", "-q", *requirements])
        done.write_text("\n".join(requirements))
    return python


def _run(command: list[str]) -> None:
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    if found.returncode != 0:
        last = (found.stderr or found.stdout).strip().splitlines()[-1:] or ["no message"]
        raise NotInstalled(last[0])
