"""What can be claimed from the comparison, and what cannot, in plain words."""

from __future__ import annotations

import math

from reports.document import (
    Anchor,
    Block,
    Column,
    Facts,
    Inline,
    Items,
    Model,
    Note,
    Paragraph,
    Row,
    Section,
    Strong,
    Table,
)
from reports.findings import ALPHA, Findings, Panel
from reports.format import blank, count, decimal, duration, number, percent, plural, pvalue, word

__all__ = ["section"]


def section(findings: Findings) -> Section:
    """Key numbers, one sentence per panel, and average ranks at a glance."""
    blocks: list[Block] = [Facts(_facts(findings))]
    counts = findings.manifest.get("counts", {})
    failed = int(counts.get("cells", 0)) - int(counts.get("ok", counts.get("cells", 0)))
    if failed:
        blocks.append(
            Note(
                (
                    Strong(f"{plural(failed, 'cell')} without a result. "),
                    "They are holes, never averaged over fewer folds: see ",
                    Anchor("checks and failures", "checks"),
                    ".",
                ),
                "warning",
            )
        )
    blocks.append(Items(tuple(_claim(panel) for panel in findings.panels)))
    blocks.append(Paragraph(_limits(findings)))
    if len(findings.panels) > 1:
        blocks.append(_glance(findings))
    return Section("summary", "Summary", tuple(blocks))


def _facts(findings: Findings) -> tuple[tuple[str, str], ...]:
    counts = findings.manifest.get("counts", {})
    facts = [
        (count(len(findings.models)), "models and variants"),
        (count(len(findings.targets)), "targets (blocks of the rank tests)"),
    ]
    if findings.evidence:
        facts.append((f"{len(findings.tasks)} × {len(findings.horizons)}", "tasks × horizons"))
        facts.append((count(counts.get("cells", 0)), "evaluated cells"))
        failed = int(counts.get("cells", 0)) - int(counts.get("ok", counts.get("cells", 0)))
        facts.append((count(failed), "cells without a result"))
        if "seconds" in findings.manifest:
            facts.append((duration(float(findings.manifest["seconds"])), "run time"))
    return tuple(facts)


def _claim(panel: Panel) -> tuple[Inline, ...]:
    """One panel's verdict: who leads, who cannot be told from it, and by how much it leads."""
    ranking = panel.ranking
    parts: list[Inline] = [Strong(f"{panel.title.capitalize()}: ")]
    if not ranking.models:
        return (*parts, f"not compared, {ranking.reason}.")
    best = ranking.models[0]
    parts += [
        Model(best),
        f" has the best average rank, {decimal(ranking.ranks[best], 2)} of {len(ranking.models)}",
    ]
    if not ranking.tested:
        return (*parts, f"; no test, {ranking.reason}.")
    assert ranking.iman_davenport is not None
    overall = ranking.iman_davenport.pvalue
    if not overall <= ALPHA:
        parts.append(
            f", but the models do not differ significantly (Iman–Davenport p {pvalue(overall)})."
        )
    else:
        near = [m for m in ranking.models if m != best and ranking.near_best(m)]
        if not near:
            parts.append("; every other model is significantly worse (Nemenyi).")
        elif len(near) <= 3:
            parts.append("; not separable from it: ")
            for i, model in enumerate(near):
                parts += [", " if i else "", Model(model)]
            parts.append(" (Nemenyi).")
        else:
            parts.append(f"; {len(near)} of the others are not separable from it (Nemenyi).")
    if panel.reference and panel.reference != best and panel.reference in ranking.models:
        saved = panel.skill(best)
        better, like, worse = panel.verdicts(best)
        total = better + like + worse
        if math.isfinite(saved):
            parts += [
                f" Its {panel.metric} is {percent(saved)[1:]} "
                f"{'below' if saved >= 0 else 'above'} that of ",
                Model(panel.reference),
            ]
            if total:
                parts.append(
                    f", significantly better on {better} and worse on {worse} of "
                    f"{plural(total, 'target')} (Diebold–Mariano, Holm)"
                )
            parts.append(".")
    elif panel.reference == best:
        parts.append(" That is the reference itself: no model has a better average rank.")
    return tuple(parts)


def _limits(findings: Findings) -> tuple[Inline, ...]:
    blocks = sorted({len(p.ranking.blocks) for p in findings.panels})
    told = " to ".join(count(b) for b in dict.fromkeys([blocks[0], blocks[-1]]))
    text = (
        f"Each comparison rests on {told} blocks. Not being separable is no proof of being equal: "
        "with more blocks the same difference may become significant. Average ranks, and with "
        "them the verdicts of rank tests, depend on which models take part. "
    )
    if findings.evidence:
        text += (
            f"{plural(len(findings.panels), 'panel')} were each tested at α = {ALPHA} without "
            "adjustment over panels, and targets of one region are not independent: read single "
            "borderline verdicts with care. "
        )
    return (
        Strong("What this cannot say. "),
        text,
        "Details: ",
        Anchor("rank comparison", "ranks"),
        *((", ", Anchor("forecast comparison", "forecasts")) if findings.evidence else ()),
        ", ",
        Anchor("methods", "methods"),
        ".",
    )


def _glance(findings: Findings) -> Table:
    """Average rank of every model in every panel."""
    columns = [Column("Model", "text")]
    columns += [
        Column(f"{p.task} {p.horizon}", note=f"average rank, {p.title}") for p in findings.panels
    ]
    columns.append(Column("Mean", note="mean of the average ranks shown"))
    rows: list[tuple[float, Row]] = []
    for model in findings.models:
        entries = [word(model, model=model)]
        ranks = []
        for panel in findings.panels:
            rank = panel.ranking.ranks.get(model)
            if rank is None:
                entries.append(blank("not ranked here"))
                continue
            ranks.append(rank / len(panel.ranking.models))
            tone = (
                "best"
                if model == panel.ranking.models[0]
                else "near"
                if panel.ranking.near_best(model)
                else ""
            )
            entries.append(number(rank, decimal(rank, 2), tone=tone, to=f"ranks-{panel.key}"))
        found = [e.value for e in entries[1:] if e.value is not None]
        mean = sum(found) / len(found) if found else float("nan")
        entries.append(number(mean, decimal(mean, 2)))
        place = sum(ranks) / len(ranks) if ranks else float("inf")
        rows.append((place, Row(tuple(entries), model=model)))
    rows.sort(key=lambda row: row[0])
    caption: tuple[Inline, ...] = (
        "Average rank by task and horizon (steps); 1 is best. ",
        Strong("Bold"),
        ": best of the column; shaded: not separable from it "
        f"(Nemenyi, α = {ALPHA}). A dash: not ranked there.",
    )
    shown = rows if len(rows) <= 60 else rows[:60]
    if len(rows) > len(shown):
        caption = (*caption, f" First 60 of {len(rows)} models.")
    return Table("average-ranks", caption, tuple(columns), tuple(row for _, row in shown))
