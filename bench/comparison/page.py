"""A comparison as a document, which every format of reports can write."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bench.comparison import text
from reports.document import (
    Block,
    Code,
    Column,
    Document,
    Entry,
    Facts,
    Group,
    Inline,
    Items,
    Note,
    Paragraph,
    Row,
    Section,
    Strong,
    Table,
)
from reports.format import blank, count, number, percent, probability, score, word

if TYPE_CHECKING:
    from bench.cache.explain import Change
    from bench.comparison.runs import Comparison, Difference
    from reports.contrast import Flip, Shift

__all__ = ["document"]

_MOST = 500  # rows of a table; the tables of both runs have the rest
_KINDS = {
    "leader": "best model",
    "omnibus": "all alike",
    "pair": "pair of models",
    "forecast": "against the reference",
}


def document(found: Comparison) -> Document:
    """All of a comparison: summary, verdicts, scores, what was changed."""
    sections = (_summary(found), _verdicts(found), _scores(found), _cells(found), _changes(found))
    models = {shift.model for shift in found.contrast.shifts}
    return Document(
        title="Comparison of two runs",
        subtitle=f"{found.names[0]} → {found.names[1]}",
        sections=tuple(section for section in sections if section is not None),
        keys={model: str(at) for at, model in enumerate(sorted(models))},
    )


def _summary(found: Comparison) -> Section:
    moved = found.contrast
    better = sum(shift.improved for shift in moved.shifts)
    facts = Facts(
        (
            (count(len(found.scores)), f"of {count(found.n_scores)} scores differ"),
            (count(len(moved.flips)), f"of {count(moved.n_verdicts)} verdicts flip"),
            (count(better), "mean scores are better"),
            (count(len(moved.shifts) - better), "mean scores are worse"),
            (count(len(found.statuses)), "cells went another way"),
        )
    )
    blocks: list[Block] = [facts]
    if not found.changed and found.equal:
        blocks.append(Paragraph((Strong("Nothing differs."), " All scores of both are equal.")))
    else:
        blocks.append(Paragraph((Strong("What was changed."),)))
        blocks.append(Items(tuple(_said(*row) for row in text.wherefore(found))))
        blocks.append(Paragraph((Strong("What came of it."),)))
        blocks.append(Items(tuple(_said(*row) for row in text.came(found))))
    blocks += [Note((note,), "warning") for note in found.notes]
    return Section("summary", "Summary", tuple(blocks))


def _said(name: str, told: str) -> tuple[Inline, ...]:
    return (Strong(f"{name.capitalize()}: "), told)


def _verdicts(found: Comparison) -> Section | None:
    flips = found.contrast.flips
    if not flips:
        return None
    columns = (
        Column("Task", "text"),
        Column("Horizon"),
        Column("Kind", "text"),
        Column("Verdict on", "text"),
        Column("Before", "text"),
        Column("After", "text"),
        Column("Indirect", "text"),
    )
    caption = (
        f"Verdicts that are others now, of {count(found.contrast.n_verdicts)} that both runs give "
        "(α = 0.05; pairs: Nemenyi; against the reference: Diebold–Mariano, Holm). Indirect: "
        "nothing of these models changed, and ranks or the adjustment moved with the others."
    )
    rows = tuple(map(_flip, flips[:_MOST]))
    return Section(
        "verdicts", "Verdicts that flip", (_table("flips", caption, columns, rows, flips),)
    )


def _flip(flip: Flip) -> Row:
    horizon = blank() if flip.horizon is None else number(flip.horizon, str(flip.horizon))
    through = "yes" if flip.indirect else ""
    said = (_KINDS[flip.kind], flip.subject, flip.before, flip.after, through)
    return Row((word(flip.task), horizon, *map(word, said)))


def _scores(found: Comparison) -> Section | None:
    shifts = found.contrast.shifts
    if not found.scores:
        return None
    blocks: list[Block] = []
    if shifts:
        columns = (
            Column("Model", "text"),
            Column("Task", "text"),
            Column("Horizon"),
            Column("Metric", "text"),
            Column("Before"),
            Column("After"),
            Column("Change"),
            Column("Better on", note="targets"),
            Column("Worse on", note="targets"),
            Column("p", note="Wilcoxon over targets, Holm over all rows"),
        )
        caption = "Mean scores over the targets of both runs, the largest relative change first."
        rows = tuple(map(_shift, shifts[:_MOST]))
        blocks.append(_table("means", caption, columns, rows, shifts))
    heads = (Column("Cell", "text"), Column("Metric", "text"), Column("Before"), Column("After"))
    caption = (
        "Scores of single cells that differ, metrics that decide first, then by relative change."
    )
    rows = tuple(
        Row(
            (
                word(s.cell),
                word(s.metric),
                number(s.before, score(s.before)),
                number(s.after, score(s.after)),
            )
        )
        for s in found.scores[:50]
    )
    blocks.append(_table("cells-scores", caption, heads, rows, found.scores))
    return Section("scores", "Scores that differ", tuple(blocks))


def _shift(shift: Shift) -> Row:
    tone = "better" if shift.improved else "worse"
    change = shift.percent / 100
    entries = (
        word(shift.model, model=shift.model),
        word(shift.task),
        blank() if shift.horizon is None else number(shift.horizon, str(shift.horizon)),
        word(shift.metric),
        number(shift.before, score(shift.before)),
        number(shift.after, score(shift.after)),
        number(change, percent(change), tone=tone),
        number(shift.better, str(shift.better)),
        number(shift.worse, str(shift.worse)),
        blank("fewer than 5 targets")
        if math.isnan(shift.pvalue)
        else number(shift.pvalue, probability(shift.pvalue)),
    )
    return Row(entries, model=shift.model)


def _cells(found: Comparison) -> Section | None:
    blocks: list[Block] = []
    if found.statuses:
        columns = tuple(Column(t, "text") for t in ("Cell", "Before", "After", "Reason"))
        rows = tuple(
            Row((word(s.cell), word(s.before), word(s.after), word(s.reason)))
            for s in found.statuses[:_MOST]
        )
        blocks.append(
            _table("statuses", "Cells that went another way.", columns, rows, found.statuses)
        )
    only = (found.results.only_before, found.results.only_after)
    for name, slugs, at in zip(found.names, only, ("before", "after"), strict=True):
        if slugs:
            rows = tuple(Row((word(slug),)) for slug in slugs[:50])
            caption = f"Cells that only {name} has."
            blocks.append(_table(f"only-{at}", caption, (Column("Cell", "text"),), rows, slugs))
    return Section("cells", "Cells", tuple(blocks)) if blocks else None


def _changes(found: Comparison) -> Section | None:
    blocks: list[Block] = []
    for identifier, title, differences in (
        ("settings", "Settings", found.settings),
        ("data", "Data", found.data),
        ("packages", "Packages", found.packages),
        ("environment", "Environment", found.environment),
    ):
        if differences:
            blocks.append(Group(identifier, title, (_facts(identifier, differences),)))
    if found.code:
        blocks.append(
            Group("code", "Code", tuple(b for change in found.code for b in _code(change)))
        )
    return Section("changes", "What was changed", tuple(blocks)) if blocks else None


def _facts(name: str, differences: tuple[Difference, ...]) -> Table:
    columns = tuple(Column(title, "text") for title in ("What", "Before", "After"))
    rows = tuple(
        Row((word(d.name), word(d.before or "–"), word(d.after or "–")))
        for d in differences[:_MOST]
    )
    return _table(
        f"changed-{name}", f"{name.capitalize()} that differ.", columns, rows, differences
    )


def _code(change: Change) -> list[Block]:
    said = change.line().removeprefix(change.name)
    named = (Code(text.short(change.name)),) if said != change.line() else ()
    told: list[Block] = [Paragraph((*named, said))]
    if change.diff:
        rows = tuple(Row((Entry(row or " ", tone="code"),)) for row in change.diff.splitlines()[2:])
        name = f"diff-{change.after or change.before}"
        told.append(Table(name, ("Change of the text.",), (Column("Line", "text"),), rows, False))
    return told


def _table(
    name: str,
    caption: str,
    columns: tuple[Column, ...],
    rows: tuple[Row, ...],
    every: tuple[object, ...],
) -> Table:
    more = f" The first {len(rows)} of {count(len(every))}." if len(every) > len(rows) else ""
    return Table(name, (caption + more,), columns, rows)
