"""Every number of a report, computed once from the evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

import stats
from reports.confidence import Confidence, Draws, confidence_of
from reports.evidence import Evidence
from reports.forecasts import Forecasts
from reports.joint import Joint, joint_of
from reports.panel import Cell, Hole, Panel, steps
from reports.ranking import ALPHA, FloatArray, Ranking, ranking_of
from reports.sensitivity import Choices, Variations, choices_of
from reports.tables import panels_of
from reports.worst import Drill, drills

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "ALPHA",
    "Cell",
    "Findings",
    "FloatArray",
    "Forecasts",
    "Hole",
    "Panel",
    "Ranking",
    "findings",
    "ranking_of",
    "steps",
]


@dataclass(frozen=True, eq=False)
class Findings:
    """All panels, with the evidence they come from."""

    evidence: Evidence | None
    panels: tuple[Panel, ...]
    families: Mapping[str, str]
    title: str
    asked: tuple[str, ...] = ()  # beginnings of identifiers of cells to be shown

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

    @cached_property
    def confidence(self) -> Mapping[str, Confidence]:
        """Model confidence sets of each panel that has forecasts, by its key."""
        draws = Draws()
        return {p.key: confidence_of(p, draws) for p in self.panels if p.forecasts}

    @cached_property
    def joint(self) -> Mapping[str, Joint]:
        """Tests over all horizons of each task that has several."""
        found = {task: joint_of([p for p in self.panels if p.task == task]) for task in self.tasks}
        return {task: joint for task, joint in found.items() if joint is not None}

    @cached_property
    def choices(self) -> Mapping[str, Choices]:
        """Who wins under other choices, of each panel with rank tests, by its key."""
        variations = Variations(self.evidence) if self.evidence else None
        return {p.key: choices_of(p, variations) for p in self.panels if p.ranking.tested}

    @cached_property
    def drills(self) -> tuple[Drill, ...]:
        """Cells shown origin by origin: those asked for, then the worst ones."""
        return drills(self, self.asked)

    @cached_property
    def untrained(self) -> frozenset[str]:
        """Models that fitted nothing: yardsticks, of which nobody expects to be good."""
        if self.evidence is None:
            return frozenset()
        runs = self.evidence.runs
        fitted = runs["fit_seconds"].notna().groupby(runs["variant"].astype(str)).any()
        done = (runs["status"] == "ok").groupby(runs["variant"].astype(str)).any()
        return frozenset(fitted.index[~fitted & done])

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


def findings(
    source: Evidence | pd.DataFrame, *, higher_is_better: bool = False, cells: Sequence[str] = ()
) -> Findings:
    """All comparisons of a run, or of a table of scores (rows are blocks, columns are models)."""
    if isinstance(source, Evidence):
        return _of_run(source, tuple(cells))
    return _of_scores(source, higher_is_better)


def _text(label: object) -> str:
    return " / ".join(map(str, label)) if isinstance(label, tuple) else str(label)


def _of_scores(table: Any, higher_is_better: bool) -> Findings:
    scores = stats.Scores.of(table, higher_is_better=higher_is_better or None)
    values = np.array(scores.values)
    targets = tuple(_text(block) for block in scores.blocks)
    if not values.size:
        raise stats.ScoresError(
            f"the table has {len(targets)} rows and {len(scores.models)} columns; a report needs "
            "at least one block and one model"
        )
    twice = next((target for i, target in enumerate(targets) if target in targets[:i]), None)
    if twice is not None:
        raise stats.ScoresError(
            f"two rows are named {twice!r}; average folds and seeds of a block first, or give "
            "every row a name of its own"
        )
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


def _of_run(evidence: Evidence, cells: tuple[str, ...]) -> Findings:
    runs = evidence.runs
    panels = panels_of(evidence)
    pairs = runs.drop_duplicates("variant")
    families = dict(zip(pairs["variant"].astype(str), pairs["model"].astype(str), strict=True))
    title = str(evidence.manifest.get("experiment", "run"))
    return Findings(evidence, panels, families, title, cells)
