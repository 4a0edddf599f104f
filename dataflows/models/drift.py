"""Onwards as so far: along the line from the first value, or by the usual change of class."""
# mypy: allow-untyped-decorators

import numpy as np
import pandas as pd
from hamilton.function_modifiers import config

from dataflows.models.frequencies import probability_frame, shares, shares_by

__all__ = ["prediction__classes", "prediction__continuous"]


@config.when(task="continuous")
def prediction__continuous(
    base: pd.DataFrame, test_origins: pd.DatetimeIndex, horizon: int
) -> pd.DataFrame:
    """Present value plus h times the mean step since the first known value."""
    y = base["y_now"].to_numpy()
    first = int(np.flatnonzero(~np.isnan(y))[0])
    rows = base.index.get_indexer(test_origins)
    step = (y[rows] - y[first]) / np.maximum(rows - first, 1)
    z = base["z_now"].to_numpy()[rows] + horizon * step / base["scale"].to_numpy()[rows]
    return pd.DataFrame({"y_pred": z}, index=test_origins)


@config.when_in(task=["binary", "multiclass", "ordinal"])
def prediction__classes(
    class_now: pd.Series, y_train: pd.Series, test_origins: pd.DatetimeIndex, n_classes: int
) -> pd.DataFrame:
    """Shares of what followed the present class in training: the transition matrix."""
    codes = y_train.to_numpy()
    before = class_now.to_numpy()[class_now.index.get_indexer(y_train.index)]
    told = ~np.isnan(before)
    table = shares_by(codes[told], before[told].astype(np.int64), n_classes, n_classes)
    now = class_now.to_numpy()[class_now.index.get_indexer(test_origins)]
    p = np.where(
        np.isnan(now)[:, None], shares(codes, n_classes), table[np.nan_to_num(now).astype(np.int64)]
    )
    return probability_frame(p, test_origins)
