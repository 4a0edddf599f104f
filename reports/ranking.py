"""Rank tests over the targets that every compared model has a result on."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

import stats
from stats.errors import StatsWarning
from stats.figures import CLASSIC

if TYPE_CHECKING:
    from stats.results import OmnibusResult, PairsResult

__all__ = ["ALPHA", "FloatArray", "IntArray", "Ranking", "quiet", "ranking_of"]

ALPHA = 0.05

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Ranking:
    """Rank tests over the complete blocks of one panel, or the reason why there is none.

    Parameters
    ----------
    models : compared models, best average rank first
    blocks : targets that took part
    left_out : targets dropped because a compared model has a hole there
    excluded : models that have no complete result on any target
    """

    models: tuple[str, ...]
    blocks: tuple[str, ...]
    left_out: tuple[str, ...]
    excluded: tuple[str, ...]
    reason: str = ""
    ranks: Mapping[str, float] = field(default_factory=dict)
    wins: Mapping[str, float] = field(default_factory=dict)
    friedman: OmnibusResult | None = None
    iman_davenport: OmnibusResult | None = None
    nemenyi: PairsResult | None = None
    difference: float = float("nan")
    groups: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def tested(self) -> bool:
        """Whether there were enough models and blocks for the tests."""
        return self.nemenyi is not None

    def near_best(self, model: str) -> bool:
        """Whether no test separates the model from the one with the best average rank."""
        if self.nemenyi is None:
            return False
        first = self.nemenyi.names.index(self.models[0])
        other = self.nemenyi.names.index(model)
        return first == other or not self.nemenyi.pvalue[first, other] <= ALPHA


def ranking_of(
    models: Sequence[str], targets: Sequence[str], values: FloatArray, higher: bool
) -> Ranking:
    """Ranks and rank tests of a table, shape (n_targets, n_models); nan is a hole."""
    present = ~np.isnan(values)
    compared: NDArray[np.bool_] = np.asarray(present.any(axis=0))
    excluded = tuple(m for m, some in zip(models, compared, strict=True) if not some)
    used = np.flatnonzero(compared).tolist()
    complete: NDArray[np.bool_] = np.asarray(present[:, used].all(axis=1) & bool(used))
    blocks = tuple(t for t, kept in zip(targets, complete, strict=True) if kept)
    left_out = tuple(t for t, kept in zip(targets, complete, strict=True) if not kept)
    names = [models[j] for j in used]
    if not blocks:
        reason = "no target has a complete result of every model"
        return Ranking((), (), left_out, excluded, reason)
    scores = stats.Scores(
        values=values[complete][:, used],
        models=tuple(names),
        blocks=blocks,
        higher_is_better=higher,
        declared=True,
    )
    ranks = scores.ranks()
    mean = ranks.mean(axis=0)
    order = np.argsort(mean, kind="stable")
    ordered = tuple(names[j] for j in order)
    best = ranks == ranks.min(axis=1, keepdims=True)
    wins = (best / best.sum(axis=1, keepdims=True)).sum(axis=0)
    facts: dict[str, Any] = {
        "ranks": {names[j]: float(mean[j]) for j in order},
        "wins": {names[j]: float(wins[j]) for j in order},
    }
    if len(names) < 3 or len(blocks) < 2:
        reason = (
            f"rank tests compare at least 3 models on at least 2 targets; here are {len(names)} "
            f"and {len(blocks)}"
        )
        return Ranking(ordered, blocks, left_out, excluded, reason, **facts)
    try:
        friedman, iman_davenport, nemenyi = quiet(
            lambda: (stats.friedman(scores), stats.iman_davenport(scores), stats.nemenyi(scores))
        )
    except stats.ScoresError as cause:
        # Nothing to rank by: every block is one tie.
        return Ranking(ordered, blocks, left_out, excluded, str(cause), **facts)
    return Ranking(
        ordered,
        blocks,
        left_out,
        excluded,
        **facts,
        friedman=friedman,
        iman_davenport=iman_davenport,
        nemenyi=nemenyi,
        difference=float(stats.critical_difference(len(blocks), len(names), alpha=ALPHA)),
        groups=nemenyi.groups(ALPHA) if len(names) <= CLASSIC else (),
        notes=tuple(dict.fromkeys(friedman.notes + iman_davenport.notes + nemenyi.notes)),
    )


def quiet(compute: Callable[[], T]) -> T:
    """A result without its warnings: its notes say the same, and the report shows them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StatsWarning)
        return compute()
