"""Binary task: will the value at the horizon be above the present one?"""
# mypy: allow-untyped-decorators

import numpy as np
import pandas as pd
from hamilton.function_modifiers import config

from dataflows.labels.classes import directions
from dataflows.labels.outcome import outcome

__all__ = ["class_now__binary", "label_edges__binary", "n_classes__binary", "y_train__binary"]


@config.when(task="binary")
def label_edges__binary() -> np.ndarray:
    """No thresholds."""
    return np.empty(0)


@config.when(task="binary")
def n_classes__binary() -> int:
    """Not above, above."""
    return 2


@config.when(task="binary")
def y_train__binary(
    series: pd.DataFrame,
    base: pd.DataFrame,
    target: str,
    horizon: int,
    train_origins: pd.DatetimeIndex,
) -> pd.Series:
    """1 where y[t+h] > y[t], else 0, of the training origins."""
    seen = outcome(series, base, target=target, horizon=horizon, origins=train_origins)
    rose = directions(seen["y"].to_numpy(), seen["y_now"].to_numpy())
    return pd.Series(rose.astype(np.int64), index=train_origins, name=target)


@config.when(task="binary")
def class_now__binary(base: pd.DataFrame, horizon: int) -> pd.Series:
    """Class that came true at each time: did the value rise over the last h rows?"""
    y = base["y_now"]
    return pd.Series(directions(y.to_numpy(), y.shift(horizon).to_numpy()), index=base.index)
