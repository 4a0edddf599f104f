"""A recurrent network over the last rows of every variable, around the present value."""
# mypy: allow-untyped-decorators

from typing import Any

import numpy as np
import pandas as pd
from hamilton.function_modifiers import config
from numpy.typing import NDArray

from dataflows.models import cumulative
from dataflows.models.frequencies import probability_frame
from dataflows.models.intervals import error_quantiles, value_frame
from dataflows.models.recurrent import network
from dataflows.training.search import Choice, Range, Space, at_edge, drawn
from dataflows.training.torch_loop import Fit, fitted, reproducible

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
    "present",
    "scaled_series",
    "trial_table__development",
    "trial_table__evaluation",
]

_FURTHEST = 5.0
# How far from its start a forecast may go, of the way the network would: an epoch is a coarse
# step, and one too many is taken back here.
_TRUST = (0.2, 0.4, 0.6, 0.8, 1.0)
_PATIENCE = 3  # epochs without a better validation loss
_SPACE: Space = {
    "hidden": Choice((16, 24, 32, 48)),
    "learning_rate": Range(0.0005, 0.008, "log", 5),
    "dropout": Range(0.0, 0.4),
    "weight_decay": Range(0.001, 0.3, "log", 4),
}


def scaled_series(
    standardised: pd.DataFrame, calendar_features: pd.DataFrame, fold_cut: int
) -> pd.DataFrame:
    """What the network reads row by row: every variable's z, scaled by the training window.

    Missing values are 0, the mean of training.
    """
    # Row by row in memory, so that sums have one order wherever the frame comes from.
    z = np.ascontiguousarray(standardised.to_numpy())
    seen = z[: fold_cut + 1]
    known = np.isfinite(seen)
    rows = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, seen, 0.0).sum(axis=0) / rows
    deviation = np.sqrt((np.where(known, seen - mean, 0.0) ** 2).sum(axis=0) / rows)
    deviation[deviation < 1e-9] = np.inf
    scaled = np.nan_to_num(np.clip((z - mean) / deviation, -_FURTHEST, _FURTHEST), nan=0.0)
    values = np.concatenate([scaled, calendar_features.to_numpy()], axis=1, dtype=np.float32)
    return pd.DataFrame(
        values,
        index=standardised.index,
        columns=[*standardised.columns, *calendar_features.columns],
    )


def present(own_features: pd.DataFrame) -> pd.DataFrame:
    """What the head reads of an origin beside the window's summary: the target's own path."""
    values = np.clip(own_features.to_numpy(), -_FURTHEST, _FURTHEST)
    return pd.DataFrame(
        np.nan_to_num(values, nan=0.0), index=own_features.index, columns=own_features.columns
    )


@config.when(task="continuous")
def base_model__continuous() -> dict[str, Any]:
    """Squared error of z."""
    return {"head": "value", "outputs": 1}


@config.when(task="binary")
def base_model__binary() -> dict[str, Any]:
    """Cross entropy of the odds."""
    return {"head": "odds", "outputs": 1}


@config.when(task="multiclass")
def base_model__multiclass(n_classes: int) -> dict[str, Any]:
    """Cross entropy."""
    return {"head": "classes", "outputs": n_classes}


@config.when(task="ordinal")
def base_model__ordinal(label_edges: np.ndarray) -> dict[str, Any]:
    """Cumulative logits of a latent z with the label edges as cut-points and a learned spread."""
    return {"head": "ordered", "outputs": 1, "cut_points": label_edges.tolist()}


def hyperparameters(
    hidden: int = 24,
    lookback: int = 24,
    n_epochs: int = 8,
    learning_rate: float = 0.004,
    batch_size: int = 128,
    weight_decay: float = 0.01,
    dropout: float = 0.3,
) -> dict[str, Any]:
    """Hyperparameters as given; `n_epochs` is the most that early stopping may use."""
    return {
        "hidden": hidden,
        "lookback": lookback,
        "n_epochs": n_epochs,
        "learning_rate": learning_rate,
        "batch_size": batch_size,
        "weight_decay": weight_decay,
        "dropout": dropout,
    }


