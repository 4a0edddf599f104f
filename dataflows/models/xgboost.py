"""Gradient boosted trees, around the present value where there is one, for all four tasks."""
# mypy: allow-untyped-decorators

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from hamilton.function_modifiers import config
from numpy.typing import NDArray

from dataflows.models import cumulative
from dataflows.models.frequencies import probability_frame
from dataflows.models.intervals import error_quantiles, value_frame
from dataflows.training.search import Choice, Range, Space, at_edge, drawn

__all__ = [
    "base_model__binary",
    "base_model__continuous",
    "base_model__multiclass",
    "base_model__ordinal",
    "best_hyperparameters",
    "best_model",
    "fit_report",
    "hyperparameters",
    "prediction__binary",
    "prediction__continuous",
    "prediction__multiclass",
    "prediction__ordinal",
    "trial_table__development",
    "trial_table__evaluation",
]

_Floats = NDArray[np.floating[Any]]
_Objective = Callable[[_Floats, Any], tuple[_Floats, _Floats]]
_PATIENCE = 10  # rounds without a better validation score
_SPACE: Space = {
    "max_depth": Choice((3, 4, 5, 6, 7)),
    "learning_rate": Range(0.05, 0.3, "log", 4),
    "min_child_weight": Range(2.0, 60.0, "log"),
    "subsample": Range(0.6, 1.0),
    "colsample": Range(0.25, 0.8),
    "l2": Range(0.3, 30.0, "log"),
}


@config.when(task="continuous")
def base_model__continuous() -> dict[str, Any]:
    """Squared error."""
    return {"objective": "reg:squarederror", "eval_metric": "rmse"}


@config.when(task="binary")
def base_model__binary() -> dict[str, Any]:
    """Logistic loss."""
    return {"objective": "binary:logistic", "eval_metric": "logloss"}


@config.when(task="multiclass")
def base_model__multiclass(n_classes: int) -> dict[str, Any]:
    """Softmax."""
    return {"objective": "multi:softprob", "eval_metric": "mlogloss", "num_class": n_classes}


@config.when(task="ordinal")
def base_model__ordinal(label_edges: np.ndarray) -> dict[str, Any]:
    """One tree a round for a latent z, cut into classes at the label edges.

    A softmax would grow a tree for every class and would not know their order.
    """
    return {"disable_default_eval_metric": 1, "cut_points": label_edges.tolist()}


def hyperparameters(
    n_rounds: int = 60,
    max_depth: int = 5,
    learning_rate: float = 0.12,
    min_child_weight: float = 10.0,
    subsample: float = 0.8,
    colsample: float = 0.5,
    l2: float = 1.0,
    max_bin: int = 64,
) -> dict[str, Any]:
    """Hyperparameters as given; `n_rounds` is the most that early stopping may use."""
    return {
        "n_rounds": n_rounds,
        "max_depth": max_depth,
        "learning_rate": learning_rate,
        "min_child_weight": min_child_weight,
        "subsample": subsample,
        "colsample": colsample,
        "l2": l2,
        "max_bin": max_bin,
    }


@config.when(mode="development")
def trial_table__development(
    X: pd.DataFrame,
    y_train: pd.Series,
    fit_origins: pd.DatetimeIndex,
    validation_origins: pd.DatetimeIndex,
    start: pd.DataFrame,
    base_model: dict[str, Any],
    hyperparameters: dict[str, Any],
    seed: int,
) -> list[dict[str, Any]]:
    """One trial, the hyperparameters as given, stopped by the validation block."""
    blocks = _blocks(X, y_train, start, fit_origins, validation_origins, hyperparameters)
    return [_trial(*blocks, base_model, hyperparameters, seed)]


@config.when(mode="evaluation")
def trial_table__evaluation(
    X: pd.DataFrame,
    y_train: pd.Series,
    fit_origins: pd.DatetimeIndex,
    validation_origins: pd.DatetimeIndex,
    start: pd.DataFrame,
    base_model: dict[str, Any],
    hyperparameters: dict[str, Any],
    seed: int,
    n_trials: int = 4,
) -> list[dict[str, Any]]:
    """Random search: the hyperparameters as given, then `n_trials - 1` draws, on one split."""
    blocks = _blocks(X, y_train, start, fit_origins, validation_origins, hyperparameters)
    rng = np.random.default_rng(seed)
    others = [hyperparameters | drawn(_SPACE, rng) for _ in range(n_trials - 1)]
    return [_trial(*blocks, base_model, trial, seed) for trial in [hyperparameters, *others]]


