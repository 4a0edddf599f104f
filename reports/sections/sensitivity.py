"""Whether the verdict hangs on a choice: metric, folds, holes, or who takes part."""

from __future__ import annotations

from collections.abc import Mapping

from reports.document import Column, Entry, Inline, Items, Paragraph, Row, Section, Strong, Table
from reports.findings import Findings
from reports.format import blank, number, plural, word

__all__ = ["section"]

_SHOWN = 4


def section(findings: Findings) -> Section | None:
    """One row per panel: who else would have won."""
    panels = [panel for panel in findings.panels if panel.key in findings.choices]
    if not panels:
        return None
    run = findings.evidence is not None
    holes = any(findings.choices[panel.key].holes for panel in panels)
    columns = [
        *([Column("Task", "text"), Column("Horizon")] if run else []),
        Column("Winner", "text", note="best average rank"),
        Column("Another", "text", note="choices with another winner, of all that were looked at"),
        Column("Flips", "text", note="pairs whose Nemenyi verdict changes without a third model"),
        Column("Mean score or wins", "text"),
        *([Column("Other metrics", "text"), Column("Folds", "text")] if run else []),
        *([Column("Holes", "text")] if holes else []),
        Column("One model less", "text"),
        Column(f"One {findings.unit} less", "text"),
    ]
    rows = []
    for panel in panels:
        choice = findings.choices[panel.key]
        entries: list[Entry] = []
        if run:
            assert panel.horizon is not None
            entries += [word(panel.task), number(panel.horizon, str(panel.horizon))]
        entries.append(word(choice.winner, model=choice.winner))
        entries.append(word(f"{choice.changed} of {choice.tried}"))
        flips = choice.flips
        entries.append(
            blank("not looked at for so many models")
            if flips is None
            else word(f"{flips} of {choice.pairs}")
        )
        entries.append(_changed(choice.aggregates, choice.winner))
        if run:
            entries.append(_changed(choice.metrics, choice.winner))
            entries.append(_changed(choice.folds, choice.winner))
        if holes:
            entries.append(_changed(choice.holes, choice.winner))
        entries.append(_changed(choice.models, choice.winner, "without ", asked=True))
        entries.append(_changed(choice.targets, choice.winner, "without ", asked=True))
        rows.append(Row(tuple(entries), task=panel.task if run else "", horizon=panel.horizon))
    caption: tuple[Inline, ...] = (
        "Who has the best average rank when one thing is chosen differently: named where it is "
        "another model, else “same”.",
    )
    return Section(
        "sensitivity",
        "Sensitivity",
        (
            Paragraph(_told(findings)),
            Table("sensitivity", caption, tuple(columns), tuple(rows)),
            Items(_reading(run, holes, findings.unit)),
        ),
    )


def _told(findings: Findings) -> tuple[Inline, ...]:
    choices = list(findings.choices.values())
    firm = sum(choice.changed == 0 for choice in choices)
    flips = [choice.flips for choice in choices if choice.flips is not None]
    pairs = sum(choice.pairs for choice in choices if choice.flips is not None)
    if len(choices) == 1:
        tried = plural(choices[0].tried, "other choice")
        lead = f"Of {tried}, {choices[0].changed or 'none'} would have made another model the best."
    else:
        lead = (
            f"In {firm or 'none'} of {len(choices)} combinations of task and horizon the winner "
            "stays the same whatever is chosen."
        )
    parts: list[Inline] = ["A result that changes with an arbitrary choice is a weak one. "]
    parts.append(Strong(lead))
    if flips:
        parts.append(
            f" {sum(flips)} of {plural(pairs, 'verdict')} on pairs of models would change if some "
            "third model had not taken part."
        )
    return tuple(parts)


def _changed(
    choices: Mapping[str, str], winner: str, before: str = "", *, asked: bool = False
) -> Entry:
    """What else would win; ``asked`` says that winners alike are not listed at all."""
    if not choices and not asked:
        return blank()
    other = [(name, who) for name, who in choices.items() if who not in ("", winner)]
    if not other:
        return word("same", tone="quiet")
    # The same other winner is told once, with all choices that lead to it.
    by: dict[str, list[str]] = {}
    for name, who in other:
        by.setdefault(who, []).append(name)
    told = "; ".join(
        f"{who} ({before}{', '.join(names[:_SHOWN])}{' …' if names[_SHOWN:] else ''})"
        for who, names in by.items()
    )
    return word(told, tone="worse")


def _reading(run: bool, holes: bool, unit: str) -> tuple[tuple[Inline, ...], ...]:
    items: list[tuple[Inline, ...]] = [
        ("Mean score or wins: instead of the average rank, as the thing to be best at.",)
    ]
    if run:
        items.append(
            (
                "Other metrics: every other metric of the task that has a value in every fold. "
                "Folds: weighed by their origins instead of alike, and each of them left out.",
            )
        )
    if holes:
        items.append(
            (
                f"Holes: elsewhere a {unit} with a hole is dropped. Here models with holes are "
                "dropped instead, or holes are filled with the reference's score.",
            )
        )
    items.append(
        (
            f"One model less, one {unit} less: each left out in turn. Average ranks depend on who "
            "else is ranked.",
        )
    )
    return tuple(items)
