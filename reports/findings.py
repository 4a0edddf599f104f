"""Every number of a report, computed once from the evidence."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

import stats
from reports.evidence import Evidence, EvidenceError
from reports.losses import LossTable
from stats.errors import StatsWarning
from stats.figures import CLASSIC

if TYPE_CHECKING:
    import pandas as pd

    from stats.results import OmnibusResult, PairsResult

__all__ = [
    "ALPHA",
    "Cell",
    "Findings",
    "Forecasts",
    "Hole",
    "Panel",
    "Ranking",
    "findings",
    "ranking_of",
    "steps",
]

ALPHA = 0.05

FloatArray = NDArray[np.float64]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Cell:
    """One evaluated cell behind a number."""

    cell_id: str
    fold: int
    status: str
    value: float
    error: str = ""


@dataclass(frozen=True, slots=True)
class Hole:
    """A model without a complete result on a target."""

    model: str
    target: str
    reason: str


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


@dataclass(frozen=True, eq=False)
class Forecasts:
    """Diebold-Mariano tests of one target: all pairs, Holm over pairs and over the reference's.

    Parameters
    ----------
    statistic, pvalue, holm : [i, j] compares model i with model j; below 0 where i is better
    against : adjusted p-value of each model against the reference, in a family of its own
    n_times : origins of the pooled test folds
    """

    target: str
    models: tuple[str, ...]
    n_times: int
    statistic: FloatArray
    pvalue: FloatArray
    holm: FloatArray
    against: Mapping[str, float]
    mean_loss: Mapping[str, float]
    notes: tuple[str, ...] = ()
    variance: str = ""

    def of(self, model: str, other: str) -> tuple[float, float, float]:
        """Statistic, p-value and Holm-adjusted p-value over all pairs."""
        i, j = self.models.index(model), self.models.index(other)
        return float(self.statistic[i, j]), float(self.pvalue[i, j]), float(self.holm[i, j])


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
        if self.reference is None or self.higher_is_better:
            return float("nan")
        base = self.mean(self.reference)
        return 1.0 - self.mean(model) / base if base > 0 else float("nan")

    def skill_interval(self, model: str) -> tuple[float, float]:
        """95 % percentile interval of the skill from resampled targets, always the same draws."""
        nothing = (float("nan"), float("nan"))
        rows = [self.targets.index(target) for target in self.ranking.blocks]
        if self.reference is None or self.higher_is_better or len(rows) < 5:
            return nothing
        pair = self.scores[np.ix_(rows, [self.models.index(m) for m in (model, self.reference)])]
        drawn = np.random.default_rng(0).integers(0, len(rows), size=(2000, len(rows)))
        mean = pair[drawn].mean(axis=1)
        if not (mean[:, 1] > 0).all():
            return nothing
        low, high = np.quantile(1.0 - mean[:, 0] / mean[:, 1], [0.025, 0.975])
        return float(low), float(high)

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


@dataclass(frozen=True, eq=False)
class Findings:
    """All panels, with the evidence they come from."""

    evidence: Evidence | None
    panels: tuple[Panel, ...]
    families: Mapping[str, str]
    title: str

    @property
    def manifest(self) -> Mapping[str, Any]:
        """The run's facts; empty when scores came without a run."""
        return self.evidence.manifest if self.evidence else {}

    @property
    def checks(self) -> tuple[Mapping[str, Any], ...]:
        """Findings of the automatic checks."""
        return self.evidence.checks if self.evidence else ()

    @cached_property
    def models(self) -> tuple[str, ...]:
        """Every model of any panel, sorted."""
        return tuple(sorted({model for panel in self.panels for model in panel.models}))

    @cached_property
    def targets(self) -> tuple[str, ...]:
        """Every block of any panel, in order of first appearance."""
        return tuple(dict.fromkeys(target for panel in self.panels for target in panel.targets))

    @property
    def unit(self) -> str:
        """What a block of the rank tests is called."""
        return "target" if self.evidence else "block"

    @property
    def tasks(self) -> tuple[str, ...]:
        """Tasks in the order of the panels."""
        return tuple(dict.fromkeys(panel.task for panel in self.panels))

    @property
    def horizons(self) -> tuple[int, ...]:
        """Horizons in increasing order."""
        return tuple(sorted({p.horizon for p in self.panels if p.horizon is not None}))

    @cached_property
    def keys(self) -> Mapping[str, str]:
        """A short key for each model: names are never used as identifiers."""
        return {model: str(i) for i, model in enumerate(self.models)}


