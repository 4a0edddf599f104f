"""Tomorrow is like today: the value stays, up to the errors that saying so made in training."""
# mypy: allow-untyped-decorators

import numpy as np
import pandas as pd
from hamilton.function_modifiers import config

from dataflows.models.frequencies import mixed, probability_frame
from dataflows.models.intervals import error_quantiles, value_frame

__all__ = [
    "prediction__binary",
    "prediction__continuous",
    "prediction__multiclass",
    "prediction__ordinal",
]


@config.when(task="continuous")
def prediction__continuous(
    base: pd.DataFrame, persistence_errors: np.ndarray, test_origins: pd.DatetimeIndex
) -> pd.DataFrame:
    """The present z, with the errors of training around it."""
    z = base["z_now"].to_numpy()[base.index.get_indexer(test_origins)]
    return value_frame(z, error_quantiles(persistence_errors), test_origins)


@config.when(task="binary")
def prediction__binary(
    class_now: pd.Series, y_train: pd.Series, test_origins: pd.DatetimeIndex, n_classes: int
) -> pd.DataFrame:
    """The present direction, as sure as it was right in training.

    A value that stays neither rises nor falls, so it is the direction that persists.
    """
    return mixed(class_now, y_train, test_origins, n_classes)


@config.when(task="multiclass")
def prediction__multiclass(start: pd.DataFrame, test_origins: pd.DatetimeIndex) -> pd.DataFrame:
    """Shares of the classes that the present z reaches with the errors of training."""
    p = np.exp(start.to_numpy()[start.index.get_indexer(test_origins)])
    return probability_frame(p / p.sum(axis=1, keepdims=True), test_origins)


@config.when(task="ordinal")
def prediction__ordinal(
    base: pd.DataFrame,
    persistence_errors: np.ndarray,
    label_edges: np.ndarray,
    test_origins: pd.DatetimeIndex,
) -> pd.DataFrame:
    """Shares of the classes that the present z reaches with the errors of training."""
    z = base["z_now"].to_numpy()[base.index.get_indexer(test_origins)]
    below = (
        np.searchsorted(persistence_errors, label_edges[None, :] - z[:, None], side="right") + 0.5
    ) / (len(persistence_errors) + 1.0)
    ends = np.zeros((len(z), 1)), np.ones((len(z), 1))
    p = np.diff(np.concatenate([ends[0], below, ends[1]], axis=1), axis=1)
    # Equal edges bound an empty class, which no forecast may call impossible.
    p = np.maximum(p, 1e-4)
    return probability_frame(p / p.sum(axis=1, keepdims=True), test_origins)
