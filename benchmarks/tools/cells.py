"""Cells of the default experiment as any Hamilton user would run them: a driver and its inputs."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

os.environ.setdefault("HAMILTON_AUTOLOAD_EXTENSIONS", "0")
os.environ.setdefault("HAMILTON_TELEMETRY_ENABLED", "false")

__all__ = ["computed", "digest", "of_run", "specs"]

ROOT = Path(__file__).resolve().parents[2]


def specs(where: str) -> list[dict[str, Any]]:
    """Return the cells that a filter leaves: name, modules, configuration and inputs."""
    from bench.spec.experiment import Experiment

    experiment = Experiment.load(ROOT / "experiments" / "weather.toml", where=where)
    return [
        {
            "name": cell.slug,
            "modules": experiment.modules_for(cell),
            "config": experiment.config_for(cell),
            "inputs": experiment.inputs_for(cell),
        }
        for cell in experiment.cells()
    ]


def computed(spec: Mapping[str, Any], cache: str | None = None) -> tuple[str, str]:
    """Compute a cell with a plain driver; return its name and the digest of its forecasts."""
    built = _driver(tuple(spec["modules"]), json.dumps(spec["config"]), cache)
    found = built.execute(["predictions", "performance_metrics"], inputs=dict(spec["inputs"]))
    return spec["name"], digest(found["predictions"])


@lru_cache(maxsize=64)
def _driver(modules: tuple[str, ...], config: str, cache: str | None) -> Any:
    import hamilton.plugins.pandas_extensions  # noqa: F401
    from hamilton import driver

    from bench.spec.catalogue import load_module

    builder = driver.Builder().with_modules(*map(load_module, modules))
    builder = builder.with_config(json.loads(config))
    return (builder.with_cache(path=cache) if cache else builder).build()


def digest(predictions: Any) -> str:
    """Return a digest of what is forecast, bit by bit."""
    names = sorted(n for n in predictions.columns if n == "y_pred" or n.startswith(("p_", "q_")))
    state = hashlib.sha256()
    for name in names:
        values = predictions[name].to_numpy(dtype="float64")
        if values.size and values.size == sum(values != values):
            continue  # a column of other tasks in a joined table
        state.update(name.encode() + values.tobytes())
    return state.hexdigest()[:16]


def of_run(folder: Path) -> dict[str, str]:
    """Return the digests of a run's forecasts by the name of the cell."""
    import pandas as pd

    runs = pd.read_parquet(folder / "runs.parquet").set_index("cell_id")["slug"]
    forecasts = pd.read_parquet(folder / "predictions.parquet")
    groups = forecasts.groupby("cell_id", observed=True, sort=False)
    return {str(runs[cell]): digest(group) for cell, group in groups}
