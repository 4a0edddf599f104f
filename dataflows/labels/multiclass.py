"""Multiclass task: which of {z > 0} x {rising} will hold at the horizon?"""
# mypy: allow-untyped-decorators

import numpy as np
import pandas as pd
from hamilton.function_modifiers import config

from dataflows.labels.classes import directions, quadrants
from dataflows.labels.outcome import outcome

__all__ = [
    "class_now__multiclass",
    "label_edges__multiclass",
    "n_classes__multiclass",
    "y_train__multiclass",
]


@config.when(task="multiclass")
def label_edges__multiclass() -> np.ndarray:
    """No thresholds."""
    return np.empty(0)


@config.when(task="multiclass")
def n_classes__multiclass() -> int:
    """Low or high, falling or rising."""
    return 4


@config.when(task="multiclass")
def y_train__multiclass(
    series: pd.DataFrame,
    base: pd.DataFrame,
    target: str,
    horizon: int,
    train_origins: pd.DatetimeIndex,
) -> pd.Series:
    """Class code 0-3 of the training origins."""
    seen = outcome(series, base, target=target, horizon=horizon, origins=train_origins)
    rose = directions(seen["y"].to_numpy(), seen["y_now"].to_numpy())
    codes = quadrants(seen["z"].to_numpy(), rose).astype(np.int64)
    return pd.Series(codes, index=train_origins, name=target)


@config.when(task="multiclass")
def class_now__multiclass(base: pd.DataFrame, horizon: int) -> pd.Series:
    """Class that holds at each time: the sign of z, and whether the value rose over h rows."""
    y = base["y_now"]
    rose = directions(y.to_numpy(), y.shift(horizon).to_numpy())
    return pd.Series(quadrants(base["z_now"].to_numpy(), rose), index=base.index)
