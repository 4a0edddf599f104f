"""A dataflow whose steps cost next to nothing, so that what is measured is what runs them."""

import time

import numpy as np
import pandas as pd

__all__ = ["features", "performance_metrics", "prediction", "predictions", "series"]


def series(rows: int) -> np.ndarray:
    """Numbers that stand for the data: one step for all cells."""
    return np.arange(float(rows))


def features(series: np.ndarray, target: str) -> np.ndarray:
    """One step for all cells of a target."""
    return series + int(target[1:])


def prediction(features: np.ndarray, parameter: int, seconds: float) -> np.ndarray:
    """The step that a model would be; it holds a core for `seconds`, as a fit does."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass
    return features * parameter


def predictions(prediction: np.ndarray, features: np.ndarray) -> pd.DataFrame:
    """Forecast beside outcome."""
    return pd.DataFrame({"y_true": features, "y_pred": prediction})


def performance_metrics(predictions: pd.DataFrame) -> pd.DataFrame:
    """One score."""
    error = predictions["y_true"].to_numpy() - predictions["y_pred"].to_numpy()
    return pd.DataFrame({"metric": ["rmse"], "value": [float(np.sqrt(np.mean(error**2)))]})