def findings(source: Evidence | pd.DataFrame, *, higher_is_better: bool = False) -> Findings:
    """All comparisons of a run, or of a table of scores (rows are blocks, columns are models)."""
    if isinstance(source, Evidence):
        return _of_run(source)
    return _of_scores(source, higher_is_better)


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


def _of_scores(table: Any, higher_is_better: bool) -> Findings:
    scores = stats.Scores.of(table, higher_is_better=higher_is_better or None)
    values = np.array(scores.values)
    targets = tuple(_text(block) for block in scores.blocks)
    holes = tuple(
        Hole(scores.models[j], targets[i], "no score") for i, j in np.argwhere(np.isnan(values))
    )
    panel = Panel(
        task="all scores",
        horizon=None,
        metric="score",
        higher_is_better=scores.higher_is_better,
        models=scores.models,
        targets=targets,
        scores=values,
        cells={},
        holes=holes,
        ranking=ranking_of(scores.models, targets, values, scores.higher_is_better),
        reference=None,
        forecasts={},
        seconds={},
    )
    return Findings(None, (panel,), {m: m for m in scores.models}, "Comparison of models")


def _text(label: object) -> str:
    return " / ".join(map(str, label)) if isinstance(label, tuple) else str(label)


def _of_run(evidence: Evidence) -> Findings:
    runs = evidence.runs
    if not len(runs):
        raise EvidenceError("the run holds no cells; a report needs at least one")
    primary = evidence.manifest.get("primary", {})
    block = runs["target"].astype(str)
    if runs["dataset"].nunique() > 1:
        block = runs["dataset"].astype(str) + "/" + block
    runs = runs.assign(block=block, variant=runs["variant"].astype(str))
    losses = LossTable(evidence.predictions, runs, primary)
    values = _values(evidence.scores, runs, primary)
    order = {task: i for i, task in enumerate(dict.fromkeys(["continuous", "binary", *primary]))}
    axes = {
        (str(task), int(horizon))
        for task, horizon in zip(runs["task"], runs["horizon"], strict=True)
    }
    panels = []
    for task, horizon in sorted(axes, key=lambda axis: (order.get(axis[0], len(order)), axis)):
        part = runs[(runs["task"] == task) & (runs["horizon"] == horizon)]
        panels.append(_panel(evidence, task, horizon, part, values, losses))
    pairs = runs.drop_duplicates("variant")
    families = dict(zip(pairs["variant"], pairs["model"].astype(str), strict=True))
    name = str(evidence.manifest.get("experiment", "run"))
    return Findings(evidence, tuple(panels), families, name)


def _values(
    scores: pd.DataFrame, runs: pd.DataFrame, primary: Mapping[str, str]
) -> dict[str, tuple[float, str]]:
    """Primary score and direction of each cell; nan where the metric is undefined."""
    task = dict(zip(runs["cell_id"].astype(str), runs["task"], strict=True))
    missing = sorted({str(t) for t in runs["task"].unique()} - set(primary))
    if missing:
        raise EvidenceError(
            f"manifest.json names no primary metric for task {missing[0]!r}; "
            f"it has {', '.join(sorted(primary)) or 'none'}"
        )
    keep = scores[scores["metric"].isin(set(primary.values()))]
    out: dict[str, tuple[float, str]] = {}
    for cell, metric, value, direction, defined in zip(
        keep["cell_id"].astype(str),
        keep["metric"],
        keep["value"],
        keep["direction"],
        keep["defined"],
        strict=True,
    ):
        if cell in task and primary[task[cell]] == metric:
            out[cell] = (float(value) if defined else float("nan"), str(direction))
    return out


