"""Single cells from near: forecasts against what happened around the worst origin."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from reports.document import (
    Block,
    Code,
    Column,
    Details,
    Entry,
    Paragraph,
    Row,
    Section,
    Table,
)
from reports.findings import Findings
from reports.format import blank, decimal, duration, number, score, word
from reports.losses import loss_name
from reports.sections.leaderboard import place_of
from reports.widths import picture
from reports.worst import Drill
from stats.figures import Figure, course

__all__ = ["section"]


def section(findings: Findings) -> Section | None:
    """A table of the cells shown, and each of them folded away; nothing without predictions."""
    drills = findings.drills
    if not drills:
        return None
    told = (
        "For each task and horizon the cell (one target and fold) in which the leader lost most "
        "against the reference, and for each task the worst cell of any other trained model: "
        "where a model fails says more than its mean. Any other cell is shown by ",
        Code("python -m bench report --cell ID"),
        ", with an identifier from the ",
        Code("Cells"),
        " tables of the lineage.",
    )
    blocks: list[Block] = [Paragraph(told), _table(findings, drills)]
    blocks += [
        Details(
            _title(drill),
            tuple(_drill(findings, drill)),
            drill.panel.task,
            drill.panel.horizon,
            drill.target,
        )
        for drill in drills
    ]
    return Section("cells", "Cells from near", tuple(blocks))


def _title(drill: Drill) -> str:
    return f"{drill.panel.title}: {drill.model} on {drill.target}, fold {drill.facts['fold']}"


def _table(findings: Findings, drills: tuple[Drill, ...]) -> Table:
    columns = (
        Column("Task", "text"),
        Column("Horizon"),
        Column("Model", "text"),
        Column("Target", "text"),
        Column("Fold"),
        Column("Why", "text"),
        Column("Score"),
        Column("Reference", note="score of the reference in the same cell"),
        Column("Fit", note="seconds, as measured when it was computed"),
        Column("Peak memory", note="MB"),
        Column("Cell", "text"),
    )
    rows = []
    for drill in drills:
        panel = drill.panel
        assert panel.horizon is not None
        value, other = drill.scores.get(panel.metric, (math.nan, math.nan))
        rows.append(
            Row(
                (
                    word(panel.task),
                    number(panel.horizon, str(panel.horizon)),
                    word(drill.model, model=drill.model),
                    word(drill.target),
                    number(drill.facts["fold"], str(drill.facts["fold"])),
                    word(drill.why),
                    number(value, score(value)),
                    number(other, score(other)) if math.isfinite(other) else blank(),
                    _seconds(drill.facts["fit_seconds"]),
                    _megabytes(drill.facts["peak_mb"]),
                    Entry(
                        drill.cell_id,
                        tone="code",
                        to=place_of(panel, findings, drill.target, drill.model),
                    ),
                ),
                model=drill.model,
                task=panel.task,
                horizon=panel.horizon,
                target=drill.target,
            )
        )
    return Table("cells", ("Cells shown below.",), columns, tuple(rows))


def _seconds(value: Any) -> Entry:
    return number(value, duration(value)) if _known(value) else word("fits nothing", tone="quiet")


def _megabytes(value: Any) -> Entry:
    return number(value, decimal(value, 0)) if _known(value) else blank()


def _known(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and math.isfinite(value)


def _drill(findings: Findings, drill: Drill) -> list[Block]:
    panel = drill.panel
    numbers = math.isnan(drill.level)
    forecasts = {drill.model: drill.forecast.tolist()}
    if drill.against:
        forecasts[drill.against] = drill.other.tolist()

    def layout(width: float) -> Figure:
        return course(
            drill.times,
            forecasts,
            observed=drill.truth.tolist() if numbers else None,
            marked=drill.worst,
            level=None if numbers else drill.level,
            unit=drill.target if numbers else "probability given to what happened",
            width=width,
            title=f"Around the worst origin: {_title(drill)}",
        )

    ahead = "1 step" if panel.horizon == 1 else f"{panel.horizon} steps"
    caption = f"Forecasts for {ahead} ahead, by the origin they were made at"
    caption += (
        "; observed is what came then"
        if numbers
        else "; dashed across: what a guess among all classes gives"
    )
    name = f"cell-{drill.cell_id[:16]}"
    return [
        picture(name, layout, (f"{caption}. Marked: the origin with the largest loss.",)),
        _origins(drill, numbers),
        _scores(drill),
        Paragraph(
            (
                *(("Parameters: ", Code(_parameters(drill.facts["parameters"])), ". ")),
                f"Seed {drill.facts['seed']}; fit {_text(_seconds(drill.facts['fit_seconds']))}, "
                f"predict {_text(_seconds(drill.facts['predict_seconds']))}, peak memory "
                f"{_text(_megabytes(drill.facts['peak_mb']))} MB. ",
                Code(f"python -m bench explain {drill.cell_id}"),
                " tells how it was computed, ",
                Code(f"python -m bench lineage {drill.cell_id}"),
                " from what.",
            )
        ),
    ]


def _text(entry: Entry) -> str:
    return entry.text


def _parameters(parameters: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}={value}" for key, value in parameters.items()) or "none set"


def _origins(drill: Drill, numbers: bool) -> Table:
    beside = [Column(drill.against), Column(f"its {_LOSS}")] if drill.against else []
    columns = (
        Column("Origin", "text"),
        Column("Observed" if numbers else "Class"),
        Column(drill.model),
        Column(_LOSS, note=loss_name(drill.panel.task, drill.panel.metric)),
        *beside,
    )
    rows = []
    for time, truth, said, other, loss, other_loss in drill.listed:
        entries = [
            word(time),
            number(truth, score(truth) if numbers else decimal(truth, 0)),
            number(said, score(said)),
            number(loss, score(loss)),
        ]
        if drill.against:
            entries += [number(other, score(other)), number(other_loss, score(other_loss))]
        rows.append(Row(tuple(entries)))
    caption = "The worst origins" + ("." if numbers else ": probability given to what happened.")
    name = f"origins-{drill.cell_id[:16]}"
    return Table(name, (caption,), columns, tuple(rows), sortable=False)


_LOSS = "loss"


def _scores(drill: Drill) -> Table:
    shown = {name: both for name, both in drill.scores.items() if math.isfinite(both[0])}
    columns = (Column("Model", "text"), *(Column(name) for name in shown))
    rows = [
        Row(
            (
                word(drill.model, model=drill.model),
                *(number(mine, score(mine)) for mine, _ in shown.values()),
            ),
            model=drill.model,
        )
    ]
    if drill.against:
        rows.append(
            Row(
                (
                    word(drill.against, model=drill.against),
                    *(number(other, score(other)) for _, other in shown.values()),
                ),
                model=drill.against,
            )
        )
    name = f"scores-{drill.cell_id[:16]}"
    return Table(name, ("Every metric of the cell.",), columns, tuple(rows), sortable=False)