def best_hyperparameters(trial_table: list[dict[str, Any]]) -> dict[str, Any]:
    """Those of the trial with the least validation loss, its number of rounds included."""
    best = min(trial_table, key=lambda trial: float(trial["validation_loss"]))
    return dict(best["hyperparameters"])


def best_model(
    X_train: pd.DataFrame,
    y_train: pd.Series,
    start: pd.DataFrame,
    base_model: dict[str, Any],
    best_hyperparameters: dict[str, Any],
    seed: int,
) -> Any:
    """Booster fitted on every training origin, the validation block included."""
    matrix = _matrix(
        X_train.to_numpy(),
        y_train.to_numpy(),
        start.loc[X_train.index].to_numpy(),
        best_hyperparameters["max_bin"],
    )
    return _boosted(matrix, base_model, best_hyperparameters, seed)


def fit_report(
    trial_table: list[dict[str, Any]], best_hyperparameters: dict[str, Any]
) -> dict[str, Any]:
    """Trials with their losses, what was chosen, and where that lies at the edge of the search."""
    report: dict[str, Any] = {"chosen": best_hyperparameters, "trials": trial_table}
    if len(trial_table) > 1:
        report["at_edge"] = at_edge(_SPACE, best_hyperparameters)
    return report


@config.when(task="continuous")
def prediction__continuous(
    best_model: Any,
    best_hyperparameters: dict[str, Any],
    X_test: pd.DataFrame,
    start: pd.DataFrame,
) -> pd.DataFrame:
    """z of every test origin, with the errors of the validation block around it."""
    z = _latent(best_model, X_test, start)
    return value_frame(z, best_hyperparameters["errors"], pd.DatetimeIndex(X_test.index))


@config.when(task="binary")
def prediction__binary(best_model: Any, X_test: pd.DataFrame, start: pd.DataFrame) -> pd.DataFrame:
    """Class probabilities of every test origin."""
    odds = _latent(best_model, X_test, start)
    p = 1.0 / (1.0 + np.exp(-odds))
    return probability_frame(np.column_stack([1.0 - p, p]), pd.DatetimeIndex(X_test.index))


@config.when(task="multiclass")
def prediction__multiclass(
    best_model: Any, X_test: pd.DataFrame, start: pd.DataFrame
) -> pd.DataFrame:
    """Class probabilities of every test origin."""
    margin = _latent(best_model, X_test, start)
    p = np.exp(margin - margin.max(axis=1, keepdims=True))
    return probability_frame(p / p.sum(axis=1, keepdims=True), pd.DatetimeIndex(X_test.index))


@config.when(task="ordinal")
def prediction__ordinal(
    best_model: Any,
    X_test: pd.DataFrame,
    start: pd.DataFrame,
    base_model: dict[str, Any],
    best_hyperparameters: dict[str, Any],
) -> pd.DataFrame:
    """Class probabilities of every test origin, from the latent z and its spread."""
    p = cumulative.class_probabilities(
        _latent(best_model, X_test, start),
        np.asarray(base_model["cut_points"]),
        best_hyperparameters["spread"],
    )
    return probability_frame(p, pd.DatetimeIndex(X_test.index))


def _matrix(X: _Floats, y: NDArray[Any], start: _Floats, max_bin: int, ref: Any = None) -> Any:
    import xgboost

    return xgboost.QuantileDMatrix(
        X, y, base_margin=start, max_bin=max_bin, nthread=1, ref=ref, missing=np.nan
    )


def _blocks(
    X: pd.DataFrame,
    y_train: pd.Series,
    start: pd.DataFrame,
    fit_origins: pd.DatetimeIndex,
    validation_origins: pd.DatetimeIndex,
    hyperparameters: dict[str, Any],
) -> tuple[Any, Any]:
    """Quantised fit and validation blocks, made once for all trials; bins are the fit block's."""
    made: list[Any] = []
    for origins in (fit_origins, validation_origins):
        rows = X.index.get_indexer(origins)
        made.append(
            _matrix(
                X.to_numpy()[rows],
                y_train.to_numpy()[y_train.index.get_indexer(origins)],
                start.to_numpy()[rows],
                hyperparameters["max_bin"],
                ref=made[0] if made else None,
            )
        )
    return made[0], made[1]


