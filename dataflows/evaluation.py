"""Scores of one cell: the only dataflow that reads the outcomes of the test window."""
# mypy: allow-untyped-decorators

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from hamilton.function_modifiers import config
from numpy.typing import NDArray

from dataflows.labels.classes import bins, directions, quadrants
from dataflows.labels.outcome import outcome
from stats import metrics
from stats.errors import UndefinedError

__all__ = [
    "performance_metrics__binary",
    "performance_metrics__continuous",
    "performance_metrics__multiclass",
    "performance_metrics__ordinal",
    "predictions__binary",
    "predictions__continuous",
    "predictions__multiclass",
    "predictions__ordinal",
    "split_report",
]

_Floats = NDArray[np.float64]
_Scores = dict[str, tuple[str, Callable[[], float]]]


@config.when(task="continuous")
def predictions__continuous(
    prediction: pd.DataFrame,
    series: pd.DataFrame,
    base: pd.DataFrame,
    target: str,
    horizon: int,
    test_origins: pd.DatetimeIndex,
) -> pd.DataFrame:
    """Forecast beside outcome in units of y, for the origins whose outcome was observed."""
    seen = outcome(series, base, target=target, horizon=horizon, origins=test_origins)
    at_origin = base.loc[test_origins]
    level, scale = at_origin["level"].to_numpy(), at_origin["scale"].to_numpy()
    forecast = _aligned(prediction, test_origins, wanted="y_pred")
    columns = {
        name: level + scale * forecast[name].to_numpy(dtype=np.float64)
        for name in forecast.columns
        if name == "y_pred" or name.startswith("q_")
    }
    return _observed(series, horizon, seen, seen["y"].to_numpy(), columns)


@config.when(task="binary")
def predictions__binary(
    prediction: pd.DataFrame,
    series: pd.DataFrame,
    base: pd.DataFrame,
    target: str,
    horizon: int,
    test_origins: pd.DatetimeIndex,
) -> pd.DataFrame:
    """Probabilities beside the class that came true, for the origins whose outcome was observed."""
    seen = outcome(series, base, target=target, horizon=horizon, origins=test_origins)
    rose = directions(seen["y"].to_numpy(), seen["y_now"].to_numpy())
    return _observed(series, horizon, seen, rose, _classified(prediction, test_origins))


@config.when(task="multiclass")
def predictions__multiclass(
    prediction: pd.DataFrame,
    series: pd.DataFrame,
    base: pd.DataFrame,
    target: str,
    horizon: int,
    test_origins: pd.DatetimeIndex,
) -> pd.DataFrame:
    """Probabilities beside the class that came true, for the origins whose outcome was observed."""
    seen = outcome(series, base, target=target, horizon=horizon, origins=test_origins)
    rose = directions(seen["y"].to_numpy(), seen["y_now"].to_numpy())
    codes = quadrants(seen["z"].to_numpy(), rose)
    return _observed(series, horizon, seen, codes, _classified(prediction, test_origins))


@config.when(task="ordinal")
def predictions__ordinal(
    prediction: pd.DataFrame,
    series: pd.DataFrame,
    base: pd.DataFrame,
    target: str,
    horizon: int,
    test_origins: pd.DatetimeIndex,
    label_edges: np.ndarray,
) -> pd.DataFrame:
    """Probabilities beside the class that came true, for the origins whose outcome was observed."""
    seen = outcome(series, base, target=target, horizon=horizon, origins=test_origins)
    codes = bins(seen["z"].to_numpy(), label_edges)
    return _observed(series, horizon, seen, codes, _classified(prediction, test_origins))


@config.when(task="continuous")
def performance_metrics__continuous(
    predictions: pd.DataFrame,
    series: pd.DataFrame,
    base: pd.DataFrame,
    season_length: int,
    target: str,
    fold_cut: int,
) -> pd.DataFrame:
    """RMSE and MAE in units of s and of y, MASE, and the skill against persistence."""
    y, f, s = (predictions[name].to_numpy() for name in ("y_true", "y_pred", "scale"))
    now = base["y_now"].to_numpy()[base.index.get_indexer(pd.Index(predictions["origin"]))]

    def mase() -> float:
        # The scale is learned up to the cut, like everything else.
        seen = series[target].to_numpy()[: fold_cut + 1]
        return metrics.mase(
            y, f, scale=metrics.naive_scale(seen, season_length=min(season_length, fold_cut))
        )

    return _table(
        len(y),
        {
            "rmse": ("lower", lambda: metrics.rmse(y / s, f / s)),
            "mae": ("lower", lambda: metrics.mae(y / s, f / s)),
            "rmse_y": ("lower", lambda: metrics.rmse(y, f)),
            "mae_y": ("lower", lambda: metrics.mae(y, f)),
            "mase": ("lower", mase),
            "skill": (
                "higher",
                lambda: metrics.skill(metrics.rmse(y / s, f / s), metrics.rmse(y / s, now / s)),
            ),
        },
    )


@config.when(task="binary")
def performance_metrics__binary(predictions: pd.DataFrame) -> pd.DataFrame:
    """Log loss, Brier score, AUC and Matthews correlation."""
    code, most_probable, p = _evidence(predictions)
    return _table(
        len(code),
        {
            "log_loss": ("lower", lambda: metrics.log_loss(code, p)),
            "brier": ("lower", lambda: metrics.brier(code, p)),
            "auc": ("higher", lambda: metrics.auc(code, p[:, 1])),
            "mcc": ("higher", lambda: metrics.mcc(code, most_probable)),
        },
    )


