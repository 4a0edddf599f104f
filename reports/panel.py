"""One task at one horizon: scores, holes, cells and the tests on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from reports.forecasts import Forecasts
from reports.ranking import ALPHA, FloatArray, Ranking

__all__ = ["Cell", "Estimate", "Hole", "Panel", "steps"]

_FEWEST = 5  # targets; fewer cannot be resampled


@dataclass(frozen=True, slots=True)
class Cell:
    """One evaluated cell behind a number."""

    cell_id: str
    fold: int
    status: str
    value: float
    error: str = ""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A size of effect with its 95 % interval; nan where there is none."""

    estimate: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")


@dataclass(frozen=True, slots=True)
class Hole:
    """A model without a complete result on a target."""

    model: str
    target: str
    reason: str


@dataclass(frozen=True, eq=False)
class Panel:
    """One task at one horizon: what is compared in one family of tests."""

    task: str
    horizon: int | None
    metric: str
    higher_is_better: bool
    models: tuple[str, ...]
    targets: tuple[str, ...]
    scores: FloatArray  # (n_targets, n_models), nan = hole
    cells: Mapping[tuple[str, str], tuple[Cell, ...]]
    holes: tuple[Hole, ...]
    ranking: Ranking
    reference: str | None
    forecasts: Mapping[str, Forecasts]
    seconds: Mapping[str, float]

    @property
    def key(self) -> str:
        """Identifier inside the document."""
        return "all" if self.horizon is None else f"{_slug(self.task)}-{self.horizon}"

    @property
    def title(self) -> str:
        """For headings."""
        return self.task if self.horizon is None else f"{self.task}, {steps(self.horizon)} ahead"

    @property
    def unit(self) -> str:
        """What a block of the rank tests is called."""
        return "block" if self.horizon is None else "target"

    @property
    def order(self) -> tuple[str, ...]:
        """Ranked models first, then the rest by name."""
        return (*self.ranking.models, *(m for m in self.models if m not in self.ranking.models))

    def score(self, target: str, model: str) -> float:
        """Mean over folds; nan where a fold is missing."""
        return float(self.scores[self.targets.index(target), self.models.index(model)])

    def mean(self, model: str) -> float:
        """Mean over the targets that all ranked models share."""
        rows = [self.targets.index(target) for target in self.ranking.blocks]
        if not rows:
            return float("nan")
        return float(np.mean(self.scores[rows, self.models.index(model)]))

    def skill(self, model: str) -> float:
        """Share of the reference's loss that the model saves, over the shared targets."""
        if self.reference is None:
            return float("nan")
        return self.saving(model, self.reference).estimate

    def saving(self, model: str, other: str) -> Estimate:
        """Share of another model's loss that the model saves, resampled over shared targets."""
        if self.higher_is_better:
            return Estimate()
        return self._resampled(model, other, lambda mine, its: 1.0 - mine / its, positive=True)

    def lead(self, model: str, other: str) -> Estimate:
        """How much better the model's mean score is, in its own units, whatever the direction."""
        sign = 1.0 if self.higher_is_better else -1.0
        return self._resampled(model, other, lambda mine, its: sign * (mine - its), positive=False)

    def _resampled(
        self,
        model: str,
        other: str,
        effect: Callable[[FloatArray, FloatArray], FloatArray],
        *,
        positive: bool,
    ) -> Estimate:
        """An effect of two mean scores with its 95 % percentile interval, always the same draws."""
        rows = [self.targets.index(target) for target in self.ranking.blocks]
        pair = self.scores[np.ix_(rows, [self.models.index(m) for m in (model, other)])]
        if not rows or (positive and not pair[:, 1].mean() > 0):
            return Estimate()
        estimate = float(effect(pair[:, 0].mean(), pair[:, 1].mean()))
        if len(rows) < _FEWEST:
            return Estimate(estimate)
        drawn = np.random.default_rng(0).integers(0, len(rows), size=(2000, len(rows)))
        mean = pair[drawn].mean(axis=1)
        if positive and not (mean[:, 1] > 0).all():
            return Estimate(estimate)
        low, high = np.quantile(effect(mean[:, 0], mean[:, 1]), [0.025, 0.975])
        return Estimate(estimate, float(low), float(high))

    def verdicts(self, model: str) -> tuple[int, int, int]:
        """Targets where the model is better than, like, and worse than the reference."""
        better = like = worse = 0
        for forecast in self.forecasts.values():
            if self.reference is None or model not in forecast.against:
                continue
            statistic = forecast.of(model, self.reference)[0]
            if not forecast.against[model] <= ALPHA:
                like += 1
            elif statistic < 0:
                better += 1
            else:
                worse += 1
        return better, like, worse


def steps(horizon: int) -> str:
    """A horizon in words.

    Examples
    --------
    >>> steps(1), steps(24)
    ('1 step', '24 steps')
    """
    return f"{horizon} step" if horizon == 1 else f"{horizon} steps"


def _slug(text: str) -> str:
    kept = "".join(c if c.isascii() and c.isalnum() else "-" for c in text.lower())
    return kept.strip("-") or "task"
