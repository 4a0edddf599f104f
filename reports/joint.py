"""Tests over all horizons of a task at once: better on average, or at every horizon."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

import stats
from reports.forecasts import holm
from reports.ranking import ALPHA, FloatArray, quiet

if TYPE_CHECKING:
    from reports.forecasts import Forecasts
    from reports.panel import Panel

__all__ = ["N_DRAWS", "Joint", "JointTest", "joint_of"]

N_DRAWS = 499
_MOST_MODELS = 13  # p-values of 499 draws cannot pass Holm over both directions of more
_MOST_TARGETS = 40


@dataclass(frozen=True, eq=False)
class JointTest:
    """Both tests of every model against the reference on one target, in both directions.

    Parameters
    ----------
    average, uniform : of each model, p-values (Holm) that it is better and that it is worse;
        a model that forecasts like the reference at some horizon has no uniform test
    n_times : origins that all horizons and models share
    """

    average: Mapping[str, tuple[float, float]]
    uniform: Mapping[str, tuple[float, float]]
    n_times: int

    def verdict(self, model: str) -> str:
        """The strongest statement: better, better on average, like, worse on average or worse."""
        for word, side in (("better", 0), ("worse", 1)):
            if model in self.uniform and self.uniform[model][side] <= ALPHA:
                return word
            if self.average[model][side] <= ALPHA:
                return f"{word} on average"
        return "like"


@dataclass(frozen=True, eq=False)
class Joint:
    """Comparisons of one task over its horizons.

    Parameters
    ----------
    models : those compared with the reference, best mean rank over horizons first
    tests : of each target
    more : models beyond the most that are compared
    left_out : targets beyond the most, or with too few origins in common
    """

    task: str
    horizons: tuple[int, ...]
    reference: str
    models: tuple[str, ...]
    tests: Mapping[str, JointTest]
    more: int
    left_out: int

    def count(self, model: str, *verdicts: str) -> int:
        """Targets with one of these verdicts on the model."""
        return sum(
            test.verdict(model) in verdicts for test in self.tests.values() if model in test.average
        )


def joint_of(panels: Sequence[Panel]) -> Joint | None:
    """The tests of one task's panels; None with one horizon or without a common reference."""
    reference = panels[0].reference
    if len(panels) < 2 or reference is None or any(p.reference != reference for p in panels):
        return None
    shared = [m for m in panels[0].ranking.models if all(m in p.ranking.ranks for p in panels)]
    others = sorted(
        (model for model in shared if model != reference),
        key=lambda model: sum(panel.ranking.ranks[model] for panel in panels),
    )
    models = tuple(others[: _MOST_MODELS - 1])
    targets = [t for t in panels[0].forecasts if all(t in p.forecasts for p in panels)]
    tests = {}
    for target in targets[:_MOST_TARGETS]:
        test = _test([panel.forecasts[target] for panel in panels], models, reference, panels)
        if test is not None:
            tests[target] = test
    if not tests:
        return None
    return Joint(
        panels[0].task,
        tuple(panel.horizon for panel in panels if panel.horizon is not None),
        reference,
        models,
        tests,
        len(others) - len(models),
        len(panels[0].targets) - len(tests),
    )


def _test(
    forecasts: Sequence[Forecasts],
    models: Sequence[str],
    reference: str,
    panels: Sequence[Panel],
) -> JointTest | None:
    names = [m for m in (reference, *models) if all(m in f.models for f in forecasts)]
    if len(names) < 2 or reference not in names:
        return None
    times = reduce(np.intersect1d, [forecast.times for forecast in forecasts])
    cube = np.stack(
        [
            f.losses[np.isin(f.times, times)][:, [f.models.index(name) for name in names]]
            for f in forecasts
        ],
        axis=2,
    )
    cube = cube[np.isfinite(cube).all(axis=(1, 2))]
    longest = max(panel.horizon or 1 for panel in panels)
    if len(cube) < max(3 * longest, 10):
        return None
    losses = stats.Losses(
        values=cube,
        models=tuple(names),
        times=tuple(range(len(cube))),
        horizons=tuple(panel.horizon or 1 for panel in panels),
    )
    block = max(longest, round(len(cube) ** (1 / 3)))
    average = quiet(
        lambda: stats.aspa(
            losses, block_length=block, n_draws=N_DRAWS, rng=np.random.default_rng(0)
        )
    )
    # Valid wherever in the null the truth lies: the other null rejects too often.
    uniform = quiet(
        lambda: stats.uspa(
            losses, null="any", block_length=block, n_draws=N_DRAWS, rng=np.random.default_rng(0)
        )
    )
    return JointTest(_adjusted(average.pvalue, names), _adjusted(uniform.pvalue, names), len(cube))


def _adjusted(pvalue: FloatArray, names: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Holm over both directions of all comparisons with the reference, the first of the names."""
    better, worse = pvalue[0, 1:], pvalue[1:, 0]
    p = holm(np.concatenate([better, worse]))
    k = len(names) - 1
    return {
        name: (float(p[j]), float(p[k + j]))
        for j, name in enumerate(names[1:])
        if not math.isnan(p[j])
    }
