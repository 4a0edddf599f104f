"""Diebold-Mariano tests of the models of one target, origin by origin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

import stats
from reports.ranking import FloatArray, IntArray, quiet

if TYPE_CHECKING:
    from reports.losses import LossTable
    from reports.panel import Cell

__all__ = ["Forecasts", "forecasts_of", "holm"]


@dataclass(frozen=True, eq=False)
class Forecasts:
    """Diebold-Mariano tests of one target: all pairs, Holm over pairs and over the reference's.

    Parameters
    ----------
    statistic, pvalue, holm : [i, j] compares model i with model j; below 0 where i is better
    against : adjusted p-value of each model against the reference, in a family of its own
    n_times : origins of the pooled test folds with a loss of every model
    times, losses : all common origins, and their losses, shape (n_times, n_models), nan = missing
    """

    target: str
    models: tuple[str, ...]
    n_times: int
    statistic: FloatArray
    pvalue: FloatArray
    holm: FloatArray
    against: Mapping[str, float]
    mean_loss: Mapping[str, float]
    times: IntArray
    losses: FloatArray
    notes: tuple[str, ...] = ()
    variance: str = ""

    def of(self, model: str, other: str) -> tuple[float, float, float]:
        """Statistic, p-value and Holm-adjusted p-value over all pairs."""
        i, j = self.models.index(model), self.models.index(other)
        return float(self.statistic[i, j]), float(self.pvalue[i, j]), float(self.holm[i, j])


def forecasts_of(
    target: str,
    horizon: int,
    cells: Mapping[str, Sequence[Cell]],
    losses: LossTable,
    reference: str | None,
) -> Forecasts | None:
    """The tests of one target; None where fewer than two models share enough origins."""
    if len(cells) < 2:
        return None
    models = tuple(cells)
    times, table = losses.paired(
        {model: [(cell.fold, cell.cell_id) for cell in found] for model, found in cells.items()}
    )
    whole = np.isfinite(table).all(axis=1)
    if whole.sum() <= max(horizon, 2):
        return None
    # Times without a loss keep their place: distances in time count for the variance.
    missing: Literal["raise", "drop_times"] = "raise" if whole.all() else "drop_times"
    result = quiet(
        lambda: stats.diebold_mariano(
            stats.Losses(values=table, models=models, times=tuple(range(len(table)))),
            horizon=horizon,
            missing=missing,
        )
    )
    statistic, pvalue = np.asarray(result.statistic), np.asarray(result.pvalue)
    over_pairs = np.asarray(result.adjusted("holm").pvalue)
    k = len(models)
    against: dict[str, float] = {}
    if reference in models:
        others = [j for j in range(k) if models[j] != reference]
        adjusted = holm(pvalue[others, models.index(str(reference))])
        against = {models[j]: float(p) for j, p in zip(others, adjusted, strict=True)}
    return Forecasts(
        target,
        models,
        int(whole.sum()),
        statistic,
        pvalue,
        over_pairs,
        against,
        dict(zip(models, table[whole].mean(axis=0).tolist(), strict=True)),
        times,
        table,
        result.notes,
        result.estimators[0],
    )


def holm(pvalues: FloatArray) -> FloatArray:
    """Holm over the pairs that have a p-value; an undefined one leaves the family."""
    out = np.full(pvalues.shape, np.nan)
    known = ~np.isnan(pvalues)
    if known.any():
        out[known] = stats.holm(pvalues[known])
    return out
