"""A random walk by the day: the data of the small experiments that tests run."""

from pathlib import Path

import numpy as np
import pandas as pd

__all__ = ["write_walk"]


def write_walk(folder: Path, *, rows: int = 320, columns: str = "a") -> None:
    """Write `walk.csv`, with a column for each letter and the days in `day`."""
    steps = np.random.default_rng(3).normal(size=(rows, len(columns)))
    days = pd.date_range("2020-01-01", periods=rows, freq="D", name="day")
    table = pd.DataFrame(np.cumsum(steps, axis=0).round(4), columns=list(columns), index=days)
    table.to_csv(folder / "walk.csv")
