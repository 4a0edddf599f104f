"""From the long tables of a run to one panel for each task and horizon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from reports.evidence import Evidence, EvidenceError
from reports.forecasts import forecasts_of
from reports.losses import LossTable
from reports.panel import Cell, Hole, Panel
from reports.ranking import Ranking, ranking_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["panels_of"]


def panels_of(evidence: Evidence) -> tuple[Panel, ...]:
    """One panel for each task and horizon of a run, in the order they are reported.

    Raises
    ------
    EvidenceError : the run is empty, or a task has no primary metric
    """
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
    return tuple(panels)


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
            forecast := forecasts_of(
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
