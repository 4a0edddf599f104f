"""Cells as forecasters of sktime's ForecastingBenchmark on one series and one fold."""

import json
import os
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from sktime.benchmarking.forecasting import ForecastingBenchmark
from sktime.forecasting.base import BaseForecaster
from sktime.performance_metrics.forecasting import MeanAbsoluteError
from sktime.split import ExpandingWindowSplitter


class Worker(BaseForecaster):
    """Forecasts a constant after computing for a while."""

    _tags = {"requires-fh-in-fit": False}  # noqa: RUF012 - sktime reads it so

    def __init__(self, number: int = 0, seconds: float = 0.0) -> None:
        self.number = number
        self.seconds = seconds
        super().__init__()

    def _fit(self, y, X, fh):
        end = time.thread_time() + self.seconds
        while time.thread_time() < end:
            pass
        return self

    def _predict(self, fh, X):
        index = fh.to_absolute_index(self.cutoff)
        return pd.Series(np.full(len(index), float(self.number)), index=index)


def data() -> pd.Series:
    return pd.Series(np.arange(60.0), index=pd.period_range("2013-01", periods=60, freq="M"))


def main(cells: int, seconds: float) -> None:
    splitter = ExpandingWindowSplitter(initial_window=36, step_length=24, fh=list(range(1, 25)))
    times = []
    with tempfile.TemporaryDirectory() as name:
        for _ in range(2):
            benchmark = ForecastingBenchmark(
                backend="loky", backend_params={"n_jobs": os.cpu_count()}
            )
            benchmark.add_task(data, splitter, [MeanAbsoluteError()])
            for number in range(cells):
                benchmark.add_estimator(Worker(number, seconds), estimator_id=f"s{number}-v1")
            begin = time.perf_counter()
            benchmark.run(str(Path(name) / "results.csv"))
            times.append(time.perf_counter() - begin)
    print(json.dumps({"cold": times[0], "warm": times[1], "version": version("sktime")}))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
