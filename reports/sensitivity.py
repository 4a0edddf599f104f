"""Who wins when a choice is made differently: metric, folds, holes, models or targets."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

import stats
from reports.ranking import ALPHA, FloatArray
from stats.scores import mid_ranks

if TYPE_CHECKING:
    from reports.evidence import Evidence
    from reports.panel import Panel

__all__ = ["Choices", "Variations", "choices_of"]

_MOST_AUDITED = 60  # models: every verdict is looked at without each of them
_SAME = 1e-9  # mean ranks closer than this are tied


@dataclass(frozen=True, eq=False)
class Choices:
    """Winners of one panel under other choices, by what was chosen; "" where nobody can win.

    Parameters
    ----------
    aggregates, metrics, folds, holes : name of the choice -> winner
    models, targets : who wins once this one is left out, where it is another winner
    left_out : how often one model, never the winner, or one target was left out
    flips, reversals : pairs of models whose verdict, or order, changes without some third one;
        None for more models than are looked at
    """

    winner: str
    aggregates: Mapping[str, str]
    metrics: Mapping[str, str]
    folds: Mapping[str, str]
    holes: Mapping[str, str]
    models: Mapping[str, str]
    targets: Mapping[str, str]
    flips: int | None
    reversals: int | None
    pairs: int
    left_out: int

    @property
    def tried(self) -> int:
        """How many other choices were looked at, leaving out one model or target included."""
        named = (self.aggregates, self.metrics, self.folds, self.holes)
        return sum(len(choice) for choice in named) + self.left_out

    @property
    def changed(self) -> int:
        """How many of them have another winner."""
        named = (self.aggregates, self.metrics, self.folds, self.holes)
        others = sum(w not in ("", self.winner) for choice in named for w in choice.values())
        return others + len(self.models) + len(self.targets)


class Variations:
    """Scores of every metric of a run, by panel, target, model and fold."""

    def __init__(self, evidence: Evidence) -> None:
        runs, scores = evidence.runs, evidence.scores
        columns = ["cell_id", "dataset", "target", "variant", "task", "horizon", "fold", "status"]
        joined = scores[["cell_id", "metric", "value", "direction", "defined", "n"]].merge(
            runs[columns], on="cell_id"
        )
        joined = joined[joined["defined"].astype(bool) & (joined["status"] == "ok")]
        block = joined["target"].astype(str)
        if runs["dataset"].nunique() > 1:
            block = joined["dataset"].astype(str) + "/" + block
        self._table = joined.assign(block=block, variant=joined["variant"].astype(str))

    def of(self, panel: Panel) -> Iterator[tuple[str, bool, FloatArray, FloatArray]]:
        """Metric, whether higher is better, values and weights, (n_targets, n_models, n_folds)."""
        rows = self._table[
            (self._table["task"] == panel.task) & (self._table["horizon"] == panel.horizon)
        ]
        folds = sorted(rows["fold"].unique())
        axes = {"block": panel.targets, "variant": panel.models, "fold": folds}
        shape = tuple(map(len, axes.values()))
        at = [
            rows[column].map({name: i for i, name in enumerate(names)}).to_numpy(dtype=np.int64)
            for column, names in axes.items()
        ]
        place = np.ravel_multi_index(at, shape) if len(rows) else np.zeros(0, dtype=np.int64)
        for metric in dict.fromkeys(rows["metric"]):
            mine = (rows["metric"] == metric).to_numpy()
            count, value, n = (
                np.bincount(place[mine], weights=column[mine], minlength=math.prod(shape))
                for column in (
                    np.ones(len(rows)), rows["value"].to_numpy(float), rows["n"].to_numpy(float)
                )
            )  # fmt: skip
            with np.errstate(invalid="ignore"):
                values, weights = (value / count).reshape(shape), (n / count).reshape(shape)
            higher = rows["direction"].to_numpy()[mine][0] == "higher"
            yield str(metric), bool(higher), values, weights


def choices_of(panel: Panel, variations: Variations | None) -> Choices:
    """Every other choice on one panel; its ranking has been tested."""
    ranking = panel.ranking
    winner = ranking.models[0]
    sign = -1.0 if panel.higher_is_better else 1.0
    aggregates = {
        "mean score": min(ranking.models, key=lambda model: sign * panel.mean(model)),
        "wins": max(ranking.models, key=lambda model: ranking.wins[model]),
    }
    metrics: dict[str, str] = {}
    folds: dict[str, str] = {}
    for metric, higher, values, weights in variations.of(panel) if variations else ():
        # The skill of a run is its primary score seen from the reference: the same order.
        if metric == panel.metric:
            folds = _by_fold(panel, values, weights, winner)
        elif metric != "skill":
            metrics[metric] = _winner(values.mean(axis=2), panel.models, higher, winner)
    oriented = sign * panel.scores
    rows = [panel.targets.index(target) for target in ranking.blocks]
    columns = [panel.models.index(model) for model in ranking.models]
    kept = oriented[np.ix_(rows, columns)]
    k = len(columns)
    audit = None
    if 3 <= k <= _MOST_AUDITED:
        table = stats.Scores(kept, ranking.models, ranking.blocks, declared=True)
        audit = stats.pool_dependence(table, alpha=ALPHA)
    return Choices(
        winner,
        aggregates,
        metrics,
        folds,
        _holes(panel, oriented, winner),
        _one_model_less(kept, ranking.models),
        _one_target_less(kept, ranking.models, ranking.blocks),
        None if audit is None else audit.fragile_pairs,
        None if audit is None else audit.reversed_pairs,
        k * (k - 1) // 2,
        k - 1 + len(rows),
    )


def _winner(values: FloatArray, models: Sequence[str], higher: bool, asked: str) -> str:
    """Best average rank over complete targets; `asked` where it shares the first place."""
    some = np.asarray(~np.isnan(values).all(axis=0))
    if not some.any():
        return ""
    names = [model for model, kept in zip(models, some, strict=True) if kept]
    values = values[:, some]
    values = values[~np.isnan(values).any(axis=1)]
    if not len(values):
        return ""
    mean = mid_ranks(-values if higher else values).mean(axis=0)
    if asked in names and mean[names.index(asked)] <= mean.min() + _SAME:
        return asked
    return names[int(mean.argmin())]


def _by_fold(panel: Panel, values: FloatArray, weights: FloatArray, winner: str) -> dict[str, str]:
    """Folds weighed by their origins, and each of them left out."""
    higher, n = panel.higher_is_better, values.shape[2]
    if n < 2:
        return {}
    by_origins = (values * weights).sum(axis=2) / weights.sum(axis=2)
    found = {"folds weighed by origins": _winner(by_origins, panel.models, higher, winner)}
    for fold in range(n):
        rest = np.delete(values, fold, axis=2).mean(axis=2)
        found[f"without fold {fold}"] = _winner(rest, panel.models, higher, winner)
    return found


def _holes(panel: Panel, oriented: FloatArray, winner: str) -> dict[str, str]:
    """Other treatments of holes, where there are any; targets with one are dropped elsewhere."""
    hole = np.isnan(oriented)
    if not hole.any():
        return {}
    whole = np.asarray(~hole.any(axis=0))
    names = [model for model, kept in zip(panel.models, whole, strict=True) if kept]
    found = {"models with holes dropped": _winner(oriented[:, whole], names, False, winner)}
    if panel.reference in names:
        base = oriented[:, [panel.models.index(str(panel.reference))]]
        filled = np.where(hole, base, oriented)
        found["holes filled by the reference"] = _winner(filled, panel.models, False, winner)
    return found


def _one_model_less(kept: FloatArray, models: Sequence[str]) -> dict[str, str]:
    """Models, none of them the winner, without which somebody else wins."""
    mean = mid_ranks(kept).mean(axis=0)
    found = {}
    for j, name in enumerate(models[1:], start=1):
        column = kept[:, [j]]
        # Without model j, a rank falls by 1 where j was better and by 1/2 where it tied.
        rest = mean - ((column < kept) + 0.5 * (column == kept)).mean(axis=0)
        rest[j] = np.inf
        if rest[0] > rest.min() + _SAME:
            found[name] = models[int(rest.argmin())]
    return found


def _one_target_less(
    kept: FloatArray, models: Sequence[str], blocks: Sequence[str]
) -> dict[str, str]:
    if len(blocks) < 2:
        return {}
    ranks = mid_ranks(kept)
    total, found = ranks.sum(axis=0), {}
    for i, target in enumerate(blocks):
        rest = total - ranks[i]
        if rest[0] > rest.min() + _SAME:
            found[target] = models[int(rest.argmin())]
    return found
