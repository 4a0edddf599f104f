"""What a run was computed with: interpreter, machine, package versions, state of the checkout."""

import json
import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

from blake3 import blake3

__all__ = ["PACKAGES", "environment"]

# Distributions whose version can change a number in a table; those not installed are left out.
PACKAGES = (
    "apache-hamilton",
    "blake3",
    "crossfold",
    "CurrencyConverter",
    "joblib",
    "msgspec",
    "numpy",
    "pandas",
    "pandera",
    "pyarrow",
    "safetensors",
    "scikit-learn",
    "scipy",
    "torch",
    "xgboost",
)


def environment(folder: Path | None = None) -> dict[str, Any]:
    """Return facts about interpreter, machine, packages and the checkout around `folder`.

    Nothing personal is among them: no environment variable, host name, user or path.

    Parameters
    ----------
    folder : Path, optional
        Where to look for a git checkout; by default the working directory.

    Returns
    -------
    dict
        ``id``, ``python``, ``platform``, ``cpu``, ``cores``, ``packages``, ``git_commit``,
        ``git_dirty``. The id is a digest of all but the git fields: it says where numbers were
        computed, while the code they come from has digests of its own.
    """
    facts: dict[str, Any] = {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "platform": platform.platform(),
        "cpu": _cpu(),
        "cores": os.cpu_count() or 1,
        "packages": _versions(),
    }
    text = json.dumps(facts, sort_keys=True)
    commit, dirty = _git(folder or Path.cwd())
    return {
        "id": blake3(text.encode()).hexdigest(length=8),
        **facts,
        "git_commit": commit,
        "git_dirty": dirty,
    }


def _cpu() -> str:
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass  # not Linux: the platform module knows
    return platform.processor() or platform.machine()


def _versions() -> dict[str, str]:
    found: dict[str, str] = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def _git(folder: Path) -> tuple[str, bool]:
    """Return the commit and whether tracked files differ from it; ``("", False)`` without git."""
    command = [
        "git",
        "-c",
        "core.fsmonitor=false",  # a checkout's own settings must not start programs
        "status",
        "--porcelain=v2",
        "--branch",
        "--untracked-files=no",
        "--ignore-submodules",
    ]
    try:
        answer = subprocess.run(  # noqa: S603 - fixed words, no shell
            command,
            cwd=folder,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return "", False
    if answer.returncode != 0:
        return "", False
    lines = answer.stdout.splitlines()
    commit = next((ln.split()[-1] for ln in lines if ln.startswith("# branch.oid")), "")
    return (
        "" if commit == "(initial)" else commit,
        any(not line.startswith("#") for line in lines),
    )
