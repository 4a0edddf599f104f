"""Cells by hand: a small table, a driver over the real modules, and their answers."""

import os
from pathlib import Path
from types import ModuleType
from typing import Any

os.environ.setdefault("HAMILTON_AUTOLOAD_EXTENSIONS", "0")

import hamilton.plugins.pandas_extensions  # noqa: F401
import numpy as np
import pandas as pd
from hamilton import driver

import dataflows

__all__ = ["HORIZONS", "PROTOCOL", "TASKS", "answers", "graph", "hourly", "write"]

TASKS = ("binary", "multiclass", "ordinal", "continuous")
HORIZONS = (1, 6, 24)
PROTOCOL = {"n_folds": 2, "first_train": 300, "test_size": 40, "max_horizon": max(HORIZONS)}


def hourly(n_rows: int = 420, seed: int = 5) -> pd.DataFrame:
    """Three related hourly series: daily cycle, autoregression, steps; a few values missing."""
    rng = np.random.default_rng(seed)
    t = np.arange(n_rows)
    shared = np.zeros(n_rows)
    for i in range(1, n_rows):
        shared[i] = 0.9 * shared[i - 1] + rng.normal()
    frame = pd.DataFrame(
        {
            "a": 3 * np.sin(2 * np.pi * t / 24) + shared + 0.3 * rng.normal(size=n_rows),
            "b": 20 + shared.cumsum() / 20 + rng.normal(size=n_rows),
            "c": np.round(4 * np.cos(2 * np.pi * t / 24) + 2 * rng.normal(size=n_rows)),
        },
        index=pd.date_range("2024-03-01", periods=n_rows, freq="h", name="time"),
    )
    frame.iloc[[50, 51, 130, 310], 0] = np.nan
    return frame


def write(frame: pd.DataFrame, path: Path) -> Path:
    frame.to_csv(path)
    return path


def graph(
    *,
    model: str | ModuleType,
    dataset: str | ModuleType = "table",
    task: str,
    mode: str = "development",
) -> driver.Driver:
    modules = dataflows.modules(dataset=dataset, model=model)
    config = {"task": task, "mode": mode}
    return driver.Builder().with_modules(*modules).with_config(config).build()


def answers(
    nodes: list[str],
    *,
    model: str | ModuleType,
    task: str,
    dataset: str | ModuleType = "table",
    mode: str = "development",
    overrides: dict[str, Any] | None = None,
    **inputs: Any,
) -> dict[str, Any]:
    """Values of the nodes that the graph has, of those asked for."""
    cell = graph(model=model, dataset=dataset, task=task, mode=mode)
    asked = [name for name in nodes if name in cell.graph.nodes]
    given = {"fold": 0, "seed": 11, "horizon": 6, **PROTOCOL} | inputs
    found: dict[str, Any] = cell.execute(asked, inputs=given, overrides=overrides or {})
    return found
