"""The cells in which a model lost most, and those somebody asks for, origin by origin."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from reports.evidence import EvidenceError
from reports.losses import losses_of
from reports.ranking import FloatArray

if TYPE_CHECKING:
    import pandas as pd

    from reports.findings import Findings
    from reports.panel import Cell, Panel

__all__ = ["Drill", "drills"]

_AROUND = 24  # steps before and after the worst origin
_LISTED = 5  # origins in the table
_MOST = 40  # cells that are chosen by themselves


@dataclass(frozen=True, eq=False)
class Drill:
    """One cell beside the reference's cell of the same question.

    Parameters
    ----------
    why : how it came to be chosen
    against : the model beside it; "" without a reference
    cell_id, facts : identifier, and what the run's table says of it
    scores : every metric of the cell, and the reference's value beside it, nan = undefined
    times, truth, forecast, other : the origins around the worst one, what happened, what the two
        models said: numbers in units of the target, or the probability of what happened
    worst : index of the worst origin
    level : probability that a guess gives to what happened; nan for numbers
    listed : the worst origins: time, truth, forecast, the other's, loss, the other's
    """

    panel: Panel
    target: str
    model: str
    against: str
    why: str
    cell_id: str
    facts: Mapping[str, Any]
    scores: Mapping[str, tuple[float, float]]
    times: tuple[str, ...]
    truth: FloatArray
    forecast: FloatArray
    other: FloatArray
    worst: int
    level: float
    listed: tuple[tuple[str, float, float, float, float, float], ...]


def drills(findings: Findings, asked: Sequence[str] = ()) -> tuple[Drill, ...]:
    """Cells asked for by the beginning of their identifier first, then the chosen ones.

    Raises
    ------
    EvidenceError : no cell, or several, begin with what was asked for
    """
    if findings.evidence is None:
        return ()
    found: list[Drill] = []
    source = _Source(findings)
    for panel, target, model, cell, why in [*_asked(findings, asked), *_chosen(findings)]:
        if any(cell.cell_id == drill.cell_id for drill in found):
            continue
        drill = source.drill(panel, target, model, cell, why)
        if drill is not None:
            found.append(drill)
    return tuple(found)


_Choice = tuple["Panel", str, str, "Cell", str]


def _asked(findings: Findings, asked: Sequence[str]) -> Iterator[_Choice]:
    every = {
        cell.cell_id: (panel, target, model, cell)
        for panel in findings.panels
        for (target, model), cells in panel.cells.items()
        for cell in cells
    }
    for begun in asked:
        matching = [cell_id for cell_id in every if cell_id.startswith(begun)]
        if len(matching) != 1:
            found = f"{len(matching)} cells begin" if matching else "no cell of the run begins"
            raise EvidenceError(
                f"{found} with {begun!r}; identifiers are in runs.parquet and in the report's "
                "lineage"
            )
        panel, target, model, cell = every[matching[0]]
        if cell.status != "ok":
            raise EvidenceError(f"cell {cell.cell_id} has no forecasts: {cell.error}")
        yield panel, target, model, cell, "asked for"


def _chosen(findings: Findings) -> Iterator[_Choice]:
    """Of each panel the leader's worst cell, and of each task the worst of a trained model."""
    told = 0
    trained = set(findings.models) - findings.untrained
    for task in findings.tasks:
        worst: tuple[float, _Choice] | None = None
        for panel in (panel for panel in findings.panels if panel.task == task):
            leader = next((m for m in panel.ranking.models if m != panel.reference), None)
            mine = max(_gaps(panel, {leader} if leader else set()), default=None, key=_size)
            if mine is not None and told < _MOST:
                told += 1
                yield *mine[1], "worst cell of the leader"
            theirs = max(_gaps(panel, trained - {leader}), default=None, key=_size)
            if theirs is not None and (worst is None or theirs[0] > worst[0]):
                worst = theirs[0], (*theirs[1], f"worst cell of a trained model in {task}")
        if worst is not None and told < _MOST:
            told += 1
            yield worst[1]


def _size(found: tuple[float, object]) -> float:
    return found[0]


def _gaps(
    panel: Panel, models: set[str] | set[str | None]
) -> Iterator[tuple[float, tuple[Panel, str, str, Cell]]]:
    """How much worse than the reference each cell is, as a share of the reference's score."""
    sign = -1.0 if panel.higher_is_better else 1.0
    for (target, model), cells in panel.cells.items():
        if model not in models:
            continue
        for cell in cells:
            beside = _beside(panel, target, cell.fold)
            value = beside.value if beside is not None else _middle(panel, target, cell.fold)
            if math.isfinite(cell.value) and math.isfinite(value):
                yield sign * (cell.value - value) / max(abs(value), 1e-12), (
                    panel, target, model, cell,
                )  # fmt: skip


def _beside(panel: Panel, target: str, fold: int) -> Cell | None:
    """The reference's cell of the same question."""
    mine = panel.cells.get((target, str(panel.reference)), ())
    return next((c for c in mine if c.fold == fold and c.status == "ok"), None)


