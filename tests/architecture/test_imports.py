"""The house keeps its arrows: who imports whom, and what importing costs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Without pandera, which Hamilton itself imports where it is installed.
HEAVY = {"torch", "xgboost", "sklearn", "joblib", "matplotlib", "statsmodels"}


def _imported(statement: str, among: set[str]) -> set[str]:
    """Return which of some packages a fresh interpreter has loaded after a statement."""
    program = f"import sys; {statement}; print(*{among!r} & sys.modules.keys())"
    answer = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=ROOT,
        # Hamilton would load every plug-in whose package is there; bench tells it not to.
        env={**os.environ, "HAMILTON_AUTOLOAD_EXTENSIONS": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return set(answer.stdout.split())


def _modules(package: str) -> list[str]:
    paths = (ROOT / package).rglob("*.py")
    dotted = (".".join(p.relative_to(ROOT).with_suffix("").parts) for p in paths)
    return sorted(name.removesuffix(".__init__") for name in dotted)


def test_every_contract_of_the_import_linter_is_kept():
    pytest.importorskip("importlinter", reason="import-linter is in the extra dev")
    answer = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout
    assert "0 broken" in answer.stdout


def test_importing_a_dataflow_loads_nothing_that_trains():
    statement = "; ".join(f"import {name}" for name in _modules("dataflows"))
    assert _imported(statement, HEAVY) == set()


def test_statistics_need_numpy_and_scipy_alone():
    others = {"pandas", "pyarrow", "hamilton", "msgspec", "click", "rich"} | HEAVY
    assert _imported("import stats", others) == set()


def test_the_command_line_starts_without_tables():
    heavy = HEAVY | {"pandas", "numpy", "hamilton", "rich", "pyarrow"}
    assert _imported("import bench; import bench.cli", heavy) == set()


@pytest.mark.parametrize("package", ["bench", "dataflows", "reports", "stats"])
def test_importing_a_package_leaves_the_interpreter_as_it_was(package):
    program = (
        "import os, random, sys, locale; "
        "before = (os.getcwd(), random.getstate(), locale.setlocale(locale.LC_ALL)); "
        f"import {package}; "
        "after = (os.getcwd(), random.getstate(), locale.setlocale(locale.LC_ALL)); "
        "sys.exit(before != after)"
    )
    answer = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False)
    assert answer.returncode == 0