@config.when(task="multiclass")
def performance_metrics__multiclass(predictions: pd.DataFrame) -> pd.DataFrame:
    """Log loss, Brier score, macro F1 and balanced accuracy."""
    code, most_probable, p = _evidence(predictions)
    return _table(
        len(code),
        {
            "log_loss": ("lower", lambda: metrics.log_loss(code, p)),
            "brier": ("lower", lambda: metrics.brier(code, p)),
            "macro_f1": ("higher", lambda: metrics.macro_f1(code, most_probable)),
            "balanced_accuracy": ("higher", lambda: metrics.balanced_accuracy(code, most_probable)),
        },
    )


@config.when(task="ordinal")
def performance_metrics__ordinal(predictions: pd.DataFrame) -> pd.DataFrame:
    """Ranked probability score, log loss, quadratic kappa and rank MAE."""
    code, most_probable, p = _evidence(predictions)
    return _table(
        len(code),
        {
            "rps": ("lower", lambda: metrics.rps(code, p)),
            "log_loss": ("lower", lambda: metrics.log_loss(code, p)),
            "quadratic_kappa": ("higher", lambda: metrics.quadratic_kappa(code, most_probable)),
            "rank_mae": ("lower", lambda: metrics.rank_mae(code, most_probable)),
        },
    )


def split_report(
    series: pd.DataFrame,
    train_origins: pd.DatetimeIndex,
    test_origins: pd.DatetimeIndex,
    y_train: pd.Series,
    n_classes: int,
    horizon: int,
) -> dict[str, Any]:
    """Sizes and times of both sides of the split, and the classes seen in training."""
    rows = series.index.get_indexer(pd.DatetimeIndex([train_origins[-1], test_origins[0]]))
    last_train, first_test = series.index[rows + horizon]
    return {
        "n_train": len(train_origins),
        "n_test": len(test_origins),
        "first_train_origin": train_origins[0].isoformat(),
        "last_train_target": last_train.isoformat(),
        "first_test_origin": test_origins[0].isoformat(),
        "first_test_target": first_test.isoformat(),
        "class_counts": np.bincount(y_train.to_numpy(), minlength=n_classes).tolist()
        if n_classes
        else [],
    }


def _aligned(prediction: pd.DataFrame, origins: pd.DatetimeIndex, *, wanted: str) -> pd.DataFrame:
    """The forecasts, checked to be one for each test origin, in order and finite."""
    if not prediction.index.equals(origins):
        raise ValueError(
            f"prediction has {len(prediction)} rows that are not the {len(origins)} test_origins "
            "in order; index it by test_origins"
        )
    if wanted not in prediction.columns:
        asked = "y_pred" if wanted == "y_pred" else "p_0, p_1, ..., one a class"
        raise ValueError(
            f"prediction has columns {', '.join(map(str, prediction.columns)) or 'none'}; this "
            f"task needs {asked} (a module's TASKS says which tasks its model is for)"
        )
    bad = ~np.isfinite(prediction.to_numpy(dtype=np.float64)).all(axis=1)
    if bad.any():
        raise ValueError(
            f"prediction is missing or infinite in {bad.sum()} of {len(bad)} rows; forecast every "
            "origin (features may hold missing values: fill them)"
        )
    return prediction


def _classified(prediction: pd.DataFrame, origins: pd.DatetimeIndex) -> dict[str, _Floats]:
    forecast = _aligned(prediction, origins, wanted="p_0")
    names = [name for name in forecast.columns if name.startswith("p_")]
    p = forecast[names].to_numpy(dtype=np.float64)
    # Single precision sums to 1 within 1e-7; probabilities that are further off are an error.
    total = p.sum(axis=1, keepdims=True)
    if np.abs(total - 1).max() > 1e-5:
        raise ValueError(
            f"class probabilities sum to {total.min():.6g}..{total.max():.6g}; "
            "each row must sum to 1"
        )
    p = p / total
    columns = {"y_pred": p.argmax(axis=1).astype(np.float64)}
    return columns | {name: p[:, i] for i, name in enumerate(names)}


def _observed(
    series: pd.DataFrame,
    horizon: int,
    seen: pd.DataFrame,
    y_true: _Floats,
    columns: dict[str, _Floats],
) -> pd.DataFrame:
    rows = series.index.get_indexer(seen.index)
    frame = pd.DataFrame(
        {
            "origin": seen.index,
            "target_time": series.index[rows + horizon],
            "y_true": y_true,
            **columns,
            "scale": seen["scale"].to_numpy(),
        }
    )
    # Only what was observed is scored: the same rows for every model of a target and horizon.
    observed = ~np.isnan(seen["y"].to_numpy())
    return frame if observed.all() else frame[observed].reset_index(drop=True)


def _evidence(
    predictions: pd.DataFrame,
) -> tuple[NDArray[np.int64], NDArray[np.int64], _Floats]:
    names = [name for name in predictions.columns if name.startswith("p_")]
    code = predictions["y_true"].to_numpy().astype(np.int64)
    most_probable = predictions["y_pred"].to_numpy().astype(np.int64)
    return code, most_probable, predictions[names].to_numpy()


def _table(n: int, scores: _Scores) -> pd.DataFrame:
    """One row a metric; what cannot be computed is undefined, not a number."""
    values = []
    for _, score in scores.values():
        try:
            values.append(score() if n else np.nan)
        except UndefinedError:
            values.append(np.nan)
    return pd.DataFrame(
        {
            "metric": list(scores),
            "value": np.array(values, dtype=np.float64),
            "direction": [direction for direction, _ in scores.values()],
            "n": np.full(len(values), n, dtype=np.int64),
            "defined": ~np.isnan(values),
        }
    )
