"""Rolling origins: which origins train a fold and which test it, with the embargo between."""

from typing import Any

import numpy as np
import pandas as pd

from dataflows.errors import DataError
from dataflows.suitability import FEWEST_ROWS, VALIDATION_SHARE

__all__ = [
    "fit_origins",
    "fold_cut",
    "series_profile",
    "test_origins",
    "train_origins",
    "validation_origins",
]


def series_profile(series: pd.DataFrame, season_length: int) -> dict[str, Any]:
    """Facts that decide whether an experiment can be made from the data, before it starts."""
    index = pd.DatetimeIndex(series.index)
    steps = np.diff(index.as_unit("ns").asi8)
    return {
        "n_rows": len(series),
        "season_length": season_length,
        "start": str(index[0]),
        "end": str(index[-1]),
        "step_seconds": float(np.median(steps)) / 1e9 if len(steps) else 0.0,
        "columns": {
            str(name): {
                "n_missing": int(column.isna().sum()),
                "n_distinct": int(column.nunique()),
            }
            for name, column in series.items()
        },
    }


def fold_cut(
    series: pd.DataFrame,
    fold: int,
    n_folds: int,
    first_train: int,
    test_size: int,
    max_horizon: int,
) -> int:
    """Position of the fold's first test origin: the last row that training may see."""
    if not 0 <= fold < n_folds:
        raise DataError(f"fold {fold} of {n_folds}; folds are numbered from 0")
    cut = first_train - 1 + fold * test_size
    last = cut + test_size - 1 + max_horizon
    if last >= len(series):
        raise DataError(
            f"fold {fold} needs row {last + 1}, the data have {len(series)}; "
            "lower n_folds, first_train or test_size"
        )
    return cut


def train_origins(
    series: pd.DataFrame,
    base: pd.DataFrame,
    target: str,
    horizon: int,
    max_horizon: int,
    fold_cut: int,
) -> pd.DatetimeIndex:
    """Origins to learn from: outcomes at every horizon due by the cut, this one observed."""
    due = fold_cut - max_horizon + 1  # origins 0 .. due - 1 have t + max_horizon <= cut
    # The slice comes first: nothing after the cut can be read, whatever is done below.
    seen = series[target].to_numpy()[: fold_cut + 1]
    observed = ~np.isnan(seen[horizon : horizon + due])
    usable = observed & _complete(base)[:due]
    if usable.sum() < 2 * FEWEST_ROWS:
        raise DataError(
            f"{usable.sum()} usable training origins for {target!r} at horizon {horizon} before "
            f"row {fold_cut + 1}; at least {2 * FEWEST_ROWS} are needed, raise first_train"
        )
    return pd.DatetimeIndex(base.index[:due][usable])


def test_origins(base: pd.DataFrame, fold_cut: int, test_size: int) -> pd.DatetimeIndex:
    """Origins to forecast from: those of the test block whose base is known; no look ahead."""
    block = slice(fold_cut, fold_cut + test_size)
    origins = base.index[block][_complete(base)[block]]
    if not len(origins):
        raise DataError(
            f"nothing is known of the target at any origin from {base.index[fold_cut]} to "
            f"{base.index[fold_cut + test_size - 1]}; raise max_gap or choose another target"
        )
    return pd.DatetimeIndex(origins)


def validation_origins(train_origins: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Last block of training: stops the fit and ranks the trials."""
    return train_origins[-_validation_rows(train_origins) :]


def fit_origins(
    series: pd.DataFrame,
    train_origins: pd.DatetimeIndex,
    validation_origins: pd.DatetimeIndex,
    max_horizon: int,
) -> pd.DatetimeIndex:
    """Training origins whose outcomes are due by the first validation origin."""
    cut = series.index.get_indexer(validation_origins[:1])[0]
    candidates = train_origins[: -_validation_rows(train_origins)]
    fitted = pd.DatetimeIndex(candidates[series.index.get_indexer(candidates) + max_horizon <= cut])
    if len(fitted) < FEWEST_ROWS:
        raise DataError(
            f"{len(fitted)} training origins before the inner embargo of {max_horizon} rows; "
            f"at least {FEWEST_ROWS} are needed, raise first_train"
        )
    return fitted


def _validation_rows(train_origins: pd.DatetimeIndex) -> int:
    return max(int(len(train_origins) * VALIDATION_SHARE), 1)


def _complete(base: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return np.asarray(np.isfinite(base.to_numpy()).all(axis=1))
