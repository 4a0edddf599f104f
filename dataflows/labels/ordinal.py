"""Ordinal task: in which fifth of its usual range will the value lie at the horizon?"""
# mypy: allow-untyped-decorators

import numpy as np
import pandas as pd
from hamilton.function_modifiers import config

from dataflows.labels.classes import bins
from dataflows.labels.outcome import outcome

__all__ = ["class_now__ordinal", "label_edges__ordinal", "n_classes__ordinal", "y_train__ordinal"]

# Quintiles of z, not of y: quintiles of the raw value leave classes empty in whole test blocks.
_QUANTILES = (0.2, 0.4, 0.6, 0.8)


@config.when(task="ordinal")
def label_edges__ordinal(
    series: pd.DataFrame,
    base: pd.DataFrame,
    target: str,
    horizon: int,
    train_origins: pd.DatetimeIndex,
) -> np.ndarray:
    """Quintile edges of z over the training origins alone."""
    seen = outcome(series, base, target=target, horizon=horizon, origins=train_origins)
    return np.asarray(np.quantile(seen["z"].to_numpy(), _QUANTILES))


@config.when(task="ordinal")
def n_classes__ordinal() -> int:
    """Fifths, from far below the usual level to far above it."""
    return len(_QUANTILES) + 1


@config.when(task="ordinal")
def y_train__ordinal(
    series: pd.DataFrame,
    base: pd.DataFrame,
    target: str,
    horizon: int,
    train_origins: pd.DatetimeIndex,
    label_edges: np.ndarray,
) -> pd.Series:
    """Class code 0-4 of the training origins, in the order of z."""
    seen = outcome(series, base, target=target, horizon=horizon, origins=train_origins)
    codes = bins(seen["z"].to_numpy(), label_edges).astype(np.int64)
    return pd.Series(codes, index=train_origins, name=target)


@config.when(task="ordinal")
def class_now__ordinal(base: pd.DataFrame, label_edges: np.ndarray) -> pd.Series:
    """Fifth in which the value lies at each time."""
    return pd.Series(bins(base["z_now"].to_numpy(), label_edges), index=base.index)
