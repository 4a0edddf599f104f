"""Rank comparison of each task and horizon: omnibus test, critical difference, groups."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import stats
from reports.document import Block, Details, Group, Inline, Model, Note, Paragraph, Picture, Section
from reports.findings import ALPHA, Findings, FloatArray, Panel
from reports.format import decimal, plural, pvalue
from reports.widths import picture
from stats.figures import (
    CLASSIC,
    MOST_COMPARED,
    Figure,
    comparison_matrix,
    critical_difference,
    fold_strips,
    intervals,
    stack,
    strips,
)
from stats.scores import mid_ranks

__all__ = ["section"]

# A matrix of all pairs in numbers is heavy: with more panels the page would pass a megabyte.
_FEW_PANELS = 4


def section(findings: Findings) -> Section:
    """One group per panel."""
    blocks: list[Block] = [
        Paragraph(
            (
                f"{_ranked(findings)} A bar joins models that the test "
                "does not separate: a filled dot on it is a member, an open dot is not. On "
                "screen, point at a model, or step to it with the Tab key, to see whom it can be "
                "told from.",
            )
        )
    ]
    blocks += [_group(panel, findings) for panel in findings.panels]
    return Section("ranks", "Rank comparison", tuple(blocks))


def _ranked(findings: Findings) -> str:
    if findings.evidence is None:
        return "Models are ranked within each block."
    return (
        "Within each target models are ranked by their primary score, folds averaged first; the "
        "target is the block of the tests."
    )


def _group(panel: Panel, findings: Findings) -> Group:
    ranking = panel.ranking
    blocks: list[Block] = []
    if not ranking.tested:
        blocks.append(Note((f"Not tested: {ranking.reason}.",), "warning"))
    else:
        blocks += _pictures(panel, findings)
    for note in _policy(panel):
        blocks.append(Note(note, "warning"))
    blocks += [Note((note,), "warning") for note in ranking.notes]
    return Group(
        f"ranks-{panel.key}",
        panel.title.capitalize(),
        tuple(blocks),
        task=panel.task if findings.evidence else "",
        horizon=panel.horizon,
    )


def _omnibus(panel: Panel) -> str:
    iman = panel.ranking.iman_davenport
    friedman = panel.ranking.friedman
    assert iman is not None
    assert friedman is not None
    df = ", ".join(f"{df:g}" for df in iman.df)
    verdict = (
        "the models differ"
        if iman.rejects(ALPHA)
        else "no difference between models is shown, so groups are descriptive only"
    )
    return (
        f"Iman–Davenport F({df}) = {decimal(iman.statistic, 2)}, {pvalue(iman.pvalue)}, "
        f"Kendall W = {decimal(friedman.effect, 2)}: {verdict}."
    )


def _caption(panel: Panel) -> str:
    ranking = panel.ranking
    assert ranking.friedman is not None
    return (
        f"Friedman χ² = {decimal(ranking.friedman.statistic, 1)}, "
        f"{pvalue(ranking.friedman.pvalue)}; Nemenyi, α = {ALPHA}, "
        f"k = {len(ranking.models)}, N = {plural(len(ranking.blocks), panel.unit)}"
    )


def _pictures(panel: Panel, findings: Findings) -> list[Block]:
    ranking = panel.ranking
    names = list(ranking.models)
    ranks = [ranking.ranks[name] for name in names]
    few = len(findings.panels) <= _FEW_PANELS
    place = f"{panel.metric}, {panel.title}"
    if len(names) <= CLASSIC:

        def diagram(width: float) -> Figure:
            return critical_difference(
                names,
                ranks,
                groups=ranking.groups,
                difference=ranking.difference,
                width=width,
                title=f"Critical difference diagram: {place}",
                caption=_caption(panel),
            )

        return [picture(f"cd-{panel.key}", diagram, _reading(panel)), *_more(panel, few=few)]
    families = {name: findings.families[name] for name in names}
    blocks: list[Block] = []
    two_level = _two_level(panel, families)
    if two_level is not None:
        layout, caption = two_level
        blocks.append(picture(f"cd-{panel.key}", layout, caption))

    def spans(width: float) -> Figure:
        return intervals(
            names,
            ranks,
            difference=ranking.difference,
            families=families if 1 < len(set(families.values())) < len(names) else None,
            width=width,
            title=f"Average rank of all models ± CD/2: {place}",
            caption=_caption(panel),
        )

    blocks.append(
        picture(
            f"mcb-{panel.key}",
            spans,
            (
                f"All {len(names)} models, average rank ± half the critical difference "
                f"(CD = {decimal(ranking.difference, 1)} ranks). Models whose interval does not "
                "touch the band differ from the best. " + _omnibus(panel),
            ),
        )
    )
    return [*blocks, *_more(panel, few=few)]


def _more(panel: Panel, *, few: bool) -> list[Block]:
    """All pairs in numbers, and how ranks move from fold to fold, folded away."""
    ranking = panel.ranking
    names = list(ranking.models)
    rows = [panel.targets.index(target) for target in ranking.blocks]
    kept = panel.scores[np.ix_(rows, [panel.models.index(name) for name in names])]
    blocks: list[Block] = []
    told: list[str] = []
    if ranking.nemenyi is not None and len(names) <= MOST_COMPARED and few:
        blocks.append(_matrix(panel, names, kept))
        told.append("all pairs in numbers")
    folds = sorted({cell.fold for cells in panel.cells.values() for cell in cells})
    if len(folds) > 1:
        blocks.append(_strips(panel, names, folds))
        told.append("ranks by fold")
    return [Details(" and ".join(told).capitalize(), tuple(blocks))] if blocks else []


def _matrix(panel: Panel, names: list[str], kept: FloatArray) -> Picture:
    nemenyi = panel.ranking.nemenyi
    assert nemenyi is not None
    order = [nemenyi.names.index(name) for name in names]
    better = kept[:, :, None] > kept[:, None, :]
    if not panel.higher_is_better:
        better = better.transpose(0, 2, 1)
    wins = better.sum(axis=0)
    ties = (kept[:, :, None] == kept[:, None, :]).sum(axis=0)

    def layout(width: float) -> Figure:
        return comparison_matrix(
            names,
            kept.mean(axis=0).tolist(),
            wins.tolist(),
            ties.tolist(),
            nemenyi.pvalue[np.ix_(order, order)].tolist(),
            alpha=ALPHA,
            score=f"mean {panel.metric}",
            width=width,
            title=f"All pairs in numbers: {panel.title}",
        )

    told = (
        f"Of each pair: difference of the mean {panel.metric}, {panel.unit}s won, tied and lost by "
        "the model of the row, and Nemenyi's p-value; tinted where it separates them."
    )
    return picture(f"pairs-{panel.key}", layout, (told,))


def _strips(panel: Panel, names: list[str], folds: list[int]) -> Picture:
    """Average ranks inside each fold, over the targets of the comparison."""
    ranks = np.full((len(names), len(folds)), np.nan)
    for at, fold in enumerate(folds):
        values = np.array(
            [
                [
                    np.mean([c.value for c in panel.cells[target, name] if c.fold == fold])
                    for name in names
                ]
                for target in panel.ranking.blocks
            ]
        )
        ranks[:, at] = mid_ranks(-values if panel.higher_is_better else values).mean(axis=0)

    def layout(width: float) -> Figure:
        return fold_strips(
            names,
            [str(fold) for fold in folds],
            ranks.tolist(),
            width=width,
            title=f"Average ranks by fold: {panel.title}",
        )

    told = "Average rank inside each fold. A row that changes its shade owes its place to a fold."
    return picture(f"folds-{panel.key}", layout, (told,), narrow_only=len(folds) <= 8)


def _two_level(
    panel: Panel, families: dict[str, str]
) -> tuple[Callable[[float], Figure], tuple[Inline, ...]] | None:
    """The best variant of each family ranked among themselves, over every variant by family."""
    ranking = panel.ranking
    champions: dict[str, str] = {}
    for name in ranking.models:
        champions.setdefault(families[name], name)
    if not 3 <= len(champions) <= CLASSIC:
        return None
    rows = [panel.targets.index(target) for target in ranking.blocks]
    names = tuple(champions.values())
    scores = stats.Scores(
        values=panel.scores[rows][:, [panel.models.index(name) for name in names]],
        models=names,
        blocks=ranking.blocks,
        higher_is_better=panel.higher_is_better,
        declared=True,
    )
    nemenyi = stats.nemenyi(scores)
    difference = float(stats.critical_difference(len(rows), len(names), alpha=ALPHA))

    def layout(width: float) -> Figure:
        upper = critical_difference(
            names,
            nemenyi.locations.tolist(),
            groups=nemenyi.groups(ALPHA),
            difference=difference,
            width=width,
            title=f"Best variant of each architecture, {panel.title}",
            caption=(
                f"Nemenyi among the best variants, α = {ALPHA}, k = {len(names)}, N = {len(rows)}"
            ),
        )
        lower = strips(
            list(ranking.models),
            [ranking.ranks[name] for name in ranking.models],
            difference=ranking.difference,
            families=families,
            width=width,
        )
        return stack(upper, lower, title=f"Two-level comparison: {panel.title}")

    return layout, (
        "Above: the best variant of each architecture, ranked among themselves. They were chosen "
        "after looking at these results, so differences between them are optimistic. Below: every "
        "variant, one dot each; filled dots are not separable from the best of all.",
    )


def _reading(panel: Panel) -> tuple[Inline, ...]:
    ranking = panel.ranking
    best = ranking.models[0]
    near = sum(ranking.near_best(name) for name in ranking.models) - 1
    return (
        f"{panel.title.capitalize()}, by {panel.metric}: best average rank ",
        Model(best),
        f", {near or 'none'} of the {len(ranking.models) - 1} others not separable from it. "
        + _omnibus(panel),
    )


def _policy(panel: Panel) -> list[tuple[Inline, ...]]:
    """What was left out, and by which rule."""
    ranking = panel.ranking
    notes: list[tuple[Inline, ...]] = []
    if ranking.excluded:
        shown: list[Inline] = []
        for i, name in enumerate(ranking.excluded[:6]):
            shown += [", " if i else "", Model(name)]
        more = len(ranking.excluded) - 6
        notes.append(
            (
                f"Not ranked, no complete result on any {panel.unit}: ",
                *shown,
                f" and {more} more." if more > 0 else ".",
            )
        )
    if ranking.left_out:
        notes.append(
            (
                f"{plural(len(ranking.left_out), panel.unit)} left out because a compared model "
                f"has no complete result there: {', '.join(ranking.left_out[:6])}"
                f"{', …' if len(ranking.left_out) > 6 else ''}. "
                "Averages over fewer folds are never used.",
            )
        )
    return notes
