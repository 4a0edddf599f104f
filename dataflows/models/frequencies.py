"""Class probabilities from counts: what the baselines are made of."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["mixed", "probability_frame", "shares", "shares_by"]

_Floats = NDArray[np.float64]
_Codes = NDArray[np.int64]


def shares(codes: _Codes, n_classes: int) -> _Floats:
    """Share of each class, half a row added to every class so that none is impossible.

    Examples
    --------
    >>> shares(np.array([0, 0, 1]), 2)
    array([0.625, 0.375])
    """
    counts = np.bincount(codes, minlength=n_classes) + 0.5
    return np.asarray(counts / counts.sum())


def shares_by(
    codes: _Codes, group: _Codes, n_classes: int, n_groups: int, *, prior_rows: float = 10.0
) -> _Floats:
    """Share of each class in each group, drawn to the overall shares by `prior_rows` rows.

    Examples
    --------
    >>> shares_by(np.array([0, 1]), np.array([0, 1]), 2, 2, prior_rows=1.0)
    array([[0.75, 0.25],
           [0.25, 0.75]])
    """
    counts = np.zeros((n_groups, n_classes))
    np.add.at(counts, (group, codes), 1.0)
    counts += prior_rows * shares(codes, n_classes)
    return np.asarray(counts / counts.sum(axis=1, keepdims=True))


def mixed(
    past: pd.Series,
    y_train: pd.Series,
    test_origins: pd.DatetimeIndex,
    n_classes: int,
) -> pd.DataFrame:
    """Forecast that class `past` holds, as sure as it was right in training.

    The probability is w on the class of `past` and 1 - w spread as the classes are in training;
    w makes the forecast right as often in training as the class was. Without it one wrong "sure"
    forecast costs an infinite log loss.
    """
    prior = shares(y_train.to_numpy(), n_classes)
    said = past.to_numpy()[past.index.get_indexer(y_train.index)]
    told = ~np.isnan(said)
    chance = float((prior**2).sum())
    right = float((said[told] == y_train.to_numpy()[told]).mean()) if told.any() else chance
    weight = min(max((right - chance) / (1 - chance), 0.0), 0.99)
    now = past.to_numpy()[past.index.get_indexer(test_origins)]
    # Where the past class is not known, the shares are all there is to say.
    sure = np.where(np.isnan(now), 0.0, weight)[:, None]
    held = np.eye(n_classes)[np.nan_to_num(now).astype(np.int64)]
    return probability_frame(sure * held + (1 - sure) * prior, test_origins)


def probability_frame(p: _Floats, origins: pd.DatetimeIndex) -> pd.DataFrame:
    """Columns p_0, p_1, ... indexed by origin."""
    return pd.DataFrame(p, index=origins, columns=[f"p_{i}" for i in range(p.shape[1])])
