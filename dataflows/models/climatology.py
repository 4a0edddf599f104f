"""What is usual: the mean or the class shares of training at the same phase of the season."""
# mypy: allow-untyped-decorators

import numpy as np
import pandas as pd
from hamilton.function_modifiers import config

from dataflows.models.frequencies import probability_frame, shares_by
from dataflows.models.intervals import error_quantiles, value_frame

__all__ = ["prediction__classes", "prediction__continuous", "season_phase"]


def season_phase(series: pd.DataFrame, season_length: int, horizon: int) -> pd.Series:
    """Phase of the season at each origin's forecast time."""
    rows = np.arange(len(series), dtype=np.int64) + horizon
    return pd.Series(rows % season_length, index=series.index)


@config.when(task="continuous")
def prediction__continuous(
    season_phase: pd.Series,
    season_length: int,
    y_train: pd.Series,
    test_origins: pd.DatetimeIndex,
) -> pd.DataFrame:
    """Mean z of training at the forecast's phase of the season."""
    phase = season_phase.loc[y_train.index].to_numpy()
    z = y_train.to_numpy()
    rows = np.bincount(phase, minlength=season_length)
    total = np.bincount(phase, weights=z, minlength=season_length)
    # A phase that training has not seen gets the mean of all.
    mean = np.where(rows > 0, total / np.maximum(rows, 1), z.mean())
    errors = error_quantiles(z - mean[phase])
    return value_frame(mean[season_phase.loc[test_origins].to_numpy()], errors, test_origins)


@config.when_in(task=["binary", "multiclass", "ordinal"])
def prediction__classes(
    season_phase: pd.Series,
    season_length: int,
    y_train: pd.Series,
    test_origins: pd.DatetimeIndex,
    n_classes: int,
) -> pd.DataFrame:
    """Class shares of training at the forecast's phase of the season."""
    phase = season_phase.loc[y_train.index].to_numpy()
    table = shares_by(y_train.to_numpy(), phase, n_classes, season_length)
    return probability_frame(table[season_phase.loc[test_origins].to_numpy()], test_origins)