def _panel(
    evidence: Evidence,
    task: str,
    horizon: int,
    part: pd.DataFrame,
    values: Mapping[str, tuple[float, str]],
    losses: LossTable,
) -> Panel:
    models = tuple(sorted(part["variant"].unique()))
    targets = tuple(dict.fromkeys(part["block"]))
    folds = sorted(int(fold) for fold in part["fold"].unique())
    directions = {values[cell][1] for cell in part["cell_id"].astype(str) if cell in values}
    cells: dict[tuple[str, str], list[Cell]] = {}
    columns = ("cell_id", "fold", "status", "error_type", "error_message", "block", "variant")
    rows = part.sort_values(["fold", "seed"], kind="stable")
    for cell_id, fold, status, kind, message, block, variant in zip(
        *(rows[column].tolist() for column in columns), strict=True
    ):
        error = f"{kind}: {message}" if status != "ok" else ""
        value = values.get(str(cell_id), (float("nan"), ""))[0]
        cell = Cell(str(cell_id), int(fold), str(status), value, error)
        cells.setdefault((str(block), str(variant)), []).append(cell)
    table = np.full((len(targets), len(models)), np.nan)
    holes = []
    for i, target in enumerate(targets):
        for j, model in enumerate(models):
            mine = cells.get((target, model), [])
            reason = _hole(mine, folds)
            if reason:
                holes.append(Hole(model, target, reason))
            else:
                # Folds weigh alike, whatever the number of seeds in each.
                means = [np.mean([c.value for c in mine if c.fold == fold]) for fold in folds]
                table[i, j] = np.mean(means)
    higher = directions == {"higher"}
    ranking = ranking_of(models, targets, table, higher)
    reference = _reference(evidence.manifest, task, models, ranking)
    forecasts = {
        target: forecast
        for target in targets
        if (
            forecast := _forecasts(
                target,
                horizon,
                {
                    model: cells[target, model]
                    for model in models
                    if not np.isnan(table[targets.index(target), models.index(model)])
                },
                losses,
                reference,
            )
        )
    }
    seconds = part.groupby("variant")[["fit_seconds", "predict_seconds"]].sum().sum(axis=1)
    return Panel(
        task=task,
        horizon=horizon,
        metric=str(evidence.manifest["primary"][task]),
        higher_is_better=higher,
        models=models,
        targets=targets,
        scores=table,
        cells={key: tuple(found) for key, found in cells.items()},
        holes=tuple(holes),
        ranking=ranking,
        reference=reference,
        forecasts=forecasts,
        seconds={str(model): float(value) for model, value in seconds.items()},
    )


def _hole(cells: Sequence[Cell], folds: Sequence[int]) -> str:
    if not cells:
        return "not part of the run"
    for cell in cells:
        if cell.status != "ok":
            return f"fold {cell.fold} {cell.status}: {cell.error}"
    absent = sorted(set(folds) - {cell.fold for cell in cells})
    if absent:
        return f"fold {absent[0]} is missing"
    undefined = [cell.fold for cell in cells if not np.isfinite(cell.value)]
    return f"metric undefined in fold {undefined[0]}" if undefined else ""


def _reference(
    manifest: Mapping[str, Any], task: str, models: Sequence[str], ranking: Ranking
) -> str | None:
    asked = manifest.get("reference")
    if isinstance(asked, Mapping):
        asked = asked.get(task)
    if asked in models:
        return str(asked)
    baselines = ("climatology", "prior", "seasonal_naive", "naive", "drift")
    return next((name for name in baselines if name in ranking.models), None)


def ranking_of(
    models: Sequence[str], targets: Sequence[str], values: FloatArray, higher: bool
) -> Ranking:
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
        friedman, iman_davenport, nemenyi = _quiet(
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


def _forecasts(
    target: str,
    horizon: int,
    cells: Mapping[str, Sequence[Cell]],
    losses: LossTable,
    reference: str | None,
) -> Forecasts | None:
    if len(cells) < 2:
        return None
    models = tuple(cells)
    table = losses.paired(
        {model: [(cell.fold, cell.cell_id) for cell in found] for model, found in cells.items()}
    )
    whole = np.isfinite(table).all(axis=1)
    if whole.sum() <= max(horizon, 2):
        return None
    # Times without a loss keep their place: distances in time count for the variance.
    missing: Literal["raise", "drop_times"] = "raise" if whole.all() else "drop_times"
    result = _quiet(
        lambda: stats.diebold_mariano(
            stats.Losses(values=table, models=models, times=tuple(range(len(table)))),
            horizon=horizon,
            missing=missing,
        )
    )
    statistic, pvalue = np.asarray(result.statistic), np.asarray(result.pvalue)
    holm = np.asarray(result.adjusted("holm").pvalue)
    k = len(models)
    against: dict[str, float] = {}
    if reference in models:
        others = [j for j in range(k) if models[j] != reference]
        adjusted = _holm(pvalue[others, models.index(str(reference))])
        against = {models[j]: float(p) for j, p in zip(others, adjusted, strict=True)}
    return Forecasts(
        target,
        models,
        int(whole.sum()),
        statistic,
        pvalue,
        holm,
        against,
        dict(zip(models, table[whole].mean(axis=0).tolist(), strict=True)),
        result.notes,
        result.estimators[0],
    )


def _quiet(compute: Callable[[], T]) -> T:
    """A result without its warnings: its notes say the same, and the report shows them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StatsWarning)
        return compute()


def _holm(pvalues: FloatArray) -> FloatArray:
    """Holm over the pairs that have a p-value; an undefined one leaves the family."""
    out = np.full(pvalues.shape, np.nan)
    known = ~np.isnan(pvalues)
    if known.any():
        out[known] = stats.holm(pvalues[known])
    return out
