"""Quantiles of a forecast: its value plus the errors it was seen to make."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["LEVELS", "error_quantiles", "value_frame"]

_Floats = NDArray[np.floating[Any]]
LEVELS = (0.1, 0.5, 0.9)


def error_quantiles(errors: _Floats) -> list[float]:
    """Quantiles of outcome minus forecast, at `LEVELS`.

    Examples
    --------
    >>> error_quantiles(np.array([-1.0, 0.0, 1.0]))
    [-0.8, 0.0, 0.8]
    """
    return [float(value) for value in np.quantile(errors, LEVELS)]


def value_frame(y_pred: _Floats, quantiles: list[float], origins: pd.DatetimeIndex) -> pd.DataFrame:
    """Columns y_pred, q_0.1, q_0.5, q_0.9 indexed by origin."""
    columns = {"y_pred": np.asarray(y_pred, dtype=np.float64)}
    for level, shift in zip(LEVELS, quantiles, strict=True):
        columns[f"q_{level}"] = columns["y_pred"] + shift
    return pd.DataFrame(columns, index=origins)