@config.when(mode="development")
def trial_table__development(
    scaled_series: pd.DataFrame,
    present: pd.DataFrame,
    start: pd.DataFrame,
    y_train: pd.Series,
    fit_origins: pd.DatetimeIndex,
    validation_origins: pd.DatetimeIndex,
    base_model: dict[str, Any],
    hyperparameters: dict[str, Any],
    seed: int,
    device: str = "cpu",
) -> list[dict[str, Any]]:
    """One trial, the hyperparameters as given, stopped by the validation block."""
    rows = _Rows(scaled_series, present, start, y_train)
    return [
        _trial(rows, fit_origins, validation_origins, base_model, hyperparameters, seed, device)
    ]


@config.when(mode="evaluation")
def trial_table__evaluation(
    scaled_series: pd.DataFrame,
    present: pd.DataFrame,
    start: pd.DataFrame,
    y_train: pd.Series,
    fit_origins: pd.DatetimeIndex,
    validation_origins: pd.DatetimeIndex,
    base_model: dict[str, Any],
    hyperparameters: dict[str, Any],
    seed: int,
    n_trials: int = 2,
    device: str = "cpu",
) -> list[dict[str, Any]]:
    """Random search: the hyperparameters as given, then `n_trials - 1` draws, on one split."""
    rows = _Rows(scaled_series, present, start, y_train)
    rng = np.random.default_rng(seed)
    others = [hyperparameters | drawn(_SPACE, rng) for _ in range(n_trials - 1)]
    return [
        _trial(rows, fit_origins, validation_origins, base_model, trial, seed, device)
        for trial in [hyperparameters, *others]
    ]


def best_hyperparameters(trial_table: list[dict[str, Any]]) -> dict[str, Any]:
    """Those of the trial with the least validation loss, its number of epochs included."""
    best = min(trial_table, key=lambda trial: float(trial["validation_loss"]))
    return dict(best["hyperparameters"])


def best_model(
    scaled_series: pd.DataFrame,
    present: pd.DataFrame,
    start: pd.DataFrame,
    y_train: pd.Series,
    base_model: dict[str, Any],
    best_hyperparameters: dict[str, Any],
    seed: int,
    device: str = "cpu",
) -> dict[str, Any]:
    """Weights fitted on every training origin, for as many epochs as the best trial took."""
    rows = _Rows(scaled_series, present, start, y_train)
    origins = pd.DatetimeIndex(y_train.index)
    return _fitted(rows, origins, None, base_model, best_hyperparameters, seed, device).state


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
    scaled_series: pd.DataFrame,
    present: pd.DataFrame,
    start: pd.DataFrame,
    y_train: pd.Series,
    test_origins: pd.DatetimeIndex,
    base_model: dict[str, Any],
    best_hyperparameters: dict[str, Any],
    best_model: dict[str, Any],
    device: str = "cpu",
) -> pd.DataFrame:
    """z of every test origin, with the errors of the validation block around it."""
    rows = _Rows(scaled_series, present, start, y_train)
    z = _outputs(rows, test_origins, base_model, best_hyperparameters, best_model, device)
    return value_frame(z[:, 0], best_hyperparameters["errors"], test_origins)


@config.when(task="binary")
def prediction__binary(
    scaled_series: pd.DataFrame,
    present: pd.DataFrame,
    start: pd.DataFrame,
    y_train: pd.Series,
    test_origins: pd.DatetimeIndex,
    base_model: dict[str, Any],
    best_hyperparameters: dict[str, Any],
    best_model: dict[str, Any],
    device: str = "cpu",
) -> pd.DataFrame:
    """Class probabilities of every test origin."""
    rows = _Rows(scaled_series, present, start, y_train)
    odds = _outputs(rows, test_origins, base_model, best_hyperparameters, best_model, device)
    p = 1.0 / (1.0 + np.exp(-odds[:, 0]))
    return probability_frame(np.column_stack([1.0 - p, p]), test_origins)


@config.when(task="multiclass")
def prediction__multiclass(
    scaled_series: pd.DataFrame,
    present: pd.DataFrame,
    start: pd.DataFrame,
    y_train: pd.Series,
    test_origins: pd.DatetimeIndex,
    base_model: dict[str, Any],
    best_hyperparameters: dict[str, Any],
    best_model: dict[str, Any],
    device: str = "cpu",
) -> pd.DataFrame:
    """Class probabilities of every test origin."""
    rows = _Rows(scaled_series, present, start, y_train)
    score = _outputs(rows, test_origins, base_model, best_hyperparameters, best_model, device)
    p = np.exp(score - score.max(axis=1, keepdims=True))
    return probability_frame(p / p.sum(axis=1, keepdims=True), test_origins)


