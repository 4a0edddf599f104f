"""What a comparison allows to be said in plain words, and what it does not."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

import stats
from reports.document import Anchor, Inline, Model, Strong
from reports.format import decimal, percent, plural, pvalue, score
from reports.ranking import ALPHA

if TYPE_CHECKING:
    from reports.findings import Findings
    from reports.panel import Estimate, Panel

__all__ = ["claims", "limits"]

Told: TypeAlias = tuple[Inline, ...]

_SHOWN = 4  # names in a sentence


def claims(findings: Findings) -> tuple[Told, ...]:
    """One statement for each task and leading model, with sizes of effect and intervals."""
    told: list[Told] = []
    for task in findings.tasks:
        panels = [p for p in findings.panels if p.task == task and p.ranking.models]
        by_leader: dict[str, list[Panel]] = {}
        for panel in panels:
            if panel.ranking.tested and _differ(panel):
                by_leader.setdefault(panel.ranking.models[0], []).append(panel)
        told += [_claim(findings, leader, mine) for leader, mine in by_leader.items()]
    return tuple(told)


def limits(findings: Findings) -> tuple[Told, ...]:
    """What stays open for each task, then what limits all of it."""
    told: list[Told] = []
    for task in findings.tasks:
        panels = [p for p in findings.panels if p.task == task and p.ranking.tested]
        told += _open(findings, panels)
    return (*told, *_general(findings))


def _differ(panel: Panel) -> bool:
    found = panel.ranking.iman_davenport
    return found is not None and bool(found.rejects(ALPHA))


def _claim(findings: Findings, leader: str, panels: Sequence[Panel]) -> Told:
    parts: list[Inline] = [*_subject(findings, panels[0]), Model(leader), " has the best average"]
    parts.append(f" rank{_at(panels)}")
    beaten = [
        name
        for name in panels[0].ranking.models
        if all(name in p.ranking.ranks and not p.ranking.near_best(name) for p in panels)
    ]
    if beaten:
        parts += [", significantly better than that of ", *_names(beaten)]
        parts.append(" each time" if len(panels) > 1 else "")
    reference = panels[0].reference
    if reference is None and len(panels[0].ranking.models) > 1:
        parts += _lead(panels[0], leader)
    elif reference is not None and leader != reference:
        parts += _against_reference(findings, leader, reference, panels)
    parts.append(".")
    return tuple(parts)


def _subject(findings: Findings, panel: Panel) -> list[Inline]:
    return [Strong(f"{panel.task.capitalize()}. ")] if findings.evidence else []


def _against_reference(
    findings: Findings, leader: str, reference: str, panels: Sequence[Panel]
) -> list[Inline]:
    savings = [(panel, panel.saving(leader, reference)) for panel in panels]
    known = [(panel, saving) for panel, saving in savings if math.isfinite(saving.estimate)]
    parts: list[Inline] = []
    for i, (panel, saving) in enumerate(known):
        if i == 0:
            parts += [f". It saves, of the {panel.metric} of ", Model(reference), ", "]
        else:
            parts.append(" and " if i == len(known) - 1 else ", ")
        parts.append(percent(saving.estimate).removeprefix("+") + _at([panel]))
        parts.append(_interval(saving, first=i == 0))
    counts = [panel.verdicts(leader) for panel in panels]
    if any(sum(count) for count in counts):
        better = _series([f"{count[0]}" for count in counts])
        total = sorted({sum(count) for count in counts})
        of = " to ".join(str(t) for t in dict.fromkeys([total[0], total[-1]]))
        worse = sum(count[2] for count in counts)
        parts.append(
            f". Origin by origin it forecasts significantly better on {better} of {of} targets"
            f" and worse on {worse or 'none'}"
        )
    joint = findings.joint.get(panels[0].task)
    if joint is not None and leader in joint.models:
        uniform = joint.count(leader, "better")
        average = uniform + joint.count(leader, "better on average")
        parts.append(
            f"; over all horizons together it is better on average on {average} of "
            f"{plural(len(joint.tests), 'target')}, and at every horizon on {uniform or 'none'}"
        )
    return parts


def _lead(panel: Panel, leader: str) -> list[Inline]:
    """How far ahead of the next model, in units of the score."""
    following = panel.ranking.models[1]
    lead = panel.lead(leader, following)
    if not math.isfinite(lead.estimate):
        return []
    word = "better" if lead.estimate >= 0 else "worse"
    return [
        f". Its mean score is {score(abs(lead.estimate))} {word} than that of the next, ",
        Model(following),
        _interval(lead, score) if word == "better" else "",
    ]


def _open(findings: Findings, panels: Sequence[Panel]) -> list[Told]:
    """Of one task: panels that show nothing, and rivals of each leader."""
    told: list[Told] = []
    by_leader: dict[str, list[Panel]] = {}
    for panel in panels:
        found = panel.ranking.iman_davenport
        assert found is not None
        if not _differ(panel):
            told.append(
                (
                    *_subject(findings, panel),
                    f"That any model is better than any other{_at([panel])}: no difference is "
                    f"shown ({pvalue(found.pvalue)}).",
                )
            )
        elif len(_near(panel)):
            by_leader.setdefault(panel.ranking.models[0], []).append(panel)
    for leader, mine in by_leader.items():
        parts: list[Inline] = [
            *_subject(findings, mine[0]), "That ", Model(leader), " is better than ",
        ]  # fmt: skip
        for i, panel in enumerate(mine):
            parts += ["; " if i else "", *_names(_near(panel)), _at([panel])]
        parts.append(": their average ranks are too close")
        leads = [(panel, panel.saving(leader, _near(panel)[0])) for panel in mine]
        leads = [(panel, lead) for panel, lead in leads if math.isfinite(lead.low)]
        for i, (panel, lead) in enumerate(leads):
            parts.append(", " if i else ". The lead in ")
            parts += [] if i else [f"{panel.metric} over the next in rank is "]
            parts.append(percent(lead.estimate).removeprefix("+"))
            parts += [_interval(lead, first=i == 0), " over ", Model(_near(panel)[0]), _at([panel])]
        parts.append(".")
        told.append(tuple(parts))
    return told


def _near(panel: Panel) -> list[str]:
    """Models that no test separates from the leader, best first."""
    ranking = panel.ranking
    return [name for name in ranking.models[1:] if ranking.near_best(name)]


def _general(findings: Findings) -> list[Told]:
    panels = [panel for panel in findings.panels if panel.ranking.tested]
    told: list[Told] = []
    if not panels:
        return told
    unit = findings.unit
    widest = max(panels, key=lambda panel: panel.ranking.difference)
    told.append(
        (
            "That models are equal. With "
            f"{plural(len(widest.ranking.blocks), unit)} and {len(widest.ranking.models)} models, "
            f"average ranks closer than {decimal(widest.ranking.difference, 2)} cannot be told "
            "apart; with more of them the same difference may become significant.",
        )
    )
    if len(panels) > 1:
        p = np.array([q.ranking.iman_davenport.pvalue for q in panels if q.ranking.iman_davenport])
        single = int((p <= ALPHA).sum())
        held = int((stats.holm(p) <= ALPHA).sum()) if p.size else 0
        told.append(
            (
                f"That every mark in this report is real. {len(panels)} combinations of task and "
                f"horizon were each tested at α = {ALPHA}. The models differ in {single} of them, "
                f"and after Holm's correction over all of them in {held}.",
            )
        )
    choices = [findings.choices[panel.key] for panel in panels]
    changing = sum(choice.changed > 0 for choice in choices)
    flips = sum(choice.flips or 0 for choice in choices)
    if changing or flips:
        where = (
            f"In {changing} of {len(panels)} combinations some other choice of metric, folds, "
            f"{unit}s or competing models has another winner"
            if len(panels) > 1
            else f"{choices[0].changed} of {choices[0].tried} other choices have another winner"
        )
        told.append(
            (
                f"That the winner is the winner whatever one chooses. {where}, and {flips} verdicts"
                " on pairs hang on a third model: see ",
                Anchor("sensitivity", "sensitivity"),
                ".",
            )
        )
    if findings.evidence:
        told.append(
            (
                "That it holds elsewhere. Targets of one data set are not independent, and all of "
                "them come from the period under test: read single borderline verdicts with care.",
            )
        )
    else:
        told.append(
            (
                "That the blocks are independent. A table does not say whether several of them "
                "come from one source; if they do, p-values are too small.",
            )
        )
    return told


def _at(panels: Sequence[Panel]) -> str:
    horizons = [panel.horizon for panel in panels if panel.horizon is not None]
    if not horizons:
        return ""
    return f" at {_series(map(str, horizons))} step{'' if horizons == [1] else 's'}"


def _interval(
    size: Estimate, shown: Callable[[float], str] = percent, *, first: bool = True
) -> str:
    if not math.isfinite(size.low):
        return ""
    low, high = shown(size.low).removeprefix("+"), shown(size.high).removeprefix("+")
    return f" ({'95 % interval ' if first else ''}{low} to {high})"


def _names(models: Sequence[str]) -> list[Inline]:
    """Names with commas, the last after "and"; beyond a few, how many more."""
    shown = models[:_SHOWN] if len(models) > _SHOWN + 1 else models
    rest = len(models) - len(shown)
    parts: list[Inline] = []
    for i, name in enumerate(shown):
        if i:
            parts.append(" and " if i == len(shown) - 1 and not rest else ", ")
        parts.append(Model(name))
    return [*parts, f" and {rest} more"] if rest else parts


def _series(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
