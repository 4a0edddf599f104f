"""How the cost of a benchmark grows with its cells: planning, running, tables; which term bends.

Run as ``python benchmarks/growth.py``; sizes with ``--cells 100 1000``. Each number comes from a
process of its own. Processor seconds are given beside elapsed ones: they say more when others
use the machine as well. The last column is the exponent of growth between the last two sizes: 1
is linear.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

os.environ.setdefault("HAMILTON_AUTOLOAD_EXTENSIONS", "0")
# As a script this folder comes first on the path, where stats.py would shadow the package.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.tools import measure, tables

__all__ = ["main"]

WEATHER = measure.ROOT / "experiments" / "weather.toml"


def planned(cells: int, folder: Path) -> dict[str, float]:
    """Cells of the default experiment, as many variants of XGBoost as it takes."""
    from bench.cache.store import Store
    from bench.engine.plan import merged, schedule
    from bench.preparation import request
    from bench.results.recipes import write_recipes
    from bench.spec.experiment import Experiment

    variants = math.ceil(cells / 240)
    rates = [round(0.01 + place * 1e-4, 6) for place in range(variants)]
    before = measure.peak_megabytes()
    with measure.spent() as asked:
        experiment = Experiment.load(
            WEATHER,
            overrides=[f"models.xgboost.grid.learning_rate={rates}"],
            where="model=xgboost",
        )
        chosen = experiment.cells()[:cells]
        requests = [request(experiment, cell) for cell in chosen]
    with measure.spent() as merging:
        graph = merged(requests)
    store = Store(folder / "store")
    with measure.spent() as scheduling:
        schedule(graph, store)
    peak = measure.peak_megabytes()
    with measure.spent() as writing:
        outputs = zip(chosen, graph.wanted, strict=True)
        named = ((cell.id, cell.slug, keys) for cell, keys in outputs)
        write_recipes(folder, named, map(graph.recipe, graph.instances))
    for keys in graph.wanted:
        for name, key in keys.items():
            store.put(key, 0, meta={"node": name})
    with measure.spent() as cached:
        again = schedule(graph, store)
    assert again.to_compute == 0
    written = sum((folder / f"{name}.parquet").stat().st_size for name in ("outputs", "recipes"))
    return {
        "node calls": graph.calls,
        "distinct": len(graph.instances),
        "read and expand, CPU s": asked.cpu,
        "merge, CPU s": merging.cpu,
        "schedule, nothing stored, CPU s": scheduling.cpu,
        "schedule, all stored, CPU s": cached.cpu,
        "plan, nothing stored, s": asked.wall + merging.wall + scheduling.wall,
        "plan, MB": peak - before,
        "write recipes, CPU s": writing.cpu,
        "recipes, MB": written / 1e6,
    }


def ran(cells: int, folder: Path) -> dict[str, float]:
    """Cells of steps that cost nothing, computed and asked for again."""
    from bench.engine.plan import schedule
    from benchmarks.tools.tiny import computed

    run = computed(cells, folder)
    with measure.spent() as again:
        assert schedule(run.graph, run.store).to_compute == 0
    held = run.store.info()
    return {
        "run, ms a cell": run.whole.wall / cells * 1e3,
        "run, parent's CPU ms a cell": run.whole.own / cells * 1e3,
        "run, workers' CPU ms a cell": run.whole.children / cells * 1e3,
        "run, of which user's steps, ms a cell": run.in_steps / cells * 1e3,
        "run, parent's MB": measure.peak_megabytes(),
        "found again, CPU s": again.cpu,
        "store, kB a cell": held["bytes"] / cells / 1e3,
        "store, files a cell": (held["records"] + held["objects"]) / cells,
    }


def tabled(cells: int, folder: Path) -> dict[str, float]:
    """Tables and checks of cells with 24 forecasts each."""
    import numpy as np
    import pandas as pd

    from bench.cache.frames import frame_bytes
    from bench.cache.stack import stacked
    from bench.results.checks import ForecastFacts, checks, forecast_facts
    from bench.results.tables import PREDICTIONS, SCORES, joined, write_parquet

    rng = np.random.default_rng(0)
    names = [f"{number:016x}" for number in range(cells)]
    origins = pd.date_range("2013-01-01", periods=24, freq="h", tz="UTC", unit="us")
    y = rng.normal(size=24)
    forecasts = {
        name: frame_bytes(
            pd.DataFrame(
                {
                    "origin": origins,
                    "target_time": origins,
                    "y_true": y,
                    "y_pred": rng.normal(size=24),
                    "scale": 1.0,
                }
            )
        )
        for name in names
    }
    scores = {
        name: frame_bytes(
            pd.DataFrame(
                {
                    "metric": ["rmse", "mae"],
                    "value": rng.normal(size=2),
                    "direction": "lower",
                    "n": 24,
                    "defined": True,
                }
            )
        )
        for name in names
    }
    runs = pd.DataFrame(
        {
            "cell_id": names,
            "slug": names,
            "variant": [f"m{n % 240}" for n in range(cells)],
            "dataset": "d",
            "target": [f"t{n // 240 % 10}" for n in range(cells)],
            "task": "continuous",
            "horizon": 1,
            "fold": [n // 2400 for n in range(cells)],
            "status": "ok",
        }
    )
    before = measure.peak_megabytes()
    with measure.spent() as writing:
        stacks = stacked(forecasts)
        write_parquet(joined(stacks, names, empty=PREDICTIONS), folder / "predictions.parquet")
        table = joined(stacked(scores), names, empty=SCORES)
        write_parquet(table, folder / "scores.parquet")
    with measure.spent() as checking:
        facts: dict[str, ForecastFacts] = {}
        for stack in stacks:
            facts.update(zip(stack.names, forecast_facts(stack.frame, stack.rows), strict=True))
        checks(runs, table, facts, {}, primary={"continuous": "rmse"}, reference="m0")
    size = sum((folder / f"{n}.parquet").stat().st_size for n in ("predictions", "scores"))
    return {
        "read, join and write, CPU s": writing.cpu,
        "checks, CPU s": checking.cpu,
        "tables, additional MB": measure.peak_megabytes() - before,
        "tables on disk, MB": size / 1e6,
    }


def repeated(cells: int, folder: Path) -> dict[str, float]:
    """Cells of the default experiment's five untrained and linear models, run and run again."""
    command = [
        *(sys.executable, "-m", "bench", "run", str(WEATHER)),
        *("-k", "model != xgboost and model != lstm", f"protocol.n_folds={cells // 600}"),
        *("--store", str(folder / "store"), "--runs", str(folder / "runs")),
        *("--no-report", "--progress", "quiet"),
    ]
    found: dict[str, float] = {}
    for what in ("run", "run again"):
        with measure.spent() as spent:
            subprocess.run(command, check=True, capture_output=True, cwd=measure.ROOT)
        found |= {f"{what}, s": spent.wall, f"{what}, CPU s": spent.cpu}
    counts = json.loads((folder / "runs" / "latest" / "manifest.json").read_text())["counts"]
    assert (counts["cells"], counts["computed"]) == (cells // 600 * 600, 0)
    return {"distinct": counts["distinct"], **found}


PARTS: Mapping[str, Callable[[int, Path], dict[str, float]]] = {
    "plan": planned,
    "run": ran,
    "tables": tabled,
    "again": repeated,
}


def main() -> None:
    """Print a table for each part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, nargs="+", default=[100, 1_000, 10_000, 100_000])
    parser.add_argument("--most-run", type=int, default=10_000, help="cells that are computed")
    parser.add_argument("--parts", nargs="+", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--one", choices=list(PARTS), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        print(json.dumps(PARTS[chosen.one](chosen.cells[0], chosen.folder)))
        return
    print(tables.machine("apache-hamilton", "joblib", "pandas", "pyarrow"), "\n")
    for part in chosen.parts:
        computing = part in ("run", "again")
        sizes = [n for n in chosen.cells if not computing or n <= chosen.most_run]
        if part == "again":
            sizes = sorted({max(600, n // 600 * 600) for n in sizes})
        found: list[dict[str, Any]] = []
        for cells in sizes:
            folder = Path(tempfile.mkdtemp(prefix="crossfold-growth-"))
            try:
                arguments = ("--one", part, "--cells", cells, "--folder", folder)
                found.append(measure.in_a_process(Path(__file__), *arguments))
            finally:
                shutil.rmtree(folder)
        rows = [
            {
                part: name,
                **{f"{n:,} cells": one[name] for n, one in zip(sizes, found, strict=True)},
                "exponent": tables.exponent(sizes, [one[name] for one in found]),
            }
            for name in found[0]
        ]
        print(tables.markdown(rows), "\n", flush=True)


if __name__ == "__main__":
    main()
