"""What can be claimed from the comparison, and what cannot, in plain words."""

from __future__ import annotations

import math

from reports.claims import claims, limits
from reports.document import (
    Anchor,
    Block,
    Column,
    Entry,
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
from reports.format import (
    blank,
    count,
    decimal,
    duration,
    number,
    percent,
    plural,
    probability,
    word,
)
from reports.trouble import failures, urgent

__all__ = ["section"]


def section(findings: Findings) -> Section:
    """Key numbers, what went wrong, what can be claimed and what not, and the evidence for it."""
    blocks: list[Block] = [Facts(_facts(findings)), *_trouble(findings)]
    if any(panel.ranking.tested for panel in findings.panels):
        can, cannot = claims(findings), limits(findings)
        blocks.append(Paragraph((Strong("What can be claimed. "), *_overall(findings))))
        if can:
            blocks.append(Items(can))
        blocks.append(Paragraph((Strong("What cannot be claimed."),)))
        blocks.append(Items(cannot))
    else:
        blocks.append(Paragraph(("No panel has enough complete results for a rank test.",)))
    blocks.append(_verdicts(findings))
    forecast = any(panel.forecasts for panel in findings.panels)
    more = (", ", Anchor("forecast comparison", "forecasts")) if forecast else ()
    links = (Anchor("rank comparison", "ranks"), *more, ", ", Anchor("methods", "methods"))
    blocks.append(Paragraph(("Details: ", *links, ".")))
    if len(findings.panels) > 1:
        blocks.append(_glance(findings))
    return Section("summary", "Summary", tuple(blocks))


def _trouble(findings: Findings) -> list[Block]:
    """Cells without a result and checks that a reader must know of before any number."""
    blocks: list[Block] = []
    causes = failures(findings)
    failed = sum(cause.cells for cause in causes)
    if failed:
        shown = "; ".join(f"{cause.cells} × {cause.text[:160]}" for cause in causes[:3])
        more = f"; and {plural(len(causes) - 3, 'other cause')}" if len(causes) > 3 else ""
        blocks.append(
            Note(
                (
                    Strong(f"{plural(failed, 'cell')} without a result. "),
                    f"{shown}{more}. They are holes, never averaged over fewer folds: see ",
                    Anchor("checks and failures", "checks"),
                    ".",
                ),
                "error",
            )
        )
    grave = [c for c in urgent(findings) if c.get("severity") == "error"]
    light = [c for c in urgent(findings) if c.get("severity") != "error"]
    for checks, word_, tone in ((grave, "error", "error"), (light, "warning", "warning")):
        if checks:
            kinds = ", ".join(dict.fromkeys(str(c.get("check", "")) for c in checks))
            blocks.append(
                Note(
                    (
                        Strong(f"{plural(len(checks), word_)} of the automatic checks: "),
                        f"{kinds}. See ",
                        Anchor("checks and failures", "checks"),
                        ".",
                    ),
                    tone,
                )
            )
    return blocks


def _facts(findings: Findings) -> tuple[tuple[str, str], ...]:
    counts = findings.manifest.get("counts", {})
    facts = [
        (count(len(findings.models)), "models and variants"),
        (count(len(findings.targets)), f"{findings.unit}s, the blocks of the rank tests"),
    ]
    if findings.evidence:
        facts.append((f"{len(findings.tasks)} × {len(findings.horizons)}", "tasks × horizons"))
        facts.append((count(counts.get("cells", 0)), "evaluated cells"))
        failed = int(counts.get("cells", 0)) - int(counts.get("ok", counts.get("cells", 0)))
        facts.append((count(failed), "cells without a result"))
        if "seconds" in findings.manifest:
            facts.append((duration(float(findings.manifest["seconds"])), "run time"))
    return tuple(facts)


def _overall(findings: Findings) -> tuple[Inline, ...]:
    """Who leads how often, in one sentence."""
    panels = [panel for panel in findings.panels if panel.ranking.tested]
    if len(panels) == 1 and findings.evidence is None:
        return (f"Over {plural(len(panels[0].ranking.blocks), 'block')}:",)
    led: dict[str, int] = {}
    alone = 0
    for panel in panels:
        best = panel.ranking.models[0]
        led[best] = led.get(best, 0) + 1
        near = sum(panel.ranking.near_best(model) for model in panel.ranking.models)
        found = panel.ranking.iman_davenport
        alone += near == 1 and found is not None and bool(found.rejects(ALPHA))
    what = "combination of task and horizon", "combinations of task and horizon"
    parts: list[Inline] = ["The best average rank belongs to "]
    for i, (model, times) in enumerate(sorted(led.items(), key=lambda item: -item[1])[:6]):
        parts += [", " if i else "", Model(model), f" in {times}"]
    parts.append(
        f" of {plural(len(panels), *what)}; it is significantly better than that of every other "
        f"model in {alone or 'none'} (Nemenyi, α = {ALPHA})."
    )
    return tuple(parts)


def _verdicts(findings: Findings) -> Table:
    """One row per panel: the leader, its rivals, and the size of its lead."""
    run = findings.evidence is not None
    columns = [
        *([Column("Task", "text"), Column("Horizon")] if run else []),
        Column("Best average rank", "text"),
        Column("Rank"),
        Column("Not separable from it", "text"),
        Column("p of all alike", note="Iman and Davenport"),
    ]
    if run:
        columns += [
            Column("Skill", note="share of the reference's score that the leader saves"),
            Column("95 % interval", note="bootstrap over targets", kind="text"),
            Column("DM ▲ · neither · ▼", "text", note="targets against the reference"),
        ]
    rows = []
    for panel in findings.panels:
        entries = []
        if run:
            assert panel.horizon is not None
            entries += [word(panel.task), number(panel.horizon, str(panel.horizon))]
        entries += _verdict(panel, run)
        rows.append(Row(tuple(entries), task=panel.task if run else "", horizon=panel.horizon))
    caption = "The leader of each comparison, and how sure its lead is."
    if run:
        caption += (
            " Skill: share of the reference's primary score that it saves, with a percentile "
            "interval from 2,000 resamples of the targets."
        )
    return Table("verdicts", (caption,), tuple(columns), tuple(rows))


def _verdict(panel: Panel, run: bool) -> list[Entry]:
    ranking = panel.ranking
    if not ranking.models:
        return [blank(ranking.reason)] * (7 if run else 4)
    best = ranking.models[0]
    rank = ranking.ranks[best]
    near = [m for m in ranking.models if m != best and ranking.near_best(m)]
    rivals = ", ".join(near) if len(near) <= 3 else f"{len(near)} of {len(ranking.models) - 1}"
    entries = [
        word(best, model=best),
        number(rank, decimal(rank, 2), to=f"ranks-{panel.key}"),
        word(rivals or "none") if ranking.tested else blank(ranking.reason),
    ]
    if ranking.iman_davenport is None:
        entries.append(blank(ranking.reason))
    else:
        p = ranking.iman_davenport.pvalue
        entries.append(number(p, probability(p)))
    if not run:
        return entries
    if panel.reference is None:
        return [*entries, blank(), blank(), blank()]
    if best == panel.reference:
        return [*entries, word("reference", tone="quiet"), blank(), blank()]
    assert panel.reference is not None
    saving = panel.saving(best, panel.reference)
    skill, low, high = saving.estimate, saving.low, saving.high
    better, like, worse = panel.verdicts(best)
    to = f"dm-{panel.key}"
    return [
        *entries,
        number(skill, percent(skill)) if math.isfinite(skill) else blank(),
        word(f"{percent(low)} to {percent(high)}") if math.isfinite(low) else blank(),
        word(f"{better} · {like} · {worse}", to=to) if better + like + worse else blank(),
    ]


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
