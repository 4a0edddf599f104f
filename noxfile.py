"""Checks, each in an environment of its own: ``nox`` runs the gate, ``nox -l`` lists all."""

import re
import tomllib
from pathlib import Path

import nox

nox.options.sessions = ["lint", "types", "imports", "tests"]
nox.options.error_on_missing_interpreters = False
nox.needs_version = ">=2024.10"

ROOT = Path(__file__).parent
PINNED = ("-c", "constraints.txt")
# Rules of accessibility, run inside the page.
AXE = "axe-core@4.14.1"
# In the order of their length; `pictures` and `scale` need peers that draw, or a finished run.
BENCHMARKS = ("cache", "staleness", "stats", "reports", "growth", "overhead", "matrix")
SMALLER = {
    "reports": ("--models", "10", "100", "240"),
    "growth": ("--cells", "100", "1000"),
    "overhead": ("--part", "small"),
    "matrix": ("--part", "small"),
}
# What a user would take instead; only the benchmarks need them.
PEERS = ("scikit-posthocs", "autorank", "dieboldmariano", "arch")
# Those that draw; aeon's pins need not be ours, so they get an environment of their own.
DRAWING = ("scikit-posthocs", "autorank", "aeon")


@nox.session(python=["3.11", "3.12", "3.13"])
def tests(session: nox.Session) -> None:
    """All tests but the long simulations, with the tested versions."""
    session.install(*PINNED, "-e", ".[test]")
    session.run("pytest", "-m", "not simulation", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Style and formatting."""
    session.install(*PINNED, "ruff")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Types, strictly."""
    session.install(*PINNED, "-e", ".[dev]")
    session.run("mypy")


@nox.session
def imports(session: nox.Session) -> None:
    """Import arrows: what may know what."""
    session.install(*PINNED, "import-linter")
    session.run("lint-imports")


@nox.session
def browser(session: nox.Session) -> None:
    """The report in headless Chromium, with axe-core's accessibility rules; needs npm."""
    session.install(*PINNED, "-e", ".[test]")
    folder = Path(session.create_tmp()).resolve()
    session.run("npm", "install", "--no-save", "--prefix", str(folder), AXE, external=True)
    script = folder / "node_modules" / "axe-core" / "axe.min.js"
    session.run("pytest", "tests/reports/test_browser.py", env={"CROSSFOLD_AXE": str(script)})


@nox.session(python="3.11")
def minimums(session: nox.Session) -> None:
    """Tests with the lowest versions that are declared."""
    # Old packages warn about newer ones beneath them: that is not ours to mend.
    old = ("pytest", "-m", "not simulation", "-W", "default::DeprecationWarning")
    session.install(*_lowest("reports"), *_lowest("test"))
    session.install("--no-deps", "-e", ".")
    session.run(*old, "tests/stats", "tests/reports", "stats")
    # torch stays at the tested version: the lowest one brings gigabytes of CUDA packages.
    session.install(*PINNED, "torch")
    session.install(*_lowest("reports", "bench", "fx", "test", without="torch"))
    session.run(*old, *session.posargs)


@nox.session
def crates(session: nox.Session) -> None:
    """Crates and lineage, read by the programs of others; these fetch their vocabularies."""
    readers = ("rocrate", "roc-validator", "prov")
    session.install("-e", ".[test]", *readers)  # not pinned: the validator wants an older rich
    # They warn about what they rest on, which is not ours to mend.
    words = ("-W", "default", "tests/bench/export", "tests/bench/cache/test_lineage.py")
    session.run("pytest", *words, *session.posargs)


@nox.session
def simulations(session: nox.Session) -> None:
    """Size and power of the tests, by simulation."""
    session.install(*PINNED, "-e", ".[test]")
    session.run("pytest", "-m", "simulation", *session.posargs)


@nox.session
def cluster(session: nox.Session) -> None:
    """Real clusters: Ray, hosts as network namespaces, 300 models with 8 bad ones."""
    session.install(*PINNED, "-e", ".[test,ray]")
    session.run("pytest", "tests/cluster", *session.posargs)


@nox.session
def faults(session: nox.Session) -> None:
    """The long form of the fault tests: hundreds of kills, damaged files and full disks."""
    session.install(*PINNED, "-e", ".[test]")
    rounds = session.env.get("FAULT_ROUNDS") or "50"
    session.run(
        *("pytest", "tests/faults", "-s", "--timeout", "20000", *session.posargs),
        env={"FAULT_ROUNDS": rounds},
    )


@nox.session
def audit(session: nox.Session) -> None:
    """Known weaknesses of the tested versions."""
    session.install("pip-audit")
    words = ("--requirement", "constraints.txt", "--disable-pip", "--no-deps")
    # Strictly: a version of which the index tells nothing is not taken for sound.
    session.run("pip-audit", "--strict", *words, *session.posargs)


@nox.session
def benchmarks(session: nox.Session) -> None:
    """Speed, side by side with peers; with names, only those; ``-- small`` on a busy machine."""
    session.install(*PINNED, "-e", ".[test]", *PEERS)
    small = "small" in session.posargs
    for name in [n for n in session.posargs if n != "small"] or BENCHMARKS:
        session.run("python", f"benchmarks/{name}.py", *(SMALLER.get(name, ()) if small else ()))


@nox.session
def pictures(session: nox.Session) -> None:
    """Critical difference pictures beside those of peers; arguments go to the benchmark."""
    session.install(*PINNED, "-e", ".[reports]")
    peers = Path(session.create_tmp()) / "peers"
    session.run("python", "-m", "venv", "--clear", str(peers))
    python = str(next(p for p in (peers / "bin", peers / "Scripts") if p.exists()) / "python")
    session.run(python, "-m", "pip", "install", "-q", *DRAWING, external=True)
    session.run("python", "benchmarks/pictures.py", "--peers", python, *session.posargs)


def _lowest(*extras: str, without: str = "") -> list[str]:
    """Return what pyproject.toml declares, each at its lowest version."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = [*project["dependencies"]]
    for extra in extras:
        declared += project["optional-dependencies"][extra]
    ours = re.compile(r"crossfold\[")
    return [
        re.sub(r">=([^,]+).*", r"==\1", requirement)
        for requirement in dict.fromkeys(declared)
        if not ours.match(requirement) and not (without and requirement.startswith(without))
    ]
