"""Continuous task: the standardised value z at the horizon."""
# mypy: allow-untyped-decorators

import numpy as np
import pandas as pd
from hamilton.function_modifiers import config

from dataflows.labels.outcome import outcome

__all__ = ["label_edges__continuous", "n_classes__continuous", "y_train__continuous"]


@config.when(task="continuous")
def label_edges__continuous() -> np.ndarray:
    """No thresholds."""
    return np.empty(0)


@config.when(task="continuous")
def n_classes__continuous() -> int:
    """No classes."""
    return 0


@config.when(task="continuous")
def y_train__continuous(
    series: pd.DataFrame,
    base: pd.DataFrame,
    target: str,
    horizon: int,
    train_origins: pd.DatetimeIndex,
) -> pd.Series:
    """z = (y[t+h] - m) / s of the training origins."""
    return outcome(series, base, target=target, horizon=horizon, origins=train_origins)["z"]
