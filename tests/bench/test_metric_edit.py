"""An edited helper of one metric costs the scores that use it and nothing else, and is named."""

import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from bench.results.recipes import read_recipes
from bench.runner import latest, load_run
from tests.walk import write_walk

ROOT = Path(__file__).resolve().parents[2]
EXPERIMENT = """\
name = "edited"
[dataset.walk]
file = "walk.csv"
time = "day"
[matrix]
target = ["a"]
task = ["binary", "continuous"]
horizon = [1, 3]
[protocol]
n_folds = 2
first_train = 200
test_size = 40
[models.persistence]
[models.climatology]
[models.linear]
"""
HELPER = "    middle: FloatArray = last - (size - 1) / 2\n"
EDITED = "    middle: FloatArray = last - (size - 1) / 4\n"
CELL = "walk.a.binary.h1.f0.linear"
# All binary cells: 2 horizons, 2 folds, 3 models.
BINARY = 12


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages in a folder of their own, where they may be edited, with an experiment."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("bench", "dataflows", "reports", "stats"):
        left_out = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, folder / name, ignore=left_out)
    write_walk(folder)
    (folder / "edited.toml").write_text(EXPERIMENT)
    return folder


def bench(folder: Path, *words: str) -> str:
    """What a command prints in a process of its own, which sees the code as it is now."""
    answer = subprocess.run(
        [sys.executable, "-B", "-m", "bench", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def test_an_edited_helper_of_a_metric_computes_scores_only(checkout: Path) -> None:
    words = ("run", "edited.toml", "--jobs", "1", "--progress", "quiet", "--no-report")
    bench(checkout, *words)
    before = latest(checkout / "runs")

    file = checkout / "stats" / "metrics.py"
    text = file.read_text()
    assert text.count(HELPER) == 1
    file.write_text(text.replace(HELPER, EDITED))

    told = bench(checkout, "explain", CELL, "edited.toml", "--run", before.name).splitlines()
    assert "1 to compute" in told[0]
    (scored,) = [line for line in told if line.startswith("to compute")]
    assert "dataflows.evaluation.performance_metrics" in scored
    assert "stats.metrics._midranks changed" in scored
    assert f"    -{HELPER.rstrip()}" in told
    assert f"    +{EDITED.rstrip()}" in told
    assert sum(line.startswith(("    - ", "    + ")) for line in told) == 2

    bench(checkout, *words)
    after = latest(checkout / "runs")
    assert after != before
    old, new = load_run(before), load_run(after)
    assert new.manifest["counts"]["to_compute"] == BINARY
    assert new.manifest["counts"]["computed"] == BINARY
    recipes = [read_recipes(path).recipes for path in (before, after)]
    edited = Counter(recipes[1][key].node for key in recipes[1].keys() - recipes[0].keys())
    assert edited == {"performance_metrics": BINARY}

    assert (before / "predictions.parquet").read_bytes() == (
        after / "predictions.parquet"
    ).read_bytes()
    pairs = pd.merge(old.scores, new.scores, on=["cell_id", "metric"], suffixes=("_old", "_new"))
    assert len(pairs) == len(old.scores) == len(new.scores)
    differ = pairs["value_old"].ne(pairs["value_new"]) & pairs["value_old"].notna()
    assert set(pairs.loc[differ, "metric"]) == {"auc"}

    # Put back, everything is there from before.
    file.write_text(text)
    assert "0 to compute" in bench(checkout, "plan", "edited.toml")
