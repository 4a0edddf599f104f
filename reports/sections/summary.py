"""What can be claimed from the comparison, and what cannot, in plain words."""

from __future__ import annotations

import math

from reports.document import (
    Anchor,
    Block,
    Column,
    Entry,
    Facts,
    Inline,
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
    blocks += [Paragraph(told) for told in _overall(findings)]
    blocks.append(_verdicts(findings))
    blocks.append(Paragraph(_limits(findings)))
    if len(findings.panels) > 1:
        blocks.append(_glance(findings))
    return Section("summary", "Summary", tuple(blocks))


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


def _overall(findings: Findings) -> list[tuple[Inline, ...]]:
    """Who leads how often, and how far ahead of the reference, in two sentences."""
    panels = [panel for panel in findings.panels if panel.ranking.tested]
    if not panels:
        return [("No panel has enough complete results for a rank test.",)]
    led: dict[str, int] = {}
    alone = undecided = 0
    for panel in panels:
        best = panel.ranking.models[0]
        led[best] = led.get(best, 0) + 1
        differ = panel.ranking.iman_davenport is not None and bool(
            panel.ranking.iman_davenport.rejects(ALPHA)
        )
        undecided += not differ
        near = sum(panel.ranking.near_best(model) for model in panel.ranking.models)
        alone += differ and near == 1
    what = "combination of task and horizon", "combinations of task and horizon"
    parts: list[Inline] = ["The best average rank belongs to "]
    for i, (model, times) in enumerate(sorted(led.items(), key=lambda item: -item[1])[:6]):
        parts += [", " if i else "", Model(model), f" in {times}" if len(panels) > 1 else ""]
    parts.append(f" of {plural(len(panels), *what)}" if len(panels) > 1 else "")
    parts.append(
        f"; it is significantly better than every other model in {alone or 'none'}"
        if len(panels) > 1
        else "; it is significantly better than every other model"
        if alone
        else "; it is not significantly better than every other model"
    )
    parts.append(
        f", and no difference at all is shown in {undecided}." if undecided else " (Nemenyi)."
    )
    told = [tuple(parts)]
    better = like = worse = 0
    for panel in findings.panels:
        if panel.reference is None or not panel.ranking.models:
            continue
        counts = panel.verdicts(panel.ranking.models[0])
        better, like, worse = better + counts[0], like + counts[1], worse + counts[2]
    if better + like + worse:
        told.append(
            (
                f"Origin by origin, {'these leaders' if len(panels) > 1 else 'this model'} forecast"
                f"{'' if len(panels) > 1 else 's'} significantly better than the reference on "
                f"{better}, not told apart from it on {like} and worse on {worse} of "
                f"{plural(better + like + worse, 'series', 'series')} "
                "(target × task × horizon; Diebold–Mariano, Holm).",
            )
        )
    return told


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
    if best == panel.reference:
        return [*entries, word("reference", tone="quiet"), blank(), blank()]
    skill = panel.skill(best)
    low, high = panel.skill_interval(best)
    better, like, worse = panel.verdicts(best)
    to = f"dm-{panel.key}"
    return [
        *entries,
        number(skill, percent(skill)) if math.isfinite(skill) else blank(),
        word(f"{percent(low)} to {percent(high)}") if math.isfinite(low) else blank(),
        word(f"{better} · {like} · {worse}", to=to) if better + like + worse else blank(),
    ]


def _limits(findings: Findings) -> tuple[Inline, ...]:
    blocks = sorted({len(p.ranking.blocks) for p in findings.panels})
    told = " to ".join(count(b) for b in dict.fromkeys([blocks[0], blocks[-1]]))
    text = (
        f"Each comparison rests on {told} blocks. Not being separable is no proof of being equal: "
        "with more blocks the same difference may become significant. Average ranks, and with "
        "them the verdicts of rank tests, depend on which models take part. "
    )
    if findings.evidence:
        if len(findings.panels) > 1:
            text += (
                f"{len(findings.panels)} panels were each tested at α = {ALPHA} without adjustment "
                "over panels. "
            )
        text += (
            "Targets of one region are not independent: read single borderline verdicts with care. "
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
