"""What the models cost: seconds of fitting and predicting against what they gain."""

from __future__ import annotations

import math

from reports.document import Block, Column, Row, Section, Table
from reports.findings import Findings
from reports.format import blank, decimal, duration, number, word
from reports.widths import picture
from stats.figures import Figure, trade_off

__all__ = ["section"]


def section(findings: Findings) -> Section | None:
    """Seconds and memory of each model over all its cells."""
    if findings.evidence is None:
        return None
    runs = findings.evidence.runs
    columns = (
        Column("Model", "text"),
        Column("Cells"),
        Column("Fit", note="sum over cells"),
        Column("Predict", note="sum over cells"),
        Column("Median fit per cell"),
        Column("Peak memory", note="largest of its cells, MB"),
        Column("Mean rank", note="mean of its average ranks over panels"),
    )
    ranks = {
        model: [p.ranking.ranks[model] for p in findings.panels if model in p.ranking.ranks]
        for model in findings.models
    }
    rows = []
    for model, part in runs.groupby(runs["variant"].astype(str), sort=True):
        fit, predict = float(part["fit_seconds"].sum()), float(part["predict_seconds"].sum())
        middle, peak = float(part["fit_seconds"].median()), float(part["peak_mb"].max())
        own = ranks[str(model)]
        mean = sum(own) / len(own) if own else math.nan
        rows.append(
            (
                -fit,
                Row(
                    (
                        word(str(model), model=str(model)),
                        number(len(part), str(len(part))),
                        number(fit, duration(fit)),
                        number(predict, duration(predict)),
                        number(middle, duration(middle)),
                        number(peak, decimal(peak, 0)) if math.isfinite(peak) else blank(),
                        number(mean, decimal(mean, 2)) if own else blank("not ranked"),
                    ),
                    model=str(model),
                ),
            )
        )
    rows.sort(key=lambda row: row[0])
    blocks: list[Block] = []
    timed = {
        model: float(part["fit_seconds"].sum() + part["predict_seconds"].sum()) / len(part)
        for model, part in runs.groupby(runs["variant"].astype(str), sort=True)
        if ranks[str(model)]
    }
    everywhere = [m for m in timed if len(ranks[m]) == len(findings.panels)]
    if len(everywhere) >= 2:
        some = {findings.families[model] for model in everywhere}
        families = findings.families if 1 < len(some) < len(everywhere) else None

        def layout(width: float) -> Figure:
            return trade_off(
                everywhere,
                [timed[model] for model in everywhere],
                [sum(ranks[model]) / len(ranks[model]) for model in everywhere],
                families=families,
                width=width,
            )

        told = "Seconds of one cell (fit and predict, mean) against the mean of the average ranks."
        blocks.append(picture("cost-accuracy", layout, (told,)))
    caption = "Seconds as measured when a cell was computed; cells from the cache keep theirs."
    blocks.append(Table("cost", (caption,), columns, tuple(row for _, row in rows)))
    return Section("cost", "Cost", tuple(blocks))
