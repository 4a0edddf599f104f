"""Importing `stats` is light: numpy, and scipy.special once a test asks for it."""

import subprocess
import sys
from pathlib import Path

import stats

ROOT = Path(__file__).resolve().parents[2]
HEAVY = (
    "pandas",
    "matplotlib",
    "scipy.stats",
    "scipy.optimize",
    "statsmodels",
    "torch",
    "xgboost",
    "hamilton",
    "joblib",
    "sklearn",
    "pyarrow",
    "jinja2",
    "bench",
    "dataflows",
    "reports",
)


def in_fresh_python(code):
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_import_loads_nothing_heavy():
    loaded = in_fresh_python("import sys, stats; print('\\n'.join(sys.modules))").split("\n")
    found = [name for name in (*HEAVY, "scipy.special") if name in loaded]
    assert found == []


def test_a_comparison_of_arrays_loads_nothing_heavy():
    code = (
        "import sys, numpy as np, stats\n"
        "result = stats.compare(np.random.default_rng(0).normal(size=(20, 4)))\n"
        "result.summary(), result.to_latex(), result._repr_html_(), result.methods()\n"
        "print('\\n'.join(sys.modules))"
    )
    loaded = in_fresh_python(code).split("\n")
    found = [name for name in HEAVY if name in loaded]
    assert found == []


def test_what_is_listed_exists_once():
    assert len(stats.__all__) == len(set(stats.__all__))
    for name in stats.__all__:
        assert getattr(stats, name).__doc__
    assert not [name for name in stats.__all__ if name.lower().startswith("test")]