def _middle(panel: Panel, target: str, fold: int) -> float:
    values = [
        cell.value
        for model in panel.models
        for cell in panel.cells.get((target, model), ())
        if cell.fold == fold and math.isfinite(cell.value)
    ]
    return float(np.median(values)) if values else math.nan


class _Source:
    """Rows of predictions, scores and runs by cell."""

    def __init__(self, findings: Findings) -> None:
        assert findings.evidence is not None
        self._evidence = findings.evidence
        category = self._evidence.predictions["cell_id"].astype("category").cat
        self._codes = category.codes.to_numpy()
        self._code = {str(name): i for i, name in enumerate(category.categories)}
        self._runs = self._evidence.runs.set_index(self._evidence.runs["cell_id"].astype(str))
        scores = self._evidence.scores
        self._scores = scores[scores["defined"].astype(bool).to_numpy()]
        self._names = self._scores["cell_id"].astype(str).to_numpy()

    def drill(self, panel: Panel, target: str, model: str, cell: Cell, why: str) -> Drill | None:
        """The cell and the reference's, on the origins that they share."""
        mine = self._rows(panel, cell.cell_id)
        if mine is None:
            return None
        beside = _beside(panel, target, cell.fold) if model != panel.reference else None
        theirs = self._rows(panel, beside.cell_id) if beside is not None else None
        joined = mine.assign(said_other=np.nan, loss_other=np.nan)
        if theirs is not None:
            beside_it = theirs.reindex(mine.index)
            joined = mine.assign(said_other=beside_it["said"], loss_other=beside_it["loss"])
        order = np.argsort(-joined["loss"].fillna(-np.inf).to_numpy(), kind="stable")
        worst = int(order[0])
        window = joined.iloc[max(0, worst - _AROUND) : worst + _AROUND + 1]
        form = _form(joined.index)
        listed = joined.iloc[order[:_LISTED]]
        columns = ("truth", "said", "said_other", "loss", "loss_other")
        numbers = [listed[column].to_numpy(dtype=float).tolist() for column in columns]
        return Drill(
            panel=panel,
            target=target,
            model=model,
            against="" if beside is None or theirs is None else str(panel.reference),
            why=why,
            cell_id=cell.cell_id,
            facts=self._facts(cell.cell_id),
            scores=self._both(cell.cell_id, "" if beside is None else beside.cell_id),
            times=tuple(form(time) for time in window.index),
            truth=window["truth"].to_numpy(),
            forecast=window["said"].to_numpy(),
            other=window["said_other"].to_numpy(),
            worst=worst - max(0, worst - _AROUND),
            level=float(joined["level"].iloc[0]),
            listed=tuple(zip(map(form, listed.index), *numbers, strict=True)),
        )

    def _rows(self, panel: Panel, cell_id: str) -> pd.DataFrame | None:
        """Truth, what was said, and loss, by origin in time order."""
        import pandas as pd

        at = np.flatnonzero(self._codes == self._code.get(cell_id, -2))
        if not len(at):
            return None
        rows = self._evidence.predictions.iloc[at].sort_values("origin")
        truth = rows["y_true"].to_numpy(dtype=float)
        said, level = rows["y_pred"].to_numpy(dtype=float), math.nan
        proba = _probabilities(rows)
        if panel.task != "continuous" and proba.shape[1]:
            known = np.isfinite(truth)
            place = np.where(known, truth, 0).astype(int)
            said = np.where(known, proba[np.arange(len(rows)), place], np.nan)
            level = 1.0 / proba.shape[1]
        loss = losses_of(panel.task, panel.metric, rows)
        frame = {"truth": truth, "said": said, "loss": loss, "level": level}
        return pd.DataFrame(frame, index=rows["origin"])

    def _facts(self, cell_id: str) -> dict[str, Any]:
        row = self._runs.loc[cell_id]
        names = ("fold", "seed", "fit_seconds", "predict_seconds", "peak_mb", "parameters")
        facts = {name: row[name] for name in (*names, "code_hash", "data_hash")}
        try:
            facts["parameters"] = json.loads(facts["parameters"] or "{}")
        except (TypeError, ValueError):
            facts["parameters"] = {}
        return facts

    def _both(self, cell_id: str, beside: str) -> dict[str, tuple[float, float]]:
        tables = []
        for wanted in (cell_id, beside):
            rows = self._scores[self._names == wanted]
            tables.append(dict(zip(rows["metric"].astype(str), rows["value"], strict=True)))
        mine, theirs = tables
        return {name: (float(v), float(theirs.get(name, math.nan))) for name, v in mine.items()}


def _probabilities(rows: pd.DataFrame) -> FloatArray:
    names = sorted(
        (name for name in rows.columns if name.startswith("p_") and name[2:].isdigit()),
        key=lambda name: int(name[2:]),
    )
    proba = rows[names].to_numpy(dtype=float)
    return proba[:, ~np.isnan(proba).all(axis=0)]


def _form(index: pd.Index) -> Any:
    """How times are told: to the minute, or to the day where no time of day says more."""
    import pandas as pd

    if not isinstance(index, pd.DatetimeIndex):
        return str
    days = (index == index.normalize()).all()
    return lambda time: time.strftime("%Y-%m-%d" if days else "%Y-%m-%d %H:%M")