@config.when(task="ordinal")
def prediction__ordinal(
    scaled_series: pd.DataFrame,
    present: pd.DataFrame,
    start: pd.DataFrame,
    y_train: pd.Series,
    test_origins: pd.DatetimeIndex,
    base_model: dict[str, Any],
    best_hyperparameters: dict[str, Any],
    best_model: dict[str, Any],
    device: str = "cpu",
) -> pd.DataFrame:
    """Class probabilities of every test origin, from the latent z and its spread."""
    rows = _Rows(scaled_series, present, start, y_train)
    z = _outputs(rows, test_origins, base_model, best_hyperparameters, best_model, device)
    p = cumulative.class_probabilities(
        z[:, 0], np.asarray(base_model["cut_points"]), best_hyperparameters["spread"]
    )
    return probability_frame(p, test_origins)


class _Rows:
    """Tensors by row of the series: windows are views, cut out batch by batch."""

    def __init__(
        self, scaled: pd.DataFrame, present: pd.DataFrame, start: pd.DataFrame, y_train: pd.Series
    ) -> None:
        self.index = scaled.index
        self.series = np.ascontiguousarray(scaled.to_numpy())
        # Copies, row by row: what comes from a store is read-only and column by column, which
        # torch does not take or takes in another order.
        self.present = np.array(present.to_numpy(), order="C")
        self.start = np.array(start.to_numpy(), dtype=np.float32, order="C")
        classes = y_train.dtype.kind == "i"
        self.outcome: NDArray[Any] = np.zeros(
            len(self.index), dtype=np.int64 if classes else np.float32
        )
        self.outcome[self.numbers(pd.DatetimeIndex(y_train.index))] = y_train.to_numpy()

    def numbers(self, origins: pd.DatetimeIndex) -> NDArray[np.int64]:
        return np.asarray(self.index.get_indexer(origins), dtype=np.int64)

    def codes(self, origins: pd.DatetimeIndex) -> NDArray[np.int64]:
        return self.outcome[self.numbers(origins)].astype(np.int64)

    def inputs(self, lookback: int, device: str) -> Any:
        """Function of row numbers that gives (window, present, start) as tensors."""
        import torch

        before = np.zeros((lookback - 1, self.series.shape[1]), dtype=np.float32)
        padded = torch.from_numpy(np.concatenate([before, self.series])).to(device)
        windows = padded.unfold(0, lookback, 1).transpose(
            1, 2
        )  # (rows, lookback, channels), a view
        present = torch.from_numpy(self.present).to(device)
        start = torch.from_numpy(self.start).to(device)

        def of(rows: NDArray[np.int64]) -> tuple[Any, Any, Any]:
            at = torch.from_numpy(rows).to(device)
            return windows[at], present[at], start[at]

        return of


def _network(rows: _Rows, base_model: dict[str, Any], hyperparameters: dict[str, Any]) -> Any:
    return network(
        rows.series.shape[1],
        rows.present.shape[1],
        hidden=hyperparameters["hidden"],
        outputs=base_model["outputs"],
        dropout=hyperparameters["dropout"],
    )


def _fitted(
    rows: _Rows,
    fit_origins: pd.DatetimeIndex,
    validation_origins: pd.DatetimeIndex | None,
    base_model: dict[str, Any],
    hyperparameters: dict[str, Any],
    seed: int,
    device: str,
) -> Fit:
    import torch

    with reproducible(seed, device):
        net = _network(rows, base_model, hyperparameters).to(device)
        if base_model["head"] == "ordered":
            _start_spread(net, rows, fit_origins, base_model)
        return fitted(
            net,
            _loss(net, base_model, device),
            rows.inputs(hyperparameters["lookback"], device),
            torch.from_numpy(rows.outcome).to(device),
            rows.numbers(fit_origins),
            validation_rows=None
            if validation_origins is None
            else rows.numbers(validation_origins),
            n_epochs=hyperparameters["n_epochs"],
            patience=_PATIENCE,
            batch_size=hyperparameters["batch_size"],
            learning_rate=hyperparameters["learning_rate"],
            weight_decay=hyperparameters["weight_decay"],
            rng=np.random.default_rng(seed),
        )


