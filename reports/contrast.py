"""What sets the conclusions of two runs apart: verdicts that flip and scores that moved."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

import stats
from reports.findings import ALPHA, Findings, FloatArray, Forecasts, Panel
from reports.ranking import quiet

__all__ = ["Contrast", "Flip", "Shift", "contrast"]

_FEWEST = 5  # targets that a change is tested on


@dataclass(frozen=True, slots=True)
class Flip:
    """A verdict that is another one now.

    Parameters
    ----------
    kind : what it is a verdict on: the leader, all models alike, a pair, or a model on one target
    before, after : the verdicts in words, each with its number
    indirect : nothing of these models changed; ranks or the adjustment moved with the others
    """

    kind: Literal["leader", "omnibus", "pair", "forecast"]
    task: str
    horizon: int | None
    subject: str
    before: str
    after: str
    indirect: bool = False


@dataclass(frozen=True, slots=True)
class Shift:
    """The mean score of one model in one panel, before and after.

    Parameters
    ----------
    better, worse : targets on which it is better, or worse, now
    pvalue : Wilcoxon's signed-rank test over the targets, Holm over all models and panels
    """

    task: str
    horizon: int | None
    metric: str
    model: str
    before: float
    after: float
    higher_is_better: bool
    n_targets: int
    better: int
    worse: int
    pvalue: float

    @property
    def improved(self) -> bool:
        """Whether the mean is better now."""
        return (self.after > self.before) == self.higher_is_better

    @property
    def percent(self) -> float:
        """Change of the mean in percent of what it was."""
        return 100 * (self.after - self.before) / abs(self.before) if self.before else math.nan


@dataclass(frozen=True, slots=True)
class Contrast:
    """What sets the conclusions of two runs apart.

    Parameters
    ----------
    n_verdicts : verdicts that both runs give
    n_scores : mean scores (model, task and horizon) that both runs have
    flips : the verdicts that differ, leaders first
    shifts : the mean scores that differ, the largest relative change first
    notes : what is not compared, and what to keep in mind
    """

    n_verdicts: int
    n_scores: int
    flips: tuple[Flip, ...]
    shifts: tuple[Shift, ...]
    notes: tuple[str, ...]


def contrast(before: Findings, after: Findings) -> Contrast:
    """Compare panel by panel: same task, same horizon, and the models and targets of both."""
    known = {(panel.task, panel.horizon): panel for panel in after.panels}
    shared = [(p, known[p.task, p.horizon]) for p in before.panels if (p.task, p.horizon) in known]
    notes: list[str] = []
    for old, new in shared:
        notes += _notes(old, new)
    verdicts = [verdict for old, new in shared for verdict in _verdicts(old, new)]
    flips = [flip for flip, differs in verdicts if differs]
    order = ("leader", "omnibus", "pair", "forecast")
    shifts, n_scores = _shifts([(o, n) for o, n in shared if o.metric == n.metric])
    return Contrast(
        len(verdicts),
        n_scores,
        tuple(sorted(flips, key=lambda flip: order.index(flip.kind))),
        shifts,
        tuple(dict.fromkeys(notes)),
    )


def _notes(old: Panel, new: Panel) -> Iterator[str]:
    if old.metric != new.metric:
        yield (
            f"{old.task}: {old.metric} decided before and {new.metric} decides now; mean scores "
            "are not compared"
        )
    if set(old.ranking.models) != set(new.ranking.models):
        yield "the ranked models are others now, and rank verdicts depend on who takes part"
    if set(old.ranking.blocks) != set(new.ranking.blocks):
        yield "rank tests rest on other targets now"
    if old.reference != new.reference:
        yield (
            f"{old.task}: the reference is {new.reference} now and was {old.reference}; verdicts "
            "against it are not compared"
        )


def _verdicts(old: Panel, new: Panel) -> Iterator[tuple[Flip, bool]]:
    """Each verdict that both panels give, and whether it differs."""
    where = (old.task, old.horizon)
    first, second = old.ranking, new.ranking
    if first.models and second.models:
        names = first.models[0], second.models[0]
        told = [
            f"{name} ({ranking.ranks[name]:.2f})"
            for name, ranking in zip(names, (first, second), strict=True)
        ]
        yield Flip("leader", *where, "best average rank", told[0], told[1]), names[0] != names[1]
    if first.iman_davenport is not None and second.iman_davenport is not None:
        tests = first.iman_davenport, second.iman_davenport
        words = ["shown" if test.rejects(ALPHA) else "not shown" for test in tests]
        told = [f"{w} ({_p(float(t.pvalue))})" for w, t in zip(words, tests, strict=True)]
        yield (
            Flip("omnibus", *where, "a difference between models", told[0], told[1]),
            words[0] != words[1],
        )
    yield from _pairs(old, new)
    if old.reference is None or old.reference != new.reference:
        return
    for target, forecast in old.forecasts.items():
        other = new.forecasts.get(target)
        if other is None:
            continue
        for model in forecast.against:
            if model not in other.against:
                continue
            said = [_against(f, model, str(old.reference)) for f in (forecast, other)]
            subject = f"{model} on {target} against {old.reference}"
            told = [f"{word} ({_p(p)})" for word, p in said]
            same = (
                forecast.of(model, str(old.reference))[:2]
                == other.of(model, str(new.reference))[:2]
            )
            yield (
                Flip("forecast", *where, subject, told[0], told[1], same),
                said[0][0] != said[1][0],
            )


def _pairs(old: Panel, new: Panel) -> Iterator[tuple[Flip, bool]]:
    """Pairs of models that the rank test separates, or does not."""
    if old.ranking.nemenyi is None or new.ranking.nemenyi is None:
        return
    shared = [m for m in old.ranking.models if m in new.ranking.models]
    for at, model in enumerate(shared):
        for other in shared[at + 1 :]:
            said = []
            for ranking in (old.ranking, new.ranking):
                assert ranking.nemenyi is not None
                names = ranking.nemenyi.names
                p = float(ranking.nemenyi.pvalue[names.index(model), names.index(other)])
                ahead = min((model, other), key=lambda name: ranking.ranks[name])
                said.append((f"{ahead} better" if p <= ALPHA else "not separable", p))
            told = [f"{word} ({_p(p)})" for word, p in said]
            same = all(_same(old, new, name) for name in (model, other))
            flip = Flip(
                "pair", old.task, old.horizon, f"{model} and {other}", told[0], told[1], same
            )
            yield flip, said[0][0] != said[1][0]


def _same(old: Panel, new: Panel, model: str) -> bool:
    """Whether a model has the same scores on the same targets."""
    scores = [{t: panel.score(t, model) for t in panel.ranking.blocks} for panel in (old, new)]
    return scores[0] == scores[1]


def _against(forecast: Forecasts, model: str, reference: str) -> tuple[str, float]:
    p = forecast.against[model]
    if math.isnan(p):
        return "undefined", p
    if p > ALPHA:
        return "not told apart", p
    return ("better" if forecast.of(model, reference)[0] < 0 else "worse"), p


def _p(value: float) -> str:
    if math.isnan(value):
        return "p undefined"
    return f"p = {value:.3f}" if value >= 0.001 else f"p = {value:.1e}"


def _shifts(panels: list[tuple[Panel, Panel]]) -> tuple[tuple[Shift, ...], int]:
    found: list[Shift] = []
    n_scores = 0
    for old, new in panels:
        for model in old.models:
            if model not in new.models:
                continue
            targets = [t for t in old.targets if t in new.targets]
            pair = np.array([[p.score(t, model) for p in (old, new)] for t in targets])
            pair = pair.reshape(-1, 2)
            pair = pair[~np.isnan(pair).any(axis=1)]
            if not len(pair):
                continue
            n_scores += 1
            if (pair[:, 0] == pair[:, 1]).all():
                continue
            gain = pair[:, 1] - pair[:, 0] if old.higher_is_better else pair[:, 0] - pair[:, 1]
            found.append(
                Shift(
                    old.task,
                    old.horizon,
                    old.metric,
                    model,
                    float(pair[:, 0].mean()),
                    float(pair[:, 1].mean()),
                    old.higher_is_better,
                    len(pair),
                    int((gain > 0).sum()),
                    int((gain < 0).sum()),
                    _signed_rank(pair),
                )
            )
    raw = np.array([shift.pvalue for shift in found])
    known = ~np.isnan(raw)
    if known.any():
        raw[known] = stats.holm(raw[known])
    adjusted = [replace(shift, pvalue=float(p)) for shift, p in zip(found, raw, strict=True)]
    ordered = sorted(adjusted, key=lambda s: -abs(s.percent) if s.before else -math.inf)
    return tuple(ordered), n_scores


def _signed_rank(pair: FloatArray) -> float:
    """Wilcoxon's test of the scores before and after; nan on too few targets."""
    if len(pair) < _FEWEST:
        return math.nan
    scores = stats.Scores(
        values=pair,
        models=("before", "after"),
        blocks=tuple(range(len(pair))),
        higher_is_better=False,
        declared=True,
    )
    return float(quiet(lambda: stats.wilcoxon(scores)).pvalue[0, 1])