def _trial(
    fit: Any, validation: Any, base_model: dict[str, Any], trial: dict[str, Any], seed: int
) -> dict[str, Any]:
    """Fit one set of hyperparameters, stopped early; what it reached, and after how many rounds."""
    booster = _boosted(fit, base_model, trial, seed, validation=validation)
    rounds = booster.best_iteration + 1
    chosen = trial | {"n_rounds": rounds}
    if base_model.get("objective") == "reg:squarederror":
        said = booster.predict(validation, iteration_range=(0, rounds))
        chosen["errors"] = error_quantiles(validation.get_label() - said)
    if "cut_points" in base_model:
        latent = booster.predict(validation, output_margin=True, iteration_range=(0, rounds))
        codes, edges = validation.get_label().astype(np.int64), np.asarray(base_model["cut_points"])
        chosen["spread"] = cumulative.best_spread(latent, codes, edges)
    return {"hyperparameters": chosen, "validation_loss": float(booster.best_score)}


def _boosted(
    matrix: Any,
    base_model: dict[str, Any],
    hyperparameters: dict[str, Any],
    seed: int,
    *,
    validation: Any = None,
) -> Any:
    """Booster of `n_rounds` trees, or fewer where a validation block stops it."""
    import xgboost

    fixed = {name: value for name, value in base_model.items() if name != "cut_points"}
    edges = base_model.get("cut_points")
    ordinal = None if edges is None else _Ordinal(np.asarray(edges), matrix)
    stop = {} if validation is None else {"early_stopping_rounds": _PATIENCE}
    return xgboost.train(
        fixed
        | {
            "tree_method": "hist",
            # Two threads spin against each other on a busy machine; one is also what makes
            # sums, and so trees, the same everywhere.
            "nthread": 1,
            "seed": seed % 2**31,
            "base_score": 0.5 if fixed.get("objective") == "binary:logistic" else 0.0,
            "max_depth": hyperparameters["max_depth"],
            "learning_rate": hyperparameters["learning_rate"],
            "min_child_weight": hyperparameters["min_child_weight"],
            "subsample": hyperparameters["subsample"],
            "colsample_bytree": hyperparameters["colsample"],
            "reg_lambda": hyperparameters["l2"],
            "max_bin": hyperparameters["max_bin"],
        },
        matrix,
        hyperparameters["n_rounds"],
        evals=[] if validation is None else [(validation, "validation")],
        obj=None if ordinal is None else ordinal.gradient,
        custom_metric=None if ordinal is None else ordinal.loss,
        verbose_eval=False,
        **stop,
    )


def _latent(booster: Any, X: pd.DataFrame, start: pd.DataFrame) -> NDArray[np.float64]:
    """Raw margin of every row, the start included."""
    at_rows = start.to_numpy()[start.index.get_indexer(X.index)]
    margin = booster.inplace_predict(X.to_numpy(), predict_type="margin", base_margin=at_rows)
    return np.asarray(margin, dtype=np.float64)


class _Ordinal:
    """Cumulative logit objective whose spread follows the fit."""

    def __init__(self, edges: NDArray[np.float64], matrix: Any) -> None:
        self.edges = edges
        # Boosting begins at the start that the matrix carries, and so does the spread.
        start, codes = matrix.get_base_margin(), matrix.get_label().astype(np.int64)
        self.spread = cumulative.best_spread(start, codes, edges)

    def gradient(self, latent: _Floats, matrix: Any) -> tuple[_Floats, _Floats]:
        codes = matrix.get_label().astype(np.int64)
        self.spread = cumulative.best_spread(latent, codes, self.edges, near=self.spread)
        return cumulative.gradient(latent, codes, self.edges, self.spread)

    def loss(self, latent: _Floats, matrix: Any) -> tuple[str, float]:
        codes = matrix.get_label().astype(np.int64)
        return "rps", cumulative.mean_rps(latent, codes, self.edges, self.spread)
