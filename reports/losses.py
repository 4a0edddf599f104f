"""Per-origin losses of the primary kind, paired over models in time order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from stats import losses

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LossTable", "loss_name", "losses_of"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

# The loss whose mean (or its square root) is the primary score; a score that is no mean over
# origins, such as AUC, has none, and the task's proper score stands in.
_BY_METRIC = {
    "rmse": "squared",
    "mae": "absolute",
    "mase": "absolute",
    "log_loss": "log_loss",
    "brier": "brier",
    "rps": "rps",
}
_BY_TASK = {
    "continuous": "squared",
    "binary": "log_loss",
    "multiclass": "log_loss",
    "ordinal": "rps",
}
_WORDS = {
    "squared": "squared error in units of the scale",
    "absolute": "absolute error in units of the scale",
    "log_loss": "log loss",
    "brier": "Brier score",
    "rps": "ranked probability score",
}


def loss_name(task: str, metric: str) -> str:
    """The per-origin loss that forecasts of a task are compared by, in words.

    Examples
    --------
    >>> loss_name("continuous", "rmse"), loss_name("binary", "auc")
    ('squared error in units of the scale', 'log loss')
    """
    return _WORDS.get(_kind(task, metric), "none")


def losses_of(task: str, metric: str, predictions: pd.DataFrame) -> FloatArray:
    """The loss at each row of the predictions of one task; nan where something is missing."""
    kind = _kind(task, metric)
    if not kind or not len(predictions):
        return np.full(len(predictions), np.nan)
    return _losses(kind, predictions, np.arange(len(predictions)))


def _kind(task: str, metric: str) -> str:
    return _BY_METRIC.get(metric) or _BY_TASK.get(task, "")


class LossTable:
    """Losses of every prediction of a run, found by cell.

    Parameters
    ----------
    predictions : the run's predictions; rows of one cell need not be together
    runs : the run's cells, for their task
    primary : the primary metric of each task
    """

    def __init__(
        self, predictions: pd.DataFrame, runs: pd.DataFrame, primary: Mapping[str, str]
    ) -> None:
        cells, names = _codes(predictions["cell_id"])
        origin = predictions["origin"]
        # A time with a zone would become an object for each row unless told its type.
        kind = "datetime64[ns]" if origin.dtype.kind == "M" else np.int64
        when = origin.to_numpy(dtype=kind).astype(np.int64)
        task_of = dict(zip(runs["cell_id"].astype(str), runs["task"].astype(str), strict=True))
        tasks = np.array([task_of.get(name, "") for name in names], dtype=object)
        values = np.full(len(predictions), np.nan)
        for task in sorted(set(tasks.tolist()) - {""}):
            rows = np.flatnonzero((tasks == task)[cells])
            kind = _kind(task, primary.get(task, ""))
            if len(rows) and kind:
                values[rows] = _losses(kind, predictions, rows)
        order = _sorted(cells, when)
        if order is not None:
            cells, when, values = cells[order], when[order], values[order]
        self._when, self._values = when, values
        edges = np.flatnonzero(np.diff(cells)) + 1
        starts = [0, *edges.tolist()] if len(cells) else []
        ends = [*edges.tolist(), len(cells)]
        self._rows = {
            names[cells[start]]: slice(start, end)
            for start, end in zip(starts, ends if starts else [], strict=True)
        }

    def paired(self, cells: Mapping[str, Sequence[tuple[int, str]]]) -> tuple[IntArray, FloatArray]:
        """Losses of models on their common origins, folds pooled in time order.

        Parameters
        ----------
        cells : (fold, cell id) of each model; cells of one fold (seeds) are averaged

        Returns
        -------
        times : (n_times,), the origins as integers
        losses : (n_times, n_models); nan where a prediction is missing
        """
        series = [self._pooled(found) for found in cells.values()]
        common = series[0][0]
        for when, _ in series[1:]:
            if not np.array_equal(when, common):
                common = np.intersect1d(common, when, assume_unique=True)
        table = np.column_stack(
            [
                value if len(when) == len(common) else value[np.searchsorted(when, common)]
                for when, value in series
            ]
        )
        return common, table

    def _pooled(self, cells: Sequence[tuple[int, str]]) -> tuple[IntArray, FloatArray]:
        by_fold: dict[int, list[tuple[IntArray, FloatArray]]] = {}
        for fold, cell in cells:
            rows = self._rows.get(cell, slice(0, 0))
            by_fold.setdefault(fold, []).append((self._when[rows], self._values[rows]))
        whens, values = [], []
        for same in by_fold.values():
            when = same[0][0]
            if any(not np.array_equal(when, other) for other, _ in same[1:]):
                raise ValueError("cells of one fold and model have different origins")
            whens.append(when)
            values.append(np.mean([value for _, value in same], axis=0))
        when, value = np.concatenate(whens), np.concatenate(values)
        if (np.diff(when) <= 0).any():
            # Overlapping test folds: the forecast of the later fold, which knew more, counts.
            _, last = np.unique(when[::-1], return_index=True)
            keep = len(when) - 1 - last
            when, value = when[keep], value[keep]
        return when, value


def _codes(column: pd.Series) -> tuple[IntArray, list[str]]:
    category = column.astype("category").cat
    return category.codes.to_numpy().astype(np.int64), [str(c) for c in category.categories]


def _sorted(cells: IntArray, when: IntArray) -> IntArray | None:
    """The order by cell and origin; None where rows already have it."""
    step = np.diff(cells)
    if (np.bincount(cells[1:][step != 0], minlength=1) <= 1).all() and (
        (step != 0) | (np.diff(when) > 0)
    ).all():
        first = cells[0] if len(cells) else -1
        if first not in cells[1:][step != 0]:
            return None
    return np.lexsort((when, cells))


def _losses(kind: str, predictions: pd.DataFrame, rows: IntArray) -> FloatArray:
    truth = predictions["y_true"].to_numpy()[rows]
    out = np.full(len(rows), np.nan)
    measure = getattr(losses, kind)
    if kind in ("squared", "absolute"):
        forecast = predictions["y_pred"].to_numpy()[rows]
        scale = predictions["scale"].to_numpy()[rows]
        known = np.isfinite(truth) & np.isfinite(forecast) & np.isfinite(scale)
        if known.any():
            unit = scale[known]
            out[known] = measure(truth[known] / unit, forecast[known] / unit)
        return out
    columns = sorted(
        (name for name in predictions.columns if name.startswith("p_") and name[2:].isdigit()),
        key=lambda name: int(name[2:]),
    )
    proba = np.column_stack([predictions[name].to_numpy()[rows] for name in columns])
    # Tasks share columns: those a task does not use are empty in all of its rows.
    proba = proba[:, ~np.isnan(proba).all(axis=0)]
    known = np.isfinite(truth) & np.isfinite(proba).all(axis=1)
    if proba.shape[1] and known.any():
        out[known] = measure(truth[known], proba[known])
    return out
