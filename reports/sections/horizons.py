"""How the skill of the models changes with the horizon, task by task."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from reports.document import Block, Group, Picture, Section
from reports.findings import Findings, Panel
from stats.figures import horizon_lines

__all__ = ["section"]

# More lines cannot be followed; the best by average rank are drawn.
_MOST_LINES = 10


def section(findings: Findings) -> Section | None:
    """One figure per task with a reference and at least two horizons."""
    blocks: list[Block] = []
    colours = {model: i for i, model in enumerate(_order(findings.panels))}
    for task in findings.tasks:
        panels = [panel for panel in findings.panels if panel.task == task]
        references = {panel.reference for panel in panels}
        if len(panels) < 2 or len(references) > 1 or None in references:
            continue
        picture = _picture(task, panels, str(panels[0].reference), colours)
        if picture is not None:
            name = panels[0].key.rpartition("-")[0]
            blocks.append(Group(f"by-horizon-{name}", task.capitalize(), (picture,), task=task))
    return Section("horizons", "Skill by horizon", tuple(blocks)) if blocks else None


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
    figure = horizon_lines(
        names,
        [panel.horizon for panel in panels if panel.horizon is not None],
        values,
        baseline=reference,
        colours=colours,
        title=f"Skill against {reference} by horizon: {task}",
    )
    caption = f"Share of the {panels[0].metric} of {reference} that is saved, over shared targets."
    if len(order) > len(names):
        caption += f" The {len(names)} best of {len(order)} models by average rank."
    key = panels[0].key.rpartition("-")[0]
    return Picture(f"skill-{key}", figure, (caption,))
