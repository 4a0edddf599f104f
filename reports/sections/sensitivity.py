"""Whether the verdict hangs on a choice: how holes are treated, and who else takes part."""

from __future__ import annotations

import numpy as np

from reports.document import Column, Inline, Paragraph, Row, Section, Table
from reports.findings import Findings, Panel, ranking_of
from reports.format import blank, number, word

__all__ = ["section"]


def section(findings: Findings) -> Section | None:
    """One row per panel: the winner under other choices."""
    panels = [panel for panel in findings.panels if panel.ranking.tested]
    if not panels:
        return None
    run = findings.evidence is not None
    columns = [
        *([Column("Task", "text"), Column("Horizon")] if run else []),
        Column("Best by average rank", "text"),
        Column("Best by mean score", "text"),
        Column("Best by wins", "text"),
        Column("Best without models that have holes", "text"),
        Column("Flips", note="pairs whose verdict changes when one other model is left out"),
        Column("Pairs"),
    ]
    rows = []
    for panel in panels:
        best = panel.ranking.models[0]
        entries = []
        if run:
            assert panel.horizon is not None
            entries += [word(panel.task), number(panel.horizon, str(panel.horizon))]
        entries.append(word(best, model=best))
        for other in (_by_mean(panel), _by_wins(panel), _without_holes(panel)):
            if other is None:
                entries.append(blank("no complete model"))
            else:
                tone = "" if other == best else "worse"
                entries.append(word(other, model=other, tone=tone))
        flips, pairs = _flips(panel)
        entries.append(
            blank("not computed for so many models") if flips < 0 else number(flips, str(flips))
        )
        entries.append(number(pairs, str(pairs)))
        rows.append(
            Row(
                tuple(entries),
                task=panel.task if run else "",
                horizon=panel.horizon,
            )
        )
    caption: tuple[Inline, ...] = (
        "The winner of each panel under other choices; another winner is marked. Flips: pairs of "
        "models whose Nemenyi verdict changes when any one of the other models is left out.",
    )
    text = (
        "A result that changes with an arbitrary choice is a weak one. Targets with a hole are "
        "dropped in all other sections; here, models with a hole are dropped instead.",
    )
    return Section(
        "sensitivity",
        "Sensitivity",
        (Paragraph(text), Table("sensitivity", caption, tuple(columns), tuple(rows))),
    )


def _by_mean(panel: Panel) -> str:
    sign = -1.0 if panel.higher_is_better else 1.0
    return min(panel.ranking.models, key=lambda model: sign * panel.mean(model))


def _by_wins(panel: Panel) -> str:
    wins = panel.ranking.wins
    return max(panel.ranking.models, key=lambda model: wins[model])


def _without_holes(panel: Panel) -> str | None:
    whole = np.flatnonzero(~np.isnan(panel.scores).any(axis=0))
    if not whole.size:
        return None
    names = [panel.models[j] for j in whole]
    part = ranking_of(names, panel.targets, panel.scores[:, whole], panel.higher_is_better)
    return part.models[0]


def _flips(panel: Panel) -> tuple[int, int]:
    """Pairs whose verdict changes for some left-out third model, and all pairs."""
    ranking = panel.ranking
    k = len(ranking.models)
    pairs = k * (k - 1) // 2
    if not 4 <= k <= 40 or ranking.nemenyi is None:
        return (-1 if k > 40 else 0), pairs
    rows = [panel.targets.index(target) for target in ranking.blocks]
    names = list(ranking.nemenyi.names)
    base = ranking.nemenyi.separated()
    flipped = np.zeros((k, k), dtype=bool)
    for left_out in range(k):
        kept = [j for j in range(k) if j != left_out]
        columns = [panel.models.index(names[j]) for j in kept]
        part = ranking_of(
            [names[j] for j in kept],
            ranking.blocks,
            panel.scores[rows][:, columns],
            panel.higher_is_better,
        )
        if part.nemenyi is not None:
            at = np.ix_(kept, kept)
            flipped[at] |= part.nemenyi.separated() != base[at]
    return int(np.triu(flipped, 1).sum()), pairs
