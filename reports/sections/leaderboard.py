"""All models of all tasks and horizons in one table, best first, and their scores by target."""

from __future__ import annotations

import math

import numpy as np

from reports.document import Block, Column, Entry, Paragraph, Row, Section, Table
from reports.findings import Findings, Panel
from reports.format import blank, decimal, duration, number, percent, plural, score, word

__all__ = ["place_of", "section"]

# A table with more columns is no reading; the run keeps it as a file.
_MOST_TARGETS = 60


def section(findings: Findings) -> Section:
    """Two tables: standings, and primary scores by target."""
    run = findings.evidence is not None
    blocks: list[Block] = [_standings(findings, run)]
    if len(findings.targets) <= _MOST_TARGETS:
        blocks.append(_by_target(findings, run))
    else:
        text = f"Scores by {findings.unit} are left out: {plural(len(findings.targets), 'column')}."
        blocks.append(Paragraph((text,)))
    return Section("leaderboard", "Leaderboard", tuple(blocks))


def place_of(panel: Panel, findings: Findings, target: str, model: str) -> str:
    """Identifier of the lineage cell behind a number."""
    at = findings.panels.index(panel)
    return f"c{at}-{panel.targets.index(target)}-{findings.keys[model]}"


def _axes(panel: Panel, run: bool) -> list[Entry]:
    if not run:
        return []
    assert panel.horizon is not None
    return [word(panel.task), number(panel.horizon, str(panel.horizon))]


def _heads(run: bool) -> list[Column]:
    if not run:
        return []
    return [Column("Task", "text"), Column("Horizon", note="steps ahead")]


def _standings(findings: Findings, run: bool) -> Table:
    columns = [
        *_heads(run),
        Column("#", note="place by average rank"),
        Column("Model", "text"),
        Column("Avg rank", note=f"mean over {findings.unit}s of the rank, 1 = best"),
        Column("Wins", note=f"{findings.unit}s with the best score; ties are shared"),
    ]
    if run:
        columns += [
            Column("Score", note="mean primary score over the shared targets"),
            Column("Metric", "text"),
            Column("Skill", note="share of the reference's score that is saved"),
            Column("DM ▲", note="targets significantly better than the reference"),
            Column("DM ▼", note="targets significantly worse than the reference"),
            Column("MCS", note="targets whose 90 % model confidence set holds the model"),
            Column("Time", note="fit and predict, all cells of the panel"),
        ]
    else:
        columns.append(Column("Score", note="mean over the shared blocks"))
    rows = []
    for panel in findings.panels:
        for place, model in enumerate(panel.order):
            rows.append(
                Row(
                    tuple(_standing(findings, panel, place, model)),
                    model=model,
                    task=panel.task if run else "",
                    horizon=panel.horizon,
                    apart=place == 0,
                )
            )
    caption = (
        "Standings, best average rank first. Shaded models are not separable from the best of "
        "their panel (Nemenyi, α = 0.05). "
        + (
            "Skill and the Diebold–Mariano counts are against the reference; "
            "Holm within each target."
            if run
            else ""
        )
    )
    return Table("leaderboard", (caption,), tuple(columns), tuple(rows))


def _standing(findings: Findings, panel: Panel, place: int, model: str) -> list[Entry]:
    run = findings.evidence is not None
    ranking = panel.ranking
    ranked = model in ranking.ranks
    tone = "near" if ranked and ranking.near_best(model) else ""
    entries = _axes(panel, run)
    entries.append(number(place + 1, str(place + 1)) if ranked else blank("not ranked"))
    entries.append(word(model, model=model))
    if ranked:
        rank = ranking.ranks[model]
        to = _link(findings, "ranks", panel)
        entries.append(number(rank, decimal(rank, 2), tone=tone, to=to))
        wins = ranking.wins[model]
        entries.append(number(wins, decimal(wins, 0 if float(wins).is_integer() else 1)))
    else:
        reason = next((h.reason for h in panel.holes if h.model == model), "not compared")
        entries += [blank(reason), blank(reason)]
    mean = panel.mean(model) if ranked else math.nan
    entries.append(number(mean, score(mean)))
    if not run:
        return entries
    entries.append(word(panel.metric))
    if model == panel.reference:
        entries += [word("reference", tone="quiet"), blank(), blank()]
    elif panel.reference is None or not ranked:
        entries += [blank(), blank(), blank()]
    else:
        skill = panel.skill(model)
        entries.append(
            number(skill, percent(skill), tone="better" if skill > 0 else "worse")
            if math.isfinite(skill)
            else blank()
        )
        better, like, worse = panel.verdicts(model)
        if better + like + worse:
            to = _link(findings, "dm", panel)
            entries.append(number(better, str(better), tone="better" if better else "", to=to))
            entries.append(number(worse, str(worse), tone="worse" if worse else "", to=to))
        else:
            entries += [blank(), blank()]
    entries.append(_held(findings, panel, model))
    seconds = panel.seconds.get(model, math.nan)
    entries.append(number(seconds, duration(seconds)))
    return entries


def _held(findings: Findings, panel: Panel, model: str) -> Entry:
    confidence = findings.confidence.get(panel.key)
    if confidence is None or not confidence.compared(model):
        return blank()
    held = confidence.included(model)
    return number(held, str(held), to=_link(findings, "dm", panel))


def _link(findings: Findings, section: str, panel: Panel) -> str:
    """Where a number of the standings comes from; with one panel the section says it itself."""
    return f"{section}-{panel.key}" if len(findings.panels) > 1 else ""


def _by_target(findings: Findings, run: bool) -> Table:
    targets = findings.targets
    columns = [*_heads(run), Column("Model", "text")]
    columns += [Column(target, target=target) for target in targets]
    rows = []
    for panel in findings.panels:
        best = {target: _best(panel, row) for row, target in enumerate(panel.targets)}
        for place, model in enumerate(panel.order):
            entries = [*_axes(panel, run), word(model, model=model)]
            for target in targets:
                if target not in best:
                    entries.append(blank("not part of the run"))
                    continue
                value = panel.score(target, model)
                to = place_of(panel, findings, target, model) if run else ""
                if math.isnan(value):
                    reason = next(
                        (
                            hole.reason
                            for hole in panel.holes
                            if hole.model == model and hole.target == target
                        ),
                        "",
                    )
                    entries.append(Entry("hole", tone="hole", note=reason, to=to))
                else:
                    tone = "best" if value == best[target] else ""
                    entries.append(number(value, score(value), tone=tone, to=to))
            rows.append(
                Row(
                    tuple(entries),
                    model=model,
                    task=panel.task if run else "",
                    horizon=panel.horizon,
                    apart=place == 0,
                )
            )
    caption = (
        "Primary score by target, mean over folds; bold is the best of its panel. Each number "
        "leads to the cells it comes from."
        if run
        else "Score by block; bold is the best."
    )
    return Table("scores-by-target", (caption,), tuple(columns), tuple(rows))


def _best(panel: Panel, row: int) -> float:
    values = panel.scores[row]
    if np.isnan(values).all():
        return math.nan
    return float(np.nanmax(values) if panel.higher_is_better else np.nanmin(values))
