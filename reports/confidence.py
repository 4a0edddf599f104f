"""Which models cannot be told from the best, target by target."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

import stats
from reports.ranking import ALPHA, quiet

if TYPE_CHECKING:
    from reports.panel import Panel

__all__ = ["LEVEL", "N_DRAWS", "Confidence", "Draws", "confidence_of"]

LEVEL = 0.10  # a model is in the set while its p-value is above it, as is usual for these sets
N_DRAWS = 500
_MOST_TARGETS = 100  # of one panel: beyond it a report would take minutes
_MOST_JOINT = 15  # models of the joint test, whose covariance grows with their square


@dataclass(frozen=True, slots=True)
class Confidence:
    """Model confidence sets of one panel, and the joint test that all models are alike.

    Parameters
    ----------
    pvalues : of each target, the p-value of each model in its confidence set
    alike : of each target, the p-value of Mariano and Preve's test; nan where it has no statistic
    left_out : targets beyond the most that are computed
    """

    pvalues: dict[str, dict[str, float]]
    alike: dict[str, float]
    left_out: int

    def included(self, model: str) -> int:
        """Targets in whose set the model is."""
        return sum(p.get(model, 0.0) > LEVEL for p in self.pvalues.values())

    def compared(self, model: str) -> int:
        """Targets that have a set with or without the model."""
        return sum(model in p for p in self.pvalues.values())

    @property
    def sizes(self) -> list[int]:
        """How many models each set holds."""
        return [sum(p > LEVEL for p in found.values()) for found in self.pvalues.values()]

    @property
    def told_apart(self) -> tuple[int, int]:
        """Targets on which the models are not all alike (Holm over targets), and those tested."""
        known = np.array([p for p in self.alike.values() if not math.isnan(p)])
        return (int((stats.holm(known) <= ALPHA).sum()) if known.size else 0), known.size


class Draws:
    """Bootstrap draws by number of times and block length, shared by all targets alike."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], stats.Draws] = {}

    def of(self, n_times: int, block_length: int) -> stats.Draws:
        """The draws of series of one length, always the same ones."""
        key = n_times, block_length
        if key not in self._known:
            rng = np.random.default_rng(0)
            rows = stats.bootstrap_indices(
                n_times, block_length=block_length, n_draws=N_DRAWS, rng=rng
            )
            self._known[key] = stats.Draws(rows)
        return self._known[key]


def confidence_of(panel: Panel, draws: Draws) -> Confidence:
    """Sets from the losses of all origins; stationary bootstrap, blocks of √T or the horizon."""
    pvalues: dict[str, dict[str, float]] = {}
    alike: dict[str, float] = {}
    for target, forecast in list(panel.forecasts.items())[:_MOST_TARGETS]:
        table = forecast.losses[np.isfinite(forecast.losses).all(axis=1)]
        block = max(panel.horizon or 1, round(math.sqrt(len(table))))
        if len(table) < 3 * block:
            continue
        losses = stats.Losses(values=table, models=forecast.models, times=tuple(range(len(table))))
        found = stats.model_confidence_set(losses, indices=draws.of(len(table), block))
        pvalues[target] = dict(zip(found.names, found.pvalue.tolist(), strict=True))
        alike[target] = _alike(losses, panel.horizon or 1)
    return Confidence(pvalues, alike, max(0, len(panel.forecasts) - _MOST_TARGETS))


def _alike(losses: stats.Losses, horizon: int) -> float:
    """p-value that all models are equally good; a model that stands twice counts once."""
    if len(losses.models) > _MOST_JOINT:
        return math.nan
    columns = losses.values.T
    kept = [
        j for j, one in enumerate(columns) if not any(np.array_equal(one, c) for c in columns[:j])
    ]
    values = losses.values[:, kept]
    n, k = values.shape
    if k < 2 or n <= k + horizon:
        return math.nan
    distinct = stats.Losses(values=values, models=tuple(map(str, range(k))), times=losses.times)
    return float(quiet(lambda: stats.multivariate_dm(distinct, horizon=horizon)).pvalue)