def _start_spread(
    net: Any, rows: _Rows, origins: pd.DatetimeIndex, base_model: dict[str, Any]
) -> None:
    """Begin with the spread that suits persistence, which the latent value begins as."""
    at = rows.numbers(origins)
    edges = np.asarray(base_model["cut_points"])
    spread = cumulative.best_spread(rows.start[at, 0], rows.codes(origins), edges)
    net.log_spread.data.fill_(float(np.log(spread)))


def _trial(
    rows: _Rows,
    fit_origins: pd.DatetimeIndex,
    validation_origins: pd.DatetimeIndex,
    base_model: dict[str, Any],
    trial: dict[str, Any],
    seed: int,
    device: str,
) -> dict[str, Any]:
    """Fit one set of hyperparameters, stopped early; what it reached, and after how many epochs."""
    fit = _fitted(rows, fit_origins, validation_origins, base_model, trial, seed, device)
    output = _outputs(rows, validation_origins, base_model, trial, fit.state, device)
    at = rows.numbers(validation_origins)
    start, seen = rows.start[at], rows.outcome[at]
    tried = []
    for trust in _TRUST:
        reached, spread = _validation_loss(base_model, start + trust * (output - start), seen)
        tried.append((reached, spread, trust))
    loss, spread, trust = min(tried, key=lambda triple: triple[0])
    chosen = trial | {"n_epochs": fit.epochs, "trust": trust}
    if spread is not None:
        chosen["spread"] = spread
    if base_model["head"] == "value":
        said = start[:, 0] + trust * (output - start)[:, 0]
        chosen["errors"] = error_quantiles(seen - said)
    return {
        "hyperparameters": chosen,
        "validation_loss": loss,
        "history": [round(value, 6) for value in fit.history],
    }


def _validation_loss(
    base_model: dict[str, Any], output: NDArray[Any], outcome: NDArray[Any]
) -> tuple[float, float | None]:
    """Mean loss of the outputs, and for ordered classes the spread that makes it least."""
    if base_model["head"] == "value":
        return float(((output[:, 0] - outcome) ** 2).mean()), None
    if base_model["head"] == "ordered":
        edges, codes = np.asarray(base_model["cut_points"]), outcome.astype(np.int64)
        spread = cumulative.best_spread(output[:, 0], codes, edges)
        return cumulative.mean_rps(output[:, 0], codes, edges, spread), spread
    if base_model["head"] == "odds":
        output = np.concatenate([np.zeros_like(output), output], axis=1)
    top = output.max(axis=1)
    total = top + np.log(np.exp(output - top[:, None]).sum(axis=1))
    happened = output[np.arange(len(output)), outcome.astype(np.int64)]
    return float((total - happened).mean()), None


def _outputs(
    rows: _Rows,
    origins: pd.DatetimeIndex,
    base_model: dict[str, Any],
    hyperparameters: dict[str, Any],
    state: dict[str, Any],
    device: str,
) -> NDArray[np.float64]:
    """What the network says of each origin, drawn to the start by `trust`, (origins, outputs)."""
    import torch

    with reproducible(0, device), torch.no_grad():
        net = _network(rows, base_model, hyperparameters).to(device)
        net.load_state_dict(state)
        net.eval()
        inputs = rows.inputs(hyperparameters["lookback"], device)
        said = np.asarray(net(*inputs(rows.numbers(origins))).cpu().numpy(), dtype=np.float64)
    start = rows.start[rows.numbers(origins)]
    return np.asarray(start + hyperparameters.get("trust", 1.0) * (said - start))


def _loss(net: Any, base_model: dict[str, Any], device: str) -> Any:
    import torch
    from torch.nn import functional

    if base_model["head"] == "classes":
        return functional.cross_entropy
    if base_model["head"] == "odds":
        return lambda output, code: functional.binary_cross_entropy_with_logits(
            output[:, 0], code.float()
        )
    if base_model["head"] == "value":
        return lambda output, z: functional.mse_loss(output[:, 0], z)
    edges = torch.tensor(base_model["cut_points"], dtype=torch.float32, device=device)
    steps = torch.arange(len(edges), device=device)

    def rps(output: Any, codes: Any) -> Any:
        below = torch.sigmoid((edges - output) / net.log_spread.exp())
        return ((below - (codes[:, None] <= steps).float()) ** 2).mean()

    return rps
