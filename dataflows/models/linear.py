"""Straight lines in the features: ridge for values, discriminants for classes."""
# mypy: allow-untyped-decorators

from typing import Any

import numpy as np
import pandas as pd
from hamilton.function_modifiers import config
from numpy.typing import NDArray

from dataflows.models import cumulative
from dataflows.models.frequencies import probability_frame, shares
from dataflows.models.intervals import error_quantiles, value_frame

__all__ = [
    "best_model__discriminant",
    "best_model__ridge",
    "prediction__continuous",
    "prediction__discriminant",
    "prediction__ordinal",
    "regressand__continuous",
    "regressand__ordinal",
]

_Floats = NDArray[np.float64]
# Features are counted in deviations of training; further out a line is a guess.
_FURTHEST = 4.0


@config.when(task="continuous")
def regressand__continuous(y_train: pd.Series) -> pd.Series:
    """z itself."""
    return y_train


@config.when(task="ordinal")
def regressand__ordinal(y_train: pd.Series, label_edges: np.ndarray) -> pd.Series:
    """Middle of each class in z; the open classes are as deep as their neighbours are wide."""
    middles = (label_edges[1:] + label_edges[:-1]) / 2
    low = label_edges[0] - (label_edges[1] - label_edges[0]) / 2
    high = label_edges[-1] + (label_edges[-1] - label_edges[-2]) / 2
    return pd.Series(
        np.concatenate([[low], middles, [high]])[y_train.to_numpy()], index=y_train.index
    )


@config.when_in(task=["continuous", "ordinal"])
def best_model__ridge(
    X_train: pd.DataFrame, regressand: pd.Series, base: pd.DataFrame, ridge: float = 1.0
) -> dict[str, Any]:
    """Ridge regression of the change from the present z, `ridge` to the row."""
    x, mean, deviation = _standardised(X_train)
    change = regressand.to_numpy() - base["z_now"].to_numpy()[base.index.get_indexer(X_train.index)]
    offset = float(change.mean())
    gram = x.T @ x + ridge * len(x) * np.eye(x.shape[1])
    weight = np.linalg.solve(gram, x.T @ (change - offset))
    return {
        "mean": mean.tolist(),
        "deviation": deviation.tolist(),
        "weight": weight.tolist(),
        "offset": offset,
        "errors": error_quantiles(change - offset - x @ weight),
    }


@config.when_in(task=["binary", "multiclass"])
def best_model__discriminant(
    X_train: pd.DataFrame, y_train: pd.Series, n_classes: int, ridge: float = 1.0
) -> dict[str, Any]:
    """Fisher's linear discriminants: one mean a class, one covariance for all."""
    x, mean, deviation = _standardised(X_train)
    codes = y_train.to_numpy()
    counts = np.bincount(codes, minlength=n_classes)
    totals = np.stack([x[codes == code].sum(axis=0) for code in range(n_classes)])
    # A class that training has not seen sits at the overall mean: its prior speaks alone.
    means = totals / np.maximum(counts, 1)[:, None]
    within = x.T @ x / len(x) - (means.T * counts) @ means / len(x)
    weight = np.linalg.solve(within + ridge * np.eye(x.shape[1]), means.T)
    offset = np.log(shares(codes, n_classes)) - 0.5 * (means.T * weight).sum(axis=0)
    return {
        "mean": mean.tolist(),
        "deviation": deviation.tolist(),
        "weight": weight.tolist(),
        "offset": offset.tolist(),
    }


@config.when(task="continuous")
def prediction__continuous(
    best_model: dict[str, Any], X_test: pd.DataFrame, base: pd.DataFrame
) -> pd.DataFrame:
    """Present z plus the change that the line says."""
    z = _latent(best_model, X_test, base)
    return value_frame(z, best_model["errors"], pd.DatetimeIndex(X_test.index))


@config.when(task="ordinal")
def prediction__ordinal(
    best_model: dict[str, Any],
    X_train: pd.DataFrame,
    X_test: pd.DataFrame,
    y_train: pd.Series,
    base: pd.DataFrame,
    label_edges: np.ndarray,
) -> pd.DataFrame:
    """The line's z cut at the label edges, with the spread that suits training best."""
    spread = cumulative.best_spread(
        _latent(best_model, X_train, base), y_train.to_numpy(), label_edges
    )
    p = cumulative.class_probabilities(_latent(best_model, X_test, base), label_edges, spread)
    return probability_frame(p, pd.DatetimeIndex(X_test.index))


@config.when_in(task=["binary", "multiclass"])
def prediction__discriminant(best_model: dict[str, Any], X_test: pd.DataFrame) -> pd.DataFrame:
    """Class probabilities by Bayes' rule."""
    score = _scores(best_model, X_test)
    p = np.exp(score - score.max(axis=1, keepdims=True))
    return probability_frame(p / p.sum(axis=1, keepdims=True), pd.DatetimeIndex(X_test.index))


def _standardised(X: pd.DataFrame) -> tuple[_Floats, _Floats, _Floats]:
    x = _rows(X)
    known = np.isfinite(x)
    rows = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, x, 0.0).sum(axis=0) / rows
    deviation = np.sqrt((np.where(known, x - mean, 0.0) ** 2).sum(axis=0) / rows)
    # A feature that never moved says nothing, neither here nor when it moves later.
    deviation[deviation < 1e-9] = np.inf
    return _scaled(x, mean, deviation), mean, deviation


def _rows(X: pd.DataFrame) -> _Floats:
    # Row by row in memory, wherever the frame comes from: sums and products of matrices take
    # another order, and end in other last bits, column by column.
    return np.ascontiguousarray(X.to_numpy(dtype=np.float64))


def _scaled(x: _Floats, mean: _Floats, deviation: _Floats) -> _Floats:
    return np.nan_to_num(np.clip((x - mean) / deviation, -_FURTHEST, _FURTHEST), nan=0.0)


def _scores(model: dict[str, Any], X: pd.DataFrame) -> _Floats:
    mean, deviation, weight, offset = (
        np.asarray(model[name]) for name in ("mean", "deviation", "weight", "offset")
    )
    return np.asarray(_scaled(_rows(X), mean, deviation) @ weight + offset)


def _latent(model: dict[str, Any], X: pd.DataFrame, base: pd.DataFrame) -> _Floats:
    start = base["z_now"].to_numpy()[base.index.get_indexer(X.index)]
    return np.asarray(start + _scores(model, X))
