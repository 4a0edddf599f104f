"""How the skill of the models changes with the horizon, and what holds over all horizons."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from reports.document import (
    Block,
    Column,
    Group,
    Inline,
    Model,
    Paragraph,
    Picture,
    Row,
    Section,
    Strong,
    Table,
)
from reports.findings import ALPHA, Findings, Panel
from reports.format import blank, number, percent, plural, pvalue, word
from reports.joint import N_DRAWS, Joint, JointTest
from reports.widths import picture
from stats.figures import Figure, horizon_lines

__all__ = ["section"]

# More lines cannot be followed; the best by average rank are drawn.
_MOST_LINES = 10
# Below it a model is no rival, and its line would flatten all others.
_LOWEST = -0.5


def section(findings: Findings) -> Section | None:
    """A figure and the tests over all horizons, for each task with at least two of them."""
    blocks: list[Block] = []
    colours = {model: i for i, model in enumerate(_order(findings.panels))}
    for task in findings.tasks:
        panels = [panel for panel in findings.panels if panel.task == task]
        references = {panel.reference for panel in panels}
        if len(panels) < 2 or len(references) > 1 or None in references:
            continue
        name = panels[0].key.rpartition("-")[0]
        picture = _picture(task, panels, str(panels[0].reference), colours)
        inner: list[Block] = [] if picture is None else [picture]
        if task in findings.joint:
            inner.append(_tests(findings.joint[task], name))
        if inner:
            blocks.append(Group(f"by-horizon-{name}", task.capitalize(), tuple(inner), task=task))
    if findings.joint:
        blocks.insert(0, Paragraph(_reading()))
    return Section("horizons", "All horizons together", tuple(blocks)) if blocks else None


def _reading() -> tuple[Inline, ...]:
    return (
        "Being best at one of several horizons is easy to come by. The tests below judge all "
        "horizons of a target at once: ",
        Strong("▲▲"),
        " better than the reference at every horizon (uniform superior predictive ability, as an "
        "intersection-union test, valid wherever the truth lies); ",
        Strong("▲"),
        " better on average over the horizons (average superior predictive ability), where a loss "
        "at one may be made up for at another; ▼ and ▼▼ the same for worse. Losses of all horizons "
        "are added as they are, so the longest, with the largest losses, weighs most.",
    )


_MARKS = {
    "better": "▲▲",
    "better on average": "▲",
    "like": "·",
    "worse on average": "▼",
    "worse": "▼▼",
}


def _tests(joint: Joint, key: str) -> Table:
    columns = [
        Column("Model", "text"),
        Column("▲▲", note="targets where better at every horizon"),
        Column("▲", note="targets where better on average only"),
        Column("like"),
        Column("▼", note="targets where worse on average only"),
        Column("▼▼", note="targets where worse at every horizon"),
    ]
    columns += [Column(target, "text", target=target) for target in joint.tests]
    rows = []
    for model in joint.models:
        entries = [word(model, model=model)]
        for verdict in _MARKS:
            count = joint.count(model, verdict)
            entries.append(number(count, str(count), tone=_tone(verdict) if count else "quiet"))
        for test in joint.tests.values():
            if model not in test.average:
                entries.append(blank("no complete result, or forecasts like the reference's"))
                continue
            verdict = test.verdict(model)
            entries.append(word(_MARKS[verdict], tone=_tone(verdict), note=_told(test, model)))
        rows.append(Row(tuple(entries), model=model, task=joint.task))
    steps = ", ".join(map(str, joint.horizons))
    caption: list[Inline] = [
        f"Horizons {steps} together against ",
        Model(joint.reference),
        f": Quaedvlieg's tests, {N_DRAWS} draws of a moving block bootstrap, Holm over both "
        f"directions of all comparisons of a target, α = {ALPHA}.",
    ]
    if joint.more:
        caption.append(
            f" The {len(joint.models)} best of {joint.more + len(joint.models)} models by average "
            "rank, chosen after looking at these results."
        )
    if joint.left_out:
        caption.append(f" {plural(joint.left_out, 'target')} not tested.")
    return Table(f"joint-{key}", tuple(caption), tuple(columns), tuple(rows))


def _tone(verdict: str) -> str:
    return "quiet" if verdict == "like" else verdict.split()[0]


def _told(test: JointTest, model: str) -> str:
    """Both adjusted p-values, in the direction that is nearer to significance."""
    average, uniform = test.average[model], test.uniform.get(model)
    side = 0 if average[0] <= average[1] else 1
    told = f"on average {pvalue(average[side])}"
    return told if uniform is None else f"{told}, at every horizon {pvalue(uniform[side])}"


def _order(panels: Sequence[Panel]) -> list[str]:
    """Models by their mean place over panels, best first; the reference of any panel is none."""
    places: dict[str, list[float]] = {}
    for panel in panels:
        k = len(panel.ranking.models)
        for model, rank in panel.ranking.ranks.items():
            places.setdefault(model, []).append(rank / k)
    references = {panel.reference for panel in panels}
    return sorted(
        (model for model in places if model not in references),
        key=lambda model: sum(places[model]) / len(places[model]),
    )


def _picture(
    task: str, panels: Sequence[Panel], reference: str, colours: Mapping[str, int]
) -> Picture | None:
    order = _order(panels)
    names = order[:_MOST_LINES]
    values = {
        model: [
            panel.skill(model) if model in panel.ranking.ranks else math.nan for panel in panels
        ]
        for model in names
    }
    names = [name for name in names if any(math.isfinite(value) for value in values[name])]
    if not names:
        return None
    far = [name for name in names if min(v for v in values[name] if v == v) < _LOWEST]
    if len(far) < len(names):
        names = [name for name in names if name not in far]

    def layout(width: float) -> Figure:
        return horizon_lines(
            names,
            [panel.horizon for panel in panels if panel.horizon is not None],
            values,
            baseline=reference,
            colours=colours,
            width=width,
            title=f"Skill against {reference} by horizon: {task}",
        )

    caption = f"Share of the {panels[0].metric} of {reference} that is saved, over shared targets."
    if len(order) > _MOST_LINES:
        caption += f" The {_MOST_LINES} best of {len(order)} models by average rank."
    if far and far[0] not in names:
        caption += f" Not drawn, below {percent(_LOWEST)} somewhere: {', '.join(far)}."
    key = panels[0].key.rpartition("-")[0]
    return picture(f"skill-{key}", layout, (caption,))
